package main

import (
	"bytes"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Section 7: one leaf's proof (C2SP tlog-proof), which carries its leaf as extra data.

// checkLeaf gives broken or verified.
func (p *policy) checkLeaf(data []byte) string {
	head, note, is := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !is || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return "broken"
	}
	leaf, err := readBase64(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return "broken"
	}
	index, err := readDecimal(strings.TrimPrefix(lines[2], "index "))
	if err != nil {
		return "broken"
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := readHash(line)
		if err != nil {
			return "broken"
		}
		proof = append(proof, hash)
	}
	tree, err := p.countCheckpoint(string(note))
	if err != nil || p.witnessed != nil && !p.witnessed.isMet(tree.by) {
		return "broken"
	}
	one, err := readEntry(leaf)
	if err != nil || index >= tree.size || tlog.CheckRecord(proof, tree.size, tree.root, index, one.hash) != nil {
		return "broken"
	}
	return "verified"
}

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Section 14: the log opened for a reader.

const longestLine = 16777216

type exported struct {
	whole, narrowed bool
	tree            *checkpoint
	lines           []proven
	closed          []object // of each line, nil where only its hash is given
}

// checkExport counts what a file opens, or is nil where it does not hold.
func (p *policy) checkExport(file []byte) any {
	found, err := p.readExport(file)
	if err != nil {
		return nil
	}
	return found.count()
}

var errExport = errors.New("an opened export that does not hold")

// readExport reads a file that holds.
func (p *policy) readExport(file []byte) (*exported, error) {
	lines, err := splitLines(file)
	if err != nil {
		return nil, err
	}
	values := []object{}
	for _, line := range lines {
		value, err := readCanonical(line)
		fields, is := value.(object)
		if err != nil || !is {
			return nil, errExport
		}
		values = append(values, fields)
	}
	found, err := p.readHead(values[0])
	if err != nil {
		return nil, err
	}
	end := values[len(values)-1]
	if len(values) < 2 || !hasExactly(end, "entries") || end["entries"] != int64(len(values)-2) {
		return nil, errExport
	}
	for _, fields := range values[1 : len(values)-1] {
		if err := found.add(fields); err != nil {
			return nil, err
		}
	}
	if found.whole && int64(len(found.lines)) != found.tree.size || found.checkStreams() != nil || found.checkReasons() != nil {
		return nil, errExport
	}
	return found, nil
}

func splitLines(file []byte) ([][]byte, error) {
	if !utf8.Valid(file) || len(file) == 0 || file[len(file)-1] != '\n' {
		return nil, errors.New("not lines")
	}
	lines := bytes.Split(file[:len(file)-1], []byte("\n"))
	for _, line := range lines {
		if len(line)+1 > longestLine {
			return nil, errors.New("a line is too long")
		}
	}
	return lines, nil
}

func (p *policy) readHead(head object) (*exported, error) {
	made, isFor := head["for"].(object)
	_, isID := made["id"].(string)
	_, isName := made["name"].(string)
	whole, isWhole := head["whole"].(bool)
	narrowed, isNarrowed := head["narrowed"].(object)
	if !hasExactly(head, "format", "origin", "checkpoint", "for", "whole", "narrowed") ||
		head["format"] != "second-source/export/v1" || head["origin"] != p.origin ||
		!isFor || !isID || !isName || !hasExactly(made, "id", "name") || !isWhole || !isNarrowed {
		return nil, errors.New("not a first line")
	}
	for _, value := range narrowed {
		if _, is := value.(string); !is || whole {
			return nil, errors.New("not what was asked for")
		}
	}
	tree, err := p.countCheckpoint(head["checkpoint"])
	if err != nil {
		return nil, err
	}
	if p.witnessed != nil && !p.witnessed.isMet(tree.by) {
		return nil, errors.New("not witnessed")
	}
	return &exported{whole: whole, narrowed: len(narrowed) > 0, tree: tree}, nil
}

// add checks a line by itself, and that it stands above the one before.
func (x *exported) add(fields object) error {
	var one *proven
	var err error
	closed, _ := fields["closed"].(object)
	if _, isTold := fields["leaf"]; isTold {
		one, err = checkTold(fields, x.tree)
		if err == nil {
			err = checkLine(fields, one)
		}
	} else if x.whole {
		err = errors.New("an entry is withheld of the whole")
	} else {
		one, err = checkEntry(fields, x.tree)
		closed = nil
	}
	if err != nil {
		return err
	}
	if before := len(x.lines); before > 0 && one.index <= x.lines[before-1].index {
		return errors.New("not above the one before")
	}
	x.lines, x.closed = append(x.lines, *one), append(x.closed, closed)
	return nil
}

// checkLine compares what a line says with its leaf.
func checkLine(fields object, one *proven) error {
	names := []string{"index", "leaf_hash", "leaf", "proof", "stream", "seq", "kind", "at", "body", "disclosures", "closed"}
	kind, body := one.entry.kind, one.entry.body
	if one.opened.isOpen {
		kind, body = one.opened.kind, one.opened.body
	}
	if !nameForm.MatchString(kind) {
		return errors.New("not a kind")
	}
	closed, is := fields["closed"].(object)
	said := object{"leaf_hash": fields["leaf_hash"], "stream": fields["stream"], "seq": fields["seq"], "kind": fields["kind"],
		"at": fields["at"], "body": fields["body"]}
	meant := object{"leaf_hash": hex.EncodeToString(one.hash[:]), "stream": one.entry.stream, "seq": one.entry.seq,
		"kind": kind, "at": one.entry.at, "body": body}
	if !is || !hasExactly(fields, names...) || len(one.opened.missing) > 0 || !bytes.Equal(canonical(said), canonical(meant)) {
		return errors.New("not what the leaf says")
	}
	if !hasExactly(closed, one.opened.null...) {
		return errors.New("not a reason for each closed field")
	}
	for _, reason := range closed {
		if reason != "erased" && reason != "withheld" {
			return errors.New("not a reason")
		}
	}
	return nil
}

// checkStreams checks that nothing is missing between two lines of a stream that the reader has all of.
func (x *exported) checkStreams() error {
	last := map[string]*entry{}
	withheld := map[tlog.Hash]bool{}
	for _, one := range x.lines {
		if one.entry == nil {
			withheld[one.hash] = true
			continue
		}
		if !x.hasAllOf(one.entry.stream) {
			continue
		}
		seq, prev := int64(1), ""
		if before, is := last[one.entry.stream]; is {
			seq, prev = before.seq+1, hex.EncodeToString(before.hash[:])
		}
		last[one.entry.stream] = one.entry
		var hash tlog.Hash
		data, _ := hex.DecodeString(one.entry.prev)
		copy(hash[:], data)
		if one.entry.prev != "" && withheld[hash] && one.entry.seq > seq {
			continue
		}
		if one.entry.seq != seq || one.entry.prev != prev {
			return errors.New("does not follow the one before")
		}
	}
	return nil
}

func (x *exported) hasAllOf(stream string) bool {
	for _, prefix := range []string{"claim:", "source:", "desk:"} {
		if !x.narrowed && strings.HasPrefix(stream, prefix) {
			return true
		}
	}
	return x.whole
}

// checkReasons checks that each field which is said to be erased was, by a redaction of the file.
func (x *exported) checkReasons() error {
	erased := map[[2]string]bool{}
	for _, one := range x.lines {
		if one.entry == nil || !one.opened.isOpen || one.opened.kind != "redacted" {
			continue
		}
		fields, _ := one.opened.body["fields"].(object)
		for hash, value := range fields {
			names, _ := value.([]any)
			for _, name := range names {
				text, _ := name.(string)
				erased[[2]string{hash, text}] = true
			}
		}
	}
	for at, one := range x.lines {
		for name, reason := range x.closed[at] {
			if reason == "erased" && !erased[[2]string{hex.EncodeToString(one.hash[:]), name}] {
				return errors.New("no redaction erased this")
			}
		}
	}
	return nil
}

func (x *exported) count() object {
	told, verified, closed := 0, 0, 0
	for _, one := range x.lines {
		if one.entry != nil {
			told, verified, closed = told+1, verified+len(one.opened.values), closed+len(one.opened.closed)
		}
	}
	return object{"lines": len(x.lines), "entries": told, "fields verified": verified, "fields not disclosed": closed}
}

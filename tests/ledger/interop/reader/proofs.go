package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// Section 7: one stream's history.

const mostTokens = 64

// proven is an entry of a file: with its leaf, or its hash alone.
type proven struct {
	index  int64
	hash   tlog.Hash
	entry  *entry // nil where only the hash is given
	opened *opened
}

// checkProof gives broken, redacted or verified.
func (p *policy) checkProof(data []byte) string {
	isOpen, err := p.proofIsOpen(data)
	if err != nil {
		return "broken"
	}
	if isOpen {
		return "verified"
	}
	return "redacted"
}

func (p *policy) proofIsOpen(data []byte) (bool, error) {
	read, err := p.readProof(data)
	if err != nil {
		return false, err
	}
	for _, one := range read.entries {
		if one.entry == nil || len(one.opened.closed) > 0 || !one.opened.isOpen {
			return false, nil
		}
	}
	return true, nil
}

// readProof gives what a file that holds proves.
func (p *policy) readProof(data []byte) (*proof, error) {
	value, err := readCanonical(data)
	if err != nil {
		return nil, err
	}
	file, is := value.(object)
	if !is || !isProofForm(file) || file["origin"] != p.origin {
		return nil, errors.New("not a proof of this log")
	}
	stream, isText := file["stream"].(string)
	tree, err := p.countCheckpoint(file["checkpoint"])
	if err != nil || !isText {
		return nil, errors.New("not a stream and a checkpoint that counts")
	}
	if p.witnessed != nil && !p.witnessed.isMet(tree.by) {
		return nil, errors.New("not witnessed")
	}
	entries, err := checkEntries(file["entries"], tree)
	if err != nil {
		return nil, err
	}
	for _, one := range entries {
		if one.entry != nil && len(one.opened.missing) > 0 {
			return nil, errors.New("a committed field is not named")
		}
	}
	if err := checkChain(entries, stream); err != nil {
		return nil, err
	}
	found := &proof{stream: stream, note: file["checkpoint"].(string), entries: entries}
	if found.erased, err = checkRedactions(file["redactions"], entries, tree); err != nil {
		return nil, err
	}
	return found, p.checkDated(file["dated"], tree)
}

func isProofForm(file object) bool {
	names := []string{"format", "origin", "stream", "checkpoint", "entries"}
	format := "second-source/claim-proof/v1"
	for _, more := range []string{"redactions", "dated"} {
		if value, is := file[more]; is {
			list, _ := value.([]any)
			if len(list) == 0 {
				return false
			}
			names, format = append(names, more), "second-source/claim-proof/v2"
		}
	}
	entries, _ := file["entries"].([]any)
	return hasExactly(file, names...) && file["format"] == format && len(entries) > 0
}

// checkEntries checks each by itself, that it stands in the log, and that each stands above the one before.
func checkEntries(value any, tree *checkpoint) ([]proven, error) {
	var found []proven
	list, _ := value.([]any)
	last := int64(-1)
	for _, one := range list {
		fields, is := one.(object)
		if !is {
			return nil, errors.New("not an entry of a file")
		}
		read, err := checkEntry(fields, tree)
		if err != nil {
			return nil, err
		}
		if read.index <= last {
			return nil, errors.New("not above the one before")
		}
		last, found = read.index, append(found, *read)
	}
	return found, nil
}

func checkEntry(fields object, tree *checkpoint) (*proven, error) {
	if hasExactly(fields, "index", "leaf_hash", "proof") {
		text, _ := fields["leaf_hash"].(string)
		found := &proven{}
		if !hashForm.MatchString(text) {
			return nil, errors.New("not a hash")
		}
		data, _ := hex.DecodeString(text)
		copy(found.hash[:], data)
		return found, found.checkInclusion(fields, tree)
	}
	if !hasExactly(fields, "index", "leaf", "proof", "disclosures") {
		return nil, errors.New("not the fields of an entry in a file")
	}
	return checkTold(fields, tree)
}

// checkTold checks an entry whose leaf is given.
func checkTold(fields object, tree *checkpoint) (*proven, error) {
	leaf, err := readBase64(fields["leaf"])
	if err != nil {
		return nil, err
	}
	found := &proven{}
	if found.entry, err = readEntry(leaf); err != nil {
		return nil, err
	}
	found.hash = found.entry.hash
	disclosures, is := fields["disclosures"].(object)
	if !is {
		return nil, errors.New("not disclosures")
	}
	if found.opened, err = checkDisclosures(found.entry, disclosures); err != nil {
		return nil, err
	}
	return found, found.checkInclusion(fields, tree)
}

func (p *proven) checkInclusion(fields object, tree *checkpoint) error {
	index, is := fields["index"].(int64)
	proof, err := readHashes(fields["proof"])
	if !is || err != nil || index < 0 || index >= tree.size {
		return errors.New("not a place in the log")
	}
	p.index = index
	return tlog.CheckRecord(proof, tree.size, tree.root, index, p.hash)
}

func readHashes(value any) ([]tlog.Hash, error) {
	list, is := value.([]any)
	if !is {
		return nil, errors.New("not a list of hashes")
	}
	var found []tlog.Hash
	for _, one := range list {
		hash, err := readHash(one)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

// checkChain checks that these are the entries of a stream from its first on.
func checkChain(entries []proven, stream string) error {
	var told *entry
	for at, one := range entries {
		if one.entry == nil {
			continue
		}
		prev := ""
		if at > 0 {
			prev = hex.EncodeToString(entries[at-1].hash[:])
		}
		switch {
		case one.entry.stream != stream || one.entry.seq != int64(at+1) || one.entry.prev != prev:
			return errors.New("does not follow the one before")
		case told != nil && one.entry.time.Before(told.time):
			return errors.New("time goes back")
		}
		told = one.entry
	}
	return nil
}

// checkRedactions checks that each stands in the log and names an entry of the file; it gives by leaf hash and name which
// redaction erased it, the last of several.
func checkRedactions(value any, entries []proven, tree *checkpoint) (map[string]map[string]int64, error) {
	redactions, err := checkEntries(value, tree)
	if err != nil {
		return nil, err
	}
	erased := map[string]map[string]int64{}
	for _, one := range redactions {
		if one.entry == nil {
			continue
		}
		fields, err := one.redacted()
		if err != nil || len(one.opened.missing) > 0 {
			return nil, errors.New("not a redaction, or a committed field is not named")
		}
		isOfFile := false
		for _, other := range entries {
			_, is := fields[hex.EncodeToString(other.hash[:])]
			isOfFile = isOfFile || is
		}
		if !isOfFile {
			return nil, errors.New("a redaction of others")
		}
		for hash, names := range fields {
			if erased[hash] == nil {
				erased[hash] = map[string]int64{}
			}
			for _, name := range names {
				erased[hash][name] = one.index
			}
		}
	}
	return erased, nil
}

// redacted gives the names that a redaction erased, by leaf hash.
func (p *proven) redacted() (map[string][]string, error) {
	fields, is := p.opened.body["fields"].(object)
	if !p.opened.isOpen || p.opened.kind != "redacted" || !is {
		return nil, errors.New("not a redaction")
	}
	found := map[string][]string{}
	for hash, value := range fields {
		names, is := value.([]any)
		if !is || !hashForm.MatchString(hash) {
			return nil, errors.New("not a list of names by leaf hash")
		}
		found[hash] = []string{}
		for _, one := range names {
			name, is := one.(string)
			if !is {
				return nil, errors.New("not a name")
			}
			found[hash] = append(found[hash], name)
		}
	}
	return found, nil
}

// checkDated checks the stamped checkpoints, and their tokens where the policy names certificates.
func (p *policy) checkDated(value any, tree *checkpoint) error {
	list, _ := value.([]any)
	last := int64(0)
	for _, one := range list {
		fields, is := one.(object)
		if !is || !hasExactly(fields, "checkpoint", "consistency", "tokens") {
			return errors.New("not a stamped checkpoint")
		}
		stamped, err := p.countCheckpoint(fields["checkpoint"])
		if err != nil || stamped.size <= last {
			return errors.New("does not count, or is not larger than the one before")
		}
		last = stamped.size
		proof, err := readHashes(fields["consistency"])
		if err != nil {
			return err
		}
		if err := checkConsistency(stamped, tree, proof); err != nil {
			return err
		}
		tokens, _ := fields["tokens"].([]any)
		if len(tokens) < 1 || len(tokens) > mostTokens {
			return errors.New("not a number of tokens")
		}
		for _, token := range tokens {
			data, err := readBase64(token)
			if err != nil {
				return err
			}
			if len(p.certificates) == 0 {
				continue
			}
			if _, err := checkStamp(data, []byte(fields["checkpoint"].(string)), p.certificates); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkConsistency(before, after *checkpoint, proof []tlog.Hash) error {
	if before.size > 0 {
		return tlog.CheckTree(proof, after.size, after.root, before.size, before.root)
	}
	if before.root != sha256.Sum256(nil) || len(proof) > 0 {
		return errors.New("not the root of no leaves")
	}
	return nil
}

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"regexp"
	"sort"
	"strings"
)

// Section 10: evidence bundles. Of the page nothing is compared: it is the desk's own to make and to check.

const (
	manifestPath = "manifest.json"
	notePath     = "manifest.note"
	claimPath    = "proofs/claim.json"
	keysPath     = "proofs/log-keys.json"
	bundleForm   = "second-source/bundle/v2"
	whole        = "bundle"
)

var (
	pathForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$`)
	ownFiles = map[string]string{"index.html": "page", "history.json": "history", "unproven.json": "unproven",
		"checkpoint": "checkpoint", "proofs": "proof", "policy.json": "policy", "ledger.md": "specification",
		"verifier.py": "verifier", "graphs": "graph", "grounds": "grounds"}
	reasons = map[string]bool{"withheld": true, "redacted": true, "redacted_since": true, "not_kept": true, "no_entry": true}
)

// proof is a proof file that holds.
type proof struct {
	stream  string
	note    string
	entries []proven
	erased  map[string]map[string]int64 // by leaf hash and name: the index of the redaction
}

type bundle struct {
	policy   *policy
	files    map[string][]byte
	order    []string
	manifest object
	named    []object // the manifest's files
	proofs   map[string]*proof
	where    map[string]bool // the paths that something is wrong with
	counts   object
}

func (b *bundle) expect(holds bool, path string) {
	if !holds {
		b.where[path] = true
	}
}

// checkBundle gives the paths that something is wrong with, and what was counted.
func (p *policy) checkBundle(data []byte) any {
	b := &bundle{policy: p, files: map[string][]byte{}, proofs: map[string]*proof{}, where: map[string]bool{}, counts: object{}}
	b.check(data)
	found := []string{}
	for path := range b.where {
		found = append(found, path)
	}
	sort.Strings(found)
	return object{"findings": found, "counts": b.counts}
}

func (b *bundle) check(data []byte) {
	files, err := readZip(data)
	if err != nil {
		b.expect(false, whole)
		return
	}
	for _, one := range files {
		_, is := b.files[one.path]
		b.expect(!is && crc32.ChecksumIEEE(one.data) == one.crc, one.path)
		if !is {
			b.files[one.path], b.order = one.data, append(b.order, one.path)
		}
	}
	if b.manifest, b.named, err = readManifest(b.files[manifestPath]); err != nil {
		b.expect(false, manifestPath)
		return
	}
	b.checkFiles()
	if !b.readProofs() {
		b.expect(false, whole)
		return
	}
	b.checkNote()
	b.checkHistory()
	b.count()
}

// checkFiles compares what is there with what the manifest names.
func (b *bundle) checkFiles() {
	named := map[string]bool{manifestPath: true, notePath: true}
	order := []string{manifestPath, notePath}
	for _, file := range b.named {
		path := file["path"].(string)
		data, is := b.files[path]
		sum := sha256.Sum256(data)
		b.expect(is && int64(len(data)) == file["size"] && hex.EncodeToString(sum[:]) == file["sha256"], path)
		named[path], order = true, append(order, path)
		if _, isOfPeople := file["attachment"]; isOfPeople {
			continue
		}
		what, is := ownFiles[path]
		if !is {
			what = ownFiles[strings.SplitN(path, "/", 2)[0]]
		}
		b.expect(what != "" && file["what"] == what, path)
	}
	for _, file := range b.named {
		if what := file["what"]; what == "graph" || what == "grounds" {
			path := file["path"].(string)
			b.expect(path == fmt.Sprintf("%s/%s.json", strings.SplitN(path, "/", 2)[0], file["sha256"]), path)
		}
	}
	isAll := len(b.files) == len(named)
	for path := range b.files {
		b.expect(named[path], path)
		isAll = isAll && named[path]
	}
	for _, path := range []string{"checkpoint", "history.json", "index.html", claimPath} {
		b.expect(named[path], manifestPath)
	}
	if isAll {
		b.expect(strings.Join(order, "\n") == strings.Join(b.order, "\n"), whole)
	}
}

// readProofs says whether the checkpoint counts and each proof holds against it.
func (b *bundle) readProofs() bool {
	note := string(b.files["checkpoint"])
	tree, err := b.policy.countCheckpoint(note)
	isGood := err == nil
	b.expect(isGood, "checkpoint")
	if isGood && b.policy.witnessed != nil {
		b.expect(b.policy.witnessed.isMet(tree.by), "checkpoint")
	}
	of := *b.policy
	of.witnessed = nil
	streams := map[string]bool{}
	for path, data := range b.files {
		if !strings.HasPrefix(path, "proofs/") {
			continue
		}
		read, err := of.readProof(data)
		if err != nil {
			b.expect(false, path)
			isGood = false
			continue
		}
		isOfClaim := path == claimPath || strings.HasPrefix(read.stream, "claim:")
		holds := read.note == note && !streams[read.stream] && (!isOfClaim || read.stream == b.manifest["stream"])
		b.expect(holds, path)
		isGood = isGood && holds
		streams[read.stream], b.proofs[path] = true, read
	}
	return isGood && b.proofs[claimPath] != nil
}

// checkHistory compares the history, the files and what is left out with what the proofs tell.
func (b *bundle) checkHistory() {
	reference := b.manifest["reference"].(string)
	own := b.proofs[claimPath]
	isNamed := false
	for _, one := range own.entries {
		isNamed = isNamed || one.entry != nil && one.entry.body["reference"] == reference
	}
	b.expect(isNamed, claimPath)
	told := readHistory(b.policy.origin, own.stream, reference, b.proofs)
	b.expect(bytes.Equal(canonical(told.said), b.files["history.json"]), "history.json")
	b.readUnproven()
	for _, file := range b.named {
		if _, is := file["attachment"]; is {
			b.checkKept(file, told)
		}
	}
	b.checkLeftOut(told)
}

func (b *bundle) readUnproven() {
	data, is := b.files["unproven.json"]
	if !is {
		return
	}
	value, err := readCanonical(data)
	rows, isList := value.([]any)
	good := err == nil && isList && len(rows) > 0
	for _, one := range rows {
		row, _ := one.(object)
		_, isWhat := row["what"].(string)
		_, isRow := row["row"].(object)
		good = good && hasExactly(row, "what", "row") && isWhat && isRow
	}
	b.expect(good, "unproven.json")
	b.counts["rows unproven"] = len(rows)
}

// checkKept compares a file of people's with the entry that kept it.
func (b *bundle) checkKept(file object, told *history) {
	var kept *act
	for at := range told.acts {
		one := &told.acts[at]
		if one.entry != nil && isKeeping(one.kind) && one.body["attachment"] == file["attachment"] {
			kept = one
		}
	}
	path := file["path"].(string)
	if file["proof"] == nil {
		is := false
		if kept != nil {
			_, is = kept.values["content"]
		}
		b.expect(!is, path)
		return
	}
	if kept == nil || kept.proof != file["proof"] {
		b.expect(false, path)
		return
	}
	content, is := kept.values["content"].(object)
	what := strings.TrimSuffix(kept.kind, "_kept")
	b.expect(is && file["what"] == what && isSame(kept.body["source"], file["source"]), path)
	for _, name := range []string{"sha256", "size", "name", "media_type"} {
		b.expect(isSame(content[name], file[name]), path)
	}
}

func (b *bundle) checkLeftOut(told *history) {
	there, said := map[any]bool{}, map[gap]string{}
	for _, file := range b.named {
		if id, is := file["attachment"]; is {
			there[id] = true
		} else {
			there[file["sha256"]] = true
		}
	}
	for _, each := range b.manifest["left_out"].([]any) {
		one := each.(object)
		names, is := one["names"].([]any)
		if !is {
			names = []any{one["id"]}
		}
		for _, name := range names {
			of := gap{one["what"].(string), one["entry"].(int64), name.(string)}
			_, is := said[of]
			b.expect(!is, manifestPath)
			said[of] = one["reason"].(string)
		}
	}
	for of, erased := range told.gaps() {
		if of.what != "fields" && there[of.name] {
			continue
		}
		reason, is := said[of]
		delete(said, of)
		if of.what == "fields" && erased {
			b.expect(!is || reason == "redacted", manifestPath)
		} else {
			b.expect(is && (reason != "redacted" || erased), manifestPath)
		}
	}
	b.expect(len(said) == 0, manifestPath)
}

// count counts the fields of all proofs.
func (b *bundle) count() {
	verified, redacted, withheld := 0, 0, 0
	for _, proof := range b.proofs {
		for _, one := range proof.entries {
			if one.entry == nil {
				continue
			}
			verified += len(one.opened.values)
			for _, name := range one.opened.closed {
				if _, is := proof.erased[hex.EncodeToString(one.hash[:])][name]; is {
					redacted++
				} else {
					withheld++
				}
			}
		}
	}
	b.counts["files"] = len(b.named)
	b.counts["fields verified"], b.counts["fields redacted"], b.counts["fields withheld"] = verified, redacted, withheld
}

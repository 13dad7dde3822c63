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

func readManifest(data []byte) (object, []object, error) {
	value, err := readCanonical(data)
	said, is := value.(object)
	if err != nil || !is || !hasExactly(said, "format", "origin", "reference", "stream", "for", "at", "later", "withheld", "left_out", "files") {
		return nil, nil, errForm
	}
	later, isLater := said["later"].(int64)
	files, isFiles := said["files"].([]any)
	gaps, isGaps := said["left_out"].([]any)
	if said["format"] != bundleForm || !isTexts(said["withheld"]) || !isLater || later < 0 || !isFiles || !isGaps {
		return nil, nil, errForm
	}
	if !isTexts([]any{said["reference"], said["stream"], said["at"]}) {
		return nil, nil, errForm
	}
	var named []object
	paths := map[any]bool{}
	for _, one := range files {
		file, _ := one.(object)
		if !isManifestFile(file) || paths[file["path"]] {
			return nil, nil, errForm
		}
		paths[file["path"]], named = true, append(named, file)
	}
	for _, one := range gaps {
		if gap, _ := one.(object); !isManifestGap(gap) {
			return nil, nil, errForm
		}
	}
	return said, named, nil
}

func isTexts(value any) bool {
	list, is := value.([]any)
	for _, one := range list {
		_, isText := one.(string)
		is = is && isText
	}
	return is
}

func isManifestFile(file object) bool {
	path, _ := file["path"].(string)
	digest, _ := file["sha256"].(string)
	size, isSize := file["size"].(int64)
	texts := []any{file["what"]}
	if _, isOfPeople := file["attachment"]; isOfPeople {
		texts = append(texts, file["attachment"], file["source"], file["name"], file["media_type"])
		if !hasExactly(file, "path", "sha256", "size", "what", "attachment", "source", "name", "media_type", "proof") {
			return false
		}
		if file["proof"] != nil {
			texts = append(texts, file["proof"])
		}
	} else if !hasExactly(file, "path", "sha256", "size", "what") {
		return false
	}
	return pathForm.MatchString(path) && hashForm.MatchString(digest) && isSize && size >= 0 && isTexts(texts)
}

func isManifestGap(one object) bool {
	what, _ := one["what"].(string)
	reason, _ := one["reason"].(string)
	entry, isEntry := one["entry"].(int64)
	if !reasons[reason] || !isEntry || entry < 0 {
		return false
	}
	switch what {
	case "fields":
		return hasExactly(one, "what", "entry", "names", "reason") && isTexts(one["names"])
	case "file", "graph", "grounds", "subject":
		return hasExactly(one, "what", "entry", "id", "reason") && isTexts([]any{one["id"]})
	}
	return false
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

// vouched are the keys that may sign the note.
func (b *bundle) vouched() []key {
	held := append([]key{}, b.policy.receipts...)
	found := b.proofs[keysPath]
	if found == nil {
		return held
	}
	for _, one := range found.entries {
		if one.entry == nil || one.entry.kind != "key_rotated" || one.entry.body["signs"] != "receipts" {
			continue
		}
		replaces, _ := one.entry.body["replaces"].(string)
		former, err := readKey(replaces, plain)
		if err != nil || !holds(held, former) {
			continue
		}
		if next, is := gaveOver(one.entry.body, former, b.policy.origin); is {
			held = append(held, next)
		}
	}
	return held
}

func holds(keys []key, one key) bool {
	for _, other := range keys {
		if other == one {
			return true
		}
	}
	return false
}

// gaveOver gives the new key, where the former one signed that it takes its place.
func gaveOver(body object, former key, origin string) (key, bool) {
	text, _ := body["key"].(string)
	next, err := readKey(text, plain)
	signed, is := body["signed"].(string)
	signs, isText := body["signs"].(string)
	if err != nil || !is || !isText || next.name != former.name {
		return key{}, false
	}
	said, by, err := openNote([]byte(signed), []key{former})
	expected := fmt.Sprintf("second-source/key-rotation/v1\n%s\n%s\n%s\n", origin, signs, text)
	return next, err == nil && len(by) > 0 && said == expected
}

func (b *bundle) checkNote() {
	text, by, err := openNote(b.files[notePath], b.vouched())
	lines := strings.Split(text, "\n")
	if err != nil || len(by) == 0 || len(lines) != 6 || lines[0] != bundleForm {
		b.expect(false, notePath)
		b.expect(false, whole)
		return
	}
	digest, err := readHash(lines[3])
	_, timeErr := readTime(lines[4])
	b.expect(err == nil && timeErr == nil && lines[1] == b.policy.origin, notePath)
	own := sha256.Sum256(b.files[manifestPath])
	b.expect(bytes.Equal(digest[:], own[:]), manifestPath)
	b.expect(b.manifest["origin"] == lines[1] && b.manifest["reference"] == lines[2] && b.manifest["at"] == lines[4], manifestPath)
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

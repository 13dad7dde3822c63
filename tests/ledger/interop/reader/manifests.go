package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// Section 10: the manifest of a bundle, and the note that is signed of it.

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

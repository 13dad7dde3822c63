package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Sections 4 and 8: an export's tiles, entries and disclosures.

const tileWidth = 256

// audited is what is left to say of an export: whether something was found, and what was counted.
type audited struct {
	policy    *policy
	files     map[string][]byte
	tree      *checkpoint
	wrong     []string
	counts    map[string]int
	last      map[string]*entry
	latest    time.Time
	promised  map[tlog.Hash]time.Time // when each leaf is due
	hashes    []tlog.Hash
	follow    func(*entry) // what a replay does with each entry
	published map[string]int64
}

func (a *audited) find(what string) { a.wrong = append(a.wrong, what) }

func (a *audited) expect(holds bool, what string) {
	if !holds {
		a.find(what)
	}
}

// audit reads an export's files; receipts are files of receipts. follow may be nil.
func (p *policy) audit(files map[string][]byte, receipts [][]byte, follow func(*entry)) *audited {
	a := &audited{policy: p, files: files, counts: map[string]int{}, last: map[string]*entry{}, follow: follow,
		promised: map[tlog.Hash]time.Time{}, published: map[string]int64{}}
	tree, err := p.countCheckpoint(string(files["checkpoint"]))
	if err != nil {
		a.find("checkpoint")
		return a
	}
	a.tree = tree
	a.expect(p.witnessed == nil || p.witnessed.isMet(tree.by), "not witnessed")
	for _, file := range receipts {
		a.promise(file)
	}
	_, _, hasEntries := a.tile("entries", 0, width(tree.size, 0))
	lines, hasLines := files["export.jsonl"]
	opened, openedErr := p.readExport(lines)
	_, hasPublic := files["public/000.json"]
	switch {
	case hasLines && openedErr == nil && !opened.whole && !hasEntries:
		a.readHashes()
		a.compareTiles()
		a.compareLines(opened)
		return a
	case tree.size > 0 && !hasEntries && hasPublic:
		a.readHashes()
		a.readPublic()
	default:
		a.readEntries()
	}
	a.compareTiles()
	a.checkPromises()
	a.checkStamps()
	if hasLines {
		a.expect(openedErr == nil, "export.jsonl")
		if openedErr == nil {
			a.compareLines(opened)
		}
	}
	return a
}

func width(size int64, number int64) int {
	if left := size - number*tileWidth; left < tileWidth {
		return int(left)
	}
	return tileWidth
}

// tilePath is that of tlog-tiles, without its first part.
func tilePath(number int64) string {
	path := fmt.Sprintf("%03d", number%1000)
	for number /= 1000; number > 0; number /= 1000 {
		path = fmt.Sprintf("x%03d/%s", number%1000, path)
	}
	return path
}

// tile gives a tile's bytes and how many hashes or leaves it has to have: the full one's where a partial one is gone.
func (a *audited) tile(level string, number int64, width int) ([]byte, int, bool) {
	path := "tile/" + level + "/" + tilePath(number)
	if width < tileWidth {
		if data, is := a.files[fmt.Sprintf("%s.p/%d", path, width)]; is {
			return data, width, true
		}
	}
	data, is := a.files[path]
	return data, tileWidth, is
}

func (a *audited) hashTile(level string, number int64, width int) []tlog.Hash {
	data, count, is := a.tile(level, number, width)
	if !is || len(data) != count*tlog.HashSize {
		a.find("a tile is missing, or of another length")
		return nil
	}
	found := make([]tlog.Hash, width)
	for at := range found {
		copy(found[at][:], data[at*tlog.HashSize:])
	}
	return found
}

// readHashes takes the leaf hashes of the tiles.
func (a *audited) readHashes() {
	for number := int64(0); number*tileWidth < a.tree.size; number++ {
		a.hashes = append(a.hashes, a.hashTile("0", number, width(a.tree.size, number))...)
	}
}

// readEntries takes the leaves, which are those of the tiles, and what is disclosed of them.
func (a *audited) readEntries() {
	for number := int64(0); number*tileWidth < a.tree.size; number++ {
		width := width(a.tree.size, number)
		hashes := a.hashTile("0", number, width)
		data, count, is := a.tile("entries", number, width)
		leaves, err := splitLeaves(data)
		if !is || err != nil || len(leaves) != count {
			a.find("an entry bundle")
			leaves = nil
		}
		disclosures := a.readDisclosures(number)
		for at := 0; at < width && at < len(leaves); at++ {
			hash := tlog.RecordHash(leaves[at])
			a.expect(at < len(hashes) && hashes[at] == hash, "a leaf has another hash")
			a.hashes = append(a.hashes, hash)
			index := number*tileWidth + int64(at)
			a.readLeaf(leaves[at], disclosures[fmt.Sprint(index)])
			delete(disclosures, fmt.Sprint(index))
		}
		a.expect(len(disclosures) == 0, "disclosures of no entry")
	}
	a.counts["entries"], a.counts["streams"] = int(a.tree.size), len(a.last)
}

func splitLeaves(data []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		leaves, data = append(leaves, data[2:end]), data[end:]
	}
	return leaves, nil
}

func (a *audited) readDisclosures(number int64) object {
	data, is := a.files["disclosures/"+tilePath(number)+".json"]
	if !is {
		return object{}
	}
	value, err := readCanonical(data)
	found, is := value.(object)
	if err != nil || !is {
		a.find("disclosures")
		return object{}
	}
	return found
}

// readLeaf checks an entry by itself, in its stream, and in the order of the log. given: disclosures, or nil.
func (a *audited) readLeaf(leaf []byte, given any) {
	one, err := readEntry(leaf)
	if err != nil {
		a.find("a leaf that is no entry")
		return
	}
	seq, prev := int64(1), ""
	if before := a.last[one.stream]; before != nil {
		seq, prev = before.seq+1, hex.EncodeToString(before.hash[:])
		a.expect(!one.time.Before(before.time), "time goes back in a stream")
	}
	a.expect(one.seq == seq && one.prev == prev, "does not follow the one before it")
	a.last[one.stream] = one
	a.followTime(one)
	a.followKeys(one)
	if given != nil {
		disclosures, is := given.(object)
		opened, err := checkDisclosures(one, disclosures)
		if !is || err != nil {
			a.find("disclosures that do not match")
		} else {
			a.counts["fields not disclosed"] += len(opened.closed)
		}
	}
	if a.follow != nil {
		a.follow(one)
	}
}

func (a *audited) followTime(one *entry) {
	if one.time.After(a.latest) {
		a.latest = one.time
	}
	a.expect(a.latest.Sub(one.time) <= apart, "far before the latest")
	err := checkOlder(one.body, one.time)
	a.expect(err == nil, "does not say of an older act what it has to")
	if _, is := one.body["brought_in"]; is && err == nil {
		a.counts["older acts brought in"]++
	}
}

func (a *audited) followKeys(one *entry) {
	if one.stream != "log:keys" || one.kind != "key_rotated" {
		return
	}
	replaces, _ := one.body["replaces"].(string)
	text, _ := one.body["key"].(string)
	former, err := readKey(replaces, plain)
	next, nextErr := readKey(text, plain)
	signs := one.body["signs"]
	if err != nil || nextErr != nil || former.name != next.name || signs != "log" && signs != "receipts" {
		a.find("no new key")
		return
	}
	if _, is := one.body["signed"]; !is {
		a.counts["keys that the one before did not sign"]++
		return
	}
	_, is := gaveOver(one.body, former, a.policy.origin)
	a.expect(is, "not signed by the former key")
	if is {
		a.counts["keys that the one before signed"]++
	}
}

// compareTiles computes the tree over the leaf hashes, and compares each tile above with it.
func (a *audited) compareTiles() {
	if int64(len(a.hashes)) != a.tree.size {
		a.find("leaves are missing")
		return
	}
	for level, hashes := 1, fullTiles(a.hashes); len(hashes) > 0; level, hashes = level+1, fullTiles(hashes) {
		for number := int64(0); number*tileWidth < int64(len(hashes)); number++ {
			wanted := hashes[number*tileWidth:]
			stored := a.hashTile(fmt.Sprint(level), number, width(int64(len(hashes)), number))
			for at := range stored {
				a.expect(stored[at] == wanted[at], "a tile does not follow from those below")
			}
		}
	}
	a.expect(treeHash(a.hashes) == a.tree.root, "not the root")
}

func fullTiles(hashes []tlog.Hash) []tlog.Hash {
	var found []tlog.Hash
	for ; len(hashes) >= tileWidth; hashes = hashes[tileWidth:] {
		found = append(found, treeHash(hashes[:tileWidth]))
	}
	return found
}

// treeHash is RFC 6962's.
func treeHash(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 0 {
		return sha256.Sum256(nil)
	}
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := 1
	for half*2 < len(hashes) {
		half *= 2
	}
	return tlog.NodeHash(treeHash(hashes[:half]), treeHash(hashes[half:]))
}

// promise takes the receipts of a file, of two of one leaf the one that is due first.
func (a *audited) promise(file []byte) {
	found, err := a.policy.receiptsOf(file)
	a.expect(err == nil, "a receipt that is none")
	for _, one := range found {
		if due, is := a.promised[one.hash]; !is || one.due.Before(due) {
			a.promised[one.hash] = one.due
		}
		a.counts["receipts"]++
	}
}

func (a *audited) checkPromises() {
	for _, hash := range a.hashes {
		delete(a.promised, hash)
	}
	for _, due := range a.promised {
		if a.latest.After(due) {
			a.find("a promised leaf is missing")
		} else {
			a.counts["receipts not due yet"]++
		}
	}
}

// answer gives whether something was found, and the counts.
func (a *audited) answer() object {
	return object{"findings": len(a.wrong), "counts": a.counts}
}

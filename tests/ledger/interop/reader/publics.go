package main

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Section 8: of a log of which the hashes and what is public are there.

// readPublic checks the public leaves of a log of which these and the hashes alone are there.
func (a *audited) readPublic() {
	if int64(len(a.hashes)) != a.tree.size {
		return
	}
	for number := int64(0); number*tileWidth < a.tree.size; number++ {
		value, err := readCanonical(a.files["public/"+tilePath(number)+".json"])
		leaves, is := value.(object)
		if err != nil || !is {
			a.find("public entries")
			continue
		}
		end := number*tileWidth + int64(width(a.tree.size, number))
		left := len(leaves)
		for index := number * tileWidth; index < end; index++ {
			if text, is := leaves[fmt.Sprint(index)]; is {
				leaf, err := readBase64(text)
				a.expect(err == nil && tlog.RecordHash(leaf) == a.hashes[index], "a public leaf has another hash")
				a.readPublicLeaf(leaf)
				left--
			}
		}
		a.expect(left == 0, "public leaves of no index of the bundle")
		a.counts["public entries"] += len(leaves)
	}
}

func (a *audited) readPublicLeaf(leaf []byte) {
	one, err := readEntry(leaf)
	if err != nil || one.isSealed() {
		a.find("a public leaf that is none")
		return
	}
	if before := a.last[one.stream]; before != nil {
		a.expect(one.seq > before.seq && !one.time.Before(before.time), "does not follow in its stream")
		a.expect(one.seq > before.seq+1 || one.prev == hex.EncodeToString(before.hash[:]), "another entry before")
		a.expect(one.stream != "log:keys" || one.seq == before.seq+1, "a key's entry is missing")
	} else {
		a.expect(one.stream != "log:keys" || one.seq == 1, "a key's entry is missing")
	}
	if one.kind == "status_changed" {
		a.published[one.stream]++
		a.expect(one.body["number"] == a.published[one.stream], "a status change is missing")
	}
	a.last[one.stream] = one
	a.followTime(one)
	a.followKeys(one)
	if a.follow != nil {
		a.follow(one)
	}
}

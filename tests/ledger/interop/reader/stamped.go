package main

import "fmt"

// Sections 8 and 14: what lies beside the entries of an export.

// checkStamps checks the stamped checkpoints of stamps.json.
func (a *audited) checkStamps() {
	data, is := a.files["stamps.json"]
	if !is {
		return
	}
	value, err := readCanonical(data)
	sizes, is := value.(object)
	if err != nil || !is || len(sizes) == 0 || int64(len(a.hashes)) != a.tree.size {
		a.find("stamps.json")
		return
	}
	for text, value := range sizes {
		count, is := value.(int64)
		size, err := readDecimal(text)
		if !is || err != nil || count < 1 || count > mostTokens {
			a.find("stamps.json")
			return
		}
		note, hasNote := a.files["stamps/"+text+".note"]
		stamped, err := a.policy.countCheckpoint(string(note))
		if !hasNote || err != nil || stamped.size != size || size > a.tree.size || stamped.root != treeHash(a.hashes[:size]) {
			a.find("a stamped checkpoint")
			continue
		}
		a.counts["stamped checkpoints"]++
		for number := int64(1); number <= count; number++ {
			token, is := a.files[fmt.Sprintf("stamps/%s-%d.tst", text, number)]
			a.expect(is, "a token is missing")
			if is && len(a.policy.certificates) > 0 {
				_, err := checkStamp(token, note, a.policy.certificates)
				a.expect(err == nil, "a token that does not hold")
			}
		}
	}
}

// compareLines compares the lines of an export with what lies beside them.
func (a *audited) compareLines(opened *exported) {
	a.expect(opened.tree.size == a.tree.size && opened.tree.root == a.tree.root, "lines of another checkpoint")
	a.counts["lines"] = len(opened.lines)
	if !opened.whole {
		return
	}
	beside := map[int64]object{}
	for _, one := range opened.lines {
		number := one.index / tileWidth
		if beside[number] == nil {
			beside[number] = a.readDisclosures(number)
		}
		given, _ := beside[number][fmt.Sprint(one.index)].(object)
		there := object{}
		for name, value := range given {
			if fields, is := value.(object); is {
				there[name] = fields["value"]
			}
		}
		a.expect(isSame(there, one.opened.values), "lines open something else than disclosures/…")
	}
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
)

// Section 15: the graph that a status change rests on, made from rows.

var weakness = map[string]int{"firsthand": 1, "secondhand": 2, "unknown": 3}

// graphDigest gives the digest of the graph that the rows make.
func graphDigest(rows []byte) any {
	value, err := readCanonical(rows)
	check(err)
	graph := graphOf(value.(object))
	sum := sha256.Sum256(canonical(graph))
	return hex.EncodeToString(sum[:])
}

func graphOf(rows object) object {
	claim := rows["claim"].(object)
	claimants, parties := sortedTexts(claim["claimants"]), sortedTexts(claim["parties"])
	evidence, sources, relays := []any{}, []any{}, []any{}
	weakest := map[any]string{}
	inside := map[any]bool{}
	for _, one := range rows["evidence"].([]any) {
		row := one.(object)
		inside[row["source"]] = true
		basis, _ := row["basis"].(string)
		said := weakest[row["source"]]
		if weakness[basis] > weakness[said] {
			weakest[row["source"]] = basis
		}
		told := object{"elements": sortedTexts(row["elements"])}
		for _, name := range []string{"id", "source", "stance", "counts", "live", "against_interest"} {
			told[name] = row[name]
		}
		evidence = append(evidence, told)
	}
	addUpstream(inside, rows["relays"].([]any))
	for _, one := range rows["relays"].([]any) {
		pair := one.([]any)
		if inside[pair[0]] && inside[pair[1]] {
			relays = append(relays, object{"downstream": pair[0], "upstream": pair[1]})
		}
	}
	for _, one := range rows["sources"].([]any) {
		if row := one.(object); inside[row["id"]] {
			sources = append(sources, sourceOf(row, weakest[row["id"]], rows["actors"].([]any), claimants, parties))
		}
	}
	sortBy(evidence, "id")
	sortBy(sources, "id")
	sortBy(relays, "downstream", "upstream")
	return object{"v": int64(1), "day": claim["day"], "threshold": claim["threshold"], "claimants": claimants,
		"parties": parties, "elements": claim["elements"], "evidence": evidence, "sources": sources, "relays": relays}
}

// addUpstream adds the sources that those inside come from.
func addUpstream(inside map[any]bool, relays []any) {
	for more := true; more; {
		more = false
		for _, one := range relays {
			if pair := one.([]any); inside[pair[0]] && !inside[pair[1]] {
				inside[pair[1]], more = true, true
			}
		}
	}
}

func sourceOf(row object, weakest string, actors, claimants, parties []any) object {
	day := row["day"].(string)
	told := object{"id": row["id"], "publisher": row["publisher"], "day": day, "basis": row["basis"], "counts": row["counts"]}
	if weakest != "" {
		told["basis"] = weakest
	}
	told["voice"] = voiceOf(row["publisher"], day, actors)
	told["countable"] = true
	for _, other := range append(append([]any{}, claimants...), parties...) {
		if told["voice"] != nil && voiceOf(other, day, actors) == told["voice"] {
			told["countable"] = false
		}
	}
	return told
}

// voiceOf follows a chain to its end, on a day.
func voiceOf(actor any, day string, actors []any) any {
	seen := map[any]bool{}
	for next := actor; next != nil && !seen[next]; {
		actor = next
		seen[actor], next = true, nil
		for _, one := range actors {
			row := one.(object)
			since, isSince := row["since"].(string)
			until, isUntil := row["until"].(string)
			if row["id"] == actor && (!isSince || since <= day) && (!isUntil || day <= until) {
				next = row["part_of"]
			}
		}
	}
	return actor
}

func sortedTexts(value any) []any {
	found := append([]any{}, value.([]any)...)
	sort.Slice(found, func(i, j int) bool { return found[i].(string) < found[j].(string) })
	return found
}

func sortBy(rows []any, names ...string) {
	sort.SliceStable(rows, func(i, j int) bool {
		for _, name := range names {
			a, b := rows[i].(object)[name].(string), rows[j].(object)[name].(string)
			if a != b {
				return a < b
			}
		}
		return false
	})
}

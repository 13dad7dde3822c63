package main

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"sort"
	"strings"
)

// Section 10: the history that the proofs of a bundle tell, and what may be left out of it.

var (
	subjects = []string{"relay", "attachment", "capture", "assessment", "assignment", "evidence", "actor", "source", "claim"}
	idForm   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	why      = object{"reason": "withheld"}
)

// isSame says whether two values are the same to the canonical byte.
func isSame(one, other any) bool { return bytes.Equal(canonical(one), canonical(other)) }

type act struct {
	proof string
	proven
	kind    string
	body    object
	values  object
	leftOut object
	changed object
}

func (a *act) said() object {
	said := object{"entry": a.index, "proof": a.proof, "left_out": a.leftOut}
	if a.entry == nil {
		said["leaf_hash"] = hex.EncodeToString(a.hash[:])
		return said
	}
	said["stream"], said["seq"], said["at"] = a.entry.stream, a.entry.seq, a.entry.at
	said["kind"], said["body"], said["values"] = a.kind, a.body, a.values
	if a.changed != nil {
		said["changed"] = a.changed
	}
	return said
}

// readAct tells an entry of a proof; erased: by which redaction which of its fields were.
func readAct(path string, one proven, erased map[string]int64) act {
	if one.entry == nil {
		return act{proof: path, proven: one, leftOut: object{"entry": why}}
	}
	found := act{proof: path, proven: one, kind: one.entry.kind, body: one.entry.body, values: one.opened.values, leftOut: object{}}
	if one.entry.isSealed() {
		found.body, found.values = object{}, object{}
		if content, is := one.opened.values["content"].(object); is {
			found.body = content["body"].(object)
		}
		if kind, is := one.opened.values["kind"].(string); is {
			found.kind = kind
		}
		for name, value := range one.opened.values {
			if strings.HasPrefix(name, inContent) {
				found.values[strings.TrimPrefix(name, inContent)] = value
			}
		}
	}
	closed := append([]string{}, one.opened.closed...)
	sort.Slice(closed, func(i, j int) bool {
		return !strings.HasPrefix(closed[i], inContent) && strings.HasPrefix(closed[j], inContent)
	})
	for _, name := range closed {
		reason := why
		if by, is := erased[name]; is {
			reason = object{"reason": "redacted", "by": by}
		}
		if one.entry.isSealed() && !strings.HasPrefix(name, inContent) {
			name = "sealed_" + name
		}
		found.leftOut[strings.TrimPrefix(name, inContent)] = reason
	}
	return found
}

type subject struct {
	sort, id   string
	entries    []any
	hasContent bool
	content    any
	contentOf  int64
	leftOut    any
}

type history struct {
	acts     []act
	subjects []*subject
	said     object
}

// readHistory tells what proofs tell, by path.
func readHistory(origin, claim, reference string, proofs map[string]*proof) *history {
	found := &history{}
	for path, one := range proofs {
		for _, each := range one.entries {
			found.acts = append(found.acts, readAct(path, each, one.erased[hex.EncodeToString(each.hash[:])]))
		}
	}
	sort.SliceStable(found.acts, func(i, j int) bool { return found.acts[i].index < found.acts[j].index })
	var state, stateOf any
	for at := range found.acts {
		one := &found.acts[at]
		if one.entry == nil {
			continue
		}
		if one.kind == "status_changed" && one.proof == "proofs/claim.json" {
			state, stateOf = one.body["to"], one.index
		}
		found.take(one)
	}
	sort.Slice(found.subjects, func(i, j int) bool {
		a, b := found.subjects[i], found.subjects[j]
		return place(a.sort) < place(b.sort) || a.sort == b.sort && a.id < b.id
	})
	acts, about := []any{}, []any{}
	for _, one := range found.acts {
		acts = append(acts, one.said())
	}
	for _, one := range found.subjects {
		about = append(about, one.said())
	}
	found.said = object{"format": "second-source/history/v2", "origin": origin, "claim": claim, "reference": reference,
		"state": state, "state_of": stateOf, "acts": acts, "subjects": about}
	return found
}

func place(sort string) int {
	for at, one := range subjects {
		if one == sort {
			return at
		}
	}
	return len(subjects)
}

// take puts an act to the subject that it is about.
func (h *history) take(one *act) {
	for _, sort := range subjects {
		id, is := one.body[sort].(string)
		if !is {
			continue
		}
		about := h.subject(sort, id)
		about.entries = append(about.entries, object{"entry": one.index, "kind": one.kind})
		about.takeContent(one)
		return
	}
}

func (h *history) subject(sort, id string) *subject {
	for _, one := range h.subjects {
		if one.sort == sort && one.id == id {
			return one
		}
	}
	one := &subject{sort: sort, id: id}
	h.subjects = append(h.subjects, one)
	return one
}

func (s *subject) takeContent(one *act) {
	if strings.HasSuffix(one.kind, "_released") && (s.sort == "attachment" || s.sort == "capture") {
		return
	}
	if reason, is := one.leftOut["content"]; is {
		s.hasContent, s.content, s.contentOf, s.leftOut = true, nil, one.index, reason
		return
	}
	content, is := one.values["content"]
	if !is {
		return
	}
	now, isNow := content.(object)
	before, isBefore := s.content.(object)
	if isNow && isBefore {
		one.changed = object{}
		for _, names := range []object{before, now} {
			for name := range names {
				if !isSame(before[name], now[name]) {
					one.changed[name] = []any{before[name], now[name]}
				}
			}
		}
	}
	s.hasContent, s.content, s.contentOf, s.leftOut = true, content, one.index, nil
}

func (s *subject) said() object {
	said := object{"sort": s.sort, "id": s.id, "entries": s.entries}
	if s.hasContent {
		said["content"], said["content_of"] = s.content, s.contentOf
	}
	if s.leftOut != nil {
		said["left_out"] = s.leftOut
	}
	return said
}

// gap is something that may be left out.
type gap struct {
	what  string
	entry int64
	name  string
}

// gaps are all that may be left out, and whether a redaction named it.
func (h *history) gaps() map[gap]bool {
	found := map[gap]bool{}
	for _, one := range h.acts {
		for name, reason := range one.leftOut {
			found[gap{"fields", one.index, name}] = isRedacted(reason)
		}
		if one.entry == nil {
			continue
		}
		if id, is := one.body["attachment"].(string); is && isKeeping(one.kind) {
			found[gap{"file", one.index, id}] = isRedacted(one.leftOut["content"])
		}
		content, _ := one.values["content"].(object)
		for _, digest := range [][2]any{{"graph", one.values["graph_digest"]}, {"grounds", one.values["grounds"]}, {"grounds", content["grounds"]}} {
			if text, is := digest[1].(string); is && hashForm.MatchString(text) {
				found[gap{digest[0].(string), one.index, text}] = false
			}
		}
	}
	known := h.known()
	for _, one := range h.subjects {
		for _, id := range idsIn(one.content) {
			if !known[id] {
				found[gap{"subject", one.contentOf, id}] = false
			}
		}
	}
	return found
}

func isRedacted(reason any) bool {
	said, _ := reason.(object)
	return said["reason"] == "redacted"
}

func isKeeping(kind string) bool { return kind == "attachment_kept" || kind == "capture_kept" }

// known are the ids of which something is told: subjects with a content, and parts of claims.
func (h *history) known() map[string]bool {
	found := map[string]bool{}
	for _, one := range h.subjects {
		if one.hasContent {
			found[one.id] = true
		}
	}
	for _, one := range h.acts {
		content, _ := one.values["content"].(object)
		parts, _ := content["elements"].([]any)
		for _, each := range parts {
			part, _ := each.(object)
			if id, is := part["id"].(string); is {
				found[id] = true
			}
		}
	}
	return found
}

func idsIn(value any) []string {
	var found []string
	switch value := value.(type) {
	case string:
		if idForm.MatchString(value) {
			found = append(found, value)
		}
	case []any:
		for _, one := range value {
			found = append(found, idsIn(one)...)
		}
	case object:
		for _, one := range value {
			found = append(found, idsIn(one)...)
		}
	}
	return found
}

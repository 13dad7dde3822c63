package main

import "strings"

// Section 9: each claim's moves.

// moves are those of states.md; an empty state is before the first.
var moves = map[[2]string]bool{{"", "reported"}: true, {"reported", "denied"}: true, {"reported", "corroborated"}: true,
	{"reported", "refuted"}: true, {"denied", "corroborated"}: true, {"denied", "refuted"}: true, {"denied", "reported"}: true,
	{"corroborated", "refuted"}: true, {"corroborated", "reported"}: true, {"refuted", "reported"}: true}

// replay is an audit that follows each claim's moves and compares the states with a list: section 9.
func (p *policy) replay(files map[string][]byte, claims []object) *audited {
	states, references := map[string]any{}, map[string]string{}
	var wrong []string
	a := p.audit(files, nil, func(one *entry) {
		if !strings.HasPrefix(one.stream, "claim:") {
			return
		}
		if reference, is := one.body["reference"].(string); is {
			if other, is := references[reference]; is && other != one.stream {
				wrong = append(wrong, "a reference of two streams")
			} else {
				references[reference] = one.stream
			}
		}
		if one.kind != "status_changed" {
			return
		}
		from, to := one.body["from"], one.body["to"]
		before, isBefore := from.(string)
		after, isAfter := to.(string)
		if !isSame(states[one.stream], from) || !isAfter || from != nil && (!isBefore || before == "") || !moves[[2]string{before, after}] {
			wrong = append(wrong, "no move")
		}
		if states[one.stream] = nil; isAfter {
			states[one.stream] = after
		}
	})
	for _, claim := range claims {
		reference, _ := claim["reference"].(string)
		stream, is := references[reference]
		if !is || !isSame(states[stream], claim["state"]) {
			wrong = append(wrong, "another state")
		}
	}
	a.wrong = append(a.wrong, wrong...)
	return a
}

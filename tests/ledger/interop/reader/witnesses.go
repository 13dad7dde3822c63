package main

import (
	"errors"
	"strconv"
	"strings"
)

// Section 6: C2SP tlog-policy.

const (
	longestPolicy = 100000
	most          = 64
)

// member is a witness or a group: how many of its members it takes.
type member struct {
	key     *key
	takes   int
	members []string
}

type witnessPolicy struct {
	logs    []key
	names   []string // of witnesses, in their order
	members map[string]member
	grouped map[string]bool
	groups  int
	quorum  string // "none" demands nobody
}

func readWitnessPolicy(text string) (*witnessPolicy, error) {
	if len(text) > longestPolicy || !strings.HasSuffix(text, "\n") {
		return nil, errors.New("not lines of a policy")
	}
	for at := 0; at < len(text); at++ {
		if sign := text[at]; sign < 0x20 && sign != '\n' && sign != '\t' || sign == 0x7f {
			return nil, errors.New("a control character in a policy")
		}
	}
	p := &witnessPolicy{members: map[string]member{}, grouped: map[string]bool{}}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		items := strings.FieldsFunc(line, func(sign rune) bool { return sign == ' ' || sign == '\t' })
		if len(items) == 0 || strings.HasPrefix(items[0], "#") {
			continue
		}
		if err := p.read(items[0], items[1:]); err != nil {
			return nil, err
		}
	}
	if p.quorum == "" || len(p.logs) > most || len(p.names) > most || p.groups > most {
		return nil, errors.New("no quorum, or too much")
	}
	return p, nil
}

func (p *witnessPolicy) read(what string, items []string) error {
	switch {
	case what == "log" && (len(items) == 1 || len(items) == 2):
		return p.readLog(items[0])
	case what == "witness" && (len(items) == 2 || len(items) == 3):
		return p.readWitness(items[0], items[1])
	case what == "group" && len(items) >= 3:
		return p.readGroup(items[0], items[1], items[2:])
	case what == "quorum" && len(items) == 1 && p.quorum == "":
		if _, is := p.members[items[0]]; !is && items[0] != "none" {
			return errors.New("an unknown quorum")
		}
		p.quorum = items[0]
		return nil
	}
	return errors.New("not a line of a policy")
}

func (p *witnessPolicy) readLog(text string) error {
	one, err := readKey(text, plain)
	if err != nil {
		return err
	}
	for _, other := range p.logs {
		if other.public == one.public {
			return errors.New("a log twice")
		}
	}
	p.logs = append(p.logs, one)
	return nil
}

func (p *witnessPolicy) define(name string, one member) error {
	if _, is := p.members[name]; is || name == "none" {
		return errors.New("a name twice")
	}
	p.members[name] = one
	return nil
}

func (p *witnessPolicy) readWitness(name, text string) error {
	one, err := readKey(text, cosigned)
	if err != nil {
		return err
	}
	for _, other := range p.keys() {
		if other.public == one.public {
			return errors.New("a witness twice")
		}
	}
	p.names = append(p.names, name)
	return p.define(name, member{key: &one})
}

func (p *witnessPolicy) readGroup(name, takes string, members []string) error {
	for _, one := range members {
		if _, is := p.members[one]; !is || p.grouped[one] {
			return errors.New("not a member, or not of this group alone")
		}
		p.grouped[one] = true
	}
	count, err := strconv.Atoi(takes)
	if takes == "any" {
		count = 1
	} else if takes == "all" {
		count = len(members)
	} else if err != nil || !decimalForm.MatchString(takes) || count < 1 || count > len(members) {
		return errors.New("not a number of members")
	}
	p.groups++
	return p.define(name, member{takes: count, members: members})
}

func (p *witnessPolicy) keys() []key {
	var found []key
	for _, name := range p.names {
		found = append(found, *p.members[name].key)
	}
	return found
}

// isMet says whether the cosignatures are the quorum.
func (p *witnessPolicy) isMet(by map[key]uint64) bool {
	return p.quorum == "none" || p.has(p.quorum, by)
}

func (p *witnessPolicy) has(name string, by map[key]uint64) bool {
	one := p.members[name]
	if one.key != nil {
		_, is := by[*one.key]
		return is
	}
	count := 0
	for _, inner := range one.members {
		if p.has(inner, by) {
			count++
		}
	}
	return count >= one.takes
}

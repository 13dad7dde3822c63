package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Section 2: leaves, commitments, disclosures and sealed entries.

const (
	longestLeaf   = 65535
	longestStream = 255
	apart         = 60 * time.Second
	inContent     = "content/"
)

var (
	streamForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)+$`)
	sealedForm = regexp.MustCompile(`^sealed:[0-9a-f]{32}$`)
	nameForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	hashForm   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	timeForm   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`)
)

type entry struct {
	stream, prev, kind, at string // prev is empty for the first
	seq                    int64
	time                   time.Time
	body, c                object
	hash                   tlog.Hash
}

func (e *entry) isSealed() bool { return e.kind == "sealed" }

func readTime(value any) (time.Time, error) {
	text, _ := value.(string)
	if !timeForm.MatchString(text) || strings.HasPrefix(text, "0000") {
		return time.Time{}, errors.New("not a time")
	}
	return time.Parse("2006-01-02T15:04:05.000Z", text)
}

// readEntry reads a leaf.
func readEntry(leaf []byte) (*entry, error) {
	if len(leaf) > longestLeaf {
		return nil, errors.New("a leaf is too long")
	}
	value, err := readCanonical(leaf)
	if err != nil {
		return nil, err
	}
	fields, is := value.(object)
	if !is || !hasExactly(fields, "v", "stream", "seq", "prev", "kind", "at", "body", "c") {
		return nil, errors.New("not the fields of an entry")
	}
	one := &entry{hash: tlog.RecordHash(leaf)}
	var isStream, isSeq, isKind, isAt, isBody, isC bool
	one.stream, isStream = fields["stream"].(string)
	one.seq, isSeq = fields["seq"].(int64)
	one.kind, isKind = fields["kind"].(string)
	one.at, isAt = fields["at"].(string)
	one.body, isBody = fields["body"].(object)
	one.c, isC = fields["c"].(object)
	one.time, err = readTime(one.at)
	switch {
	case !isStream || !isSeq || !isKind || !isAt || !isBody || !isC || err != nil || fields["v"] != int64(1):
		return nil, errors.New("a field of an entry has another form")
	case !streamForm.MatchString(one.stream) || len(one.stream) > longestStream || one.seq < 1:
		return nil, errors.New("not a stream and a place in it")
	case !nameForm.MatchString(one.kind) || !isCommitments(one.c):
		return nil, errors.New("not a kind and commitments")
	}
	if prev, is := fields["prev"].(string); is && one.seq > 1 && hashForm.MatchString(prev) {
		one.prev = prev
	} else if fields["prev"] != nil || one.seq > 1 {
		return nil, errors.New("not the hash of an entry before")
	}
	if one.isSealed() || strings.HasPrefix(one.stream, "sealed:") {
		if !one.isSealed() || !sealedForm.MatchString(one.stream) || len(one.body) > 0 || !hasExactly(one.c, "kind", "content") {
			return nil, errors.New("does not look like all sealed entries")
		}
	}
	return one, nil
}

func isCommitments(c object) bool {
	for name, value := range c {
		text, _ := value.(string)
		if !nameForm.MatchString(name) || !hashForm.MatchString(text) {
			return false
		}
	}
	return len(c) > 0
}

// checkOlder holds a body to what is said of acts of an older time.
func checkOlder(body object, at time.Time) error {
	broughtIn, isBroughtIn := body["brought_in"]
	happened, is := body["happened_at"]
	if !is && !isBroughtIn {
		return nil
	}
	when, err := readTime(happened)
	if err != nil || when.After(at) || isBroughtIn && broughtIn != true || !isBroughtIn && at.Sub(when) > apart {
		return errors.New("does not say of an older act what it has to")
	}
	return nil
}

func commitment(salt []byte, name string, value any) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte("second-source/v1/field\x00" + name + "\x00"))
	mac.Write(canonical(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// opened is what disclosures tell of an entry.
type opened struct {
	values  object   // by name, as disclosed
	closed  []string // committed names without a value
	null    []string // those of closed that are named
	missing []string // names of the entry itself, of nothing inside it, that are closed and not even named
	kind    string   // the true ones, where a sealed entry is open enough
	body    object
	isOpen  bool // whether kind and body are the true ones
}

// checkDisclosures compares each given value with its commitment.
func checkDisclosures(one *entry, given object) (*opened, error) {
	found := &opened{values: object{}, kind: one.kind, body: one.body, isOpen: !one.isSealed()}
	names := object{}
	for name, hash := range one.c {
		names[name] = hash
	}
	if err := found.open(given, one.c, ""); err != nil {
		return nil, err
	}
	if content, is := found.values["content"]; is && one.isSealed() {
		inner, err := readContent(content, one.time)
		if err != nil {
			return nil, err
		}
		c := inner["c"].(object)
		for name, hash := range c {
			names[inContent+name] = hash
		}
		if err := found.open(given, c, inContent); err != nil {
			return nil, err
		}
		found.body = inner["body"].(object)
	}
	if kind, is := found.values["kind"]; is && one.isSealed() {
		text, isText := kind.(string)
		if !isText {
			return nil, errors.New("a sealed kind is no text")
		}
		if _, is := found.values["content"]; is {
			found.kind, found.isOpen = text, true
		}
	}
	if one.isSealed() && !found.isOpen {
		found.body = one.body
	}
	for name := range given {
		if _, is := names[name]; !is {
			return nil, errors.New("a field that is not committed")
		}
	}
	return found, nil
}

// open compares what is given of commitments whose names stand under a prefix.
func (o *opened) open(given, c object, prefix string) error {
	for name, hash := range c {
		one, is := given[prefix+name]
		if one == nil {
			o.closed = append(o.closed, prefix+name)
			if is {
				o.null = append(o.null, prefix+name)
			}
			if !is && prefix == "" {
				o.missing = append(o.missing, prefix+name)
			}
			continue
		}
		fields, isObject := one.(object)
		if !isObject || !hasExactly(fields, "salt", "value") {
			return errors.New("not a salt and a value")
		}
		salt, err := readBase64(fields["salt"])
		if err != nil || len(salt) != 32 || commitment(salt, name, fields["value"]) != hash {
			return errors.New("does not match its commitment")
		}
		o.values[prefix+name] = fields["value"]
	}
	return nil
}

func readContent(value any, at time.Time) (object, error) {
	content, _ := value.(object)
	body, isBody := content["body"].(object)
	c, isC := content["c"].(object)
	if !hasExactly(content, "body", "c") || !isBody || !isC || !isCommitments(c) {
		return nil, errors.New("not what is sealed")
	}
	return content, checkOlder(body, at)
}

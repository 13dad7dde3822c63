package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Sections 5 and 6: signed notes, checkpoints, receipts, cosignatures and the policy.

const (
	plain          = 1
	cosigned       = 4
	longestNote    = 1000000
	mostSignatures = 100
	receiptLine    = "second-source/receipt/v1\n"
)

var decimalForm = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

type key struct {
	name   string
	id     [4]byte
	sort   byte
	public string
}

// readKey reads a verifier key of a sort of signatures.
func readKey(text string, sort byte) (key, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !isKeyName(parts[0]) {
		return key{}, errors.New("not a verifier key")
	}
	data, err := readBase64(parts[2])
	if err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != sort {
		return key{}, errors.New("not a key of this sort")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	one := key{name: parts[0], sort: sort, public: string(data[1:])}
	copy(one.id[:], sum[:])
	if hex.EncodeToString(one.id[:]) != parts[1] {
		return key{}, errors.New("not the id of this key")
	}
	return one, nil
}

func isKeyName(name string) bool {
	return name != "" && !strings.Contains(name, "+") && strings.IndexFunc(name, unicode.IsSpace) < 0
}

type signature struct {
	name string
	id   [4]byte
	data []byte
}

// splitNote reads a note's text, with its line end, and its signatures.
func splitNote(note []byte) (string, []signature, error) {
	at := bytes.LastIndex(note, []byte("\n\n"))
	if len(note) > longestNote || !utf8.Valid(note) || at < 0 || note[len(note)-1] != '\n' || at+2 == len(note) {
		return "", nil, errors.New("not a note")
	}
	for _, sign := range note {
		if sign < 0x20 && sign != '\n' {
			return "", nil, errors.New("a control character in a note")
		}
	}
	var found []signature
	for _, line := range strings.Split(string(note[at+2:len(note)-1]), "\n") {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" || !isKeyName(parts[1]) {
			return "", nil, errors.New("not a signature line")
		}
		data, err := readBase64(parts[2])
		if err != nil || len(data) < 5 {
			return "", nil, errors.New("not a signature")
		}
		one := signature{name: parts[1], data: data[4:]}
		copy(one.id[:], data)
		found = append(found, one)
	}
	if len(found) > mostSignatures {
		return "", nil, errors.New("too many signatures")
	}
	return string(note[:at+1]), found, nil
}

// openNote gives a note's text, and by which of the known keys it is signed: for cosignatures with the newest time.
func openNote(note []byte, known []key) (string, map[key]uint64, error) {
	text, signatures, err := splitNote(note)
	if err != nil {
		return "", nil, err
	}
	by := map[key]uint64{}
	for _, one := range signatures {
		for _, key := range known {
			if key.name != one.name || key.id != one.id {
				continue
			}
			at, is := key.verify(text, one.data)
			if !is {
				return "", nil, errors.New("a known key did not make this signature")
			}
			if before, is := by[key]; !is || at > before {
				by[key] = at
			}
		}
	}
	return text, by, nil
}

// verify says whether the key made a signature, and for cosignatures of which time.
func (k key) verify(text string, data []byte) (uint64, bool) {
	public := ed25519.PublicKey(k.public)
	if k.sort == plain {
		return 0, len(data) == ed25519.SignatureSize && ed25519.Verify(public, []byte(text), data)
	}
	if len(data) != 8+ed25519.SignatureSize {
		return 0, false
	}
	at := binary.BigEndian.Uint64(data)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return at, at >= 1 && at <= math.MaxInt64 && ed25519.Verify(public, []byte(message), data[8:])
}

func signedByOne(by map[key]uint64, keys []key) bool {
	for _, key := range keys {
		if _, is := by[key]; is {
			return true
		}
	}
	return false
}

type policy struct {
	origin       string
	logs         []key
	receipts     []key
	witnessed    *witnessPolicy // nil where the policy says nothing of witnesses
	witnessError error          // a policy of witnesses that is none
	certificates [][]byte       // that time stamps have to lead to; none: nobody looks at these
}

type checkpoint struct {
	size int64
	root tlog.Hash
	tree tlog.Tree
	by   map[key]uint64
}

// countCheckpoint reads a checkpoint that counts by the policy. Whether it is witnessed is another question.
func (p *policy) countCheckpoint(value any) (*checkpoint, error) {
	note, is := value.(string)
	if !is || p.witnessError != nil {
		return nil, errors.New("not a note that can be looked at")
	}
	known := append([]key{}, p.logs...)
	if p.witnessed != nil {
		known = union(known, p.witnessed.logs, p.witnessed.keys())
	}
	text, by, err := openNote([]byte(note), known)
	if err != nil {
		return nil, err
	}
	if !signedByOne(by, p.logs) || p.witnessed != nil && len(p.witnessed.logs) > 0 && !signedByOne(by, p.witnessed.logs) {
		return nil, errors.New("not signed by a log")
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != p.origin {
		return nil, errors.New("not a checkpoint of this log")
	}
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			return nil, errors.New("an empty line in a checkpoint")
		}
	}
	found := &checkpoint{by: by}
	root, err := readHash(lines[2])
	if err != nil {
		return nil, err
	}
	found.root = root
	if found.size, err = readDecimal(lines[1]); err != nil {
		return nil, err
	}
	return found, nil
}

func union(lists ...[]key) []key {
	var found []key
	seen := map[key]bool{}
	for _, list := range lists {
		for _, one := range list {
			if !seen[one] {
				seen[one], found = true, append(found, one)
			}
		}
	}
	return found
}

func readDecimal(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if !decimalForm.MatchString(text) || err != nil || value > largest {
		return 0, errors.New("not a number")
	}
	return value, nil
}

func readHash(value any) (found tlog.Hash, err error) {
	data, err := readBase64(value)
	if err != nil || len(data) != tlog.HashSize {
		return found, errors.New("not a hash")
	}
	copy(found[:], data)
	return found, nil
}

// receipt is what a receipt promises.
type receipt struct {
	hash tlog.Hash
	due  time.Time
}

// readReceipts gives the leaf hashes of a file of receipts.
func (p *policy) readReceipts(file []byte) ([]string, error) {
	all, err := p.receiptsOf(file)
	var found []string
	for _, one := range all {
		found = append(found, base64.StdEncoding.EncodeToString(one.hash[:]))
	}
	return found, err
}

// receiptsOf reads a file of receipts, each signed and of this log.
func (p *policy) receiptsOf(file []byte) ([]receipt, error) {
	var found []receipt
	for at := 0; at < len(file); {
		if !bytes.HasPrefix(file[at:], []byte(receiptLine)) {
			return nil, errors.New("not a receipt")
		}
		end := len(file)
		if next := bytes.Index(file[at+1:], []byte("\n"+receiptLine)); next >= 0 {
			end = at + 1 + next + 1
		}
		one, err := p.readReceipt(file[at:end])
		if err != nil {
			return nil, err
		}
		found, at = append(found, *one), end
	}
	if len(found) == 0 {
		return nil, errors.New("no receipt")
	}
	return found, nil
}

func (p *policy) readReceipt(note []byte) (*receipt, error) {
	text, by, err := openNote(note, p.receipts)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(text, "\n")
	if len(by) == 0 || len(lines) != 6 || lines[1] != p.origin {
		return nil, errors.New("not a receipt of this log")
	}
	hash, err := readHash(lines[2])
	if err != nil {
		return nil, err
	}
	at, err := readTime(lines[3])
	if err != nil {
		return nil, err
	}
	delay, err := readDecimal(lines[4])
	if err != nil {
		return nil, err
	}
	due := time.Unix(at.Unix()+delay, int64(at.Nanosecond()))
	if due.After(lastMoment) {
		due = lastMoment
	}
	return &receipt{hash, due}, nil
}

// lastMoment is where a promise ends that would end later.
var lastMoment = time.Date(9999, 12, 31, 23, 59, 59, 999000000, time.UTC)

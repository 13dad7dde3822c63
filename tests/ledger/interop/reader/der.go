package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Section 13: DER, as far as tokens are made of it.

const (
	isTrue      = 0x01
	integer     = 0x02
	bitString   = 0x03
	octets      = 0x04
	null        = 0x05
	identifier  = 0x06
	utcTime     = 0x17
	anyTime     = 0x18
	sequence    = 0x30
	set         = 0x31
	constructed = 0x20
	context     = 0xa0
	mostDigits  = 4
	longestInt  = 32
)

var errDER = errors.New("not DER")

type value struct {
	tag            byte
	content, whole []byte
}

// readDER gives the values that bytes are made of.
func readDER(data []byte) ([]value, error) {
	var found []value
	for at := 0; at < len(data); {
		start := at
		if at+2 > len(data) || data[at]&0x1f == 0x1f {
			return nil, errDER
		}
		tag, length := data[at], int(data[at+1])
		at += 2
		if length >= 0x80 {
			count := length & 0x7f
			if count < 1 || count > mostDigits || count > len(data)-at || data[at] == 0 {
				return nil, errDER
			}
			length = 0
			for _, digit := range data[at : at+count] {
				length = length<<8 | int(digit)
			}
			if at += count; length < 0x80 {
				return nil, errDER
			}
		}
		if length > len(data)-at {
			return nil, errDER
		}
		found = append(found, value{tag, data[at : at+length], data[start : at+length]})
		at += length
	}
	return found, nil
}

// isDER says whether bytes are DER throughout.
func isDER(data []byte) bool {
	for waiting := [][]byte{data}; len(waiting) > 0; {
		last := len(waiting) - 1
		values, err := readDER(waiting[last])
		if err != nil {
			return false
		}
		waiting = waiting[:last]
		for _, one := range values {
			if one.tag&constructed != 0 {
				waiting = append(waiting, one.content)
			}
		}
	}
	return true
}

// fields are the parts of a value, taken one after another. What does not fit stays as its error.
type fields struct {
	left []value
	err  error
}

// only reads bytes that are one value.
func only(data []byte) (value, error) {
	values, err := readDER(data)
	if err != nil || len(values) != 1 {
		return value{}, errDER
	}
	return values[0], nil
}

func open(one value, tag byte) *fields {
	if one.tag != tag {
		return &fields{err: errDER}
	}
	left, err := readDER(one.content)
	return &fields{left, err}
}

func openOnly(data []byte) *fields {
	one, err := only(data)
	if err != nil {
		return &fields{err: err}
	}
	return open(one, sequence)
}

func (f *fields) any() value {
	if f.err != nil || len(f.left) == 0 {
		f.err = errDER
		return value{}
	}
	one := f.left[0]
	f.left = f.left[1:]
	return one
}

func (f *fields) take(tag byte) value {
	one := f.any()
	if one.tag != tag {
		f.err = errDER
		return value{}
	}
	return one
}

func (f *fields) maybe(tag byte) (value, bool) {
	if f.err != nil || len(f.left) == 0 || f.left[0].tag != tag {
		return value{}, false
	}
	return f.any(), true
}

// inside opens the one value that stands in a value of a tag.
func (f *fields) inside(outer, tag byte) *fields {
	around := open(f.take(outer), outer)
	inner := around.take(tag)
	if around.end() != nil {
		f.err = around.err
		return around
	}
	return open(inner, tag)
}

// end gives what did not fit; nothing may be left.
func (f *fields) end() error {
	if f.err == nil && len(f.left) > 0 {
		f.err = errDER
	}
	return f.err
}

func readInteger(one value) (*big.Int, error) {
	data := one.content
	if len(data) == 0 || len(data) > longestInt || len(data) > 1 && (data[0] == 0 && data[1] < 0x80 || data[0] == 0xff && data[1] >= 0x80) {
		return nil, errDER
	}
	number := new(big.Int).SetBytes(data)
	if data[0] >= 0x80 {
		number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
	}
	return number, nil
}

func isInteger(one value, number int64) bool {
	found, err := readInteger(one)
	return err == nil && found.Cmp(big.NewInt(number)) == 0
}

func readBool(one value) (bool, error) {
	if len(one.content) != 1 || one.content[0] != 0 && one.content[0] != 0xff {
		return false, errDER
	}
	return one.content[0] == 0xff, nil
}

// oid gives the bytes of an object identifier as a text.
func oid(dotted string) string {
	var found []byte
	parts := strings.Split(dotted, ".")
	first, _ := strconv.Atoi(parts[0])
	for at, part := range parts[1:] {
		number, _ := strconv.Atoi(part)
		if at == 0 {
			number += 40 * first
		}
		groups := []byte{byte(number & 0x7f)}
		for number >>= 7; number > 0; number >>= 7 {
			groups = append([]byte{byte(number&0x7f) | 0x80}, groups...)
		}
		found = append(found, groups...)
	}
	return string(found)
}

// readAlgorithm gives the name of an algorithm that takes nothing.
func readAlgorithm(one value) (string, error) {
	parts := open(one, sequence)
	name := string(parts.take(identifier).content)
	if nothing, is := parts.maybe(null); is && len(nothing.content) > 0 {
		return "", errDER
	}
	return name, parts.end()
}

var generalized = regexp.MustCompile(`^([0-9]{14})(\.[0-9]*[1-9])?Z$`)

// readMoment gives a moment that is never earlier than what is said, in whole microseconds.
func readMoment(text []byte) (time.Time, error) {
	found := generalized.FindSubmatch(text)
	if found == nil || bytes.HasPrefix(text, []byte("0000")) {
		return time.Time{}, errors.New("not a moment")
	}
	moment, err := time.Parse("20060102150405", string(found[1]))
	digits := strings.TrimPrefix(string(found[2]), ".")
	micros, _ := strconv.Atoi((digits + "000000")[:6])
	if len(digits) > 6 {
		micros++
	}
	if moment = moment.Add(time.Duration(micros) * time.Microsecond); err != nil || moment.Year() > 9999 {
		return time.Time{}, errors.New("no moment that exists")
	}
	return moment, nil
}

func inHex(data []byte) string { return hex.EncodeToString(data) }

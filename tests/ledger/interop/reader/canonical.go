package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Section 1: RFC 8785 with integers alone. Values are nil, bool, int64, string, []any and map[string]any.

const (
	largest = 1<<53 - 1
	deepest = 32
)

type object = map[string]any

var errForm = errors.New("not canonical JSON")

// readCanonical reads a text and refuses every spelling but the canonical one.
func readCanonical(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errForm
	}
	p := &parser{data: data}
	value, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(canonical(value), data) {
		return nil, errForm
	}
	return value, nil
}

// canonical writes a value that readCanonical could have read.
func canonical(value any) []byte {
	var out bytes.Buffer
	write(&out, value)
	return out.Bytes()
}

func write(out *bytes.Buffer, value any) {
	switch value := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		out.WriteString(strconv.FormatBool(value))
	case int64:
		out.WriteString(strconv.FormatInt(value, 10))
	case string:
		writeText(out, value)
	case []any:
		out.WriteByte('[')
		for i, one := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			write(out, one)
		}
		out.WriteByte(']')
	case object:
		out.WriteByte('{')
		for i, key := range sortedKeys(value) {
			if i > 0 {
				out.WriteByte(',')
			}
			writeText(out, key)
			out.WriteByte(':')
			write(out, value[key])
		}
		out.WriteByte('}')
	default:
		panic(fmt.Sprintf("%T has no canonical form", value))
	}
}

// sortedKeys orders by UTF-16 code units, which is not the order of the bytes of UTF-8.
func sortedKeys(value object) []string {
	keys := make([]string, 0, len(value))
	for key := range value {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := utf16.Encode([]rune(keys[i])), utf16.Encode([]rune(keys[j]))
		for at := 0; at < len(a) && at < len(b); at++ {
			if a[at] != b[at] {
				return a[at] < b[at]
			}
		}
		return len(a) < len(b)
	})
	return keys
}

var short = map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}

func writeText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for at := 0; at < len(text); at++ {
		if escape, is := short[text[at]]; is {
			out.WriteString(escape)
		} else if text[at] < 0x20 {
			fmt.Fprintf(out, `\u%04x`, text[at])
		} else {
			out.WriteByte(text[at])
		}
	}
	out.WriteByte('"')
}

// parser needs to read no more than canonical texts: what it takes too much, writing anew shows.
type parser struct {
	data []byte
	at   int
}

func (p *parser) take(word string) bool {
	if bytes.HasPrefix(p.data[p.at:], []byte(word)) {
		p.at += len(word)
		return true
	}
	return false
}

func (p *parser) value(depth int) (any, error) {
	switch {
	case p.take("null"):
		return nil, nil
	case p.take("true"):
		return true, nil
	case p.take("false"):
		return false, nil
	case p.take(`"`):
		return p.text()
	case p.take("["):
		return p.array(depth + 1)
	case p.take("{"):
		return p.members(depth + 1)
	}
	return p.number()
}

func (p *parser) number() (any, error) {
	from := p.at
	for p.at < len(p.data) && (p.data[p.at] == '-' || p.data[p.at] >= '0' && p.data[p.at] <= '9') {
		p.at++
	}
	value, err := strconv.ParseInt(string(p.data[from:p.at]), 10, 64)
	if err != nil || value > largest || value < -largest {
		return nil, errForm
	}
	return value, nil
}

func (p *parser) array(depth int) (any, error) {
	result := []any{}
	if depth > deepest {
		return nil, errForm
	}
	for first := true; !p.take("]"); first = false {
		if !first && !p.take(",") {
			return nil, errForm
		}
		value, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		result = append(result, value)
	}
	return result, nil
}

func (p *parser) members(depth int) (any, error) {
	result := object{}
	if depth > deepest {
		return nil, errForm
	}
	for first := true; !p.take("}"); first = false {
		if !first && !p.take(",") || !p.take(`"`) {
			return nil, errForm
		}
		key, err := p.text()
		if err != nil || !p.take(":") {
			return nil, errForm
		}
		if result[key], err = p.value(depth); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// text reads up to the closing quote. The only \u that a canonical text has are of control characters.
func (p *parser) text() (string, error) {
	var out []byte
	for p.at < len(p.data) {
		sign := p.data[p.at]
		p.at++
		switch {
		case sign == '"':
			return string(out), nil
		case sign < 0x20:
			return "", errForm
		case sign != '\\':
			out = append(out, sign)
			continue
		}
		if p.take("u00") && p.at+2 <= len(p.data) {
			one, err := hex.DecodeString(string(p.data[p.at : p.at+2]))
			if err != nil || one[0] >= 0x20 {
				return "", errForm
			}
			out, p.at = append(out, one[0]), p.at+2
			continue
		}
		is := false
		for plain, escape := range short {
			if !is && p.take(escape[1:]) {
				out, is = append(out, plain), true
			}
		}
		if !is {
			return "", errForm
		}
	}
	return "", errForm
}

// hasExactly says whether these are all the fields of an object.
func hasExactly(value object, names ...string) bool {
	for _, name := range names {
		if _, is := value[name]; !is {
			return false
		}
	}
	return len(value) == len(names)
}

// readBase64 takes the one spelling of RFC 4648 section 4 alone.
func readBase64(value any) ([]byte, error) {
	text, is := value.(string)
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if !is || err != nil || base64.StdEncoding.EncodeToString(data) != text {
		return nil, errors.New("not base64 in its one spelling")
	}
	return data, nil
}

package main

import (
	"math/big"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Section 13: what an authority is called.

// nameInWords writes a distinguished name as RFC 4514 has it.
func nameInWords(name value) (string, error) {
	sets, err := readDER(name.content)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, each := range sets {
		if each.tag != set || len(each.content) == 0 {
			return "", errCertificate
		}
		values, err := readDER(each.content)
		if err != nil {
			return "", err
		}
		var told []string
		for _, one := range values {
			words, err := partInWords(one)
			if err != nil {
				return "", err
			}
			told = append(told, words)
		}
		parts = append([]string{strings.Join(told, "+")}, parts...)
	}
	return strings.Join(parts, ","), nil
}

func partInWords(one value) (string, error) {
	pair := open(one, sequence)
	kind, content := pair.take(identifier).content, pair.any()
	if pair.end() != nil {
		return "", errCertificate
	}
	name, err := dottedName(kind)
	if err != nil {
		return "", err
	}
	words, err := textOf(content)
	return name + "=" + words, err
}

func dottedName(kind []byte) (string, error) {
	if short, is := shortNames[string(kind)]; is {
		return short, nil
	}
	if len(kind) == 0 || len(kind) > longestInt || kind[len(kind)-1] >= 0x80 {
		return "", errCertificate
	}
	var numbers []string
	number := new(big.Int)
	for _, one := range kind {
		number.Or(number.Lsh(number, 7), big.NewInt(int64(one&0x7f)))
		if one >= 0x80 {
			continue
		}
		if len(numbers) == 0 {
			first := big.NewInt(2)
			if number.Cmp(big.NewInt(80)) < 0 {
				first = new(big.Int).Div(number, big.NewInt(40))
			}
			numbers = append(numbers, first.String())
			number.Sub(number, new(big.Int).Mul(first, big.NewInt(40)))
		}
		numbers = append(numbers, number.String())
		number = new(big.Int)
	}
	return strings.Join(numbers, "."), nil
}

func textOf(one value) (string, error) {
	var runes []rune
	switch one.tag {
	case 0x0c:
		if !utf8.Valid(one.content) {
			return "", errCertificate
		}
		runes = []rune(string(one.content))
	case 0x13, 0x16, 0x14:
		for _, sign := range one.content {
			if sign >= 0x80 && one.tag != 0x14 {
				return "", errCertificate
			}
			runes = append(runes, rune(sign))
		}
	case 0x1e:
		var units []uint16
		for at := 0; at+1 < len(one.content); at += 2 {
			units = append(units, uint16(one.content[at])<<8|uint16(one.content[at+1]))
		}
		runes = utf16.Decode(units)
		again := utf16.Encode(runes)
		for at := range again {
			if len(again) != len(units) || again[at] != units[at] {
				return "", errCertificate
			}
		}
		if len(one.content)%2 == 1 {
			return "", errCertificate
		}
	default:
		return "#" + inHex(one.whole), nil
	}
	text := escaping.Replace(string(runes))
	if strings.HasSuffix(text, " ") {
		text = text[:len(text)-1] + `\ `
	}
	if strings.HasPrefix(text, " ") || strings.HasPrefix(text, "#") {
		text = `\` + text
	}
	return text, nil
}

var escaping = strings.NewReplacer(`\`, `\\`, `"`, `\"`, ",", `\,`, "+", `\+`, ";", `\;`, "<", `\<`, ">", `\>`, "\x00", `\00`)

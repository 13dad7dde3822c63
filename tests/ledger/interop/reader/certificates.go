package main

import (
	"bytes"
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"math/big"
	"time"
)

// Section 13: certificates, and whether one leads to another.

const (
	smallestModulus = 2048
	largestModulus  = 16384
	longestSalt     = 512
	digitalSign     = 0 // bits of keyUsage
	nonRepudiation  = 1
	keyCertSign     = 5
)

var (
	digests = map[string]crypto.Hash{
		oid("2.16.840.1.101.3.4.2.1"): crypto.SHA256, oid("2.16.840.1.101.3.4.2.2"): crypto.SHA384,
		oid("2.16.840.1.101.3.4.2.3"): crypto.SHA512,
	}
	rsaWith = map[string]crypto.Hash{
		oid("1.2.840.113549.1.1.11"): crypto.SHA256, oid("1.2.840.113549.1.1.12"): crypto.SHA384,
		oid("1.2.840.113549.1.1.13"): crypto.SHA512,
	}
	ecdsaWith = map[string]crypto.Hash{
		oid("1.2.840.10045.4.3.2"): crypto.SHA256, oid("1.2.840.10045.4.3.3"): crypto.SHA384,
		oid("1.2.840.10045.4.3.4"): crypto.SHA512,
	}
	curves = map[string]bool{oid("1.2.840.10045.3.1.7"): true, oid("1.3.132.0.34"): true, oid("1.3.132.0.35"): true}

	rsaPlain, maskOne, rsaPSS = oid("1.2.840.113549.1.1.1"), oid("1.2.840.113549.1.1.8"), oid("1.2.840.113549.1.1.10")
	ecPublic                  = oid("1.2.840.10045.2.1")
	keyID, keyUsage, basic    = oid("2.5.29.14"), oid("2.5.29.15"), oid("2.5.29.19")
	policies, extendedUsage   = oid("2.5.29.32"), oid("2.5.29.37")
	timeStamping              = oid("1.3.6.1.5.5.7.3.8")
	knownCritical             = map[string]bool{basic: true, keyUsage: true, extendedUsage: true, policies: true}

	shortNames = map[string]string{
		oid("2.5.4.3"): "CN", oid("2.5.4.7"): "L", oid("2.5.4.8"): "ST", oid("2.5.4.10"): "O", oid("2.5.4.11"): "OU",
		oid("2.5.4.6"): "C", oid("2.5.4.9"): "STREET", oid("0.9.2342.19200300.100.1.25"): "DC",
		oid("0.9.2342.19200300.100.1.1"): "UID",
	}
	errCertificate = errors.New("not a certificate that can be used so")
)

type extension struct {
	critical bool
	content  []byte
}

type certificate struct {
	whole, signed, signature, serial, issuer []byte
	algorithm, subject, key                  value
	begin, end                               time.Time
	extensions                               map[string]extension
}

// readable gives those that can be read.
func readable(all [][]byte) []*certificate {
	var found []*certificate
	for _, one := range all {
		if read, err := readCertificate(one); err == nil {
			found = append(found, read)
		}
	}
	return found
}

func readCertificate(data []byte) (*certificate, error) {
	whole, err := only(data)
	if err != nil {
		return nil, err
	}
	outer := open(whole, sequence)
	tbs := outer.take(sequence)
	found := &certificate{whole: whole.whole, signed: tbs.whole, algorithm: outer.take(sequence)}
	bits := outer.take(bitString).content
	if outer.end() != nil || len(bits) == 0 || bits[0] != 0 {
		return nil, errCertificate
	}
	found.signature = bits[1:]
	return found, found.readSigned(open(tbs, sequence))
}

func (c *certificate) readSigned(tbs *fields) (err error) {
	version := open(tbs.take(context), context)
	if isThree := isInteger(version.take(integer), 2); version.end() != nil || !isThree {
		return errCertificate
	}
	c.serial = tbs.take(integer).whole
	named := tbs.take(sequence)
	c.issuer = tbs.take(sequence).whole
	validity := open(tbs.take(sequence), sequence)
	c.subject, c.key = tbs.take(sequence), tbs.take(sequence)
	tbs.maybe(0x81)
	tbs.maybe(0x82)
	extensions, hasExtensions := tbs.maybe(context | 3)
	if tbs.end() != nil || !bytes.Equal(named.whole, c.algorithm.whole) {
		return errCertificate
	}
	if c.begin, err = readDate(validity); err != nil {
		return err
	}
	if c.end, err = readDate(validity); err != nil {
		return err
	}
	c.extensions = map[string]extension{}
	if hasExtensions {
		err = c.readExtensions(extensions)
	}
	if err == nil {
		err = validity.end()
	}
	return err
}

func readDate(validity *fields) (time.Time, error) {
	one := validity.any()
	text := string(one.content)
	switch {
	case validity.err != nil || one.tag != utcTime && one.tag != anyTime:
		return time.Time{}, errCertificate
	case one.tag == utcTime && text >= "50":
		text = "19" + text
	case one.tag == utcTime:
		text = "20" + text
	}
	if len(text) != 15 {
		return time.Time{}, errCertificate
	}
	return readMoment([]byte(text))
}

func (c *certificate) readExtensions(around value) error {
	list, err := only(around.content)
	if err != nil {
		return err
	}
	all, err := readDER(list.content)
	if err != nil {
		return err
	}
	for _, each := range all {
		one := open(each, sequence)
		name := string(one.take(identifier).content)
		critical := false
		if said, is := one.maybe(isTrue); is {
			if critical, err = readBool(said); err != nil {
				return err
			}
		}
		content := one.take(octets).content
		if _, is := c.extensions[name]; is || one.end() != nil {
			return errCertificate
		}
		c.extensions[name] = extension{critical, content}
	}
	return nil
}

// may says whether its keyUsage, where it has one, has a bit.
func (c *certificate) may(bit int) (bool, error) {
	usage, is := c.extensions[keyUsage]
	if !is {
		return true, nil
	}
	one, err := only(usage.content)
	if err != nil || one.tag != bitString || len(one.content) == 0 {
		return false, errCertificate
	}
	unused, bits := int(one.content[0]), one.content[1:]
	if unused > 7 || len(bits) == 0 && unused > 0 {
		return false, errCertificate
	}
	return bit < 8*len(bits)-unused && bits[bit/8]>>(7-bit%8)&1 == 1, nil
}

// isForStamps says whether it signs time stamps and nothing else.
func (c *certificate) isForStamps() bool {
	uses := openOnly(c.extensions[extendedUsage].content)
	only := uses.take(identifier)
	if uses.end() != nil || !c.extensions[extendedUsage].critical || string(only.content) != timeStamping {
		return false
	}
	signs, err := c.may(digitalSign)
	if err == nil && !signs {
		signs, err = c.may(nonRepudiation)
	}
	return err == nil && signs
}

// countsAt says whether it is valid, and asks for nothing critical that is not looked at.
func (c *certificate) countsAt(at time.Time) bool {
	for name, one := range c.extensions {
		if one.critical && !knownCritical[name] {
			return false
		}
	}
	return !at.Before(c.begin) && !at.After(c.end)
}

// leadsUp says whether there is a way to one that is trusted, the shortest first.
func (c *certificate) leadsUp(pool, trusted []*certificate, at time.Time) bool {
	seen := map[string]bool{}
	level := []*certificate{c}
	for below := 0; len(level) > 0; below++ {
		var next []*certificate
		for _, one := range level {
			if seen[string(one.whole)] || !one.countsAt(at) {
				continue
			}
			seen[string(one.whole)] = true
			for _, own := range trusted {
				if bytes.Equal(own.whole, one.whole) {
					return true
				}
			}
			for _, issuer := range pool {
				if !seen[string(issuer.whole)] && issuer.issued(one, below) {
					next = append(next, issuer)
				}
			}
		}
		level = next
	}
	return false
}

func (c *certificate) issued(other *certificate, below int) bool {
	said, is := c.extensions[basic]
	if !is || !bytes.Equal(c.subject.whole, other.issuer) {
		return false
	}
	parts := openOnly(said.content)
	authority, isSaid := parts.maybe(isTrue)
	length, isLimited := parts.maybe(integer)
	if parts.end() != nil || !isSaid {
		return false
	}
	if isAuthority, err := readBool(authority); err != nil || !isAuthority {
		return false
	}
	if isLimited {
		if most, err := readInteger(length); err != nil || most.Cmp(big.NewInt(int64(below))) < 0 {
			return false
		}
	}
	signs, err := c.may(keyCertSign)
	return err == nil && signs && verify(c.key, other.algorithm, 0, other.signature, other.signed) == nil
}

package main

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"math/big"
	"strconv"
	"time"
)

// Section 13: time stamps.

const (
	longestToken     = 65536
	mostCertificates = 16
	longestID        = 127
	mostSeconds      = 1000000000
)

var (
	signedData, tstInfo        = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")
	contentType, messageDigest = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
	named1, named2             = oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")
	errStamp                   = errors.New("not a time stamp that holds")
)

// stamp is what a token says.
type stamp struct {
	at, before time.Time
	by         string
}

// cms is a SignedData.
type cms struct {
	content      []byte
	digests      []value
	signer       value
	certificates [][]byte
}

func readPEM(texts []string) [][]byte {
	var found [][]byte
	for _, text := range texts {
		for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
			found = append(found, block.Bytes)
		}
	}
	return found
}

// checkStamp gives what a token says of a note, by the certificates of its reader.
func checkStamp(token, note []byte, certificates [][]byte) (*stamp, error) {
	if len(token) > longestToken || !isDER(token) {
		return nil, errStamp
	}
	signed, err := readSigned(token)
	if err != nil {
		return nil, err
	}
	found, err := readInfo(signed.content, note)
	if err != nil {
		return nil, err
	}
	trusted := readable(certificates)
	pool := append(append([]*certificate{}, trusted...), readable(signed.certificates)...)
	signer, err := checkSigner(signed, pool)
	if err != nil {
		return nil, err
	}
	found.by, err = nameInWords(signer.subject)
	if err != nil || !signer.isForStamps() || !signer.leadsUp(pool, trusted, found.at) {
		return nil, errStamp
	}
	if found.by == "" {
		found.by = "an authority without a name"
	}
	return found, nil
}

func readSigned(token []byte) (*cms, error) {
	outer := openOnly(token)
	kind := string(outer.take(identifier).content)
	whole := outer.inside(context, sequence)
	if outer.end() != nil || kind != signedData {
		return nil, errStamp
	}
	found := &cms{}
	isThree := isInteger(whole.take(integer), 3)
	digests := whole.take(set)
	content := open(whole.take(sequence), sequence)
	isInfo := string(content.take(identifier).content) == tstInfo
	around := open(content.take(context), context)
	found.content = around.take(octets).content
	given, _ := whole.maybe(context)
	whole.maybe(context | 1)
	infos := open(whole.take(set), set)
	found.signer = infos.any()
	for _, part := range []*fields{whole, content, around, infos} {
		if part.end() != nil {
			return nil, errStamp
		}
	}
	certificates, err := readDER(given.content)
	if err != nil || !isThree || !isInfo {
		return nil, errStamp
	}
	for _, one := range certificates {
		if one.tag == sequence {
			found.certificates = append(found.certificates, one.whole)
		}
	}
	if len(found.certificates) > mostCertificates {
		return nil, errStamp
	}
	found.digests, err = readDER(digests.content)
	return found, err
}

func readInfo(content, note []byte) (*stamp, error) {
	info := openOnly(content)
	isOne := isInteger(info.take(integer), 1)
	info.take(identifier)
	imprint := open(info.take(sequence), sequence)
	hash, isHash := readDigest(imprint.take(sequence))
	hashed, own := imprint.take(octets).content, sha256.Sum256(note)
	_, err := readInteger(info.take(integer))
	moment := info.take(anyTime).content
	accuracy, isAccurate := info.maybe(sequence)
	info.maybe(isTrue)
	nonce, hasNonce := info.maybe(integer)
	info.maybe(context)
	extensions, _ := info.maybe(context | 1)
	if info.end() != nil || imprint.end() != nil || err != nil || !isOne || !isHash || hash != crypto.SHA256 || !bytes.Equal(hashed, own[:]) {
		return nil, errStamp
	}
	if _, err := readInteger(nonce); hasNonce && err != nil {
		return nil, err
	}
	if err := checkInfoExtensions(extensions); err != nil {
		return nil, err
	}
	found := &stamp{}
	if found.at, err = readMoment(moment); err != nil {
		return nil, err
	}
	found.before = found.at
	if isAccurate {
		err = found.addAccuracy(accuracy)
	}
	if roundedUp(found.before).Year() > 9999 {
		return nil, errStamp
	}
	return found, err
}

// roundedUp gives the next whole millisecond.
func roundedUp(moment time.Time) time.Time {
	whole := moment.Truncate(time.Millisecond)
	if whole.Before(moment) {
		return whole.Add(time.Millisecond)
	}
	return whole
}

func checkInfoExtensions(extensions value) error {
	all, err := readDER(extensions.content)
	if err != nil {
		return err
	}
	for _, each := range all {
		one := open(each, sequence)
		one.take(identifier)
		critical, is := one.maybe(isTrue)
		one.take(octets)
		if one.end() != nil || is && !bytes.Equal(critical.content, []byte{0}) {
			return errStamp
		}
	}
	return nil
}

func (s *stamp) addAccuracy(accuracy value) error {
	parts := open(accuracy, sequence)
	for _, unit := range []struct {
		tag  byte
		most int64
		unit time.Duration
	}{{integer, mostSeconds, time.Second}, {0x80, 999, time.Millisecond}, {0x81, 999, time.Microsecond}} {
		one, is := parts.maybe(unit.tag)
		if !is {
			continue
		}
		number, err := readInteger(one)
		if err != nil || number.Sign() < 0 || number.Cmp(big.NewInt(unit.most)) > 0 {
			return errStamp
		}
		s.before = s.before.Add(time.Duration(number.Int64()) * unit.unit)
	}
	return parts.end()
}

// checkSigner gives the certificate whose key signed the content.
func checkSigner(signed *cms, pool []*certificate) (*certificate, error) {
	info := open(signed.signer, sequence)
	version := info.take(integer)
	name := info.any()
	algorithm := info.take(sequence)
	attributes := info.take(context)
	way, signature := info.take(sequence), info.take(octets).content
	info.maybe(context | 1)
	digest, isDigest := readDigest(algorithm)
	isKind := isInteger(version, 1) && name.tag == sequence || isInteger(version, 3) && name.tag == 0x80 && len(name.content) <= longestID
	if info.end() != nil || !isDigest || !isKind || !isNamedDigest(signed.digests, digest) {
		return nil, errStamp
	}
	signer := findSigner(name, pool)
	values, err := readAttributes(attributes)
	if err != nil || signer == nil {
		return nil, errStamp
	}
	kind, own := values[contentType], values[messageDigest]
	if kind.tag != identifier || string(kind.content) != tstInfo || own.tag != octets || !bytes.Equal(own.content, sum(digest, signed.content)) {
		return nil, errStamp
	}
	if err := checkNames(values, signer); err != nil {
		return nil, err
	}
	asSet := append([]byte{set}, attributes.whole[1:]...)
	return signer, verify(signer.key, way, digest, signature, asSet)
}

// isNamedDigest says whether it is among those that are named, which are all algorithms that take nothing.
func isNamedDigest(all []value, digest crypto.Hash) bool {
	found := false
	for _, one := range all {
		name, err := readAlgorithm(one)
		if err != nil {
			return false
		}
		hash, is := digests[name]
		found = found || is && hash == digest
	}
	return found
}

func findSigner(name value, pool []*certificate) *certificate {
	for _, one := range pool {
		if name.tag == sequence {
			if bytes.Equal(append(append([]byte{}, one.issuer...), one.serial...), name.content) {
				return one
			}
			continue
		}
		id, err := only(one.extensions[keyID].content)
		if err == nil && id.tag == octets && bytes.Equal(id.content, name.content) {
			return one
		}
	}
	return nil
}

func readAttributes(attributes value) (map[string]value, error) {
	found, seen := map[string]value{}, map[string]bool{}
	all, err := readDER(attributes.content)
	if err != nil {
		return nil, err
	}
	for _, each := range all {
		one := open(each, sequence)
		name := string(one.take(identifier).content)
		values, err := readDER(one.take(set).content)
		if err != nil || one.end() != nil || seen[name] {
			return nil, errStamp
		}
		if seen[name] = true; len(values) == 1 {
			found[name] = values[0]
		}
	}
	return found, nil
}

// checkNames checks that the attributes name the signer's certificate.
func checkNames(values map[string]value, signer *certificate) error {
	first, isFirst := values[named1]
	second, isSecond := values[named2]
	if !isFirst && !isSecond {
		return errStamp
	}
	if isFirst {
		if err := checkName(first, signer, true); err != nil {
			return err
		}
	}
	if isSecond {
		return checkName(second, signer, false)
	}
	return nil
}

func checkName(attribute value, signer *certificate, isFirst bool) error {
	outer := open(attribute, sequence)
	list := outer.take(sequence)
	outer.maybe(sequence)
	all, err := readDER(list.content)
	if err != nil || outer.end() != nil || len(all) == 0 {
		return errStamp
	}
	one := open(all[0], sequence)
	of := sha1.Sum(signer.whole)
	expected := of[:]
	if !isFirst {
		digest := crypto.SHA256
		if algorithm, is := one.maybe(sequence); is {
			if digest, is = readDigest(algorithm); !is {
				return errStamp
			}
		}
		expected = sum(digest, signer.whole)
	}
	found := one.take(octets).content
	pair, is := one.maybe(sequence)
	if one.end() != nil || !bytes.Equal(found, expected) || is && !isPair(pair, signer) {
		return errStamp
	}
	return nil
}

func isPair(pair value, signer *certificate) bool {
	parts := open(pair, sequence)
	names, err := readDER(parts.take(sequence).content)
	serial := parts.take(integer)
	if err != nil || parts.end() != nil || !bytes.Equal(serial.whole, signer.serial) {
		return false
	}
	for _, one := range names {
		if one.tag == context|4 && bytes.Equal(one.content, signer.issuer) {
			return true
		}
	}
	return false
}

// stamped answers with the times in microseconds since 1970 and who says so, or null.
func stamped(token, note []byte, certificates [][]byte) any {
	found, err := checkStamp(token, note, certificates)
	if err != nil {
		return nil
	}
	return []string{strconv.FormatInt(found.at.UnixMicro(), 10), strconv.FormatInt(found.before.UnixMicro(), 10), found.by}
}

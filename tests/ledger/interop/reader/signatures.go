package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
)

// Section 13: keys and the ways that they sign.

// verify checks a signature; digest is that of rsaEncryption, which names none, or 0.
func verify(keyInfo, algorithm value, digest crypto.Hash, signature, data []byte) error {
	public, err := readPublic(keyInfo)
	if err != nil {
		return err
	}
	name := string(open(algorithm, sequence).take(identifier).content)
	one, isRSA := public.(*rsa.PublicKey)
	if isRSA && name == rsaPSS {
		hash, salt, err := readPSS(algorithm)
		if err != nil {
			return err
		}
		return rsa.VerifyPSS(one, hash, sum(hash, data), signature, &rsa.PSSOptions{SaltLength: salt})
	}
	if _, err := readAlgorithm(algorithm); err != nil {
		return err
	}
	if isRSA {
		if name != rsaPlain {
			digest = rsaWith[name]
		}
		if digest == 0 {
			return errCertificate
		}
		return rsa.VerifyPKCS1v15(one, digest, sum(digest, data), signature)
	}
	hash, is := ecdsaWith[name]
	if !is || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), sum(hash, data), signature) {
		return errCertificate
	}
	return nil
}

func sum(hash crypto.Hash, data []byte) []byte {
	whole := hash.New()
	whole.Write(data)
	return whole.Sum(nil)
}

// readPublic reads a key that is RSA, or of one of three curves.
func readPublic(info value) (any, error) {
	parts := open(info, sequence)
	algorithm := open(parts.take(sequence), sequence)
	name, taken, bits := string(algorithm.take(identifier).content), algorithm.any(), parts.take(bitString).content
	if algorithm.end() != nil || parts.end() != nil {
		return nil, errCertificate
	}
	isRSA := name == rsaPlain && taken.tag == null && len(taken.content) == 0
	isCurve := name == ecPublic && taken.tag == identifier && curves[string(taken.content)] && bytes.HasPrefix(bits, []byte{0, 4})
	if !isRSA && !isCurve {
		return nil, errCertificate
	}
	public, err := x509.ParsePKIXPublicKey(info.whole)
	if one, is := public.(*rsa.PublicKey); err == nil && is {
		size := one.N.BitLen()
		if one.N.Bit(0) == 0 || one.E&1 == 0 || one.E < 3 || one.E > 1<<31-1 || size < smallestModulus || size > largestModulus {
			return nil, errCertificate
		}
	}
	return public, err
}

func readPSS(algorithm value) (crypto.Hash, int, error) {
	outer := open(algorithm, sequence)
	outer.take(identifier)
	parameters := open(outer.take(sequence), sequence)
	ofContent := open(parameters.take(context), context)
	hash, isHash := readDigest(ofContent.take(sequence))
	around := open(parameters.take(context|1), context|1)
	mask := open(around.take(sequence), sequence)
	name := string(mask.take(identifier).content)
	ofMask, isMask := readDigest(mask.take(sequence))
	ofSalt := open(parameters.take(context|2), context|2)
	salt, err := readInteger(ofSalt.take(integer))
	trailer, hasTrailer := parameters.maybe(context | 3)
	for _, part := range []*fields{outer, parameters, ofContent, around, mask, ofSalt} {
		if part.end() != nil {
			return 0, 0, errCertificate
		}
	}
	if err != nil || !isHash || !isMask || hash != ofMask || name != maskOne || hasTrailer && !bytes.Equal(trailer.content, []byte{2, 1, 1}) {
		return 0, 0, errCertificate
	}
	if salt.Cmp(big.NewInt(1)) < 0 || salt.Cmp(big.NewInt(longestSalt)) > 0 {
		return 0, 0, errCertificate
	}
	return hash, int(salt.Int64()), nil
}

func readDigest(one value) (crypto.Hash, bool) {
	name, err := readAlgorithm(one)
	hash, is := digests[name]
	return hash, err == nil && is
}

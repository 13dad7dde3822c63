// Judges notes, proofs and tiles by Go's own sumdb/note and sumdb/tlog: reads questions as JSON, writes answers as JSON.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index, Size    int64
	Root, LeafHash []byte
	Proof          [][]byte
}

type consistency struct {
	Old, New         int64
	OldRoot, NewRoot []byte
	Proof            [][]byte
}

type questions struct {
	VerifierKey, PrivateKey string
	Texts                   []string
	Notes                   [][]byte
	Inclusions              []inclusion
	Consistencies           []consistency
	Leaves                  [][]byte
	Tiles                   map[string][]byte
	Size                    int64
	Root                    []byte
	Prove                   []int64
	WitnessKeys             []string
	Cosigned                [][]byte
}

type answers struct {
	Opened, Included, Consistent []bool
	LeafHashes, Signed           [][]byte
	Proofs                       [][][]byte
	TreeProofs                   [][][]byte
	OtherKey                     string
	OtherNote                    []byte
	Cosigners                    [][]string
}

// cosigner verifies cosignatures as C2SP tlog-cosignature has them: sumdb/note knows plain Ed25519 alone.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string { return c.name }

func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return at > 0 && at <= math.MaxInt64 && ed25519.Verify(c.key, []byte(message), signature[8:])
}

// readCosigner reads a verifier key of type 04.
func readCosigner(text string) cosigner {
	parts := strings.SplitN(text, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	check(err)
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	if data[0] != 4 || hex.EncodeToString(sum[:4]) != parts[1] {
		check(fmt.Errorf("%s is no key of a witness", text))
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), data[1:]}
}

func hash(data []byte) (result tlog.Hash, fits bool) {
	copy(result[:], data)
	return result, len(data) == tlog.HashSize
}

func hashes(parts [][]byte) (result []tlog.Hash, fit bool) {
	fit = true
	for _, part := range parts {
		one, fits := hash(part)
		fit = fit && fits
		result = append(result, one)
	}
	return result, fit
}

func parts(hashes []tlog.Hash) [][]byte {
	result := [][]byte{}
	for _, one := range hashes {
		result = append(result, append([]byte(nil), one[:]...))
	}
	return result
}

// tiles serves our files under the names that C2SP gives them: Go's have the tile's height in front of the level.
type tiles map[string][]byte

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := "tile/" + tile.Path()[len("tile/8/"):]
		data, is := t[path]
		if !is {
			return nil, fmt.Errorf("no %s", path)
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	var asked questions
	check(json.NewDecoder(os.Stdin).Decode(&asked))
	var answer answers
	verifier, err := note.NewVerifier(asked.VerifierKey)
	check(err)
	signer, err := note.NewSigner(asked.PrivateKey)
	check(err)
	for _, one := range asked.Notes {
		_, err := note.Open(one, note.VerifierList(verifier))
		answer.Opened = append(answer.Opened, err == nil)
	}
	for _, text := range asked.Texts {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		check(err)
		answer.Signed = append(answer.Signed, signed)
	}
	for _, one := range asked.Inclusions {
		proof, fits := hashes(one.Proof)
		root, rootFits := hash(one.Root)
		leaf, leafFits := hash(one.LeafHash)
		fits = fits && rootFits && leafFits && one.Index >= 0 && one.Index < one.Size
		answer.Included = append(answer.Included, fits && tlog.CheckRecord(proof, one.Size, root, one.Index, leaf) == nil)
	}
	for _, one := range asked.Consistencies {
		proof, fits := hashes(one.Proof)
		old, oldFits := hash(one.OldRoot)
		root, rootFits := hash(one.NewRoot)
		fits = fits && oldFits && rootFits && one.Old >= 1 && one.Old <= one.New
		answer.Consistent = append(answer.Consistent, fits && tlog.CheckTree(proof, one.New, root, one.Old, old) == nil)
	}
	for _, leaf := range asked.Leaves {
		one := tlog.RecordHash(leaf)
		answer.LeafHashes = append(answer.LeafHashes, one[:])
	}
	root, _ := hash(asked.Root)
	reader := tlog.TileHashReader(tlog.Tree{N: asked.Size, Hash: root}, tiles(asked.Tiles))
	for _, index := range asked.Prove {
		proof, err := tlog.ProveRecord(asked.Size, index, reader)
		check(err)
		answer.Proofs = append(answer.Proofs, parts(proof))
		tree, err := tlog.ProveTree(asked.Size, index+1, reader)
		check(err)
		answer.TreeProofs = append(answer.TreeProofs, parts(tree))
	}
	private, public, err := note.GenerateKey(rand.Reader, "go.example.org/log")
	check(err)
	other, err := note.NewSigner(private)
	check(err)
	answer.OtherKey = public
	answer.OtherNote, err = note.Sign(&note.Note{Text: "go.example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"}, other)
	check(err)
	verifiers := []note.Verifier{verifier}
	for _, key := range asked.WitnessKeys {
		verifiers = append(verifiers, readCosigner(key))
	}
	for _, one := range asked.Cosigned {
		names := []string{}
		opened, err := note.Open(one, note.VerifierList(verifiers...))
		if err != nil {
			names = nil
		} else {
			for _, signature := range opened.Sigs {
				names = append(names, signature.Name)
			}
		}
		answer.Cosigners = append(answer.Cosigners, names)
	}
	check(json.NewEncoder(os.Stdout).Encode(answer))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Reads a ledger's files as docs/ledger.md says, and was written from it and its vectors alone. Questions come as JSON,
// {"policy": …, "asked": [{"what": …, …}]}, and answers go out as a list of the same length.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
)

type question struct {
	What          string // "canonical", "entry", "disclosures", "note", "proof", "witnesses", "export", "receipts", "graph", "stamp", "bundle", "audit", "replay", "leaf"
	Data          []byte // the file, or the leaf
	Given         []byte // canonical JSON of disclosures, or of the rows of a graph; what a stamp is of
	Key           string // the one key that a note is to be signed by
	WitnessPolicy *string
	Files         map[string][]byte // of an export, by path
	Receipts      [][]byte          // files of receipts, beside an export
	Certificates  []string          // those in PEM that time stamps have to lead to
}

type questions struct {
	Policy struct {
		Origin      string   `json:"origin"`
		LogKeys     []string `json:"log_keys"`
		ReceiptKeys []string `json:"receipt_keys"`
	}
	Asked []question
}

func main() {
	var given questions
	check(json.NewDecoder(os.Stdin).Decode(&given))
	answers := []any{}
	for _, asked := range given.Asked {
		base := &policy{origin: given.Policy.Origin, logs: readKeys(given.Policy.LogKeys), receipts: readKeys(given.Policy.ReceiptKeys)}
		base.certificates = readPEM(asked.Certificates)
		if asked.WitnessPolicy != nil {
			base.witnessed, base.witnessError = readWitnessPolicy(*asked.WitnessPolicy)
		}
		answers = append(answers, answer(base, asked))
	}
	check(json.NewEncoder(os.Stdout).Encode(answers))
}

func readKeys(texts []string) []key {
	var found []key
	for _, text := range texts {
		one, err := readKey(text, plain)
		check(err)
		found = append(found, one)
	}
	return found
}

// answer gives what the vectors have: a result, whether something is taken, or null where it is refused.
func answer(p *policy, asked question) any {
	switch asked.What {
	case "canonical":
		_, err := readCanonical(asked.Data)
		return err == nil
	case "entry":
		one, err := readEntry(asked.Data)
		if err != nil {
			return nil
		}
		return hex.EncodeToString(one.hash[:])
	case "disclosures":
		return undisclosed(asked)
	case "note":
		_, by, err := openNote(asked.Data, readKeys([]string{asked.Key}))
		return err == nil && len(by) > 0
	case "proof":
		return p.checkProof(asked.Data)
	case "witnesses":
		return witnesses(p, asked.Data)
	case "export":
		return p.checkExport(asked.Data)
	case "receipts":
		found, err := p.readReceipts(asked.Data)
		if err != nil {
			return nil
		}
		return found
	case "stamp":
		return stamped(asked.Data, asked.Given, p.certificates)
	case "audit":
		return p.audit(asked.Files, asked.Receipts, nil).answer()
	case "replay":
		return p.replay(asked.Files, readClaims(asked.Given)).answer()
	case "leaf":
		return p.checkLeaf(asked.Data)
	case "bundle":
		return p.checkBundle(asked.Data)
	case "graph":
		return graphDigest(asked.Given)
	}
	check(fmt.Errorf("nothing is called %s", asked.What))
	return nil
}

// readClaims reads a list of claims with their states.
func readClaims(data []byte) []object {
	value, err := readCanonical(data)
	check(err)
	var found []object
	for _, one := range value.([]any) {
		found = append(found, one.(object))
	}
	return found
}

func undisclosed(asked question) any {
	one, err := readEntry(asked.Data)
	if err != nil {
		return nil
	}
	given, err := readCanonical(asked.Given)
	disclosures, is := given.(object)
	if err != nil || !is {
		return nil
	}
	found, err := checkDisclosures(one, disclosures)
	if err != nil {
		return nil
	}
	return len(found.closed)
}

func witnesses(p *policy, note []byte) any {
	found, err := p.countCheckpoint(string(note))
	if err != nil {
		return nil
	}
	by := []object{}
	for _, key := range p.witnessed.keys() {
		if at, is := found.by[key]; is {
			by = append(by, object{"name": key.name, "at": at})
		}
	}
	sort.Slice(by, func(i, j int) bool { return by[i]["name"].(string) < by[j]["name"].(string) })
	return object{"by": by, "isMet": p.witnessed.isMet(found.by)}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

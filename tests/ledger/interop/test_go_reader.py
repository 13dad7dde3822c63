"""A reader of our files that is not ours: written in Go from docs/ledger.md and its vectors alone, in `reader/`.

Needs Debian's packages golang-go and golang-golang-x-mod-dev: `bin/test -m interop tests/ledger/interop`; in the long form
`bin/test -m attack tests/ledger/interop`.
"""

import base64
import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.canonical import canonical
from ledger.verifier import Broken, check_claim_proof, check_export, split_receipts
from tests.ledger.exports import POLICY
from tests.ledger.interop.test_go import ENVIRONMENT
from tests.ledger.signed_anew import changed_export, changed_proof, changed_receipts
from tests.ledger.test_mutations import mutate_bytes
from tests.ledger.vectors import FOLDER, WITNESS_POLICY_TEXT, cosigned, witnessed_as_vector

pytestmark = pytest.mark.interop

KEYS = {
    "origin": POLICY.origin,
    "log_keys": [str(key) for key in POLICY.log_keys],
    "receipt_keys": [str(key) for key in POLICY.receipt_keys],
}

Ask = Callable[[list[dict[str, Any]]], list[Any]]
"""What the Go program answers to questions."""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("go")
    program = folder / "reader"
    environment = {**ENVIRONMENT, "GOCACHE": str(folder / "cache")}
    source = Path(__file__).parent / "reader"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, env=environment, check=True)

    def run(asked: list[dict[str, Any]]) -> list[Any]:
        done = subprocess.run(
            [program],
            input=json.dumps({"policy": KEYS, "asked": asked}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return run


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_canonical_json_is_that_of_the_vectors(ask: Ask) -> None:
    given = vectors("canonical")
    for name, expected in (("canonical", True), ("not_canonical", False)):
        assert ask([{"What": "canonical", "Data": one} for one in given[name]]) == [expected] * len(given[name])


def test_entries_are_read_and_refused_as_the_vectors_say(ask: Ask) -> None:
    given = vectors("entries")
    found = ask([{"What": "entry", "Data": one["leaf"]} for one in given["good"]])
    assert found == [one["leaf_hash"] for one in given["good"]]
    assert ask([{"What": "entry", "Data": one} for one in given["bad"]]) == [None] * len(given["bad"])


def test_disclosures_are_those_of_the_vectors(ask: Ask) -> None:
    given = vectors("disclosures")
    texts = [encoded(canonical(one["disclosures"])) for one in given]
    asked = zip(given, texts, strict=True)
    found = ask([{"What": "disclosures", "Data": one["leaf"], "Given": text} for one, text in asked])
    assert found == [one["undisclosed"] for one in given]


def test_notes_open_as_the_vectors_say(ask: Ask) -> None:
    given = vectors("notes")
    found = ask([{"What": "note", "Data": one["note"], "Key": given["log_key"]} for one in given["notes"]])
    assert found == [one["opens"] for one in given["notes"]]


@pytest.mark.parametrize("name", ["proofs", "stamps"])
def test_proof_files_come_to_the_results_of_the_vectors(ask: Ask, name: str) -> None:
    files = vectors(name)["files"]
    found = ask([{"What": "proof", "Data": one["file"]} for one in files])
    assert dict(zip([one["name"] for one in files], found, strict=True)) == {o["name"]: o["result"] for o in files}


def test_witnesses_and_their_quorum_are_those_of_the_vectors(ask: Ask) -> None:
    given = vectors("witnesses")
    of = [(name, note) for name in given["policies"] for note in given["notes"]]
    asked = [(given["notes"][note], given["policies"][name]) for name, note in of]
    found = ask([witnesses_question(*one) for one in asked])
    expected = [given["witnessed"][name][note] for name, note in of]
    assert list(zip(of, found, strict=True)) == list(zip(of, expected, strict=True))


def test_opened_exports_hold_and_count_as_the_vectors_say(ask: Ask) -> None:
    files = vectors("exports")
    found = ask([{"What": "export", "Data": one["file"]} for one in files])
    expected = {one["name"]: None if one["findings"] else counted(one["counts"]) for one in files}
    assert dict(zip([one["name"] for one in files], found, strict=True)) == expected


def test_graphs_made_of_rows_have_the_digests_of_the_vectors(ask: Ask) -> None:
    given = vectors("graphs")
    asked = [{"What": "graph", "Given": encoded(canonical(one["rows"]))} for one in given]
    assert ask(asked) == [one["digest"] for one in given]


def test_the_receipt_of_the_vectors_is_one(ask: Ask) -> None:
    text = vectors("notes")["receipt"]
    assert ask([{"What": "receipts", "Data": encoded(text.encode())}]) == [[text.split("\n")[2]]]


def witnesses_question(note: str, policy: str) -> dict[str, Any]:
    return {"What": "witnesses", "Data": encoded(note.encode()), "WitnessPolicy": policy}


def counted(counts: dict[str, int]) -> dict[str, int]:
    """The counts that both programs make."""
    return {name: counts.get(name, 0) for name in ("lines", "entries", "fields verified", "fields not disclosed")}


def proof_result(data: bytes) -> str:
    report = check_claim_proof(data, POLICY)
    closed = any(report.counts.get(word) for word in ("fields redacted", "fields withheld", "entries withheld"))
    return "broken" if report.findings else "redacted" if closed else "verified"


def export_result(data: bytes) -> dict[str, int] | None:
    report = check_export(data.splitlines(keepends=True), POLICY)
    return None if report.findings else counted(report.counts)


def receipts_result(data: bytes) -> list[str] | None:
    try:
        return [encoded(POLICY.receipt(one).leaf_hash) for one in split_receipts(data)]
    except Broken:
        return None


def compare(ask: Ask, asked: list[dict[str, Any]], expected: list[Any]) -> None:
    found = ask(asked)
    assert found == expected, [(a, b, c) for a, b, c in zip(asked, found, expected, strict=True) if b != c][:1]


def agree(
    ask: Ask, what: str, make: Callable[[random.Random], bytes], ours: Callable[[bytes], Any], seed: int, count: int
) -> list[Any]:
    """Both programs' results of `count` files, good and bad; asserts that they agree."""
    chance, results = random.Random(seed), list[Any]()
    for _ in range(0, count, 250):
        files = [make(chance) for _ in range(250)]
        results += (expected := [ours(one) for one in files])
        compare(ask, [{"What": what, "Data": encoded(one)} for one in files], expected)
    return results


def agree_on_notes(ask: Ask, seed: int, count: int) -> "Counter[str]":
    """The same of cosigned notes by policies of witnesses."""
    chance, counts = random.Random(seed), Counter[str]()
    asked = []
    while len(asked) < count:
        note, policy = cosigned("".join(sorted(chance.sample("abcdef", chance.randrange(7))))), WITNESS_POLICY_TEXT
        if chance.randrange(3) == 0:
            note = mutate_bytes(note, chance)
        if chance.randrange(3) == 0:
            policy = mutate_bytes(policy, chance)
        try:
            asked.append((note.decode(), policy.decode()))
        except UnicodeDecodeError:  # neither is a text any more
            continue
    expected = [witnessed_as_vector(*one) for one in asked]
    compare(ask, [witnesses_question(*one) for one in asked], expected)
    counts.update("refused" if one is None else "witnessed" if one["isMet"] else "not yet" for one in expected)
    return counts


def agree_on_everything(ask: Ask, seed: int, count: int, least: int) -> None:
    proofs = Counter(agree(ask, "proof", changed_proof, proof_result, seed, count))
    exports = Counter(one is None for one in agree(ask, "export", changed_export, export_result, seed, count))
    receipts = Counter(one is None for one in agree(ask, "receipts", changed_receipts, receipts_result, seed, count))
    notes = agree_on_notes(ask, seed, count)
    print(dict(proofs), "exports refused", dict(exports), "receipts refused", dict(receipts), dict(notes))  # noqa: T201 what bin/attack shows
    assert min(proofs[result] for result in ("verified", "redacted", "broken")) > least
    assert min(*exports.values(), *receipts.values(), *notes.values()) > least


def test_go_and_we_agree_on_five_hundred_files_of_each_sort(ask: Ask) -> None:
    agree_on_everything(ask, seed=1, count=500, least=5)


@pytest.mark.attack
def test_go_and_we_agree_on_ten_thousand_files_of_each_sort(ask: Ask) -> None:
    agree_on_everything(ask, seed=2, count=10_000, least=100)

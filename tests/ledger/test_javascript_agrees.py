"""Our program and the JavaScript one, in a real browser, on changed files: what one takes, the other does.

The long form is bin/attack's.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.ledger.bent_tokens import NOTE, changed_token, pem_of_roots, stamp_result
from tests.ledger.changed_public import changed_leaf, changed_public
from tests.ledger.javascript import CHECK, CHECK_LEAF, KEYS, RECEIPTS, STAMPED, WITNESSED, Run
from tests.ledger.signed_anew import changed_dated, changed_note, changed_proof, changed_receipts
from tests.ledger.stamp_vectors import FILE
from tests.ledger.test_edge_cases import dated_result, leaf_result, proof_result, receipts_result
from tests.ledger.test_mutations import WHOLE, mutate
from tests.ledger.vectors import witnessed_as_vector

AT_ONCE = 250
CERTIFICATES = json.loads(FILE.read_text())["policy"]["timestamp_certificates"]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def of_files(policy: dict[str, Any]) -> Callable[[list[Any]], dict[str, Any]]:
    """What a script of the browser is given of files."""
    return lambda files: {"files": [text(one) for one in files], "policy": policy}


def of_tokens(tokens: list[Any]) -> dict[str, Any]:
    return {"asked": [{"token": text(one), "note": text(NOTE)} for one in tokens], "certificates": pem_of_roots()}


def of_notes(notes: list[Any]) -> dict[str, Any]:
    return {"asked": [{"note": note, "policy": policy} for note, policy in notes], "keys": KEYS}


def redacted(chance: random.Random) -> bytes:
    """A proof file, good or bad: some of the disclosures left out, or some of the newest entries."""
    value = json.loads(chance.choice([WHOLE[0], *WHOLE]))
    del value["entries"][chance.randrange(1, 6) :]
    for entry in value["entries"]:
        entry["disclosures"] = {n: chance.choice([one, one, None]) for n, one in entry["disclosures"].items()}
    data = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return data if chance.randrange(3) == 0 else mutate(data, chance)


class Sort(NamedTuple):
    """What is changed, how the browser is asked, what our own program says, and what has to come out of some."""

    script: str
    make: Callable[[random.Random], Any]
    given: Callable[[list[Any]], dict[str, Any]]
    ours: Callable[[Any], Any]
    words: set[str]


PROVEN = {"verified", "redacted", "broken"}
SORTS = {
    "proof files": Sort(CHECK, redacted, of_files(KEYS), proof_result, PROVEN),
    "proof files signed anew": Sort(CHECK, changed_proof, of_files(KEYS), proof_result, PROVEN),
    "proof files with time stamps": Sort(
        *(CHECK, changed_dated, of_files({**KEYS, "timestamp_certificates": CERTIFICATES}), dated_result),
        {"verified", "broken"},
    ),
    "public proofs": Sort(CHECK, changed_public, of_files(KEYS), proof_result, {"redacted", "broken"}),
    "proofs of one leaf": Sort(CHECK_LEAF, changed_leaf, of_files(KEYS), leaf_result, {"verified", "broken"}),
    "files of receipts": Sort(RECEIPTS, changed_receipts, of_files(KEYS), receipts_result, {"refused", "taken"}),
    "cosigned notes": Sort(
        *(WITNESSED, changed_note, of_notes, lambda one: witnessed_as_vector(*one)),
        {"refused", "witnessed", "not witnessed"},
    ),
    "time stamps": Sort(STAMPED, changed_token, of_tokens, stamp_result, {"taken", "certificate", "TSTInfo"}),
}


def word(result: Any) -> str:
    """A result in a word: whether something was taken, or what was said of it."""
    if isinstance(result, dict):
        return "witnessed" if result["isMet"] else "not witnessed"
    return "refused" if result is None else result if isinstance(result, str) else "taken"


def agree(run: Run, sort: Sort, seed: int, count: int) -> "Counter[str]":
    """How often what came out of changed files; asserts that both implementations come to the same."""
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(0, count, AT_ONCE):
        files = [sort.make(chance) for _ in range(AT_ONCE)]
        found, expected = run(sort.script, sort.given(files)), [sort.ours(one) for one in files]
        different = [one for one in zip(files, found, expected, strict=True) if one[1] != one[2]]
        assert different[:1] == []
        counts.update(map(word, expected))
    return counts


@pytest.mark.parametrize("name", SORTS)
def test_both_implementations_agree_on_five_hundred(name: str, run: Run) -> None:
    counts = agree(run, SORTS[name], seed=1, count=500)
    assert min(counts[one] for one in SORTS[name].words) > 5


@pytest.mark.attack
@pytest.mark.parametrize("name", SORTS)
def test_both_implementations_agree_on_ten_thousand(name: str, run: Run) -> None:
    counts = agree(run, SORTS[name], seed=2, count=10_000)
    print(dict(counts))  # noqa: T201 what bin/attack shows
    assert min(counts[one] for one in SORTS[name].words) > 100

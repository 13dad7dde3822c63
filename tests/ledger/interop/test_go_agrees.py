"""Our program and the Go one on changed files: proofs with time stamps and without, opened exports, receipts, cosigned
notes, time stamps, evidence bundles, and exports as folders.

Needs Debian's packages golang-go and golang-golang-x-mod-dev; `bin/test -m interop tests/ledger/interop`, and in the
long form `bin/attack go`.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.ledger.bent_tokens import NOTE, changed_token, pem_of_roots, stamp_result
from tests.ledger.changed_bundles import bundle_result, changed_bundle
from tests.ledger.changed_folders import changed_folder, folder_result
from tests.ledger.changed_public import changed_leaf, changed_public
from tests.ledger.interop.conftest import Ask, encoded, witnesses_question
from tests.ledger.interop.questions import assert_same_bundle, folder_answer, folder_question, stamp_question
from tests.ledger.signed_anew import changed_dated, changed_export, changed_note, changed_proof, changed_receipts
from tests.ledger.stamp_vectors import FILE
from tests.ledger.test_edge_cases import dated_result, export_result, leaf_result, proof_result, receipts_result
from tests.ledger.vectors import witnessed_as_vector

STAMPED = {"Certificates": json.loads(FILE.read_text())["policy"]["timestamp_certificates"]}

AT_ONCE = 250


def compare(ask: Ask, asked: list[dict[str, Any]], expected: list[Any]) -> None:
    found = ask(asked)
    assert found == expected, [(a, b, c) for a, b, c in zip(asked, found, expected, strict=True) if b != c][:1]


def of(what: str, make: Callable[[random.Random], bytes], ours: Callable[[bytes], Any], **more: Any) -> "Agree":
    """Files of one sort: both programs' results are the same."""

    def agree(ask: Ask, chance: random.Random) -> Iterable[str]:
        files = [make(chance) for _ in range(AT_ONCE)]
        expected = [ours(one) for one in files]
        compare(ask, [{"What": what, "Data": encoded(one), **more} for one in files], expected)
        return ("refused" if one is None else one if isinstance(one, str) else "taken" for one in expected)

    return agree


def notes(ask: Ask, chance: random.Random) -> Iterable[str]:
    """Cosigned notes by policies of witnesses: who cosigned, and whether that is enough."""
    asked = [changed_note(chance) for _ in range(AT_ONCE)]
    expected = [witnessed_as_vector(*one) for one in asked]
    compare(ask, [witnesses_question(*one) for one in asked], expected)
    return ("refused" if one is None else "witnessed" if one["isMet"] else "not yet" for one in expected)


def stamps(ask: Ask, chance: random.Random) -> Iterable[str]:
    """Time stamps: when, at the latest, and by whom."""
    note, trusted, tokens = encoded(NOTE), pem_of_roots(), [changed_token(chance) for _ in range(AT_ONCE)]
    expected = [stamp_result(one) for one in tokens]
    asked = [stamp_question(encoded(one), note, trusted) for one in tokens]
    compare(ask, asked, [None if isinstance(one, str) else one for one in expected])
    return (one if isinstance(one, str) else "taken" for one in expected)


def bundles(ask: Ask, chance: random.Random) -> Iterable[str]:
    """Evidence bundles: what is counted, or in which files something is found."""
    files = [changed_bundle(chance) for _ in range(AT_ONCE)]
    answers = ask([{"What": "bundle", "Data": encoded(one)} for one in files])
    for file, answer in zip(files, answers, strict=True):
        ours = bundle_result(file)
        assert_same_bundle(encoded(file), ours, answer)
        yield "taken" if isinstance(ours, dict) else "refused"


def folders(ask: Ask, chance: random.Random) -> Iterable[str]:
    """Exports as folders, and mirrors of what is public: what is counted."""
    made = [changed_folder(chance) for _ in range(AT_ONCE)]
    answers = ask([folder_question("audit", one) for one in made])
    for folder, answer in zip(made, answers, strict=True):
        ours = folder_result(folder)
        assert folder_answer(answer) == ours, folder
        is_public = any(path.startswith("public/") for path in folder.files)
        yield "refused" if ours is None else "public" if is_public else "taken"


Agree = Callable[[Ask, random.Random], Iterable[str]]
"""Asks both programs of some files, good and bad; asserts that they agree, and gives what came out of each."""
# Of each sort what has to come out of some.
SORTS: dict[str, tuple[Agree, set[str]]] = {
    "proof files": (of("proof", changed_proof, proof_result), {"verified", "redacted", "broken"}),
    "proof files with time stamps": (of("proof", changed_dated, dated_result, **STAMPED), {"verified", "broken"}),
    "public proofs": (of("proof", changed_public, proof_result), {"redacted", "broken"}),
    "proofs of one leaf": (of("leaf", changed_leaf, leaf_result), {"verified", "broken"}),
    "opened exports": (of("export", changed_export, export_result), {"taken", "refused"}),
    "files of receipts": (of("receipts", changed_receipts, receipts_result), {"taken", "refused"}),
    "cosigned notes": (notes, {"refused", "witnessed", "not yet"}),
    "time stamps": (stamps, {"taken", "certificate", "TSTInfo"}),
    "bundles": (bundles, {"taken", "refused"}),
    "folders": (folders, {"taken", "public", "refused"}),
}


def agree_on(name: str, ask: Ask, seed: int, count: int, least: int) -> None:
    """Asserts that both programs agree on changed files of a sort, and that each result is there."""
    agree, words = SORTS[name]
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(0, count, AT_ONCE):
        counts.update(agree(ask, chance))
    print(dict(counts))  # noqa: T201 what bin/attack shows
    assert min(counts[word] for word in words) > least


@pytest.mark.interop
@pytest.mark.parametrize("name", SORTS)
def test_go_and_we_agree_on_five_hundred(name: str, ask: Ask) -> None:
    agree_on(name, ask, seed=1, count=500, least=5)


@pytest.mark.attack
@pytest.mark.parametrize("name", SORTS)
def test_go_and_we_agree_on_ten_thousand(name: str, ask: Ask) -> None:
    agree_on(name, ask, seed=2, count=10_000, least=100)

"""Our program and the Go one on changed files: proofs with time stamps and without, opened exports, receipts, cosigned
notes, time stamps, evidence bundles, and exports as folders.

Needs Debian's packages golang-go and golang-golang-x-mod-dev; `bin/test -m interop tests/ledger/interop`, and in the
long form `bin/attack go`.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from tests.ledger.bent_tokens import NOTE, changed_token, pem_of_roots, stamp_result
from tests.ledger.changed_bundles import bundle_result, changed_bundle
from tests.ledger.changed_folders import changed_folder, folder_result
from tests.ledger.changed_public import changed_leaf, changed_public
from tests.ledger.interop.conftest import Ask, encoded, witnesses_question
from tests.ledger.interop.questions import assert_same_bundle, folder_answer, folder_question, stamp_question
from tests.ledger.signed_anew import changed_dated, changed_export, changed_proof, changed_receipts
from tests.ledger.stamp_vectors import FILE
from tests.ledger.test_edge_cases import dated_result, export_result, leaf_result, proof_result, receipts_result
from tests.ledger.test_mutations import mutate_bytes
from tests.ledger.vectors import WITNESS_POLICY_TEXT, cosigned, witnessed_as_vector

STAMPED = {"Certificates": json.loads(FILE.read_text())["policy"]["timestamp_certificates"]}


def compare(ask: Ask, asked: list[dict[str, Any]], expected: list[Any]) -> None:
    found = ask(asked)
    assert found == expected, [(a, b, c) for a, b, c in zip(asked, found, expected, strict=True) if b != c][:1]


def agree(
    ask: Ask,
    what: str,
    make: Callable[[random.Random], bytes],
    ours: Callable[[bytes], Any],
    seed: int,
    count: int,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> list[Any]:
    """Both programs' results of `count` files, good and bad; asserts that they agree."""
    chance, results = random.Random(seed), list[Any]()
    for _ in range(0, count, 250):
        files = [make(chance) for _ in range(250)]
        results += (expected := [ours(one) for one in files])
        compare(ask, [{"What": what, "Data": encoded(one), **more} for one in files], expected)
    return results


def agree_on_notes(ask: Ask, seed: int, count: int) -> "Counter[str]":
    """The same of cosigned notes by policies of witnesses."""
    chance, counts = random.Random(seed), Counter[str]()
    asked = list[tuple[str, str]]()
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


def agree_on_stamps(ask: Ask, seed: int, count: int) -> "Counter[str]":
    """The same of time stamps, good and bad."""
    chance, counts, note = random.Random(seed), Counter[str](), encoded(NOTE)
    for _ in range(0, count, 250):
        tokens = [changed_token(chance) for _ in range(250)]
        results = [stamp_result(one) for one in tokens]
        asked = [stamp_question(encoded(one), note, pem_of_roots()) for one in tokens]
        compare(ask, asked, [None if isinstance(one, str) else one for one in results])
        counts.update(f"not: {one}" if isinstance(one, str) else "dated" for one in results)
    return counts


def agree_on_bundles(ask: Ask, seed: int, count: int) -> "Counter[str]":
    """The same of evidence bundles."""
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(0, count, 250):
        files = [changed_bundle(chance) for _ in range(250)]
        for file, answer in zip(files, ask([{"What": "bundle", "Data": encoded(one)} for one in files]), strict=True):
            ours = bundle_result(file)
            assert_same_bundle(encoded(file), ours, answer)
            counts["holds" if isinstance(ours, dict) else "does not"] += 1
    return counts


def agree_on_folders(ask: Ask, seed: int, count: int) -> "Counter[str]":
    """The same of exports as folders, and of mirrors of what is public."""
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(0, count, 250):
        folders = [changed_folder(chance) for _ in range(250)]
        answers = ask([folder_question("audit", one) for one in folders])
        for folder, answer in zip(folders, answers, strict=True):
            ours = folder_result(folder)
            assert folder_answer(answer) == ours, folder
            is_public = any(path.startswith("public/") for path in folder.files)
            counts["does not hold" if ours is None else "public" if is_public else "whole"] += 1
    return counts


def agree_on_everything(ask: Ask, seed: int, count: int, least: int) -> None:
    proofs = Counter(agree(ask, "proof", changed_proof, proof_result, seed, count))
    exports = Counter(one is None for one in agree(ask, "export", changed_export, export_result, seed, count))
    receipts = Counter(one is None for one in agree(ask, "receipts", changed_receipts, receipts_result, seed, count))
    notes = agree_on_notes(ask, seed, count)
    stamps, bundles = agree_on_stamps(ask, seed, count), agree_on_bundles(ask, seed, count)
    folders = agree_on_folders(ask, seed, count)
    public = Counter(agree(ask, "proof", changed_public, proof_result, seed, count))
    leaves = Counter(agree(ask, "leaf", changed_leaf, leaf_result, seed, count))
    dated = Counter(agree(ask, "proof", changed_dated, dated_result, seed, count, STAMPED))
    print("proofs", dict(proofs), "dated", dict(dated), "exports refused", dict(exports))  # noqa: T201 what bin/attack shows
    print("receipts refused", dict(receipts), "notes", dict(notes), "stamps", dict(stamps))  # noqa: T201
    print("public proofs", dict(public), "leaves", dict(leaves))  # noqa: T201
    print("bundles", dict(bundles), "folders", dict(folders))  # noqa: T201
    assert min(public["broken"], public["redacted"], *leaves.values()) > least
    assert min(dated["broken"], dated["verified"], *folders.values()) > least
    assert min(proofs[result] for result in ("verified", "redacted", "broken")) > least
    assert min(*exports.values(), *receipts.values(), *notes.values(), *bundles.values()) > least
    assert min(stamps["dated"], stamps["not: certificate"], stamps["not: TSTInfo"]) > least


@pytest.mark.interop
def test_go_and_we_agree_on_five_hundred_files_of_each_sort(ask: Ask) -> None:
    agree_on_everything(ask, seed=1, count=500, least=5)


@pytest.mark.attack
def test_go_and_we_agree_on_ten_thousand_files_of_each_sort(ask: Ask) -> None:
    agree_on_everything(ask, seed=2, count=10_000, least=100)

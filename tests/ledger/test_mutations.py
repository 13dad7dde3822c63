"""Proof files with one change anywhere, at random: none is accepted. The long form is bin/attack's."""

import base64
import json
import random
import re
from typing import Any

import pytest

from ledger.canonical import canonical, read_canonical
from ledger.verifier import check_claim_proof
from tests.ledger.exports import POLICY
from tests.ledger.sample_bundle import redacted_proofs
from tests.ledger.stamp_vectors import FILE, trusting
from tests.ledger.vectors import sample_proof

# A file of version 1, and two with redactions, one of which is sealed.
WHOLE = [sample_proof(), *(redacted_proofs()[name] for name in ("with its redaction", "sealed, with its redaction"))]


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return chance.choice(
        [
            data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
            data[:at] + data[at + 1 :],
            data[:at] + chance.randbytes(1) + data[at:],
            data[:at],
        ]
    )


def mutate_value(value: Any, chance: random.Random) -> Any:
    """The value with one change somewhere inside; of base64 the bytes are changed, so that the spelling stays good."""
    if isinstance(value, dict) and value:
        key = chance.choice(sorted(value))
        return {**value, key: mutate_value(value[key], chance)}
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        what = chance.randrange(6)
        if what == 0:
            return value[:at] + value[at + 1 :]
        if what == 1:
            return [*value[:at], value[at], *value[at:]]
        return [*value[:at], mutate_value(value[at], chance), *value[at + 1 :]]
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 2**32])
    if isinstance(value, str):
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError:
            data = b""
        return base64.b64encode(mutate_bytes(data, chance)).decode() if data else value + chance.choice(" x\nü")
    return chance.choice([0, "", [], {}, False])


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Another proof file: bytes changed, or a value in the file or inside one of its leaves."""
    what = chance.randrange(3)
    if what == 0:
        return mutate_bytes(data, chance)
    value = read_canonical(data)
    if what == 1:
        return canonical(mutate_value(value, chance))
    entry = chance.choice([*value["entries"], *value.get("redactions", [])])
    leaf = mutate_value(json.loads(base64.b64decode(entry["leaf"])), chance)
    entry["leaf"] = base64.b64encode(canonical(leaf)).decode()
    return canonical(value)


def is_withheld(before: Any, after: bytes) -> bool:
    """Whether the change only leaves out the newest entries, which a proof file alone cannot show."""
    try:
        value = json.loads(after)
        return bool(
            value["entries"]
            and value["entries"] == before["entries"][: len(value["entries"])]
            and {**value, "entries": 0} == {**before, "entries": 0}
        )
    except (ValueError, TypeError, KeyError):
        return False


def accepted(count: int, seed: int) -> list[bytes]:
    """The mutated files, of `count`, that the verifier lets pass."""
    chance = random.Random(seed)
    passed = []
    for number in range(count):
        whole = WHOLE[number % len(WHOLE)]
        before = json.loads(whole)
        data = mutate(whole, chance)
        if data != whole and not check_claim_proof(data, POLICY).findings and not is_withheld(before, data):
            passed.append(data)
    return passed


def test_five_hundred_mutated_proof_files_are_refused() -> None:
    assert accepted(500, seed=1) == []


def promises(words: str) -> set[str]:
    """By when something was there, as who says, in what the verifier says of a proof."""
    return set(re.findall(r"before \S+ by CN=[A-Za-z]+ Stamps", words))


def test_five_hundred_mutated_proof_files_are_dated_by_nothing_else() -> None:
    chance, vectors = random.Random(7), json.loads(FILE.read_text())
    (whole,) = (base64.b64decode(one["file"]) for one in vectors["files"] if one["name"] == "whole")
    policy, said = trusting(vectors["policy"]["timestamp_certificates"]), set[str]()
    for _ in range(500):
        report = check_claim_proof(mutate(whole, chance), policy)
        said |= promises(report.said.get("dated", ""))
    assert said <= promises(check_claim_proof(whole, policy).said["dated"])


@pytest.mark.attack
def test_a_hundred_thousand_mutated_proof_files_are_refused() -> None:
    assert accepted(100_000, seed=2) == []

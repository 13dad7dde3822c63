"""Our notes, hashes, proofs and tiles judged by an implementation that is not ours: Go's sumdb/note and sumdb/tlog.

Needs Debian's packages golang-go and golang-golang-x-mod-dev; `bin/test -m interop tests/ledger/interop`.
"""

import base64
import json
import os
import random
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ledger.notes import checkpoint_text, open_note, read_checkpoint, read_verifier_key, sign_note
from ledger.tiles import hash_tiles, tile_node_reader
from ledger.tree import (
    ReadNode,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_hash,
    root_of_size,
)
from ledger.verifier import Broken, read_cosignatures, signed_text, split_note
from tests.ledger import exports
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, make_log, tiles_of
from tests.ledger.vectors import WITNESS_KEYS, cosigned

pytestmark = pytest.mark.interop

SIZE = 1500
PLACES = [*range(0, SIZE, 97), 255, 256, 1023, 1024, SIZE - 1]
CASES = 10_000
# Go without modules and without a network: the packages are Debian's.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GO111MODULE": "off",
    "GOPATH": "/usr/share/gocode",
    "GOFLAGS": "-buildvcs=false",
}


class GoLog(NamedTuple):
    """A log, its tiles, and the hashes of its complete subtrees as read from these."""

    log: exports.ExportedLog
    hashes: list[bytes]
    tiles: dict[str, bytes]
    read: ReadNode


@cache
def made() -> GoLog:
    """The log that all questions are about."""
    log = make_log(SIZE)
    tiles = tiles_of(log.leaves)
    paths = {tile[:2]: tile.path for tile in hash_tiles(SIZE)}
    read = tile_node_reader(lambda level, number: tiles[paths[level, number]])
    return GoLog(log, [leaf_hash(leaf) for leaf in log.leaves], tiles, read)


def holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except ValueError:
        return False
    return True


def flip(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def change_proof(proof: list[bytes], chance: random.Random) -> list[bytes]:
    """The proof with a hash changed, left out, put in, or two in each other's place."""
    at = chance.randrange(len(proof) or 1)
    what = chance.randrange(4)
    if what == 0 or not proof:
        return [*proof[:at], chance.randbytes(32), *proof[at:]]
    if what == 1:
        return proof[:at] + proof[at + 1 :]
    if what == 2:
        return [*proof[:at], flip(proof[at], chance), *proof[at + 1 :]]
    other = chance.randrange(len(proof))
    proof[at], proof[other] = proof[other], proof[at]
    return proof


def inclusions(chance: random.Random) -> list[dict[str, Any]]:
    cases = []
    for _ in range(CASES // 2):
        size = chance.randrange(1, SIZE + 1)
        index = chance.randrange(size)
        case = {"Index": index, "Size": size, "Root": root_of_size(made().read, size), "LeafHash": made().hashes[index]}
        case["Proof"] = inclusion_proof(made().read, index, size=size)
        changes: list[Callable[[dict[str, Any]], Any]] = [
            lambda case: case,
            lambda case: case.update(Index=case["Index"] + chance.choice([-1, 1])),
            lambda case: case.update(Size=case["Size"] + chance.choice([-1, 1])),
            lambda case: case.update(Root=flip(case["Root"], chance)),
            lambda case: case.update(LeafHash=flip(case["LeafHash"], chance)),
            lambda case: case.update(Proof=change_proof(case["Proof"], chance)),
        ]
        chance.choice(changes)(case)
        cases.append(case)
    return cases


def consistencies(chance: random.Random) -> list[dict[str, Any]]:
    cases = []
    for _ in range(CASES // 2):
        new = chance.randrange(1, SIZE + 1)
        old = chance.randrange(1, new + 1)
        case: dict[str, Any] = {"Old": old, "New": new, "OldRoot": root_of_size(made().read, old)}
        case |= {"NewRoot": root_of_size(made().read, new), "Proof": consistency_proof(made().read, old, new=new)}
        changes: list[Callable[[dict[str, Any]], Any]] = [
            lambda case: case,
            lambda case: case.update(Old=max(1, case["Old"] + chance.choice([-1, 1]))),
            lambda case: case.update(New=case["New"] + chance.choice([-1, 1])),
            lambda case: case.update(OldRoot=flip(case["OldRoot"], chance)),
            lambda case: case.update(NewRoot=flip(case["NewRoot"], chance)),
            lambda case: case.update(Proof=change_proof(case["Proof"], chance)),
        ]
        chance.choice(changes)(case)
        cases.append(case)
    return cases


def notes(chance: random.Random) -> list[bytes]:
    good = made().log.checkpoint()
    changed = [flip(good, chance) for _ in range(500)]
    return [good, sign_note(checkpoint_text(ORIGIN, 1, made().hashes[0]), [LOG_KEY]), *changed]


def cosigned_notes(chance: random.Random) -> list[bytes]:
    """Checkpoints with cosignatures by some of the witnesses, half of them changed."""
    whole = [cosigned("".join(sorted(chance.sample("abcdef", chance.randrange(7))))) for _ in range(1000)]
    notes = [flip(note, chance) if number % 2 else note for number, note in enumerate(whole)]
    return [note for note in notes if not is_respelt(note)]


def is_respelt(note: bytes) -> bool:
    """Whether a signature's base64 has stray bits: Go passes over these, and docs/ledger.md does not."""
    try:
        split_note(note)
    except Broken as error:
        return error.expected == "base64 in its one spelling"
    return False


def encoded(value: object) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: encoded(member) for key, member in value.items()}
    return [encoded(member) for member in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def questions() -> dict[str, Any]:
    """Notes, proofs, good and bad, leaves and tiles."""
    return {
        "VerifierKey": str(LOG_KEY.verifier_key),
        "PrivateKey": LOG_KEY.private_text,
        "Texts": [checkpoint_text(ORIGIN, size, root_hash(made().hashes[:size])) for size in (0, 1, 1500)],
        "Notes": notes(random.Random(1)),
        "Inclusions": inclusions(random.Random(2)),
        "Consistencies": consistencies(random.Random(3)),
        "Leaves": made().log.leaves,
        "Tiles": made().tiles,
        "Size": SIZE,
        "Root": root_hash(made().hashes),
        "Prove": PLACES,
        "WitnessKeys": [str(key.verifier_key) for key in WITNESS_KEYS.values()],
        "Cosigned": cosigned_notes(random.Random(4)),
    }


@pytest.fixture(scope="module")
def answers(questions: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the Go program says to all questions."""
    environment = {**ENVIRONMENT, "GOCACHE": str(tmp_path_factory.mktemp("go"))}
    done = subprocess.run(
        ["go", "run", "main.go"],
        cwd=Path(__file__).parent,
        input=json.dumps(encoded(questions)),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_go_hashes_leaves_as_we_do(answers: dict[str, Any]) -> None:
    assert answers["LeafHashes"] == encoded(made().hashes)


def test_go_signs_the_same_notes(questions: dict[str, Any], answers: dict[str, Any]) -> None:
    assert answers["Signed"] == [encoded(sign_note(text, [LOG_KEY])) for text in questions["Texts"]]


def test_go_opens_the_same_notes(questions: dict[str, Any], answers: dict[str, Any]) -> None:
    ours = [holds(lambda note=note: open_note(note, POLICY.log_keys)) for note in questions["Notes"]]  # type: ignore[misc]
    assert answers["Opened"] == ours
    assert ours.count(True) >= 2 and ours.count(False) > 400


def test_go_counts_the_same_cosignatures(questions: dict[str, Any], answers: dict[str, Any]) -> None:
    keys, ours = [key.verifier_key for key in WITNESS_KEYS.values()], list[list[str] | None]()
    for note in questions["Cosigned"]:
        try:
            by = signed_text(note, [LOG_KEY.verifier_key, *keys])[1]
            assert [one.key for one in read_cosignatures(note, keys)] == [key for key in keys if key in by]
            ours.append([key.name for key in by])
        except Broken:
            ours.append(None)
    assert answers["Cosigners"] == ours
    assert sum(one is None for one in ours) > 100 and sum(one is not None and len(one) > 3 for one in ours) > 100


def test_go_and_we_agree_on_proofs_of_inclusion(questions: dict[str, Any], answers: dict[str, Any]) -> None:
    ours = [
        holds(
            lambda c=c: check_inclusion(  # type: ignore[misc]
                c["LeafHash"], c["Index"], size=c["Size"], root=c["Root"], proof=c["Proof"]
            )
        )
        for c in questions["Inclusions"]
    ]
    assert answers["Included"] == ours
    assert len(ours) == CASES // 2 and 500 < ours.count(True) < 2000


def test_go_and_we_agree_on_proofs_of_consistency(questions: dict[str, Any], answers: dict[str, Any]) -> None:
    ours = [
        holds(lambda c=c: check_consistency(c["Old"], c["OldRoot"], c["New"], c["NewRoot"], c["Proof"]))  # type: ignore[misc]
        for c in questions["Consistencies"]
    ]
    assert answers["Consistent"] == ours
    assert len(ours) == CASES // 2 and 500 < ours.count(True) < 2000


def test_go_makes_the_same_proofs_from_our_tiles(answers: dict[str, Any]) -> None:
    assert answers["Proofs"] == encoded([inclusion_proof(made().read, place, size=SIZE) for place in PLACES])
    assert answers["TreeProofs"] == encoded([consistency_proof(made().read, place + 1, new=SIZE) for place in PLACES])


def test_we_open_what_go_signed(answers: dict[str, Any]) -> None:
    text = open_note(base64.b64decode(answers["OtherNote"]), [read_verifier_key(answers["OtherKey"])])
    assert read_checkpoint(text).root == root_hash([])

"""A file that is handed over, and whoever may notice what was done to it: no server and no database is needed.

Of a log of 300 entries the reader has an older checkpoint, and knows what a claim's newest state is.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from ledger.entries import read_entry
from ledger.verifier import (
    TLOG_PROOF,
    GivenFiles,
    Memory,
    Report,
    Unusable,
    ZippedBundle,
    audit,
    check_bundle,
    check_claim_proof,
    check_expected,
    check_tlog_proof,
    monitor,
    replay,
    watch,
)
from tests.ledger.exports import BEGIN, POLICY, ExportedLog, make_log

LOG = make_log(300, streams=3)
OTHER = make_log(300, streams=3, seed=2)  # what the same key signed for somebody else
STREAM = "claim:00000001-0000-4000-8000-000000000000"
REFERENCE = "DEM-1"
PROOF = LOG.proof(STREAM)
EXPORT = LOG.export()
STATE = next(
    entry.body["to"]
    for entry in map(read_entry, reversed(LOG.leaves))
    if entry.stream == STREAM and entry.kind == "status_changed"
)


def first(size: int, log: ExportedLog = LOG) -> ExportedLog:
    """The log as it was with so many entries."""
    return ExportedLog(log.leaves[:size], log.openings[:size])


CLAIMS = [
    {"reference": f"DEM-{number}", "state": entries[-1].body["to"]}
    for number in (1, 2, 3)
    if (
        entries := [
            entry
            for entry in map(read_entry, LOG.leaves)
            if entry.kind == "status_changed" and entry.stream.startswith(f"claim:0000000{number}")
        ]
    )
]


@dataclass
class Hand:
    """What is handed over: any of these. The reader has kept `kept`, and knows what they ask of a proof."""

    proof: bytes | None = None
    bundle: bytes | None = None
    export: dict[str, bytes] | None = None
    claims: list[dict[str, Any]] | None = None
    receipt: bytes | None = None
    checkpoint: bytes | None = None
    kept: bytes = field(default_factory=lambda: first(200).checkpoint())
    seen: tuple[bytes, ...] = ()
    log: ExportedLog = field(default_factory=lambda: LOG)


def asked(**what: Any) -> Callable[[Hand, Path], list[str]]:
    """`proof` with what its reader knows."""

    def look(hand: Hand, _folder: Path) -> list[str]:
        if hand.proof is None:
            return []
        is_leaf = hand.proof.startswith(TLOG_PROOF.encode())
        report = check_tlog_proof(hand.proof, POLICY) if is_leaf else check_claim_proof(hand.proof, POLICY)
        check_expected(report, POLICY, **what)
        told = ("fields withheld", "entries withheld")
        counts = [f"{name}: {number}" for name, number in report.counts.items() if name in told and number]
        return [*map(str, report.findings), *counts]

    return look


def _bundle(hand: Hand, _folder: Path) -> list[str]:
    if hand.bundle is None:
        return []
    report = Report()
    return _lines(check_bundle(ZippedBundle(io.BytesIO(hand.bundle), report), POLICY, report))


def _audit(hand: Hand, _folder: Path) -> list[str]:
    if hand.export is None:
        return []
    return _lines(audit(hand.export.get, POLICY, {"receipt": hand.receipt} if hand.receipt else None))


def _replay(hand: Hand, _folder: Path) -> list[str]:
    if hand.export is None:
        return []
    return [line for line in _lines(replay(hand.export.get, POLICY, hand.claims)) if line.startswith("claim ")]


def _monitor(hand: Hand, _folder: Path) -> list[str]:
    if hand.export is None and hand.checkpoint is None:
        return []
    export = hand.export or EXPORT
    return _lines(monitor(hand.kept, new=hand.checkpoint or export["checkpoint"], read=export.get, policy=POLICY))


def _watch(hand: Hand, folder: Path) -> list[str]:
    """By who has seen the older checkpoint, and `seen`, at an address; the file is handed over in the same run."""
    memory, files = Memory(folder / "seen"), []
    for number, data in enumerate((hand.kept, *hand.seen)):
        files.append(folder / f"seen-{number}")
        files[-1].write_bytes(data)
    served = hand.export or hand.log.export()
    watch(served.get, POLICY, memory, GivenFiles(files))
    given = {"proof": hand.proof, "bundle": hand.bundle, "receipt": hand.receipt, "checkpoint": hand.checkpoint}
    handed = []
    for name, file in given.items():
        if file is not None:
            handed.append(folder / name)
            handed[-1].write_bytes(file)
    return _lines(watch(served.get, POLICY, memory, GivenFiles(handed), BEGIN + timedelta(days=9)))


def _lines(report: Report) -> list[str]:
    return list(map(str, report.findings))


NOTICERS: dict[str, Callable[[Hand, Path], list[str]]] = {
    "proof": asked(),
    "proof --claim": asked(claim=REFERENCE),
    "proof --expect-state": asked(state=STATE),
    "proof --checkpoint": asked(checkpoint=LOG.checkpoint()),
    "bundle": _bundle,
    "audit": _audit,
    "replay": _replay,
    "old checkpoint": _monitor,
    "watch": _watch,
}


def what_notices(hand: Hand, folder: Path) -> dict[str, list[str]]:
    """What each says that says anything. One that cannot use a file says why."""
    said = {}
    for name, look in NOTICERS.items():
        own = folder / name.replace(" ", "-")
        own.mkdir()
        try:
            said[name] = look(hand, own)
        except Unusable as unusable:
            said[name] = [str(unusable)]
    # What is asked of a proof is told only where the proof alone tells nothing.
    return {
        name: lines for name, lines in said.items() if lines and not (name[:6] == "proof " and said["proof"] == lines)
    }

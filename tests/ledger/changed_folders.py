"""Folders of exports, and mirrors of what is public, many with changes that the log's own key signed."""

import base64
import json
import random
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from ledger.canonical import canonical, read_canonical
from ledger.entries import format_time, leaf_hash
from ledger.notes import SigningKey, sign_note
from ledger.tiles import TILE_WIDTH
from ledger.verifier import KEY_ROTATED, KEYS, Report, audit, audit_opened, is_opened_alone, public_path, rotation_text
from tests.ledger.export_vectors import whole_of
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, POLICY, ExportedLog, make_log, receipt_for
from tests.ledger.test_mutations import mutate_bytes, mutate_value

Files = dict[str, bytes]
NEW_KEY = SigningKey(ORIGIN, b"n" * 32)
TIMES = [{}, {"happened_at": format_time(BEGIN)}, {"happened_at": format_time(BEGIN), "brought_in": True}]
COUNTED = (
    *("entries", "streams", "fields not disclosed", "receipts", "receipts not due yet", "public entries", "lines"),
    *("older acts brought in", "stamped checkpoints"),
    *("keys that the one before signed", "keys that the one before did not sign"),
)


class ChangedFolder(NamedTuple):
    """An export, or a mirror, and receipts beside it."""

    files: Files
    receipts: dict[str, bytes]


@cache
def large() -> ExportedLog:
    """One with tiles above those of the leaves."""
    return make_log(TILE_WIDTH * 2 + 5, streams=20)


def _log(chance: random.Random) -> ExportedLog:
    if chance.randrange(25) == 0:
        whole = large()
        return ExportedLog(list(whole.leaves), list(whole.openings), dict(whole.heads))
    log = make_log(chance.randrange(1, 14), streams=3, seed=chance.randrange(5))
    if chance.randrange(3) == 0:
        key, of = (
            str(NEW_KEY.verifier_key),
            chance.choice([str(LOG_KEY.verifier_key), str(LOG_KEY.verifier_key), "no key"]),
        )
        signed = sign_note(
            rotation_text(ORIGIN, signs="log", key=key), [chance.choice([LOG_KEY, LOG_KEY, NEW_KEY])]
        ).decode()
        body = {"key": key, "replaces": of, "signs": "log", "signed": signed}
        if chance.randrange(3) == 0:
            del body["signed"]
        log.add(KEYS, KEY_ROTATED, body, {"blind": None}, BEGIN + timedelta(minutes=2))
    return log


def _change(log: ExportedLog, chance: random.Random) -> None:
    """Something in one leaf is otherwise, and everything after it is as it was."""
    at = chance.randrange(len(log.leaves))
    leaf, what = json.loads(log.leaves[at]), chance.randrange(6)
    if what == 0:
        leaf = mutate_value(leaf, chance)
    elif what == 1:
        leaf["body"] |= chance.choice(TIMES)
    elif what == 2:
        leaf["at"] = format_time(BEGIN + timedelta(milliseconds=chance.randrange(-70_000, 70_000)))
    elif what == 3:
        del log.leaves[at], log.openings[at]
        return
    elif what == 4:
        log.openings[at] = {name: chance.choice([one, None]) for name, one in log.openings[at].items()}
    else:
        log.leaves.insert(at, log.leaves[at])
        log.openings.insert(at, log.openings[at])
        return
    log.leaves[at] = canonical(leaf)


def _public(log: ExportedLog, files: Files) -> Files:
    """What anybody may have of a log's export: here, the moves of its first claims."""
    kept = {path: data for path, data in files.items() if not path.startswith(("tile/entries", "disclosures"))}
    for first in range(0, len(log.leaves), TILE_WIDTH):
        shown: dict[str, str] = {}
        for index, leaf in enumerate(log.leaves[first : first + TILE_WIDTH], first):
            entry = json.loads(leaf)
            if isinstance(entry, dict) and entry.get("kind") in ("status_changed", KEY_ROTATED):
                shown[str(index)] = base64.b64encode(leaf).decode()
        kept[public_path(first // TILE_WIDTH)] = canonical(shown)
    return kept


def _numbered(log: ExportedLog) -> None:
    """Each status change has its number, as servers write it, and each leaf follows the one before it."""
    numbers: dict[str, int] = {}
    heads: dict[str, tuple[int, str]] = {}
    for at, leaf in enumerate(log.leaves):
        entry = json.loads(leaf)
        if entry["kind"] == "status_changed":
            entry["body"]["number"] = numbers[entry["stream"]] = numbers.get(entry["stream"], 0) + 1
        entry["seq"], entry["prev"] = heads.get(entry["stream"], (1, None))
        log.leaves[at] = canonical(entry)
        heads[entry["stream"]] = (entry["seq"] + 1, leaf_hash(log.leaves[at]).hex())


def _stamps(log: ExportedLog, chance: random.Random) -> Files:
    size = chance.randrange(len(log.leaves) + 1)
    return {
        "stamps.json": canonical({str(size): chance.choice([1, 1, 1, 0, 2])}),
        f"stamps/{size}.note": log.checkpoint(chance.choice([size, size, size, 1])),
        f"stamps/{size}-1.tst": b"no token that anybody looks at here",
    }


def changed_folder(chance: random.Random) -> ChangedFolder:
    """An export or a mirror, good or bad."""
    log = _log(chance)
    is_public = chance.randrange(3) == 0
    if is_public:
        _numbered(log)
    if chance.randrange(3):
        _change(log, chance)
    files = log.export()
    if is_public:
        files = _public(log, files)
    elif len(log.leaves) < TILE_WIDTH and chance.randrange(3) == 0:
        files |= _lines(log)
    if chance.randrange(4) == 0:
        files |= _stamps(log, chance)
    receipts = {str(n): _receipts(log, chance) for n in range(chance.randrange(3))}
    if chance.randrange(3) == 0:
        _spoil(files, chance)
    return ChangedFolder(files, receipts)


def _lines(log: ExportedLog) -> Files:
    try:
        return {"export.jsonl": b"".join(whole_of(log))}
    except ValueError:  # an entry is none
        return {}


def _receipts(log: ExportedLog, chance: random.Random) -> bytes:
    leaf = chance.choice([*log.leaves, b"{}"])
    note = receipt_for(
        leaf, BEGIN + timedelta(seconds=chance.randrange(-90, 90)), chance.choice([60, 60, 0, 2**53 - 1])
    )
    return mutate_bytes(note, chance) if chance.randrange(6) == 0 else note


def _spoil(files: Files, chance: random.Random) -> None:
    """One file is changed, gone, or another's."""
    path, what = chance.choice(sorted(files)), chance.randrange(4)
    if what == 0 and path != "checkpoint":
        del files[path]
    elif what == 1:
        files[path] = files[chance.choice(sorted(files))]
    elif what == 2 and path.endswith(".json"):
        files[path] = canonical(mutate_value(read_canonical(files[path]), chance))
    else:
        files[path] = mutate_bytes(files[path] or b"x", chance)


def folder_result(folder: ChangedFolder) -> dict[str, int] | None:
    """What is counted in a folder in which nothing is found; None otherwise."""
    lines = folder.files.get("export.jsonl")
    split = None if lines is None else [line + b"\n" for line in lines.split(b"\n")[:-1]]
    if split and is_opened_alone(folder.files.get, split[0], POLICY):
        report: Report = audit_opened(folder.files.get, split, POLICY)
    else:
        report = audit(folder.files.get, POLICY, folder.receipts, lines=split)
    return None if report.findings else counted(report.counts)


def counted(counts: dict[str, Any]) -> dict[str, int]:
    """Of what is counted what other programs count too."""
    return {name: counts[name] for name in COUNTED if counts.get(name)}

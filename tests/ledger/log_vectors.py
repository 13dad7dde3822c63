"""Whole logs for docs/ledger-vectors/logs.json: what an audit and a replay of each find, sections 8 and 9."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ledger.canonical import canonical, read_canonical
from ledger.entries import format_time as written
from ledger.verifier import audit, replay
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, POLICY, ExportedLog, receipt_for

Files = dict[str, bytes]
Make = Callable[[], Files]
A, B = (f"claim:{number:08d}-0000-4000-8000-000000000000" for number in (1, 2))
DAY = timedelta(days=1)


def _log(*more: tuple[str, str, dict[str, Any], timedelta]) -> ExportedLog:
    """Two claims, one of which moved once, and further entries: stream, kind, body, how long after the beginning."""
    log = ExportedLog()
    rows: list[tuple[str, str, dict[str, Any], timedelta]] = [
        (A, "claim_reported", {"reference": "DEM-1"}, timedelta(0)),
        (A, "status_changed", {"reference": "DEM-1", "from": None, "to": "reported"}, timedelta(seconds=1)),
        (B, "claim_reported", {"reference": "DEM-2"}, timedelta(seconds=2)),
    ]
    for stream, kind, body, after in (*rows, *more):
        log.add(stream, kind, body, {"reason": f"Because of {len(log.leaves)}"}, BEGIN + after)
    return log


def _with(kind: str, body: dict[str, Any], after: timedelta = timedelta(seconds=3), stream: str = A) -> Make:
    return lambda: _log((stream, kind, body, after)).export()


def _moved(before: str | None, after: str) -> Make:
    return _with("status_changed", {"from": before, "to": after})


def _brought_in(**body: Any) -> Make:
    return _with("status_changed", {"from": "reported", "to": "denied", **body})


def _changed(path: str, change: Callable[[bytes], bytes | None]) -> Make:
    def make() -> Files:
        files = _log().export()
        data = change(files.pop(path))
        return files if data is None else {**files, path: data}

    return make


def _backwards() -> Files:
    log = _log()
    log.add(B, "claim_edited", {}, {"reason": ""}, BEGIN)
    return log.export()


def _far_behind() -> Files:
    """Another stream's entry, more than a minute behind the latest time."""
    log = _log((A, "claim_edited", {}, timedelta(seconds=63)))
    log.add("claim:3", "claim_reported", {}, {"reason": ""}, BEGIN + timedelta(seconds=2, milliseconds=999))
    return log.export()


def _a_minute_behind() -> Files:
    log = _log((A, "claim_edited", {}, timedelta(seconds=63)))
    log.add("claim:3", "claim_reported", {}, {"reason": ""}, BEGIN + timedelta(seconds=3))
    return log.export()


def _gap() -> Files:
    log = _log()
    log.heads[B] = (2, log.heads[B][1])
    log.add(B, "claim_edited", {}, {"reason": ""}, BEGIN + timedelta(seconds=3))
    return log.export()


def _another_prev() -> Files:
    log = _log()
    log.heads[B] = (1, log.heads[A][1])
    log.add(B, "claim_edited", {}, {"reason": ""}, BEGIN + timedelta(seconds=3))
    return log.export()


def _another_value(data: bytes) -> bytes:
    shown = read_canonical(data)
    shown["1"]["reason"]["value"] = "Because it was so"
    return canonical(shown)


BUNDLE, TILE, DISCLOSURES = "tile/entries/000.p/3", "tile/0/000.p/3", "disclosures/000.json"
LOGS: dict[str, Make] = {
    "whole": lambda: _log().export(),
    "of no entries": lambda: {"checkpoint": ExportedLog().checkpoint()},
    "without disclosures": _changed(DISCLOSURES, lambda data: None),
    "with a file that nobody knows": lambda: {**_log().export(), "notes.txt": b"Ours."},
    "a sealed entry": lambda: _log(
        ("sealed:" + "0" * 32, "sealed", {"claim": "1"}, timedelta(seconds=3))
    ).export(),
    "a move": _moved("reported", "denied"),
    "a move from another state": _moved("denied", "corroborated"),
    "a move that there is not": _moved("reported", "reported"),
    "a move to a state that there is not": _moved("reported", "proven"),
    "a reference of two streams": _with("claim_edited", {"reference": "DEM-1"}, stream=B),
    "an older act": _brought_in(brought_in=True, happened_at=written(BEGIN - DAY)),
    "an older act that says so otherwise": _brought_in(brought_in=1, happened_at=written(BEGIN - DAY)),
    "an older act of no time": _brought_in(brought_in=True),
    "an older act of the future": _brought_in(brought_in=True, happened_at=written(BEGIN + DAY)),
    "an older act that does not say so": _brought_in(happened_at=written(BEGIN - DAY)),
    "an act of a minute ago": _brought_in(happened_at=written(BEGIN - timedelta(seconds=57))),
    "a time that goes back in its stream": _backwards,
    "a time a minute behind the latest": _a_minute_behind,
    "a time more than a minute behind the latest": _far_behind,
    "a number left out in its stream": _gap,
    "another entry before": _another_prev,
    "another value": _changed(DISCLOSURES, _another_value),
    "disclosures of an entry that is not there": _changed(
        DISCLOSURES, lambda data: canonical({**read_canonical(data), "3": {}})
    ),
    "disclosures that are not canonical": _changed(DISCLOSURES, lambda data: data + b"\n"),
    "a leaf changed": _changed(BUNDLE, lambda data: data.replace(b"DEM-1", b"DEM-7", 1)),
    "a bundle cut off": _changed(BUNDLE, lambda data: data[:-1]),
    "a bundle missing": _changed(BUNDLE, lambda data: None),
    "a hash changed": _changed(TILE, lambda data: bytes(32) + data[32:]),
    "a tile cut off": _changed(TILE, lambda data: data[:-32]),
    "a tile missing": _changed(TILE, lambda data: None),
    "a checkpoint of another size": _changed("checkpoint", lambda data: data.replace(b"\n3\n", b"\n2\n")),
    "a checkpoint of a log that is shorter": lambda: {**_log().export(), "checkpoint": _log().checkpoint(2)},
}  # fmt: skip
CLAIMS: list[dict[str, Any]] = [{"reference": "DEM-1", "state": "reported"}, {"reference": "DEM-2", "state": None}]


def log_vectors() -> dict[str, Any]:
    """The files of each log, what an audit and a replay find in it; and receipts with what an audit says of them."""
    return {
        "policy": {
            "origin": ORIGIN,
            "log_keys": [str(LOG_KEY.verifier_key)],
            "receipt_keys": [str(POLICY.receipt_keys[0])],
        },
        "claims": CLAIMS,
        "logs": [_vector(name, make()) for name, make in LOGS.items()],
        "receipts": _receipts(),
    }


def _vector(name: str, files: Files) -> dict[str, Any]:
    return {
        "name": name,
        "files": {path: base64.b64encode(data).decode() for path, data in files.items()},
        "audit": [str(one) for one in audit(files.get, POLICY).findings],
        "replay": [str(one) for one in replay(files.get, POLICY, CLAIMS).findings],
    }


def _receipts() -> list[dict[str, Any]]:
    """Of the log 'whole', whose last entry is of two seconds after the beginning."""
    log = _log()
    given = {
        "of an entry": receipt_for(log.leaves[0], BEGIN),
        "of an entry that is missing": receipt_for(b"{}", BEGIN - timedelta(seconds=59)),
        "of an entry that is not due yet": receipt_for(b"{}", BEGIN - timedelta(seconds=58)),
        "signed by another key": log.checkpoint(),
    }
    found = []
    for name, note in given.items():
        report = audit(log.export().get, POLICY, {name: note})
        findings = [str(one) for one in report.findings]
        found.append({"name": name, "receipt": note.decode(), "findings": findings, "counts": report.counts})
    return found

"""The verifier's commands on exports and proof files: what holds, what does not, and by what name."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from claims.states import MOVES
from ledger import verifier
from ledger.canonical import canonical, read_canonical
from ledger.entries import format_time, read_entry
from ledger.notes import checkpoint_text, sign_note
from ledger.proofs import TlogProof, tlog_proof
from ledger.tree import inclusion_proof, leaf_hash
from ledger.verifier import LEGAL_MOVES, Report, audit, check_claim_proof, check_tlog_proof, monitor, replay
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, POLICY, ExportedLog, make_log, receipt_for
from tests.ledger.test_tree import reader

LOG = make_log(600)
EXPORT = LOG.export()
CLAIM = "claim:00000001-0000-4000-8000-000000000000"
PROOF = LOG.proof(CLAIM)
FIRST = read_canonical(PROOF)["entries"][0]["index"]
AS_FIRST = f"({CLAIM}, 1)"


def lines(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


def test_a_whole_log_matches() -> None:
    report = audit(EXPORT.get, POLICY)
    assert lines(report) == []
    assert report.counts == {"fields not disclosed": 0, "entries": 600, "streams": 61}


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 513])
def test_logs_around_a_tiles_edge_match(size: int) -> None:
    log = make_log(size)
    assert lines(audit(log.export().get, POLICY)) == []


def test_a_full_tile_stands_for_a_partial_one_that_is_gone() -> None:
    files = make_log(512).export()
    moved = {path: data for path, data in files.items() if not path.startswith("disclosures")}
    moved |= {"checkpoint": make_log(300).checkpoint(), "tile/1/000.p/1": moved.pop("tile/1/000.p/2")[:32]}
    assert lines(audit(moved.get, POLICY)) == []


def test_redacted_fields_are_counted_and_the_log_still_matches() -> None:
    shown = read_canonical(EXPORT["disclosures/000.json"])
    shown["3"] = dict.fromkeys(shown["3"])
    report = audit({**EXPORT, "disclosures/000.json": canonical(shown)}.get, POLICY)
    assert (lines(report), report.counts["fields not disclosed"]) == ([], len(shown["3"]))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tile/0/001", "tile/0/001: tile: expected 256 hashes, found no such file"),
        ("tile/0/002.p/88", "tile/0/002.p/88: tile: expected 88 hashes, found no such file"),
        ("tile/1/000.p/2", "tile/1/000.p/2: tile: expected 2 hashes, found no such file"),
        ("tile/entries/001", "tile/entries/001: bundle: expected 256 leaves, found no such file"),
    ],
)
def test_a_missing_file_is_named(path: str, expected: str) -> None:
    files = {name: data for name, data in EXPORT.items() if name != path}
    assert expected in lines(audit(files.get, POLICY))


def test_a_changed_tile_is_named() -> None:
    for path, where in (("tile/0/001", "entry 259"), ("tile/1/000.p/2", "tile/1/000.p/2: hash 0")):
        data = bytearray(EXPORT[path])
        data[3 * 32 if "/0/" in path else 0] ^= 1
        found = lines(audit({**EXPORT, path: bytes(data)}.get, POLICY))
        assert any(line.startswith(where) for line in found), found


def test_an_export_without_checkpoint_cannot_be_used() -> None:
    with pytest.raises(verifier.Unusable, match="no checkpoint"):
        audit(dict[str, bytes]().get, POLICY)


def test_a_changed_disclosure_is_named() -> None:
    shown = read_canonical(EXPORT["disclosures/001.json"])
    shown["300"]["reason" if "reason" in shown["300"] else "statement"]["value"] = "Another"
    shown["999"] = {}
    found = lines(audit({**EXPORT, "disclosures/001.json": canonical(shown)}.get, POLICY))
    assert len(found) == 2
    assert found[0].startswith("entry 300 (claim:") and "expected the commitment" in found[0]
    assert found[1] == "disclosures of entry 999: entry: expected one of the bundle, found none"


def test_an_entry_that_goes_back_in_time_is_named() -> None:
    log = ExportedLog()
    log.add("claim:1", "claim_created", {}, {"blind": None}, BEGIN)
    log.add("claim:1", "claim_edited", {}, {"blind": None}, BEGIN - timedelta(milliseconds=1))
    assert lines(audit(log.export().get, POLICY)) == [
        "entry 1 (claim:1, 2): at: expected not before 2026-11-22T22:14:03.123Z, found 2026-11-22T22:14:03.122Z"
    ]


def of_times(*acts: tuple[float, dict[str, Any]]) -> list[str]:
    """What an audit finds in a log of acts, each so many seconds after the beginning, and with such a body."""
    log = ExportedLog()
    for number, (seconds, body) in enumerate(acts):
        log.add(f"claim:{number}", "tried", body, {"blind": None}, BEGIN + timedelta(seconds=seconds))
    return lines(audit(log.export().get, POLICY))


def test_a_time_within_the_longest_delay_is_believed() -> None:
    assert of_times((60, {}), (0, {}), (600, {}), (540, {})) == []


def test_a_time_that_lies_further_before_the_logs_own_is_found() -> None:
    assert of_times((60, {}), (-0.001, {}), (600, {}), (539.999, {}), (601, {})) == [
        "entry 1 (claim:1, 1): at: expected not before 2026-11-22T22:14:03.123Z, 60 seconds before entry 0, "
        "found 2026-11-22T22:14:03.122Z",
        "entry 3 (claim:3, 1): at: expected not before 2026-11-22T22:23:03.123Z, 60 seconds before entry 2, "
        "found 2026-11-22T22:23:03.122Z",
    ]


def test_entries_from_before_older_acts_said_so_are_passed_over_by_their_index() -> None:
    log = ExportedLog()
    for number, seconds in enumerate((10_000, 0, 5_000, 5_010)):
        log.add(f"claim:{number}", "tried", {}, {"blind": None}, BEGIN + timedelta(seconds=seconds))
    report = audit(log.export().get, POLICY, times_from=2)
    assert (lines(report), report.counts["entries whose times were not compared"]) == ([], 2)
    assert len(lines(audit(log.export().get, POLICY, times_from=1))) == 0
    assert len(lines(audit(log.export().get, POLICY))) == 3


HAPPENED = "2020-01-01T00:00:00.000Z"


def test_an_older_act_that_says_so_is_counted() -> None:
    log = ExportedLog()
    log.add("claim:1", "tried", {"brought_in": True, "happened_at": HAPPENED}, {"blind": None}, BEGIN)
    report = audit(log.export().get, POLICY)
    assert (lines(report), report.counts["older acts brought in"]) == ([], 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"brought_in": False, "happened_at": HAPPENED}, "body.brought_in: expected true, found false"),
        ({"brought_in": 1, "happened_at": HAPPENED}, "body.brought_in: expected true, found 1"),
        ({"brought_in": True}, "body.happened_at: expected UTC with milliseconds, found null"),
        ({"brought_in": True, "happened_at": "2020-01-01"}, "body.happened_at: expected UTC with milliseconds"),
        (
            {"brought_in": True, "happened_at": "2026-11-22T22:14:03.124Z"},
            "body.happened_at: expected not after 2026-11-22T22:14:03.123Z",
        ),
        ({"happened_at": HAPPENED}, "body.happened_at: expected 2026-11-22T22:14:03.123Z, or brought_in beside it"),
        (
            {"happened_at": "2026-11-22T22:13:03.122Z"},
            "body.happened_at: expected 2026-11-22T22:14:03.123Z, or brought_in beside it",
        ),
    ],
)
def test_an_older_act_that_does_not_say_so_rightly_is_found(body: dict[str, Any], expected: str) -> None:
    (found,) = of_times((0, body))
    assert found.startswith(f"entry 0 (claim:0, 1): {expected}"), found


def test_being_brought_in_excuses_no_time_of_an_entry() -> None:
    (found,) = of_times((61, {}), (0, {"brought_in": True, "happened_at": HAPPENED}))
    assert found.startswith("entry 1 (claim:1, 1): at: expected not before")


def test_the_ends_of_time_are_times() -> None:
    begin = datetime(1, 1, 1, tzinfo=UTC)
    log = ExportedLog()
    for number, at in enumerate((begin + timedelta(seconds=30), begin)):
        log.add(f"claim:{number}", "tried", {"happened_at": format_time(begin)}, {"blind": None}, at)
    promises = {"of the end": receipt_for(b"gone", datetime(9999, 12, 31, tzinfo=UTC), 2**53 - 1)}
    report = audit(log.export().get, POLICY, promises)
    assert (lines(report), report.counts["receipts not due yet"]) == ([], 1)


def test_a_promised_leaf_is_looked_for() -> None:
    kept, broken = receipt_for(LOG.leaves[5], BEGIN), receipt_for(b"gone", BEGIN)
    young = receipt_for(b"to come", BEGIN + timedelta(days=1))
    report = audit(EXPORT.get, POLICY, {"kept": kept, "broken": broken, "young": young, "foreign": LOG.checkpoint()})
    assert [line.split(",")[0] for line in lines(report)] == [
        f"receipt foreign: signature: expected one by {POLICY.receipt_keys[0].name}+{POLICY.receipt_keys[0].id.hex()}",
        f"receipt broken: leaf: expected {leaf_hash(b'gone').hex()} in the log",
    ]
    assert (report.counts["receipts"], report.counts["receipts not due yet"]) == (3, 1)


def test_a_receipt_is_due_to_the_millisecond_by_the_latest_entry() -> None:
    log = ExportedLog()
    log.add("claim:1", "tried", {}, {"blind": None}, BEGIN)
    promised = {"gone": receipt_for(b"gone", BEGIN - timedelta(seconds=60))}
    report = audit(log.export().get, POLICY, promised)
    assert (lines(report), report.counts["receipts not due yet"]) == ([], 1)
    log.add("claim:1", "tried", {}, {"blind": None}, BEGIN + timedelta(milliseconds=1))
    (found,) = lines(audit(log.export().get, POLICY, promised))
    assert found.startswith(f"receipt gone: leaf: expected {leaf_hash(b'gone').hex()} in the log")


def test_a_file_of_several_receipts_is_read_one_by_one() -> None:
    several = b"".join(receipt_for(leaf, BEGIN) for leaf in (LOG.leaves[5], b"gone", LOG.leaves[6]))
    report = audit(EXPORT.get, POLICY, {"several": several})
    assert [line.partition(",")[0] for line in lines(report)] == [
        f"receipt several 2: leaf: expected {leaf_hash(b'gone').hex()} in the log"
    ]
    assert report.counts["receipts"] == 3


def test_of_two_receipts_of_one_leaf_the_one_that_is_due_first_counts() -> None:
    both = receipt_for(b"gone", BEGIN), receipt_for(b"gone", BEGIN + timedelta(days=1))
    for one, other in (both, both[::-1]):
        assert len(lines(audit(EXPORT.get, POLICY, {"one": one, "other": other}))) == 1


@pytest.mark.parametrize("between", [b"\n", b"x", b"second-source/receipt/v1\n"])
def test_nothing_stands_between_receipts(between: bytes) -> None:
    several = receipt_for(LOG.leaves[5], BEGIN) + between + receipt_for(LOG.leaves[6], BEGIN)
    assert lines(audit(EXPORT.get, POLICY, {"several": several})) != []


@pytest.mark.parametrize("old", [0, 1, 256, 300, 512, 599, 600])
def test_an_older_checkpoint_is_the_beginning_of_a_newer_one(old: int) -> None:
    assert lines(monitor(LOG.checkpoint(old), new=LOG.checkpoint(), read=EXPORT.get, policy=POLICY)) == []


def test_a_log_that_was_written_anew_and_signed_is_found_by_an_old_checkpoint() -> None:
    other = make_log(600, seed=2)
    found = lines(monitor(LOG.checkpoint(300), new=other.checkpoint(), read=other.export().get, policy=POLICY))
    assert len(found) == 1 and found[0].startswith("old checkpoint: root: expected ")


def test_a_log_that_shrank_is_found() -> None:
    found = lines(monitor(LOG.checkpoint(), new=LOG.checkpoint(500), read=EXPORT.get, policy=POLICY))
    assert found == ["new checkpoint: size: expected at least 600, found 500"]


def test_a_checkpoint_of_nobody_is_found() -> None:
    forged = LOG.checkpoint(300).replace(b"\n300\n", b"\n301\n")
    assert lines(monitor(forged, new=LOG.checkpoint(), read=EXPORT.get, policy=POLICY))[0].startswith(
        "old checkpoint: signature"
    )


def test_the_verifier_knows_the_moves_of_the_table_of_states() -> None:
    assert {(move.before and move.before.value, move.after.value) for move in MOVES} == LEGAL_MOVES


def api_claims() -> list[dict[str, Any]]:
    graph = verifier.ReplayedStates(Report())
    audit(EXPORT.get, POLICY, each=graph.take)
    return [{"reference": name, "state": graph.states[stream]} for name, stream in graph.references.items()]


def test_states_follow_from_the_entries() -> None:
    claims = api_claims()
    report = replay(EXPORT.get, POLICY, claims)
    assert (lines(report), len(claims), report.counts["claims compared"]) == ([], 7, 7)


def test_a_state_that_the_api_says_otherwise_is_named() -> None:
    first, *others = api_claims()
    said = [{**first, "state": "nowhere"}, {"reference": "DEM-99", "state": "reported"}, *others]
    assert lines(replay(EXPORT.get, POLICY, said)) == [
        f"claim {first['reference']}: state: expected {first['state']}, found nowhere",
        "claim DEM-99: reference: expected a claim of the ledger, found no entry that names it",
    ]


def test_an_illegal_move_is_named() -> None:
    log = ExportedLog()
    for before, after in ((None, "reported"), ("reported", "refuted"), ("refuted", "corroborated"), ("denied", None)):
        log.add("claim:1", "status_changed", {"from": before, "to": after}, {"blind": None}, BEGIN)
    assert lines(replay(log.export().get, POLICY)) == [
        "entry 2 (claim:1, 3): body.to: expected a legal move from refuted, found corroborated",
        "entry 3 (claim:1, 4): body.from: expected corroborated, found denied",
        "entry 3 (claim:1, 4): body.to: expected a legal move from denied, found null",
    ]


def test_a_reference_belongs_to_one_claim() -> None:
    log = ExportedLog()
    for stream in ("claim:1", "claim:2"):
        log.add(stream, "claim_created", {"reference": "UKR-42"}, {"blind": None}, BEGIN)
    assert lines(replay(log.export().get, POLICY)) == [
        "entry 1 (claim:2, 1): body.reference: expected UKR-42 only in claim:1, found UKR-42"
    ]


def test_a_claims_proof_holds() -> None:
    report = check_claim_proof(PROOF, POLICY)
    assert lines(report) == []
    assert (report.counts["fields redacted"], report.counts["fields withheld"]) == (0, 0)


def changed(path: list[Any], value: Any) -> bytes:
    """The proof file with one place of it replaced."""
    file = read_canonical(PROOF)
    place = file
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return canonical(file)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["format"], "other", "proof file: format: expected second-source/claim-proof/v1"),
        (["origin"], "other", "proof file: origin: expected desk.example.org/ledger"),
        (["entries"], [], "proof file: entries: expected at least one"),
        (["more"], 1, "proof file: form: expected checkpoint, entries"),
        (["checkpoint"], 1, "proof file: checkpoint: expected a signed note"),
        (["stream"], "claim:2", f"entry {FIRST} {AS_FIRST}: stream: expected claim:2"),
        (["entries", 0], {}, "entry number 0 of the file: form"),
        (["entries", 0, "index"], FIRST + 1, f"entry {FIRST + 1} {AS_FIRST}: proof: expected the root"),
        (["entries", 0, "index"], -1, "entry number 0 of the file: index"),
        (["entries", 0, "index"], 600, f"entry 600 {AS_FIRST}: index: expected below the size 600"),
        (["entries", 0, "proof", 0], "A" * 43 + "=", f"entry {FIRST} {AS_FIRST}: proof: expected the root"),
        (["entries", 0, "proof"], [], f"entry {FIRST} {AS_FIRST}: proof: expected more hashes"),
        (["entries", 0, "leaf"], "e30=", "entry number 0 of the file: leaf: expected exactly the fields"),
        (["entries", 0, "disclosures"], {}, f"entry {FIRST} {AS_FIRST}: disclosures: expected a value or null"),
        (["entries", 0, "disclosures", "other"], None, f"entry {FIRST} {AS_FIRST}: disclosures.other"),
    ],
)
def test_what_is_wrong_with_a_proof_file_is_named(path: list[Any], value: Any, expected: str) -> None:
    found = lines(check_claim_proof(changed(path, value), POLICY))
    assert found and found[0].startswith(expected), found


def test_an_entry_that_is_left_out_of_a_proof_file_is_missed() -> None:
    file = read_canonical(PROOF)
    del file["entries"][2]
    found = lines(check_claim_proof(canonical(file), POLICY))
    assert len(found) == 1 and "seq: expected 3, found 4" in found[0]
    file["entries"][1:3] = reversed(file["entries"][1:3])
    assert any("index: expected above" in line for line in lines(check_claim_proof(canonical(file), POLICY)))


def test_a_proof_file_that_is_not_canonical_is_refused() -> None:
    for data in (json.dumps(json.loads(PROOF), indent=1).encode(), PROOF + b"\n", b"", b"{", b"\xff", PROOF[:-1]):
        assert lines(check_claim_proof(data, POLICY))[0].startswith("proof file: form: expected canonical JSON")


def test_a_redacted_field_leaves_the_proof_whole() -> None:
    entry = read_canonical(PROOF)["entries"][1]
    hidden = changed(["entries", 1, "disclosures"], dict.fromkeys(entry["disclosures"]))
    report = check_claim_proof(hidden, POLICY)
    assert (lines(report), report.counts["fields withheld"]) == ([], len(entry["disclosures"]))


HASHES = [leaf_hash(leaf) for leaf in LOG.leaves]
ONE = TlogProof(300, tuple(inclusion_proof(reader(HASHES), 300, size=600)), LOG.checkpoint(), LOG.leaves[300])


def test_a_tlog_proof_with_its_leaf_holds() -> None:
    text = tlog_proof(ONE)
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nextra ") and b"\nindex 300\n" in text
    assert lines(check_tlog_proof(text, POLICY)) == []


def test_a_tlog_proof_says_which_entry_it_is_of(folder: Path) -> None:
    entry, key = read_entry(ONE.extra or b""), POLICY.log_keys[0]
    assert run(folder, "proof", "one.tlog-proof")[1].splitlines() == [
        f"entry: 300: status_changed of {entry.stream}, its number {entry.seq}, of {entry.at}",
        f"state: {entry.body['to']}, unless a later entry says otherwise",
        f"as of: 600 entries of {ORIGIN}",
        f"signed by: {ORIGIN}+{key.id.hex()}",
        "all matches (entries: 1)",
    ]


def test_a_tlog_proof_of_another_claim_is_told(folder: Path) -> None:
    own = read_entry(ONE.extra or b"").stream
    assert run(folder, "proof", "one.tlog-proof", "--claim", own)[0] == 0
    status, text, _ = run(folder, "proof", "one.tlog-proof", "--claim", "claim:other")
    assert (status, f"claim: expected claim:other, found {own}" in text) == (1, True)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tlog_proof(ONE._replace(leaf_index=301)), "proof: expected the root"),
        (lambda: tlog_proof(ONE._replace(extra=LOG.leaves[301])), "proof: expected the root"),
        (lambda: tlog_proof(ONE._replace(extra=None)), "extra: expected the leaf's bytes"),
        (lambda: tlog_proof(ONE._replace(hashes=ONE.hashes[:-1])), "proof: expected more hashes"),
        (lambda: tlog_proof(ONE._replace(checkpoint=LOG.checkpoint(500))), "proof: expected"),
        (lambda: tlog_proof(ONE).replace(b"@v1", b"@v2"), "tlog-proof: expected c2sp.org/tlog-proof@v1"),
        (lambda: tlog_proof(ONE).replace(b"index 300", b"index 0300"), "index: expected a decimal number"),
        (lambda: tlog_proof(ONE).replace(b"index 300\n", b""), "tlog-proof: expected a line with the index"),
        (lambda: tlog_proof(ONE).replace(b"\n\n", b"\n"), "tlog-proof"),
        (lambda: b"\xff" + tlog_proof(ONE), "tlog-proof: expected UTF-8"),
    ],
)
def test_what_is_wrong_with_a_tlog_proof_is_named(make: Callable[[], bytes], expected: str) -> None:
    assert lines(check_tlog_proof(make(), POLICY))[0].startswith(f"proof file: {expected}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export and what belongs to it on disk, and the verifier alone in a folder without our code."""
    for path, data in EXPORT.items():
        (tmp_path / "export" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "export" / path).write_bytes(data)
    keys = {"log_keys": [str(POLICY.log_keys[0])], "receipt_keys": [str(POLICY.receipt_keys[0])]}
    (tmp_path / "policy.json").write_text(json.dumps({"origin": ORIGIN, **keys}))
    (tmp_path / "proof.json").write_bytes(PROOF)
    (tmp_path / "one.tlog-proof").write_bytes(tlog_proof(ONE))
    (tmp_path / "old").write_bytes(LOG.checkpoint(300))
    (tmp_path / "receipt").write_bytes(receipt_for(LOG.leaves[9], BEGIN))
    (tmp_path / "claims.json").write_text(json.dumps({"next": None, "results": api_claims()}))
    (tmp_path / "claims.jsonl").write_text("\n".join(map(json.dumps, api_claims())))
    shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    return tmp_path


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The verifier's status and what it printed, run by itself in isolated mode without our folder on the path."""
    command = [sys.executable, "-I", "verifier.py", *arguments, "--policy", "policy.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"PATH": os.defpath})
    return done.returncode, done.stdout, done.stderr


def test_the_one_file_runs_alone(folder: Path) -> None:
    assert run(folder, "proof", "proof.json")[0] == 0
    assert run(folder, "proof", "one.tlog-proof")[0] == 0
    assert run(folder, "audit", "export", "--receipt", "receipt")[:2] == (
        0,
        "all matches (receipts: 1, fields not disclosed: 0, entries: 600, streams: 61)\n",
    )
    assert run(folder, "monitor", "old", "export/checkpoint", "--export", "export")[0] == 0
    for claims in ("claims.json", "claims.jsonl"):
        status, text, _ = run(folder, "replay", "export", "--claims", claims)
        assert (status, "claims compared: 7" in text) == (0, True)


def test_the_command_says_what_is_broken(folder: Path) -> None:
    bundle = folder / "export" / "tile" / "entries" / "001"
    bundle.write_bytes(bundle.read_bytes().replace(b"DEM-", b"DEN-").replace(b'"from":null', b'"from":1234'))
    (folder / "export" / "tile" / "entries" / "002.p" / "88").unlink()
    status, text, _ = run(folder, "audit", "export")
    assert status == 1
    assert "tile/entries/002.p/88: bundle: expected 88 leaves, found no such file" in text.splitlines()
    assert text.splitlines()[-1].startswith("1 findings") or "findings (" in text.splitlines()[-1]


def test_what_a_log_says_reaches_no_terminal_as_it_is(folder: Path) -> None:
    log = ExportedLog()
    log.add("claim:1", "status_changed", {"from": "\x1b[2Jü", "to": "reported"}, {"blind": None}, BEGIN)
    for path, data in log.export().items():
        (folder / "other" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "other" / path).write_bytes(data)
    status, text, _ = run(folder, "replay", "other")
    assert (status, text.splitlines()[0]) == (
        1,
        r"entry 0 (claim:1, 1): body.from: expected null, found \x1b[2J\xfc",
    )


def test_a_keys_name_reaches_no_terminal_as_it_is(folder: Path) -> None:
    key = replace(POLICY.log_keys[0], name="desk\x9b2J\u202e")
    (folder / "policy.json").write_text(json.dumps({"origin": ORIGIN, "log_keys": [str(key)]}))
    _, text, _ = run(folder, "keys")
    assert text.startswith(r"desk\x9b2J\u202e+")


def test_json_that_is_nested_too_deep_cannot_be_used(folder: Path) -> None:
    (folder / "policy.json").write_text("[" * 100_000)
    status, _, said = run(folder, "keys")
    assert (status, said.startswith("the policy: ")) == (2, True)
    with pytest.raises(verifier.Unusable):
        verifier.read_claims(b"[" * 100_000)


def test_a_folder_in_a_files_place_is_no_file(folder: Path) -> None:
    tile = folder / "export" / "tile" / "0" / "001"
    tile.unlink()
    tile.mkdir()
    assert run(folder, "audit", "export")[1].startswith("tile/0/001: tile: expected 256 hashes, found no such file\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["proof", "nowhere.json"], "nowhere.json: No such file"),
        (["audit", "nowhere"], "nowhere is no folder"),
        (["audit", "."], "the export has no checkpoint"),
        (["replay", "export", "--claims", "old"], "the claims: "),
    ],
)
def test_input_that_cannot_be_used_has_a_status_of_its_own(folder: Path, arguments: list[str], words: str) -> None:
    status, _, said = run(folder, *arguments)
    assert (status, words in said) == (2, True), said


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "[]",
        "{}",
        '{"origin": "a", "log_keys": []}',
        '{"origin": "a", "log_keys": "b"}',
        '{"origin": 5, "log_keys": ["b"]}',
        '{"origin": "a", "log_keys": ["a+b+c"]}',
        '{"origin": "a", "log_keys": [5]}',
    ],
)
def test_a_policy_without_keys_cannot_be_used(policy: str) -> None:
    with pytest.raises(verifier.Unusable, match="the policy"):
        verifier.read_policy(policy.encode())


def test_a_checkpoint_with_another_size_is_found() -> None:
    root = verifier.root_hash(HASHES)
    for size in (599, 601):
        forged = {**EXPORT, "checkpoint": sign_note(checkpoint_text(ORIGIN, size, root), [LOG_KEY])}
        assert lines(audit(forged.get, POLICY))


def test_a_proof_says_what_it_proves(folder: Path) -> None:
    status, text, _ = run(folder, "proof", "proof.json")
    value = read_canonical(PROOF)
    last = json.loads(base64.b64decode(value["entries"][-1]["leaf"]))
    count = len(value["entries"])
    fields = sum(len(one["disclosures"]) for one in value["entries"])
    assert status == 0
    assert text.splitlines() == [
        f"claim: DEM-1 ({CLAIM})",
        "statement: Statement 1 — ü",
        f"state: {last['body']['to']}",
        f"as of: 600 entries of {ORIGIN}; the last one here is of {last['at']}",
        f"signed by: {POLICY.log_keys[0].name}+{POLICY.log_keys[0].id.hex()}",
        f"dated: entries 1 to {count} by nothing but the server's own clock",
        f"all matches (fields verified: {fields}, fields redacted: 0, fields withheld: 0, entries: {count})",
    ]


def test_of_a_proof_that_does_not_hold_nothing_is_said() -> None:
    report = check_claim_proof(changed(["entries", 0, "index"], FIRST + 1), POLICY)
    assert (report.said, report.histories) == ({}, [])


def test_what_is_not_disclosed_is_not_said() -> None:
    hidden = changed(["entries", 0, "disclosures"], dict.fromkeys(read_canonical(PROOF)["entries"][0]["disclosures"]))
    assert check_claim_proof(hidden, POLICY).said["statement"] == "not disclosed"


def test_a_withheld_entry_leaves_the_state_open() -> None:
    value = read_canonical(PROOF)
    last = value["entries"][-1]
    hashed = leaf_hash(base64.b64decode(last["leaf"])).hex()
    value["entries"][-1] = {"index": last["index"], "proof": last["proof"], "leaf_hash": hashed}
    report = check_claim_proof(canonical(value), POLICY)
    assert report.said["state"].endswith(", unless an entry that is withheld says otherwise")
    assert report.counts["entries withheld"] == 1


def test_a_statement_reaches_no_terminal_as_a_command(folder: Path) -> None:
    log = ExportedLog()
    log.add("claim:1", "claim_reported", {"reference": "A-1"}, {"content": {"statement": "\x1b[2J\u202eso"}}, BEGIN)
    (folder / "other.json").write_bytes(log.proof("claim:1"))
    assert run(folder, "proof", "other.json")[1].splitlines()[1] == r"statement: \x1b[2J\u202eso"


def test_the_statement_is_that_of_the_newest_entry_that_has_one() -> None:
    log = ExportedLog()
    for words in ("Old", "New"):
        log.add("claim:1", "claim_edited", {"reference": "A-1"}, {"content": {"statement": words}}, BEGIN)
    log.add("claim:1", "claim_published", {}, {"reason": "Because"}, BEGIN)
    assert check_claim_proof(log.proof("claim:1"), POLICY).said["statement"] == "New"


@pytest.mark.parametrize("name", ["DEM-1", CLAIM, CLAIM.removeprefix("claim:")])
def test_the_claim_that_was_meant_is_known_by_each_of_its_names(folder: Path, name: str) -> None:
    assert run(folder, "proof", "proof.json", "--claim", name)[0] == 0


def test_a_proof_of_another_claim_is_told(folder: Path) -> None:
    status, text, _ = run(folder, "proof", "proof.json", "--claim", "DEM-2")
    assert (status, text.splitlines()[-2]) == (
        1,
        f"proof file: claim: expected DEM-2, found DEM-1, {CLAIM}, {CLAIM.removeprefix('claim:')}",
    )


def test_a_proof_without_its_end_is_told_by_the_state_that_one_expects(folder: Path) -> None:
    state = read_entry(LOG.leaves[read_canonical(PROOF)["entries"][-1]["index"]]).body["to"]
    assert run(folder, "proof", "proof.json", "--expect-state", state)[0] == 0
    value = read_canonical(PROOF)
    value["entries"].pop()
    (folder / "cut.json").write_bytes(canonical(value))
    status, text, _ = run(folder, "proof", "cut.json", "--expect-state", state)
    assert status == 1
    assert text.splitlines()[-2].startswith(f"proof file: state: expected {state}, or the end is cut off, found ")


def test_a_proof_that_is_older_than_the_log_is_told(folder: Path) -> None:
    (folder / "old.json").write_bytes(ExportedLog(LOG.leaves[:300], LOG.openings[:300]).proof(CLAIM))
    (folder / "new").write_bytes(LOG.checkpoint())
    (folder / "forged").write_bytes(LOG.checkpoint().replace(b"\n600\n", b"\n601\n"))
    (folder / "other").write_bytes(make_log(600, seed=2).checkpoint())
    found = {
        (file, given): run(folder, "proof", file, "--checkpoint", given)
        for file, given in (
            ("proof.json", "new"),
            ("proof.json", "old"),
            ("old.json", "new"),
            ("proof.json", "forged"),
            ("proof.json", "other"),
        )
    }
    assert [status for status, _, _ in found.values()] == [0, 0, 1, 1, 1]
    last = [text.splitlines()[-2].partition(", found")[0] for _, text, _ in found.values()][2:]
    assert last[0] == "proof file: size: expected at least 600 entries, as the checkpoint that was given has"
    assert last[1].startswith("the checkpoint that was given: signature")
    assert last[2].startswith("proof file: root: expected ")

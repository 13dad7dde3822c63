"""What was seen of a log before, against the log as it is: by a folder, by a server, in a memory that never forgets."""

import http.server
import json
import os
import random
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger import verifier
from ledger.canonical import canonical, read_canonical
from ledger.entries import format_time, leaf_hash
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.proofs import TlogProof, tlog_proof
from ledger.tree import inclusion_proof
from ledger.verifier import (
    GivenFiles,
    LogSize,
    Memory,
    Report,
    TileTree,
    Unusable,
    address_reader,
    main,
    root_hash,
    watch,
)
from tests.ledger.exports import BEGIN, ORIGIN, POLICY, ExportedLog, make_log, receipt_for
from tests.ledger.sample_bundle import ERASED_LOG, sample_bundle
from tests.ledger.test_tampering import Tampering, delete, duplicate, edit, insert, swap, truncate
from tests.ledger.test_tree import reader
from tests.ledger.vectors import zipped

LOG = make_log(600)
STREAM = "claim:00000001-0000-4000-8000-000000000000"
HASHES = [leaf_hash(leaf) for leaf in LOG.leaves]


def first(size: int, log: ExportedLog = LOG) -> ExportedLog:
    """The log as it was with so many entries."""
    return ExportedLog(log.leaves[:size], log.openings[:size])


def hashes_alone(log: ExportedLog) -> dict[str, bytes]:
    """What anybody may have of a log: no entries."""
    return {path: data for path, data in log.export().items() if not path.startswith(("disclosures", "tile/entries"))}


def seen(memory: Path, log: ExportedLog, *files: Path, now: datetime | None = None) -> Report:
    return watch(hashes_alone(log).get, POLICY, Memory(memory), GivenFiles(files), now)


def lines(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory"


def written(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 600])
def test_the_tiles_tell_the_root_of_every_size_before(size: int) -> None:
    root = root_hash(HASHES[:size])
    tree = TileTree(hashes_alone(first(size)).get, LogSize(ORIGIN, size, root))
    assert [tree.root(old) for old in range(size + 1)] == [root_hash(HASHES[:old]) for old in range(size + 1)]
    assert [tree.leaf(index) for index in range(size)] == HASHES[:size]


def test_the_tiles_of_a_large_log_tell_its_roots() -> None:
    hashes = [number.to_bytes(32) for number in range(66_000)]
    rows = [hashes]
    while len(rows[-1]) >= 256:
        below = rows[-1]
        rows.append([root_hash(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)])
    files = {
        verifier.tile_path(level, number, width=len(row[number * 256 : number * 256 + 256])): b"".join(
            row[number * 256 : number * 256 + 256]
        )
        for level, row in enumerate(rows)
        for number in range(-(-len(row) // 256))
    }
    tree = TileTree(files.get, LogSize(ORIGIN, 66_000, root_hash(hashes)))
    for old in (1, 255, 65_535, 65_536, 65_537, 65_792, 65_999, 66_000):
        assert tree.root(old) == root_hash(hashes[:old]), old


def test_a_log_that_grows_agrees_with_what_was_seen(memory: Path) -> None:
    for size in (0, 1, 200, 256, 300, 300, 600):
        assert lines(seen(memory, first(size))) == []
    report = seen(memory, LOG)
    assert (lines(report), report.counts["checkpoints"]) == ([], 6)
    assert report.said == {
        "log": "600 entries of desk.example.org/ledger",
        "remembered": "6 checkpoints, 0 proofs, 0 receipts",
    }


def test_a_log_that_was_written_anew_is_found_and_so_it_stays(memory: Path) -> None:
    for size in (100, 300):
        seen(memory, first(size))
    other = make_log(600, seed=2)
    expected = [
        "checkpoint of 100 entries, seen before: root: expected ",
        "checkpoint of 300 entries, seen before: root: expected ",
    ]
    for report in (seen(memory, other), seen(memory, other)):
        assert sorted(line[: len(expected[0])] for line in lines(report)) == expected
    # Back to the first history: the second one is not forgotten.
    (line,) = lines(seen(memory, LOG))
    assert line.startswith("checkpoint of 600 entries, seen before: root: expected ")


@pytest.mark.parametrize("tampering", [edit, delete, insert, swap, duplicate, truncate])
def test_a_log_that_its_own_keys_signed_anew_is_found(tmp_path: Path, tampering: Tampering) -> None:
    log = make_log(270, streams=5)
    seen(tmp_path / "seen", log)
    for seed in range(10):
        memory = Path(shutil.copytree(tmp_path / "seen", tmp_path / str(seed)))
        leaves = [*log.leaves]
        tampering(leaves, random.Random(seed))
        assert lines(seen(memory, ExportedLog(leaves, [{} for _ in leaves]))), seed


def test_one_sees_since_when_a_log_disagrees(memory: Path) -> None:
    for size in (100, 300, 500):
        seen(memory, first(size))
    forked = ExportedLog(LOG.leaves[:400] + make_log(600, seed=3).leaves[400:], LOG.openings)
    assert [line.partition(",")[0] for line in lines(seen(memory, forked))] == ["checkpoint of 500 entries"]


def test_a_log_that_shrank_is_found(memory: Path) -> None:
    seen(memory, LOG)
    assert lines(seen(memory, first(500))) == [
        "checkpoint of 600 entries, seen before: size: expected at least 600 entries in the log, found 500"
    ]


def test_what_an_unknown_key_signed_is_found_and_not_remembered(memory: Path) -> None:
    seen(memory, first(300))
    forged = sign_note(checkpoint_text(ORIGIN, 600, root_hash(HASHES)), [SigningKey.make(ORIGIN)])
    report = watch({**hashes_alone(LOG), "checkpoint": forged}.get, POLICY, Memory(memory))
    assert [line.partition(":")[0] for line in lines(report)] == ["checkpoint"]
    assert len(Memory(memory).files("checkpoints")) == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tile/0/001", "log: tile/0/001: expected 256 hashes, found no such file"),
        ("tile/1/000.p/2", "log: tile/1/000.p/2: expected 2 hashes, found no such file"),
    ],
)
def test_a_missing_tile_is_named(memory: Path, path: str, expected: str) -> None:
    seen(memory, first(300))
    files = {name: data for name, data in hashes_alone(LOG).items() if name != path}
    assert lines(watch(files.get, POLICY, Memory(memory))) == [expected]


@pytest.mark.parametrize("path", ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_changed_tile_is_not_believed(memory: Path, path: str) -> None:
    seen(memory, first(300))
    data = bytearray(hashes_alone(LOG)[path])
    data[7] ^= 1
    (line,) = lines(watch({**hashes_alone(LOG), path: bytes(data)}.get, POLICY, Memory(memory)))
    assert line.startswith("log: root of the tiles" if ".p/" in path else f"log: {path}: expected ")


def test_a_proof_is_remembered_and_looked_for(memory: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "proof.json", first(300).proof(STREAM))
    report = seen(memory, LOG, file)
    assert (lines(report), report.counts["proofs"], report.counts["files"]) == ([], 1, 1)
    assert seen(memory, LOG).counts["entries of proofs"] == report.counts["entries of proofs"] > 10
    for data in Memory(memory).files("proofs").values():
        assert b"Statement 1" not in data and b"disclosures" not in data


def test_an_entry_that_changed_in_the_log_is_named_by_the_proof_that_had_it(memory: Path, tmp_path: Path) -> None:
    seen(memory, LOG, written(tmp_path, "proof.json", LOG.proof(STREAM)))
    index = read_canonical(LOG.proof(STREAM))["entries"][1]["index"]
    leaves = [*LOG.leaves]
    leaves[index] = leaves[index].replace(b'"to":"', b'"to":"x')
    found = lines(seen(memory, ExportedLog(leaves, LOG.openings)))
    hashes = f"expected {HASHES[index].hex()}, found {leaf_hash(leaves[index]).hex()}"
    assert f"proof of {STREAM} as of 600 entries: entry {index}: {hashes}" in found
    assert len(found) == 2  # and the checkpoint


def test_a_tlog_proof_is_remembered_and_looked_for(memory: Path, tmp_path: Path) -> None:
    one = TlogProof(300, tuple(inclusion_proof(reader(HASHES), 300, size=600)), LOG.checkpoint(), LOG.leaves[300])
    report = seen(memory, LOG, written(tmp_path, "one", tlog_proof(one)))
    assert (lines(report), report.counts["entries of proofs"]) == ([], 1)


def test_a_proof_that_does_not_hold_is_named_and_not_remembered(memory: Path, tmp_path: Path) -> None:
    bad = LOG.proof(STREAM).replace(b"Statement 1", b"Statement 2")
    found = lines(seen(memory, LOG, written(tmp_path, "bad.json", bad)))
    assert len(found) == 1 and found[0].startswith("bad.json: entry ")
    assert Memory(memory).files("proofs") == {}


def cut(log: ExportedLog, count: int) -> bytes:
    """The proof without its newest entries."""
    value = read_canonical(log.proof(STREAM))
    del value["entries"][-count:]
    return canonical(value)


def test_a_proof_that_was_cut_at_its_end_is_told_by_another(memory: Path, tmp_path: Path) -> None:
    whole, short = written(tmp_path, "whole", LOG.proof(STREAM)), written(tmp_path, "short", cut(LOG, 2))
    missing = read_canonical(LOG.proof(STREAM))["entries"][-2]["index"]
    expected = (
        f"proof of {STREAM} as of 600 entries: end: expected entry {missing} too, as another proof has, "
        "found it is cut off before"
    )
    assert lines(seen(memory, LOG, short)) == []
    assert lines(seen(memory, LOG, whole)) == [expected]
    assert lines(seen(memory, LOG)) == []  # the log has not changed
    assert lines(seen(memory, LOG, short)) == [expected]


def test_a_proof_that_is_older_is_not_cut(memory: Path, tmp_path: Path) -> None:
    files = [written(tmp_path, str(size), first(size).proof(STREAM)) for size in (600, 100, 300)]
    assert lines(seen(memory, LOG, *files)) == []


def test_two_proofs_with_different_entries_of_one_stream_are_found(memory: Path, tmp_path: Path) -> None:
    other = make_log(600, seed=2)
    files = [written(tmp_path, name, log.proof(STREAM)) for name, log in (("a", LOG), ("b", other))]
    found = lines(seen(memory, LOG, *files))
    assert any("as another proof has, found" in line and ": entry " in line for line in found)


def test_a_receipt_is_found_in_the_log_without_its_index(memory: Path, tmp_path: Path) -> None:
    files = [written(tmp_path, str(at), receipt_for(LOG.leaves[at], BEGIN)) for at in (0, 255, 256, 599)]
    report = seen(memory, LOG, *files, now=BEGIN + timedelta(days=1))
    assert (lines(report), report.counts["receipts"]) == ([], 4)
    assert sorted(map(int, Memory(memory).files("found").values())) == [0, 255, 256, 599]
    assert lines(seen(memory, LOG, now=BEGIN + timedelta(days=2))) == []


def test_a_file_of_several_receipts_is_remembered_one_by_one(memory: Path, tmp_path: Path) -> None:
    several = receipt_for(LOG.leaves[0], BEGIN) + receipt_for(LOG.leaves[599], BEGIN) + receipt_for(b"gone", BEGIN)
    report = seen(memory, LOG, written(tmp_path, "several", several), now=BEGIN + timedelta(days=1))
    assert (len(lines(report)), report.counts["receipts"]) == (1, 3)
    assert len(Memory(memory).files("receipts")) == 3


def test_of_a_file_with_a_receipt_that_nobody_signed_nothing_is_remembered(memory: Path, tmp_path: Path) -> None:
    one, other = receipt_for(LOG.leaves[0], BEGIN), receipt_for(LOG.leaves[1], BEGIN)
    report = seen(memory, LOG, written(tmp_path, "several", one + other.replace(b"\n60\n", b"\n90\n")))
    assert (len(lines(report)), Memory(memory).files("receipts")) == (1, {})


def test_a_receipt_is_due_after_its_longest_delay(memory: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "receipt", receipt_for(b"gone", BEGIN, 60))
    early = seen(memory, LOG, file, now=BEGIN + timedelta(seconds=60))
    assert (lines(early), early.counts["receipts not due yet"]) == ([], 1)
    (late,) = lines(seen(memory, LOG, now=BEGIN + timedelta(seconds=60.001)))
    due = format_time(BEGIN + timedelta(seconds=60))
    assert late == (
        f"receipt of {format_time(BEGIN)}: leaf: expected {leaf_hash(b'gone').hex()} in the log since {due}, "
        "found no such leaf"
    )


def test_receipts_of_one_leaf_that_differ_are_all_kept(memory: Path, tmp_path: Path) -> None:
    late, soon = receipt_for(b"gone", BEGIN, 3600), receipt_for(b"gone", BEGIN, 60)
    files = [written(tmp_path, name, data) for name, data in (("late", late), ("soon", soon), ("again", late))]
    found = seen(memory, LOG, *files, now=BEGIN + timedelta(seconds=61))
    assert sorted(Memory(memory).files("receipts").values()) == sorted([late, soon])
    assert (len(lines(found)), found.counts["receipts not due yet"]) == (1, 1)
    assert len(lines(seen(memory, LOG, now=BEGIN + timedelta(days=1)))) == 2


def test_a_receipt_that_lies_ahead_of_the_readers_clock_is_told(memory: Path, tmp_path: Path) -> None:
    clock = BEGIN - timedelta(seconds=300)
    file = written(tmp_path, "receipt", receipt_for(LOG.leaves[599], BEGIN))
    assert lines(watch(LOG.export().get, POLICY, Memory(memory), GivenFiles([file]), clock=clock)) == []
    found = lines(watch(LOG.export().get, POLICY, Memory(memory), clock=clock - timedelta(milliseconds=1)))
    now, at = format_time(clock - timedelta(milliseconds=1)), format_time(BEGIN)
    assert found == [f"receipt of {at}: at: expected at most 300 seconds after now, {now}, found {at}"]


def test_a_promised_leaf_that_was_there_and_is_gone_is_found_at_once(memory: Path, tmp_path: Path) -> None:
    young = BEGIN + timedelta(seconds=1)
    seen(memory, LOG, written(tmp_path, "receipt", receipt_for(LOG.leaves[599], BEGIN)), now=young)
    found = lines(seen(memory, first(599), now=young))
    assert [line.partition(",")[0] for line in found if line.startswith("receipt")] != []


def test_a_copy_of_a_log_tells_by_its_entries_which_receipts_are_due(memory: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "receipt", receipt_for(b"gone", BEGIN))
    young = written(tmp_path, "young", receipt_for(b"to come", BEGIN + timedelta(days=1)))
    hashes = seen(memory, LOG, file, young)
    assert (lines(hashes), hashes.counts["receipts not found in a log that tells no time"]) == ([], 2)
    whole = watch(LOG.export().get, POLICY, Memory(memory))
    assert [line.partition(",")[0] for line in lines(whole)] == [
        f"receipt of {format_time(BEGIN)}: leaf: expected {leaf_hash(b'gone').hex()} in the log since "
        f"{format_time(BEGIN + timedelta(seconds=60))}"
    ]
    assert whole.counts["receipts not due yet"] == 1


def test_a_bundle_is_remembered_as_the_proofs_in_it(memory: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "UKR-42-bundle.zip", zipped(sample_bundle()))
    log = ExportedLog([*ERASED_LOG.leaves], [*ERASED_LOG.openings])
    report = watch(hashes_alone(log).get, POLICY, Memory(memory), GivenFiles([file]))
    assert (lines(report), report.counts["proofs"], report.counts["entries of proofs"]) == ([], 3, 7)


def test_a_checkpoint_that_somebody_kept_is_remembered(memory: Path, tmp_path: Path) -> None:
    assert lines(seen(memory, LOG, written(tmp_path, "mailed", LOG.checkpoint(300)))) == []
    other = written(tmp_path, "other", make_log(600, seed=2).checkpoint(400))
    (line,) = lines(seen(memory, LOG, other))
    assert line.startswith("checkpoint of 400 entries, seen before: root")


def test_what_is_no_file_of_a_log_is_named(memory: Path, tmp_path: Path) -> None:
    assert lines(seen(memory, LOG, written(tmp_path, "letter", b"Dear reader")))[0].startswith("letter: note: note")
    with pytest.raises(Unusable, match="nowhere: No such file"):
        seen(memory, LOG, tmp_path / "nowhere")


def test_nothing_that_was_remembered_is_changed_or_forgotten(memory: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "proof", first(300).proof(STREAM))
    before: dict[str, bytes] = {}
    for log in (first(100), first(300), make_log(600, seed=2), LOG):
        seen(memory, log, file)
        now = {str(path): path.read_bytes() for path in memory.rglob("*") if path.is_file()}
        assert now.items() >= before.items()
        before = now


def test_what_a_crash_left_half_written_is_not_remembered(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(Unusable, match="No space left"):
        patch.setattr(os, "fsync", full)
        seen(memory, first(300))
    assert Memory(memory).files("checkpoints") == {}
    assert lines(seen(memory, LOG)) == []
    assert len(Memory(memory).files("checkpoints")) == 1


def test_a_memory_that_somebody_changed_is_named(memory: Path) -> None:
    seen(memory, first(300))
    (kept,) = (memory / "checkpoints").iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"\n300\n", b"\n200\n"))
    assert lines(seen(memory, LOG))[0].startswith(f"memory: checkpoints/{kept.name}: signature")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("proofs", b"{"),
        ("proofs", b"{}"),
        ("proofs", canonical({"checkpoint": LOG.checkpoint().decode(), "stream": None, "entries": []})),
        ("found", b"-1"),
        ("found", b"\xff"),
    ],
)
def test_a_memory_that_cannot_be_read_is_no_memory(memory: Path, kind: str, data: bytes) -> None:
    Memory(memory).keep(kind, name="damaged", data=data)
    with pytest.raises(Unusable, match="damaged is not as it was written"):
        seen(memory, LOG)


def on_disk(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    keys = {"log_keys": [str(POLICY.log_keys[0])], "receipt_keys": [str(POLICY.receipt_keys[0])]}
    (tmp_path / "policy.json").write_text(json.dumps({"origin": ORIGIN, **keys}))
    return tmp_path / "policy.json"


def run(*arguments: Path | str, policy: Path, memory: Path) -> int:
    return main(["watch", *map(str, arguments), "--policy", str(policy), "--memory", str(memory)])


def test_the_command_has_the_status_of_the_others(
    memory: Path, tmp_path: Path, policy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = on_disk(tmp_path / "export", first(300).export())
    assert run(export, policy=policy, memory=memory) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "log: 300 entries of desk.example.org/ledger",
        "remembered: 0 checkpoints, 0 proofs, 0 receipts",
    ]
    shutil.rmtree(export)
    on_disk(export / "ledger", make_log(600, seed=2).export())  # a mirror of a site
    assert run(export, policy=policy, memory=memory) == 1
    assert run(tmp_path / "nowhere", policy=policy, memory=memory) == 2
    assert run("ftp://desk.example.org/ledger", policy=policy, memory=memory) == 2
    assert run(tmp_path, policy=policy, memory=memory) == 2


Answer = tuple[int, dict[str, str], bytes]


class WatchedSite:
    """A server that answers as it is told, path by path."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, log: ExportedLog, under: str = "/ledger") -> None:
        self.answers |= {f"{under}/{path}": (200, {}, data) for path, data in hashes_alone(log).items()}


@pytest.fixture
def site() -> Iterator[WatchedSite]:
    one = WatchedSite()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_a_log_is_watched_by_its_address(site: WatchedSite, memory: Path, policy: Path) -> None:
    for size in (100, 300, 600):
        site.serve(first(size))
        assert run(f"{site.address}/ledger", policy=policy, memory=memory) == 0
    assert run(site.address, policy=policy, memory=memory) == 0
    assert not any("entries" in path for path in site.asked)
    site.serve(make_log(600, seed=2))
    assert run(site.address, policy=policy, memory=memory) == 1


def test_of_many_checkpoints_only_those_are_asked_for_anew_that_no_other_extends(
    site: WatchedSite, memory: Path, policy: Path
) -> None:
    for size in range(10, 600, 40):
        site.serve(first(size))
        run(site.address, policy=policy, memory=memory)
    site.asked.clear()
    site.serve(LOG)
    assert run(site.address, policy=policy, memory=memory) == 0
    assert sorted(set(site.asked)) == ["/ledger/checkpoint", "/ledger/tile/0/002.p/88", "/ledger/tile/1/000.p/2"]
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    "where",
    ["http://localhost:1/ledger/checkpoint", "https://elsewhere.example/", "file:///etc/passwd", "ftp://127.0.0.1/"],
)
def test_a_redirect_to_another_server_is_not_followed(site: WatchedSite, where: str) -> None:
    site.answers["/ledger/checkpoint"] = (302, {"Location": where}, b"")
    with pytest.raises(Unusable, match=r"leads to another server|status 302"):
        address_reader(site.address)("checkpoint")


def test_a_redirect_on_the_same_server_is_followed(site: WatchedSite) -> None:
    site.answers["/ledger/checkpoint"] = (302, {"Location": "/log/checkpoint"}, b"")
    site.answers["/log/checkpoint"] = (200, {}, b"here")
    assert address_reader(site.address)("checkpoint") == b"here"


def test_an_answer_that_does_not_end_is_given_up(site: WatchedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.answers["/ledger/checkpoint"] = (200, {}, b"x" * 1_000_001)
    with pytest.raises(Unusable, match="too long"):
        address_reader(site.address)("checkpoint")
    monkeypatch.setattr(verifier, "LONGEST_ANSWER", -1.0)
    site.answers["/ledger/checkpoint"] = (200, {}, b"x")
    with pytest.raises(Unusable):
        address_reader(site.address)("checkpoint")


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc",
        "ftp://desk.example.org/ledger",
        "http:///ledger",
        "https://desk.example.org/?a=1",
        "data://x",
        "http://a:99999",
        "http://[a",
    ],
)
def test_other_addresses_are_no_logs(address: str) -> None:
    with pytest.raises(Unusable, match="no address of a log"):
        address_reader(address)


def test_a_server_that_fails_says_nothing_of_the_log(site: WatchedSite) -> None:
    site.answers["/ledger/checkpoint"] = (500, {}, b"")
    with pytest.raises(Unusable, match="status 500"):
        address_reader(site.address)("checkpoint")
    site.server.shutdown()
    site.server.server_close()
    with pytest.raises(Unusable, match="refused"):
        address_reader(site.address)("checkpoint")

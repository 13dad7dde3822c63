"""Who gives a command a file of another sort is told which sort it is, and where it goes; a file that no witness signed
is told as such, and not as a forgery."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import verifier
from ledger.canonical import canonical
from ledger.proofs import tlog_proof
from ledger.verifier import CHECKPOINT, EXPORT, GivenFiles, Memory, main, watch
from tests.conftest import ROOT
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, make_log, receipt_for
from tests.ledger.sample_bundle import sample_bundle
from tests.ledger.test_verifier import CLAIM, ONE
from tests.ledger.test_watching import hashes_alone
from tests.ledger.test_witnessed_files import ENOUGH, WITNESSES, by
from tests.ledger.vectors import WITNESS_POLICY_TEXT, zipped

LOG = make_log(600)
STREAMS = [CLAIM, CLAIM.replace("00000001", "00000002")]
POLICY_FILE = canonical({"origin": ORIGIN, "log_keys": [str(LOG_KEY.verifier_key)], "receipt_keys": []})
LIST = json.dumps([LOG.proof(stream).decode() for stream in STREAMS]).encode()

FILES: dict[str, tuple[bytes, str]] = {
    "proof": (LOG.proof(CLAIM), "the proof of one history"),
    "material": (LIST, "a list of proofs"),
    "change": (verifier.TLOG_PROOF.encode() + b"\n", "a tlog-proof"),
    "bundle.zip": (zipped(sample_bundle()), "an evidence bundle"),
    "manifest.json": (sample_bundle()["manifest.json"], "a part of an evidence bundle"),
    "manifest.note": (sample_bundle()["manifest.note"], "a part of an evidence bundle"),
    "history.json": (sample_bundle()["history.json"], "a part of an evidence bundle"),
    "export.jsonl": (canonical({"format": EXPORT}) + b"\n{}\n", "entries that were opened for one reader"),
    "checkpoint": (LOG.checkpoint(), "a checkpoint"),
    "receipts": (receipt_for(LOG.leaves[0], verifier.read_time("2026-11-22T22:14:03.123Z")), "receipts"),
    "policy": (POLICY_FILE, "a policy, the public keys"),
    "policy, by hand": (json.dumps(json.loads(POLICY_FILE), indent=2).encode(), "a policy, the public keys"),
    "witnesses": (WITNESS_POLICY_TEXT, "a policy of witnesses"),
    "claims.json": (canonical({"format": verifier.PUBLISHED_LIST, "results": [], "next": None}), "a list of claims"),
    "page.html": (b"\n<!doctype html><title>UKR-1</title>", "a web page"),
    "verifier.py": (Path(verifier.__file__).read_bytes(), "this program"),
    "ledger.md": ((ROOT / "docs" / "ledger.md").read_bytes(), "the format in writing"),
    "nothing": (b"", "empty"),
    "600-1.tst": (b"\x30\x82\x05\x00", "a time stamp"),
}
PLACES: dict[str, tuple[list[str], set[str]]] = {
    "proof": (["proof", "{}"], {"proof", "material", "change"}),
    "bundle": (["bundle", "{}"], {"bundle.zip"}),
    "export": (["export", "{}"], {"export.jsonl"}),
    "audit": (["audit", "{}"], set()),
    "replay": (["replay", "{}"], set()),
    "claims": (["replay", "{log}", "--claims", "{}"], {"claims.json"}),
    "receipt": (["audit", "{log}", "--receipt", "{}"], {"receipts"}),
    "old": (["monitor", "{}", "{checkpoint}", "--export", "{log}"], {"checkpoint"}),
    "new": (["monitor", "{checkpoint}", "{}", "--export", "{log}"], {"checkpoint"}),
    "of monitor": (["monitor", "{checkpoint}", "{checkpoint}", "--export", "{}"], set()),
    "no older than": (["proof", "{proof}", "--checkpoint", "{}"], {"checkpoint"}),
    "watch": (["watch", "{}", "--memory", "{memory}"], set()),
    "seen": (
        ["watch", "{log}", "--memory", "{memory}", "{}"],
        {"proof", "material", "change", "bundle.zip", "receipts", "checkpoint"},
    ),
    "policy": (["keys"], {"policy", "policy, by hand"}),
    "witness policy": (["keys", "--witness-policy", "{}"], {"witnesses"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files, and a log beside them."""
    folder = tmp_path_factory.mktemp("given")
    for name, (data, _words) in FILES.items():
        (folder / name).write_bytes(data)
    for path, data in LOG.export().items():
        (folder / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "log" / path).write_bytes(data)
    return folder


def _run(folder: Path, place: str, given: str) -> int:
    names = {name: str(folder / name) for name in ("log", "checkpoint", "proof", "memory")}
    arguments = [one.format(str(folder / given), **names) for one in PLACES[place][0]]
    return main([*arguments, "--policy", str(folder / (given if place == "policy" else "policy"))])


@pytest.mark.parametrize("place", PLACES)
def test_a_file_of_another_sort_is_called_by_its_own(
    folder: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (_data, words) in FILES.items():
        if name in PLACES[place][1]:
            continue
        assert _run(folder, place, name) == 2, name
        said = capsys.readouterr()
        assert said.out == "" and f"This is {words}" in said.err and "it is for " in said.err, (name, said.err)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_of_the_sort_that_is_asked_for_is_looked_at(
    folder: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PLACES[place][1]:
        _run(folder, place, name)
        assert "This is " not in capsys.readouterr().err, name


def test_a_folder_of_another_sort_is_called_by_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(folder, "bundle", "log") == _run(folder, "proof", "log") == 2
    assert capsys.readouterr().err.count("This is a copy of a log") == 2
    (folder / "bundle").mkdir()
    (folder / "bundle" / "manifest.json").write_bytes(FILES["manifest.json"][0])
    assert _run(folder, "audit", "bundle") == 2
    assert "This is an evidence bundle" in capsys.readouterr().err


def test_what_is_none_of_ours_is_no_proof(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "picture").write_bytes(b"\x89PNG\r\n")
    assert _run(folder, "proof", "picture") == 2
    assert "This is none of the files that this program reads" in capsys.readouterr().err


def test_a_proof_that_was_cut_off_is_one_that_does_not_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut").write_bytes(LOG.proof(CLAIM)[:-100])
    assert _run(folder, "proof", "cut") == 1
    assert "proof file: form: expected canonical JSON" in capsys.readouterr().out


def test_a_list_of_proofs_is_checked_proof_by_proof(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(folder, "proof", "material") == 0
    said = capsys.readouterr().out.splitlines()
    for number, stream in enumerate(STREAMS, 1):
        assert any(line.startswith(f"proof {number}: ") and stream.partition(":")[2] in line for line in said)
    assert said[-1].startswith("all matches (proofs: 2, ")
    (folder / "one lies").write_bytes(LIST.replace(b"second-source/claim-proof", b"second-source/claim-prooF", 1))
    assert _run(folder, "proof", "one lies") == 1
    assert "\nproof 1: proof file: " in f"\n{capsys.readouterr().out}"


# What no witness signed

UNWITNESSED: dict[str, Callable[[], bytes]] = {
    "proof": lambda: LOG.proof(CLAIM),
    "a list": lambda: LIST,
    "one leaf": lambda: tlog_proof(ONE),
    "bundle": lambda: zipped(sample_bundle()),
}


@pytest.mark.parametrize("name", UNWITNESSED)
def test_a_file_from_before_there_were_witnesses_is_told_as_not_witnessed(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    demanding = {
        "origin": ORIGIN,
        "log_keys": list(map(str, POLICY.log_keys)),
        "receipt_keys": list(map(str, POLICY.receipt_keys)),
        "witness_policy": WITNESS_POLICY_TEXT.decode(),
    }
    (folder / "demanding").write_bytes(canonical(demanding))
    (folder / "kept").write_bytes(UNWITNESSED[name]())
    command = "bundle" if name == "bundle" else "proof"
    assert main([command, str(folder / "kept"), "--policy", str(folder / "demanding")]) == 1
    *lines, remark, last = capsys.readouterr().out.splitlines()
    assert last.startswith("not witnessed (") and remark == verifier.NOT_WITNESSED
    assert any(
        line.endswith("no witness cosigned its checkpoint, and your policy asks for a quorum of them") for line in lines
    )
    assert any("witnessed by: nobody" in line for line in lines)
    assert not any("expected" in line for line in lines)


def test_what_is_wrong_besides_is_told_as_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "witness policy").write_bytes(WITNESS_POLICY_TEXT)
    asked = ["proof", str(folder / "proof"), "--policy", str(folder / "policy"), "--claim", "UKR-999"]
    assert main([*asked, "--witness-policy", str(folder / "witness policy")]) == 1
    said = capsys.readouterr().out
    assert "not witnessed" not in said and said.splitlines()[-1].startswith("2 findings (")


def test_a_kept_file_that_is_not_witnessed_is_held_against_a_log_that_is(folder: Path, tmp_path: Path) -> None:
    policy = replace(POLICY, witnesses=WITNESSES)
    for seed, expected in ((1, []), (2, ["entry"])):
        log: Any = make_log(600, seed=seed)
        files = {**hashes_alone(log), CHECKPOINT: by(log.checkpoint(), "abd")}
        report = watch(files.get, policy, Memory(tmp_path / str(seed)), GivenFiles([folder / "proof"]))
        assert report.counts["files that are not witnessed by themselves"] == 1
        assert report.said["witnessed by"].startswith(ENOUGH)
        assert bool(report.findings) is bool(expected)

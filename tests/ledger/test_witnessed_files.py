"""The verifier asks files and logs for the quorum that its reader's policy demands, and says who cosigned when."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.canonical import canonical
from ledger.notes import CosigningKey, Policy
from ledger.proofs import tlog_proof
from ledger.verifier import (
    CHECKPOINT,
    WITNESSED,
    Member,
    Memory,
    Report,
    audit,
    check_bundle,
    check_claim_proof,
    check_tlog_proof,
    main,
    monitor,
    read_witness_policy,
    split_note,
    watch,
)
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, ExportedLog, make_log
from tests.ledger.sample_bundle import ERASED_LOG, sample_bundle
from tests.ledger.sample_log import SampleLog
from tests.ledger.test_verifier import ONE
from tests.ledger.test_watching import first, hashes_alone
from tests.ledger.vectors import AT_COSIGNED, WITNESS_KEYS, WITNESS_POLICY_TEXT, cosigned, sample_proof

WITNESSES = read_witness_policy(WITNESS_POLICY_TEXT)
DEMANDING = replace(POLICY, witnesses=WITNESSES)
NONE = read_witness_policy(
    "".join(f"witness {name} {key.verifier_key}\n" for name, key in WITNESS_KEYS.items()).encode() + b"quorum none\n"
)
LACKING = "cosignatures: expected those of a quorum of witnesses, found "
SAID = "a.example.org/witness at 2026-11-22T22:15:00Z, b.example.org/witness at 2026-11-22T22:16:00Z"
ENOUGH = f"{SAID}, d.example.org/witness at 2026-11-22T22:18:00Z"


def by(note: bytes, names: str, at: int | None = None) -> bytes:
    """A note with the cosignatures of these witnesses, at their times or all at one."""
    text = split_note(note)[0]
    lines = [WITNESS_KEYS[name].cosignature_line(text, AT_COSIGNED[name] if at is None else at) for name in names]
    return note + "".join(lines).encode()


def proof(names: str) -> bytes:
    return sample_proof(lambda value: value.update(checkpoint=cosigned(names).decode()))


def whole_audit(note: bytes, policy: Policy) -> Report:
    files = {**make_log(600).export(), CHECKPOINT: note}
    return audit(files.get, policy)


CHECKS: dict[str, Callable[[str, Policy], Report]] = {
    "proof": lambda names, policy: check_claim_proof(proof(names), policy),
    "tlog-proof": lambda names, policy: check_tlog_proof(
        tlog_proof(ONE._replace(checkpoint=by(ONE.checkpoint, names))), policy
    ),
    "audit": lambda names, policy: whole_audit(by(make_log(600).checkpoint(), names), policy),
    "monitor": lambda names, policy: monitor(
        make_log(600).checkpoint(200),
        new=by(make_log(600).checkpoint(), names),
        read=make_log(600).export().get,
        policy=policy,
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_checkpoint_without_the_quorum_is_a_finding(name: str) -> None:
    for names, said in (("", "nobody"), ("ab", SAID)):
        (finding,) = CHECKS[name](names, DEMANDING).findings
        assert f"{finding.part}: expected {finding.expected}, found {finding.found}" == LACKING + said


@pytest.mark.parametrize("name", CHECKS)
def test_a_checkpoint_with_the_quorum_is_none_and_its_witnesses_are_told(name: str) -> None:
    report = CHECKS[name]("abd", DEMANDING)
    assert report.findings == []
    assert report.said.get("witnessed by", ENOUGH if name == "tlog-proof" else None) == ENOUGH


@pytest.mark.parametrize("name", CHECKS)
def test_a_policy_that_demands_nobody_tells_who_cosigned_all_the_same(name: str) -> None:
    report = CHECKS[name]("ab", replace(POLICY, witnesses=NONE))
    assert report.findings == [] and report.said.get("witnessed by", SAID) == SAID


@pytest.mark.parametrize("name", CHECKS)
def test_a_policy_that_knows_no_witnesses_passes_over_their_lines(name: str) -> None:
    report = CHECKS[name]("ab", POLICY)
    assert report.findings == [] and "witnessed by" not in report.said


def test_a_proof_with_a_cosignature_that_its_witness_did_not_make_is_broken() -> None:
    wrong = by(cosigned("abd"), "c").replace(b"c.example.org", b"d.example.org")
    other = WITNESS_KEYS["c"].cosignature_line("another text\n", 5)
    for note, is_good in ((wrong, True), (cosigned("abd") + other.encode(), False)):
        report = check_claim_proof(sample_proof(lambda value, n=note: value.update(checkpoint=n.decode())), DEMANDING)  # type: ignore[misc]
        assert (report.findings == []) is is_good


class CosignedLog(SampleLog):
    """The sample with what was erased of it; its checkpoint is cosigned."""

    def __init__(self, names: str) -> None:
        super().__init__()
        self.__dict__.update(ERASED_LOG.__dict__)
        self._names = names

    def checkpoint(self, size: int | None = None) -> bytes:
        note = super().checkpoint(size)
        text = split_note(note)[0]
        return (
            note + "".join(WITNESS_KEYS[one].cosignature_line(text, AT_COSIGNED[one]) for one in self._names).encode()
        )


def bundle_with(names: str) -> dict[str, bytes]:
    """The sample's bundle with its checkpoint cosigned."""
    return sample_bundle(log=CosignedLog(names))


def test_a_bundles_one_checkpoint_is_asked_for_the_quorum_once() -> None:
    for names, expected in (("ab", [f"checkpoint: {LACKING}{SAID}"]), ("abd", [])):
        report = Report()
        members = [Member(path, len(content), iter([content])) for path, content in bundle_with(names).items()]
        check_bundle(members, DEMANDING, report)
        assert [str(finding) for finding in report.findings] == expected
        assert report.said["witnessed by"] == (ENOUGH if names == "abd" else SAID)


# Watch: the newest checkpoint is seconds old, so a witnessed one beside it will do.

LOG, NOW = make_log(600), datetime(2026, 11, 23, tzinfo=UTC)


def watched(
    memory: Path, newest: bytes, witnessed: bytes | None, now: datetime | None = NOW, log: ExportedLog = LOG
) -> Report:
    files = {**hashes_alone(log), CHECKPOINT: newest}
    if witnessed is not None:
        files[WITNESSED] = witnessed
    return watch(files.get, DEMANDING, Memory(memory), None, now)


def lines(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


def test_a_log_is_watched_by_its_newest_witnessed_checkpoint(tmp_path: Path) -> None:
    at = int(NOW.timestamp()) - 3000
    report = watched(tmp_path, LOG.checkpoint(), by(LOG.checkpoint(500), "abd", at))
    assert lines(report) == []
    assert report.said["witnessed by"].endswith("as of 500 entries")
    assert lines(watched(tmp_path, by(LOG.checkpoint(), "abd", at), None)) == []


def test_a_log_without_any_witnessed_checkpoint_is_found(tmp_path: Path) -> None:
    for witnessed in (None, by(LOG.checkpoint(500), "ab")):
        (line,) = lines(watched(tmp_path, LOG.checkpoint(), witnessed))
        assert line.startswith(f"checkpoint.witnessed: {LACKING}")


def test_a_log_whose_witnesses_have_seen_nothing_new_for_longer_than_an_hour_is_found(tmp_path: Path) -> None:
    old = by(LOG.checkpoint(500), "abd", int((NOW - timedelta(seconds=3601)).timestamp()))
    (line,) = lines(watched(tmp_path, LOG.checkpoint(), old))
    assert "those of a quorum of witnesses within 3600 seconds" in line
    # A log in which nothing is new has nothing to show to them; a folder tells no time.
    newest = by(LOG.checkpoint(), "abd", int((NOW - timedelta(days=5)).timestamp()))
    assert lines(watched(tmp_path, newest, None)) == []
    assert lines(watched(tmp_path, LOG.checkpoint(), old, now=None)) == []


def test_another_log_than_the_witnesses_were_shown_is_found(tmp_path: Path) -> None:
    other = make_log(600, seed=2)
    shown = by(other.checkpoint(500), "abd", int(NOW.timestamp()))
    found = lines(watched(tmp_path, LOG.checkpoint(), shown))
    assert any(line.startswith("checkpoint.witnessed: root: expected") for line in found)
    # And it is not forgotten: both are signed.
    again = lines(watched(tmp_path, by(LOG.checkpoint(), "abd", int(NOW.timestamp())), None))
    assert any(line.startswith("checkpoint of 500 entries, seen before: root: expected") for line in again)


def test_a_witnessed_checkpoint_of_more_entries_than_the_log_is_found(tmp_path: Path) -> None:
    shown = by(LOG.checkpoint(), "abd", int(NOW.timestamp()))
    found = lines(watched(tmp_path, first(500).checkpoint(), shown, log=first(500)))
    assert any("at most 500 entries, found 600" in line for line in found)


def test_the_command_takes_a_witness_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy").write_bytes(
        canonical({"origin": ORIGIN, "log_keys": [str(LOG_KEY.verifier_key)], "receipt_keys": []})
    )
    (tmp_path / "witnesses").write_bytes(WITNESS_POLICY_TEXT)
    (tmp_path / "proof").write_bytes(proof("ab"))
    asked = ["proof", str(tmp_path / "proof"), "--policy", str(tmp_path / "policy")]
    assert main(asked) == 0
    assert main([*asked, "--witness-policy", str(tmp_path / "witnesses")]) == 1
    assert f"proof file: {LACKING}{SAID}" in capsys.readouterr().out
    (tmp_path / "proof").write_bytes(proof("abd"))
    assert main([*asked, "--witness-policy", str(tmp_path / "witnesses")]) == 0
    assert f"witnessed by: {ENOUGH}\n" in capsys.readouterr().out
    (tmp_path / "witnesses").write_bytes(b"quorum x\n")
    assert main([*asked, "--witness-policy", str(tmp_path / "witnesses")]) == 2
    assert "line 1" in capsys.readouterr().err


def test_the_policys_own_member_is_asked_where_no_other_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"origin": ORIGIN, "log_keys": [str(LOG_KEY.verifier_key)], "witness_policy": WITNESS_POLICY_TEXT.decode()}
    (tmp_path / "policy").write_text(json.dumps(said))
    (tmp_path / "proof").write_bytes(proof("a"))
    assert main(["proof", str(tmp_path / "proof"), "--policy", str(tmp_path / "policy")]) == 1
    assert "a.example.org/witness at 2026" in capsys.readouterr().out


def test_what_a_witness_is_called_reaches_no_terminal_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = CosigningKey("w\u202e.example.org", bytes([6] * 32))
    note = cosigned("") + odd.cosignature_line(split_note(cosigned(""))[0], 5).encode()
    said = {
        "origin": ORIGIN,
        "log_keys": [str(LOG_KEY.verifier_key)],
        "witness_policy": f"witness w {odd.verifier_key}\nquorum w\n",
    }
    (tmp_path / "policy").write_text(json.dumps(said))
    (tmp_path / "proof").write_bytes(sample_proof(lambda value: value.update(checkpoint=note.decode())))
    assert main(["proof", str(tmp_path / "proof"), "--policy", str(tmp_path / "policy")]) == 0
    out = capsys.readouterr().out
    assert "w\\u202e.example.org at 1970-01-01T00:00:05Z" in out and "\u202e" not in out

"""A key takes another's place: what was signed stays good, the sequencer and the web go on, and the ledger says so."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import ledger_entries
from accounts.actions import keys as rotations
from accounts.models import Act
from claims.bundles.receipts import Fate, check
from ledger import keys
from ledger.entries import read_entry
from ledger.models import Checkpoint, Entry, Key
from ledger.notes import SigningKey, sign_note
from ledger.reading import newest_checkpoint
from ledger.recording import record
from ledger.signer import LOG_KEY, SIGNS_BESIDE, Signer, SignerRefused, locked, read_key
from ledger.trusted import has_policy, keys_shown, own_policy
from ledger.verifier import Broken, Policy, check_rotation, read_policy
from tests.conftest import ROOT, superuser
from tests.ledger.installation import NOW, sequencing

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
HASH, AT = bytes(32), "2026-03-01T12:00:00.123Z"


@pytest.fixture(autouse=True)
def signer(settings: "Settings", tmp_path: Path) -> Iterator[Path]:
    """An installation of its own keys: the signer's folder, with one checkpoint of one entry published."""
    settings.DATA_DIR, settings.LEDGER_SIGNER = tmp_path, tmp_path / "signer"
    before = list(Key.objects.values_list("text", flat=True))
    with superuser() as past_all_rights:
        # The keys that all other tests have are none of this installation's.
        past_all_rights.execute("SET session_replication_role = replica")
        past_all_rights.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM ledger_key")
        past_all_rights.execute("DELETE FROM ledger_key")
        try:
            keys.make_keys()
            publish(settings.LEDGER_SIGNER)
            yield settings.LEDGER_SIGNER
        finally:
            past_all_rights.execute("DELETE FROM ledger_key")
            past_all_rights.execute("INSERT INTO ledger_key SELECT * FROM kept")
    assert list(Key.objects.values_list("text", flat=True)) == before


def publish(folder: Path) -> Checkpoint:
    """Something is done, and the log published."""
    record(stream="claim:1", kind="tried", at=timezone.now(), body={}, committed={})
    with sequencing(folder) as sequencer:
        return publish_by(sequencer)


def publish_by(sequencer: Any) -> Checkpoint:
    sequencer.integrate()
    sequencer.publish(NOW)
    newest = newest_checkpoint()
    assert newest is not None
    return newest


def let_the_old_keys_time_run_out(folder: Path) -> None:
    for kept in folder.glob("log-*.key"):
        before = time.time() - SIGNS_BESIDE.total_seconds() - 1
        os.utime(kept, (before, before))


def rotate(*which: str) -> str:
    said = StringIO()
    call_command("rotate_keys", *which, stdout=said, stderr=said)
    return said.getvalue()


def policy() -> Policy:
    return read_policy(keys.policy_text())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.key*"))


def signers(checkpoint: Checkpoint) -> list[bool]:
    """Whether the newest key signed it, then the one before, and so on."""
    signed = []
    for key in policy().log_keys:
        try:
            Policy(policy().origin, (key,)).checkpoint(checkpoint.note.encode())
        except Broken:
            signed.append(False)
        else:
            signed.append(True)
    return signed


def verifier(*arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(ROOT / "ledger/verifier.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_log_goes_on_under_both_keys_and_its_name_stays(signer: Path) -> None:
    old, first = policy(), newest_checkpoint()
    rotate("--log")
    last = publish(signer)
    assert first is not None
    assert (policy().origin, len(policy().log_keys), policy().log_keys[1:]) == (old.origin, 2, old.log_keys)
    assert (signers(first), signers(last)) == ([False, True], [True, True])


def test_the_old_key_is_destroyed_once_its_time_is_over(signer: Path) -> None:
    old = read_key(signer / LOG_KEY)
    kept = f"log-{old.verifier_key.id.hex()}.key"
    rotate("--log")
    publish(signer)
    beside = files(signer)
    let_the_old_keys_time_run_out(signer)
    last_of_both, first_alone = publish(signer), publish(signer)
    assert (beside, files(signer)) == ([kept, "log.key"], ["log.key"])
    assert (signers(last_of_both), signers(first_alone)) == ([True, True], [True, False])


def test_a_key_that_was_stolen_signs_nothing_more(signer: Path) -> None:
    rotate("--log", "--at-once")
    assert (files(signer), signers(publish(signer))) == (["log.key"], [True, False])


def test_a_sequencer_that_runs_takes_the_new_key_up_and_its_mark_goes_on(signer: Path) -> None:
    with sequencing(signer) as sequencer:
        sequencer.publish(NOW)
        rotate("--log")
        newest = publish_by(sequencer)
    mark = Signer(signer).mark
    assert (signers(newest), mark and (mark.size, mark.note)) == ([True, True], (newest.size, newest.note))


def test_two_rotations_in_a_row_are_followed_by_whoever_knows_the_first_key(signer: Path) -> None:
    rotate("--log")
    rotate("--log")
    assert signers(publish(signer)) == [True, True, True]


def test_receipts_of_before_stay_good_and_new_ones_are_signed_by_the_new_key() -> None:
    before = keys.receipt(HASH, AT)
    rotate("--receipts")
    after = keys.receipt(HASH, AT)
    assert before and after and before != after
    alone = [Policy(policy().origin, policy().log_keys, (key,)) for key in policy().receipt_keys]
    assert policy().receipt(before.encode()) == alone[1].receipt(before.encode())
    assert policy().receipt(after.encode()) == alone[0].receipt(after.encode())
    with pytest.raises(Broken):
        alone[1].receipt(after.encode())


def test_each_rotation_is_recorded(signer: Path) -> None:
    old = policy()
    rotate("--log", "--receipts")
    said = [read_entry(bytes(leaf)) for leaf in Entry.objects.filter(stream="log:keys").values_list("leaf", flat=True)]
    bodies = [{name: value for name, value in entry.body.items() if name != "signed"} for entry in said]
    new = policy()
    assert bodies == [
        {"key": str(new.log_keys[0]), "replaces": str(old.log_keys[0]), "signs": "log"},
        {"key": str(new.receipt_keys[0]), "replaces": str(old.receipt_keys[0]), "signs": "receipts"},
    ]
    assert [check_rotation(entry, new.origin) for entry in said] == [True, True]
    assert list(Act.objects.filter(desk=None).values_list("kind", flat=True)) == ["key_rotated"] * 2


def test_a_rotation_that_cannot_be_recorded_changes_no_key(signer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = read_key(signer / LOG_KEY)

    def fail(*args: object, **given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(rotations, "key_rotated", fail)
        rotate("--log")
    assert (read_key(signer / LOG_KEY), signers(publish(signer))) == (old, [False, True])


@pytest.mark.parametrize("where", ["key_rotated", "take_next_key"])
def test_a_rotation_that_died_goes_on_with_the_same_key(
    where: str, signer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: object, **given: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(rotations if where == "key_rotated" else keys, where, die)
        rotate("--log")
    made = policy().log_keys
    rotate("--log")
    assert (policy().log_keys, str(read_key(signer / LOG_KEY).verifier_key)) == (made, str(made[0]))
    assert Entry.objects.filter(stream="log:keys").count() == 1


def test_two_rotations_do_not_run_at_once(signer: Path) -> None:
    with locked(signer, "rotating"), pytest.raises(CommandError, match="in use by another process"):
        rotate("--log")


def test_a_key_of_another_name_signs_nothing(signer: Path) -> None:
    with sequencing(signer) as sequencer:
        (signer / LOG_KEY).write_text(SigningKey.make("elsewhere").private_text)
        record(stream="claim:1", kind="tried", at=NOW, body={}, committed={})
        with pytest.raises(SignerRefused, match="is of elsewhere, and this log is localhost"):
            publish_by(sequencer)


def test_a_machine_without_the_logs_key_cannot_rotate_it(signer: Path) -> None:
    (signer / LOG_KEY).unlink()
    with pytest.raises(CommandError, match="is missing"):
        rotate("--log")


def test_one_says_which_key() -> None:
    with pytest.raises(CommandError, match="Say which"):
        rotate()


def test_where_receipts_are_signed_by_a_setting_one_is_told_to_change_it(settings: "Settings", tmp_path: Path) -> None:
    settings.LEDGER_RECEIPT_KEY = (tmp_path / "receipts.key").read_text().strip()
    old = keys.receipt_key()
    said = rotate("--receipts")
    assert "Set LEDGER_RECEIPT_KEY to the text in" in said
    assert (keys.receipt_key(), str(read_key(tmp_path / "receipts.key").verifier_key)) == (
        old,
        str(policy().receipt_keys[0]),
    )


def test_the_verifier_follows_the_log_across_a_rotation_by_the_old_policy_and_the_new(
    signer: Path, tmp_path: Path
) -> None:
    old, before = tmp_path / "old-policy", tmp_path / "before"
    old.write_bytes(keys.policy_text())
    first = newest_checkpoint()
    assert first is not None
    before.write_text(first.note)
    rotate("--log")
    publish(signer)
    both = tmp_path / "both"
    call_command("export_ledger", str(both), stdout=StringIO())
    let_the_old_keys_time_run_out(signer)
    publish(signer)
    publish(signer)
    alone = tmp_path / "alone"
    call_command("export_ledger", str(alone), stdout=StringIO())
    results = {
        "audit of the co-signed one by the old policy": verifier("audit", both, "--policy", old)[0],
        "monitor to the co-signed one by the old policy": verifier(
            *("monitor", before, both / "checkpoint", "--export", both, "--policy", old)
        )[0],
        "audit of the later one by the old policy": verifier("audit", alone, "--policy", old)[0],
        "audit of the later one by the new policy": verifier("audit", alone, "--policy", alone / "policy")[0],
        "monitor from the first to the later one by the new policy": verifier(
            *("monitor", before, alone / "checkpoint", "--export", alone, "--policy", alone / "policy")
        )[0],
    }
    assert results == {
        "audit of the co-signed one by the old policy": 0,
        "monitor to the co-signed one by the old policy": 0,
        "audit of the later one by the old policy": 1,
        "audit of the later one by the new policy": 0,
        "monitor from the first to the later one by the new policy": 0,
    }
    assert json.loads((alone / "policy").read_bytes())["log_keys"][1:] == json.loads(old.read_bytes())["log_keys"]


def checked(*arguments: str | Path) -> tuple[bool, list[str]]:
    """Whether verify_ledger finds nothing, and its lines."""
    said = StringIO()
    try:
        call_command("verify_ledger", *map(str, arguments), stdout=said)
    except CommandError:
        return False, said.getvalue().splitlines()
    return True, said.getvalue().splitlines()


def plant(key: str, *, signs_receipts: bool = False) -> None:
    """As somebody does who owns the database."""
    with superuser() as past_all_rights:
        past_all_rights.execute("INSERT INTO ledger_key VALUES (%s, %s, %s)", [key, signs_receipts, NOW])


def test_the_database_is_checked_by_the_keys_of_a_file_across_rotations(signer: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(keys.policy_text())
    rotate("--log", "--receipts")
    publish(signer)
    let_the_old_keys_time_run_out(signer)
    publish(signer)
    newest = publish(signer)
    assert signers(newest) == [True, False]
    assert checked("--policy", tmp_path / "mine")[0]
    assert checked() == (
        True,
        [f"keys: {signer / keys.POLICY}", f"{newest.size} entries are as the signed checkpoint says"],
    )


def test_keys_of_the_database_alone_are_a_finding(signer: Path) -> None:
    (signer / keys.POLICY).unlink()
    good, lines = checked()
    assert not good and lines == [line for line in lines if line.startswith("keys: expected a policy from a file")]
    keys.make_keys()
    assert checked()[0]


def test_the_setting_names_the_policy(settings: "Settings", signer: Path, tmp_path: Path) -> None:
    settings.LEDGER_POLICY = str(tmp_path / "mine")
    with pytest.raises(CommandError, match="mine: No such file"):
        call_command("verify_ledger")
    (tmp_path / "mine").write_bytes(keys.policy_text())
    assert checked()[1][0] == f"keys: {tmp_path / 'mine'}"


def test_a_key_that_nobody_gave_over_to_is_found(signer: Path) -> None:
    planted = str(SigningKey.make(policy().origin).verifier_key)
    plant(planted)
    assert checked() == (
        False,
        [
            f"key {planted}: log: expected the policy to name it, or a key_rotated entry that the key before signed, "
            "found neither"
        ],
    )


def test_a_log_that_a_planted_key_signed_is_found(signer: Path) -> None:
    other = SigningKey.make(policy().origin)
    plant(str(other.verifier_key))
    (signer / LOG_KEY).write_text(other.private_text)
    publish(signer)
    good, lines = checked()
    assert not good and any(line.startswith("checkpoint: signature: expected one by") for line in lines), lines


def test_a_key_of_the_policy_that_the_table_lacks_is_found(signer: Path, tmp_path: Path) -> None:
    missing = str(SigningKey.make(policy().origin).verifier_key)
    said = json.loads(keys.policy_text())
    said["log_keys"].append(missing)
    (tmp_path / "mine").write_text(json.dumps(said))
    assert checked("--policy", tmp_path / "mine")[1] == [
        f"key {missing}: log: expected a row in the table of keys, found none"
    ]


def without_signatures(monkeypatch: pytest.MonkeyPatch, signed: str | None) -> None:
    """Rotations as they were recorded before the former key signed them, or with another note."""

    def recorded(*, entry: ledger_entries.EntryFields, **given: Any) -> Any:
        body = {name: value for name, value in entry.body.items() if name != "signed"}
        return record_act(entry=replace(entry, body=body if signed is None else {**body, "signed": signed}), **given)

    record_act = ledger_entries.record_act
    monkeypatch.setattr(ledger_entries, "record_act", recorded)


def test_a_rotation_without_a_signature_gives_over_nothing_and_the_keys_owner_may_name_it(
    signer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_signatures(monkeypatch, None)
    rotate("--log")
    publish(signer)
    good, lines = checked()
    assert not good and [line.rpartition(", found ")[2] for line in lines] == ["such an entry without its signature"]
    (tmp_path / "mine").write_bytes(keys.policy_text())
    assert checked("--policy", tmp_path / "mine")[0]


def test_an_installation_that_rotated_before_is_checked_by_the_keys_that_it_has(
    signer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        without_signatures(patch, None)
        rotate("--log", "--receipts")
    publish(signer)
    (signer / keys.POLICY).unlink()
    keys.make_keys()
    assert len(json.loads((signer / keys.POLICY).read_bytes())["log_keys"]) == 1
    assert checked()[0]


def test_a_rotation_that_another_key_signed_is_found(signer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = SigningKey.make(policy().origin)
    without_signatures(monkeypatch, sign_note("second-source/key-rotation/v1\n", [stranger]).decode())
    rotate("--log")
    publish(signer)
    good, lines = checked()
    assert not good and any("(log:keys, 1): signature: expected one by" in line for line in lines), lines


def test_pages_follow_a_rotation_as_soon_as_it_is_recorded(signer: Path) -> None:
    made = (signer / keys.POLICY).read_bytes()
    rotate("--log", "--receipts", "--at-once")
    assert own_policy() == policy()
    [found] = check(str(keys.receipt(HASH, AT)).encode(), now=NOW)
    assert (found.fate, found.error) == (Fate.NOT_DUE, "")
    assert (signer / keys.POLICY).read_bytes() == made


def test_pages_do_not_follow_to_a_key_that_no_signature_gave_over_to(
    signer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own_policy()
    without_signatures(monkeypatch, None)
    rotate("--log", "--receipts")
    plant(str(SigningKey.make(before.origin).verifier_key))
    publish(signer)
    assert own_policy() == before
    [found] = check(str(keys.receipt(HASH, AT)).encode(), now=NOW)
    assert found.fate == Fate.BROKEN
    assert [key.is_known for key in keys_shown()].count(False) == 3


def test_the_policy_that_a_rotation_prints_is_followed_from_the_file_and_not_read_from_the_table(signer: Path) -> None:
    plant(str(SigningKey.make(policy().origin).verifier_key))
    printed = read_policy(rotate("--log").encode())
    assert (len(printed.log_keys), printed) == (2, own_policy())


def test_an_installation_from_before_there_was_a_policy_gets_one_at_its_next_start(signer: Path) -> None:
    (signer / keys.POLICY).unlink()
    assert not has_policy()
    call_command("prepare", stdout=StringIO())
    assert has_policy()
    assert read_policy((signer / keys.POLICY).read_bytes()) == policy()


def test_a_start_leaves_a_policy_that_is_there(signer: Path) -> None:
    (signer / keys.POLICY).write_bytes(b"mine")
    keys.make_keys()
    assert (signer / keys.POLICY).read_bytes() == b"mine"


def test_the_key_before_is_known_from_the_log(signer: Path, tmp_path: Path) -> None:
    rotate("--log")
    publish(signer)
    said = json.loads(keys.policy_text())
    said["log_keys"].pop()
    (tmp_path / "mine").write_text(json.dumps(said))
    assert checked("--policy", tmp_path / "mine")[0]

"""The log leaves as a folder that the verifier audits, and the database is audited the same way."""

import base64
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import keys
from ledger.models import Entry
from ledger.recording import record
from tests.conftest import ROOT, superuser
from tests.ledger.installation import NOW, sequencing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def log(tmp_path: Path) -> None:
    """A published log of three entries."""
    for number in range(3):
        record(stream="claim:1", kind="tried", at=NOW, body={"n": number}, committed={"by": "Ada"})
    with sequencing(tmp_path / "signer") as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)


def audit(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the verifier says of an export, run alone as whoever takes it away runs it."""
    command = [sys.executable, "-I", str(ROOT / "ledger/verifier.py"), "audit", str(folder), "--policy"]
    return subprocess.run([*command, str(folder / "policy")], cwd=folder, capture_output=True, text=True, check=False)


def exported(folder: Path, *options: str) -> Path:
    call_command("export_ledger", str(folder), *options, stdout=StringIO())
    return folder


def test_an_export_is_audited_by_the_verifier_alone(tmp_path: Path) -> None:
    done = audit(exported(tmp_path / "export"))
    assert (done.returncode, done.stdout) == (0, "all matches (entries: 3, streams: 1)\n")


def test_an_export_that_somebody_changed_is_found(tmp_path: Path) -> None:
    bundle = exported(tmp_path / "export") / "tile/entries/000.p/3"
    bundle.write_bytes(bundle.read_bytes().replace(b'"n":1', b'"n":7'))
    done = audit(tmp_path / "export")
    assert (done.returncode, "leaf 1" in done.stdout or "entry 1" in done.stdout) == (1, True), done.stdout


def test_an_export_of_hashes_holds_no_entry(tmp_path: Path) -> None:
    folder = exported(tmp_path / "export", "--hashes-only")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["checkpoint", "policy", "tile/0/000.p/3"]


def test_an_export_names_no_checkpoint_before_its_tiles_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def full_at_last(number: int) -> None:
        done.append(number)
        if len(done) > whole:
            raise OSError("No space left on device")

    whole = 10_000
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_at_last)
        exported(tmp_path / "counted")
        # Tiles, policy and folders, then the checkpoint itself and its name.
        whole = len(done) - 2
        done.clear()
        with pytest.raises(OSError, match="No space left"):
            exported(tmp_path / "export")
    assert (tmp_path / "export/tile/entries/000.p/3").exists()
    assert not (tmp_path / "export/checkpoint").exists()


def publish_more(folder: Path) -> None:
    record(stream="claim:1", kind="tried", at=NOW, body={"n": 3}, committed={})
    with sequencing(folder) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)


def test_again_into_the_same_folder_it_adds_what_is_new(tmp_path: Path) -> None:
    folder = exported(tmp_path / "export")
    publish_more(tmp_path / "signer")
    done = audit(exported(folder))
    assert (done.returncode, done.stdout) == (0, "all matches (entries: 4, streams: 1)\n")


@pytest.mark.parametrize("forged", [3, 5])
def test_nothing_is_written_into_a_folder_of_another_log(tmp_path: Path, forged: int) -> None:
    folder = exported(tmp_path / "export")
    publish_more(tmp_path / "signer")
    note = (folder / "checkpoint").read_text()
    other = base64.b64encode(bytes(32)).decode()
    (folder / "checkpoint").write_text(note.replace(note.split("\n")[2], other).replace("\n3\n", f"\n{forged}\n"))
    before = sorted(folder.rglob("*"))
    with pytest.raises(CommandError, match="expected"):
        exported(folder)
    assert sorted(folder.rglob("*")) == before


def test_the_database_agrees_with_what_was_signed() -> None:
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    file = settings.LEDGER_SIGNER / keys.POLICY
    assert said.getvalue() == f"keys: {file}\n3 entries are as the signed checkpoint says\n"


def test_an_entry_that_a_superuser_changed_is_found() -> None:
    row = Entry.objects.get(seq=2)
    other = bytes(row.leaf).replace(b'"n":1', b'"n":7')
    with superuser() as past_all_rights:
        past_all_rights.execute("SET session_replication_role = replica")
        past_all_rights.execute("UPDATE ledger_entry SET leaf = %s WHERE id = %s", [other, row.pk])
    said = StringIO()
    with pytest.raises(CommandError, match="mismatches in 3 entries"):
        call_command("verify_ledger", stdout=said)
    assert "claim:1" in said.getvalue()


def test_what_a_superuser_wrote_reaches_no_terminal_as_it_is() -> None:
    """It could wipe the findings off the screen."""
    text, said = "desk\x1b[2J\x9b1A", StringIO()
    insert = "INSERT INTO ledger_key (text, signs_receipts, since) VALUES (%s, false, now())"
    with superuser() as past_all_rights:
        past_all_rights.execute("SET session_replication_role = replica")
        past_all_rights.execute(insert, [text])
        try:
            with pytest.raises(CommandError, match="mismatches in 3 entries"):
                call_command("verify_ledger", stdout=said)
        finally:
            past_all_rights.execute("DELETE FROM ledger_key WHERE text = %s", [text])
    assert r"key desk\x1b[2J\x9b1A: log: expected" in said.getvalue()


def test_a_server_without_its_key_signs_no_receipt_and_goes_on(settings: object, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    assert keys.receipt(bytes(32), "2026-03-01T12:00:00.123Z") is None


def test_a_receipt_is_checked_by_the_policy() -> None:
    from ledger.verifier import read_policy

    row = Entry.objects.get(seq=1)
    note = keys.receipt(bytes(row.leaf_hash), "2026-03-01T12:00:00.123Z")
    assert note is not None
    receipt = read_policy(keys.policy_text()).receipt(note.encode())
    assert (receipt.leaf_hash, receipt.longest_delay) == (bytes(row.leaf_hash), 60)


def test_the_application_cannot_give_places(tmp_path: Path) -> None:
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_leaf (index, entry_id, hash) VALUES (3, 1, '\\x00')")


@pytest.mark.parametrize("table", ["entry", "leaf", "checkpoint", "secret"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_a_superuser_empties_a_table_of_the_ledger_by_accident(table: str, statement: str) -> None:
    import psycopg

    with superuser() as past_all_rights, pytest.raises(psycopg.errors.RestrictViolation):
        past_all_rights.execute(statement.format(f"ledger_{table}").encode())

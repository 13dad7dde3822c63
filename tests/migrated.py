"""One migrated database for all test processes to copy, as migrating takes longer than copying.

A process of its own makes it while the others collect tests: `python -m tests.migrated`.
"""

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
NAME = "test_second_source_migrated"
OUTCOME = "TEST_MIGRATED"  # the file that says how it went; empty: well
SECONDS = 300


def start() -> Callable[[], None]:
    """Begin to make the database. Returns a function that stops this."""
    folder = Path(os.environ["DATA_DIR"]) / "migrated"
    (folder / "static").mkdir(parents=True)
    os.environ[OUTCOME] = str(folder / "outcome")
    environment = os.environ | {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        environment[name] = urlsplit(os.environ[name])._replace(path=f"/{NAME}").geturl()
    process = subprocess.Popen([sys.executable, "-m", "tests.migrated"], cwd=ROOT, env=environment)

    def end() -> None:
        process.kill()
        process.wait()

    return end


def is_made() -> bool:
    """Wait until the database is complete. Returns False if it is not being made."""
    if not os.environ.get(OUTCOME):
        return False
    outcome, until = Path(os.environ[OUTCOME]), time.monotonic() + SECONDS
    while not outcome.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{NAME} is not migrated after {SECONDS} seconds")
        time.sleep(0.05)
    if fault := outcome.read_text():
        raise RuntimeError(f"{NAME} is not migrated:\n{fault}")
    return True


def _make() -> None:
    import django
    import psycopg
    from django.core.management import call_command
    from django.db import connections
    from psycopg import sql

    from config.embedded import create_database

    owner = urlsplit(os.environ["DATABASE_OWNER_URL"]).username or ""
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"], dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        create_database(connection, NAME, owner=owner)
    django.setup()
    call_command("migrate", verbosity=0)
    connections.close_all()


def _main() -> None:
    fault = ""
    try:
        _make()
    except Exception:
        fault = traceback.format_exc()
    outcome = Path(os.environ[OUTCOME])
    unfinished = outcome.with_suffix(".unfinished")
    unfinished.write_text(fault)
    unfinished.rename(outcome)


if __name__ == "__main__":
    _main()

"""A sequencer at work in a test: on a connection of its own role, with a signer in a folder of the test."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from ledger.sequencer import Sequencer
from ledger.signer import LOG_KEY, Signer, read_key, write_first_mark

NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


def make_signer(folder: Path) -> Signer:
    """A signer with the log's key, and a mark of its own in the folder, which begins with nothing signed."""
    folder.mkdir(exist_ok=True)
    if not (folder / LOG_KEY).exists():
        copyfile(settings.LEDGER_SIGNER / LOG_KEY, folder / LOG_KEY)
        write_first_mark(folder, read_key(folder / LOG_KEY).name)
    return Signer(folder)


@contextmanager
def sequencers_rights() -> Iterator[CursorWrapper]:
    """The test's own connection with the rights of the sequencer's role."""
    role = urlsplit(os.environ["DATABASE_SEQUENCER_URL"]).username or ""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


def publish_here(folder: Path, now: datetime = NOW) -> None:
    """Publish what was recorded so far, also what the test has not committed."""
    with sequencers_rights():
        sequencer = Sequencer(connection.connection, make_signer(folder))
        while sequencer.integrate():
            pass
        sequencer.publish(now)


@contextmanager
def sequencing(folder: Path) -> Iterator[Sequencer]:
    """An elected sequencer whose signer has the folder."""
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as own:
        sequencer = Sequencer(own, make_signer(folder))
        elect(sequencer)
        yield sequencer


def elect(sequencer: Sequencer) -> None:
    """As the command does: ask again, since the server may still be ending the connection of the one before."""
    end = time.monotonic() + 10
    while not sequencer.elected():
        assert time.monotonic() < end, "another sequencer is at work"
        time.sleep(0.01)

"""A sequencer at work in a test: on a connection of its own role, with a signer in a folder of the test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from ledger.sequencer import Sequencer
from ledger.signer import LOG_KEY, Signer, make_key

ORIGIN = "desk.example.org/ledger"
NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


def make_signer(folder: Path) -> Signer:
    make_key(folder, LOG_KEY, ORIGIN)
    return Signer(folder)


@contextmanager
def sequencing(folder: Path) -> Iterator[Sequencer]:
    """An elected sequencer whose signer has the folder."""
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
        sequencer = Sequencer(connection, make_signer(folder))
        assert sequencer.elected()
        yield sequencer

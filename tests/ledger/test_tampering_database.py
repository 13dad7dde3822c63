"""Tampering by a superuser of the database itself, past triggers and constraints; the log is then read as it is served.

600 of them (`bin/attack ledger`), 60 in the suite. What the superuser cannot do is sign.
"""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from ledger.entries import leaf_bytes, leaf_hash, read_entry
from ledger.keys import policy_text
from ledger.models import Checkpoint
from ledger.reading import newest_checkpoint, published
from ledger.verifier import audit, read_policy
from tests import factories
from tests.ledger.installation import NOW, sequencing

pytestmark = pytest.mark.django_db(transaction=True)
ZEROS = "0" * 64


@pytest.fixture
def checkpoint(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkpoint]:
    """A published log of real acts; from here on the connection is a superuser's whom no trigger stops."""
    cast = factories.cast()
    factories.claim_in(cast, "corroborated")
    factories.claim_in(cast, "denied")
    with sequencing(tmp_path / "signer") as sequencer:
        while sequencer.integrate():
            pass
        sequencer.publish(NOW)
    found = newest_checkpoint()
    assert found is not None
    address = urlsplit(os.environ["TEST_SUPERUSER_URL"])
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", address.username)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", address.password)
    run("SET session_replication_role = replica")
    yield found
    connection.close()


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _shift(at: int, by: int) -> None:
    """Make room, or close the gap, from a place on."""
    run("UPDATE ledger_leaf SET index = -1 - index WHERE index >= %s", at)
    run("UPDATE ledger_leaf SET index = -1 - index + %s WHERE index < 0", by)


def _entry_at(at: int) -> tuple[int, bytes]:
    [(pk, leaf)] = run(
        "SELECT e.id, e.leaf FROM ledger_leaf l JOIN ledger_entry e ON e.id = l.entry_id WHERE l.index = %s", at
    )
    return pk, bytes(leaf)


def _put(at: int, leaf: bytes) -> None:
    """A new entry of these bytes, at a place that is free."""
    entry = read_entry(leaf)
    prev = bytes.fromhex(entry.prev) if entry.prev else None
    [(pk,)] = run(
        "INSERT INTO ledger_entry (stream, seq, prev, kind, at, leaf, leaf_hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " RETURNING id",
        *(entry.stream, entry.seq, prev, entry.kind, entry.at, leaf, leaf_hash(leaf)),
    )
    run("INSERT INTO ledger_leaf (index, entry_id, hash) VALUES (%s, %s, %s)", at, pk, leaf_hash(leaf))


def edit(size: int, chance: random.Random) -> None:
    at = chance.randrange(size)
    pk, leaf = _entry_at(at)
    entry = read_entry(leaf)
    changed = chance.choice(
        [entry._replace(c=dict.fromkeys(entry.c, ZEROS)), entry._replace(at="2020-01-01T00:00:00.000Z")]
    )
    leaf = leaf_bytes(changed)
    run("UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE id = %s", leaf, leaf_hash(leaf), pk)
    run("UPDATE ledger_leaf SET hash = %s WHERE index = %s", leaf_hash(leaf), at)


def delete(size: int, chance: random.Random) -> None:
    at = chance.randrange(size)
    run("DELETE FROM ledger_leaf WHERE index = %s", at)
    _shift(at, -1)


def insert(size: int, chance: random.Random) -> None:
    at = chance.randrange(size)
    entry = read_entry(_entry_at(at)[1])
    _shift(at, 1)
    _put(at, leaf_bytes(entry._replace(stream="claim:forged", seq=1, prev=None, kind="tried", body={}, c={"x": ZEROS})))


def swap(size: int, chance: random.Random) -> None:
    one, other = chance.sample(range(size), 2)
    run("UPDATE ledger_leaf SET index = -1 WHERE index = %s", one)
    run("UPDATE ledger_leaf SET index = %s WHERE index = %s", one, other)
    run("UPDATE ledger_leaf SET index = %s WHERE index = -1", other)


def duplicate(size: int, chance: random.Random) -> None:
    at = chance.randrange(size - 1)  # behind the last one it would be outside the log that was signed
    _pk, leaf = _entry_at(at)
    run("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_leaf_hash_key, DROP CONSTRAINT entry_once_a_number")
    _shift(at + 1, 1)
    _put(at + 1, leaf)


def truncate(size: int, chance: random.Random) -> None:
    run("DELETE FROM ledger_leaf WHERE index >= %s", chance.randrange(size))


TAMPERINGS = (edit, delete, insert, swap, duplicate, truncate)
Tampering = Callable[[int, random.Random], None]


def findings(checkpoint: Checkpoint) -> list[str]:
    """What the verifier says of the log as it is served now, under the checkpoint that left the house."""
    report = audit(lambda path: published(path, checkpoint), read_policy(policy_text()))
    return [str(finding) for finding in report.findings]


def _tamper(checkpoint: Checkpoint, tampering: Tampering, seeds: range) -> list[int]:
    """The seeds whose tampering was not found."""
    missed = []
    for seed in seeds:
        with transaction.atomic():
            tampering(checkpoint.size, random.Random(seed))
            if not findings(checkpoint):
                missed.append(seed)
            transaction.set_rollback(True)
    return missed


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_a_superuser_does_to_the_log_is_found(checkpoint: Checkpoint, tampering: Tampering) -> None:
    assert _tamper(checkpoint, tampering, range(10)) == []
    assert findings(checkpoint) == []


@pytest.mark.attack
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_hundred_times_of_each_are_found(checkpoint: Checkpoint, tampering: Tampering) -> None:
    assert _tamper(checkpoint, tampering, range(100)) == []
    assert findings(checkpoint) == []

"""A row of the outbox that can have no place in the log stops nobody else, is told of, and is never signed."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from ledger import sequencer as sequencing_module
from ledger.canonical import canonical
from ledger.entries import leaf_bytes, leaf_hash, read_entry
from ledger.keys import policy_text
from ledger.models import Entry, Leaf, Outbox
from ledger.reading import newest_checkpoint, published
from ledger.recording import record
from ledger.sequencer import Sequencer
from ledger.verifier import audit, read_policy
from tests.conftest import superuser
from tests.ledger.installation import NOW, sequencing

pytestmark = pytest.mark.django_db(transaction=True)
Row = tuple[Any, ...]
GONE = 10**9


@pytest.fixture
def past_guards() -> Iterator[psycopg.Connection[Row]]:
    """As somebody has it who owns the database. What they did to the tables themselves is put back."""
    with superuser() as own:
        own.execute("SET session_replication_role = replica")
        yield own
        own.execute("TRUNCATE ledger_outbox, ledger_leaf, ledger_entry CASCADE")
        own.execute("ALTER TABLE ledger_outbox DROP CONSTRAINT IF EXISTS ledger_outbox_pkey")
        own.execute("ALTER TABLE ledger_outbox ADD CONSTRAINT ledger_outbox_pkey PRIMARY KEY (entry_id)")
        for name, columns in (("ledger_entry_leaf_hash_key", "leaf_hash"), ("entry_once_a_number", "stream, seq")):
            own.execute(f"ALTER TABLE ledger_entry DROP CONSTRAINT IF EXISTS {name}")
            own.execute(f"ALTER TABLE ledger_entry ADD CONSTRAINT {name} UNIQUE ({columns})")


def did(stream: str) -> Entry:
    recorded = record(stream=stream, kind="tried", at=timezone.now(), body={}, committed={})
    return Entry.objects.get(pk=recorded.id)


def _again(own: psycopg.Connection[Row], poisoned: Entry, _other: Entry) -> None:
    own.execute("INSERT INTO ledger_outbox (entry_id) VALUES (%s)", [poisoned.pk])


def _twice_there(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    own.execute("ALTER TABLE ledger_outbox DROP CONSTRAINT ledger_outbox_pkey")
    own.execute("INSERT INTO ledger_outbox (entry_id) VALUES (%s)", [other.pk])


def _missing(own: psycopg.Connection[Row], _poisoned: Entry, _other: Entry) -> None:
    own.execute("INSERT INTO ledger_outbox (entry_id) VALUES (%s)", [GONE])


def _hash(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    own.execute("UPDATE ledger_entry SET leaf_hash = %s WHERE id = %s", [bytes(32), other.pk])


def _bytes(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    own.execute("UPDATE ledger_entry SET leaf = '{}', leaf_hash = %s WHERE id = %s", [leaf_hash(b"{}"), other.pk])


def _columns(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    own.execute("UPDATE ledger_entry SET kind = 'other' WHERE id = %s", [other.pk])


def _time(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    own.execute("UPDATE ledger_entry SET at = 'infinity' WHERE id = %s", [other.pk])


def _prev(own: psycopg.Connection[Row], _poisoned: Entry, other: Entry) -> None:
    leaf = leaf_bytes(read_entry(bytes(other.leaf))._replace(seq=2, prev="00" * 32))
    own.execute(
        "UPDATE ledger_entry SET leaf = %s, leaf_hash = %s, seq = 2, prev = %s WHERE id = %s",
        [leaf, leaf_hash(leaf), bytes(32), other.pk],
    )


def _copied(own: psycopg.Connection[Row], poisoned: Entry, other: Entry) -> None:
    """The same bytes under another row: each would look well by itself."""
    own.execute("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_leaf_hash_key")
    own.execute("ALTER TABLE ledger_entry DROP CONSTRAINT entry_once_a_number")
    own.execute(
        "UPDATE ledger_entry SET (stream, seq, prev, kind, at, leaf, leaf_hash) ="
        " (SELECT stream, seq, prev, kind, at, leaf, leaf_hash FROM ledger_entry WHERE id = %s) WHERE id = %s",
        [poisoned.pk, other.pk],
    )


# What is done, the reason that is told, and how many of the three that waited beside it get their places.
POISON: dict[str, tuple[Callable[..., None], str, int]] = {
    "has its place": (_again, "it has its place in the log already", 3),
    "is there twice": (_twice_there, "it has its place in the log already", 3),
    "is missing": (_missing, "there is no such entry", 3),
    "another hash": (_hash, "its hash is not that of its bytes", 2),
    "no entry": (_bytes, "its bytes are none of an entry: ", 2),
    "other columns": (_columns, "its columns say other things than its bytes", 2),
    "a time that is none": (_time, "its columns say other things than its bytes", 2),
    "another before it": (_prev, "it does not follow the entry before it of its stream", 2),
    "its number is taken": (_copied, "another entry is number 1 of its stream", 2),
}


@pytest.mark.parametrize("name", POISON)
def test_what_can_have_no_place_stops_nobody_and_is_told(
    name: str, past_guards: psycopg.Connection[Row], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    poison, reason, expected = POISON[name]
    with sequencing(tmp_path) as sequencer:
        placed = did("claim:1")
        sequencer.integrate()
        sequencer.publish(NOW)
        other = did("claim:2")
        poison(past_guards, placed, other)
        behind = [did("claim:3"), did("claim:1")]
        with caplog.at_level(logging.ERROR, "ledger.sequencer"):
            taken = sequencer.integrate()
        sequencer.publish(NOW)
    assert taken == expected
    assert Leaf.objects.filter(entry__in=behind).count() == 2
    assert [record.getMessage() for record in caplog.records if reason in record.getMessage()] != []
    newest = newest_checkpoint()
    assert newest is not None and newest.size == Leaf.objects.count()
    assert audit(lambda path: published(path, newest), read_policy(policy_text())).findings == []
    assert Outbox.objects.count() == 1


def test_what_can_have_no_place_is_told_by_readyz(past_guards: psycopg.Connection[Row], tmp_path: Path) -> None:
    with sequencing(tmp_path) as sequencer:
        placed = did("claim:1")
        sequencer.integrate()
    before = Client().get("/readyz").json()
    _again(past_guards, placed, placed)
    again = Client().get("/readyz").json()
    past_guards.execute("DELETE FROM ledger_outbox")
    _missing(past_guards, placed, placed)
    missing = Client().get("/readyz").json()
    found = [(one["status"], one["ledger"]) for one in (before, again, missing)]
    assert found == [("ready", True), ("degraded", False), ("degraded", False)]


def test_what_follows_a_refused_entry_in_its_stream_waits_with_it_and_goes_on_once_it_is_mended(
    past_guards: psycopg.Connection[Row], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Signed with a gap before it, the log could never be whole again."""
    first = did("claim:1")
    second = did("claim:1")
    with sequencing(tmp_path) as sequencer:
        _hash(past_guards, first, first)
        assert sequencer.integrate() == 0
        assert f"{second.pk} of the outbox gets no place in the log: it does not follow" in caplog.text
        past_guards.execute("UPDATE ledger_entry SET leaf_hash = %s WHERE id = %s", [first.leaf_hash, first.pk])
        assert sequencer.integrate() == 0  # asked again after a minute
        sequencer._asked_again -= sequencing_module.SECONDS_BEFORE_ASKING_AGAIN
        assert sequencer.integrate() == 2


def test_an_entry_behind_one_that_lost_its_place_in_the_queue_waits(
    past_guards: psycopg.Connection[Row], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = did("claim:1")
    past_guards.execute("DELETE FROM ledger_outbox")
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        assert sequencer.integrate() == 0
    assert f"the entry before it of its stream, {first.pk}, has no place in the log" in caplog.text


def test_each_refused_entry_is_told_once(
    past_guards: psycopg.Connection[Row], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _missing(past_guards, did("claim:1"), did("claim:2"))
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.integrate()
        sequencer._asked_again -= sequencing_module.SECONDS_BEFORE_ASKING_AGAIN
        sequencer.integrate()
    assert caplog.text.count("there is no such entry") == 1


def test_more_refused_entries_than_are_taken_at_once_stop_nobody(
    past_guards: psycopg.Connection[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing_module, "MOST_AT_ONCE", 3)
    past_guards.execute("INSERT INTO ledger_outbox SELECT -n FROM generate_series(1, 10) n")
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        assert sequencer.integrate() == 1


def test_an_entry_that_is_not_canonical_is_never_signed(past_guards: psycopg.Connection[Row], tmp_path: Path) -> None:
    entry = did("claim:1")
    leaf = canonical(read_entry(bytes(entry.leaf))._asdict()).replace(b'{"', b'{ "', 1)
    past_guards.execute("UPDATE ledger_entry SET leaf = %s, leaf_hash = %s", [leaf, leaf_hash(leaf)])
    with sequencing(tmp_path) as sequencer:
        assert isinstance(sequencer, Sequencer) and sequencer.integrate() == 0

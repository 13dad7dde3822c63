"""A leaf that the sequencer did not place is looked at before it is signed, holds up the log, and can be taken out."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ledger.entries import leaf_hash
from ledger.keys import policy_text
from ledger.management.commands.sequencer import run_sequencer
from ledger.models import Checkpoint, Entry, Leaf, Node, Outbox
from ledger.reading import newest_checkpoint, published
from ledger.recording import record
from ledger.sequencer import Sequencer
from ledger.verifier import audit, read_policy
from tests.conftest import ROOT, superuser
from tests.integrity.looking import found_both_ways
from tests.ledger.installation import NOW, sequencing

pytestmark = pytest.mark.django_db(transaction=True)
Row = tuple[Any, ...]
Own = psycopg.Connection[Row]
NO_ENTRY = b"\xff no entry"


@pytest.fixture
def past_guards() -> Iterator[Own]:
    """As somebody has it who owns the database."""
    with superuser() as own:
        own.execute("SET session_replication_role = replica")
        yield own
        own.execute("TRUNCATE ledger_outbox, ledger_leaf, ledger_node, ledger_entry CASCADE")


def did(stream: str) -> int:
    return record(stream=stream, kind="tried", at=timezone.now(), body={}, committed={}).id


def place(own: Own, entry: int, hashed: bytes, at: int | None = None) -> int:
    """Put a leaf at the end of the log, or at an index."""
    own.execute("DELETE FROM ledger_outbox WHERE entry_id = %s", [entry])
    row = own.execute(
        "INSERT INTO ledger_leaf (index, entry_id, hash) SELECT coalesce(%s, max(index) + 1, 0), %s, %s"
        " FROM ledger_leaf RETURNING index",
        [at, entry, hashed],
    ).fetchone()
    assert row is not None
    return int(row[0])


def hash_of(entry: int) -> bytes:
    return bytes(Entry.objects.get(pk=entry).leaf_hash)


def _no_entry(own: Own) -> int:
    row = own.execute(
        "INSERT INTO ledger_entry (stream, seq, kind, at, leaf, leaf_hash)"
        " VALUES ('claim:9', 1, 'tried', now(), %s, %s) RETURNING id",
        [NO_ENTRY, leaf_hash(NO_ENTRY)],
    ).fetchone()
    assert row is not None
    return place(own, row[0], leaf_hash(NO_ENTRY))


def _missing(own: Own) -> int:
    return place(own, 10**9, bytes(32))


def _another_hash(own: Own) -> int:
    return place(own, did("claim:2"), bytes(32))


def _out_of_order(own: Own) -> int:
    did("claim:2")
    second = did("claim:2")
    return place(own, second, hash_of(second))


def _behind_a_gap(own: Own) -> int:
    one = did("claim:2")
    return place(own, one, hash_of(one), Leaf.objects.count() + 5) - 5


FORGED: dict[str, tuple[Callable[[Own], int], str]] = {
    "no entry": (_no_entry, "its bytes are none of an entry"),
    "missing": (_missing, "there is no such entry"),
    "another hash": (_another_hash, "its hash is not that of its entry"),
    "out of order": (_out_of_order, "has no place in the log"),
    "behind a gap": (_behind_a_gap, "it is missing"),
}


def run_once(sequencer: Sequencer) -> None:
    """As the command does, for long enough to integrate and to publish."""
    end = threading.Event()
    threading.Timer(0.5, end.set).start()
    run_sequencer(sequencer, end)


@pytest.mark.parametrize("is_live", [True, False], ids=["live", "at a fresh start"])
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_leaf_is_told_and_never_signed(
    name: str, is_live: bool, past_guards: Own, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forge, reason = FORGED[name]
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        run_once(sequencer)
        if is_live:
            index = forge(past_guards)
            did("claim:1")
            run_once(sequencer)
    if not is_live:
        index = forge(past_guards)
        did("claim:1")
        with sequencing(tmp_path) as sequencer:
            run_once(sequencer)
    assert re.search(rf"leaf {index}: .*{reason}", caplog.text), caplog.text
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [1]
    assert not Leaf.objects.filter(entry__stream="claim:1", entry__seq=2).exists()


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_leaf_is_named_by_everybody_who_is_asked(name: str, past_guards: Own, tmp_path: Path) -> None:
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        run_once(sequencer)
    before = Client().get("/readyz").json()["status"]
    forge, reason = FORGED[name]
    index, said = forge(past_guards), StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=said)
    after = Client().get("/readyz").json()
    assert (before, after["status"], after["ledger"]) == ("ready", "degraded", False)
    assert re.search(rf"leaf {index}: .*{reason}", said.getvalue()), said.getvalue()
    lines = [str(one) for one in found_both_ways()]
    assert [line for line in lines if f"leaf {index}:" in line and reason in line], lines


def test_a_leaf_that_another_one_placed_well_is_signed(past_guards: Own, tmp_path: Path) -> None:
    with sequencing(tmp_path) as sequencer:
        one = did("claim:1")
        place(past_guards, one, hash_of(one))
        run_once(sequencer)
        other = did("claim:1")
        place(past_guards, other, hash_of(other))
        did("claim:1")
        sequencer.integrate()
        sequencer.publish(NOW)
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 3]


def test_the_good_leaves_before_a_forged_one_are_signed(past_guards: Own, tmp_path: Path) -> None:
    did("claim:1")
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
    _no_entry(past_guards)
    with sequencing(tmp_path) as sequencer:
        run_once(sequencer)
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [2]


def test_a_forged_hash_of_a_subtree_ends_no_sequencer(
    past_guards: Own, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(255):
        did("claim:1")
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
        past_guards.execute("INSERT INTO ledger_node (level, index, hash) VALUES (1, 0, %s)", [bytes(32)])
        did("claim:1")
        run_once(sequencer)
        assert "duplicate key" in caplog.text
        assert Client().get("/readyz").json()["status"] == "degraded"
        past_guards.execute(steps(255))
        run_once(sequencer)
    assert (newest_checkpoint().size, Node.objects.count()) == (256, 1)  # type: ignore[union-attr]


def test_a_leaf_that_completes_a_tile_has_the_hash_of_that_tile_with_it(
    past_guards: Own, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(255):
        did("claim:1")
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
        last = did("claim:1")
        place(past_guards, last, hash_of(last))
        run_once(sequencer)
    assert "leaf 255: the hash of the 256 leaves up to it is not theirs" in caplog.text


def steps(size: int) -> str:
    """What docs/operations.md says to do in the database."""
    text = (ROOT / "docs/operations.md").read_text().split("### A forged leaf")[1]
    block = re.search(r"```sql\n(.*?)```", text, re.DOTALL)
    assert block is not None
    return block[1].replace(":size", str(size))


@pytest.mark.parametrize("is_live", [True, False], ids=["live", "after a restart"])
@pytest.mark.parametrize("name", FORGED)
def test_after_the_documented_steps_the_log_goes_on(
    name: str, is_live: bool, past_guards: Own, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    did("claim:1")
    with sequencing(tmp_path) as sequencer:
        run_once(sequencer)
        FORGED[name][0](past_guards)
        behind = did("claim:1")
        run_once(sequencer)
        if is_live:
            past_guards.execute(steps(1))
            run_once(sequencer)
    if not is_live:
        past_guards.execute(steps(1))
        with sequencing(tmp_path) as sequencer:
            run_once(sequencer)
            sequencer.publish(NOW)
    newest = newest_checkpoint()
    assert newest is not None
    assert Leaf.objects.filter(entry=behind, index__lt=newest.size).exists()
    assert audit(lambda path: published(path, newest), read_policy(policy_text())).findings == []
    past_guards.execute(
        "DELETE FROM ledger_outbox o USING ledger_entry e WHERE e.id = o.entry_id AND e.leaf = %s", [NO_ENTRY]
    )
    assert (Outbox.objects.count(), Client().get("/readyz").json()["status"]) == (0, "ready")

"""However acts, the sequencer, its deaths and the signer's restarts follow each other, there is one history."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.keys import policy_text
from ledger.models import Checkpoint, Entry, Leaf, Outbox
from ledger.reading import newest_checkpoint, published
from ledger.recording import record
from ledger.sequencer import Sequencer, node_reader
from ledger.tree import consistency_proof
from ledger.verifier import audit, check_consistency, read_policy
from tests.ledger.installation import NOW, elect, make_signer


class History(RuleBasedStateMachine):
    """The database is that of all runs: each goes on where the last one ended, as a log does."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self._start()

    def _start(self) -> None:
        self.connection = psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True)
        self.sequencer = Sequencer(self.connection, make_signer(self.folder))
        elect(self.sequencer)

    @rule(stream=st.sampled_from(["claim:1", "claim:2", "source:1"]), count=st.integers(1, 4))
    def act(self, stream: str, count: int) -> None:
        for number in range(count):
            record(stream=stream, kind="tried", at=NOW, body={"n": number}, committed={"by": "Ada"})

    @rule()
    def give_places(self) -> None:
        self.sequencer.integrate()

    @rule()
    def publish(self) -> None:
        self.sequencer.publish(NOW)

    @rule()
    def die(self) -> None:
        """Between two transactions; the next one starts from what is on the disk."""
        self.connection.close()
        self._start()

    @rule()
    def die_while_places_are_given(self) -> None:
        """All was written and nothing committed."""
        with self.connection.transaction(force_rollback=True):
            self.sequencer.integrate()
        self.connection.close()
        self._start()

    @rule()
    def die_before_publishing(self) -> None:
        """What was signed, with the mark on the disk, reaches nobody."""
        with self.connection.transaction(force_rollback=True):
            self.sequencer.publish(NOW)
        self.connection.close()
        self._start()

    @invariant()
    def every_entry_waits_or_has_its_place(self) -> None:
        placed, waiting = (
            set(Leaf.objects.values_list("entry", flat=True)),
            set(Outbox.objects.values_list("pk", flat=True)),
        )
        assert placed & waiting == set()
        assert placed | waiting == set(Entry.objects.values_list("pk", flat=True))

    @invariant()
    def each_checkpoint_extends_the_one_before(self) -> None:
        rows = list(Checkpoint.objects.order_by("-size")[:2])
        if len(rows) == 2:
            new, old = rows
            proof = consistency_proof(node_reader(self.sequencer._connection), old.size, new=new.size)
            check_consistency(old.size, bytes(old.root), new.size, bytes(new.root), proof)

    def teardown(self) -> None:
        while self.sequencer.integrate():
            pass
        self.sequencer.publish(NOW)
        self.connection.close()
        checkpoint = newest_checkpoint()
        if checkpoint is not None:
            report = audit(lambda path: published(path, checkpoint), read_policy(policy_text()))
            assert report.findings == []


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.mark.django_db(transaction=True)
def test_there_is_one_history(folder: Path) -> None:
    History.folder = folder
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        History, settings=settings(max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=checks)
    )

"""The log's checkpoints are cosigned by real witnesses, and nothing waits for them."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.test import Client

from ledger.asking_witnesses import Asking, WitnessFailed, asking_witnesses
from ledger.models import Checkpoint, Cosignature, WitnessedCheckpoint
from ledger.notes import CosigningKey, VerifierKey
from ledger.reading import checkpoint_with_all, newest_checkpoint, newest_witnessed
from ledger.recording import record
from ledger.sequencer import Connection, Sequencer
from ledger.signer import LOG_KEY, read_key
from ledger.verifier import Policy, Unusable, WitnessPolicy, read_witness_policy
from tests.conftest import superuser
from tests.ledger.installation import NOW, sequencing
from tests.ledger.witnesses import Running, policy_of, running_witness, write_logs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with sequencing(tmp_path / "signer") as one:
        publish(one, 3)
        yield one


@pytest.fixture
def connection() -> Iterator[Connection]:
    with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as own:
        yield own


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write_logs(tmp_path / "logs", log_key())


def log_key() -> VerifierKey:
    return read_key(settings.LEDGER_SIGNER / LOG_KEY).verifier_key


def publish(sequencer: Sequencer, count: int = 1, stream: str = "claim:1") -> None:
    """So many more entries in the log, and a checkpoint of them."""
    for number in range(count):
        record(stream=stream, kind="tried", at=NOW, body={"n": number}, committed={"by": "Ada"})
    sequencer.integrate()
    assert sequencer.publish(NOW)


def readers(policy: WitnessPolicy) -> Policy:
    """What a reader trusts who has this policy."""
    return Policy(log_key().name, (log_key(),), (), policy)


def askings(policy: WitnessPolicy) -> list[Asking]:
    return [Asking(witness, policy) for witness in policy.witnesses.values()]


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_checkpoint_is_witnessed_once_a_quorum_cosigned_it(
    sequencer: Sequencer, connection: Connection, logs: Path, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "w0", logs) as one, running_witness(tmp_path / "w1", logs) as other:
        policy = policy_of(one, other)
        first, second = askings(policy)
        assert first.ask(connection)
        assert (newest_witnessed(), Cosignature.objects.count()) == (None, 1)
        assert second.ask(connection)
        found = newest_witnessed()
    assert found is not None and found.size == 3
    witnessed = readers(policy).witnessed(found.note.encode())
    assert witnessed is not None and witnessed.is_met
    assert [one.key for one in witnessed.by] == [one.key, other.key]

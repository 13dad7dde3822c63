"""The product's own log, watched at its address: by proofs and receipts, as it grows, and after it was rewritten."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from claims.bundles.history_proofs import proof_file
from ledger.keys import policy_text, receipt
from ledger.models import Entry
from ledger.reading import newest_checkpoint
from ledger.recording import record
from ledger.sequencer import Sequencer
from ledger.verifier import main
from tests import factories
from tests.conftest import superuser
from tests.ledger.installation import sequencing

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sequencer(tmp_path: Path) -> Iterator[Sequencer]:
    with sequencing(tmp_path / "signer") as one:
        yield one


def publish(sequencer: Sequencer) -> None:
    while sequencer.integrate():
        pass
    sequencer.publish(timezone.now())


def test_the_log_is_watched_at_its_address(
    live_server: "LiveServer", sequencer: Sequencer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = factories.cast()
    claim = factories.claim_in(cast, "denied")
    publish(sequencer)
    newest = newest_checkpoint()
    assert newest is not None
    recorded = record(stream="claim:1", kind="tried", at=timezone.now(), body={}, committed={"by": "Ada"})
    for name, data in {
        "policy": policy_text(),
        "proof": proof_file(cast.reviewer, claim, newest),
        "receipt": (receipt(recorded.leaf_hash, recorded.at) or "").encode(),
    }.items():
        (tmp_path / name).write_bytes(data)

    def watched(*files: str) -> tuple[int, list[str]]:
        named = [str(tmp_path / name) for name in files]
        memory = ["--policy", str(tmp_path / "policy"), "--memory", str(tmp_path / "seen")]
        status = main(["watch", live_server.url, *named, *memory])
        return status, capsys.readouterr().out.splitlines()

    status, said = watched("proof", "receipt")
    assert (status, "receipts not due yet: 1" in said[-1]) == (0, True), said
    publish(sequencer)
    status, said = watched()
    assert (status, "not due" in said[-1]) == (0, False), said
    assert (
        main(["proof", str(tmp_path / "proof"), "--policy", str(tmp_path / "policy"), "--claim", claim.reference]) == 0
    )
    assert f"statement: {claim.statement}" in capsys.readouterr().out.splitlines()

    # Somebody who owns the database changes the first entry's place in the tiles, past all its guards.
    with superuser() as past_all_rights:
        past_all_rights.execute("SET session_replication_role = replica")
        past_all_rights.execute("UPDATE ledger_leaf SET hash = %s WHERE index = 0", [bytes(32)])
    assert Entry.objects.count() > 10
    status, said = watched()
    assert (status, said[2].partition(":")[0]) == (1, "log"), said

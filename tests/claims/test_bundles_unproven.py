"""What no entry of a bundle proves stands apart and is counted, and what has no reason to be missing is found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from claims.actions.evidence import change_evidence
from claims.models import Claim
from ledger.models import Erasure, Secret
from reviews.actions.redactions import propose_redaction, redact
from reviews.redacting import find
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in
from tests.factories import Cast, fresh
from tests.ledger.installation import publish_here
from tests.verification.forging import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[], None]:
    """Gives what was recorded so far its place, and signs it."""
    return lambda: publish_here(tmp_path / "signer")


def test_what_was_released_is_shown_without_a_proof_to_who_may_not_read_how_it_was(
    cast: Cast, publish: Callable[[], None]
) -> None:
    claim = factories.claim(cast)
    item = factories.attach(
        cast, claim, factories.source(cast), by=cast.editor, visibility="restricted", excerpt="Now."
    )
    factories.released(fresh(item), cast.editor)
    publish()
    files = files_in(data := bundle_of(cast.reporter, claim))
    report = checked(data)
    assert (report.findings, report.counts["rows unproven"]) == ([], 1)
    [row] = json.loads(files["unproven.json"])
    assert (row["what"], row["row"]["id"], row["row"]["excerpt"]) == ("evidence", str(item.pk), "Now.")
    page = files["index.html"].decode()
    assert page.index("What nothing proves") < page.index("Now.")
    change_evidence(evidence=fresh(item), fields={"excerpt": "Later."}, by=cast.editor)
    publish()
    assert "unproven.json" not in files_in(bundle_of(cast.reporter, claim))


def test_what_was_erased_since_the_checkpoint_has_that_for_its_reason(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast, "Oksana saw it.")
    publish()
    _erase(cast, "Oksana")
    data = bundle_of(cast.editor, claim)
    assert checked(data).findings == []
    gaps = json.loads(files_in(data)["manifest.json"])["left_out"]
    assert [one["names"] for one in gaps if one["reason"] == "redacted_since"] == [["content"]]


def test_a_secret_that_is_gone_without_a_redaction_is_found(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    publish()
    gone = Secret.objects.get(entry__stream=f"claim:{claim.pk}", entry__kind="claim_reported", name="content")
    run("SET LOCAL session_replication_role = replica")
    run("DELETE FROM ledger_secret WHERE id = %s", gone.pk)
    run("SET LOCAL session_replication_role = origin")
    [found] = [str(one) for one in checked(bundle_of(cast.editor, claim)).findings]
    assert found.startswith("manifest.json: left_out: fields content of entry ")
    assert found.endswith("expected its value, or a reason, found neither")


def test_a_source_of_which_no_entry_tells_is_named(cast: Cast, publish: Callable[[], None]) -> None:
    claim: Claim = factories.claim(cast)
    source = claim.evidence.get().source
    factories.relay(cast, source, factories.source(cast, "The log"), quote="as it has it")
    publish()
    data = bundle_of(cast.reporter, claim)
    assert (checked(data).findings, json.loads(files_in(data)["manifest.json"])["left_out"]) == ([], _of_actors(data))


def _of_actors(data: bytes) -> list[dict[str, object]]:
    """What is left out of actors' entries alone: who wrote them."""
    history = json.loads(files_in(data)["history.json"])
    entries = [act["entry"] for act in history["acts"] if act["kind"].startswith("actor_")]
    return [{"what": "fields", "entry": entry, "names": ["by"], "reason": "withheld"} for entry in entries]


def _erase(cast: Cast, words: str) -> None:
    second = factories.person("editor2", "editor", cast.desk)
    row = propose_redaction(desk=cast.desk, reason="She asked us to.", by=cast.editor, words=words)
    redact(redaction=row, seen=find(cast.desk, words=words, sha256="", by=second).seen, by=second)
    assert Erasure.objects.exists()

"""What no entry of a bundle proves stands apart and is counted; what is left out has its reason."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from claims.actions.bundles import ask_for_bundle
from claims.actions.sources import add_relay
from claims.models import Claim
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in, make, with_file, zip_of
from tests.factories import Cast
from tests.ledger.installation import publish_here

pytestmark = pytest.mark.django_db


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[], None]:
    """Gives what was recorded so far its place, and signs it."""
    return lambda: publish_here(tmp_path / "signer")


def test_a_file_whose_entries_its_reader_may_not_read_stands_apart(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast)
    source = claim.evidence.get().source
    with_file(cast, source, b"Mine alone.", "mine.txt", by=cast.reporter, visibility="restricted")
    upstream = factories.source(cast, "A whisper", by=cast.editor, visibility="restricted")
    add_relay(downstream=source, upstream=upstream.pk, by=cast.editor)
    publish()
    files = files_in(data := bundle_of(cast.reporter, claim))
    report = checked(data)
    assert (report.findings, report.counts["rows unproven"]) == ([], 1)
    [row] = json.loads(files["unproven.json"])
    assert (row["what"], row["row"]["name"]) == ("attachment", "mine.txt")
    page = files["index.html"].decode()
    assert page.index("What nothing proves") < page.rindex("mine.txt")
    assert report.said["fields"].endswith(", 1 rows unproven")


def test_what_was_erased_since_the_checkpoint_has_that_for_its_reason(cast: Cast, publish: Callable[[], None]) -> None:
    claim = factories.claim(cast, "Oksana saw it.")
    publish()
    second = factories.person("editor2", "editor", cast.desk)
    row = propose_redaction(desk=cast.desk, reason="She asked us to.", by=cast.editor, words="Oksana")
    redact(redaction=row, seen=find(cast.desk, words="Oksana", sha256="", by=second).seen, by=second)
    asked = ask_for_bundle(claim=claim, by=cast.editor, now=timezone.now() - timedelta(minutes=1))
    data = zip_of(make(asked))
    assert checked(data).findings == []
    gaps = json.loads(files_in(data)["manifest.json"])["left_out"]
    assert [one["names"] for one in gaps if one["reason"] == "redacted_since"] == [["content"]]


def test_of_actors_alone_who_wrote_of_them_is_left_out(cast: Cast, publish: Callable[[], None]) -> None:
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

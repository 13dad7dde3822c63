"""Words and files that a redaction erases stand in no kept grounds any more; the verdict is marked by it."""

from typing import Any

import pytest

from claims.models import Grounds, GroundsWatch
from claims.verdicts.grounds_watch import verdict_watch
from reviews.actions.grounds import authors_now, confirm_verdict
from reviews.actions.redactions import propose_redaction, redact
from reviews.grounds_shown import of_verdict
from reviews.redaction_matches import find
from sources.actions import attach_file
from tests import factories
from tests.factories import fresh
from tests.grounds.edits import GroundsWorld, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db: None) -> GroundsWorld:
    found = world()
    factories.person("editor2", "editor", found.cast.desk)
    return found


def _redact(made: GroundsWorld, **what: Any) -> None:
    row = propose_redaction(desk=made.cast.desk, reason="It was asked for.", by=made.cast.editor, **what)
    seen = find(made.cast.desk, words=row.words, sha256=row.sha256, by=_second(made)).seen
    redact(redaction=row, seen=seen, by=_second(made))


def _second(made: GroundsWorld) -> Any:
    return type(made.cast.editor).objects.get(username="editor2")


def _held(needle: str) -> int:
    rows = [*Grounds.objects.values_list("content", flat=True), *GroundsWatch.objects.values_list("content", flat=True)]
    return sum(needle in str(content) for content in rows)


def test_words_are_gone_from_what_was_kept_and_the_verdict_is_marked(made: GroundsWorld) -> None:
    factories.approved(made.cast, made.assessment)
    _redact(made, words="crane driver wrote")
    assert (_held("crane driver wrote"), Grounds.objects.get().content) == (0, "[redacted]")
    claim, watched = fresh(made.claim), verdict_watch(made.claim)
    assert watched is not None
    assert (claim.changed_since_verdict, authors_now(made.claim, watched.grounds).people) == (
        True,
        frozenset({_second(made).pk}),
    )
    shown = of_verdict(made.cast.editor, claim)
    assert shown is not None
    assert (shown.changed, shown.diff.erased, shown.diff.lines) == (True, True, [])
    confirm_verdict(claim=claim, reason="A word alone.", seen_grounds=shown.now, by=made.cast.editor)
    assert not fresh(made.claim).changed_since_verdict


def test_the_digest_of_an_erased_file_stands_in_no_grounds(made: GroundsWorld) -> None:
    kept = attach_file(source=made.source, chunks=[b"a secret page"], name="page.txt", by=made.cast.reviewer)
    assessment = factories.assessment(made.cast, made.claim, "corroborated")
    factories.approved(made.cast, assessment)
    assert _held(kept.sha256) == 1
    _redact(made, file=kept.pk)
    assert _held(kept.sha256) == 0
    assert fresh(made.claim).changed_since_verdict

"""A redaction that was done leaves its entry, whatever of it the log had not lost before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Act, User
from ledger.entries import read_entry
from reviews.actions.redactions import look_for, preview_of, propose_redaction, redact
from reviews.models import Redaction, RedactionState
from reviews.redaction_backfill import bring_in_redactions
from reviews.redaction_matches import find
from sources.actions import attach_file, request_capture
from sources.models import Attachment, Capture
from tests import factories
from tests.factories import Cast
from tests.integrity.looking import found, found_both_ways

WORD = "zelda"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def editor2(cast: Cast) -> User:
    return factories.person("editor2", "editor", cast.desk)


def _done(cast: Cast, second: User, **what: Any) -> Redaction:
    """As the pages do it: a look, a proposal, and a look of the second person."""
    look_for(desk=cast.desk, by=cast.editor, **{"words": "", "file": None, **what})
    row = propose_redaction(desk=cast.desk, reason="They asked us to.", by=cast.editor, **what)
    return redact(redaction=row, seen=preview_of(redaction=row, by=second).seen, by=second)


def _said(row: Redaction) -> list[Act]:
    return list(Act.objects.filter(about=f"redaction:{row.pk}", kind="redacted"))


def _file(cast: Cast, **fields: Any) -> Attachment:
    source = factories.source(cast, by=cast.editor, **fields)
    return attach_file(source=source, chunks=[b"What the file says."], name=f"{WORD}.txt", by=cast.editor)


@pytest.mark.parametrize("visibility", ["desk", "restricted"])
def test_a_file_whose_name_was_redacted_before(cast: Cast, editor2: User, visibility: str) -> None:
    file = _file(cast, visibility=visibility)
    _done(cast, editor2, words=WORD)
    row = _done(cast, editor2, file=file.pk)
    [act] = _said(row)
    body = read_entry(bytes(act.entry.leaf)).body
    assert (act.sealed, body["fields"], body["rows"]) == (False, {}, [])
    assert (found(), found_both_ways()) == ([], [])


def _address(capture: Capture) -> None:
    capture.final_url = f"https://example.org/{WORD}"


def _headers(capture: Capture) -> None:
    capture.headers = [["x-served-by", WORD]]


def _error(capture: Capture) -> None:
    capture.error = f"{WORD}.example.org does not answer."


@pytest.mark.parametrize("holding", [_address, _headers, _error])
def test_words_that_stand_in_rows_that_commit_nothing(
    cast: Cast, editor2: User, holding: Callable[[Capture], None]
) -> None:
    capture = request_capture(source=factories.source(cast, url="https://example.org/a"), by=cast.editor)
    holding(capture)
    capture.save()
    row = propose_redaction(desk=cast.desk, words=WORD, reason="They asked us to.", by=cast.editor)
    row = redact(redaction=row, seen=find(cast.desk, words=WORD, sha256="", by=editor2).seen, by=editor2)
    assert (len(_said(row)), found(), found_both_ways()) == (1, [], [])


def test_one_that_an_earlier_release_left_without_an_entry_has_it_brought_in(cast: Cast, editor2: User) -> None:
    factories.claim(cast, f"{WORD} saw it.")
    asked = factories.days_ago(2 / 24)
    row = propose_redaction(desk=cast.desk, words=WORD, reason="They asked us to.", by=cast.editor, now=asked)
    row.state, row.words, row.decided_by, row.ended_at = RedactionState.DONE, "", editor2, factories.days_ago(1 / 24)
    row.save()
    assert {one.expected for one in found_both_ways()} == {"an entry redacted"}
    assert bring_in_redactions(connection, now=timezone.now()) == 1
    [act] = _said(row)
    assert (act.by, read_entry(bytes(act.entry.leaf)).body["brought_in"]) == (editor2, True)
    assert (found(), found_both_ways()) == ([], [])
    assert bring_in_redactions(connection, now=timezone.now()) == 0

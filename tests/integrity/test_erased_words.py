"""Where a redaction erased what opens an entry, no other words can be put into the row: `verify` asks for its mark.

Something is redacted in each column that the ledger commits to; then each is forged alone, past all guards.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast as AsType

from accounts.models import User
from claims.actions.claims import set_threshold
from claims.inputs import ThresholdInput
from reviews.actions.assignments import close_claim, decline
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import PLACES, REDACTED, find
from sources.actions import attach_file
from sources.models import Attachment
from tests import factories
from tests.factories import fresh
from tests.integrity.forging import run
from tests.integrity.looking import found_both_ways
from tests.integrity.test_both_ways import keep_keys, taken_back
from tests.ledger.test_golden import do_everything

# Columns of which no entry tells.
UNCOMMITTED = {
    "GroundsWatch.content": "what is watched now: read again, by `watched grounds as they are`",
    **dict.fromkeys(("Capture.headers", "Capture.redirects", "Capture.error"), "no entry tells of it"),
}
PLACED = {
    f"{place.model.__name__}.{name}": (place, name) for place in PLACES if not place.own for name in place.columns
}
COLUMNS = sorted(PLACED.keys() - UNCOMMITTED.keys())
ASKED = "—"  # a reason in which nothing is looked for
IN_JSON = "Grounds.content"
# One entry commits to both: of these a mark in one is enough.
TOGETHER = {"Capture.url": ("url", "final_url"), "Capture.final_url": ("url", "final_url")}


@pytest.fixture(scope="module")
def world(past_the_guards: None) -> Iterator[factories.Cast]:
    """A desk where everything was done, and words were erased in each column."""
    with transaction.atomic():
        cast = factories.cast()
        do_everything(cast)
        keep_keys()
        _write_more(cast)
        second = User.objects.get(username="editor2")
        for name in COLUMNS:
            _redact_in(name, cast, second)
        kept = attach_file(source=factories.source(cast), chunks=[b"A face."], name="face.txt", by=cast.reviewer)
        _redact(cast, second, file=kept.pk)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        yield cast
        transaction.set_rollback(True)


def _write_more(cast: factories.Cast) -> None:
    """What `do_everything` leaves empty."""
    editor = cast.editor
    owner = factories.actor(cast, "The owner of a paper")
    paper = factories.actor(cast, "A paper", part_of=owner, stands_alone_because="Its editors choose alone.")
    claim = factories.claim(cast, "A crane fell.", original_statement="Der Kran fiel.", place="At Reni")
    reasons: dict[str, Any] = {"basis_reason": "He stood there.", "against_interest_reason": "It costs him dear."}
    source = factories.source(cast, publisher=paper, basis_reason="So it says itself.")
    factories.attach(cast, claim, source, basis="firsthand", against_interest=paper, locator="On page 2", **reasons)
    set_threshold(claim=fresh(claim), fields=ThresholdInput(threshold=3, reason="A grave matter."), by=editor)
    close_claim(claim=factories.claim(cast), reason="duplicate", note="Of another one.", by=editor)
    decline(assignment=factories.assigned(cast, factories.claim(cast)), reason="Too much to do.", by=cast.reviewer)
    disputed = factories.claim(cast, "A crane stood.")
    factories.firsthand(cast, disputed, 2)
    factories.firsthand(cast, disputed, 1, stance="refutes")
    factories.approved(cast, factories.assessment(cast, disputed, "corroborated"))


def _redact_in(name: str, cast: factories.Cast, second: User) -> None:
    """Erase all that one row has in a column, where no row has lost anything there so far."""
    place, column = PLACED[name]
    rows: Any = place.model._default_manager.annotate(said=AsType(column, TextField()))
    if name == IN_JSON or rows.filter(said__contains=REDACTED).exists():
        return
    said = rows.filter(**{place.desk: cast.desk}).exclude(said__in=["", ASKED]).exclude(said=None).order_by("pk")
    if place.model is Attachment:  # one entry commits to a capture's name and addresses: a mark in one would be enough
        said = said.filter(capture__isnull=True)
    assert said, f"no row has a {name}"
    _redact(cast, second, words=said[0].said)


def _redact(cast: factories.Cast, second: User, **what: Any) -> None:
    row = propose_redaction(desk=cast.desk, reason=ASKED, by=cast.editor, **what)
    redact(redaction=row, seen=find(cast.desk, words=row.words, sha256=row.sha256, by=second).seen, by=second)


def test_nothing_is_found_after_redactions_in_every_column(world: factories.Cast) -> None:
    assert found_both_ways() == []
    for name in COLUMNS:
        assert _marked(name), name


@pytest.mark.parametrize("name", COLUMNS)
def test_other_words_where_words_were_erased_are_found(world: factories.Cast, name: str) -> None:
    place, column = PLACED[name]
    forged = "'[]'" if name == IN_JSON else "'Forged'"
    table = place.model._meta.db_table
    with taken_back():
        for each in TOGETHER.get(name, (column,)):
            run(f"UPDATE {table} SET {each} = {forged} WHERE {each}::text LIKE '%%[redacted]%%'")  # noqa: S608 - ours
        assert found_both_ways()


def test_a_name_for_a_file_that_was_erased_is_found(world: factories.Cast) -> None:
    with taken_back():
        run("UPDATE sources_attachment SET name = 'forged.txt' WHERE erased_at IS NOT NULL")
        assert [one for one in found_both_ways() if "text left by a redaction" in str(one)]


def _marked(name: str) -> bool:
    place, column = PLACED[name]
    rows: Any = place.model._default_manager.annotate(said=AsType(column, TextField()))
    return bool(rows.filter(said__contains=REDACTED).exists())

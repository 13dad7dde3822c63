"""What a redaction erased of a history page: nothing is shown of it, and words that stand there all the same are red.

Every field of a status change, and all that stands above: erased by two editors, forged past all guards, and looked at
in Chromium.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from claims.actions.claims import set_threshold
from claims.inputs import ThresholdInput
from claims.models import Claim, StatusChange
from claims.record.erased import NOTHING
from claims.views import history as pages
from reviews import redaction_matches
from reviews.actions.assessments import approve
from reviews.actions.assignments import close_claim
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.test_history_tampered import _run as run
from tests.accessibility.test_history_tampered import _said as said_of
from tests.accessibility.test_history_tampered import world as world
from tests.integrity.conftest import past_the_guards as past_the_guards
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from accounts.models import User

FORGED = "Forged."
DECIDER, SINCE = "thedecider", date(2019, 8, 7)
RENAMED = (
    "UPDATE sources_actor SET name = 'Forged.' WHERE id = (SELECT claimant_id FROM claims_claim WHERE id = %(claim)s)"
)


def _second(claim: Claim) -> StatusChange:
    return StatusChange.objects.get(claim=claim, seq=2)


@dataclass(frozen=True)
class ErasedWorld:
    """`words`: what is redacted; `forge`: what the rows say afterwards; `shown`: words of the forged rows. `anew`: what
    is left was recorded anew with the redaction, so that all of it can be compared."""

    words: Callable[[Claim], str]
    forge: tuple[str, ...]
    shown: str = FORGED
    anew: bool = False


FIELDS = {
    "by": ErasedWorld(lambda _: "reviewer", (":change by_id = :another :second",), "reviewer2"),
    "decided_by": ErasedWorld(lambda _: DECIDER, (":change decided_by_id = :another :second",), "reviewer2"),
    "reason": ErasedWorld(lambda _: "what the evidence shows", (":text reason = 'Forged.' :second",)),
    "decision_reason": ErasedWorld(lambda _: "quite agree", (":text decision_reason = 'Forged.' :second",)),
    "evidence": ErasedWorld(
        lambda claim: str(_second(claim).evidence[0]),
        (":change evidence = evidence[2:2] :second",),
        "Relies on evidence",
    ),
    "graph_digest": ErasedWorld(
        lambda claim: _second(claim).graph_digest, (":change graph_digest = repeat('ab', 32) :second",), "ab" * 32
    ),
    "wording": ErasedWorld(lambda _: "2021-03-04", (":claim statement = 'Forged.' :this",)),
    "claimant": ErasedWorld(lambda _: "2021-03-04", (RENAMED,)),
    "note of the closing": ErasedWorld(lambda _: "by the news", (":claim closed_note = 'Forged.' :this",)),
    "name": ErasedWorld(lambda _: "2019-08-07", (RENAMED,)),
    "renamed": ErasedWorld(
        lambda _: "The ministry",
        (RENAMED,),
        anew=True,
    ),
    "topic": ErasedWorld(
        lambda _: "shipping lanes", ("UPDATE claims_topic SET name = 'Forged.' WHERE name = '[redacted]'",), anew=True
    ),
    "place": ErasedWorld(lambda _: "Izmail", (":claim place = 'Forged.' :this",), anew=True),
    "reason of the threshold": ErasedWorld(
        lambda _: "grave", (":claim threshold_reason = 'Forged.' :this",), anew=True
    ),
}


@pytest.fixture
def closed(world: AccessWorld, taken_back: None) -> Claim:
    """A corroborated claim with a threshold of its own, which was closed."""
    cast = world.cast
    decider = factories.person(DECIDER, "editor", cast.desk)
    ministry = factories.actor(cast, "The ministry", part_of=factories.actor(cast, "A state"), part_of_from=SINCE)
    of_claim: dict[str, Any] = {"topics": ["shipping lanes"], "place": "Izmail", "claimed_on": date(2021, 3, 4)}
    claim = factories.claim(cast, claimant=ministry, **of_claim)
    factories.firsthand(cast, claim, 2)
    set_threshold(
        claim=factories.fresh(claim), fields=ThresholdInput(threshold=2, reason="A grave matter."), by=cast.editor
    )
    assessment = factories.assessment(cast, factories.fresh(claim), "corroborated")
    approve(assessment=assessment, reason="I quite agree.", seen_version=factories.fresh(claim).version, by=decider)
    close_claim(claim=factories.fresh(claim), reason="moot", note="Overtaken by the news.", by=cast.editor)
    return factories.fresh(claim)


@pytest.fixture
def erase(
    world: AccessWorld, closed: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[ErasedWorld], None]:
    """Erases the words of a field, and publishes. Days, ids and digests are searched, as earlier releases did: logs
    have such redactions."""
    monkeypatch.setattr(redaction_matches, "_written", lambda _words, *of: redaction_matches._whatever(*of))
    second = factories.person("editor2", "editor", world.cast.desk)

    def do(field: ErasedWorld) -> None:
        desk, words = world.cast.desk, field.words(closed)
        row = propose_redaction(desk=desk, words=words, reason="It was asked for.", by=world.cast.editor)
        redact(redaction=row, seen=find(desk, words=words, sha256="", by=second).seen, by=second)
        publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), tmp_path / "signer")))

    return do


def _text(page: "Page") -> str:
    return page.locator("main").inner_text()


@pytest.mark.parametrize("name", FIELDS)
def test_nothing_is_shown_of_what_was_erased_and_the_rest_matches(
    name: str,
    world: AccessWorld,
    closed: Claim,
    erase: Callable[[ErasedWorld], None],
    page_of: "Callable[[User], Page]",
) -> None:
    field, page = FIELDS[name], page_of(world.cast.editor)
    words = field.words(closed)
    erase(field)
    marks, said = said_of(page, closed)
    assert marks == ("verified" if field.anew else "redacted"), said
    assert words not in _text(page)
    assert "[redacted]" in _text(page) or name == "evidence"


@pytest.mark.parametrize("name", FIELDS)
def test_words_forged_where_some_were_erased_are_not_shown_or_are_red(
    name: str,
    world: AccessWorld,
    closed: Claim,
    erase: Callable[[ErasedWorld], None],
    page_of: "Callable[[User], Page]",
) -> None:
    field, page = FIELDS[name], page_of(world.cast.editor)
    erase(field)
    run(field.forge, closed)
    marks, said = said_of(page, closed)
    part = page.locator("#change-2").inner_text() if "change" in field.forge[0] else _text(page)
    assert marks == "broken" or field.shown not in part, said


@pytest.mark.parametrize("name", FIELDS)
def test_a_page_that_shows_forged_words_where_some_were_erased_is_red(
    name: str,
    world: AccessWorld,
    closed: Claim,
    erase: Callable[[ErasedWorld], None],
    page_of: "Callable[[User], Page]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server forgets what was erased."""
    field, page = FIELDS[name], page_of(world.cast.editor)
    erase(field)
    run(field.forge, closed)
    monkeypatch.setattr(pages, "erased_of", lambda _claim, _actors: NOTHING)
    marks, said = said_of(page, closed)
    assert (marks, field.shown in _text(page)) == ("broken", True), said

"""A claim's history is checked in the reader's own browser: what it says, and that it says so where it cannot."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django.utils import timezone

from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim
from claims.reading.page_queries import history_shown
from claims.views import history as pages
from ledger.reading import count_of
from reviews.actions.assessments import approve
from reviews.actions.assignments import name_decider
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from tests import factories
from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways
from tests.ledger.installation import publish_here

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SUM = "[data-sum]"
ABOVE = (
    "The heading matches too: wording, dates, place, topics, claimant and people named, a threshold of its own, "
    "whether it is closed, and the state."
)
NOT_COMPARED = (
    "Not compared, because this server computes them: whom an actor speaks for, and the marks “contested”, “support "
    "lost” and “changed since the verdict”."
)


@pytest.fixture
def publish(world: AccessWorld, taken_back: None, tmp_path: Path) -> Callable[[], None]:
    """Publishes the log as it is, from the mark of the world's own signer; it is taken back after the test."""
    signer = Path(copytree(world.files.with_name(f"{world.files.name}-signer"), tmp_path / "signer"))
    return lambda: publish_here(signer)


@pytest.fixture
def verdict(world: AccessWorld, publish: Callable[[], None]) -> Claim:
    """A corroborated claim, with its history in the published log."""
    claim = factories.claim_in(world.cast, "corroborated")
    publish()
    return claim


def checked(page: "Page", claim: Claim) -> list[str]:
    """What the page says of the whole, then of each change, once it has checked."""
    page.goto(f"/claims/{claim.reference}/history/")
    page.locator(f"{SUM}:is(.verified, .redacted, .broken, .unavailable, .missing)").wait_for()
    shown = page.locator("[data-check]:not([hidden]) [data-result]:not([hidden])")
    return [page.locator(SUM).inner_text(), *(text.strip() for text in shown.all_inner_texts())]


def test_a_history_that_is_as_it_was_recorded(
    world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)
    whole = (
        "Recomputed by your browser: all 2 changes match the record, with their states, times, people, "
        f"reasons, evidence and its numbers, voices, thresholds and digests. {ABOVE}"
    )
    assert checked(page, verdict) == [whole, "Verified", "Verified"]
    # Beside the green line, and not green itself.
    apart = page.locator("[data-apart]")
    assert (apart.inner_text(), apart.get_attribute("class")) == (NOT_COMPARED, "check")
    page.set_viewport_size({"width": 320, "height": 700})
    assert (barriers(page), sideways(page)) == ([], [])


def test_a_history_of_one_change(world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"]) -> None:
    whole = (
        "Recomputed by your browser: the one change matches the record, with its state, time, person, reason, "
        f"evidence and its numbers, voices, threshold and digest. {ABOVE}"
    )
    assert checked(page_of(world.cast.reporter), world.claim) == [whole, "Verified"]


def test_a_server_that_shows_other_words(
    world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = pages.change_line

    def lie(*arguments: object) -> object:
        line = right(*arguments)  # type: ignore[arg-type]
        return replace(line, reason="Nobody said so.") if line.seq == 2 else line

    monkeypatch.setattr(pages, "change_line", lie)
    page = page_of(world.cast.reporter)
    said = checked(page, verdict)
    assert said[1:] == ["Verified", "Does not match"]
    assert said[0].startswith("This page does not match the record.")
    assert "found “Nobody said so.”" in page.locator("#change-2 [data-note]").inner_text()


def test_words_that_were_erased_read_so_and_the_rest_matches(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    desk, second = world.cast.desk, factories.person("editor2", "editor", world.cast.desk)
    row = propose_redaction(desk=desk, words="I agree", reason="It was asked for.", by=world.cast.editor)
    redact(redaction=row, seen=find(desk, words="I agree", sha256="", by=second).seen, by=second)
    page = page_of(world.cast.editor)
    assert checked(page, verdict)[0].startswith("A newer entry is not in the log yet")
    publish()
    whole, *each = checked(page, verdict)
    assert each == ["Verified", "Verified, closed in part"]
    assert whole.endswith("Values that were erased or are not visible to you are closed.")
    assert "[redacted]" in page.locator("#change-2").inner_text()
    assert barriers(page) == []


def test_evidence_that_is_restricted_now_is_closed_to_who_may_not_see_it(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    item = verdict.evidence.filter(stance="supports")[0]
    change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=world.cast.editor)
    publish()
    page = page_of(world.cast.reviewer2)
    assert checked(page, verdict)[2:] == ["Verified, closed in part"]
    assert "Relies on evidence" not in page.locator("#change-2").inner_text()
    assert "evidence" in page.locator("#change-2 [data-note]").inner_text()
    assert checked(page_of(world.cast.editor), verdict)[1:] == ["Verified", "Verified"]


@pytest.mark.parametrize("lines", ["First line.\nSecond line.", "First line.\r\n\r\nSecond line.", " Set  apart. "])
def test_reasons_of_several_lines_are_compared_as_they_were_written(
    lines: str, world: AccessWorld, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    claim = factories.claim(world.cast)
    factories.firsthand(world.cast, claim, 2)
    assessment = factories.assessment(world.cast, claim, "corroborated", rationale=lines)
    approve(assessment=assessment, reason=lines, seen_version=factories.fresh(claim).version, by=world.cast.editor)
    publish()
    assert checked(page_of(world.cast.reporter), claim)[1:] == ["Verified", "Verified"]


def test_who_may_not_read_a_redaction_is_told_that_words_are_closed_and_not_that_they_were_forged(
    world: AccessWorld, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    """It names a row of another claim, which somebody invited for this one alone may not know of."""
    cast, second = world.cast, factories.person("editor2", "editor", world.cast.desk)
    claims = []
    for _ in range(2):
        claim = factories.claim(cast)
        factories.firsthand(cast, claim, 2)
        assessment = factories.assessment(cast, claim, "corroborated", rationale="As Oksana Testova said.")
        claims.append(factories.approved(cast, assessment))
    row = propose_redaction(desk=cast.desk, words="Oksana Testova", reason="She asked us to.", by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words="Oksana Testova", sha256="", by=second).seen, by=second)
    name_decider(claim=claims[0], user=cast.stranger, by=cast.editor)
    publish()
    assert checked(page_of(cast.stranger), claims[0])[1:] == ["Verified", "Verified, closed in part"]


def test_what_is_recorded_between_the_page_and_its_proof_is_no_forgery(
    world: AccessWorld, verdict: Claim, publish: Callable[[], None], page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)

    def meanwhile(route: "Route") -> None:
        connections["default"] = connection
        edit_claim(claim=verdict, fields=ClaimInput(place="Odesa"), by=world.cast.editor)
        publish()
        route.fallback()

    connection = connections["default"]
    page.route("**/proof", meanwhile)
    assert checked(page, verdict)[0].startswith("A newer entry was recorded after this page was loaded")


def test_an_entry_from_before_the_page_is_not_newer_than_it_whatever_number_it_has(
    world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(pages, "count_of", lambda stream: count_of(stream) - 1)
    monkeypatch.setattr(pages, "history_shown", lambda claim: list(history_shown(claim))[:-1])
    monkeypatch.setattr("claims.views.history.timezone.now", lambda: later)
    page = page_of(world.cast.reporter)
    assert checked(page, verdict)[0].startswith("This page does not match the record.")
    assert "change 2: recorded “on this page”, found “left out”." in page.locator("[data-findings]").inner_text()


def test_a_change_that_waits_for_its_place(world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"]) -> None:
    factories.approved(world.cast, factories.assessment(world.cast, factories.fresh(verdict), "reported", evidence=[]))
    assert checked(page_of(world.cast.reporter), verdict)[1:] == ["Verified", "Verified", "Not in the log yet"]


def test_a_browser_that_cannot_says_so_and_never_verified(
    world: AccessWorld, verdict: Claim, page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.cast.reporter)
    page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    said = checked(page, verdict)
    assert (len(said), said[0].startswith("Not checked: this needs https and a browser from 2025 or later.")) == (
        1,
        True,
    )

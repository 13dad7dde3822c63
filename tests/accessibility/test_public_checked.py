"""Anybody checks the status changes of a published claim in their own browser, without an account."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from claims.actions.claims import publish_claim
from claims.models import Claim
from tests import factories
from tests.access.world import World
from tests.accessibility.axe import barriers, sideways
from tests.accessibility.test_history_tampered import _run as run
from tests.accessibility.test_history_tampered import world as world
from tests.ledger.installation import publish_here
from tests.verification.conftest import past_the_guards as past_the_guards

if TYPE_CHECKING:
    from playwright.sync_api import Page

SUM = "[data-public] [data-sum]"
TAMPERINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "another state": ((":change to_state = 'refuted' :second",), "to: recorded “"),
    "another time": ((":change at = at - interval '1 day' :second",), "happened_at: recorded “"),
    "more voices": ((":change independence_max = 5 :second",), "independence: recorded “"),
    "another threshold": ((":change threshold = 1 :second",), "threshold: recorded “2”, found “1”"),
    "another reference": ((":claim reference = 'UKR-999' :this",), "reference: recorded “"),
    "another state above": ((":claim state = 'refuted' :this",), ""),
    "the newest change deleted": (("DELETE FROM claims_statuschange :second",), ""),
    "another entry in the log": (
        ("UPDATE ledger_entry SET leaf = replace(convert_from(leaf, 'UTF8'), 'T', 'U')::bytea WHERE id = :entry",),
        "Not as recorded at: recorded",
    ),
}


@pytest.fixture(scope="module")
def published(world: World) -> Claim:
    claim = factories.claim_in(world.cast, "corroborated", now=factories.days_ago(1 / 24))
    publish_claim(claim=claim, by=world.cast.editor)
    publish_here(Path(copytree(world.files.with_name(f"{world.files.name}-signer"), world.files / "signer")))
    return factories.fresh(claim)


@pytest.fixture
def page(page_of: Callable[..., "Page"]) -> Iterator["Page"]:
    yield page_of(None)


def _checked(page: "Page", claim: Claim) -> tuple[str, str]:
    """How the page marks its sum, and all that it says of its check."""
    page.goto(f"/public/{factories.fresh(claim).reference}/")
    page.locator(f"{SUM}:is(.verified, .broken, .unavailable)").wait_for()
    texts = page.locator(
        f"{SUM}, [data-public] [data-findings] li, .change [data-mark]:not([hidden])"
    ).all_inner_texts()
    return (page.locator(SUM).get_attribute("class") or "").removeprefix("check "), "\n".join(texts)


def test_a_history_that_is_as_it_was_recorded(published: Claim, taken_back: None, page: "Page") -> None:
    marks, said = _checked(page, published)
    assert (marks, said.count("As recorded")) == ("verified", 2)
    assert "all 2 changes stand in the log as they stand here" in said
    page.set_viewport_size({"width": 320, "height": 700})
    assert (barriers(page), sideways(page)) == ([], [])


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_past_all_guards_is_said(name: str, published: Claim, taken_back: None, page: "Page") -> None:
    statements, told = TAMPERINGS[name]
    run(statements, published)
    marks, said = _checked(page, published)
    assert (marks, told in said) == ("broken", True), said


def test_a_browser_that_cannot_says_so(published: Claim, taken_back: None, page: "Page") -> None:
    page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    assert _checked(page, published)[0] == "unavailable"


def test_the_printed_page_says_where_it_is(published: Claim, taken_back: None, page: "Page") -> None:
    page.goto(f"/public/{published.reference}/")
    code = page.get_by_role("img", name="The address of this page as a QR code")
    assert not code.is_visible()
    page.emulate_media(media="print")
    assert code.is_visible()
    assert page.get_by_text(f"/public/{published.reference}/", exact=False).is_visible()

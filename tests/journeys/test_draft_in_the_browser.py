"""An assessment that saves itself: to the server, to the browser while there is no server, beside another window."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from claims.models import Claim
from reviews.models import Assessment, AssessmentDraft
from tests import factories

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

KEPT = "Object.keys(localStorage).filter((place) => place.startsWith('second-source draft '))"
SLOW = 20_000  # ms


@pytest.fixture
def assess(transactional_db: None, live_server: "LiveServer", context: BrowserContext) -> str:
    """The address of the form, in a browser in which the reviewer of the claim is signed in."""
    cast = factories.cast()
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    client = Client()
    client.force_login(cast.reviewer)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return f"{live_server.url}/claims/{claim.reference}/assess/"


def _opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address, timeout=60_000)
    return page


def _write(page: Page, text: str) -> None:
    page.get_by_label("Rationale").fill(text)


def _told(page: Page, text: str) -> None:
    expect(page.locator("[data-draft-status]")).to_contain_text(text, timeout=SLOW)


def _browser_keeps(page: Page, texts: int) -> None:
    """Waits until so many are kept: a script does it when the page has loaded, or said so."""
    for _ in range(SLOW // 100):  # by hand: what a page evaluates for Playwright, its policy refuses
        if page.evaluate(f"{KEPT}.length") == texts:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.evaluate(KEPT)} are kept, not {texts}")


def _on_the_server() -> Any:
    return AssessmentDraft.objects.get().content["rationale"]


def test_it_saves_itself_survives_a_lost_connection_and_leaves_nothing_behind(
    context: BrowserContext, assess: str
) -> None:
    page, other = _opened(context, assess), _opened(context, assess)
    expect(page.get_by_text("This browser holds other text")).to_be_hidden()
    _write(page, "The log says nothing.")
    page.get_by_role("radio", name="No change").check()
    _told(page, "Draft saved at")
    assert _on_the_server() == "The log says nothing."
    _browser_keeps(page, 0)

    # Another window that has not seen it overwrites nothing, and keeps its own words.
    _write(other, "The other window.")
    _told(other, "This draft was saved in another window")
    assert _on_the_server() == "The log says nothing."
    _browser_keeps(other, 1)
    other.close()
    page.evaluate("localStorage.clear()")

    # No server: the browser keeps it, and brings it back.
    context.set_offline(True)
    _write(page, "The log says nothing, and the witness left.")
    _told(page, "The server is not responding.")
    page.close()
    context.set_offline(False)
    page = _opened(context, assess)
    expect(page.get_by_label("Rationale")).to_have_value("The log says nothing, and the witness left.")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    assert _on_the_server() == "The log says nothing, and the witness left."

    # The hand-in, and signing out, leave nothing in the browser.
    page.get_by_role("button", name="Submit assessment").click()
    expect(page).to_have_url(re.compile("/reviews/"))
    _browser_keeps(page, 0)
    assert (Assessment.objects.count(), AssessmentDraft.objects.count()) == (1, 0)


def test_signing_out_takes_from_the_browser_what_the_server_never_got(context: BrowserContext, assess: str) -> None:
    page = _opened(context, assess)
    context.set_offline(True)
    _write(page, "Only here.")
    _told(page, "The server is not responding.")
    _browser_keeps(page, 1)
    page.on("dialog", lambda dialog: dialog.accept())
    context.set_offline(False)
    AssessmentDraft.objects.all().delete()
    page.get_by_role("button", name="reviewer").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()
    _browser_keeps(page, 0)


def test_what_is_brought_back_can_be_discarded(context: BrowserContext, assess: str) -> None:
    page = _opened(context, assess)
    context.set_offline(True)
    _write(page, "Not meant.")
    _told(page, "The server is not responding.")
    page.close()
    context.set_offline(False)
    page = _opened(context, assess)
    page.get_by_role("link", name="Discard draft…").click()
    expect(page.get_by_text("Not meant.")).to_be_visible()
    page.get_by_role("button", name="Discard draft").click()
    page.goto(assess)
    expect(page.get_by_label("Rationale")).to_have_value("")
    _browser_keeps(page, 0)
    assert (AssessmentDraft.objects.count(), Claim.objects.count()) == (0, 1)


def test_a_refused_assessment_more_typing_and_a_closed_tab_lose_nothing(context: BrowserContext, assess: str) -> None:
    page = _opened(context, assess)
    _write(page, "First words.")
    page.get_by_role("button", name="Submit assessment").click()  # without a state
    expect(page.get_by_role("alert")).to_be_visible()
    _write(page, "First words, and what came after the refusal.")
    page.close()  # as if killed: nothing of it had the time to be saved
    page = _opened(context, assess)
    expect(page.get_by_label("Rationale")).to_have_value("First words, and what came after the refusal.")
    expect(page.get_by_text("This browser holds other text")).to_be_hidden()
    page.get_by_role("radio", name="No change").check()
    page.get_by_role("button", name="Submit assessment").click()
    expect(page).to_have_url(re.compile("/reviews/"))
    assert Assessment.objects.get().rationale == "First words, and what came after the refusal."
    _browser_keeps(page, 0)

"""Forms in a real browser: what is typed survives a refusal, a killed tab, a lost connection, a session that ends."""

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from accounts.models import Session, User
from claims.models import Claim, Evidence
from reviews.models import FormDraft
from tests import factories
from tests.factories import Cast, password_of

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

KEPT = "Object.keys(localStorage).filter((place) => place.startsWith('second-source draft '))"
SLOW = 20_000  # ms


class DraftScene(NamedTuple):
    cast: Cast
    claim: Claim
    address: str


@pytest.fixture
def scene(transactional_db: None, live_server: "LiveServer", context: BrowserContext) -> DraftScene:
    """The form to attach a source, in a browser in which the reviewer is signed in."""
    cast = factories.cast()
    claim = factories.claim(cast)
    sign_in(context, live_server.url, cast.reviewer)
    return DraftScene(cast, claim, f"{live_server.url}/claims/{claim.reference}/attach/")


def sign_in(context: BrowserContext, site: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address, timeout=60_000)
    return page


def write(page: Page, text: str) -> None:
    page.get_by_label("Quote").fill(text)


def told(page: Page, text: str) -> None:
    expect(page.locator("[data-draft-status]")).to_contain_text(text, timeout=SLOW)


def has(page: Page, text: str) -> None:
    expect(page.get_by_label("Quote")).to_have_value(text)


def browser_keeps(page: Page, copies: int) -> None:
    for _ in range(SLOW // 100):  # by hand: what a page evaluates for Playwright, its policy refuses
        if page.evaluate(f"{KEPT}.length") == copies:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.evaluate(KEPT)} are kept, not {copies}")


def on_the_server() -> list[str]:
    return [dict(row.content)["excerpt"] for row in FormDraft.objects.order_by("kept_at")]


def attach(page: Page) -> None:
    page.get_by_role("radio", name="Supports").check()
    page.get_by_role("button", name="Attach source").click()


def test_a_refusal_more_typing_and_a_closed_tab_lose_nothing_and_nothing_older_comes_back(
    context: BrowserContext, scene: DraftScene
) -> None:
    page = opened(context, scene.address)
    write(page, "First words.")
    told(page, "Draft saved at")
    attach(page)  # without a source
    expect(page.get_by_role("alert")).to_be_visible()
    write(page, "First words, and what came after the refusal.")
    page.close()
    page = opened(context, scene.address)
    has(page, "First words, and what came after the refusal.")
    expect(page.get_by_text("This browser holds other text")).to_be_hidden()
    page.get_by_label("URL").fill("example.org/a")
    attach(page)
    expect(page).to_have_url(re.compile(rf"/claims/{scene.claim.reference}/$"))
    browser_keeps(page, 0)
    [item] = Evidence.objects.exclude(excerpt="")
    assert (item.excerpt, item.source.url) == (
        "First words, and what came after the refusal.",
        "https://example.org/a",
    )
    assert not FormDraft.objects.exists()
    page.goto(scene.address)
    has(page, "")


def test_a_killed_tab_loses_nothing(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    page.get_by_label("Quote").press_sequentially("Half a sent")
    page.close(run_before_unload=False)
    page = opened(context, scene.address)
    has(page, "Half a sent")
    browser_keeps(page, 0)  # the server has it now
    assert on_the_server() == ["Half a sent"]


def test_without_a_connection_the_browser_keeps_it_and_the_server_gets_it_later(
    context: BrowserContext, scene: DraftScene
) -> None:
    page = opened(context, scene.address)
    context.set_offline(True)
    write(page, "On the train.")
    told(page, "The server is not responding.")
    context.set_offline(False)
    told(page, "Draft saved at")
    browser_keeps(page, 0)
    assert on_the_server() == ["On the train."]


def test_two_windows_overwrite_nothing_of_each_other(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    write(page, "Seen by both.")
    told(page, "Draft saved at")
    other = opened(context, scene.address)
    has(other, "Seen by both.")
    write(page, "The first window.")
    told(page, "Draft saved at")
    browser_keeps(page, 0)
    write(other, "The second window.")
    told(other, "Yours is saved beside it.")
    assert on_the_server() == ["The first window.", "The second window."]


def test_going_back_after_the_form_was_done_brings_no_second_one(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    write(page, "Once.")
    page.get_by_label("URL").fill("example.org/a")
    attach(page)
    expect(page).to_have_url(re.compile(rf"/claims/{scene.claim.reference}/$"))
    page.go_back()
    page.goto(scene.address)
    has(page, "")
    browser_keeps(page, 0)
    assert (Evidence.objects.exclude(excerpt="").count(), FormDraft.objects.count()) == (1, 0)


def test_signing_out_takes_from_the_browser_what_the_server_never_got(
    context: BrowserContext, scene: DraftScene
) -> None:
    page = opened(context, scene.address)
    context.set_offline(True)
    write(page, "Only here.")
    told(page, "The server is not responding.")
    browser_keeps(page, 1)
    page.on("dialog", lambda dialog: dialog.accept())
    other = context.new_page()
    context.set_offline(False)
    other.goto(scene.address.replace("attach/", ""))
    other.get_by_role("button", name="reviewer").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("User name")).to_be_visible()


def signs_in(page: Page, who: User) -> None:
    page.get_by_label("User name").fill(who.username)
    page.get_by_label("Password").fill(password_of(who))
    page.get_by_role("button", name="Sign in").click()


def test_a_session_that_ends_while_one_types_gives_the_form_back(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    write(page, "Typed while the session ended.")
    Session.objects.all().delete()  # as from another browser, or by time
    told(page, "You are signed out.")
    attach(page)
    signs_in(page, scene.cast.reviewer)
    has(page, "Typed while the session ended.")
    expect(page.get_by_text("It was not submitted.")).to_be_visible()
    assert Evidence.objects.filter(excerpt__startswith="Typed").count() == 0
    page.get_by_label("URL").fill("example.org/a")
    attach(page)
    expect(page).to_have_url(re.compile(rf"/claims/{scene.claim.reference}/$"))
    assert Evidence.objects.filter(excerpt__startswith="Typed").count() == 1


def test_without_scripts_a_session_that_ends_gives_the_form_back(
    browser: Browser, scene: DraftScene, live_server: "LiveServer"
) -> None:
    fresh = browser.new_context(locale="en-GB", java_script_enabled=False)
    sign_in(fresh, live_server.url, scene.cast.reviewer)
    page = opened(fresh, scene.address)
    write(page, "No scripts here.")
    Session.objects.all().delete()
    attach(page)
    signs_in(page, scene.cast.reviewer)
    has(page, "No scripts here.")
    fresh.close()


def test_somebody_else_at_the_same_machine_gets_none_of_it(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    write(page, "Nobody else's.")
    Session.objects.all().delete()
    attach(page)
    signs_in(page, scene.cast.editor)
    has(page, "")
    browser_keeps(page, 0)
    page.goto(scene.address.partition("/claims/")[0] + "/drafts/")
    expect(page.get_by_text("No drafts.")).to_be_visible()
    assert [row.author for row in FormDraft.objects.all()] == [scene.cast.reviewer]


def test_a_file_survives_a_refused_form(context: BrowserContext, scene: DraftScene) -> None:
    page = opened(context, scene.address)
    log: FilePayload = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"Forty."}
    page.get_by_label("and/or a file").set_input_files(log)
    page.get_by_label("URL").fill("no address")
    attach(page)
    expect(page.get_by_text("log.txt, 6")).to_be_visible()
    page.get_by_label("URL").fill("")
    attach(page)
    expect(page).to_have_url(re.compile(rf"/claims/{scene.claim.reference}/$"))
    assert Evidence.objects.get(source__title="log.txt").source.attachments.get().size == 6


def test_a_form_with_a_field_called_elements_keeps_what_is_typed(
    context: BrowserContext, scene: DraftScene, live_server: "LiveServer"
) -> None:
    claim = factories.claim(scene.cast, elements=["The ship was there.", "It was night."])
    address = f"{live_server.url}/claims/{claim.reference}/attach/"
    page = opened(context, address)
    page.get_by_label("It was night.").check()
    page.get_by_label("Quote").press_sequentially("Half a sent")
    page.close(run_before_unload=False)
    page = opened(context, address)
    has(page, "Half a sent")
    expect(page.get_by_label("It was night.")).to_be_checked()
    expect(page.get_by_label("The ship was there.")).not_to_be_checked()
    assert on_the_server() == ["Half a sent"]


def test_a_refused_new_claim_more_typing_and_a_closed_tab_bring_nothing_older(
    context: BrowserContext, scene: DraftScene, live_server: "LiveServer"
) -> None:
    address = f"{live_server.url}/claims/new/"
    sign_in(context, live_server.url, scene.cast.reporter)
    page = opened(context, address)
    page.get_by_label("Statement", exact=True).fill("An earlier draft.")
    told(page, "Draft saved at")
    page.close()
    page = opened(context, address)
    page.get_by_label("Statement", exact=True).fill("What was submitted.")
    page.get_by_role("button", name="Save claim").click()  # without a source
    expect(page.get_by_role("alert").first).to_be_visible()
    browser_keeps(page, 0)
    page.get_by_label("Statement", exact=True).fill("What came after the refusal.")
    page.close(run_before_unload=False)
    page = opened(context, address)
    expect(page.get_by_label("Statement", exact=True)).to_have_value("What came after the refusal.")
    expect(page.get_by_text("This browser holds other text")).to_be_hidden()
    browser_keeps(page, 0)

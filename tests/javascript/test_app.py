"""app.js: what it adds to every page."""

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.javascript.scripts import Served, open_with

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

SEARCH = '<input aria-keyshortcuts="/" value="pier"><textarea></textarea>'
NAMES = '<form><input data-names="/names/" list="found"><datalist id="found"></datalist></form>'
KEEP = "([key, value]) => localStorage.setItem(key, JSON.stringify(value))"
KEYS = "Object.keys(localStorage)"
DAY = 24 * 3600 * 1000


def test_a_slash_goes_to_the_search_and_selects_what_stands_there(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", SEARCH, Served())
    page.keyboard.press("/")
    expect(page.locator("input")).to_be_focused()
    page.keyboard.type("quay")
    expect(page.locator("input")).to_have_value("quay")


def test_a_slash_that_is_typed_stays_where_it_is(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", SEARCH, Served())
    page.locator("textarea").focus()
    page.keyboard.type("a/b")
    expect(page.locator("textarea")).to_have_value("a/b")


@pytest.mark.parametrize(
    ("html", "asks"), [("<form data-unsaved><input></form>", True), ("<form><input></form>", False)]
)
def test_leaving_asks_where_a_form_wants_it(context: "BrowserContext", html: str, asks: bool) -> None:
    page = open_with(context, "app.js", html, Served())
    page.locator("input").press_sequentially("x")
    assert page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))") is asks


def test_leaving_asks_no_more_once_it_is_kept(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", "<form data-unsaved><input></form>", Served())
    page.locator("input").press_sequentially("x")
    page.evaluate("document.forms[0].dispatchEvent(new Event('kept'))")
    assert page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))") is True


def test_a_name_is_suggested_with_what_tells_it_apart(context: "BrowserContext") -> None:
    found = {"names": [{"name": "Harbour Authority", "also": "organisation"}]}
    served = Served({"/names/": lambda _request: (200, json.dumps(found))})
    page = open_with(context, "app.js", NAMES, served)
    page.locator("input").press_sequentially("harb")
    expect(page.locator("option")).to_have_count(1)
    option = page.locator("option").evaluate("(one) => [one.value, one.text]")
    assert (option, [one.url.partition("?")[2] for one in served.asked]) == (
        ["Harbour Authority", "organisation"], ["q=harb"],
    )  # fmt: skip


def test_one_letter_asks_for_no_names(context: "BrowserContext") -> None:
    served = Served({"/names/": lambda _request: (200, '{"names": []}')})
    page = open_with(context, "app.js", NAMES, served)
    page.locator("input").press_sequentially("h")
    page.wait_for_timeout(400)
    assert served.asked == []


def test_drafts_of_others_and_old_ones_are_forgotten(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", '<header data-person="7"></header>', Served())
    now = page.evaluate("Date.now()")
    kept = {"second-source draft 7 /a/ w": now, "second-source draft 8 /a/ w": now, "other": now}
    old = {"second-source draft 7 /b/ w": now - 3 * DAY - 1000}
    for key, at in (kept | old).items():
        page.evaluate(KEEP, [key, {"at": at}])
    page.reload()
    assert sorted(page.evaluate(KEYS)) == ["other", "second-source draft 7 /a/ w"]


def test_what_the_server_says_was_done_is_forgotten_where_it_was_being_sent(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", "", Served())
    page.evaluate(KEEP, ["second-source draft 7 /a/ w", {"at": 0, "leaving": True}])
    page.evaluate(KEEP, ["second-source draft 7 /a/ v", {"at": 0, "leaving": False}])
    page.evaluate("document.cookie = 'second-source-done=%2Fa%2F; path=/'")
    page.reload()
    assert page.evaluate(KEYS) == ["second-source draft 7 /a/ v"]
    assert "done" not in page.evaluate("document.cookie")


def test_signing_out_forgets_all_drafts(context: "BrowserContext") -> None:
    page = open_with(context, "app.js", "<form data-signs-out method=post><button>Out</button></form>", Served())
    page.evaluate(KEEP, ["second-source draft 7 /a/ w", {"at": 0}])
    page.get_by_role("button").click()
    page.wait_for_load_state()
    assert page.evaluate(KEYS) == []

"""draft.js: what a form sends while one types, what it says, and what the browser keeps."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.javascript.scripts import Answer, Served, open_with

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request

FORM = """<form method="post">
  <input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="hidden" name="draft-of" value="form">
  <input type="hidden" name="draft-id" value=""><input type="hidden" name="draft-version" value="0">
  <input type="hidden" name="draft-window"><input type="hidden" name="draft-step">
  <textarea name="rationale"></textarea>
  <div data-draft data-kept-here="second-source draft 7 / form" data-step="0" hidden>
    <button type="button" data-use>Use</button><button type="button" data-drop>Drop</button></div>
  <p data-draft-status data-zone="UTC" data-saved="Saved {time}" data-away="Away" data-forked="Forked"
     data-elsewhere="Elsewhere" data-refused="Refused" data-signed-out="Signed out"></p>
  <button>Submit</button>
</form>"""
KEPT: dict[str, Any] = {"draft": "d1", "version": 1, "kept_at": "2022-11-05T09:30:00Z"}
SOON = 3_000  # ms: after the pause in typing


def opened(context: "BrowserContext", *answers: Answer | None) -> tuple["Page", Served]:
    """The form, on a clock of the test; the server answers in this order, and the last answer again."""
    waiting = list(answers)

    def answer(request: "Request") -> Answer | None:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    served = Served({"/": answer})
    context.clock.install()
    return open_with(context, "draft.js", FORM, served), served


def typed(page: "Page", text: str) -> None:
    page.locator("textarea").press_sequentially(text)
    page.clock.run_for(SOON)


def copies(page: "Page") -> list[Any]:
    """What the browser keeps."""
    found: list[Any] = page.evaluate("Object.values(localStorage).map((text) => JSON.parse(text))")
    return found


def test_what_is_typed_is_saved_after_a_pause_and_said(context: "BrowserContext") -> None:
    page, served = opened(context, (200, json.dumps(KEPT)))
    typed(page, "crates")
    expect(page.locator("[data-draft-status]")).to_have_text("Saved 09:30")
    (sent,) = served.forms()
    assert (sent["rationale"], sent["keep"], sent["draft-step"], sent["csrfmiddlewaretoken"]) == (
        ["crates"], ["draft"], ["6"], ["token"],
    )  # fmt: skip
    assert copies(page) == []


def test_the_next_save_goes_on_from_the_one_before(context: "BrowserContext") -> None:
    page, served = opened(context, (200, json.dumps(KEPT)), (200, json.dumps(KEPT | {"version": 2})))
    typed(page, "a")
    expect(page.locator("[data-draft-status]")).to_have_text("Saved 09:30")
    typed(page, "b")
    expect(page.locator("[name=draft-version]")).to_have_value("2")
    assert [(one["draft-id"], one["draft-version"]) for one in served.forms()] == [([""], ["0"]), (["d1"], ["1"])]


def test_without_a_connection_it_stays_in_the_browser_and_is_sent_again(context: "BrowserContext") -> None:
    page, _served = opened(context, None, (200, json.dumps(KEPT)))
    typed(page, "a")
    expect(page.locator("[data-draft-status]")).to_have_text("Away")
    assert [copy["fields"] for copy in copies(page)] == [[["rationale", "a"]]]
    page.clock.run_for(11_000)
    expect(page.locator("[data-draft-status]")).to_have_text("Saved 09:30")
    assert copies(page) == []


@pytest.mark.parametrize(
    ("status", "row", "said"),
    [
        (409, {}, "Elsewhere"),
        (400, {}, "Refused"),
        (401, KEPT, "Signed out"),
        (200, KEPT | {"forked": True}, "Forked"),
        (503, {}, "Away"),
    ],
)
def test_it_says_what_became_of_a_save(context: "BrowserContext", status: int, row: Any, said: str) -> None:
    page, _served = opened(context, (status, json.dumps(row)))
    typed(page, "a")
    expect(page.locator("[data-draft-status]")).to_have_text(said)


@pytest.mark.parametrize(("status", "saves"), [(409, 1), (400, 2)])
def test_after_a_refusal_only_what_can_be_mended_is_sent_again(
    context: "BrowserContext", status: int, saves: int
) -> None:
    page, served = opened(context, (status, "{}"))
    typed(page, "a")
    expect(page.locator("[data-draft-status]")).not_to_be_empty()
    typed(page, "b")
    page.wait_for_timeout(300)
    assert len(served.forms()) == saves


def test_a_copy_that_the_server_never_got_is_offered_and_can_be_dropped(context: "BrowserContext") -> None:
    page, _served = opened(context, (200, "{}"))
    copy = {"at": 1, "window": "w", "step": 1, "draft": "other", "version": 4, "fields": [["rationale", "older"]]}
    page.evaluate("(copy) => localStorage.setItem('second-source draft 7 / form w', JSON.stringify(copy))", copy)
    page.reload()
    expect(page.locator("[data-draft]")).to_be_visible()
    page.get_by_role("button", name="Drop").click()
    expect(page.locator("[data-draft]")).to_be_hidden()
    assert copies(page) == []


def test_a_copy_of_the_same_words_is_forgotten(context: "BrowserContext") -> None:
    page, _served = opened(context, (200, "{}"))
    copy = {"at": 1, "window": "w", "step": 1, "draft": "", "version": 0, "fields": [["rationale", ""]]}
    page.evaluate("(copy) => localStorage.setItem('second-source draft 7 / form w', JSON.stringify(copy))", copy)
    page.reload()
    page.wait_for_function("localStorage.length === 0")
    expect(page.locator("[data-draft]")).to_be_hidden()


def test_what_is_submitted_is_kept_until_it_has_arrived(context: "BrowserContext") -> None:
    page, _served = opened(context, None)
    page.locator("textarea").press_sequentially("a")
    page.locator("form").evaluate("(form) => form.addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Submit").click()
    assert [copy["leaving"] for copy in copies(page)] == [True]

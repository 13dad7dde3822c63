"""The main job without a mouse: Tab, Enter, Space, arrows and typing, with the focus to be seen at every step."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

FAR = 120  # more Tabs than any of these pages has stops
TITLE = "Survey of the pier"

# What of the focus can be seen: an outline of the browser or of ours, at least 2 px wide.
_OUTLINE = """element => {
    const {outlineStyle, outlineWidth} = getComputedStyle(element);
    return outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
}"""


@pytest.fixture
def sign_in(
    request: pytest.FixtureRequest, browser: Browser, redis_url: str, demonstration: str
) -> Callable[..., Page]:
    """Signs somebody in by the keyboard alone; answers their page."""

    def open_for(name: str) -> Page:
        context = browser.new_context(locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(15_000)
        request.addfinalizer(context.close)
        page = context.new_page()
        page.goto(demonstration)
        go_to(page, page.get_by_label("User name"))
        page.keyboard.type(name)
        go_to(page, page.get_by_label("Password"))
        page.keyboard.type(f"demo-{name}")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="My work")).to_be_visible()
        return page

    return open_for


def test_an_assessment_is_submitted_and_decided_by_the_keyboard_alone(sign_in: Callable[[str], Page]) -> None:
    reviewer = sign_in("reviewer")
    _skip_to_the_page(reviewer)
    follow(reviewer, reviewer.get_by_role("link", name="Iran has not provided weapons"))
    _attach_a_source(reviewer)
    _record_a_relay(reviewer)
    _submit(reviewer)
    editor = sign_in("editor")
    row = editor.get_by_role("listitem").filter(has_text="Iran has not provided weapons")
    follow(editor, row.get_by_role("link", name="Review assessment"))
    _write(editor, editor.get_by_label("Reason"), "I read both examinations and agree.")
    follow(editor, editor.get_by_role("button", name=re.compile("Approve")))
    _open_and_close_the_menu(editor)
    follow(editor, editor.get_by_role("link", name="Claims", exact=True))
    follow(editor, editor.get_by_role("link", name="UKR-7"))
    expect(editor.locator(".state-banner")).to_contain_text("Refuted")


def go_to(page: Page, aim: Locator) -> None:
    """Tab until `aim` has the focus. Every stop on the way is to be seen, and none holds the focus."""
    expect(aim).to_be_visible()
    element = aim.element_handle()
    for _ in range(FAR):
        if page.evaluate("aim => document.activeElement === aim", element):
            assert element is not None
            assert element.evaluate(_OUTLINE) >= 2, f"the focus on {aim} cannot be seen"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{FAR} Tabs do not reach {aim}")


def press(page: Page, aim: Locator) -> None:
    """Go to what acts within the page, and press Enter."""
    go_to(page, aim)
    page.keyboard.press("Enter")


def follow(page: Page, aim: Locator) -> None:
    """Go to a link, or a button that sends a form, and press Enter; the next page has loaded then."""
    go_to(page, aim)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _write(page: Page, aim: Locator, text: str) -> None:
    go_to(page, aim)
    page.keyboard.type(text)


def _choose(page: Page, aim: Locator, start: str) -> None:
    """Choose in a closed list by typing how the line begins."""
    go_to(page, aim)
    page.keyboard.type(start)


def _unfold(page: Page) -> None:
    folded = page.locator("main form details:not([open]) > summary")
    while folded.count():
        press(page, folded.first)


def _skip_to_the_page(page: Page) -> None:
    """The first stop of a page is the way past its head."""
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def _attach_a_source(page: Page) -> None:
    follow(page, page.get_by_role("link", name="Attach a source").first)
    _write(page, page.get_by_label("URL"), "https://pier.example.org/survey")
    # Sent before it is whole: the focus comes to what is said about it, or one Tab away from it.
    follow(page, page.get_by_role("button", name="Attach source"))
    expect(page.locator(".note.wrong")).to_be_visible()
    _unfold(page)
    _write(page, page.locator("[name=title]"), TITLE)
    _write(page, page.locator("[name=new_publisher]"), "Pier survey office")
    _choose(page, page.locator("[name=new_publisher_speaks_for]"), "Nobody")
    _choose(page, page.locator("[name=source_basis]"), "First")
    _tick(page, page.get_by_label("Refutes (with evidence)"))
    _write(page, page.get_by_label("Quote"), "Our divers raised two drones and read their plates.")
    follow(page, page.get_by_role("button", name="Attach source"))
    expect(page.get_by_role("link", name=TITLE).first).to_be_visible()


def _tick(page: Page, aim: Locator) -> None:
    """A choice of one is reached at its first or chosen line and moved by the arrows; one of many by Space."""
    if aim.get_attribute("type") == "radio":
        group = page.locator(f"[name={aim.get_attribute('name')}]")
        chosen = group.and_(page.locator(":checked"))
        go_to(page, chosen if chosen.count() else group.first)
        page.keyboard.press("Space")
        for _ in range(group.count()):
            if aim.is_checked():
                return
            page.keyboard.press("ArrowDown")
    else:
        go_to(page, aim)
        page.keyboard.press("Space")
    expect(aim).to_be_checked()


def _record_a_relay(page: Page) -> None:
    follow(page, page.get_by_role("link", name="Provenance"))
    go_to(page, page.get_by_label("This source"))
    page.keyboard.press("ArrowDown")
    go_to(page, page.get_by_label("is based on"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    _write(page, page.get_by_label("Attribution"), "as the minister said")
    follow(page, page.get_by_role("button", name="Add relay"))
    expect(page.get_by_text("as the minister said")).to_be_visible()


def _submit(page: Page) -> None:
    follow(page, page.get_by_role("link", name=re.compile("^Second Source")))
    row = page.get_by_role("listitem").filter(has_text="Iran has not provided weapons")
    follow(page, row.get_by_role("link", name="Assess").first)
    for number in ("3", "4"):
        _tick(page, page.get_by_role("checkbox", name=f"Relies on {number}"))
    _tick(page, page.get_by_role("radio", name=re.compile("Refuted")))
    _unfold(page)
    _write(page, page.locator("textarea[name^=answer_]").first, "What was raised says otherwise.")
    _write(page, page.get_by_label("Rationale"), "Two examinations, apart from each other, found Iranian drones.")
    follow(page, page.get_by_role("button", name="Submit assessment"))
    expect(page.get_by_text("awaiting a decision")).to_be_visible()


def _open_and_close_the_menu(page: Page) -> None:
    """Escape closes a menu and gives the focus back to what opened it."""
    button = page.get_by_role("button", name="editor", exact=True)
    press(page, button)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(button).to_be_focused()

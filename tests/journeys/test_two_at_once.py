"""Two people in browsers of their own at the same thing: different fields, the same field, attaching at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import factories

if TYPE_CHECKING:
    from claims.models import Claim
    from sources.models import Source
    from tests.factories import Cast


@pytest.fixture
def people(transactional_db: None) -> "Cast":
    return factories.cast()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def sign_in(
    request: pytest.FixtureRequest, browser: Browser, people: "Cast", live_server: object
) -> Callable[..., Page]:
    """Signs somebody in, in a browser of their own; answers their page."""

    def open_for(name: str) -> Page:
        context = browser.new_context(
            locale="en-GB", timezone_id="UTC", java_script_enabled=request.param, base_url=str(live_server)
        )
        context.set_default_timeout(20_000)
        request.addfinalizer(context.close)
        page = context.new_page()
        page.goto("/account/login/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(f"demo-{name}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="My work")).to_be_visible()
        return page

    return open_for


def _both_on(sign_in: Callable[..., Page], address: str) -> tuple[Page, Page]:
    pages = sign_in("reviewer"), sign_in("editor")
    for page in pages:
        page.goto(address)
    return pages


def _source(people: "Cast") -> "Source":
    return factories.source(people, "Harbour closed on Monday", language="ru", basis_reason="It says so.")


def _claim(people: "Cast") -> "Claim":
    return factories.claim(people, "The harbour was closed.", elements=["closed"])


def test_different_fields_are_both_kept(sign_in: Callable[..., Page], people: "Cast") -> None:
    source = _source(people)
    reviewer, editor = _both_on(sign_in, f"/sources/{source.pk}/edit/")
    reviewer.locator("[name=title]").fill("Harbour closed on Tuesday")
    reviewer.get_by_role("button", name="Save source").click()
    reviewer.wait_for_url(f"**/sources/{source.pk}/")
    editor.locator("[name=language]").fill("uk")
    editor.get_by_role("button", name="Save source").click()
    editor.wait_for_url(f"**/sources/{source.pk}/")
    source.refresh_from_db()
    assert (source.title, source.language, source.basis_reason) == ("Harbour closed on Tuesday", "uk", "It says so.")


def test_the_same_field_comes_back_with_both_and_a_choice(sign_in: Callable[..., Page], people: "Cast") -> None:
    source = _source(people)
    reviewer, editor = _both_on(sign_in, f"/sources/{source.pk}/edit/")
    for page, title in ((reviewer, "Harbour closed on Tuesday"), (editor, "Port closed on Monday")):
        page.locator("[name=title]").fill(title)
    reviewer.get_by_role("button", name="Save source").click()
    reviewer.wait_for_url(f"**/sources/{source.pk}/")
    editor.get_by_role("button", name="Save source").click()
    expect(editor.get_by_role("heading", name="Not saved. Check the fields below")).to_be_visible()
    met = editor.get_by_role("group", name="Title", exact=True)
    expect(met).to_contain_text("reviewer changed this while you were editing")
    expect(met.locator("dd").nth(0)).to_have_text("Harbour closed on Monday")
    expect(met.locator("dd").nth(1)).to_have_text("Harbour closed on Tuesday")
    expect(met.locator("dd").nth(2)).to_have_text("Port closed on Monday")
    assert met.locator("del").all_inner_texts() == ["Harbour", "Tuesday"]
    assert met.locator("ins").all_inner_texts() == ["Port", "Monday"]
    expect(editor.locator("[name=title]")).to_have_value("Port closed on Monday")
    met.get_by_label("Keep yours").check()
    editor.get_by_role("button", name="Save source").click()
    editor.wait_for_url(f"**/sources/{source.pk}/")
    source.refresh_from_db()
    assert source.title == "Port closed on Monday"


def test_theirs_can_be_taken_and_the_rest_of_what_was_typed_stays(sign_in: Callable[..., Page], people: "Cast") -> None:
    claim = _claim(people)
    reviewer, editor = _both_on(sign_in, f"/claims/{claim.reference}/edit/")
    reviewer.locator("[name=statement]").fill("The port was closed.")
    reviewer.locator("[name=elements-1-text]").fill("all day")
    reviewer.get_by_role("button", name="Save changes").click()
    reviewer.wait_for_url(f"**/claims/{claim.reference}/")
    editor.locator("[name=statement]").fill("The harbour was shut.")
    editor.locator("[name=claimed_on]").fill("2022-11-02")
    editor.locator("[name=elements-0-text]").fill("closed to ships")
    editor.get_by_role("button", name="Save changes").click()
    editor.get_by_label("Take theirs").check()
    editor.get_by_role("button", name="Save changes").click()
    editor.wait_for_url(f"**/claims/{claim.reference}/")
    claim.refresh_from_db()
    assert (claim.statement, str(claim.claimed_on)) == ("The port was closed.", "2022-11-02")
    assert [element.text for element in claim.elements.all()] == ["closed to ships", "all day"]


def test_two_who_attach_at_once_both_succeed(sign_in: Callable[..., Page], people: "Cast") -> None:
    claim = _claim(people)
    pages = _both_on(sign_in, f"/claims/{claim.reference}/attach/")
    for page, address in zip(pages, ("https://one.example/", "https://two.example/"), strict=True):
        page.locator("[name=url]").fill(address)
        page.get_by_label("Supports").check()
    for page in pages:
        page.get_by_role("button", name="Attach source").click()
    for page in pages:
        page.wait_for_url(f"**/claims/{claim.reference}/")
    attached = claim.evidence.exclude(source__url="").order_by("source__url").values_list("source__url", flat=True)
    assert list(attached) == ["https://one.example/", "https://two.example/"]

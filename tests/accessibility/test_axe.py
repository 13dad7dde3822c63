"""No page has a barrier that axe knows: every address that answers with a page, in light and dark, wide and narrow, in
both directions of reading, with room between letters; and refusals, and forms that come back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.access.asking import address_of
from tests.access.routes import routes
from tests.access.test_permission_matrix import ALLAUTH, MATRIX
from tests.access.world import AccessWorld
from tests.accessibility.axe import OF_COLOURS, OF_PLACES, OF_SIZES, barriers, cut_off_when_spaced, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Who sees most of a page comes first.
ASKED = ("editor", "assigned reviewer", "reporter", "administrator", "anonymous")
# No pages: answers to machines and scripts, a file, and the API, whose documentation is one.
NO_PAGES = {"healthz", "readyz", "metrics", "attachment", "api-schema", "source-names", "actor-names"}
NO_PAGES |= {"ledger-checkpoint", "ledger-policy", "ledger-tile", "ledger-entries", "ledger-csv", "ledger-jsonl"}
NO_PAGES |= {"ledger-cosigned", "ledger-leaf", "ledger-stamps", "ledger-stamp", "receipt-file"}
NO_PAGES |= {"claim-proof", "claim-names", "public-change", "bundle-file", "sign-in-by-passkey"}
NO_PAGES |= {"public-proof", "public-material", "ledger-verifier", "ledger-format", "ledger-public-entries", "short"}
NO_PAGES |= {"public-bundle", "published-list"}
NO_PAGES |= {"api-docs"}  # Swagger UI: tests/api/test_docs_page.py
NO_PAGES |= {"verdict-grounds"}  # of a verdict, which no world here has: test_grounds_pages
# Of signing in through an organisation, which is configured in none of these worlds.
NO_PAGES |= {f"organisation-{name}" for name in ("sign-in", "callback", "join", "link", "unlink")}
# With every kind of field; submitted empty, each comes back and says what is wrong.
FORMS = ("account_change_password", "add-app", "assess", "attach", "desk-policy", "invitations", "new-claim")
_SUBMIT_NOTHING = """() => {
    const form = document.querySelector("main form[method=post]");
    for (const field of form.querySelectorAll("input:not([type=hidden]), select, textarea")) field.disabled = true;
    form.submit();
}"""
SIGNED_OUT = {"account_login"}
GONE = {"account_logout", "account_inactive", "mfa_authenticate"}


def pages() -> list[tuple[str, str]]:
    """Every address that shows a page, and the person who sees most of it."""
    found = []
    for route in routes():
        name = route.name
        if name.startswith("api:") or name in NO_PAGES | GONE:
            continue
        if name in ALLAUTH:
            found.append((name, "anonymous" if name in SIGNED_OUT else "editor"))
        elif "GET" in MATRIX.get(name, {}):  # an address without an entry fails there
            found.append((name, next(who for who in ASKED if MATRIX[name]["GET"][who] == "open")))
    return found


def show(page: "Page", name: str, world: AccessWorld) -> "Page":
    """The page at an address, as it is first seen: light, wide and left to right."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})
    answer = page.goto(address_of(next(route for route in routes() if route.name == name), world))
    assert answer is not None
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return page


@pytest.mark.parametrize(("name", "who"), pages())
def test_a_page_has_no_barrier(
    name: str, who: str, world: AccessWorld, kept_pages: dict[str, "Page"], taken_back: None
) -> None:
    page = show(kept_pages[who], name, world)
    found = {"light": barriers(page)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = barriers(page, OF_COLOURS)
    page.set_viewport_size({"width": 320, "height": 700})
    found["narrow"] = barriers(page, OF_SIZES) + sideways(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    found["right to left"] = barriers(page, OF_PLACES) + sideways(page)
    found["spaced"] = cut_off_when_spaced(page) + sideways(page)
    assert found == {"light": [], "dark": [], "narrow": [], "right to left": [], "spaced": []}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_comes_back_has_no_barrier(name: str, world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = show(page_of(world.people[dict(pages())[name]]), name, world)
    with page.expect_navigation():
        page.evaluate(_SUBMIT_NOTHING)
    assert page.locator("main .error, main .note.wrong").count() > 0
    assert barriers(page) == []


@pytest.mark.parametrize(
    ("address", "who", "status"),
    [("/claims/ABC-1/", "editor", 404), ("/claims/UKR-1/assign/", "reporter", 403), ("/mails/", "anonymous", 404)],
)
def test_a_refusal_has_no_barrier(
    address: str, who: str, status: int, world: AccessWorld, page_of: Callable[..., "Page"]
) -> None:
    page = page_of(world.people[who])
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == status
    assert barriers(page) == []


@pytest.mark.parametrize("template", ["403_csrf.html", "429.html", "500.html"])
def test_a_page_of_a_fault_has_no_barrier(template: str, page_of: Callable[..., "Page"]) -> None:
    from django.template.loader import render_to_string

    page, text = page_of(None), render_to_string(template, {"request_id": "21071b1ae4c3645e"})
    page.route("**/fault", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
    page.goto("/fault")
    assert barriers(page) == []


def test_a_barrier_would_be_found(world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = page_of(None)
    page.goto("/account/login/")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('main button').style.cssText = 'color: #999; background: #888'")
    assert [barrier.split()[0] for barrier in barriers(page)] == ["color-contrast", "label"]


def test_text_that_more_space_would_cut_off_is_found(page_of: Callable[..., "Page"]) -> None:
    page = page_of(None)
    page.goto("/account/login/")
    page.evaluate(
        "document.querySelector('label').style.cssText = 'overflow: hidden; block-size: 1.2em; inline-size: 6em'"
    )
    assert [line.partition(" id=")[0].partition(" for=")[0] for line in cut_off_when_spaced(page)] == [
        "cut off: <label"
    ]

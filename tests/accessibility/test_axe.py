"""No page has a barrier that axe knows: every address that answers with a page, in light, dark and right to left."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.access.asking import address_of
from tests.access.routes import routes
from tests.access.test_permission_matrix import ALLAUTH, MATRIX
from tests.access.world import World
from tests.accessibility.axe import OF_COLOURS, OF_PLACES, barriers

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Who sees most of a page comes first.
ASKED = ("editor", "assigned reviewer", "reporter", "administrator", "anonymous")
# No pages: answers to machines, a file, and the API, whose documentation is one.
NO_PAGES = {"healthz", "readyz", "metrics", "attachment", "api-schema"}
SIGNED_OUT = {"account_login"}
GONE = {"account_logout", "account_inactive", "account_reauthenticate"}


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


@pytest.fixture
def open_page(world: World, page_of: Callable[..., "Page"]) -> Callable[[str, str], "Page"]:
    def open_at(name: str, who: str) -> "Page":
        route = next(route for route in routes() if route.name == name)
        page = page_of(world.people[who])
        answer = page.goto(address_of(route, world))
        assert answer is not None
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        return page

    return open_at


@pytest.mark.parametrize(("name", "who"), pages())
def test_a_page_has_no_barrier(name: str, who: str, open_page: Callable[[str, str], "Page"]) -> None:
    page = open_page(name, who)
    found = {"light": barriers(page)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = barriers(page, OF_COLOURS)
    page.evaluate("document.documentElement.dir = 'rtl'")
    found["right to left"] = barriers(page, OF_PLACES)
    assert found == {"light": [], "dark": [], "right to left": []}


def test_a_barrier_would_be_found(world: World, page_of: Callable[..., "Page"]) -> None:
    page = page_of(None)
    page.goto("/account/login/")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('main button').style.cssText = 'color: #999; background: #888'")
    assert [barrier.split()[0] for barrier in barriers(page)] == ["color-contrast", "label"]

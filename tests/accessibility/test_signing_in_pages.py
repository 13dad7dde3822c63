"""The pages of signing in that a plain walk does not see: the second step, being asked again, joining, new codes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.access.world import AccessWorld
from tests.accessibility.axe import OF_PLACES, OF_SIZES, barriers, sideways
from tests.factories import password_of

if TYPE_CHECKING:
    from playwright.sync_api import Page


def has_none(page: "Page") -> None:
    found = barriers(page)
    page.set_viewport_size({"width": 320, "height": 700})
    found += barriers(page, OF_SIZES) + sideways(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert found + barriers(page, OF_PLACES) + sideways(page) == []


def test_the_second_step(world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = page_of(None)
    page.goto("/account/login/")
    page.get_by_label("User name").fill("reporter")
    page.get_by_label("Password").fill(password_of(world.cast.reporter))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Second factor").wait_for()
    has_none(page)


def test_what_one_has(world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = page_of(world.cast.reporter)
    page.goto("/account/second-factors/")
    assert page.get_by_text("10 codes are left").is_visible()
    has_none(page)


def test_being_asked_again(world: AccessWorld, page_of: Callable[..., "Page"], settings: Any) -> None:
    settings.RECENT_AUTHENTICATION *= 0
    page = page_of(world.cast.reporter)
    page.goto("/account/second-factors/app/")
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    has_none(page)


def test_new_codes(world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = page_of(world.cast.reporter)
    page.goto("/account/second-factors/recovery-codes/")
    page.get_by_role("button", name="Create new codes").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    has_none(page)

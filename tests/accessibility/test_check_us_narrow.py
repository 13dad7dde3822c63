"""The commands on 'How to check us' are read whole on a narrow screen: nothing of them has to be scrolled to."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.access.world import AccessWorld
from tests.accessibility.axe import barriers, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDER = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"


def test_long_commands_go_on_in_the_next_line(world: AccessWorld, page_of: Callable[..., "Page"]) -> None:
    page = page_of(None)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/ledger/check/")
    assert page.locator("pre.commands").count() > 3
    assert page.locator("pre.commands").evaluate_all(WIDER) == []
    assert (barriers(page), sideways(page)) == ([], [])

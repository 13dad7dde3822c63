"""The world of tests/access, and pages of it in a real browser without a server in between."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.access.conftest import taken_back as taken_back
from tests.access.conftest import world as world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from accounts.models import User
    from tests.access.world import AccessWorld


@pytest.fixture
def page_of(browser: "Browser", taken_back: None) -> Iterator[Callable[..., "Page"]]:
    """`page_of(user)`: a page in a browser of their own, answered within the transaction of the test."""
    from tests.accessibility.answering import answer_by_django

    opened = []

    def open_for(user: "User | None") -> "Page":
        opened.append(_context(browser))
        answer_by_django(opened[-1], user)
        return opened[-1].new_page()

    yield open_for
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def kept_pages(browser: "Browser", world: "AccessWorld") -> Iterator[dict[str, "Page"]]:
    """One page each for those of tests/access, for tests that only look: a new browser costs more than that."""
    from tests.accessibility.answering import answer_by_django

    contexts = {who: _context(browser) for who in world.people}
    for who, context in contexts.items():
        answer_by_django(context, world.people[who])

    class Pages(dict[str, "Page"]):
        """Opened when it is first asked for: of most people there is none."""

        def __missing__(self, who: str) -> "Page":
            return self.setdefault(who, contexts[who].new_page())

    yield Pages()
    for context in contexts.values():
        context.close()


def _context(browser: "Browser") -> "BrowserContext":
    from tests.accessibility.answering import SITE

    context = browser.new_context(
        base_url=SITE, locale="en-GB", timezone_id="UTC", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(15_000)
    return context

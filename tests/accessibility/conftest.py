"""The world of tests/access, and pages of it in a real browser without a server in between."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.access.conftest import taken_back as taken_back
from tests.access.conftest import world as world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from accounts.models import User


@pytest.fixture
def page_of(browser: "Browser", taken_back: None) -> Iterator[Callable[..., "Page"]]:
    """`page_of(user, width=1440)`: a page in a browser of their own, answered within the transaction of the test."""
    from tests.accessibility.answering import SITE, answer_by_django

    opened = []

    def open_for(user: "User | None", width: int = 1440, height: int = 900) -> "Page":
        context = browser.new_context(
            base_url=SITE, locale="en-GB", timezone_id="UTC", viewport={"width": width, "height": height}
        )
        context.set_default_timeout(15_000)
        answer_by_django(context, user)
        opened.append(context)
        return context.new_page()

    yield open_for
    for context in opened:
        context.close()

"""The browser that the JavaScript implementation runs in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.ledger.javascript import PRELUDE, Run, open_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def run(browser: "Browser") -> Iterator[Run]:
    page = open_at(browser, "http://localhost/")
    yield lambda body, given: page.evaluate(f"async (given) => {{ {PRELUDE} {body} }}", given)
    page.context.close()

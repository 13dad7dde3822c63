"""What nothing notices: everybody who might is asked, and says nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tampering.deeds_nothing import DESK, FILES
from tests.tampering.doing import do
from tests.tampering.noticing import NOTICERS, SUM, Outside, bundle, page, said_by, verify, what_notices

if TYPE_CHECKING:
    from playwright.sync_api import Route

# A script that the server sends instead of its own.
SAYS_GREEN = f"""
const sum = document.querySelector("{SUM}");
sum.textContent = "2 changes are as they were recorded.";
sum.className = "check verified";
"""


@pytest.mark.parametrize("number", DESK)
def test_nobody_notices_what_was_done_with_a_desk(number: str, outside: Outside) -> None:
    assert outside.visit() == []
    DESK[number](outside)
    assert what_notices(outside, NOTICERS) == {}


@pytest.mark.parametrize("number", FILES)
def test_nobody_notices_what_was_done_with_a_log_or_a_file(number: str, tmp_path: Path) -> None:
    assert FILES[number](tmp_path) == []


def test_the_page_cannot_tell_that_its_own_program_is_another(outside: Outside) -> None:
    """N18. Whoever brings a program of their own is told."""
    do((":text reason = 'Forged.' :second",), outside.desk)
    assert page(outside) != []
    reader = outside.open_page(outside.desk.cast.reporter)

    def answer(route: "Route") -> None:
        route.fulfill(body=SAYS_GREEN, content_type="text/javascript")

    reader.route("**/audit.js", answer)
    assert said_by(reader, outside.desk) == []
    assert bundle(outside) != []
    assert verify(outside) != []

"""What a superuser does to a desk's database, without the log's key and with it: who notices is as the table says."""

from typing import TYPE_CHECKING

import pytest

from tests.tampering.deeds_key import KEY
from tests.tampering.deeds_log import LOG
from tests.tampering.deeds_nothing import DESK
from tests.tampering.deeds_past import PAST
from tests.tampering.deeds_rows import ROWS
from tests.tampering.deeds_storage import STORAGE
from tests.tampering.doing import do
from tests.tampering.noticing import (
    ALWAYS,
    NOTICERS,
    OF_ROWS,
    SUM,
    Outside,
    page,
    said_by,
    verify,
    what_notices,
)
from tests.tampering.table import check, rows

if TYPE_CHECKING:
    from playwright.sync_api import Route

DEEDS = STORAGE | LOG | KEY | PAST
TOLD = [row for row in rows().values() if row.number in ROWS or row.number in DEEDS]
# A script that the server sends instead of its own.
SAYS_GREEN = f"""
const sum = document.querySelector("{SUM}");
sum.textContent = "2 changes match the record.";
sum.className = "check verified";
"""


def test_nobody_notices_anything_where_nothing_was_done(outside: Outside) -> None:
    assert outside.visit() == []
    assert what_notices(outside, NOTICERS) == {}


@pytest.mark.parametrize("number", [row.number for row in TOLD])
def test_who_notices_what_a_superuser_did(number: str, outside: Outside) -> None:
    row = rows()[number]
    if "page again" in row.noticed:
        assert outside.visit() == []
    if number in ROWS:
        do(ROWS[number], outside.desk)
    else:
        DEEDS[number](outside)
    asked = OF_ROWS if number in ROWS else ALWAYS
    check(row, what_notices(outside, dict.fromkeys([*asked, *row.noticed])), asked)


@pytest.mark.parametrize("number", DESK)
def test_nobody_notices_what_was_done_with_a_desk(number: str, outside: Outside) -> None:
    assert outside.visit() == []
    DESK[number](outside)
    # Who has seen the page before is shown all that somebody new is.
    asked = set(NOTICERS) - ({"page"} if outside.pages else set())
    assert what_notices(outside, asked) == {}


def test_the_page_cannot_tell_that_its_own_program_is_another(outside: Outside) -> None:
    """N18. Whoever checks by another program is told."""
    do((":text reason = 'Forged.' :second",), outside.desk)
    assert page(outside) != []
    reader = outside.open_page(outside.desk.cast.reporter)

    def answer(route: "Route") -> None:
        route.fulfill(body=SAYS_GREEN, content_type="text/javascript")

    reader.route("**/audit.js", answer)
    assert said_by(reader, outside.desk) == []
    assert verify(outside) != []

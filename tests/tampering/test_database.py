"""What a superuser does to a desk's database, without the log's key and with it: who notices is as the table says."""

import pytest

from tests.tampering.deeds_key import KEY
from tests.tampering.deeds_log import LOG
from tests.tampering.deeds_rows import ROWS
from tests.tampering.deeds_storage import STORAGE
from tests.tampering.doing import do
from tests.tampering.noticing import ALWAYS, NOTICERS, OF_ROWS, Outside, what_notices
from tests.tampering.table import check, rows

DEEDS = STORAGE | LOG | KEY
TOLD = [row for row in rows().values() if row.number in ROWS or row.number in DEEDS]


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

"""The table of tamperings is what the tests carry out, and names what nothing can notice in plain words."""

import re

from tests.tampering import deeds_files, deeds_nothing, handing_over, noticing
from tests.tampering.deeds_rows import ROWS
from tests.tampering.table import LEDGER, rows, says
from tests.tampering.test_database import DEEDS as ON_A_DESK

DEEDS = {*ROWS, *ON_A_DESK, *deeds_files.FILES}
UNNOTICED = {*deeds_nothing.DESK, *deeds_nothing.FILES, deeds_nothing.PROGRAM}
LEAST = 120


def test_every_row_is_carried_out_and_whatever_is_carried_out_has_a_row() -> None:
    assert rows().keys() == DEEDS | UNNOTICED


def test_whatever_has_no_row_among_the_unnoticed_is_noticed_by_somebody() -> None:
    assert {number for number, row in rows().items() if not row.noticed} == UNNOTICED


def test_there_are_enough_and_no_two_are_the_same() -> None:
    assert len(DEEDS) >= LEAST
    assert len({row.deed for row in rows().values()}) == len(rows())


def test_who_is_named_is_somebody_who_is_asked() -> None:
    known = noticing.NOTICERS.keys() | handing_over.NOTICERS.keys()
    assert {name for row in rows().values() for name in row.noticed} <= known


def test_the_ledgers_description_tells_of_everything_that_nothing_notices() -> None:
    section = LEDGER.read_text().partition("### What nothing can notice")[2].partition("\n## ")[0]
    assert set(re.findall(r"\bN\d+\b", section)) == UNNOTICED


def test_words_are_found_in_their_order_in_one_line() -> None:
    assert says(["entry 7: expected a, found b"], "entry …: expected a, found")
    assert not says(["expected a", "found b"], "expected a … found b")
    assert not says(["found b, expected a"], "expected a … found b")

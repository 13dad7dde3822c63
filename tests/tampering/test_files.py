"""What whoever hands a file over does to it: who notices it is as the table says."""

from pathlib import Path

import pytest

from tests.tampering.deeds_files import FILES, WHOLE, of_the_sample
from tests.tampering.deeds_nothing import FILES as UNNOTICED
from tests.tampering.handing_over import CLAIMS, EXPORT, LOG, NOTICERS, PROOF, Hand, what_notices
from tests.tampering.table import check, rows


def test_nobody_notices_anything_in_files_that_are_as_they_were_made(tmp_path: Path) -> None:
    for name, hand in {
        "log": Hand(proof=PROOF, export=EXPORT, claims=CLAIMS, checkpoint=LOG.checkpoint()),
        "bundle": of_the_sample(WHOLE),
    }.items():
        (tmp_path / name).mkdir()
        assert what_notices(hand, tmp_path / name) == {}


@pytest.mark.parametrize("number", FILES)
def test_who_notices_what_was_done_to_a_file(number: str, tmp_path: Path) -> None:
    # What a reader asks of a proof beyond itself is told in the table where it alone notices something.
    always = [name for name in NOTICERS if " --" not in name]
    check(rows()[number], what_notices(FILES[number](), tmp_path), always)


@pytest.mark.parametrize("number", UNNOTICED)
def test_nobody_notices_what_was_done_with_a_log_or_a_file(number: str, tmp_path: Path) -> None:
    assert UNNOTICED[number](tmp_path) == []

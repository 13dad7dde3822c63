"""That what watches the answers sees what is wrong with them."""

import pytest
from django.http import HttpResponse

from accounts.models import Desk
from tests import factories
from tests.hostile.answers import Database, fault_of


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p>&lt;canary-tag&gt;</p>", ""),
        ("<p><canary-tag></p>", "element"),
        ('<input value="" canary-attribute=1 x="">', "attribute canary-attribute"),
        ("<p onclick='canary()'>", "attribute onclick"),
        ("<a href='java\tscript:canary()'>", "address in href"),
        ("<a href='https://example.org/canary'>", ""),
    ],
)
def test_text_that_became_markup_is_seen(body: str, fault: str) -> None:
    assert fault_of(HttpResponse(body), [], []) == fault


def test_a_failure_and_a_refusal_that_wrote_are_seen() -> None:
    one, other = [("a", 1, 1), ("b", 1, 1)], [("a", 1, 1), ("b", 1, 2)]
    assert fault_of(HttpResponse(status=500), one, one) == "failed"
    assert fault_of(HttpResponse(status=400), one, other) == "half-written: b"
    assert fault_of(HttpResponse(status=200), one, other) == ""


def test_a_header_of_somebody_elses_is_seen() -> None:
    assert fault_of(HttpResponse(headers={"X-A": "canary=1"}), [], []) == "header X-A"


def test_any_change_of_a_row_changes_the_state(db: None) -> None:
    cast = factories.cast()
    database = Database()
    before = database.state()
    assert database.state() == before
    Desk.objects.filter(pk=cast.desk.pk).update(name="Another name")
    assert database.state() != before


def test_a_text_is_found_letter_by_letter(db: None) -> None:
    factories.cast()
    database = Database()
    assert (database.holds("Ukraine desk"), database.holds("Ukraine  desk"), database.holds("%")) == (
        True,
        False,
        False,
    )

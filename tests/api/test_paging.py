"""Lists in pages: nothing is lost or doubled, and a cursor is good for its own list only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import create_desk
from accounts.models import Desk
from claims.reading.paging import BY_CREATION, Order, find_order, read_page
from house.errors import Invalid

pytestmark = pytest.mark.django_db
START = datetime(2024, 1, 1, tzinfo=UTC)


def write_desks(minutes: list[int]) -> QuerySet[Desk]:
    """A desk for each of the minutes after START at which it was made."""
    first = Desk.objects.count()
    for number, minute in enumerate(minutes, start=first):
        create_desk(name=f"Desk {number}", prefix=f"D{number}", by=None, now=START + timedelta(minutes=minute))
    return Desk.objects.all()


def forward(rows: QuerySet[Desk], order: Order, size: int) -> list[list[Desk]]:
    page = read_page(rows, order=order, size=size)
    pages = [page.rows]
    while page.next:
        page = read_page(rows, order=order, size=size, cursor=page.next)
        pages.append(page.rows)
    return pages


@pytest.mark.parametrize("name", BY_CREATION)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_walking_forward_meets_every_row_once_in_order_when_many_share_one_time(name: str, size: int) -> None:
    rows = write_desks([0, 0, 0, 0, 1, 2, 2])
    expected = sorted(rows, key=lambda desk: (desk.created_at, desk.pk), reverse=name.startswith("-"))
    assert [desk for page in forward(rows, BY_CREATION[name], size) for desk in page] == expected


@pytest.mark.parametrize("name", BY_CREATION)
def test_walking_back_meets_the_pages_that_walking_forward_met(name: str) -> None:
    rows, order = write_desks([0, 0, 1, 1, 1, 1]), BY_CREATION[name]
    pages = forward(rows, order, 2)
    page = read_page(rows, order=order, size=2)
    while page.next:
        page = read_page(rows, order=order, size=2, cursor=page.next)
    back = [page.rows]
    while page.previous:
        page = read_page(rows, order=order, size=2, cursor=page.previous)
        back.append(page.rows)
    assert back[::-1] == pages


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.lists(st.integers(0, 2), max_size=9), size=st.integers(1, 4), newest_first=st.booleans())
def test_no_row_is_lost_or_doubled(db: None, minutes: list[int], size: int, newest_first: bool) -> None:
    before = set(Desk.objects.values_list("pk", flat=True))
    rows = write_desks(minutes).exclude(pk__in=before)
    walked = [desk.pk for page in forward(rows, Order("created_at", newest_first), size) for desk in page]
    assert len(walked) == len(minutes)
    assert set(walked) == set(rows.values_list("pk", flat=True))


def test_the_first_page_has_no_previous_and_the_last_no_next() -> None:
    rows, order = write_desks([0, 1, 2]), BY_CREATION["created"]
    first = read_page(rows, order=order, size=2)
    last = read_page(rows, order=order, size=2, cursor=first.next or "")
    assert (first.previous, last.next) == (None, None)


def test_a_page_that_just_fits_has_no_next() -> None:
    assert read_page(write_desks([0, 1]), order=BY_CREATION["created"], size=2).next is None


def test_rows_that_came_since_do_not_shift_the_next_page() -> None:
    rows, order = write_desks([0, 1, 2, 3]), BY_CREATION["-created"]
    newest_two = read_page(rows, order=order, size=2)
    write_desks([9])
    rest = read_page(rows, order=order, size=2, cursor=newest_two.next or "")
    assert [desk.created_at for desk in rest.rows] == [START + timedelta(minutes=1), START]


def test_a_page_costs_one_query(django_assert_num_queries: object) -> None:
    rows = write_desks([0, 1, 2])
    with django_assert_num_queries(1):  # type: ignore[operator]  # the fixture's type is not exported
        read_page(rows, order=BY_CREATION["created"], size=2)


@pytest.mark.parametrize(
    ("filters", "name"),
    [({"state": "denied"}, "created"), ({"state": "reported"}, "-created"), ({}, "created")],
    ids=["another filter", "another order", "a filter left out"],
)
def test_a_cursor_of_another_list_is_refused(filters: dict[str, object], name: str) -> None:
    rows = write_desks([0, 1, 2])
    cursor = read_page(rows, order=BY_CREATION["created"], size=1, filters={"state": "reported"}).next or ""
    with pytest.raises(Invalid) as refused:
        read_page(rows, order=BY_CREATION[name], size=1, filters=filters, cursor=cursor)
    assert list(refused.value.errors) == ["cursor"]


@pytest.mark.parametrize("spoilt", ["x", "a:b", "\x00", "\ud800", "٣:٣", "9" * 5000])
def test_what_is_no_cursor_is_refused(spoilt: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_page(write_desks([0]), order=BY_CREATION["created"], cursor=spoilt)
    assert list(refused.value.errors) == ["cursor"]


def test_a_cursor_with_one_letter_changed_is_refused() -> None:
    rows = write_desks([0, 1])
    cursor = read_page(rows, order=BY_CREATION["created"], size=1).next or ""
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(Invalid):
            read_page(rows, order=BY_CREATION["created"], size=1, cursor=changed)


def test_an_order_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(Invalid) as refused:
        find_order("size", BY_CREATION)
    assert refused.value.errors == {"ordering": ["Choose one of: created, -created."]}

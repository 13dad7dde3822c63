"""Following what changes: nothing is lost while claims change, whoever commits late."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims.actions.claims import edit_claim, publish_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from claims.reading.paging import CLAIM_ORDERS, KeysetPage, Order, read_page
from house.transactions import recorded_transaction
from tests import factories
from tests.api.client import Api
from tests.factories import Cast, days_ago

HOST = "http://testserver"


def change(cast: Cast, *claims: Claim) -> None:
    for claim in claims:
        edit_claim(claim=claim, fields=ClaimInput(place=f"Rason {factories.fresh(claim).version}"), by=cast.editor)


def made(cast: Cast, count: int) -> list[Claim]:
    """Claims, the first of which was changed first."""
    carrier = factories.source(cast)
    evidence = [{"source": carrier.pk, "stance": "supports"}]
    return [factories.report_as(cast.reporter, cast.desk, evidence) for _ in range(count)]


def read(api: Api, address: str) -> Any:
    return api.get(address.removeprefix(HOST)).json()


def references(rows: Iterable[Any]) -> list[str]:
    return [row["reference"] for row in rows]


def references_of(claims: Iterable[Claim]) -> list[str]:
    return [claim.reference for claim in claims]


def walk(api: Api, address: str, meanwhile: Any = None) -> tuple[list[str], Any]:
    """The references on all pages from an address on, and the last page; `meanwhile` is done after the first."""
    page = read(api, address)
    found = references(page["results"])
    if meanwhile is not None:
        meanwhile()
    while page["next"]:
        page = read(api, page["next"])
        found += references(page["results"])
    return found, page


NEWEST, OLDEST = "/api/v1/claims/?ordering=-changed&page_size=2", "/api/v1/claims/?ordering=changed&page_size=2"


def test_newest_first_what_moves_to_the_front_comes_after_the_last_page(cast: Cast, editor: Api) -> None:
    claims = made(cast, 5)
    a, b, c, d, e = references_of(claims)
    found, last = walk(editor, NEWEST, lambda: change(cast, claims[0], claims[4]))
    assert found == [e, d, c, b, e, a]
    assert last["next"] is None


def test_newest_first_a_list_in_which_nothing_moves_comes_once(cast: Cast, editor: Api) -> None:
    claims = made(cast, 5)
    assert walk(editor, NEWEST)[0] == [claim.reference for claim in reversed(claims)]


def test_newest_first_more_than_a_page_that_moves_twice_comes_whole(cast: Cast, editor: Api) -> None:
    claims = made(cast, 6)
    page = read(editor, NEWEST)
    found = references(page["results"])
    change(cast, *claims[:4])
    for _ in range(3):
        page = read(editor, page["next"])
        found += references(page["results"])
    change(cast, claims[0])  # has been passed by neither walk
    while page["next"]:
        page = read(editor, page["next"])
        found += references(page["results"])
    assert set(found) == {claim.reference for claim in claims}


def test_oldest_first_what_changes_comes_again_and_nothing_is_passed(cast: Cast, editor: Api) -> None:
    claims = made(cast, 5)
    a, b, c, d, e = references_of(claims)
    found, last = walk(editor, OLDEST, lambda: change(cast, claims[0], claims[4]))
    assert found == [a, b, c, d, a, e]
    assert last["next"] is None


def test_follow_finds_what_changes_later_and_goes_on_doing_so(cast: Cast, editor: Api) -> None:
    claims = made(cast, 3)
    Claim.objects.update(changed_at=days_ago(1))
    found, last = walk(editor, OLDEST)
    assert sorted(found) == sorted(claim.reference for claim in claims)  # of one moment
    nothing, last = walk(editor, last["follow"])
    assert nothing == []
    change(cast, claims[1])
    found, last = walk(editor, last["follow"])
    assert found == [claims[1].reference]
    change(cast, claims[0], claims[2])
    found, last = walk(editor, last["follow"])
    assert {claims[0].reference, claims[2].reference} <= set(found)


def test_an_empty_list_can_be_followed(cast: Cast, editor: Api) -> None:
    _none, last = walk(editor, OLDEST)
    [claim] = made(cast, 1)
    assert walk(editor, last["follow"])[0] == [claim.reference]


def test_only_an_order_that_can_be_followed_says_where(cast: Cast, editor: Api) -> None:
    made(cast, 1)
    addresses = ("", "?ordering=created", "?ordering=due", "?ordering=-changed", "?ordering=changed")
    assert [
        "follow" in read(editor, f"/api/v1/claims/{query}") for query in addresses
    ] == [False, False, False, False, True]  # fmt: skip


def test_following_keeps_to_the_filters(cast: Cast, editor: Api) -> None:
    claims = made(cast, 2)
    factories.assigned(cast, claims[0])
    _found, last = walk(editor, "/api/v1/claims/?ordering=changed&assignee=reviewer")
    change(cast, *claims)
    assert walk(editor, last["follow"])[0] == [claims[0].reference]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=8),
    newest=st.booleans(),
    size=st.integers(1, 4),
)
@pytest.mark.long
def test_no_row_is_lost_whichever_change_while_the_pages_are_read(
    cast: Cast, moves: list[list[int]], newest: bool, size: int
) -> None:
    claims = made(cast, 6)
    rows = Claim.objects.filter(pk__in=[claim.pk for claim in claims])
    order = CLAIM_ORDERS["-changed" if newest else "changed"]
    page: KeysetPage[Claim] = read_page(rows, order=order, size=size)
    found = {row.pk for row in page.rows}
    steps = iter(moves)
    while page.next:
        change(cast, *(claims[number] for number in next(steps, [])))
        page = read_page(rows, order=order, size=size, cursor=page.next)
        found |= {row.pk for row in page.rows}
    assert found == {claim.pk for claim in claims}


@contextmanager
def changed_and_not_committed(cast: Cast, claim: Claim) -> Iterator[None]:
    """Inside, somebody else has changed the claim, and commits that at the end."""
    written, others_are_done = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with recorded_transaction():
                publish_claim(claim=claim, by=cast.editor)  # which holds no lock that the others need
                written.set()
                assert others_are_done.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slowly)
    thread.start()
    assert written.wait(10)
    yield
    others_are_done.set()
    thread.join()


def rest_of(rows: QuerySet[Claim], order: Order, cursor: str | None) -> set[Any]:
    found = set()
    while cursor:
        page = read_page(rows, order=order, size=9, cursor=cursor)
        found |= {row.pk for row in page.rows}
        cursor = page.next
    return found


@pytest.mark.django_db(transaction=True)
def test_who_follows_finds_a_change_that_is_committed_after_a_later_one_was_read(transactional_db: None) -> None:
    cast = factories.cast()
    late, *others = made(cast, 6)
    rows, order = Claim.objects.filter(desk=cast.desk), CLAIM_ORDERS["changed"]
    with changed_and_not_committed(cast, late):
        change(cast, *others)
        page = read_page(rows, order=order, size=9)
    assert late.pk in rest_of(rows, order, page.follow)


@pytest.mark.django_db(transaction=True)
def test_newest_first_a_change_committed_behind_the_walk_is_found(transactional_db: None) -> None:
    cast = factories.cast()
    late, *others = made(cast, 6)
    rows, order = Claim.objects.filter(desk=cast.desk), CLAIM_ORDERS["-changed"]
    with changed_and_not_committed(cast, late):
        change(cast, others[-1])
        page = read_page(rows, order=order, size=3)
    assert late.pk in rest_of(rows, order, page.next)


@pytest.mark.django_db(transaction=True)
def test_an_act_that_waited_for_a_lock_does_not_move_a_claim_back(transactional_db: None) -> None:
    cast = factories.cast()
    [claim] = made(cast, 1)
    change(cast, claim)
    before = factories.fresh(claim).changed_at
    edit_claim(claim=claim, fields=ClaimInput(place="Wonsan"), by=cast.editor, now=days_ago(1))
    assert factories.fresh(claim).changed_at > before

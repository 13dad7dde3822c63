"""Lists of claims by one statement: whose claims they are, how they are narrowed, and what they cost."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import set_role
from accounts.models import Membership, User
from claims.models import Claim
from claims.queries import deciders_of, visible_claims
from claims.reading import lists
from claims.reading.lists import ClaimFilter, Narrowed, read_claims_whole, read_lines, scope_of, scope_with_choices
from claims.reading.paging import CLAIM_ORDERS, PagePosition, page_of
from reviews.actions.assignments import close_claim, name_decider, unname_decider
from tests import factories
from tests.api.client import Api
from tests.kept import KeptRows
from tests.pages import signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast

FIRST = PagePosition(CLAIM_ORDERS["-created"], newest_first=True, most=100)


def _listed(user: User, **narrowed: Any) -> list[str]:
    return [line.reference for line in read_lines(Narrowed(scope_of(user), ClaimFilter(**narrowed)), FIRST)]


@KeptRows
def kept_claims(cast: "Cast") -> list[Claim]:
    """Four claims of two desks. The stranger was named as approver on two, and on one of these is so no longer; the
    second reviewer is on both desks."""
    set_role(desk=cast.other_desk, user=cast.reviewer2, role="reviewer", by=cast.admin)
    mine = [factories.claim(cast, now=factories.days_ago(days)) for days in (4, 3, 2)]
    for claim in mine[:2]:
        name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    unname_decider(decider=deciders_of(mine[1]).get(), by=cast.editor)
    there = replace(cast, desk=cast.other_desk)
    return [*mine, factories.claim(there, by=cast.stranger, now=factories.days_ago(1))]


@pytest.fixture
def claims(cast: "Cast") -> list[Claim]:
    return kept_claims(cast)


def _ways(user: User) -> Iterable[list[str]]:
    """The same list in all the ways in which it is read."""
    own = list(Membership.objects.filter(user=user).values_list("desk_id", flat=True))
    for scope in (scope_of(user), scope_with_choices(user, own)[0]):
        yield [line.reference for line in read_lines(Narrowed(scope), FIRST)]
        yield [claim.reference for claim in read_claims_whole(Narrowed(scope), FIRST)]


def test_a_list_has_the_claims_that_one_may_know_of_and_no_others(cast: "Cast", claims: list[Claim]) -> None:
    people = list(User.objects.all())
    assert len(claims) == 4
    for user in people:
        expected = list(visible_claims(user).order_by("-created_at", "-id").values_list("reference", flat=True))
        assert list(_ways(user)) == [expected] * 4, user.username
        assert Narrowed(scope_of(user)).count() == len(expected)


def test_the_claims_of_several_desks_stand_in_one_order_through_all_pages(cast: "Cast", claims: list[Claim]) -> None:
    narrowed, cursor, found = Narrowed(scope_of(cast.reviewer2)), "", []
    for _page in claims:
        page = page_of(lambda place: read_lines(narrowed, place), order=FIRST.order, cursor=cursor, size=1)
        found += [line.reference for line in page.rows]
        cursor = page.next or ""
    assert (found, cursor) == ([claim.reference for claim in reversed(claims)], "")


def test_each_of_several_desks_is_read_along_the_index(cast: "Cast", claims: list[Claim]) -> None:
    """With sorting and reading whole tables made dear, only that is left which would also do for a million."""
    narrowed = Narrowed(scope_of(cast.reviewer2), ClaimFilter(closed=False))
    with CaptureQueriesContext(connection) as asked:
        read_lines(narrowed, FIRST)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("Index Scan Backward using claim_by_creation on claims_claim") == 2, plan


def test_what_narrows_a_list_narrows_the_invited_claims_too(cast: "Cast", claims: list[Claim]) -> None:
    invited, own = claims[0], claims[3]
    assert _listed(cast.stranger, closed=False) == [own.reference, invited.reference]
    assert _listed(cast.stranger, desk=cast.desk.pk) == [invited.reference]
    close_claim(claim=invited, reason="moot", by=cast.editor)
    assert _listed(cast.stranger, closed=False) == [own.reference]
    assert _listed(cast.stranger, due_before=timezone.now() + timedelta(days=1)) == []


def test_a_search_counts_less_far_than_a_list(cast: "Cast", monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting what has a word means looking at claims one by one: ten times as many take ten times as long."""
    assert (lists.MOST_COUNTED, lists.MOST_COUNTED_BY_WORDS) == (1000, 100)
    monkeypatch.setattr(lists, "MOST_COUNTED_BY_WORDS", 2)
    client, said = signed_in(cast.reporter), []
    for _claim in range(3):
        factories.claim(cast, "The harbour was closed.")
        said.append(re.search(r"\S+ found", text_of(client.get("/claims/?q=harbour")))[0])  # type: ignore[index]
    assert said == ["1 found", "2 found", "2+ found"]
    assert "3 found" in text_of(client.get("/claims/"))


# Of a page, its session, the person and its head are six.
@pytest.mark.parametrize(
    ("address", "statements"),
    [("/claims/", 8), ("/claims/?q=harbour", 8), ("/claims/?assignee=reviewer&topic=ports", 9)],
)
def test_the_statements_of_a_list(cast: "Cast", address: str, statements: int) -> None:
    """One that is empty has its claims counted apart."""
    for _claim in range(3):
        factories.firsthand(cast, factories.claim(cast, "The harbour was closed."), 2)
    client = signed_in(cast.editor)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert len(asked) == statements


def test_the_statements_of_the_apis_list(cast: "Cast") -> None:
    """The token with its person, what the person may see, and the page."""
    for _claim in range(3):
        factories.claim(cast)
    program = Api(cast.editor)
    program.get("claims/")  # which writes down that the token was used
    with CaptureQueriesContext(connection) as asked:
        program.get("claims/")
    assert len(asked) == 3

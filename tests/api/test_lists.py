"""Lists: narrowed, ordered, paged, and as cheap with many rows as with few."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast, days_ago


def references(api: Api, **query: Any) -> list[str]:
    return [row["reference"] for row in api.rows("claims/", **query)]


def test_claims_are_narrowed_by_each_filter(cast: Cast, editor: Api) -> None:
    accused = factories.actor(cast, "Accused")
    claimant = factories.actor(cast, "Claimant")
    plain = factories.claim(cast, "A ship left Wonsan.", topics=["arms"])
    named = factories.claim(cast, "A train left Rason.", claimant=claimant, parties=[accused])
    denied = factories.claim_in(cast, "denied")
    closed = factories.claim(cast)
    editor.post(f"claims/{closed.reference}/close/", {"reason": "moot"})
    factories.assigned(cast, named, due_at=days_ago(-1))
    lost = factories.claim_in(cast, "corroborated")
    editor.patch(f"claims/{lost.reference}/", {"threshold": 5, "threshold_reason": "So."})

    def only(*claims: Any) -> list[str]:
        return [claim.reference for claim in claims]

    assert references(editor) == only(lost, closed, denied, named, plain)
    assert references(editor, state="denied") == only(denied)
    assert references(editor, state=["denied", "corroborated"]) == only(lost, denied)
    assert references(editor, topic="arms") == references(editor, q="ship wonsan") == only(plain)
    assert references(editor, claimant=str(claimant.pk)) == only(named)
    assert references(editor, party=str(accused.pk)) == only(named)
    assert references(editor, assignee="reviewer") == only(named)
    assert references(editor, assignee="") == only(lost, closed, denied, plain)
    assert references(editor, contested="true") == only(denied)
    assert references(editor, support_lost="true") == only(lost)
    assert references(editor, closed="true") == only(closed)
    assert references(editor, closed="false") == only(lost, denied, named, plain)
    assert references(editor, due_before=days_ago(-2).isoformat()) == only(named)
    assert references(editor, desk=str(cast.desk.pk)) == only(lost, closed, denied, named, plain)
    assert references(editor, desk=str(cast.other_desk.pk)) == []


def test_claims_are_ordered_by_creation_change_and_due_time(cast: Cast, editor: Api) -> None:
    old = factories.claim(cast, now=days_ago(3))
    new = factories.claim(cast, now=days_ago(1))
    editor.patch(f"claims/{old.reference}/", {"place": "Rason"})
    factories.assigned(cast, old)
    assert references(editor) == references(editor, ordering="-created") == [new.reference, old.reference]
    assert references(editor, ordering="created") == [old.reference, new.reference]
    assert references(editor, ordering="-changed") == [old.reference, new.reference]
    assert references(editor, ordering="due") == [old.reference, new.reference]
    assert errors(editor.get("claims/", ordering="state")) == ["ordering"]


def walk(api: Api, address: str | None, member: str = "next") -> list[Any]:
    found = []
    while address:
        page = api.get(address.removeprefix("http://testserver")).json()
        found.append(page["results"])
        address = page[member]
    return found


def test_pages_lead_on_and_back_over_every_row_once(cast: Cast, reviewer: Api) -> None:
    moment = days_ago(1)
    made = {str(factories.actor(cast, now=moment).pk) for _ in range(7)}
    pages = walk(reviewer, "/api/v1/actors/?page_size=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {row["id"] for page in pages for row in page} == made
    second = reviewer.get("actors/", page_size=3).json()["next"]
    last = reviewer.get(second.removeprefix("http://testserver")).json()["next"]
    assert walk(reviewer, last, "previous")[::-1] == pages


def test_next_and_previous_are_whole_addresses_on_the_host_that_was_asked(cast: Cast, reviewer: Api) -> None:
    for _ in range(3):
        factories.actor(cast, "Ünit é")
    host = {"Host": "127.0.0.1:8123"}
    page = reviewer.get("actors/", headers=host, page_size=1, q="Ünit é").json()
    assert page["previous"] is None
    assert page["next"].startswith("http://127.0.0.1:8123/api/v1/actors/?page_size=1&q=%C3%9Cnit+%C3%A9&cursor=")
    second = reviewer.get(page["next"].removeprefix("http://127.0.0.1:8123"), headers=host).json()
    assert second["previous"].startswith("http://127.0.0.1:8123/api/v1/actors/?page_size=1&")


def test_a_cursor_is_good_for_its_own_list_only(cast: Cast, reviewer: Api) -> None:
    for _ in range(3):
        factories.claim(cast)
    (_rest, cursor) = reviewer.get("claims/", page_size=1, closed="false").json()["next"].split("cursor=")
    for path in (
        f"claims/?cursor={cursor}",
        f"claims/?closed=true&cursor={cursor}",
        f"claims/?closed=false&state=denied&cursor={cursor}",
        f"claims/?closed=false&ordering=created&cursor={cursor}",
        f"actors/?cursor={cursor}",
        f"claims/?closed=false&cursor={cursor}x",
    ):
        assert errors(reviewer.get(path)) == ["cursor"]
    for path in (f"claims/?closed=false&cursor={cursor}", f"claims/?closed=false&ordering=-created&cursor={cursor}"):
        assert len(reviewer.rows(path)) == 2


def test_nobody_is_shown_another_desks_rows(cast: Cast, stranger: Api) -> None:
    factories.assigned(cast, factories.claim_in(cast, "corroborated"))
    for path in ("actors/", "sources/", "claims/", "assignments/", "reminders/"):
        assert stranger.rows(path) == []


LISTS = [
    *("desks/", "actors/", "sources/", "claims/", "claims/?state=reported&q=container&ordering=-changed"),
    *("assignments/", "assignments/?mine=true", "reminders/", "tokens/"),
    *("claims/{claim}/evidence/", "claims/{claim}/assessments/", "claims/{claim}/history/"),
    *("claims/{claim}/moves/", "claims/{claim}/provenance/"),
    *("sources/{source}/relays/", "sources/{source}/attachments/", "sources/{source}/capture/"),
]


@pytest.mark.long
def test_a_list_costs_as_many_queries_with_many_rows_as_with_few(cast: Cast, reviewer: Api) -> None:
    first = factories.claim(cast, elements=["by sea"], topics=["arms"])
    source = first.evidence.get().source

    def grow() -> None:
        more = factories.claim(cast, elements=["by sea", "covertly"], topics=["arms", "ships"])
        factories.assigned(cast, more)
        factories.firsthand(cast, first, 2)
        factories.relay(cast, source, factories.source(cast))
        factories.assessment(cast, first, "reported")
        Api.in_session(cast.reviewer).post("tokens/")
        reviewer.post(f"sources/{source.pk}/capture/")

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert reviewer.get(path.format(claim=first.reference, source=source.pk)).status_code == 200
        return len(captured)

    grow()
    few = {path: queries(path) for path in LISTS}
    for _ in range(3):
        grow()
    assert {path: queries(path) for path in LISTS} == few
    assert min(few.values()) > 0

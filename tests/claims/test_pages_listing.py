"""The lists of claims, sources and actors: what is on them, narrowing, paging, odd input, and their cost."""

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from reviews.actions.assignments import close_claim
from tests import factories
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast


def _references(client: Client, address: str = "/claims/") -> list[str]:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return [row.reference for row in response.context["rows"]]


def test_the_newest_claim_stands_first_with_what_is_known_of_it(cast: "Cast") -> None:
    navy = factories.actor(cast, "The navy")
    claim = factories.claim(cast, "The harbour was closed.", claimant=navy, now=factories.days_ago(2))
    factories.assigned(cast, claim, reviewer=cast.reviewer2)
    newer = factories.claim(cast)
    response = got(cast.reporter, "/claims/")
    rows = response.context["rows"]  # type: ignore[attr-defined]
    assert [row.reference for row in rows] == [newer.reference, claim.reference]
    text = text_of(response)
    assert "The harbour was closed. The navy" in text
    assert "reviewer2 Due" in text
    assert "2 found" in text


def test_a_stranger_sees_nothing_of_the_desk(cast: "Cast") -> None:
    factories.claim(cast)
    assert _references(signed_in(cast.stranger)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=denied", ["denied"]),
        ("state=denied&state=refuted", ["refuted", "denied"]),
        ("contested=on", ["denied"]),
        ("q=harbour", ["plain"]),
        ("q=%22closed+harbour%22", []),
        ("topic=ports", ["plain"]),
        ("assignee=reviewer2", ["plain"]),
        ("overdue=on", []),
        ("closed=only", ["closed"]),
        ("closed=with", ["closed", "refuted", "denied", "plain"]),
        ("", ["refuted", "denied", "plain"]),
    ],
)
def test_the_form_narrows_the_list(cast: "Cast", query: str, expected: list[str]) -> None:
    ago = factories.days_ago
    claims = {
        "plain": factories.claim(cast, "The harbour was closed.", topics=["ports"], now=ago(9)),
        "denied": factories.claim_in(cast, "denied", now=ago(8)),
        "refuted": factories.claim_in(cast, "refuted", now=ago(7)),
        "closed": factories.claim(cast, now=ago(6)),
    }
    factories.assigned(cast, claims["plain"], reviewer=cast.reviewer2)
    close_claim(claim=claims["closed"], reason="moot", by=cast.editor)
    assert _references(signed_in(cast.reporter), f"/claims/?{query}") == [claims[name].reference for name in expected]


def test_nobody_can_be_asked_for_as_assignee(cast: "Cast") -> None:
    free, given = factories.claim(cast), factories.claim(cast)
    factories.assigned(cast, given)
    assert _references(signed_in(cast.editor), "/claims/?assignee=(nobody)") == [free.reference]


def test_a_chip_takes_its_filter_away_and_leaves_the_others(cast: "Cast") -> None:
    response = got(cast.reporter, "/claims/?state=denied&state=refuted&q=shells&contested=on")
    chips = {chip.text: chip.url for chip in response.context["chips"]}  # type: ignore[attr-defined]
    assert chips == {
        "Denied": "/claims/?state=refuted&q=shells&contested=on",
        "Refuted": "/claims/?state=denied&q=shells&contested=on",
        "Contested": "/claims/?state=denied&state=refuted&q=shells",
        "“shells”": "/claims/?state=denied&state=refuted&contested=on",
    }


def test_pages_of_25_lead_forth_and_back_without_loss(cast: "Cast") -> None:
    references = [factories.claim(cast, now=factories.days_ago(40 - n)).reference for n in range(27)][::-1]
    client = signed_in(cast.reporter)
    first = client.get("/claims/")
    assert [row.reference for row in first.context["rows"]] == references[:25]
    second = client.get(first.context["next_url"])
    assert [row.reference for row in second.context["rows"]] == references[25:]
    assert (first.context["previous_url"], second.context["next_url"]) == ("", "")
    assert _references(client, second.context["previous_url"]) == references[:25]


def test_the_number_of_queries_does_not_grow_with_the_list(cast: "Cast") -> None:
    client = signed_in(cast.reviewer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/claims/")
        return len(queries)

    for _ in range(2):
        factories.assigned(cast, factories.claim(cast))
    few = cost()
    for _ in range(8):
        factories.assigned(cast, factories.claim(cast))
    assert cost() == few


@pytest.mark.parametrize(
    "query",
    [
        "cursor=nonsense",
        "cursor=%00",
        "cursor=" + "x" * 5000,
        "q=%00",
        "q=" + "x" * 201,
        "state=certain",
        "assignee=nobody-by-this-name",
        "ordering=random",
    ],
)
def test_odd_input_is_told_and_fails_nothing(cast: "Cast", query: str) -> None:
    assert "This request is not valid" in text_of(got(cast.reporter, f"/claims/?{query}", 400))


def test_a_cursor_of_other_filters_is_refused(cast: "Cast") -> None:
    for _ in range(26):
        factories.claim(cast)
    client = signed_in(cast.reporter)
    address = client.get("/claims/").context["next_url"]
    assert client.get(f"{address}&state=reported").status_code == 400


@pytest.mark.parametrize("words", ['"', "OR OR", "-", "a & | ! b", "' \\", "(((", "\u202e"])
def test_any_words_can_be_searched_for(cast: "Cast", words: str) -> None:
    assert signed_in(cast.reporter).get("/claims/", {"q": words}).status_code == 200


def test_an_empty_list_says_so_and_where_to_go(cast: "Cast") -> None:
    assert "No claims yet. Create the first one. New claim" in text_of(got(cast.reporter, "/claims/"))
    assert "No claims match Clear filters" in text_of(got(cast.reporter, "/claims/?state=denied"))


def test_who_only_reads_is_not_offered_to_write(cast: "Cast") -> None:
    assert "New claim" not in text_of(got(cast.auditor, "/claims/"))


def test_the_original_wording_keeps_its_language(cast: "Cast") -> None:
    claim = factories.claim(cast)
    edit_claim(claim=claim, fields=ClaimInput(original_statement="ایران", language="fa"), by=cast.reviewer)
    assert "ایران" in got(cast.reporter, "/claims/").content.decode()


# Sources and actors


def test_sources_are_found_by_words_of_title_and_address(cast: "Cast") -> None:
    factories.source(cast, "Harbour logbook")
    other = factories.source(cast, "Weather report", url="https://example.org/storm")
    rows = got(cast.reporter, "/sources/?q=weather").context["rows"]  # type: ignore[attr-defined]
    assert rows == [other]


def test_actors_are_found_by_parts_of_their_names(cast: "Cast") -> None:
    navy = factories.actor(cast, "The Northern Navy")
    factories.actor(cast, "The Army")
    rows = got(cast.reporter, "/actors/?q=north+navy").context["rows"]  # type: ignore[attr-defined]
    assert rows == [navy]


@pytest.mark.parametrize("address", ["/sources/", "/actors/"])
def test_the_other_lists_show_nothing_of_another_desk(cast: "Cast", address: str) -> None:
    factories.claim(cast)
    assert got(cast.stranger, address).context["rows"] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["/sources/", "/actors/"])
def test_the_other_lists_cost_the_same_for_more_rows(cast: "Cast", address: str) -> None:
    client = signed_in(cast.reviewer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    factories.claim(cast)
    few = cost()
    for _ in range(5):
        factories.claim(cast)
    assert cost() == few


def test_every_link_of_the_list_leads_somewhere(cast: "Cast") -> None:
    factories.claim(cast)
    client = signed_in(cast.editor)
    links = set(re.findall(r'href="(/[^"#]*)"', client.get("/claims/").content.decode()))
    answers = {link: client.get(link).status_code for link in links if not link.startswith("/static/")}
    assert {link: status for link, status in answers.items() if status != 200} == {}

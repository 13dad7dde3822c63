"""Actors, desks and tokens."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Token
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast


def test_every_field_of_an_actor_comes_back_as_it_was_given(cast: Cast, reporter: Api) -> None:
    above, owner = factories.actor(cast), factories.actor(cast)
    fields = {
        "name": "The spokesman",
        "kind": "person",
        "part_of": str(above.pk),
        "part_of_from": "2021-01-20",
        "part_of_to": "2025-01-20",
        "stands_alone_because": "",
        "owned_by": str(owner.pk),
        "reliability": "C",
        "visibility": "public",
    }
    response = reporter.post("actors/", fields)
    actor = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/actors/{actor['id']}/"
    assert {name: actor[name] for name in fields} == fields
    assert actor["desk"] == str(cast.desk.pk)
    assert reporter.get(f"actors/{actor['id']}/").json() == actor


def test_an_administrator_shares_an_actor_with_all_desks(cast: Cast, admin: Api, reporter: Api, stranger: Api) -> None:
    shared = admin.post("actors/", {"desk": None, "name": "The UN", "kind": "organisation"}).json()
    assert shared["desk"] is None
    assert [api.get(f"actors/{shared['id']}/").status_code for api in (reporter, stranger)] == [200, 200]
    assert reporter.post("actors/", {"desk": None, "name": "x", "kind": "person"}).status_code == 403
    assert reporter.patch(f"actors/{shared['id']}/", {"name": "x"}).status_code == 403
    assert admin.get(f"actors/{shared['id']}/").json() == shared
    assert admin.patch(f"actors/{shared['id']}/", {"name": "UN"}).json()["name"] == "UN"


def test_a_chain_that_leads_back_is_refused_and_shown(cast: Cast, reviewer: Api) -> None:
    below = factories.actor(cast, "Agency", part_of=factories.actor(cast, "State"))
    response = reviewer.patch(f"actors/{below.part_of_id}/", {"part_of": str(below.pk)})
    assert errors(response) == ["part_of"]
    assert "State → Agency → State" in response.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"kind": "ghost"}, "kind"),
        ({"part_of": "x"}, "part_of"),
        ({"part_of": 7}, "part_of"),
        ({"part_of_from": "2022-13-01"}, "part_of_from"),
        ({"part_of_from": "0000-01-01"}, "part_of_from"),
        ({"part_of_from": "2022-01-02", "part_of_to": "2022-01-01"}, "part_of_to"),
    ],
)
def test_an_actor_that_cannot_be_kept_names_the_field(
    cast: Cast, reporter: Api, fields: dict[str, Any], named: str
) -> None:
    assert errors(reporter.post("actors/", {"name": "x", "kind": "person", **fields})) == [named]


def test_actors_are_narrowed_and_searched_by_name(cast: Cast, reviewer: Api) -> None:
    agency, state = factories.actor(cast, "Agency"), factories.actor(cast, "Statia", kind="state")
    assert [row["id"] for row in reviewer.rows("actors/")] == [str(state.pk), str(agency.pk)]
    assert [row["id"] for row in reviewer.rows("actors/", q="gen")] == [str(agency.pk)]
    assert [row["id"] for row in reviewer.rows("actors/", kind="state")] == [str(state.pk)]


def test_a_restricted_actor_is_not_here_for_others(cast: Cast, reviewer: Api, editor: Api) -> None:
    hidden = factories.actor(cast, visibility="restricted", by=cast.editor)
    assert (reviewer.get(f"actors/{hidden.pk}/").status_code, reviewer.rows("actors/")) == (404, [])
    assert editor.get(f"actors/{hidden.pk}/").status_code == 200


def test_an_administrator_opens_a_desk_and_sees_all(cast: Cast, admin: Api, editor: Api) -> None:
    response = admin.post("desks/", {"name": "Sahel", "prefix": "SAH", "min_independence": 3})
    desk = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/desks/{desk['id']}/"
    assert (desk["name"], desk["prefix"], desk["min_independence"], desk["days_to_review"]) == ("Sahel", "SAH", 3, 7)
    assert desk["members"] == []
    assert {row["prefix"] for row in admin.rows("desks/")} == {"SAH", "UKR", "OTH"}
    assert [row["prefix"] for row in editor.rows("desks/")] == ["UKR"]
    assert editor.get(f"desks/{desk['id']}/").status_code == 404


def test_a_desk_shows_its_members_with_their_roles(cast: Cast, auditor: Api) -> None:
    members = auditor.get(f"desks/{cast.desk.pk}/").json()["members"]
    assert members == [
        {"user": "auditor", "role": "auditor"},
        {"user": "editor", "role": "editor"},
        {"user": "reporter", "role": "reporter"},
        {"user": "reviewer", "role": "reviewer"},
        {"user": "reviewer2", "role": "reviewer"},
    ]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"prefix": "UKR"}, "prefix"),
        ({"prefix": "ukr"}, "prefix"),
        ({"prefix": "Ü1"}, "prefix"),
        ({"name": ""}, "name"),
        ({"min_independence": 6}, "min_independence"),
        ({"min_independence": 10**30}, "min_independence"),
        ({"days_to_review": 0}, "days_to_review"),
    ],
)
def test_a_desk_that_cannot_be_names_the_field(cast: Cast, admin: Api, fields: dict[str, Any], named: str) -> None:
    assert errors(admin.post("desks/", {"name": "Sahel", "prefix": "SAH", **fields})) == [named]


def test_an_editor_changes_the_desks_name_and_policy_together(cast: Cast, editor: Api) -> None:
    changes = {"name": "War desk", "days_to_review": 3, "min_independence": 1}
    after = editor.patch(f"desks/{cast.desk.pk}/", changes).json()
    assert {name: after[name] for name in changes} == changes
    assert errors(editor.patch(f"desks/{cast.desk.pk}/", {"name": "x", "min_independence": 9})) == ["min_independence"]
    assert editor.get(f"desks/{cast.desk.pk}/").json()["name"] == "War desk"
    assert errors(editor.patch(f"desks/{cast.desk.pk}/", {"prefix": "WAR"})) == ["prefix"]


def test_a_lower_threshold_brings_lost_support_back(cast: Cast, editor: Api) -> None:
    claim = factories.claim_in(cast, "corroborated")
    editor.patch(f"desks/{cast.desk.pk}/", {"min_independence": 3})
    assert factories.fresh(claim).support_lost is True
    editor.patch(f"desks/{cast.desk.pk}/", {"min_independence": 2})
    assert factories.fresh(claim).support_lost is False


def test_a_token_is_shown_once_and_is_good_until_it_is_revoked(cast: Cast) -> None:
    reporter = Api.in_session(cast.reporter)
    response = reporter.post("tokens/", {"name": "a script", "lifetime_days": 3})
    made = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/tokens/{made['id']}/"
    row = Token.objects.get(id=made["id"])
    assert row.expiry - row.created < timedelta(days=3, seconds=1)
    shown = {name: made[name] for name in made if name != "token"}
    assert reporter.rows("tokens/")[0] == reporter.get(f"tokens/{made['id']}/").json() == shown
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert Api(None).get("claims/", headers=bearer).status_code == 200
    assert reporter.delete(f"tokens/{made['id']}/").status_code == 204
    assert Api(None).get("claims/", headers=bearer).status_code == 401
    assert reporter.delete(f"tokens/{made['id']}/").status_code == 404


@pytest.mark.parametrize("days", [0, 366, -1, 99_999, 10**6, 10**30, "x", None, [], 1.5])
def test_a_lifetime_that_is_none_is_refused(cast: Cast, days: Any) -> None:
    assert errors(Api.in_session(cast.reporter).post("tokens/", {"lifetime_days": days})) == ["lifetime_days"]


def test_nobody_sees_or_ends_anothers_token(cast: Cast, reporter: Api, editor: Api) -> None:
    row = Token.objects.get(user=cast.reporter)
    assert editor.get(f"tokens/{row.id}/").status_code == 404
    assert editor.delete(f"tokens/{row.id}/").status_code == 404
    assert [one["id"] for one in editor.rows("tokens/")] == [str(Token.objects.get(user=cast.editor).id)]


def test_tokens_are_paged_without_their_digests(cast: Cast) -> None:
    reporter = Api.in_session(cast.reporter)
    for _ in range(4):
        reporter.post("tokens/")
    page = reporter.get("tokens/", page_size=2).json()
    rest = reporter.get(page["next"].removeprefix("http://testserver")).json()
    assert len({row["id"] for row in page["results"] + rest["results"]}) == 4
    assert not any(digest in page["next"] for digest in Token.objects.values_list("digest", flat=True))


def test_an_actor_that_proves_to_be_another_leads_there(cast: Cast, editor: Api, reviewer: Api) -> None:
    merged, remains = factories.actor(cast, "Tass"), factories.actor(cast, "ITAR agency")
    source = factories.source(cast, publisher=merged)
    body = {"into": str(remains.pk), "reason": "Renamed in 1992."}
    tried = editor.post(f"actors/{merged.pk}/merge/", {**body, "dry_run": True}).json()
    assert (tried["id"], tried["dry_run"], tried["effects"], tried["later"]) == (str(remains.pk), True, [], 0)
    assert reviewer.get(f"actors/{merged.pk}/").status_code == 200
    assert editor.post(f"actors/{merged.pk}/merge/", body).json()["dry_run"] is False
    moved = reviewer.get(f"actors/{merged.pk}/")
    assert (moved.status_code, moved["Location"]) == (301, f"http://testserver/api/v1/actors/{remains.pk}/")
    assert reviewer.get(f"sources/{source.pk}/").json()["publisher"] == str(remains.pk)
    assert [row["id"] for row in reviewer.rows("actors/", q="tass")] == [str(remains.pk)]
    assert reviewer.patch(f"actors/{merged.pk}/", {"name": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "named"), [({"into": None}, "into"), ({"reason": ""}, "reason"), ({"chain": "mine"}, "chain")]
)
def test_merging_that_cannot_be_names_the_field(cast: Cast, editor: Api, fields: dict[str, Any], named: str) -> None:
    merged, remains = factories.actor(cast), factories.actor(cast)
    body = {"into": str(remains.pk), "reason": "The same.", **fields}
    assert errors(editor.post(f"actors/{merged.pk}/merge/", body)) == [named]

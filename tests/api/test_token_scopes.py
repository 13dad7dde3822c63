"""A token's scopes: chosen when it is made, named where one is missing; a token makes no other token."""

from typing import Any

import pytest
from django.test import Client

from accounts.actions import create_token
from accounts.models import Token, TokenScope
from tests.api.client import Api
from tests.factories import Cast


def test_a_refusal_names_the_scope(cast: Cast) -> None:
    _row, token = create_token(user=cast.reporter, scopes=["read"])
    headers = {"Authorization": f"Bearer {token}"}
    refused = Api(None).post("sources/", {"title": "An item"}, headers=headers)
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["detail"]) == (
        403,
        "urn:second-source:problem:forbidden",
        "This token lacks the scope “write”.",
    )
    assert Api(None).get("sources/", headers=headers).status_code == 200


@pytest.mark.parametrize("body", [{}, {"name": "another", "scopes": ["read"]}])
def test_a_token_makes_no_token(cast: Cast, body: dict[str, Any]) -> None:
    _row, token = create_token(user=cast.reporter)
    client = Client(headers={"authorization": f"Bearer {token}"})
    refused = client.post("/api/v1/tokens/", body, content_type="application/json")
    assert (refused.status_code, Token.objects.filter(user=cast.reporter).count()) == (403, 1)


@pytest.mark.parametrize(
    ("asked", "given"), [({}, ["read", "write"]), ({"scopes": ["read"]}, ["read"]), ({"scopes": ["write"]}, ["write"])]
)
def test_a_person_chooses_the_scopes(cast: Cast, asked: dict[str, Any], given: list[str]) -> None:
    client = Client()
    client.force_login(cast.reporter)
    made = client.post("/api/v1/tokens/", {"name": "script", **asked}, content_type="application/json")
    assert (made.status_code, made.json()["scopes"], Token.objects.get().scopes) == (201, given, given)


@pytest.mark.parametrize("scopes", [[], ["mint"], ["read", "mint"], "read", None, [None], ["read", "write", "read"]])
def test_scopes_that_are_none_are_refused(cast: Cast, scopes: Any) -> None:
    client = Client()
    client.force_login(cast.reporter)
    refused = client.post("/api/v1/tokens/", {"scopes": scopes}, content_type="application/json")
    assert (refused.status_code, Token.objects.count()) == (400, 0)


def test_there_are_no_other_scopes() -> None:
    assert TokenScope.values == ["read", "write"]

"""A token does what its scopes say, at every address and by every method of the API, and makes no other token."""

from typing import Any

import pytest
from django.test import Client

from accounts.actions import create_token
from accounts.models import Token, TokenScope
from tests.access.asking import METHODS, address_of, ask
from tests.access.routes import Route, routes
from tests.access.world import World
from tests.api.client import Api
from tests.factories import Cast

SCOPES: tuple[tuple[str, ...], ...] = (("read",), ("write",), ("read", "write"))
OF_THE_API = [route for route in routes() if route.name.startswith("api:")]


def with_token(world: World, *scopes: str) -> Client:
    _row, token = create_token(user=world.cast.editor, scopes=scopes)
    return Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)


def expected(route: Route, method: str, scopes: tuple[str, ...], full: dict[str, str]) -> str:
    """What a token with both may, where the scope is one of its own."""
    needed = "read" if method == "GET" else "write"
    return full[method] if needed in scopes else "forbidden"


@pytest.mark.parametrize("route", OF_THE_API, ids=lambda route: route.name)
def test_every_address_and_method(world: World, taken_back: None, route: Route) -> None:
    address = address_of(route, world)
    both = with_token(world, "read", "write")
    full = {method: ask(both, method, address) for method in METHODS}
    for scopes in SCOPES:
        client = with_token(world, *scopes)
        found = {method: ask(client, method, address) for method in METHODS}
        assert found == {method: expected(route, method, scopes, full) for method in METHODS}, scopes


def test_a_refusal_names_the_scope(cast: Cast) -> None:
    _row, token = create_token(user=cast.reporter, scopes=["read"])
    headers = {"Authorization": f"Bearer {token}"}
    refused = Api(None).post("sources/", {"title": "An item"}, headers=headers)
    problem = refused.json()
    assert (refused.status_code, problem["type"], problem["detail"]) == (
        403,
        "urn:second-source:problem:forbidden",
        "This token has not the scope “write”, which this needs.",
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

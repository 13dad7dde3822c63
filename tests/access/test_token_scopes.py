"""A token does what its scopes say, at every address and by every method of the API."""

import pytest
from django.test import Client

from accounts.actions import create_token
from tests.access.asking import METHODS, address_of, ask
from tests.access.routes import Route, routes
from tests.access.world import AccessWorld

SCOPES: tuple[tuple[str, ...], ...] = (("read",), ("write",), ("read", "write"))
OF_THE_API = [route for route in routes() if route.name.startswith("api:")]


def with_token(world: AccessWorld, *scopes: str) -> Client:
    _row, token = create_token(user=world.cast.editor, scopes=scopes)
    return Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)


def expected(route: Route, method: str, scopes: tuple[str, ...], full: dict[str, str]) -> str:
    """What a token with both may, where the scope is one of its own."""
    needed = "read" if method == "GET" else "write"
    return full[method] if needed in scopes else "forbidden"


@pytest.mark.parametrize("route", OF_THE_API, ids=lambda route: route.name)
def test_every_address_and_method(world: AccessWorld, taken_back: None, route: Route) -> None:
    address = address_of(route, world)
    both = with_token(world, "read", "write")
    full = {method: ask(both, method, address) for method in METHODS}
    for scopes in SCOPES:
        client = with_token(world, *scopes)
        found = {method: ask(client, method, address) for method in METHODS}
        assert found == {method: expected(route, method, scopes, full) for method in METHODS}, scopes

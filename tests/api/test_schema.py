"""The schema and the page made from it."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from tests.api.client import schema

METHODS = ("get", "post", "patch", "put", "delete")


def operations() -> list[Any]:
    found = schema()["paths"].items()
    return [(path, method, item[method]) for path, item in found for method in METHODS if method in item]


def test_the_schema_is_of_openapi_3_1_and_for_anybody_to_read(db: None) -> None:
    response = Client().get("/api/schema/?format=json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
    assert set(response.json()["paths"]) == set(schema()["paths"])


def test_the_schema_is_written_once_and_sent_to_nobody_who_has_it(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get("/api/schema/?format=json")
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *_args, **_named: pytest.fail("written a second time"))
    again = Client().get("/api/schema/?format=json")
    assert (again.content, again["ETag"], again["Cache-Control"]) == (first.content, first["ETag"], "public, no-cache")
    known = Client().get("/api/schema/?format=json", headers={"If-None-Match": first["ETag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_a_format_or_language_that_nobody_has_writes_no_other_schema(db: None) -> None:
    first = Client().get("/api/schema/?format=json")
    assert Client().get("/api/schema/?format=json&lang=xx").content == first.content
    assert Client().get("/api/schema/?format=none").status_code == 404
    assert "openapi: 3.1" in Client().get("/api/schema/").content.decode()


def test_every_address_and_method_of_the_api_is_in_the_schema() -> None:
    patterns: list[Any] = get_resolver().url_patterns
    (api,) = [part for part in patterns if str(part.pattern) == "api/v1/"]
    served = set()
    for one in api.url_patterns:
        if one.name != "none":
            path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(one.pattern))
            served |= {(path, method) for method in METHODS if hasattr(one.callback.view_class, method)}
    assert {(path, method) for path, method, _said in operations()} == served


def test_every_operation_says_what_it_is_and_how_it_refuses() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, method, said in operations():
        assert said["summary"], (path, method)
        assert "401" in said["responses"], (path, method)
        assert ("{" in path) <= ("404" in said["responses"]), (path, method)
        assert ("requestBody" in said) <= ({"400", "413", "415"} <= set(said["responses"])), (path, method)
        for code, answer in said["responses"].items():
            if code >= "400":
                assert answer["content"]["application/problem+json"]["schema"] == problem


def test_no_two_operations_have_one_name() -> None:
    names = [said["operationId"] for _path, _method, said in operations()]
    assert len(names) == len(set(names))


def test_the_page_lists_every_operation_and_loads_nothing_from_elsewhere(db: None) -> None:
    response = Client().get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    for path, method, _said in operations():
        assert f"<code>{method.upper()} {path}</code>" in page
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert "<style" not in page
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_only_read(db: None, method: str) -> None:
    assert getattr(Client(), method)("/api/docs/").status_code == 405

"""The schema and the page made from it."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from api.bodies import Fields
from api.examples import EXAMPLES
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


def bodies() -> dict[str, type[Fields]]:
    """Every kind of body that an operation reads, by the name of its class."""
    found, waiting = {}, [Fields]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found[kind.__name__] = kind
    return found


def test_every_body_has_an_example_that_is_read_as_it_stands() -> None:
    kinds, tried = bodies(), set()
    for path, method, said in operations():
        for media_type, content in said.get("requestBody", {}).get("content", {}).items():
            (example,) = content["examples"].values()
            is_form = media_type == "multipart/form-data"
            name = "NewAttachment" if is_form else content["schema"]["$ref"].rsplit("/", 1)[1]
            given = example["value"]
            if is_form:
                given = given | {"file": SimpleUploadedFile(given["file"], b"jpeg")}
            body = kinds[name](data=given, partial=False)
            assert body.is_valid(), (path, method, body.errors)
            assert example["value"] == EXAMPLES[name], (path, method)
            tried.add(name)
    # A body that says nothing has no schema of its own to be found by.
    assert tried | {"NoFields"} == set(EXAMPLES)


def test_every_example_is_as_the_schema_describes_the_body() -> None:
    for path, method, said in operations():
        for media_type, content in said.get("requestBody", {}).get("content", {}).items():
            if media_type == "application/json":
                whole = content["schema"] | {"components": schema()["components"]}
                (example,) = content["examples"].values()
                errors = list(Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(example["value"]))
                assert errors == [], (path, method)


# How a summary begins: what the operation does, as somebody who reads a list of them looks for it.
VERBS = {
    "Accept", "Add", "Approve", "Ask", "Assign", "Attach", "Change", "Close", "Confirm", "Create", "Decline",
    "Discard", "Download", "List", "Make", "Mark", "Merge", "Open", "Preview", "Propose", "Publish", "Read",
    "Reassign", "Record", "Reject", "Release", "Remove", "Request", "Revoke", "Save", "Submit", "Unpublish",
    "Upload", "Withdraw",
}  # fmt: skip


def test_every_summary_begins_with_what_the_operation_does_and_is_one_line() -> None:
    for path, method, said in operations():
        assert said["summary"].split(" ")[0] in VERBS, (path, method, said["summary"])
        assert len(said["summary"]) <= 120, (path, method)
        assert not said["summary"].endswith("."), (path, method)
    summaries = [said["summary"] for _path, _method, said in operations()]
    assert len(set(summaries)) == len(summaries)


def test_no_two_operations_have_one_name() -> None:
    names = [said["operationId"] for _path, _method, said in operations()]
    assert len(names) == len(set(names))


def test_the_page_lists_every_operation_and_loads_nothing_from_elsewhere(db: None) -> None:
    response = Client().get("/api/docs/plain/")
    page = response.content.decode()
    assert response.status_code == 200
    for path, method, _said in operations():
        assert f"<code>{method.upper()} {path}</code>" in page
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert "<style" not in page
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("address", ["/api/docs/", "/api/docs/plain/"])
def test_the_pages_are_only_read(db: None, method: str, address: str) -> None:
    assert getattr(Client(), method)(address).status_code == 405

"""A client of the API with a token. Every answer is held against the schema: status, media type and shape."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from django.urls.exceptions import Resolver404
from jsonschema import Draft202012Validator, FormatChecker

from accounts.actions import create_token
from accounts.models import User

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
ROOT = "/api/v1/"


class Api:
    """What one person can do with a token of theirs (None: with none). Paths are below /api/v1/."""

    def __init__(self, user: User | None, **options: Any) -> None:
        self.client = Client(**options)
        self.headers: dict[str, str] = {}
        if user is not None:
            _row, token = create_token(user=user)
            self.headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def in_session(cls, user: User) -> "Api":
        """What the person can do signed in, and without a token: making tokens, for one."""
        api = cls(None)
        api.client.force_login(user)
        return api

    def get(self, path: str, /, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The answer to GET; `query` is put into the query string."""
        return self.send("GET", path, headers=headers, query_params=query or None)

    def post(self, path: str, /, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.send("POST", path, body, headers=headers)

    def patch(self, path: str, /, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.send("PATCH", path, body, headers=headers)

    def delete(self, path: str, /) -> Any:
        return self.send("DELETE", path)

    def upload(self, path: str, /, **form: Any) -> Any:
        """POST of a form with files."""
        return self._checked(self.client.post(address(path), data=form, headers=self.headers), "POST", path)

    def send(
        self,
        method: str,
        path: str,
        /,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        query_params: dict[str, Any] | None = None,
    ) -> Any:
        """Any request; a body that is no bytes goes as JSON."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.client.generic(
            method,
            address(path),
            data,
            content_type=content_type,
            headers=self.headers | (headers or {}),
            query_params=query_params,
        )
        return self._checked(response, method, path)

    def rows(self, path: str, /, **query: Any) -> list[Any]:
        """The rows of a list that has to be there."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        found: list[Any] = response.json()["results"]
        return found

    @staticmethod
    def _checked(response: Any, method: str, path: str) -> Any:
        assert response.status_code < 500, response.content
        assert response.headers["Cache-Control"] in ("no-store", "private, no-store")
        check_against_schema(response, method, address(path))
        return response


def address(path: str) -> str:
    """A path below /api/v1/ as a whole one; whole ones, and addresses, stay as they are."""
    return path if path.startswith(("/", "http")) else ROOT + path


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(SCHEMA.read_text(), yaml.CSafeLoader)
    return found


@cache
def _validator(template: str, method: str, status: str, media_type: str) -> Draft202012Validator:
    """Of what an operation answers with this status."""
    shape = schema()["paths"][template][method]["responses"][status]["content"][media_type]["schema"]
    return Draft202012Validator({**shape, "components": schema()["components"]}, format_checker=FormatChecker())


def check_against_schema(response: HttpResponse, method: str, path: str) -> None:
    """Fails where the answer is none that the schema knows for this operation."""
    if response.status_code >= 400:
        assert response.headers["Content-Type"] == "application/problem+json"
    said = _operation(method, path)
    if said is None:
        return
    answers = said["responses"]
    assert str(response.status_code) in answers, (method, path, response.status_code, response.content)
    content = answers[str(response.status_code)].get("content", {})
    if not content or "attachments/{" in said["path"]:
        return
    media_type = response.headers["Content-Type"].split(";")[0]
    validator = _validator(said["path"], method.lower(), str(response.status_code), media_type)
    validator.validate(json.loads(response.content))


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation of the schema at this address; None where there is no such address or method."""
    try:
        route = resolve(re.sub(r"^https?://[^/]+", "", path).split("?")[0]).route
    except Resolver404:
        return None
    template = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)
    said: dict[str, Any] | None = schema()["paths"].get(template, {}).get(method.lower())
    return said and {**said, "path": template}


def errors(response: Any) -> list[str]:
    """The fields that a 400 names, sorted."""
    assert response.status_code == 400, response.content
    return sorted(response.json()["errors"])

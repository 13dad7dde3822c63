"""The pages of the API, both made from its schema: Swagger UI, and a plain one that needs no JavaScript."""

import hashlib
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from api.schema import SchemaNode

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one address. `fields` are those of the body, `query` those of the query string."""

    method: str
    path: str
    summary: str
    query: list[str]
    fields: list[tuple[str, bool]]
    statuses: list[str]


@dataclass(frozen=True)
class Resource:
    """The operations whose addresses begin with the same word."""

    name: str
    operations: list[Operation]


# The icons in Swagger UI's style sheet are data: addresses. No script, style or frame comes from one.
ICONS: dict[str, list[str]] = {"img-src": ["data:"]}


@require_safe
@login_not_required
@csp_update(ICONS)
def api_docs(request: HttpRequest) -> HttpResponse:
    """All operations of the API in Swagger UI, open to everyone; signed-in people try them with their session."""
    return render(request, "reviews/api_docs.html")


@require_safe
@login_not_required
def api_docs_plain(request: HttpRequest) -> HttpResponse:
    """All operations of the API as a plain page, open to everyone."""
    return render(request, "reviews/api_docs_plain.html", {"resources": resources()})


class Schema(SpectacularAPIView):
    """The schema, open to everyone: generated once in each process, and not sent again to a client that has it."""

    schema = None  # it does not describe itself

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        renderer = request.accepted_renderer
        body, tag = _written(type(renderer), _language(request))
        kept = {"ETag": tag, "Cache-Control": "public, no-cache", "Vary": "Accept"}
        response = HttpResponse(body, content_type=str(renderer.media_type), headers=kept)
        return get_conditional_response(request._request, etag=tag, response=response) or response


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


_writing = Lock()


def _written(renderer: Any, language: str) -> tuple[bytes, str]:
    """The schema in one format and language, with its entity tag."""
    with _writing:  # simultaneous requests wait for the first to generate it
        return _write(renderer, language)


@cache
def _write(renderer: Any, language: str) -> tuple[bytes, str]:
    with translation.override(language):
        generator: Any = SchemaGenerator  # without type hints
        body: bytes = renderer().render(generator().get_schema(request=None, public=True), renderer_context={})
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@cache
def resources() -> list[Resource]:
    """All operations of the schema by resource, in the order of their addresses."""
    generator: Any = SchemaGenerator  # without type hints
    schema: SchemaNode = generator().get_schema(request=None, public=True)
    found: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        name = path.removeprefix("/api/v1/").split("/")[0]
        for method in METHODS:
            if method in item:
                found.setdefault(name, []).append(_operation(method, path=path, said=item[method], schema=schema))
    return [Resource(name, operations) for name, operations in found.items()]


def _operation(method: str, *, path: str, said: SchemaNode, schema: SchemaNode) -> Operation:
    return Operation(
        method=method.upper(),
        path=path,
        summary=said["summary"],
        query=[one["name"] for one in said.get("parameters", []) if one["in"] == "query"],
        fields=_fields(said.get("requestBody", {}), schema=schema),
        statuses=sorted(said["responses"]),
    )


def _fields(body: SchemaNode, *, schema: SchemaNode) -> list[tuple[str, bool]]:
    """The names of a body's fields, each with whether it is required."""
    for content in body.get("content", {}).values():
        shape = content["schema"]
        if "$ref" in shape:
            shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
        return [(name, name in shape.get("required", [])) for name in shape.get("properties", {})]
    return []

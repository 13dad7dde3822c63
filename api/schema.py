"""The schema (OpenAPI 3.1), generated from the code: shapes of answers, refusals, authentication."""

import types
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from typing import (
    Annotated,
    Any,
    NotRequired,
    TypedDict,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from api.bodies import Fields
from api.examples import EXAMPLES

Method = TypeVar("Method", bound=Callable[..., Any])


SchemaNode = dict[str, Any]  # a node of the OpenAPI document: free-form JSON


class Lacking(TypedDict):
    """One requirement of policy that is not met."""

    code: str
    text: str


class FieldConflictShape(TypedDict):
    """A field that another person (`by`) has changed since you read it: its present value, and the one you sent."""

    field: str
    theirs: Any
    yours: Any
    by: str
    at: datetime | None


class Problem(TypedDict):
    """The reason for a refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, list[str]]
    missing: NotRequired[list[Lacking]]
    version: NotRequired[int]
    changes: NotRequired[list[str]]
    conflicts: NotRequired[list[FieldConflictShape]]


REFUSALS = {
    400: "The request is not valid; `errors` says why, by field.",
    401: "No valid token and no session.",
    403: "You don’t have permission.",
    404: "Not found, or nothing you may know of.",
    409: "You saw an older version (`version`, `changes`), or it isn’t possible in the present state.",
    412: "`If-Match` names another version than the present one.",
    413: "The body is too large.",
    415: "The body has a content type that this operation doesn’t take.",
    422: "Policy isn’t met; `missing` says what is needed. Or the idempotency key was sent with another body.",
    429: "Too many requests from this person or address; `Retry-After` says how many seconds to wait.",
    503: "Part of the service is down or too slow. Nothing was saved.",
}


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of a list whose rows have the shape `row`; `more` are further members of the page.

    `follows`: in some orders the page has `follow`, the address of later changes.
    """

    row: Any
    more: tuple[tuple[str, Any], ...] = ()
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerRules:
    """The rules of one method of a view that `ApiView` applies: whether it takes an idempotency key, can be a dry run,
    and asks again who the person is.
    """

    takes_key: bool = False
    has_dry_run: bool = False
    asks_again: bool = False


def rules_of(handler: object) -> HandlerRules:
    """Return the rules that `ApiOperation` sets on a method of a view. Any other method has none."""
    rules: HandlerRules = getattr(handler, "rules", HandlerRules())
    return rules


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """A decorator that describes one method of a view: its body, its answer, and the statuses of its refusals.

    A method that changes something takes an idempotency key, unless `keyed` is false: then the key has no effect.

    `asks_again`: in a session only for a person who has confirmed their identity recently (`accounts.recent`).

    `moved`: it may answer 301. 401, 429 and 503 are implied, as are 400 with a body or a query, and 413 and 415 with a
    body.
    """

    name: str
    _: KW_ONLY
    summary: str
    answer: Any = None
    status: int = 200
    body: type[Fields] | SchemaNode | None = None
    query: type[Fields] | None = None
    refuses: Sequence[int] = ()
    headers: Sequence[OpenApiParameter] = ()
    keyed: bool = True
    moved: bool = False
    asks_again: bool = False

    def __call__(self, method: Method) -> Method:
        is_write = method.__name__ != "get"
        takes_key = self.keyed and is_write
        parameters: list[Any] = [*([self.query] if self.query else []), *self.headers]
        parameters += [LOCATION] if self.status == 201 else []
        parameters += [_receipts(self.status)] if is_write else []
        described: Method = extend_schema(
            operation_id=self.name,
            summary=self.summary,
            request=self.body,
            responses=self._responses(takes_key=takes_key),
            parameters=[*parameters, *([IDEMPOTENCY_KEY] if takes_key else [])],
            examples=_examples(self.body),
        )(method)
        fields = self.body._declared_fields if isinstance(self.body, type) and issubclass(self.body, Fields) else {}
        described.rules = HandlerRules(  # type: ignore[attr-defined]  # read by `rules_of`, as Django marks views
            takes_key=takes_key, has_dry_run="dry_run" in fields, asks_again=self.asks_again
        )
        return described

    def _responses(self, *, takes_key: bool) -> dict[Any, Any]:
        """The answer and the refusals by status, or by status and media type."""
        # A file is of any type.
        good = (self.status, "*/*") if self.answer is OpenApiTypes.BINARY else self.status
        responses: dict[Any, Any] = {good: self.answer or OpenApiResponse(description="Done.")}
        if self.moved:
            responses[301] = OpenApiResponse(description="Merged into another: `Location` says which.")
        codes = {401, 429, 503, *self.refuses} | ({403} if self.asks_again else set())
        codes |= ({400} if self.body or self.query else set()) | ({413, 415} if self.body else set())
        for code in [*sorted(codes), *(KEY_REFUSALS if takes_key else ())]:
            refusal = OpenApiResponse(Problem, description=REFUSALS[code])
            responses.setdefault((code, "application/problem+json"), refusal)
        return responses


def _examples(body: type[Fields] | SchemaNode | None) -> list[OpenApiExample]:
    """The example of a body. Raises KeyError if api/examples.py has none."""
    if body is None:
        return []
    if isinstance(body, dict):  # a form, of one media type
        (media_type,) = body
        return [OpenApiExample("Example", EXAMPLES["NewAttachment"], request_only=True, media_type=media_type)]
    return [OpenApiExample("Example", EXAMPLES[body.__name__], request_only=True)]


LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[201], description="The address of the new row."
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201], description='The row’s version, as in "v3".'
)


def _receipts(status: int) -> OpenApiParameter:
    return OpenApiParameter(
        "Ledger-Receipts",
        str,
        OpenApiParameter.HEADER,
        response=[status],
        description="The address of the ledger receipts for this request; absent if it recorded nothing.",
    )


KEY_REFUSALS = (400, 404, 409, 422)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A retry with the same key and body within a day changes nothing and returns the row as it is then. "
    "With another body it is refused (422); while the first request is still running, too (409).",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="Change it only if this is still its version."
)

_PLAIN: dict[Any, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    type(None): {"type": "null"},
}


class ShapeExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # the library registers it untyped
    """A TypedDict, or a page of such rows, as a component of the schema."""

    @classmethod
    def _matches(cls, target: Any) -> bool:
        return is_typeddict(target) or isinstance(target, PageOf)

    def get_name(self, auto_schema: AutoSchema, direction: str) -> str:
        if isinstance(self.target, PageOf):
            return _name(self.target.row) + "Page"
        return _name(self.target)

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> SchemaNode:
        if isinstance(self.target, PageOf):
            return _page(self.target, auto_schema)
        hints = get_type_hints(self.target, include_extras=True)
        return {
            "type": "object",
            "properties": {name: _shape(hint, auto_schema) for name, hint in hints.items()},
            "required": sorted(self.target.__required_keys__),
        } | ({"description": self.target.__doc__} if self.target.__doc__ else {})


def _name(shape: Any) -> str:
    """The name of a shape in the schema: without the suffix that sets it apart from the model of that name."""
    return str(shape.__name__).removesuffix("Shape")


def _page(page: PageOf, auto_schema: AutoSchema) -> SchemaNode:
    address = {"type": ["string", "null"], "format": "uri"}
    properties = {"next": address, "previous": address}
    properties |= {name: _shape(hint, auto_schema) for name, hint in page.more}
    properties["results"] = _shape(list[page.row], auto_schema)  # type: ignore[name-defined]  # known at run time
    required = list(properties)
    if page.follows:
        properties["follow"] = {"type": "string", "format": "uri"}
    return {"type": "object", "properties": properties, "required": required}


def _shape(hint: Any, auto_schema: AutoSchema) -> SchemaNode:
    """The schema of a type as used in the shapes of answers."""
    if hint is Any:  # a value of any type
        return {}
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if is_typeddict(hint):
        component: ResolvedComponent = auto_schema.resolve_serializer(hint, "response")
        return dict(component.ref)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list:
        return {"type": "array", "items": _shape(inner[0], auto_schema)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _shape(inner[1], auto_schema)}
    if origin is Annotated:  # one of a set of words: Annotated[str, TheChoices]
        return _shape(inner[0], auto_schema) | {"enum": list(inner[1].values)}
    if origin is NotRequired:
        return _shape(inner[0], auto_schema)
    if origin in (Union, types.UnionType):
        return _union([_shape(one, auto_schema) for one in inner])
    raise TypeError(f"no schema for {hint!r}")


def _union(shapes: list[SchemaNode]) -> SchemaNode:
    """The schema of a type or null, as one schema if possible."""
    null = {"type": "null"}
    others = [shape for shape in shapes if shape != null]
    if len(others) == 1 and null in shapes and "type" in others[0] and "enum" not in others[0]:
        return others[0] | {"type": [others[0]["type"], "null"]}
    return {"oneOf": shapes}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library registers it untyped
    target_class = "api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> SchemaNode:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library registers it untyped
    target_class = "api.authentication.PersonsSession"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> SchemaNode:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}

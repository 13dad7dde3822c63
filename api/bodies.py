"""Reading requests: size, JSON, fields and types. The actions check the values."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from accounts.limits import stated_length
from house.fields import FIRST_YEAR, LAST_YEAR

DEEPEST = 20  # levels of JSON
MOST_IDS = 500
TOO_MANY = gettext_lazy("At most {max_length} are allowed. Leave out the least important, or send the rest later.")
LARGEST_WHOLE = 2**31 - 1  # the database column's limit


ParsedFields = dict[str, Any]  # values by field name: the serializers of DRF know no closer type


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = gettext_lazy("The body is too large.")


def check_length(request: Request) -> int:
    """The length of the body in bytes, as the request states it.

    Raises BodyTooLarge above the view's limit, ParseError if the length is missing: without it the server passes no
    body on, and the request would be lost silently.
    """
    if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
        raise ParseError(_("Send the length of the body (Content-Length)."))
    view = (request.parser_context or {}).get("view")
    largest: int = getattr(view, "largest_body", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    length = stated_length(request)
    if length > largest:
        raise BodyTooLarge
    return length


class JsonBody(BaseParser):
    """JSON (RFC 8259) in UTF-8, of limited size and depth."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        content = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            parsed = json.loads(content.decode(), parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ParseError(_("This JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON in UTF-8.")) from error
        _check_depth(parsed)
        return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_depth(parsed: Any) -> None:
    level = [parsed]
    for _depth in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ParseError(_("This JSON is nested too deeply."))


class Fields(serializers.Serializer[Any]):
    """Named fields and no others, so that a mistyped name is not lost silently. A list of them limits its number."""

    @classmethod
    def many_init(cls, *args: Any, **kwargs: Any) -> Any:
        messages = {"max_length": TOO_MANY, **kwargs.pop("error_messages", {})}
        return super().many_init(*args, **{"max_length": MOST_IDS, "error_messages": messages, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                names = ", ".join(self.fields)
                message = _("Unknown field. Allowed: %(names)s.") % {"names": names}
                raise serializers.ValidationError({_printable(name): [message] for name in unknown})
        return super().to_internal_value(data)


def _printable(text: str) -> str:
    """A submitted text, made safe to send back."""
    return text[:100].encode("utf-8", "replace").decode()


class Text(serializers.CharField):
    """A string, stripped of surrounding space. It may be empty; the action refuses that where needed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_blank": True, "required": False, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(serializers.UUIDField):
    """A UUID in a string."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


def rows_of(kind: type[Fields], *, most: int, **options: Any) -> Any:
    """A list of objects of one kind, up to a number."""
    return kind(many=True, **{"required": False, "max_length": most, **options})


class List(serializers.ListField):
    """A list, up to a number of items."""

    def __init__(self, *, max_length: int = MOST_IDS, **options: Any) -> None:
        messages = {"max_length": TOO_MANY}
        super().__init__(**{"max_length": max_length, "required": False, "error_messages": messages, **options})


class Ids(List):
    """A list of UUIDs."""

    child = Id()


class Whole(serializers.IntegerField):
    """A whole number within the database column's limits; the action checks its value."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_WHOLE, **options})


class WordField(serializers.ChoiceField):
    """One of a set of words. With `allow_blank`, null also means none."""

    def __init__(self, choices: Any, **options: Any) -> None:
        if options.get("allow_blank"):
            options["allow_null"] = True
        super().__init__(choices, **options)
        words = ", ".join(str(word) for word in self.choices)
        self.error_messages["invalid_choice"] = gettext_lazy("Choose one of: {words}.").format(words=words)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None and self.allow_blank else value


class MomentField(serializers.DateTimeField):
    """A time (RFC 3339), in UTC if it has no offset."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="2022-11-02T09:30:00Z")
        moment: datetime = super().to_internal_value(value)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("overflow")
        return moment

    def default_timezone(self) -> Any:
        return UTC


class Day(serializers.DateField):
    """A date (RFC 3339)."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str):
            self.fail("invalid", format="2022-11-02")
        day: date = super().to_internal_value(value)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail("invalid", format="2022-11-02")
        return day


class Flag(serializers.BooleanField):
    """true or false; in a query string as these words."""

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return bool(data == "true")


def raw_body(request: Request) -> Any:
    """The request's body, before its fields are checked. Raises ParseError, UnsupportedMediaType, BodyTooLarge."""
    # Checked here, because the CSRF check may have read a form already, which then looks like an empty body.
    if check_length(request) and not any(
        media_type_matches(parser.media_type, request.content_type) for parser in request.parsers or ()
    ):
        raise UnsupportedMediaType(request.content_type)
    return request.data


def read_body(request: Request, kind: type[Fields]) -> ParsedFields:
    """The request's body as `kind` parses it: the fields given, and those with a default.

    Raises ValidationError, ParseError, UnsupportedMediaType or BodyTooLarge.
    """
    return _parse(kind(data=raw_body(request)))


def read_changes(request: Request, kind: type[Fields]) -> ParsedFields:
    """The fields to change; a body without any is refused."""
    changes = read_body(request, kind)
    if not changes.keys() - {"seen_version", "reason", "dry_run"}:
        raise serializers.ValidationError({"": [_("Name at least one field to change.")]})
    return changes


def read_query(request: Request, kind: type[Fields]) -> ParsedFields:
    """The query string as `kind` parses it. A repeated name is refused, except for lists."""
    declared = kind._declared_fields  # those of `kind().fields`, which copies each
    given: ParsedFields = {}
    for name, values in request.query_params.lists():
        if isinstance(declared.get(name), serializers.ListField):
            given[name] = values
        elif len(values) > 1:
            raise serializers.ValidationError({_printable(name): [_("Enter this only once.")]})
        else:
            given[name] = values[0]
    return _parse(kind(data=given))


def _parse(fields: Fields) -> ParsedFields:
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


def peek(request: Request, name: str) -> Any:
    """One unchecked field of a body, to ask for permission; `empty` if it cannot be read."""
    try:
        data = raw_body(request)
    except APIException:
        return serializers.empty
    return data.get(name, serializers.empty) if isinstance(data, Mapping) else serializers.empty

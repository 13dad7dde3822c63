"""Entity tags: a row's version, and changes only to the version that was read (RFC 9110)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from house.errors import Stale
from house.seen import ANYTHING, SeenValues, Versioned


class PreconditionFailed(APIException):
    """`If-Match` names another version than the present one."""

    status_code = 412
    default_detail = gettext_lazy("This has changed since you fetched it. Fetch it again.")


def etag(row: Versioned) -> str:
    return f'"v{row.version}"'


def tagged(row: Versioned) -> dict[str, str]:
    """The headers of an answer that shows the row."""
    return {"ETag": etag(row)}


@contextmanager
def seen_by(request: Request, row: Versioned, seen_version: int | None) -> Iterator[SeenValues]:
    """The version or values of a row that the request's author saw, for the action that changes it.

    With `seen_version`, fields that others changed since are refused; with `If-Match`, any other version than the
    present one. Raises PreconditionFailed, here or when the action finds that the row has changed meanwhile.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        yield ANYTHING if seen_version is None else SeenValues(version=seen_version)
        return
    if etag(row) not in parse_etags(header):
        raise PreconditionFailed
    try:
        yield SeenValues(version=row.version, is_exact=True)
    except Stale as error:
        raise PreconditionFailed(str(error)) from error

"""`Idempotency-Key`: a request sent twice is done once (the IETF's draft-ietf-httpapi-idempotency-key-header).

The outcome is written in the transaction of the act, so that both or neither exist. It holds the address of the row,
not the answer: a repeated request returns the row as it is then, if the person may still see it. A refusal leaves no
outcome, and is asked anew.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import QueryDict
from django.urls import resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import raw_body
from claims.queries import visible_claims
from house.errors import Invalid
from house.transactions import kept_acts
from reviews.actions.outcomes import KeyedRequest, digest_of_file, keep_outcome, kept_outcome
from reviews.models import KeptOutcome

KeptEffects = dict[str, Any]  # the effects on one claim, as kept: free-form JSON
HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Members of an answer that no row keeps: references of claims, and numbers.
_EFFECTS = ("effects", "later")


class AnotherRequest(APIException):
    """The key was used for a request with another body."""

    status_code = 422
    default_detail = gettext_lazy("This key was used for a request with another body. Use a new key.")


def once(handler: Callable[..., Response], request: Request, **kwargs: Any) -> Response:
    """Run `handler`, unless the request's key has an outcome: then answer with the row as it is now.

    Raises Invalid for a malformed key, AnotherRequest, Conflict, and the errors of the handler or of the row's view.
    """
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise Invalid({HEADER: [_("Use 1 to 255 visible ASCII characters.")]})
    keyed = KeyedRequest(request.user, request.method or "", request.path, key)  # type: ignore[arg-type]  # a person
    body = _body(request)
    digest = _digest(body)
    with kept_acts(), transaction.atomic():
        kept = kept_outcome(keyed)
        if kept is None:
            response = handler(request, **kwargs)
            # A dry run changes nothing, so it needs no key.
            if not (isinstance(body, Mapping) and body.get("dry_run") is True):
                _keep(keyed, digest, response)
            return response
    if kept.body_digest != digest:
        raise AnotherRequest
    return _rendered_anew(kept, request)


def _body(request: Request) -> Any:
    """The request's body; None if it cannot be read, which the handler reports, or if none is expected."""
    try:
        return raw_body(request)
    except APIException:
        return None


def _digest(body: Any) -> str:
    """SHA-256 of the request's body, whatever the order of its fields or the boundary between its parts."""
    if isinstance(body, QueryDict):
        body = [[name, [_of_file(value) for value in values]] for name, values in sorted(body.lists())]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _of_file(value: Any) -> Any:
    return digest_of_file(value) if isinstance(value, UploadedFile) else value


def _keep(keyed: KeyedRequest, digest: str, response: Response) -> None:
    effects = None
    if isinstance(response.data, dict) and "effects" in response.data:
        effects = {name: response.data[name] for name in _EFFECTS if name in response.data}
    location = response.headers.get("Location")
    at = urlsplit(location).path if location else keyed.path
    keep_outcome(keyed, body_digest=digest, status=response.status_code, at=at, effects=effects)


def _rendered_anew(kept: KeptOutcome, request: Request) -> Response:
    """The same outcome, as the person may see it now. Raises NotFound or Forbidden if they may no longer see it."""
    if kept.status == 204:
        return Response(status=204)
    response = _row_at(kept.at, request)
    if response.status_code == 301:  # two rows were merged into one
        response = _row_at(urlsplit(response.headers["Location"]).path, request)
    response.status_code = kept.status
    if kept.status == 201:
        response["Location"] = request.build_absolute_uri(kept.at)
    if kept.effects is not None:
        response.data |= {"dry_run": False, **kept.effects, "effects": _still_known(kept.effects["effects"], request)}
    return response


def _row_at(path: str, request: Request) -> Response:
    """The row at an address; for an act on a row (`…/accept/`), the row above it.

    A view has `again` if its acts return something else than GET at the address.
    """
    match = resolve(path)
    view = match.func.view_class()  # type: ignore[attr-defined]  # every address of the API is a view class
    show = getattr(view, "again", None) or getattr(view, "get", None)
    if show is None:
        return _row_at(path.rstrip("/").rpartition("/")[0] + "/", request)
    response: Response = show(request, **match.kwargs)
    return response


def _still_known(effects: list[KeptEffects], request: Request) -> list[KeptEffects]:
    """The effects on those claims that the person may know of now."""
    named = [effect["claim"] for effect in effects]
    known = set(
        visible_claims(request.user)  # type: ignore[arg-type]  # a person
        .filter(reference__in=named)
        .values_list("reference", flat=True)
    )
    return [effect for effect in effects if effect["claim"] in known]

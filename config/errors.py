"""Turns refusals into answers, by one table for pages and API (RFC 9457 for the API)."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from psycopg import errors as refused
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.security_events import security_event
from config.logs import request_id
from house.errors import (
    Busy,
    Conflict,
    DomainError,
    EditConflict,
    Forbidden,
    Invalid,
    LogNotWhole,
    NoSecondFactor,
    NotFound,
    NotRecent,
    OutOfService,
    PolicyNotMet,
    Stale,
    TooMany,
)
from ledger.canonical import JsonObject
from ledger.reading import NotWhole
from reviews.views.drafting import DraftsOfRequest, keep_for_its_author, lost_draft, wants_json
from reviews.views.form_drafts import form_draft_in_words

logger = logging.getLogger(__name__)

STATUS: tuple[tuple[type[DomainError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (NotRecent, 403, "not-recent"),
    (NoSecondFactor, 403, "no-second-factor"),
    (Forbidden, 403, "forbidden"),
    (Invalid, 400, "invalid"),
    (Stale, 409, "stale"),
    (Conflict, 409, "conflict"),
    (PolicyNotMet, 422, "policy-not-met"),
    (TooMany, 429, "too-many"),
    (Busy, 503, "busy"),
    (LogNotWhole, 503, "log-not-whole"),
    (OutOfService, 503, "out-of-service"),
)
# Errors of statements that PostgreSQL stopped: too slow, too long in a queue for a lock, or in a deadlock.
_TOO_LONG = (refused.QueryCanceled, refused.LockNotAvailable, refused.DeadlockDetected)
_TRY_AGAIN = 5  # seconds

# After these statuses the author made no mistake in the form, so it is saved as a draft: see `_kept_as_draft`.
_LOSES_A_FORM = frozenset({403, 409, 429, 503})

# The short names of the REST framework's refusals.
FRAMEWORK_NAMES = {
    400: "invalid",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "no-such-method",
    412: "precondition-failed",
    413: "too-large",
    415: "unread-content-type",
    422: "key-of-another-request",
    429: "too-many",
}


def status_of(error: DomainError) -> tuple[int, str]:
    """Return the HTTP status and the short name of a refusal. Raises TypeError for an unknown one."""
    for kind, status, name in STATUS:
        if isinstance(error, kind):
            return status, name
    raise TypeError(f"no status for {type(error).__name__}")


def titles() -> dict[int, str]:
    """Return the title of each status, in the reader's language."""
    return {
        400: _("This request is not valid"),
        401: _("Not signed in"),
        403: _("You don't have permission"),
        404: _("Not found"),
        405: _("Not possible at this address"),
        406: _("Format not available"),
        409: _("This has changed"),
        412: _("This has changed"),
        413: _("Too large"),
        415: _("Unsupported media type"),
        422: _("Not possible yet"),
        429: _("Too many attempts"),
        500: _("Server error"),
        503: _("Temporarily unavailable"),
    }


def page_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the error page of a refusal; None for any other error."""
    if isinstance(error, IntegrityError):
        # Two requests met, and a constraint caught what the action's check did not. Nothing was saved.
        logger.warning("refused by the database: %s", type(error).__name__)
        return error_page(request, 409)
    error = busy(error) or not_whole(error) or error
    if not isinstance(error, DomainError):
        return None
    status, name = status_of(error)
    if isinstance(error, LogNotWhole) and wants_json(request):
        return problem_response(status, name, detail=str(error))
    page = error_page(request, status, error=error)
    for name, value in headers_of(error).items():
        page[name] = value
    return page


def busy(error: Exception) -> Busy | None:
    """Return the refusal for a statement that the database stopped; None for any other error.

    The transaction was rolled back with it, so nothing was saved.
    """
    if not (isinstance(error, OperationalError) and isinstance(error.__cause__, _TOO_LONG)):
        return None
    logger.warning("broken off by the database: %s", type(error.__cause__).__name__)
    if isinstance(error.__cause__, refused.QueryCanceled):
        return Busy(_("This took too long and was stopped. Nothing was saved: request less, or try again later."))
    return Busy(_("Others are changing the same data. Nothing was saved: try again in a few seconds."))


def not_whole(error: Exception) -> LogNotWhole | None:
    """Return the refusal for a log that does not match its signatures; None for any other error."""
    if not isinstance(error, NotWhole):
        return None
    logger.error("the log is not whole: %s", error)
    message = _("No proof is possible: this server’s log does not match its signatures. %(what)s")
    return LogNotWhole(message % {"what": error})


def headers_of(error: DomainError) -> dict[str, str]:
    """Return the headers of a refusal."""
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after)}
    return {"Retry-After": str(_TRY_AGAIN)} if isinstance(error, Busy) else {}


def error_page(request: HttpRequest, status: int, *, error: DomainError | None = None) -> HttpResponse:
    """Return the page for `status`; `error` adds the refusal and its reason."""
    kept = _kept_as_draft(request, status) if status in _LOSES_A_FORM else None
    context = {
        "status": status,
        "title": titles()[status],
        "error": error,
        "message": error.message if error else "",
        "kept": _address_of(kept, status) if kept and not kept.is_lost else "",
        "lost": form_draft_in_words(lost_draft(kept)) if kept and kept.is_lost else [],
    }
    return render(request, "error.html", context, status=status)


def _kept_as_draft(request: HttpRequest, status: int) -> DraftsOfRequest | None:
    """Save a posted form that has no page of its own to come back to; None if there is none to save."""
    if request.method != "POST":
        return None
    if "keep" in request.POST and status != 403:  # saving a draft was itself refused
        return None
    return keep_for_its_author(request)


def _address_of(kept: DraftsOfRequest, status: int) -> str:
    """Return the address of the filled-in form; after a 403, of the page on which its author can read it."""
    return reverse("form-draft", args=[kept.draft_id]) if status == 403 and kept.draft_id else kept.address


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, SuspiciousOperation) and not isinstance(exception, RequestDataTooBig):
        security_event("request", "refused", status=400, reason="suspicious")
    too_large = isinstance(exception, RequestDataTooBig)
    if request.path.startswith("/api/"):
        return problem_response(413, "too-large") if too_large else problem_response(400, "invalid")
    return error_page(request, 413 if too_large else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(403, "forbidden")
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(404, "not-found")
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(500, request_id=request_id())
    return render(request, "500.html", {"status": 500, "request_id": request_id()}, status=500)


def not_kept(request: HttpRequest, lost: DraftsOfRequest) -> HttpResponse:
    """Return the page that shows the typed text of a form that was neither done nor saved as a draft.

    A script gets a plain 400, because it still has the text.
    """
    if wants_json(request):
        return JsonResponse({}, status=400)
    return render(request, "not_kept.html", {"status": 400, "lost": form_draft_in_words(lost_draft(lost))}, status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the answer to a form whose CSRF token is out of date, as after a new sign-in in another window.

    The form is not done. Its text is saved for the person to whom the form was shown; a forged form was shown to none.
    """
    kept = keep_for_its_author(request)
    if kept is None:
        security_event("request", "refused", status=403, reason="forged")
        return render(request, "403_csrf.html", {"status": 403}, status=403)
    if kept.is_lost:
        return not_kept(request, kept)
    if wants_json(request):
        return kept.as_json(status=401)
    asks = request.user
    if not asks.is_authenticated:
        return redirect_to_login(kept.address)
    if asks != kept.author:
        return render(request, "403_csrf.html", {"status": 403, "kept": True}, status=403)
    return redirect(kept.address)


def problem(
    status: int,
    name: str = "about:blank",
    *,
    detail: str = "",
    errors: dict[str, list[str]] | None = None,
    **more: Any,
) -> JsonObject:
    """Return the members of a problem document (RFC 9457, section 3.1)."""
    kind = name if name == "about:blank" else f"urn:second-source:problem:{name}"
    return {
        "type": kind,
        "title": titles().get(status, ""),
        "status": status,
        "detail": detail,
        "errors": errors or {},
        **more,
    }


def problem_response(status: int, name: str = "about:blank", **more: Any) -> HttpResponse:
    """Return a problem document from outside the REST framework."""
    body = json.dumps(problem(status, name, **more))
    return HttpResponse(body, status=status, content_type="application/problem+json")


def api_exception_handler(error: Exception, context: Mapping[str, object]) -> Response | None:
    """Return each refusal of the API as application/problem+json; None makes an unforeseen error a 500."""
    headers: dict[str, str] = {}
    error = busy(error) or not_whole(error) or error
    if isinstance(error, DomainError):
        body, headers = _of_domain_error(error), headers_of(error)
    elif isinstance(error, exceptions.APIException):
        body = _of_framework_error(error)
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, Http404):
        body = problem(404, "not-found")
    elif isinstance(error, PermissionDenied):
        body = problem(403, "forbidden")
    elif isinstance(error, RequestDataTooBig):
        body = problem(413, "too-large")
    elif isinstance(error, SuspiciousOperation | UnreadablePostError):
        body = problem(400, "invalid")
    elif isinstance(error, IntegrityError):
        # Two requests met, and a constraint caught what the action's check did not. Nothing was saved.
        logger.warning("refused by the database: %s", type(error).__name__)
        body = problem(409, "conflict", detail=_("Another change came first. Fetch the present state and try again."))
    else:
        return None
    return Response(body, status=body["status"], headers=headers, content_type="application/problem+json")


def _of_domain_error(error: DomainError) -> JsonObject:
    status, name = status_of(error)
    if isinstance(error, Invalid):
        return problem(status, name, detail=str(error), errors=error.errors)
    if isinstance(error, PolicyNotMet):
        missing = [{"code": item.code, "text": item.text} for item in error.missing]
        return problem(status, name, detail=str(error), missing=missing)
    if isinstance(error, EditConflict):
        conflicts = [
            {"field": one.field, "theirs": one.theirs, "yours": one.yours, "by": one.by, "at": one.at}
            for one in error.fields
        ]
        return problem(
            status, name, detail=str(error), version=error.version, changes=error.changes, conflicts=conflicts
        )
    if isinstance(error, NotRecent | NoSecondFactor):
        page = reverse("account_reauthenticate" if isinstance(error, NotRecent) else "second-factors")
        return problem(status, name, detail=str(error), page=settings.PUBLIC_URL + page)
    if isinstance(error, Stale):
        return problem(status, name, detail=str(error), version=error.version, changes=error.changes)
    return problem(status, name, detail=str(error))


def _of_framework_error(error: exceptions.APIException) -> JsonObject:
    if isinstance(error, exceptions.ValidationError):
        errors = _by_field(error.detail)
        detail = " ".join(text for texts in errors.values() for text in texts)
        return problem(400, "invalid", detail=detail, errors=errors)
    status = (
        401 if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed) else error.status_code
    )
    return problem(status, FRAMEWORK_NAMES.get(status, "request"), detail=str(error.detail))


def _by_field(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return nested error details as a flat mapping from `a.0.b` to sentences."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            found |= _by_field(value, ".".join(part for part in (prefix, name) if part))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        found = {}
        for number, item in enumerate(detail):
            if item:
                found |= _by_field(item, ".".join(part for part in (prefix, str(number)) if part))
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {prefix: [str(text) for text in texts]}

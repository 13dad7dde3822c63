"""Gives every request an id and one log line, which has the outcome and none of the content."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.addresses import client_address
from accounts.models import User
from accounts.security_events import asked_from, security_event
from config import metrics
from config.logs import said_of_every_line

logger = logging.getLogger(__name__)

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Not signed in, not permitted, not found (or hidden from this person), too often.
REFUSALS = frozenset({401, 403, 404, 429})
# Machines request these every few seconds; only failures are logged.
QUIET = frozenset({"static", "healthz", "readyz", "metrics"})


class RequestLog:
    """Gives the request its id (a well-formed X-Request-ID is kept), returns it in X-Request-ID and logs one line.

    The line has method, route (the name of the address, never the address), status, milliseconds and, if known, the
    person's random id. It is the outermost middleware, so that refusals by the others are counted too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        started = time.perf_counter()
        with said_of_every_line(request=name), asked_from(client_address(request)):
            response = self.get_response(request)
            _note_refusal(request, response.status_code)
            seconds = time.perf_counter() - started
            _log(request, response.status_code, seconds)
        response["X-Request-ID"] = name
        return response


def _log(request: HttpRequest, status: int, seconds: float) -> None:
    route = route_of(request)
    metrics.count(method_of(request), route=route, status=status, seconds=seconds)
    if route in QUIET and status < 400:
        return
    fields = {
        "method": method_of(request),
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    if person := person_of(request):
        fields["person"] = str(person.pk)
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "answered", extra={"fields": fields})


def _note_refusal(request: HttpRequest, status: int) -> None:
    """Record refused requests as security events, except addresses that do not exist."""
    route = route_of(request)
    if status in REFUSALS and not (status == 404 and route in ("none", "static")):
        person = person_of(request)
        method = method_of(request)
        security_event("request", "refused", person=person, status=status, method=method, route=route)


def route_of(request: HttpRequest) -> str:
    """Return the name of the requested address; "static" for a static file, "none" for an unknown address."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "none"


def method_of(request: HttpRequest) -> str:
    """Return the method, or "other" for one outside HTTP's list."""
    return request.method if request.method in METHODS else "other"


def person_of(request: HttpRequest) -> User | None:
    """Return the person if the request has read them already; otherwise None, as a log line is worth no query."""
    user = getattr(request, "_cached_user", None)  # Django's middleware caches the user here
    if user is None:
        user = request.__dict__.get("user")
        if user is not None and not hasattr(type(user), "_meta"):
            return None  # Django's lazy user, not read yet
    return user if isinstance(user, User) else None

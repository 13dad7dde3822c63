"""The base of every view of the API."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar, cast

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from accounts.limits import spend
from accounts.models import User
from accounts.recent import is_recent, is_shut_out
from accounts.second_factor import due_for
from api.bodies import peek
from api.idempotency import HEADER, once
from api.schema import rules_of
from claims.turns import asked_by
from house.errors import NoSecondFactor, NotRecent


class OneFormat(BaseContentNegotiation):
    """One format, whatever `Accept` says: a JSON answer is more useful than a refusal."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        for parser in parsers:
            if media_type_matches(parser.media_type, request.content_type):
                return cast(BaseParser, parser)
        return None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


# No docstring here: the schema would give it to every operation as its description.
class ApiView(APIView):
    content_negotiation_class = OneFormat

    # The method's limits in RATE_LIMITS, besides "api" and, for a dry run, "preview".
    counted_as: ClassVar[Mapping[str, str]] = {}

    @property
    def largest_body(self) -> int:
        """The largest body read, in bytes."""
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the request for its person, and do a method that changes something once for each key."""
        try:
            super().initial(request, *args, **kwargs)
        except (NotAuthenticated, AuthenticationFailed):
            spend(request, ["api"], user=None)
            raise
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        spend(request, self._kinds(request, handler), user=person_asking(request))
        asked_by(person_asking(request).pk)
        rules = rules_of(handler)
        _look_who_asks(request, asks_again=rules.asks_again)
        if handler and HEADER in request.headers and rules.takes_key:
            setattr(self, method, partial(once, handler))  # the handler that dispatch calls next

    def _kinds(self, request: Request, handler: Any) -> Iterator[str]:
        yield "api"
        if kind := self.counted_as.get(request.method or ""):
            yield kind
        if rules_of(handler).has_dry_run and peek(request, "dry_run") is True:
            yield "preview"


def _look_who_asks(request: Request, *, asks_again: bool) -> None:
    """Refuse a person without the required second factor, or one who has to confirm their identity first.

    Tokens are exempt: their creator confirmed it. Raises NoSecondFactor, NotRecent.
    """
    asker = person_asking(request) if request.user is not None and request.user.is_authenticated else None
    if asker is None:  # open to everyone
        return
    by_session = request.auth is None
    now = timezone.now()
    due_at = due_for(asker)
    if is_shut_out(request._request, now=now) if by_session else due_at is not None and due_at <= now:
        raise NoSecondFactor(_("You must have a second factor. Sign in on the website and add one."))
    if by_session and asks_again and not is_recent(request._request):
        raise NotRecent(_("Confirm your identity on the page named here, then send the request again."))


class NoSuchAddressApi(ApiView):
    """Any other address of the API: authentication first, then 404."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound


def person_asking(request: Request) -> User:
    """The person of the request; views of the API are reached by known people alone."""
    return cast(User, request.user)


def created(request: Request, row: Mapping[str, Any], *, at: str, **headers: str) -> Response:
    """201 with the row, and its address: `at`, a path of this site."""
    return Response(row, status=201, headers={"Location": request.build_absolute_uri(at), **headers})

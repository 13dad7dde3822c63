"""Receipts: each answer names the receipts of the entries recorded for its request.

A header carries them on every answer. Pages show them as well: this one or, through a cookie in the person's browser,
the next. A receipt is signed only when it is fetched.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from accounts.queries import MOST_RECEIPTS, receipts_given
from house.transactions import Noted, kept_acts

HEADER = "Ledger-Receipts"
COOKIE = "__Host-receipts" if settings.HTTPS else "receipts"
KEPT_FOR = 300  # seconds; older ones are in the person's list of receipts

Handler = Callable[[HttpRequest], HttpResponse]


class ReceiptsMiddleware:
    """Names the receipts of a request's entries in its answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with kept_acts() as acts:
            given = Given(request, acts)
            request.receipts = given  # type: ignore[attr-defined]  # for config.context
            response = self.get_response(request)
        if acts:
            _name(request, response, given)
        if given.are_shown and COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE, samesite="Lax")
        elif not given.are_shown and given.now and not request.path.startswith("/api/"):
            value = ".".join(given.all[-MOST_RECEIPTS:])
            secure = settings.HTTPS
            response.set_signed_cookie(
                COOKIE, value, given.salt, max_age=KEPT_FOR, secure=secure, httponly=True, samesite="Lax"
            )
        return response


class Given:
    """The receipts that the person has not been shown yet, as leaf hashes (hex) of their entries."""

    def __init__(self, request: HttpRequest, acts: list[Noted]) -> None:
        self._request, self._acts = request, acts
        self.are_shown = False

    @property
    def _user(self) -> User | None:
        user: User | None = getattr(self._request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @property
    def salt(self) -> str:
        """The salt that ties the cookie to its person."""
        return f"receipts of {self._user.pk if self._user else ''}"

    @property
    def now(self) -> list[str]:
        """The receipts of this request."""
        user = self._user
        return [one.hex() for one in receipts_given(user, self._acts)] if user and self._acts else []

    @property
    def before(self) -> list[str]:
        """The receipts of earlier requests, since a page last showed them."""
        if COOKIE in self._request.COOKIES and self._user:
            value = self._request.get_signed_cookie(COOKIE, "", self.salt, max_age=KEPT_FOR)
            return value.split(".") if value else []
        return []

    @property
    def all(self) -> list[str]:
        """All receipts that were not shown yet, oldest first."""
        return [*self.before, *self.now]


def _name(request: HttpRequest, response: HttpResponse, given: Given) -> None:
    if hashes := given.now:
        address = reverse("api:receipts")
        if len(hashes) <= MOST_RECEIPTS:
            address += "?" + urlencode({"leaves": ",".join(hashes)}, safe=",")
        response[HEADER] = request.build_absolute_uri(address)

"""What every answer passes through: the person's clock, who may keep a copy, and refusals made readable."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from accounts.limits import spend, stated_length
from accounts.recent import is_shut_out
from accounts.requests import PersonsRequest
from accounts.views.again import asked_again
from claims.turns import asked_by, one_request
from config.errors import error_page, not_kept, page_response
from config.head import memberships_in_head
from config.route_limits import DRAFT, counted_as
from house.errors import DomainError, TooMany
from house.pages import request_drafts
from reviews.views.drafting import drafts_for, keep_for_its_author, keep_or_lose, wants_json

Handler = Callable[[HttpRequest], HttpResponse]

# Nothing here asks for any of these, so that nothing injected can either.
PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
)


class PersonsTimeZone:
    """Pages for a person show that person's time, in their language; those for anybody show UTC, the same to all.

    What views ask of the person's memberships is read with the head of the page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.reads_memberships = memberships_in_head  # type: ignore[attr-defined]  # for house.pages
        with timezone.override(UTC):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Only for views that need a person anyway: the others cost no look into the session."""
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            timezone.activate(ZoneInfo(request.user.time_zone))
            translation.activate(request.user.language)


class KeptForms:
    """Gives every request the drafts of the form that it asks for, as `house.pages` looks for them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        request.drafts = drafts_for(request)  # type: ignore[attr-defined]  # for house.pages


class SignInFirst(LoginRequiredMiddleware):
    """Nobody who is not signed in reaches a page of people. Whose session ended while they typed gets the form back
    filled in once they have signed in: what they sent is kept for them, and nothing is done with it."""

    def handle_no_permission(  # type: ignore[override]  # the stubs know of no answer to a script
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        kept = keep_for_its_author(request) if request.method == "POST" else None
        if kept is not None and kept.is_lost:
            return not_kept(request, kept)
        if kept is not None:
            sign_in = f"{reverse(settings.LOGIN_URL)}?kept=yes"  # the page says so
            return kept.as_json(status=401) if wants_json(request) else redirect_to_login(kept.address, sign_in)
        return super().handle_no_permission(request, view_func)


class PrivateAnswers:
    """What one person was shown is kept by no cache, and by no browser once they have signed out."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        personal = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        # What is the same for everybody says so itself.
        if personal and not response.get("Cache-Control", "").startswith("public"):
            response["Cache-Control"] = "no-store"
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SharedAnswers:
    """What is the same for everybody is sent so that a cache keeps it once for all: no `Vary`, no cookie.

    Above what adds them: languages and sessions, which such a view has not looked at.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        found = request.resolver_match
        if found and getattr(found.func, "same_for_everybody", False) and response.status_code == 200:
            response.cookies.clear()
            for name in ("Vary", "Content-Language"):
                if name in response:
                    del response[name]
        return response


class Turns:
    """A request that has had its turn at a large graph gives it back at its end. The API says itself who asks."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_request():
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            asked_by(request.user.pk)


class Limits:
    """Pages that cost much are asked for, and forms handed in, so often and no more; the API counts by itself.

    Below what refuses too large a body: saving a draft is told from handing in by what the form says.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        found = request.resolver_match
        kind = counted_as(found.view_name, method=request.method or "") if found else None
        if kind is None:
            return None
        if request.method == "POST" and "keep" in request.POST:
            kind = DRAFT
        try:
            spend(request, [kind], user=request.user if request.user.is_authenticated else None)
        except TooMany as error:
            return page_response(request, error)
        return None


class LimitedBodies:
    """Forms that are too large are refused before anything reads them; the API has its own limits.

    Looking for the protection against forged requests reads a form whole, files too: whoever is signed out could fill
    the disk. Somebody signed in may send twice what is kept, so that a file a little too large comes back as a form.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        size = stated_length(request)
        if request.path.startswith("/api/") or size <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            return None
        if request.user.is_authenticated and size <= 2 * settings.ATTACHMENT_LIMIT:
            return None
        return error_page(request, 413)


class DomainErrors:
    """What an action or a query refused becomes the page that says so; the API has its own handler."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.path.startswith("/api/"):
            return response
        page = error_page(request, 405)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if request.path.startswith("/api/"):
            return None
        return page_response(request, exception)


class NeedsSecondFactor:
    """Who ought to have a second factor by now, and has none, gets to the pages on which to add one, and no further.

    The API asks by itself (`api.view`), since it also knows who holds a token.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or request.path.startswith("/api/"):
            return None
        if getattr(view, "open_without_factor", False) or not is_shut_out(request, now=timezone.now()):
            return None
        # Whose days ran out while they typed finds it when they have added one.
        if request.method == "POST" and request_drafts(request).are_kept_here():
            if wants_json(request):
                return request_drafts(request).saved()
            drafts = drafts_for(request)
            keep_or_lose(drafts)
            if drafts.is_lost:
                return not_kept(request, drafts)
        return redirect("second-factors")


class AsksAgain:
    """What matters most is done only for who showed lately that it is them: see `accounts.recent`.

    Of the administration site, whose addresses are Django's, that is everything that changes something.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if request.path.startswith("/api/"):  # its views look for themselves: there a token may be what asks
            return None
        methods: frozenset[str] = getattr(view, "asks_again", frozenset())
        if _administers(request):
            methods = frozenset({"POST"})
        # What is asked with POST for a page that is only looked at is the answer to this very question.
        answers = request.method == "POST" and "GET" in methods
        if not (answers or request.method in methods) or not request.user.is_authenticated:
            return None
        if "keep" in request.POST and request_drafts(request).are_kept_here():  # which does nothing but that
            return None
        return asked_again(cast(PersonsRequest, request), keep=partial(_kept, request))


def _kept(request: HttpRequest) -> Mapping[str, str]:
    """Keep the form that was posted where drafts of it are kept, and say by which controls it goes on from there."""
    drafts = request_drafts(request)
    if not drafts.are_kept_here():
        return {}
    # Of a row that the person may not know of nothing is kept; they are asked like everybody.
    with suppress(DomainError):
        drafts.postponed()
        return drafts.carried()
    return {}


def _administers(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.namespace == "admin" and found.url_name not in ("login", "logout")

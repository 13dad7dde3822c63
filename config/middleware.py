"""Middleware of all requests: time zone and language, sign-in, limits, caching headers and error pages."""

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
from config.route_limits import DRAFT, counted_as
from house.errors import DomainError, TooMany
from house.pages import request_drafts
from reviews.views.drafting import drafts_for, keep_for_its_author, keep_or_lose, wants_json

Handler = Callable[[HttpRequest], HttpResponse]
UrlArguments = dict[str, Any]  # the named parts of an address, as its converters made them

# The pages use none of these, so injected code may not either.
PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
)


class PersonsTimeZone:
    """Shows a person's pages in their time zone and language; public pages show UTC, the same for all readers."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(UTC):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
    ) -> None:
        """Set zone and language only for views that need a person; the others do not read the session."""
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            timezone.activate(ZoneInfo(request.user.time_zone))
            translation.activate(request.user.language)


class SignInFirst(LoginRequiredMiddleware):
    """Sends people who are not signed in to the sign-in page.

    A form posted after its author's session ended is not done but saved; they get it back filled in after sign-in.
    """

    def handle_no_permission(  # type: ignore[override]  # the stubs allow no JSON response
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        kept = keep_for_its_author(request) if request.method == "POST" else None
        if kept is not None and kept.is_lost:
            return not_kept(request, kept)
        if kept is not None:
            sign_in = f"{reverse(settings.LOGIN_URL)}?kept=yes"  # the sign-in page mentions the saved form
            return kept.as_json(status=401) if wants_json(request) else redirect_to_login(kept.address, sign_in)
        return super().handle_no_permission(request, view_func)


class PrivateAnswers:
    """Keeps personal pages out of every cache, and out of the browser after sign-out."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        personal = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        # Answers that are the same for all readers set their own header.
        if personal and not response.get("Cache-Control", "").startswith("public"):
            response["Cache-Control"] = "no-store"
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SharedAnswers:
    """Removes `Vary` and cookies from answers that are the same for all readers, so that a cache keeps one copy.

    It comes before the language and session middleware, which add them although such a view read neither.
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
    """Releases a request's turn at a large graph when it ends. The API names the person itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_request():
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
    ) -> None:
        if getattr(view, "login_required", True) and request.user.is_authenticated:
            asked_by(request.user.pk)


class Limits:
    """Limits how often expensive pages are requested and forms are sent; the API counts by itself.

    It comes after `LimitedBodies`, because only the form's content tells a draft from a submission.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
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
    """Refuses forms that are too large before they are read; the API has its own limits.

    The CSRF check reads the whole form with its files, so people who are not signed in could fill the disk. People who
    are may send twice the limit, so that a file slightly too large leads back to the form with an error.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
    ) -> HttpResponse | None:
        size = stated_length(request)
        if request.path.startswith("/api/") or size <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            return None
        if request.user.is_authenticated and size <= 2 * settings.ATTACHMENT_LIMIT:
            return None
        return error_page(request, 413)


class DomainErrors:
    """Turns refusals of actions and queries into error pages; the API has its own handler."""

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
    """Leads people whose second factor is overdue to the page on which they add one.

    The API checks this itself (`api.view`), because it also knows the holder of a token.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or request.path.startswith("/api/"):
            return None
        if getattr(view, "open_without_factor", False) or not is_shut_out(request, now=timezone.now()):
            return None
        # If the deadline passed while they typed, the form is saved until they have added a factor.
        if request.method == "POST" and request_drafts(request).are_kept_here():
            if wants_json(request):
                return request_drafts(request).saved()
            drafts = drafts_for(request)
            keep_or_lose(drafts)
            if drafts.is_lost:
                return not_kept(request, drafts)
        return redirect("second-factors")


class AsksAgain:
    """Asks for the password again before the most sensitive actions: see `accounts.recent`.

    In the administration site, whose views are Django's, that is every POST.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
    ) -> HttpResponse | None:
        if request.path.startswith("/api/"):  # its views check for themselves, as the caller may hold a token
            return None
        methods: frozenset[str] = getattr(view, "asks_again", frozenset())
        if _administers(request):
            methods = frozenset({"POST"})
        # A POST to a page that asks again on GET is the answer to this question.
        answers = request.method == "POST" and "GET" in methods
        if not (answers or request.method in methods) or not request.user.is_authenticated:
            return None
        if "keep" in request.POST and request_drafts(request).are_kept_here():  # saving a draft is not sensitive
            return None
        return asked_again(cast(PersonsRequest, request), keep=partial(_kept, request))


def _kept(request: HttpRequest) -> Mapping[str, str]:
    """Save the posted form if it has drafts, and return the hidden controls that continue from the draft."""
    drafts = request_drafts(request)
    if not drafts.are_kept_here():
        return {}
    # If the person may not know of the row, nothing is saved; they are asked all the same.
    with suppress(DomainError):
        drafts.postponed()
        return drafts.carried()
    return {}


def _administers(request: HttpRequest) -> bool:
    found = request.resolver_match
    return found is not None and found.namespace == "admin" and found.url_name not in ("login", "logout")

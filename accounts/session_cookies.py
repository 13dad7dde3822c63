"""Session cookies: the accepted name, and the browser data to clear at sign-out."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from accounts.browsers import browser_in_words
from accounts.models import Session
from accounts.sessions import SessionStore

# Cached pages, local drafts and cookies, including those of sibling hosts in the domain.
EVERYTHING = '"cache", "cookies", "storage"'
# For an answer that signs in another person, whose cookie it carries.
BUT_COOKIES = '"cache", "storage"'
# The names before 0.4.0, still used without https: browsers accept `__Host-` over https only.
NAMES_OF_BEFORE = {"session": "sessionid", "csrf": "csrftoken"}


class Sessions(SessionMiddleware):
    """Django's session middleware, which also notes the type of browser and clears its data at sign-out.

    Behind https the cookie names begin with `__Host-`, which a neighbouring host in the domain cannot set. People who
    were signed in when the names changed stay signed in: the old name is accepted for sessions from before the change,
    and the answer sets the new one.

    When a request ends its own session, the answer clears the browser's data. Comparing the session before and after
    finds this for every view. A session ended elsewhere clears nothing: its person may be typing.
    """

    def process_request(self, request: HttpRequest) -> None:
        self._take_those_of_before(request)
        super().process_request(request)
        if isinstance(request.session, SessionStore):
            request.session.browser = browser_in_words(request.headers.get("User-Agent", ""))

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],  # as in Django
    ) -> None:
        """Note the signed-in person before the view runs: looking at a page ends no session."""
        asks = request.method == "POST" and settings.SESSION_COOKIE_NAME in request.COOKIES
        if asks and request.user.is_authenticated:
            request.was_signed_in_as = str(request.user.pk)  # type: ignore[attr-defined]  # for the answer, below

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        forgets = self._to_be_forgotten(request, response)
        answer = super().process_response(request, response)
        for old, new, value in getattr(request, "cookies_of_before", ()):
            if new not in answer.cookies:
                _set(answer, new, value=value)
            answer.delete_cookie(old, samesite="Lax")
        if forgets:
            answer["Clear-Site-Data"] = forgets
        return answer

    def _to_be_forgotten(self, request: HttpRequest, response: HttpResponse) -> str:
        """The browser data to clear because the session behind the request has ended; "" for none."""
        before, session = getattr(request, "was_signed_in_as", None), request.session
        if before is None or response.status_code >= 500:
            return ""
        now = session.get(SESSION_KEY)
        if now == before:
            if Session.objects.filter(session_key=session.session_key).exists():
                return ""
            session.flush()  # its row is gone: nothing can be written, and its cookie goes
            now = None
        return EVERYTHING if now is None else BUT_COOKIES

    def _take_those_of_before(self, request: HttpRequest) -> None:
        names = {"session": settings.SESSION_COOKIE_NAME, "csrf": settings.CSRF_COOKIE_NAME}
        if names["session"] in request.COOKIES or names == NAMES_OF_BEFORE:
            return
        key = request.COOKIES.get(NAMES_OF_BEFORE["session"], "")
        if not SessionStore().is_key(key) or not Session.objects.filter(session_key=key, is_of_before=True).exists():
            return
        moved = []
        for kind, new in names.items():
            old = NAMES_OF_BEFORE[kind]
            if old in request.COOKIES and new not in request.COOKIES:
                request.COOKIES[new] = request.COOKIES[old]
                moved.append((old, new, request.COOKIES[old]))
        request.cookies_of_before = moved  # type: ignore[attr-defined]  # for the answer, above


def _set(answer: HttpResponse, name: str, *, value: str) -> None:
    """Set both cookies as Django does."""
    is_csrf = name == settings.CSRF_COOKIE_NAME
    age = settings.CSRF_COOKIE_AGE if is_csrf else None
    answer.set_cookie(name, value, max_age=age, secure=True, httponly=True, samesite="Lax")

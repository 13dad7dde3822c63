"""The cookie of a session: which one is taken, and what the browser forgets at sign-out."""

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse

from accounts.browsers import browser_in_words
from accounts.models import Session
from accounts.sessions import SessionStore

# The names of before 0.4.0 behind https. Without it they are still these: browsers take `__Host-` from https alone.
NAMES_OF_BEFORE = {"session": "sessionid", "csrf": "csrftoken"}


class Sessions(SessionMiddleware):
    """Django's, for sessions that say in which sort of browser they began.

    Behind https the names begin with `__Host-`: a neighbour in the same domain can set no such cookie. Who was signed
    in when the names changed stays so: the old name is taken for a session of before alone, and answered with the new.
    """

    def process_request(self, request: HttpRequest) -> None:
        self._take_those_of_before(request)
        super().process_request(request)
        if isinstance(request.session, SessionStore):
            request.session.browser = browser_in_words(request.headers.get("User-Agent", ""))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = super().process_response(request, response)
        for old, new, value in getattr(request, "cookies_of_before", ()):
            if new not in answer.cookies:
                _set(answer, new, value)
            answer.delete_cookie(old, samesite="Lax")
        if getattr(request, "was_signed_out", False):
            # Pages that were shown, drafts in the browser, and cookies: those of sibling hosts in the domain, too.
            answer["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return answer

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


def _set(answer: HttpResponse, name: str, value: str) -> None:
    """As Django sets both of them."""
    is_csrf = name == settings.CSRF_COOKIE_NAME
    age = settings.CSRF_COOKIE_AGE if is_csrf else None
    answer.set_cookie(name, value, max_age=age, secure=True, httponly=True, samesite="Lax")

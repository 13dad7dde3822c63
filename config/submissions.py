"""The same form sent twice is done once: a second press, a reload, or the way back and once more.

A form carries a random key. Where it came from, it is kept with what was sent and where that led, in the transaction of
the act, as an `Idempotency-Key` of the API is. The same form again leads there and does nothing; another text in it, by
the way back, is another act. A refusal keeps nothing.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from config.errors import page_response
from house.pages import is_done
from house.transactions import kept_acts
from reviews.actions.outcomes import FORM_KEY, KeyedRequest, digest_of_form, form_is_done, keep_outcome, kept_outcome

Handler = Callable[[HttpRequest], HttpResponse]
NAME = "submission"
# What differs between two presses and says nothing (how far its draft is), and the button that keeps a draft, which
# makes no row.
_ASIDE = ("csrfmiddlewaretoken", NAME, "draft-of", "draft-id", "draft-version", "draft-window", "draft-step")
_DRAFT = "keep"
_TO_COME_IN = ("account_", "mfa_", "socialaccount_", "openid_connect_")  # pages that one is led to before the act


class SentOnce:
    """Last of all: who asks is known, and the view is called here."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if request.method != "POST" or request.path.startswith("/api/") or not request.user.is_authenticated:
            return None
        key = request.POST.get(NAME, "")
        if not FORM_KEY.fullmatch(key) or _DRAFT in request.POST:
            return None
        digest = digest_of_form(request, without=_ASIDE)
        keyed = KeyedRequest(request.user, "POST", request.path, f"form {key} {digest}")
        try:
            with kept_acts(), transaction.atomic():
                form_is_done(request.user, request.path, key=key)  # holds it; done or not, another text is another act
                return _once(keyed, digest, lambda: view(request, *args, **kwargs))
        except Exception as error:  # as it would be answered had the view been called where views are
            page = page_response(request, error)
            if page is None:
                raise
            return page


def _once(keyed: KeyedRequest, digest: str, act: Callable[[], HttpResponse]) -> HttpResponse:
    kept = kept_outcome(keyed, wait=True)
    if kept is not None:
        return redirect(kept.at)
    response = act()
    at = response.headers.get("Location", "") if response.status_code in (302, 303) else ""
    if at and not _leads_to_coming_in(at):
        keep_outcome(keyed, body_digest=digest, status=response.status_code, at=at, effects=None)
    elif is_done(response):
        keep_outcome(keyed, body_digest=digest, status=response.status_code, at=keyed.path, effects=None)
    return response


def _leads_to_coming_in(at: str) -> bool:
    """Whether an answer leads to where one proves who one is: nothing was done yet."""
    try:
        name = resolve(urlsplit(at).path).view_name
    except Resolver404:
        return False
    return name.startswith(_TO_COME_IN)

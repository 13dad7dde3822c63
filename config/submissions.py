"""A form sent twice is done once, whether by a second press, a reload, or the back button.

Each form carries a random key. Key, digest of the form and address of the result are stored in the transaction of the
action, like an `Idempotency-Key` of the API. The same form again leads to that address and changes nothing; a form with
another text is another action. A refusal stores nothing.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from config.errors import page_response
from config.middleware import UrlArguments
from house.pages import is_done
from house.transactions import kept_acts
from reviews.actions.outcomes import FORM_KEY, KeyedRequest, digest_of_form, form_is_done, keep_outcome, kept_outcome

Handler = Callable[[HttpRequest], HttpResponse]
NAME = "submission"
# Controls that may differ between two presses without changing the submission: token, key and progress of the draft.
_ASIDE = ("csrfmiddlewaretoken", NAME, "draft-of", "draft-id", "draft-version", "draft-window", "draft-step")
_DRAFT = "keep"  # the button that saves a draft, which is no submission
# Pages that come before the action.
_TO_COME_IN = ("account_", "mfa_", "socialaccount_", "openid_connect_")


class SentOnce:
    """Calls the view, once for each form. It comes last, when the person is known."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: UrlArguments
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
                # Locks the key. A form with another text is another action.
                form_is_done(request.user, request.path, key=key)
                return _once(keyed, digest, lambda: view(request, *args, **kwargs))
        except Exception as error:  # answered as if Django had called the view
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
    """Return whether an answer leads to a sign-in page, so that the action was not done yet."""
    try:
        name = resolve(urlsplit(at).path).view_name
    except Resolver404:
        return False
    return name.startswith(_TO_COME_IN)

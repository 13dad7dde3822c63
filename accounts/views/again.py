"""Asks a signed-in person to confirm their identity without losing their text.

The page replaces the answer to the request. It carries the typed text as hidden fields, and posts it to the same
address with the password. Forms with drafts also keep a draft, without the password.
"""

from collections.abc import Callable, Iterator, Mapping

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.forms import AGAIN, AgainForm
from accounts.limits import limited, tell_to_wait
from accounts.organisation import issuer_id
from accounts.passkeys import authentication_options
from accounts.recent import asks_again, is_recent, note_authentication
from accounts.requests import PersonsRequest
from accounts.security_events import security_event

LOOK = "again-look"  # marks a request to open a page, which is then shown
NOT_TYPED = {"csrfmiddlewaretoken"}


def asked_again(request: PersonsRequest, *, keep: Callable[[], Mapping[str, str]]) -> HttpResponse | None:
    """The page that asks for confirmation; None once the person has confirmed, without the confirming fields.

    A request to open a page is redirected to it. `keep` is called before the page is shown for a form, and returns
    controls that replace posted ones.
    """
    answering = request.method == "POST" and any(name.startswith(AGAIN) for name in request.POST)
    if not is_recent(request):
        form = AgainForm(request.POST if answering else None, user=request.user, kinds=_kinds(request))
        if answering and (refused := limited(request, "reauthenticate")):
            keep()
            return refused
        if not (answering and form.is_valid()):
            if answering:
                security_event("confirm", "refused", person=request.user)
            return _ask(request, form, keep)
        security_event("confirm", person=request.user, reason=form.shown_by)
        note_authentication(request, request.user, form.shown_by)
    if not answering:
        return None
    if LOOK in request.POST:
        return HttpResponseRedirect(request.get_full_path())
    typed = request.POST.copy()
    for name in [name for name in typed if name.startswith(AGAIN)]:
        del typed[name]
    request.POST = typed  # type: ignore[assignment]  # made immutable below, like the original
    typed._mutable = False
    return None


def _kinds(request: PersonsRequest) -> set[str]:
    return set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))


def _ask(request: PersonsRequest, form: AgainForm, keep: Callable[[], Mapping[str, str]]) -> HttpResponse:
    looking = request.method != "POST" or LOOK in request.POST
    context = {
        "form": form,
        "typed": [] if looking else list(_typed(request, keep())),
        "look": LOOK if looking else "",
        "options": authentication_options(request.user) if "credential" in form.fields else None,
        "linked": SocialAccount.objects.filter(user=request.user, provider=issuer_id()).exists(),
        "status": 403,
    }
    return tell_to_wait(request, render(request, "accounts/again.html", context, status=403))


def _typed(request: HttpRequest, instead: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in NOT_TYPED and name not in instead and not name.startswith(AGAIN):
            yield from ((name, str(value)) for value in values)
    yield from instead.items()


@asks_again("GET", "HEAD", "POST")
@require_safe
def confirmed_again(request: PersonsRequest) -> HttpResponse:
    """Where programs send a person whose confirmation the API requires, and the return from their organisation."""
    return render(request, "accounts/confirmed.html")

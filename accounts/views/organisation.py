"""Signing in through an organisation: off until configured, and only for invited people.

The way there is a link, not a form: the content-security policy lets no form lead to another site.
"""

import time
from typing import TypedDict

from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.actions.identities import join_by_identity, link_identity, unlink_identity
from accounts.forms import JoinByIdentityForm
from accounts.inputs import IdentityInput
from accounts.limits import limited
from accounts.models import User
from accounts.organisation import Identity, IdentityRefused, issuer_id, lead_there, provider_of, read_answer
from accounts.queries import has_account, is_invited
from accounts.recent import ORGANISATION, asks_again, is_recent, note_authentication
from accounts.requests import PersonsRequest
from accounts.security_events import security_event
from house.pages import ActForm, CleanedData, form_page, sent, show_form

JOINING = "accounts_joining"  # session key of an identity without a user name yet
LONGEST_WAIT = 600  # seconds to choose a user name


class Joining(TypedDict):
    """The identity under `JOINING`; `at` and `authenticated_at` in seconds."""

    at: float
    subject: str
    email: str
    username: str
    name: str
    factors: bool
    authenticated_at: float


@login_not_required
@never_cache
@require_safe
def sign_in_by_organisation(request: HttpRequest) -> HttpResponse:
    """Redirect to the organisation’s sign-in, or, with `again`, to confirm the signed-in person's identity."""
    if refused := limited(request, "login"):
        return refused
    if request.headers.get("Sec-Fetch-Site") == "cross-site":  # a link on another site must sign no one in
        return redirect("account_login")
    if not request.user.is_authenticated:
        return lead_there(request, "sign in", next_url=get_next_redirect_url(request))
    return lead_there(request, "again") if "again" in request.GET else redirect("work")


@asks_again("GET", "HEAD", "POST")
@require_safe
def link(request: PersonsRequest) -> HttpResponse:
    """Lead to the organisation to link its account with the person's own."""
    return lead_there(request, "link")


@login_not_required
@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """The address to which the organisation sends people back."""
    if refused := limited(request, "login"):
        return refused
    identity, kept = read_answer(request)
    if kept["purpose"] == "sign in":
        return _sign_in(request, identity, kept["next"])
    if not isinstance(request.user, User):
        raise IdentityRefused(_("You have been signed out. Sign in first."))
    if kept["purpose"] == "link":
        return _link(request, identity)
    return _again(request, identity)


def _sign_in(request: HttpRequest, identity: Identity, next_url: str | None) -> HttpResponse:
    account = SocialAccount.objects.filter(provider=issuer_id(), uid=identity.subject).select_related("user").first()
    if account is not None:
        _note(request, account.user, identity)
        answer: HttpResponse = perform_login(request, account.user, redirect_url=next_url)
        return answer
    if not identity.email:
        raise IdentityRefused(
            _("Your organisation has not verified your mail address, so you cannot sign in this way.")
        )
    if has_account(identity.email):
        raise IdentityRefused(
            _("The address %(address)s already has an account. Sign in with its password, then link it under Account.")
            % {"address": identity.email}
        )
    if not is_invited(identity.email):
        raise IdentityRefused(
            _("%(address)s has no invitation. Ask an administrator for one.") % {"address": identity.email}
        )
    request.session[JOINING] = Joining(
        at=time.time(),
        subject=identity.subject,
        email=identity.email,
        username=identity.username,
        name=identity.name,
        factors=identity.factors,
        authenticated_at=identity.at,
    )
    return redirect("organisation-join")


def _note(request: HttpRequest, user: User, identity: Identity) -> None:
    note_authentication(request, user, ORGANISATION, at=identity.at, factors=identity.factors)


def _link(request: HttpRequest, identity: Identity) -> HttpResponse:
    assert isinstance(request.user, User)
    if not is_recent(request):
        raise IdentityRefused(_("That took too long. Start again."))
    link_identity(provider=issuer_id(), subject=identity.subject, by=request.user)
    return redirect("second-factors")


def _again(request: HttpRequest, identity: Identity) -> HttpResponse:
    assert isinstance(request.user, User)
    own = SocialAccount.objects.filter(user=request.user, provider=issuer_id(), uid=identity.subject)
    if not own.exists():
        raise IdentityRefused(_("Your organisation signed in a different person."))
    _note(request, request.user, identity)
    if not is_recent(request):
        raise IdentityRefused(_("Your organisation did not ask you to sign in again. Confirm another way."))
    return redirect("account_reauthenticate")


@login_not_required
@never_cache
@form_page
def join_by_organisation(request: HttpRequest) -> HttpResponse:
    """The invited person, back from the organisation, chooses a user name and signs in."""
    provider = provider_of(request)
    kept: Joining | None = request.session.get(JOINING)
    if kept is None or kept["at"] < time.time() - LONGEST_WAIT:
        return redirect("account_login")
    form = JoinByIdentityForm(**sent(request), initial={"username": kept["username"], "name": kept["name"]})
    if form.is_bound and (refused := limited(request, "join")):
        return refused

    identity = IdentityInput(provider=issuer_id(), subject=kept["subject"], email=kept["email"])

    def make(given: CleanedData) -> User:
        return join_by_identity(identity=identity, **given)

    if form.submitted(make):
        del request.session[JOINING]
        known = {"at": kept["authenticated_at"], "factors": kept["factors"]}
        note_authentication(request, form.outcome, ORGANISATION, **known)
        login(request, form.outcome)
        security_event("sign_in", person=form.outcome, reason="organisation")
        return redirect("work")
    facts = {"email": kept["email"], "name": provider.name}
    return show_form(
        request,
        form,
        title=_("Create your account"),
        button=_("Create account"),
        back=reverse("account_login"),
        lines=[_("%(email)s has an invitation. You sign in through %(name)s and need no password.") % facts],
        kept=False,
    )


@asks_again("POST")
@form_page
def unlink(request: PersonsRequest) -> HttpResponse:
    """Unlink the person's account from the organisation."""
    provider = provider_of(request)
    form = ActForm(**sent(request))
    if form.submitted(lambda _given: unlink_identity(provider=issuer_id(), by=request.user)):
        return redirect("second-factors")
    return show_form(
        request,
        form,
        title=_("Unlink %(name)s") % {"name": provider.name},
        button=_("Unlink"),
        back=reverse("second-factors"),
        lines=[_("After that you sign in with your user name and password only.")],
    )

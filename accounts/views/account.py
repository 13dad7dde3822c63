"""Pages about the person's own account: settings, mail, signing in."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actions.account import change_address, change_preferences, confirm_address
from accounts.actions.sessions import end_session, end_sessions
from accounts.forms import AddressForm, RemindersForm, SettingsForm
from accounts.limits import limited, slowed
from accounts.links import mail_of_link
from accounts.models import MailKind
from accounts.queries import address_to_confirm, memberships_of, sessions_of
from accounts.requests import PersonsRequest
from accounts.views.tabs import account_tabs
from house.pages import ActForm, form_page, sent, show_form


@form_page
def account(request: PersonsRequest) -> HttpResponse:
    """Name, time zone, language and absence, with the person's roles on desks."""
    user = request.user
    form = SettingsForm(**sent(request), user=user)
    if form.submitted(lambda _given: change_preferences(changes=form.changes(), seen=form.what_was_seen, by=user)):
        return redirect("account")
    context = {"form": form, "memberships": memberships_of(user), **account_tabs("account")}
    return render(request, "accounts/account.html", context, status=form.status)


@form_page
def mail_settings(request: PersonsRequest) -> HttpResponse:
    """The address for mail, and whether reminders use it."""
    user = request.user
    form = RemindersForm(**sent(request), user=user)
    if form.submitted(lambda _given: change_preferences(changes=form.changes(), seen=form.what_was_seen, by=user)):
        return redirect("account-mail")
    waiting = address_to_confirm(user, now=timezone.now())
    context = {"form": form, "waiting": waiting, **account_tabs("account-mail")}
    return render(request, "accounts/mail.html", context, status=form.status)


@slowed
@form_page
def new_address(request: PersonsRequest) -> HttpResponse:
    """Change the address; it is used once its owner follows the link sent there."""
    form = AddressForm(**sent(request), user=request.user, initial={"email": request.user.email})
    if form.is_bound and (refused := limited(request, "reauthenticate")):
        return refused
    if form.is_valid() and (refused := limited(request, "address_mail", user=request.user)):
        return refused
    if form.submitted(lambda given: change_address(email=given["email"], by=request.user)):
        return redirect("account-mail")
    return show_form(
        request,
        form,
        title=_("Change your address"),
        button=_("Change address"),
        back=reverse("account-mail"),
        lines=[
            _(
                "A mail with a link goes to the new address. Once you follow the link, the address changes and the "
                "old one is notified."
            )
        ],
        kept=False,
    )


@form_page
def confirm_address_page(request: PersonsRequest, token: str) -> HttpResponse:
    """The page that the mailed link leads to. Opening it confirms nothing: programs open links too."""
    found = mail_of_link(token, MailKind.CONFIRM_ADDRESS, now=timezone.now(), user=request.user)
    form = ActForm(**sent(request))
    if form.submitted(lambda _given: confirm_address(token=token, by=request.user)):
        return redirect("account-mail")
    return show_form(
        request,
        form,
        title=_("Use this address"),
        button=_("Use address"),
        back=reverse("account-mail"),
        lines=[_("%(address)s becomes %(person)s’s address.") % {"address": found.to, "person": request.user}],
    )


def _hours(span: timedelta) -> int | float:
    """A number of hours, with a fraction if it is not whole."""
    hours = round(span / timedelta(hours=1), 1)
    return int(hours) if hours.is_integer() else hours


@require_safe
def signing_in(request: PersonsRequest) -> HttpResponse:
    """The password, and the person's sessions by browser."""
    context = {
        "sessions": sessions_of(request.user, this=request.session.session_key),
        "idle_hours": _hours(settings.SESSION_IDLE),
        "longest_days": settings.SESSION_COOKIE_AGE // (24 * 3600),
        **account_tabs("signing-in"),
    }
    return render(request, "accounts/signing_in.html", context)


@require_POST
def end_one(request: PersonsRequest, session_id: UUID) -> HttpResponse:
    """End one session; ending the present one signs the person out."""
    end_session(session_id=session_id, by=request.user)
    return redirect("signing-in")


@require_POST
def end_others(request: PersonsRequest) -> HttpResponse:
    """End all other sessions."""
    user = end_sessions(by=request.user, session=request.session.session_key or "")
    update_session_auth_hash(request, user)
    return redirect("signing-in")

"""Targets of mailed links for people who are not signed in: a new account, or a new password."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.actions.account import ask_for_password, set_password
from accounts.actions.invitations import accept_invitation
from accounts.forms import ForgottenForm, JoinForm, NewPasswordForm
from accounts.limits import limited
from accounts.links import invitation_of_link, mail_of_link
from accounts.models import MailKind, User
from accounts.recent import note_authentication
from accounts.security_events import security_event
from house.pages import CleanedData, form_page, sent, show_form


@login_not_required
@never_cache
@form_page
def accept_invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: choose a user name and a password, and sign in."""
    invitation = invitation_of_link(token, now=timezone.now())
    form = JoinForm(**sent(request), initial={"name": invitation.name})
    # Otherwise one link would reveal which user names are taken.
    if form.is_bound and (refused := limited(request, "join")):
        return refused

    def join(given: CleanedData) -> User:
        return accept_invitation(token=token, **given)

    if form.submitted(join):
        note_authentication(request, form.outcome, "password")
        login(request, form.outcome)
        security_event("sign_in", person=form.outcome, reason="invitation")
        return redirect("work")
    facts = {"desk": invitation.desk.name, "role": invitation.get_role_display(), "email": invitation.email}
    lines = [
        _("You are joining the %(desk)s as %(role)s. Mail goes to %(email)s; you can change that later.") % facts,
    ]
    if request.user.is_authenticated:
        lines.append(_("%(person)s is signed in here and will be signed out.") % {"person": request.user.username})
    return show_form(
        request,
        form,
        title=_("Create your account"),
        button=_("Create account"),
        back=reverse("account_login"),
        lines=lines,
        kept=False,
    )


@login_not_required
@never_cache
@form_page
def forgotten(request: HttpRequest) -> HttpResponse:
    """Request a link that sets a new password; the answer is the same for every address."""
    form = ForgottenForm(**sent(request))
    key = str(form.data.get("email", "")).strip().lower()
    if form.is_bound and (refused := limited(request, "reset_password")):
        return refused

    def ask(given: CleanedData) -> None:
        """At most three mails an hour to one address; the newest has the valid link."""
        security_event("password_asked_for")
        if limited(request, "reset_mail", key=key) is None:
            ask_for_password(email=given["email"])

    if form.submitted(ask):
        text = _("If an account has this address, a mail is on its way. Its link works once, within an hour.")
        messages.info(request, text)
        return redirect("account_login")
    return show_form(
        request,
        form,
        title=_("Set a new password by mail"),
        button=_("Send link"),
        back=reverse("account_login"),
        lines=[_("Enter your account’s address. If it has none, ask an administrator for a new password.")],
    )


@login_not_required
@never_cache
@form_page
def new_password(request: HttpRequest, token: str) -> HttpResponse:
    """Set the password through the mailed link."""
    person = mail_of_link(token, MailKind.RESET, now=timezone.now()).user
    form = NewPasswordForm(**sent(request))
    if form.submitted(lambda given: set_password(token=token, **given)):
        messages.info(request, _("Your new password is set. Sign in with it."))
        return redirect("account_login")
    return show_form(
        request,
        form,
        title=_("Set a new password"),
        button=_("Set password"),
        back=reverse("account_login"),
        lines=[
            _("For the account %(person)s. All your sessions end, and all your API tokens are revoked.")
            % {"person": person}
        ],
        kept=False,
    )

"""The steps of signing in: whether a second factor is required, and whether the first step is still valid.

Between two steps the password may change, access may end or the account may close. The session therefore keeps the
basis of the first step, to compare it later.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.recent import organisation_asked_for_two
from accounts.security_events import security_event

FIRST_STEP = "accounts_first_step"  # session key of the first step's basis


class SecondFactor(AuthenticateStage):  # type: ignore[misc]  # allauth has no types
    """allauth's second step, skipped if the organisation has just asked for more than one factor."""

    def _should_handle(self, request: HttpRequest) -> bool:
        asked_there = organisation_asked_for_two(request, self.login.user)
        return not asked_there and bool(super()._should_handle(request))


def note_first_step(request: HttpRequest, user: User) -> None:
    """Keep in the session the basis of the sign-in of `user`, whichever way they come in."""
    request.session[FIRST_STEP] = {
        "user": str(user.pk),
        "access": user.get_session_auth_hash(),
        "identities": _identities(user),
    }


def first_step_holds(request: HttpRequest, user: User) -> bool:
    """Whether the sign-in under way may continue for `user` as they are now.

    It may not if the account is closed, or its password, sessions, factors or organisation link changed since.
    """
    kept = request.session.get(FIRST_STEP)
    return (
        user.is_active
        and isinstance(kept, dict)
        and kept["user"] == str(user.pk)
        and constant_time_compare(kept["access"], user.get_session_auth_hash())
        and set(kept["identities"]) <= set(_identities(user))
    )


def _identities(user: User) -> list[int]:
    return list(SocialAccount.objects.filter(user=user).order_by("pk").values_list("pk", flat=True))


def begin_again(request: HttpRequest, user: User) -> HttpResponse:
    """Forget the sign-in under way with all its steps, and lead back to its start."""
    clear_login(request)
    request.session.pop(FIRST_STEP, None)
    security_event("sign_in", "refused", person=user, reason="changed since")
    messages.error(request, _("This sign-in has expired. Sign in again."))
    return redirect("account_login")


def while_first_step_holds(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a later step's page, so that codes are not used up after the first step became invalid."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        stage = get_pending_stage(request)
        user = stage.login.user if stage else None
        if user is not None and not first_step_holds(request, user):
            return begin_again(request, user)
        return view(request, *args, **named)

    return answer

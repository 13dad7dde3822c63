"""A limit on attempts at second-factor codes: six digits could be guessed."""

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.actions.factors import use_code
from accounts.models import User
from accounts.security_events import security_event

ACTION = "second_factor"


def tried_code(request: HttpRequest, user: User, code: str) -> Authenticator | None:
    """The factor with this code, or None for a wrong one. Raises ValidationError after too many attempts.

    Counted for the person: anyone who gets here knows their password or sits at their open session.
    """
    if not ratelimit.consume(request, action=ACTION, key=str(user.pk)):
        security_event("second_factor", "refused", person=user, reason="too often")
        raise ValidationError(_("Too many attempts. Wait five minutes, then try again."))
    factor = use_code(user=user, code=code)
    if factor is None:
        security_event("second_factor", "refused", person=user, reason="code")
    else:
        ratelimit.clear(request, action=ACTION, key=str(user.pk))
    return factor

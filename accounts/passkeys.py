"""Passkeys: the browser's task, and the check of its answer. The challenge waits in the session.

A passkey is found without a user name and asks for a PIN, fingerprint or face, so it signs in by itself and also counts
as a second factor.
"""

import json
import struct
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from house.errors import Invalid

# Raised by the packages for malformed answers; they expect a browser's.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ValidationError, struct.error)


def registration_options(user: User) -> dict[str, Any]:
    """The options for the browser to create another passkey of this person."""
    options: dict[str, Any] = auth.begin_registration(user, passwordless=True)
    return options


def checked_registration(answer: str) -> dict[str, Any]:
    """The data to keep of a new passkey. Raises Invalid."""
    credential = _read(answer)
    try:
        auth.parse_registration_response(credential)
        verified = auth.complete_registration(credential).is_user_verified()
    except _MALFORMED as error:
        raise _not_good() from error
    if not verified:
        raise _not_good()
    return credential


def authentication_options(user: User | None) -> dict[str, Any]:
    """The options for the browser to use one of the person's passkeys, or any passkey if the person is unknown."""
    options: dict[str, Any] = auth.begin_authentication(user)
    return options


def checked_passkey(answer: str, user: User | None) -> Authenticator:
    """The passkey used, limited to this person's if given. Raises Invalid."""
    credential = _read(answer)
    try:
        auth.parse_authentication_response(credential)
        return auth.complete_authentication(user or auth.extract_user_from_response(credential), credential)
    except _MALFORMED as error:
        raise _not_good() from error


def _read(answer: str) -> dict[str, Any]:
    try:
        credential = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise _not_good() from error
    if not isinstance(credential, dict):
        raise _not_good()
    return credential


def _not_good() -> Invalid:
    return Invalid({"credential": [_("The passkey was not accepted. Try again, or sign in another way.")]})

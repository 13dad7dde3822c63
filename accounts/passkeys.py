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

Credential = dict[str, Any]  # a browser's free-form answer, checked by allauth (Web Authentication, section 5.1)
PasskeyOptions = dict[str, Any]  # free-form options for a browser, made by allauth (section 5.4)
# Raised by the packages for malformed answers; they expect a browser's.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ValidationError, struct.error)


def registration_options(user: User) -> PasskeyOptions:
    """The options for the browser to create another passkey of this person."""
    options: PasskeyOptions = auth.begin_registration(user, passwordless=True)
    return options


def checked_registration(answer: str) -> Credential:
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


def authentication_options(user: User | None) -> PasskeyOptions:
    """The options for the browser to use one of the person's passkeys, or any passkey if the person is unknown."""
    options: PasskeyOptions = auth.begin_authentication(user)
    return options


def checked_passkey(answer: str, user: User | None) -> Authenticator:
    """The passkey used, limited to this person's if given. Raises Invalid."""
    credential = _read(answer)
    try:
        auth.parse_authentication_response(credential)
        return auth.complete_authentication(user or auth.extract_user_from_response(credential), credential)
    except _MALFORMED as error:
        raise _not_good() from error


def _read(answer: str) -> Credential:
    try:
        credential = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise _not_good() from error
    if not isinstance(credential, dict):
        raise _not_good()
    return credential


def _not_good() -> Invalid:
    return Invalid({"credential": [_("The passkey was not accepted. Try again, or sign in another way.")]})

"""The time of a person's last authentication in a test's browser: at the sign-in, or too long ago."""

import time
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as OF_WHOM,
)
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as RECORDS
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.test import Client

from accounts.models import User


def put_sign_in(session: Any, user: User, *, ago: float = 0) -> None:
    """Write into a session that the person signed in with their password so many seconds ago."""
    session[RECORDS] = [{"method": "password", "at": time.time() - ago, "username": user.username}]
    session[OF_WHOM] = user_id_to_str(user)


def long_ago(client: Client, user: User) -> Client:
    """The same browser, in which the sign-in is just too long ago."""
    session = client.session
    put_sign_in(session, user, ago=settings.RECENT_AUTHENTICATION.total_seconds() + 1)
    session.save()
    return client

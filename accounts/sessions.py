"""Who is signed in: the session and the person, read at each request.

Both are Django's, asked for by statements that are compiled once and prepared (`accounts/compiled.py`).
"""

import re
from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.compiled import compiled
from accounts.models import User

_KEY = re.compile(r"[0-9a-z]{32}")


@compiled(str)
def _lasting(key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=Now())


@compiled(UUID)
def _person(pk: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


class SessionStore(DatabaseSessions):
    """Sessions in the database. What is no key, as a cookie may hold, is looked for nowhere: a NUL would be refused."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None

    def _get_session_from_db(self) -> Session | None:
        found = _lasting(self.session_key)
        if not found:
            self._session_key = None
            return None
        return found[0]


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Names and passwords as allauth checks them."""

    def get_user(self, user_id: Any) -> User | None:
        found = _person(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None

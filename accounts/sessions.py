"""Who is signed in: the session and the person, read at each request.

Both are Django's. A session's row also has its person, beginning, last use and type of browser, which the person's
account page shows.
"""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Session, User
from accounts.second_factor import with_second_factor
from accounts.security_events import security_event
from house.kept_queries import columns_of, kept_rows

# Precision of the last use, so that reading a page does not write each time.
NOTED_EVERY = timedelta(minutes=5)
_KEY = re.compile(r"[0-9a-z]{32}")


@kept_rows(str, columns=columns_of(Session))
def _lasting(key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=Now())


@kept_rows(UUID, columns=[*columns_of(User), "has_factor", "factor_due_at"])
def _person(pk: UUID) -> QuerySet[User]:
    return with_second_factor(User.objects.filter(pk=pk))


class SessionStore(DatabaseSessions):
    """Sessions in the database; a cookie that is no key is not looked up, since PostgreSQL refuses NUL.

    A session ends after `SESSION_IDLE` without use, and at the latest `SESSION_COOKIE_AGE` after it began. `browser` is
    noted for a session that begins with this request.
    """

    _row: Session | None = None
    browser: str = ""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None

    def is_key(self, key: str) -> bool:
        """Whether this could be the key of a session."""
        return self._validate_session_key(key)

    def _get_session_from_db(self) -> Session | None:
        self._row = self._lasting_row()
        if self._row is None:
            self._session_key = None
        return self._row

    def _lasting_row(self) -> Session | None:
        found = _lasting(self.session_key)
        if not found:
            return None
        row = found[0]
        now = timezone.now()
        if row.last_used_at <= now - settings.SESSION_IDLE:
            end_unused(row)
            return None
        if row.last_used_at <= now - NOTED_EVERY:
            row.last_used_at = now
            Session.objects.filter(session_key=row.session_key).update(last_used_at=now)
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Session:  # the session's free-form data, as in Django
        """The row to save, keeping its own details when it is saved again."""
        key: str = self._get_or_create_session_key()  # type: ignore[attr-defined]  # as Django's own method has it
        if self._row is None or self._row.session_key != key:
            now = timezone.now()
            self._row = Session(session_key=key, created_at=now, last_used_at=now, browser=self.browser)
        row = self._row
        row.user_id = UUID(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.session_data = self.encode(data)
        row.expire_date = row.created_at + timedelta(seconds=self.get_session_cookie_age())
        return row

    def cycle_key(self) -> None:
        """Change the key. For a signed-in person it remains the same session with the same beginning."""
        self.load_row()
        before = self._row
        super().cycle_key()
        if before is not None and before.user_id is not None and self._row is not None:
            self._row.id, self._row.created_at, self._row.browser = before.id, before.created_at, before.browser
            self.modified = True

    def load_row(self) -> Session | None:
        """The session's row, read if needed; None if there is none."""
        self._get_session()  # type: ignore[attr-defined]  # Django's own way to read it once
        return self._row


def end_unused(row: Session) -> None:
    """Delete the session if it was unused for too long."""
    ended, _rows = Session.objects.filter(session_key=row.session_key).delete()
    if ended and row.user_id is not None:
        security_event("session_ended", person=User(pk=row.user_id), session=row.id, reason="unused")


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Sign-in by user name and password, as allauth checks them."""

    def get_user(self, user_id: Any) -> User | None:
        found = _person(user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None

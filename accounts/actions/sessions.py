"""Ending sessions: the person's own, one or all others, or all of a person's by an administrator."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import end_access, may_administer
from accounts.ledger_entries import account_recorded
from accounts.models import Session, User
from house.errors import NotFound
from house.transactions import recorded_transaction


def end_session(*, session_id: UUID, by: User, now: datetime | None = None) -> None:
    """End one of the person's own sessions. Raises NotFound."""
    with recorded_transaction():
        ended, _rows = Session.objects.filter(user=by, id=session_id).delete()
        if not ended:
            raise NotFound(_("Session not found."))
        account_recorded("session_ended", by, by=by, now=now or timezone.now(), session=str(session_id))


def end_sessions(*, by: User, session: str = "", now: datetime | None = None) -> User:
    """End all sessions except the one with the key `session`, to which the page gives the new hash."""
    now = now or timezone.now()
    with recorded_transaction():
        user = _lock(by)
        _end_hashes(user, now)
        Session.objects.filter(user=user).exclude(session_key=session).delete()
        account_recorded("sessions_ended", user, by=by, now=now)
    return user


def end_access_of(*, user: User, by: User | None, now: datetime | None = None) -> User:
    """End every session and token of a person, as an administrator. Raises Forbidden."""
    now = now or timezone.now()
    with recorded_transaction():
        may_administer(by)
        user = _lock(user)
        _end_hashes(user, now)
        end_access(user)
        account_recorded("access_ended", user, by=by, now=now)
    return user


def forget_ended_sessions(*, now: datetime | None = None) -> int:
    """Delete expired and long unused sessions; returns how many."""
    now = now or timezone.now()
    with recorded_transaction():
        over = Q(expire_date__lt=now) | Q(last_used_at__lt=now - settings.SESSION_IDLE)
        return Session.objects.filter(over).delete()[0]


def _lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _end_hashes(user: User, now: datetime) -> None:
    """Change the hash, so that a sign-in under way is void too."""
    user.sessions_ended_at = now
    user.save(update_fields=["sessions_ended_at"])

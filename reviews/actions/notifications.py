"""Telling people in the application: rows written with what they tell of, and marked once they are read."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from claims.models import Claim
from house.transactions import recorded_transaction
from reviews.models import Assessment, Assignment, Notification, NotificationKind
from reviews.queries import notifications_of


def notify(
    people: Iterable[User],
    kind: NotificationKind,
    claim: Claim,
    *,
    assignment: Assignment | None = None,
    assessment: Assessment | None = None,
    by: User | None = None,
    now: datetime,
) -> None:
    """Tell people of what somebody did; called in the transaction of the act. Nobody is told of their own acts."""
    Notification.objects.bulk_create(
        Notification(
            recipient=person, kind=kind, claim=claim, assignment=assignment, assessment=assessment, by=by, at=now
        )
        for person in people
        if by is None or person.pk != by.pk
    )


def mark_read(*, notification: Notification, by: User, now: datetime | None = None) -> Notification:
    """Say that one's own notification was read; read already, it stays as it is."""
    now = now or timezone.now()
    with recorded_transaction():
        row = Notification.objects.select_for_update(no_key=True).get(pk=notification.pk, recipient=by)
        if row.read_at is None:
            row.read_at = now
            row.save(update_fields=["read_at"])
    notification.read_at = row.read_at
    return notification


def mark_all_read(*, until: datetime | None = None, by: User, now: datetime | None = None) -> int:
    """Say that all one's notifications (those up to `until`) were read; how many were not before.

    `until` is when the newest of those was written that the person had before them.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = notifications_of(by).filter(read_at__isnull=True, at__lte=until or now)
        return Notification.objects.filter(pk__in=rows.values("pk")).update(read_at=now)

"""Notifications in the application: written with the change that causes them, and marked as read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from claims.models import Claim
from house.transactions import recorded_transaction
from reviews.models import Assessment, Assignment, Notification, NotificationKind
from reviews.queries import notifications_of


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event that people are notified about: its kind, the claim, and the assignment or assessment it concerns."""

    kind: NotificationKind
    claim: Claim
    assignment: Assignment | None = None
    assessment: Assessment | None = None


def notify(people: Iterable[User], occasion: Occasion, *, by: User | None = None, now: datetime) -> None:
    """Notify people of an event, in its transaction. The person acting is left out."""
    # Rows, in the transaction of the action: they also report what no mail could deliver (decision 32).
    Notification.objects.bulk_create(
        Notification(
            recipient=person,
            kind=occasion.kind,
            claim=occasion.claim,
            assignment=occasion.assignment,
            assessment=occasion.assessment,
            by=by,
            at=now,
        )
        for person in people
        if by is None or person.pk != by.pk
    )


def mark_read(*, notification: Notification, by: User, now: datetime | None = None) -> Notification:
    """Mark one's own notification as read; one that is already read does not change."""
    now = now or timezone.now()
    with recorded_transaction():
        # By id and recipient: another person's is not found.
        row = Notification.objects.select_for_update(no_key=True).get(pk=notification.pk, recipient=by)
        if row.read_at is None:
            row.read_at = now
            row.save(update_fields=["read_at"])
    notification.read_at = row.read_at
    return notification


def mark_all_read(*, until: datetime | None = None, by: User, now: datetime | None = None) -> int:
    """Mark all one's notifications (up to `until`) as read; returns how many were unread.

    `until`: when the newest notification that the person had on screen was written.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # Not later ones: they were not on the screen when the button was pressed (decision 32).
        rows = notifications_of(by).filter(read_at__isnull=True, at__lte=until or now)
        return Notification.objects.filter(pk__in=rows.values("pk")).update(read_at=now)

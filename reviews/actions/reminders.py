"""Reminders: planned as rows, leased when they are due, sent, and ended once.

Whatever dies in between, a row ends in exactly one state; a mail is doubled at most once for each killed worker,
since a lease that ran out is taken again and the mail keeps its Message-ID.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.queries import role_in
from accounts.transactions import act
from reviews.models import Assignment, Reminder, ReminderKind, ReminderState

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
DAYS_OVERDUE = 5  # an overdue assignment is recalled each day, this often
BATCH = 50


def plan_reminders(assignment: Assignment) -> None:
    """Write the rows of an assignment: one when it is due, then one each day, at most five."""
    moments = [(ReminderKind.DUE, assignment.due_at)]
    moments += [(ReminderKind.OVERDUE, assignment.due_at + timedelta(days=day)) for day in range(1, DAYS_OVERDUE + 1)]
    Reminder.objects.bulk_create(
        Reminder(assignment=assignment, recipient=assignment.reviewer, kind=kind, due_at=due_at)
        for kind, due_at in moments
    )


def cancel_reminders(assignment: Assignment, *, now: datetime) -> None:
    """End what is still to come of an assignment's reminders, also what a worker has taken and not sent."""
    Reminder.objects.filter(assignment=assignment, state=ReminderState.PENDING).update(
        state=ReminderState.CANCELLED, ended_at=now, lease_until=None
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """One reminder taken for a while: the row, and the attempt that this is."""

    id: UUID
    attempt: int


def lease_due_reminders(*, most: int = BATCH, now: datetime | None = None) -> list[Lease]:
    """Take what is due and not taken by a living worker, the longest due first, for `LEASE`.

    A row that was taken `MOST_ATTEMPTS` times, and whose worker died each time, fails instead.
    """
    now = now or timezone.now()
    with act():
        rows = list(
            Reminder.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(
                Q(lease_until__isnull=True) | Q(lease_until__lte=now),
                state=ReminderState.PENDING,
                due_at__lte=now,
            )
            .order_by("due_at", "id")[:most]
        )
        taken = [row for row in rows if row.attempt < MOST_ATTEMPTS]
        for row in taken:
            row.attempt, row.lease_until = row.attempt + 1, now + LEASE
        Reminder.objects.bulk_update(taken, ["attempt", "lease_until"])
        given_up = [row.pk for row in rows if row not in taken]
        Reminder.objects.filter(pk__in=given_up).update(
            state=ReminderState.FAILED, ended_at=now, lease_until=None, error="broken off"
        )
    return [Lease(row.pk, row.attempt) for row in taken]


def send_reminder(lease: Lease, *, now: datetime | None = None) -> ReminderState:
    """Look at a leased reminder's assignment again, tell the person if there is still reason to, and end the row.

    The mail goes out in no transaction. Where it cannot be sent the row waits for its next attempt, and fails after
    the last. Answers the state that the row has now.
    """
    now = now or timezone.now()
    row = Reminder.objects.select_related("assignment__claim__desk", "recipient").get(pk=lease.id)
    if row.state != ReminderState.PENDING or row.attempt != lease.attempt:
        return ReminderState(row.state)
    if not _has_reason(row, now):
        return _end(lease, ReminderState.CANCELLED, now)
    try:
        if row.recipient.email:
            _mail(row).send()
    except (OSError, ValueError) as error:  # smtplib's errors; an address that no mail can carry
        if lease.attempt < MOST_ATTEMPTS:
            return ReminderState.PENDING
        return _end(lease, ReminderState.FAILED, now, type(error).__name__)
    return _end(lease, ReminderState.SENT, now)


def _has_reason(row: Reminder, now: datetime) -> bool:
    """Whether the assignment is open, its reviewer still works on the desk, and no later reminder says the same."""
    later = Reminder.objects.filter(
        assignment=row.assignment,
        recipient=row.recipient,
        state=ReminderState.PENDING,
        due_at__lte=now,
        due_at__gt=row.due_at,
    )
    works_there = role_in(row.recipient, row.assignment.claim.desk_id) in (Role.REVIEWER, Role.EDITOR)
    return row.assignment.is_open and works_there and not later.exists()


def _end(lease: Lease, state: ReminderState, now: datetime, error: str = "") -> ReminderState:
    """End the row where this attempt is still its own; answers the state it has then."""
    own = Reminder.objects.filter(pk=lease.id, attempt=lease.attempt, state=ReminderState.PENDING)
    with act():
        own.update(state=state, ended_at=now, lease_until=None, error=error[:300])
    return ReminderState(Reminder.objects.values_list("state", flat=True).get(pk=lease.id))


def _mail(row: Reminder) -> EmailMessage:
    """The mail of a reminder. It names the claim by reference alone: a mailbox is no place for a desk's words."""
    person, claim = row.recipient, row.assignment.claim
    with translation.override(person.language), timezone.override(ZoneInfo(person.time_zone)):
        subject = {
            ReminderKind.DUE: _("%(reference)s is due now"),
            ReminderKind.OVERDUE: _("%(reference)s is overdue"),
        }[ReminderKind(row.kind)] % {"reference": claim.reference}
        body = render_to_string(
            "reviews/mail/reminder.txt",
            {
                "reminder": row,
                "claim": claim,
                "person": person,
                "address": f"{settings.PUBLIC_URL}/claims/{claim.reference}/",
            },
        )
    return EmailMessage(
        subject,
        body,
        to=[person.email],
        headers={
            "Message-ID": f"<reminder-{row.pk}@{urlsplit(settings.PUBLIC_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )

"""Reminders: leased when due, sent, and ended once.

Whatever fails in between, a row ends in exactly one state. A mail is doubled at most once for each killed worker, since
an expired lease is taken again and the mail keeps its Message-ID. A row for a role is replaced, in one transaction, by
a row for each person with the role: each of these is sent, or fails, separately.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from claims.verdicts.support import lock_claim
from house.leases import Lease, held_by_nobody, take
from house.transactions import recorded_transaction
from reviews.actions.mails import mail_of
from reviews.actions.notifications import Occasion, notify
from reviews.actions.planning import DAY, plan_decision
from reviews.actions.recipients import has_reason, people_for
from reviews.models import NotificationKind, Reminder, ReminderState

# Longer than a mail server may take to answer, so that a living worker keeps its row.
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
BATCH = 50


def lease_due_reminders(*, most: int = BATCH, now: datetime | None = None) -> list[Lease]:
    """Lease due reminders that no living worker has, the longest due first, for `LEASE`.

    A row taken `MOST_ATTEMPTS` times whose worker died each time fails instead.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = list(
            # SKIP LOCKED, so that workers do not wait for each other's rows (decision 7).
            Reminder.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(
                held_by_nobody(now),
                state=ReminderState.PENDING,
                due_at__lte=now,
            )
            .order_by("due_at", "id")[:most]
        )
        taken = [row for row in rows if row.attempt < MOST_ATTEMPTS]
        leases = [take(row, now, hold=LEASE) for row in taken]
        Reminder.objects.bulk_update(taken, ["attempt", "lease_until"])
        for row in rows:
            if row not in taken:
                _end(Lease(row.pk, row.attempt), ReminderState.FAILED, now, "broken off")
    return leases


def send_reminder(lease: Lease, *, now: datetime | None = None) -> ReminderState:
    """Check a leased reminder's subject again, mail the person if there is still a reason, and end the row.

    The mail is sent outside any transaction. If sending fails, the row waits for its next attempt, and fails after the
    last; the person is notified in the application in either case. Returns the row's state.
    """
    now = now or timezone.now()
    row = _read(lease.row)
    if row.state != ReminderState.PENDING or row.attempt != lease.attempt:
        return ReminderState(row.state)
    if row.recipient is None:
        return _replace_by_people(lease, now)
    # Asked last before sending: the work may have been done since the row was written.
    if not has_reason(row, now):
        return _end(lease, ReminderState.CANCELLED, now)
    try:
        if row.recipient.address_for_reminders:
            mail_of(row, row.recipient).send()
    # No second row: the lease runs out by itself, which is the wait between attempts.
    except (OSError, ValueError) as error:  # smtplib's errors; an address that no mail can carry
        if lease.attempt < MOST_ATTEMPTS:
            return ReminderState.PENDING
        return _end(lease, ReminderState.FAILED, now, type(error).__name__)
    return _end(lease, ReminderState.SENT, now)


def _read(pk: UUID) -> Reminder:
    related = ("claim__desk", "assignment__reviewer", "assessment__assessor", "recipient")
    return Reminder.objects.select_related(*related).get(pk=pk)


def _replace_by_people(lease: Lease, now: datetime) -> ReminderState:
    """Replace a row for a role by one for each person with the role, and plan the next daily one.

    The claim's row is locked first, as in every act that cancels reminders, so that none of the new rows is missed.
    """
    with recorded_transaction():
        lock_claim(_read(lease.row).claim)
        # The row as well: a worker whose lease expired would write the new rows again.
        Reminder.objects.select_for_update(no_key=True).get(pk=lease.row)
        row = _read(lease.row)
        if row.state != ReminderState.PENDING or row.attempt != lease.attempt:
            return ReminderState(row.state)
        if not has_reason(row, now):
            return _end(lease, ReminderState.CANCELLED, now)
        people = people_for(row)
        Reminder.objects.bulk_create(
            Reminder(
                claim=row.claim,
                assignment=row.assignment,
                assessment=row.assessment,
                recipient=person,
                kind=row.kind,
                due_at=row.due_at,
                created_at=now,
            )
            for person in people
        )
        if row.assessment is not None:
            days = max((now - row.due_at) // DAY, 0) + 1  # after a standstill the next one lies in the future
            plan_decision(row.assessment, due_at=row.due_at + days * DAY, now=now)
        if not people:
            return _end(lease, ReminderState.FAILED, now, "nobody to tell")
        return _end(lease, ReminderState.SENT, now)


def _end(lease: Lease, state: ReminderState, now: datetime, error: str = "") -> ReminderState:
    """End the row if this attempt still holds it; returns its state.

    The person is notified in the application in the same transaction, whether the mail was sent or failed.
    """
    own = Reminder.objects.filter(pk=lease.row, attempt=lease.attempt, state=ReminderState.PENDING)
    with recorded_transaction():
        ended = own.update(state=state, ended_at=now, lease_until=None, error=error[:300])
        row = _read(lease.row)
        if ended and row.recipient is not None and state in (ReminderState.SENT, ReminderState.FAILED):
            occasion = Occasion(NotificationKind(row.kind), row.claim, row.assignment, row.assessment)
            notify([row.recipient], occasion, now=now)
    return ReminderState(row.state)

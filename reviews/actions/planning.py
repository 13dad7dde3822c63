"""Planning reminders: rows written once their due time is known, and cancelled when their reason ends.

Called inside the transaction of the act, with the claim's row locked.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from claims.models import Claim, Task, TaskKind
from claims.verdicts.support import lock_claim
from house.transactions import recorded_transaction
from reviews.models import Assessment, AssessmentState, Assignment, Reminder, ReminderKind, ReminderState

logger = logging.getLogger(__name__)
DAY = timedelta(days=1)
LONGEST_NOTICE = timedelta(hours=24)
LONGEST_GRACE = timedelta(hours=48)
DAYS_OVERDUE = 5  # daily reminders of overdue work
MOST_CLAIMS = 100  # claims with tasks to look at in one tick


def plan_reminders(assignment: Assignment, *, now: datetime) -> None:
    """Write the reminders of an assignment that is new, or has a new due time: for its reviewer, and one for the
    editors.

    One comes before the due time, at the shorter of 24 hours and half the time given; one when it is due; then one a
    day, five times. The editors get theirs after it, at the shorter of 48 hours and the time given.
    """
    due_at, given = assignment.due_at, assignment.due_at - now
    reviewer = assignment.reviewer
    moments: list[tuple[ReminderKind, datetime, User | None]] = [
        # A day before work that is due in an hour would be past already.
        (ReminderKind.DUE_SOON, due_at - min(LONGEST_NOTICE, given / 2), reviewer),
        (ReminderKind.DUE, due_at, reviewer),
        # No recipient: the editors are those of that day (decision 23).
        (ReminderKind.ESCALATION, due_at + min(LONGEST_GRACE, given), None),
    ]
    moments += [(ReminderKind.OVERDUE, due_at + day * DAY, reviewer) for day in range(1, DAYS_OVERDUE + 1)]
    Reminder.objects.bulk_create(
        Reminder(
            claim_id=assignment.claim_id,
            assignment=assignment,
            recipient=recipient,
            kind=kind,
            due_at=moment,
            created_at=now,
        )
        for kind, moment, recipient in moments
    )


def plan_decision(assessment: Assessment, *, due_at: datetime, now: datetime) -> None:
    """Write the next reminder to the people who may decide on a waiting assessment: now, then daily."""
    Reminder.objects.create(
        claim_id=assessment.claim_id,
        assessment=assessment,
        kind=ReminderKind.AWAITING_DECISION,
        due_at=due_at,
        created_at=now,
    )


def plan_decisions_of(claim: Claim, *, now: datetime) -> None:
    """Plan reminders again for the waiting assessments of a reopened claim."""
    for assessment in Assessment.objects.filter(claim=claim, state=AssessmentState.WAITING).order_by("pk"):
        plan_decision(assessment, due_at=now, now=now)


def cancel_reminders(*, now: datetime, **subject: object) -> None:
    """Cancel the pending reminders of a subject (`assignment=`, `assessment=`, `claim=`, further conditions), including
    those a worker has taken and not sent."""
    # Not deleted: each reminder ends in exactly one state, which can be counted (decision 23).
    Reminder.objects.filter(state=ReminderState.PENDING, **subject).update(
        state=ReminderState.CANCELLED, ended_at=now, lease_until=None
    )


def follow_tasks(*, most: int = MOST_CLAIMS, now: datetime | None = None) -> int:
    """Bring reminders into line with tasks opened or ended since; returns the number of claims looked at.

    Repeatable: each claim is one transaction, and a task records whether this was done.
    """
    now = now or timezone.now()
    waiting = Task.objects.filter(reminders_follow=False).order_by("opened_at").values_list("claim_id", flat=True)
    # Tasks say themselves that they wait for this, because their room knows nothing of reminders (decision 23).
    claim_ids = list(dict.fromkeys(waiting[:most]))
    for claim_id in claim_ids:
        try:
            with recorded_transaction():
                _follow(lock_claim(Claim(pk=claim_id)), now)
        except DatabaseError:  # the others must not wait for this one; the next tick tries it again
            logger.exception("reminders of claim %s do not follow its tasks", claim_id)
    return len(claim_ids)


def _follow(claim: Claim, now: datetime) -> None:
    rows = list(Task.objects.filter(claim=claim, reminders_follow=False))
    for kind in dict.fromkeys(row.kind for row in rows):
        still_open = Task.objects.filter(claim=claim, kind=kind, ended_at__isnull=True)
        tasks = list(still_open) if claim.closed_at is None else []
        if not tasks:
            cancel_reminders(now=now, claim=claim, kind=kind)
            continue
        # Reminders already on their way are about an open task; only future ones are planned again.
        cancel_reminders(now=now, claim=claim, kind=kind, recipient__isnull=True)
        is_new = any(not task.reminders_follow for task in tasks)
        _plan_tasks(claim, TaskKind(kind), tasks, is_new=is_new, now=now)
    Task.objects.filter(pk__in=[row.pk for row in rows]).update(reminders_follow=True)


def _plan_tasks(claim: Claim, kind: TaskKind, tasks: Iterable[Task], *, is_new: bool, now: datetime) -> None:
    """Reminders at once for a new task, then when the first is due, and each day after that, five times."""
    due_at = min(task.due_at for task in tasks)
    moments = [due_at + day * DAY for day in range(DAYS_OVERDUE + 1)]
    # After an outage what is past is one reminder and not five.
    ahead = [moment for moment in moments if moment > now]
    Reminder.objects.bulk_create(
        Reminder(claim=claim, kind=ReminderKind(kind), due_at=moment, created_at=now)
        for moment in ([now, *ahead] if is_new else ahead)
    )

"""Tasks of this room: a tick of the beat finds the rows, and its message only wakes a worker."""

import logging
import time

from celery import shared_task

from reviews.actions.following import check_next, keep_next
from reviews.actions.form_drafts import forget_drafts
from reviews.actions.outcomes import forget_outcomes
from reviews.actions.planning import follow_tasks
from reviews.actions.reminders import lease_due_reminders, send_reminder

logger = logging.getLogger(__name__)
# Seconds in which to start another reminder: the last one has the rest of the task's time limit.
LONGEST_RUN = 15


@shared_task
def forget_old_outcomes() -> int:
    """Delete outcomes of idempotency keys older than a day; returns their number."""
    return forget_outcomes()


@shared_task
def follow_grounds() -> int:
    """Check grounds again after large changes, and keep those of older verdicts, one by one; returns their number."""
    done = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (check_next() or keep_next()):
        done += 1
    return done


@shared_task
def forget_old_drafts() -> int:
    """Delete drafts not saved for ninety days; returns their number."""
    return forget_drafts()


@shared_task
def send_due_reminders() -> int:
    """Send due reminders one by one; returns the number looked at. The next tick sends the rest.

    Each is leased when its turn comes: a slow mail server would let the last leases of a whole batch expire, and
    another worker send the same reminders.
    """
    follow_tasks()
    looked_at = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_due_reminders(most=1)):
        for lease in leases:
            state = send_reminder(lease)
            logger.info("reminder %s: %s at attempt %s", lease.row, state, lease.attempt)
        looked_at += len(leases)
    return looked_at

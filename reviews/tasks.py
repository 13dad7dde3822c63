"""Reminders: beat's tick finds the rows; a message carries nothing but the wake-up."""

import logging
import time

from celery import shared_task

from reviews.actions.following import check_next, keep_next
from reviews.actions.form_drafts import forget_drafts
from reviews.actions.outcomes import forget_outcomes
from reviews.actions.planning import follow_tasks
from reviews.actions.reminders import lease_due_reminders, send_reminder

logger = logging.getLogger(__name__)
# Seconds in which to begin with another reminder: the last one has the rest of the task's time limit.
LONGEST_RUN = 15


@shared_task
def forget_old_outcomes() -> int:
    """Forget what idempotency keys older than a day stand for; how many."""
    return forget_outcomes()


@shared_task
def follow_grounds() -> int:
    """Read grounds again after large changes, and keep those of before, one after the other; how many."""
    done = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (check_next() or keep_next()):
        done += 1
    return done


@shared_task
def forget_old_drafts() -> int:
    """Forget drafts that nobody went on with in ninety days; how many."""
    return forget_drafts()


@shared_task
def send_due_reminders() -> int:
    """Send what is due, one after the other; how many were looked at. What is left the next tick finds.

    Each is leased when its turn comes: of a whole batch, a slow mail server would let the last leases run out, and
    another worker send those at the same moment.
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

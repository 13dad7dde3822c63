"""Mails about accounts, and what was read: beat's tick finds the rows; a message carries nothing but the wake-up."""

import time

from celery import shared_task

from accounts.actions.mails import delete_old_mails, lease_mails, send_mail
from accounts.actions.reads import record_reads
from accounts.actions.sessions import forget_ended_sessions
from accounts.actions.sign_ins import forget_old_tries
from accounts.limits import forget_spent

# Seconds in which to begin with another mail: the last one has the rest of the task's time limit.
LONGEST_RUN = 15


@shared_task
def send_mails() -> int:
    """Send what waits, one after the other; how many were looked at. What is left the next tick finds."""
    looked_at = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_mails(most=1)):
        for lease in leases:
            send_mail(lease)
        looked_at += len(leases)
    return looked_at


@shared_task
def record_restricted_reads() -> int:
    """Write the reads of the last hour into the ledger; how many entries."""
    return record_reads()


@shared_task
def clear_old_mails() -> int:
    """Delete mails that ended long ago; how many."""
    return delete_old_mails()


@shared_task
def clear_ended_sessions() -> int:
    """Delete sessions whose time is over, and counts of wrong passwords of long ago; how many."""
    return forget_ended_sessions() + forget_old_tries()


@shared_task
def clear_spendings() -> int:
    """Delete what was counted for rate limits and is over; how many rows."""
    return forget_spent()

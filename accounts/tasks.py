"""Tasks for mails and recorded reads: beat's tick finds the rows; a message is only a wake-up."""

import time

from celery import shared_task

from accounts.actions.mails import delete_old_mails, lease_mails, send_mail
from accounts.actions.reads import record_reads
from accounts.actions.sessions import forget_ended_sessions
from accounts.actions.sign_ins import forget_old_tries
from accounts.limits import forget_spent

# Seconds in which to begin another mail; the last one gets the rest of the time limit.
LONGEST_RUN = 15


@shared_task
def send_mails() -> int:
    """Send waiting mails one by one; returns how many. The next tick finds the rest."""
    looked_at = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_mails(most=1)):
        for lease in leases:
            send_mail(lease)
        looked_at += len(leases)
    return looked_at


@shared_task
def record_restricted_reads() -> int:
    """Record the last hour's reads in the ledger; returns how many entries."""
    return record_reads()


@shared_task
def clear_old_mails() -> int:
    """Delete mails that ended long ago; returns how many."""
    return delete_old_mails()


@shared_task
def clear_ended_sessions() -> int:
    """Delete expired sessions and old counts of wrong passwords; returns how many."""
    return forget_ended_sessions() + forget_old_tries()


@shared_task
def clear_spendings() -> int:
    """Delete expired rate-limit counts; returns how many rows."""
    return forget_spent()

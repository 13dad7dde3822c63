"""Reminders: beat's tick finds the rows; a message carries nothing but the wake-up."""

import logging

from celery import shared_task

from reviews.actions.reminders import lease_due_reminders, send_reminder

logger = logging.getLogger(__name__)


@shared_task
def send_due_reminders() -> int:
    """Send every reminder that is due; how many were looked at."""
    looked_at = 0
    while leases := lease_due_reminders():
        for lease in leases:
            state = send_reminder(lease)
            logger.info("reminder %s: %s at attempt %s", lease.id, state, lease.attempt)
        looked_at += len(leases)
    return looked_at

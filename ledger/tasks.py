"""Scheduled tasks for anchors and time stamps."""

from celery import shared_task

from ledger import anchoring, stamping


@shared_task
def anchor_checkpoints_task() -> int:
    """Send the anchors that are due. Returns how many."""
    return anchoring.anchor_checkpoints()


@shared_task
def stamp_checkpoints_task() -> int:
    """Have each day's checkpoint stamped. Returns the number of time stamps received."""
    return stamping.stamp_checkpoints()

"""The schedule of anchors and time stamps."""

from celery import shared_task

from ledger import anchoring, stamping


@shared_task
def anchor_checkpoints_task() -> int:
    """Anchor what is due; how many left the house."""
    return anchoring.anchor_checkpoints()


@shared_task
def stamp_checkpoints_task() -> int:
    """Have each day's checkpoint stamped; how many time stamps came."""
    return stamping.stamp_checkpoints()

"""The schedule of anchors."""

from celery import shared_task

from ledger import anchoring


@shared_task
def anchor_checkpoints() -> int:
    """Anchor what is due; how many left the house."""
    return anchoring.anchor_checkpoints()

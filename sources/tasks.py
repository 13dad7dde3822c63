"""Tasks that capture addresses and clear files.

Captures run on a queue of their own, so that slow servers never delay reminders.
"""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from sources.actions import lease_captures, run_capture
from sources.chosen import forget_chosen
from sources.erasing import delete_asked
from sources.evidence_storage import delete_incoming_older_than


@shared_task
def run_due_captures() -> int:
    """Run waiting captures, one after the other, until none is left. Returns how many."""
    done = 0
    while leases := lease_captures(most=1):
        for lease in leases:
            run_capture(lease)
            done += 1
    return done


@shared_task
def clear_incoming() -> int:
    """Delete temporary files of interrupted writers, a day old or older. Returns how many."""
    return delete_incoming_older_than(timedelta(days=1), timezone.now())


@shared_task
def delete_erased_files() -> int:
    """Delete the files that no row names any more. Returns how many."""
    return delete_asked()


@shared_task
def forget_old_chosen_files() -> int:
    """Drop files chosen in forms that were abandoned. Returns how many."""
    return forget_chosen()

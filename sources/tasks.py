"""Captures: beat's tick finds the rows. On a queue of its own, so that no reminder waits behind a slow server."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from sources.actions import lease_captures, run_capture
from sources.chosen import forget_chosen
from sources.erasing import delete_asked
from sources.evidence_storage import delete_incoming_older_than


@shared_task
def run_due_captures() -> int:
    """Run captures that wait, one after the other, until none is left; how many were run."""
    done = 0
    while leases := lease_captures(most=1):
        for lease in leases:
            run_capture(lease)
            done += 1
    return done


@shared_task
def clear_incoming() -> int:
    """Delete what writers of files that died have left behind, a day old or older; how many files."""
    return delete_incoming_older_than(timedelta(days=1), timezone.now())


@shared_task
def delete_erased_files() -> int:
    """Delete the files that nothing names any more; how many."""
    return delete_asked()


@shared_task
def forget_old_chosen_files() -> int:
    """Let go of files that were chosen in forms which nobody came back to; how many."""
    return forget_chosen()

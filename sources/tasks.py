"""Captures: beat's tick finds the rows. On a queue of its own, so that no reminder waits behind a slow server."""

from celery import shared_task

from sources.actions import lease_captures, run_capture


@shared_task
def run_due_captures() -> int:
    """Run captures that wait, one after the other, until none is left; how many were run."""
    done = 0
    while leases := lease_captures(most=1):
        for lease in leases:
            run_capture(lease)
            done += 1
    return done

"""Recomputation: beat's tick finds the claims whose numbers a large change left for later."""

import logging
import time

from celery import shared_task

from claims.actions.recomputing import lease_recomputations, recompute_leased

logger = logging.getLogger(__name__)
# Seconds in which to begin with another claim: the last one has the rest of the task's time limit, and whatever else
# waits for this worker is not held up for long.
LONGEST_RUN = 10


@shared_task
def recompute_claims() -> int:
    """Recompute claims that wait, one after the other; how many. What is left the next tick finds."""
    done = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_recomputations()):
        for lease in leases:
            recompute_leased(lease)
            done += 1
    if done:
        logger.info("claims recomputed: %s", done)
    return done

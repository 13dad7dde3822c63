"""Periodic tasks: recompute claims after large changes, make evidence bundles, and delete old bundles."""

import logging
import time

from celery import shared_task
from django.utils import timezone

from claims.actions.bundles import forget_after_a_day, lease_bundles, make_leased
from claims.actions.recomputing import lease_recomputations, recompute_leased

logger = logging.getLogger(__name__)
# Seconds within which a task may begin another claim or bundle. The last one has the rest of the task's time limit, and
# the worker is soon free for other work.
# waits for this worker is not held up for long.
LONGEST_RUN = 10


@shared_task
def recompute_claims() -> int:
    """Recompute waiting claims one by one. Returns how many; the next tick takes the rest."""
    done = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_recomputations()):
        for lease in leases:
            recompute_leased(lease)
            done += 1
    if done:
        logger.info("claims recomputed: %s", done)
    return done


@shared_task
def make_bundles() -> int:
    """Continue the evidence bundles that are still to be made, one by one.

    Returns how many; the next tick continues.
    """
    begun = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_bundles()):
        for lease in leases:
            make_leased(lease, until=end)
            begun += 1
    return begun


@shared_task
def forget_old_bundles_task() -> int:
    """Delete evidence bundles a day after the request. Returns how many."""
    return forget_after_a_day(now=timezone.now())

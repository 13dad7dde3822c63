"""Beat's ticks find the claims whose numbers a large change left for later, and the bundles that are to be made."""

import logging
import time

from celery import shared_task
from django.utils import timezone

from claims.actions.bundles import forget_after_a_day, lease_bundles, make_leased
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


@shared_task
def make_bundles() -> int:
    """Go on with evidence bundles that are to be made, one after the other; on how many. The next tick goes on."""
    begun = 0
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (leases := lease_bundles()):
        for lease in leases:
            make_leased(lease, until=end)
            begun += 1
    return begun


@shared_task
def forget_old_bundles_task() -> int:
    """Forget evidence bundles a day after they were asked for; how many."""
    return forget_after_a_day(now=timezone.now())

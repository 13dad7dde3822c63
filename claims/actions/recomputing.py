"""Recomputing claims after a change that affects very many (claims.verdicts.support.recompute).

Each claim has a row, which a worker leases and deletes in the transaction that recomputes the claim. A failed worker
leaves the row for the next one, and recomputing a claim twice does no harm.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from claims.models import Claim, Recomputation
from claims.verdicts.support import counts_outside, lock_claim, lock_graph, recompute_claim
from house.leases import Lease, held_by_nobody
from house.transactions import recorded_transaction

LEASE = timedelta(minutes=2)


def lease_recomputations(*, most: int = 1, now: datetime | None = None) -> list[Lease]:
    """Lease the longest waiting claims that no running worker holds, for `LEASE`.

    A claim that keeps failing is retried less and less often but never dropped, since its numbers are wrong.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = list(
            Recomputation.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(held_by_nobody(now))
            .order_by("asked_at", "claim")[:most]
        )
        for row in rows:
            # So that a claim that always fails is tried every three hours or so, and not once a year.
            row.attempt = min(row.attempt + 1, 100)
            row.lease_until = now + row.attempt * LEASE
        Recomputation.objects.bulk_update(rows, ["attempt", "lease_until"])
    return [Lease(row.pk, row.attempt) for row in rows]


@counts_outside
def recompute_leased(lease: Lease, *, now: datetime | None = None) -> None:
    """Recompute one leased claim and delete its row, in one transaction; does nothing where another worker was faster.

    The graph's lock is shared: no change of support is missed, and several claims are recomputed concurrently.
    """
    now = now or timezone.now()
    desk_id = Claim.objects.values_list("desk_id", flat=True).get(pk=lease.row)
    with recorded_transaction():
        # Changes hold it alone: the graph that is read here includes all that were made before (decision 30).
        lock_graph(desk_id, shared=True)
        claim = lock_claim(Claim(pk=lease.row))
        # By the attempt: only the last worker that leased it has something to do.
        done, _rows = Recomputation.objects.filter(claim=claim, attempt=lease.attempt).delete()
        if done:
            recompute_claim(claim, now=now)

"""Bringing the numbers of claims up to date after a change on which very many rest (claims.verdicts.support.recompute).

A row a claim, leased when its turn comes, taken away in the transaction that recomputes the claim: whatever dies in
between, the row is found again, and to recompute a claim twice does no harm.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from claims.models import Claim, Recomputation
from claims.verdicts.support import counts_outside, lock_claim, lock_graph, recompute_claim
from house.leases import Lease, held_by_nobody
from house.transactions import recorded_transaction

LEASE = timedelta(minutes=2)


def lease_recomputations(*, most: int = 1, now: datetime | None = None) -> list[Lease]:
    """Take claims that wait and that no living worker has, the longest waiting first, for `LEASE`.

    One that fails again and again is taken less and less often, and never given up: its numbers are not right.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = list(
            Recomputation.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(held_by_nobody(now))
            .order_by("asked_at", "claim")[:most]
        )
        for row in rows:
            row.attempt = min(row.attempt + 1, 100)
            row.lease_until = now + row.attempt * LEASE
        Recomputation.objects.bulk_update(rows, ["attempt", "lease_until"])
    return [Lease(row.pk, row.attempt) for row in rows]


@counts_outside
def recompute_leased(lease: Lease, *, now: datetime | None = None) -> None:
    """Recompute one leased claim and take its row away, in one transaction. Does nothing where somebody was faster.

    The graph is held shared: no change of support passes unseen, and several claims are recomputed at once.
    """
    now = now or timezone.now()
    desk_id = Claim.objects.values_list("desk_id", flat=True).get(pk=lease.row)
    with recorded_transaction():
        lock_graph(desk_id, shared=True)
        claim = lock_claim(Claim(pk=lease.row))
        done, _rows = Recomputation.objects.filter(claim=claim, attempt=lease.attempt).delete()
        if done:
            recompute_claim(claim, now=now)

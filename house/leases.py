"""Leases: a worker holds a row for a limited time, so that another can take it if the worker dies.

The model has `attempt` and `lease_until`. A worker writes only while the attempt is still its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db.models import Q


class Leasable(Protocol):
    """A row that workers can take."""

    pk: UUID
    attempt: int
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A leased row: its primary key and the number of the attempt."""

    row: UUID
    attempt: int


def held_by_nobody(now: datetime) -> Q:
    """Return the condition for rows without a valid lease."""
    # By time alone: whether a worker that died still holds it cannot be asked (decision 7).
    return Q(lease_until__isnull=True) | Q(lease_until__lte=now)


def held_by_nobody_sql(table: str) -> str:
    """`held_by_nobody` as SQL, for a row of `table` or of its alias; the moment is the value `now`."""
    return f"({table}.lease_until IS NULL OR {table}.lease_until <= %(now)s)"


def take(row: Leasable, now: datetime, *, hold: timedelta) -> Lease:
    """Hold a locked row until `now + hold`. The caller saves `attempt` and `lease_until`."""
    # The number grows with each lease, so that a worker thought dead finds that the row is no longer its own.
    row.attempt, row.lease_until = row.attempt + 1, now + hold
    return Lease(row.pk, row.attempt)

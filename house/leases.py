"""Leases: how a worker holds a row for a time, so that another takes it when the worker has died.

The model has `attempt` and `lease_until`. A worker writes only where the attempt is still its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db.models import Q


class Leasable(Protocol):
    """A row that workers take."""

    pk: UUID
    attempt: int
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A row held for a time: its primary key, and the number of the attempt."""

    row: UUID
    attempt: int


def held_by_nobody(now: datetime) -> Q:
    """The rows that no living worker holds."""
    return Q(lease_until__isnull=True) | Q(lease_until__lte=now)


def take(row: Leasable, now: datetime, *, hold: timedelta) -> Lease:
    """Hold a locked row until `now + hold`. The caller saves `attempt` and `lease_until`."""
    row.attempt, row.lease_until = row.attempt + 1, now + hold
    return Lease(row.pk, row.attempt)

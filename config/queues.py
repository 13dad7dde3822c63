"""Numbers about the work that waits as rows, for `/metrics`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from accounts.models import Mail
from claims.models import Recomputation
from reviews.models import Reminder
from sources.models import Capture


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """Rows of `model` that a worker takes once the time in `due` has come.

    `states`: whether rows stay, with a state, after the work is done. `gives_up`: whether attempts are limited.
    """

    name: str
    model: type[Any]
    due: str
    states: bool = True
    gives_up: bool = True

    def numbers(self, now: datetime) -> dict[str, float]:
        """Return `waiting`, `oldest_seconds` (0: none waits), `retried`, and `failed_in_a_day` if work is given up."""
        rows = self.model.objects.filter(**{f"{self.due}__lte": now})
        if self.states:
            rows = rows.filter(state="pending")
        found = rows.aggregate(waiting=Count("pk"), oldest=Min(self.due), retried=Count("pk", filter=Q(attempt__gt=1)))
        oldest = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
        numbers = {"waiting": found["waiting"], "oldest_seconds": oldest, "retried": found["retried"]}
        if self.gives_up:
            since = now - timedelta(days=1)
            numbers["failed_in_a_day"] = self.model.objects.filter(state="failed", ended_at__gt=since).count()
        return numbers


QUEUES = (
    WorkQueue("reminders", Reminder, "due_at"),
    WorkQueue("mails", Mail, "created_at"),
    WorkQueue("captures", Capture, "requested_at", gives_up=False),
    WorkQueue("recomputations", Recomputation, "asked_at", states=False, gives_up=False),
)

"""Opening and ending re-checks, inside the transaction of the change that causes them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from claims.models import Claim, Evidence, Task, TaskKind


def open_support_task(claim: Claim, *, now: datetime) -> None:
    """Open the re-check of a locked claim that lost its support, due after the desk's period. Needs the desk loaded."""
    # A time limit, so that a verdict without support does not stay as it is unnoticed.
    due_at = now + timedelta(days=claim.desk.days_to_look_again)
    Task.objects.create(claim=claim, kind=TaskKind.SUPPORT_LOST, opened_at=now, due_at=due_at)


def open_grounds_task(claim: Claim, *, now: datetime) -> None:
    """Open the re-check of a locked claim's changed grounds, due like lost support. Needs the desk loaded."""
    due_at = now + timedelta(days=claim.desk.days_to_look_again)
    Task.objects.create(claim=claim, kind=TaskKind.GROUNDS_CHANGED, opened_at=now, due_at=due_at)


def open_rechecks(excerpts: Iterable[Evidence], *, days: int, now: datetime) -> None:
    """Open a re-check of each of these excerpts, due in so many days; an open one stays as it is.

    One statement for any number of claims, without locking any: `Task.reminders_follow` marks tasks whose reminders are
    still to be planned.
    """
    due_at = now + timedelta(days=days)
    tasks = [
        Task(claim_id=item.claim_id, kind=TaskKind.RECHECK, evidence=item, opened_at=now, due_at=due_at)
        for item in excerpts
    ]
    # A second correction finds the open re-check there, which then covers both.
    Task.objects.bulk_create(tasks, ignore_conflicts=True, batch_size=5000)


def end_tasks(*, by: User | None = None, note: str = "", now: datetime, **which: object) -> int:
    """End the open re-checks of `which`. Returns how many. `by` is None where a recomputation ended them."""
    rows = Task.objects.filter(ended_at__isnull=True, **which)
    # The mark is taken off, and the tick then cancels the reminders (decision 23).
    return rows.update(ended_at=now, ended_by=by, note=note, reminders_follow=False)

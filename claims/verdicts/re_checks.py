"""Opening and ending what somebody has to look at again, inside the transaction of the change that calls for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from claims.models import Claim, Evidence, Task, TaskKind


def open_support_task(claim: Claim, *, now: datetime) -> None:
    """A locked claim has lost its support: due after the days that its desk gives. Needs the desk loaded."""
    due_at = now + timedelta(days=claim.desk.days_to_look_again)
    Task.objects.create(claim=claim, kind=TaskKind.SUPPORT_LOST, opened_at=now, due_at=due_at)


def open_grounds_task(claim: Claim, *, now: datetime) -> None:
    """What a locked claim's verdict rests on has changed: due as lost support is. Needs the desk loaded."""
    due_at = now + timedelta(days=claim.desk.days_to_look_again)
    Task.objects.create(claim=claim, kind=TaskKind.GROUNDS_CHANGED, opened_at=now, due_at=due_at)


def open_rechecks(excerpts: Iterable[Evidence], *, days: int, now: datetime) -> None:
    """Each of these excerpts is to be looked at again within so many days; a task that is open already stays as it is.

    One statement for any number of claims. None is locked: a task that nobody planned reminders for says so itself.
    """
    due_at = now + timedelta(days=days)
    tasks = [
        Task(claim_id=item.claim_id, kind=TaskKind.RECHECK, evidence=item, opened_at=now, due_at=due_at)
        for item in excerpts
    ]
    Task.objects.bulk_create(tasks, ignore_conflicts=True, batch_size=5000)


def end_tasks(*, by: User | None = None, note: str = "", now: datetime, **which: object) -> int:
    """End the open ones of the tasks that `which` names; how many. `by` is nobody where the figures ended it."""
    rows = Task.objects.filter(ended_at__isnull=True, **which)
    return rows.update(ended_at=now, ended_by=by, note=note, reminders_follow=False)

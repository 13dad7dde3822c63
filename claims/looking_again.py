"""Opening and ending what somebody has to look at again. Called inside the change's transaction, the claim locked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from claims.models import Claim, Evidence, Task, TaskKind


def open_task(claim: Claim, kind: TaskKind, *, evidence: Evidence | None = None, now: datetime) -> None:
    """Open a task that is due after the days that the desk gives for it. Needs the claim's desk loaded."""
    due_at = now + timedelta(days=claim.desk.days_to_look_again)
    Task.objects.create(claim=claim, kind=kind, evidence=evidence, opened_at=now, due_at=due_at)


def open_rechecks(claim: Claim, items: Iterable[Evidence], *, now: datetime) -> None:
    """Open a task for each excerpt; where one is open already it is kept, with its due time."""
    present = set(Task.objects.filter(claim=claim, ended_at__isnull=True).values_list("evidence_id", flat=True))
    for item in items:
        if item.pk not in present:
            open_task(claim, TaskKind.RECHECK, evidence=item, now=now)


def end_tasks(*, by: User | None = None, note: str = "", now: datetime, **which: object) -> int:
    """End the open ones of the tasks that `which` names; how many. `by` is nobody where the figures ended it."""
    rows = Task.objects.filter(ended_at__isnull=True, **which)
    return rows.update(ended_at=now, ended_by=by, note=note, reminders_follow=False)

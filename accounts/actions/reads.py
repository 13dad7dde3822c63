"""What was taken away is recorded: by whom, what, when. Nothing of it is told to others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.records import record_act
from accounts.transactions import act


def note_export(*, by: User, what: Mapping[str, Any], now: datetime | None = None) -> None:
    """Record that somebody takes records away; `what` says which, as canonical JSON can."""
    now = now or timezone.now()
    with act():
        record_act(
            about=f"reads:{by.pk}:{now.date().isoformat()}",
            kind="exported",
            desk=None,
            by=by,
            now=now,
            body={},
            committed={"what": dict(what)},
        )

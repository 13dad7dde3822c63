"""What was taken away, and who was shown what is restricted, is recorded: by whom, what, when.

Nothing of it is told to others.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection
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


def note_reads(*, by: User, subjects: Mapping[str, UUID], now: datetime | None = None) -> None:
    """Record that somebody is shown restricted material: `subjects`, such as `source:<uuid>`, with the desk of each.

    One act for each desk, of what was not recorded for this person on this day (UTC); for nothing new, none.
    """
    now = now or timezone.now()
    with act():
        new = _not_yet(by, now, sorted(subjects))
        of_a_desk = sorted((subjects[subject], subject) for subject in new)
        for desk, group in groupby(of_a_desk, key=lambda pair: pair[0]):
            what = [dict(zip(("sort", "id"), subject.split(":"), strict=True)) for _desk, subject in group]
            record_act(
                about=f"reads:{by.pk}:{now.date().isoformat()}",
                kind="restricted_read",
                desk=desk,
                by=by,
                now=now,
                body={},
                committed={"what": what},
                sealed=True,
            )


def _not_yet(by: User, now: datetime, subjects: list[str]) -> list[str]:
    """Of these, in their order, what nobody else writes down now or did: each is given to one request alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_restrictedread (user_id, day, subject)"
            " SELECT %s, %s, one FROM unnest(%s::text[]) AS one ON CONFLICT DO NOTHING RETURNING subject",
            [by.pk, now.date(), subjects],
        )
        return [subject for (subject,) in cursor.fetchall()]

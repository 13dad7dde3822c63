"""Exports and reads of restricted material, recorded with person, subject and time; others do not see them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.ledger_entries import EntryFields, read_said, record_act
from accounts.models import Desk, ReadsOfDesk, RestrictedRead, User
from house.transactions import recorded_transaction

HOUR = timedelta(hours=1)
MOST_HOURS = 48  # for each desk in one run


def note_export(*, by: User, what: Mapping[str, Any], now: datetime | None = None) -> None:
    """Record an export by a person; `what` describes it as canonical JSON."""
    now = now or timezone.now()
    with recorded_transaction():
        record_act(
            about=f"reads:{by.pk}:{now.date().isoformat()}",
            kind="exported",
            desk=None,
            by=by,
            now=now,
            entry=EntryFields(
                body={},
                committed={"what": dict(what)},
            ),
        )


def note_reads(*, by: User, subjects: Mapping[str, UUID], now: datetime | None = None) -> None:
    """Note that a person was shown restricted `subjects` (such as `source:<uuid>`), with the desk of each.

    Kept once for each person, day (UTC) and subject; `record_reads` adds it to the ledger with the next full hour.
    """
    now = now or timezone.now()
    in_order = sorted(subjects.items())
    with recorded_transaction(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_restrictedread (user_id, day, at, subject, desk_id)"
            " SELECT %s, %s, %s, * FROM unnest(%s::text[], %s::uuid[]) ON CONFLICT DO NOTHING",
            [by.pk, now.date(), now, [subject for subject, _desk in in_order], [desk for _subject, desk in in_order]],
        )


def record_reads(*, now: datetime | None = None) -> int:
    """Record each desk's reads up to the last full hour; returns the number of entries.

    Each desk and hour gets one sealed entry, even without reads: neither the number nor the time of entries may reveal
    restricted material. Missed hours are made up, `MOST_HOURS` of a desk at a time.
    """
    now = now or timezone.now()
    end = now.replace(minute=0, second=0, microsecond=0)
    with recorded_transaction():
        desks = Desk.objects.order_by("pk").values_list("pk", flat=True)
        ReadsOfDesk.objects.bulk_create([ReadsOfDesk(desk_id=pk, until=end) for pk in desks], ignore_conflicts=True)
        behind = ReadsOfDesk.objects.select_for_update(of=("self",), no_key=True).filter(until__lt=end)
        return sum(_record_hours(row, end, now=now) for row in behind.order_by("desk__prefix"))


def _record_hours(row: ReadsOfDesk, end: datetime, *, now: datetime) -> int:
    hours = min(int((end - row.until) / HOUR), MOST_HOURS)
    for _hour in range(hours):
        row.until += HOUR
        waiting = RestrictedRead.objects.filter(desk=row.desk_id, entry__isnull=True, at__lt=row.until)
        reads = list(waiting.select_for_update(of=("self",), no_key=True).select_related("user").order_by("at", "pk"))
        recorded = record_act(
            about=f"reads:{row.desk_id}",
            kind="restricted_read",
            desk=row.desk_id,
            by=None,
            now=now,
            entry=EntryFields(
                body={},
                committed={"what": [read_said(read) for read in reads]},
                sealed=True,
            ),
        )
        RestrictedRead.objects.filter(pk__in=[read.pk for read in reads]).update(entry=recorded.id)
    row.save(update_fields=["until"])
    return hours

"""That restricted material was read is recorded once, and costs nothing where nothing is restricted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from django.db import connection

from accounts.actions.reads import note_reads, record_reads
from accounts.models import Act, RestrictedRead
from claims.record.reads import note_shown
from ledger.models import Entry
from ledger.reading import openings_of
from sources.models import Source
from tests import factories

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_what_is_open_asks_the_database_nothing(django_assert_num_queries: "DjangoAssertNumQueries") -> None:
    cast = factories.cast()
    claim = factories.claim(cast, "A ship unloaded at night.")
    rows = [item.source for item in factories.firsthand(cast, claim, 2)]
    with django_assert_num_queries(0):
        note_shown(cast.editor, rows)


@pytest.mark.django_db
def test_what_was_recorded_today_costs_one_statement(django_assert_num_queries: "DjangoAssertNumQueries") -> None:
    cast = factories.cast()
    rows = [factories.source(cast, f"A whisper {number}", visibility="restricted") for number in range(5)]
    note_shown(cast.editor, rows)
    with django_assert_num_queries(1):
        note_shown(cast.editor, [*rows, rows[0]])
    assert RestrictedRead.objects.count() == 5


def acts() -> dict[UUID | None, list[list[tuple[str, str]]]]:
    """What the entries of each desk say that was read, by whom, oldest first."""
    found: dict[UUID | None, list[list[tuple[str, str]]]] = {}
    for act in Act.objects.filter(kind="restricted_read").order_by("entry"):
        what = openings_of([act.entry_id])[act.entry_id]["content/what"].value
        found.setdefault(act.desk_id, []).append([(one["by"]["name"], f"{one['sort']}:{one['id']}") for one in what])
    return found


@pytest.mark.django_db
def test_with_each_full_hour_each_desk_has_one_entry_whatever_was_read() -> None:
    cast = factories.cast()
    record_reads(now=NOON)
    assert acts() == {}
    note_reads(by=cast.editor, subjects={"source:1": cast.desk.pk, "source:3": cast.desk.pk}, now=NOON)
    record_reads(now=NOON + timedelta(minutes=59))
    assert acts() == {}
    record_reads(now=NOON + timedelta(minutes=60))
    record_reads(now=NOON + timedelta(minutes=61))
    assert acts() == {
        cast.desk.pk: [[("editor", "source:1"), ("editor", "source:3")]],
        cast.other_desk.pk: [[]],
    }


@pytest.mark.django_db
def test_hours_that_were_missed_are_made_up_for_and_nothing_is_said_twice() -> None:
    cast = factories.cast()
    record_reads(now=NOON)
    note_reads(by=cast.editor, subjects={"source:1": cast.desk.pk}, now=NOON + timedelta(minutes=90))
    assert record_reads(now=NOON + timedelta(hours=3)) == 6
    assert acts() == {cast.desk.pk: [[], [("editor", "source:1")], []], cast.other_desk.pk: [[], [], []]}
    assert record_reads(now=NOON + timedelta(days=30)) == 2 * 48


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_leave_one_row() -> None:
    cast = factories.cast()
    source = factories.source(cast, "A whisper", visibility="restricted")
    before = Entry.objects.count()

    def read(_number: int) -> None:
        note_shown(cast.editor, [Source.objects.get(pk=source.pk)])
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(24)))
    assert (RestrictedRead.objects.count(), Entry.objects.count() - before) == (1, 0)

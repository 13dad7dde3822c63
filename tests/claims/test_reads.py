"""That restricted material was read is recorded once, and costs nothing where nothing is restricted."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from accounts.actions.reads import note_reads
from accounts.models import Act
from claims.actions.reads import note_shown
from ledger.models import Entry
from sources.models import Source
from tests import factories

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries


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
    assert Act.objects.filter(kind="restricted_read").count() == 1


@pytest.mark.django_db
def test_of_each_desk_there_is_an_act() -> None:
    cast = factories.cast()
    subjects = {"source:1": cast.desk.pk, "source:2": cast.other_desk.pk, "source:3": cast.desk.pk}
    note_reads(by=cast.editor, subjects=subjects)
    assert set(Act.objects.filter(kind="restricted_read").values_list("desk", flat=True)) == {
        cast.desk.pk,
        cast.other_desk.pk,
    }
    assert Act.objects.filter(kind="restricted_read").count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_record_one_act() -> None:
    cast = factories.cast()
    source = factories.source(cast, "A whisper", visibility="restricted")
    before = Entry.objects.count()

    def read(_number: int) -> None:
        note_shown(cast.editor, [Source.objects.get(pk=source.pk)])
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(24)))
    assert (Act.objects.filter(kind="restricted_read").count(), Entry.objects.count() - before) == (1, 1)

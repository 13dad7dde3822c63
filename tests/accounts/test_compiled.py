"""Queries that are compiled once: the rows are those of the values given, whoever compiled them."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.compiled import compiled
from accounts.models import Desk, Membership, User
from tests import factories


@compiled(User, str)
def _of(user: User, role: str) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user, role=role).select_related("desk")


@compiled(UUID)
def _locked(desk_id: UUID) -> QuerySet[Desk]:
    return Desk.objects.select_for_update().filter(pk=desk_id)


@pytest.mark.django_db
def test_each_call_asks_for_its_own_values_in_the_same_words() -> None:
    cast = factories.cast()
    with CaptureQueriesContext(connection) as asked:
        found = [[row.desk.name for row in _of(person, "editor")] for person in (cast.editor, cast.stranger)]
    assert (found, _of(cast.editor, "reviewer")) == ([["Ukraine desk"], ["Other desk"]], [])
    people = (cast.editor, cast.stranger)
    mine, theirs = (query["sql"].replace(person.pk.hex, "") for query, person in zip(asked, people, strict=True))
    assert mine == theirs


@pytest.mark.django_db(transaction=True)
def test_what_one_thread_compiled_another_asks_over_its_own_connection() -> None:
    cast = factories.cast()

    def desks(person: User) -> list[str]:
        try:
            return [row.desk.prefix for row in _of(person, "editor")]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(desks, [cast.editor, cast.stranger] * 8)) == [["UKR"], ["OTH"]] * 8


@pytest.mark.django_db
def test_a_query_that_does_not_ask_for_a_value_as_it_is_is_refused() -> None:
    @compiled(str)
    def shouted(name: str) -> QuerySet[Desk]:
        return Desk.objects.filter(name=name.upper())

    with pytest.raises(ValueError, match="shouted does not ask for each of its values as it is"):
        shouted("Ukraine desk")


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_only_also_once_the_query_is_compiled() -> None:
    with transaction.atomic():
        assert _locked(uuid4()) == []
    with pytest.raises(TransactionManagementError):
        _locked(uuid4())

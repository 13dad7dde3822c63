"""Queries composed once: the same rows as the QuerySet, for each call's own values."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext

from accounts.models import Desk, Membership, User
from claims.models import Claim, Grounds
from house.kept_queries import columns_of, kept_rows, kept_values
from sources.models import Actor
from tests import factories


@kept_rows(User, str, columns=["id", "role", "desk", "desk__id", "desk__name", "is_first"])
def _memberships(user: User, role: str) -> QuerySet[Membership]:
    earlier = Membership.objects.filter(desk=OuterRef("desk"), created_at__lt=OuterRef("created_at"))
    return Membership.objects.filter(user=user, role=role).annotate(is_first=~Exists(earlier)).order_by("id")


@kept_values(User)
def _desks(user: User) -> QuerySet[Membership, str]:
    return Membership.objects.filter(user=user).values_list("desk__prefix", flat=True)


@pytest.mark.django_db
def test_each_call_gets_the_rows_of_its_own_values() -> None:
    cast = factories.cast()
    found = [[row.desk.name for row in _memberships(person, "editor")] for person in (cast.editor, cast.stranger)]
    assert (found, _memberships(cast.editor, "reviewer")) == ([["Ukraine desk"], ["Other desk"]], [])


@pytest.mark.django_db
def test_the_rows_are_those_of_the_queryset() -> None:
    cast = factories.cast()
    [row] = _memberships(cast.editor, "editor")
    [plain] = Membership.objects.filter(user=cast.editor).select_related("desk")
    assert (row, row.desk, row.desk.name, row.role) == (plain, plain.desk, plain.desk.name, "editor")
    assert isinstance(row.is_first, bool)  # type: ignore[attr-defined]  # annotated


@pytest.mark.django_db
def test_a_column_that_was_not_asked_for_is_read_when_it_is_used() -> None:
    cast = factories.cast()
    [row] = _memberships(cast.editor, "editor")
    assert {"user_id", "created_at"} <= row.get_deferred_fields()
    assert row.user_id == cast.editor.pk


@pytest.mark.django_db
def test_every_call_sends_one_statement_of_the_same_words() -> None:
    cast = factories.cast()
    _desks(cast.editor)
    people = (cast.editor, cast.stranger)
    with CaptureQueriesContext(connection) as asked:
        found = [_desks(person) for person in people]
    assert found == [["UKR"], ["OTH"]]
    mine, theirs = (query["sql"].replace(person.pk.hex, "") for query, person in zip(asked, people, strict=True))
    assert mine == theirs


@kept_rows(Desk, columns=[*columns_of(Actor), "part_of__id", "part_of__name"])
def _actors(desk: Desk) -> QuerySet[Actor]:
    return Actor.objects.filter(desk=desk)


@pytest.mark.django_db
def test_a_row_that_leads_nowhere_has_none_there() -> None:
    cast = factories.cast()
    whole = factories.actor(cast, "A council")
    factories.actor(cast, "A spokesman", part_of=whole)
    found = {row.name: row.part_of for row in _actors(cast.desk)}
    assert (found["A council"], found["A spokesman"]) == (None, whole)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_over_its_own_connection() -> None:
    cast = factories.cast()

    def desks(person: User) -> list[str]:
        try:
            return _desks(person)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(desks, [cast.editor, cast.stranger] * 8)) == [["UKR"], ["OTH"]] * 8


@pytest.mark.django_db
def test_a_query_that_does_not_ask_for_a_value_as_it_is_is_refused() -> None:
    @kept_values(str)
    def shouted(name: str) -> QuerySet[Desk, str]:
        return Desk.objects.filter(name=name.upper()).values_list("name", flat=True)

    with pytest.raises(ValueError, match="shouted does not ask for each of its values as it is"):
        shouted("Ukraine desk")


@pytest.mark.django_db
def test_a_query_that_nothing_can_match_is_refused() -> None:
    @kept_values(User)
    def nobody(user: User) -> QuerySet[User, str]:
        return User.objects.none().values_list("username", flat=True)

    with pytest.raises(ValueError, match="nothing can match it"):
        nobody(User())


@pytest.mark.django_db
def test_a_column_that_django_would_convert_is_refused() -> None:
    @kept_rows(str, columns=["id", "content"])
    def grounds(digest: str) -> QuerySet[Grounds]:
        return Grounds.objects.filter(digest=digest)

    with pytest.raises(ValueError, match=r"Grounds\.content has to be converted"):
        grounds("ab")


def test_all_columns_of_a_model_leave_out_what_the_database_generates() -> None:
    names = columns_of(Claim, "claim__")
    assert ("claim__statement" in names, "claim__words" in names) == (True, False)


@pytest.mark.django_db
def test_columns_lead_only_through_fields() -> None:
    @kept_rows(User, columns=["id", "colour__name"])
    def coloured(user: User) -> QuerySet[User]:
        return User.objects.filter(pk=user.pk)

    with pytest.raises(FieldError):
        coloured(User())

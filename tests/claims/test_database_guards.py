"""What the database refuses by itself, asked in plain SQL as the application's role."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from psycopg import sql

from claims.models import Claim
from claims.states import MOVES, State
from tests import factories
from tests.claims.worlds import ListWorld, make_world
from tests.conftest import superuser

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

STATES = [state.value for state in State]
# By hand, once more: what is tested cannot vouch for itself.
MOVES_BY_TWO = [
    ("reported", "corroborated"),
    ("denied", "corroborated"),
    ("reported", "refuted"),
    ("denied", "refuted"),
    ("corroborated", "refuted"),
    ("corroborated", "reported"),
    ("refuted", "reported"),
]
LONE_MOVES = [("reported", "denied"), ("denied", "reported")]
MAY_NAME_NONE = [("denied", "reported"), ("corroborated", "reported"), ("refuted", "reported")]
TABLES = ["claims_statuschange", "claims_statuschangetext", "claims_statuschangegraph"]


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[ListWorld]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(shared_world: ListWorld) -> Iterator[ListWorld]:
    with transaction.atomic():
        yield shared_world
        transaction.set_rollback(True)


def _sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _insert(world: ListWorld, claim: Claim, before: str | None, after: str, **values: Any) -> None:
    row = {
        "claim_id": claim.pk,
        "seq": claim.last_seq + 1,
        "from_state": before,
        "to_state": after,
        "by_id": world.cast.reviewer.pk,
        "decided_by_id": world.cast.editor.pk if (before, after) in MOVES_BY_TWO else None,
        "at": claim.created_at,
        "evidence": [uuid4()],
        "stance": "supports",
        "independence_min": 0,
        "independence_max": 0,
        "threshold": 2,
        "graph_digest": "0" * 64,
        **values,
    }
    columns = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("%s" for _ in row)
    _sql(f"INSERT INTO claims_statuschange ({columns}) VALUES ({places})", *row.values())  # noqa: S608


def _commit() -> None:
    """What a commit would ask."""
    _sql("SET CONSTRAINTS ALL IMMEDIATE")


def _move(world: ListWorld, claim: Claim, before: str | None, after: str, **values: Any) -> None:
    """A whole move: the change, and the claim that says so."""
    _insert(world, claim, before, after, **values)
    seq = values.get("seq", claim.last_seq + 1)
    _sql("UPDATE claims_claim SET state = %s, last_seq = %s WHERE id = %s", after, seq, claim.pk)
    _commit()


@contextmanager
def _refused(constraint: str) -> Iterator[None]:
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        yield
    cause = error.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.diag.constraint_name == constraint


@pytest.mark.parametrize(("state", "before", "after"), list(product(STATES, [None, *STATES], STATES)))
def test_each_pair(world: ListWorld, state: str, before: str | None, after: str) -> None:
    claim = world.claim(state, met=False)
    if before is None:
        with _refused("status_change_first_from_nothing"):
            _move(world, claim, before, after)
    elif (before, after) not in [*MOVES_BY_TWO, *LONE_MOVES]:
        with _refused("status_change_is_a_move"):
            _move(world, claim, before, after)
    elif before != state:
        with _refused("status_change_follows_the_one_before"):
            _move(world, claim, before, after)
    elif (before, after) in MOVES_BY_TWO:
        with _refused("status_change_has_its_decision"):
            _move(world, claim, before, after)
    else:
        _move(world, claim, before, after)
        assert factories.fresh(claim).state == after


@pytest.mark.parametrize("state", STATES)
def test_a_claim_begins_as_reported(world: ListWorld, state: str) -> None:
    claim = world.claim("reported", met=False)
    claim.pk, claim.reference, claim.state, claim.last_seq = uuid4(), "UKR-1000", state, 0
    if state == "reported":
        _begin(world, claim)
        assert factories.fresh(claim).state == "reported"
        return
    with _refused("status_change_is_a_move"):
        _begin(world, claim)


def _begin(world: ListWorld, claim: Claim) -> None:
    """A new claim with the first row of its history, as somebody at the database would write it."""
    _insert(world, claim, None, claim.state)
    claim.last_seq = 1
    claim.save(force_insert=True)
    _commit()


@pytest.mark.parametrize(("before", "after"), MOVES_BY_TWO)
def test_a_move_for_two_has_a_second_person(world: ListWorld, before: str, after: str) -> None:
    claim = world.claim(before, met=False)
    for decided_by in (None, world.cast.reviewer.pk):
        with _refused("status_change_second_person"):
            _move(world, claim, before, after, decided_by_id=decided_by)


@pytest.mark.parametrize(("before", "after"), LONE_MOVES)
def test_a_lone_move_has_none(world: ListWorld, before: str, after: str) -> None:
    with _refused("status_change_alone"):
        _move(world, world.claim(before, met=False), before, after, decided_by_id=world.cast.editor.pk)


@pytest.mark.parametrize(("before", "after"), [*MOVES_BY_TWO, *LONE_MOVES])
def test_a_move_names_evidence_where_it_has_to(world: ListWorld, before: str, after: str) -> None:
    claim = world.claim(before, met=False)
    if (before, after) in MAY_NAME_NONE and (before, after) in LONE_MOVES:
        _move(world, claim, before, after, evidence=[])
        return
    lacks = "status_change_has_its_decision" if (before, after) in MAY_NAME_NONE else "status_change_rests_on_evidence"
    with _refused(lacks):
        _move(world, claim, before, after, evidence=[])


def test_no_number_is_left_out(world: ListWorld) -> None:
    claim = world.claim("reported", met=False)
    with _refused("status_change_follows_the_one_before"):
        _move(world, claim, "reported", "denied", seq=claim.last_seq + 2)


def test_no_number_is_given_twice(world: ListWorld) -> None:
    claim = world.claim("denied", met=False)
    with _refused("claims_statuschange_pkey"):
        _move(world, claim, "reported", "denied", seq=2)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"graph_digest": "0" * 63}, "status_change_digest_form"),
        ({"independence_min": 3, "independence_max": 2}, "status_change_interval_in_order"),
    ],
)
def test_what_a_change_keeps_has_its_form(world: ListWorld, values: dict[str, Any], constraint: str) -> None:
    with _refused(constraint):
        _move(world, world.claim("reported", met=False), "reported", "denied", **values)


def test_a_change_that_its_claim_does_not_know_of_is_refused_at_commit(world: ListWorld) -> None:
    with _refused("claim_last_seq_is_the_highest"):
        _insert(world, world.claim("reported", met=False), "reported", "denied")
        _commit()


@pytest.mark.parametrize("state", STATES)
def test_a_state_without_a_change_is_refused_at_commit(world: ListWorld, state: str) -> None:
    claim = world.claim("reported" if state != "reported" else "denied", met=False)
    with _refused("claim_state_is_its_last_status_change"):
        _sql("UPDATE claims_claim SET state = %s WHERE id = %s", state, claim.pk)
        _commit()


def test_a_claim_that_goes_back_to_an_earlier_change_is_refused_at_commit(world: ListWorld) -> None:
    with _refused("claim_last_seq_is_the_highest"):
        claim = world.claim("denied", met=False)
        _sql("UPDATE claims_claim SET state = 'reported', last_seq = 1 WHERE id = %s", claim.pk)
        _commit()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET seq = seq", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_applications_role_may_only_add(world: ListWorld, table: str, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        _sql(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE claims_statuschange DISABLE TRIGGER ALL",
        "DROP TRIGGER claim_last_seq_is_the_highest ON claims_claim",
        "ALTER TABLE claims_statuschange DROP CONSTRAINT status_change_is_a_move",
        "CREATE TABLE mine (id integer)",
    ],
)
def test_the_applications_role_cannot_put_the_guards_aside(world: ListWorld, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        _sql(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET seq = seq", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_a_superuser_alters_what_happened(table: str, statement: str) -> None:
    factories.claim(factories.cast())
    with superuser() as boss, pytest.raises(psycopg.Error, match="only grows"):
        boss.execute(statement.format(table).encode())


@pytest.mark.django_db(transaction=True)
def test_no_temporary_table_answers_for_the_real_one() -> None:
    """A database that others set up lets everybody make temporary tables, which are found before all others."""
    claim = factories.claim_in(factories.cast(), "refuted")
    database = sql.Identifier(str(connection.settings_dict["NAME"]))
    with superuser() as boss:
        boss.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(database))
        try:
            with pytest.raises(IntegrityError, match="its last status change is 1"), transaction.atomic():
                _sql("CREATE TEMPORARY TABLE claims_statuschange (claim_id uuid, seq integer) ON COMMIT DROP")
                _sql("INSERT INTO pg_temp.claims_statuschange VALUES (%s, 1)", claim.pk)
                _sql("UPDATE public.claims_claim SET state = 'reported', last_seq = 1 WHERE id = %s", claim.pk)
                _sql("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            boss.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))


def test_the_databases_check_is_the_table(world: ListWorld) -> None:
    """The check itself is asked about every pair: drift between it and the table cannot hide in its wording."""
    ((definition,),) = _sql(
        "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'status_change_is_a_move'"
    )
    pairs = list(product([None, *STATES], STATES))
    values = ", ".join("(%s, %s)" for _ in pairs)
    allowed = _sql(
        # A check lets pass what it finds neither true nor false.
        f"SELECT from_state, to_state FROM (VALUES {values}) AS p (from_state, to_state) "  # noqa: S608
        f"WHERE ({definition}) IS NOT FALSE",
        *(state for pair in pairs for state in pair),
    )
    assert set(allowed) == {(move.before, move.after) for move in MOVES}

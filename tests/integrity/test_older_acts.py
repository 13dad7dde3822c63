"""Where acts of the past were brought in one by one, as the demonstration's are, no row may be older than its entry."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone

from demonstration.desk.loader import load_demonstration
from tests.integrity.forging import drop_rules, run
from tests.integrity.looking import found_both_ways

LONG_AGO = "timestamptz '2022-10-01'"
# Each table with rows that entries tell of, and the column that says since when a row is there.
BORN = {
    "accounts_invitation": "created_at",
    "accounts_membership": "created_at",
    "accounts_token": "created",
    "claims_actormerge": "at",
    "claims_claim": "created_at",
    "claims_evidence": "created_at",
    "claims_policychange": "at",
    "claims_statuschange": "at",
    "reviews_assessment": "created_at",
    "reviews_assignment": "created_at",
    "reviews_decision": "at",
    "reviews_redaction": "proposed_at",
    "sources_actor": "created_at",
    "sources_attachment": "created_at",
    "sources_relay": "created_at",
    "sources_source": "created_at",
}
# What may be said of a row later, where it is not: by table and column.
LATER = [
    ("claims_claim", "published_at"),
    ("claims_claim", "closed_at"),
    ("claims_evidence", "withdrawn_at"),
    ("reviews_assignment", "accepted_at"),
    ("reviews_assignment", "ended_at"),
    ("sources_relay", "removed_at"),
    ("sources_source", "corrected_at"),
    ("sources_source", "retracted_at"),
]


@pytest.fixture(scope="module")
def demonstration(past_the_guards: None) -> Iterator[None]:
    with transaction.atomic():
        load_demonstration(now=timezone.now())
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET LOCAL session_replication_role = replica")
        yield
        transaction.set_rollback(True)


def test_nothing_is_found_in_what_was_brought_in(demonstration: None) -> None:
    assert found_both_ways() == []


@pytest.mark.parametrize("table", sorted(BORN))
def test_a_row_put_in_and_dated_back_is_found(demonstration: None, table: str) -> None:
    """A copy of one that is there, under another key; of tables that the demonstration leaves empty there is none."""
    born = BORN[table]
    if not run(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608 - ours
        assert table in EMPTY
        return
    with transaction.atomic():
        drop_rules(table)
        columns = run(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER'",
            table,
        )
        over = {born: LONG_AGO, **{name: OTHER_KEY[sort] for name, sort in columns if name in ("id", "seq")}}
        names = ", ".join(f'"{name}"' for name, _sort in columns)
        values = ", ".join(over.get(name, f'"{name}"') for name, _sort in columns)
        run(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} LIMIT 1")  # noqa: S608 - ours
        assert found_both_ways()
        transaction.set_rollback(True)


OTHER_KEY = {"uuid": "gen_random_uuid()", "bigint": "1000000", "integer": "9000", "smallint": "9000"}
EMPTY = {
    "accounts_invitation",
    "accounts_token",
    "claims_actormerge",
    "claims_policychange",
    "reviews_redaction",
    "sources_attachment",
}


@pytest.mark.parametrize(("table", "column"), LATER)
def test_what_is_said_of_a_row_later_and_dated_back_is_found(demonstration: None, table: str, column: str) -> None:
    with transaction.atomic():
        drop_rules(table)
        where = f"{column} IS NULL" if column != "accepted_at" else "assigned_by_id <> reviewer_id"
        one = f"(SELECT id FROM {table} WHERE {where} LIMIT 1)"  # noqa: S608 - ours
        run(f"UPDATE {table} SET {column} = {LONG_AGO} WHERE id = {one}")  # noqa: S608 - ours
        assert found_both_ways()
        transaction.set_rollback(True)


def test_a_role_dated_back_to_before_its_desk_is_found(demonstration: None) -> None:
    with transaction.atomic():
        run("UPDATE accounts_membership SET created_at = created_at - interval '90 years'")
        assert [one for one in found_both_ways() if "(role_granted) at" in one.expected]
        transaction.set_rollback(True)

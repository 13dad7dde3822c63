"""No value that a row can hold ends verification, or hides what else there is to find: it is a finding itself."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import transaction

from house.integrity import LOOKED_AT
from reviews.management.commands.verify import CHECKS
from tests import factories
from tests.integrity.forging import drop_rules, run
from tests.integrity.looking import found, found_both_ways
from tests.ledger.test_golden import do_everything

# What no reader of a column expects, by its sort.
MALFORMED = {
    "timestamp with time zone": "'infinity'",
    "date": "'infinity'",
    "ARRAY": "'{}'",
    "character varying": "'x'",
    "text": "'Forged'",
    "bytea": "'\\x00'",
    "jsonb": "'{\"forged\": 1}'",
}
OURS = ("accounts", "claims", "ledger", "mfa", "reviews", "sources")
TABLES = sorted(
    model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OURS
)
# What reads no table of ours.
WITHOUT_ROWS = {"unfinished files cleared"}


@pytest.fixture(scope="module")
def world(past_the_guards: None) -> Iterator[factories.Cast]:
    with transaction.atomic():
        cast = factories.cast()
        do_everything(cast)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        yield cast
        transaction.set_rollback(True)


def test_every_check_says_that_it_could_not_look(world: factories.Cast) -> None:
    """No table can be read: each check says so, and the next one is asked."""
    with transaction.atomic():
        run("SET LOCAL search_path = pg_catalog")
        said = {finding.check for finding in [*found(), *found_both_ways()] if finding.expected == LOOKED_AT}
        transaction.set_rollback(True)
    assert said == {check.name for check in CHECKS} - WITHOUT_ROWS


@pytest.mark.parametrize("table", TABLES)
def test_no_malformed_value_ends_it(world: factories.Cast, table: str) -> None:
    """All columns of a table, past all guards: nothing is raised."""
    columns = run(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER' AND data_type = ANY(%s)",
        *(table, list(MALFORMED)),
    )
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        drop_rules(table)
        for column, sort in columns:
            run(f'UPDATE {table} SET "{column}" = {MALFORMED[sort]}')  # noqa: S608 - ours
        found()
        found_both_ways()
        transaction.set_rollback(True)


def test_a_malformed_value_hides_nothing_else(world: factories.Cast) -> None:
    """Neither what the next checks find nor, in the same one, what is wrong with another row."""
    claims = [pk for (pk,) in run("SELECT id FROM claims_claim ORDER BY id LIMIT 2")]
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run("UPDATE claims_claim SET created_at = 'infinity' WHERE id = %s", claims[0])
        run("UPDATE claims_claim SET place = 'Elsewhere' WHERE id = %s", claims[1])
        told = [str(one) for one in found_both_ways()]
        transaction.set_rollback(True)
    assert [one for one in told if f"claim {claims[0]}: expected {LOOKED_AT}, found could not be looked at: " in one]
    assert [one for one in told if "content/place" in one]

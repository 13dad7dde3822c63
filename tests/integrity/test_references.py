"""A row that refers to one that is not there is found, whichever column that is, and hides nothing else of itself."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.utils import timezone

from claims.models import Evidence
from house.integrity import IntegrityScope
from house.reference_integrity import CHECKS, leads_nowhere, references
from reviews.models import Assessment
from tests import factories
from tests.integrity.forging import drop_rules, run
from tests.integrity.looking import found_both_ways
from tests.ledger.test_golden import do_everything


@pytest.fixture(scope="module")
def world(past_the_guards: None) -> Iterator[factories.Cast]:
    with transaction.atomic():
        cast = factories.cast()
        do_everything(cast)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET LOCAL session_replication_role = replica")
        yield cast
        transaction.set_rollback(True)


def _told() -> list[str]:
    return [str(finding) for check in CHECKS for finding in check.mismatches(IntegrityScope(timezone.now()))]


def test_nothing_is_found_in_what_people_did(world: factories.Cast) -> None:
    assert _told() == []


def test_a_foreign_key_that_leads_nowhere_is_found_in_every_table(world: factories.Cast) -> None:
    """Of each column in turn; of tables without rows the statement alone is tried."""
    missed = []
    for field in references():
        table = field.model._meta.db_table
        value = "gen_random_uuid()" if field.db_type(connection) == "uuid" else "2000000000"
        with transaction.atomic():
            drop_rules(table)
            changed = run(f'UPDATE "{table}" SET "{field.column}" = {value} RETURNING 1')  # noqa: S608 - ours
            if len(list(leads_nowhere(field))) < len(changed):
                missed.append((table, field.column))
            transaction.set_rollback(True)
    assert missed == []


def test_sealed_evidence_of_no_claim_is_found(world: factories.Cast) -> None:
    item = factories.attach(
        world,
        factories.claim(world),
        factories.source(world, visibility="restricted", by=world.editor),
        by=world.editor,
        excerpt="As it was.",
    )
    assert Evidence.objects.get(pk=item.pk).visibility == "restricted"
    with transaction.atomic():
        run("UPDATE claims_evidence SET claim_id = gen_random_uuid(), excerpt = 'Forged.' WHERE id = %s", item.pk)
        assert [one for one in _told() if f"claims_evidence {item.pk}: expected a row for its claim" in one]
        transaction.set_rollback(True)


def test_a_waiting_assessment_of_nobody_is_found_and_still_compared(world: factories.Cast) -> None:
    claim = factories.claim(world)
    factories.firsthand(world, claim, 2)
    assessment = Assessment.objects.get(pk=factories.assessment(world, claim, "corroborated").pk)
    with transaction.atomic():
        run(
            "UPDATE reviews_assessment SET assessor_id = gen_random_uuid(), rationale = 'Forged.' WHERE id = %s",
            assessment.pk,
        )
        assert [one for one in _told() if f"reviews_assessment {assessment.pk}: expected a row for its assessor" in one]
        assert [one for one in found_both_ways() if "content/rationale" in str(one)]
        transaction.set_rollback(True)


def test_a_second_row_of_the_same_is_found(world: factories.Cast) -> None:
    """Where only one can be, a reading by key would see one of them alone."""
    with transaction.atomic():
        drop_rules("accounts_membership")
        run(
            "INSERT INTO accounts_membership (id, user_id, desk_id, role, created_at)"
            " SELECT gen_random_uuid(), user_id, desk_id, role, created_at FROM accounts_membership LIMIT 1"
        )
        assert [one for one in found_both_ways() if "each on a desk of its own" in one.expected]
        transaction.set_rollback(True)

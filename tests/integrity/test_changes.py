"""What is kept of changes decides who may confirm, and what is told to whoever comes second: none is altered unseen."""

from collections.abc import Iterator

import pytest
from django.db import models, transaction

from accounts.models import FieldChange
from claims.actions.actors import merge_actors
from claims.actions.claims import set_threshold
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_source
from claims.inputs import EvidenceInput, MergeInput, ThresholdInput
from claims.models import GroundsChange, Participant, Revision
from sources.inputs import SourceInput
from tests import factories
from tests.factories import fresh
from tests.integrity.forging import drop_rules, run
from tests.integrity.looking import found, found_both_ways
from tests.integrity.test_both_ways import ITS_OWN_KEY, UNTOLD, keep_keys
from tests.integrity.test_both_ways import TAMPERED as ALTERED
from tests.ledger.test_golden import do_everything

# Tables of what is kept of changes, with the columns that are asked nowhere, each with the reason why.
CHANGES: dict[type[models.Model], dict[str, str]] = {
    FieldChange: {"id": ITS_OWN_KEY, "fields": UNTOLD},
    GroundsChange: {"id": ITS_OWN_KEY, "fields": UNTOLD},
    Participant: {"id": ITS_OWN_KEY},
    Revision: {"id": ITS_OWN_KEY},
}
COLUMNS = [
    (model._meta.db_table, field.column)
    for model, excused in CHANGES.items()
    for field in model._meta.concrete_fields
    if field.name not in excused
]
# What statements are short for.
SHORT = {
    ":auditor": "(SELECT id FROM accounts_user WHERE username = 'auditor')",
    ":decided": "(SELECT id FROM claims_claim WHERE statement = 'Of the port.')",
    ":merged": "(SELECT id FROM sources_actor WHERE name = 'One')",
}
STATEMENTS = {
    "notes of changes deleted": "DELETE FROM accounts_fieldchange",
    "a note by another": "UPDATE accounts_fieldchange SET by_id = :auditor WHERE row = :decided",
    "a note of another day": "UPDATE accounts_fieldchange SET at = at - interval '3 days' WHERE row = :decided",
    "a note of another version": "UPDATE accounts_fieldchange SET version = version + 1",
    "a note of another row": "UPDATE accounts_fieldchange SET row = gen_random_uuid()",
    "a change beneath a verdict by another": "UPDATE claims_groundschange SET by_id = :auditor",
    "a change beneath a verdict of another day": "UPDATE claims_groundschange SET at = at - interval '3 days'",
    "a change beneath a verdict by another act": "UPDATE claims_groundschange SET kind = 'claim_closed'",
    "a change beneath a verdict of other grounds": "UPDATE claims_groundschange SET digest = repeat('ab', 32)",
    "changes beneath verdicts deleted": "DELETE FROM claims_groundschange",
    "merged into a third": "UPDATE sources_actor SET merged_into_id ="
    " (SELECT id FROM sources_actor WHERE name = 'Three') WHERE id = :merged",
    "a version by other evidence": "UPDATE claims_revision SET evidence_id = (SELECT id FROM claims_evidence e"
    " WHERE e.claim_id = claims_revision.claim_id AND e.id <> evidence_id LIMIT 1)"
    " WHERE kind = 'changed' AND claim_id = :decided",
    "a version by evidence of no claim": "UPDATE claims_revision SET evidence_id = NULL WHERE kind = 'changed'",
    "a version by evidence where it was an edit": "UPDATE claims_revision SET evidence_id ="
    " (SELECT id FROM claims_evidence LIMIT 1) WHERE kind = 'edited'",
    "a version with another reason": "UPDATE claims_revision SET note = 'Forged.' WHERE kind = 'changed'",
    "a version by another": "UPDATE claims_revision SET by_id = :auditor WHERE kind = 'changed'",
    "a version of another day": "UPDATE claims_revision SET at = at - interval '3 days' WHERE kind = 'changed'",
    "a version by another sort of change": "UPDATE claims_revision SET kind = 'withdrawn' WHERE kind = 'changed'",
    "a move by another": "UPDATE claims_revision SET by_id = :auditor WHERE kind = 'moved'",
    "a reviewer since another day": "UPDATE claims_participant SET since = since - interval '3 days'"
    " WHERE role = 'reviewer'",
    "a reviewer until another day": "UPDATE claims_participant SET until = until - interval '3 days'"
    " WHERE until IS NOT NULL AND role = 'reviewer'",
    "a reviewer who had not accepted": "UPDATE claims_participant SET accepted = NOT accepted WHERE until IS NOT NULL",
    "a reviewer of another claim": "UPDATE claims_participant SET claim_id = (SELECT id FROM claims_claim c"
    " WHERE c.id <> claim_id LIMIT 1) WHERE until IS NOT NULL AND role = 'reviewer'",
    "an assessment by another's assignment": "UPDATE reviews_assessment SET assignment_id = (SELECT id FROM"
    " reviews_assignment a WHERE a.claim_id <> reviews_assessment.claim_id LIMIT 1)",
}


def in_full(statement: str) -> str:
    for short, long in SHORT.items():
        statement = statement.replace(short, long)
    return statement


@pytest.fixture(scope="module")
def world(past_the_guards: None) -> Iterator[factories.Cast]:
    with transaction.atomic():
        cast = factories.cast()
        do_everything(cast)
        keep_keys()
        claim = factories.claim_in(cast, "corroborated", statement="Of the port.")
        items = list(claim.evidence.order_by("created_at"))
        set_threshold(claim=fresh(claim), fields=ThresholdInput(threshold=2, reason="A grave matter."), by=cast.editor)
        change_evidence(evidence=items[0], fields=EvidenceInput(locator="p. 2"), by=cast.editor)
        change_source(source=items[1].source, fields=SourceInput(title="Another title"), by=cast.editor)
        one, two, _three = (factories.actor(cast, name) for name in ("One", "Two", "Three"))
        merge_actors(actor=one, fields=MergeInput(into=two.pk, reason="One and the same."), by=cast.editor)
        run("SET CONSTRAINTS ALL IMMEDIATE")
        yield cast
        transaction.set_rollback(True)


def test_nothing_is_found_in_what_people_did(world: factories.Cast) -> None:
    assert _told() == []


def _told() -> list[str]:
    """All that is found; that the file of a capture lies nowhere is not of interest here."""
    return [str(one) for one in (*found(), *found_both_ways()) if one.check != "file kept"]


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_what_is_altered_of_a_change_is_found(world: factories.Cast, statement: str) -> None:
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        for table in ("accounts_fieldchange", "claims_participant", "claims_revision"):
            drop_rules(table)
        assert run(f"{in_full(statement)} RETURNING 1")
        told = _told()
        transaction.set_rollback(True)
    assert told


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_of_a_change_is_asked(world: factories.Cast, table: str, column: str) -> None:
    [(sort,)] = run(
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s", table, column
    )
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        drop_rules(table)
        run(f"UPDATE {table} SET {column} = {ALTERED[sort].format(column=column)}")  # noqa: S608 - ours
        told = _told()
        transaction.set_rollback(True)
    assert told


def test_a_threshold_of_another_without_any_note_is_found(world: factories.Cast) -> None:
    for column, value in (("threshold_by_id", ":auditor"), ("threshold_reason", "'Forged.'")):
        with transaction.atomic():
            run("SET LOCAL session_replication_role = replica")
            run("DELETE FROM accounts_fieldchange")
            run(in_full(f"UPDATE claims_claim SET {column} = {value} WHERE id = :decided"))  # noqa: S608 - ours
            told = [str(one) for one in found_both_ways()]
            transaction.set_rollback(True)
        assert [one for one in told if "of who set the threshold, with the reason" in one]

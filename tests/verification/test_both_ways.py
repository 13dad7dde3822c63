"""Rows and entries are compared from both sides, for every kind of entry and every field: whatever is altered is found.

Everything is done once in a world that all tests share; each tampers with it past all guards, and is taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.actions import create_token
from accounts.entry_verification import ALONE
from accounts.models import Act, Desk, Invitation, Membership, RestrictedRead, Token, User
from accounts.verification import Finding, Scope
from claims.actions.claims import edit_claim, publish_claim
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_source
from claims.acts import KINDS
from claims.bringing_in import bring_in
from claims.models import (
    ActorMerge,
    Claim,
    Element,
    Evidence,
    PolicyChange,
    StatusChange,
    StatusChangeText,
    Topic,
)
from ledger.models import Entry, Erasure, Key, Leaf, Outbox, SealedStream, Secret
from reviews.actions.assignments import accept, assign, change_due, close_claim
from reviews.both_ways import CHECKS, DECLARED, ROOTS
from reviews.models import (
    Answer,
    Assessment,
    AssessmentElement,
    AssessmentGrounds,
    Assignment,
    Decision,
    Redaction,
)
from sources.models import Actor, Attachment, Capture, Relay, Source
from tests import factories
from tests.factories import fresh
from tests.ledger.test_golden import do_everything
from tests.verification.forging import forge, other, run, value_of
from tests.verification.looking import found_both_ways

# What an entry says, by its kind and field: as declared.
FIELDS = sorted(
    {(kind, name) for told in DECLARED for kind, one in told.kinds.items() for name in one.fields if name != "at"}
)
NOWHERE = sorted({(kind, name) for told in DECLARED for kind, one in told.kinds.items() for name in one.nowhere})
# The columns of rows that entries tell of which are asked elsewhere, or nowhere, each with the reason why.
NUMBERS = "restated from evidence: `numbers are those of the evidence`"
PEOPLES_OWN = "people change it about themselves; no entry tells of it"
COUNTS = "counts edits: `version with its revisions`"
IN_ANOTHER = "asked of another row, or by another check"
BY = "who did it is who the entry is by"
EXCUSED: dict[type[models.Model], dict[str, str]] = {
    Claim: {
        **dict.fromkeys(
            ("contested", "independence_min", "independence_max", "independence_exact", "threshold"), NUMBERS
        ),
        **dict.fromkeys(("support_lost_at", "grounds_changed_at", "due_at"), IN_ANOTHER),
        **dict.fromkeys(("state", "last_seq", "version"), "`state is that of the last status change` and its like"),
        **dict.fromkeys(("threshold_by", "created_by"), BY),
        "changed_at": "moves with every change",
    },
    Evidence: {
        "version": COUNTS,
        **dict.fromkeys(("created_by", "withdrawn_by"), BY),
        "placed_by_editor": "which role its person had then",
    },
    Source: {"version": COUNTS, **dict.fromkeys(("created_by", "retracted_by", "corrected_by"), BY)},
    Actor: {"version": COUNTS, "created_by": BY, "merged_into": IN_ANOTHER},
    Relay: dict.fromkeys(("created_by", "removed_by"), BY),
}
TOLD_MODELS: tuple[type[models.Model], ...] = (
    *(Act, Desk, Invitation, Membership, RestrictedRead, Token, User),
    *(ActorMerge, Claim, Element, Evidence, PolicyChange, StatusChange, StatusChangeText, Topic),
    *(Entry, Erasure, Leaf, Outbox, SealedStream, Secret),
    *(Answer, Assessment, AssessmentElement, AssessmentGrounds, Assignment, Decision, Redaction),
    *(Actor, Attachment, Capture, Relay, Source),
)


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done inside is done past triggers and foreign keys, and taken back."""
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(past_the_guards: None) -> Iterator[factories.Cast]:
    """Where every kind of act was done once, and nothing is wrong."""
    with transaction.atomic():
        cast = factories.cast()
        do_everything(cast)
        _go_on(cast)
        for name in ("00000000", "11111111"):  # the keys of which the act tells
            key = f"a.example/log+{name}+AA"
            Key.objects.create(text=key, signs_receipts=False, since=timezone.now())
        run("SET CONSTRAINTS ALL IMMEDIATE")
        _place_some()
        yield cast
        transaction.set_rollback(True)


def _go_on(cast: factories.Cast) -> None:
    """So that each kind of entry is somewhere the last that tells of its row; and a claim that was brought in."""
    claim = factories.claim(cast, "A ship was loaded.", elements=["a ship"], topics=["ships"])
    edit_claim(claim=claim, fields={"place": "Izmail"}, by=cast.editor)
    due_at = timezone.now() + timedelta(days=5)
    assign(claim=claim, reviewer=cast.reviewer, due_at=due_at, by=cast.editor)
    accept(assignment=assign(claim=claim, reviewer=cast.reviewer2, due_at=due_at, by=cast.editor), by=cast.reviewer2)
    moved = assign(claim=claim, reviewer=cast.editor, due_at=due_at, by=cast.editor)
    change_due(assignment=moved, due_at=due_at + timedelta(days=1), by=cast.editor)
    source = factories.source(cast, publisher=factories.actor(cast))
    item = factories.attach(cast, claim, source, "context", excerpt="As it was.")
    change_evidence(evidence=item, fields={"excerpt": "As it was then."}, by=cast.editor)
    change_source(source=source, fields={"reliability": "B"}, by=cast.editor)
    create_token(user=cast.editor, name="a script", by=cast.editor)
    publish_claim(claim=fresh(claim), reason="Agreed.", by=cast.editor)
    close_claim(claim=factories.claim(cast), reason="duplicate", note="Of another.", by=cast.editor)
    factories.claim_in(cast, "refuted", elements=["a ship", "at night"])  # what supports it is answered
    _bring_in(factories.claim_in(cast, "denied"))


def _place_some() -> None:
    """Half of the entries have their places in the log, the others wait."""
    run(
        "INSERT INTO ledger_leaf (index, entry_id, hash)"
        " SELECT row_number() OVER (ORDER BY id) - 1, id, leaf_hash FROM ledger_entry ORDER BY id LIMIT 120"
    )
    run("DELETE FROM ledger_outbox USING ledger_leaf l WHERE l.entry_id = ledger_outbox.entry_id")


def _bring_in(claim: Claim) -> None:
    """As if it was written down before there was a ledger."""
    rows = {f"claim:{claim.pk}", *(f"evidence:{pk}" for pk in claim.evidence.values_list("pk", flat=True))}
    run("SET LOCAL session_replication_role = replica")
    entries = list(Act.objects.filter(about__in=rows).values_list("entry", flat=True))
    for table in ("accounts_act", "ledger_outbox", "ledger_secret"):
        run(f"DELETE FROM {table} WHERE entry_id = ANY(%s)", entries)
    run("DELETE FROM ledger_entry WHERE id = ANY(%s)", entries)
    run("SET LOCAL session_replication_role = origin")
    bring_in(connection, claims=[claim.pk], now=timezone.now())


def test_nothing_is_found_in_what_people_did(world: factories.Cast) -> None:
    assert found_both_ways() == []


def test_every_kind_is_declared_or_says_why_not() -> None:
    declared = {kind for told in DECLARED for kind in told.kinds}
    assert declared | ALONE.keys() == set(KINDS)
    assert not declared & ALONE.keys()
    for told in DECLARED:
        for kind, one in told.kinds.items():
            assert not one.fields.keys() & one.nowhere.keys(), kind
            assert all(one.nowhere.values()), kind


def test_every_field_of_every_entry_is_declared(world: factories.Cast) -> None:
    """What the acts of the world committed to, and nothing else, is what the declarations name."""
    said: dict[str, set[str]] = {}
    for act in Act.objects.exclude(kind__in=ALONE):
        names = said.setdefault(act.kind, set())
        names |= {name for kind, name in (*FIELDS, *NOWHERE) if kind == act.kind and _says(act.entry_id, name)}
    declared: dict[str, set[str]] = {}
    for kind, name in (*FIELDS, *NOWHERE):
        declared.setdefault(kind, set()).add(name)
    assert said == declared


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_an_entry_that_says_something_else_is_found(world: factories.Cast, kind: str, name: str) -> None:
    """Written anew with all hashes and commitments, before it is signed: no row says that.

    What a later entry says anew is asked of the newest one: that is tried of which it is found.
    """
    entries = [pk for pk in reversed(_entries_of(kind)) if _says(pk, name)]
    assert entries
    asked = next((pk for pk in entries if _is_found(kind, pk, name, _forged(value_of(pk, name))[0])), None)
    assert asked is not None
    assert asked == entries[0] or _is_latest(kind, name)
    missed = [value for value in _forged(value_of(asked, name)) if not _is_found(kind, asked, name, value)]
    assert missed == []


def _is_found(kind: str, entry: int, name: str, value: Any) -> bool:
    with taken_back():
        forge(entry, name, value)
        return any(f"entry {entry} ({kind})" in str(finding) for finding in _found_of(kind))


def _found_of(kind: str) -> list[Finding]:
    """What the checks of the rows find of which such entries tell."""
    names = {told.root for told in DECLARED if kind in told.kinds}
    wanted = {root.check for root in ROOTS if root.name in names}
    scope = Scope(timezone.now())
    return [finding for check in CHECKS if check.name in wanted for finding in check.findings(scope)]


def _is_latest(kind: str, name: str) -> bool:
    fields = [told.kinds[kind].fields for told in DECLARED if kind in told.kinds]
    return any(name in each and each[name].latest for each in fields)


def _forged(value: Any) -> list[Any]:
    """Other values: of an object one for each of its members."""
    if isinstance(value, dict):
        return [{**value, name: other(one)} for name, one in value.items()] or [other(value)]
    return [other(value)]


def _entries_of(kind: str) -> list[int]:
    return list(Act.objects.filter(kind=kind).order_by("entry").values_list("entry_id", flat=True))


def _says(entry: int, name: str) -> bool:
    try:
        value_of(entry, name)
    except KeyError:
        return False
    return True


TAMPERED = {
    "boolean": "NOT {column}",
    "integer": "coalesce({column}, 0) + 1",
    "bigint": "coalesce({column}, 0) + 1",
    "smallint": "coalesce({column}, 0) + 1",
    "timestamp with time zone": "coalesce({column}, now()) - interval '1 day'",
    "date": "coalesce({column}, current_date) - 1",
    "uuid": "gen_random_uuid()",
    "ARRAY": "CASE WHEN cardinality({column}) > 0 THEN '{{}}' ELSE ARRAY[gen_random_uuid()] END",
    "character varying": "left(coalesce({column}, '') || 'x', 15)",
    "text": "coalesce({column}, '') || ' altered'",
    "bytea": "coalesce({column}, '') || '\\x00'",
    "jsonb": "'{{}}'",
}
COLUMNS = sorted(
    (model._meta.label, field.column)
    for model in TOLD_MODELS
    for field in model._meta.concrete_fields
    if not field.generated and field.name not in EXCUSED.get(model, {})
)


@pytest.mark.parametrize(("label", "column"), COLUMNS)
def test_a_row_that_says_something_else_is_found(world: factories.Cast, label: str, column: str) -> None:
    """A column of all rows of a table, past all guards."""
    table = apps.get_model(label)._meta.db_table
    with taken_back():
        [(sort,)] = run(
            "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s", table, column
        )
        _drop_constraints(table)
        run(f"UPDATE {table} SET {column} = {TAMPERED[sort].format(column=column)}")
        assert found_both_ways()


@pytest.mark.parametrize("model", TOLD_MODELS, ids=lambda model: model._meta.label)
def test_a_row_that_is_gone_is_found(world: factories.Cast, model: type[models.Model]) -> None:
    with taken_back():
        run(f"DELETE FROM {model._meta.db_table}")
        assert found_both_ways()


def _drop_constraints(table: str) -> None:
    """Whoever owns the table can take these off as well."""
    query = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f', 'p', 'u', 'x')"
    for (name,) in run(query, table):
        run(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
    for (name,) in run(
        "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE 'CREATE UNIQUE%%'", table
    ):
        run(f'DROP INDEX "{name}"')

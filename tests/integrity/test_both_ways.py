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
from accounts.actions.identities import join_by_identity
from accounts.actions.invitations import invite
from accounts.entry_integrity import ALONE
from accounts.inputs import IdentityInput
from accounts.models import Act, Desk, Invitation, Membership, RestrictedRead, Role, Token, User
from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim, publish_claim, set_threshold
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence, confirm_excerpt, withdraw_evidence
from claims.actions.sources import change_actor, change_source, correct_source, retract_source
from claims.inputs import ClaimInput, DeskEdit, EvidenceInput, MergeInput, ThresholdInput
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
from claims.record.backfill import bring_in
from claims.record.entry_labels import KINDS
from claims.record.ledger_entries import claim_set
from house.integrity import IntegrityMismatch, IntegrityScope
from ledger.models import Entry, Erasure, Key, Leaf, Outbox, SealedStream, Secret
from ledger.recording import older_acts
from reviews.actions.assignments import accept_assignment, assign, change_due, close_claim
from reviews.actions.redactions import (
    preview_of,
    propose_redaction,
    propose_shared_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.ledger_comparison import CHECKS, DECLARED, ROOTS
from reviews.models import (
    Answer,
    Assessment,
    AssessmentElement,
    AssessmentGrounds,
    Assignment,
    Decision,
    Redaction,
)
from reviews.redaction_matches import find
from sources.actions import attach_file, create_actor
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Attachment, Capture, Relay, Source
from tests import factories
from tests.factories import fresh
from tests.integrity.forging import drop_rules, forge, other, run, value_of
from tests.integrity.looking import found_both_ways
from tests.ledger.test_golden import do_everything

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
UNTOLD = "no entry tells of it"
ITS_OWN_KEY = "a key that nothing names"
EXCUSED: dict[type[models.Model], dict[str, str]] = {
    Claim: {
        **dict.fromkeys(
            ("contested", "independence_min", "independence_max", "independence_exact", "threshold"), NUMBERS
        ),
        **dict.fromkeys(("support_lost_at", "grounds_changed_at", "due_at"), IN_ANOTHER),
        **dict.fromkeys(("state", "last_seq", "version"), "`state is that of the last status change` and its like"),
        "changed_at": "moves with every change",
    },
    Topic: {"desk": UNTOLD},
    Evidence: {"version": COUNTS, "placed_by_editor": UNTOLD},
    Source: {"version": COUNTS},
    Actor: {"version": COUNTS, "merged_into": IN_ANOTHER},
    Capture: dict.fromkeys(
        (
            *("state", "attempt", "lease_until", "taken_at", "requested_by", "requested_at", "finished_at"),
            *("headers", "redirects", "error"),
        ),
        UNTOLD,
    ),
    Desk: {**dict.fromkeys(("last_claim_number", "is_demonstration"), UNTOLD), "version": COUNTS},
    Membership: {"id": ITS_OWN_KEY},
    Token: dict.fromkeys(("digest", "token_key", "last_used_at"), UNTOLD),
    User: dict.fromkeys(
        (
            *("away_from", "away_until", "date_joined", "first_name", "last_name", "language", "last_login", "name"),
            *("password", "reads", "reminders_by_mail", "time_zone"),
        ),
        PEOPLES_OWN,
    ),
    PolicyChange: {"id": ITS_OWN_KEY},
    Answer: {"id": ITS_OWN_KEY},
    AssessmentElement: {"id": ITS_OWN_KEY},
    Assessment: {"assignment": UNTOLD, "state": "`assessment with its decision`"},
    AssessmentGrounds: {"id": ITS_OWN_KEY, "assignment": UNTOLD},
    Decision: {"id": ITS_OWN_KEY},
    Redaction: {
        **dict.fromkeys(("erased", "in_drafts"), UNTOLD),
        **dict.fromkeys(("words", "sha256"), "what is to be erased is told nowhere"),
    },
    Erasure: {"id": ITS_OWN_KEY},
    Secret: {"id": ITS_OWN_KEY},
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
        keep_keys()
        run("SET CONSTRAINTS ALL IMMEDIATE")
        _place_some()
        assert found_both_ways() == []  # otherwise a test that something is found could not fail
        yield cast
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _leaves_the_world_as_it_was(world: factories.Cast) -> Iterator[None]:
    """One test's tampering must not be what the next one finds."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def keep_keys() -> None:
    """Those of which `do_everything` tells."""
    for name in ("00000000", "11111111"):
        Key.objects.create(text=f"a.example/log+{name}+AA", signs_receipts=False, since=timezone.now())


def _go_on(cast: factories.Cast) -> None:
    """So that each kind of entry is somewhere the last that tells of its row; and a claim that was brought in."""
    claim = factories.claim(cast, "A ship was loaded.", elements=["a ship"], topics=["ships"])
    edit_claim(claim=claim, fields=ClaimInput(place="Izmail"), by=cast.editor)
    due_at = timezone.now() + timedelta(days=5)
    assign(claim=claim, reviewer=cast.reviewer, due_at=due_at, by=cast.editor)
    accept_assignment(
        assignment=assign(claim=claim, reviewer=cast.reviewer2, due_at=due_at, by=cast.editor), by=cast.reviewer2
    )
    moved = assign(claim=claim, reviewer=cast.editor, due_at=due_at, by=cast.editor)
    change_due(assignment=moved, due_at=due_at + timedelta(days=1), by=cast.editor)
    source = factories.source(cast, publisher=factories.actor(cast))
    item = factories.attach(cast, claim, source, "context", excerpt="As it was.")
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="As it was then."), by=cast.editor)
    change_source(source=source, fields=SourceInput(reliability="B"), by=cast.editor)
    create_token(user=cast.editor, name="a script", by=cast.editor)
    set_threshold(claim=fresh(claim), fields=ThresholdInput(threshold=3, reason="A grave matter."), by=cast.editor)
    change_policy(desk=cast.desk, edit=DeskEdit({"second_factor_days": 30}, "After a theft."), by=cast.editor)
    invite(desk=cast.desk, role=Role.REVIEWER, name="Iryna", email="iryna@example.org", by=cast.admin)
    identity = IdentityInput(provider="oidc:an-issuer", subject="i-1", email="iryna@example.org")
    join_by_identity(identity=identity, username="iryna")
    _redact_more(cast)
    publish_claim(claim=fresh(claim), reason="Agreed.", by=cast.editor)
    _go_public(cast)
    close_claim(claim=factories.claim(cast), reason="duplicate", note="Of another.", by=cast.editor)
    factories.claim_in(cast, "refuted", elements=["a ship", "at night"])  # what supports it is answered
    _bring_in(factories.claim_in(cast, "denied"))


def _go_public(cast: factories.Cast) -> None:
    """What everybody may see: each kind of entry is somewhere the last that tells of it."""
    editor = cast.editor
    added, changed, merged = (factories.actor(cast, f"Port {n}", visibility="public") for n in range(3))
    change_actor(actor=changed, fields=ActorInput(reliability="B"), by=editor)
    merge_actors(actor=merged, fields=MergeInput(into=added.pk, reason="One and the same."), by=editor)
    factories.released(factories.actor(cast, "A mayor"), editor, "public")
    claim = factories.claim(cast, "The port is closed.", claimant=added)
    sources = [factories.source(cast, f"Report {n}", publisher=added, visibility="public") for n in range(5)]
    change_source(source=sources[0], fields=SourceInput(title="A report"), by=editor)
    change_source(source=sources[1], fields=SourceInput(reliability="B"), by=editor)
    retract_source(source=sources[2], reason="Taken back.", by=editor)
    item, altered, withdrawn = (
        factories.attach(cast, claim, source, "context", excerpt="Closed.", visibility="public")
        for source in sources[2:]
    )
    assert item.visibility == "public"
    change_evidence(evidence=altered, fields=EvidenceInput(locator="p. 2"), by=editor)
    withdraw_evidence(evidence=withdrawn, reason="Another port.", by=editor)
    corrected = factories.source(cast, "A report that was wrong", publisher=added)
    factories.released(corrected, editor, "public")
    confirmed = factories.attach(cast, claim, corrected, "context", excerpt="Closed.", visibility="public")
    correct_source(source=corrected, reason="The day was wrong.", by=editor)
    confirm_excerpt(evidence=confirmed, note="It still says so.", by=editor)
    released = factories.source(cast, publisher=added)
    factories.released(released, editor, "public")
    factories.released(factories.attach(cast, claim, released, "context"), editor, "public")
    publish_claim(claim=fresh(claim), by=editor)
    for fields in (ClaimInput(place="Reni"), ClaimInput(statement="The port was closed.")):
        other = factories.claim(cast, "The port was open.", claimant=added)
        publish_claim(claim=fresh(other), by=editor)
        set_threshold(claim=fresh(other), fields=ThresholdInput(threshold=3, reason="A grave matter."), by=editor)
        edit_claim(claim=fresh(other), fields=fields, by=editor)


def _redact_more(cast: factories.Cast) -> None:
    """Words that stand where nothing but a redaction changes anything, and a file."""
    words = "Two who do not depend"
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    factories.approved(
        cast, factories.assessment(cast, claim, "corroborated", rationale=f"{words} on each other saw it.")
    )
    kept = attach_file(source=factories.source(cast), chunks=[b"A face."], name="face.txt", by=cast.reviewer)
    second = User.objects.get(username="editor2")
    asked: tuple[dict[str, Any], ...] = ({"words": words}, {"file": kept.pk})
    for what in asked:
        row = propose_redaction(desk=cast.desk, **what, reason="They asked us to.", by=cast.editor)
        redact(redaction=row, seen=find(cast.desk, words=row.words, sha256=row.sha256, by=second).seen, by=second)
    shared = create_actor(desk=None, fields=ActorInput(name="Halyna, a witness", kind="person"), by=cast.admin)
    factories.source(cast, publisher=shared)
    asked_for: dict[str, Any] = {"actor": shared, "words": "Halyna", "reason": "She asked us to.", "by": cast.editor}
    withdraw_redaction(redaction=propose_shared_redaction(**asked_for), by=cast.editor)
    refuse_redaction(redaction=propose_shared_redaction(**asked_for), by=cast.admin)
    row = propose_shared_redaction(**asked_for)
    redact(redaction=row, seen=preview_of(redaction=row, by=cast.admin).seen, by=cast.admin)


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
        run(f"DELETE FROM {table} WHERE entry_id = ANY(%s)", entries)  # noqa: S608 - ours
    run("DELETE FROM ledger_entry WHERE id = ANY(%s)", entries)
    run("SET LOCAL session_replication_role = origin")
    bring_in(connection, claims=[claim.pk], now=timezone.now())


def test_nothing_is_found_in_what_people_did(world: factories.Cast) -> None:
    assert found_both_ways() == []


def test_acts_of_the_past_are_held_against_when_they_say_that_they_happened(world: factories.Cast) -> None:
    """As the demonstration loads them: written now, they say so, and when they were."""
    past = factories.days_ago(3)
    with older_acts():
        claim = factories.claim_in(world, "corroborated", now=past)
        source = factories.source(world, visibility="restricted", by=world.editor, now=past)
        factories.attach(world, claim, source, by=world.editor, now=past)
    assert found_both_ways() == []
    with taken_back():
        run("UPDATE claims_revision SET at = at - interval '1 day' WHERE claim_id = %s AND version = 1", claim.pk)
        assert found_both_ways() != []


def test_nothing_tells_what_is_older_than_a_history_of_status_changes_alone(world: factories.Cast) -> None:
    """`docs/ledger.md` says so. Of a claim that the ledger has from its report on, the same is found."""
    reported = Act.objects.filter(kind="claim_reported").values_list("about", flat=True)
    older = next(claim for claim in Claim.objects.filter(published_at=None) if f"claim:{claim.pk}" not in set(reported))
    whole = Claim.objects.filter(published_at=None).exclude(pk=older.pk)[0]
    for claim, is_found in ((older, False), (whole, True)):
        with taken_back():
            run("UPDATE claims_claim SET published_at = created_at WHERE id = %s", claim.pk)
            assert bool(_told("expected an entry claim_published")) == is_found


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


def _found_of(kind: str) -> list[IntegrityMismatch]:
    """What the checks of the rows find of which such entries tell."""
    names = {told.root for told in DECLARED if kind in told.kinds}
    wanted = {root.check for root in ROOTS if root.name in names}
    scope = IntegrityScope(timezone.now())
    return [finding for check in CHECKS if check.name in wanted for finding in check.mismatches(scope)]


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
# Where the change that is made elsewhere says the same, or is none.
SPECIAL = {
    ("claims_element", "position"): "1000 - position",
    ("reviews_assessmentgrounds", "number"): "1000 - number",
    **{
        (table, "reliability"): "CASE reliability WHEN 'E' THEN 'D' ELSE 'E' END"
        for table in ("sources_actor", "sources_source")
    },
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
        drop_rules(table)
        changed = SPECIAL.get((table, column)) or TAMPERED[sort].format(column=column)
        run(f"UPDATE {table} SET {column} = {changed}")  # noqa: S608 - ours
        assert found_both_ways()


@pytest.mark.parametrize("model", TOLD_MODELS, ids=lambda model: model._meta.label)
def test_a_row_that_is_gone_is_found(world: factories.Cast, model: type[models.Model]) -> None:
    with taken_back():
        run(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 - ours
        assert found_both_ways()


# Tampering by name: what somebody with the database in their hands would try first.


def _told(*words: str) -> list[str]:
    """The findings that have all these words."""
    return [str(finding) for finding in found_both_ways() if all(word in str(finding) for word in words)]


def _first(model: type[models.Model], **which: Any) -> Any:
    return model._default_manager.filter(**which).order_by("pk")[:1].get()


def test_a_relay_that_was_deleted(world: factories.Cast) -> None:
    relay = _first(Relay)
    with taken_back():
        run("DELETE FROM sources_relay WHERE id = %s", relay.pk)
        assert _told("(relay_added): expected a row that it tells of, found none")


def test_a_relay_that_was_taken_away_and_is_back(world: factories.Cast) -> None:
    relay = _first(Relay, removed_at__isnull=False)
    with taken_back():
        run("UPDATE sources_relay SET removed_at = NULL, removed_by_id = NULL WHERE id = %s", relay.pk)
        assert _told(f"relay {relay.pk}", "expected no entry relay_removed")


def test_a_relay_of_which_no_entry_tells(world: factories.Cast) -> None:
    with taken_back():
        run(
            "INSERT INTO sources_relay (id, downstream_id, upstream_id, quote, created_by_id, created_at)"
            " SELECT gen_random_uuid(), upstream_id, downstream_id, '', created_by_id, clock_timestamp()"
            " FROM sources_relay LIMIT 1"
        )
        assert _told("expected an entry relay_added, found none")


def test_a_withdrawal_that_was_undone(world: factories.Cast) -> None:
    item = _first(Evidence, withdrawn_at__isnull=False)
    with taken_back():
        run("UPDATE claims_evidence SET withdrawn_at = NULL, withdrawn_by_id = NULL WHERE id = %s", item.pk)
        assert _told(f"evidence {item.pk}", "expected no entry evidence_withdrawn")


def test_a_publication_that_was_backdated(world: factories.Cast) -> None:
    claim = _first(Claim, published_at__isnull=False)
    with taken_back():
        run("UPDATE claims_claim SET published_at = published_at - interval '30 days' WHERE id = %s", claim.pk)
        assert _told(claim.reference, "(claim_published) at ")


def test_a_claim_taken_from_the_public_without_an_act(world: factories.Cast) -> None:
    claim = _first(Claim, published_at__isnull=False)
    with taken_back():
        run("UPDATE claims_claim SET published_at = NULL WHERE id = %s", claim.pk)
        assert _told(claim.reference, "(claim_published) at ", "found never")


def test_a_claim_published_without_an_act(world: factories.Cast) -> None:
    claim = _first(Claim, reference="UKR-1")
    with taken_back():
        run("UPDATE claims_claim SET published_at = now() WHERE id = %s", claim.pk)
        assert _told(claim.reference, "expected an entry claim_published")


def test_evidence_that_was_deleted(world: factories.Cast) -> None:
    item = _first(Evidence, claim__reference="UKR-1")
    with taken_back():
        run("DELETE FROM claims_evidence WHERE id = %s", item.pk)
        assert _told("(evidence_attached)", "a row that it tells of")


def test_a_file_exchanged_with_its_digest_and_size(world: factories.Cast) -> None:
    """The bytes in the storage, their digest and their size together: the file check alone finds nothing in that."""
    row = _first(Attachment, erased_at__isnull=True)
    with taken_back():
        run("UPDATE sources_attachment SET sha256 = %s, size = 4 WHERE id = %s", "a" * 64, row.pk)
        found = _told(f"attachment {row.pk}")
        assert len(found) == 2 and "content/sha256" in found[0] and "content/size" in found[1]


def test_a_snapshot_exchanged_with_its_digest(world: factories.Cast) -> None:
    change = StatusChange.objects.filter(seq=2)[0]
    with taken_back():
        where = [change.claim_id, change.seq]
        run("UPDATE claims_statuschangegraph SET graph = '{}' WHERE claim_id = %s AND seq = %s", *where)
        run(
            "UPDATE claims_statuschange SET graph_digest = encode(sha256('{}'), 'hex')"
            " WHERE claim_id = %s AND seq = %s",
            *where,
        )
        assert _told(f"status change {change.seq}", "graph_digest of entry")


def test_grounds_exchanged_with_their_digest(world: factories.Cast) -> None:
    with taken_back():
        run("UPDATE claims_grounds SET content = '{}', digest = encode(sha256('{}'), 'hex')")
        assert _told("content/grounds of entry", "(assessed)")
        assert _told("grounds of entry", "(decided)")
        assert _told("grounds of entry", "(grounds_confirmed)")


def test_a_decision_that_says_the_contrary(world: factories.Cast) -> None:
    decision = _first(Decision, approved=True)
    with taken_back():
        run("UPDATE reviews_decision SET approved = false WHERE id = %s", decision.pk)
        assert _told(f"decision {decision.pk}", "body/approved", "true, found false")


@pytest.mark.parametrize("where", ["neither", "both"])
def test_an_entry_in_neither_or_both_of_outbox_and_log(world: factories.Cast, where: str) -> None:
    entry = _first(Outbox).entry_id
    with taken_back():
        if where == "neither":
            run("DELETE FROM ledger_outbox WHERE entry_id = %s", entry)
        else:
            run(
                "INSERT INTO ledger_leaf (index, entry_id, hash)"
                " SELECT 999, id, leaf_hash FROM ledger_entry WHERE id = %s",
                entry,
            )
        assert _told(f"entry in the outbox or in the log: entry {entry}", f"found in {where}")


def test_a_leaf_with_another_hash_than_its_entry(world: factories.Cast) -> None:
    with taken_back():
        run("UPDATE ledger_leaf SET hash = sha256('') WHERE index = 3")
        assert _told("leaf 3: expected the hash of entry", "found another")


def test_a_forged_entry_that_waits_for_its_place(world: factories.Cast) -> None:
    """Whole in itself, with its act: that a claim was published which never was."""
    claim = _first(Claim, reference="UKR-1")
    with taken_back():
        run("SET LOCAL session_replication_role = origin")  # the triggers fill the outbox
        claim_set("claim_published", claim, by=world.editor, now=timezone.now())
        found = found_both_ways()
        assert {finding.check for finding in found} == {"claims as the ledger has them"}
        assert [finding for finding in found if "(claim_published) at" in finding.expected]


def test_a_secret_that_is_gone_without_a_redaction(world: factories.Cast) -> None:
    secret = _first(Secret, name="reason")
    with taken_back():
        run("DELETE FROM ledger_secret WHERE id = %s", secret.pk)
        assert _told(f"entry {secret.entry_id}: expected reason that opens, or a redaction that erased it")


def test_a_secret_that_is_gone_with_an_erasure_that_no_redaction_names(world: factories.Cast) -> None:
    secret, redacted = _first(Secret, name="reason"), _first(Act, kind="redacted", sealed=False)
    with taken_back():
        run("DELETE FROM ledger_secret WHERE id = %s", secret.pk)
        run(
            "INSERT INTO ledger_erasure (said_in_id, entry_id, name, row) VALUES (%s, %s, 'reason', '')",
            *(redacted.entry_id, secret.entry_id),
        )
        assert _told("erased by a redaction: erasure of reason", f"named by entry {redacted.entry_id}, found not")


def test_a_secret_with_another_value(world: factories.Cast) -> None:
    secret = _first(Secret, name="reason")
    with taken_back():
        run("UPDATE ledger_secret SET value = '\"Other words.\"' WHERE id = %s", secret.pk)
        assert _told(f"entry {secret.entry_id}: expected reason as it was committed, found other words")


def test_what_a_redaction_erased_is_back(world: factories.Cast) -> None:
    erasure = _first(Erasure, entry__isnull=False)
    with taken_back():
        run(
            "INSERT INTO ledger_secret (entry_id, name, salt, value) VALUES (%s, %s, %s, '\"x\"')",
            *(erasure.entry_id, erasure.name, bytes(32)),
        )
        assert _told(f"entry {erasure.entry_id}: expected {erasure.name} erased, found still there")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM accounts_act WHERE entry_id = %s", "an act for each entry, found no act"),
        ("UPDATE accounts_act SET by_id = gen_random_uuid() WHERE entry_id = %s", "an act by the person it names"),
        ("UPDATE accounts_act SET sealed = NOT sealed WHERE entry_id = %s", "an act of its kind, time and seal"),
        ("UPDATE accounts_act SET kind = 'exported' WHERE entry_id = %s", "an act of its kind, time and seal"),
        (
            "UPDATE accounts_act SET at = at - interval '1 hour' WHERE entry_id = %s",
            "an act of its kind, time and seal",
        ),
        ("UPDATE accounts_act SET about = 'claim:none' WHERE entry_id = %s", "an act about its stream"),
        ("UPDATE accounts_act SET desk_id = gen_random_uuid() WHERE entry_id = %s", "on desk "),
    ],
)
def test_an_act_that_was_altered(world: factories.Cast, statement: str, found: str) -> None:
    entry = _first(Act, kind="evidence_attached", sealed=False).entry_id
    with taken_back():
        run(statement, entry)
        assert _told(f"entry {entry}", found)


def test_an_act_without_an_entry(world: factories.Cast) -> None:
    with taken_back():
        columns = "desk_id, by_id, kind, about, at, sealed"
        run(f"INSERT INTO accounts_act (entry_id, {columns}) SELECT -1, {columns} FROM accounts_act LIMIT 1")  # noqa: S608
        assert _told("act -1: expected an act for each entry, found no entry")


def test_the_parts_are_the_whole(world: factories.Cast) -> None:
    """Each part finds its own: together what one run finds, and nothing twice."""
    with taken_back():
        run("UPDATE claims_evidence SET excerpt = excerpt || ' altered'")
        run("UPDATE ledger_secret SET value = '1' WHERE name = 'reason'")
        whole = found_both_ways()
        parts = [str(one) for number in (1, 2, 3) for one in found_both_ways(part=(number, 3)) if _by_part(one)]
        assert sorted(parts) == sorted(str(one) for one in whole if _by_part(one))
        assert {one.partition(":")[0] for one in parts} >= {"claims as the ledger has them", "entry whole"}


def _by_part(finding: IntegrityMismatch) -> bool:
    return any(check.by_part for check in CHECKS if check.name == finding.check)

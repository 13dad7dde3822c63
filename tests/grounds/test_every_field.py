"""Every field and relation of the rows that grounds are read from is in them, or it is said why not.

A new field without an entry fails. For each that is in them a change alters the digest, and the database notes it.
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from claims.models import Claim, Element, Evidence
from claims.states import State, find_move
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.grounds import now_of
from claims.verdicts.grounds_watch import verdict_watch
from claims.verdicts.policy import LastChange, NamedGrounds, holds, missing_for
from claims.verdicts.support import lock_graph
from house.errors import Missing
from reviews.actions.grounds import last_stood_for, rests_on
from sources.actions import attach_file
from sources.models import Actor, Attachment, Capture, CaptureState, Relay, Source
from tests import factories
from tests.factories import fresh
from tests.grounds.edits import GroundsWorld, world

pytestmark = pytest.mark.django_db

NAMES_A_ROW = "says whose row it is, and never changes"
WHO_AND_WHEN = "says who wrote it down and when, not what it is"
FIGURES = "restates what the graph says: counted anew, never decided on"
COURSE = "says where the claim stands or how it is worked on, not what is claimed"
FILING = "says under what it is filed"
SHOWN_TO = "says who sees it; restricted, the row is left out altogether"
OTHER_ROWS = "leads to rows that are read, or said of, by themselves"
WORK = "says how the fetching goes, not what came"
VERSION = "grows with the other fields"
OWNED = "is shown and never counted"
MERGED = "what is merged is named by nothing"

# Of each model: the fields that are in the grounds, and why the others are not.
IN: dict[type[models.Model], set[str]] = {
    Claim: {
        *("statement", "original_statement", "language", "claimant", "claimed_on", "happened_from", "happened_to"),
        *("place", "threshold_override", "threshold_reason", "also_claimed_by", "parties", "elements"),
    },
    Element: {"text", "essential"},
    Evidence: {
        *("source", "stance", "elements", "basis", "basis_reason", "excerpt", "locator", "credibility"),
        *("against_interest", "against_interest_reason", "superseded_by", "visibility", "withdrawn_at"),
        "withdrawn_reason",
    },
    Source: {
        *("kind", "title", "url", "publisher", "published_at", "basis", "basis_reason", "language", "reliability"),
        *("visibility", "retracted_at", "retracted_reason", "corrected_at", "corrected_reason"),
        *("upstream_relays", "attachments", "captures"),
    },
    Relay: {"downstream", "upstream", "quote", "removed_at"},
    Attachment: {"source", "visibility", "sha256", "size", "media_type", "name", "erased_at", "capture"},
    Capture: {"visibility", "url", "status", "final_url", "attachment"},
    Actor: {
        *("name", "kind", "part_of", "part_of_from", "part_of_to", "stands_alone_because", "reliability"),
        *("speaks_for_checked", "visibility"),
    },
}
OUT: dict[type[models.Model], dict[str, str]] = {
    Claim: {
        **dict.fromkeys(["id", "desk", "reference"], NAMES_A_ROW),
        **dict.fromkeys(["created_by", "created_at", "changed_at", "threshold_by"], WHO_AND_WHEN),
        **dict.fromkeys(
            ["contested", "independence_min", "independence_max", "independence_exact", "threshold", "words"], FIGURES
        ),
        **dict.fromkeys(["support_lost_at", "grounds_changed_at", "state", "last_seq", "due_at"], COURSE),
        **dict.fromkeys(["published_at", "closed_at", "closed_reason", "closed_note"], COURSE),
        "version": VERSION,
        "topics": FILING,
    },
    Element: {"id": NAMES_A_ROW, "claim": NAMES_A_ROW, "position": "says where it stands in the list"},
    Evidence: {
        **dict.fromkeys(["id", "claim"], NAMES_A_ROW),
        **dict.fromkeys(["created_by", "created_at", "withdrawn_by"], WHO_AND_WHEN),
        "placed_by_editor": SHOWN_TO,
        "version": VERSION,
    },
    Source: {
        **dict.fromkeys(["id", "desk"], NAMES_A_ROW),
        **dict.fromkeys(["created_by", "created_at", "retracted_by", "corrected_by"], WHO_AND_WHEN),
        "words": FIGURES,
        "version": VERSION,
        "downstream_relays": "leads downstream, where nothing of this claim comes from",
    },
    Relay: {"id": NAMES_A_ROW, **dict.fromkeys(["created_by", "created_at", "removed_by"], WHO_AND_WHEN)},
    Attachment: {"id": NAMES_A_ROW, **dict.fromkeys(["created_by", "created_at"], WHO_AND_WHEN)},
    Capture: {
        "id": NAMES_A_ROW,
        "source": "is its file's, which is in them",
        **dict.fromkeys(["requested_by", "requested_at", "finished_at"], WHO_AND_WHEN),
        **dict.fromkeys(["state", "attempt", "lease_until", "taken_at", "error", "headers", "redirects"], WORK),
    },
    Actor: {
        **dict.fromkeys(["id", "desk"], NAMES_A_ROW),
        **dict.fromkeys(["created_by", "created_at"], WHO_AND_WHEN),
        "owned_by": OWNED,
        "merged_into": MERGED,
        "version": VERSION,
    },
}
NOT_HERE_YET = {(model, "version") for model in (Evidence, Source, Actor)}
# What comes from other rows to these: relations that are rows of their own meaning.
BACKWARDS = {
    "evidence", "supersedes", "parts", "owns", "merged", "published", "claimed", "also_claimed", "party_to", "merge",
    "declared_conflicts", "revisions", "participants", "tasks", "recomputation", "bundles", "status_changes", "grounds",
    "watches", "assignments", "assessments", "reminders", "notifications", "drafts", "redactions",
}  # fmt: skip


@pytest.mark.parametrize("model", IN, ids=lambda model: model.__name__)
def test_every_field_and_relation_has_an_entry(model: type[models.Model]) -> None:
    fields = {
        field.name
        for field in model._meta.get_fields()
        if not (field.auto_created and not field.concrete and (field.related_model, field.name) and field.hidden)
    }
    said = IN[model] | set(OUT[model])
    missing = {name for name in fields - said if name not in BACKWARDS}
    gone = {name for name in said - fields if (model, name) not in NOT_HERE_YET}
    assert (missing, gone, IN[model] & set(OUT[model])) == (set(), set(), set())


def _rows(made: GroundsWorld) -> dict[type[models.Model], models.Model]:
    """The row of each model whose fields are changed."""
    kept = attach_file(source=made.source, chunks=[b"a page"], name="log.txt", by=made.cast.reviewer)
    now = timezone.now()
    capture = Capture.objects.create(
        source=made.source, url="https://example.org/log", state=CaptureState.DONE, attachment=kept, status=200,
        final_url="https://example.org/log", requested_by=made.cast.reviewer, requested_at=now, finished_at=now,
    )  # fmt: skip
    return {
        Claim: made.claim, Element: made.claim.elements.earliest("position"), Evidence: made.item, Source: made.source,
        Relay: made.relay, Attachment: kept, Capture: capture, Actor: made.publisher,
    }  # fmt: skip


MOMENT = datetime(2022, 10, 3, 12, 0, 30, 5, UTC)
OTHER: dict[str, Any] = {
    "kind": "person", "basis": "unknown", "reliability": "D", "visibility": "restricted", "stance": "context",
    "credibility": 3, "essential": False, "status": 404, "sha256": "ab" * 32, "size": 3, "threshold_override": 4,
    "language": "uk",
}  # fmt: skip
OF_SOURCE = {"kind": "document"}
OF_ACTOR = {"kind": "state"}


def _change(model: type[models.Model], row: models.Model, name: str, made: GroundsWorld) -> None:
    """Give a field another value, past the actions."""
    field = model._meta.get_field(name)
    rows = model._default_manager.filter(pk=row.pk)
    if name in ("threshold_override", "threshold_reason"):
        rows.update(threshold_override=4, threshold_by=made.cast.editor, threshold_reason=name)
    elif name in ("withdrawn_at", "retracted_at", "corrected_at", "removed_at"):
        by = name.replace("_at", "_by")
        rows.update(**{name: MOMENT, by: made.cast.editor})
    elif name == "stance" and getattr(row, name) == "context":
        rows.update(stance="refutes")
    elif name == "visibility" and getattr(row, name) == "restricted":
        rows.update(visibility="desk")
    elif name == "erased_at":
        rows.update(erased_at=MOMENT, sha256="", size=0)
    elif name == "against_interest":
        rows.update(against_interest=made.other, against_interest_reason="So.")
    elif name == "superseded_by":
        rows.update(superseded_by=made.answered)
    elif field.is_relation or name == "speaks_for_checked":
        _relate(row, name, made)
    elif isinstance(field, models.DateTimeField):
        rows.update(**{name: MOMENT})
    elif isinstance(field, models.DateField):
        rows.update(**{name: date(2022, 10, 3)})
    else:
        other = {**OTHER, **(OF_SOURCE if model is Source else OF_ACTOR if model is Actor else {})}
        rows.update(**{name: other.get(name, "Another")})


def _relate(row: models.Model, name: str, made: GroundsWorld) -> None:
    if name in ("also_claimed_by", "parties"):
        getattr(row, name).set([made.other])
    elif name == "speaks_for_checked":  # of the voice: the publisher's own follows from whom it is part of
        Actor.objects.filter(pk=made.parent.pk).update(speaks_for_checked=False)
    elif name == "elements":
        if isinstance(row, Claim):
            Element.objects.create(claim=row, text="More.", position=9)
        else:
            getattr(row, name).set(made.claim.elements.all()[:1])
    elif name == "upstream_relays":
        Relay.objects.create(
            downstream_id=row.pk, upstream=made.spare, created_by=made.cast.reviewer, created_at=MOMENT
        )
    elif name in ("attachments", "captures", "capture"):
        Capture.objects.filter(source=made.source).update(final_url="https://example.org/moved")
    elif name == "attachment":
        Capture.objects.filter(pk=row.pk).update(attachment=None, state="failed")
    else:
        other = made.spare if name in ("source", "downstream", "upstream") else made.other
        type(row)._default_manager.filter(pk=row.pk).update(**{name: other})


FIELDS = [(model, name) for model, names in IN.items() for name in sorted(names)]


@pytest.fixture
def rows(db: None) -> tuple[GroundsWorld, dict[type[models.Model], models.Model]]:
    made = world()
    with transaction.atomic():
        lock_graph(made.cast.desk.pk)
        found = _rows(made)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM claims_groundstouch")
    factories.approved(made.cast, _confirmed(made))
    return made, found


def _confirmed(made: GroundsWorld) -> Any:
    return factories.assessment(made.cast, made.claim, "corroborated")


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
def test_a_change_of_a_field_is_a_change_of_the_grounds_and_is_noted(
    rows: tuple[GroundsWorld, dict[type[models.Model], models.Model]], model: type[models.Model], name: str
) -> None:
    made, found = rows
    watched = verdict_watch(made.claim)
    assert watched is not None
    kept = watched.grounds
    before = now_of(made.claim, kept)
    with transaction.atomic():
        lock_graph(made.cast.desk.pk)
        _change(model, found[model], name, made)
        assert now_of(made.claim, kept).digest != before.digest
        with pytest.raises(DatabaseError, match="nobody followed it"), transaction.atomic():
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_another_desk_threshold_is_noted(rows: tuple[GroundsWorld, dict[type[models.Model], models.Model]]) -> None:
    made, _found = rows
    with transaction.atomic():
        lock_graph(made.cast.desk.pk)
        type(made.cast.desk)._default_manager.filter(pk=made.cast.desk.pk).update(min_independence=4)
        with pytest.raises(DatabaseError, match="nobody followed it"), transaction.atomic():
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


BESIDE = [
    (model, name, row)
    for model, name in FIELDS
    for row in {Evidence: ("aside", "past", "later", "extra", "shut"), Source: ("aside", "past", "later", "extra")}.get(
        model, ()
    )
]


@pytest.mark.parametrize(("model", "name", "row"), BESIDE, ids=lambda value: getattr(value, "__name__", value))
def test_a_change_of_what_nobody_named_changes_the_policys_answer_or_the_grounds_or_costs_the_support(
    made: GroundsWorld, model: type[models.Model], name: str, row: str
) -> None:
    """`extra` supports the claim on a source that is named as well."""
    extra = factories.attach(made.cast, made.claim, made.source, by=made.cast.reviewer2)
    item = extra if row == "extra" else getattr(made, row)
    asked = rests_on(made.assessment)
    named = NamedGrounds(frozenset(map(str, asked.named)), frozenset(map(str, asked.answered)))
    move = find_move("reported", "corroborated")
    assert move is not None

    def answers() -> list[Missing]:
        return missing_for(move, load_evidence_graph(fresh(made.claim)), None, named)

    before, kept = answers(), last_stood_for(made.assessment)
    assert (before, kept is not None) == ([], True)
    with transaction.atomic():
        lock_graph(made.cast.desk.pk)
        _change(model, item if model is Evidence else item.source, name, made)
        if name == "visibility":  # evidence is at least as strict as its source
            strict = {"restricted": "desk"}.get(item.visibility, "restricted")
            Source.objects.filter(pk=item.source_id).update(visibility=strict)
            Evidence.objects.filter(source=item.source_id).update(visibility=strict)
        graph = load_evidence_graph(fresh(made.claim))
        verdict = LastChange(State.CORROBORATED, named.named or frozenset(), MOMENT)
        if answers() != before and holds(graph, verdict):
            assert kept is not None and now_of(made.claim, kept.grounds).digest != kept.grounds.digest
        transaction.set_rollback(True)

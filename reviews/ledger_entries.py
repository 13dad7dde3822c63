"""The ledger entries of assignments, assessments and decisions. Each is written last in its action's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from accounts.ledger_entries import EntryFields, committed_person, record_act
from accounts.models import Desk, User
from claims.models import Claim, Grounds
from ledger.erasing import OpenField
from ledger.recording import last_hash
from reviews.models import (
    Answer,
    Assessment,
    AssessmentElement,
    AssessmentState,
    Assignment,
    Decision,
    Redaction,
)
from reviews.redaction_matches import PREVIEWED, Matches
from sources.models import Actor

Named = TypeVar("Named")
# Fields and rows that fit into an entry of 65,535 bytes, whatever their names.
EntryContent = dict[str, Any]  # the content of a sealed entry: free-form JSON
MOST_NAMED = 200


def assignment_recorded(kind: str, row: Assignment, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Record that a claim was assigned, or that the assignment was accepted, ended, or got a new due time."""
    record_act(
        about=f"claim:{row.claim_id}",
        kind=kind,
        desk=row.claim.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"claim": str(row.claim_id), "assignment": str(row.pk), "state": row.state},
            committed={
                "reviewer": committed_person(row.reviewer),
                "due_at": row.due_at.isoformat(),
                "reason": reason,
            },
        ),
    )


def decider_recorded(kind: str, claim: Claim, user: User, *, by: User | None, now: datetime) -> None:
    """Record that an approver was named or removed."""
    record_act(
        about=f"claim:{claim.pk}",
        kind=kind,
        desk=claim.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"claim": str(claim.pk)},
            committed={"person": committed_person(user)},
        ),
    )


def assessment_content(
    assessment: Assessment,
    *,
    evidence: Iterable[str],
    answers: Iterable[Answer],
    elements: Iterable[AssessmentElement],
    grounds: str,
) -> EntryContent:
    """The content of an assessment that its entry commits to. `grounds`: their digest."""
    return {
        "from": assessment.from_state,
        "to": assessment.proposed_state,
        "rationale": assessment.rationale,
        "recorded_mistake": assessment.recorded_mistake,
        "seen_version": assessment.seen_version,
        "evidence": sorted(evidence),
        "answers": [{"evidence": str(one.evidence_id), "text": one.text} for one in answers],
        "elements": [{"element": str(one.element_id), "text": one.text} for one in elements],
        "grounds": grounds,
    }


def assessed(assessment: Assessment, *, content: EntryContent, now: datetime) -> None:
    """Record a submitted assessment. Sealed while it waits for a second person."""
    waits = assessment.state == AssessmentState.WAITING
    record_act(
        about=f"assessment:{assessment.pk}" if waits else f"claim:{assessment.claim_id}",
        kind="assessed",
        desk=assessment.claim.desk_id,
        by=assessment.assessor,
        now=now,
        entry=EntryFields(
            body={"claim": str(assessment.claim_id), "assessment": str(assessment.pk)},
            committed={"content": content},
            sealed=waits,
        ),
    )


def confirmed(assessment: Assessment, grounds: Grounds, *, now: datetime) -> None:
    """Record that an assessor confirmed the present grounds of a waiting assessment. Sealed like the assessment."""
    record_act(
        about=f"assessment:{assessment.pk}",
        kind="assessment_confirmed",
        desk=assessment.claim.desk_id,
        by=assessment.assessor,
        now=now,
        entry=EntryFields(
            body={"claim": str(assessment.claim_id), "assessment": str(assessment.pk)},
            committed={"grounds": grounds.digest},
            sealed=True,
        ),
    )


def grounds_confirmed(claim: Claim, grounds: Grounds, *, by: User, now: datetime, reason: str) -> None:
    """Record that a verdict was confirmed on its present grounds."""
    record_act(
        about=f"claim:{claim.pk}",
        kind="grounds_confirmed",
        desk=claim.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"claim": str(claim.pk), "number": claim.last_seq},
            committed={"grounds": grounds.digest, "reason": reason},
        ),
    )


def decided(assessment: Assessment, decision: Decision, *, grounds: Grounds | None, now: datetime) -> None:
    """Record an approval or a rejection, with the leaf hash of the assessment's sealed entry.

    `grounds`: those approved; None for a rejection.
    """
    submitted = last_hash(f"assessment:{assessment.pk}", sealed=True)
    record_act(
        about=f"claim:{assessment.claim_id}",
        kind="decided",
        desk=assessment.claim.desk_id,
        by=decision.decided_by,
        now=now,
        entry=EntryFields(
            body={
                "claim": str(assessment.claim_id),
                "assessment": str(assessment.pk),
                "approved": decision.approved,
            },
            committed={
                "assessor": committed_person(decision.assessor),
                "reason": decision.reason,
                "finding": submitted.hex() if submitted else None,
                "grounds": grounds.digest if grounds else None,
            },
        ),
    )


def redaction_proposed(redaction: Redaction, *, by: User, now: datetime) -> None:
    """Record a proposed redaction, without the words."""
    _of_redaction("redaction_proposed", redaction, by=by, now=now, reason=redaction.reason)


def redaction_ended(kind: str, redaction: Redaction, *, by: User, now: datetime) -> None:
    """Record that a redaction was rejected, or withdrawn by its proposer."""
    _of_redaction(kind, redaction, by=by, now=now)


def second_named(redaction: Redaction, *, by: User, now: datetime) -> None:
    """Record that an editor of another desk was asked to decide on a redaction."""
    _of_redaction("redaction_second_named", redaction, by=by, now=now, second=committed_person(redaction.second))


def redaction_previewed(of: Desk | Actor, *, words: str, file: UUID | None, by: User, now: datetime) -> None:
    """Record a search for matches, on a desk or of a shared actor. The search words are erased with the matches."""
    sort = "desk" if isinstance(of, Desk) else "actor"
    record_act(
        about=f"{sort}:{of.pk}",
        kind=PREVIEWED,
        desk=of.pk if isinstance(of, Desk) else None,
        by=by,
        now=now,
        entry=EntryFields(
            body={sort: str(of.pk)},
            committed={"words": words, "file": str(file) if file else None},
        ),
    )


def _of_redaction(kind: str, redaction: Redaction, *, by: User, now: datetime, **committed: Any) -> None:
    record_act(
        about=f"redaction:{redaction.pk}",
        kind=kind,
        desk=redaction.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body=_redaction_body(redaction),
            committed=committed,
        ),
    )


def _redaction_body(redaction: Redaction) -> dict[str, str | None]:
    desk = {"redaction": str(redaction.pk), "desk": str(redaction.desk_id) if redaction.desk_id else None}
    return desk | ({"actor": str(redaction.actor_id)} if redaction.actor_id else {})


def redacted(
    redaction: Redaction, found: Matches, *, by: User, now: datetime
) -> list[tuple[int, list[OpenField], list[str]]]:
    """Record an erasure by two people: the erased fields of entries, and the erased rows.

    Sealed values are named in sealed entries, and rows in separate sealed ones: an undecided assessment is a row, and
    the proof of a stream shows the names of its fields. If nothing needs a name (all fields already closed, no
    append-only rows), one entry says so. Returns each entry's database id with its fields and rows.
    """
    held = (*found.fields, *found.previews)
    said: list[tuple[int, list[OpenField], list[str]]] = []
    for sealed in (False, True):
        for fields in _batched([one for one in held if one.sealed == sealed]):
            said.append((_redacted(redaction, fields, [], sealed, by, now), fields, []))
    for rows in _batched([one.row for one in found.texts if one.place.grows]):
        said.append((_redacted(redaction, [], rows, True, by, now), [], rows))
    return said or [(_redacted(redaction, [], [], False, by, now), [], [])]


def _batched(named: Sequence[Named]) -> Iterator[list[Named]]:
    """Batches of as many names as fit into one entry."""
    left = iter(named)
    while part := list(islice(left, MOST_NAMED)):
        yield part


def _redacted(
    redaction: Redaction, fields: list[OpenField], rows: list[str], sealed: bool, by: User, now: datetime
) -> int:
    by_leaf: dict[str, list[str]] = {}
    for one in fields:
        by_leaf.setdefault(one.leaf_hash, []).append(one.name)
    return record_act(
        about=f"redaction:{redaction.pk}",
        kind="redacted",
        desk=redaction.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={
                **_redaction_body(redaction),
                "fields": {leaf: sorted(names) for leaf, names in by_leaf.items()},
                "rows": rows,
            },
            committed={"proposed_by": committed_person(redaction.proposed_by), "reason": redaction.reason},
            sealed=sealed,
        ),
    ).id

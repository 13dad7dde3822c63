"""The ledger entries expected of assignments, assessments, decisions and redactions, computed from the rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.ledger_entries import committed_person
from accounts.ledger_integrity import (
    Beginnings,
    ExpectedEntries,
    Field,
    OpenedEntry,
    Root,
    Told,
    in_order,
    moment_in_words,
)
from accounts.models import Desk
from claims.models import Claim, Grounds, Participant, ParticipantRole, Task, TaskKind
from reviews.ledger_entries import EntryContent, assessment_content
from reviews.models import (
    Assessment,
    AssessmentGrounds,
    Assignment,
    AssignmentState,
    Decision,
    Redaction,
    RedactionState,
)
from sources.models import Actor

REDACTIONS = Root("redaction", Redaction, "redactions as the ledger has them")

# Assignments


def _assignments(ids: Sequence[UUID]) -> Iterable[Assignment]:
    return Assignment.objects.filter(claim__in=ids).prefetch_related("claim", "reviewer", "assigned_by")


def _takes_it(row: Assignment) -> bool:
    return row.reviewer_id == row.assigned_by_id


def _state_then(row: Assignment, said: OpenedEntry) -> str:
    """The state of the assignment according to the earlier entries."""
    accepted = _takes_it(row) or any(one.kind == "assignment_accepted" for one in said.earlier)
    return AssignmentState.ACCEPTED.value if accepted else AssignmentState.OFFERED.value


_ASSIGNMENT: dict[str, Field[Assignment]] = {
    "body/claim": Field(lambda row, said: str(row.claim_id)),
    "body/assignment": Field(lambda row, said: str(row.pk)),
    "body/state": Field(_state_then),
    "reviewer": Field(lambda row, said: committed_person(row.reviewer)),
    "due_at": Field(lambda row, said: row.due_at.isoformat(), latest=True),
    "reason": Field(lambda row, said: ""),
}

TOLD_ASSIGNMENTS: Told[Assignment] = Told(
    root="claim",
    kinds={
        "assigned": ExpectedEntries(
            _ASSIGNMENT | {"by": Field(lambda row, said: committed_person(row.assigned_by))},
            when=lambda row: row.created_at,
        ),
        "assignment_accepted": ExpectedEntries(
            _ASSIGNMENT | {"body/state": Field(lambda row, said: AssignmentState.ACCEPTED.value)},
            when=lambda row: None if _takes_it(row) else row.accepted_at,
        ),
        "due_time_changed": ExpectedEntries(_ASSIGNMENT),
        "assignment_ended": ExpectedEntries(
            _ASSIGNMENT
            | {
                "body/state": Field(lambda row, said: row.state),
                "reason": Field(lambda row, said: row.ended_reason),
            },
            when=lambda row: row.ended_at,
        ),
    },
    rows=_assignments,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.body.get("assignment") if said.body else None,
    subject=lambda row: f"{row.claim.reference} assignment {row.pk}",
    claim=lambda row: row.claim_id,
    desk=lambda row: row.claim.desk_id,
)

# Approvers besides the editors


@dataclass(frozen=True)
class RecordedDeciders:
    """A claim with its approvers, in the order in which they were named."""

    claim: Claim
    named: Sequence[Participant]

    def of(self, said: OpenedEntry) -> list[Participant]:
        """The row of the person that an entry names."""
        pk = said.opened["person"]["id"]
        return [row for row in self.named if str(row.user_id) == pk]


def _deciders(ids: Sequence[UUID]) -> Iterator[RecordedDeciders]:
    rows: dict[UUID, list[Participant]] = {}
    found = Participant.objects.filter(claim__in=ids, role=ParticipantRole.DECIDER).prefetch_related("user", "claim")
    for row in found.order_by("since", "id"):
        rows.setdefault(row.claim_id, []).append(row)
    for claim in Claim.objects.filter(pk__in=ids).only("pk", "desk_id", "reference"):
        yield RecordedDeciders(claim, rows.get(claim.pk, []))


def _named(row: RecordedDeciders, said: OpenedEntry) -> Any:
    """An approver named at that time, or until removed. None if a redaction erased the name."""
    if "person" in said.closed:
        return None
    for one in row.of(said):
        moment = one.since if said.kind == "decider_named" else one.until
        if moment is not None and said.is_of(moment):
            return committed_person(one.user)
    return None


def _each_named(
    row: RecordedDeciders, entries: Sequence[OpenedEntry], beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that each approver has an entry, and that none is active after removal."""
    if any("person" in said.closed for said in entries):
        return
    for one in row.named:
        theirs = [said for said in entries if said.opened["person"]["id"] == str(one.user_id)]
        if not any(said.kind == "decider_named" and said.is_of(one.since) for said in theirs):
            if not beginnings.is_older(one.since, row.claim.desk_id):
                yield f"an entry decider_named for approver {one.pk}", "none"
        elif one.until is None and theirs[-1].kind == "decider_unnamed":
            yield f"approver {one.pk} withdrawn by {theirs[-1]}", "still named"


_DECIDER: dict[str, Field[RecordedDeciders]] = {
    "body/claim": Field(lambda row, said: str(row.claim.pk)),
    "person": Field(_named),
}

TOLD_DECIDERS: Told[RecordedDeciders] = Told(
    root="claim",
    kinds={"decider_named": ExpectedEntries(_DECIDER), "decider_unnamed": ExpectedEntries(_DECIDER)},
    rows=_deciders,
    key=lambda row: str(row.claim.pk),
    key_said=lambda said: said.about.removeprefix("claim:"),
    subject=lambda row: f"{row.claim.reference} approvers",
    claim=lambda row: row.claim.pk,
    desk=lambda row: row.claim.desk_id,
    also=_each_named,
)

# Assessments


@dataclass(frozen=True)
class Submitted:
    """An assessment with its grounds: at submission, if kept, and at each confirmation."""

    row: Assessment
    first: AssessmentGrounds | None
    confirmed: Sequence[AssessmentGrounds]


def _digests() -> "Prefetch[str, QuerySet[Grounds], str]":
    """The grounds by digest, without their content."""
    return Prefetch("grounds", queryset=Grounds.objects.defer("content"))


def _assessments(ids: Sequence[UUID]) -> Iterator[Submitted]:
    stood: dict[UUID, list[AssessmentGrounds]] = {}
    kept = AssessmentGrounds.objects.filter(assessment__claim__in=ids).prefetch_related(_digests())
    for one in kept.order_by("assessment", "number"):
        stood.setdefault(one.assessment_id, []).append(one)
    rows = Assessment.objects.filter(claim__in=ids)
    for row in rows.prefetch_related("claim", "assessor", "evidence", "answers", "elements"):
        each = stood.get(row.pk, [])
        first = each[0] if each and each[0].at == row.created_at else None
        yield Submitted(row, first, each[1:] if first else each)


def _in_full(one: Submitted, said: OpenedEntry) -> EntryContent:
    content = assessment_content(
        one.row,
        evidence=[str(item.pk) for item in one.row.evidence.all()],
        answers=one.row.answers.all(),
        elements=one.row.elements.all(),
        grounds=one.first.grounds.digest if one.first else "",
    )
    if one.first is None:
        del content["grounds"]
    return content


def _sorted(content: Any) -> Any:
    """Answers and lines in a fixed order: no row records the order in which they were typed."""
    if not isinstance(content, dict):
        return content
    lists = {name: content[name] for name in ("answers", "elements") if isinstance(content.get(name), list)}
    return content | {name: sorted(value, key=str) for name, value in lists.items()}


def _confirmed(one: Submitted, said: OpenedEntry) -> str | None:
    stood = in_order(one.confirmed, said)
    return stood.grounds.digest if stood else None


def _each_confirmed(
    one: Submitted, entries: Sequence[OpenedEntry], _beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    told = [said for said in entries if said.kind == "assessment_confirmed"]
    for stood, said in zip(reversed(one.confirmed), reversed(told), strict=False):
        if not said.is_of(stood.at):
            yield f"{said} at {moment_in_words(said.at)}", moment_in_words(stood.at)
    if len(told) != len(one.confirmed):
        yield f"{len(one.confirmed)} entries assessment_confirmed", str(len(told))


_ASSESSMENT: dict[str, Field[Submitted]] = {
    "body/claim": Field(lambda one, said: str(one.row.claim_id)),
    "body/assessment": Field(lambda one, said: str(one.row.pk)),
    "by": Field(lambda one, said: committed_person(one.row.assessor)),
}

TOLD_ASSESSMENTS: Told[Submitted] = Told(
    root="claim",
    kinds={
        "assessed": ExpectedEntries(
            _ASSESSMENT | {"content": Field(_in_full, normal=_sorted)}, when=lambda one: one.row.created_at
        ),
        "assessment_confirmed": ExpectedEntries(_ASSESSMENT | {"grounds": Field(_confirmed)}),
    },
    rows=_assessments,
    key=lambda one: str(one.row.pk),
    key_said=lambda said: said.body.get("assessment") if said.body else None,
    subject=lambda one: f"{one.row.claim.reference} assessment {one.row.pk}",
    claim=lambda one: one.row.claim_id,
    desk=lambda one: one.row.claim.desk_id,
    subjects=lambda one: [f"assessment:{one.row.pk}"],
    also=_each_confirmed,
)

# Decisions


@dataclass(frozen=True)
class Decided:
    """A decision with the digest of the approved grounds; None for a rejection."""

    row: Decision
    grounds: str | None


def _decisions(ids: Sequence[UUID]) -> Iterator[Decided]:
    last = {
        one.assessment_id: one.grounds.digest
        for one in AssessmentGrounds.objects.filter(assessment__claim__in=ids, assessment__decision__isnull=False)
        .prefetch_related(_digests())
        .order_by("number")
    }
    rows = Decision.objects.filter(assessment__claim__in=ids)
    for row in rows.prefetch_related("assessment__claim", "assessor", "decided_by"):
        yield Decided(row, last.get(row.assessment_id) if row.approved else None)


def _submission_leaf(one: Decided, said: OpenedEntry) -> str | None:
    """The leaf hash of the assessment's last sealed entry."""
    entries = said.around.get(f"assessment:{one.row.assessment_id}", [])
    return entries[-1].leaf_hash if entries else None


TOLD_DECISIONS: Told[Decided] = Told(
    root="claim",
    kinds={
        "decided": ExpectedEntries(
            {
                "body/claim": Field(lambda one, said: str(one.row.assessment.claim_id)),
                "body/assessment": Field(lambda one, said: str(one.row.assessment_id)),
                "body/approved": Field(lambda one, said: one.row.approved),
                "by": Field(lambda one, said: committed_person(one.row.decided_by)),
                "assessor": Field(lambda one, said: committed_person(one.row.assessor)),
                "reason": Field(lambda one, said: one.row.reason),
                "finding": Field(_submission_leaf),
                "grounds": Field(lambda one, said: one.grounds),
            },
            when=lambda one: one.row.at,
            optional=frozenset({"grounds"}),
        ),
    },
    rows=_decisions,
    key=lambda one: str(one.row.assessment_id),
    key_said=lambda said: said.body.get("assessment") if said.body else None,
    subject=lambda one: f"{one.row.assessment.claim.reference} decision {one.row.pk}",
    claim=lambda one: one.row.assessment.claim_id,
    desk=lambda one: one.row.assessment.claim.desk_id,
)

# Verdicts confirmed after a change


@dataclass(frozen=True)
class Verdicts:
    """A claim with the tasks that ended by confirming its verdict, and the grounds kept then."""

    claim: Claim
    tasks: Sequence[Task]
    grounds: Sequence[Grounds]


def _verdicts(ids: Sequence[UUID]) -> Iterator[Verdicts]:
    tasks: dict[UUID, list[Task]] = {}
    ended = Task.objects.filter(claim__in=ids, kind=TaskKind.GROUNDS_CHANGED, ended_by__isnull=False)
    for task in ended.order_by("ended_at", "id"):
        tasks.setdefault(task.claim_id, []).append(task)
    grounds: dict[UUID, list[Grounds]] = {}
    for row in Grounds.objects.filter(claim__in=ids).defer("content"):
        grounds.setdefault(row.claim_id, []).append(row)
    for claim in Claim.objects.filter(pk__in=ids).only("pk", "desk_id", "reference", "last_seq"):
        yield Verdicts(claim, tasks.get(claim.pk, []), grounds.get(claim.pk, []))


def _note(row: Verdicts, said: OpenedEntry) -> str | None:
    tasks = [task for task in row.tasks if task.ended_by_id == said.by and task.ended_at and said.is_of(task.ended_at)]
    return tasks[0].note if tasks else None


def _digest(row: Verdicts, said: OpenedEntry) -> str | None:
    kept = [one.digest for one in row.grounds if said.is_of(one.kept_at)]
    return said.opened["grounds"] if said.opened["grounds"] in kept else kept[0] if kept else None


def _number(row: Verdicts, said: OpenedEntry) -> int:
    """The number of the verdict: that of the last status change before the entry."""
    moved = [one for one in said.around[said.about] if one.kind == "status_changed" and one.id < said.id and one.body]
    return moved[-1].body["number"] if moved and moved[-1].body else row.claim.last_seq


def _each_looked_at(row: Verdicts, entries: Sequence[OpenedEntry], beginnings: Beginnings) -> Iterator[tuple[str, str]]:
    for task in row.tasks:
        assert task.ended_at is not None
        if not any(said.is_of(task.ended_at) for said in entries) and not beginnings.is_older(
            task.ended_at, row.claim.desk_id
        ):
            yield f"an entry grounds_confirmed for task {task.pk}", "none"


TOLD_VERDICTS: Told[Verdicts] = Told(
    root="claim",
    kinds={
        "grounds_confirmed": ExpectedEntries(
            {
                "body/claim": Field(lambda row, said: str(row.claim.pk)),
                "body/number": Field(_number),
                "grounds": Field(_digest),
                "reason": Field(_note),
            }
        )
    },
    rows=_verdicts,
    key=lambda row: str(row.claim.pk),
    key_said=lambda said: said.about.removeprefix("claim:"),
    subject=lambda row: f"{row.claim.reference} verdict",
    claim=lambda row: row.claim.pk,
    desk=lambda row: row.claim.desk_id,
    also=_each_looked_at,
)

# Redactions


@dataclass(frozen=True)
class AskedRedaction:
    """A redaction. `overtaken`: another one of the desk, done at the same moment, left it nothing to match."""

    row: Redaction
    overtaken: bool


def _redactions(ids: Sequence[UUID]) -> Iterator[AskedRedaction]:
    for row in Redaction.objects.filter(pk__in=ids).prefetch_related("proposed_by", "decided_by", "second"):
        others = Redaction.objects.filter(
            desk=row.desk_id, actor=row.actor_id, state=RedactionState.DONE, ended_at=row.ended_at
        )
        yield AskedRedaction(row, row.state == RedactionState.WITHDRAWN and others.exclude(pk=row.pk).exists())


def _ended_as(state: RedactionState) -> Any:
    return lambda one: one.row.ended_at if one.row.state == state and not one.overtaken else None


def _decided_by(one: AskedRedaction, said: OpenedEntry) -> Any:
    return committed_person(one.row.decided_by)


_REDACTION: dict[str, Field[AskedRedaction]] = {
    "body/redaction": Field(lambda one, said: str(one.row.pk)),
    "body/desk": Field(lambda one, said: str(one.row.desk_id) if one.row.desk_id else None),
    "body/actor": Field(lambda one, said: str(one.row.actor_id) if one.row.actor_id else None),
}
_OF_ACTORS_ALONE = frozenset({"body/actor"})
_OF_A_DESK = {name: one for name, one in _REDACTION.items() if name not in _OF_ACTORS_ALONE}
_REASON: dict[str, Field[AskedRedaction]] = {"reason": Field(lambda one, said: one.row.reason)}
_PROPOSED_BY: dict[str, Field[AskedRedaction]] = {"by": Field(lambda one, said: committed_person(one.row.proposed_by))}
_BY: dict[str, Field[AskedRedaction]] = {"by": Field(_decided_by)}
_ERASED = ("body/fields", "body/rows")


def _all_at_once(
    one: AskedRedaction, entries: Sequence[OpenedEntry], _beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Check that all entries of one redaction were written at its end; a long one has several."""
    for said in entries:
        if said.kind == "redacted" and (one.row.ended_at is None or not said.is_of(one.row.ended_at)):
            yield f"{said} at {moment_in_words(said.at)}", moment_in_words(one.row.ended_at)
        if one.row.actor_id and said.body is not None and "actor" not in said.body:
            yield f"{said} with body/actor", "without it"


TOLD_REDACTIONS: Told[AskedRedaction] = Told(
    root="redaction",
    kinds={
        "redaction_proposed": ExpectedEntries(
            _REDACTION | _REASON | _PROPOSED_BY, when=lambda one: one.row.proposed_at, optional=_OF_ACTORS_ALONE
        ),
        "redaction_second_named": ExpectedEntries(
            _OF_A_DESK | _PROPOSED_BY | {"second": Field(lambda one, said: committed_person(one.row.second))},
            when=lambda one: one.row.second_at,
        ),
        "redaction_refused": ExpectedEntries(
            _REDACTION | _BY, when=_ended_as(RedactionState.REFUSED), optional=_OF_ACTORS_ALONE
        ),
        "redaction_withdrawn": ExpectedEntries(
            _REDACTION | _PROPOSED_BY, when=_ended_as(RedactionState.WITHDRAWN), optional=_OF_ACTORS_ALONE
        ),
        "redacted": ExpectedEntries(
            _REDACTION
            | _REASON
            | _BY
            | {"proposed_by": Field(lambda one, said: committed_person(one.row.proposed_by))},
            when=_ended_as(RedactionState.DONE),
            last=True,
            optional=_OF_ACTORS_ALONE,
            nowhere=dict.fromkeys(_ERASED, "what it erased is asked in `accounts.entry_integrity`"),
        ),
    },
    rows=_redactions,
    key=lambda one: str(one.row.pk),
    key_said=lambda said: said.about.removeprefix("redaction:"),
    subject=lambda one: f"redaction {one.row.pk}",
    desk=lambda one: one.row.desk_id,
    also=_all_at_once,
)


def _looks(sort: str) -> dict[str, ExpectedEntries[Any]]:
    """The entry of a search for matches, on a desk or of a shared actor."""
    nowhere = dict.fromkeys(("words", "file"), "what was looked for stands in the ledger alone")
    return {
        "redaction_previewed": ExpectedEntries({f"body/{sort}": Field(lambda row, said: str(row.pk))}, nowhere=nowhere)
    }


TOLD_LOOKS: Told[Desk] = Told(
    root="desk",
    kinds=_looks("desk"),
    rows=lambda ids: Desk.objects.filter(pk__in=ids),
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("desk:"),
    subject=lambda row: f"desk {row.prefix}",
    desk=lambda row: row.pk,
)

TOLD_LOOKS_AT_ACTORS: Told[Actor] = Told(
    root="actor",
    kinds=_looks("actor"),
    rows=lambda ids: Actor.objects.filter(pk__in=ids),
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("actor:"),
    subject=lambda row: f"actor {row.pk}",
    desk=lambda row: row.desk_id,
)

TOLD: tuple[Told[Any], ...] = (
    *(TOLD_ASSIGNMENTS, TOLD_DECIDERS, TOLD_ASSESSMENTS, TOLD_DECISIONS, TOLD_VERDICTS),
    *(TOLD_REDACTIONS, TOLD_LOOKS, TOLD_LOOKS_AT_ACTORS),
)

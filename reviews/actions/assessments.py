"""Assessments and decisions: a reviewer submits one, a second person approves or rejects it. One transaction each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from claims.access.permissions import may_assess, may_decide_move
from claims.models import Claim, Element, Evidence, Grounds, StateChoices
from claims.queries import named_evidence
from claims.record.revisions import check_version
from claims.states import VERDICTS, Deciders, find_move
from claims.transitions import MoveDecision, check_policy, legal_move, make_move
from claims.verdicts.grounds_watch import stop_watching
from claims.verdicts.policy import NamedGrounds
from claims.verdicts.support import counts_outside, lock_claim, lock_graph
from house.errors import Conflict, Invalid
from house.fields import given_text
from house.transactions import recorded_transaction
from reviews.actions.assignments import end_assignment, end_invitations
from reviews.actions.drafts import end_draft
from reviews.actions.grounds import (
    hold_conflicts,
    last_stood_for,
    no_conflict_meanwhile,
    stand_for,
    still_assesses,
    unchanged_grounds,
)
from reviews.actions.notifications import Occasion, notify
from reviews.actions.planning import cancel_reminders, plan_decision
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.ledger_entries import assessed, assessment_content, decided
from reviews.models import (
    Answer,
    Assessment,
    AssessmentElement,
    AssessmentState,
    Assignment,
    AssignmentState,
    Decision,
    NotificationKind,
)
from reviews.queries import has_moved_since
from sources.statement_parts import is_open


@counts_outside
def submit_assessment(
    *,
    claim: Claim,
    fields: AssessmentInput,
    draft_version: int | None = None,
    by: User,
    now: datetime | None = None,
) -> Assessment:
    """Submit an assessment, and end its author's draft.

    It waits for a second person. Where one person may make the move, the move is made at once; where it proposes no
    change, it is recorded and needs no decision: both complete the assignment. An earlier assessment of the same
    assessor that still waits is replaced. `draft_version`: the draft that the assessor saw, 0 for none.

    Raises NotFound, Forbidden, Invalid, Stale, KeptElsewhere, Conflict, PolicyNotMet.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # Shared, as it changes no graph, and before the claim's row, as everywhere (decision 22).
        lock_graph(claim.desk_id, shared=True)
        claim = lock_claim(claim)
        may_assess(by, claim)
        proposed_state = fields.proposed_state
        if proposed_state not in StateChoices.values:
            raise Invalid({"proposed_state": [_("Choose one of the four states.")]})
        rationale = given_text(
            fields.rationale, field="rationale", message=_("Explain your assessment and what would change it.")
        )
        named = named_evidence(by, claim, fields.evidence, "evidence")
        replies = _replies(by, claim, fields.answers)
        lines = _lines(claim, fields.elements, needed=proposed_state in VERDICTS)
        # Between fields and policy, in the order of refusals that the API promises: 400, 409, 422.
        check_version(claim, fields.seen_version)
        end_draft(claim, by, version=draft_version, written=fields)
        named_grounds = NamedGrounds(_ids(named), _ids(item for item, _text in replies), fields.recorded_mistake)
        state = _try(claim, proposed_state, named_grounds)
        _replace_waiting(claim, by, now)
        assignment = (
            Assignment.objects.select_for_update(no_key=True)
            .filter(claim=claim, reviewer=by, ended_at__isnull=True)
            .first()
        )
        assessment = Assessment.objects.create(
            claim=claim,
            assessor=by,
            assignment=assignment,
            from_state=claim.state,
            proposed_state=proposed_state,
            rationale=rationale,
            recorded_mistake=fields.recorded_mistake,
            seen_version=fields.seen_version,
            state=state,
            created_at=now,
        )
        assessment.evidence.add(*named)
        given = [Answer(assessment=assessment, evidence=item, text=text) for item, text in replies]
        said = [AssessmentElement(assessment=assessment, element=element, text=text) for element, text in lines]
        Answer.objects.bulk_create(given)
        AssessmentElement.objects.bulk_create(said)
        # Kept now, so that nothing its author has not seen is approved in their name (decision 85).
        kept = stand_for(assessment, assignment, now=now)
        content = assessment_content(
            assessment, evidence=named_grounds.named or (), answers=given, elements=said, grounds=kept.digest
        )
        assessed(assessment, content=content, now=now)
        if state == AssessmentState.WAITING:
            plan_decision(assessment, due_at=now, now=now)
        # Last, since a move records its own entry, which follows that of the assessment.
        if state == AssessmentState.ENACTED:
            move = legal_move(claim, proposed_state, deciders=Deciders.ALONE)
            make_move(claim, move, named_grounds, decision=MoveDecision(by=by, reason=rationale), now=now)
        if state != AssessmentState.WAITING and assignment is not None:
            _complete(assignment, claim, by, by=by, now=now)
    return assessment


def _replace_waiting(claim: Claim, by: User, now: datetime) -> None:
    """Replace the assessor's waiting assessment, if there is one, and cancel the reminders to decide it."""
    waiting = list(Assessment.objects.filter(claim=claim, assessor=by, state=AssessmentState.WAITING))
    if waiting:
        cancel_reminders(assessment__in=waiting, now=now)
        # No one will approve it: changes of its grounds concern no one.
        stop_watching(grounds__stood_for__assessment__in=waiting)
        Assessment.objects.filter(pk__in=[row.pk for row in waiting]).update(state=AssessmentState.REPLACED)


def _ids(items: Any) -> frozenset[str]:
    return frozenset(str(item.pk) for item in items)


def _try(claim: Claim, proposed: str, named_grounds: NamedGrounds) -> AssessmentState:
    """The state of an assessment at submission. Policy is asked here, and again at approval."""
    if claim.closed_at is not None:
        raise Conflict(_("This claim is closed. Reopen it first."))
    # No change needs no policy: the reviewer only says that the state is right.
    if proposed == claim.state:
        return AssessmentState.RECORDED
    move = find_move(claim.state, proposed)
    if move is not None and move.deciders is Deciders.ALONE:
        if move.needs_evidence and not named_grounds.named:
            raise Invalid({"evidence": [_("Select the evidence you rely on.")]})
        return AssessmentState.ENACTED
    move = legal_move(claim, proposed, deciders=Deciders.SECOND)
    if move.needs_evidence and not named_grounds.named:
        raise Invalid({"evidence": [_("Select the evidence you rely on.")]})
    # An approver's time is not spent on what cannot be approved; policy is asked again then.
    check_policy(claim, move, named_grounds)
    return AssessmentState.WAITING


def _replies(by: User, claim: Claim, answers: Sequence[AnswerInput]) -> list[tuple[Evidence, str]]:
    given = {entry.evidence: entry.text for entry in answers}
    found = named_evidence(by, claim, given, "answers")
    return [
        (item, given_text(given[item.pk], field="answers", message=_("Enter the answer or leave it out.")))
        for item in found
    ]


def _lines(claim: Claim, entries: Sequence[ElementLine], *, needed: bool) -> list[tuple[Element, str]]:
    """The line on each element; a verdict needs one on every element of the claim."""
    elements = {element.pk: element for element in claim.elements.all()}
    given = {entry.element: entry.text.strip() for entry in entries}
    if set(given) - set(elements):
        raise Invalid({"elements": [_("No such element in this claim.")]})
    silent = [element.text for pk, element in elements.items() if not given.get(pk)]
    # A verdict speaks of the whole claim: it must not pass over an element in silence.
    if needed and silent:
        raise Invalid(
            {
                "elements": [
                    _("Explain what the evidence shows for “%(element)s”.") % {"element": text} for text in silent
                ]
            }
        )
    return [
        (element, given_text(given[pk], field="elements", message=""))
        for pk, element in elements.items()
        if given.get(pk)
    ]


def _complete(assignment: Assignment, claim: Claim, reviewer: User, *, by: User, now: datetime) -> None:
    """Complete the assignment of a locked claim, using the rows that the caller has already read."""
    assignment.claim, assignment.reviewer = claim, reviewer
    end_assignment(assignment, AssignmentState.COMPLETED, by=by, now=now)


@counts_outside
def approve(
    *,
    assessment: Assessment,
    reason: str,
    seen_version: int,
    seen_grounds: str | None = None,
    by: User,
    now: datetime | None = None,
) -> Assessment:
    """Approve an assessment as the second person: the claim moves and the assignment is completed in one transaction.

    Refused if the grounds differ from those the assessor submitted or confirmed. `seen_grounds`: the digest shown to
    the approver, if known; when the assessor confirms other grounds, the claim's version grows as well.

    Raises NotFound, Forbidden (also for one's own), Invalid, Stale (with the changes and their authors), Conflict,
    PolicyNotMet.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # All locks first: what is asked below must still hold at the commit.
        assessment = _lock_for_decision(assessment, by)
        reason = given_text(reason, field="reason", message=_("Explain why you agree."))
        claim = assessment.claim
        check_version(claim, seen_version)
        _still_waits(assessment)
        if has_moved_since(assessment):
            raise Conflict(_("The claim’s status has changed since this was submitted. It needs a new assessment."))
        # From here on: is this what the assessor submitted, and are they still entitled to it (decision 85)?
        stood = last_stood_for(assessment)
        still_assesses(assessment, stood)
        no_conflict_meanwhile(assessment, stood, by)
        grounds = unchanged_grounds(assessment, stood, seen_grounds, by)
        move = legal_move(claim, assessment.proposed_state, deciders=Deciders.SECOND)
        named_grounds = NamedGrounds(
            _still_named(assessment),
            frozenset(str(pk) for pk in assessment.answers.values_list("evidence_id", flat=True)),
            assessment.recorded_mistake,
        )
        # Asks policy once more: the evidence may have fallen since the submission.
        make_move(
            claim,
            move,
            named_grounds,
            decision=MoveDecision(
                by=assessment.assessor,
                reason=assessment.rationale,
                decided_by=by,
                decision_reason=reason,
                grounds=grounds,
            ),
            now=now,
        )
        _record(assessment, by, approved=True, reason=reason, grounds=grounds, now=now)
        assignment = Assignment.objects.select_for_update(no_key=True).filter(
            claim=claim, reviewer=assessment.assessor, ended_at__isnull=True
        ).first()  # fmt: skip
        if assignment is not None:
            _complete(assignment, claim, assessment.assessor, by=by, now=now)
    return assessment


def _still_named(assessment: Assessment) -> frozenset[str]:
    """The evidence of an assessment, without pieces withdrawn or restricted since submission.

    The public status change names none of those; policy decides whether the rest is enough.
    """
    rows = assessment.evidence.filter(withdrawn_at__isnull=True).filter(is_open())
    return frozenset(str(pk) for pk in rows.values_list("pk", flat=True))


@counts_outside
def reject(
    *, assessment: Assessment, reason: str, seen_version: int, by: User, now: datetime | None = None
) -> Assessment:
    """Reject an assessment, with the reason. The assignment stays accepted, so the reviewer can assess again.

    Raises NotFound, Forbidden, Invalid, Stale, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        assessment = _lock_for_decision(assessment, by)
        reason = given_text(reason, field="reason", message=_("Explain what is missing or what you see differently."))
        check_version(assessment.claim, seen_version)
        _still_waits(assessment)
        stop_watching(grounds__stood_for__assessment=assessment)
        _record(assessment, by, approved=False, reason=reason, now=now)
    return assessment


def _lock_for_decision(assessment: Assessment, by: User) -> Assessment:
    lock_graph(assessment.claim.desk_id, shared=True)
    claim = lock_claim(assessment.claim)
    row = (
        Assessment.objects.select_for_update(of=("self",), no_key=True).select_related("assessor").get(pk=assessment.pk)
    )
    row.claim = claim
    # Before permission is asked: no conflict may be declared between the check and the commit (decision 85).
    hold_conflicts([row.assessor_id, by.pk])
    may_decide_move(by, claim, row.assessor)
    return row


def _still_waits(assessment: Assessment) -> None:
    if assessment.state != AssessmentState.WAITING:
        message = _("This assessment is no longer awaiting a decision: it is %(state)s.")
        raise Conflict(message % {"state": assessment.get_state_display()})


def _record(
    assessment: Assessment, by: User, *, approved: bool, reason: str, grounds: Grounds | None = None, now: datetime
) -> None:
    assessment.state = AssessmentState.APPROVED if approved else AssessmentState.REJECTED
    assessment.save(update_fields=["state"])
    decision = Decision.objects.create(
        assessment=assessment,
        assessor=assessment.assessor,
        decided_by=by,
        approved=approved,
        reason=reason,
        at=now,
    )
    cancel_reminders(assessment=assessment, now=now)
    # With the decision, since an outsider would read along after it (decision 36).
    end_invitations(assessment.claim, now=now)
    kind = NotificationKind.APPROVED if approved else NotificationKind.REJECTED
    notify([assessment.assessor], Occasion(kind, assessment.claim, assessment=assessment), by=by, now=now)
    decided(assessment, decision, grounds=grounds, now=now)

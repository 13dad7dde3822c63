"""Assessments: submitted by reviewers, approved or rejected by a second person."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import Fields, Flag, Id, Ids, ParsedFields, Text, Whole, read_body, read_query, rows_of
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_assess, may_decide_move
from claims.bounds import MOST_ELEMENTS, MOST_NAMED
from claims.models import StateChoices
from claims.queries import get_claim, seen_evidence
from house.errors import NotFound
from reviews.actions.assessments import approve, reject, submit_assessment
from reviews.grounds_shown import grounds_digests
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, AssessmentState
from reviews.queries import assessments_of, get_assessment


class AnswerShape(TypedDict):
    evidence: UUID
    text: str


class LineShape(TypedDict):
    element: UUID
    text: str


class DecisionShape(TypedDict):
    approved: bool
    decided_by: str
    reason: str
    at: datetime


class AssessmentShape(TypedDict):
    """`answers` are to contrary evidence; `elements` has the line on each element; `decision` is null before the
    decision.

    `grounds`: the SHA-256 of the grounds that its assessor submitted or confirmed. `grounds_changed`: the grounds have
    changed while it waits, so its assessor must confirm it before an approval.
    """

    id: UUID
    claim: str
    assessor: str
    state: Annotated[str, AssessmentState]
    from_state: Annotated[str, StateChoices]
    proposed_state: Annotated[str, StateChoices]
    rationale: str
    evidence: list[UUID]
    answers: list[AnswerShape]
    elements: list[LineShape]
    recorded_mistake: bool
    seen_version: int
    grounds: str | None
    grounds_changed: bool
    decision: DecisionShape | None
    created_at: datetime


class NewAnswer(Fields):
    evidence = Id()
    text = Text(default="")


class NewLine(Fields):
    element = Id()
    text = Text(default="")


class NewAssessment(Fields):
    """`proposed_state`: the present state for no change. `recorded_mistake`: the refutation was a mistake."""

    proposed_state = Text(required=True)
    rationale = Text(default="")
    evidence = Ids(default=list)
    answers = rows_of(NewAnswer, most=MOST_NAMED, default=list)
    elements = rows_of(NewLine, most=MOST_ELEMENTS, default=list)
    recorded_mistake = Flag(default=False)
    seen_version = Whole()


class NewDecision(Fields):
    reason = Text(default="")
    seen_version = Whole()


class NewApproval(NewDecision):
    """`seen_grounds`: the `grounds` of the assessment you read, to approve only those."""

    seen_grounds = Text(required=False, allow_null=True)


class AssessmentsApi(ApiView):
    @ApiOperation(
        "list_assessments",
        summary="List the assessments of a claim",
        query=ListQuery,
        answer=PageOf(AssessmentShape),
        refuses=[404],
    )
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        query = read_query(request, ListQuery)
        rows = assessments_of(claim).select_related("claim")
        return answer_list(request, rows, query, partial(render_assessments, seen=seen_evidence(by, claim)))

    @ApiOperation(
        "hand_in_assessment",
        summary="Submit an assessment; it replaces a pending one of yours",
        body=NewAssessment,
        status=201,
        answer=AssessmentShape,
        refuses=[403, 404, 409, 422],
    )
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        may_assess(by, claim)
        assessment = submit_assessment(claim=claim, fields=assessment_in(read_body(request, NewAssessment)), by=by)
        at = reverse("api:assessment", args=[claim.reference, assessment.pk])
        return created(request, _shown(assessment, seen_evidence(by, claim)), at=at)


class OneAssessmentApi(ApiView):
    @ApiOperation("read_assessment", summary="Read one assessment", answer=AssessmentShape, refuses=[404])
    def get(self, request: Request, reference: str, assessment_id: UUID) -> Response:
        by = person_asking(request)
        assessment = find_assessment(by, reference, assessment_id)
        return Response(_shown(assessment, seen_evidence(by, assessment.claim)))


class ApprovalApi(ApiView):
    @ApiOperation(
        "approve_assessment",
        summary="Approve an assessment as the second person; the claim’s status changes",
        body=NewApproval,
        answer=AssessmentShape,
        refuses=[403, 404, 409, 422],
        asks_again=True,
    )
    def post(self, request: Request, reference: str, assessment_id: UUID) -> Response:
        by = person_asking(request)
        assessment = find_assessment(by, reference, assessment_id)
        may_decide_move(by, assessment.claim, assessment.assessor)
        # Read before the act, which ends an invitation: an approver from another desk can no longer fetch it
        # afterwards.
        seen = seen_evidence(by, assessment.claim)
        assessment = approve(assessment=assessment, **read_body(request, NewApproval), by=by)
        return Response(_shown(assessment, seen))


class RejectionApi(ApiView):
    @ApiOperation(
        "reject_assessment",
        summary="Reject an assessment, with a reason",
        body=NewDecision,
        answer=AssessmentShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, reference: str, assessment_id: UUID) -> Response:
        by = person_asking(request)
        assessment = find_assessment(by, reference, assessment_id)
        may_decide_move(by, assessment.claim, assessment.assessor)
        # Read before the act, which ends an invitation: an approver from another desk can no longer fetch it
        # afterwards.
        seen = seen_evidence(by, assessment.claim)
        assessment = reject(assessment=assessment, **read_body(request, NewDecision), by=by)
        return Response(_shown(assessment, seen))


def assessment_in(body: ParsedFields) -> AssessmentInput:
    """Return the assessment that a body describes."""
    answers = [AnswerInput(**each) for each in body["answers"]]
    elements = [ElementLine(**each) for each in body["elements"]]
    return AssessmentInput(**{**body, "answers": answers, "elements": elements})


def find_assessment(user: User, reference: str, assessment_id: UUID) -> Assessment:
    """One assessment of this claim. Raises NotFound."""
    assessment = get_assessment(user, assessment_id)
    if assessment.claim.reference != reference:
        raise NotFound(_("Assessment not found."))
    return assessment


def _shown(assessment: Assessment, seen: frozenset[UUID]) -> AssessmentShape:
    return render_assessments([assessment], seen)[0]


def render_assessments(rows: Sequence[Assessment], seen: frozenset[UUID]) -> list[AssessmentShape]:
    """Assessments of one claim, with the evidence and answers that the reader may see (`seen`)."""
    digests = grounds_digests(row.pk for row in rows)
    return [
        {
            "id": row.pk,
            "claim": row.claim.reference,
            "assessor": row.assessor.username,
            "state": row.state,
            "from_state": row.from_state,
            "proposed_state": row.proposed_state,
            "rationale": row.rationale,
            "evidence": [item.pk for item in row.evidence.all() if item.pk in seen],
            "answers": [
                {"evidence": answer.evidence_id, "text": answer.text}
                for answer in row.answers.all()
                if answer.evidence_id in seen
            ],
            "elements": [{"element": line.element_id, "text": line.text} for line in row.elements.all()],
            "recorded_mistake": row.recorded_mistake,
            "seen_version": row.seen_version,
            "grounds": digests.get(row.pk, (None, False))[0],
            "grounds_changed": digests.get(row.pk, (None, False))[1],
            "decision": _decision(row),
            "created_at": row.created_at,
        }
        for row in rows
    ]


def _decision(row: Assessment) -> DecisionShape | None:
    if not hasattr(row, "decision"):
        return None
    made = row.decision
    return {"approved": made.approved, "decided_by": made.decided_by.username, "reason": made.reason, "at": made.at}

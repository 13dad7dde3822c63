"""One's own draft assessment of a claim. No one else can read it."""

from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.assessments import LineShape, NewAnswer, NewLine, assessment_in
from api.bodies import Fields, Flag, Ids, Text, Whole, WordField, read_body, rows_of
from api.schema import ApiOperation
from api.view import ApiView, person_asking
from claims.access.permissions import may_assess
from claims.bounds import MOST_ELEMENTS, MOST_NAMED
from claims.models import StateChoices
from claims.queries import get_claim, seen_evidence
from reviews.actions.drafts import drop_draft, keep_draft
from reviews.models import AssessmentDraft
from reviews.queries import get_draft


class DraftAnswerShape(TypedDict):
    """`evidence`: null if you can no longer see the evidence that the text answers."""

    evidence: UUID | None
    text: str


class DraftShape(TypedDict):
    """`seen_version`: the version of the claim that it was written on; `version`: the draft’s own."""

    claim: str
    proposed_state: Annotated[str, StateChoices] | None
    rationale: str
    evidence: list[str]
    answers: list[DraftAnswerShape]
    elements: list[LineShape]
    recorded_mistake: bool
    seen_version: int
    version: int
    kept_at: datetime


class NewDraft(Fields):
    """`version`: of the draft that this one replaces, 0 if there is none; another version is answered with 409."""

    proposed_state = WordField(StateChoices.choices, required=False, allow_blank=True, default="")
    rationale = Text(default="")
    evidence = Ids(default=list)
    answers = rows_of(NewAnswer, most=MOST_NAMED, default=list)
    elements = rows_of(NewLine, most=MOST_ELEMENTS, default=list)
    recorded_mistake = Flag(default=False)
    seen_version = Whole()
    version = Whole(default=0)


class DraftApi(ApiView):
    @ApiOperation("read_draft", summary="Read your draft assessment", answer=DraftShape, refuses=[404])
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        return Response(render_draft(by, get_draft(by, get_claim(by, reference))))

    @ApiOperation(
        "keep_draft",
        summary="Save your draft assessment; only you see it, and submitting removes it",
        body=NewDraft,
        answer=DraftShape,
        refuses=[403, 404, 409],
    )
    def put(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        may_assess(by, claim)
        body = read_body(request, NewDraft)
        version = body.pop("version")
        draft = keep_draft(claim=claim, fields=assessment_in(body), version=version, by=by)
        return Response(render_draft(by, draft))

    @ApiOperation("drop_draft", summary="Discard your draft assessment", status=204, refuses=[404])
    def delete(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        drop_draft(claim=get_claim(by, reference), by=by)
        return Response(status=204)


def render_draft(by: User, draft: AssessmentDraft) -> dict[str, object]:
    """A draft, without the ids of evidence that its assessor can no longer see; the texts are theirs and stay."""
    seen = {str(pk) for pk in seen_evidence(by, draft.claim)}
    content = draft.content
    return {
        "claim": draft.claim.reference,
        **content,
        "evidence": [pk for pk in content["evidence"] if pk in seen],
        "answers": [
            {**one, "evidence": one["evidence"] if one["evidence"] in seen else None} for one in content["answers"]
        ],
        "proposed_state": draft.content["proposed_state"] or None,
        "seen_version": draft.seen_version,
        "version": draft.version,
        "kept_at": draft.kept_at,
    }

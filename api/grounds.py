"""Grounds of assessments and verdicts: whether they have changed, the authors of the changes, and confirming them."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.assessments import AssessmentShape, find_assessment, render_assessments
from api.bodies import Fields, Text, Whole, read_body
from api.claims import ClaimShape, answer_claim
from api.schema import ETAG, ApiOperation
from api.view import ApiView, person_asking
from claims.models import Claim
from claims.queries import get_claim, seen_evidence
from house.errors import Conflict
from reviews.actions.grounds import confirm_assessment, confirm_verdict, may_confirm, may_confirm_assessment
from reviews.grounds_shown import GroundsShown, of_assessment, of_verdict


class ChangerShape(TypedDict):
    by: str
    at: datetime


class GroundsChangeShape(TypedDict):
    """`kind`: claim, element, evidence, source, relay, file or actor. `field`: empty if the whole of it was added
    (`then` is empty) or removed. `text`: the change as a sentence."""

    kind: str
    id: UUID
    title: str
    field: str
    then: str
    now: str
    who: list[ChangerShape]
    text: str


class GroundsShape(TypedDict):
    """`kept`: the SHA-256 of the grounds submitted or confirmed (empty if not kept); `now`: of the present grounds.

    `withheld`: the number of changes that the reader may not see. `erased`: a redaction erased the kept grounds.
    """

    kept: str
    now: str
    changed: bool
    changes: list[GroundsChangeShape]
    withheld: int
    erased: bool


class Confirmation(Fields):
    """`seen_grounds`: the `now` that you read."""

    seen_version = Whole()
    seen_grounds = Text(required=True)


class VerdictConfirmation(Fields):
    """`seen_grounds`: the `now` that you read. `reason`: what you checked, and why the verdict holds."""

    seen_grounds = Text(required=True)
    reason = Text(default="")


class AssessmentGroundsApi(ApiView):
    @ApiOperation(
        "read_assessment_grounds",
        summary="Read what has changed in the grounds of a pending assessment, and who changed it",
        answer=GroundsShape,
        refuses=[404, 409],
    )
    def get(self, request: Request, reference: str, assessment_id: UUID) -> Response:
        by = person_asking(request)
        shown = of_assessment(by, find_assessment(by, reference, assessment_id))
        if shown is None:
            raise Conflict(_("This assessment is not awaiting a decision."))
        return Response(_render(shown))


class AssessmentConfirmationApi(ApiView):
    @ApiOperation(
        "confirm_assessment",
        summary="Confirm your pending assessment on its present grounds",
        body=Confirmation,
        answer=AssessmentShape,
        refuses=[403, 404, 409, 422],
    )
    def post(self, request: Request, reference: str, assessment_id: UUID) -> Response:
        by = person_asking(request)
        assessment = find_assessment(by, reference, assessment_id)
        may_confirm_assessment(by, assessment)
        confirm_assessment(assessment=assessment, **read_body(request, Confirmation), by=by)
        found = find_assessment(by, reference, assessment_id)
        return Response(render_assessments([found], seen_evidence(by, found.claim))[0])


class VerdictGroundsApi(ApiView):
    @ApiOperation(
        "read_verdict_grounds",
        summary="Read what has changed in the grounds of a verdict, and who changed it",
        answer=GroundsShape,
        refuses=[404, 409],
    )
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        return Response(_render(_of_verdict(by, get_claim(by, reference))))


class VerdictConfirmedApi(ApiView):
    @ApiOperation(
        "confirm_verdict",
        summary="Confirm a verdict on its present grounds, as someone who changed none of them",
        body=VerdictConfirmation,
        answer=ClaimShape,
        refuses=[403, 404, 409],
        headers=[ETAG],
        asks_again=True,
    )
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        may_confirm(by, claim)
        confirm_verdict(claim=claim, **read_body(request, VerdictConfirmation), by=by)
        return answer_claim(by, reference)

    def again(self, request: Request, reference: str) -> Response:
        return answer_claim(person_asking(request), reference)


def _of_verdict(user: User, claim: Claim) -> GroundsShown:
    shown = of_verdict(user, claim)
    if shown is None:
        raise Conflict(_("This claim has no verdict with recorded grounds."))
    return shown


def _render(shown: GroundsShown) -> GroundsShape:
    return {
        "kept": shown.kept,
        "now": shown.now,
        "changed": shown.changed,
        "changes": [
            {
                "kind": line.kind,
                "id": UUID(line.subject),
                "title": line.title,
                "field": line.field,
                "then": line.then,
                "now": line.now,
                "who": [{"by": name, "at": at} for name, at in line.who],
                "text": str(line),
            }
            for line in shown.diff.lines
        ],
        "withheld": shown.diff.withheld,
        "erased": shown.diff.erased,
    }

"""Publishing and closing a claim, and the reverse of both: acts of an editor."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import Fields, Text, WordField, read_body
from api.claims import ClaimShape, answer_claim
from api.schema import ETAG, ApiOperation
from api.view import ApiView, person_asking
from claims.access.permissions import may_edit_as_editor
from claims.actions.claims import publish_claim, unpublish_claim
from claims.models import Claim, CloseReason
from claims.queries import get_claim
from reviews.actions.assignments import close_claim, open_claim


class WithReason(Fields):
    """`reason`: kept with the claim’s versions; optional."""

    reason = Text(default="")


class Closing(Fields):
    reason = WordField(CloseReason.choices)
    note = Text(default="")


def _described(name: str, *, summary: str, body: type[Fields]) -> Callable[..., Callable[..., Response]]:
    return ApiOperation(name, summary=summary, body=body, answer=ClaimShape, refuses=[403, 404, 409], headers=[ETAG])


def _claim_for_editor(by: User, reference: str) -> Claim:
    claim = get_claim(by, reference)
    may_edit_as_editor(by, claim, _("Only editors publish, close and reopen claims."))
    return claim


class PublicationApi(ApiView):
    @_described("publish_claim", summary="Publish a claim and its public material (editors)", body=WithReason)
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = _claim_for_editor(by, reference)
        publish_claim(claim=claim, **read_body(request, WithReason), by=by)
        return answer_claim(by, reference)


class WithdrawalApi(ApiView):
    @_described("unpublish_claim", summary="Unpublish a claim (editors)", body=WithReason)
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = _claim_for_editor(by, reference)
        unpublish_claim(claim=claim, **read_body(request, WithReason), by=by)
        return answer_claim(by, reference)


class CloseApi(ApiView):
    @_described(
        "close_claim",
        summary="Close a claim: its state stays, its assignments and reminders end (editors)",
        body=Closing,
    )
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = _claim_for_editor(by, reference)
        close_claim(claim=claim, **read_body(request, Closing), by=by)
        return answer_claim(by, reference)


class OpenApi(ApiView):
    @_described("open_claim", summary="Open a closed claim again (editors)", body=WithReason)
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = _claim_for_editor(by, reference)
        open_claim(claim=claim, **read_body(request, WithReason), by=by)
        return answer_claim(by, reference)

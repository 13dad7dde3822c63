"""Evidence: sources attached to a claim, with their bearing on it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import Fields, Id, Ids, Text, Whole, WordField, read_body, read_changes, read_query
from api.lists import ListQuery, answer_list
from api.schema import ETAG, IF_MATCH, ApiOperation, PageOf
from api.versions import seen_by, tagged
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_confirm_excerpt, may_edit_claim, may_edit_evidence
from claims.actions.evidence import attach_evidence, change_evidence, confirm_excerpt, withdraw_evidence
from claims.bounds import MOST_ELEMENTS
from claims.inputs import EvidenceInput
from claims.models import Credibility, Evidence, Stance
from claims.queries import evidence_of, get_claim, get_evidence, withheld_evidence
from claims.record.reads import note_shown
from sources.models import Basis, Visibility


class EvidenceShape(TypedDict):
    """`basis`: null if its source's applies. `elements`: those it bears on; empty for all."""

    id: UUID
    claim: str
    source: UUID
    stance: Annotated[str, Stance]
    elements: list[UUID]
    basis: Annotated[str, Basis] | None
    basis_reason: str
    excerpt: str
    locator: str
    credibility: int | None
    against_interest: UUID | None
    against_interest_reason: str
    visibility: Annotated[str, Visibility]
    superseded_by: UUID | None
    version: int
    counts: bool
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str
    created_by: str
    created_at: datetime


class EvidenceFieldsBody(Fields):
    """The fields of a piece of evidence, without its source."""

    stance = WordField(Stance.choices)
    basis = WordField(Basis.choices, required=False, allow_blank=True)
    basis_reason = Text()
    excerpt = Text()
    locator = Text()
    credibility = WordField(Credibility.choices, required=False, allow_null=True)
    against_interest = Id(required=False, allow_null=True)
    against_interest_reason = Text()
    visibility = WordField(Visibility.choices, required=False)


class NewEvidence(EvidenceFieldsBody):
    """`seen_version`, of the claim, is accepted and not checked: adding evidence never conflicts."""

    source = Id()  # type: ignore[assignment]  # fields are taken off the class
    elements = Ids(max_length=MOST_ELEMENTS)
    seen_version = Whole(required=False)


class EvidenceChanges(EvidenceFieldsBody):
    """`seen_version`: the version of the evidence you read; fields that another person has changed since are
    refused."""

    stance = WordField(Stance.choices, required=False)
    elements = Ids(max_length=MOST_ELEMENTS)
    superseded_by = Id(required=False, allow_null=True)
    seen_version = Whole(required=False)


class EvidenceWithdrawal(Fields):
    """`seen_version`: of the evidence; any but the present version is refused."""

    reason = Text(default="")
    seen_version = Whole(required=False)


class ExcerptNote(Fields):
    """`note`: what you compared."""

    note = Text(default="")


class EvidenceListApi(ApiView):
    @ApiOperation(
        "list_evidence",
        summary="List a claim’s evidence, withdrawn evidence included. `withheld` tells auditors how much is not shown",
        query=ListQuery,
        answer=PageOf(EvidenceShape, more=(("withheld", int),)),
        refuses=[404],
    )
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        query = read_query(request, ListQuery)
        rows = evidence_of(by, claim).select_related("claim")
        return answer_list(request, rows, query, partial(render_evidence, by), withheld=withheld_evidence(by, claim))

    @ApiOperation(
        "attach_evidence",
        summary="Attach a source to a claim as evidence",
        body=NewEvidence,
        status=201,
        answer=EvidenceShape,
        refuses=[403, 404, 409],
        headers=[ETAG],
    )
    def post(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        may_edit_claim(by, claim)
        fields = read_body(request, NewEvidence)
        fields.pop("seen_version", None)
        item = attach_evidence(claim=claim, fields=EvidenceInput(**fields), by=by)
        at = reverse("api:evidence", args=[claim.reference, item.pk])
        return created(request, render_evidence(by, [item])[0], at=at, **tagged(item))


class OneEvidenceApi(ApiView):
    @ApiOperation(
        "read_evidence", summary="Read one piece of evidence", answer=EvidenceShape, refuses=[404], headers=[ETAG]
    )
    def get(self, request: Request, reference: str, evidence_id: UUID) -> Response:
        by = person_asking(request)
        item = get_evidence(by, get_claim(by, reference), evidence_id)
        return Response(render_evidence(by, [item])[0], headers=tagged(item))

    @ApiOperation(
        "change_evidence",
        summary="Change a piece of evidence",
        body=EvidenceChanges,
        answer=EvidenceShape,
        refuses=[403, 404, 409, 412],
        headers=[ETAG, IF_MATCH],
    )
    def patch(self, request: Request, reference: str, evidence_id: UUID) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        item = get_evidence(by, claim, evidence_id)
        may_edit_evidence(by, item)
        fields = read_changes(request, EvidenceChanges)
        # The action's own row: the person who restricted it may no longer be allowed to fetch it.
        with seen_by(request, item, fields.pop("seen_version", None)) as seen:
            item = change_evidence(evidence=item, fields=EvidenceInput(**fields), seen=seen, by=by)
        return Response(render_evidence(by, [item])[0], headers=tagged(item))


class EvidenceWithdrawnApi(ApiView):
    @ApiOperation(
        "withdraw_evidence",
        summary="Withdraw evidence: it no longer counts and stays on record",
        body=EvidenceWithdrawal,
        answer=EvidenceShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, reference: str, evidence_id: UUID) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        item = get_evidence(by, claim, evidence_id)
        may_edit_evidence(by, item)
        item = withdraw_evidence(evidence=item, **read_body(request, EvidenceWithdrawal), by=by)
        return Response(render_evidence(by, [item])[0])


class ExcerptStandsApi(ApiView):
    @ApiOperation(
        "confirm_excerpt",
        summary="Confirm an excerpt after its source was corrected (editors, the claim’s reviewer)",
        body=ExcerptNote,
        answer=EvidenceShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, reference: str, evidence_id: UUID) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        item = get_evidence(by, claim, evidence_id)
        may_confirm_excerpt(by, item)
        confirm_excerpt(evidence=item, **read_body(request, ExcerptNote), by=by)
        return Response(render_evidence(by, [item])[0])


def render_evidence(by: User, rows: Sequence[Evidence]) -> list[EvidenceShape]:
    note_shown(by, rows)
    return [
        {
            "id": item.pk,
            "claim": item.claim.reference,
            "source": item.source_id,
            "stance": item.stance,
            "elements": [element.pk for element in item.elements.all()],
            "basis": item.basis or None,
            "basis_reason": item.basis_reason,
            "excerpt": item.excerpt,
            "locator": item.locator,
            "credibility": item.credibility,
            "against_interest": item.against_interest_id,
            "against_interest_reason": item.against_interest_reason,
            "visibility": item.visibility,
            "superseded_by": item.superseded_by_id,
            "version": item.version,
            "counts": item.counts,
            "withdrawn_at": item.withdrawn_at,
            "withdrawn_by": item.withdrawn_by.username if item.withdrawn_by else None,
            "withdrawn_reason": item.withdrawn_reason,
            "created_by": item.created_by.username,
            "created_at": item.created_at,
        }
        for item in rows
    ]

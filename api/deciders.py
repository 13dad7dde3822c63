"""Approvers of a claim besides the editors of its desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import person_named
from api.bodies import Fields, Text, read_body
from api.lists import answer_all
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_edit_as_editor
from claims.models import Claim, Participant
from claims.queries import deciders_of, get_claim, get_decider
from reviews.actions.assignments import name_decider, unname_decider


class DeciderShape(TypedDict):
    """`since`: when an editor named them."""

    id: UUID
    claim: str
    person: str
    since: datetime


class NewDecider(Fields):
    """`person`: the user name of a reviewer or an editor, of this desk or of another."""

    person = Text(required=True)


class DecidersApi(ApiView):
    @ApiOperation(
        "list_deciders",
        summary="List a claim’s approvers besides the editors",
        answer=PageOf(DeciderShape),
        refuses=[404],
    )
    def get(self, request: Request, reference: str) -> Response:
        return answer_all(render_deciders(list(deciders_of(get_claim(person_asking(request), reference)))))

    @ApiOperation(
        "name_decider",
        summary="Add an approver to a claim; one from another desk keeps access until the decision (editors)",
        body=NewDecider,
        status=201,
        answer=DeciderShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, reference: str) -> Response:
        claim = _claim_for_editor(request, reference)
        user = person_named(read_body(request, NewDecider)["person"])
        named = name_decider(claim=claim, user=user, by=person_asking(request))
        at = reverse("api:decider", args=[claim.reference, named.pk])
        return created(request, render_deciders([named])[0], at=at)


class OneDeciderApi(ApiView):
    @ApiOperation("read_decider", summary="Read one approver", answer=DeciderShape, refuses=[404])
    def get(self, request: Request, reference: str, decider_id: UUID) -> Response:
        return Response(render_deciders([get_decider(get_claim(person_asking(request), reference), decider_id)])[0])

    @ApiOperation("unname_decider", summary="Remove an approver (editors)", status=204, refuses=[403, 404, 409])
    def delete(self, request: Request, reference: str, decider_id: UUID) -> Response:
        by = person_asking(request)
        named = get_decider(get_claim(by, reference), decider_id)
        _claim_for_editor(request, reference)
        unname_decider(decider=named, by=by)
        return Response(status=204)


def _claim_for_editor(request: Request, reference: str) -> Claim:
    claim = get_claim(person_asking(request), reference)
    may_edit_as_editor(person_asking(request), claim, _("Only editors name approvers."))
    return claim


def render_deciders(rows: Sequence[Participant]) -> list[DeciderShape]:
    return [
        {"id": row.pk, "claim": row.claim.reference, "person": row.user.username, "since": row.since} for row in rows
    ]

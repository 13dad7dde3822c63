"""Claims: their wording, claimant, dates, elements and state."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import (
    Day,
    Fields,
    Flag,
    Id,
    Ids,
    List,
    MomentField,
    ParsedFields,
    Text,
    Whole,
    WordField,
    peek,
    read_body,
    read_changes,
    read_query,
    rows_of,
)
from api.desks import desk_to_write_on
from api.effects import IntervalShape, interval_shape
from api.evidence import EvidenceFieldsBody
from api.lists import SAID_BY_EVERY_LIST, ListQuery, answer_page
from api.schema import ETAG, IF_MATCH, ApiOperation, PageOf
from api.versions import seen_by, tagged
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_edit_as_editor, may_edit_claim
from claims.actions.claims import edit_claim, report_claim, set_threshold
from claims.bounds import MOST_ACTORS, MOST_ATTACHED, MOST_ELEMENTS, MOST_TOPICS
from claims.inputs import ClaimInput, ElementInput, EvidenceInput, ThresholdInput
from claims.models import NEVER_DUE, Claim, CloseReason, StateChoices
from claims.queries import get_claim
from claims.reading.lists import OF_THE_CLAIM, ClaimFilter, Narrowed, WholeClaim, read_claims_whole, scope_of
from claims.reading.paging import CLAIM_ORDERS
from house.errors import Invalid
from house.seen import SeenValues
from house.transactions import recorded_transaction


class ElementShape(TypedDict):
    id: UUID
    text: str
    essential: bool


class ClaimShape(TypedDict):
    """`due_at`: when the first of its open assignments is due. `threshold`: the independent voices required for
    corroboration; `threshold_reason`: why an editor set another than the desk's. `changed_since_verdict`: the grounds
    of its verdict have changed, and no one has confirmed it since (`…/grounds/`)."""

    reference: str
    desk: UUID
    statement: str
    original_statement: str
    language: str
    claimant: UUID | None
    also_claimed_by: list[UUID]
    parties: list[UUID]
    claimed_on: date | None
    happened_from: date | None
    happened_to: date | None
    place: str
    topics: list[str]
    elements: list[ElementShape]
    state: Annotated[str, StateChoices]
    contested: bool
    support_lost: bool
    changed_since_verdict: bool
    independence: IntervalShape
    threshold: int
    threshold_reason: str
    version: int
    due_at: datetime | None
    published_at: datetime | None
    closed_at: datetime | None
    closed_reason: Annotated[str, CloseReason] | None
    closed_note: str
    created_by: str
    created_at: datetime
    changed_at: datetime


class NewElement(Fields):
    text = Text(required=True)
    essential = Flag(default=True)


class ChangedElement(Fields):
    """With the `id` of an element of the claim, the fields to change; without one, a new element."""

    id = Id(required=False)
    text = Text()
    essential = Flag(required=False)


class InlineEvidence(EvidenceFieldsBody):
    """`elements` are numbers of the claim's elements, from 0."""

    source = Id()  # type: ignore[assignment]  # fields are taken off the class
    elements = List(child=Whole(), max_length=MOST_ELEMENTS)


class ClaimFieldsBody(Fields):
    statement = Text()
    original_statement = Text()
    language = Text()
    claimant = Id(required=False, allow_null=True)
    also_claimed_by = Ids(max_length=MOST_ACTORS)
    parties = Ids(max_length=MOST_ACTORS)
    claimed_on = Day(required=False, allow_null=True)
    happened_from = Day(required=False, allow_null=True)
    happened_to = Day(required=False, allow_null=True)
    place = Text()
    topics = List(child=Text(required=True), max_length=MOST_TOPICS)


class NewClaim(ClaimFieldsBody):
    """At least one piece of evidence is required."""

    desk = Id(required=False, allow_null=True)
    statement = Text(required=True)
    elements = rows_of(NewElement, most=MOST_ELEMENTS)
    evidence = rows_of(InlineEvidence, most=MOST_ATTACHED)
    reason = Text()


class ClaimChanges(ClaimFieldsBody):
    """`threshold` (editors; null: the desk's again) requires a `threshold_reason`."""

    elements = rows_of(ChangedElement, most=MOST_ELEMENTS)
    threshold = Whole(required=False, allow_null=True)
    threshold_reason = Text()
    seen_version = Whole(required=False)


class ClaimQuery(ListQuery):
    """`assignee`: a user name; empty for unassigned claims. `due_before`: with an assignment due before then."""

    q = Text()
    state = List(child=WordField(StateChoices.choices), max_length=len(StateChoices.choices))
    desk = Id(required=False)
    claimant = Id(required=False)
    party = Id(required=False)
    topic = Text()
    assignee = Text()
    contested = Flag(required=False)
    support_lost = Flag(required=False)
    changed_since_verdict = Flag(required=False)
    closed = Flag(required=False)
    due_before = MomentField(required=False)


class ClaimsApi(ApiView):
    @ApiOperation(
        "list_claims",
        summary="List the claims you have access to",
        query=ClaimQuery,
        answer=PageOf(ClaimShape, follows=True),
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, ClaimQuery)
        chosen = {name: value for name, value in query.items() if name not in SAID_BY_EVERY_LIST}
        conditions = ClaimFilter(states=chosen.pop("state", ()), **chosen)
        claims = Narrowed(scope_of(person_asking(request)), conditions)
        return answer_page(request, partial(read_claims_whole, claims), query, _render, orders=CLAIM_ORDERS)

    @ApiOperation(
        "report_claim",
        summary="Create a claim with its first evidence",
        body=NewClaim,
        status=201,
        answer=ClaimShape,
        refuses=[403, 422],
        headers=[ETAG],
    )
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        desk = desk_to_write_on(request)
        fields = read_body(request, NewClaim)
        fields.pop("desk", None)
        evidence = fields.pop("evidence", [])
        reason = fields.pop("reason", "")
        try:
            claim = report_claim(
                desk=desk,
                evidence=[EvidenceInput(**each) for each in evidence],
                reason=reason,
                fields=_input(fields),
                by=by,
            )
        except Invalid as error:
            raise _in_the_body(error, len(evidence)) from error
        claim = get_claim(by, claim.reference)
        at = reverse("api:claim", args=[claim.reference])
        return created(request, render_claim(claim), at=at, **tagged(claim))


class OneClaimApi(ApiView):
    @ApiOperation("read_claim", summary="Read one claim", answer=ClaimShape, refuses=[404], headers=[ETAG])
    def get(self, request: Request, reference: str) -> Response:
        return answer_claim(person_asking(request), reference)

    @ApiOperation(
        "change_claim",
        summary="Change a claim’s wording, dates, place, people, topics, elements or threshold",
        body=ClaimChanges,
        answer=ClaimShape,
        refuses=[403, 404, 409, 412],
        headers=[ETAG, IF_MATCH],
    )
    def patch(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        may_edit_claim(by, claim)
        if peek(request, "threshold") is not serializers.empty:
            may_edit_as_editor(by, claim, _("Only editors set a claim’s threshold."))
        changes = read_changes(request, ClaimChanges)
        with seen_by(request, claim, changes.pop("seen_version", None)) as seen:
            _change(claim, changes, seen, by)
        return answer_claim(by, reference)


def _input(fields: ParsedFields) -> ClaimInput:
    """Return the fields of a body as the actions take them."""
    elements = {"elements": [ElementInput(**each) for each in fields["elements"]]} if "elements" in fields else {}
    return ClaimInput(**{**fields, **elements})


def _in_the_body(error: Invalid, count: int) -> Invalid:
    """The same refusal, with fields of inline evidence named by their place in the body."""
    place = "evidence.0" if count == 1 else "evidence"
    inside = InlineEvidence().fields.keys() - {"elements"}
    return Invalid({f"{place}.{name}" if name in inside else name: texts for name, texts in error.errors.items()})


def _change(claim: Claim, changes: ParsedFields, seen: SeenValues, by: User) -> None:
    """Change a claim's fields, its threshold, or both in one transaction."""
    sets_threshold = "threshold" in changes
    threshold, reason = changes.pop("threshold", None), changes.pop("threshold_reason", "")
    if reason and not sets_threshold:
        raise Invalid({"threshold": [_("Enter the threshold that this reason belongs to.")]})
    with recorded_transaction():
        if changes:
            edit_claim(claim=claim, fields=_input(changes), seen=seen, by=by)
        if sets_threshold:
            # The version just made by its own edit is expected.
            seen = replace(seen, is_exact=seen.is_exact and not changes)
            set_threshold(claim=claim, fields=ThresholdInput(threshold=threshold, reason=reason), seen=seen, by=by)


def answer_claim(user: User, reference: str) -> Response:
    """The claim as it is now, with its version as the entity tag."""
    claim = get_claim(user, reference)
    return Response(render_claim(claim), headers=tagged(claim))


def render_claim(claim: Claim) -> ClaimShape:
    """One claim, as `get_claim` read it."""
    given = {name: getattr(claim, name) for name in OF_THE_CLAIM}
    whole = WholeClaim(
        **given,
        created_by=claim.created_by.username,
        also_claimed_by=[actor.pk for actor in claim.also_claimed_by.all()],
        parties=[actor.pk for actor in claim.parties.all()],
        topics=[topic.name for topic in claim.topics.all()],
        elements=[(element.pk, element.text, element.essential) for element in claim.elements.all()],
    )
    return _render([whole])[0]


def _render(rows: Sequence[WholeClaim]) -> list[ClaimShape]:
    return [
        {
            "reference": claim.reference,
            "desk": claim.desk_id,
            "statement": claim.statement,
            "original_statement": claim.original_statement,
            "language": claim.language,
            "claimant": claim.claimant_id,
            "also_claimed_by": claim.also_claimed_by,
            "parties": claim.parties,
            "claimed_on": claim.claimed_on,
            "happened_from": claim.happened_from,
            "happened_to": claim.happened_to,
            "place": claim.place,
            "topics": claim.topics,
            "elements": [{"id": pk, "text": text, "essential": essential} for pk, text, essential in claim.elements],
            "state": claim.state,
            "contested": claim.contested,
            "support_lost": claim.support_lost_at is not None,
            "changed_since_verdict": claim.grounds_changed_at is not None,
            "independence": interval_shape(
                claim.independence_min, claim.independence_max, exact=claim.independence_exact
            ),
            "threshold": claim.threshold,
            "threshold_reason": claim.threshold_reason,
            "version": claim.version,
            "due_at": None if claim.due_at == NEVER_DUE else claim.due_at,
            "published_at": claim.published_at,
            "closed_at": claim.closed_at,
            "closed_reason": claim.closed_reason or None,
            "closed_note": claim.closed_note,
            "created_by": claim.created_by,
            "created_at": claim.created_at,
            "changed_at": claim.changed_at,
        }
        for claim in rows
    ]

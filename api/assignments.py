"""Assignments: claims assigned to reviewers, and their answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role, User
from accounts.queries import members_of, memberships_of
from api.attachments import NoFields
from api.bodies import Fields, Flag, MomentField, Text, WordField, peek, read_body, read_query
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.access.permissions import may_edit_as_editor
from claims.models import Claim
from claims.queries import get_claim
from claims.reading.paging import BY_CREATION, Order
from house.errors import Forbidden, Invalid, NotFound
from reviews.actions.assignments import (
    accept_assignment,
    assign,
    change_due,
    decline,
    may_answer,
    reassign,
    withdraw_assignment,
)
from reviews.models import Assignment, AssignmentState
from reviews.queries import get_assignment, reassigned_to, visible_assignments


class AssignmentShape(TypedDict):
    id: UUID
    claim: str
    reviewer: str
    assigned_by: str
    due_at: datetime
    state: Annotated[str, AssignmentState]
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_reason: str
    created_at: datetime


class HandedOverShape(AssignmentShape):
    """The assignment that ended, and the new one of the other person."""

    handed_over_to: AssignmentShape


class NewAssignment(Fields):
    """Without `due_at` it is due after the desk’s days to review."""

    claim = Text(required=True)
    reviewer = Text(required=True)
    due_at = MomentField(required=False, allow_null=True)


class AssignmentChanges(Fields):
    due_at = MomentField()


class Reason(Fields):
    reason = Text(default="")


class NewReassignment(Reason):
    to = Text(required=True)


class AssignmentQuery(ListQuery):
    """`mine`: true for your own assignments, false for those of others."""

    mine = Flag(required=False)
    state = WordField(AssignmentState.choices, required=False)
    claim = Text()
    due_before = MomentField(required=False)


ORDERS = {**BY_CREATION, "due": Order("due_at")}


class AssignmentsApi(ApiView):
    @ApiOperation(
        "list_assignments",
        summary="List the assignments on your desks",
        query=AssignmentQuery,
        answer=PageOf(AssignmentShape),
    )
    def get(self, request: Request) -> Response:
        by = person_asking(request)
        query = read_query(request, AssignmentQuery)
        rows: QuerySet[Assignment] = visible_assignments(by)
        if "mine" in query:
            rows = rows.filter(reviewer=by) if query["mine"] else rows.exclude(reviewer=by)
        if "state" in query:
            rows = rows.filter(state=query["state"])
        if "claim" in query:
            rows = rows.filter(claim__reference=query["claim"])
        if "due_before" in query:
            rows = rows.filter(due_at__lt=query["due_before"])
        return answer_list(request, rows, query, render_assignments, orders=ORDERS)

    @ApiOperation(
        "assign",
        summary="Assign a claim to a reviewer (editors)",
        body=NewAssignment,
        status=201,
        answer=AssignmentShape,
        refuses=[403, 409],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        _may_assign(by, peek(request, "claim"))
        given = read_body(request, NewAssignment)
        claim = _named_claim(by, given["claim"])
        may_edit_as_editor(by, claim, _("Only editors assign claims."))
        reviewer = _member(claim, given["reviewer"])
        assignment = assign(claim=claim, reviewer=reviewer, due_at=given.get("due_at"), by=by)
        at = reverse("api:assignment", args=[assignment.pk])
        return created(request, render_assignments([assignment])[0], at=at)


def _may_assign(by: User, reference: Any) -> None:
    """Refuse people who may not assign, before the body is read: editors of no desk, or of another than the claim's."""
    if not any(membership.role == Role.EDITOR for membership in memberships_of(by)):
        raise Forbidden(_("Only editors assign claims."))
    if reference is empty:
        return
    try:
        claim = _named_claim(by, Text().run_validation(reference))
    except (Invalid, ValidationError):
        return  # errors in the body are answered after the permission is known
    may_edit_as_editor(by, claim, _("Only editors assign claims."))


def _named_claim(by: User, reference: str) -> Claim:
    """The claim named in a body. Raises Invalid for `claim`."""
    try:
        return get_claim(by, reference)
    except NotFound as error:
        raise Invalid({"claim": [str(error)]}) from error


def _member(claim: Claim, name: str) -> User | None:
    """The person with that user name on the claim's desk, if any."""
    return members_of(claim.desk).filter(username=name).first()


class OneAssignmentApi(ApiView):
    @ApiOperation("read_assignment", summary="Read one assignment", answer=AssignmentShape, refuses=[404])
    def get(self, request: Request, assignment_id: UUID) -> Response:
        return Response(render_assignments([get_assignment(person_asking(request), assignment_id)])[0])

    @ApiOperation(
        "change_assignment",
        summary="Change when an assignment is due; its reminders move with it (editors)",
        body=AssignmentChanges,
        answer=AssignmentShape,
        refuses=[403, 404, 409],
    )
    def patch(self, request: Request, assignment_id: UUID) -> Response:
        return _one_act(request, assignment_id, change_due, may=_may_change_due, body=AssignmentChanges)


class AcceptanceApi(ApiView):
    @ApiOperation(
        "accept_assignment",
        summary="Accept an assignment",
        body=NoFields,
        answer=AssignmentShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        return _one_act(request, assignment_id, accept_assignment, may=may_answer, body=NoFields)


class RefusalApi(ApiView):
    @ApiOperation(
        "decline_assignment",
        summary="Decline an assignment, with a reason",
        body=Reason,
        answer=AssignmentShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        return _one_act(request, assignment_id, decline, may=may_answer, body=Reason)


class ReassignApi(ApiView):
    @ApiOperation(
        "hand_over_assignment",
        summary="Reassign a claim to another reviewer",
        body=NewReassignment,
        answer=HandedOverShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        by = person_asking(request)
        assignment = get_assignment(by, assignment_id)
        may_answer(assignment, by)
        given = read_body(request, NewReassignment)
        new = reassign(assignment=assignment, to=_member(assignment.claim, given["to"]), reason=given["reason"], by=by)
        return self._answer(get_assignment(by, assignment_id), new=new)

    def again(self, request: Request, assignment_id: UUID) -> Response:
        ended = get_assignment(person_asking(request), assignment_id)
        return self._answer(ended, new=reassigned_to(ended))

    @staticmethod
    def _answer(ended: Assignment, *, new: Assignment) -> Response:
        shown, offered = render_assignments([ended, new])
        return Response({**shown, "handed_over_to": offered})


class WithdrawAssignmentApi(ApiView):
    @ApiOperation(
        "withdraw_assignment",
        summary="Withdraw an assignment (editors)",
        body=Reason,
        answer=AssignmentShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        return _one_act(request, assignment_id, withdraw_assignment, may=_may_withdraw, body=Reason)


def _may_withdraw(assignment: Assignment, by: User) -> None:
    may_edit_as_editor(by, assignment.claim, _("Only editors withdraw an assignment."))


def _may_change_due(assignment: Assignment, by: User) -> None:
    may_edit_as_editor(by, assignment.claim, _("Only editors change a due time."))


def _one_act(
    request: Request,
    assignment_id: UUID,
    act: Callable[..., object],
    *,
    may: Callable[[Assignment, User], None],
    body: type[Fields],
) -> Response:
    """Carry out one act on an assignment for the people whom `may` allows; returns the assignment as it is then."""
    by = person_asking(request)
    assignment = get_assignment(by, assignment_id)
    may(assignment, by)
    act(assignment=assignment, **read_body(request, body), by=by)
    return Response(render_assignments([get_assignment(by, assignment_id)])[0])


def render_assignments(rows: Sequence[Assignment]) -> list[AssignmentShape]:
    return [
        {
            "id": row.pk,
            "claim": row.claim.reference,
            "reviewer": row.reviewer.username,
            "assigned_by": row.assigned_by.username,
            "due_at": row.due_at,
            "state": row.state,
            "accepted_at": row.accepted_at,
            "ended_at": row.ended_at,
            "ended_reason": row.ended_reason,
            "created_at": row.created_at,
        }
        for row in rows
    ]

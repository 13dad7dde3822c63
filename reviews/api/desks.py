"""Desks: teams with their members, policy and prefix."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import change_desk, create_desk, may_administer, may_change_desk
from accounts.errors import Forbidden
from accounts.models import Desk, Membership, Role
from accounts.queries import desk_for, desks_of, get_desk, memberships_of
from accounts.transactions import act
from claims.actions.claims import change_threshold_of_desk
from reviews.api.bodies import Fields, Id, Text, Whole, raw_body, read_body, read_changes, read_query
from reviews.api.lists import ListQuery, answer_list
from reviews.api.schema import PageOf, operation
from reviews.api.view import ApiView, created, person
from sources.permissions import WRITERS, may_write


class MemberShape(TypedDict):
    user: str
    role: Annotated[str, Role]


class DeskShape(TypedDict):
    id: UUID
    name: str
    prefix: str
    min_independence: int
    days_to_review: int
    is_demonstration: bool
    members: list[MemberShape]
    created_at: datetime


class NewDesk(Fields):
    name = Text(required=True)
    prefix = Text(required=True)
    min_independence = Whole(required=False)
    days_to_review = Whole(required=False)


class DeskChanges(Fields):
    name = Text()
    min_independence = Whole(required=False)
    days_to_review = Whole(required=False)


class DeskQuery(ListQuery):
    q = Text()


class Desks(ApiView):
    @operation("list_desks", "One’s desks; all of them for an administrator", query=DeskQuery, answer=PageOf(DeskShape))
    def get(self, request: Request) -> Response:
        query = read_query(request, DeskQuery)
        rows = desks_of(person(request))
        if query.get("q"):
            rows = rows.filter(name__icontains=query["q"])
        return answer_list(request, rows, query, render_desks)

    @operation("create_desk", "A new desk (administrators)", body=NewDesk, status=201, answer=DeskShape, refuses=[403])
    def post(self, request: Request) -> Response:
        by = person(request)
        may_administer(by)
        desk = create_desk(**read_body(request, NewDesk), by=by)
        return created(request, render_desks([desk])[0], at=reverse("api:desk", args=[desk.pk]))


class OneDesk(ApiView):
    @operation("read_desk", "One desk", answer=DeskShape, refuses=[404])
    def get(self, request: Request, desk_id: UUID) -> Response:
        return Response(render_desks([get_desk(person(request), desk_id)])[0])

    @operation(
        "change_desk",
        "Change a desk’s name or policy (its editors, administrators)",
        body=DeskChanges,
        answer=DeskShape,
        refuses=[403, 404],
    )
    def patch(self, request: Request, desk_id: UUID) -> Response:
        by = person(request)
        desk = get_desk(by, desk_id)
        may_change_desk(desk, by)
        changes = read_changes(request, DeskChanges)
        needed = changes.pop("min_independence", None)
        with act():
            if needed is not None:
                change_threshold_of_desk(desk=desk, min_independence=needed, by=by)
            if changes:
                change_desk(desk=desk, changes=changes, by=by)
        return Response(render_desks([get_desk(by, desk_id)])[0])


def render_desks(rows: Sequence[Desk]) -> list[DeskShape]:
    members = Membership.objects.select_related("user").order_by("user__username")
    prefetch_related_objects(rows, Prefetch("memberships", members))
    return [
        {
            "id": desk.pk,
            "name": desk.name,
            "prefix": desk.prefix,
            "min_independence": desk.min_independence,
            "days_to_review": desk.days_to_review,
            "is_demonstration": desk.is_demonstration,
            "members": [{"user": one.user.username, "role": one.role} for one in desk.memberships.all()],
            "created_at": desk.created_at,
        }
        for desk in rows
    ]


def desk_to_write_on(request: Request) -> Desk:
    """The desk that the body names, or the only one that the person is on, where they may write.

    Whether they may is asked before anything else of the body: Forbidden goes before Invalid.
    """
    by = person(request)
    memberships = list(memberships_of(by))
    if not memberships:
        raise Forbidden(_("You are on no desk."))
    if not any(membership.role in WRITERS for membership in memberships):
        may_write(by, memberships[0].desk)
    desk = desk_for(by, _named_desk(raw_body(request)))
    may_write(by, desk)
    return desk


def _named_desk(body: Any) -> UUID | None:
    """The id under `desk` in a body; None where there is none. Raises ValidationError for what is no id."""
    named = body.get("desk") if isinstance(body, Mapping) else None
    try:
        return None if named is None else Id().to_internal_value(named)
    except ValidationError as error:
        raise ValidationError({"desk": error.detail}) from error

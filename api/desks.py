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

from accounts.actions import create_desk, may_administer, may_change_desk
from accounts.models import Desk, Membership, Role
from accounts.queries import desk_for, desks_of, get_desk, memberships_of
from api.bodies import Fields, Flag, Id, Text, Whole, raw_body, read_body, read_changes, read_query
from api.effects import EffectShape, render_effect
from api.lists import ListQuery, answer_list
from api.schema import ETAG, IF_MATCH, ApiOperation, PageOf
from api.versions import seen_by, tagged
from api.view import ApiView, created, person_asking
from claims.actions.desks import change_desk_with_policy
from claims.inputs import DeskEdit
from claims.verdicts.side_effects import Effects
from house.errors import Forbidden
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
    days_to_look_again: int
    second_factor_days: int
    version: int
    is_demonstration: bool
    members: list[MemberShape]
    created_at: datetime


class DeskEffectShape(DeskShape):
    """The desk after the change, and the effects on its claims; with `dry_run`, the effects it would have.

    `later`: the number of further claims that are recomputed soon after and are not among the `effects`.
    """

    dry_run: bool
    effects: list[EffectShape]
    later: int


class NewDesk(Fields):
    name = Text(required=True)
    prefix = Text(required=True)
    min_independence = Whole(required=False)
    days_to_review = Whole(required=False)
    days_to_look_again = Whole(required=False)
    second_factor_days = Whole(required=False)


class DeskChanges(Fields):
    """`reason`: kept with each change of policy. `seen_version`: the version you read; fields that another person has
    changed since are refused."""

    name = Text()
    min_independence = Whole(required=False)
    days_to_review = Whole(required=False)
    days_to_look_again = Whole(required=False)
    second_factor_days = Whole(required=False)
    reason = Text()
    dry_run = Flag(default=False)
    seen_version = Whole(required=False)


class DeskQuery(ListQuery):
    q = Text()


class DesksApi(ApiView):
    @ApiOperation(
        "list_desks",
        summary="List your desks; administrators see all of them",
        query=DeskQuery,
        answer=PageOf(DeskShape),
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, DeskQuery)
        rows = desks_of(person_asking(request))
        if query.get("q"):
            rows = rows.filter(name__icontains=query["q"])
        return answer_list(request, rows, query, render_desks)

    @ApiOperation(
        "create_desk",
        summary="Create a desk (administrators)",
        body=NewDesk,
        status=201,
        answer=DeskShape,
        refuses=[403],
        headers=[ETAG],
    )
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        may_administer(by)
        desk = create_desk(**read_body(request, NewDesk), by=by)
        return created(request, render_desks([desk])[0], at=reverse("api:desk", args=[desk.pk]), **tagged(desk))


class OneDeskApi(ApiView):
    @ApiOperation("read_desk", summary="Read one desk", answer=DeskShape, refuses=[404], headers=[ETAG])
    def get(self, request: Request, desk_id: UUID) -> Response:
        desk = get_desk(person_asking(request), desk_id)
        return Response(render_desks([desk])[0], headers=tagged(desk))

    @ApiOperation(
        "change_desk",
        summary="Change a desk’s name or policy (its editors, administrators)",
        body=DeskChanges,
        answer=DeskEffectShape,
        refuses=[403, 404, 409, 412],
        headers=[ETAG, IF_MATCH],
        asks_again=True,
    )
    def patch(self, request: Request, desk_id: UUID) -> Response:
        by = person_asking(request)
        desk = get_desk(by, desk_id)
        may_change_desk(desk, by)
        changes = read_changes(request, DeskChanges)
        effects = Effects(dry_run=changes.pop("dry_run"))
        reason = changes.pop("reason", "")
        with seen_by(request, desk, changes.pop("seen_version", None)) as seen:
            outcome = change_desk_with_policy(desk=desk, edit=DeskEdit(changes, reason, seen), effects=effects, by=by)
        shown = [render_effect(effect) for effect in effects.shown]
        row = render_desks([outcome.row])[0]
        answer = {**row, "dry_run": effects.dry_run, "effects": shown, "later": effects.later}
        return Response(answer, headers=tagged(outcome.row))


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
            "days_to_look_again": desk.days_to_look_again,
            "second_factor_days": desk.second_factor_days,
            "version": desk.version,
            "is_demonstration": desk.is_demonstration,
            "members": [{"user": one.user.username, "role": one.role} for one in desk.memberships.all()],
            "created_at": desk.created_at,
        }
        for desk in rows
    ]


def desk_to_write_on(request: Request) -> Desk:
    """The desk named in the body, or the person's only desk, if they may write there.

    Permission is asked before the rest of the body: Forbidden comes before Invalid.
    """
    by = person_asking(request)
    memberships = list(memberships_of(by))
    if not memberships:
        raise Forbidden(_("You do not belong to a desk."))
    if not any(membership.role in WRITERS for membership in memberships):
        may_write(by, memberships[0].desk)
    desk = desk_for(by, _named_desk(raw_body(request)))
    may_write(by, desk)
    return desk


def _named_desk(body: Any) -> UUID | None:
    """The id under `desk` in a body; None if there is none. Raises ValidationError if it is not an id."""
    named = body.get("desk") if isinstance(body, Mapping) else None
    try:
        return None if named is None else Id().to_internal_value(named)
    except ValidationError as error:
        raise ValidationError({"desk": error.detail}) from error

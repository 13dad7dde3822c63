"""Actors: people and organisations that say, publish, or are spoken about."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import Day, Fields, Flag, Id, Text, Whole, WordField, peek, read_body, read_changes, read_query
from api.desks import desk_to_write_on
from api.effects import EffectShape, render_effect
from api.lists import ListQuery, answer_list
from api.schema import ETAG, IF_MATCH, ApiOperation, PageOf
from api.versions import seen_by, tagged
from api.view import ApiView, created, person_asking
from claims.actions.actors import merge_actors
from claims.actions.sources import change_actor
from claims.inputs import MergeInput
from claims.reading.actor_queries import get_actor, shown_actors, survivor_of
from claims.record.reads import note_shown
from claims.verdicts.side_effects import Effects
from sources.actions import create_actor, may_share
from sources.inputs import ActorInput
from sources.models import Actor, ActorKind, Reliability, Visibility
from sources.permissions import may_change_actor, may_merge
from sources.queries import search_actors


class ActorShape(TypedDict):
    """`desk`: null for an actor shared with all desks."""

    id: UUID
    desk: UUID | None
    name: str
    kind: Annotated[str, ActorKind]
    part_of: UUID | None
    part_of_from: date | None
    part_of_to: date | None
    speaks_for_checked: bool
    stands_alone_because: str
    owned_by: UUID | None
    reliability: Annotated[str, Reliability]
    visibility: Annotated[str, Visibility]
    version: int
    created_by: str
    created_at: datetime


class ActorChanges(Fields):
    name = Text()
    kind = WordField(ActorKind.choices, required=False)
    part_of = Id(required=False, allow_null=True)
    part_of_from = Day(required=False, allow_null=True)
    part_of_to = Day(required=False, allow_null=True)
    speaks_for_checked = Flag(required=False)
    stands_alone_because = Text()
    owned_by = Id(required=False, allow_null=True)
    reliability = WordField(Reliability.choices, required=False)
    visibility = WordField(Visibility.choices, required=False)


class ChangesOfActor(ActorChanges):
    """`seen_version`: the version you read; fields that another person has changed since are refused."""

    seen_version = Whole(required=False)


class NewActorBody(ActorChanges):
    """`desk`: null to share it with all desks (administrators)."""

    desk = Id(required=False, allow_null=True)
    name = Text(required=True)
    kind = WordField(ActorKind.choices)


class Merging(Fields):
    """`into`: the actor that remains. `chain`: "into" or "merged", the one with the right voice chain; required if the
    two differ."""

    into = Id()
    reason = Text(required=True)
    chain = WordField([("into", "into"), ("merged", "merged")], required=False, allow_blank=True)
    dry_run = Flag(default=False)


class MergedShape(ActorShape):
    """The remaining actor, and the effects of the merge on claims; with `dry_run`, the effects it would have."""

    dry_run: bool
    effects: list[EffectShape]
    later: int


class ActorQuery(ListQuery):
    q = Text()
    desk = Id(required=False)
    kind = WordField(ActorKind.choices, required=False)


class ActorsApi(ApiView):
    @ApiOperation(
        "list_actors",
        summary="List the actors of your desks and shared actors",
        query=ActorQuery,
        answer=PageOf(ActorShape),
    )
    def get(self, request: Request) -> Response:
        by = person_asking(request)
        query = read_query(request, ActorQuery)
        rows = shown_actors(by).select_related("created_by")
        if query.get("q"):
            rows = search_actors(by, rows, query["q"])
        rows = rows.filter(**{name: query[name] for name in ("desk", "kind") if name in query})
        return answer_list(request, rows, query, partial(render_actors, by))

    @ApiOperation(
        "create_actor",
        summary="Create an actor",
        body=NewActorBody,
        status=201,
        answer=ActorShape,
        refuses=[403],
        headers=[ETAG],
    )
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        desk = None
        if peek(request, "desk") is None:
            may_share(by)
        else:
            desk = desk_to_write_on(request)
        fields = read_body(request, NewActorBody)
        fields.pop("desk", None)
        actor = create_actor(desk=desk, fields=ActorInput(**fields), by=by)
        at = reverse("api:actor", args=[actor.pk])
        return created(request, render_actors(by, [actor])[0], at=at, **tagged(actor))


class OneActorApi(ApiView):
    @ApiOperation(
        "read_actor",
        summary="Read one actor; a merged actor redirects to the one that replaced it",
        answer=ActorShape,
        moved=True,
        refuses=[404],
        headers=[ETAG],
    )
    def get(self, request: Request, actor_id: UUID) -> Response:
        by = person_asking(request)
        survivor = survivor_of(by, actor_id)
        if survivor is not None:
            address = reverse("api:actor", args=[survivor.pk])
            return Response(status=301, headers={"Location": request.build_absolute_uri(address)})
        actor = get_actor(by, actor_id)
        return Response(render_actors(by, [actor])[0], headers=tagged(actor))

    @ApiOperation(
        "change_actor",
        summary="Change an actor; claims that rely on its voice are recomputed",
        body=ChangesOfActor,
        answer=ActorShape,
        refuses=[403, 404, 409, 412],
        headers=[ETAG, IF_MATCH],
    )
    def patch(self, request: Request, actor_id: UUID) -> Response:
        by = person_asking(request)
        actor = get_actor(by, actor_id)
        may_change_actor(by, actor)
        # The action's own row: the person who restricted it may no longer be allowed to fetch it.
        fields = read_changes(request, ChangesOfActor)
        with seen_by(request, actor, fields.pop("seen_version", None)) as seen:
            outcome = change_actor(actor=actor, fields=ActorInput(**fields), seen=seen, by=by)
        return Response(render_actors(by, [outcome.row])[0], headers=tagged(outcome.row))


class MergedActorApi(ApiView):
    @ApiOperation(
        "merge_actor",
        summary="Merge an actor into another, which replaces it everywhere (editors; administrators for shared actors)",
        body=Merging,
        answer=MergedShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, actor_id: UUID) -> Response:
        by = person_asking(request)
        actor = get_actor(by, actor_id)
        may_merge(by, actor)
        given = read_body(request, Merging)
        effects = Effects(dry_run=given.pop("dry_run"))
        outcome = merge_actors(actor=actor, fields=MergeInput(**given), effects=effects, by=by)
        shown = [render_effect(effect) for effect in effects.shown]
        row = render_actors(by, [outcome.row])[0]
        return Response({**row, "dry_run": effects.dry_run, "effects": shown, "later": effects.later})


def render_actors(by: User, rows: Sequence[Actor]) -> list[ActorShape]:
    note_shown(by, rows)
    return [
        {
            "id": actor.pk,
            "desk": actor.desk_id,
            "name": actor.name,
            "kind": actor.kind,
            "part_of": actor.part_of_id,
            "part_of_from": actor.part_of_from,
            "part_of_to": actor.part_of_to,
            "speaks_for_checked": actor.speaks_for_checked,
            "stands_alone_because": actor.stands_alone_because,
            "owned_by": actor.owned_by_id,
            "reliability": actor.reliability,
            "visibility": actor.visibility,
            "version": actor.version,
            "created_by": actor.created_by.username,
            "created_at": actor.created_at,
        }
        for actor in rows
    ]

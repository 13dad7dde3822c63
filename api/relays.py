"""Relays: a source and the source it is based on."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import Fields, Id, Text, read_body
from api.lists import answer_all
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.actions.sources import add_relay, remove_relay
from claims.queries import get_relay, get_source, relays_of
from claims.record.reads import note_shown
from sources.models import Relay
from sources.permissions import may_change_source


class RelayShape(TypedDict):
    """`downstream` is based on `upstream`, as `quote` shows."""

    id: UUID
    downstream: UUID
    upstream: UUID
    quote: str
    created_by: str
    created_at: datetime


class NewRelay(Fields):
    upstream = Id()
    quote = Text(default="")


class RelaysApi(ApiView):
    @ApiOperation(
        "list_relays",
        summary="List a source’s relays: its upstreams first, then its downstreams",
        answer=PageOf(RelayShape),
        refuses=[404],
    )
    def get(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        up, down = relays_of(by, get_source(by, source_id))
        return answer_all(render_relays(by, [*up, *down]))

    @ApiOperation(
        "add_relay",
        summary="Record that a source is based on another",
        body=NewRelay,
        status=201,
        answer=RelayShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_change_source(by, source)
        relay = add_relay(downstream=source, **read_body(request, NewRelay), by=by).row
        at = reverse("api:relay", args=[source.pk, relay.pk])
        return created(request, render_relays(by, [relay])[0], at=at)


class OneRelayApi(ApiView):
    @ApiOperation("read_relay", summary="Read one relay of a source", answer=RelayShape, refuses=[404])
    def get(self, request: Request, source_id: UUID, *, relay_id: UUID) -> Response:
        by = person_asking(request)
        return Response(render_relays(by, [get_relay(by, get_source(by, source_id), relay_id)])[0])

    @ApiOperation(
        "remove_relay", summary="Remove a relay that was recorded by mistake", status=204, refuses=[403, 404, 409]
    )
    def delete(self, request: Request, source_id: UUID, *, relay_id: UUID) -> Response:
        by = person_asking(request)
        remove_relay(relay=get_relay(by, get_source(by, source_id), relay_id), by=by)
        return Response(status=204)


def render_relays(by: User, rows: Sequence[Relay]) -> list[RelayShape]:
    note_shown(by, rows)
    return [
        {
            "id": relay.pk,
            "downstream": relay.downstream_id,
            "upstream": relay.upstream_id,
            "quote": relay.quote,
            "created_by": relay.created_by.username,
            "created_at": relay.created_at,
        }
        for relay in rows
    ]

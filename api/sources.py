"""Sources: single items that carry information, with their retractions and corrections."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import (
    Fields,
    Flag,
    Id,
    MomentField,
    Text,
    Whole,
    WordField,
    read_body,
    read_changes,
    read_query,
)
from api.desks import desk_to_write_on
from api.effects import EffectShape, render_effect
from api.lists import ListQuery, answer_list
from api.schema import ETAG, IF_MATCH, ApiOperation, PageOf
from api.versions import seen_by, tagged
from api.view import ApiView, created, person_asking
from claims.actions.sources import SourceOutcome, change_source, correct_source, retract_source
from claims.queries import get_source, search_sources, visible_sources
from claims.reading.actor_queries import shown_actors
from claims.record.reads import note_shown
from claims.verdicts.side_effects import Effects
from sources.actions import create_source
from sources.inputs import SourceInput
from sources.models import Basis, Reliability, Source, SourceKind, Visibility
from sources.permissions import may_change_source, may_retract


class SourceShape(TypedDict):
    """`reliability`: null if its publisher's applies. `counts`: neither retracted nor unreliable (E)."""

    id: UUID
    desk: UUID
    kind: Annotated[str, SourceKind]
    title: str
    url: str
    publisher: UUID | None
    published_at: datetime | None
    basis: Annotated[str, Basis]
    basis_reason: str
    language: str
    reliability: Annotated[str, Reliability] | None
    visibility: Annotated[str, Visibility]
    version: int
    counts: bool
    retracted_at: datetime | None
    retracted_reason: str
    corrected_at: datetime | None
    corrected_reason: str
    created_by: str
    created_at: datetime


class SourceEffectShape(SourceShape):
    """The source after the act, and the effects on claims; with `dry_run`, the effects it would have.

    `later`: the number of further claims relying on it that are recomputed soon after and are not among the `effects`.
    """

    dry_run: bool
    effects: list[EffectShape]
    later: int


class SourceChanges(Fields):
    kind = WordField(SourceKind.choices, required=False)
    title = Text()
    url = Text()
    publisher = Id(required=False, allow_null=True)
    published_at = MomentField(required=False, allow_null=True)
    basis = WordField(Basis.choices, required=False)
    basis_reason = Text()
    language = Text()
    reliability = WordField(Reliability.choices, required=False, allow_blank=True)
    visibility = WordField(Visibility.choices, required=False)


class ChangesOfSource(SourceChanges):
    """`seen_version`: the version you read; fields that another person has changed since are refused."""

    seen_version = Whole(required=False)


class NewSource(SourceChanges):
    """A title or a URL is required."""

    desk = Id(required=False, allow_null=True)


class SourceQuery(ListQuery):
    q = Text()
    desk = Id(required=False)
    kind = WordField(SourceKind.choices, required=False)
    publisher = Id(required=False)


class SourceAct(Fields):
    reason = Text(default="")
    dry_run = Flag(default=False)


class SourcesApi(ApiView):
    @ApiOperation(
        "list_sources", summary="List the sources of your desks", query=SourceQuery, answer=PageOf(SourceShape)
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, SourceQuery)
        by = person_asking(request)
        rows = search_sources(visible_sources(by), query.get("q", ""))
        rows = rows.filter(**{name: query[name] for name in ("desk", "kind") if name in query})
        if "publisher" in query:
            rows = rows.filter(publisher__in=shown_actors(by).filter(pk=query["publisher"]).values("pk"))
        return answer_list(request, rows, query, partial(render_sources, by))

    @ApiOperation(
        "create_source",
        summary="Create a source; the page at its URL is archived soon after",
        body=NewSource,
        status=201,
        answer=SourceShape,
        refuses=[403],
        headers=[ETAG],
    )
    def post(self, request: Request) -> Response:
        desk = desk_to_write_on(request)
        fields = read_body(request, NewSource)
        fields.pop("desk", None)
        by = person_asking(request)
        source = create_source(desk=desk, fields=SourceInput(**fields), by=by)
        at = reverse("api:source", args=[source.pk])
        return created(request, render_source(by, source), at=at, **tagged(source))


class OneSourceApi(ApiView):
    @ApiOperation("read_source", summary="Read one source", answer=SourceShape, refuses=[404], headers=[ETAG])
    def get(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        return Response(render_source(by, source), headers=tagged(source))

    @ApiOperation(
        "change_source",
        summary="Change a source; claims that rely on it are recomputed",
        body=ChangesOfSource,
        answer=SourceShape,
        refuses=[403, 404, 409, 412],
        headers=[ETAG, IF_MATCH],
    )
    def patch(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_change_source(by, source)
        # The action's own row: the person who restricted it may no longer be allowed to fetch it.
        fields = read_changes(request, ChangesOfSource)
        with seen_by(request, source, fields.pop("seen_version", None)) as seen:
            outcome = change_source(source=source, fields=SourceInput(**fields), seen=seen, by=by)
        return Response(render_source(by, outcome.row), headers=tagged(outcome.row))


class RetractionApi(ApiView):
    @ApiOperation(
        "retract_source",
        summary="Record the retraction of a source by its publisher (editors)",
        body=SourceAct,
        answer=SourceEffectShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_retract(by, source)
        given = read_body(request, SourceAct)
        effects = Effects(dry_run=given["dry_run"])
        outcome = retract_source(source=source, reason=given["reason"], effects=effects, by=by)
        return _answer_effects(by, outcome, given["dry_run"])


class CorrectionApi(ApiView):
    @ApiOperation(
        "correct_source",
        summary="Record the correction of a source by its publisher (editors)",
        body=SourceAct,
        answer=SourceEffectShape,
        refuses=[403, 404],
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_retract(by, source)
        given = read_body(request, SourceAct)
        effects = Effects(dry_run=given["dry_run"])
        outcome = correct_source(source=source, reason=given["reason"], effects=effects, by=by)
        return _answer_effects(by, outcome, given["dry_run"])


def _answer_effects(by: User, outcome: SourceOutcome, dry_run: bool) -> Response:
    effects = [render_effect(effect) for effect in outcome.effects]
    row = render_source(by, outcome.row)
    return Response(
        {**row, "dry_run": dry_run, "effects": effects, "later": outcome.later}, headers=tagged(outcome.row)
    )


def render_source(by: User, source: Source) -> SourceShape:
    return render_sources(by, [source])[0]


def render_sources(by: User, rows: Sequence[Source]) -> list[SourceShape]:
    note_shown(by, rows)
    return [
        {
            "id": source.pk,
            "desk": source.desk_id,
            "kind": source.kind,
            "title": source.title,
            "url": source.url,
            "publisher": source.publisher_id,
            "published_at": source.published_at,
            "basis": source.basis,
            "basis_reason": source.basis_reason,
            "language": source.language,
            "reliability": source.reliability or None,
            "visibility": source.visibility,
            "version": source.version,
            "counts": source.counts,
            "retracted_at": source.retracted_at,
            "retracted_reason": source.retracted_reason,
            "corrected_at": source.corrected_at,
            "corrected_reason": source.corrected_reason,
            "created_by": source.created_by.username,
            "created_at": source.created_at,
        }
        for source in rows
    ]

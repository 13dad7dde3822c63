"""Releases: a wider visibility for a source, an actor, evidence, a file or a capture. PATCH cannot change it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.actors import ActorShape, render_actors
from api.attachments import AttachmentShape, CaptureShape, render_attachments, render_captures
from api.bodies import Fields, Flag, ParsedFields, Text, WordField, read_body
from api.effects import EffectShape, render_effect
from api.evidence import EvidenceShape, render_evidence
from api.schema import ApiOperation
from api.sources import SourceEffectShape, render_source
from api.view import ApiView, person_asking
from claims.actions.releasing import (
    release_actor,
    release_attachment,
    release_capture,
    release_evidence,
    release_source,
)
from claims.queries import get_attachment, get_capture, get_claim, get_evidence, get_source
from claims.reading.actor_queries import get_actor
from claims.verdicts.side_effects import Effects
from sources.models import Visibility
from sources.permissions import may_release

WIDER = [(value, value) for value in (Visibility.DESK.value, Visibility.PUBLIC.value)]


class Release(Fields):
    """`visibility`: who may see it from now on. `reason`: why it puts no one at risk; it is kept."""

    visibility = WordField(WIDER)
    reason = Text(default="")


class CountedRelease(Release):
    """`dry_run`: only return the effects on claims."""

    dry_run = Flag(default=False)


class ReleasedActorShape(ActorShape):
    """The actor after the release, and the effects on claims; with `dry_run`, the effects it would have."""

    dry_run: bool
    effects: list[EffectShape]
    later: int


class ReleasedEvidenceShape(EvidenceShape):
    """The evidence after the release, and the effects on claims; with `dry_run`, the effects it would have."""

    dry_run: bool
    effects: list[EffectShape]
    later: int


def _counted(shown: Mapping[str, Any], effects: Effects) -> Response:
    """The row as at its own address, with the effects of its release on claims."""
    done = [render_effect(effect) for effect in effects.shown]
    return Response({**shown, "dry_run": effects.dry_run, "effects": done, "later": effects.later})


def _read_counted(request: Request, by: User, desk_id: UUID | None) -> tuple[ParsedFields, Effects]:
    may_release(by, desk_id)
    given = read_body(request, CountedRelease)
    return given, Effects(dry_run=given.pop("dry_run"))


class SourceReleaseApi(ApiView):
    @ApiOperation(
        "release_source",
        summary="Release a source to more people (editors)",
        body=CountedRelease,
        answer=SourceEffectShape,
        refuses=[403, 404],
        asks_again=True,
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        given, effects = _read_counted(request, by, source.desk_id)
        return _counted(render_source(by, release_source(source=source, effects=effects, by=by, **given).row), effects)


class ActorReleaseApi(ApiView):
    @ApiOperation(
        "release_actor",
        summary="Release an actor to more people (editors; administrators for shared actors)",
        body=CountedRelease,
        answer=ReleasedActorShape,
        refuses=[403, 404],
        asks_again=True,
    )
    def post(self, request: Request, actor_id: UUID) -> Response:
        by = person_asking(request)
        actor = get_actor(by, actor_id)
        given, effects = _read_counted(request, by, actor.desk_id)
        return _counted(
            render_actors(by, [release_actor(actor=actor, effects=effects, by=by, **given).row])[0], effects
        )


class EvidenceReleaseApi(ApiView):
    @ApiOperation(
        "release_evidence",
        summary="Release a piece of evidence to more people; it counts from then on (editors)",
        body=CountedRelease,
        answer=ReleasedEvidenceShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, reference: str, evidence_id: UUID) -> Response:
        by = person_asking(request)
        claim = get_claim(by, reference)
        item = get_evidence(by, claim, evidence_id)
        given, effects = _read_counted(request, by, claim.desk_id)
        return _counted(
            render_evidence(by, [release_evidence(evidence=item, effects=effects, by=by, **given)])[0], effects
        )


class AttachmentReleaseApi(ApiView):
    @ApiOperation(
        "release_attachment",
        summary="Release a file, and the capture it came from, to more people (editors)",
        body=Release,
        answer=AttachmentShape,
        refuses=[403, 404],
        asks_again=True,
    )
    def post(self, request: Request, attachment_id: UUID) -> Response:
        by = person_asking(request)
        row = get_attachment(by, attachment_id)
        may_release(by, row.source.desk_id)
        row = release_attachment(attachment=row, by=by, **read_body(request, Release))
        return Response(render_attachments(request, [row])[0])


class CaptureReleaseApi(ApiView):
    @ApiOperation(
        "release_capture",
        summary="Release a capture and its file to more people (editors)",
        body=Release,
        answer=CaptureShape,
        refuses=[403, 404],
        asks_again=True,
    )
    def post(self, request: Request, source_id: UUID, *, capture_id: UUID) -> Response:
        by = person_asking(request)
        row = get_capture(by, get_source(by, source_id), capture_id)
        may_release(by, row.source.desk_id)
        row = release_capture(capture=row, by=by, **read_body(request, Release))
        return Response(render_captures(by, [row])[0])

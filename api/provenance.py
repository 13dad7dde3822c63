"""Provenance: the sourcing chain of a claim's evidence, and its number of independent voices."""

from datetime import date
from typing import NotRequired, TypedDict
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.effects import IntervalShape
from api.schema import ApiOperation
from api.view import ApiView, person_asking
from claims.queries import get_claim, relays_among
from claims.reading.provenance import TracedSource, TracedVoice, Uncountable, provenance_of
from claims.verdicts.evidence_graph import ElementResult, EvidenceGraph, EvidenceView, threshold_for
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.snapshots import snapshot, snapshot_digest
from sources.independence import Independence


class SupportShape(TypedDict):
    """`single_points_of_failure`: voices whose removal alone would leave no support; null for unknown ones.

    `exact`: present, and false, if the graph is too large to count exactly and the interval is one of bounds.
    """

    independence: IntervalShape
    single_points_of_failure: list[UUID | None]
    exact: NotRequired[bool]


class TracedElementShape(SupportShape):
    """`threshold`: the independent voices required for corroboration."""

    id: UUID
    text: str
    essential: bool
    threshold: int
    refuting: SupportShape


class VoiceShape(TypedDict):
    """The actor at the top, and the sources that speak with its voice; nulls for unknown voices.

    `checked`: whether it is known whom it speaks for; if not, it counts in `max` only.
    """

    id: UUID | None
    name: str | None
    checked: bool
    sources: list[UUID]


class TracedSourceShape(TypedDict):
    """`basis` is that for this claim; `day` its date in UTC."""

    id: UUID
    title: str
    publisher: UUID | None
    voice: UUID | None
    day: date
    basis: str
    counts: bool
    countable: bool
    unknown_lineage: bool
    checked: bool


class TracedRelayShape(TypedDict):
    downstream: UUID
    upstream: UUID
    quote: str


class UncountableShape(TypedDict):
    """`reasons`: claimant, also_claimed_by, party. `sources`: those that speak with its voice."""

    voice: UUID
    name: str
    reasons: list[str]
    sources: list[UUID]


class TracedEvidenceShape(TypedDict):
    """`elements`: those it bears on; empty for all. `live`: not superseded; `counts`: live, and its source counts."""

    id: UUID
    source: UUID
    stance: str
    elements: list[UUID]
    live: bool
    counts: bool
    against_interest: UUID | None


class ProvenanceShape(SupportShape):
    """Of `supports`, and under `refuting` of `refutes`; `digest` is that of the graph as a status change keeps it."""

    refuting: SupportShape
    elements: list[TracedElementShape]
    evidence: list[TracedEvidenceShape]
    voices: list[VoiceShape]
    sources: list[TracedSourceShape]
    relays: list[TracedRelayShape]
    uncountable: list[UncountableShape]
    digest: str


class ClaimProvenanceApi(ApiView):
    @ApiOperation("read_provenance", summary="Read a claim’s sourcing chain", answer=ProvenanceShape, refuses=[404])
    def get(self, request: Request, reference: str) -> Response:
        by = person_asking(request)
        graph = load_evidence_graph(get_claim(by, reference))
        quotes = {(one.downstream_id, one.upstream_id): one.quote for one in relays_among(by, graph.sources)}
        return Response(_render(graph, quotes))


def _render(graph: EvidenceGraph, quotes: dict[tuple[UUID, UUID], str]) -> ProvenanceShape:
    found = provenance_of(graph)
    relays = [(UUID(below), UUID(above)) for below, above in found.relays]
    return {
        **_support(found.supports),
        "refuting": _support(found.refutes),
        "elements": [_element(graph, result) for result in found.elements if result.element.id],
        "evidence": [_evidence(item) for item in graph.evidence],
        "voices": [_traced_voice(voice) for voice in found.voices],
        "sources": [_source(source) for source in found.sources],
        "relays": [
            {"downstream": below, "upstream": above, "quote": quotes.get((below, above), "")} for below, above in relays
        ],
        "uncountable": [_uncountable(one) for one in found.uncountable],
        "digest": snapshot_digest(snapshot(graph)),
    }


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _ids(texts: tuple[str, ...] | list[str]) -> list[UUID]:
    return [UUID(text) for text in texts]


def _support(result: Independence) -> SupportShape:
    support: SupportShape = {
        "independence": {"min": result.min, "max": result.max},
        "single_points_of_failure": [_id(voice) for voice in result.single_points_of_failure],
    }
    return support if result.exact else {**support, "exact": False}


def _element(graph: EvidenceGraph, result: ElementResult) -> TracedElementShape:
    return {
        "id": UUID(result.element.id),
        "text": result.element.text,
        "essential": result.element.essential,
        "threshold": threshold_for(graph, "supports", result.element),
        **_support(result.supports),
        "refuting": _support(result.refutes),
    }


def _evidence(item: EvidenceView) -> TracedEvidenceShape:
    return {
        "id": UUID(item.id),
        "source": UUID(item.source),
        "stance": item.stance,
        "elements": _ids(sorted(item.elements)),
        "live": item.live,
        "counts": item.counts,
        "against_interest": _id(item.against_interest),
    }


def _traced_voice(voice: TracedVoice) -> VoiceShape:
    return {
        "id": _id(voice.id),
        "name": voice.name,
        "checked": voice.is_checked,
        "sources": _ids(voice.sources),
    }


def _source(source: TracedSource) -> TracedSourceShape:
    return {
        "id": UUID(source.view.id),
        "title": source.view.title,
        "publisher": _id(source.view.publisher),
        "voice": _id(source.voice),
        "day": source.view.day,
        "basis": source.basis,
        "counts": source.view.counts,
        "countable": source.countable,
        "unknown_lineage": source.unknown_lineage,
        "checked": source.is_checked,
    }


def _uncountable(one: Uncountable) -> UncountableShape:
    return {
        "voice": UUID(one.voice),
        "name": one.name,
        "reasons": [reason.value for reason in one.reasons],
        "sources": _ids(one.sources),
    }

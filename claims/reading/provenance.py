"""The sourcing chain as the provenance page and the API show it. Pure: no database.

The numbers are those of `claims.verdicts.evidence_graph`; the words (voice, countable, unknown lineage) those of
docs/provenance.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from claims.verdicts.evidence_graph import ElementResult, EvidenceGraph, SourceView, by_element, weakest
from sources.independence import Independence
from sources.voices import voice_at


class UncountableReason(StrEnum):
    """The reasons why a voice does not count as independent."""

    CLAIMANT = "claimant"
    ALSO_CLAIMED_BY = "also_claimed_by"
    PARTY = "party"


@dataclass(frozen=True, slots=True)
class TracedSource:
    """A source in the chain. `basis` is that for this claim; `is_checked`: whether it is known
    whom its voice speaks for; `reasons`: why its voice does not count, at its date."""

    view: SourceView
    voice: str | None
    basis: str
    unknown_lineage: bool
    is_checked: bool
    reasons: tuple[UncountableReason, ...]

    @property
    def countable(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class TracedVoice:
    """A voice with the ids of its sources. `id` and `name` are None for unknown voices."""

    id: str | None
    name: str | None
    is_checked: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uncountable:
    """A voice that does not count: on the day of the claim, or for those `sources` at whose date it is a claimant's or
    a party's.
    """

    voice: str
    name: str
    reasons: tuple[UncountableReason, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The sourcing chain of a claim.

    `supports` and `refutes` are the claim's; `elements` has them for each element (one without id for the whole).
    """

    supports: Independence
    refutes: Independence
    elements: tuple[ElementResult, ...]
    voices: tuple[TracedVoice, ...]
    sources: tuple[TracedSource, ...]
    relays: tuple[tuple[str, str], ...]
    uncountable: tuple[Uncountable, ...]


def provenance_of(graph: EvidenceGraph) -> Provenance:
    """The provenance of a claim; sources in the order in which they were added."""
    elements = by_element(graph)
    essential = [result for result in elements if result.element.essential]
    relaying = {below for below, _above in graph.relays}
    sources = tuple(_trace(graph, source, source in relaying) for source in graph.sources)
    return Provenance(
        supports=weakest(result.supports for result in essential),
        refutes=weakest(result.refutes for result in essential),
        elements=tuple(elements),
        voices=_voices(graph, sources),
        sources=sources,
        relays=graph.relays,
        uncountable=_uncountable(graph, sources),
    )


def reasons_against(graph: EvidenceGraph, voice: str | None, day: date) -> tuple[UncountableReason, ...]:
    """The reasons why a voice does not count on a day; empty for one that does, and for an unknown one."""
    if voice is None:
        return ()
    others = graph.claimants - {graph.first_claimant}
    found = []
    if graph.first_claimant and voice == voice_at(graph.first_claimant, day, graph.actors):
        found.append(UncountableReason.CLAIMANT)
    if voice in graph.voices_of(others, day):
        found.append(UncountableReason.ALSO_CLAIMED_BY)
    if voice in graph.voices_of(graph.parties, day):
        found.append(UncountableReason.PARTY)
    return tuple(found)


def _trace(graph: EvidenceGraph, source: str, has_upstream: bool) -> TracedSource:
    view, voice, basis = graph.sources[source], graph.voice(source), graph.basis_of(source)
    return TracedSource(
        view=view,
        voice=voice,
        basis=basis,
        unknown_lineage=basis == "unknown" or (basis == "secondhand" and not has_upstream),
        is_checked=graph.is_checked(source),
        reasons=reasons_against(graph, voice, view.day),
    )


def _voices(graph: EvidenceGraph, sources: Iterable[TracedSource]) -> tuple[TracedVoice, ...]:
    speaking: dict[str | None, list[str]] = {}
    for source in sources:
        speaking.setdefault(source.voice, []).append(source.view.id)
    return tuple(
        TracedVoice(voice, graph.names[voice] if voice else None, graph.is_checked(ids[0]), tuple(ids))
        for voice, ids in speaking.items()
    )


def _uncountable(graph: EvidenceGraph, sources: Iterable[TracedSource]) -> tuple[Uncountable, ...]:
    """The voices of claimants and parties on the day of the claim, and on the day of each of their sources."""
    reasons: dict[str, set[UncountableReason]] = {}
    for voice in sorted(graph.voices_of(graph.claimants | graph.parties, graph.day)):
        reasons[voice] = set(reasons_against(graph, voice, graph.day))
    speaking: dict[str, list[str]] = {}
    for source in sources:
        if source.voice is not None and source.reasons:
            reasons.setdefault(source.voice, set()).update(source.reasons)
            speaking.setdefault(source.voice, []).append(source.view.id)
    return tuple(
        Uncountable(
            voice,
            graph.names[voice],
            tuple(reason for reason in UncountableReason if reason in found),
            tuple(speaking.get(voice, ())),
        )
        for voice, found in reasons.items()
    )

"""Who got it from whom, put together for reading: what the provenance page and the API both show. Pure: no database.

The numbers are those of `claims.standing`; the words (voice, countable, unknown lineage) those of docs/provenance.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from claims.standing import ElementResult, SourceView, Standing, by_element, weakest
from sources.independence import Independence
from sources.voices import voice_at


class Reason(StrEnum):
    """Why a voice does not count as independent."""

    CLAIMANT = "claimant"
    ALSO_CLAIMED_BY = "also_claimed_by"
    PARTY = "party"


@dataclass(frozen=True, slots=True)
class TracedSource:
    """A source in its place. `basis` is that for this claim; `reasons`: why its voice does not count, at its date."""

    view: SourceView
    voice: str | None
    basis: str
    unknown_lineage: bool
    reasons: tuple[Reason, ...]

    @property
    def countable(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class TracedVoice:
    """A voice with the ids of the sources that speak with it. `id` and `name` are None for unknown voices."""

    id: str | None
    name: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uncountable:
    """A voice that does not count: on its own, or for those `sources` at whose date it is a claimant's or a party's."""

    voice: str
    name: str
    reasons: tuple[Reason, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """`supports` and `refutes` are the claim's; `elements` has them for each part (one without id for the whole)."""

    supports: Independence
    refutes: Independence
    elements: tuple[ElementResult, ...]
    voices: tuple[TracedVoice, ...]
    sources: tuple[TracedSource, ...]
    relays: tuple[tuple[str, str], ...]
    uncountable: tuple[Uncountable, ...]


def provenance_of(standing: Standing) -> Provenance:
    """Everything that is known of a claim's provenance; sources in the order in which they were added."""
    elements = by_element(standing)
    essential = [result for result in elements if result.element.essential]
    relaying = {below for below, _above in standing.relays}
    sources = tuple(_trace(standing, source, source in relaying) for source in standing.sources)
    return Provenance(
        supports=weakest(result.supports for result in essential),
        refutes=weakest(result.refutes for result in essential),
        elements=tuple(elements),
        voices=_voices(standing, sources),
        sources=sources,
        relays=standing.relays,
        uncountable=_uncountable(standing, sources),
    )


def reasons_against(standing: Standing, voice: str | None, day: date) -> tuple[Reason, ...]:
    """Why a voice does not count on a day; empty for one that does, and for an unknown one."""
    if voice is None:
        return ()
    others = standing.claimants - {standing.first_claimant}
    found = []
    if standing.first_claimant and voice == voice_at(standing.first_claimant, day, standing.actors):
        found.append(Reason.CLAIMANT)
    if voice in standing.voices_of(others, day):
        found.append(Reason.ALSO_CLAIMED_BY)
    if voice in standing.voices_of(standing.parties, day):
        found.append(Reason.PARTY)
    return tuple(found)


def _trace(standing: Standing, source: str, has_upstream: bool) -> TracedSource:
    view, voice, basis = standing.sources[source], standing.voice(source), standing.basis_of(source)
    return TracedSource(
        view=view,
        voice=voice,
        basis=basis,
        unknown_lineage=basis == "unknown" or (basis == "secondhand" and not has_upstream),
        reasons=reasons_against(standing, voice, view.day),
    )


def _voices(standing: Standing, sources: Iterable[TracedSource]) -> tuple[TracedVoice, ...]:
    speaking: dict[str | None, list[str]] = {}
    for source in sources:
        speaking.setdefault(source.voice, []).append(source.view.id)
    return tuple(
        TracedVoice(voice, standing.names[voice] if voice else None, tuple(ids)) for voice, ids in speaking.items()
    )


def _uncountable(standing: Standing, sources: Iterable[TracedSource]) -> tuple[Uncountable, ...]:
    """The voices of claimants and parties on the day of the claim, and on the day of each source of theirs."""
    reasons: dict[str, set[Reason]] = {}
    for voice in sorted(standing.voices_of(standing.claimants | standing.parties, standing.day)):
        reasons[voice] = set(reasons_against(standing, voice, standing.day))
    speaking: dict[str, list[str]] = {}
    for source in sources:
        if source.voice is not None and source.reasons:
            reasons.setdefault(source.voice, set()).update(source.reasons)
            speaking.setdefault(source.voice, []).append(source.view.id)
    return tuple(
        Uncountable(
            voice,
            standing.names[voice],
            tuple(reason for reason in Reason if reason in found),
            tuple(speaking.get(voice, ())),
        )
        for voice, found in reasons.items()
    )

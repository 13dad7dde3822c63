"""Where a claim stands: what its evidence adds up to, by element and stance. Pure: no database.

The definitions are those of docs/provenance.md; only material that is not restricted ever gets in here, so that
everybody reads the same numbers.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sources.independence import Bearing, Graph, Independence, SourceNode, independence
from sources.voices import ActorLink, voice_at


@dataclass(frozen=True, slots=True)
class ElementView:
    """One part of the claim. `id` is None for the whole of a claim that has no elements."""

    id: str | None
    text: str
    essential: bool = True


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source in the graph. `day`: its date in UTC; `counts`: neither retracted nor of reliability E."""

    id: str
    title: str
    publisher: str | None
    day: date
    basis: str
    counts: bool


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A piece of evidence that is not withdrawn. `elements` empty: it bears on all of them.

    `basis` is set where it overrides its source's; `live`: not superseded; `counts`: see product.md.
    """

    id: str
    source: str
    stance: str
    elements: frozenset[str]
    basis: str | None
    live: bool
    counts: bool
    against_interest: str | None
    attached_at: datetime

    def bears_on(self, element: ElementView) -> bool:
        return not self.elements or element.id is None or element.id in self.elements


@dataclass(frozen=True, slots=True)
class ElementResult:
    element: ElementView
    supports: Independence
    refutes: Independence


@dataclass(frozen=True)
class Standing:
    """All that the policy of a claim is decided on."""

    day: date
    claimants: frozenset[str]
    first_claimant: str | None
    parties: frozenset[str]
    elements: tuple[ElementView, ...]
    evidence: tuple[EvidenceView, ...]
    sources: Mapping[str, SourceView]
    relays: tuple[tuple[str, str], ...]
    actors: Mapping[str, ActorLink]
    threshold: int
    threshold_is_set: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    # What `on_element` found, by what it was asked: a page asks for the same some twenty times.
    counted: dict[tuple[str, ElementView, frozenset[str] | None], Independence] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def parts(self) -> tuple[ElementView, ...]:
        """The claim's elements, or the claim as one where it has none."""
        return self.elements or (ElementView(None, ""),)

    @property
    def essential(self) -> tuple[ElementView, ...]:
        return tuple(part for part in self.parts if part.essential)

    def voice(self, source: str) -> str | None:
        """The voice of a source, at its own date."""
        view = self.sources[source]
        return voice_at(view.publisher, view.day, self.actors)

    def voices_of(self, actors: Iterable[str], day: date) -> frozenset[str]:
        return frozenset(voice for actor in actors if (voice := voice_at(actor, day, self.actors)) is not None)

    def is_claimants(self, source: str) -> bool:
        """Whether a source speaks with the voice of the claimant or of somebody who claims the same."""
        return self.voice(source) in self.voices_of(self.claimants, self.sources[source].day)

    def is_partys(self, source: str) -> bool:
        return self.voice(source) in self.voices_of(self.parties, self.sources[source].day)

    def countable(self, source: str) -> bool:
        """Whether the source's voice is neither a claimant's nor a party's; an unknown voice always is countable."""
        return not (self.is_claimants(source) or self.is_partys(source))

    def basis_of(self, source: str) -> str:
        """A source's basis for this claim. Where its evidence overrides it differently, the weakest holds."""
        overrides = {item.basis for item in self.evidence if item.source == source and item.basis}
        for basis in ("unknown", "secondhand", "firsthand"):
            if basis in overrides:
                return basis
        return self.sources[source].basis

    def upstream_of(self, source: str) -> frozenset[str]:
        """The source itself and every source upstream of it."""
        found, waiting = {source}, [source]
        while waiting:
            downstream = waiting.pop()
            for below, above in self.relays:
                if below == downstream and above not in found:
                    found.add(above)
                    waiting.append(above)
        return frozenset(found)

    def begins(self, source: str) -> bool:
        """Whether something begins with the source: it is firsthand, or got it from nowhere recorded."""
        return self.basis_of(source) == "firsthand" or all(below != source for below, _above in self.relays)


def graph_of(standing: Standing, stance: str, element: ElementView, only: Collection[str] | None = None) -> Graph:
    """The graph of one stance on one element; `only` keeps the evidence that was named."""
    bearings = [
        Bearing(item.source, _admits(standing, item))
        for item in standing.evidence
        if item.stance == stance and item.counts and item.bears_on(element) and (only is None or item.id in only)
    ]
    nodes = [
        SourceNode(
            id=source.id,
            voice=standing.voice(source.id),
            basis=standing.basis_of(source.id),  # type: ignore[arg-type]  # the database holds the three words
            counts=source.counts,
            countable=standing.countable(source.id),
        )
        for source in standing.sources.values()
    ]
    return Graph(sources=nodes, relays=list(standing.relays), evidence=bearings)


def _admits(standing: Standing, item: EvidenceView) -> str | None:
    """The voice that admits something against its interest, at the date of the evidence's source."""
    return voice_at(item.against_interest, standing.sources[item.source].day, standing.actors)


def on_element(
    standing: Standing, stance: str, element: ElementView, only: Collection[str] | None = None
) -> Independence:
    """The independence of one stance on one element; counted once for each."""
    asked = (stance, element, None if only is None else frozenset(only))
    found = standing.counted.get(asked)
    if found is None:
        found = standing.counted[asked] = independence(graph_of(standing, stance, element, only))
    return found


def by_element(standing: Standing) -> list[ElementResult]:
    """Supporting and refuting independence of every part of the claim."""
    return [
        ElementResult(part, on_element(standing, "supports", part), on_element(standing, "refutes", part))
        for part in standing.parts
    ]


def weakest(results: Iterable[Independence]) -> Independence:
    """The claim's interval: the least min and the least max; single points of failure are those of the least min."""
    found = list(results)
    least = min(found, key=lambda result: result.min)
    return Independence(
        least.min,
        min(result.max for result in found),
        least.single_points_of_failure,
        exact=all(result.exact for result in found),
    )


def of_claim(standing: Standing, stance: str = "supports", only: Collection[str] | None = None) -> Independence:
    """The independence of the claim: that of its weakest essential element."""
    return weakest(on_element(standing, stance, part, only) for part in standing.essential)


def party_denials(standing: Standing) -> list[EvidenceView]:
    """Live denials, dated on or after the claim, whose voice (or one upstream) is a party's and not a claimant's."""
    return [
        item
        for item in standing.evidence
        if item.stance == "denies"
        and item.live
        and standing.sources[item.source].day >= standing.day
        and not standing.is_claimants(item.source)
        and any(
            standing.is_partys(source) and not standing.is_claimants(source)
            for source in standing.upstream_of(item.source)
        )
    ]


def denying_parties(standing: Standing) -> list[str]:
    """The voices of the parties that deny, in the order of their first denial, each once."""
    voices: dict[str, None] = {}
    for item in party_denials(standing):
        for source in sorted(standing.upstream_of(item.source)):
            voice = standing.voice(source)
            if voice is not None and standing.is_partys(source) and not standing.is_claimants(source):
                voices[voice] = None
    return list(voices)


def threshold_for(standing: Standing, stance: str, element: ElementView, only: Collection[str] | None = None) -> int:
    """How many independent voices a verdict needs on this element.

    To corroborate, one is enough where the counting support includes a firsthand source of the claimant's voice and
    that voice is no party's: it is the first source. A threshold that an editor set for the claim goes before.
    """
    if stance != "supports" or standing.threshold_is_set or standing.first_claimant is None:
        return standing.threshold
    for item in standing.evidence:
        if (
            item.stance != "supports"
            or not item.counts
            or not item.bears_on(element)
            or (only is not None and item.id not in only)
        ):
            continue
        day = standing.sources[item.source].day
        claimant = voice_at(standing.first_claimant, day, standing.actors)
        if (
            standing.voice(item.source) == claimant
            and standing.basis_of(item.source) == "firsthand"
            and not standing.is_partys(item.source)
        ):
            return 1
    return standing.threshold


def threshold_of_claim(standing: Standing) -> int:
    """The threshold printed beside the claim: the highest over its essential elements, to corroborate."""
    return max(threshold_for(standing, "supports", part) for part in standing.essential)

"""The evidence graph of a claim, and what it adds up to by element and stance. Pure: no database.

The definitions are those of docs/provenance.md. Restricted material never enters the graph, so that everybody reads the
same numbers.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from claims.verdicts.counting import Counter, counted
from sources.independence import Bearing, Independence, SourceNode
from sources.voices import ActorLink, voice_at


@dataclass(frozen=True, slots=True)
class ElementView:
    """An element of the claim. `id` is None where the claim has no elements and counts as one."""

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
    """A piece of evidence that is not withdrawn.

    `elements` empty: it bears on all of them. `basis` is set where it overrides its source's; `live`: not superseded;
    `counts`: live, of a counting source, and not of credibility 5.
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
class EvidenceGraph:
    """The input for every decision on a claim's policy."""

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
    # An editor's threshold for the claim comes before all rules on thresholds (decision 21).
    threshold_is_set: bool = False
    # For sentences only: no number depends on a name.
    names: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] | None = None  # the evidence relied on; None: all of it

    @property
    def all_elements(self) -> tuple[ElementView, ...]:
        """The claim's elements, or the claim as one where it has none."""
        return self.elements or (ElementView(None, ""),)

    @property
    def essential(self) -> tuple[ElementView, ...]:
        return tuple(element for element in self.all_elements if element.essential)

    @cached_property
    def voices(self) -> Mapping[str, str | None]:
        """The voice of each source, at its own date."""
        return {view.id: voice_at(view.publisher, view.day, self.actors) for view in self.sources.values()}

    @property
    def size(self) -> int:
        """Roughly the number of rows that it was read from."""
        return len(self.sources) + len(self.relays) + len(self.evidence)

    def voice(self, source: str) -> str | None:
        """The voice of a source, at its own date."""
        return self.voices[source]

    def voices_of(self, actors: Iterable[str], day: date) -> frozenset[str]:
        return frozenset(voice for actor in actors if (voice := voice_at(actor, day, self.actors)) is not None)

    @cached_property
    def _claimants_sources(self) -> frozenset[str]:
        return self._speaking_for(self.claimants)

    @cached_property
    def _partys_sources(self) -> frozenset[str]:
        return self._speaking_for(self.parties)

    def _speaking_for(self, actors: frozenset[str]) -> frozenset[str]:
        """The sources with the voice of one of these actors, each at its own date."""
        # At each source's date: the actor may have spoken for someone else on another day (decision 21).
        on = {day: self.voices_of(actors, day) for day in {view.day for view in self.sources.values()}}
        return frozenset(view.id for view in self.sources.values() if self.voices[view.id] in on[view.day])

    def is_claimants(self, source: str) -> bool:
        """Whether a source has the voice of the claimant or of an actor who also claims it."""
        return source in self._claimants_sources

    def is_partys(self, source: str) -> bool:
        return source in self._partys_sources

    def countable(self, source: str) -> bool:
        """Whether the source's voice is neither a claimant's nor a party's; an unknown voice is always countable."""
        return not (self.is_claimants(source) or self.is_partys(source))

    def is_checked(self, source: str) -> bool:
        """Whether it is known whom the source's voice speaks for; an unknown voice has nobody to ask about.

        Until then it counts in the upper figure alone.
        """
        voice = self.voices[source]
        return voice is None or voice not in self.actors or self.actors[voice].is_checked

    def unchecked_voices(self, sources: Iterable[str]) -> list[str]:
        """The voices of these sources that would count if it were known whom they speak for, each once."""
        found = {
            voice: None
            for source in sorted(sources)
            if (voice := self.voices[source]) is not None
            and self.sources[source].counts
            and self.countable(source)
            and not self.is_checked(source)
        }
        return list(found)

    def rests_on(self, named: Collection[str] | None) -> "EvidenceGraph":
        """The same graph for an assessment that rests on this evidence: no other evidence makes a source stronger than
        it says itself.

        Evidence that was not named was not examined: it may remove support, and never adds any (docs/decisions/0096).
        """
        if named is None or self.named is not None or all(not item.basis or item.id in named for item in self.evidence):
            return self
        key = frozenset(named)
        if key not in self._resting:
            self._resting[key] = replace(self, named=key)
        return self._resting[key]

    @cached_property
    def _resting(self) -> "dict[frozenset[str], EvidenceGraph]":
        return {}

    @cached_property
    def _bases(self) -> Mapping[str, str]:
        overrides: dict[str, set[str]] = {}
        weaker: dict[str, set[str]] = {}
        for item in self.evidence:
            if item.basis:
                # Unnamed, it may still weaken: an omitted piece must not omit a colleague's doubt (decision 96).
                said = overrides if self.named is None or item.id in self.named else weaker
                said.setdefault(item.source, set()).add(item.basis)
        found = {view.id: _weakest_of(overrides.get(view.id) or {view.basis}) for view in self.sources.values()}
        return {source: _weakest_of({basis, *weaker.get(source, ())}) for source, basis in found.items()}

    def basis_of(self, source: str) -> str:
        """A source's basis for this claim.

        Where its pieces of evidence override it differently, the weakest applies.
        """
        return self._bases[source]

    @cached_property
    def above(self) -> Mapping[str, Sequence[str]]:
        """The sources directly upstream of each that has any."""
        found: dict[str, list[str]] = {}
        for below, above in self.relays:
            found.setdefault(below, []).append(above)
        return found

    def upstream_of(self, *sources: str) -> frozenset[str]:
        """These sources and every source upstream of one of them."""
        found, waiting = set(sources), list(sources)
        while waiting:
            for above in self.above.get(waiting.pop(), ()):
                if above not in found:
                    found.add(above)
                    waiting.append(above)
        return frozenset(found)

    def begins(self, source: str) -> bool:
        """Whether the source is an origin: firsthand, or without a recorded upstream."""
        # A retracted upstream counts as recorded: losing it is no unknown lineage (docs/provenance.md).
        return self.basis_of(source) == "firsthand" or source not in self.above

    def carried(self, admitted: str | None = None, *, possibly: bool = False) -> frozenset[str]:
        """The sources that an origin reaches along support paths, those sources included.

        `admitted`: the voice that the path's evidence admits against its interest; `possibly`: whether a source of
        unknown lineage is an origin too, and a voice not checked countable, as in the upper figure.
        """
        # Kept by what is admitted: an admission counts on the paths of its own evidence alone.
        asked = (admitted, possibly)
        if asked not in self._carried:
            self._carried[asked] = self._reached_by_origins(admitted, possibly)
        return self._carried[asked]

    @cached_property
    def _carried(self) -> dict[tuple[str | None, bool], frozenset[str]]:
        return {}

    def _reached_by_origins(self, admitted: str | None, possibly: bool) -> frozenset[str]:
        usable = {
            view.id
            for view in self.sources.values()
            if view.counts and (self._countable_for(view.id, possibly) or self._admitted_by(view.id, admitted))
        }
        below: dict[str, list[str]] = {}
        for downstream, upstream in self.relays:
            below.setdefault(upstream, []).append(downstream)
        found = {source for source in usable if self._is_origin(source, possibly)}
        waiting = list(found)
        while waiting:
            for source in below.get(waiting.pop(), ()):
                if source in usable and source not in found:
                    found.add(source)
                    waiting.append(source)
        return frozenset(found)

    def _countable_for(self, source: str, possibly: bool) -> bool:
        return self.countable(source) and (possibly or self.is_checked(source))

    def _admitted_by(self, source: str, admitted: str | None) -> bool:
        return admitted is not None and self.voices[source] == admitted

    def _is_origin(self, source: str, possibly: bool) -> bool:
        basis = self.basis_of(source)
        unknown = basis == "unknown" or (basis == "secondhand" and source not in self.above)
        return basis == "firsthand" or (possibly and unknown)

    @cached_property
    def denials(self) -> Sequence[EvidenceView]:
        """The result of `party_denials`, kept."""
        opposed = self._partys_sources - self._claimants_sources
        reached: dict[str, bool] = {}
        for item in self.evidence:
            if item.stance == "denies" and item.live and item.source not in reached:
                # An agency that carries a party's denial counts as its denial.
                reached[item.source] = not opposed.isdisjoint(self.upstream_of(item.source))
        return [
            item
            for item in self.evidence
            if item.stance == "denies"
            and item.live
            # An older statement denies something else; one by the claimant takes the claim back.
            and self.sources[item.source].day >= self.day
            and not self.is_claimants(item.source)
            and reached[item.source]
        ]

    @cached_property
    def counter(self) -> Counter:
        """The counter for this graph, shared by all its sets of evidence.

        Every set of all the evidence, by element and stance, has an equal share of the budget; so has every set of
        named evidence. Shares depend on the claim alone, so that everybody gets the same numbers.
        """
        nodes = [
            SourceNode(
                id=source.id,
                voice=self.voice(source.id),
                basis=self.basis_of(source.id),  # type: ignore[arg-type]  # the database allows these three words only
                counts=source.counts,
                countable=self.countable(source.id),
                is_checked=self.is_checked(source.id),
            )
            for source in self.sources.values()
        ]
        sets = {
            frozenset(bearings(self, stance, element))
            for stance in ("supports", "refutes")
            for element in self.all_elements
        }
        return Counter(nodes, self.relays, shares=len(sets - {frozenset()}))


_WEAKEST_FIRST = ("unknown", "secondhand", "firsthand")


def _weakest_of(bases: Collection[str]) -> str:
    return min(bases, key=_WEAKEST_FIRST.index)


def bearings(
    graph: EvidenceGraph, stance: str, element: ElementView, only: Collection[str] | None = None
) -> list[Bearing]:
    """The evidence that counts for one stance on one element; `only` limits it to named evidence."""
    return [
        Bearing(item.source, admits(graph, item))
        for item in graph.evidence
        if item.stance == stance and item.counts and item.bears_on(element) and (only is None or item.id in only)
    ]


def admits(graph: EvidenceGraph, item: EvidenceView) -> str | None:
    """The voice that the evidence speaks for against its interest, at the date of the evidence's source."""
    return voice_at(item.against_interest, graph.sources[item.source].day, graph.actors)


def on_element(
    graph: EvidenceGraph, stance: str, element: ElementView, only: Collection[str] | None = None
) -> Independence:
    """The independence of one stance on one element. Elements with the same evidence are counted once."""
    return counted(graph.rests_on(only).counter, bearings(graph, stance, element, only))


def count_all(graph: EvidenceGraph, named: Iterable[Collection[str]] = ()) -> None:
    """Count everything that a page or an action asks of a claim: on all its evidence, and on each set in `named`."""
    for only in (None, *named):
        for stance in ("supports", "refutes"):
            for element in graph.all_elements:
                on_element(graph, stance, element, only)


def by_element(graph: EvidenceGraph) -> list[ElementResult]:
    """Supporting and refuting independence of every element of the claim."""
    return [
        ElementResult(element, on_element(graph, "supports", element), on_element(graph, "refutes", element))
        for element in graph.all_elements
    ]


def weakest(results: Iterable[Independence]) -> Independence:
    """The claim's interval: the least min and the least max; single points of failure are those of the least min."""
    found = list(results)
    least = min(found, key=lambda result: result.min)
    return Independence(
        least.min,
        # Perhaps of another element: each end is the least of its kind.
        min(result.max for result in found),
        least.single_points_of_failure,
        exact=all(result.exact for result in found),
    )


def of_claim(graph: EvidenceGraph, stance: str = "supports", only: Collection[str] | None = None) -> Independence:
    """The claim's independence: that of its weakest essential element."""
    return weakest(on_element(graph, stance, element, only) for element in graph.essential)


def party_denials(graph: EvidenceGraph) -> list[EvidenceView]:
    """Live denials, dated on or after the claim, whose voice (or one upstream) is a party's and not a claimant's."""
    return list(graph.denials)


def denying_parties(graph: EvidenceGraph) -> list[str]:
    """The voices of the denying parties, each once, in the order of their first denial."""
    voices: dict[str, None] = {}
    for denial in dict.fromkeys(item.source for item in party_denials(graph)):
        for source in sorted(graph.upstream_of(denial)):
            voice = graph.voice(source)
            if voice is not None and graph.is_partys(source) and not graph.is_claimants(source):
                voices[voice] = None
    return list(voices)


def threshold_for(graph: EvidenceGraph, stance: str, element: ElementView, only: Collection[str] | None = None) -> int:
    """The number of independent voices that a verdict needs on this element.

    To corroborate, one is enough where the counting support includes a firsthand source of the claimant's voice and
    that voice is no party's: it is the first source. A threshold that an editor set for the claim takes precedence.
    """
    if stance != "supports" or graph.threshold_is_set or graph.first_claimant is None:
        return graph.threshold
    graph = graph.rests_on(only)
    for item in graph.evidence:
        if (
            item.stance != "supports"
            or not item.counts
            or not item.bears_on(element)
            or (only is not None and item.id not in only)
        ):
            continue
        # The claimant may have spoken for someone else by then: the voice is that of the source's day.
        day = graph.sources[item.source].day
        claimant = voice_at(graph.first_claimant, day, graph.actors)
        if (
            graph.voice(item.source) == claimant
            and graph.basis_of(item.source) == "firsthand"
            and not graph.is_partys(item.source)
        ):
            return 1
    return graph.threshold


def threshold_of_claim(graph: EvidenceGraph) -> int:
    """The threshold shown beside the claim: the highest over its essential elements, to corroborate."""
    return max(threshold_for(graph, "supports", element) for element in graph.essential)

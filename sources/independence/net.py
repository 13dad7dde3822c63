"""A graph prepared for the search: numbered sources and voices, and support paths on demand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from copy import copy

from sources.independence.bits import bits, union
from sources.independence.graph import Bearing, GraphError, SourceNode, Voice


class Net:
    """One reading of a graph, in which support paths are sought. Sources and voices go by number.

    `generous`: the reading of `max`, in which unknown lineage is an origin, each unknown voice is separate and a voice
    not checked is countable; otherwise that of `min`. `up`, `down`: for each source the ones directly up- and
    downstream. `usable`: the sources that carry a path from any evidence. `views`: for each voice admitted against
    interest (and None), the sources usable on paths from there, and their starts; empty until `bearing` sets them.
    """

    def __init__(self, sources: Sequence[SourceNode], relays: RelayNet, *, generous: bool) -> None:
        self.up, self.down = relays.up, relays.down
        self.voice_of: list[int] = []
        self.sources_of: list[int] = []
        self.views: list[tuple[int, int]] = []
        self._names: list[Voice] = []
        self._numbers = relays.numbers
        self.usable = 0
        self._admissible: dict[Voice, int] = defaultdict(int)
        self.origins = 0
        numbers: dict[Voice | tuple[str], int] = {}
        for number, source in enumerate(sources):
            # In *max* each unknown voice is its own, in *min* they are all one (docs/provenance.md).
            key = (source.id,) if generous and source.voice is None else source.voice
            voice = numbers.setdefault(key, len(numbers))
            if voice == len(self._names):
                self._names.append(source.voice)
                self.sources_of.append(0)
            self.voice_of.append(voice)
            self.sources_of[voice] |= 1 << number
            if _is_origin(source, bool(self.up[number]), generous=generous):
                self.origins |= 1 << number
            # What does not count carries no path; an unknown voice is always countable (docs/provenance.md).
            if source.counts and (source.voice is None or (source.countable and (generous or source.is_checked))):
                self.usable |= 1 << number
            elif source.counts:
                # Kept apart: an admission makes its voice countable, on paths from that evidence alone.
                self._admissible[source.voice] |= 1 << number

    def bearing(self, evidence: Sequence[Bearing]) -> Net:
        """A copy of this reading, sharing its data, for paths that start at this evidence. Raises GraphError."""
        starts: dict[Voice, int] = defaultdict(int)
        for place, piece in enumerate(evidence):
            admitted = piece.against_interest if piece.against_interest in self._admissible else None
            starts[admitted] |= 1 << source_number(self._numbers, piece.source, where=f"evidence[{place}].source")
        views = ((self.usable | self._admissible.get(admitted, 0), first) for admitted, first in starts.items())
        # Only the starts differ between sets of evidence; all else is read and never changed.
        net = copy(self)
        net.views = [(sources, first & sources) for sources, first in views]
        return net

    def names(self, voices: int) -> list[Voice]:
        """The names of a set of voices."""
        return [self._names[voice] for voice in bits(voices)]

    def path(self, gone: int, load: Sequence[int]) -> int | None:
        """The voices of a support path that avoids the voices `gone`; None if there is none.

        A shortest path from its evidence, preferring voices with little `load`.
        """
        barred = self.sources_by(gone)
        # One view after the other: a path may not mix what different admissions allow.
        for usable, starts in self.views:
            layers = self._layers(starts & ~barred, usable=usable & ~barred)
            if layers:
                return self._back(layers, load)
        return None

    def _layers(self, starts: int, *, usable: int) -> list[int]:
        """The sources at each distance from the evidence, up to the first origins; empty if none is reached."""
        layers = [starts]
        fresh = usable & ~starts
        while layers[-1] and not layers[-1] & self.origins:
            above = union(self.up, layers[-1]) & fresh
            fresh &= ~above
            layers.append(above)
        return layers if layers[-1] else []

    def _back(self, layers: list[int], load: Sequence[int]) -> int:
        voices, choice = 0, layers[-1] & self.origins
        for layer in (*reversed(layers[:-1]), 0):
            # Voices that the path has already cost nothing more; few others on it make later paths disjoint.
            numbers = ((0 if voices >> (v := self.voice_of[s]) & 1 else 1 + load[v], s) for s in bits(choice))
            number = min(numbers)[1]
            voices |= 1 << self.voice_of[number]
            choice = layer & self.down[number]
        return voices

    def sources_by(self, voices: int) -> int:
        """The sources of a set of voices."""
        return union(self.sources_of, voices)


class RelayNet:
    """The number of each source, and for each number the sources directly up- and downstream."""

    def __init__(self, sources: Sequence[SourceNode], relays: Sequence[tuple[str, str]]) -> None:
        self.numbers = {source.id: number for number, source in enumerate(sources)}
        self.up = [0] * len(sources)
        self.down = [0] * len(sources)
        for place, (downstream, upstream) in enumerate(relays):
            below = source_number(self.numbers, downstream, where=f"relays[{place}].downstream")
            above = source_number(self.numbers, upstream, where=f"relays[{place}].upstream")
            self.up[below] |= 1 << above
            self.down[above] |= 1 << below


def source_number(numbers: dict[str, int], source: str, *, where: str) -> int:
    """The number of a source. Raises GraphError naming `where` if it is not listed."""
    number = numbers.get(source)
    if number is None:
        raise GraphError(f"{where}: no source has the id {quoted(source)}")
    return number


def _is_origin(source: SourceNode, has_upstream: bool, *, generous: bool) -> bool:
    unknown_lineage = source.basis == "unknown" or (source.basis == "secondhand" and not has_upstream)
    return source.basis == "firsthand" or (generous and unknown_lineage)


def quoted(text: str) -> str:
    """The text, cut to 80 characters, in quotes and in one line of ASCII."""
    return json.dumps(text if len(text) <= 80 else f"{text[:79]}…")

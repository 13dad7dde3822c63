"""The parts of the count that give bounds, each by itself: a wrong bound may only cost time in the whole."""

from itertools import combinations, pairwise

from hypothesis import given, settings

from sources.independence import LIMIT, Graph
from sources.independence.bits import bits
from sources.independence.chains import chains
from sources.independence.net import Net, RelayNet
from tests.sources import test_independence_laws as laws


def net_of(graph: Graph) -> Net:
    """The reading of `min`."""
    return Net(graph.sources, RelayNet(graph.sources, graph.relays), generous=False).bearing(graph.evidence)


class Voices:
    """The graph between voices, from a list of all walks: starts, ends and arcs."""

    def __init__(self, net: Net) -> None:
        self.starts: set[int] = set()
        self.ends: set[int] = set()
        self.arcs: set[tuple[int, int]] = set()
        for usable, starts in net.views:
            for start in bits(starts):
                for walk in self._walks(net, start, usable & ~starts):
                    voices = [net.voice_of[number] for number in walk]
                    self.starts.add(voices[0])
                    self.ends.add(voices[-1])
                    self.arcs |= set(pairwise(voices))

    def _walks(self, net: Net, number: int, further: int) -> list[list[int]]:
        if net.origins >> number & 1:
            return [[number]]
        above = bits(net.up[number] & further)
        return [[number, *rest] for each in above for rest in self._walks(net, each, further)]

    def lead_to_an_end(self, voices: set[int]) -> bool:
        """Whether these voices alone hold a path from a start to an end."""
        reached: set[int] = set()
        layer = self.starts & voices
        while layer:
            reached |= layer
            layer = {above for below, above in self.arcs if below in layer} & voices - reached
        return bool(reached & self.ends)

    def least_cut(self) -> int:
        """The size of the smallest set of voices without which no path is left; LIMIT if it is larger."""
        everyone = self.starts | self.ends | {voice for arc in self.arcs for voice in arc}
        sizes = (
            size
            for size in range(LIMIT)
            for gone in combinations(everyone, size)
            if not self.lead_to_an_end(everyone - set(gone))
        )
        return next(sizes, LIMIT)


def check_chains(graph: Graph) -> None:
    net = net_of(graph)
    found, voices = [set(bits(chain)) for chain in chains(net)], Voices(net)
    assert len(found) == voices.least_cut()
    assert all(voices.lead_to_an_end(chain) for chain in found)
    assert sum(map(len, found)) == len(set().union(*found))


@settings(max_examples=300, deadline=None)
@given(laws.graphs())
def test_chains_share_no_voice_and_are_as_many_as_the_least_cut(graph: Graph) -> None:
    check_chains(graph)


@settings(max_examples=200, deadline=None)
@given(laws.chains())
def test_chains_over_few_voices_are_as_many_as_the_least_cut(graph: Graph) -> None:
    check_chains(graph)

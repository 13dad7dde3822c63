"""The parts of the count that give bounds, each by itself: a wrong bound may only cost time in the whole."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.independence import LIMIT, Bearing, Counting, Graph, Independence
from sources.independence.bits import bits
from sources.independence.chains import chains
from sources.independence.net import Net, RelayNet, quoted
from sources.independence.search import MOST_WORK, Search
from tests.sources import test_independence_laws as laws
from tests.sources.test_independence import layered, source, tangled


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
    for sources in (graph.sources, graph.sources[::-1]):
        net = net_of(replace(graph, sources=sources))
        found, voices = [set(bits(chain)) for chain in chains(net)], Voices(net)
        assert len(found) == voices.least_cut()
        assert all(voices.lead_to_an_end(chain) for chain in found)
        assert sum(map(len, found)) == len(set().union(*found))


def drawn(*chains: str) -> Graph:
    """Sources of one letter, each with a voice of its own; a chain goes from evidence to an origin."""
    above = {pair for chain in chains for pair in pairwise(chain)}
    origins = {chain[-1] for chain in chains}
    names = sorted(set("".join(chains)))
    nodes = [source(name, name, "firsthand" if name in origins else "secondhand") for name in names]
    return Graph(nodes, sorted(above), [Bearing(name) for name in sorted({chain[0] for chain in chains})])


def test_a_chain_goes_another_way_so_that_a_second_one_finds_room() -> None:
    # The shortest chain is a-b-c. The second needs c, and the first has to give up both b and c for it.
    graph = drawn("abc", "adefg", "xyzc")
    assert sorted(map(int.bit_count, chains(net_of(graph)))) == [4, 5]
    check_chains(graph)


def path_of(graph: Graph, *, gone: str = "", load: str = "") -> str | None:
    """The voices of the path that is chosen, sorted. A voice is loaded as often as it is in `load`."""
    net = net_of(graph)
    names = [node.id for node in graph.sources]
    without = sum(1 << net.voice_of[names.index(name)] for name in gone)
    loads = [0] * len(net.sources_of)
    for name in load:
        loads[net.voice_of[names.index(name)]] += 1
    path = net.path(without, loads)
    return None if path is None else "".join(str(name) for name in sorted(map(str, net.names(path))))


@pytest.mark.parametrize(
    ("gone", "load", "chosen"),
    [
        ("", "", "abe"),
        ("", "b", "ace"),
        ("", "bbc", "ace"),
        ("", "bcc", "abe"),
        ("b", "", "ace"),
        ("bc", "", "adfg"),
        ("e", "", "adfg"),
        ("bcd", "", None),
        ("a", "", None),
    ],
)
def test_a_path_is_the_shortest_over_the_least_used_voices(gone: str, load: str, chosen: str | None) -> None:
    assert path_of(drawn("abe", "ace", "adfg"), gone=gone, load=load) == chosen


def test_a_path_prefers_a_voice_that_it_has_already() -> None:
    # Of b and c, which are as near, c speaks with the voice of the origin.
    voices = {"a": "A", "b": "B", "c": "C", "d": "C"}
    nodes = [source(name, voice, "firsthand" if name == "d" else "secondhand") for name, voice in voices.items()]
    graph = Graph(nodes, [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")], [Bearing("a")])
    net = net_of(graph)
    assert net.path(0, [0, 0, 5]) == 0b101


def test_a_path_starts_at_evidence_that_is_an_origin_itself() -> None:
    assert path_of(drawn("ab", "c")) == "c"


WORK = {
    (12, 6, 14, 0): 3377,
    (12, 6, 14, 2): 4631,
    (6, 6, 10, 0): 1590,
    (8, 8, 20, 0): 3014,
    (8, 8, 20, 1): 7657,
    (10, 8, 40, 0): 39524,
    (5, 12, 25, 0): 10602,
    (5, 12, 25, 1): 8867,
    (4, 10, 12, 0): 5843,
}


@pytest.mark.parametrize(("shape", "work"), WORK.items())
def test_a_graph_takes_the_same_work_everywhere(shape: tuple[int, int, int, int], work: int) -> None:
    """Kept by hand: bounded answers depend on it, and lost pruning shows in nothing else."""
    steps: list[int] = []
    low, high = Search(net_of(tangled(*shape)), MOST_WORK, steps.append).least()
    assert (low == high, sum(steps)) == (True, work)


@pytest.mark.parametrize(
    ("more", "found"), [(-1, ()), (0, ()), (4, ()), (5, ("V0",)), (14, ("V0", "V1")), (20, ("V0", "V1", "V2", "V3"))]
)
def test_points_of_failure_that_were_looked_at_in_time_are_named(more: int, found: Sequence[str]) -> None:
    # A chain of five: the least number takes 45 steps, and each voice five more.
    graph = layered(5, 1, None)
    answer = Counting(graph.sources, graph.relays).independence(graph.evidence, most_work=45 + more)
    assert answer == Independence(1, 1, tuple(found), exact=False)


@pytest.mark.parametrize(("length", "shown"), [(80, "x" * 80), (81, "x" * 79 + r"\u2026")])
def test_an_id_is_quoted_up_to_80_characters(length: int, shown: str) -> None:
    assert quoted("x" * length) == f'"{shown}"'


@settings(max_examples=100, deadline=None)
@given(laws.graphs(), st.integers(0, 200))
def test_points_of_failure_of_a_bounded_count_are_some_of_all(graph: Graph, most_work: int) -> None:
    counting = Counting(graph.sources, graph.relays)
    bounded = counting.independence(graph.evidence, most_work=most_work)
    whole = counting.independence(graph.evidence)
    assert set(bounded.single_points_of_failure) <= set(whole.single_points_of_failure)
    assert bounded.min <= whole.min <= whole.max <= bounded.max
    assert not bounded.exact or bounded == whole


@settings(max_examples=300, deadline=None)
@given(laws.graphs())
def test_chains_share_no_voice_and_are_as_many_as_the_least_cut(graph: Graph) -> None:
    check_chains(graph)


@settings(max_examples=100, deadline=None)
@given(laws.chains())
def test_chains_over_few_voices_are_as_many_as_the_least_cut(graph: Graph) -> None:
    check_chains(graph)


@settings(max_examples=200)
@given(laws.graphs(), st.integers(0, 255))
def test_a_path_avoids_the_voices_that_are_gone(graph: Graph, gone: int) -> None:
    net = net_of(graph)
    gone &= (1 << len(net.sources_of)) - 1
    path = net.path(gone, [0] * len(net.sources_of))
    voices = Voices(net)
    if path is not None:
        assert (path & gone, voices.lead_to_an_end(set(bits(path)))) == (0, True)

"""The laws of independence, and a comparison with an enumeration of all paths and all sets of voices."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import combinations
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sources.independence import LIMIT, Bearing, Graph, Independence, SourceNode, independence

VOICES = [*"ABCDEFG", None]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to 9 sources; a source can only have got it from one with a higher number, so there is no cycle."""
    count = draw(st.integers(1, 9))
    voices = draw(st.sampled_from([VOICES, VOICES[:4], VOICES[2:]]))
    nodes = [
        SourceNode(
            id=str(number),
            voice=draw(st.sampled_from(voices)),
            basis=draw(st.sampled_from(["firsthand", "secondhand", "secondhand", "unknown"])),
            counts=draw(st.integers(0, 9)) > 0,
            countable=draw(st.integers(0, 5)) > 0,
            is_checked=draw(st.integers(0, 4)) > 0,
        )
        for number in range(count)
    ]
    pairs = list(combinations([node.id for node in nodes], 2))
    relays = draw(st.lists(st.sampled_from(pairs), max_size=18)) if pairs else []
    names = st.sampled_from([node.id for node in nodes])
    bearings = st.builds(Bearing, names, st.sampled_from([None, None, None, *"ABC"]))
    return Graph(nodes, relays, draw(st.lists(bearings, max_size=7)))


@st.composite
def chains(draw: st.DrawFn) -> Graph:
    """Separate chains over few voices: most need more voices than there are chains without a common one."""
    nodes: list[SourceNode] = []
    relays: list[tuple[str, str]] = []
    evidence: list[Bearing] = []
    for chain in range(draw(st.integers(3, 9))):
        voices = draw(st.lists(st.sampled_from("ABCDEFGH"), min_size=2, max_size=3, unique=True))
        for place, voice in enumerate(voices):
            basis = "firsthand" if place == len(voices) - 1 else "secondhand"
            nodes.append(SourceNode(f"{chain}-{place}", voice, basis, counts=True, countable=True))  # type: ignore[arg-type]
            if place:
                relays.append((f"{chain}-{place - 1}", f"{chain}-{place}"))
        evidence.append(Bearing(f"{chain}-0"))
    return Graph(nodes, relays, evidence)


def enumerated(graph: Graph) -> Independence:
    """The definitions taken literally: list every support path, then try every set of voices by size."""

    def least(
        is_origin: Callable[[SourceNode], bool], voice: Callable[[SourceNode], Hashable], *, generous: bool
    ) -> list[set[Hashable]]:
        paths = [
            {voice(nodes[name]) for name in path}
            for piece in graph.evidence
            for path in walks(piece.source)
            if is_origin(nodes[path[-1]])
            and all(usable(nodes[name], piece.against_interest, generous=generous) for name in path)
        ]
        everyone = sorted(set().union(*paths), key=str)
        for size in range(LIMIT):
            found = [set(some) for some in combinations(everyone, size) if all(path & set(some) for path in paths)]
            if found:
                return found
        return [set(range(LIMIT))]

    def walks(name: str) -> list[list[str]]:
        return [[name], *([name, *rest] for above in sorted(upstream[name]) for rest in walks(above))]

    def usable(node: SourceNode, admitted: str | None, *, generous: bool) -> bool:
        countable = node.countable and (generous or node.is_checked)
        return node.counts and (node.voice is None or countable or node.voice == admitted)

    def unknown_lineage(node: SourceNode) -> bool:
        return node.basis == "unknown" or (node.basis == "secondhand" and not upstream[node.id])

    nodes = {node.id: node for node in graph.sources}
    upstream = {name: {above for below, above in graph.relays if below == name} for name in nodes}
    low = least(lambda node: node.basis == "firsthand", lambda node: node.voice, generous=False)
    high = least(
        lambda node: node.basis == "firsthand" or unknown_lineage(node),
        lambda node: node.voice or ("unknown", node.id),
        generous=True,
    )
    single = [next(iter(some)) for some in low] if len(low[0]) == 1 else []
    ordered = sorted(single, key=lambda name: (name is None, str(name)))
    return Independence(len(low[0]), len(high[0]), tuple(ordered))  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_same_as_enumeration(graph: Graph) -> None:
    assert independence(graph) == enumerated(graph)


@settings(max_examples=200, deadline=None)
@given(chains())
def test_same_as_enumeration_where_chains_share_voices(graph: Graph) -> None:
    assert independence(graph) == enumerated(graph)


@given(graphs())
def test_min_is_at_most_max(graph: Graph) -> None:
    answer = independence(graph)
    assert answer.min <= answer.max


@given(graphs(), st.data())
def test_making_a_source_not_count_raises_neither_end(graph: Graph, data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(graph.sources))
    before = independence(graph)
    after = independence(
        replace(graph, sources=[replace(node, counts=False) if node is lost else node for node in graph.sources])
    )
    assert (after.min <= before.min, after.max <= before.max) == (True, True)


@given(graphs(), st.data())
def test_checking_a_voice_never_lowers_min_nor_changes_max(graph: Graph, data: st.DataObject) -> None:
    voice = data.draw(st.sampled_from(graph.sources)).voice
    before = independence(graph)
    checked = [replace(node, is_checked=True) if node.voice == voice else node for node in graph.sources]
    after = independence(replace(graph, sources=checked))
    assert (after.min >= before.min, after.max) == (True, before.max)


@given(graphs(), st.data())
def test_giving_an_upstream_to_unknown_lineage_never_raises_max(graph: Graph, data: st.DataObject) -> None:
    known = {below for below, _ in graph.relays}
    unknown = [
        number
        for number, node in enumerate(graph.sources[:-1])
        if node.basis == "unknown" or (node.basis == "secondhand" and node.id not in known)
    ]
    assume(unknown)
    below = data.draw(st.sampled_from(unknown))
    above = data.draw(st.integers(below + 1, len(graph.sources) - 1))
    after = independence(replace(graph, relays=[*graph.relays, (str(below), str(above))]))
    assert after.max <= independence(graph).max


@given(graphs(), st.data())
def test_attaching_the_same_evidence_twice_changes_nothing(graph: Graph, data: st.DataObject) -> None:
    assume(graph.evidence)
    twice = data.draw(st.sampled_from(graph.evidence))
    assert independence(replace(graph, evidence=[*graph.evidence, twice])) == independence(graph)


@given(graphs(), st.randoms(use_true_random=False))
def test_order_changes_nothing(graph: Graph, random: Random) -> None:
    sources, relays, evidence = list(graph.sources), list(graph.relays), list(graph.evidence)
    random.shuffle(sources)
    random.shuffle(relays)
    random.shuffle(evidence)
    assert independence(Graph(sources, relays, evidence)) == independence(graph)

"""The vectors of the design, and what the function refuses or bears."""

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sources.independence import (
    Bearing,
    Counting,
    Graph,
    GraphError,
    Independence,
    SourceNode,
    find_cycle,
    independence,
    read_graph,
)
from sources.independence.bits import bits, closure, mask
from sources.independence.net import Net
from sources.independence.search import MOST_WORK

VECTORS, UNCHECKED = (
    json.loads(Path(__file__).with_name(f"independence_{name}.json").read_text())
    for name in ("vectors", "unchecked_vectors")
)


def source(name: str, voice: str | None, basis: str = "firsthand", *, countable: bool = True) -> SourceNode:
    return SourceNode(name, voice, basis, counts=True, countable=countable)  # type: ignore[arg-type]


@pytest.mark.parametrize("vector", [*VECTORS, *UNCHECKED], ids=lambda vector: vector["name"])
def test_vector_of_the_design(vector: dict) -> None:  # type: ignore[type-arg]
    expected = vector["expect"]
    assert independence(read_graph(vector["graph"])) == Independence(
        expected["min"], expected["max"], tuple(expected["single_points_of_failure"])
    )


def test_all_vectors_are_there() -> None:
    assert (len(VECTORS), len(UNCHECKED)) == (25, 5)


def test_unknown_voice_stands_last_among_single_points_of_failure() -> None:
    graph = Graph([source("a", "B", "secondhand"), source("x", None)], [("a", "x")], [Bearing("a")])
    assert independence(graph) == Independence(1, 1, ("B", None))


def test_unknown_voice_is_countable_whatever_its_source_says() -> None:
    assert independence(Graph([source("x", None, countable=False)], [], [Bearing("x")])) == Independence(1, 1, (None,))


def test_voice_is_countable_at_one_date_and_not_at_another() -> None:
    graph = Graph(
        [source("before", "Agency"), source("after", "Agency", countable=False), source("other", "Other")],
        [],
        [Bearing("before"), Bearing("after"), Bearing("other")],
    )
    assert independence(graph) == Independence(2, 2, ())


def test_admission_makes_only_the_admitting_voice_countable() -> None:
    graph = Graph(
        [
            source("p", "Party", countable=False),
            source("q", "Claimant", countable=False),
            source("w", "W", "secondhand"),
        ],
        [("w", "p"), ("w", "q")],
        [Bearing("w", against_interest="Party")],
    )
    assert independence(graph) == Independence(1, 1, ("Party", "W"))


def test_admission_does_not_reach_the_paths_of_other_evidence() -> None:
    graph = Graph(
        [source("p", "Party", countable=False), source("v", "V", "secondhand"), source("w", "W", "secondhand")],
        [("v", "p"), ("w", "p")],
        [Bearing("v", against_interest="Party"), Bearing("w")],
    )
    assert independence(graph) == Independence(1, 1, ("Party", "V"))


def test_cut_of_fewer_voices_than_sources_is_found() -> None:
    # Both halves pass through one source of the voice B, so A and B are met by B alone.
    graph = Graph(
        [
            source("a1", "A", "secondhand"),
            source("b1", "B", "secondhand"),
            source("b2", "B"),
            source("c1", "C"),
        ],
        [("a1", "b2"), ("b1", "c1")],
        [Bearing("a1"), Bearing("b1")],
    )
    assert independence(graph) == Independence(1, 1, ("B",))


def test_three_paths_that_meet_pairwise_need_two_voices() -> None:
    # No two paths are without a common voice, yet no voice is on all of them: packing alone would say 1.
    names = ["AB", "BC", "CA"]
    graph = Graph(
        [
            source(f"{pair}{place}", voice, "firsthand" if place else "secondhand")
            for pair in names
            for place, voice in enumerate(pair)
        ],
        [(f"{pair}0", f"{pair}1") for pair in names],
        [Bearing(f"{pair}0") for pair in names],
    )
    assert independence(graph) == Independence(2, 2, ())


def layered(layers: int, width: int, voices: int | None) -> Graph:
    """Each source got it from all of the next layer; the last layer is firsthand."""
    nodes, relays = [], []
    for layer in range(layers):
        for place in range(width):
            number = layer * width + place
            voice = f"V{number if voices is None else number * 7 % voices}"
            nodes.append(source(f"{layer}-{place}", voice, "firsthand" if layer == layers - 1 else "secondhand"))
            if layer < layers - 1:
                relays += [(f"{layer}-{place}", f"{layer + 1}-{above}") for above in range(width)]
    return Graph(nodes, relays, [Bearing(f"0-{place}") for place in range(width)])


@pytest.mark.parametrize(
    ("layers", "width", "voices", "expected"),
    [(10, 50, None, 6), (100, 5, None, 5), (125, 4, None, 4), (10, 50, 5, 5), (20, 25, 60, 6), (250, 2, 499, 2)],
)
def test_layered_graph_of_500_sources(layers: int, width: int, voices: int | None, expected: int) -> None:
    assert independence(layered(layers, width, voices)) == Independence(expected, expected, ())


def test_chain_of_500_sources_hangs_on_each_voice() -> None:
    answer = independence(layered(500, 1, None))
    assert answer == Independence(1, 1, tuple(sorted(f"V{number}" for number in range(500))))


def test_every_earlier_source_relays_every_later_one_and_three_are_evidence() -> None:
    nodes = [source(str(n), f"V{n % 450}", "firsthand" if n > 480 else "secondhand") for n in range(500)]
    relays = [(str(low), str(high)) for low in range(500) for high in range(low + 1, 500)]
    answer = independence(Graph(nodes, relays, [Bearing("0"), Bearing("1"), Bearing("2")]))
    assert answer == Independence(3, 3, ())


def test_relay_of_a_source_that_is_not_listed_is_refused() -> None:
    with pytest.raises(GraphError, match=r'^relays\[0\]\.upstream: no source has the id "b"$'):
        independence(Graph([source("a", "A")], [("a", "b")], []))


def test_evidence_of_a_source_that_is_not_listed_is_refused() -> None:
    with pytest.raises(GraphError, match=r'^evidence\[0\]\.source: no source has the id "b"$'):
        independence(Graph([source("a", "A")], [], [Bearing("b")]))


def test_no_cycle_is_found_where_there_is_none() -> None:
    assert find_cycle([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]) is None


def test_cycle_is_shown_from_its_first_source_round_to_it() -> None:
    assert find_cycle([("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")]) == ["a", "b", "c", "a"]


def test_source_that_relays_itself_is_a_cycle() -> None:
    assert find_cycle([("a", "a")]) == ["a", "a"]


def test_chain_far_longer_than_the_recursion_limit_has_no_cycle() -> None:
    assert find_cycle((str(n), str(n + 1)) for n in range(100_000)) is None


def test_cycle_far_longer_than_the_recursion_limit_is_found() -> None:
    cycle = find_cycle((str(n), str((n + 1) % 50_000)) for n in range(50_000))
    assert cycle == [*map(str, range(50_000)), "0"]


def tangled(layers: int, width: int, voices: int, seed: int) -> Graph:
    """A layered graph in which each source got it from two of the next layer, and voices are dealt out at random."""
    random = Random(seed)
    nodes, relays = [], []
    for layer in range(layers):
        for place in range(width):
            basis = "firsthand" if layer == layers - 1 else "secondhand"
            nodes.append(source(f"{layer}-{place}", f"V{random.randrange(voices)}", basis))
            if layer < layers - 1:
                relays += [(f"{layer}-{place}", f"{layer + 1}-{above}") for above in random.sample(range(width), 2)]
    return Graph(nodes, relays, [Bearing(f"0-{place}") for place in range(width)])


@pytest.mark.parametrize(("layers", "width", "voices"), [(50, 10, 200), (50, 10, 100), (25, 20, 60), (10, 50, 60)])
def test_work_on_a_tangled_graph_is_bounded_and_its_answer_says_that_it_is(
    layers: int, width: int, voices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    path = Net.path

    def counted(*given: object) -> int | None:
        nonlocal looked_at
        looked_at += 1
        return path(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Net, "path", counted)
    bounds = independence(tangled(layers, width, voices, seed=0))
    assert (bounds.min >= 3, bounds.min <= bounds.max, bounds.exact) == (True, True, bounds.min == bounds.max)
    assert looked_at * layers * width <= MOST_WORK + 100 * layers * width


@pytest.mark.parametrize("most_work", [50, 300, 1000])
def test_bounds_hold_the_least_number(most_work: int) -> None:
    graphs = [tangled(12, 6, 14, seed) for seed in range(12)]
    exact = [independence(graph) for graph in graphs]
    ready = [(Counting(graph.sources, graph.relays), graph.evidence) for graph in graphs]
    bounded = [counting.independence(evidence, most_work=most_work) for counting, evidence in ready]
    assert all(answer.exact for answer in exact)
    assert any(not answer.exact for answer in bounded)
    assert all(low.min <= true.min <= true.max <= low.max for low, true in zip(bounded, exact, strict=True))
    assert [answer for answer in bounded if answer.exact] == [
        true for true, low in zip(exact, bounded, strict=True) if low.exact
    ]


@pytest.mark.parametrize("numbers", [[], [0], [1, 3], [2, 70]])
def test_a_mask_holds_its_numbers_and_no_others(numbers: list[int]) -> None:
    assert list(bits(mask(numbers))) == numbers


@pytest.mark.parametrize(
    ("within", "ends", "reached"),
    [([0, 1, 2, 3], [], [0, 1, 2, 3]), ([0, 1, 2, 3], [2], [0, 1, 2]), ([0, 1, 3], [], [0, 1]), ([0, 1, 3], [0], [0])],
)
def test_a_closure_goes_no_further_than_it_may(within: list[int], ends: list[int], reached: list[int]) -> None:
    steps = [mask([1]), mask([2]), mask([3]), 0]
    assert list(bits(closure(steps, mask([0]), within=mask(within), ends=mask(ends)))) == reached


@pytest.mark.parametrize(
    "value",
    [source("a", "A"), Bearing("a"), Graph([], [], []), Independence(0, 0, ())],
    ids=["a source", "evidence", "a graph", "an answer"],
)
def test_a_graph_and_its_answer_cannot_be_changed(value: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, "b")


def doubtful(basis: str, *more: SourceNode) -> Graph:
    """A tangled graph that ends in sources of this basis, with more sources that are evidence themselves."""
    graph = tangled(12, 6, 14, seed=0)
    nodes = [source(node.id, node.voice, basis) if node.basis == "firsthand" else node for node in graph.sources]
    return Graph([*nodes, *more], graph.relays, [*graph.evidence, *(Bearing(node.id) for node in more)])


def counted_within(graph: Graph, most_work: int) -> tuple[Independence, list[int]]:
    """The answer of a bounded count, and the steps that it took."""
    steps: list[int] = []
    counting = Counting(graph.sources, graph.relays)
    return counting.independence(graph.evidence, most_work=most_work, working=steps.append), steps


def test_answer_is_not_exact_if_only_the_lower_end_ran_out_of_work() -> None:
    unknown = [source(f"u{number}", f"U{number}", "unknown") for number in range(6)]
    answer, _ = counted_within(doubtful("firsthand", *unknown), 1000)
    assert (answer.min < 6, answer.max, answer.exact) == (True, 6, False)


def test_answer_is_not_exact_if_only_the_upper_end_ran_out_of_work() -> None:
    answer, _ = counted_within(doubtful("unknown"), 1000)
    assert (answer.min, answer.max > 0, answer.exact) == (0, True, False)


def test_each_end_gets_half_of_the_work() -> None:
    # An unknown voice, so that there are two readings, and both of them tangled.
    most_work = 2000
    answer, steps = counted_within(doubtful("firsthand", source("u", None, "unknown")), most_work)
    assert not answer.exact
    assert most_work < sum(steps) <= most_work + 4 * max(steps)

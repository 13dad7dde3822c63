"""Counting within one budget for a claim, equal things once, and next to nothing while locks are held."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from claims.reading.provenance import provenance_of
from claims.states import State
from claims.verdicts import counting
from claims.verdicts.counting import Allowance, NotCounted, allowed
from claims.verdicts.evidence_graph import EvidenceGraph, by_element, of_claim, on_element
from claims.verdicts.policy import LastChange, holds
from claims.verdicts.possible_moves import ways_from
from claims.verdicts.sentences import sentence_of, why_not_counted, why_source_does_not_count
from sources.independence import Counting
from tests.claims.graphs import ATTACHED, element, evidence, graph, source
from tests.tangles import tangle


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    counting.forget()
    yield
    counting.forget()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of each count that is really made."""
    done: list[int] = []
    independence = Counting.independence

    def counted(self: Counting, *given: Any, **options: Any) -> Any:
        steps = [0]
        inner = options["working"]

        def told(step: int) -> None:
            inner(step)
            steps[0] += step

        try:
            return independence(self, *given, **options | {"working": told})
        finally:
            done.append(steps[0])

    monkeypatch.setattr(Counting, "independence", counted)
    return done


def tangled(**given: Any) -> EvidenceGraph:
    """The evidence graph of a claim with 20 elements on a tangle of 500 sources."""
    made = tangle(**given)
    names = {f"V{voice}": f"V{voice}" for voice in made.voices} | {"claimant": "claimant", "party": "party"}
    sources = [
        source(f"s{place}", f"V{voice}", "firsthand" if place in made.origins else "secondhand")
        for place, voice in enumerate(made.voices)
    ]
    bearing = [
        evidence(f"s{place}", "supports", *(f"e{number}" for number in numbers), id=f"i{place}")
        for place, numbers in enumerate(made.bears)
    ]
    relays = [(f"s{below}", f"s{above}") for below, above in made.relays]
    return graph(sources, bearing, relays=relays, elements=[element(f"e{n}") for n in range(20)], names=names)


def _ask_everything(found: EvidenceGraph) -> None:
    """What the pages of a claim, its API and a change of its graph ask."""
    last = LastChange(State.CORROBORATED, frozenset(item.id for item in found.evidence), ATTACHED)
    provenance_of(found)
    by_element(found)
    for stance in ("supports", "refutes"):
        sentence_of(found, stance)
    for state in State:
        ways_from(state, found, last)
    holds(found, last)
    for item in found.evidence:
        why_not_counted(found, item)
    for each in found.sources:
        why_source_does_not_count(found, each)


def test_all_that_is_asked_of_a_claim_stays_within_one_budget(work: list[int]) -> None:
    found = tangled()
    _ask_everything(found)
    sets = {frozenset(item.id for item in found.evidence if item.bears_on(element)) for element in found.all_elements}
    assert len(work) == len(sets) + 1  # each that an element has for it, and nothing against it
    overshoot = len(work) * len(found.sources) * 7  # each stops with the step that went beyond
    assert sum(work) <= counting.MOST_WORK + overshoot


def test_elements_with_the_same_evidence_are_counted_once(work: list[int]) -> None:
    sources = [source("a"), source("b"), source("c")]
    items = [evidence("a"), evidence("b", "supports", "e1", "e2", "e3"), evidence("c", "refutes")]
    found = graph(sources, items, elements=[element(f"e{n}") for n in range(4)])
    by_element(found)
    assert len(work) == 3  # a and b; a alone; c against it


def test_an_equal_graph_is_not_counted_again_whatever_its_identifiers(work: list[int]) -> None:
    def written(prefix: str) -> EvidenceGraph:
        sources = [source(f"{prefix}{n}", f"{prefix}V{n % 3}") for n in range(4)]
        return graph(sources, [evidence(each.id) for each in sources])

    first, second = of_claim(written("x")), of_claim(written("y"))
    assert (len(work), first) == (1, second)


def test_what_makes_a_difference_is_counted_anew(work: list[int]) -> None:
    one = graph([source("a"), source("b", "V", "secondhand")], [evidence("a"), evidence("b")], relays=[("b", "a")])
    others = [
        replace(one, relays=()),
        replace(one, claimants=frozenset({"a"})),
        replace(one, evidence=(one.evidence[0],)),
        replace(one, evidence=(one.evidence[0], replace(one.evidence[1], basis="firsthand"))),
        replace(one, sources={**one.sources, "a": replace(one.sources["a"], counts=False)}),
    ]
    found = [of_claim(each) for each in (one, *others)]
    assert len(work) == len(found)


def test_single_points_of_failure_have_the_names_of_their_own_graph() -> None:
    def only(name: str) -> EvidenceGraph:
        return graph([source("a", name), source("b", name)], [evidence("a"), evidence("b")])

    assert [of_claim(only(name)).single_points_of_failure for name in ("Reuters", "AP")] == [("Reuters",), ("AP",)]


def test_everybody_is_given_the_same_bounds_whatever_was_asked_first() -> None:
    one = tangled()
    in_order = [on_element(one, "supports", element) for element in one.all_elements]
    counting.forget()
    other = tangled()
    backwards = [on_element(other, "supports", element) for element in reversed(other.all_elements)]
    assert in_order == list(reversed(backwards))


def test_bounds_are_marked_in_words_and_hold_what_a_longer_count_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tangled(voices=20)
    bounds = of_claim(found)
    said = sentence_of(found)
    assert (bounds.exact, "Too many linked sources for an exact count" in said.rest) == (False, True)
    monkeypatch.setattr(counting, "MOST_WORK", 40 * counting.MOST_WORK)
    counting.forget()
    longer = of_claim(tangled(voices=20))
    assert bounds.min <= longer.min <= longer.max <= bounds.max


def test_a_claim_that_is_not_tangled_is_exact_within_its_budget() -> None:
    chains = [
        source(f"{n}{layer}", f"V{n}", "secondhand" if layer < 4 else "firsthand")
        for n in range(3)
        for layer in range(5)
    ]
    relays = [(f"{n}{layer}", f"{n}{layer + 1}") for n in range(3) for layer in range(4)]
    found = graph(
        chains, [evidence(f"{n}0") for n in range(3)], relays=relays, elements=[element(f"e{n}") for n in range(20)]
    )
    result = of_claim(found)
    assert (result.min, result.max, result.exact) == (3, 3, True)


def test_while_locks_are_held_a_tangle_is_not_counted_and_an_ordinary_claim_is(work: list[int]) -> None:
    ordinary = graph([source("a"), source("b")], [evidence("a"), evidence("b")])
    with allowed(Allowance()):
        assert of_claim(ordinary).min == 2
        with pytest.raises(NotCounted):
            of_claim(tangled())
    assert sum(work) <= counting.UNDER_LOCKS
    of_claim(tangled())
    with allowed(Allowance(0)):
        assert of_claim(tangled()).exact is False  # counted by now: it costs nothing


def test_fifty_ordinary_claims_are_counted_while_locks_are_held() -> None:
    with allowed(Allowance()):
        for number in range(50):
            sources = [
                source(f"{number}-{n}", f"V{n}", "firsthand" if n < 6 + number % 5 else "secondhand") for n in range(12)
            ]
            relays = [(f"{number}-11", f"{number}-{n}") for n in range(number % 11)]
            of_claim(graph(sources, [evidence(each.id) for each in sources], relays=relays))

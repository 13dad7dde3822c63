"""What each move lacks, and when a state still holds. No database."""

from dataclasses import FrozenInstanceError
from datetime import timedelta
from typing import Any

import pytest

from claims.states import MOVES, Deciders, Move, MoveName, State, find_move
from claims.verdicts.evidence_graph import EvidenceGraph, EvidenceView
from claims.verdicts.policy import (
    POLICIES,
    LastChange,
    NamedGrounds,
    contrary,
    holds,
    lineage_unknown,
    missing_for,
    refuted_element,
)
from tests.claims.graphs import ATTACHED, DAY, element, evidence, graph, source


def _missing(
    before: State | None,
    after: State,
    found: EvidenceGraph,
    *,
    named: set[str] | None = None,
    answered: set[str] | None = None,
    last: LastChange | None = None,
    mistake: bool = False,
) -> list[str]:
    """The codes of what the move lacks."""
    move = find_move(before, after)
    assert move is not None
    grounds = NamedGrounds(
        frozenset(named) if named is not None else None,
        frozenset(answered) if answered is not None else None,
        mistake,
    )
    return [item.code for item in missing_for(move, found, last, grounds)]


def _witnesses(*names: str, stance: str = "supports", more: tuple[EvidenceView, ...] = ()) -> EvidenceGraph:
    items = [evidence(name, stance) for name in names] + list(more)
    return graph([source(item.source) for item in items], items)


def test_reporting_needs_a_source() -> None:
    assert _missing(None, State.REPORTED, graph([], [])) == ["no_source"]
    assert _missing(None, State.REPORTED, _witnesses("a")) == []


def test_a_denial_is_recorded_on_a_denial_by_a_party() -> None:
    sources = [source("d", "party"), source("b")]
    found = graph(sources, [evidence("d", "denies"), evidence("b", "denies")])
    assert _missing(State.REPORTED, State.DENIED, found, named={"d"}) == []
    assert _missing(State.REPORTED, State.DENIED, found, named={"b"}) == ["party_denial_not_named"]


def test_without_a_partys_denial_none_is_recorded() -> None:
    before = source("d", "party", day=DAY - timedelta(days=40))
    found = graph([before], [evidence("d", "denies")])
    assert _missing(State.REPORTED, State.DENIED, found, named={"d"}) == ["no_party_denial"]


@pytest.mark.parametrize("before", [State.REPORTED, State.DENIED])
def test_to_corroborate_takes_the_threshold(before: State) -> None:
    assert _missing(before, State.CORROBORATED, _witnesses("a"), named={"a"}) == ["voices_supports"]
    assert _missing(before, State.CORROBORATED, _witnesses("a", "b"), named={"a", "b"}) == []


def test_only_what_is_named_counts() -> None:
    assert _missing(State.REPORTED, State.CORROBORATED, _witnesses("a", "b"), named={"a"}) == ["voices_supports"]


def test_it_is_the_least_number_that_counts() -> None:
    items = [evidence("a"), evidence("u")]
    found = graph([source("a"), source("u", basis="unknown")], items)
    assert _missing(State.REPORTED, State.CORROBORATED, found, named={"a", "u"}) == ["voices_supports"]


def test_what_is_missing_says_how_many_and_what_could_supply_it() -> None:
    found = graph([source("a"), source("u", basis="unknown")], [evidence("a"), evidence("u")])
    move = find_move(State.REPORTED, State.CORROBORATED)
    assert move is not None
    (item,) = missing_for(move, found, None, NamedGrounds())
    assert item.text == "1 more independent voice. Tracing this source could be enough."


def test_what_is_missing_names_the_element() -> None:
    elements = [element("artillery shells"), element("to Russia"), element("by rail", essential=False)]
    items = [evidence("a"), evidence("b", "supports", "to Russia")]
    found = graph([source("a"), source("b")], items, elements=elements)
    move = find_move(State.REPORTED, State.CORROBORATED)
    assert move is not None
    assert [item.text for item in missing_for(move, found, None, NamedGrounds())] == [
        "1 more independent voice for “artillery shells”."
    ]


@pytest.mark.parametrize(("answered", "missing"), [(set(), ["unanswered"]), ({"r"}, [])])
def test_every_refutation_is_answered_before_a_corroboration(answered: set[str], missing: list[str]) -> None:
    found = _witnesses("a", "b", more=(evidence("r", "refutes"),))
    assert _missing(State.REPORTED, State.CORROBORATED, found, named={"a", "b"}, answered=answered) == missing


@pytest.mark.parametrize("stance", ["denies", "context"])
def test_no_other_stance_needs_an_answer(stance: str) -> None:
    found = _witnesses("a", "b", more=(evidence("o", stance),))
    assert _missing(State.REPORTED, State.CORROBORATED, found, named={"a", "b"}, answered=set()) == []


def test_a_refutation_that_counts_for_nothing_is_answered_too_while_it_lives() -> None:
    found = _witnesses("a", "b", more=(evidence("r", "refutes", counts=False),))
    assert _missing(State.REPORTED, State.CORROBORATED, found, named={"a", "b"}, answered=set()) == ["unanswered"]


def test_superseded_evidence_needs_no_answer() -> None:
    found = _witnesses("a", "b", more=(evidence("r", "refutes", live=False, counts=False),))
    assert _missing(State.REPORTED, State.CORROBORATED, found, named={"a", "b"}, answered=set()) == []


@pytest.mark.parametrize("before", [State.REPORTED, State.DENIED, State.CORROBORATED])
def test_to_refute_takes_the_threshold_and_answers(before: State) -> None:
    found = _witnesses("a", "b", stance="refutes", more=(evidence("s"),))
    assert _missing(before, State.REFUTED, found, named={"a"}, answered={"s"}) == ["voices_refutes"]
    assert _missing(before, State.REFUTED, found, named={"a", "b"}, answered=set()) == ["unanswered"]
    assert _missing(before, State.REFUTED, found, named={"a", "b"}, answered={"s"}) == []


def test_one_refuted_element_is_enough_and_its_supports_alone_are_answered() -> None:
    elements = [element("one"), element("two")]
    items = [
        evidence("a", "refutes", "one"),
        evidence("b", "refutes", "one"),
        evidence("s", "supports", "one"),
        evidence("t", "supports", "two"),
    ]
    found = graph([source(item.source) for item in items], items, elements=elements)
    assert _missing(State.REPORTED, State.REFUTED, found, named={"a", "b"}, answered={"s"}) == []
    assert _missing(State.REPORTED, State.REFUTED, found, named={"a", "b"}, answered={"t"}) == ["unanswered"]
    assert [item.id for item in contrary(found, "refutes", elements[0])] == ["s"]


def test_a_refuted_element_whose_supports_are_answered_goes_before_one_with_more_voices() -> None:
    elements = [element("one"), element("two")]
    items = [
        *(evidence(name, "refutes", "one") for name in "abc"),
        *(evidence(name, "refutes", "two") for name in "de"),
        evidence("s", "supports", "one"),
    ]
    found = graph([source(item.source) for item in items], items, elements=elements)
    named = frozenset("abcde")
    assert _missing(State.REPORTED, State.REFUTED, found, named=set(named), answered=set()) == []
    refuted, result = refuted_element(found, named, answered=frozenset())
    assert (refuted.id, result.min) == ("two", 2)
    refuted, result = refuted_element(found, named, answered=frozenset("s"))
    assert (refuted.id, result.min) == ("one", 3)


def test_half_a_refutation_of_two_elements_is_none() -> None:
    items = [evidence("a", "refutes", "one"), evidence("b", "refutes", "two")]
    found = graph([source("a"), source("b")], items, elements=[element("one"), element("two")])
    assert _missing(State.REPORTED, State.REFUTED, found, named={"a", "b"}, answered=set()) == ["voices_refutes"]


def test_an_element_that_is_not_essential_refutes_nothing() -> None:
    elements = [element("one"), element("aside", essential=False)]
    items = [evidence("a", "refutes", "aside"), evidence("b", "refutes", "aside")]
    found = graph([source("a"), source("b")], items, elements=elements)
    assert _missing(State.REPORTED, State.REFUTED, found, named={"a", "b"}, answered=set()) == ["voices_refutes"]


def test_a_denial_is_withdrawn_once_none_stands() -> None:
    remaining_denial = graph([source("d", "party")], [evidence("d", "denies")])
    superseded = graph([source("d", "party")], [evidence("d", "denies", live=False)])
    assert _missing(State.DENIED, State.REPORTED, remaining_denial, named=set()) == ["denial_stands"]
    assert _missing(State.DENIED, State.REPORTED, superseded, named=set()) == []


def test_a_corroboration_is_withdrawn_for_a_reason_alone() -> None:
    assert _missing(State.CORROBORATED, State.REPORTED, _witnesses("a", "b"), named=set()) == []


REFUTED = LastChange(State.REFUTED, frozenset({"a", "b"}), ATTACHED + timedelta(days=1))


def test_nothing_new_reopens_nothing() -> None:
    found = _witnesses("a", "b", stance="refutes")
    assert _missing(State.REFUTED, State.REPORTED, found, named=set(), last=REFUTED) == ["nothing_new"]


def test_no_mistake_is_taken_for_recorded_unless_it_is_said() -> None:
    move = find_move(State.REFUTED, State.REPORTED)
    assert move is not None
    missing = missing_for(move, _witnesses("a", "b", stance="refutes"), REFUTED, NamedGrounds())
    assert [item.code for item in missing] == ["nothing_new"]


def test_evidence_attached_since_reopens() -> None:
    since = evidence("c", "context", attached_at=REFUTED.at + timedelta(seconds=1))
    found = _witnesses("a", "b", stance="refutes", more=(since,))
    assert _missing(State.REFUTED, State.REPORTED, found, named=set(), last=REFUTED) == []


def test_evidence_attached_at_the_moment_of_the_verdict_is_not_new() -> None:
    found = _witnesses("a", "b", stance="refutes", more=(evidence("c", "context", attached_at=REFUTED.at),))
    assert _missing(State.REFUTED, State.REPORTED, found, named=set(), last=REFUTED) == ["nothing_new"]


def test_a_refutation_that_lost_its_support_reopens() -> None:
    lost = graph(
        [source("a"), source("b", counts=False)], [evidence("a", "refutes"), evidence("b", "refutes", counts=False)]
    )
    assert _missing(State.REFUTED, State.REPORTED, lost, named=set(), last=REFUTED) == []


def test_a_recorded_mistake_reopens() -> None:
    found = _witnesses("a", "b", stance="refutes")
    assert _missing(State.REFUTED, State.REPORTED, found, named=set(), last=REFUTED, mistake=True) == []


@pytest.mark.parametrize(
    ("state", "stance"), [(State.CORROBORATED, "supports"), (State.REFUTED, "refutes")], ids=["corroborated", "refuted"]
)
def test_a_verdict_holds_on_what_it_named_and_on_nothing_else(state: State, stance: str) -> None:
    named = LastChange(state, frozenset({"a", "b"}), ATTACHED)
    assert holds(_witnesses("a", "b", stance=stance), named)
    assert not holds(_witnesses("a", "c", stance=stance), named)


def test_a_denied_claim_holds_while_the_denial_it_named_stands() -> None:
    named = LastChange(State.DENIED, frozenset({"d"}), ATTACHED)
    sources = [source("d", "party"), source("e", "party")]
    assert holds(graph(sources, [evidence("d", "denies"), evidence("e", "denies")]), named)
    assert not holds(graph(sources, [evidence("d", "denies", live=False), evidence("e", "denies")]), named)


def test_a_reported_claim_has_nothing_to_lose() -> None:
    assert holds(graph([], []), LastChange(State.REPORTED, frozenset({"gone"}), ATTACHED))


def test_every_move_has_its_policy_and_there_is_no_other() -> None:
    assert POLICIES.keys() == set(MoveName) == {move.name for move in MOVES}


def test_a_move_without_a_policy_is_an_error_and_not_possible() -> None:
    unknown = Move("promote", State.REPORTED, State.CORROBORATED, Deciders.SECOND, needs_evidence=True)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="promote"):
        missing_for(unknown, _witnesses("a", "b"), None, NamedGrounds())


@pytest.mark.parametrize(
    ("basis", "relays", "fields", "unknown"),
    [
        ("unknown", [], {}, True),
        ("unknown", [("a", "b")], {}, True),
        ("secondhand", [], {}, True),
        ("secondhand", [("a", "b")], {}, False),
        ("secondhand", [("b", "a")], {}, True),
        ("firsthand", [], {}, False),
        ("unknown", [], {"counts": False}, False),
        ("unknown", [], {"publisher": "claimant"}, False),
        ("unknown", [], {"publisher": "party"}, False),
    ],
)
def test_lineage_is_unknown_where_a_countable_source_names_nothing_upstream(
    basis: str, relays: list[tuple[str, str]], fields: dict[str, Any], unknown: bool
) -> None:
    found = graph([source("a", basis=basis, **fields), source("b")], [evidence("a")], relays=relays)
    assert lineage_unknown(found, "a") is unknown


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (MOVES[0], "needs_evidence"),
        (LastChange(State.DENIED, frozenset(), ATTACHED), "at"),
        (NamedGrounds(None, None), "named"),
    ],
    ids=["a move", "the last change", "named grounds"],
)
def test_what_a_policy_is_asked_about_cannot_be_changed(value: Any, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, None)

"""What it would take to move a claim, from each state. No database."""

from claims.verdicts.possible_moves import Way, ways_from
from tests.claims.graphs import evidence, graph, source


def _ways(state: str, found: object) -> dict[str, Way]:
    return {way.to: way for way in ways_from(state, found, None)}  # type: ignore[arg-type]


def test_every_move_from_a_state_is_shown_and_no_other() -> None:
    nothing = graph([], [])
    assert [way.to for way in ways_from("reported", nothing, None)] == ["denied", "corroborated", "refuted"]
    assert [way.to for way in ways_from("corroborated", nothing, None)] == ["refuted", "reported"]


def test_a_verdict_says_how_many_voices_there_are_and_how_many_it_needs() -> None:
    way = _ways("reported", graph([source("a")], [evidence("a")]))["corroborated"]
    assert (way.least, way.most, way.threshold, way.possible, way.alone) == (1, 1, 2, False, False)
    assert [item.text for item in way.missing] == ["1 more independent voice."]


def test_what_is_possible_misses_nothing() -> None:
    found = graph([source("a"), source("b")], [evidence("a"), evidence("b")])
    assert _ways("reported", found)["corroborated"].possible


def test_a_denial_by_a_party_can_be_recorded_alone() -> None:
    way = _ways("reported", graph([source("p", "party")], [evidence("p", "denies")]))["denied"]
    assert (way.possible, way.alone, way.threshold) == (True, True, None)

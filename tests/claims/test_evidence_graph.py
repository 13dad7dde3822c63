"""What a claim's evidence adds up to: voices, countability, elements, thresholds, denials. No database."""

from datetime import timedelta

import pytest

from claims.verdicts.evidence_graph import (
    EvidenceGraph,
    EvidenceView,
    by_element,
    denying_parties,
    of_claim,
    party_denials,
    threshold_for,
    threshold_of_claim,
)
from sources.voices import ActorLink, voice_at
from tests.claims.graphs import DAY, element, evidence, graph, source, unsigned

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


def _interval(found: EvidenceGraph, stance: str = "supports") -> tuple[int, int]:
    result = of_claim(found, stance)
    return result.min, result.max


def test_two_witnesses_are_two_voices() -> None:
    assert _interval(graph([source("a"), source("b")], [evidence("a"), evidence("b")])) == (2, 2)


@pytest.mark.parametrize("publisher", ["claimant", "also", "party"])
def test_whoever_has_a_stake_does_not_count(publisher: str) -> None:
    found = graph([source("a", publisher)], [evidence("a")], also=["also"])
    assert _interval(found) == (0, 0)


def test_who_speaks_for_the_claimant_does_not_count() -> None:
    spokesman = [ActorLink("spokesman", "council"), ActorLink("council", "claimant")]
    assert _interval(graph([source("a", "spokesman")], [evidence("a")], actors=spokesman)) == (0, 0)


@pytest.mark.parametrize(
    ("link", "voice"),
    [
        (ActorLink("a", "top"), "top"),
        (ActorLink("a", "top", since=DAY), "top"),
        (ActorLink("a", "top", until=DAY), "top"),
        (ActorLink("a", "top", since=AFTER), "a"),
        (ActorLink("a", "top", until=BEFORE), "a"),
        (ActorLink("a", "top", since=BEFORE, until=AFTER), "top"),
    ],
)
def test_a_voice_is_taken_on_the_sources_day(link: ActorLink, voice: str) -> None:
    assert voice_at("a", DAY, {"a": link}) == voice


def test_who_left_the_party_before_speaks_for_himself() -> None:
    left = [ActorLink("a", "party", until=BEFORE)]
    assert _interval(graph([source("s", "a")], [evidence("s")], actors=left)) == (1, 1)


def test_an_unknown_voice_always_counts() -> None:
    found = graph([unsigned("a"), unsigned("b")], [evidence("a"), evidence("b")])
    assert _interval(found) == (1, 2)


def test_an_admission_against_interest_counts_where_it_is_marked() -> None:
    sources = [source("minister", "party"), source("laboratory")]
    admitted = evidence("minister", against_interest="party")
    assert _interval(graph(sources, [admitted, evidence("laboratory")])) == (2, 2)
    assert _interval(graph(sources, [evidence("minister"), evidence("laboratory")])) == (1, 1)


def test_an_admission_marked_with_a_spokesman_is_his_superiors() -> None:
    minister = [ActorLink("minister", "party")]
    admitted = evidence("s", against_interest="minister")
    assert _interval(graph([source("s", "minister")], [admitted], actors=minister)) == (1, 1)


def test_evidence_says_what_its_source_is_for_this_claim() -> None:
    assert _interval(graph([source("a")], [evidence("a", basis="secondhand")])) == (0, 1)
    assert _interval(graph([source("a", basis="unknown")], [evidence("a", basis="firsthand")])) == (1, 1)


def test_of_two_such_words_on_one_source_the_weaker_holds() -> None:
    items = [evidence("a", basis="firsthand"), evidence("a", id="again", basis="unknown")]
    assert _interval(graph([source("a")], items)) == (0, 1)


def test_evidence_that_does_not_count_adds_nothing() -> None:
    assert _interval(graph([source("a"), source("b")], [evidence("a"), evidence("b", counts=False)])) == (1, 1)


def test_losing_an_origin_does_not_make_its_relays_unknown() -> None:
    lost = source("origin", counts=False)
    items = [evidence("relay")]
    found = graph([lost, source("relay", basis="secondhand")], items, relays=[("relay", "origin")])
    assert _interval(found) == (0, 0)


def test_a_claim_is_as_strong_as_its_weakest_essential_element() -> None:
    sources = [source(name) for name in "abc"]
    items = [evidence("a", "supports", "one", "two"), evidence("b", "supports", "one"), evidence("c", "supports", "no")]
    elements = [element("one"), element("two"), element("no", essential=False)]
    found = graph(sources, items, elements=elements)
    assert [result.supports.min for result in by_element(found)] == [2, 1, 1]
    assert _interval(found) == (1, 1)


def test_the_interval_takes_the_least_of_each_end() -> None:
    sources = [source("a"), source("u", basis="unknown"), source("v", basis="unknown")]
    items = [evidence("a", "supports", "one"), evidence("u", "supports", "two"), evidence("v", "supports", "two")]
    assert _interval(graph(sources, items, elements=[element("one"), element("two")])) == (0, 1)


def test_evidence_that_names_no_element_bears_on_all() -> None:
    found = graph([source("a")], [evidence("a")], elements=[element("one"), element("two")])
    assert [result.supports.min for result in by_element(found)] == [1, 1]


def test_supporting_and_refuting_are_counted_apart() -> None:
    found = graph([source("a"), source("b")], [evidence("a"), evidence("b", "refutes")])
    assert (_interval(found), _interval(found, "refutes")) == ((1, 1), (1, 1))


@pytest.mark.parametrize("stance", ["denies", "context"])
def test_a_denial_and_context_support_nothing_and_refute_nothing(stance: str) -> None:
    found = graph([source("a")], [evidence("a", stance)])
    assert (_interval(found), _interval(found, "refutes")) == ((0, 0), (0, 0))


def test_the_claimants_own_first_source_makes_one_more_enough() -> None:
    found = graph([source("a", "claimant")], [evidence("a")])
    assert threshold_of_claim(found) == 1


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (graph([source("a", "claimant")], [evidence("a")], parties=["claimant"]), "the claimant is a party"),
        (graph([source("a", "claimant", "secondhand")], [evidence("a")]), "the claimant only heard of it"),
        (graph([source("a", "claimant")], [evidence("a", "context")]), "it is context"),
        (graph([source("a", "claimant")], [evidence("a", counts=False)]), "it does not count"),
        (graph([source("a", "other")], [evidence("a")]), "it is another's"),
        (graph([source("a", "also")], [evidence("a")], also=["also"]), "only the claimant's own is the first"),
        (graph([source("a", "claimant")], [evidence("a")], claimant=None), "nobody is known to claim it"),
        (graph([source("a", "claimant")], [evidence("a")], threshold_is_set=True), "an editor set another"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_otherwise_the_threshold_stays(found: EvidenceGraph, why: str) -> None:
    assert threshold_of_claim(found) == 2, why


def test_the_first_source_helps_to_corroborate_only() -> None:
    found = graph([source("a", "claimant")], [evidence("a", "refutes")])
    assert threshold_for(found, "refutes", found.all_elements[0]) == 2


def test_the_first_source_has_to_be_among_what_is_named() -> None:
    found = graph([source("a", "claimant"), source("b")], [evidence("a"), evidence("b")])
    assert threshold_for(found, "supports", found.all_elements[0], {"a", "b"}) == 1
    assert threshold_for(found, "supports", found.all_elements[0], {"b"}) == 2


def test_the_first_source_helps_the_element_that_it_bears_on() -> None:
    elements = [element("one"), element("two")]
    found = graph([source("a", "claimant")], [evidence("a", "supports", "one")], elements=elements)
    assert [threshold_for(found, "supports", element) for element in elements] == [1, 2]
    assert threshold_of_claim(found) == 2


def _denies(found: EvidenceGraph) -> list[str]:
    return [item.id for item in party_denials(found)]


@pytest.mark.parametrize(("day", "denials"), [(BEFORE, []), (DAY, ["d"]), (AFTER, ["d"])])
def test_a_denial_is_of_the_claims_day_or_later(day: object, denials: list[str]) -> None:
    assert _denies(graph([source("d", "party", day=day)], [evidence("d", "denies")])) == denials


def test_an_agency_that_carries_a_partys_denial_counts() -> None:
    sources = [source("agency", basis="secondhand"), source("statement", "party")]
    found = graph(sources, [evidence("agency", "denies")], relays=[("agency", "statement")])
    assert _denies(found) == ["agency"]
    assert denying_parties(found) == ["party"]


def test_a_spokesmans_denial_is_his_partys() -> None:
    found = graph([source("d", "spokesman")], [evidence("d", "denies")], actors=[ActorLink("spokesman", "party")])
    assert denying_parties(found) == ["party"]


def test_a_bystanders_denial_is_no_party_denial() -> None:
    assert _denies(graph([source("d")], [evidence("d", "denies")])) == []


@pytest.mark.parametrize("carried_by", ["claimant", "agency"])
def test_the_claimant_who_denies_takes_it_back(carried_by: str) -> None:
    sources = [source("d", "claimant"), source("agency", basis="secondhand")]
    item = evidence("d" if carried_by == "claimant" else "agency", "denies")
    found = graph(sources, [item], relays=[("agency", "d")], parties=["claimant", "party"])
    assert _denies(found) == []


def test_a_superseded_denial_stands_no_more() -> None:
    assert _denies(graph([source("d", "party")], [evidence("d", "denies", live=False)])) == []


def test_a_denial_needs_no_reliable_source() -> None:
    unreliable = source("d", "party", counts=False)
    assert _denies(graph([unreliable], [evidence("d", "denies", counts=False)])) == ["d"]


@pytest.mark.parametrize("stance", ["supports", "refutes", "context"])
def test_only_a_denial_denies(stance: str) -> None:
    assert _denies(graph([source("d", "party")], [evidence("d", stance)])) == []


def _resting_on(*items: EvidenceView, only: set[str]) -> tuple[int, int]:
    sources = [source("a"), source("h", basis="secondhand")]
    found = of_claim(graph(sources, [evidence("a"), evidence("h"), *items]), only=only)
    return found.min, found.max


@pytest.mark.parametrize("basis", ["firsthand", "secondhand", "unknown"])
def test_a_basis_that_unnamed_evidence_gives_makes_no_source_stronger(basis: str) -> None:
    aside = evidence("h", "context", id="aside", basis=basis)
    assert _resting_on(aside, only={"a", "h"}) == _resting_on(only={"a", "h"}) == (1, 2)
    given = {"firsthand": (2, 2), "secondhand": (1, 2), "unknown": (1, 2)}
    assert _resting_on(aside, only={"a", "h", "aside"}) == given[basis]


def test_a_basis_that_unnamed_evidence_gives_may_make_a_source_weaker() -> None:
    """Else who names the one piece and not the other would leave out what a colleague wrote of the source."""
    aside = evidence("a", "context", id="aside", basis="unknown")
    assert _resting_on(aside, only={"a", "h"}) == (0, 2)
    assert _resting_on(only={"a", "h"}) == (1, 2)
    stronger = evidence("a", "context", id="again", basis="firsthand")
    assert _resting_on(aside, stronger, only={"a", "h", "again"}) == (0, 2)


def test_the_claimants_own_word_is_first_hand_by_named_evidence_alone() -> None:
    own = source("said", "claimant", basis="secondhand")
    aside = evidence("said", "context", id="aside", basis="firsthand")
    found = graph([own, source("a")], [evidence("said"), evidence("a"), aside])
    element = found.essential[0]
    assert threshold_for(found, "supports", element, {"said", "a"}) == 2
    assert threshold_for(found, "supports", element, {"said", "a", "aside"}) == 1

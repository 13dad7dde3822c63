"""The sentences on whom a claim's support rests, and why a piece does not count. No database."""

from datetime import timedelta

from claims.verdicts.evidence_graph import EvidenceGraph
from claims.verdicts.sentences import (
    Sentence,
    interval_in_words,
    names_in_words,
    sentence_of,
    voices_in_words,
    why_not_counted,
    why_source_does_not_count,
)
from tests.claims.graphs import DAY, element, evidence, graph, source, unsigned

NAMES = {"claimant": "The council", "party": "The navy", "a": "Agency A", "b": "Agency B", "c": "Agency C"}


def _said(found: EvidenceGraph, stance: str = "supports") -> str:
    sentence = sentence_of(found, stance)
    return f"{sentence.head} {sentence.rest}".strip()


def _chain() -> EvidenceGraph:
    """Two articles that both go back to the claimant."""
    return graph(
        [source("word", "claimant"), source("a", basis="secondhand"), source("b", basis="secondhand")],
        [evidence("word"), evidence("a"), evidence("b")],
        relays=[("a", "word"), ("b", "a")],
        names=NAMES,
    )


def test_three_sources_that_go_back_to_the_claimant_are_one_origin_that_is_named() -> None:
    assert _said(_chain()) == (
        "3 sources, one origin. All of it goes back to The council, the claimant. "
        "A claimant cannot corroborate its own word."
    )


def test_support_by_a_party_alone_names_the_party() -> None:
    found = graph([source("p", "party")], [evidence("p")], names=NAMES)
    assert _said(found) == (
        "1 source, one origin. All of it goes back to The navy, a party to the claim. A party’s word does not count."
    )


def test_claimant_and_party_together_are_both_named() -> None:
    found = graph([source("w", "claimant"), source("p", "party")], [evidence("w"), evidence("p")], names=NAMES)
    assert _said(found) == (
        "2 sources, 2 origins. All of it goes back to The council, the claimant, and The navy, a party."
    )


def test_one_voice_is_named_as_what_everything_hangs_on() -> None:
    found = graph([source("a")], [evidence("a")], names=NAMES)
    assert _said(found) == ("1 source, 1 independent voice. Rests on Agency A alone.")


def test_voices_in_a_row_are_named_as_each_enough_to_fail() -> None:
    found = graph([source("a"), source("b", basis="secondhand")], [evidence("b")], relays=[("b", "a")], names=NAMES)
    assert _said(found) == ("2 sources, 1 independent voice. Would fall with any one of Agency A and Agency B.")


def test_two_voices_say_that_no_one_carries_it_alone() -> None:
    found = graph([source("a"), source("b")], [evidence("a"), evidence("b")], names=NAMES)
    assert _said(found) == "2 sources, 2 independent voices. No single point of failure."


def test_unknown_lineage_is_said_with_how_many_sources_have_it() -> None:
    found = graph([source("a"), source("b", basis="unknown")], [evidence("a"), evidence("b")], names=NAMES)
    assert _said(found) == (
        "2 sources, 1–2 independent voices. Rests on Agency A alone. The origin of 1 source is unknown."
    )


def test_nothing_sure_is_said_as_that() -> None:
    found = graph([source("b", basis="unknown")], [evidence("b")], names=NAMES)
    assert _said(found) == (
        "1 source, 0–1 independent voices. No source is confirmed as independent yet. "
        "The origin of 1 source is unknown."
    )


def test_an_element_that_nothing_bears_on_is_named() -> None:
    elements = [element("by night"), element("by sea")]
    found = graph([source("a")], [evidence("a", "supports", "by night")], elements=elements, names=NAMES)
    assert _said(found) == "1 source, one origin. No attached evidence bears on “by sea”."


def test_the_weakest_element_is_named_where_the_elements_differ() -> None:
    elements = [element("by night"), element("by sea")]
    found = graph(
        [source("a"), source("b")],
        [evidence("a"), evidence("b", "supports", "by night")],
        elements=elements,
        names=NAMES,
    )
    assert _said(found).endswith("This is the count for its weakest element, “by sea”.")


def test_what_was_retracted_is_said_to_count_no_more() -> None:
    found = graph([source("a", counts=False)], [evidence("a", counts=False)], names=NAMES)
    assert _said(found) == (
        "1 source, one origin. None of it counts: each piece is retracted, or graded unreliable or improbable."
    )


def test_a_chain_that_breaks_at_a_retracted_source_has_no_way_to_the_claim() -> None:
    found = graph(
        [source("a", counts=False), source("b", basis="secondhand")],
        [evidence("b")],
        relays=[("b", "a")],
        names=NAMES,
    )
    assert _said(found) == "2 sources, one origin. No independent origin leads to the claim."


def test_nothing_attached_is_said_for_either_side() -> None:
    assert sentence_of(graph([], [])) == Sentence("", "No attached evidence supports it.")
    assert sentence_of(graph([], []), "refutes") == Sentence("", "No attached evidence refutes it.")


def test_the_claimants_own_voice_does_not_count() -> None:
    found = _chain()
    assert [why_not_counted(found, item) for item in found.evidence] == [
        "the claimant’s own voice: does not count",
        "goes back only to The council",
        "goes back only to The council",
    ]


def test_evidence_that_counts_has_no_reason_against_it() -> None:
    found = graph([source("a")], [evidence("a")], names=NAMES)
    assert why_not_counted(found, found.evidence[0]) == ""


def test_a_party_that_admits_against_its_interest_counts() -> None:
    found = graph([source("p", "party")], [evidence("p", against_interest="party")], names=NAMES)
    assert why_not_counted(found, found.evidence[0]) == "admission against interest: counts"


def test_unknown_lineage_counts_in_the_upper_figure_only() -> None:
    found = graph([unsigned("u", "unknown")], [evidence("u")])
    assert why_not_counted(found, found.evidence[0]) == "origin unknown: counts in the upper figure only"


def test_a_denial_is_told_from_a_refutation_and_from_what_decides_nothing() -> None:
    early = DAY - timedelta(days=1)
    found = graph(
        [source("p", "party"), source("old", "party", day=early), source("w", "claimant"), source("a")],
        [evidence(name, "denies") for name in ("p", "old", "w", "a")],
        names=NAMES,
    )
    assert [why_not_counted(found, item) for item in found.evidence] == [
        "a party’s word: a denial, not a refutation",
        "older than the claim: not a denial of it",
        "withdrawn by the claimant",
        "not by a party: decides nothing",
    ]


def test_an_agency_that_carries_a_partys_denial_is_a_partys_denial() -> None:
    found = graph(
        [source("p", "party"), source("a", basis="secondhand")],
        [evidence("a", "denies")],
        relays=[("a", "p")],
        names=NAMES,
    )
    assert why_not_counted(found, found.evidence[0]) == "a party’s word: a denial, not a refutation"


def test_context_is_never_said_not_to_count() -> None:
    found = graph([source("w", "claimant")], [evidence("w", "context")], names=NAMES)
    assert why_not_counted(found, found.evidence[0]) == ""


def test_a_source_below_an_independent_origin_may_carry_a_path() -> None:
    found = graph([source("a"), source("b", basis="secondhand")], [evidence("b")], relays=[("b", "a")], names=NAMES)
    assert why_source_does_not_count(found, "b") == ""


def test_what_comes_only_by_way_of_the_claimant_names_them_and_not_the_origin() -> None:
    found = graph(
        [source("u", basis="unknown"), source("w", "claimant", basis="secondhand"), source("a", basis="secondhand")],
        [evidence("a")],
        relays=[("w", "u"), ("a", "w")],
        names=NAMES,
    )
    assert why_source_does_not_count(found, "a") == "only through The council"


def test_intervals_are_shown_up_to_five() -> None:
    assert [interval_in_words(least, most=most) for least, most in ((2, 2), (1, 3), (6, 6), (2, 6))] == [
        "2",
        "1–3",
        "5+",
        "2–5+",
    ]


def test_one_voice_is_singular() -> None:
    assert [voices_in_words(least, most=most) for least, most in ((1, 1), (0, 1), (2, 2))] == [
        "1 independent voice",
        "0–1 independent voices",
        "2 independent voices",
    ]


def test_names_are_read_out_as_one_does() -> None:
    assert [names_in_words(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]

"""Claims: written down, and edited on the version that was seen."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from claims.actions.claims import (
    edit_claim,
)
from claims.inputs import ClaimInput, ElementInput
from claims.models import Claim, Revision
from claims.queries import evidence_of, get_claim
from claims.record.revisions import changes_since
from house.errors import Forbidden, Invalid, NotFound, PolicyNotMet, Stale
from house.seen import SeenValues
from tests import factories
from tests.factories import Cast, days_ago, fresh


def _report(cast: Cast, **fields: Any) -> Claim:
    source = factories.source(cast, by=cast.reporter)
    return factories.report_as(cast.reporter, cast.desk, [{"source": source.pk, "stance": "supports"}], **fields)


def _as_inputs(entries: list[dict[str, Any]]) -> list[ElementInput]:
    return [ElementInput(**each) for each in entries]


def _elements(claim: Claim) -> list[tuple[str, bool]]:
    return list(claim.elements.values_list("text", "essential"))


def test_references_count_up_on_each_desk(cast: Cast) -> None:
    assert [_report(cast).reference for _ in range(3)] == ["UKR-1", "UKR-2", "UKR-3"]


def test_a_claim_begins_as_reported_in_its_first_version(cast: Cast) -> None:
    claim = fresh(_report(cast))
    assert (claim.state, claim.last_seq, claim.version, claim.contested) == ("reported", 1, 1, False)


def test_a_new_claim_keeps_its_fields(cast: Cast) -> None:
    claimant, party = factories.actor(cast, "Somebody"), factories.actor(cast, "Another")
    claim = _report(
        cast,
        statement="  Ships came. ",
        original_statement="Schiffe kamen.",
        language="de",
        claimant=claimant.pk,
        also_claimed_by=[party.pk],
        parties=[party.pk, claimant.pk],
        topics=["ships", " ships  ", "by night", ""],
        elements=[{"text": "ships"}, {"text": "by night", "essential": False}],
        place="Odesa",
    )
    claim = get_claim(cast.reporter, claim.reference)
    assert (claim.statement, claim.original_statement, claim.claimant, claim.place) == (
        *("Ships came.", "Schiffe kamen.", claimant),
        "Odesa",
    )
    assert {actor.name for actor in claim.parties.all()} == {"Somebody", "Another"}
    assert [topic.name for topic in claim.topics.all()] == ["by night", "ships"]
    assert _elements(claim) == [("ships", True), ("by night", False)]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"statement": ""}, {"statement"}),
        ({"statement": " "}, {"statement"}),
        ({"statement": "x" * 2001}, {"statement"}),
        ({"statement": "half \ud800"}, {"statement"}),
        ({"statement": "nul \x00"}, {"statement"}),
        ({"claimant": uuid4()}, {"claimant"}),
        ({"parties": [uuid4()]}, {"parties"}),
        ({"happened_from": "2022-11-02", "happened_to": "2022-11-01"}, {"happened_to"}),
        ({"claimed_on": "yesterday"}, {"claimed_on"}),
        ({"elements": [{"text": " "}]}, {"elements"}),
        ({"elements": [{"text": "a", "essential": False}]}, {"elements"}),
        ({"elements": [{"text": str(number)} for number in range(21)]}, {"elements"}),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_written(
    cast: Cast, fields: dict[str, Any], named: set[str]
) -> None:
    with pytest.raises(Invalid) as error:
        _report(cast, **fields)
    assert set(error.value.errors) == named
    assert (Claim.objects.count(), fresh(cast.desk).last_claim_number) == (0, 0)


def test_reporting_needs_a_source(cast: Cast) -> None:
    with pytest.raises(PolicyNotMet) as error:
        factories.report_as(cast.reporter, cast.desk, [])
    assert [item.code for item in error.value.missing] == ["no_source"]


def test_a_restricted_source_alone_reports_nothing(cast: Cast) -> None:
    source = factories.source(cast, by=cast.reporter, visibility="restricted")
    with pytest.raises(PolicyNotMet):
        factories.report_as(cast.reporter, cast.desk, [{"source": source.pk, "stance": "supports"}])
    assert Claim.objects.count() == 0


def test_inline_evidence_names_elements_by_their_number(cast: Cast) -> None:
    source = factories.source(cast)
    fields = {"elements": [{"text": "one"}, {"text": "two"}]}
    claim = factories.report_as(
        cast.reviewer, cast.desk, [{"source": source.pk, "stance": "supports", "elements": [1]}], **fields
    )
    assert [element.text for element in claim.evidence.get().elements.all()] == ["two"]


@pytest.mark.parametrize("number", [2, -1, "one"])
def test_there_is_no_element_of_another_number(cast: Cast, number: Any) -> None:
    entry = {"source": factories.source(cast).pk, "stance": "supports", "elements": [number]}
    with pytest.raises(Invalid) as error:
        factories.report_as(cast.reviewer, cast.desk, [entry], elements=[{"text": "one"}, {"text": "two"}])
    assert set(error.value.errors) == {"evidence.0.elements"}


def test_a_source_of_another_desk_is_as_absent(cast: Cast) -> None:
    claim = _report(cast)
    entry = {"source": claim.evidence.get().source_id, "stance": "supports"}
    with pytest.raises(Invalid) as error:
        factories.report_as(cast.stranger, cast.other_desk, [entry])
    assert error.value.errors == {"source": ["Source not found on this desk."]}


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("reporter", Forbidden),
        ("reviewer", None),
        ("reviewer2", None),
        ("editor", None),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_who_edits_a_claim_that_another_wrote_down(cast: Cast, name: str, refusal: type[Exception] | None) -> None:
    claim = factories.claim(cast, by=cast.editor)
    if refusal is None:
        edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=getattr(cast, name))
        assert fresh(claim).place == "Odesa"
        return
    with pytest.raises(refusal):
        edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=getattr(cast, name))
    assert (fresh(claim).place, fresh(claim).version) == ("", 1)


def test_a_reporter_edits_their_own(cast: Cast) -> None:
    claim = _report(cast)
    assert edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=cast.reporter).version == 2


def test_an_edit_on_an_older_version_is_refused_with_what_changed_in_words(cast: Cast) -> None:
    claim = _report(cast)
    seen = claim.version
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=cast.reviewer)
    denial = factories.attach(cast, claim, factories.source(cast, "A new item"), "context", by=cast.reviewer2)
    with pytest.raises(Stale) as error:
        edit_claim(claim=claim, fields=ClaimInput(place="Kyiv"), by=cast.editor, seen=SeenValues(version=seen))
    assert (error.value.version, error.value.changes) == (
        3,
        ["reviewer changed this while you were editing: place."],
    )
    assert (fresh(claim).place, denial.stance) == ("Odesa", "context")


def test_a_move_is_told_in_words(cast: Cast) -> None:
    claim = factories.claim_in(cast, "denied")
    assert changes_since(claim, claim.version - 1) == ["editor changed the status: it is now “denied”."]


def test_each_version_has_one_line(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    assert list(Revision.objects.filter(claim=claim).order_by("version").values_list("version", flat=True)) == list(
        range(1, claim.version + 1)
    )


def test_elements_are_reworded_added_and_set_aside(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["ships", "by night"])
    ships, night = claim.elements.all()
    entries: list[dict[str, Any]] = [
        {"text": "at sea"},
        {"id": night.pk, "text": "in the dark"},
        {"id": ships.pk, "text": "ships", "essential": False},
    ]
    edit_claim(claim=claim, fields=ClaimInput(elements=_as_inputs(entries)), by=cast.reviewer)
    assert _elements(claim) == [("at sea", True), ("in the dark", True), ("ships", False)]


@pytest.mark.parametrize("kept", [[], ["ships"]])
def test_no_element_is_taken_away(cast: Cast, kept: list[str]) -> None:
    claim = factories.claim(cast, elements=["ships", "by night"])
    entries: list[dict[str, Any]] = [
        {"id": element.pk, "text": element.text} for element in claim.elements.filter(text__in=kept)
    ]
    with pytest.raises(Invalid) as error:
        edit_claim(claim=claim, fields=ClaimInput(elements=_as_inputs(entries)), by=cast.reviewer)
    assert set(error.value.errors) == {"elements"}
    assert _elements(claim) == [("ships", True), ("by night", True)]


def test_an_element_of_another_claim_is_none(cast: Cast) -> None:
    claim, other = (factories.claim(cast, elements=["ships"]) for _ in range(2))
    entries: list[dict[str, Any]] = [
        {"id": claim.elements.get().pk, "text": "ships"},
        {"id": other.elements.get().pk, "text": "mine"},
    ]
    with pytest.raises(Invalid):
        edit_claim(claim=claim, fields=ClaimInput(elements=_as_inputs(entries)), by=cast.reviewer)


def test_one_element_stays_essential(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["ships"])
    entries: list[dict[str, Any]] = [{"id": claim.elements.get().pk, "text": "ships", "essential": False}]
    with pytest.raises(Invalid):
        edit_claim(claim=claim, fields=ClaimInput(elements=_as_inputs(entries)), by=cast.reviewer)
    assert _elements(claim) == [("ships", True)]


@pytest.mark.parametrize("state", ["corroborated", "refuted"])
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"statement": "No container was unloaded."}, {"statement"}),
        ({"original_statement": "Нет."}, {"original_statement"}),
        ({"elements": [("ships", False), ("by night", True)]}, {"elements"}),
        ({"elements": [("ships", True), ("by day", True)]}, {"elements"}),
    ],
)
def test_nobody_alone_changes_what_two_people_agreed_on(
    cast: Cast, state: str, fields: dict[str, Any], named: set[str]
) -> None:
    claim = factories.claim_in(cast, state, elements=["ships", "by night"], original_statement="Да.")
    if "elements" in fields:
        pairs = zip(claim.elements.all(), fields["elements"], strict=True)
        entries = [ElementInput(id=element.pk, text=text, essential=essential) for element, (text, essential) in pairs]
        fields = {"elements": entries}
    with pytest.raises(Invalid) as error:
        edit_claim(claim=claim, fields=ClaimInput(**fields), by=cast.editor)
    assert set(error.value.errors) == named
    assert (fresh(claim).statement, _elements(claim)) == (claim.statement, [("ships", True), ("by night", True)])


def test_an_element_added_to_a_verdict_takes_its_support(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["ships"])
    (element,) = claim.elements.all()
    factories.firsthand(cast, claim, 2, elements=[element])
    claim = factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    entries: list[dict[str, Any]] = [{"id": element.pk, "text": "ships"}, {"text": "by night"}]
    edit_claim(
        claim=claim,
        fields=ClaimInput(elements=_as_inputs(entries), original_statement="Да."),
        by=cast.editor,
    )
    assert (fresh(claim).support_lost, fresh(claim).state) == (True, "corroborated")


def test_a_party_that_is_added_takes_its_voice_out_of_the_count(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    witness = claim.evidence.filter(source__basis="firsthand")[0].source.publisher
    assert witness is not None
    parties = [*claim.parties.values_list("pk", flat=True), witness.pk]
    edit_claim(claim=claim, fields=ClaimInput(parties=parties), by=cast.reviewer)
    claim = fresh(claim)
    assert (claim.independence_min, claim.support_lost, claim.state) == (1, True, "corroborated")


def test_a_later_day_of_the_claim_leaves_an_earlier_denial_behind(cast: Cast) -> None:
    claim = factories.claim(cast, now=days_ago(10))
    factories.party_denial(cast, claim, now=days_ago(9))
    assert fresh(claim).contested
    edit_claim(claim=claim, fields=ClaimInput(claimed_on=days_ago(5).date()), by=cast.reviewer)
    assert not fresh(claim).contested


def test_evidence_of_a_report_is_read_in_the_order_in_which_it_was_given(cast: Cast) -> None:
    sources = [factories.source(cast, f"Item {name}") for name in "ABCDEF"]
    claim = factories.claim(cast, evidence=[{"source": item.pk, "stance": "context"} for item in sources])
    assert [item.source.title for item in evidence_of(cast.editor, claim)] == [item.title for item in sources]


def test_a_day_far_outside_of_the_calendar_is_refused_by_name(cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        factories.claim(cast, claimed_on=date(9999, 12, 31))
    assert refusal.value.errors == {"claimed_on": ["Enter a year from 1000 to 9000."]}

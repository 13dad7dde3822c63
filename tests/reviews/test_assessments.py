"""Assessments: what is submitted, and what becomes of it."""

from typing import Any

import pytest

from accounts.models import User
from claims.actions.evidence import withdraw_evidence
from claims.actions.sources import change_source
from claims.models import Claim, StatusChange
from claims.queries import history_of
from house.errors import Conflict, Forbidden, Invalid, Stale
from reviews.actions.assessments import approve
from reviews.actions.assignments import close_claim, name_decider
from reviews.actions.grounds import confirm_assessment
from reviews.grounds_shown import of_assessment
from reviews.models import Assessment, Assignment
from sources.inputs import SourceInput
from tests import factories
from tests.factories import Cast, fresh


def _ready(cast: Cast, **fields: Any) -> Claim:
    """A claim that two witnesses support, given to the reviewer."""
    claim = factories.claim(cast, **fields)
    factories.firsthand(cast, claim, 2)
    factories.assigned(cast, claim)
    return fresh(claim)


def _waiting(cast: Cast, **fields: Any) -> Assessment:
    return factories.assessment(cast, _ready(cast, **fields), "corroborated")


def _approve(assessment: Assessment, by: User, **fields: Any) -> Assessment:
    given: dict[str, Any] = {"reason": "I agree.", "seen_version": fresh(assessment.claim).version, **fields}
    return approve(assessment=assessment, by=by, **given)


def test_a_verdict_waits_for_a_second_person(cast: Cast) -> None:
    assessment = _waiting(cast)
    assert (assessment.state, fresh(assessment.claim).state) == ("waiting", "reported")
    assert Assignment.objects.get(claim=assessment.claim).state == "accepted"


def test_submitting_raises_no_version(cast: Cast) -> None:
    claim = _ready(cast)
    factories.assessment(cast, claim, "corroborated")
    assert fresh(claim).version == claim.version


def test_an_assessment_keeps_what_was_said(cast: Cast) -> None:
    claim = _ready(cast, elements=["by night", "without papers"])
    (contrary,) = factories.firsthand(cast, claim, 1, stance="refutes")
    assessment = factories.assessment(cast, claim, "corroborated")
    assert {item.stance for item in assessment.evidence.all()} == {"supports"}
    assert [(line.element.text, line.text) for line in assessment.elements.order_by("element__position")] == [
        ("by night", "The evidence bears on it."),
        ("without papers", "The evidence bears on it."),
    ]
    assert [(answer.evidence, answer.text) for answer in assessment.answers.all()] == [
        (contrary, "Looked at: it does not hold.")
    ]


def test_a_new_submission_replaces_the_one_that_waits(cast: Cast) -> None:
    first = _waiting(cast)
    second = factories.assessment(cast, first.claim, "corroborated")
    assert (fresh(first).state, second.state) == ("replaced", "waiting")


def test_another_assessors_assessment_waits_beside_it(cast: Cast) -> None:
    first = _waiting(cast)
    factories.assessment(cast, first.claim, "corroborated", by=cast.reviewer2)
    assert Assessment.objects.filter(claim=first.claim, state="waiting").count() == 2


def test_to_leave_it_so_is_recorded_and_completes_the_assignment(cast: Cast) -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "reported", evidence=[])
    assert (assessment.state, Assignment.objects.get(claim=claim).state) == ("recorded", "completed")
    assert StatusChange.objects.filter(claim=claim).count() == 1


def test_a_lone_move_is_made_at_once_and_completes_the_assignment(cast: Cast) -> None:
    claim = _ready(cast)
    factories.party_denial(cast, claim)
    assessment = factories.assessment(cast, claim, "denied")
    assert (assessment.state, fresh(claim).state) == ("enacted", "denied")
    assert Assignment.objects.get(claim=claim).state == "completed"
    words = history_of(claim)[-1].words
    assert words is not None
    assert words.reason == assessment.rationale


def test_an_editor_assesses_without_an_assignment_and_another_decides(cast: Cast) -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated", by=cast.editor)
    name_decider(claim=claim, user=cast.reviewer2, by=cast.editor)
    with pytest.raises(Forbidden):
        _approve(assessment, cast.editor)
    _approve(assessment, cast.reviewer2)
    assert fresh(claim).state == "corroborated"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rationale": " "}, {"rationale"}),
        ({"evidence": []}, {"evidence"}),
        ({"elements": []}, {"elements"}),
    ],
)
def test_what_a_verdict_lacks_is_named_by_its_field(cast: Cast, fields: dict[str, Any], named: set[str]) -> None:
    claim = _ready(cast, elements=["by night"])
    with pytest.raises(Invalid) as error:
        factories.assessment(cast, claim, "corroborated", **fields)
    assert set(error.value.errors) == named
    assert Assessment.objects.count() == 0


def test_there_are_four_states_to_propose(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        factories.assessment(cast, _ready(cast), "proved", evidence=[])
    assert set(error.value.errors) == {"proposed_state"}


def test_to_leave_it_so_needs_no_line_on_each_element(cast: Cast) -> None:
    claim = _ready(cast, elements=["by night"])
    assert factories.assessment(cast, claim, "reported", elements=[]).state == "recorded"


def test_evidence_of_another_claim_is_as_absent(cast: Cast) -> None:
    claim, other = _ready(cast), _ready(cast)
    with pytest.raises(Invalid) as error:
        factories.assessment(cast, claim, "corroborated", evidence=list(other.evidence.all()))
    assert error.value.errors == {"evidence": ["Evidence not found on this claim."]}


def test_withdrawn_evidence_carries_no_assessment(cast: Cast) -> None:
    claim = _ready(cast)
    item = claim.evidence.all()[0]
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    with pytest.raises(Invalid) as error:
        factories.assessment(cast, claim, "corroborated", evidence=[item])
    assert error.value.errors == {"evidence": [f"“{item.source.title}” has been withdrawn."]}


def test_restricted_evidence_carries_no_assessment(cast: Cast) -> None:
    claim = _ready(cast)
    (item,) = factories.firsthand(cast, claim, 1, visibility="restricted")
    with pytest.raises(Invalid) as error:
        factories.assessment(cast, claim, "corroborated", evidence=[item])
    assert "Release it to the desk" in error.value.errors["evidence"][0]


def test_an_assessment_on_an_older_version_says_what_changed(cast: Cast) -> None:
    claim = _ready(cast)
    (item,) = factories.firsthand(cast, claim, 1, stance="refutes", by=cast.reviewer2)
    with pytest.raises(Stale) as error:
        factories.assessment(cast, claim, "corroborated", seen_version=claim.version)
    assert error.value.version == claim.version + 1
    assert error.value.changes == [f"reviewer2 attached “{item.source.title}”."]


def test_no_assessment_on_a_closed_claim(cast: Cast) -> None:
    claim = _ready(cast)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    with pytest.raises(Conflict):
        factories.assessment(cast, claim, "corroborated", by=cast.editor)


def _named_at_approval(cast: Cast, assessment: Assessment) -> set[Any]:
    shown = of_assessment(cast.reviewer, assessment)
    assert shown is not None
    seen: dict[str, Any] = {"seen_version": fresh(assessment.claim).version, "seen_grounds": shown.now}
    confirm_assessment(assessment=assessment, **seen, by=cast.reviewer)
    claim = factories.approved(cast, assessment)
    return set(StatusChange.objects.get(claim=claim, seq=claim.last_seq).evidence)


def test_what_was_withdrawn_meanwhile_is_not_named_by_the_verdict(cast: Cast) -> None:
    claim = factories.claim(cast)
    fallen, *graph = items = factories.firsthand(cast, claim, 3)
    assessment = factories.assessment(cast, claim, "corroborated", evidence=items)
    withdraw_evidence(evidence=fallen, reason="A mistake.", by=cast.reviewer2)
    assert _named_at_approval(cast, assessment) == {item.pk for item in graph}


def test_what_was_restricted_meanwhile_is_not_named_by_the_verdict(cast: Cast) -> None:
    claim = factories.claim(cast)
    hidden, *graph = items = factories.firsthand(cast, claim, 3)
    assessment = factories.assessment(cast, claim, "corroborated", evidence=items)
    change_source(source=hidden.source, fields=SourceInput(visibility="restricted"), by=cast.reviewer2)
    assert _named_at_approval(cast, assessment) == {item.pk for item in graph}

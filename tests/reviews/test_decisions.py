"""Decisions: who approves or rejects an assessment, and what comes of it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim
from claims.queries import history_of
from house.errors import Conflict, Forbidden, Invalid, NotFound, PolicyNotMet, Stale
from reviews.actions.assessments import approve, reject
from reviews.actions.assignments import close_claim, name_decider, open_claim
from reviews.models import Assessment, Assignment, Decision
from reviews.queries import get_assessment, may_be_decided_by, to_decide
from reviews.queue import work_of
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


def _reject(assessment: Assessment, by: User, **fields: Any) -> Assessment:
    given: dict[str, Any] = {"reason": "Look again.", "seen_version": fresh(assessment.claim).version, **fields}
    return reject(assessment=assessment, by=by, **given)


def test_approval_moves_the_claim_and_completes_the_assignment(cast: Cast) -> None:
    assessment = _waiting(cast)
    _approve(assessment, cast.editor, reason="Both saw it.")
    claim = fresh(assessment.claim)
    (_first, moved) = history_of(claim)
    change, words = moved.row, moved.words
    assert (claim.state, fresh(assessment).state) == ("corroborated", "approved")
    assert (change.by, change.decided_by) == (cast.reviewer, cast.editor)
    assert (change.independence_min, change.independence_max, change.threshold) == (2, 2, 2)
    assert words is not None
    assert words.decision_reason == "Both saw it."
    assert set(change.evidence) == set(assessment.evidence.values_list("pk", flat=True))
    assert Assignment.objects.get(claim=claim).state == "completed"


def test_rejection_leaves_everything_open(cast: Cast) -> None:
    assessment = _waiting(cast)
    _reject(assessment, cast.editor)
    assert (fresh(assessment).state, fresh(assessment.claim).state) == ("rejected", "reported")
    assert Assignment.objects.get(claim=assessment.claim).state == "accepted"
    assert factories.assessment(cast, assessment.claim, "corroborated").state == "waiting"


def test_nobody_decides_on_their_own(cast: Cast) -> None:
    assessment = _waiting(cast)
    name_decider(claim=assessment.claim, user=cast.reviewer, by=cast.editor)
    for decide in (_approve, _reject):
        with pytest.raises(Forbidden):
            decide(assessment, cast.reviewer)
    assert fresh(assessment).state == "waiting"


def test_the_database_refuses_a_decision_on_ones_own(cast: Cast) -> None:
    assessment = _waiting(cast)
    with pytest.raises(IntegrityError, match="decision_by_a_second_person"), transaction.atomic():
        Decision.objects.create(
            assessment=assessment,
            assessor=cast.reviewer,
            decided_by=cast.reviewer,
            approved=True,
            reason="Mine.",
            at=assessment.created_at,
        )


@pytest.mark.parametrize("decide", [_approve, _reject])
def test_a_decision_takes_a_reason(cast: Cast, decide: Any) -> None:
    with pytest.raises(Invalid) as error:
        decide(_waiting(cast), cast.editor, reason=" ")
    assert set(error.value.errors) == {"reason"}


@pytest.mark.parametrize("decide", [_approve, _reject])
def test_a_decision_is_on_what_was_seen(cast: Cast, decide: Any) -> None:
    assessment = _waiting(cast)
    edit_claim(claim=assessment.claim, fields=ClaimInput(place="Odesa"), by=cast.reviewer2)
    with pytest.raises(Stale) as error:
        decide(assessment, cast.editor, seen_version=assessment.seen_version)
    assert error.value.changes == ["reviewer2 edited the claim."]


def test_whoever_rewords_a_claim_does_not_decide_alone_on_the_new_words(cast: Cast) -> None:
    assessment = _waiting(cast)
    edit_claim(claim=assessment.claim, fields=ClaimInput(statement="No container came."), by=cast.editor)
    with pytest.raises(Conflict):
        _approve(assessment, cast.editor)
    assert (fresh(assessment.claim).state, fresh(assessment).state) == ("reported", "waiting")


@pytest.mark.parametrize("first", [_approve, _reject])
@pytest.mark.parametrize("then", [_approve, _reject])
def test_an_assessment_is_decided_once(cast: Cast, first: Any, then: Any) -> None:
    assessment = _waiting(cast)
    first(assessment, cast.editor)
    with pytest.raises(Conflict):
        then(assessment, cast.editor)
    assert Decision.objects.count() == 1


def test_a_replaced_assessment_is_not_decided(cast: Cast) -> None:
    first = _waiting(cast)
    factories.assessment(cast, first.claim, "corroborated")
    with pytest.raises(Conflict):
        _approve(first, cast.editor)


def test_an_assessment_from_before_the_last_move_is_not_approved(cast: Cast) -> None:
    assessment = _waiting(cast)
    factories.party_denial(cast, assessment.claim)
    factories.denied(cast, assessment.claim)
    with pytest.raises(Conflict):
        _approve(assessment, cast.editor)
    assert fresh(assessment.claim).state == "denied"


def test_contrary_evidence_that_came_since_has_to_be_answered(cast: Cast) -> None:
    assessment = _waiting(cast)
    (item,) = factories.firsthand(cast, assessment.claim, 1, stance="refutes")
    with pytest.raises(PolicyNotMet) as error:
        _approve(assessment, cast.editor)
    assert [missing.text for missing in error.value.missing] == [
        f"An answer to the contrary evidence “{item.source.title}”."
    ]


def test_a_denial_that_came_since_stops_nothing_and_contests(cast: Cast) -> None:
    assessment = _waiting(cast)
    factories.party_denial(cast, assessment.claim)
    _approve(assessment, cast.editor)
    claim = fresh(assessment.claim)
    assert (claim.state, claim.contested) == ("corroborated", True)


def test_an_assessment_on_a_closed_claim_is_not_approved(cast: Cast) -> None:
    assessment = _waiting(cast)
    close_claim(claim=assessment.claim, reason="moot", by=cast.editor)
    with pytest.raises(Conflict):
        _approve(assessment, cast.editor)


def test_a_refutation_keeps_the_interval_of_the_refuted_element(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["by night", "without papers"])
    night = claim.elements.get(text="by night")
    factories.firsthand(cast, claim, 3, stance="refutes", elements=[night])
    factories.approved(cast, factories.assessment(cast, claim, "refuted"))
    change = history_of(claim)[-1].row
    assert (change.stance, change.independence_min, change.independence_max) == ("refutes", 3, 3)


def test_a_reopening_on_a_recorded_mistake(cast: Cast) -> None:
    claim = factories.claim_in(cast, "refuted")
    with pytest.raises(PolicyNotMet):
        factories.assessment(cast, claim, "reported", by=cast.editor)
    assessment = factories.assessment(cast, claim, "reported", recorded_mistake=True)
    assert factories.approved(cast, assessment).state == "reported"


def test_a_withdrawn_corroboration_names_no_evidence(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    assert factories.approved(cast, factories.assessment(cast, claim, "reported", evidence=[])).state == "reported"


def test_who_may_decide_finds_it_in_their_queue(cast: Cast) -> None:
    assessment = _waiting(cast)
    name_decider(claim=assessment.claim, user=cast.stranger, by=cast.editor)
    people = (cast.editor, cast.stranger, cast.reviewer, cast.reviewer2, cast.auditor)
    assert [list(to_decide(person)) for person in people] == [[assessment], [assessment], [], [], []]
    assert [may_be_decided_by(person, assessment) for person in people] == [True, True, False, False, False]


def test_what_waits_on_a_closed_claim_is_in_no_queue_until_it_is_opened(cast: Cast) -> None:
    assessment = _waiting(cast)

    def queues() -> list[list[Assessment]]:
        now = timezone.now()
        return [work_of(cast.editor, now=now).to_decide, work_of(cast.reviewer, now=now).submitted]

    close_claim(claim=assessment.claim, reason="moot", by=cast.editor)
    assert queues() == [[], []]
    open_claim(claim=assessment.claim, by=cast.editor)
    assert queues() == [[assessment], [assessment]]


def test_who_was_invited_from_another_desk_sees_the_assessment_and_decides(cast: Cast) -> None:
    assessment = _waiting(cast)
    with pytest.raises(NotFound):
        get_assessment(cast.stranger, assessment.pk)
    name_decider(claim=assessment.claim, user=cast.stranger, by=cast.editor)
    assert get_assessment(cast.stranger, assessment.pk) == assessment
    _approve(assessment, cast.stranger)
    assert fresh(assessment.claim).state == "corroborated"


def test_a_reviewer_whose_evidence_was_downgraded_meanwhile_has_no_verdict(cast: Cast) -> None:
    assessment = _waiting(cast)
    item = assessment.evidence.filter(source__basis="firsthand")[0]
    change_evidence(evidence=item, fields=EvidenceInput(credibility=5), by=cast.reviewer2)
    with pytest.raises(Stale) as error:
        _approve(assessment, cast.editor)
    assert error.value.changes == [f"reviewer2 changed Evidence “{item.source.title}”, credibility: “none” is now “5”."]

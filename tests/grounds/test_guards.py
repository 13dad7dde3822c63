"""What the database itself refuses: a verdict without its decision or its entry, changes of what was submitted or
decided, and changes of what others stand for past the actions. As the application, and as a superuser."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction

from claims.actions.sources import change_source
from claims.models import Claim, StatusChange
from claims.verdicts.grounds_watch import verdict_watch
from claims.verdicts.support import lock_graph
from house.transactions import recorded_transaction
from reviews.models import Answer, Assessment, AssessmentElement, AssessmentGrounds, Decision
from sources.inputs import SourceInput
from sources.models import Source
from tests import factories
from tests.conftest import superuser
from tests.factories import Cast, fresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return factories.cast()


@pytest.fixture
def owner() -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    with superuser() as found:
        yield found


def _waiting(people: Cast) -> Assessment:
    """On two voices of three, with an answer; nothing is said of an element that is not essential."""
    claim = factories.claim(people, elements=["by night", "without papers"])
    items = factories.firsthand(people, claim, 3)
    (contrary,) = factories.firsthand(people, claim, 1, stance="refutes")
    return factories.assessment(people, claim, "corroborated", evidence=items[:2], answers=[contrary])


def _refused(act: Callable[[], Any], says: str) -> None:
    with pytest.raises(DatabaseError, match=says):
        act()


def _moved(claim: Claim, people: Cast) -> None:
    """A verdict that nobody decided, written past the actions: the claim says what its last change says."""
    change = StatusChange.objects.get(claim=claim, seq=1)
    change.pk = (claim.pk, 2)
    StatusChange.objects.create(
        claim=claim, seq=2, from_state="reported", to_state="corroborated", by=people.reviewer,
        decided_by=people.editor, at=change.at, evidence=change.evidence, stance="supports", independence_min=2,
        independence_max=2, threshold=2, graph_digest="ab" * 32,
    )  # fmt: skip
    Claim.objects.filter(pk=claim.pk).update(state="corroborated", last_seq=2)


def test_a_verdict_without_its_approved_decision_is_refused(people: Cast) -> None:
    assessment = _waiting(people)

    def verdict() -> None:
        with transaction.atomic():
            _moved(assessment.claim, people)

    _refused(verdict, "has no approved decision")
    assert fresh(assessment.claim).state == "reported"


def test_a_verdict_with_a_rejection_is_refused(people: Cast) -> None:
    assessment = _waiting(people)

    def verdict() -> None:
        with transaction.atomic():
            at = StatusChange.objects.get(claim=assessment.claim, seq=1).at
            Decision.objects.create(
                assessment=assessment, assessor=people.reviewer, decided_by=people.editor, approved=False,
                reason="No.", at=at,
            )  # fmt: skip
            Assessment.objects.filter(pk=assessment.pk).update(state="rejected")
            _moved(assessment.claim, people)

    _refused(verdict, "has no approved decision")


def test_a_verdict_without_its_entry_is_refused(people: Cast) -> None:
    assessment = _waiting(people)

    def verdict() -> None:
        with transaction.atomic():
            at = StatusChange.objects.get(claim=assessment.claim, seq=1).at
            Decision.objects.create(
                assessment=assessment, assessor=people.reviewer, decided_by=people.editor, approved=True,
                reason="Yes.", at=at,
            )  # fmt: skip
            Assessment.objects.filter(pk=assessment.pk).update(state="approved")
            _moved(assessment.claim, people)

    _refused(verdict, "has no entry in the ledger")


def test_an_approval_that_moves_nothing_is_refused(people: Cast) -> None:
    assessment = _waiting(people)

    def approval() -> None:
        with transaction.atomic():
            Decision.objects.create(
                assessment=assessment, assessor=people.reviewer, decided_by=people.editor, approved=True,
                reason="Yes.", at=assessment.created_at,
            )  # fmt: skip
            Assessment.objects.filter(pk=assessment.pk).update(state="approved")

    _refused(approval, "moved nothing")


WRITES: dict[str, Callable[[Assessment], Any]] = {
    "a rationale": lambda a: Assessment.objects.filter(pk=a.pk).update(rationale="Otherwise."),
    "an assessor": lambda a: Assessment.objects.filter(pk=a.pk).update(assessor=a.claim.created_by),
    "a proposed state": lambda a: Assessment.objects.filter(pk=a.pk).update(proposed_state="refuted"),
    "a state and a rationale": lambda a: Assessment.objects.filter(pk=a.pk).update(state="replaced", rationale="No."),
    "an assessment": lambda a: Assessment.objects.filter(pk=a.pk)._raw_delete("default"),  # past Django's own refusal
    "an answer": lambda a: a.answers.update(text="Otherwise."),
    "all answers": lambda a: a.answers.all().delete(),
    "a line": lambda a: a.elements.update(text="Otherwise."),
    "evidence taken out": lambda a: a.evidence.remove(a.evidence.all()[0]),
    "evidence put in": lambda a: a.evidence.add(a.claim.evidence.exclude(assessments=a)[0]),
    "a line put in": lambda a: AssessmentElement.objects.create(
        assessment=a, element=a.claim.elements.get(text="without papers"), text="More."
    ),
    "an answer put in": lambda a: Answer.objects.create(
        assessment=a, evidence=a.claim.evidence.exclude(pk__in=a.answers.values("evidence"))[0], text="More."
    ),
    "grounds": lambda a: AssessmentGrounds.objects.filter(assessment=a).update(number=7),
}


@pytest.mark.parametrize("what", WRITES)
def test_what_was_submitted_stays_as_it_is(people: Cast, what: str) -> None:
    assessment = _waiting(people)

    def write() -> None:
        with transaction.atomic():
            WRITES[what](assessment)

    _refused(write, "permission denied|only grows|nothing is added to it")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_assessment SET rationale = 'Otherwise.'",
        "UPDATE reviews_assessment SET state = 'approved', from_state = 'denied'",
        "UPDATE reviews_assessment SET state = 'recorded'",
        "UPDATE reviews_decision SET reason = 'Otherwise.'",
        "UPDATE reviews_decision SET approved = false",
        "UPDATE reviews_answer SET text = 'Otherwise.'",
        "UPDATE reviews_assessmentelement SET text = 'Otherwise.'",
        "UPDATE reviews_assessmentgrounds SET number = 9",
        "UPDATE claims_grounds SET digest = repeat('ab', 32)",
        "UPDATE claims_grounds SET content = '{}'",
        "UPDATE claims_statuschangegrounds SET seq = 1",
        "UPDATE claims_groundschange SET by_id = NULL",
        *(
            f"DELETE FROM {table}"  # noqa: S608
            for table in (
                "reviews_decision", "reviews_answer", "reviews_assessment_evidence", "reviews_assessmentgrounds",
                "claims_statuschangegrounds", "claims_groundschange", "reviews_assessment", "claims_grounds",
            )
        ),
        *(f"TRUNCATE {table} CASCADE" for table in ("reviews_decision", "claims_grounds", "reviews_assessment")),
    ],
)  # fmt: skip
def test_not_even_the_owner_rewrites_what_was_decided(people: Cast, owner: Any, statement: str) -> None:
    assessment = _waiting(people)
    source = assessment.evidence.filter(source__basis="firsthand")[0].source
    change_source(source=source, fields=SourceInput(title="Other"), by=people.editor)
    change_source(source=source, fields=SourceInput(title=source.title), by=people.editor)
    factories.approved(people, assessment)
    with pytest.raises(psycopg.Error, match="only grows"):
        owner.execute(statement)


def test_the_state_of_what_was_decided_goes_nowhere_else(people: Cast) -> None:
    assessment = _waiting(people)
    factories.approved(people, assessment)
    for state in ("waiting", "rejected", "replaced"):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            Assessment.objects.filter(pk=assessment.pk).update(state=state)


# What others stand for


def _title(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(title=f"Other {uuid.uuid4()}")


def test_past_the_actions_what_a_verdict_rests_on_is_not_changed(people: Cast) -> None:
    assessment = _waiting(people)
    claim = factories.approved(people, assessment)
    source = assessment.evidence.filter(source__basis="firsthand")[0].source
    for touch in (
        lambda: _title(source),
        lambda: claim.elements.update(text="by day"),
        claim.parties.clear,
        lambda: assessment.evidence.update(excerpt="Otherwise."),
        lambda: type(people.desk)._default_manager.filter(pk=people.desk.pk).update(min_independence=1),
    ):
        _refused(touch, "without the graph held alone")
    # Its own row is locked by who changes it, as by who approves.
    _refused(lambda: Claim.objects.filter(pk=claim.pk).update(place="Odesa"), "nobody followed it")


def test_with_the_graph_held_it_is_followed_or_refused(people: Cast) -> None:
    assessment = _waiting(people)
    factories.approved(people, assessment)
    source = assessment.evidence.filter(source__basis="firsthand")[0].source

    def unfollowed() -> None:
        with transaction.atomic():
            lock_graph(people.desk.pk)
            _title(source)

    _refused(unfollowed, "nobody followed it")

    def unrecorded() -> None:
        with recorded_transaction():
            lock_graph(people.desk.pk)
            _title(source)

    with pytest.raises(RuntimeError, match="no act was recorded"):
        unrecorded()
    watched = verdict_watch(assessment.claim)
    assert watched is not None
    assert watched.digest == watched.grounds.digest


def test_held_shared_is_not_held_alone(people: Cast) -> None:
    assessment = _waiting(people)
    source = assessment.evidence.filter(source__basis="firsthand")[0].source

    def shared() -> None:
        with transaction.atomic():
            lock_graph(people.desk.pk, shared=True)
            _title(source)

    _refused(shared, "without the graph held alone")


def test_what_nobody_stands_for_is_free(people: Cast) -> None:
    source = factories.source(people)
    _title(source)
    assert fresh(source).title != source.title


def test_another_desk_lock_does_not_do(people: Cast) -> None:
    assessment = _waiting(people)
    source = assessment.evidence.filter(source__basis="firsthand")[0].source

    def other() -> None:
        with transaction.atomic():
            lock_graph(people.other_desk.pk)
            _title(source)

    _refused(other, "without the graph held alone")

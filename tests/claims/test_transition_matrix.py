"""Every state, every state, every person, policy met or not: what the actions answer, and that nothing else happens."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from claims.actions.claims import move_alone
from claims.inputs import MoveInput
from claims.models import Claim, StatusChange
from house.errors import Conflict, Forbidden, Invalid, NotFound, PolicyNotMet
from reviews.actions.assessments import approve
from reviews.models import Assessment, AssessmentState
from tests import factories
from tests.claims.matrix import (
    DECIDERS,
    DECISIONS,
    MOVES,
    REPORTERS,
    Outcome,
    assessment_outcome,
    decision_outcome,
    lone_outcome,
)
from tests.claims.worlds import ListWorld, make_world, undo

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[ListWorld]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(shared_world: ListWorld) -> Iterator[ListWorld]:
    with transaction.atomic():
        yield shared_world
        transaction.set_rollback(True)


def _stands(claim: Claim) -> tuple[object, ...]:
    row = factories.fresh(claim)
    return row.state, row.last_seq, row.version, StatusChange.objects.filter(claim=claim).count()


@pytest.mark.parametrize(("before", "after", "part", "met"), MOVES)
def test_a_move_alone(world: ListWorld, before: str, after: str, part: str, met: bool) -> None:
    claim, outcome = world.claim(before, met=met), lone_outcome(before, after, part, met)
    graph = _stands(claim)

    def move() -> StatusChange:
        return move_alone(
            claim=claim,
            fields=MoveInput(
                to=after,
                reason="Because.",
                evidence=[item.pk for item in world.named(claim, after)],
                seen_version=claim.version,
            ),
            by=world.people[part],
        ).row

    if outcome is None:
        change = move()
        assert (change.from_state, change.to_state, change.by, change.decided_by) == (
            *(before, after, world.people[part]),
            None,
        )
        assert _stands(claim) == (after, claim.last_seq + 1, claim.version + 1, claim.last_seq + 1)
        return
    with pytest.raises(outcome) as error:
        move()
    assert type(error.value) is outcome
    assert _stands(claim) == graph


@pytest.mark.parametrize(("before", "after", "part", "met"), MOVES)
def test_an_assessment(world: ListWorld, before: str, after: str, part: str, met: bool) -> None:
    claim, outcome = world.claim(before, met=met), assessment_outcome(before, after, part, met)
    graph = _stands(claim)
    named, answers = world.named(claim, after), world.answers(claim, after)

    def submit() -> AssessmentState:
        row = factories.submit_as(world.people[part], claim, after, named, answers)
        return AssessmentState(row.state)

    if isinstance(outcome, AssessmentState):
        assert submit() == outcome
        moved = outcome == AssessmentState.ENACTED
        assert _stands(claim)[:2] == ((after, claim.last_seq + 1) if moved else (before, claim.last_seq))
        return
    assert outcome is not None
    with pytest.raises(outcome) as error:
        submit()
    assert type(error.value) is outcome
    assert (_stands(claim), claim.assessments.filter(state="waiting").count()) == (graph, 0)


@pytest.mark.parametrize(("pair", "met"), DECISIONS)
def test_a_decision(world: ListWorld, pair: tuple[str, str], met: bool) -> None:
    """Submitted once: what each person does with it is taken back before the next."""
    before, after = pair
    claim = world.claim(before, met=True)
    named, answers = world.named(claim, after), world.answers(claim, after)
    assessment = factories.submit_as(world.people["assigned"], claim, after, named, answers)
    if not met:
        undo(world, claim, named)
    claim = factories.fresh(claim)
    for part in DECIDERS:
        with transaction.atomic():
            _decide(world, claim, factories.fresh(assessment), part, decision_outcome(pair, part, met))
            transaction.set_rollback(True)


def _decide(world: ListWorld, claim: Claim, assessment: Assessment, part: str, outcome: Outcome) -> None:
    graph, by, refused = _stands(claim), world.people[part], None
    try:
        approve(assessment=assessment, reason="I agree.", seen_version=claim.version, by=by)
    except (Conflict, Forbidden, NotFound, PolicyNotMet) as error:
        refused = type(error)
    assert (part, refused) == (part, outcome)
    if refused:
        assert (part, _stands(claim), factories.fresh(assessment).state) == (part, graph, AssessmentState.WAITING)
        return
    change = StatusChange.objects.get(claim=claim, seq=claim.last_seq + 1)
    assert (part, change.from_state, change.to_state) == (part, claim.state, assessment.proposed_state)
    assert (part, change.by, change.decided_by) == (part, world.people["assigned"], by)


@pytest.mark.parametrize("part", REPORTERS)
@pytest.mark.parametrize("met", [False, True])
def test_a_report(world: ListWorld, part: str, met: bool) -> None:
    by = world.people[part]
    before = (Claim.objects.count(), factories.fresh(world.cast.desk).last_claim_number)
    sources = [{"source": factories.source(world.cast).pk, "stance": "supports"}] if met else []
    outcome = REPORTERS[part] or (None if met else PolicyNotMet)
    if outcome is None:
        claim = factories.report_as(by, world.cast.desk, sources)
        change = StatusChange.objects.get(claim=claim)
        assert (change.seq, change.from_state, change.to_state, change.by) == (1, None, "reported", by)
        return
    with pytest.raises(outcome) as error:
        factories.report_as(by, world.cast.desk, sources)
    assert type(error.value) is outcome
    assert (Claim.objects.count(), factories.fresh(world.cast.desk).last_claim_number) == before


def test_there_is_no_fifth_state(world: ListWorld) -> None:
    claim = world.claim("reported", met=True)
    with pytest.raises(Invalid) as error:
        move_alone(
            claim=claim,
            fields=MoveInput(to="true", reason="x", evidence=[], seen_version=claim.version),
            by=world.people["editor"],
        )
    assert set(error.value.errors) == {"to"}

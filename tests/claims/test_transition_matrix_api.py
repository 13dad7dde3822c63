"""The transition matrix once more, as programs meet it: every state, every state, every person, policy met or not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from claims.models import Claim, Evidence, StatusChange
from house.errors import Conflict, Forbidden, NotFound, PolicyNotMet, Stale
from reviews.models import AssessmentState
from tests import factories
from tests.api.client import Api
from tests.claims.matrix import (
    DECIDERS,
    DECISIONS,
    MOVES,
    REPORTERS,
    assessment_outcome,
    decision_outcome,
    lone_outcome,
)
from tests.claims.worlds import ListWorld, make_world, undo

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

STATUS: dict[type[Exception] | None, int] = {
    None: 201,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Stale: 409,
    PolicyNotMet: 422,
}


@pytest.fixture(scope="module")
def shared_world(
    django_db_setup: None, django_db_blocker: "DjangoDbBlocker"
) -> Iterator[tuple[ListWorld, dict[str, Api]]]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        yield world, {part: Api(person) for part, person in world.people.items()}
        transaction.set_rollback(True)


@pytest.fixture
def clients(shared_world: tuple[ListWorld, dict[str, Api]], world: ListWorld) -> dict[str, Api]:
    return shared_world[1]


@pytest.fixture
def world(shared_world: tuple[ListWorld, dict[str, Api]]) -> Iterator[ListWorld]:
    with transaction.atomic():
        yield shared_world[0]
        transaction.set_rollback(True)


def _changes(claim: Claim) -> list[tuple[int, str]]:
    return list(StatusChange.objects.filter(claim=claim).order_by("seq").values_list("seq", "to_state"))


def _ids(items: list[Evidence]) -> list[str]:
    return [str(item.pk) for item in items]


def _submission(world: ListWorld, claim: Claim, after: str) -> dict[str, Any]:
    return {
        "proposed_state": after,
        "rationale": "This is what the evidence shows.",
        "evidence": _ids(world.named(claim, after)),
        "answers": [{"evidence": pk, "text": "It does not hold."} for pk in _ids(world.answers(claim, after))],
        "seen_version": claim.version,
    }


@pytest.mark.parametrize(("before", "after", "part", "met"), MOVES)
def test_a_move_alone(world: ListWorld, clients: dict[str, Api], before: str, after: str, part: str, met: bool) -> None:
    claim, outcome = world.claim(before, met=met), lone_outcome(before, after, part, met)
    changes, named = _changes(claim), _ids(world.named(claim, after))
    body = {"to": after, "reason": "Because.", "evidence": named, "seen_version": claim.version}
    response = clients[part].post(f"claims/{claim.reference}/moves/", body)
    assert response.status_code == STATUS[outcome], response.content
    moved = [(claim.last_seq + 1, after)] if outcome is None else []
    assert _changes(claim) == changes + moved


@pytest.mark.parametrize(("before", "after", "part", "met"), MOVES)
def test_an_assessment(
    world: ListWorld, clients: dict[str, Api], before: str, after: str, part: str, met: bool
) -> None:
    claim, outcome = world.claim(before, met=met), assessment_outcome(before, after, part, met)
    changes = _changes(claim)
    response = clients[part].post(f"claims/{claim.reference}/assessments/", _submission(world, claim, after))
    if isinstance(outcome, AssessmentState):
        assert (response.status_code, response.json()["state"]) == (201, outcome)
    else:
        assert response.status_code == STATUS[outcome], response.content
    moved = [(claim.last_seq + 1, after)] if outcome == AssessmentState.ENACTED else []
    assert _changes(claim) == changes + moved


@pytest.mark.parametrize(("pair", "met"), DECISIONS)
def test_a_decision(world: ListWorld, clients: dict[str, Api], pair: tuple[str, str], met: bool) -> None:
    """Submitted once: what each person does with it is taken back before the next."""
    before, after = pair
    claim = world.claim(before, met=True)
    changes, named = _changes(claim), world.named(claim, after)
    path = f"claims/{claim.reference}/assessments/"
    submitted = clients["assigned"].post(path, _submission(world, claim, after)).json()
    if not met:
        undo(world, claim, named)
    body = {"reason": "I agree.", "seen_version": factories.fresh(claim).version}
    for part in DECIDERS:
        outcome = decision_outcome(pair, part, met)
        with transaction.atomic():
            response = clients[part].post(f"{path}{submitted['id']}/approve/", body)
            status = 200 if outcome is None else STATUS[outcome]
            assert (part, response.status_code) == (part, status), response.content
            moved = [(claim.last_seq + 1, after)] if outcome is None else []
            assert (part, _changes(claim)) == (part, changes + moved)
            transaction.set_rollback(True)


@pytest.mark.parametrize("part", REPORTERS)
@pytest.mark.parametrize("met", [False, True])
def test_a_report(world: ListWorld, clients: dict[str, Api], part: str, met: bool) -> None:
    source = factories.source(world.cast)
    before = Claim.objects.count()
    evidence = [{"source": str(source.pk), "stance": "supports"}] if met else []
    body = {"desk": str(world.cast.desk.pk), "statement": "A ship came in.", "evidence": evidence}
    response = clients[part].post("claims/", body)
    # Another desk in a body is as if it did not exist; who is on no desk at all writes nothing down.
    made = 201 if met else 422
    refused = {"auditor": 403, "admin": 403, "stranger": 400}.get(part, made)
    assert response.status_code == refused, response.content
    assert Claim.objects.count() == before + (refused == 201)

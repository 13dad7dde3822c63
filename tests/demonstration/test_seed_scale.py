"""Data to measure with: what the copies say agrees with what they are copies of."""

import io
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.test import TransactionTestCase
from django.utils import timezone

from accounts.models import Desk, User
from claims.models import Claim, GroundsWatch, StatusChangeGraph
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.snapshots import snapshot, snapshot_digest
from claims.verdicts.support import recompute_claim
from demonstration.scale.loader import ScalePlan, load_scale
from reviews.queue import work_of
from tests.integrity.looking import found, named

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker


def load(claims: int, prefix: str = "SCALE", *, only_deniable: bool = False) -> list[Claim]:
    """So many claims on a desk with one reviewer."""
    load_scale(
        ScalePlan(
            claims=claims,
            prefix=prefix,
            password="only-to-measure-with",
            reviewers=1,
            only_deniable=only_deniable,
        ),
        now=timezone.now(),
    )
    return list(Claim.objects.filter(desk__prefix=prefix).order_by("created_at"))


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> Iterator[list[Claim]]:
    """200 claims for tests that only look: what a specimen wrote is told by its transaction, so they are committed."""
    with django_db_blocker.unblock():
        yield load(200)
        TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]  # the one of tests/conftest.py


@pytest.fixture
def claims(loaded: list[Claim], db: None) -> list[Claim]:
    return loaded


def test_every_copy_agrees_with_its_graph_and_its_history(claims: list[Claim]) -> None:
    assert [claim.reference for claim in claims] == [f"SCALE-{number}" for number in range(1, 201)]
    for claim in claims[:60]:
        graph = StatusChangeGraph.objects.get(claim=claim, seq=claim.last_seq).graph
        change = claim.status_changes.get(seq=claim.last_seq)
        assert (change.to_state, change.graph_digest) == (claim.state, snapshot_digest(graph))
        assert recompute_claim(claim, now=timezone.now()) is None


def test_what_is_watched_of_a_copy_is_what_its_rows_say(claims: list[Claim]) -> None:
    """Also where a verdict's grounds changed: nothing is found where nobody tampered with anything."""
    assert GroundsWatch.objects.filter(content__isnull=False).exists()
    assert "watched grounds as they are" not in named(found())


def test_a_copys_last_graph_is_what_its_rows_say(claims: list[Claim]) -> None:
    # Since then a denial was attached, or a source retracted: those graphs are of another day.
    verdicts = [claim for claim in claims[:60] if claim.state == "corroborated"]
    kept = [claim for claim in verdicts if not claim.contested and not claim.support_lost]
    told = [StatusChangeGraph.objects.get(claim=claim, seq=claim.last_seq).graph for claim in kept]
    assert told == [snapshot(load_evidence_graph(claim)) for claim in kept]


def test_the_reviewer_has_open_work_and_the_desk_claims_of_all_states(claims: list[Claim]) -> None:
    work = work_of(User.objects.get(username="scale-reviewer-1"), now=timezone.now())
    assert (len(work.later), len(work.offered), len(work.submitted)) == (17, 4, 3)
    assert set(Counter(claim.state for claim in claims)) == {"reported", "denied", "corroborated", "refuted"}


@pytest.mark.django_db(transaction=True)
def test_claims_that_can_be_moved_all_have_a_partys_denial() -> None:
    assert {(claim.state, claim.contested) for claim in load(5, "MOVES", only_deniable=True)} == {("reported", True)}


def test_the_next_claim_takes_the_next_number(claims: list[Claim]) -> None:
    assert Desk.objects.get(prefix="SCALE").last_claim_number == 200


def test_the_command_leaves_a_database_with_claims_alone(claims: list[Claim]) -> None:
    with pytest.raises(CommandError, match="has claims, and nothing was changed"):
        call_command("seed_scale", "--claims", "5", "--desk", "MORE", stdout=io.StringIO())

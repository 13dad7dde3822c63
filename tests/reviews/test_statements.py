"""How many statements a move and a claim's pages take: as many with a large graph as with a small one."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims.actions.claims import move_alone
from claims.inputs import MoveInput
from reviews.actions.assessments import approve
from tests import factories
from tests.factories import Cast
from tests.pages import signed_in

pytestmark = pytest.mark.django_db


def _asked_by(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def _lone_move(cast: Cast, voices: int) -> Callable[[], object]:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, voices)
    denial = factories.party_denial(cast, claim)
    version = factories.fresh(claim).version
    named = [denial.pk]
    return partial(
        move_alone,
        claim=claim,
        fields=MoveInput(to="denied", reason="So.", evidence=named, seen_version=version),
        by=cast.editor,
    )


def _approval(cast: Cast, voices: int) -> Callable[[], object]:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, voices)
    assessment = factories.assessment(cast, claim, "corroborated")
    return partial(
        approve, assessment=assessment, reason="Yes.", seen_version=factories.fresh(claim).version, by=cast.editor
    )


# Beginning, locking, ending, and asking the deferred constraints are five of them.
@pytest.mark.parametrize(("act", "statements"), [(_lone_move, 19), (_approval, 55)])
def test_the_statements_of_a_move(act: Callable[[Cast, int], Callable[[], object]], statements: int) -> None:
    cast = factories.cast()
    assert [_asked_by(act(cast, voices)) for voices in (2, 6)] == [statements, statements]


# Session, person and the page's head are six of them.
@pytest.mark.parametrize(("tab", "statements"), [("", 16), ("history/", 17)])
def test_the_statements_of_a_claims_pages(tab: str, statements: int) -> None:
    cast = factories.cast()
    small, large = factories.claim(cast), factories.claim_in(cast, "corroborated")
    factories.firsthand(cast, large, 4)
    client = signed_in(cast.editor)
    asked = [_asked_by(partial(client.get, f"/claims/{claim.reference}/{tab}")) for claim in (small, large)]
    assert asked == [statements, statements]

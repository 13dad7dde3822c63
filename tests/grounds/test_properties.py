"""Random edits by every role: no verdict without its grounds seen, no change of its grounds without its mark."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from claims.record.grounds_integrity import CHECKS
from claims.verdicts.grounds import now_of
from claims.verdicts.grounds_watch import verdict_watch
from house.errors import Conflict, DomainError, Forbidden, PolicyNotMet, Stale
from house.integrity import IntegrityScope
from reviews.actions.assessments import approve
from reviews.actions.grounds import confirm_assessment, confirm_verdict, last_stood_for
from tests import factories
from tests.factories import fresh
from tests.grounds.edits import EDITS, HARMLESS, WORDING, GroundsWorld, world

pytestmark = pytest.mark.django_db

PEOPLE = ("reporter", "reviewer", "reviewer2", "editor", "editor2", "auditor")
STEPS = st.lists(
    st.tuples(st.sampled_from([*EDITS, *HARMLESS, *WORDING, "confirm"]), st.sampled_from(PEOPLE)), max_size=6
)
some = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALL = {**EDITS, **HARMLESS, **WORDING}


def _person(made: GroundsWorld, name: str) -> User:
    return User.objects.get(username=name)


def _edit(made: GroundsWorld, name: str, by: User) -> bool:
    """Whether it was done; what a person may not do, or what does not go together, is refused."""
    try:
        with transaction.atomic():
            ALL[name](made, by)
    except DomainError:
        return False
    return True


def _digest(made: GroundsWorld, grounds: Any) -> str:
    return now_of(fresh(made.claim), grounds).digest


@some
@given(STEPS)
def test_nothing_is_approved_that_its_assessor_does_not_stand_for(steps: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        made = world()
        factories.person("editor2", "editor", made.cast.desk)
        for name, who in steps:
            if name == "confirm":
                _confirm_assessment(made, _person(made, who))
            else:
                _edit(made, name, _person(made, who))
            stood = last_stood_for(made.assessment)
            assert stood is not None
            agree = _digest(made, stood.grounds) == stood.grounds.digest
            assert _approves(made) <= agree
        assert [list(check.mismatches(_scope())) for check in CHECKS] == [[]] * len(CHECKS)
        transaction.set_rollback(True)


def _approves(made: GroundsWorld) -> bool:
    """Whether the editor could approve it now; taken back."""
    try:
        with transaction.atomic():
            approve(
                assessment=made.assessment, reason="Yes.", seen_version=fresh(made.claim).version, by=made.cast.editor
            )
            transaction.set_rollback(True)
    except (Conflict, PolicyNotMet):
        return False
    return True


def _confirm_assessment(made: GroundsWorld, by: User) -> None:
    stood = last_stood_for(made.assessment)
    assert stood is not None
    seen = _digest(made, stood.grounds)
    try:
        with transaction.atomic():
            confirm_assessment(
                assessment=made.assessment, seen_version=fresh(made.claim).version, seen_grounds=seen, by=by
            )
    except (Conflict, Forbidden, PolicyNotMet):
        return
    assert by == made.cast.reviewer


@some
@given(STEPS)
def test_no_change_of_a_verdicts_grounds_is_without_its_mark(steps: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        made = world()
        factories.person("editor2", "editor", made.cast.desk)
        factories.approved(made.cast, made.assessment)
        changers: set[str] = set()
        for name, who in steps:
            watched = verdict_watch(made.claim)
            assert watched is not None
            by, before = _person(made, who), _digest(made, watched.grounds)
            if name == "confirm":
                if _confirm_verdict(made, by, before):
                    assert who not in changers
                    changers = set()
                continue
            _edit(made, name, by)
            after = _digest(made, watched.grounds)
            if after != before:
                # Some are an editor's alone, whoever asked for them.
                (last,) = watched.grounds.changes.order_by("-pk").values_list("by__username", flat=True)[:1]
                assert last in (who, "editor")
                changers.add(str(last))
            if after == watched.grounds.digest:
                changers = set()
            assert fresh(made.claim).changed_since_verdict is (after != watched.grounds.digest)
        assert [list(check.mismatches(_scope())) for check in CHECKS] == [[]] * len(CHECKS)
        transaction.set_rollback(True)


def _confirm_verdict(made: GroundsWorld, by: User, seen: str) -> bool:
    try:
        with transaction.atomic():
            confirm_verdict(claim=made.claim, reason="I compared both.", seen_grounds=seen, by=by)
    except (Conflict, Forbidden, Stale):
        return False
    return True


def _scope() -> IntegrityScope:
    return IntegrityScope(now=factories.days_ago(0), sample=None)

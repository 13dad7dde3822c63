"""Assignments: who may do what with them, and what each act does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import set_role
from accounts.models import User
from claims.access.permissions import is_assigned, is_named_decider
from claims.models import NEVER_DUE, Participant
from house.errors import Conflict, Forbidden, Invalid, NotFound
from reviews.actions.assignments import (
    accept_assignment,
    assign,
    change_due,
    close_claim,
    decline,
    name_decider,
    reassign,
    withdraw_assignment,
)
from reviews.candidates import candidates_for
from reviews.models import Assignment
from reviews.queries import get_assignment
from reviews.queue import work_of
from tests import factories
from tests.factories import Cast, days_ago, fresh

Refusal = type[Exception] | None
SOON = timedelta(days=2)


def _assign(cast: Cast, row: Assignment, by: User) -> Assignment:
    return assign(claim=row.claim, reviewer=cast.reviewer2, by=by)


def _accept(cast: Cast, row: Assignment, by: User) -> Assignment:
    return accept_assignment(assignment=row, by=by)


def _decline(cast: Cast, row: Assignment, by: User) -> Assignment:
    return decline(assignment=row, reason="No time.", by=by)


def _hand_over(cast: Cast, row: Assignment, by: User) -> Assignment:
    return reassign(assignment=row, to=cast.editor if by == cast.reviewer2 else cast.reviewer2, by=by)


def _withdraw(cast: Cast, row: Assignment, by: User) -> Assignment:
    return withdraw_assignment(assignment=row, by=by)


def _change_due(cast: Cast, row: Assignment, by: User) -> Assignment:
    return change_due(assignment=row, due_at=timezone.now() + SOON, by=by)


def _name_decider(cast: Cast, row: Assignment, by: User) -> None:
    name_decider(claim=row.claim, user=cast.reviewer2, by=by)


def _close(cast: Cast, row: Assignment, by: User) -> Any:
    return close_claim(claim=row.claim, reason="moot", by=by)


Act = Callable[[Cast, Assignment, User], Any]
EDITORS_ACTS: list[Act] = [_assign, _withdraw, _change_due, _name_decider, _close]
OWN_ACTS: list[Act] = [_accept, _decline, _hand_over]
OTHERS: dict[str, type[Exception]] = {
    "reporter": Forbidden,
    "reviewer2": Forbidden,
    "auditor": Forbidden,
    "admin": NotFound,
    "stranger": NotFound,
}


@pytest.mark.parametrize("act", [*EDITORS_ACTS, *OWN_ACTS])
@pytest.mark.parametrize("name", OTHERS)
def test_who_is_neither_editor_nor_the_one_it_is_given_to_does_nothing(cast: Cast, act: Act, name: str) -> None:
    row = factories.assigned(cast, factories.claim(cast), accepted=False)
    with pytest.raises(OTHERS[name]) as error:
        act(cast, row, getattr(cast, name))
    assert type(error.value) is OTHERS[name]
    assert (fresh(row).state, Assignment.objects.count(), fresh(row.claim).closed_at) == ("offered", 1, None)


@pytest.mark.parametrize("act", EDITORS_ACTS)
def test_the_reviewer_does_not_do_what_editors_do(cast: Cast, act: Act) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    with pytest.raises(Forbidden):
        act(cast, row, cast.reviewer)


@pytest.mark.parametrize("act", EDITORS_ACTS)
def test_the_editor_does(cast: Cast, act: Act) -> None:
    act(cast, factories.assigned(cast, factories.claim(cast), accepted=False), cast.editor)


@pytest.mark.parametrize("act", OWN_ACTS)
def test_the_editor_does_not_answer_for_the_reviewer(cast: Cast, act: Act) -> None:
    with pytest.raises(Forbidden):
        act(cast, factories.assigned(cast, factories.claim(cast), accepted=False), cast.editor)


@pytest.mark.parametrize("act", OWN_ACTS)
def test_who_left_the_desk_does_not_know_of_it(cast: Cast, act: Act) -> None:
    row = factories.assigned(cast, factories.claim(cast), accepted=False)
    set_role(desk=cast.desk, user=cast.reviewer, role=None, by=None)
    with pytest.raises(NotFound):
        act(cast, row, cast.reviewer)


def test_an_assignment_is_offered_and_due_after_the_desks_days(cast: Cast) -> None:
    now = timezone.now()
    row = assign(claim=factories.claim(cast), reviewer=cast.reviewer, by=cast.editor, now=now)
    assert (row.state, row.due_at - now, row.assigned_by) == ("offered", timedelta(days=7), cast.editor)


def test_an_editor_who_takes_it_need_not_be_asked(cast: Cast) -> None:
    row = assign(claim=factories.claim(cast), reviewer=cast.editor, by=cast.editor)
    assert row.state == "accepted"
    assert is_assigned(cast.editor, row.claim, accepted=True)


@pytest.mark.parametrize("name", ["reporter", "auditor", "admin", "stranger"])
def test_only_reviewers_and_editors_of_the_desk_are_given_claims(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as error:
        assign(claim=factories.claim(cast), reviewer=getattr(cast, name), by=cast.editor)
    assert set(error.value.errors) == {"reviewer"}


def test_nobody_is_given_a_claim_with_nobody_named(cast: Cast) -> None:
    with pytest.raises(Invalid):
        assign(claim=factories.claim(cast), reviewer=None, by=cast.editor)


@pytest.mark.parametrize("act", [_assign, _change_due])
def test_a_due_time_lies_ahead(cast: Cast, act: Act) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    with pytest.raises(Invalid) as error:
        if act is _assign:
            assign(claim=row.claim, reviewer=cast.reviewer2, due_at=days_ago(0.01), by=cast.editor)
        else:
            change_due(assignment=row, due_at=days_ago(0.01), by=cast.editor)
    assert set(error.value.errors) == {"due_at"}


def test_nobody_has_a_claim_twice(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    with pytest.raises(Conflict):
        assign(claim=row.claim, reviewer=cast.reviewer, by=cast.editor)


def test_two_people_may_have_a_claim(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    assign(claim=row.claim, reviewer=cast.reviewer2, by=cast.editor)
    assert Assignment.objects.filter(claim=row.claim, ended_at=None).count() == 2


def test_a_closed_claim_is_given_to_nobody(cast: Cast) -> None:
    claim = factories.claim(cast)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    with pytest.raises(Conflict):
        assign(claim=claim, reviewer=cast.reviewer, by=cast.editor)


def test_accepting_lets_one_assess(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast), accepted=False)
    assert not is_assigned(cast.reviewer, row.claim, accepted=True)
    accept_assignment(assignment=row, by=cast.reviewer)
    assert is_assigned(cast.reviewer, row.claim, accepted=True)


@pytest.mark.parametrize(
    ("act", "state"), [(_decline, "declined"), (_hand_over, "handed_over"), (_withdraw, "withdrawn")]
)
def test_what_ends_it_ends_the_part_that_one_takes(cast: Cast, act: Act, state: str) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    act(cast, row, cast.editor if act is _withdraw else cast.reviewer)
    assert fresh(row).state == state
    assert not is_assigned(cast.reviewer, row.claim)


@pytest.mark.parametrize("act", [*OWN_ACTS, _withdraw, _change_due])
def test_what_has_ended_is_over(cast: Cast, act: Act) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    decline(assignment=row, reason="No time.", by=cast.reviewer)
    with pytest.raises(Conflict):
        act(cast, row, cast.editor if act in (_withdraw, _change_due) else cast.reviewer)


def test_declining_takes_a_reason(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    with pytest.raises(Invalid) as error:
        decline(assignment=row, reason="  ", by=cast.reviewer)
    assert set(error.value.errors) == {"reason"}


def test_after_declining_one_may_be_asked_again(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    decline(assignment=row, reason="No time.", by=cast.reviewer)
    again = assign(claim=row.claim, reviewer=cast.reviewer, by=cast.editor)
    assert again.state == "offered"


def test_who_is_handed_a_claim_is_asked_and_has_the_same_time(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    passed = reassign(assignment=row, to=cast.reviewer2, reason="Away.", by=cast.reviewer)
    assert (passed.reviewer, passed.state, passed.due_at) == (cast.reviewer2, "offered", row.due_at)
    assert fresh(row).ended_reason == "Away."


def test_an_overdue_claim_is_handed_over_with_new_time(cast: Cast) -> None:
    claim = factories.claim(cast, now=days_ago(20))
    row = factories.assigned(cast, claim, due_at=days_ago(1), now=days_ago(10))
    now = timezone.now()
    passed = reassign(assignment=row, to=cast.reviewer2, by=cast.reviewer, now=now)
    assert passed.due_at == now + timedelta(days=7)


@pytest.mark.parametrize("name", ["reviewer", "reporter", "stranger"])
def test_one_hands_over_to_another_reviewer(cast: Cast, name: str) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    with pytest.raises(Invalid) as error:
        reassign(assignment=row, to=getattr(cast, name), by=cast.reviewer)
    assert set(error.value.errors) == {"to"}
    assert fresh(row).state == "accepted"


def test_a_claim_is_due_when_its_first_open_assignment_is(cast: Cast) -> None:
    claim = factories.claim(cast)
    later = assign(claim=claim, reviewer=cast.reviewer2, due_at=timezone.now() + 2 * SOON, by=cast.editor)
    sooner = factories.assigned(cast, claim, due_at=timezone.now() + SOON)
    assert fresh(claim).due_at == sooner.due_at
    decline(assignment=sooner, reason="No time.", by=cast.reviewer)
    assert fresh(claim).due_at == later.due_at
    withdraw_assignment(assignment=later, by=cast.editor)
    assert fresh(claim).due_at == NEVER_DUE


def test_assignments_raise_no_version(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    assert fresh(claim).version == claim.version


@pytest.mark.parametrize("name", ["reviewer2", "editor", "stranger"])
def test_reviewers_and_editors_of_any_desk_can_be_named_to_decide(cast: Cast, name: str) -> None:
    claim = factories.claim(cast)
    name_decider(claim=claim, user=getattr(cast, name), by=cast.editor)
    assert is_named_decider(getattr(cast, name), claim)


@pytest.mark.parametrize("name", ["reporter", "auditor", "admin"])
def test_nobody_else_can_be_named_to_decide(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid):
        name_decider(claim=factories.claim(cast), user=getattr(cast, name), by=cast.editor)
    assert Participant.objects.count() == 0


def test_closing_ends_all_assignments_of_the_claim_only(cast: Cast) -> None:
    row, other = (factories.assigned(cast, factories.claim(cast)) for _ in range(2))
    close_claim(claim=row.claim, reason="duplicate", note="See the other.", by=cast.editor)
    assert (fresh(row).state, fresh(row).ended_reason) == ("withdrawn", "The claim was closed.")
    assert fresh(other).state == "accepted"


@pytest.mark.parametrize(("name", "seen"), [("reviewer2", True), ("auditor", True), ("stranger", False)])
def test_assignments_are_seen_on_ones_desk(cast: Cast, name: str, seen: bool) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    if seen:
        assert get_assignment(getattr(cast, name), row.pk) == row
        return
    with pytest.raises(NotFound):
        get_assignment(getattr(cast, name), row.pk)


def test_candidates_are_those_with_the_least_to_do_and_the_reporter_last(cast: Cast) -> None:
    claim = factories.claim(cast, by=cast.editor)
    factories.assigned(cast, factories.claim(cast), reviewer=cast.reviewer)
    found = candidates_for(claim, to=cast.editor, now=timezone.now())
    assert [(one.person.username, one.open_assignments, one.reported_it) for one in found] == [
        ("reviewer2", 0, False),
        ("reviewer", 1, False),
        ("editor", 0, True),
    ]


def test_today_ends_at_midnight_where_the_person_is(cast: Cast) -> None:
    """At 23:30 in Kyiv, 21:30 UTC in winter, what is due half an hour later is due tomorrow."""
    User.objects.filter(pk=cast.reviewer.pk).update(time_zone="Europe/Kyiv")
    person = fresh(cast.reviewer)
    now = timezone.now().replace(year=2030, month=1, day=10, hour=21, minute=30, second=0, microsecond=0)
    today = factories.assigned(cast, factories.claim(cast), due_at=now + timedelta(minutes=29))
    tomorrow = factories.assigned(cast, factories.claim(cast), due_at=now + timedelta(minutes=30))
    overdue = factories.assigned(cast, factories.claim(cast), due_at=now)
    work = work_of(person, now=now)
    assert ([overdue], [today], [tomorrow]) == (work.overdue, work.today, work.later)


def test_editors_see_what_nobody_has(cast: Cast) -> None:
    never, ended, both, taken = (factories.claim(cast) for _ in range(4))
    decline(assignment=factories.assigned(cast, ended), reason="No time.", by=cast.reviewer)
    decline(assignment=factories.assigned(cast, both), reason="No time.", by=cast.reviewer)
    factories.assigned(cast, both, reviewer=cast.reviewer2)
    factories.assigned(cast, taken)
    factories.claim_in(cast, "corroborated")
    assert work_of(cast.editor, now=timezone.now()).unassigned == [never, ended]
    assert work_of(cast.reviewer, now=timezone.now()).unassigned == []

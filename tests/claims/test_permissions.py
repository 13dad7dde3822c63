"""Who may do what with a claim and its evidence, asked of the rules themselves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from accounts.actions import set_role
from accounts.models import Membership, Role, User
from claims.access.permissions import (
    ClaimAccess,
    is_assigned,
    is_named_decider,
    may_assess,
    may_confirm_excerpt,
    may_decide_move,
    may_edit_as_editor,
    may_edit_claim,
    may_edit_evidence,
    may_move_alone,
    role_for,
)
from claims.models import Claim, Evidence
from house.errors import Forbidden, NotFound
from reviews.actions.assignments import name_decider, unname_decider, withdraw_assignment
from tests import factories
from tests.factories import Cast

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

PEOPLE = ("reporter", "reviewer", "reviewer2", "editor", "auditor", "admin", "stranger")
Refusals = dict[str, type[Exception]]
OUTSIDE: Refusals = {"admin": NotFound, "stranger": NotFound}


def _refusals(cast: Cast, asked: Callable[[User], object]) -> Refusals:
    """The refusal of each person who is refused."""
    found: Refusals = {}
    for name in PEOPLE:
        try:
            asked(getattr(cast, name))
        except (Forbidden, NotFound) as error:
            found[name] = type(error)
    return found


def _memberships(user: User) -> list[Membership]:
    return list(user.memberships.all())


@pytest.fixture
def claim(cast: Cast) -> Claim:
    """A claim that the editor reported: accepted by `reviewer`, offered to `reviewer2`."""
    claim = factories.claim(cast, by=cast.editor)
    factories.assigned(cast, claim)
    factories.assigned(cast, claim, reviewer=cast.reviewer2, accepted=False)
    return claim


def test_a_claim_is_assigned_to_a_reviewer_before_they_accept_it(cast: Cast, claim: Claim) -> None:
    people = [cast.reviewer, cast.reviewer2, cast.editor]
    assert [is_assigned(person, claim) for person in people] == [True, True, False]
    assert [is_assigned(person, claim, accepted=True) for person in people] == [True, False, False]


def test_an_assignment_that_was_withdrawn_assigns_nothing(cast: Cast) -> None:
    claim = factories.claim(cast)
    withdraw_assignment(assignment=factories.assigned(cast, claim), reason="Another reviewer is free.", by=cast.editor)
    assert not is_assigned(cast.reviewer, claim)


def test_an_approver_is_one_until_an_editor_removes_them(cast: Cast, claim: Claim) -> None:
    named = name_decider(claim=claim, user=cast.reviewer2, by=cast.editor)
    assert [is_named_decider(person, claim) for person in (cast.reviewer2, cast.reviewer)] == [True, False]
    unname_decider(decider=named, by=cast.editor)
    assert not is_named_decider(cast.reviewer2, claim)


def test_a_role_on_a_claim_is_that_on_its_desk(cast: Cast, claim: Claim) -> None:
    people = [cast.reporter, cast.reviewer, cast.editor, cast.auditor]
    assert [role_for(person, claim) for person in people] == [Role.REPORTER, Role.REVIEWER, Role.EDITOR, Role.AUDITOR]


def test_an_approver_from_another_desk_has_no_role_and_sees_the_claim(cast: Cast, claim: Claim) -> None:
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    assert role_for(cast.stranger, claim) is None


def test_nobody_else_from_another_desk_sees_the_claim(cast: Cast, claim: Claim) -> None:
    assert _refusals(cast, lambda user: role_for(user, claim)) == OUTSIDE


def test_a_page_takes_the_role_from_the_memberships_that_it_has_read(
    cast: Cast, claim: Claim, django_assert_num_queries: "DjangoAssertNumQueries"
) -> None:
    set_role(desk=cast.other_desk, user=cast.reporter, role=Role.EDITOR, by=None)
    for order in ("created_at", "-created_at"):
        memberships = list(cast.reporter.memberships.order_by(order))
        with django_assert_num_queries(0):
            assert ClaimAccess(cast.reporter, claim, memberships).role == Role.REPORTER


def test_a_page_without_a_membership_of_the_desk_asks_for_the_role(cast: Cast, claim: Claim) -> None:
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    assert ClaimAccess(cast.stranger, claim, _memberships(cast.stranger)).role is None
    with pytest.raises(NotFound):
        _ = ClaimAccess(cast.admin, claim, _memberships(cast.admin)).role


def test_a_page_reads_whether_its_reader_accepted_the_claim(cast: Cast, claim: Claim) -> None:
    people = [cast.reviewer, cast.reviewer2, cast.editor]
    assert [ClaimAccess(person, claim).reviews for person in people] == [[True], [False], []]


def test_reviewers_and_editors_edit_every_claim_and_reporters_their_own(cast: Cast, claim: Claim) -> None:
    own = factories.claim(cast, by=cast.reporter)
    outside = OUTSIDE | {"auditor": Forbidden}
    assert _refusals(cast, lambda user: may_edit_claim(user, claim)) == outside | {"reporter": Forbidden}
    assert _refusals(cast, lambda user: may_edit_claim(user, own)) == outside


def test_an_auditor_who_once_reported_a_claim_no_longer_edits_it(cast: Cast) -> None:
    claim = factories.claim(cast, by=cast.reporter)
    set_role(desk=cast.desk, user=cast.reporter, role=Role.AUDITOR, by=None)
    with pytest.raises(Forbidden):
        may_edit_claim(cast.reporter, claim)


def test_restricted_evidence_is_edited_by_those_who_may_see_it(cast: Cast, claim: Claim) -> None:
    source = factories.source(cast, by=cast.editor, visibility="restricted")
    hidden = factories.attach(cast, claim, source, by=cast.editor)
    outside = OUTSIDE | {"auditor": Forbidden, "reporter": Forbidden}
    assert _refusals(cast, lambda user: may_edit_evidence(user, _open_evidence(claim))) == outside
    assert _refusals(cast, lambda user: may_edit_evidence(user, hidden)) == outside
    third = factories.person("reviewer3", Role.REVIEWER, cast.desk)
    may_edit_evidence(third, _open_evidence(claim))
    with pytest.raises(NotFound):
        may_edit_evidence(third, hidden)


def _open_evidence(claim: Claim) -> Evidence:
    return claim.evidence.exclude(visibility="restricted").get()


def test_editors_and_the_claims_reviewers_confirm_an_excerpt(cast: Cast, claim: Claim) -> None:
    evidence = _open_evidence(claim)
    outside = OUTSIDE | {"auditor": Forbidden, "reporter": Forbidden}
    assert _refusals(cast, lambda user: may_confirm_excerpt(user, evidence)) == outside
    third = factories.person("reviewer3", Role.REVIEWER, cast.desk)
    with pytest.raises(Forbidden, match="this claim’s reviewer can confirm an excerpt"):
        may_confirm_excerpt(third, evidence)


def test_a_reporter_confirms_no_excerpt_of_their_own_claim(cast: Cast) -> None:
    claim = factories.claim(cast, by=cast.reporter)
    with pytest.raises(Forbidden):
        may_confirm_excerpt(cast.reporter, claim.evidence.get())


def test_the_excerpt_of_hidden_evidence_cannot_be_confirmed(cast: Cast) -> None:
    claim = factories.claim(cast, by=cast.editor)
    source = factories.source(cast, by=cast.editor, visibility="restricted")
    hidden = factories.attach(cast, claim, source, by=cast.editor)
    expected = OUTSIDE | dict.fromkeys(("reporter", "reviewer", "reviewer2", "auditor"), NotFound)
    assert _refusals(cast, lambda user: may_confirm_excerpt(user, hidden)) == expected


def test_only_editors_do_the_work_of_editors(cast: Cast, claim: Claim) -> None:
    members = dict.fromkeys(("reporter", "reviewer", "reviewer2", "auditor"), Forbidden)
    assert _refusals(cast, lambda user: may_edit_as_editor(user, claim, "Only editors.")) == OUTSIDE | members
    with pytest.raises(Forbidden, match="Only editors"):
        may_edit_as_editor(cast.reviewer, claim, "Only editors.")


@pytest.mark.parametrize("rule", [may_move_alone, may_assess])
def test_editors_and_the_reviewer_who_accepted_move_a_claim_alone_and_assess_it(
    cast: Cast, claim: Claim, rule: Callable[[User, Claim], None]
) -> None:
    members = dict.fromkeys(("reporter", "reviewer2", "auditor"), Forbidden)
    assert _refusals(cast, lambda user: rule(user, claim)) == OUTSIDE | members
    unassigned = factories.person("reviewer3", Role.REVIEWER, cast.desk)
    with pytest.raises(Forbidden):
        rule(unassigned, claim)


@pytest.mark.parametrize("named", ["reviewer2", "stranger"])
def test_editors_and_the_approvers_whom_they_named_decide(cast: Cast, claim: Claim, named: str) -> None:
    name_decider(claim=claim, user=getattr(cast, named), by=cast.editor)
    refused = OUTSIDE | dict.fromkeys(("reporter", "reviewer", "reviewer2", "auditor"), Forbidden)
    del refused[named]
    assert _refusals(cast, lambda user: may_decide_move(user, claim, cast.reviewer)) == refused


def test_nobody_decides_on_their_own_assessment(cast: Cast, claim: Claim) -> None:
    with pytest.raises(Forbidden, match="you cannot decide on your own assessment"):
        may_decide_move(cast.editor, claim, cast.editor)


@pytest.mark.parametrize(
    "rule",
    [may_edit_claim, may_assess, lambda user, claim, access: may_edit_as_editor(user, claim, "Only editors.", access)],
    ids=["edit a claim", "assess", "edit as an editor"],
)
def test_a_page_asks_several_rules_and_reads_a_persons_role_once(
    cast: Cast,
    claim: Claim,
    rule: Callable[[User, Claim, ClaimAccess], None],
    django_assert_num_queries: "DjangoAssertNumQueries",
) -> None:
    access = ClaimAccess(cast.auditor, claim, _memberships(cast.auditor))
    with django_assert_num_queries(0), pytest.raises(Forbidden):
        rule(cast.auditor, claim, access)

"""What ends for somebody whose role on a desk changes or is taken."""

import pytest

from accounts.actions import set_role
from accounts.models import Role
from claims.models import Claim
from claims.queries import visible_claims
from house.errors import Forbidden
from reviews.actions.assignments import name_decider
from reviews.actions.memberships import change_role
from reviews.models import Reminder
from reviews.queries import reminders_of
from reviews.queue import work_of
from tests import factories
from tests.factories import Cast, fresh

ENDING = [None, Role.REPORTER, Role.AUDITOR]


def _decider(cast: Cast, claim: Claim, role: str | None) -> bool:
    """Whether the stranger, who was invited, still knows of the claim after a change of role on their own desk."""
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    factories.person("stranger2", Role.EDITOR, cast.other_desk)
    change_role(desk=cast.other_desk, user=cast.stranger, role=role, by=cast.admin)
    return visible_claims(cast.stranger).filter(pk=claim.pk).exists()


@pytest.mark.parametrize("role", ENDING)
def test_their_assignments_are_withdrawn_with_their_reminders(cast: Cast, role: str | None) -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    change_role(desk=cast.desk, user=cast.reviewer, role=role, by=cast.admin)
    assert fresh(assignment).state == "withdrawn"
    assert set(Reminder.objects.filter(assignment=assignment).values_list("state", flat=True)) == {"cancelled"}
    assert not assignment.claim.participants.filter(until__isnull=True).exists()


@pytest.mark.parametrize("role", ENDING)
def test_they_are_no_second_person_any_more(cast: Cast, role: str | None) -> None:
    claim = factories.claim(cast)
    name_decider(claim=claim, user=cast.reviewer2, by=cast.editor)
    change_role(desk=cast.desk, user=cast.reviewer2, role=role, by=cast.admin)
    assert not claim.participants.filter(until__isnull=True).exists()
    assert visible_claims(cast.reviewer2).exists() == (role is not None)


@pytest.mark.parametrize("role", ENDING)
def test_whoever_reviews_nowhere_is_invited_nowhere(cast: Cast, role: str | None) -> None:
    assert not _decider(cast, factories.claim(cast), role)


def test_an_invitation_outlives_a_change_that_leaves_them_a_reviewer(cast: Cast) -> None:
    assert _decider(cast, factories.claim(cast), Role.REVIEWER)


def test_what_they_have_on_another_desk_stays(cast: Cast) -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    set_role(desk=cast.other_desk, user=cast.reviewer, role=Role.REVIEWER, by=None)
    change_role(desk=cast.other_desk, user=cast.reviewer, role=None, by=cast.admin)
    assert fresh(assignment).state == "accepted"


def test_an_editor_made_a_reviewer_keeps_what_they_have(cast: Cast) -> None:
    assignment = factories.assigned(cast, factories.claim(cast), reviewer=cast.editor)
    factories.person("editor2", Role.EDITOR, cast.desk)
    change_role(desk=cast.desk, user=cast.editor, role=Role.REVIEWER, by=cast.admin)
    assert fresh(assignment).state == "accepted"


def test_whoever_left_reads_nothing_of_the_desks_claims_in_their_queue(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    change_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    assert work_of(cast.reviewer, now=assessment.created_at).submitted == []
    assert list(reminders_of(cast.reviewer)) == []


def test_only_an_administrator_changes_a_role(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        change_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.editor)

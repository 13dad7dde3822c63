"""Verification finds what disagrees among assignments, assessments, decisions and reminders."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.utils import timezone

from claims.models import Claim, Participant, Task
from reviews.actions.assessments import reject
from reviews.models import Assessment, Assignment, Decision, Reminder
from tests import factories
from tests.integrity.looking import found, named

Execute = Callable[..., None]
Unguarded = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def assignment(cast: factories.Cast) -> Assignment:
    return factories.assigned(cast, factories.claim(cast))


@pytest.fixture
def waiting(cast: factories.Cast) -> Assessment:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    return factories.assessment(cast, claim, "corroborated")


def test_nothing_is_found_in_what_people_did(
    cast: factories.Cast, verdict: Claim, assignment: Assignment, waiting: Assessment
) -> None:
    reject(
        assessment=waiting, reason="Look again.", seen_version=factories.fresh(waiting.claim).version, by=cast.editor
    )
    assert found() == []


@pytest.mark.parametrize("change", [{"until": timezone.now()}, {"accepted": False}])
def test_a_reviewer_who_does_not_take_part(assignment: Assignment, change: dict[str, object]) -> None:
    Participant.objects.filter(claim=assignment.claim).update(**change)
    assert named(found()) == {"reviewers are those with assignments", "reviewers as long as their assignments"}


def test_a_reviewer_without_an_assignment(cast: factories.Cast, assignment: Assignment) -> None:
    Participant.objects.filter(claim=assignment.claim).update(user=cast.reviewer2)
    names = ("reviewers are those with assignments", "reviewers as long as their assignments")
    assert [finding.check for finding in found()] == [name for name in names for _ in range(2)]


def test_a_claim_that_is_due_at_another_time(assignment: Assignment) -> None:
    Claim.objects.filter(pk=assignment.claim_id).update(due_at=timezone.now())
    assert named(found()) == {"due when its first assignment is"}


def test_a_closed_claim_with_open_work(assignment: Assignment) -> None:
    Claim.objects.filter(pk=assignment.claim_id).update(closed_at=timezone.now(), closed_reason="moot")
    assert named(found()) == {"closed", "reminder with a reason"}


def test_completed_work_without_an_assessment(cast: factories.Cast, verdict: Claim, unguarded: Unguarded) -> None:
    with unguarded():
        Assessment.objects.filter(claim=verdict).update(assessor=cast.reviewer2)
    assert named(found()) >= {"completed with an assessment", "assessment with its decision", "approvals are moves"}


def test_two_assessments_of_one_assessor_that_wait(waiting: Assessment, execute: Execute) -> None:
    execute("DROP INDEX assessment_one_waits")
    Assessment.objects.create(
        claim=waiting.claim,
        assessor=waiting.assessor,
        from_state="reported",
        proposed_state="refuted",
        rationale="Another.",
        seen_version=1,
        state="waiting",
        created_at=waiting.created_at,
    )
    assert named(found()) == {"one assessment waits", "waiting assessment with its reminder"}


@pytest.mark.parametrize(("state", "found_decision"), [("rejected", "an approval"), ("waiting", "an approval")])
def test_an_assessment_with_another_decision(
    verdict: Claim, state: str, found_decision: str, unguarded: Unguarded
) -> None:
    with unguarded():
        Assessment.objects.filter(claim=verdict).update(state=state)
    assert [finding.found for finding in found() if finding.check == "assessment with its decision"] == [found_decision]


def test_an_approved_assessment_without_a_decision(verdict: Claim, unguarded: Unguarded) -> None:
    with unguarded():
        Decision.objects.all().delete()
    assert [(finding.check, finding.expected) for finding in found() if finding.check == "approvals are moves"] == [
        ("approvals are moves", "an approval for status change 2")
    ]
    assert "assessment with its decision" in named(found())


def test_an_approval_that_moved_nothing(verdict: Claim, unguarded: Unguarded) -> None:
    with unguarded():
        Decision.objects.update(at=verdict.created_at + timedelta(minutes=1))
    assert [finding.check for finding in found()] == ["approvals are moves"] * 2


def test_an_assessment_made_alone_that_moved_nothing(cast: factories.Cast, unguarded: Unguarded) -> None:
    claim = factories.claim(cast)
    factories.party_denial(cast, claim)
    assessment = factories.assessment(cast, claim, "denied")
    assert found() == []
    with unguarded():
        Assessment.objects.filter(pk=assessment.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert named(found()) == {"assessments made alone are moves", "assessment by assignment of its assessor"}


def test_a_reminder_that_ended_and_did_not(assignment: Assignment, execute: Execute) -> None:
    execute("ALTER TABLE reviews_reminder DROP CONSTRAINT reminder_ends_once")
    reminder = Reminder.objects.filter(assignment=assignment, kind="overdue")[0]
    Reminder.objects.filter(pk=reminder.pk).update(state="sent")
    assert named(found()) == {"reminder ends once"}


def test_a_reminder_of_another_claim_and_one_for_another_person(cast: factories.Cast, assignment: Assignment) -> None:
    rows = Reminder.objects.filter(assignment=assignment, kind="overdue").order_by("due_at")
    wrong = [rows[0].pk, rows[1].pk]
    Reminder.objects.filter(pk=wrong[0]).update(claim=factories.claim(cast))
    Reminder.objects.filter(pk=wrong[1]).update(recipient=cast.reviewer2)
    assert [finding.check for finding in found()] == ["reminder of its subject"] * 2


def test_a_reminder_of_work_that_has_ended(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(state="declined", ended_at=timezone.now())
    assert "reminder with a reason" in named(found())


def test_open_work_without_its_reminder(assignment: Assignment) -> None:
    Reminder.objects.filter(assignment=assignment, kind="due").delete()
    assert [(finding.check, finding.subject) for finding in found()] == [
        ("assignment with its reminder", assignment.claim.reference)
    ]


def test_a_reminder_cancelled_before_it_was_due(assignment: Assignment) -> None:
    due = Reminder.objects.filter(assignment=assignment, kind="due")
    due.update(state="cancelled", ended_at=timezone.now())
    assert named(found()) == {"assignment with its reminder"}
    due.update(ended_at=assignment.due_at)
    assert found() == []


def test_a_waiting_assessment_that_nobody_is_reminded_of(waiting: Assessment) -> None:
    Reminder.objects.filter(assessment=waiting).update(state="failed", ended_at=timezone.now())
    assert named(found()) == {"waiting assessment with its reminder"}


def test_reminders_that_no_worker_sends(cast: factories.Cast) -> None:
    late = timezone.now() - timedelta(hours=1)
    claim = factories.claim(cast, now=late - timedelta(days=3))
    factories.assigned(cast, claim, due_at=late, now=late - timedelta(days=2))
    assert [finding.check for finding in found() if "due " in finding.found] == ["reminder in time"] * 2
    Reminder.objects.update(lease_until=timezone.now())
    assert found() == []


def test_a_task_that_no_reminder_follows(verdict: Claim) -> None:
    late = timezone.now() - timedelta(hours=1)
    Task.objects.create(
        claim=verdict, kind="recheck", evidence=verdict.evidence.first(), opened_at=late, due_at=timezone.now()
    )
    assert named(found()) == {"task with its reminders"}

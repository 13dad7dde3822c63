"""Nobody is left untold: every act that ends, moves or takes away somebody's work, and everybody who is told of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone

from accounts.models import Role, User
from claims.actions.sources import retract_source
from claims.models import Claim
from reviews.actions.assignments import (
    change_due,
    close_claim,
    decline,
    name_decider,
    open_claim,
    reassign,
    unname_decider,
    withdraw_assignment,
)
from reviews.actions.memberships import change_account, change_role
from reviews.actions.planning import follow_tasks
from reviews.actions.reminders import lease_due_reminders, send_reminder
from reviews.actions.telling import TOLD, Audience, audience_of
from reviews.models import Assignment, Notification, NotificationKind
from reviews.notices import notice_in_words
from reviews.queries import notifications_of
from tests import factories
from tests.factories import Cast, fresh


class TellingScene(NamedTuple):
    """A claim that the reviewer has, whose other reviewer's assessment awaits a decision, with an approver named."""

    cast: Cast
    claim: Claim
    assignment: Assignment
    approver: User
    second_editor: User


@pytest.fixture
def scene(cast: Cast) -> TellingScene:
    second_editor = factories.person("editor2", Role.EDITOR, cast.desk)
    approver = factories.person("approver", Role.REVIEWER, cast.desk)
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assignment = factories.assigned(cast, claim)
    factories.assessment(cast, claim, "corroborated", by=cast.reviewer2)
    name_decider(claim=claim, user=approver, by=cast.editor)
    Notification.objects.all().delete()
    return TellingScene(cast, fresh(claim), Assignment.objects.get(pk=assignment.pk), approver, second_editor)


def _decline(scene: TellingScene) -> None:
    decline(assignment=scene.assignment, reason="No time.", by=scene.cast.reviewer)


def _reassign(scene: TellingScene) -> None:
    third = factories.person("third", Role.REVIEWER, scene.cast.desk)
    reassign(assignment=scene.assignment, to=third, by=scene.cast.reviewer)


def _withdraw(scene: TellingScene) -> None:
    withdraw_assignment(assignment=scene.assignment, by=scene.cast.editor)


def _take_off_the_desk(scene: TellingScene) -> None:
    change_role(desk=scene.cast.desk, user=scene.cast.reviewer, role=None, by=scene.cast.admin)


def _make_a_reporter(scene: TellingScene) -> None:
    change_role(desk=scene.cast.desk, user=scene.cast.reviewer, role=Role.REPORTER, by=scene.cast.admin)


def _deactivate(scene: TellingScene) -> None:
    change_account(user=scene.cast.reviewer, changes={"is_active": False}, by=scene.cast.admin)


def _deactivate_the_approver(scene: TellingScene) -> None:
    change_account(user=scene.approver, changes={"is_active": False}, by=scene.cast.admin)


def _editor_who_submitted(scene: TellingScene) -> User:
    """An editor whose assessment waits, of a claim that nobody assigned to them."""
    third = factories.person("third", Role.EDITOR, scene.cast.desk)
    claim = factories.claim(scene.cast)
    evidence = factories.firsthand(scene.cast, claim, 2)
    factories.submit_as(third, fresh(claim), "corroborated", evidence)
    Notification.objects.all().delete()
    return third


def _deactivate_who_was_assigned_nothing(scene: TellingScene) -> None:
    change_account(user=_editor_who_submitted(scene), changes={"is_active": False}, by=scene.cast.admin)


def _take_off_who_was_assigned_nothing(scene: TellingScene) -> None:
    change_role(desk=scene.cast.desk, user=_editor_who_submitted(scene), role=None, by=scene.cast.admin)


def _make_a_reporter_of_who_was_assigned_nothing(scene: TellingScene) -> None:
    change_role(desk=scene.cast.desk, user=_editor_who_submitted(scene), role=Role.REPORTER, by=scene.cast.admin)


def _make_a_reviewer_of_who_was_assigned_nothing(scene: TellingScene) -> None:
    change_role(desk=scene.cast.desk, user=_editor_who_submitted(scene), role=Role.REVIEWER, by=scene.cast.admin)


def _unname(scene: TellingScene) -> None:
    decider = scene.claim.participants.get(user=scene.approver, role="decider")
    unname_decider(decider=decider, by=scene.cast.editor)


def _change_due(scene: TellingScene) -> None:
    change_due(assignment=scene.assignment, due_at=timezone.now() + timedelta(days=3), by=scene.cast.editor)


def _close(scene: TellingScene) -> None:
    close_claim(claim=scene.claim, reason="moot", by=scene.cast.editor)


def _reopen(scene: TellingScene) -> None:
    _close(scene)
    Notification.objects.all().delete()
    open_claim(claim=scene.claim, by=scene.cast.editor)


# What is done; of which kind each is told. Whoever did it is told nothing.
ACTS: dict[Callable[[TellingScene], None], dict[str, str]] = {
    _decline: {"editor": "declined", "editor2": "declined"},
    _reassign: {"editor": "reassigned", "editor2": "reassigned", "third": "handed_over"},
    _withdraw: {"editor2": "withdrawn", "reviewer": "withdrawn"},
    _take_off_the_desk: {"editor": "departed", "editor2": "departed"},
    _make_a_reporter: {"editor": "departed", "editor2": "departed", "reviewer": "departed"},
    _deactivate: {"editor": "departed", "editor2": "departed"},
    _deactivate_the_approver: {"editor": "approver_departed", "editor2": "approver_departed"},
    _deactivate_who_was_assigned_nothing: {"editor": "departed", "editor2": "departed"},
    _take_off_who_was_assigned_nothing: {"editor": "departed", "editor2": "departed"},
    _make_a_reporter_of_who_was_assigned_nothing: {"editor": "departed", "editor2": "departed", "third": "departed"},
    _make_a_reviewer_of_who_was_assigned_nothing: {"editor": "departed", "editor2": "departed", "third": "departed"},
    _unname: {"approver": "approver_ended"},
    _change_due: {"reviewer": "due_changed"},
    _close: {"editor2": "closed", "reviewer": "closed", "reviewer2": "closed", "approver": "closed"},
    _reopen: {"editor2": "opened", "reviewer2": "opened", "approver": "opened"},
}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__.strip("_"))
def test_everybody_whom_it_concerns_is_told_once(scene: TellingScene, act: Callable[[TellingScene], None]) -> None:
    act(scene)
    rows = Notification.objects.all()
    assert {row.recipient.username: row.kind for row in rows} == ACTS[act]
    assert len(rows) == len(ACTS[act])
    for row in rows:
        [shown] = notifications_of(row.recipient)
        assert "%(" not in notice_in_words(shown)
        assert notice_in_words(shown).strip() == notice_in_words(shown)


def test_who_became_a_reporter_is_told_that_their_assignment_has_ended(scene: TellingScene) -> None:
    _make_a_reporter(scene)
    told = {row.recipient.username: notice_in_words(row) for row in Notification.objects.all()}
    assert told["reviewer"] == "You no longer review on this desk. Your assignment has ended"
    assert told["editor"] == "reviewer no longer reviews on this desk. Their assignment has ended"


def test_editors_are_told_that_an_assessment_cannot_be_approved_any_more(scene: TellingScene) -> None:
    _deactivate_who_was_assigned_nothing(scene)
    [row] = notifications_of(scene.cast.editor)
    assert notice_in_words(row) == "third is no longer assigned. Their assessment cannot be approved"


def test_who_left_with_an_assignment_and_an_assessment_is_told_of_once(scene: TellingScene) -> None:
    change_account(user=scene.cast.reviewer2, changes={"is_active": False}, by=scene.cast.admin)
    [row] = notifications_of(scene.cast.editor)
    assert notice_in_words(row).endswith("Their assignment has ended, and their assessment cannot be approved")


def test_every_kind_of_the_table_is_told_by_an_act() -> None:
    told = {kind for kinds in ACTS.values() for kind in kinds.values()}
    # tests/reviews/test_notifications.py, tests/grounds/test_after_the_verdict.py
    assert {kind.value for kind in TOLD} - told == {"assigned", "grounds_changed"}


def test_every_kind_can_be_said_in_words(scene: TellingScene) -> None:
    for kind in NotificationKind:
        row = Notification(
            recipient=scene.cast.editor, kind=kind, claim=scene.claim, assignment=scene.assignment, by=scene.cast.admin
        )
        assert notice_in_words(row)


@pytest.mark.parametrize("audience", Audience)
def test_nobody_whose_account_is_closed_is_in_an_audience(scene: TellingScene, audience: Audience) -> None:
    waiting = scene.claim.assessments.get()
    before = {person.pk for person in audience_of(audience, scene.claim, scene.assignment, waiting)}
    assert before
    User.objects.filter(pk__in=before).update(is_active=False)
    assignment = Assignment.objects.select_related("reviewer").get(pk=scene.assignment.pk)
    assert list(audience_of(audience, scene.claim, assignment, waiting)) == []


def test_a_claim_that_was_handed_on_and_declined_is_told_to_who_handed_it_on(scene: TellingScene) -> None:
    third = factories.person("third", Role.REVIEWER, scene.cast.desk)
    given = reassign(assignment=scene.assignment, to=third, by=scene.cast.reviewer)
    Notification.objects.all().delete()
    decline(assignment=given, reason="No.", by=third)
    assert {row.recipient.username for row in Notification.objects.all()} == {"editor", "editor2", "reviewer"}


def _send_all() -> None:
    follow_tasks()
    while leases := lease_due_reminders():
        for lease in leases:
            send_reminder(lease)


def _told_of_lost_support() -> list[str]:
    rows = Notification.objects.filter(kind="support_lost")
    return sorted(row.recipient.username for row in rows)


def test_who_assessed_and_who_approved_are_told_once_that_a_verdict_lost_its_support(cast: Cast) -> None:
    approver = factories.person("approver", Role.REVIEWER, cast.desk)
    claim = factories.claim(cast)
    voices = factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    name_decider(claim=claim, user=approver, by=cast.editor)
    factories.approved(cast, assessment, by=approver)
    retract_source(source=voices[0].source, reason="It was made up.", by=cast.editor)
    _send_all()
    assert _told_of_lost_support() == ["approver", "editor", "reviewer"]
    task = claim.tasks.get(kind="support_lost")
    now = task.due_at + timedelta(minutes=1)
    for lease in lease_due_reminders(now=now):
        send_reminder(lease, now=now)
    while leases := lease_due_reminders(now=now):
        for lease in leases:
            send_reminder(lease, now=now)
    assert _told_of_lost_support() == ["approver", "editor", "editor", "reviewer"]


def test_who_made_the_verdict_and_left_the_desk_is_told_nothing_of_it(cast: Cast) -> None:
    claim = factories.claim(cast)
    voices = factories.firsthand(cast, claim, 2)
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    change_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    retract_source(source=voices[0].source, reason="It was made up.", by=cast.editor)
    _send_all()
    assert _told_of_lost_support() == ["editor"]

"""Reminders before something is due, to editors after it, to who may decide, and of what is to be looked at again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.actions import set_role
from accounts.models import Role, User
from claims.actions.claims import set_threshold
from claims.actions.evidence import change_evidence, confirm_excerpt, withdraw_evidence
from claims.actions.sources import correct_source, retract_source
from claims.inputs import EvidenceInput, ThresholdInput
from claims.models import Claim, Evidence, Task
from house.leases import Lease
from reviews.actions.assessments import reject
from reviews.actions.assignments import (
    change_due,
    close_claim,
    decline,
    name_decider,
    open_claim,
    reassign,
    withdraw_assignment,
)
from reviews.actions.mails import SUBJECTS
from reviews.actions.planning import follow_tasks
from reviews.actions.reminders import MOST_ATTEMPTS, lease_due_reminders, send_reminder
from reviews.models import (
    OF_ASSESSMENTS,
    OF_ASSIGNMENTS,
    OF_CLAIMS,
    Assessment,
    Assignment,
    NotificationKind,
    Reminder,
    ReminderKind,
    ReminderState,
)
from reviews.tasks import send_due_reminders
from tests import factories
from tests.factories import Cast, days_ago, fresh
from tests.mail import MailServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _rows(**which: Any) -> list[tuple[str, str, str]]:
    """Kind, whom it is for, and state, the earliest due first; those for a role before those of people."""
    rows = Reminder.objects.filter(**which).select_related("recipient").order_by("due_at", "created_at", "id")
    named = [(row.kind, row.recipient.username if row.recipient else "", row.state) for row in rows]
    return sorted(named, key=lambda row: row[1] != "")


def _pending(kind: str, **which: Any) -> list[datetime]:
    rows = Reminder.objects.filter(kind=kind, state="pending", **which)
    return list(rows.order_by("due_at").values_list("due_at", flat=True))


def _told(server: MailServer) -> list[tuple[str, str]]:
    return sorted((mail["To"].split("@")[0], mail["Subject"]) for mail in server.messages)


def _send_all(now: datetime | None = None) -> None:
    """What the ticks up to `now` do, role rows and those that come of them."""
    now = now or timezone.now()
    follow_tasks(now=now)
    while leases := lease_due_reminders(now=now):
        for lease in leases:
            send_reminder(lease, now=now)


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        (timedelta(days=10), 24 * HOUR, 48 * HOUR),
        (timedelta(hours=48), 24 * HOUR, 48 * HOUR),
        (timedelta(hours=30), 15 * HOUR, 30 * HOUR),
        (timedelta(hours=2), HOUR, 2 * HOUR),
    ],
)
def test_how_long_before_and_after_it_is_due(cast: Cast, given: timedelta, before: timedelta, after: timedelta) -> None:
    now = timezone.now()
    row = factories.assigned(cast, factories.claim(cast), due_at=now + given, now=now)
    moments = dict(Reminder.objects.filter(kind__in=["due_soon", "escalation"]).values_list("kind", "due_at"))
    assert moments == {"due_soon": row.due_at - before, "escalation": row.due_at + after}


def test_a_moved_due_time_is_given_anew(cast: Cast) -> None:
    now = timezone.now()
    row = factories.assigned(cast, factories.claim(cast), due_at=now + 10 * DAY, now=now)
    later = now + 9 * DAY
    change_due(assignment=row, due_at=later + 4 * HOUR, by=cast.editor, now=later)
    due_at = fresh(row).due_at
    assert (_pending("due_soon"), _pending("escalation")) == ([due_at - 2 * HOUR], [due_at + 4 * HOUR])


def _overdue(cast: Cast, days: float = 3) -> Assignment:
    return factories.assigned(cast, factories.claim(cast, now=days_ago(20)), due_at=days_ago(days), now=days_ago(15))


def test_the_reviewer_is_told_before_it_is_due(cast: Cast, smtp_server: MailServer) -> None:
    row = factories.assigned(cast, factories.claim(cast), due_at=timezone.now() + 10 * DAY)
    _send_all(row.due_at - 23 * HOUR)
    assert _told(smtp_server) == [("reviewer", f"{row.claim.reference} is due soon")]


def test_editors_are_told_as_they_are_when_it_fires(cast: Cast, smtp_server: MailServer) -> None:
    row = _overdue(cast)
    set_role(desk=cast.desk, user=cast.reviewer2, role=Role.EDITOR, by=cast.admin)
    set_role(desk=cast.desk, user=cast.editor, role=Role.REPORTER, by=cast.admin)
    _send_all()
    assert _rows(kind="escalation") == [("escalation", "", "sent"), ("escalation", "reviewer2", "sent")]
    assert ("reviewer2", f"{row.claim.reference} missed its due time") in _told(smtp_server)


def test_each_row_of_a_role_is_leased_and_sent_by_itself(cast: Cast, smtp_server: MailServer) -> None:
    set_role(desk=cast.desk, user=cast.reviewer2, role=Role.EDITOR, by=cast.admin)
    _overdue(cast)
    assert (send_reminder(_lease(_role_row())), smtp_server.messages) == (ReminderState.SENT, [])
    assert sorted(_rows(kind="escalation")) == [
        ("escalation", "", "sent"),
        ("escalation", "editor", "pending"),
        ("escalation", "reviewer2", "pending"),
    ]


def _role_row(kind: str = "escalation") -> Reminder:
    return Reminder.objects.get(kind=kind, recipient=None, state="pending")


def _lease(row: Reminder) -> Lease:
    """This row taken by a worker, and no other."""
    Reminder.objects.filter(pk=row.pk).update(attempt=1, lease_until=timezone.now() + HOUR)
    return Lease(row.pk, 1)


def test_a_role_row_that_two_workers_hold_is_replaced_once(cast: Cast) -> None:
    _overdue(cast)
    row = _role_row()
    dead = _lease(row)
    Reminder.objects.filter(pk=row.pk).update(attempt=2)
    alive = Lease(row.pk, 2)
    assert [send_reminder(alive), send_reminder(dead), send_reminder(alive)] == [ReminderState.SENT] * 3
    assert len(_rows(kind="escalation")) == 2


@pytest.mark.parametrize(
    "end",
    [
        lambda cast, row: decline(assignment=row, reason="No time.", by=cast.reviewer),
        lambda cast, row: withdraw_assignment(assignment=row, by=cast.editor),
        lambda cast, row: close_claim(claim=row.claim, reason="moot", by=cast.editor),
        lambda cast, row: factories.assessment(cast, row.claim, "reported"),
    ],
)
def test_what_ends_an_assignment_cancels_every_kind(cast: Cast, end: Callable[[Cast, Assignment], object]) -> None:
    row = factories.assigned(cast, factories.claim(cast), due_at=timezone.now() + 5 * DAY)
    end(cast, row)
    assert set(row.reminders.values_list("kind", "state")) == {
        (kind, "cancelled") for kind in ("due_soon", "due", "overdue", "escalation")
    }


def test_handing_over_plans_them_for_the_next(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast), due_at=timezone.now() + 5 * DAY)
    later = reassign(assignment=row, to=cast.reviewer2, by=cast.reviewer)
    assert {who for _kind, who, _state in _rows(assignment=later)} == {"", "reviewer2"}
    assert {state for _kind, _who, state in _rows(assignment=row)} == {"cancelled"}


def test_what_was_leased_before_its_end_is_not_sent(cast: Cast, smtp_server: MailServer) -> None:
    row = _overdue(cast)
    send_reminder(_lease(_role_row()))
    lease = _lease(Reminder.objects.get(kind="escalation", recipient=cast.editor))
    withdraw_assignment(assignment=row, by=cast.editor)
    assert (send_reminder(lease), smtp_server.messages) == (ReminderState.CANCELLED, [])


def test_an_editor_no_longer_is_told_nothing(cast: Cast, smtp_server: MailServer) -> None:
    _overdue(cast)
    send_reminder(_lease(_role_row()))
    lease = _lease(Reminder.objects.get(kind="escalation", recipient=cast.editor))
    set_role(desk=cast.desk, user=cast.reviewer2, role=Role.EDITOR, by=cast.admin)
    set_role(desk=cast.desk, user=cast.editor, role=Role.REVIEWER, by=cast.admin)
    assert (send_reminder(lease), smtp_server.messages) == (ReminderState.CANCELLED, [])


def _waiting(cast: Cast, *, by: User | None = None, now: datetime | None = None) -> Assessment:
    claim = factories.claim(cast, now=now)
    factories.firsthand(cast, claim, 2, now=now)
    return factories.assessment(cast, claim, "corroborated", by=by, now=now)


def test_who_may_decide_is_notified_at_submission_and_never_the_assessor(cast: Cast, smtp_server: MailServer) -> None:
    second = factories.person("editor2", Role.EDITOR, cast.desk)
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    factories.assessment(cast, claim, "corroborated", by=second)
    _send_all()
    subject = f"{claim.reference} is awaiting your decision"
    assert _told(smtp_server) == [("editor", subject), ("stranger", subject)]


def test_an_assessment_is_recalled_each_day_while_it_waits(cast: Cast, smtp_server: MailServer) -> None:
    assessment = _waiting(cast)
    for day in range(4):
        _send_all(assessment.created_at + day * DAY + HOUR)
    assert [to for to, subject in _told(smtp_server) if "decision" in subject] == ["editor"] * 4
    assert _pending("awaiting_decision") == [assessment.created_at + 4 * DAY]


def test_after_a_standstill_one_mail_says_it(cast: Cast, smtp_server: MailServer) -> None:
    assessment = _waiting(cast)
    _send_all(assessment.created_at + 6 * DAY + HOUR)
    assert [to for to, subject in _told(smtp_server) if "decision" in subject] == ["editor"]
    assert _pending("awaiting_decision") == [assessment.created_at + 7 * DAY]


def _approve(cast: Cast, row: Assessment) -> None:
    factories.approved(cast, row)


def _reject(cast: Cast, row: Assessment) -> None:
    reject(assessment=row, reason="No.", seen_version=fresh(row.claim).version, by=cast.editor)


def _replace(cast: Cast, row: Assessment) -> None:
    factories.assessment(cast, row.claim, "corroborated")


def _close(cast: Cast, row: Assessment) -> None:
    close_claim(claim=row.claim, reason="moot", by=cast.editor)


@pytest.mark.parametrize("end", [_approve, _reject, _replace, _close])
def test_what_ends_the_waiting_cancels_the_reminder(cast: Cast, end: Callable[[Cast, Assessment], None]) -> None:
    assessment = _waiting(cast)
    send_reminder(_lease(_role_row("awaiting_decision")))
    end(cast, assessment)
    states = {(who, state) for _kind, who, state in _rows(assessment=assessment)}
    assert states == {("", "sent"), ("", "cancelled"), ("editor", "cancelled")}


def test_a_claim_that_is_opened_again_recalls_what_waits(cast: Cast, smtp_server: MailServer) -> None:
    assessment = _waiting(cast)
    close_claim(claim=assessment.claim, reason="moot", by=cast.editor)
    _send_all()
    assert smtp_server.messages == []
    open_claim(claim=assessment.claim, by=cast.editor)
    _send_all()
    assert _told(smtp_server) == [("editor", f"{assessment.claim.reference} is awaiting your decision")]


def test_nobody_who_may_decide_fails_and_is_asked_again_the_next_day(cast: Cast) -> None:
    assessment = _waiting(cast, by=cast.editor)  # the only one who could
    _send_all()
    (failed,) = Reminder.objects.filter(kind="awaiting_decision", state="failed")
    assert (failed.recipient, failed.error) == (None, "nobody to tell")
    assert _pending("awaiting_decision") == [assessment.created_at + DAY]


def _lost(cast: Cast, days: float = 0) -> Claim:
    claim = factories.claim_in(cast, "corroborated", now=days_ago(days + 1) if days else None)
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    retract_source(source=source, reason="Taken back.", by=cast.editor, now=days_ago(days) if days else None)
    return fresh(claim)


def test_lost_support_opens_a_task_that_is_due_after_the_desks_days(cast: Cast) -> None:
    claim = _lost(cast)
    task = Task.objects.get(kind="support_lost")
    assert (task.claim, task.kind, task.due_at - task.opened_at) == (claim, "support_lost", 2 * DAY)


def test_editors_are_told_of_lost_support_at_once_and_when_it_is_due(cast: Cast, smtp_server: MailServer) -> None:
    claim = _lost(cast)
    task = Task.objects.get(kind="support_lost")
    _send_all()
    # The reviewer assessed it; the editor approved it.
    text = f"{claim.reference} has lost its support"
    assert [told for told in _told(smtp_server) if told[1] == text] == [("editor", text), ("reviewer", text)]
    assert _pending("support_lost") == [task.due_at + day * DAY for day in range(6)]


def test_support_that_holds_again_ends_it(cast: Cast, smtp_server: MailServer) -> None:
    claim = _lost(cast)
    follow_tasks()
    set_threshold(claim=claim, fields=ThresholdInput(threshold=1, reason="One is enough here."), by=cast.editor)
    assert fresh(claim).support_lost is False
    _send_all()
    assert [told for told in _told(smtp_server) if "lost its support" in told[1]] == []
    assert Task.objects.get(kind="support_lost").ended_at is not None
    assert {state for _kind, _who, state in _rows(claim=claim, kind="support_lost")} == {"cancelled"}


def test_a_move_ends_it(cast: Cast) -> None:
    claim = _lost(cast)
    factories.approved(cast, factories.assessment(cast, claim, "reported"))
    assert (fresh(claim).support_lost, Task.objects.get(kind="support_lost").ended_at is None) == (False, False)


def test_closing_stops_it_and_opening_plans_what_is_still_ahead(cast: Cast) -> None:
    claim = _lost(cast, days=1)
    task = Task.objects.get(kind="support_lost")
    follow_tasks()
    close_claim(claim=claim, reason="moot", by=cast.editor)
    assert _pending("support_lost") == []
    open_claim(claim=claim, by=cast.editor)
    follow_tasks()
    first, *ahead = _pending("support_lost")
    assert (first <= timezone.now(), ahead) == (True, [task.due_at + day * DAY for day in range(6)])


def test_following_twice_plans_once(cast: Cast) -> None:
    _lost(cast)
    assert [follow_tasks(), follow_tasks()] == [1, 0]
    assert len(_pending("support_lost")) == 7


def _corrected(cast: Cast, **fields: Any) -> Evidence:
    claim = factories.claim(cast)
    item = factories.attach(cast, claim, factories.source(cast), excerpt="Forty crates.", **fields)
    correct_source(source=item.source, reason="It was fourteen.", by=cast.editor)
    return item


def test_a_correction_opens_a_recheck_of_each_excerpt(cast: Cast) -> None:
    source = factories.source(cast)
    items = [factories.attach(cast, factories.claim(cast), source, excerpt="Forty.") for _ in range(2)]
    gone = factories.attach(cast, factories.claim(cast), source)
    withdraw_evidence(evidence=gone, reason="Wrong source.", by=cast.editor)
    for _ in range(2):  # a second correction asks about the same excerpts
        correct_source(source=source, reason="It was fourteen.", by=cast.editor)
    assert set(Task.objects.values_list("kind", "evidence")) == {("recheck", item.pk) for item in items}
    assert Task.objects.count() == 2


def test_the_claims_reviewer_is_told_of_it(cast: Cast, smtp_server: MailServer) -> None:
    item = _corrected(cast)
    factories.assigned(cast, item.claim, due_at=timezone.now() + 10 * DAY)
    _send_all()
    assert _told(smtp_server) == [("reviewer", f"{item.claim.reference} has a quote to re-check")]


def test_without_a_reviewer_the_editors_are(cast: Cast, smtp_server: MailServer) -> None:
    item = _corrected(cast)
    _send_all()
    assert _told(smtp_server) == [("editor", f"{item.claim.reference} has a quote to re-check")]


def _confirm(cast: Cast, item: Evidence) -> None:
    confirm_excerpt(evidence=item, note="Compared.", by=cast.editor)


def _reword(cast: Cast, item: Evidence) -> None:
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="Fourteen crates."), by=cast.reviewer)


def _take_out(cast: Cast, item: Evidence) -> None:
    withdraw_evidence(evidence=item, reason="It says otherwise now.", by=cast.reviewer)


@pytest.mark.parametrize("end", [_confirm, _reword, _take_out])
def test_what_ends_a_recheck(cast: Cast, smtp_server: MailServer, end: Callable[[Cast, Evidence], None]) -> None:
    item = _corrected(cast)
    follow_tasks()
    end(cast, item)
    _send_all()
    assert (smtp_server.messages, Task.objects.get().ended_at is None) == ([], False)


def test_a_grade_ends_no_recheck(cast: Cast) -> None:
    item = _corrected(cast)
    change_evidence(evidence=item, fields=EvidenceInput(credibility=2), by=cast.reviewer)
    assert Task.objects.get().ended_at is None


@pytest.mark.parametrize("wrong", ["two subjects", "another subject", "no recipient"])
def test_the_database_holds_what_a_reminder_is_about(cast: Cast, wrong: str) -> None:
    assessment = _waiting(cast)
    row = Reminder.objects.get(kind="due")
    row.pk = None
    if wrong == "two subjects":
        row.assessment = assessment
    elif wrong == "another subject":
        row.kind = "support_lost"
    else:
        row.recipient = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_role_row_that_no_worker_survives_fails(cast: Cast) -> None:
    _overdue(cast)
    row = _role_row()
    Reminder.objects.filter(pk=row.pk).update(attempt=MOST_ATTEMPTS)
    send_due_reminders()
    assert (fresh(row).state, fresh(row).error) == ("failed", "broken off")


def test_every_reminder_kind_has_its_notification_and_its_subject() -> None:
    assert set(ReminderKind.values) <= set(NotificationKind.values)
    assert SUBJECTS.keys() == set(ReminderKind)


def test_every_reminder_kind_is_about_one_sort_of_row() -> None:
    assert sorted([*OF_ASSIGNMENTS, *OF_ASSESSMENTS, *OF_CLAIMS]) == sorted(ReminderKind)


@pytest.mark.parametrize("kind", ReminderKind)
def test_every_reminder_kind_has_its_own_words_in_the_mail_and_why_one_gets_it(kind: str) -> None:
    """Rendered with nothing but the kind: a kind without its branch would leave these lines empty."""
    words = render_to_string("reviews/mail/reminder.txt", {"kind": kind, "reference": "UKR-7", "person": "anna"})
    said, why = words.split("You get this because")
    assert "UKR-7" in said
    assert "anna" in why

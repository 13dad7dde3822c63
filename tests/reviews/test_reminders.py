"""Reminders: planned with an assignment, leased when due, sent by real mail, and ended once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actions import change_user, set_role
from accounts.actions.account import change_preferences
from accounts.models import User
from claims.states import State
from reviews.actions.assignments import change_due, close_claim, decline, reassign, withdraw_assignment
from reviews.actions.reminders import LEASE, MOST_ATTEMPTS, lease_due_reminders, send_reminder
from reviews.models import Assignment, Reminder, ReminderState
from reviews.queries import notifications_of
from reviews.tasks import send_due_reminders
from tests import factories
from tests.factories import Cast, days_ago
from tests.mail import MailServer

if TYPE_CHECKING:
    from pytest_django import Settings

SECRET_WORDS = "The crates held fuses."
LATE = ("due", "overdue")


def _given(
    cast: Cast, *, due: float, given: float = 30.0, reviewer: User | None = None, accepted: bool = True
) -> Assignment:
    """An assignment due so many days ago."""
    claim = factories.claim(cast, SECRET_WORDS, now=days_ago(given + 1))
    row = factories.assigned(
        cast, claim, reviewer=reviewer, due_at=days_ago(due), accepted=accepted, now=days_ago(given)
    )
    # The other kinds have tests of their own; what is asked here does not depend on them.
    others = Reminder.objects.filter(assignment=row).exclude(kind__in=LATE)
    others.update(state=ReminderState.CANCELLED, ended_at=timezone.now())
    return row


def _late(assignment: Assignment) -> QuerySet[Reminder]:
    return Reminder.objects.filter(assignment=assignment, kind__in=LATE).order_by("due_at")


def _rows(assignment: Assignment) -> list[tuple[str, str]]:
    return list(_late(assignment).values_list("kind", "state"))


def _states(assignment: Assignment) -> list[str]:
    return [state for _kind, state in _rows(assignment)]


@pytest.fixture
def broken_mail(settings: "Settings") -> Iterator[None]:
    """A mail server that is not there."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    yield


def test_an_assignment_has_one_when_it_is_due_and_one_on_each_of_five_days_after(cast: Cast) -> None:
    assignment = _given(cast, due=-3)
    rows = _late(assignment)
    assert [(row.kind, row.due_at - assignment.due_at) for row in rows] == [
        ("due", timedelta(0)),
        *(("overdue", timedelta(days=day)) for day in range(1, 6)),
    ]
    assert {(row.state, row.recipient) for row in rows} == {("pending", cast.reviewer)}


def _end_by_decline(cast: Cast, row: Assignment) -> None:
    decline(assignment=row, reason="No time.", by=cast.reviewer)


def _end_by_hand_over(cast: Cast, row: Assignment) -> None:
    reassign(assignment=row, to=cast.reviewer2, by=cast.reviewer)


def _end_by_withdrawal(cast: Cast, row: Assignment) -> None:
    withdraw_assignment(assignment=row, by=cast.editor)


def _end_by_closing(cast: Cast, row: Assignment) -> None:
    close_claim(claim=row.claim, reason="moot", by=cast.editor)


def _end_by_an_assessment(cast: Cast, row: Assignment) -> None:
    factories.assessment(cast, row.claim, State.REPORTED)


def _end_by_approval(cast: Cast, row: Assignment) -> None:
    factories.firsthand(cast, row.claim, 2)
    factories.approved(cast, factories.assessment(cast, row.claim, State.CORROBORATED))


@pytest.mark.parametrize(
    "end",
    [_end_by_decline, _end_by_hand_over, _end_by_withdrawal, _end_by_closing, _end_by_an_assessment, _end_by_approval],
)
def test_what_ends_an_assignment_cancels_its_reminders(cast: Cast, end: object) -> None:
    assignment = _given(cast, due=-3)
    assert callable(end)
    end(cast, assignment)
    assert _states(assignment) == ["cancelled"] * 6


def test_an_assessment_that_waits_cancels_none(cast: Cast) -> None:
    assignment = _given(cast, due=-3)
    factories.firsthand(cast, assignment.claim, 2)
    factories.assessment(cast, assignment.claim, State.CORROBORATED)
    assert _states(assignment) == ["pending"] * 6


def test_another_due_time_moves_them(cast: Cast) -> None:
    assignment = _given(cast, due=-3)
    due_at = timezone.now() + timedelta(days=9)
    change_due(assignment=assignment, due_at=due_at, by=cast.editor)
    pending = _late(assignment).filter(state="pending")
    assert [row.due_at - due_at for row in pending] == [timedelta(days=day) for day in range(6)]
    assert _late(assignment).filter(state="cancelled").count() == 6


def test_a_due_time_may_be_moved_back_to_what_it_was(cast: Cast) -> None:
    assignment = _given(cast, due=-3)
    first = assignment.due_at
    change_due(assignment=assignment, due_at=first + timedelta(days=1), by=cast.editor)
    change_due(assignment=assignment, due_at=first, by=cast.editor)
    assert _late(assignment).filter(state="pending").count() == 6


def test_what_is_due_is_sent_once(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    assert [send_due_reminders(), send_due_reminders()] == [1, 0]
    assert _rows(assignment) == [("due", "sent"), *([("overdue", "pending")] * 5)]
    (mail,) = smtp_server.messages
    assert (mail["To"], mail["Subject"]) == ("reviewer@example.org", f"{assignment.claim.reference} is due now")


def test_the_mail_names_the_claim_and_none_of_its_words(
    cast: Cast, smtp_server: MailServer, settings: "Settings"
) -> None:
    assignment = _given(cast, due=0.5)
    send_due_reminders()
    text = smtp_server.messages[0].get_content()
    assert f"{settings.PUBLIC_URL}/claims/{assignment.claim.reference}/" in text
    assert "crates" not in str(smtp_server.messages[0])


def test_times_in_the_mail_are_the_persons(cast: Cast, smtp_server: MailServer) -> None:
    change_user(user=cast.reviewer, changes={"time_zone": "Europe/Kyiv"}, by=cast.admin)
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
    claim = factories.claim(cast, now=noon - timedelta(days=5))
    factories.assigned(cast, claim, due_at=noon, now=noon - timedelta(days=4))
    send_due_reminders()
    hour = noon.astimezone(ZoneInfo("Europe/Kyiv")).hour
    to_the_reviewer = next(mail for mail in smtp_server.messages if mail["To"] == cast.reviewer.email)
    assert f"{hour}:00 (E" in to_the_reviewer.get_content()


def test_after_a_standstill_only_the_last_of_many_is_sent(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=3.5)
    send_due_reminders()
    assert _states(assignment) == ["cancelled", "cancelled", "cancelled", "sent", "pending", "pending"]
    assert [mail["Subject"] for mail in smtp_server.messages] == [f"{assignment.claim.reference} is overdue"]


def test_an_offer_that_nobody_accepted_is_recalled_too(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5, accepted=False)
    send_due_reminders()
    assert _states(assignment)[0] == "sent"


def test_whoever_has_no_address_is_told_in_the_application(cast: Cast, smtp_server: MailServer) -> None:
    change_user(user=cast.reviewer, changes={"email": ""}, by=cast.admin)
    assignment = _given(cast, due=0.5)
    send_due_reminders()
    assert (_states(assignment)[0], smtp_server.messages) == ("sent", [])


def test_whoever_wants_no_mail_is_told_in_the_application(cast: Cast, smtp_server: MailServer) -> None:
    change_preferences(changes={"reminders_by_mail": "none"}, by=cast.reviewer)
    assignment = _given(cast, due=0.5)
    send_due_reminders()
    assert (_states(assignment)[0], smtp_server.messages) == ("sent", [])
    assert "due" in {row.kind for row in notifications_of(cast.reviewer)}


def test_a_closed_account_is_told_nothing(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    change_user(user=cast.reviewer, changes={"is_active": False}, by=cast.admin)
    send_due_reminders()
    assert (_states(assignment)[0], smtp_server.messages) == ("cancelled", [])


@pytest.mark.parametrize("role", [None, "reporter", "auditor"])
def test_whoever_reviews_on_the_desk_no_longer_is_told_nothing(
    cast: Cast, smtp_server: MailServer, role: str | None
) -> None:
    assignment = _given(cast, due=0.5)
    set_role(desk=cast.desk, user=cast.reviewer, role=role, by=cast.admin)
    send_due_reminders()
    assert (_states(assignment)[0], smtp_server.messages) == ("cancelled", [])


def test_what_is_not_leased_yet_is_left_to_whoever_comes(cast: Cast) -> None:
    first, second = _given(cast, due=0.6), _given(cast, due=0.5, reviewer=cast.reviewer2)
    (taken,), (left,) = lease_due_reminders(most=1), lease_due_reminders()
    assert [Reminder.objects.get(pk=lease.row).assignment for lease in (taken, left)] == [first, second]


def test_a_run_begins_with_no_reminder_after_its_time(
    cast: Cast, smtp_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task's time limit would break it off between sending and saying so."""
    assignment = _given(cast, due=0.5)
    monkeypatch.setattr("reviews.tasks.LONGEST_RUN", 0)
    send_due_reminders()
    assert (_states(assignment)[0], smtp_server.messages) == ("pending", [])


def test_a_reminder_whose_worker_dies_each_time_fails(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    now = timezone.now()
    for attempt in range(MOST_ATTEMPTS):
        assert len(lease_due_reminders(now=now + attempt * LEASE)) == 1
    assert lease_due_reminders(now=now + MOST_ATTEMPTS * LEASE) == []
    assert (_states(assignment)[0], smtp_server.messages) == ("failed", [])


def test_a_leased_reminder_is_nobody_elses(cast: Cast) -> None:
    _given(cast, due=0.5)
    now = timezone.now()
    assert len(lease_due_reminders(now=now)) == 1
    assert lease_due_reminders(now=now + LEASE - timedelta(seconds=1)) == []


def test_a_lease_that_ran_out_is_taken_again(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    now = timezone.now()
    (dead,) = lease_due_reminders(now=now)
    (second,) = lease_due_reminders(now=now + LEASE)
    assert (second.row, second.attempt) == (dead.row, 2)
    assert send_reminder(second) == ReminderState.SENT
    assert _states(assignment)[0] == "sent"


def test_a_stale_attempt_sends_nothing_and_ends_nothing(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    now = timezone.now()
    (stale,) = lease_due_reminders(now=now)
    lease_due_reminders(now=now + LEASE)
    assert send_reminder(stale) == ReminderState.PENDING
    assert (_states(assignment)[0], smtp_server.messages) == ("pending", [])


def test_a_reminder_ends_once(cast: Cast, smtp_server: MailServer) -> None:
    _given(cast, due=0.5)
    (lease,) = lease_due_reminders()
    assert [send_reminder(lease), send_reminder(lease)] == [ReminderState.SENT, ReminderState.SENT]
    assert len(smtp_server.messages) == 1


def test_what_was_cancelled_after_the_lease_is_not_sent(cast: Cast, smtp_server: MailServer) -> None:
    assignment = _given(cast, due=0.5)
    (lease,) = lease_due_reminders()
    decline(assignment=assignment, reason="No time.", by=cast.reviewer)
    assert send_reminder(lease) == ReminderState.CANCELLED
    assert smtp_server.messages == []


def test_a_failing_mail_server_is_tried_again_and_then_given_up(cast: Cast, broken_mail: None) -> None:
    assignment = _given(cast, due=0.5)
    now = timezone.now()
    states = []
    for attempt in range(MOST_ATTEMPTS):
        (lease,) = lease_due_reminders(now=now + attempt * LEASE)
        assert lease.attempt == attempt + 1
        states.append(send_reminder(lease))
    assert states == [ReminderState.PENDING] * (MOST_ATTEMPTS - 1) + [ReminderState.FAILED]
    assert Reminder.objects.get(pk=lease.row).error == "ConnectionRefusedError"
    assert _rows(assignment)[:2] == [("due", "failed"), ("overdue", "pending")]


def test_a_mail_keeps_its_message_id_over_attempts(cast: Cast, smtp_server: MailServer) -> None:
    _given(cast, due=0.5)
    (lease,) = lease_due_reminders()
    send_reminder(lease)
    # As if the worker had died after sending and before it could say so.
    Reminder.objects.filter(pk=lease.row).update(state="pending", ended_at=None, lease_until=None)
    send_due_reminders()
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"] == f"<reminder-{lease.row}@localhost>"


def test_an_address_that_no_mail_can_carry_holds_up_nobody_else(cast: Cast, smtp_server: MailServer) -> None:
    broken, sound = _given(cast, due=0.6), _given(cast, due=0.5, reviewer=cast.reviewer2)
    User.objects.filter(pk=cast.reviewer.pk).update(email="reviewer@example.org\nBcc: all@example.org")
    for attempt in range(MOST_ATTEMPTS):
        for lease in lease_due_reminders(now=timezone.now() + attempt * LEASE):
            send_reminder(lease)
    assert (_states(broken)[0], _states(sound)[0]) == ("failed", "sent")
    assert [mail["To"] for mail in smtp_server.messages] == ["reviewer2@example.org"]

"""Reminders sent by real Celery workers, and what happens when one dies with a mail half sent."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.utils import timezone

from reviews.models import Reminder
from reviews.tasks import send_due_reminders
from tests import factories
from tests.factories import days_ago
from tests.mail import MailServer

if TYPE_CHECKING:
    from pytest_django import Settings


class SlowMailServer(MailServer):
    """Takes a mail, and answers so late that whoever sent it may be dead by then."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(5)
        return answer


@pytest.fixture
def slow_mail(settings: "Settings") -> Iterator[SlowMailServer]:
    server = SlowMailServer()
    with server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.host, server.port
        yield server


def _until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until it is so. Raises AssertionError when it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def _due_reminder() -> Reminder:
    cast = factories.cast()
    claim = factories.claim(cast, now=days_ago(4))
    assignment = factories.assigned(cast, claim, due_at=days_ago(0.1), now=days_ago(3))
    return Reminder.objects.get(assignment=assignment, kind="due")


def _state(reminder: Reminder) -> str:
    return factories.fresh(reminder).state


def test_a_worker_sends_what_is_due(celery_worker: None, smtp_server: MailServer) -> None:
    reminder = _due_reminder()
    send_due_reminders.delay()
    _until(lambda: _state(reminder) == "sent")
    assert len(smtp_server.messages) == 1


def test_a_worker_that_is_killed_while_it_sends_doubles_the_mail_at_most_once(
    worker_process: Callable[..., Any], slow_mail: SlowMailServer
) -> None:
    reminder = _due_reminder()
    worker = worker_process("reminders")
    send_due_reminders.delay()
    _until(lambda: len(slow_mail.messages) == 1)
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait(10)
    assert _state(reminder) == "pending"
    # Its lease runs out, and the next worker's tick finds the row.
    Reminder.objects.filter(pk=reminder.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    worker_process("reminders")
    send_due_reminders.delay()
    _until(lambda: _state(reminder) == "sent")
    assert len(slow_mail.messages) == 2
    assert {mail["Message-ID"] for mail in slow_mail.messages} == {f"<reminder-{reminder.pk}@localhost>"}

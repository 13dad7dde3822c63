"""Mails about accounts, by a real worker to a real mail server: sent once, tried again, given up."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.actions.account import ask_for_password
from accounts.actions.invitations import accept_invitation, invite
from accounts.actions.mails import LEASE, MOST_ATTEMPTS, lease_mails, send_mail
from accounts.models import Invitation, Mail, Role, User
from accounts.tasks import send_mails
from config.embedded import free_port
from house.errors import NotFound
from tests import factories
from tests.factories import Cast
from tests.links import links_sent
from tests.mail import MailServer
from tests.threads import together

if TYPE_CHECKING:
    from pytest_django import Settings

GOOD = "a-long-enough-secret"


def _invited(cast: Cast) -> Invitation:
    given: dict[str, Any] = {"desk": cast.desk, "role": Role.REVIEWER, "name": "Nadia", "email": "nadia@example.org"}
    return invite(**given, by=cast.admin)


def test_a_worker_sends_what_waits(celery_worker: None, smtp_server: MailServer) -> None:
    _invited(factories.cast())
    send_mails.delay()
    until = time.monotonic() + 20
    while Mail.objects.get().state != "sent":
        assert time.monotonic() < until
        time.sleep(0.05)
    [message] = smtp_server.messages
    assert (message["To"], message["Subject"]) == ("nadia@example.org", "You are invited to Second Source")
    row = Mail.objects.get()
    assert message["Message-ID"] == f"<account-{row.pk}-1@localhost>"
    text = message.get_content().replace("\r\n", "\n")
    assert text.startswith("Nadia,\n\nYou are invited to the Ukraine desk as reviewer.")
    token = text.partition("http://localhost:8000/invitation/")[2].partition("/")[0]
    assert accept_invitation(token=token, username="nadia", password=GOOD).username == "nadia"


def test_without_a_mail_server_it_is_tried_again_and_then_given_up(cast: Cast, settings: "Settings") -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    _invited(cast)
    now = timezone.now()
    states = []
    for attempt in range(MOST_ATTEMPTS):
        at = now + attempt * LEASE
        for lease in lease_mails(most=1, now=at):
            send_mail(lease, now=at)
        row = Mail.objects.get()
        states.append((row.attempt, row.state, row.error))
    assert states == [(n, "pending", "") for n in range(1, 5)] + [(5, "failed", "ConnectionRefusedError")]


def test_a_mail_that_is_tried_again_brings_the_link_that_works(cast: Cast) -> None:
    _invited(cast)
    [first] = lease_mails(most=1)
    send_mail(first)
    old = links_sent()["accept-invitation"]
    Mail.objects.update(state="pending", ended_at=None)  # its worker died before it could say so
    [again] = lease_mails(most=1, now=timezone.now() + LEASE)
    send_mail(again)
    new = links_sent()["accept-invitation"]
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 2
    with pytest.raises(NotFound):
        accept_invitation(token=old, username="nadia", password=GOOD)
    assert accept_invitation(token=new, username="nadia", password=GOOD).username == "nadia"


def test_a_worker_that_comes_late_sends_nothing(cast: Cast) -> None:
    _invited(cast)
    [late] = lease_mails(most=1)
    [faster] = lease_mails(most=1, now=timezone.now() + LEASE)
    send_mail(late)
    assert (mail.outbox, Mail.objects.get().digest) == ([], "")
    send_mail(faster)
    assert (len(mail.outbox), Mail.objects.get().state) == (1, "sent")


def test_what_five_workers_died_of_fails(cast: Cast) -> None:
    _invited(cast)
    for attempt in range(MOST_ATTEMPTS + 1):
        lease_mails(most=1, now=timezone.now() + attempt * LEASE)
    assert (Mail.objects.get().state, Mail.objects.get().error) == ("failed", "broken off")


def test_a_question_that_waited_a_day_is_answered_no_more(cast: Cast) -> None:
    ask_for_password(email="reporter@example.org", now=timezone.now() - timedelta(days=1, seconds=1))
    assert (links_sent(), Mail.objects.count()) == ({}, 0)


def test_what_an_address_holds_cannot_add_a_header(cast: Cast) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(email="reporter@example.org\nBcc: all@example.org")
    Mail.objects.create(
        kind="reset", to="reporter@example.org\nBcc: all@example.org", user=cast.reporter, created_at=timezone.now()
    )
    for attempt in range(MOST_ATTEMPTS):
        for lease in lease_mails(most=1, now=timezone.now() + attempt * LEASE):
            send_mail(lease)
    assert (mail.outbox, Mail.objects.get().error) == ([], "BadHeaderError")


def test_of_two_who_take_up_a_link_at_once_one_does(transactional_db: None, smtp_server: MailServer) -> None:
    _invited(factories.cast())
    send_mails()
    token = smtp_server.messages[0].get_content().partition("/invitation/")[2].partition("/")[0]

    def take_up(name: str) -> Callable[[], object]:
        return lambda: accept_invitation(token=token, username=name, password=GOOD)

    outcomes = together(take_up("one"), take_up("two"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NotFound", "User"]
    assert User.objects.filter(username__in=["one", "two"]).count() == 1

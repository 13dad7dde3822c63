"""Mails about accounts: written as rows, leased by a worker, sent, and ended once.

The random part of a link is made when its mail goes out, and only its digest is kept: nobody who reads the database
comes in by it. A mail that has to be tried again brings a new link; the one before stops working.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.links import link_digest
from accounts.models import Mail, MailKind, MailState, User
from house.leases import Lease, held_by_nobody, take
from house.transactions import recorded_transaction

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
LIFETIMES = {
    MailKind.INVITATION: timedelta(days=7),
    MailKind.CONFIRM_ADDRESS: timedelta(days=2),
    MailKind.RESET: timedelta(hours=1),
}
# Each with the name of the address that its link leads to.
PAGES = {
    MailKind.INVITATION: "accept-invitation",
    MailKind.CONFIRM_ADDRESS: "confirm-address",
    MailKind.RESET: "set-password",
}
LONGEST_WAIT = timedelta(days=1)  # a link that was asked for longer ago is not sent: nobody waits for it
KEPT_FOR = timedelta(days=30)


def write_mail(kind: MailKind, to: str, *, now: datetime, **about: Any) -> Mail:
    """The row of a mail to be sent soon; `about`: a `user`, an `invitation`, or neither for `reset_asked`."""
    return Mail.objects.create(kind=kind, to=to, created_at=now, **about)


def forget_links(*kinds: MailKind, now: datetime, **about: Any) -> None:
    """Of what these mails are `about`, send none that waits, and let no link work that is out already."""
    rows = Mail.objects.filter(kind__in=kinds, **about)
    rows.filter(state=MailState.PENDING).update(state=MailState.CANCELLED, ended_at=now, lease_until=None)
    rows.exclude(digest="").update(digest="")


def lease_mails(*, most: int, now: datetime | None = None) -> list[Lease]:
    """Take mails that wait and that no living worker has taken, the oldest first, for `LEASE`.

    A row that was taken `MOST_ATTEMPTS` times, and whose worker died each time, fails instead.
    """
    now = now or timezone.now()
    with recorded_transaction():
        rows = list(
            Mail.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(held_by_nobody(now), state=MailState.PENDING)
            .order_by("created_at", "id")[:most]
        )
        taken = [row for row in rows if row.attempt < MOST_ATTEMPTS]
        leases = [take(row, now, hold=LEASE) for row in taken]
        Mail.objects.bulk_update(taken, ["attempt", "lease_until"])
        given_up = [row.pk for row in rows if row not in taken]
        Mail.objects.filter(pk__in=given_up).update(
            state=MailState.FAILED, ended_at=now, lease_until=None, error="broken off"
        )
    return leases


def send_mail(lease: Lease, *, now: datetime | None = None) -> None:
    """Look at what a leased mail is about again, send it if there is still reason to, and end the row.

    It goes out in no transaction. Where it cannot be sent the row waits for its next attempt, and fails after the
    last. A question for a new password becomes a mail for each account that has the address.
    """
    now = now or timezone.now()
    mail = _own(lease).select_related("user", "invitation__desk", "invitation__invited_by").first()
    if mail is None:
        return
    if mail.kind == MailKind.RESET_ASKED:
        _answer_reset(lease, mail, now)
        return
    if not _has_reason(mail, now):
        _end(lease, MailState.CANCELLED, now)
        return
    message = _message(mail, _make_link(lease, MailKind(mail.kind), now))
    try:
        message.send()
    except (OSError, ValueError) as error:  # smtplib's errors; an address that no mail can carry
        if lease.attempt >= MOST_ATTEMPTS:
            _end(lease, MailState.FAILED, now, type(error).__name__)
        return
    _end(lease, MailState.SENT, now)


def _own(lease: Lease) -> Any:
    """The row where this attempt is still its own."""
    return Mail.objects.filter(pk=lease.row, attempt=lease.attempt, state=MailState.PENDING)


def _end(lease: Lease, state: MailState, now: datetime, error: str = "") -> None:
    with recorded_transaction():
        _own(lease).update(state=state, ended_at=now, lease_until=None, error=error[:300])


def _answer_reset(lease: Lease, mail: Mail, now: datetime) -> None:
    """One mail for each account with the address. The question goes: it may name somebody who has none here."""
    with recorded_transaction():
        if not _own(lease).delete()[0] or mail.created_at < now - LONGEST_WAIT:
            return
        for user in User.objects.filter(email__iexact=mail.to, is_active=True).order_by("username"):
            forget_links(MailKind.RESET, user=user, now=now)
            # To the address as the account has it: what was typed may only look the same.
            write_mail(MailKind.RESET, user.email, user=user, now=now)


def _has_reason(mail: Mail, now: datetime) -> bool:
    if mail.invitation is not None:
        return mail.invitation.is_open
    if mail.kind == MailKind.RESET and mail.created_at < now - LONGEST_WAIT:
        return False
    return mail.user is not None and mail.user.is_active


def _make_link(lease: Lease, kind: MailKind, now: datetime) -> str:
    """The address of a new link of this mail; "" for a kind that has none."""
    if kind not in LIFETIMES:
        return ""
    token = secrets.token_urlsafe(32)
    with recorded_transaction():
        _own(lease).update(digest=link_digest(token), link_until=now + LIFETIMES[kind])
    return settings.PUBLIC_URL + reverse(PAGES[kind], args=[token])


def _message(mail: Mail, link: str) -> EmailMessage:
    person = mail.user
    with translation.override(person.language if person else settings.LANGUAGE_CODE):
        subject = {
            MailKind.INVITATION: _("You are invited to Second Source"),
            MailKind.CONFIRM_ADDRESS: _("Is this your address?"),
            MailKind.ADDRESS_CHANGED: _("Your address at Second Source was changed"),
            MailKind.RESET: _("A new password for Second Source"),
            MailKind.FACTORS_CHANGED: _("How you sign in to Second Source was changed"),
        }[MailKind(mail.kind)]
        context = {"mail": mail, "person": person, "invitation": mail.invitation, "link": link, "to": mail.to}
        body = render_to_string(f"accounts/mail/{mail.kind}.txt", {**context, "site": settings.PUBLIC_URL})
    # Each attempt brings another link: two of them are not the same mail.
    stamp = f"<account-{mail.pk}-{mail.attempt}@{urlsplit(settings.PUBLIC_URL).hostname}>"
    return EmailMessage(subject, body, to=[mail.to], headers={"Message-ID": stamp, "Auto-Submitted": "auto-generated"})


def delete_old_mails(*, now: datetime | None = None) -> int:
    """Delete mails that ended `KEPT_FOR` ago and longer, with the addresses in them; how many."""
    before = (now or timezone.now()) - KEPT_FOR
    with recorded_transaction():
        return Mail.objects.filter(ended_at__lt=before).delete()[0]

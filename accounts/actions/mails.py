"""Mails about accounts: written as rows, leased by a worker, sent, and ended once.

The random part of a link is made when its mail is sent, and only its digest is kept, so that a reader of the database
cannot use it. Each new attempt brings a new link; the earlier one stops working.
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
# The URL name that each kind's link leads to.
PAGES = {
    MailKind.INVITATION: "accept-invitation",
    MailKind.CONFIRM_ADDRESS: "confirm-address",
    MailKind.RESET: "set-password",
}
LONGEST_WAIT = timedelta(days=1)  # an older request is dropped: its person has given up
KEPT_FOR = timedelta(days=30)


def write_mail(kind: MailKind, to: str, *, now: datetime, **about: Any) -> Mail:
    """Create the row of a mail to send; `about` is a `user`, an `invitation`, or neither for `reset_asked`."""
    return Mail.objects.create(kind=kind, to=to, created_at=now, **about)


def forget_links(*kinds: MailKind, now: datetime, **about: Any) -> None:
    """Cancel the waiting mails `about` these, and invalidate the links already sent."""
    rows = Mail.objects.filter(kind__in=kinds, **about)
    rows.filter(state=MailState.PENDING).update(state=MailState.CANCELLED, ended_at=now, lease_until=None)
    rows.exclude(digest="").update(digest="")


def lease_mails(*, most: int, now: datetime | None = None) -> list[Lease]:
    """Lease waiting mails that no living worker holds, oldest first, for `LEASE`.

    A row leased `MOST_ATTEMPTS` times by workers that died fails instead.
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
    """Send a leased mail if there is still reason to, outside any transaction, and end its row.

    After an error the row waits for its next attempt, and fails after the last. A password request becomes one mail for
    each account with the address.
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
    except (OSError, ValueError) as error:  # smtplib's errors, and ValueError for an unusable address
        if lease.attempt >= MOST_ATTEMPTS:
            _end(lease, MailState.FAILED, now, type(error).__name__)
        return
    _end(lease, MailState.SENT, now)


def _own(lease: Lease) -> Any:
    """The locked row, if this attempt still holds it."""
    return Mail.objects.filter(pk=lease.row, attempt=lease.attempt, state=MailState.PENDING)


def _end(lease: Lease, state: MailState, now: datetime, error: str = "") -> None:
    with recorded_transaction():
        _own(lease).update(state=state, ended_at=now, lease_until=None, error=error[:300])


def _answer_reset(lease: Lease, mail: Mail, now: datetime) -> None:
    """Write one mail for each account with the address, and delete the request: it may name an outsider."""
    with recorded_transaction():
        if not _own(lease).delete()[0] or mail.created_at < now - LONGEST_WAIT:
            return
        for user in User.objects.filter(email__iexact=mail.to, is_active=True).order_by("username"):
            forget_links(MailKind.RESET, user=user, now=now)
            # Use the account's own address: the typed one may be a look-alike.
            write_mail(MailKind.RESET, user.email, user=user, now=now)


def _has_reason(mail: Mail, now: datetime) -> bool:
    if mail.invitation is not None:
        return mail.invitation.is_open
    if mail.kind == MailKind.RESET and mail.created_at < now - LONGEST_WAIT:
        return False
    return mail.user is not None and mail.user.is_active


def _make_link(lease: Lease, kind: MailKind, now: datetime) -> str:
    """The URL of a new link for this mail; "" for a kind without one."""
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
    # Each attempt has another link, so two attempts are two mails.
    stamp = f"<account-{mail.pk}-{mail.attempt}@{urlsplit(settings.PUBLIC_URL).hostname}>"
    return EmailMessage(subject, body, to=[mail.to], headers={"Message-ID": stamp, "Auto-Submitted": "auto-generated"})


def delete_old_mails(*, now: datetime | None = None) -> int:
    """Delete mails that ended at least `KEPT_FOR` ago, with their addresses; returns how many."""
    before = (now or timezone.now()) - KEPT_FOR
    with recorded_transaction():
        return Mail.objects.filter(ended_at__lt=before).delete()[0]

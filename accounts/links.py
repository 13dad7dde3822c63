"""Links in mails about accounts: their digests, and the row that each leads to."""

import hashlib
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Invitation, Mail, MailKind, User
from house.errors import NotFound


def link_digest(token: str) -> str:
    """The SHA-256 (hexadecimal) of a link's random part; only this is kept."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def mail_of_link(token: str, kind: MailKind, *, now: datetime, user: User | None = None) -> Mail:
    """The mail with this link, limited to this `user` if given.

    Raises NotFound with the same words for a link that is unknown, used, expired, replaced or another person's.
    """
    rows = Mail.objects.filter(digest=link_digest(token), kind=kind, used_at__isnull=True, link_until__gt=now)
    if kind != MailKind.INVITATION:
        rows = rows.filter(user__is_active=True)
    mail = (rows.filter(user=user) if user is not None else rows).select_related("user", "invitation__desk").first()
    if mail is None:
        raise NotFound(_("This link is not valid or has expired. Use the link in the newest mail."))
    return mail


def invitation_of_link(token: str, *, now: datetime) -> Invitation:
    """The invitation that a link leads to. Raises NotFound as `mail_of_link` does."""
    invitation = mail_of_link(token, MailKind.INVITATION, now=now).invitation
    assert invitation is not None  # the table's constraint says so
    return invitation

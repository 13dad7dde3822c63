"""The links in mails about accounts: what is kept of them, and which row one leads to."""

import hashlib
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Invitation, Mail, MailKind, User
from house.errors import NotFound


def link_digest(token: str) -> str:
    """What is kept of a link: the SHA-256 of its random part, in hexadecimal."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def mail_of_link(token: str, kind: MailKind, *, now: datetime, user: User | None = None) -> Mail:
    """The mail whose link this is, of this `user` where one is given.

    Raises NotFound, with the same words for a link that never was, is used, too old, replaced or somebody else's.
    """
    rows = Mail.objects.filter(digest=link_digest(token), kind=kind, used_at__isnull=True, link_until__gt=now)
    if kind != MailKind.INVITATION:
        rows = rows.filter(user__is_active=True)
    mail = (rows.filter(user=user) if user is not None else rows).select_related("user", "invitation__desk").first()
    if mail is None:
        raise NotFound(_("This link is not valid or has expired. Use the link in the newest mail."))
    return mail


def invitation_of_link(token: str, *, now: datetime) -> Invitation:
    """The invitation that a link leads to. Raises NotFound as `mail_of_link`."""
    invitation = mail_of_link(token, MailKind.INVITATION, now=now).invitation
    assert invitation is not None  # as the table's constraint has it
    return invitation

"""The mails that a trial start stores instead of sending, for administrators only: they hold links to accounts.

These pages exist only under `bin/dev` without EMAIL_URL (MAIL_PAGE).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.actions import may_administer
from accounts.requests import PersonsRequest
from house.errors import NotFound

MOST_SHOWN = 100
_NAME = re.compile(r"\d{8}-\d{6}-\d+\.log")  # the names of Django's file backend, which sort by time
_AFTER_EACH = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class KeptMail:
    """One stored mail."""

    name: str
    to: str
    subject: str
    date: datetime | None
    text: str


@require_safe
def mails(request: PersonsRequest) -> HttpResponse:
    """The page with the newest mails first. Raises Forbidden."""
    may_administer(request.user)
    names = sorted((path.name for path in _folder().glob("*.log") if _NAME.fullmatch(path.name)), reverse=True)
    return render(request, "mails.html", {"mails": [_read(name) for name in names[:MOST_SHOWN]], "count": len(names)})


@require_safe
def kept_mail(request: PersonsRequest, name: str) -> HttpResponse:
    """The page of one mail, as text. Raises Forbidden, NotFound."""
    may_administer(request.user)
    if not _NAME.fullmatch(name) or not (_folder() / name).is_file():
        raise NotFound(_("Mail not found."))
    return render(request, "mail.html", {"mail": _read(name)})


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _read(name: str) -> KeptMail:
    content = (_folder() / name).read_bytes().partition(_AFTER_EACH)[0]
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    body = message.get_body(("plain",))
    return KeptMail(
        name=name,
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        date=_date(message),
        text=str(body.get_content()) if body is not None else "",
    )


def _date(message: EmailMessage) -> datetime | None:
    """Return the mail's date, or None if it is not in the form that Django writes."""
    try:
        return datetime.strptime(str(message.get("Date", "")), "%a, %d %b %Y %H:%M:%S %z")
    except ValueError:
        return None

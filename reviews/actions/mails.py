"""The mail of a reminder. It names the claim by reference alone, since a mailbox is no place for a desk's confidential
text."""

from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from reviews.models import Reminder, ReminderKind

SUBJECTS = {
    ReminderKind.DUE_SOON: gettext_noop("%(reference)s is due soon"),
    ReminderKind.DUE: gettext_noop("%(reference)s is due now"),
    ReminderKind.OVERDUE: gettext_noop("%(reference)s is overdue"),
    ReminderKind.ESCALATION: gettext_noop("%(reference)s missed its due time"),
    ReminderKind.AWAITING_DECISION: gettext_noop("%(reference)s is awaiting your decision"),
    ReminderKind.SUPPORT_LOST: gettext_noop("%(reference)s has lost its support"),
    ReminderKind.GROUNDS_CHANGED: gettext_noop("%(reference)s has changed since its verdict"),
    ReminderKind.RECHECK: gettext_noop("%(reference)s has a quote to re-check"),
}


def mail_of(row: Reminder, person: User) -> EmailMessage:
    """The mail to one person, in their language and time zone. Its Message-ID is the same at every attempt."""
    # The worker has no request: the person's own language and zone are set here.
    with translation.override(person.language), timezone.override(ZoneInfo(person.time_zone)):
        body = render_to_string("reviews/mail/reminder.txt", _content(row, person))
        subject = _(SUBJECTS[ReminderKind(row.kind)]) % {"reference": row.claim.reference}
    return EmailMessage(
        subject,
        body,
        to=[person.address_for_reminders],
        headers={
            # The same at every attempt: mail programs show a doubled mail once (decision 23).
            "Message-ID": f"<reminder-{row.pk}@{urlsplit(settings.PUBLIC_URL).hostname}>",
            # RFC 3834: so that absence replies do not answer it.
            "Auto-Submitted": "auto-generated",
        },
    )


def _content(row: Reminder, person: User) -> dict[str, str]:
    """What the mail says, in the present language and time zone."""
    assignment, assessment = row.assignment, row.assessment
    moment = assignment.due_at if assignment else assessment.created_at if assessment else None
    return {
        "kind": row.kind,
        "reference": row.claim.reference,
        "desk": row.claim.desk.name,
        "reviewer": assignment.reviewer.username if assignment else "",
        "assessor": assessment.assessor.username if assessment else "",
        "due": _moment_in_words(moment) if assignment else "",
        "since": _moment_in_words(moment) if assessment else "",
        "zone": date_format(timezone.localtime(moment), "e") if moment else "",
        "person": person.username,
        "address": settings.PUBLIC_URL + _path(row),
    }


def _moment_in_words(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "l j F Y, H:i") if moment else ""


def _path(row: Reminder) -> str:
    """The path to open: the assessment to decide, else the claim."""
    return f"/reviews/{row.assessment_id}/" if row.assessment_id else f"/claims/{row.claim.reference}/"

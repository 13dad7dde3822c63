"""Notifications in words: one short sentence each, and where to look."""

from django.urls import reverse
from django.utils.translation import gettext as _

from reviews.models import Notification, NotificationKind


def in_words(row: Notification) -> str:
    """What it tells, without the claim's own words: "ana gave you this claim"."""
    if row.kind == NotificationKind.GROUNDS_CHANGED:
        return _grounds_changed(row)
    sentences = {
        NotificationKind.DUE_SOON: _("Due soon"),
        NotificationKind.DUE: _("Due now"),
        NotificationKind.OVERDUE: _("Overdue"),
        NotificationKind.ESCALATION: _("Not done in time"),
        NotificationKind.AWAITING_DECISION: _("A finding waits for your decision"),
        NotificationKind.SUPPORT_LOST: _("It has lost its support"),
        NotificationKind.RECHECK: _("A source was corrected: its excerpt has to be looked at again"),
        NotificationKind.ASSIGNED: _("%(person)s gave you this claim"),
        NotificationKind.HANDED_OVER: _("%(person)s handed this claim over to you"),
        NotificationKind.APPROVED: _("%(person)s approved your finding"),
        NotificationKind.REJECTED: _("%(person)s sent your finding back"),
        NotificationKind.NAMED_DECIDER: _("%(person)s named you to decide on this claim"),
        NotificationKind.DECLINED: _("%(reviewer)s declined this claim"),
        NotificationKind.REASSIGNED: _("%(person)s reassigned this claim to %(reviewer)s"),
        NotificationKind.WITHDRAWN: _withdrawn(row),
        NotificationKind.DEPARTED: _("%(reviewer)s no longer reviews on this desk. Their assignment has ended"),
        NotificationKind.APPROVER_ENDED: _("%(person)s no longer asks you to decide on this claim"),
        NotificationKind.APPROVER_DEPARTED: _("An approver of this claim no longer reviews on this desk"),
        NotificationKind.DUE_CHANGED: _("%(person)s changed the due time of your assignment"),
        NotificationKind.CLOSED: _("%(person)s closed this claim"),
        NotificationKind.OPENED: _("%(person)s opened this claim again"),
    }
    names = {
        "person": row.by.username if row.by else _("A command"),
        "reviewer": row.assignment.reviewer.username if row.assignment else "",
    }
    return sentences[NotificationKind(row.kind)] % names


def _grounds_changed(row: Notification) -> str:
    """A reminder of it is nobody's act, and says the same without a name."""
    if row.assessment_id is not None:
        if row.by is None:
            return _("What your assessment rests on has changed: confirm it, or assess the claim again")
        text = _("%(person)s changed what your assessment rests on: confirm it, or assess the claim again")
    elif row.by is None:
        return _("What the verdict rests on has changed: look at it again")
    else:
        text = _("%(person)s changed what the verdict rests on")
    return text % {"person": row.by.username}


def _withdrawn(row: Notification) -> str:
    if row.assignment is not None and row.assignment.reviewer_id == row.recipient_id:
        return _("%(person)s withdrew your assignment")
    return _("%(person)s withdrew the assignment of %(reviewer)s")


def place_of(row: Notification) -> str:
    """The path of what it is about: a finding, or the claim."""
    if row.assessment_id is not None:
        return reverse("review", args=[row.assessment_id])
    return reverse("claim", args=[row.claim.reference])

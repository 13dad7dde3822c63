"""Notifications in words: one short sentence each, and the page to open."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from reviews.models import Notification, NotificationKind


def notice_in_words(row: Notification) -> str:
    """The sentence of a notification, without the claim's own text: "ana assigned this to you"."""
    if row.kind == NotificationKind.GROUNDS_CHANGED:
        return _grounds_changed(row)
    sentences = {
        NotificationKind.DUE_SOON: _("Due soon"),
        NotificationKind.DUE: _("Due now"),
        NotificationKind.OVERDUE: _("Overdue"),
        NotificationKind.ESCALATION: _("Missed its due time"),
        NotificationKind.AWAITING_DECISION: _("An assessment is awaiting your decision"),
        NotificationKind.SUPPORT_LOST: _("It has lost its support"),
        NotificationKind.RECHECK: _("A source was corrected: re-check its quote"),
        NotificationKind.ASSIGNED: _("%(person)s assigned this to you"),
        NotificationKind.HANDED_OVER: _("%(person)s reassigned this to you"),
        NotificationKind.APPROVED: _("%(person)s approved your assessment"),
        NotificationKind.REJECTED: _("%(person)s rejected your assessment"),
        NotificationKind.NAMED_DECIDER: _("%(person)s named you as an approver of this claim"),
        NotificationKind.DECLINED: _("%(reviewer)s declined this claim"),
        NotificationKind.REASSIGNED: _("%(person)s reassigned this claim to %(reviewer)s"),
        NotificationKind.WITHDRAWN: _withdrawn(row),
        NotificationKind.DEPARTED: _departed(row),
        NotificationKind.APPROVER_ENDED: _("%(person)s removed you as an approver of this claim"),
        NotificationKind.APPROVER_DEPARTED: _("An approver of this claim no longer reviews on this desk"),
        NotificationKind.DUE_CHANGED: _("%(person)s changed the due time of your assignment"),
        NotificationKind.CLOSED: _("%(person)s closed this claim"),
        NotificationKind.OPENED: _("%(person)s reopened this claim"),
    }
    names = {
        "person": row.by.username if row.by else _("A command"),
        "reviewer": getattr(_reviewer_of(row), "username", ""),
    }
    return sentences[NotificationKind(row.kind)] % names


def _grounds_changed(row: Notification) -> str:
    """The sentence on changed grounds; that of a reminder has no author."""
    if row.assessment_id is not None:
        if row.by is None:
            return _("The grounds of your assessment have changed: confirm it or assess again")
        text = _("%(person)s changed the grounds of your assessment: confirm it or assess again")
    elif row.by is None:
        return _("The grounds of the verdict have changed: re-check it")
    else:
        text = _("%(person)s changed the grounds of the verdict")
    return text % {"person": row.by.username}


def _withdrawn(row: Notification) -> str:
    if row.assignment is not None and row.assignment.reviewer_id == row.recipient_id:
        return _("%(person)s withdrew your assignment")
    return _("%(person)s withdrew the assignment of %(reviewer)s")


def _departed(row: Notification) -> str:
    """The sentence on a person who no longer reviews, or an editor who became a reviewer, and on their assessment."""
    left = _reviewer_of(row)
    is_own = left is not None and left.pk == row.recipient_id
    if row.assignment is None:
        if is_own:
            return _("Your assignment was withdrawn. Your submitted assessment cannot be approved")
        return _("%(reviewer)s is no longer assigned. Their assessment cannot be approved")
    if row.assessment is None:
        if is_own:
            return _("You no longer review on this desk. Your assignment has ended")
        return _("%(reviewer)s no longer reviews on this desk. Their assignment has ended")
    if is_own:
        return _("You no longer review on this desk. Your assignment has ended, and your assessment cannot be approved")
    return _("%(reviewer)s no longer reviews here. Their assignment has ended, and their assessment cannot be approved")


def _reviewer_of(row: Notification) -> User | None:
    if row.assignment is not None:
        return row.assignment.reviewer
    return row.assessment.assessor if row.assessment is not None else None


def notice_path(row: Notification) -> str:
    """The path of the subject: an assessment, or the claim."""
    if row.assessment_id is not None:
        return reverse("review", args=[row.assessment_id])
    return reverse("claim", args=[row.claim.reference])

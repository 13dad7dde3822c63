"""One's own notifications: the newest first, each to be marked as read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonsRequest
from claims.reading.paging import Order, read_page
from claims.views.listing import PAGE_SIZE, neighbours
from house.errors import Invalid
from reviews.actions.notifications import mark_all_read, mark_read
from reviews.models import Notification
from reviews.notices import notice_in_words, notice_path
from reviews.queries import get_notification, notifications_of

NEWEST_FIRST = Order("at", newest_first=True)


@dataclass(frozen=True)
class NotificationLine:
    """One notification on the page."""

    row: Notification
    text: str
    url: str


@require_safe
def notifications(request: PersonsRequest) -> HttpResponse:
    """One's own notifications, the newest first."""
    page = read_page(
        notifications_of(request.user),
        order=NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
        filters={"list": "notifications"},
        size=PAGE_SIZE,
    )
    context = {
        "lines": [NotificationLine(row, notice_in_words(row), notice_path(row)) for row in page.rows],
        "any_unread": any(row.read_at is None for row in page.rows),
        "newest": page.rows[0].at.isoformat() if page.rows else "",
        **neighbours(request, page),
    }
    return render(request, "reviews/notifications.html", context)


@require_POST
def read_one(request: PersonsRequest, notification_id: UUID) -> HttpResponse:
    """Mark one notification as read."""
    mark_read(notification=get_notification(request.user, notification_id), by=request.user)
    return redirect("notifications")


@require_POST
def read_all(request: PersonsRequest) -> HttpResponse:
    """Mark the notifications on screen as read, not those that came meanwhile."""
    mark_all_read(until=_moment(request.POST.get("until", "")), by=request.user)
    return redirect("notifications")


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text) if text else None
    except ValueError:
        moment = None
    if text and (moment is None or moment.tzinfo is None):
        raise Invalid({"until": [_("Invalid time. Go back to the list and use the button there.")]})
    return moment

"""One's own notifications, and marking them as read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import Fields, Flag, MomentField, WordField, read_body, read_query
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, person_asking
from claims.reading.paging import Order
from reviews.actions.notifications import mark_all_read, mark_read
from reviews.models import Notification, NotificationKind
from reviews.notices import notice_in_words, notice_path
from reviews.queries import get_notification, notifications_of


class NotificationShape(TypedDict):
    """`text` is in the person's language; `url` is the page of its subject. `by`: the person who acted."""

    id: UUID
    kind: Annotated[str, NotificationKind]
    claim: str
    assignment: UUID | None
    assessment: UUID | None
    by: str | None
    text: str
    url: str
    at: datetime
    read_at: datetime | None


class MarkedShape(TypedDict):
    """`read`: the number that were unread before."""

    read: int


class NotificationQuery(ListQuery):
    unread = Flag(required=False)
    kind = WordField(NotificationKind.choices, required=False)


class ReadUntil(Fields):
    """`until`: leave newer ones unread, such as those that arrived meanwhile."""

    until = MomentField(required=False, allow_null=True)


ORDERS = {"created": Order("at"), "-created": Order("at", newest_first=True)}


class NotificationsApi(ApiView):
    @ApiOperation(
        "list_notifications",
        summary="List your notifications",
        query=NotificationQuery,
        answer=PageOf(NotificationShape),
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, NotificationQuery)
        rows = notifications_of(person_asking(request))
        if "kind" in query:
            rows = rows.filter(kind=query["kind"])
        if "unread" in query:
            rows = rows.filter(read_at__isnull=query["unread"])

        def render(page: Sequence[Notification]) -> list[NotificationShape]:
            return render_notifications(request, page)

        return answer_list(request, rows, query, render, orders=ORDERS)


class OneNotificationApi(ApiView):
    @ApiOperation(
        "read_notification", summary="Read one of your notifications", answer=NotificationShape, refuses=[404]
    )
    def get(self, request: Request, notification_id: UUID) -> Response:
        row = get_notification(person_asking(request), notification_id)
        return Response(render_notifications(request, [row])[0])


class NotificationReadApi(ApiView):
    @ApiOperation(
        "mark_notification", summary="Mark one of your notifications as read", answer=NotificationShape, refuses=[404]
    )
    def post(self, request: Request, notification_id: UUID) -> Response:
        by = person_asking(request)
        row = mark_read(notification=get_notification(by, notification_id), by=by)
        return Response(render_notifications(request, [row])[0])


class NotificationsReadApi(ApiView):
    # Marking as read again changes nothing, so it needs no key.
    @ApiOperation(
        "mark_notifications",
        summary="Mark all your notifications as read",
        body=ReadUntil,
        answer=MarkedShape,
        keyed=False,
    )
    def post(self, request: Request) -> Response:
        given = read_body(request, ReadUntil)
        return Response({"read": mark_all_read(until=given.get("until"), by=person_asking(request))})


def render_notifications(request: Request, rows: Sequence[Notification]) -> list[NotificationShape]:
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "claim": row.claim.reference,
            "assignment": row.assignment_id,
            "assessment": row.assessment_id,
            "by": row.by.username if row.by else None,
            "text": notice_in_words(row),
            "url": request.build_absolute_uri(notice_path(row)),
            "at": row.at,
            "read_at": row.read_at,
        }
        for row in rows
    ]

"""One's own reminders: pending and sent ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import WordField, read_query
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, person_asking
from claims.reading.paging import BY_CREATION, Order
from house.errors import NotFound
from reviews.models import Reminder, ReminderKind, ReminderState
from reviews.queries import reminders_of


class ReminderShape(TypedDict):
    """`due_at`: when the reminder is due; `ended_at`: when it was sent, cancelled, or failed. Its subject is the
    `assignment` or the `assessment` if one is given, else the claim."""

    id: UUID
    claim: str
    assignment: UUID | None
    assessment: UUID | None
    kind: Annotated[str, ReminderKind]
    due_at: datetime
    state: Annotated[str, ReminderState]
    ended_at: datetime | None


class ReminderQuery(ListQuery):
    state = WordField(ReminderState.choices, required=False)
    kind = WordField(ReminderKind.choices, required=False)


ORDERS = {**BY_CREATION, "due": Order("due_at")}


class RemindersApi(ApiView):
    @ApiOperation("list_reminders", summary="List your reminders", query=ReminderQuery, answer=PageOf(ReminderShape))
    def get(self, request: Request) -> Response:
        query = read_query(request, ReminderQuery)
        rows = reminders_of(person_asking(request))
        rows = rows.filter(**{name: query[name] for name in ("state", "kind") if name in query})
        return answer_list(request, rows, query, render_reminders, orders=ORDERS)


class OneReminderApi(ApiView):
    @ApiOperation("read_reminder", summary="Read one of your reminders", answer=ReminderShape, refuses=[404])
    def get(self, request: Request, reminder_id: UUID) -> Response:
        found = reminders_of(person_asking(request)).filter(pk=reminder_id).first()
        if found is None:
            raise NotFound(_("Reminder not found."))
        return Response(render_reminders([found])[0])


def render_reminders(rows: Sequence[Reminder]) -> list[ReminderShape]:
    return [
        {
            "id": row.pk,
            "claim": row.claim.reference,
            "assignment": row.assignment_id,
            "assessment": row.assessment_id,
            "kind": row.kind,
            "due_at": row.due_at,
            "state": row.state,
            "ended_at": row.ended_at,
        }
        for row in rows
    ]

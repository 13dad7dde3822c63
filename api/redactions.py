"""Redactions in the API: their matches, proposals, and the second person's decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Desk, User
from accounts.queries import person_named
from api.bodies import Fields, Id, ParsedFields, Text, WordField, peek, read_body, read_query
from api.desks import desk_to_write_on
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.reading.actor_queries import get_actor
from claims.reading.paging import Order
from house.errors import Invalid, NotFound
from reviews.actions.redactions import (
    look_for,
    look_for_in_shared,
    name_second,
    preview_of,
    propose_redaction,
    propose_shared_redaction,
    redact,
    refuse_redaction,
    withdraw_redaction,
)
from reviews.models import Redaction, RedactionState
from reviews.permissions import may_ask_second, may_decide_redaction, may_redact, may_redact_shared, may_withdraw
from reviews.queries import get_redaction_seen, redactions_seen
from reviews.redaction_matches import Matches
from reviews.redactions_shown import is_outside, show_matches
from sources.models import Actor


class RedactionShape(TypedDict):
    """On a `desk`, or of an `actor` shared with all desks. While it is open, `words` are those to erase, or `of_file`
    is true; afterwards neither is kept. `second`: an editor of another desk asked to decide. `erased`: the number of
    places."""

    id: UUID
    desk: UUID | None
    actor: UUID | None
    words: str
    of_file: bool
    reason: str
    state: Annotated[str, RedactionState]
    proposed_by: str
    proposed_at: datetime
    second: str | None
    decided_by: str | None
    ended_at: datetime | None
    erased: int


class ErasedTextShape(TypedDict):
    """A text that would change: its kind, its claim or source, and its `parts`, between which the words are erased.
    `whole`: it is erased completely."""

    name: str
    claim: str | None
    source: UUID | None
    parts: list[str]
    whole: bool


class ErasedFileShape(TypedDict):
    """A file that would be erased, with its bytes, name and digest."""

    id: UUID
    name: str
    media_type: str
    size: int


class RedactionMatchesShape(TypedDict):
    """The matches of a redaction. `fields`: values in the ledger that could no longer be opened, with a count for each
    name. `seen`: the digest of all matches, required for the approval."""

    seen: str
    texts: list[ErasedTextShape]
    files: list[ErasedFileShape]
    fields: dict[str, int]


class RedactionQuery(ListQuery):
    desk = Id(required=False)
    state = WordField(RedactionState.choices, required=False)


class Sought(Fields):
    """`words` on a desk (`desk` is optional for people on one), or a `file` of it (the id of an attachment); or `words`
    about an `actor` shared with all desks."""

    desk = Id(required=False, allow_null=True)
    actor = Id(required=False, allow_null=True)
    words = Text(default="")
    file = Id(required=False, allow_null=True)


class NewRedaction(Sought):
    """`reason`: kept, so it must not contain the words to erase."""

    reason = Text(default="")


class RedactionApproval(Fields):
    """`seen`: the digest of the matches that you read."""

    seen = Text(required=True)


class SecondPerson(Fields):
    """`person`: the user name of an editor of another desk."""

    person = Text(required=True)


ORDERS = {"created": Order("proposed_at"), "-created": Order("proposed_at", newest_first=True)}


class Redactions(ApiView):
    counted_as = {"POST": "preview"}

    @ApiOperation(
        "list_redactions",
        summary="List the redactions that you may read: of your desks, of shared actors, and those you are to decide",
        query=RedactionQuery,
        answer=PageOf(RedactionShape),
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, RedactionQuery)
        rows = redactions_seen(person_asking(request))
        rows = rows.filter(**{name: query[name] for name in ("desk", "state") if name in query})
        return answer_list(request, rows, query, render_redactions, orders=ORDERS)

    @ApiOperation(
        "propose_redaction",
        summary="Propose to erase words or a file; a second person decides",
        body=NewRedaction,
        status=201,
        answer=RedactionShape,
        refuses=[403],
        asks_again=True,
    )
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        of = _sought_in(request)
        given = _read_sought(request, NewRedaction)
        if isinstance(of, Actor):
            row = propose_shared_redaction(actor=of, words=_words_alone(given), reason=given["reason"], by=by)
        else:
            row = propose_redaction(desk=of, **given, by=by)
        return created(request, render_redactions([row])[0], at=reverse("api:redaction", args=[row.pk]))


class RedactionPreview(ApiView):
    counted_as = {"POST": "preview"}

    @ApiOperation(
        "preview_redaction",
        summary="Preview what erasing words or a file would remove; the look is recorded",
        body=Sought,
        answer=RedactionMatchesShape,
        refuses=[403],
        keyed=False,
        asks_again=True,
    )
    def post(self, request: Request) -> Response:
        by = person_asking(request)
        of = _sought_in(request)
        given = _read_sought(request, Sought)
        if isinstance(of, Actor):
            _read, found = look_for_in_shared(actor=of, words=_words_alone(given), by=by)
        else:
            _read, _digest, found = look_for(desk=of, **given, by=by)
        return Response(render_matches(found, by, outside=isinstance(of, Actor)))


class OneRedaction(ApiView):
    @ApiOperation("read_redaction", summary="Read a redaction", answer=RedactionShape, refuses=[404])
    def get(self, request: Request, redaction_id: UUID) -> Response:
        return Response(render_redactions([get_redaction_seen(person_asking(request), redaction_id)])[0])


class WouldErase(ApiView):
    counted_as = {"GET": "preview"}

    @ApiOperation(
        "read_redaction_matches",
        summary="Read what an open redaction would erase now; the look is recorded",
        answer=RedactionMatchesShape,
        refuses=[403, 404, 409],
    )
    def get(self, request: Request, redaction_id: UUID) -> Response:
        by = person_asking(request)
        row = get_redaction_seen(by, redaction_id)
        return Response(render_matches(preview_of(redaction=row, by=by), by, outside=is_outside(row, by)))


class RedactionApproved(ApiView):
    counted_as = {"POST": "preview"}

    @ApiOperation(
        "approve_redaction",
        summary="Approve a redaction as the second person; the words are erased for good",
        body=RedactionApproval,
        answer=RedactionShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, redaction_id: UUID) -> Response:
        by = person_asking(request)
        row = get_redaction_seen(by, redaction_id)
        may_decide_redaction(row, by)
        return Response(render_redactions([redact(redaction=row, **read_body(request, RedactionApproval), by=by)])[0])


class RedactionRejected(ApiView):
    @ApiOperation(
        "reject_redaction",
        summary="Reject a redaction as the second person; nothing is erased",
        answer=RedactionShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, redaction_id: UUID) -> Response:
        by = person_asking(request)
        row = get_redaction_seen(by, redaction_id)
        may_decide_redaction(row, by)
        return Response(render_redactions([refuse_redaction(redaction=row, by=by)])[0])


class RedactionWithdrawn(ApiView):
    @ApiOperation(
        "withdraw_redaction",
        summary="Withdraw a redaction that you proposed",
        answer=RedactionShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, redaction_id: UUID) -> Response:
        by = person_asking(request)
        row = get_redaction_seen(by, redaction_id)
        may_withdraw(row, by)
        return Response(render_redactions([withdraw_redaction(redaction=row, by=by)])[0])


class RedactionSecond(ApiView):
    @ApiOperation(
        "ask_second_for_redaction",
        summary="Ask an editor of another desk to decide, where you are your desk’s only editor",
        body=SecondPerson,
        answer=RedactionShape,
        refuses=[403, 404, 409],
        asks_again=True,
    )
    def post(self, request: Request, redaction_id: UUID) -> Response:
        by = person_asking(request)
        row = get_redaction_seen(by, redaction_id)
        may_ask_second(row, by)
        user = person_named(read_body(request, SecondPerson)["person"])
        return Response(render_redactions([name_second(redaction=row, user=user, by=by)])[0])


def _sought_in(request: Request) -> Desk | Actor:
    """The actor or desk named in the body, if the person may redact there; asked before the rest of the body.

    Raises Forbidden, Invalid.
    """
    by, named = person_asking(request), peek(request, "actor")
    if named in (None, serializers.empty):
        desk = desk_to_write_on(request)
        may_redact(desk, by)
        return desk
    try:
        actor = get_actor(by, Id().to_internal_value(named))
        may_redact_shared(actor, by)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"actor": error.detail}) from error
    except NotFound as error:
        raise Invalid({"actor": [str(error)]}) from error
    return actor


def _read_sought(request: Request, kind: type[Sought]) -> ParsedFields:
    given = {"file": None, **read_body(request, kind)}
    if given.pop("actor", None) is not None and given.pop("desk", None) is not None:
        raise Invalid({"actor": [_("Name a desk or an actor, not both.")]})
    given.pop("desk", None)
    return given


def _words_alone(given: Mapping[str, Any]) -> str:
    if given["file"] is not None:
        raise Invalid({"file": [_("For an actor shared with all desks, only words can be redacted.")]})
    return str(given["words"])


def render_redactions(rows: Sequence[Redaction]) -> list[RedactionShape]:
    return [
        {
            "id": row.pk,
            "desk": row.desk_id,
            "actor": row.actor_id,
            "words": row.words,
            "of_file": bool(row.sha256),
            "reason": row.reason,
            "state": row.state,
            "proposed_by": row.proposed_by.username,
            "proposed_at": row.proposed_at,
            "second": row.second.username if row.second else None,
            "decided_by": row.decided_by.username if row.decided_by else None,
            "ended_at": row.ended_at,
            "erased": row.erased,
        }
        for row in rows
    ]


def render_matches(found: Matches, by: User, *, outside: bool) -> RedactionMatchesShape:
    shown = show_matches(found, by, outside=outside)
    return {
        "seen": shown.seen,
        "texts": [
            {"name": one.name, "claim": one.claim, "source": one.source, "parts": list(one.parts), "whole": one.whole}
            for one in shown.texts
        ],
        "files": [
            {"id": one.pk, "name": one.name, "media_type": one.media_type, "size": one.size} for one in shown.files
        ],
        "fields": dict(shown.fields),
    }

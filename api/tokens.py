"""One's own tokens for this API."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import create_token, revoke_token
from accounts.models import Token, TokenScope, all_scopes
from accounts.queries import tokens_of
from api.authentication import no_token_asks
from api.bodies import Fields, List, Text, Whole, WordField, read_body, read_query
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, created, person_asking
from claims.reading.paging import Order
from house.errors import NotFound

LONGEST_NUMBER = 100_000  # days that fit into a time span; the action sets the allowed number


class TokenShape(TypedDict):
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None


class MadeTokenShape(TokenShape):
    """`token` is shown only this once."""

    token: str


class NewToken(Fields):
    name = Text(default="")
    lifetime_days = Whole(default=30, max_value=LONGEST_NUMBER)
    scopes = List(child=WordField(TokenScope), default=all_scopes, allow_empty=False, max_length=2)


# The primary key of a token is its digest, which stays in the database.
ORDERS = {"created": Order("created", id="id"), "-created": Order("created", newest_first=True, id="id")}


class TokensApi(ApiView):
    @ApiOperation(
        "list_tokens", summary="List your tokens, without their secrets", query=ListQuery, answer=PageOf(TokenShape)
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, ListQuery)
        return answer_list(request, tokens_of(person_asking(request)), query, render_tokens, orders=ORDERS)

    @ApiOperation(
        "create_token",
        summary="Create a token; its secret is shown once. Needs a session, not a token",
        body=NewToken,
        status=201,
        answer=MadeTokenShape,
        refuses=[403],
        keyed=False,
        asks_again=True,
    )
    def post(self, request: Request) -> Response:
        no_token_asks(request)
        given = read_body(request, NewToken)
        lifetime = timedelta(days=given["lifetime_days"])
        by = person_asking(request)
        row, token = create_token(user=by, name=given["name"], lifetime=lifetime, scopes=given["scopes"], by=by)
        at = reverse("api:token", args=[row.id])
        return created(request, {**render_tokens([row])[0], "token": token}, at=at)


class OneTokenApi(ApiView):
    @ApiOperation("read_token", summary="Read one of your tokens", answer=TokenShape, refuses=[404])
    def get(self, request: Request, token_id: UUID) -> Response:
        found = tokens_of(person_asking(request)).filter(id=token_id).first()
        if found is None:
            raise NotFound(_("Token not found."))
        return Response(render_tokens([found])[0])

    @ApiOperation("revoke_token", summary="Revoke one of your tokens", status=204, refuses=[404], keyed=False)
    def delete(self, request: Request, token_id: UUID) -> Response:
        revoke_token(token_id=token_id, by=person_asking(request))
        return Response(status=204)


def render_tokens(rows: Sequence[Token]) -> list[TokenShape]:
    return [
        {
            "id": row.id,
            "name": row.name,
            "scopes": row.scopes,
            "created_at": row.created,
            "expires_at": row.expiry,
        }
        for row in rows
    ]

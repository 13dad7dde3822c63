"""Receipts of one's own acts: signed promises that each is in the log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import MOST_RECEIPTS, PlacedAct, receipts_of
from api.bodies import Text, read_query
from api.lists import ListQuery, answer_list
from api.schema import ApiOperation, PageOf
from api.view import ApiView, person_asking
from claims.reading.paging import Order
from house.errors import Invalid, NotFound
from ledger.entries import format_time, leaf_hashes
from ledger.keys import LONGEST_DELAY, receipts_for

ORDERS = {
    "created": Order("at", id="entry_id"),
    "-created": Order("at", newest_first=True, id="entry_id"),
}


class ReceiptShape(TypedDict):
    """The receipt of one entry of the ledger; `receipt` is null while the server cannot sign.

    `due_at`: the latest time for its leaf to be in the log. `log_index` is null until it is.
    """

    leaf_hash: str
    kind: str
    at: datetime
    due_at: datetime
    log_index: int | None
    receipt: str | None


class ReceiptsQuery(ListQuery):
    """`leaves`: leaf hashes (hex), separated by commas; only their receipts."""

    leaves = Text(default="")


class ReceiptsApi(ApiView):
    @ApiOperation("list_receipts", summary="List your receipts", query=ReceiptsQuery, answer=PageOf(ReceiptShape))
    def get(self, request: Request) -> Response:
        query = read_query(request, ReceiptsQuery)
        rows = receipts_of(person_asking(request))
        if query["leaves"]:
            hashes = leaf_hashes(query["leaves"], most=MOST_RECEIPTS)
            if hashes is None:
                raise Invalid({"leaves": [_("Enter leaf hashes as hex digits, separated by commas.")]})
            rows = rows.filter(entry__leaf_hash__in=hashes)
        return answer_list(request, rows, query, render_receipts, orders=ORDERS)


class OneReceiptApi(ApiView):
    @ApiOperation("read_receipt", summary="Read your receipt for one ledger entry", answer=ReceiptShape, refuses=[404])
    def get(self, request: Request, leaf_hash: str) -> Response:
        found = receipts_of(person_asking(request)).filter(entry__leaf_hash=bytes.fromhex(leaf_hash)).first()
        if found is None:
            raise NotFound(_("Receipt not found."))
        return Response(render_receipts([found])[0])


def render_receipts(rows: Sequence[PlacedAct]) -> list[ReceiptShape]:
    entries = [(bytes(row.entry.leaf_hash), format_time(row.entry.at)) for row in rows]
    return [
        {
            "leaf_hash": leaf_hash.hex(),
            "kind": row.kind,
            "at": row.entry.at,
            "due_at": row.entry.at + timedelta(seconds=LONGEST_DELAY),
            "log_index": row.log_index,
            "receipt": signed,
        }
        for row, (leaf_hash, _at), signed in zip(rows, entries, receipts_for(entries), strict=True)
    ]

"""Lists in pages, by key and not by number: a row that comes or goes meanwhile shifts nothing.

A page begins after (or, going back, ends before) the row that its cursor names: by `(key, id)`, where the key is a
time that is never null. A cursor is signed and bound to what the list was narrowed by: with other filters, another
order or a letter changed it is refused.

By a key that moves (when a row was changed) nothing is lost either (docs/decisions/0089): newest first, the last page
leads on to what has moved to the front since the first; oldest first, `follow` leads on to what changes later.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from house.errors import Invalid

SIZE, LARGEST_SIZE = 50, 200  # rows a page
# An act takes its time just before its transaction begins, by the clock of a web server and not of the database.
CLOCKS_DIFFER = timedelta(seconds=5)
Row = TypeVar("Row")  # a model, or named columns of one


@dataclass(frozen=True, slots=True)
class Order:
    """One way to order a list: by the column `key` (a path such as `assignment__created_at` may be given), and among
    rows that share it by `id`, a column of unique UUIDs or numbers. `moves`: the key of a row grows when it changes."""

    key: str
    newest_first: bool = False
    id: str = "id"
    moves: bool = False


BY_CREATION = {"created": Order("created_at"), "-created": Order("created_at", newest_first=True)}
CLAIM_ORDERS = {
    **BY_CREATION,
    "changed": Order("changed_at", moves=True),
    "-changed": Order("changed_at", newest_first=True, moves=True),
    "due": Order("due_at"),
}


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """The rows of one page, and the cursors of its neighbours; None where there is none.

    `follow`: the cursor at which what changes later is found, of an order by a key that moves, oldest first.
    """

    rows: list[Row]
    next: str | None
    previous: str | None
    follow: str | None = None


@dataclass(frozen=True, slots=True)
class PagePosition:
    """What to read for a page: `most` rows in `order` or against it, those beyond `(key, id)`, or from the first.

    Without an `id`: those at or beyond `key`. `floor`: none but those whose key is later.
    """

    order: Order
    newest_first: bool
    most: int
    key: datetime | None = None
    id: UUID | int | None = None
    floor: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The row next to which a page lies; `back`: the page ends before it. Without `key`: a walk begins.

    Of a key that moves: `floor`, below which an earlier walk has been; `since`, from when on this walk may have passed
    what was not there yet.
    """

    key: datetime | None = None
    id: UUID | int | None = None
    back: bool = False
    floor: datetime | None = None
    since: datetime | None = None


def read_page(
    rows: QuerySet[Any, Row],
    *,
    order: Order,
    cursor: str = "",
    filters: Mapping[str, object] | None = None,
    size: int = SIZE,
) -> KeysetPage[Row]:
    """One page of `rows`, which may be narrowed and not ordered; the first without a `cursor`.

    `filters`: all that the list was narrowed by, and which list it is; a cursor is good for the same again.
    Raises Invalid for `cursor`.
    """
    return page_of(partial(read_at, rows), order=order, cursor=cursor, filters=filters, size=size)


def page_of(
    read: Callable[[PagePosition], list[Row]],
    *,
    order: Order,
    cursor: str = "",
    filters: Mapping[str, object] | None = None,
    size: int = SIZE,
) -> KeysetPage[Row]:
    """The same of rows that `read` answers for a place."""
    bound = _digest(order, filters or {})
    start = _read(cursor, bound=bound) if cursor else _Cursor()
    # Asked before the rows are read: what is under way now, and is not among them, lies after it.
    settled = _settled() if order.moves else None
    place = PagePosition(order, order.newest_first != start.back, size + 1, start.key, start.id, start.floor)
    found = read(place)
    more, found = len(found) > size, found[:size]
    if start.back:
        found.reverse()
    passed = replace(start, since=_since(start, order, found, settled)) if settled else start
    follow = _follow(passed, order, found, settled) if settled and not order.newest_first else None
    after = _beside(found[-1], order, passed, back=False) if found and (more or start.back) else None
    # What was read at one moment can have passed nothing.
    if after is None and order.moves and order.newest_first and start.key is not None:
        after = _moved_meanwhile(read, passed, order)
    before = _beside(found[0], order, passed, back=True) if found and (more if start.back else start.key) else None
    return KeysetPage(found, *(_write(each, bound) if each else None for each in (after, before, follow)))


def _beside(row: object, order: Order, walk: _Cursor, *, back: bool) -> _Cursor:
    """The place next to a row, for the same walk."""
    return replace(walk, key=_key_of(row, order), id=getattr(row, order.id), back=back)


def _key_of(row: object, order: Order) -> datetime:
    key: datetime = attrgetter(order.key.replace("__", "."))(row)
    return key


def _since(start: _Cursor, order: Order, found: Sequence[object], settled: "_Settled") -> datetime | None:
    """From when on a walk that has read these rows as well may have passed what others had not committed.

    Newest first, a walk begins at its newest row; what has moved in front of it is looked for at its end.
    """
    if order.newest_first:
        if start.key is not None or not found:
            return start.since
        newest = _key_of(found[0], order)
        # In the first round only: what is under way for hours must not make walks that never end.
        return min(newest, settled.at) if settled.others and start.floor is None else newest
    if found and _key_of(found[-1], order) >= settled.at:
        return min(start.since or settled.at, settled.at)
    return start.since


def _moved_meanwhile(read: Callable[[PagePosition], list[Row]], walk: _Cursor, order: Order) -> _Cursor | None:
    """Where a walk that has come to its end goes on: at what has moved in front of its beginning, if anything has."""
    if walk.since is None or not read(PagePosition(order, newest_first=True, most=1, floor=walk.since)):
        return None
    return _Cursor(floor=walk.since)


def _follow(walk: _Cursor, order: Order, found: Sequence[object], settled: "_Settled") -> _Cursor:
    """Where to look for what changes later: after the last row, or where something may have been passed."""
    if walk.since is not None:
        return _Cursor(key=walk.since)
    if found:
        return _Cursor(key=_key_of(found[-1], order), id=getattr(found[-1], order.id))
    return _Cursor(key=walk.key, id=walk.id) if walk.key else _Cursor(key=settled.at)


_OLDEST = """SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class _Settled:
    """The moment before which nothing can still come to stand; `others`: transactions are under way besides this."""

    at: datetime
    others: bool


def _settled() -> _Settled:
    """What is under way began no earlier. An act takes its time before its transaction, and waits for locks in it."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        (oldest,) = cursor.fetchone()
    now = timezone.now()
    return _Settled(min(oldest or now, now) - CLOCKS_DIFFER, oldest is not None)


def find_order(name: str, orders: Mapping[str, Order]) -> Order:
    """The order of that name; "" is `-created`. Raises Invalid for `ordering`."""
    order = orders.get(name or "-created")
    if order is None:
        raise Invalid({"ordering": [_("Choose one of: %(names)s.") % {"names": ", ".join(orders)}]})
    return order


def read_at(rows: QuerySet[Any, Row], place: PagePosition) -> list[Row]:
    """The rows at a place: those beyond `(key, id)`, with a condition on the key alone so that an index can serve."""
    order, sign = place.order, "-" if place.newest_first else ""
    if place.key is not None:
        side = "lt" if place.newest_first else "gt"
        rows = rows.filter(**{f"{order.key}__{side}e": place.key})
        if place.id is not None:
            rows = rows.filter(Q(**{f"{order.key}__{side}": place.key}) | Q(**{f"{order.id}__{side}": place.id}))
    if place.floor is not None:
        rows = rows.filter(**{f"{order.key}__gt": place.floor})
    return list(rows.order_by(f"{sign}{order.key}", f"{sign}{order.id}")[: place.most])


def _signer() -> signing.Signer:
    return signing.Signer(salt="second-source.cursor")


def _digest(order: Order, filters: Mapping[str, object]) -> str:
    said = {name: str(value) for name, value in filters.items()}
    text = json.dumps([order.key, order.newest_first, said], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(cursor: _Cursor, bound: str) -> str:
    said = [_told(cursor.key), str(cursor.id or ""), cursor.back, bound, _told(cursor.floor), _told(cursor.since)]
    return str(_signer().sign_object(said))


def _told(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _read(cursor: str, *, bound: str) -> _Cursor:
    try:
        key, pk, back, given, floor, since = _signer().unsign_object(cursor)
    except (signing.BadSignature, UnicodeError, ValueError) as error:
        raise Invalid({"cursor": [_("Invalid page. Start again at the first page.")]}) from error
    if given != bound:
        message = _("This page belongs to other filters or another order. Start again at the first page.")
        raise Invalid({"cursor": [message]})
    at = (int(pk) if pk.isdecimal() else UUID(pk)) if pk else None
    return _Cursor(_moment(key), at, bool(back), _moment(floor), _moment(since))

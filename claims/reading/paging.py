"""Lists in pages by key and not by number: rows added or removed meanwhile shift nothing.

A page begins after (or, going back, ends before) the row that its cursor names: by `(key, id)`, where the key is a time
that is never null. A cursor is signed and bound to the filters: with other filters, another order or a changed letter
it is refused.

With a moving key (the time of the last change) no row is missed either (docs/decisions/0089). Newest first, the last
page leads on to the rows that moved to the front since the first; oldest first, `follow` leads on to later changes.
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
# An act takes its time just before its transaction begins, from the clock of a web server and not of the database.
CLOCKS_DIFFER = timedelta(seconds=5)
Row = TypeVar("Row")  # a model, or named columns of one


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list: by the column `key` (a path such as `assignment__created_at` works), then by `id`.

    `id` is a column of unique UUIDs or numbers. `moves`: the key of a row grows when the row changes.
    """

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

    `follow`: the cursor that leads to later changes, in an order by a moving key, oldest first.
    """

    rows: list[Row]
    next: str | None
    previous: str | None
    follow: str | None = None


@dataclass(frozen=True, slots=True)
class PagePosition:
    """The rows to read for a page: `most` rows in `order` or against it, beyond `(key, id)`, or from the first.

    Without an `id`: those at or beyond `key`. `floor`: only rows with a later key.
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

    Of a moving key: `floor`, the key up to which an earlier walk has read; `since`, the time from which this walk may
    have missed rows.
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
    """One page of `rows`, which may be filtered and not ordered; the first without a `cursor`.

    `filters`: all filters of the list, and its name; a cursor works only with the same ones. Raises Invalid for
    `cursor`.
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
    """The same for rows that `read` returns for a position."""
    bound = _digest(order, filters or {})
    start = _read(cursor, bound=bound) if cursor else _Cursor()
    # Asked before the rows are read: a transaction that is open now, and whose rows are missing, gets a later key.
    settled = _settled() if order.moves else None
    place = PagePosition(order, order.newest_first != start.back, size + 1, start.key, start.id, start.floor)
    found = read(place)
    more, found = len(found) > size, found[:size]
    if start.back:
        found.reverse()
    passed = replace(start, since=_since(start, order, found, settled)) if settled else start
    follow = _follow(passed, order, found, settled) if settled and not order.newest_first else None
    after = _beside(found[-1], order, passed, back=False) if found and (more or start.back) else None
    # A list read in one go can have missed nothing.
    if after is None and order.moves and order.newest_first and start.key is not None:
        after = _moved_meanwhile(read, passed, order)
    before = _beside(found[0], order, passed, back=True) if found and (more if start.back else start.key) else None
    return KeysetPage(found, *(_write(each, bound) if each else None for each in (after, before, follow)))


def _beside(row: object, order: Order, walk: _Cursor, *, back: bool) -> _Cursor:
    """The position next to a row, for the same walk."""
    return replace(walk, key=_key_of(row, order), id=getattr(row, order.id), back=back)


def _key_of(row: object, order: Order) -> datetime:
    key: datetime = attrgetter(order.key.replace("__", "."))(row)
    return key


def _since(start: _Cursor, order: Order, found: Sequence[object], settled: "_Settled") -> datetime | None:
    """The time from which a walk that has also read these rows may have missed uncommitted ones.

    Newest first, a walk begins at its newest row, and looks at its end for rows that moved in front of it.
    """
    if order.newest_first:
        if start.key is not None or not found:
            return start.since
        newest = _key_of(found[0], order)
        # In the first round only: a transaction that stays open for hours must not make a walk endless.
        return min(newest, settled.at) if settled.others and start.floor is None else newest
    if found and _key_of(found[-1], order) >= settled.at:
        return min(start.since or settled.at, settled.at)
    return start.since


def _moved_meanwhile(read: Callable[[PagePosition], list[Row]], walk: _Cursor, order: Order) -> _Cursor | None:
    """The position where a finished walk continues: at rows that moved in front of its beginning; None where there are
    none.
    """
    if walk.since is None or not read(PagePosition(order, newest_first=True, most=1, floor=walk.since)):
        return None
    return _Cursor(floor=walk.since)


def _follow(walk: _Cursor, order: Order, found: Sequence[object], settled: "_Settled") -> _Cursor:
    """The position of later changes: after the last row, or where rows may have been missed."""
    if walk.since is not None:
        return _Cursor(key=walk.since)
    if found:
        return _Cursor(key=_key_of(found[-1], order), id=getattr(found[-1], order.id))
    return _Cursor(key=walk.key, id=walk.id) if walk.key else _Cursor(key=settled.at)


_OLDEST = """SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class _Settled:
    """The time before which no new row can appear; `others`: whether other transactions are open."""

    at: datetime
    others: bool


def _settled() -> _Settled:
    """The earliest time of open transactions.

    An act takes its time before its transaction, which may wait for locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        (oldest,) = cursor.fetchone()
    now = timezone.now()
    return _Settled(min(oldest or now, now) - CLOCKS_DIFFER, oldest is not None)


def find_order(name: str, orders: Mapping[str, Order]) -> Order:
    """The order of that name; "" means `-created`. Raises Invalid for `ordering`."""
    order = orders.get(name or "-created")
    if order is None:
        raise Invalid({"ordering": [_("Choose one of: %(names)s.") % {"names": ", ".join(orders)}]})
    return order


def read_at(rows: QuerySet[Any, Row], place: PagePosition) -> list[Row]:
    """The rows at a position: beyond `(key, id)`, with a separate condition on the key so that an index applies."""
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

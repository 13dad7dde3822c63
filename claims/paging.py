"""Lists in pages, by key and not by number: a row that comes or goes meanwhile shifts nothing.

A page begins after (or, going back, ends before) the row that its cursor names: by `(key, id)`, where the key is a
time that is never null. A cursor is signed and bound to what the list was narrowed by: with other filters, another
order or a letter changed it is refused.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Invalid

SIZE, LARGEST_SIZE = 50, 200  # rows a page
Row = TypeVar("Row")  # a model, or named columns of one


@dataclass(frozen=True, slots=True)
class Order:
    """One way to order a list: by the column `key` (a path such as `assignment__created_at` may be given), and among
    rows that share it by `id`, a column of unique UUIDs or numbers."""

    key: str
    newest_first: bool = False
    id: str = "id"


BY_CREATION = {"created": Order("created_at"), "-created": Order("created_at", newest_first=True)}
CLAIM_ORDERS = {**BY_CREATION, "-changed": Order("changed_at", newest_first=True), "due": Order("due_at")}


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursors of its neighbours; None where there is none."""

    rows: list[Row]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """What to read for a page: `most` rows in `order` or against it, those beyond `(key, id)`, or from the first."""

    order: Order
    newest_first: bool
    most: int
    key: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The row next to which a page lies; `back`: the page ends before it."""

    key: datetime
    id: UUID | int
    back: bool


def read_page(
    rows: QuerySet[Any, Row],
    *,
    order: Order,
    cursor: str = "",
    filters: Mapping[str, object] | None = None,
    size: int = SIZE,
) -> Page[Row]:
    """One page of `rows`, which may be narrowed and not ordered; the first without a `cursor`.

    `filters`: all that the list was narrowed by, and which list it is; a cursor is good for the same again.
    Raises Invalid for `cursor`.
    """
    return page_of(partial(read_at, rows), order=order, cursor=cursor, filters=filters, size=size)


def page_of(
    read: Callable[[Place], list[Row]],
    *,
    order: Order,
    cursor: str = "",
    filters: Mapping[str, object] | None = None,
    size: int = SIZE,
) -> Page[Row]:
    """The same of rows that `read` answers for a place."""
    bound = _digest(order, filters or {})
    start = _read(cursor, bound) if cursor else None
    back = start is not None and start.back
    newest_first = order.newest_first != back
    beyond = (start.key, start.id) if start else (None, None)
    found = read(Place(order, newest_first, size + 1, *beyond))
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], None, None)
    after = _write(found[-1], order, bound, back=False) if more or back else None
    before = _write(found[0], order, bound, back=True) if (more if back else start is not None) else None
    return Page(found, after, before)


def find_order(name: str, orders: Mapping[str, Order]) -> Order:
    """The order of that name; "" is `-created`. Raises Invalid for `ordering`."""
    order = orders.get(name or "-created")
    if order is None:
        raise Invalid({"ordering": [_("Choose one of: %(names)s.") % {"names": ", ".join(orders)}]})
    return order


def read_at(rows: QuerySet[Any, Row], place: Place) -> list[Row]:
    """The rows at a place: those beyond `(key, id)`, with a condition on the key alone so that an index can serve."""
    order, sign = place.order, "-" if place.newest_first else ""
    if place.key is not None:
        side = "lt" if place.newest_first else "gt"
        beyond = Q(**{f"{order.key}__{side}": place.key}) | Q(**{f"{order.id}__{side}": place.id})
        rows = rows.filter(Q(**{f"{order.key}__{side}e": place.key}) & beyond)
    return list(rows.order_by(f"{sign}{order.key}", f"{sign}{order.id}")[: place.most])


def _signer() -> signing.Signer:
    return signing.Signer(salt="second-source.cursor")


def _digest(order: Order, filters: Mapping[str, object]) -> str:
    said = {name: str(value) for name, value in filters.items()}
    text = json.dumps([order.key, order.newest_first, said], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write(row: object, order: Order, bound: str, *, back: bool) -> str:
    key: datetime = attrgetter(order.key.replace("__", "."))(row)
    return str(_signer().sign_object([key.isoformat(), str(getattr(row, order.id)), back, bound]))


def _read(cursor: str, bound: str) -> _Cursor:
    try:
        key, pk, back, given = _signer().unsign_object(cursor)
    except (signing.BadSignature, UnicodeError) as error:
        raise Invalid({"cursor": [_("This is no place in a list. Start again at the first page.")]}) from error
    if given != bound:
        message = _("This place is one of another list: the filters or the order were changed. Start again.")
        raise Invalid({"cursor": [message]})
    return _Cursor(datetime.fromisoformat(key), int(pk) if pk.isdecimal() else UUID(pk), bool(back))

"""Removing from rows the names of other rows that a person may not see, before the rows are shown.

One way for pages, API, exports and bundles: all restricted material goes through `claims.record.reads.note_shown`,
which calls `withhold`. Records that keep identifiers (graphs, status changes, the ledger) use `hidden_among`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Field, Model

from accounts.models import User
from claims.access.scopes import SCOPES
from claims.models import Claim
from sources.models import Visibility

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def withhold(user: User, rows: Iterable[Model]) -> None:
    """Remove from these rows, which the person may see, the names of rows that they may not see; also from rows fetched
    along with them.

    A row that lost a name cannot be saved. Rows that are not restricted are skipped: they name nothing restricted, and
    rows fetched along with them are as visible as they are.
    """
    waiting, looked_at = list(rows), set[int]()
    while waiting:
        doubtful: list[tuple[Model, Field[Any, Any]]] = []
        for row in waiting:
            looked_at.add(id(row))
            # A row that is not restricted names nothing restricted, so that most rows need no query (decision 83).
            if getattr(row, "visibility", None) == Visibility.RESTRICTED:
                doubtful += [(row, field) for field in _naming(row) if not _is_open(row, field)]
        _take_off(user, doubtful)
        read_along = (one for row in waiting for one in _read_along(row))
        waiting = list({id(one): one for one in read_along if id(one) not in looked_at}.values())


def _naming(row: Model) -> Iterator["Field[Any, Any]"]:
    """The fields that name a row that may be hidden, as far as they were fetched and are set."""
    # By the model's foreign keys, so that a new one needs nothing here (decision 83).
    for field in row._meta.concrete_fields:
        if field.null and field.related_model in SCOPES and row.__dict__.get(field.attname) is not None:
            yield field


def _is_open(row: Model, field: "Field[Any, Any]") -> bool:
    """Whether the named row was fetched along and is not restricted."""
    found = row._state.fields_cache.get(field.name)
    return found is not None and found.__dict__.get("visibility") in (Visibility.PUBLIC, Visibility.DESK)


def _take_off(user: User, doubtful: list[tuple[Model, "Field[Any, Any]"]]) -> None:
    wanted: dict[Any, set[Any]] = {}
    for row, field in doubtful:
        wanted.setdefault(field.related_model, set()).add(row.__dict__[field.attname])
    seen = {model: _seen(user, model, ids) for model, ids in wanted.items()}
    for row, field in doubtful:
        if row.__dict__[field.attname] not in seen[field.related_model]:
            setattr(row, field.name, None)
            # Saving would erase the removed name in the table.
            row.save = _refuse_to_save  # type: ignore[method-assign]


def _seen(user: User, model: Any, ids: Iterable[Any]) -> set[Any]:
    rows = model._default_manager.filter(SCOPES[model](user), pk__in=list(ids))
    return set(rows.order_by().values_list("pk", flat=True))


def _refuse_to_save(*_arguments: Any, **_named: Any) -> None:
    raise TypeError("This row was read for somebody who may not see all of it. Read it anew to change it.")


def _read_along(row: Model) -> Iterator[Model]:
    """The rows of such models that were fetched along with this one."""
    for found in row._state.fields_cache.values():
        if type(found) in SCOPES and not isinstance(found, Claim):
            yield found


def is_id(text: str) -> bool:
    """Whether a text is exactly one identifier."""
    return _ID.fullmatch(text) is not None


def ids_in(*texts: str) -> set[UUID]:
    """The identifiers in these texts."""
    return {UUID(found) for text in texts for found in _ID.findall(text)}


def hidden_among(user: User, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these ids whose rows exist and are hidden from the person."""
    wanted, hidden = list(ids), set[UUID]()
    # Every model: graphs and entries name ids without saying of what they are.
    for model, scope in SCOPES.items() if wanted else ():
        there: Any = model._default_manager.filter(pk__in=wanted).order_by()
        hidden |= set(there.exclude(pk__in=there.filter(scope(user)).values("pk")).values_list("pk", flat=True))
    return hidden

"""What rows name and a person may not see is taken off them before they are shown.

One way for pages, API, exports and bundles: all that is restricted goes through `claims.record.reads.note_shown`,
which calls `withhold`. Records that keep identifiers (graphs, status changes, the ledger) ask `hidden_among`.
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
    """Take off these rows, which the person may see, the names of rows that they may not see; and so on for the rows
    that were read along with them. A row that lost one cannot be saved.

    What is not restricted names nothing that is, so of that nothing is asked. What was read along and is not restricted
    either is as visible as the row that names it.
    """
    waiting, looked_at = list(rows), set[int]()
    while waiting:
        doubtful: list[tuple[Model, Field[Any, Any]]] = []
        for row in waiting:
            looked_at.add(id(row))
            if getattr(row, "visibility", None) == Visibility.RESTRICTED:
                doubtful += [(row, field) for field in _naming(row) if not _is_open(row, field)]
        _take_off(user, doubtful)
        read_along = (one for row in waiting for one in _read_along(row))
        waiting = list({id(one): one for one in read_along if id(one) not in looked_at}.values())


def _naming(row: Model) -> Iterator["Field[Any, Any]"]:
    """The fields by which the row names another that may be hidden, as far as they were read and name one."""
    for field in row._meta.concrete_fields:
        if field.null and field.related_model in SCOPES and row.__dict__.get(field.attname) is not None:
            yield field


def _is_open(row: Model, field: "Field[Any, Any]") -> bool:
    """Whether what is named was read along, and is not restricted."""
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
            row.save = _refuse_to_save  # type: ignore[method-assign]  # what was taken off is still there in the table


def _seen(user: User, model: Any, ids: Iterable[Any]) -> set[Any]:
    rows = model._default_manager.filter(SCOPES[model](user), pk__in=list(ids))
    return set(rows.order_by().values_list("pk", flat=True))


def _refuse_to_save(*_arguments: Any, **_named: Any) -> None:
    raise TypeError("This row was read for somebody who may not see all of it. Read it anew to change it.")


def _read_along(row: Model) -> Iterator[Model]:
    """The rows of such models that were read along with this one."""
    for found in row._state.fields_cache.values():
        if type(found) in SCOPES and not isinstance(found, Claim):
            yield found


def is_id(text: str) -> bool:
    """Whether a text is an identifier and nothing else."""
    return _ID.fullmatch(text) is not None


def ids_in(*texts: str) -> set[UUID]:
    """The identifiers that stand in texts."""
    return {UUID(found) for text in texts for found in _ID.findall(text)}


def hidden_among(user: User, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these are rows that are there and that the person may not see."""
    wanted, hidden = list(ids), set[UUID]()
    for model, scope in SCOPES.items() if wanted else ():
        there: Any = model._default_manager.filter(pk__in=wanted).order_by()
        hidden |= set(there.exclude(pk__in=there.filter(scope(user)).values("pk")).values_list("pk", flat=True))
    return hidden

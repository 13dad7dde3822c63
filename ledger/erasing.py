"""Erasing the openings of commitments: the log still verifies, but the values cannot be recovered."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Func, QuerySet, TextField, Value

from ledger.canonical import canonical, read_canonical
from ledger.models import Erasure, Secret


@dataclass(frozen=True, slots=True)
class OpenField:
    """A committed field that can still be opened. `entry`: its database id; `leaf_hash`: of the entry, in hex."""

    entry: int
    leaf_hash: str
    name: str
    sealed: bool


Searched = Callable[[str, str, Any, bool], Iterable[str]]  # takes entry kind, field name, value and whether sealed


def fields_holding(secrets: QuerySet[Secret], words: str, searched: Searched) -> list[OpenField]:
    """The fields among `secrets` whose values contain the words, ignoring case, oldest entry first.

    `secrets`: annotated with the entry's kind (`of_kind`); `searched`: gives the strings of a value to search.
    """
    text = Func(F("value"), Value("UTF8"), function="convert_from", output_field=TextField())
    rows = secrets.annotate(text=text).filter(text__icontains=canonical(words).decode()[1:-1])
    columns = ("entry_id", "entry__leaf_hash", "name", "entry__kind", "value", "of_kind")
    return [
        OpenField(pk, bytes(hashed).hex(), name, kind == "sealed")
        for pk, hashed, name, kind, value, of_kind in rows.order_by("entry_id", "name").values_list(*columns)
        if any(
            words.casefold() in one.casefold()
            for one in searched(of_kind, name, read_canonical(bytes(value)), kind == "sealed")
        )
    ]


def strings_in(value: Any) -> Iterator[str]:
    """All strings in a JSON value, without the keys of its objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings_in(one)


def erase(said_in: int, *, fields: Iterable[OpenField] = (), rows: Iterable[str] = ()) -> None:
    """Erase fields, and permit the erasure of `rows` of other tables.

    `said_in`: the database id of the entry whose body names them all: `fields` as lists of names by leaf hash, `rows`
    as a list. The database refuses anything that it does not name.
    """
    erasures = [Erasure(said_in_id=said_in, entry_id=one.entry, name=one.name) for one in fields]
    Erasure.objects.bulk_create([*erasures, *(Erasure(said_in_id=said_in, row=row) for row in rows)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_erase(%s)", [said_in])

"""Rows that many tests begin with: made once in a process through the actions, then written down again as they were."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Generic, TypeVar

from django.db import connection

Made = TypeVar("Made")
OUTBOX = "ledger_outbox"  # the database adds its rows itself


class Kept(Generic[Made]):
    """Answers what `make` does, with its rows in the database, whose ids and times are those of the first call.

    `make` only adds rows, and takes no part of what is there already: its rows are found as those that were not there
    before. Every call answers objects of its own.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._statement, self._rows = "", list[str]()

    def __call__(self) -> Made:
        if self._made is None:
            self._made = self._make_and_keep()
        else:
            with connection.cursor() as cursor:
                cursor.execute(self._statement, self._rows)
        return deepcopy(self._made)

    def _make_and_keep(self) -> Made:
        before = _rows()
        made = self._make()
        added = {table: rows - before[table] for table, rows in _rows().items() if rows - before[table]}
        added.pop(OUTBOX, None)
        self._rows = [f"[{','.join(sorted(rows, key=_place))}]" for rows in added.values()]
        self._statement = "; ".join(
            f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, %s)"  # noqa: S608 - tables of ours
            for name in (connection.ops.quote_name(table) for table in added)
        )
        return made


def _place(row: str) -> tuple[int, str]:
    """Where a row stands: those of the ledger follow each other, and are numbered."""
    number = json.loads(row).get("id")
    return (number if isinstance(number, int) else 0, row)


def _rows() -> dict[str, set[str]]:
    """Every row of every table, as JSON."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {connection.ops.quote_name(table)} t")  # noqa: S608
            found[table] = {row for (row,) in cursor.fetchall()}
    return found

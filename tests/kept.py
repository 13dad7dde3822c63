"""Rows that many tests begin with: made once per process through the actions, then restored from copies."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Generic, ParamSpec, TypeVar

from django.db import connection, transaction

Made = TypeVar("Made")
Given = ParamSpec("Given")
OUTBOX = "ledger_outbox"  # the database adds its rows itself
# In this order behind all others: grounds close an assessment, and what is watched already would count as changed.
LAST = ("reviews_assessmentgrounds", "claims_groundswatch")


class KeptRows(Generic[Given, Made]):
    """The result of `make`, with its rows in the database and with the ids and times of the first call.

    `make` may add and change rows: they are found by comparing all rows before and after. It must always get the same
    arguments, from another `KeptRows`, with nothing done to them. Every call returns objects of its own.
    """

    def __init__(self, make: Callable[Given, Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._statements, self._rows = list[str](), list[str]()

    def __call__(self, *given: Given.args, **named: Given.kwargs) -> Made:
        if self._made is None:
            before = _rows()
            self._made = self._make(*given, **named)
            self._keep(before)
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                for statement, rows in zip(self._statements, self._rows, strict=True):
                    cursor.execute(statement, [rows])
        return deepcopy(self._made)

    def _keep(self, before: dict[str, set[str]]) -> None:
        added = {table: rows - before[table] for table, rows in _rows().items() if rows - before[table]}
        added.pop(OUTBOX, None)
        added = dict(sorted(added.items(), key=lambda each: LAST.index(each[0]) if each[0] in LAST else -1))
        self._rows = [f"[{','.join(sorted(rows, key=_place))}]" for rows in added.values()]
        self._statements = [_insert(table, rows, before[table]) for table, rows in added.items()]


def _insert(table: str, rows: set[str], before: set[str]) -> str:
    """Write rows to a table, replacing earlier versions of them."""
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        columns = [column for (column,) in cursor.fetchall()]
        key = connection.introspection.get_primary_key_columns(cursor, table) or []
    names = ", ".join(map(connection.ops.quote_name, columns))
    statement = f"INSERT INTO {name} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{name}, %s)"  # noqa: S608
    known = {_key(row, key) for row in before}
    if not any(_key(row, key) in known for row in rows):
        return statement
    values = ", ".join(f"EXCLUDED.{connection.ops.quote_name(column)}" for column in columns)
    return f"{statement} ON CONFLICT ({', '.join(key)}) DO UPDATE SET ({names}) = ROW({values})"


def _key(row: str, columns: list[str]) -> tuple[object, ...]:
    said = json.loads(row)
    return tuple(said[column] for column in columns)


def _place(row: str) -> tuple[int, str]:
    """The order of a row: the ledger's rows must be inserted in sequence."""
    number = json.loads(row).get("id")
    return (number if isinstance(number, int) else 0, row)


def _rows() -> dict[str, set[str]]:
    """Every row of every table, as JSON."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found: dict[str, set[str]] = {table: set() for (table,) in cursor.fetchall()}
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', row_to_json(t)::text FROM {connection.ops.quote_name(table)} t"  # noqa: S608
                for table in found
            )
        )
        for table, row in cursor.fetchall():
            found[table].add(row)
    return found

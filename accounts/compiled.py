"""Queries that Django compiles once in a process rather than at each use.

More than half of a page's time went into compiling the same SQL again. The query stays an ordinary one, with its
scopes; only its text and the positions of its values are kept.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

ASKED_BEFORE = 2  # uses on a connection before a statement is prepared

Row = TypeVar("Row")


class Compiled(Generic[Row]):
    """A compiled query. `build` makes it from stand-ins of its arguments, one for each of `kinds`.

    A kind is a model, UUID, str or int. A call with the values returns the rows. The text must not depend on the
    values: no lists, no None.
    """

    def __init__(self, kinds: Sequence[type[Any]], build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._kinds, self._build = kinds, build
        self.__doc__ = build.__doc__

    def __call__(self, *values: Any) -> list[Row]:
        rows, compiler, sql, places = self._kept
        given = [value.pk if isinstance(value, Model) else value for value in values]
        bound = tuple(given[place] if place is not None else fixed for place, fixed in places)
        if rows.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        mine = copy(compiler)
        mine.connection = connection  # this thread's
        # On this copy only: the rows are read by the kept text.
        mine.execute_sql = lambda *_args, **_named: [prepared(sql, bound)]  # type: ignore[assignment, method-assign]
        asked = rows.all()
        asked.query.get_compiler = lambda *_args, **_named: mine  # type: ignore[method-assign]  # as the line above
        return list(asked)

    @cached_property
    def _kept(self) -> tuple[QuerySet[Any, Row], SQLCompiler, str, list[tuple[int | None, Any]]]:
        """The query, its compiler, its text, and for each place in it the number of the argument or a fixed value."""
        standing_in = [_stand_in(kind) for kind in self._kinds]
        pks = [value.pk if isinstance(value, Model) else value for value in standing_in]
        rows = self._build(*standing_in)
        compiler = rows.query.get_compiler(rows.db)
        sql, parameters = compiler.as_sql()
        places: list[tuple[int | None, Any]] = [
            (pks.index(value), None) if value in pks else (None, value) for value in parameters
        ]
        if {place for place, _fixed in places} - {None} != set(range(len(pks))):
            raise ValueError(f"{self._build.__name__} does not ask for each of its values as it is.")
        return rows, compiler, sql, places


def _stand_in(kind: type[Any]) -> Any:
    """A value of this kind that occurs nowhere else in a query."""
    unlike_any = uuid4()
    if issubclass(kind, Model):
        return kind(pk=unlike_any)
    return {UUID: unlike_any, str: f"stand-in {unlike_any}", int: unlike_any.int >> 98}[kind]


def prepared(sql: str, values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement that PostgreSQL plans once for each connection.

    For statements whose values are keys: their plan is the same for all values, and planning takes longer than running.
    """
    connection.ensure_connection()
    session: Any = connection.connection
    usual = session.cursor_factory
    # Django's own cursor merges the values into the text, which then cannot be prepared.
    session.cursor_factory, session.prepare_threshold = ServerBindingCursor, ASKED_BEFORE
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
    finally:
        session.cursor_factory = usual


def compiled(*kinds: type[Any]) -> Callable[[Callable[..., QuerySet[Any, Row]]], Compiled[Row]]:
    """Turn a function that returns a query into one that returns its rows, compiled once; see `Compiled`."""
    return lambda build: Compiled(kinds, build)

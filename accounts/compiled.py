"""Queries that Django compiles once in a process, and not each time that they are asked.

Of what a page costs, more than half was Django's writing of the same SQL again and again. The query itself stays what
it is, scopes and all: what is kept is its text, and where its values stand in it.
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

ASKED_BEFORE = 2  # so often, on a connection, before a statement is prepared

Row = TypeVar("Row")


class Compiled(Generic[Row]):
    """`build` answers the query for stand-ins of its arguments, each of one of `kinds`: a model, UUID, str or int.

    Calling it with the values answers the rows. The text must be the same whatever the values: no lists, no None.
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
        mine.connection = connection  # that of this thread
        # Of this copy alone: what is read is asked for by its kept text.
        mine.execute_sql = lambda *_args, **_named: [prepared(sql, bound)]  # type: ignore[assignment, method-assign]
        asked = rows.all()
        asked.query.get_compiler = lambda *_args, **_named: mine  # type: ignore[method-assign]  # as the line above
        return list(asked)

    @cached_property
    def _kept(self) -> tuple[QuerySet[Any, Row], SQLCompiler, str, list[tuple[int | None, Any]]]:
        """The query, how it was compiled, its text, and for each place in it the number of the value, or what stays."""
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
    """A value of this kind that stands nowhere else in a query."""
    unlike_any = uuid4()
    if issubclass(kind, Model):
        return kind(pk=unlike_any)
    return {UUID: unlike_any, str: f"stand-in {unlike_any}", int: unlike_any.int >> 98}[kind]


def prepared(sql: str, values: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement answers, which PostgreSQL plans once for each connection.

    For statements whose values are keys, where the plan is the same for all values: planning takes longer than they do.
    """
    connection.ensure_connection()
    session: Any = connection.connection
    usual = session.cursor_factory
    # Django's own cursor writes the values into the text, which cannot be prepared.
    session.cursor_factory, session.prepare_threshold = ServerBindingCursor, ASKED_BEFORE
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
    finally:
        session.cursor_factory = usual


def compiled(*kinds: type[Any]) -> Callable[[Callable[..., QuerySet[Any, Row]]], Compiled[Row]]:
    """Makes a function that answers a query one that answers its rows, compiled once; see `Compiled`."""
    return lambda build: Compiled(kinds, build)

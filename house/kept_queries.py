"""Queries that Django composes once in a process rather than at each use.

A page of a claim composes twenty queries with scopes many levels deep, which takes longer than the database needs to
answer them. A query kept here stays an ordinary QuerySet with its scopes; only its text and the places of its values
are kept (decision 112). All of it stands on what Django documents: `values_list`, the wrapper around a connection's
executions, and `Model.from_db`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import FieldDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

Result = TypeVar("Result")
Row = tuple[Any, ...]  # the columns of a query, of several types


class KeptQuery(Generic[Result]):
    """A query composed once. `build` makes it from stand-ins of its arguments, one for each of `kinds`.

    A kind is a model, UUID, str or int. The text must not depend on the values: no lists, no None. Nor may it hold what
    changes: the present moment is the database's (`Now()`). A call with the values returns the rows as tuples. Not for
    rows that are locked: Django would not notice a missing transaction.
    """

    def __init__(self, kinds: Sequence[type[Any]], build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._kinds, self._build = kinds, build
        self.__doc__ = build.__doc__

    def __call__(self, *values: Any) -> list[Result]:
        sql, places = self.statement
        given = [_key(value) for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[place] if place is not None else fixed for place, fixed in places])
            return [self._result(row) for row in cursor.fetchall()]

    def _result(self, row: Row) -> Any:
        return row

    @cached_property
    def statement(self) -> tuple[str, list[tuple[int | None, Any]]]:
        """The text, and for each place in it the number of the argument or a fixed value, composed when first used."""
        standing_in = [_stand_in(kind) for kind in self._kinds]
        sql, parameters = _composed(self._build(*standing_in))
        keys = [_key(value) for value in standing_in]
        places: list[tuple[int | None, Any]] = [
            (keys.index(value), None) if value in keys else (None, value) for value in parameters
        ]
        if {place for place, _fixed in places} - {None} != set(range(len(keys))):
            raise ValueError(f"{self._build.__name__} does not ask for each of its values as it is.")
        return sql, places


class KeptValues(KeptQuery[Result]):
    """A `KeptQuery` of one column, whose values a call returns."""

    def _result(self, row: Row) -> Any:
        return row[0]


class KeptInstances(KeptQuery[Result]):
    """A `KeptQuery` whose rows are instances of a model, with `columns` of it and of the rows it leads to.

    `columns` are as for `values_list`; the key of a row that it leads to (`source__id`) must be among them. A column
    that is no field is an annotation, which the instance gets under its name. Other fields are deferred. Raises
    ValueError for a column whose values Django would convert, such as JSON.
    """

    def __init__(
        self, kinds: Sequence[type[Any]], columns: Sequence[str], build: Callable[..., QuerySet[Any, Result]]
    ) -> None:
        @wraps(build)
        def in_columns(*values: Any) -> QuerySet[Any, Row]:
            rows = build(*values)
            asked = rows.values_list(*columns)
            self._shape = _Shape(rows.model, dict(enumerate(columns)))
            return asked

        super().__init__(kinds, in_columns)

    def _result(self, row: Row) -> Any:
        return self._shape.made(row)


class _Shape:
    """How a row becomes an instance of `model`; `columns`: the names from there on, by their places in the row."""

    def __init__(self, model: type[Model], columns: Mapping[int, str], *, is_led_to: bool = False) -> None:
        own: dict[str, int] = {}
        further: dict[str, dict[int, str]] = {}
        self._model, self._annotated = model, dict[str, int]()
        for place, name in columns.items():
            first, _dots, rest = name.partition("__")
            if rest:
                further.setdefault(first, {})[place] = rest
            elif _is_field(model, name):
                own[_column(model, name)] = place
            else:
                self._annotated[name] = place
        # `from_db` takes the values in the order of the model's fields.
        self._names = [field.attname for field in model._meta.concrete_fields if field.attname in own]
        self._places = [own[name] for name in self._names]
        self._key = own[model._meta.pk.attname] if is_led_to else None
        self._further = {name: _Shape(_model_of(model, name), names, is_led_to=True) for name, names in further.items()}

    def made(self, row: Row) -> Any:
        """The instance, or None where an outer join found no row."""
        if self._key is not None and row[self._key] is None:
            return None
        instance = self._model.from_db(DEFAULT_DB_ALIAS, self._names, [row[place] for place in self._places])
        for name, place in self._annotated.items():
            setattr(instance, name, row[place])
        for name, shape in self._further.items():
            setattr(instance, name, shape.made(row))
        return instance


def columns_of(model: type[Model], path: str = "") -> list[str]:
    """All columns of a model that are no search vector or the like, each behind `path` ("source__")."""
    return [f"{path}{field.attname}" for field in model._meta.concrete_fields if not field.generated]


def kept(*kinds: type[Any]) -> Callable[[Callable[..., QuerySet[Any, Result]]], KeptQuery[Result]]:
    """Turn a function that returns `values_list` into one that returns its rows; see `KeptQuery`."""
    return lambda build: KeptQuery(kinds, build)


def kept_values(*kinds: type[Any]) -> Callable[[Callable[..., QuerySet[Any, Result]]], KeptValues[Result]]:
    """Turn a function that returns the values of one column into one that returns them; see `KeptValues`."""
    return lambda build: KeptValues(kinds, build)


def kept_rows(
    *kinds: type[Any], columns: Sequence[str]
) -> Callable[[Callable[..., QuerySet[Any, Result]]], KeptInstances[Result]]:
    """Turn a function that returns a QuerySet into one that returns instances with `columns`; see `KeptInstances`."""
    return lambda build: KeptInstances(kinds, columns, build)


def _composed(rows: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    """The statement of a QuerySet and its parameters, without sending it."""
    with connection.cursor():  # connects first: a new connection asks questions of its own
        pass
    with connection.execute_wrapper(_keep_from_sending):
        try:
            list(rows)
        except _Composed as composed:
            return composed.args[0], composed.args[1]
    raise ValueError("The query is never sent: nothing can match it.")


class _Composed(Exception):
    """Carries a statement and its parameters."""


def _keep_from_sending(_execute: object, sql: str, parameters: Sequence[Any], *_more: object) -> NoReturn:
    raise _Composed(sql, parameters)


def _stand_in(kind: type[Any]) -> Any:
    """A value of this kind that occurs nowhere else in a query."""
    unlike_any = uuid4()
    if issubclass(kind, Model):
        return kind(pk=unlike_any)
    return {UUID: unlike_any, str: f"stand-in {unlike_any}", int: unlike_any.int >> 98}[kind]


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


def _is_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _column(model: type[Model], name: str) -> str:
    """The name under which an instance has the column."""
    field = model._meta.get_field(name)
    if hasattr(field, "from_db_value"):
        raise ValueError(f"{model.__name__}.{name} has to be converted; a kept query returns what the database sent.")
    attname: str = field.attname  # type: ignore[union-attr]  # a column
    return attname


def _model_of(model: type[Model], name: str) -> type[Model]:
    related: type[Model] = model._meta.get_field(name).related_model  # type: ignore[assignment]  # a foreign key
    return related

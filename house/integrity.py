"""What checks of the whole database are made of: each looks for what disagrees, reads only, and keeps no rows.

The rooms' own checks are in `sources.integrity`, `claims.record.integrity` and `reviews.integrity`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

Row = TypeVar("Row")
Place = tuple[str, str, str]  # subject, expected, found


@dataclass(frozen=True, slots=True)
class IntegrityMismatch:
    """Something that is not as it has to be. Only references, identifiers, states, numbers and times."""

    check: str
    subject: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class IntegrityScope:
    """How far to look.

    `grace`: how long work for later may lie about. `sample`: of so many claims, taken at random, the support is
    counted anew; None: of all. `read_files`: whether attachments are read and hashed, or only measured. `part`: which
    part of how many, from 1. `tell`: hears how far a long check is.
    """

    now: datetime
    grace: timedelta = timedelta(minutes=15)
    sample: int | None = 1000
    read_files: bool = True
    part: tuple[int, int] = (1, 1)
    tell: Callable[[str], None] = lambda _progress: None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be so everywhere. `look` answers (subject, expected, found) for each place where not.

    `by_part`: it looks at no more than the scope's part; any other check belongs to one part as a whole.
    """

    name: str
    look: Callable[[IntegrityScope], Iterable[Sequence[str]]]
    by_part: bool = False

    def findings(self, scope: IntegrityScope) -> Iterator[IntegrityMismatch]:
        """What it finds. Where a row holds what nobody can read, that is a finding too, the last one of this check."""
        try:
            with transaction.atomic():
                for subject, expected, found in self.look(scope):
                    yield IntegrityMismatch(self.name, subject, expected, found)
        except (OperationalError, InterfaceError):  # the database does not answer: that says nothing about its rows
            raise
        except Exception as error:
            yield IntegrityMismatch(self.name, "all that is looked at after this", LOOKED_AT, unreadable(error))


# Whoever tampers can write what no reader expects: no sort of error may hide what else there is to find.
LOOKED_AT = "rows that can be looked at"


def unreadable(error: Exception) -> str:
    """What a finding says of an error: its sort alone, as its words may be those of a row."""
    return f"could not be looked at: {type(error).__name__}"


def one_by_one(
    rows: Iterable[Row], name: Callable[[Row], str], look: Callable[[Row], Iterable[Place]]
) -> Iterator[Place]:
    """What is found in each row; where one cannot be read, that is said of it, and the others are looked at."""
    for row in rows:
        try:
            with transaction.atomic():
                found = list(look(row))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            found = [(name(row), LOOKED_AT, unreadable(error))]
        yield from found


def by_query(name: str, query: str, *parameters: object) -> Check:
    """A check whose query answers a row for each place where it is not so: its subject, what was expected and found."""
    return Check(name, lambda scope: rows_in_batches(_in_order(query), *parameters))


def by_overdue_query(name: str, *, query: str) -> Check:
    """The same, for a query that asks with `%(late)s` for what ought to have been done before."""
    return Check(name, lambda scope: rows_in_batches(_in_order(query), late=scope.now - scope.grace))


def _in_order(query: str) -> str:
    """The same rows, the same way round each time: the planner goes now this way and now that."""
    return f"SELECT * FROM ({query}) found ORDER BY 1, 2, 3"  # noqa: S608 - our own


def rows_in_batches(query: str, *parameters: object, **named: object) -> Iterator[Any]:
    """The rows of a query, a few at a time, however many there are. Needs a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, named or parameters)  # type: ignore[arg-type]  # lists become arrays
        yield from cursor


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read inside is read as it was at one moment, while others go on writing; nothing can be written."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield

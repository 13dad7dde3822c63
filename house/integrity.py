"""Building blocks of the integrity checks: each reads the whole database for mismatches, and changes nothing.

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
    """A mismatch found by a check; holds only references, identifiers, states, numbers and times."""

    check: str
    subject: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class IntegrityScope:
    """The extent of a run of checks.

    `grace`: how long waiting work may be overdue. `sample`: the number of random claims whose support is recounted;
    None: all. `read_files`: whether attachments are read and hashed, or only measured. `part`: the part to check, from
    1, and the number of parts. `tell`: receives the progress of a long check.
    """

    now: datetime
    # Work that waits is a mismatch only once a worker should have done it.
    grace: timedelta = timedelta(minutes=15)
    sample: int | None = 1000
    read_files: bool = True
    part: tuple[int, int] = (1, 1)
    tell: Callable[[str], None] = lambda _progress: None


@dataclass(frozen=True, slots=True)
class Check:
    """One rule for the whole database. `look` yields (subject, expected, found) for each mismatch.

    `by_part`: the check reads only the scope's part; any other check belongs to one part as a whole.
    """

    name: str
    look: Callable[[IntegrityScope], Iterable[Sequence[str]]]
    by_part: bool = False

    def mismatches(self, scope: IntegrityScope) -> Iterator[IntegrityMismatch]:
        """Yield the mismatches of this check; an unreadable row is one as well, and ends the check."""
        try:
            with transaction.atomic():
                for subject, expected, found in self.look(scope):
                    yield IntegrityMismatch(self.name, subject, expected, found)
        except (OperationalError, InterfaceError):  # the database does not answer, which is no mismatch
            raise
        except Exception as error:
            yield IntegrityMismatch(self.name, "all that is looked at after this", LOOKED_AT, unreadable(error))


# Tampered rows can raise any kind of error; none may hide the other mismatches.
LOOKED_AT = "rows that can be looked at"


def unreadable(error: Exception) -> str:
    """Return the text of a mismatch for an error: its type alone, because its message may quote a row."""
    return f"could not be looked at: {type(error).__name__}"


def one_by_one(
    rows: Iterable[Row], name: Callable[[Row], str], look: Callable[[Row], Iterable[Place]]
) -> Iterator[Place]:
    """Yield the mismatches of each row; an unreadable row is one as well, and the next rows are still checked."""
    for row in rows:
        try:
            # A savepoint: a failed statement would end the transaction for all later rows.
            with transaction.atomic():
                found = list(look(row))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            found = [(name(row), LOOKED_AT, unreadable(error))]
        yield from found


def by_query(name: str, *, query: str, parameters: Sequence[object] = ()) -> Check:
    """Return a check whose query returns a row (subject, expected, found) for each mismatch."""
    return Check(name, lambda scope: rows_in_batches(_in_order(query), *parameters))


def by_overdue_query(name: str, *, query: str) -> Check:
    """Return a check whose query finds overdue work; `%(late)s` is the time before which it was due."""
    return Check(name, lambda scope: rows_in_batches(_in_order(query), late=scope.now - scope.grace))


def _in_order(query: str) -> str:
    """Return the query with a fixed order, because the planner's order may change between runs."""
    return f"SELECT * FROM ({query}) found ORDER BY 1, 2, 3"  # noqa: S608 - our own


def rows_in_batches(query: str, *parameters: object, **named: object) -> Iterator[Any]:
    """Yield the rows of a query in batches, with bounded memory. Needs a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, named or parameters)  # type: ignore[arg-type]  # lists become arrays
        yield from cursor


@contextmanager
def one_moment() -> Iterator[None]:
    """Read from one snapshot in the block, while others go on writing; the block itself cannot write."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One snapshot, so that ongoing work is no mismatch (decision 50).
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield

"""The transaction that every action runs in."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def act() -> Iterator[None]:
    """One transaction in which an action locks, decides, changes and records.

    Before it ends the deferred constraints are asked, so that the database's refusal is an error of the action and
    not a failed commit after the answer was made; then they are deferred again, for an action around this one.
    """
    with transaction.atomic():
        yield
        if transaction.get_rollback():  # a dry run takes everything back: nothing is left to check
            return
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

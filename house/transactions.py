"""The transaction that every action runs in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry that the present transaction has recorded: its kind, author (None: the system), time and leaf hash.

    `leaf_hash` is b"" for an entry of an earlier transaction.
    """

    kind: str
    by: UUID | None
    at: datetime
    leaf_hash: bytes = b""


_noted: ContextVar[list[Noted] | None] = ContextVar("acts of this transaction", default=None)
_kept: ContextVar[list[Noted] | None] = ContextVar("acts that were kept", default=None)
_last_steps: list[Callable[[Sequence[Noted]], None]] = []


def last_step(step: Callable[[Sequence[Noted]], None]) -> None:
    """Register `step` to run at the end of every action's transaction, with the entries that it recorded.

    For effects that every change must have, so that no action can forget them. Rooms register theirs once, at start.
    """
    if step not in _last_steps:
        _last_steps.append(step)


def note_act(kind: str, *, by: UUID | None, at: datetime, leaf_hash: bytes) -> None:
    """Note a recorded entry for the transaction's last steps; called by the code that records entries."""
    acts = _noted.get()
    if acts is not None:
        acts.append(Noted(kind, by, at, leaf_hash))


@contextmanager
def kept_acts() -> Iterator[list[Noted]]:
    """Yield a list to which each action in the block adds its recorded entries once its transaction has committed.

    A nested block passes its list to the outer one if it ends without an error.
    """
    around, acts = _kept.get(), list[Noted]()
    token = _kept.set(acts)
    try:
        yield acts
    finally:
        _kept.reset(token)
    if around is not None:
        around.extend(acts)


@contextmanager
def recorded_transaction() -> Iterator[None]:
    """Run one transaction in which an action locks, decides, changes and records.

    At its end the last steps run and the deferred constraints are checked, so that a violation is an error of the
    action and not a failed commit after the answer; then they are deferred again, for an enclosing action.
    """
    # Actions nest: the outer one has the entries of all, and its last steps see them (decision 22).
    around = _noted.get()
    token = _noted.set([] if around is None else around)
    before = len(around or ())
    try:
        with transaction.atomic():
            yield
            if transaction.get_rollback():  # a dry run rolls back, so there is nothing to check
                return
            for step in _last_steps:
                step(tuple(_noted.get() or ()))
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        kept = _kept.get()
        # Only the outermost, after its commit: entries that were rolled back get no receipt (decision 104).
        if around is None and kept is not None:
            kept.extend(_noted.get() or ())
    except BaseException:
        if around is not None:  # the enclosing action may go on without this one
            del around[before:]
        raise
    finally:
        _noted.reset(token)

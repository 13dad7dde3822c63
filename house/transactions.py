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
    """An act that the present transaction has recorded: what it is called, whose it is (None: nobody's), when, and its
    entry's leaf hash (b"": an act of a transaction before)."""

    kind: str
    by: UUID | None
    at: datetime
    leaf_hash: bytes = b""


_noted: ContextVar[list[Noted] | None] = ContextVar("acts of this transaction", default=None)
_kept: ContextVar[list[Noted] | None] = ContextVar("acts that were kept", default=None)
_last_steps: list[Callable[[Sequence[Noted]], None]] = []


def last_step(step: Callable[[Sequence[Noted]], None]) -> None:
    """Have every action end with `step`, inside its transaction, whichever action it is; called with what it recorded.

    For what must follow from any change, so that no action can forget it. Rooms say theirs once, when they are set up.
    """
    if step not in _last_steps:
        _last_steps.append(step)


def note_act(kind: str, *, by: UUID | None, at: datetime, leaf_hash: bytes) -> None:
    """Say to the transaction's last steps that an act was recorded. Called where acts are recorded."""
    acts = _noted.get()
    if acts is not None:
        acts.append(Noted(kind, by, at, leaf_hash))


@contextmanager
def kept_acts() -> Iterator[list[Noted]]:
    """A list to which every action in the block adds what it recorded, once its transaction has ended well.

    A block within a block hands its list on when it is left well: around a transaction that holds whole actions.
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
    """One transaction in which an action locks, decides, changes and records.

    Before it ends the last steps are taken and the deferred constraints are asked, so that the database's refusal is an
    error of the action and not a failed commit after the answer was made; then they are deferred again, for an action
    around this one.
    """
    around = _noted.get()
    token = _noted.set([] if around is None else around)
    before = len(around or ())
    try:
        with transaction.atomic():
            yield
            if transaction.get_rollback():  # a dry run takes everything back: nothing is left to check
                return
            for step in _last_steps:
                step(tuple(_noted.get() or ()))
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        kept = _kept.get()
        if around is None and kept is not None:
            kept.extend(_noted.get() or ())
    except BaseException:
        if around is not None:  # the action around this one may go on without it
            del around[before:]
        raise
    finally:
        _noted.reset(token)

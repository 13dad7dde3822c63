"""Limits on concurrent work with large graphs: a few requests at a time, and one for each person on a machine.

After a turn the person rests for a time proportional to it (`REST`), so that a program that asks without pause gets a
third of a processor. A person reading a page does not notice. Without the limit, eight requests for a tangled graph
would occupy every thread of the server.

The requester is known here only for the limit: permissions never depend on it. The processes of a web server coordinate
by locked files in the folder that `SECOND_SOURCE_TURNS` names; the system releases a lock when its process ends,
however it ends. Without that folder each process applies the limit by itself.
"""

import fcntl
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Condition
from typing import NoReturn

from django.utils.translation import gettext as _

from house.errors import TooMany

LARGE = 500  # rows of a graph from which it counts as large
AT_ONCE = 2  # concurrent requests on large graphs, by different people
MOST_WAITING = 2  # requests that may wait besides
PATIENCE = 5.0  # seconds a request waits
REST = 3.0  # times the length of the turn
_LONGEST_REST = 2.0  # seconds
_LOOK_AGAIN = 0.1  # seconds; other processes do not announce that they are done
_ASK_AGAIN = 2  # seconds after which to try again
_MOST_REMEMBERED = 1_000


class TurnFirst(Exception):
    """A request that holds locks would have to wait: release the locks, wait, and repeat the action."""


@dataclass
class _Asking:
    """A request: the requester ("" where unknown), and whether it has its turn."""

    who: str = ""
    has_turn: bool = False
    since: float = 0.0  # beginning of the turn
    file: int | None = None  # the locked file that other processes see


_asking: ContextVar[_Asking | None] = ContextVar("asking", default=None)
_changed = Condition()
_working: set[str] = set()
_waiting: Counter[str] = Counter()
_resting: dict[str, float] = {}  # by requester: until when they rest
_small: dict[object, None] = {}  # subjects of acts that had no large graph, the latest last


@contextmanager
def one_request() -> Iterator[None]:
    """Wrap a request; its turn ends with it."""
    asking = _Asking()
    token = _asking.set(asking)
    try:
        yield
    finally:
        _asking.reset(token)
        if asking.has_turn:
            _give_back(asking)


def _give_back(asking: _Asking) -> None:
    rest = min(REST * (time.monotonic() - asking.since), _LONGEST_REST)
    if asking.file is not None:
        until = time.time() + rest
        os.utime(asking.file, (until, until))
        os.close(asking.file)
    with _changed:
        _working.discard(asking.who)
        _resting[asking.who] = time.monotonic() + rest
        _changed.notify_all()


def asked_by(who: object) -> None:
    """Note the requester, as soon as it is known."""
    asking = _asking.get()
    if asking is not None and not asking.has_turn:
        asking.who = str(who)


def take_turn(*, may_wait: bool) -> None:
    """Wait until this request may work on a large graph; code outside a request never waits.

    Raises TooMany where the person already has one such request running and one waiting, where too many wait, and where
    the wait takes too long. Raises TurnFirst where it would have to wait and holds locks (`may_wait` is False).
    """
    asking = _asking.get()
    if asking is None or asking.has_turn:
        return
    with _changed:
        if not _take(asking):
            if not may_wait:
                raise TurnFirst
            if not _wait(asking.who, lambda: _take(asking)):
                _refuse()


def has_turn() -> bool:
    """Whether this request may work on a large graph now."""
    asking = _asking.get()
    return asking is not None and asking.has_turn


def wait_for_own(subject: object) -> None:
    """Wait, before any lock is taken, while another request of the same person has its turn or had it just now.

    On a large graph the request would otherwise find out only while it holds locks that others need. It takes no turn
    here, so that small actions do not delay each other, and goes on at once where actions on its subject (a row's key)
    found no large graph. Raises TooMany as `take_turn`.
    """
    asking = _asking.get()
    if asking is None or asking.has_turn:
        return
    with _changed:
        if subject in _small or not _is_busy(asking.who):
            return
        if not _wait(asking.who, lambda: not _is_busy(asking.who)):
            _refuse()


def remember_size(subject: object, *, is_large: bool) -> None:
    """Remember whether the graph of this row was large."""
    with _changed:
        _small.pop(subject, None)
        if not is_large:
            _small[subject] = None
        while len(_small) > _MOST_REMEMBERED:
            del _small[next(iter(_small))]


def _is_busy(who: str) -> bool:
    """A moment with an unchanged clock time keeps its seconds and microseconds, which no control shows."""
    return who in _working or _rests(who) or _is_held(who)


def _rests(who: str) -> bool:
    """Whether this person still rests after a turn in this process."""
    now = time.monotonic()
    for one in [one for one, until in _resting.items() if until <= now]:
        del _resting[one]
    return who in _resting


def _is_held(who: str) -> bool:
    """Whether another process of this machine works for this person, or did so recently."""
    folder = os.environ.get("SECOND_SOURCE_TURNS")
    if not folder:
        return False
    # A shared lock, so that two requests that check at the same moment do not take each other for a running one.
    file = _locked_file(folder, who=who, lock=fcntl.LOCK_SH)
    if file is not None:
        os.close(file)
    return file is None


def _take(asking: _Asking) -> bool:
    """Try to give the request its turn. Returns whether it has it."""
    if asking.who in _working or len(_working) >= AT_ONCE or _rests(asking.who):
        return False
    folder = os.environ.get("SECOND_SOURCE_TURNS")
    if folder:
        asking.file = _locked_file(folder, who=asking.who, lock=fcntl.LOCK_EX)
        if asking.file is None:
            return False
    _working.add(asking.who)
    asking.has_turn, asking.since = True, time.monotonic()
    return True


def _locked_file(folder: str, *, who: str, lock: int) -> int | None:
    """This person's file, locked; None where another process holds it, or where its timestamp says that they still
    rest.
    """
    name = hashlib.sha256(who.encode()).hexdigest()[:32]
    file = os.open(Path(folder) / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, lock | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    # A clock that was set back must not make anybody rest for long.
    if 0 < os.fstat(file).st_mtime - time.time() <= _LONGEST_REST:
        os.close(file)
        return None
    return file


def _refuse() -> NoReturn:
    message = _("A large evidence graph is being counted. Try again in a few seconds.")
    raise TooMany(message, retry_after=_ASK_AGAIN)


def _wait(who: str, is_over: Callable[[], bool]) -> bool:
    """Wait for the turn.

    Returns whether it came in time; False at once where this person or too many people wait already.
    """
    until = time.monotonic() + PATIENCE
    if _waiting[who] or _waiting.total() >= MOST_WAITING:
        return False
    _waiting[who] += 1
    try:
        while not (over := is_over()) and time.monotonic() < until:
            _changed.wait(_LOOK_AGAIN)
    finally:
        del _waiting[who]
    return over

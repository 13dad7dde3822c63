"""Whose turn it is: few requests at once work on graphs that are large, and one of each person's on one machine.

After a turn the person rests for a time that grows with it (`REST`): who asks without pause, as a program may, has a
third of a processor and not a whole one. Nobody who reads what they asked for notices.

Without it eight looks at a tangle would take every thread of the server, and everybody else would wait for one. Who
asks is known here for their turn alone: it is no way to ask who may.

The processes of a web server tell each other by locked files in the folder that `SECOND_SOURCE_TURNS` names: the
system lets go of them when a process ends, however it does. Without that folder each process is by itself.
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

LARGE = 500  # rows of a graph
AT_ONCE = 2  # requests on such graphs, of different people
MOST_WAITING = 2  # besides
PATIENCE = 5.0  # seconds
REST = 3.0  # times as long as the turn took
_LONGEST_REST = 2.0  # seconds
_LOOK_AGAIN = 0.1  # seconds: other processes tell nobody when they are done
_ASK_AGAIN = 2  # seconds
_MOST_REMEMBERED = 1_000


class TurnFirst(Exception):
    """Somebody who holds locks would have to wait for their turn: let the locks go, wait, and do the act again."""


@dataclass
class _Asking:
    """A request: who asks ("" for nobody known), and whether it has its turn."""

    who: str = ""
    has_turn: bool = False
    since: float = 0.0  # when the turn began
    file: int | None = None  # held for other processes to see


_asking: ContextVar[_Asking | None] = ContextVar("asking", default=None)
_changed = Condition()
_working: set[str] = set()
_waiting: Counter[str] = Counter()
_resting: dict[str, float] = {}  # until when
_small: dict[object, None] = {}  # what acts without a large graph were about, the latest last


@contextmanager
def one_request() -> Iterator[None]:
    """A request from its beginning to its end, when it gives its turn back."""
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
    """Say who asks, as soon as that is known."""
    asking = _asking.get()
    if asking is not None and not asking.has_turn:
        asking.who = str(who)


def take_turn(*, may_wait: bool) -> None:
    """Wait until this request may work on a large graph; outside of a request everybody may.

    Raises TooMany where the person has another such request under way and one that waits, where too many wait, and
    where it takes too long; TurnFirst where it would have to wait and `may_wait` not, since it holds locks.
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
    """Whether this request works on a large graph."""
    asking = _asking.get()
    return asking is not None and asking.has_turn


def wait_for_own(subject: object) -> None:
    """Before locks are taken: where a request of the same person has its turn or had it just now, this one waits.

    On a large graph it would find out only under locks for which others wait. It takes no turn by this, so that small
    acts hold each other up for nothing, and where acts on its subject (a row's key) found no large graph it goes on at
    once. Raises TooMany as `take_turn`.
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
    """An act on this row has found a large graph, or was done without one."""
    with _changed:
        _small.pop(subject, None)
        if not is_large:
            _small[subject] = None
        while len(_small) > _MOST_REMEMBERED:
            del _small[next(iter(_small))]


def _is_busy(who: str) -> bool:
    """Whether a request of this person has its turn, here or in another process, or had it so lately that they rest."""
    return who in _working or _rests(who) or _is_held(who)


def _rests(who: str) -> bool:
    """Whether a turn of this person in this process ended so lately that they rest."""
    now = time.monotonic()
    for one in [one for one, until in _resting.items() if until <= now]:
        del _resting[one]
    return who in _resting


def _is_held(who: str) -> bool:
    """Whether another process of this machine works for this person, or did so lately."""
    folder = os.environ.get("SECOND_SOURCE_TURNS")
    if not folder:
        return False
    # Shared, so that two requests that ask this at the same moment do not take each other for one at work.
    file = _locked_file(folder, who=who, lock=fcntl.LOCK_SH)
    if file is not None:
        os.close(file)
    return file is None


def _take(asking: _Asking) -> bool:
    """Whether the request has got its turn."""
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
    """The file of this person, locked; None where another process has it, or they rest: its time says until when."""
    name = hashlib.sha256(who.encode()).hexdigest()[:32]
    file = os.open(Path(folder) / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, lock | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    # A clock that was set back makes nobody rest for long.
    if 0 < os.fstat(file).st_mtime - time.time() <= _LONGEST_REST:
        os.close(file)
        return None
    return file


def _refuse() -> NoReturn:
    message = _("A large evidence graph is being counted. Try again in a few seconds.")
    raise TooMany(message, retry_after=_ASK_AGAIN)


def _wait(who: str, is_over: Callable[[], bool]) -> bool:
    """Whether the wait was over in time; not begun where this person waits already, or too many people do."""
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

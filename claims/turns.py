"""Whose turn it is: few requests at once work on graphs that are large, one of each person's, in each web process.

Without it eight looks at a tangle would take every thread of the server, and everybody else would wait for one. Who
asks is known here for their turn alone: it is no way to ask who may.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Condition

from django.utils.translation import gettext as _

from accounts.errors import TooMany

LARGE = 500  # rows of a graph
AT_ONCE = 2  # requests on such graphs, of different people
MOST_WAITING = 2  # besides
PATIENCE = 5.0  # seconds
_ASK_AGAIN = 2  # seconds


class TurnFirst(Exception):
    """Somebody who holds locks would have to wait for their turn: let the locks go, wait, and do the act again."""


@dataclass
class _Asking:
    """A request: who asks ("" for nobody known), and whether it has its turn."""

    who: str = ""
    has_turn: bool = False


_asking: ContextVar[_Asking | None] = ContextVar("asking", default=None)
_changed = Condition()
_working: set[str] = set()
_waiting: Counter[str] = Counter()


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
            with _changed:
                _working.discard(asking.who)
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
        if not _is_free(asking.who):
            if not may_wait:
                raise TurnFirst
            _wait(asking.who)
        _working.add(asking.who)
        asking.has_turn = True


def _is_free(who: str) -> bool:
    return who not in _working and len(_working) < AT_ONCE


def _wait(who: str) -> None:
    came = False
    if not _waiting[who] and _waiting.total() < MOST_WAITING:
        _waiting[who] += 1
        try:
            came = _changed.wait_for(lambda: _is_free(who), timeout=PATIENCE)
        finally:
            del _waiting[who]
    if not came:
        message = _("A large graph is being worked on for you or for others. Try again in a few seconds.")
        raise TooMany(message, retry_after=_ASK_AGAIN)

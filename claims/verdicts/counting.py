"""Counting voices within one budget for a claim, once for equal graphs, and never long while a lock is held. Pure.

Three bounds, all in steps (`sources.independence`), so that nobody's numbers depend on a machine:

- a claim has `MOST_WORK` for all that its evidence makes, shared out equally (`Counter.share`); past it stand bounds;
- what was counted is kept by what it was counted on, in this process: a page asks for the same some twenty times, and
  people for the same page;
- inside `allowed`, where locks are held, only so much is counted; beyond it `NotCounted` is raised, and whoever holds
  the locks lets them go, counts, and tries again (`claims.verdicts.support.counts_outside`).
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

from sources.independence import Bearing, Counting, Independence, SourceNode, Voice

MOST_WORK = 1_000_000
"""Steps for all that one claim's evidence makes, about half a second. By trial on tangled graphs of 500 sources whose
voices are dealt out at random: with twenty different sets of evidence, two voices are still told from fewer."""

UNDER_LOCKS = 100_000
"""Steps that one act may count while it holds locks: a tenth of a second. Fifty ordinary claims take a quarter."""

_TURN = 1_000  # steps, about a millisecond
_KEPT = 5_000  # results: some megabytes
_LARGE = 100  # sources of a graph on which no two threads of a process count at once


class NotCounted(Exception):
    """It would take longer to count than is allowed while locks are held."""


class Counter:
    """Counts on one graph. `shares`: the number of sets of evidence between which the claim's work is shared."""

    def __init__(self, nodes: Sequence[SourceNode], relays: Sequence[tuple[str, str]], *, shares: int) -> None:
        self._nodes, self._relays = nodes, relays
        self.share = MOST_WORK // max(1, shares)

    @cached_property
    def voices(self) -> Mapping[Voice, int]:
        """A number for each voice that has a name, in the order of the sources."""
        names = dict.fromkeys(node.voice for node in self._nodes if node.voice is not None)
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def named(self) -> Sequence[str]:
        return [name for name in self.voices if name is not None]

    @cached_property
    def places(self) -> Mapping[str, int]:
        return {node.id: place for place, node in enumerate(self._nodes)}

    @cached_property
    def digest(self) -> bytes:
        """Of all that the count depends on, and of no identifier: a row that is written anew counts as it did."""
        nodes = [(self.voices.get(node.voice), node.basis, node.counts, node.countable) for node in self._nodes]
        relays = [(self.places[below], self.places[above]) for below, above in self._relays]
        return hashlib.blake2b(repr((nodes, relays, self.share)).encode(), digest_size=16).digest()

    @cached_property
    def counting(self) -> Counting:
        return Counting(self._nodes, self._relays)

    @property
    def is_large(self) -> bool:
        return len(self._nodes) > _LARGE


_Key = tuple[bytes, frozenset[tuple[int, int | None]]]
_kept: OrderedDict[_Key, tuple[Independence, tuple[int | None, ...]]] = OrderedDict()
_keeping, _counting_large = Lock(), Lock()


def counted(counter: Counter, evidence: Sequence[Bearing]) -> Independence:
    """The independence that this evidence gives on the graph, as counted before on an equal one.

    Raises NotCounted inside `allowed`, where it would take more than is left there.
    """
    pairs = {(counter.places[piece.source], counter.voices.get(piece.against_interest)) for piece in evidence}
    key = (counter.digest, frozenset(pairs))
    allowance = _allowance.get()
    found = _find(counter, key)
    if found is not None:
        return found
    if allowance is not None and counter.is_large:
        raise NotCounted  # to find out how long it takes would already take too long
    with _counting_large if counter.is_large and allowance is None else nullcontext():
        # Whoever waited for somebody who counted the same does not count it again.
        found = _find(counter, key)
        if found is None:
            # In one order, whatever the order of the pieces: the bounds of one set are always the same.
            ordered = sorted(
                set(evidence), key=lambda piece: (counter.places[piece.source], piece.against_interest or "")
            )
            working = allowance.spend if allowance else _Giving().way
            found = counter.counting.independence(ordered, most_work=counter.share, working=working)
            _keep(counter, key, found)
    return found


class _Giving:
    """Lets the other threads of the process have a turn at each few steps: they would wait five milliseconds for it."""

    def __init__(self) -> None:
        self._since = 0

    def way(self, work: int) -> None:
        self._since += work
        if self._since > _TURN:
            self._since = 0
            time.sleep(0)


def _find(counter: Counter, key: _Key) -> Independence | None:
    with _keeping:
        found = _kept.get(key)
        if found is None:
            return None
        _kept.move_to_end(key)
    result, voices = found
    names = [None if voice is None else counter.named[voice] for voice in voices]
    return replace(result, single_points_of_failure=tuple(sorted(names, key=lambda name: (name is None, name or ""))))


def _keep(counter: Counter, key: _Key, result: Independence) -> None:
    voices = tuple(counter.voices.get(name) for name in result.single_points_of_failure)
    with _keeping:
        _kept[key] = replace(result, single_points_of_failure=()), voices
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)


def forget() -> None:
    """Forget what was counted: for tests and drills of what counting costs."""
    with _keeping:
        _kept.clear()


@dataclass
class Allowance:
    """What may still be counted while locks are held."""

    left: int = UNDER_LOCKS

    def spend(self, work: int) -> None:
        """Raises NotCounted."""
        if work > self.left:
            raise NotCounted
        self.left -= work


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowed(allowance: Allowance | None) -> Iterator[None]:
    """Inside, no more is counted than the allowance; None: whatever is asked."""
    token = _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.reset(token)


def allowance() -> Allowance | None:
    """What is left to who holds locks; None for everybody else."""
    return _allowance.get()

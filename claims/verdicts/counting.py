"""Counting voices within a budget for each claim, once for equal graphs, and never long while a lock is held. Pure.

Three limits, all in steps (`sources.independence`), so that no number depends on the machine:

- a claim has `MOST_WORK` for all sets of its evidence, shared equally (`Counter.share`); beyond it the count returns
  bounds;
- a count is cached in this process by its inputs: one page asks for the same some twenty times, and people for the
  same page;
- inside `allowed`, where locks are held, only a limited number of steps is counted; beyond it `NotCounted` is raised,
  and the holder releases its locks, counts, and tries again (`claims.verdicts.support.counts_outside`).
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
_KEPT = 5_000  # results, some megabytes
_LARGE = 100  # sources from which a process counts one graph at a time


class NotCounted(Exception):
    """The count would take longer than is allowed while locks are held."""


class Counter:
    """Counts on one graph. `shares`: the number of sets of evidence that share the claim's budget."""

    def __init__(self, nodes: Sequence[SourceNode], relays: Sequence[tuple[str, str]], *, shares: int) -> None:
        self._nodes, self._relays = nodes, relays
        # By the claim alone, so that no number depends on who asked first (decision 90).
        self.share = MOST_WORK // max(1, shares)

    @cached_property
    def voices(self) -> Mapping[Voice, int]:
        """A number for each named voice, in the order of the sources."""
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
        """A digest of the count's inputs without identifiers, so that an equal graph of new rows shares the count."""
        nodes = [
            (self.voices.get(node.voice), node.basis, node.counts, node.countable, node.is_checked)
            for node in self._nodes
        ]
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
    """The independence that this evidence has on the graph, from the cache where an equal graph was counted.

    Raises NotCounted inside `allowed`, where it would take more than the remaining allowance.
    """
    pairs = {(counter.places[piece.source], counter.voices.get(piece.against_interest)) for piece in evidence}
    key = (counter.digest, frozenset(pairs))
    allowance = _allowance.get()
    found = _find(counter, key)
    if found is not None:
        return found
    # Colleagues wait for the graph meanwhile: its holder lets go of it and counts outside (decision 90).
    if allowance is not None and counter.is_large:
        raise NotCounted  # measuring it would already take too long
    # One large graph at a time in a process, so that other requests get their share of it.
    with _counting_large if counter.is_large and allowance is None else nullcontext():
        # A thread that waited for another with the same count finds it in the cache.
        found = _find(counter, key)
        if found is None:
            # In one fixed order, whatever the order of the pieces, so that a set always gets the same bounds.
            ordered = sorted(
                set(evidence), key=lambda piece: (counter.places[piece.source], piece.against_interest or "")
            )
            working = allowance.spend if allowance else _Giving().way
            found = counter.counting.independence(ordered, most_work=counter.share, working=working)
            _keep(counter, key, found)
    return found


class _Giving:
    """Yields to the process's other threads every few steps; otherwise they would wait five milliseconds each time."""

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
        # Without names: an equal graph may have other actors in the same places.
        _kept[key] = replace(result, single_points_of_failure=()), voices
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)


def forget() -> None:
    """Clear the cache, for tests and drills that measure counting."""
    with _keeping:
        _kept.clear()


@dataclass
class Allowance:
    """The steps that may still be counted while locks are held."""

    left: int = UNDER_LOCKS

    def spend(self, work: int) -> None:
        """Take steps off the allowance. Raises NotCounted."""
        if work > self.left:
            raise NotCounted
        self.left -= work


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowed(allowance: Allowance | None) -> Iterator[None]:
    """Limit counting inside to the allowance; None lifts the limit."""
    token = _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.reset(token)


def allowance() -> Allowance | None:
    """The remaining allowance of a lock holder; None for everybody else."""
    return _allowance.get()

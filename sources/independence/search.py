"""The least set of voices that meets every support path, or bounds of its size where that would take too long."""

from collections.abc import Callable, Iterator
from heapq import nlargest

from sources.independence.bits import bits, union
from sources.independence.chains import chains
from sources.independence.graph import LIMIT
from sources.independence.net import Net

MOST_WORK = 4_000_000
"""Steps for one answer, each a source or a path that is looked at; one to three seconds. Counted, not timed: the same
graph has the same answer everywhere. By trial on tangled graphs of 500 sources: up to three voices take a hundredth of
this, four a half; to tell five from more can take hundreds of times as much."""

_SPREAD = 20
"""Paths gathered before branching, each through voices that few of the earlier ones use. By trial on layered graphs of
500 sources: with as many as 60 a small amount of work is gone before the branching begins."""


class _TooMuchWork(Exception):
    """The search has looked at more than it may."""


class Search:
    """The search for the least set of voices that meets all support paths of a net.

    `_paths` are those known so far, as sets of voices; `_met_by` has, for each voice, the known paths that it is on.
    """

    def __init__(self, net: Net, most_work: int, working: Callable[[int], None]) -> None:
        self._net, self._most_work, self._working = net, most_work, working
        self._paths: list[int] = []
        self._met_by = [0] * len(net.sources_of)
        self._load = [0] * len(net.sources_of)
        self._work = 0

    def least(self) -> tuple[int, int]:
        """Bounds of the number of voices in that set, each at most LIMIT: equal, unless it would take too much work."""
        low, high = 0, LIMIT
        try:
            for packed in self._disjoint(0, most=LIMIT):
                low = packed
            if low in (0, LIMIT):
                return low, low
            self._look(LIMIT)  # one chain after the other is led past all sources
            cut = chains(self._net)
            high = len(cut)
            everyone = (1 << len(self._met_by)) - 1
            low = max(low, sum(self._path(everyone & ~chain) is not None for chain in cut))
            if low < high:
                for _ in range(_SPREAD):
                    self._find_disjoint(0, most=1)
            while low < high and not self._can_meet_all(0, kept=0, budget=low):
                low += 1
        except _TooMuchWork:
            return low, high
        return low, low

    def on_all(self) -> tuple[int, bool]:
        """The voices that every support path has; and whether all were looked at, or only these within the work."""
        common, certain = -1, 0
        for path in self._paths:
            common &= path
        try:
            for voice in bits(common):
                if common >> voice & 1:
                    without = self._path(1 << voice)
                    common &= -1 if without is None else without
                    certain |= (common >> voice & 1) << voice
        except _TooMuchWork:
            return certain, False
        return common, True

    def _look(self, times: int = 1) -> None:
        """Count that all sources are looked at so many times. Raises _TooMuchWork, and what `working` raises."""
        self._spend(times * len(self._net.voice_of))

    def _spend(self, work: int) -> None:
        self._working(work)
        self._work += work
        if self._work > self._most_work:
            raise _TooMuchWork

    def _path(self, gone: int) -> int | None:
        self._look()
        return self._net.path(gone, self._load)

    def _find_disjoint(self, gone: int, *, most: int) -> int:
        """Find up to `most` paths without the voices `gone`, no two with a common voice. Returns how many."""
        return max(self._disjoint(gone, most=most), default=0)

    def _disjoint(self, gone: int, *, most: int) -> Iterator[int]:
        """How many such paths are found, after each of them."""
        for found in range(1, most + 1):
            path = self._path(gone)
            if path is None:
                return
            for voice in bits(path):
                self._met_by[voice] |= 1 << len(self._paths)
                self._load[voice] += 1
            self._paths.append(path)
            gone |= path
            yield found

    def _can_meet_all(self, gone: int, *, kept: int, budget: int) -> bool:
        """Whether at most `budget` voices besides `gone`, none of them `kept`, leave no support path. Exact.

        Raises _TooMuchWork.
        """
        if self._known_too_many(gone, kept=kept, budget=budget):
            return False
        if self._find_disjoint(gone, most=budget + 1) == 0:
            return True
        if self._known_too_many(gone, kept=kept, budget=budget):
            return False
        met_by, left = self._met_by, self._left(gone)
        shortest = min((self._paths[each] & ~kept for each in bits(left)), key=int.bit_count)
        for voice in sorted(bits(shortest), key=lambda voice: -(met_by[voice] & left).bit_count()):
            if self._can_meet_all(gone | 1 << voice, kept=kept, budget=budget - 1):
                return True
            kept |= 1 << voice  # every set with this voice has now been tried
        return False

    def _left(self, gone: int) -> int:
        return ((1 << len(self._paths)) - 1) & ~union(self._met_by, gone)

    def _known_too_many(self, gone: int, *, kept: int, budget: int) -> bool:
        """Whether the known paths alone show that `budget` voices are too few: the ones on most of them do not add up
        to all of them, or more of them than that have no voice in common."""
        self._spend(len(self._paths))
        left = self._left(gone)
        most = nlargest(
            budget, ((paths & left).bit_count() for voice, paths in enumerate(self._met_by) if not kept >> voice & 1)
        )
        if sum(most) < left.bit_count():
            return True
        taken = packed = 0
        for path in sorted((self._paths[each] & ~kept for each in bits(left)), key=int.bit_count):
            if not path & taken:
                taken |= path
                packed += 1
        return packed > budget

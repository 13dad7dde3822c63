"""The least set of voices that meets every support path, or bounds of its size if that takes too much work."""

from collections.abc import Callable, Iterator
from heapq import nlargest

from sources.independence.bits import bits, union
from sources.independence.chains import chains
from sources.independence.graph import LIMIT
from sources.independence.net import Net

MOST_WORK = 4_000_000
"""Steps for one answer, each a look at a source or a path; one to three seconds.

Counted, not timed, so that a graph has the same answer on every machine. By trial on tangled graphs of 500 sources: up
to three voices take a hundredth of this, four a half; telling five from more can take hundreds of times as much.
"""

_SPREAD = 20
"""Paths collected before branching, each preferring voices that few earlier ones use.

By trial on layered graphs of 500 sources: with 60, a small budget is spent before branching begins.
"""


class _TooMuchWork(Exception):
    """The search has used up its work."""


class Search:
    """The search for the least set of voices that meets all support paths of a net.

    `_paths`: the known paths, as sets of voices; `_met_by`: for each voice, the known paths that it is on.
    """

    def __init__(self, net: Net, most_work: int, working: Callable[[int], None]) -> None:
        self._net, self._most_work, self._working = net, most_work, working
        self._paths: list[int] = []
        self._met_by = [0] * len(net.sources_of)
        self._load = [0] * len(net.sources_of)
        self._work = 0

    def least(self) -> tuple[int, int]:
        """Lower and upper bound of the size of the least set, each at most LIMIT; equal unless work ran out."""
        low, high = 0, LIMIT
        try:
            for packed in self._disjoint(0, most=LIMIT):
                low = packed
            # Nothing to cut, or more than any decision asks for: most graphs end here.
            if low in (0, LIMIT):
                return low, low
            self._look(LIMIT)  # each of up to LIMIT chains passes over all sources
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
        """The voices that are on every support path, and whether the work sufficed to test all candidates."""
        common, certain = -1, 0
        for path in self._paths:
            common &= path
        try:
            for voice in bits(common):
                # A path found on the way may have shown already that this voice is not needed.
                if common >> voice & 1:
                    without = self._path(1 << voice)
                    common &= -1 if without is None else without
                    certain |= (common >> voice & 1) << voice
        except _TooMuchWork:
            return certain, False
        return common, True

    def _look(self, times: int = 1) -> None:
        """Count `times` passes over all sources. Raises _TooMuchWork, and any error of `working`."""
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
        """Find up to `most` voice-disjoint paths that avoid the voices `gone`. Returns how many."""
        return max(self._disjoint(gone, most=most), default=0)

    def _disjoint(self, gone: int, *, most: int) -> Iterator[int]:
        """The number of disjoint paths found so far, after each one."""
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
        """Whether removing up to `budget` more voices, none of them `kept`, leaves no support path. Exact.

        Raises _TooMuchWork.
        """
        if self._known_too_many(gone, kept=kept, budget=budget):
            return False
        if self._find_disjoint(gone, most=budget + 1) == 0:
            return True
        if self._known_too_many(gone, kept=kept, budget=budget):
            return False
        met_by, left = self._met_by, self._left(gone)
        # One voice of each path has to go: the shortest path has the fewest to try.
        shortest = min((self._paths[each] & ~kept for each in bits(left)), key=int.bit_count)
        for voice in sorted(bits(shortest), key=lambda voice: -(met_by[voice] & left).bit_count()):
            if self._can_meet_all(gone | 1 << voice, kept=kept, budget=budget - 1):
                return True
            kept |= 1 << voice  # every set with this voice has now been tried
        return False

    def _left(self, gone: int) -> int:
        return ((1 << len(self._paths)) - 1) & ~union(self._met_by, gone)

    def _known_too_many(self, gone: int, *, kept: int, budget: int) -> bool:
        """Whether the known paths alone show that `budget` voices are too few.

        Either the voices on most paths together meet too few, or more than `budget` of the paths are disjoint.
        """
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

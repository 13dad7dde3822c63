"""The least set of voices that meets every support path, or bounds of its size where that would take too long."""

from heapq import nlargest

from sources.independence.bits import bits, union
from sources.independence.chains import chains
from sources.independence.graph import LIMIT
from sources.independence.net import Net

MOST_WORK = 4_000_000
"""Paths and sources looked at for one answer, about a quarter of a second. Counted, not timed: the same graph has the
same answer everywhere. By trial on tangled graphs of 500 sources: up to three voices take a hundredth of this, four a
half; to tell five from more can take hundreds of times as much."""

_SPREAD = 60
"""Paths gathered before branching, each through voices that few of the earlier ones use. By trial on layered graphs of
500 sources: 30 cut off too little, 150 cost more than they save."""


class _TooMuchWork(Exception):
    """The search has looked at more than it may."""


class Search:
    """The search for the least set of voices that meets all support paths of a net.

    `_paths` are those known so far, as sets of voices; `_met_by` has, for each voice, the known paths that it is on.
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self._paths: list[int] = []
        self._met_by = [0] * len(net.sources_of)
        self._load = [0] * len(net.sources_of)
        self._work = 0

    def least(self) -> tuple[int, int]:
        """Bounds of the number of voices in that set, each at most LIMIT: equal, unless it would take MOST_WORK."""
        low = self._find_disjoint(0, LIMIT)
        if low in (0, LIMIT):
            return low, low
        cut = chains(self._net)
        everyone = (1 << len(self._met_by)) - 1
        low = max(low, sum(self._net.path(everyone & ~chain, self._load) is not None for chain in cut))
        high = len(cut)
        if low < high:
            for _ in range(_SPREAD):
                self._find_disjoint(0, 1)
        try:
            while low < high and not self._can_meet_all(0, 0, low):
                low += 1
        except _TooMuchWork:
            return low, high
        return low, low

    def on_all(self) -> int:
        """The voices that every support path has."""
        common = -1
        for path in self._paths:
            common &= path
        for voice in bits(common):
            if common >> voice & 1:
                without = self._net.path(1 << voice, self._load)
                common &= -1 if without is None else without
        return common

    def _find_disjoint(self, gone: int, most: int) -> int:
        """Find up to `most` paths without the voices `gone`, no two with a common voice. Returns how many."""
        for found in range(most):
            path = self._net.path(gone, self._load)
            self._work += len(self._net.voice_of)
            if path is None:
                return found
            for voice in bits(path):
                self._met_by[voice] |= 1 << len(self._paths)
                self._load[voice] += 1
            self._paths.append(path)
            gone |= path
        return most

    def _can_meet_all(self, gone: int, kept: int, budget: int) -> bool:
        """Whether at most `budget` voices besides `gone`, none of them `kept`, leave no support path. Exact.

        Raises _TooMuchWork.
        """
        if self._known_too_many(gone, kept, budget):
            return False
        if self._find_disjoint(gone, budget + 1) == 0:
            return True
        if self._known_too_many(gone, kept, budget):
            return False
        met_by, left = self._met_by, self._left(gone)
        shortest = min((self._paths[each] & ~kept for each in bits(left)), key=int.bit_count)
        for voice in sorted(bits(shortest), key=lambda voice: -(met_by[voice] & left).bit_count()):
            if self._can_meet_all(gone | 1 << voice, kept, budget - 1):
                return True
            kept |= 1 << voice  # every set with this voice has now been tried
        return False

    def _left(self, gone: int) -> int:
        return ((1 << len(self._paths)) - 1) & ~union(self._met_by, gone)

    def _known_too_many(self, gone: int, kept: int, budget: int) -> bool:
        """Whether the known paths alone show that `budget` voices are too few: the ones on most of them do not add up
        to all of them, or more of them than that have no voice in common."""
        self._work += len(self._paths)
        if self._work > MOST_WORK:
            raise _TooMuchWork
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

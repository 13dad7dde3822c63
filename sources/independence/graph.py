"""The input and result of counting independence, as plain data."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Voice = str | None
"""The name of a voice; None for an unknown voice."""

Basis = Literal["firsthand", "secondhand", "unknown"]

LIMIT = 6
"""Means 5+: no decision depends on more than five separate voices."""


class GraphError(ValueError):
    """A malformed graph, or one with a cycle. The text locates it in one line."""


@dataclass(frozen=True, slots=True)
class SourceNode:
    """One source.

    `counts`: not retracted, reliability not E. `countable`: at the source's date its voice was neither the claimant's,
    nor that of an actor in `also_claimed_by`, nor a party's. Unknown voices are always countable. `is_checked`: whether
    it is known whom its voice speaks for; if not, the voice is countable in `max` alone.
    """

    id: str
    voice: Voice
    basis: Basis
    counts: bool
    countable: bool
    is_checked: bool = True


@dataclass(frozen=True, slots=True)
class Bearing:
    """One piece of evidence that counts, by its source.

    `against_interest`: the voice whose own interest it contradicts, countable on paths that start here.
    """

    source: str
    against_interest: Voice = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The evidence of one stance on one element. `relays`: (downstream, upstream) pairs of source ids."""

    sources: Sequence[SourceNode]
    relays: Sequence[tuple[str, str]]
    evidence: Sequence[Bearing]


@dataclass(frozen=True, slots=True)
class Independence:
    """The interval of independent support; `min` and `max` from 0 to LIMIT.

    `single_points_of_failure`: if `min` is 1, the voices without any one of which no support remains, sorted, the
    unknown voice last; otherwise none. `exact`: whether both ends are the least numbers themselves; after too much
    work (`search.MOST_WORK`), `min` is a lower and `max` an upper bound in its reading.
    """

    min: int
    max: int
    single_points_of_failure: tuple[Voice, ...]
    exact: bool = True


def find_cycle(relays: Iterable[tuple[str, str]]) -> list[str] | None:
    """The source ids along one cycle of the relays, the first repeated at the end; None if there is no cycle."""
    upstream: dict[str, list[str]] = defaultdict(list)
    for downstream, source in relays:
        upstream[downstream].append(source)
    # Without recursion: a chain of relays may be longer than Python's stack is deep.
    done: set[str] = set()
    for root in list(upstream):
        chain = {root: iter(upstream[root])}  # insertion order is the order along the chain
        while chain:
            here = next(reversed(chain))
            above = next((each for each in chain[here] if each not in done), None)
            if above is None:
                done.add(here)
                del chain[here]
            elif above in chain:
                ids = list(chain)
                return [*ids[ids.index(above) :], above]
            else:
                chain[above] = iter(upstream.get(above, ()))
    return None

"""What independence is counted on: sources, relays and evidence as plain data, and the answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Voice = str | None
"""The name of a voice; None for an unknown one."""

Basis = Literal["firsthand", "secondhand", "unknown"]

LIMIT = 6
"""Stands for 5+: nobody decides differently on more than five separate voices."""


class GraphError(ValueError):
    """The graph is malformed or has a cycle. The text is one line that says where."""


@dataclass(frozen=True, slots=True)
class SourceNode:
    """One source. `counts`: not retracted, reliability not E. `countable`: its voice, at the source's date, is neither
    the claimant's nor an also_claimed_by's nor a party's (an unknown voice is countable whatever stands here)."""

    id: str
    voice: Voice
    basis: Basis
    counts: bool
    countable: bool


@dataclass(frozen=True, slots=True)
class Bearing:
    """One piece of evidence that counts, by its source. `against_interest`: the voice that admits something against
    its own interest; it is countable on the paths that start at this evidence."""

    source: str
    against_interest: Voice = None


@dataclass(frozen=True, slots=True)
class Graph:
    """All that bears on one element by one stance. `relays`: (downstream, upstream) pairs of source ids."""

    sources: Sequence[SourceNode]
    relays: Sequence[tuple[str, str]]
    evidence: Sequence[Bearing]


@dataclass(frozen=True, slots=True)
class Independence:
    """`min` and `max` from 0 to LIMIT. `single_points_of_failure`: where min is 1, the voices each of which alone
    would take all support away, sorted, the unknown voice last; otherwise none. `exact`: whether each end is the least
    number of voices itself; where counting took too long (`search.MOST_WORK`), `min` is at most that number in its
    reading and `max` at least that in its own."""

    min: int
    max: int
    single_points_of_failure: tuple[Voice, ...]
    exact: bool = True


def find_cycle(relays: Iterable[tuple[str, str]]) -> list[str] | None:
    """The source ids along one cycle of the relays, the first repeated at the end; None where there is no cycle."""
    upstream: dict[str, list[str]] = defaultdict(list)
    for downstream, source in relays:
        upstream[downstream].append(source)
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

"""Sets of small numbers as bits of an integer, so that one operation covers all members."""

from collections.abc import Iterable, Iterator, Sequence


def bits(numbers: int) -> Iterator[int]:
    """The members of a set, smallest first."""
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest


def mask(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def union(sets: Sequence[int], members: int) -> int:
    """The union of the sets at the positions in `members`."""
    union = 0
    for number in bits(members):
        union |= sets[number]
    return union


def closure(steps: Sequence[int], first: int, *, within: int, ends: int) -> int:
    """All members of `within` reachable from `first` by `steps`, without stepping on from `ends`."""
    reached = layer = first
    while layer:
        layer = union(steps, layer & ~ends) & within & ~reached
        reached |= layer
    return reached

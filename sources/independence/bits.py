"""Sets of small numbers as the bits of integers: one operation then treats all members at once."""

from collections.abc import Iterable, Iterator, Sequence


def bits(numbers: int) -> Iterator[int]:
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest


def mask(numbers: Iterable[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def union(sets: Sequence[int], members: int) -> int:
    union = 0
    for number in bits(members):
        union |= sets[number]
    return union


def closure(steps: Sequence[int], first: int, *, within: int, ends: int) -> int:
    """All that is reached from `first` by `steps` inside `within`, going no further from the `ends`."""
    reached = layer = first
    while layer:
        layer = union(steps, layer & ~ends) & within & ~reached
        reached |= layer
    return reached

"""Growing the tree (RFC 6962) and making its proofs from the hashes of complete subtrees.

A complete subtree is named by (level, index): it spans the leaves from index * 2^level to (index + 1) * 2^level,
exclusive. `ledger.verifier` checks proofs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ledger.verifier import (
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    root_hash,
)

__all__ = [
    "Frontier",
    "ReadNode",
    "Subtree",
    "check_consistency",
    "check_inclusion",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "root_hash",
    "root_of_size",
]

ReadNode = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree (level, index)."""


class Subtree(NamedTuple):
    """A complete subtree and its hash."""

    level: int
    number: int
    hash: bytes


class Frontier:
    """The right edge of a tree, sufficient to extend it. `hashes`: of its complete subtrees, largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self.hashes = size, list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} subtrees, not {len(self.hashes)}")

    def append(self, hashed: bytes) -> list[Subtree]:
        """Add the next leaf hash. Returns the subtrees that it completes, the leaf itself first."""
        made = [Subtree(0, self.size, hashed)]
        while made[-1].number & 1:
            level, number, right = made[-1]
            made.append(Subtree(level + 1, number >> 1, node_hash(self.hashes.pop(), right)))
        self.hashes.append(made[-1].hash)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The root of the tree so far."""
        return _fold(self.hashes)


def _fold(hashes: list[bytes]) -> bytes:
    """The root over complete subtrees, largest first."""
    if not hashes:
        return root_hash([])
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def _subtrees(start: int, *, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees, largest first, that cover the leaves from `start`, a multiple of their sizes, to `end`."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _hash_of(read: ReadNode, start: int, *, end: int) -> bytes:
    return _fold([read(level, index) for level, index in _subtrees(start, end=end)])


def root_of_size(read: ReadNode, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return _hash_of(read, 0, end=size)


def inclusion_proof(read: ReadNode, index: int, *, size: int) -> list[bytes]:
    """The hashes from a leaf's sibling up to the root's child (RFC 9162 2.1.3.1).

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_hash_of(read, middle, end=end))
            end = middle
        else:
            proof.append(_hash_of(read, start, end=middle))
            start = middle
    return proof[::-1]


def consistency_proof(read: ReadNode, old: int, new: int) -> list[bytes]:
    """The hashes that prove that the tree of size `new` begins with that of size `old` (RFC 9162 2.1.4.1).

    Empty if `old` is 0 or `new`. Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} leaves within one of {new}")
    if old in (0, new):
        return []
    proof, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_hash_of(read, middle, end=end))
            end = middle
        else:
            proof.append(_hash_of(read, start, end=middle))
            start = middle
    if start:
        # The old tree's last subtree. If the old tree is a single complete one, the reader knows its root.
        proof.append(_hash_of(read, start, end=end))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1

"""Tiles: the tree's hashes in rows of 256, and the leaves in bundles of 256 (C2SP tlog-tiles)."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from ledger.tree import ReadNode
from ledger.verifier import (
    LARGEST_LEAF,
    TILE_WIDTH,
    disclosures_path,
    read_bundle,
    root_hash,
    tile_path,
)

__all__ = [
    "ENTRIES",
    "TILE_WIDTH",
    "Tile",
    "bundle_bytes",
    "disclosures_path",
    "hash_tiles",
    "parse_tile_path",
    "read_bundle",
    "tile_node_reader",
    "tile_path",
]

ENTRIES = "entries"
TILE_HEIGHT = 8  # 2^8 hashes
_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<groups>(x[0-9]{3}/)*[0-9]{3})(\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class Tile(NamedTuple):
    """A tile: its level (or 'entries'), its number in the level, and the number of hashes or leaves that it holds."""

    level: int | str
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The tile's path, such as 'tile/0/x001/067.p/5'."""
        return tile_path(*self)


def parse_tile_path(path: str) -> Tile:
    """The tile at a path. Raises ValueError unless the path has its canonical spelling."""
    found = _PATH.fullmatch(path)
    if not found:
        raise ValueError("no path of a tile")
    level = found["level"] if found["level"] == ENTRIES else int(found["level"])
    tile = Tile(level, int(found["groups"].replace("/", "").replace("x", "")), int(found["width"] or TILE_WIDTH))
    if tile.path != path:
        raise ValueError("no path of a tile in its one spelling")
    return tile


def hash_tiles(size: int, *, old: int = 0) -> Iterator[Tile]:
    """The tiles of a tree of `size` leaves that one of `old` leaves lacks: full ones, and a partial one per level."""
    level = 0
    while size:
        for number in range(old // TILE_WIDTH, size // TILE_WIDTH):
            yield Tile(level, number)
        if size % TILE_WIDTH and size != old:
            yield Tile(level, size // TILE_WIDTH, size % TILE_WIDTH)
        size, old, level = size // TILE_WIDTH, old // TILE_WIDTH, level + 1


def bundle_bytes(leaves: Iterable[bytes]) -> bytes:
    """An entry bundle: each leaf after its length in two bytes. Raises ValueError for a leaf over 65,535 bytes."""
    parts = []
    for leaf in leaves:
        if len(leaf) > LARGEST_LEAF:
            raise ValueError(f"a leaf of {len(leaf)} bytes")
        parts += [len(leaf).to_bytes(2, "big"), leaf]
    return b"".join(parts)


def tile_node_reader(read_tile: Callable[[int, int], bytes]) -> ReadNode:
    """A reader of the hashes of complete subtrees from tiles, with a cache, as proofs of one tree share most of them.

    `read_tile(level, number)`: gives the hashes of a tile in sequence, as many as it has.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    @cache
    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, place = divmod(index << height, TILE_WIDTH)
        if (tile_level, number) not in tiles:
            tiles[tile_level, number] = read_tile(tile_level, number)
        data = tiles[tile_level, number][place * 32 : (place + (1 << height)) * 32]
        if len(data) != 32 << height:
            raise ValueError(f"{tile_path(tile_level, number)} is too short for subtree {index} of level {level}")
        return root_hash([data[at : at + 32] for at in range(0, len(data), 32)])

    return read

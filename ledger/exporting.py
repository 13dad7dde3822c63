"""The log as a folder that a plain file server can serve, and that the verifier's `audit` reads."""

from collections.abc import Iterator
from pathlib import Path

from ledger.models import Checkpoint
from ledger.reading import read_tile
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, hash_tiles


def tiles_of(size: int, *, entries: bool) -> Iterator[Tile]:
    """All tiles of a log of that size: those of hashes, and with `entries` the bundles of leaves."""
    yield from hash_tiles(size)
    if entries:
        for number in range(-(-size // TILE_WIDTH)):
            yield Tile(ENTRIES, number, min(TILE_WIDTH, size - number * TILE_WIDTH))


def write_export(folder: Path, checkpoint: Checkpoint, policy: bytes, *, entries: bool = True) -> int:
    """Write the log of `checkpoint` into a folder; files that are there already stay, as tiles never change.

    The checkpoint is written last: whoever serves the folder meanwhile promises nothing that is not there. Without
    `entries` only hashes are written, which anybody may have. Answers how many files were written.
    """
    written = 0
    for tile in tiles_of(checkpoint.size, entries=entries):
        path = folder / tile.path
        if path.exists():
            continue
        data = read_tile(tile, checkpoint)
        if data is None:
            raise LookupError(f"the log misses {tile.path}")
        _write(path, data)
        written += 1
    _write(folder / "policy", policy)
    _write(folder / "checkpoint", checkpoint.note.encode())
    return written + 2


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)

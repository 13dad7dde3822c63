"""The log as a folder that a plain file server can serve, and that the verifier's `audit` reads."""

from collections.abc import Iterator
from pathlib import Path

from ledger.files import sync_folders, write_durably, write_whole
from ledger.models import Checkpoint
from ledger.reading import read_tile
from ledger.stamps import read_stamp_file, stamp_paths
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, hash_tiles


def tiles_of(size: int, *, entries: bool) -> Iterator[Tile]:
    """All tiles of a log of that size: those of hashes, and with `entries` the bundles of leaves."""
    yield from hash_tiles(size)
    if entries:
        for number in range(-(-size // TILE_WIDTH)):
            yield Tile(ENTRIES, number, min(TILE_WIDTH, size - number * TILE_WIDTH))


def write_export(folder: Path, checkpoint: Checkpoint, policy: bytes, *, entries: bool = True) -> int:
    """Write the log of `checkpoint` into a folder; files that are there already stay, as tiles never change.

    The checkpoint is written last, once all before it is on the disk: whoever serves the folder meanwhile, or after a
    power cut, promises nothing that is not there. Without `entries` only hashes are written, which anybody may have.
    Time stamps and the checkpoints that they are of are written beside. Answers how many files were written.
    """
    written, touched = 0, {folder}
    for tile in tiles_of(checkpoint.size, entries=entries):
        path = folder / tile.path
        if path.exists():
            continue
        data = read_tile(tile, checkpoint)
        if data is None:
            raise LookupError(f"the log misses {tile.path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
        touched |= {above for above in path.parents if above.is_relative_to(folder)}
        written += 1
    folder.mkdir(parents=True, exist_ok=True)
    for name in stamp_paths(checkpoint):
        path, data = folder / name, read_stamp_file(name, checkpoint) or b""
        if path.exists() and path.read_bytes() == data:
            continue
        path.parent.mkdir(exist_ok=True)
        write_whole(path, data)
        touched.add(path.parent)
        written += 1
    write_whole(folder / "policy", policy)
    sync_folders(touched)
    write_durably(folder / "checkpoint", checkpoint.note.encode())
    return written + 2

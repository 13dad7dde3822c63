"""Exports of the log: a folder that any file server can serve and that the verifier's `audit` reads.

A folder with opened entries (`write_opened`) is for its one reader.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ledger.canonical import JsonObject, canonical
from ledger.files import sync_folders, write_durably, write_whole
from ledger.models import Checkpoint
from ledger.opened import entry_line, last_line
from ledger.proofs import ProvenLeaf, disclosures_of
from ledger.reading import check_extends, stored_tile, text_of_note
from ledger.stamps import read_stamp_file, stamp_paths
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, disclosures_path, hash_tiles
from ledger.verifier import EXPORT_FILE

ANYBODYS, OWN = 0o666, 0o600  # file modes, before the umask


def tiles_of(size: int, *, entries: bool) -> Iterator[Tile]:
    """All hash tiles of a log of `size` leaves; with `entries` also the bundles of leaves."""
    yield from hash_tiles(size)
    if entries:
        for number in range(-(-size // TILE_WIDTH)):
            yield Tile(ENTRIES, number, min(TILE_WIDTH, size - number * TILE_WIDTH))


def write_export(folder: Path, checkpoint: Checkpoint, policy: bytes, *, entries: bool = True) -> int:
    """Write the log of `checkpoint` into a folder, with its time stamps. Returns the number of files written.

    Existing files stay, as tiles never change. The checkpoint comes last, once all else is on disk, so that a server of
    the folder never promises missing files, even after a power cut. Without `entries` only hashes are written, which
    are public. Raises Broken, and writes nothing, if the checkpoint does not extend the folder's.
    """
    with suppress(FileNotFoundError):
        check_extends(text_of_note((folder / "checkpoint").read_text()), checkpoint)
    written = _Written(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write_tiles(written, checkpoint, entries=entries)
    return _finish(written, checkpoint, policy)


@dataclass(frozen=True)
class OpenedLeaf:
    """An entry as its reader may have it. `erased`: the fields erased by a redaction that the reader may know of."""

    leaf: ProvenLeaf
    erased: Collection[str] = ()


def write_opened(
    folder: Path, checkpoint: Checkpoint, policy: bytes, *, head: bytes, opened: Iterable[OpenedLeaf], whole: bool
) -> int:
    """Write the hashes of `checkpoint`'s log and the entries that one reader may know into a new private folder.

    `head`: the first line; `opened`: in log order; `whole`: these are all entries, to be written as bundles and
    disclosures too. The checkpoint comes last: a folder without one is incomplete. Returns the number of files written.
    Raises FileExistsError if the folder is not empty.
    """
    refuse_taken(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    written = _Written(folder, OWN)
    _write_tiles(written, checkpoint, entries=whole)
    written.put(EXPORT_FILE, _lines(head, opened, written if whole else None))
    return _finish(written, checkpoint, policy)


def refuse_taken(folder: Path) -> None:
    """Raise FileExistsError if the folder is not empty: it must not mix files of two readers."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError("the folder exists and is not empty")


@dataclass
class _Written:
    """Counts the files written into a folder, and collects the folders to sync to disk."""

    folder: Path
    mode: int = ANYBODYS
    files: int = 0
    touched: set[Path] = field(default_factory=set)

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        path = self.folder / name
        self._make(path.parent)
        write_whole(path, data, mode=self.mode)
        self.touched |= {self.folder, *(above for above in path.parents if above.is_relative_to(self.folder))}
        self.files += 1

    def _make(self, folder: Path) -> None:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=0o700 if self.mode == OWN else 0o777, exist_ok=True)


def _write_tiles(written: _Written, checkpoint: Checkpoint, *, entries: bool) -> None:
    for tile in tiles_of(checkpoint.size, entries=entries):
        if (written.folder / tile.path).exists():
            continue
        data = stored_tile(tile, checkpoint)
        if data is None:
            raise LookupError(f"the log lacks {tile.path}")
        written.put(tile.path, data)
    for name in stamp_paths(checkpoint):
        data = read_stamp_file(name, checkpoint) or b""
        path = written.folder / name
        if not path.exists() or path.read_bytes() != data:
            written.put(name, data)


def _finish(written: _Written, checkpoint: Checkpoint, policy: bytes) -> int:
    written.put("policy", policy)
    sync_folders(written.touched)
    write_durably(written.folder / "checkpoint", checkpoint.note.encode(), mode=written.mode)
    return written.files + 1


def _lines(head: bytes, opened: Iterable[OpenedLeaf], written: _Written | None) -> Iterator[bytes]:
    """The lines of an opened export. With `written`, also writes a file of disclosures for each bundle."""
    yield head
    count, bundle, shown = 0, 0, JsonObject()
    for one in opened:
        if written is not None and one.leaf.leaf_index // TILE_WIDTH != bundle:
            _write_disclosures(written, bundle, shown)
            bundle, shown = one.leaf.leaf_index // TILE_WIDTH, {}
        disclosures = disclosures_of(one.leaf)
        if any(disclosures.values()):
            shown[str(one.leaf.leaf_index)] = disclosures
        count += 1
        yield entry_line(one.leaf, one.erased)
    if written is not None:
        _write_disclosures(written, bundle, shown)
    yield last_line(count)


def _write_disclosures(written: _Written, number: int, shown: JsonObject) -> None:
    if shown:
        written.put(disclosures_path(number), canonical(shown))

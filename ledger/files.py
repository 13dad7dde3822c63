"""Durable file writing: a file is on disk, whole or not at all, before anything refers to it."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_durably(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file by renaming a temporary one; bytes and name are on disk once this returns."""
    write_whole(path, data, mode=mode)
    sync_folders([path.parent])


def write_whole(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o666) -> None:
    """As `write_durably`, except that the name is durable only after `sync_folders`, called once for many files.

    `data`: the bytes, or pieces of them.
    """
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def sync_folders(folders: Iterable[Path]) -> None:
    """Sync the names in these folders to disk."""
    for folder in folders:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

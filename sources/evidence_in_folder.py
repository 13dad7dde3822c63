"""Evidence storage in a local folder: files are written to `incoming/`, then renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast


class Folder:
    """Keeps files in `path` (see sources.evidence_storage.EvidencePlace)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._incoming = path / "incoming"

    @contextmanager
    def incoming(self) -> Iterator[BinaryIO]:
        self._incoming.mkdir(parents=True, exist_ok=True)
        temporary = self._incoming / secrets.token_hex(16)
        try:
            # Readable by the owner only: evidence may name people whom it puts in danger.
            with open(temporary, "x+b", opener=_for_the_owner) as file:
                yield cast(BinaryIO, file)
        finally:
            temporary.unlink(missing_ok=True)

    def keep(self, file: BinaryIO, name: str, *, sha256: str) -> None:
        os.fsync(file.fileno())
        kept = self.path / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        Path(file.name).replace(kept)
        # A rename survives a power cut only once the folder, and each folder above it, is synced as well.
        for folder in (kept.parent, kept.parent.parent, kept.parent.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def open(self, name: str) -> BinaryIO:
        return (self.path / name).open("rb")

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def clear_incoming(self, before: datetime) -> int:
        deleted = 0
        for file in self._incoming.glob("*"):
            try:
                if file.stat().st_mtime < before.timestamp():
                    file.unlink()
                    deleted += 1
            except FileNotFoundError:  # its writer finished, or another clean-up deleted it
                continue
        return deleted

    def kept(self) -> Iterator[tuple[str, int, datetime]]:
        yield from self._files(self.path)

    def unfinished(self) -> Iterator[tuple[str, int, datetime]]:
        yield from self._files(self._incoming)

    def _files(self, folder: Path) -> Iterator[tuple[str, int, datetime]]:
        """The files below a folder in name order, one folder at a time to keep memory small."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if path != self._incoming:
                    yield from self._files(path)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # its writer finished, or a clean-up deleted it
                continue
            yield str(path.relative_to(self.path)), status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)

    def try_writing(self) -> None:
        with self.incoming() as file:
            file.write(b"\0")
            file.flush()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

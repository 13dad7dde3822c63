"""What lies in the folder of attachments, file by file, for comparing it with the database."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file: where it lies in the folder, the last part of that, its size in bytes and when it was written."""

    name: str
    sha256: str
    size: int
    modified: datetime


def kept_files() -> Iterator[KeptFile]:
    """Every file outside `incoming/`, in the order of the digests. A file where none belongs is answered as well."""
    yield from _files(settings.EVIDENCE_STORAGE, skip=INCOMING)


def unfinished_files() -> Iterator[KeptFile]:
    """Every file that is being written, or was when its writer died."""
    yield from _files(settings.EVIDENCE_STORAGE / INCOMING)


def _files(folder: Path, skip: str = "") -> Iterator[KeptFile]:
    """The files below a folder by name, a folder at a time: never more names in memory than one folder holds."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != skip:
                yield from _files(Path(entry.path))
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # its writer has finished, or a clean-up was faster
            continue
        name = str(Path(entry.path).relative_to(settings.EVIDENCE_STORAGE))
        yield KeptFile(name, entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

"""Files kept byte for byte, named by their SHA-256, where the setting `EVIDENCE_STORAGE` says: a folder, or a bucket.

A file is hashed while it comes in, and stands under `<first two digits>/<next two>/<digest>` only once all of it is
kept. So whatever stands under a digest is whole, and storing the same bytes again, even at the same moment, changes
nothing. The names are the same in a folder and in a bucket: moving from one to the other is copying.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from sources.evidence_in_folder import Folder
from sources.media_types import TextTest, media_type


class TooLarge(ValueError):
    """More bytes came than may be kept. `limit`: how many may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept: its digest in lowercase hexadecimal, its size in bytes, and what its content looks like."""

    sha256: str
    size: int
    media_type: str


class EvidencePlace(Protocol):
    """Where files are kept. Every method raises OSError where the place fails."""

    def incoming(self) -> AbstractContextManager[BinaryIO]:
        """A new file to write into, which is gone afterwards unless it was kept."""

    def keep(self, file: BinaryIO, name: str, sha256: str) -> None:
        """Keeps what was written under `name`, for good when this returns."""

    def open(self, name: str) -> BinaryIO:
        """The kept file, open for reading. Raises FileNotFoundError where there is none."""

    def size(self, name: str) -> int:
        """Of the kept file, in bytes. Raises FileNotFoundError where there is none."""

    def delete(self, name: str) -> None:
        """Deletes the kept file; nothing where there is none."""

    def clear_incoming(self, before: datetime) -> int:
        """Deletes what writers that died before then have left behind; how many files."""

    def kept(self) -> Iterator[tuple[str, int, datetime]]:
        """Name, size in bytes and time of change of all that is kept, in the order of the names."""

    def unfinished(self) -> Iterator[tuple[str, int, datetime]]:
        """The same of what is being written, or was left behind."""

    def try_writing(self) -> None:
        """Returns where a file could be kept now."""


def place() -> EvidencePlace:
    """The place that the setting names."""
    return place_at(settings.EVIDENCE_STORAGE)


def place_at(where: Path | str) -> EvidencePlace:
    """A folder, or the bucket at an address that begins with s3://."""
    if isinstance(where, Path):
        return Folder(where)
    # Imported only where it is used: it takes a tenth of a second and 20 MB.
    from sources.evidence_in_s3 import Bucket

    return Bucket(where, settings.S3_ENDPOINT)


def store(chunks: Iterable[bytes], *, limit: int) -> Stored:
    """Keep the bytes of `chunks`, at most `limit` of them, for good when this returns.

    Raises TooLarge, OSError, or what `chunks` raises; then nothing is left behind.
    """
    kept_at = place()
    with kept_at.incoming() as file:
        stored = _write(file, chunks, limit)
        kept_at.keep(file, place_name(stored.sha256), stored.sha256)
    return stored


def open_stored(sha256: str) -> BinaryIO:
    """The kept file of this digest, open for reading. Raises ValueError for anything but 64 lowercase hexadecimal
    digits, FileNotFoundError where none is kept, OSError where the storage fails."""
    return place().open(place_name(sha256))


def stored_size(sha256: str) -> int:
    """The size in bytes of the kept file of this digest; raises as open_stored does."""
    return place().size(place_name(sha256))


def delete_stored(sha256: str) -> None:
    """Delete the kept file of this digest, if there is one; raises OSError where the storage fails."""
    place().delete(place_name(sha256))


def delete_incoming_older_than(age: timedelta, now: datetime) -> int:
    """Delete what writers that died left behind, untouched for longer than `age`. Returns how many files."""
    return place().clear_incoming(now - age)


def is_digest(text: str) -> bool:
    """Whether this is a SHA-256 in lowercase hexadecimal."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def place_name(sha256: str) -> str:
    """The name of a file in every place: its digest in two folders. Raises ValueError for anything but a digest."""
    if not is_digest(sha256):
        raise ValueError("not a SHA-256 digest in lowercase hexadecimal")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _write(file: BinaryIO, chunks: Iterable[bytes], limit: int) -> Stored:
    digest, size, text = hashlib.sha256(), 0, TextTest()
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        text.feed(chunk)
        file.write(chunk)
    file.flush()
    return Stored(digest.hexdigest(), size, media_type(file, size, is_text=text.passed()))

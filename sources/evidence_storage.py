"""Evidence files, kept byte for byte under their SHA-256 in the folder or bucket that `EVIDENCE_STORAGE` names.

A file is hashed on arrival and named `<first two digits>/<next two>/<digest>` only when complete. So a file under a
digest is always whole, and storing the same bytes twice, even concurrently, changes nothing. Names are the same in a
folder and in a bucket, so files move between them by copying.
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
    """A file above the size limit. `limit`: in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Stored:
    """A kept file: SHA-256 in lowercase hexadecimal, size in bytes, and the media type that its content suggests."""

    sha256: str
    size: int
    media_type: str


class EvidencePlace(Protocol):
    """A storage of files. Every method raises OSError if the storage fails."""

    def incoming(self) -> AbstractContextManager[BinaryIO]:
        """A new temporary file to write to; discarded at the end of the block unless kept."""

    def keep(self, file: BinaryIO, name: str, *, sha256: str) -> None:
        """Keep a written file under `name`; durable once this returns."""

    def open(self, name: str) -> BinaryIO:
        """The kept file, open for reading. Raises FileNotFoundError."""

    def size(self, name: str) -> int:
        """The size of a kept file in bytes. Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Delete a kept file, if it exists."""

    def clear_incoming(self, before: datetime) -> int:
        """Delete temporary files left before then by interrupted writers. Returns how many."""

    def kept(self) -> Iterator[tuple[str, int, datetime]]:
        """Name, size in bytes and modification time of every kept file, in name order."""

    def unfinished(self) -> Iterator[tuple[str, int, datetime]]:
        """The same of temporary files: being written, or left behind."""

    def try_writing(self) -> None:
        """Write a trial file, to find out whether files can be kept now."""


def place() -> EvidencePlace:
    """The storage that the setting names."""
    return place_at(settings.EVIDENCE_STORAGE)


def place_at(where: Path | str) -> EvidencePlace:
    """The storage in a folder, or in the bucket at an s3:// address."""
    if isinstance(where, Path):
        return Folder(where)
    # Imported on demand: boto3 takes a tenth of a second and 20 MB.
    from sources.evidence_in_s3 import Bucket

    return Bucket(where, settings.S3_ENDPOINT)


def store(chunks: Iterable[bytes], *, limit: int) -> Stored:
    """Keep the bytes of `chunks`, up to `limit`; durable once this returns.

    Raises TooLarge, OSError, or any error of `chunks`, and then leaves nothing behind.
    """
    kept_at = place()
    with kept_at.incoming() as file:
        stored = _write(file, chunks, limit)
        kept_at.keep(file, place_name(stored.sha256), sha256=stored.sha256)
    return stored


def open_stored(sha256: str) -> BinaryIO:
    """The kept file of a digest, open for reading.

    Raises ValueError (not 64 lowercase hexadecimal digits), FileNotFoundError, OSError (the storage failed).
    """
    return place().open(place_name(sha256))


def stored_size(sha256: str) -> int:
    """The size in bytes of the kept file of a digest. Raises as `open_stored`."""
    return place().size(place_name(sha256))


def delete_stored(sha256: str) -> None:
    """Delete the kept file of a digest, if it exists. Raises OSError if the storage fails."""
    place().delete(place_name(sha256))


def delete_incoming_older_than(age: timedelta, now: datetime) -> int:
    """Delete temporary files of interrupted writers, untouched for longer than `age`. Returns how many."""
    return place().clear_incoming(now - age)


def is_digest(text: str) -> bool:
    """Whether this is a SHA-256 in lowercase hexadecimal."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def place_name(sha256: str) -> str:
    """The name of a digest's file in every storage, below two folders. Raises ValueError if it is no digest."""
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

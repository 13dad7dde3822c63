"""Files kept byte for byte, named by their SHA-256, in the folder that the setting `EVIDENCE_STORAGE` names.

A file is written under a temporary name in `incoming/` while it is hashed, and renamed to
`<first two digits>/<next two>/<digest>` once all of it is on the disk. So whatever stands under a digest is whole, and
storing the same bytes again, even at the same moment, changes nothing.
"""

import codecs
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import puremagic
from django.conf import settings

HEAD = 40 * 2**10  # bytes; puremagic looks at the first 36,870
TAIL = 64 * 2**10  # bytes; where the directory of an office document stands


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


def store(chunks: Iterable[bytes], *, limit: int) -> Stored:
    """Keep the bytes of `chunks`, at most `limit` of them, on the disk for good when this returns.

    Raises TooLarge, or what `chunks` or the disk raises; then nothing is left behind.
    """
    folder: Path = settings.EVIDENCE_STORAGE
    incoming = folder / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    temporary = incoming / secrets.token_hex(16)
    try:
        # Made anew and for the owner alone: evidence may name people who would be in danger.
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            stored = _write(file, chunks, limit)
        _rename(temporary, _place(stored.sha256))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return stored


def open_stored(sha256: str) -> BinaryIO:
    """The kept file of this digest, open for reading. Raises ValueError for anything but 64 lowercase hexadecimal
    digits, FileNotFoundError where none is kept."""
    return _place(sha256).open("rb")


def stored_size(sha256: str) -> int:
    """The size in bytes of the kept file of this digest; raises as open_stored does."""
    return _place(sha256).stat().st_size


def delete_incoming_older_than(age: timedelta, now: datetime) -> int:
    """Delete what writers that died left in `incoming/`, untouched for longer than `age`. Returns how many files."""
    deleted = 0
    for file in (settings.EVIDENCE_STORAGE / "incoming").glob("*"):
        try:
            if file.stat().st_mtime < (now - age).timestamp():
                file.unlink()
                deleted += 1
        except FileNotFoundError:  # its writer has finished, or another clean-up was faster
            continue
    return deleted


def _place(sha256: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("not a SHA-256 digest in lowercase hexadecimal")
    folder: Path = settings.EVIDENCE_STORAGE
    return folder / sha256[:2] / sha256[2:4] / sha256


def _write(file: BinaryIO, chunks: Iterable[bytes], limit: int) -> Stored:
    digest, size, text = hashlib.sha256(), 0, _TextTest()
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        digest.update(chunk)
        text.feed(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return Stored(digest.hexdigest(), size, _media_type(file, size, is_text=text.passed()))


def _rename(temporary: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(place)
    # A new name survives a power cut only when its folder has been written too, and so on upwards.
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# What a file looks like. Only for showing: downloads never let a browser interpret them.


class _TextTest:
    """Whether all the bytes together are UTF-8 text without NUL."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._good = True

    def feed(self, chunk: bytes) -> None:
        if self._good:
            try:
                self._good = "\0" not in self._decoder.decode(chunk)
            except UnicodeDecodeError:
                self._good = False

    def passed(self) -> bool:
        try:
            return self._good and self._decoder.decode(b"", final=True) == ""
        except UnicodeDecodeError:
            return False


_UNKNOWN = "application/octet-stream"
_BEGINNINGS = (
    (rb"%PDF-", "application/pdf"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|M4V|MSNV|dash|3gp)", "video/mp4"),
    (rb"....ftypM4A ", "audio/mp4"),
    (rb"ID3[\x02-\x04]|\xff[\xfb\xfa\xf3\xf2]", "audio/mpeg"),
)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_IN_ARCHIVE = (
    (b"word/document.xml", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/workbook.xml", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/presentation.xml", f"{_OFFICE}presentationml.presentation"),
)
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|script|style|iframe|table|div|font|h1|br|p|a|b)(?:[\s/>]|\Z)",
    re.IGNORECASE,
)
_SVG = re.compile(rb"<(?:!doctype\s+)?(?:svg:)?svg[\s/>]", re.IGNORECASE)


def _media_type(file: BinaryIO, size: int, *, is_text: bool) -> str:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    markup = _first_element(head)
    if _HTML.match(markup):
        return "text/html"
    if _SVG.match(markup):
        return "image/svg+xml"
    for beginning, media_type in _BEGINNINGS:
        if re.match(beginning, head, re.DOTALL):
            return media_type
    if re.match(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", head):
        return _archive_type(head + tail)
    if is_text and size:
        return "text/plain"
    return _guess(head, tail)


def _first_element(head: bytes) -> bytes:
    """The head without what may stand before the first element: byte order mark, space, declarations, comments."""
    rest = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for opening, closing in ((b"<?xml", b"?>"), (b"<!--", b"-->")):
        while rest.startswith(opening) and (end := rest.find(closing)) >= 0:
            rest = rest[end + len(closing) :].lstrip()
    return rest


def _archive_type(ends: bytes) -> str:
    if b"[Content_Types].xml" in ends:
        for name, media_type in _IN_ARCHIVE:
            if name in ends:
                return media_type
    return "application/zip"


def _guess(head: bytes, tail: bytes) -> str:
    """What puremagic makes of it, where four bytes or more speak for it; never a type that a browser would run."""
    try:
        matches = puremagic.magic_string(head + tail)
    except Exception:  # a guess at hostile bytes by another's parser: whatever goes wrong, the file is still kept
        return _UNKNOWN
    for match in matches:
        known = re.fullmatch(r"(?:image|audio|video|application|font)/[a-z0-9.+-]+", match.mime_type)
        if known and match.confidence >= 0.4 and not re.search("xml|html|script|flash", match.mime_type):
            return str(match.mime_type)
    return _UNKNOWN

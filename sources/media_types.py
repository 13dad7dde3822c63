"""Media types by content. For display only: downloads never let a browser interpret a file."""

import codecs
import re
from typing import BinaryIO

import puremagic

HEAD = 40 * 2**10  # bytes; puremagic looks at the first 36,870
TAIL = 64 * 2**10  # bytes; holds the directory of an office document


class TextTest:
    """Tests whether bytes fed in pieces are UTF-8 text without NUL."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._good = True

    def feed(self, chunk: bytes) -> None:
        """Test the next bytes."""
        if self._good:
            try:
                self._good = "\0" not in self._decoder.decode(chunk)
            except UnicodeDecodeError:
                self._good = False

    def passed(self) -> bool:
        """Whether all bytes were text. Call once, after the last ones."""
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


def media_type(file: BinaryIO, size: int, *, is_text: bool) -> str:
    """The media type that a file's content suggests. `size`: in bytes; `is_text`: the result of a TextTest."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    markup = _first_element(head)
    if _HTML.match(markup):
        return "text/html"
    if _SVG.match(markup):
        return "image/svg+xml"
    for beginning, kind in _BEGINNINGS:
        if re.match(beginning, head, re.DOTALL):
            return kind
    if re.match(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", head):
        return _archive_type(head + tail)
    if is_text and size:
        return "text/plain"
    return _guess(head, tail=tail)


def _first_element(head: bytes) -> bytes:
    """The head from the first element on, without byte order mark, space, declarations and comments."""
    rest = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for opening, closing in ((b"<?xml", b"?>"), (b"<!--", b"-->")):
        while rest.startswith(opening) and (end := rest.find(closing)) >= 0:
            rest = rest[end + len(closing) :].lstrip()
    return rest


def _archive_type(ends: bytes) -> str:
    if b"[Content_Types].xml" in ends:
        for name, kind in _IN_ARCHIVE:
            if name in ends:
                return kind
    return "application/zip"


def _guess(head: bytes, *, tail: bytes) -> str:
    """The guess of puremagic if at least four bytes support it; never a type that a browser would execute."""
    try:
        matches = puremagic.magic_string(head + tail)
    except Exception:  # third-party parser, hostile bytes: whatever it raises, the file is kept
        return _UNKNOWN
    for match in matches:
        known = re.fullmatch(r"(?:image|audio|video|application|font)/[a-z0-9.+-]+", match.mime_type)
        if known and match.confidence >= 0.4 and not re.search("xml|html|script|flash", match.mime_type):
            return str(match.mime_type)
    return _UNKNOWN

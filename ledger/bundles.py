"""Writing evidence bundles: the manifest, its signed note, and the zip around the files.

`ledger.verifier` checks them; the format is section 10 of `docs/ledger.md`. Files are stored in the zip uncompressed,
with sizes and CRCs known beforehand, so that its length is known before the first byte and it can be streamed.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from ledger.notes import SigningKey, bundle_text, sign_note
from ledger.verifier import BUNDLE, MANIFEST, MANIFEST_NOTE, BundleNote, JsonObject, canonical, zip_directory, zip_head

LARGEST_FILE = 2**32 - 2  # bytes; larger ones need ZIP64 headers


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of a bundle, ready to be sent. `size`: in bytes; `crc`: CRC-32."""

    path: str
    size: int
    crc: int


class ManifestFile(TypedDict):
    """The line of a file in the manifest."""

    path: str
    sha256: str
    size: int
    what: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file made for the bundle. `what`: its role, as the manifest names it."""

    path: str
    content: bytes
    what: str

    @property
    def part(self) -> BundleFile:
        """The file's place in the zip."""
        return BundleFile(self.path, len(self.content), zlib.crc32(self.content))

    @property
    def in_manifest(self) -> ManifestFile:
        """The file's line in the manifest."""
        digest = hashlib.sha256(self.content).hexdigest()
        return ManifestFile(path=self.path, sha256=digest, size=len(self.content), what=self.what)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a bundle's manifest. `made_for`: a person as in `accounts.ledger_entries.committed_person`."""

    reference: str
    stream: str
    made_for: Any
    at: str
    later: int
    withheld: Sequence[str]
    left_out: Sequence[Mapping[str, Any]]  # lines of the manifest, only written here
    files: Sequence[Mapping[str, Any]]  # likewise

    def said(self, origin: str) -> JsonObject:
        """The manifest as JSON data (section 10 of `docs/ledger.md`)."""
        return {
            "format": BUNDLE,
            "origin": origin,
            "reference": self.reference,
            "stream": self.stream,
            "for": self.made_for,
            "at": self.at,
            "later": self.later,
            "withheld": list(self.withheld),
            "left_out": list(self.left_out),
            "files": list(self.files),
        }


def sign_manifest(manifest: Manifest, key: SigningKey, origin: str) -> tuple[Made, Made]:
    """The manifest as a file, and the note that signs it with the desk's key."""
    data = canonical(manifest.said(origin))
    note = bundle_text(BundleNote(origin, manifest.reference, hashlib.sha256(data).digest(), manifest.at))
    return Made(MANIFEST, data, "manifest"), Made(MANIFEST_NOTE, sign_note(note, [key]), "note")


def zip_size(parts: Iterable[BundleFile]) -> int:
    """The size in bytes of the zip of these files."""
    lines = [(part.path, part.size, part.crc) for part in parts]
    return sum(len(zip_head(*line)) + line[1] for line in lines) + len(zip_directory(lines))


def zip_pieces(parts: Sequence[BundleFile], content: Callable[[BundleFile], Iterator[bytes]]) -> Iterator[bytes]:
    """The bytes of the zip. `content`: gives the bytes of a file.

    Raises ValueError if a file's size has changed; the download is then cut off, which the reader notices.
    """
    for part in parts:
        yield zip_head(part.path, part.size, crc=part.crc)
        size = 0
        for piece in content(part):
            size += len(piece)
            yield piece
        if size != part.size:
            raise ValueError(f"{part.path} has {size} bytes, not {part.size}")
    yield zip_directory((part.path, part.size, part.crc) for part in parts)

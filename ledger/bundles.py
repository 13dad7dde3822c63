"""Writing evidence bundles: the manifest, its signed note, and the zip around the files. Checking them stands in
`ledger.verifier`, section 10 of `docs/ledger.md`.

A zip of files that are not compressed, whose sizes and CRCs are known: its length is known before its first byte is
sent, and it is sent piece by piece from wherever the files lie.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.notes import SigningKey, bundle_text, sign_note
from ledger.verifier import BUNDLE, MANIFEST, MANIFEST_NOTE, BundleNote, canonical, zip_directory, zip_head

LARGEST_FILE = 2**32 - 2  # bytes; a larger one would need another head


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle as it lies ready."""

    path: str
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made for the bundle, and what the manifest says that it is."""

    path: str
    content: bytes
    what: str

    @property
    def part(self) -> BundleFile:
        """The file's place in the zip."""
        return BundleFile(self.path, len(self.content), zlib.crc32(self.content))

    @property
    def in_manifest(self) -> dict[str, Any]:
        """What the manifest says of it."""
        digest = hashlib.sha256(self.content).hexdigest()
        return {"path": self.path, "sha256": digest, "size": len(self.content), "what": self.what}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself; `made_for` is a person as `accounts.ledger_entries.committed_person` names them."""

    reference: str
    stream: str
    made_for: Any
    at: str
    later: int
    withheld: Sequence[str]
    left_out: Sequence[dict[str, Any]]
    files: Sequence[dict[str, Any]]

    def said(self, origin: str) -> dict[str, Any]:
        """The manifest as data: section 10 of `docs/ledger.md`."""
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
    """The manifest as a file, and the note that ties it to the desk's key."""
    data = canonical(manifest.said(origin))
    note = bundle_text(BundleNote(origin, manifest.reference, hashlib.sha256(data).digest(), manifest.at))
    return Made(MANIFEST, data, "manifest"), Made(MANIFEST_NOTE, sign_note(note, [key]), "note")


def zip_size(parts: Iterable[BundleFile]) -> int:
    """How many bytes the zip of these files has."""
    lines = [(part.path, part.size, part.crc) for part in parts]
    return sum(len(zip_head(*line)) + line[1] for line in lines) + len(zip_directory(lines))


def zip_pieces(parts: Sequence[BundleFile], content: Callable[[BundleFile], Iterator[bytes]]) -> Iterator[bytes]:
    """The bytes of the zip. `content` gives those of a file.

    Raises ValueError where a file has another size than it had: what was sent is then cut off, and found to be.
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

"""Copying evidence between storages: for backups, and for moving from a folder to a bucket."""

import hashlib

from sources.evidence_storage import EvidencePlace, is_digest, place_name

PIECE = 2**20  # bytes


class Damaged(Exception):
    """A file whose bytes do not have the digest in its name. `name`: the file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not have the SHA-256 that is its name")
        self.name = name


def copy_evidence(source: EvidencePlace, *, target: EvidencePlace) -> int:
    """Copy every file that `target` lacks, checking digests. Returns how many were copied.

    Raises Damaged, or OSError if a storage fails. Copied files stay, so a second run continues from there.
    """
    copied = 0
    for name, size, _modified in source.kept():
        sha256 = name.rpartition("/")[2]
        if not is_digest(sha256) or name != place_name(sha256) or _has(target, name, size):
            continue
        digest = hashlib.sha256()
        with source.open(name) as original, target.incoming() as copy:
            while piece := original.read(PIECE):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            if digest.hexdigest() != sha256:
                raise Damaged(name)
            target.keep(copy, name, sha256=sha256)
        copied += 1
    return copied


def _has(place: EvidencePlace, name: str, size: int) -> bool:
    try:
        return place.size(name) == size
    except FileNotFoundError:
        return False

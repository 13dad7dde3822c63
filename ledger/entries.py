"""Writing entries: leaf bytes, the commitments in them, and the salts that open these.

`ledger.verifier` reads entries, and checks each one written here before it is used.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.verifier import (
    LARGEST_LEAF,
    SALT_LENGTH,
    SEALED,
    Broken,
    LeafEntry,
    canonical,
    check_disclosures,
    check_entry,
    commitment,
    leaf_hash,
    read_entry,
)

__all__ = [
    "BLIND",
    "Broken",
    "LeafEntry",
    "Opening",
    "check_disclosures",
    "commit",
    "commitment",
    "format_time",
    "leaf_bytes",
    "leaf_hash",
    "leaf_hashes",
    "new_salt",
    "new_sealed_stream",
    "read_entry",
    "seal",
]

# The committed field, of value null, of an entry that commits to nothing else. Without its salt, a guess at the leaf's
# few values could be confirmed from the public hash tiles.
BLIND = "blind"


@dataclass(frozen=True)
class Opening:
    """The salt and value that open a commitment, kept in one place that redactions erase."""

    salt: bytes
    value: Any  # any JSON value


def new_salt() -> bytes:
    """32 random bytes, for one committed field of one entry."""
    return secrets.token_bytes(SALT_LENGTH)


def commit(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Opening]]:
    """The commitments (hex) to values by name, and their openings. Without values, commits to one blind field."""
    openings = {name: Opening(new_salt(), value) for name, value in (values or {BLIND: None}).items()}
    return {name: commitment(one.salt, name, one.value) for name, one in openings.items()}, openings


def new_sealed_stream() -> str:
    """A random name for a stream, which reveals nothing of its subject."""
    return f"{SEALED}:{secrets.token_hex(16)}"


def seal(kind: str, body: Mapping[str, Any], *, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Opening]]:
    """The commitments of a sealed entry and their openings: 'kind', 'content', and 'content/<name>' for each value.

    All sealed entries look alike: the number and names of their fields are inside the content.
    """
    inner, openings = commit(values)
    outer, sealed = commit({"kind": kind, "content": {"body": dict(body), "c": inner}})
    return outer, {**sealed, **{f"content/{name}": opening for name, opening in openings.items()}}


def format_time(at: datetime) -> str:
    """A time as '2026-11-22T22:14:03.123Z': UTC, cut to milliseconds. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("the time has no zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def leaf_bytes(entry: LeafEntry) -> bytes:
    """The canonical bytes of an entry. Raises Broken or ValueError if it is malformed or too long."""
    check_entry(entry)
    leaf = canonical({"v": 1, **entry._asdict()})
    if len(leaf) > LARGEST_LEAF:
        raise Broken("leaf", expected=f"at most {LARGEST_LEAF} bytes", found=str(len(leaf)))
    return leaf


_LEAVES = re.compile("[0-9a-f]{64}(,[0-9a-f]{64})*")


def leaf_hashes(text: str, *, most: int) -> list[bytes] | None:
    """The leaf hashes in a text (hex, comma-separated); None if it is malformed or has more than `most`."""
    named = text.split(",")
    if len(named) > most or not _LEAVES.fullmatch(text):
        return None
    return [bytes.fromhex(one) for one in named]

"""Writing entries: the leaf bytes, the commitments in them, the salts that open these.

Reading stands in `ledger.verifier`; what is written here is read there before it is given out.
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

# The committed field (its value is null) of an entry that has nothing to commit: without a salt somewhere, whoever
# guesses a leaf's few values could confirm the guess by the public hash tiles.
BLIND = "blind"


@dataclass(frozen=True)
class Opening:
    """What opens a commitment: kept in one erasable place, and gone after a redaction."""

    salt: bytes
    value: Any


def new_salt() -> bytes:
    """32 random bytes, for one committed field of one entry."""
    return secrets.token_bytes(SALT_LENGTH)


def commit(values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Opening]]:
    """The commitments (hex) of values by name, and what opens each. Without values one blind field is committed."""
    openings = {name: Opening(new_salt(), value) for name, value in (values or {BLIND: None}).items()}
    return {name: commitment(one.salt, name, one.value) for name, one in openings.items()}, openings


def new_sealed_stream() -> str:
    """A name for a stream whose subject nobody may guess."""
    return f"{SEALED}:{secrets.token_hex(16)}"


def seal(kind: str, body: Mapping[str, Any], *, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Opening]]:
    """The commitments of a sealed entry, and what opens them: 'kind', 'content' and for each value 'content/<name>'.

    All sealed entries look alike: how many fields one has, and what they are called, is inside the content.
    """
    inner, openings = commit(values)
    outer, sealed = commit({"kind": kind, "content": {"body": dict(body), "c": inner}})
    return outer, {**sealed, **{f"content/{name}": opening for name, opening in openings.items()}}


def format_time(at: datetime) -> str:
    """'2026-11-22T22:14:03.123Z': UTC, cut to milliseconds. Raises ValueError for a time without its zone."""
    if at.tzinfo is None:
        raise ValueError("the time has no zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def leaf_bytes(entry: LeafEntry) -> bytes:
    """The canonical bytes of an entry. Raises Broken or ValueError where it is not well formed or too long."""
    check_entry(entry)
    leaf = canonical({"v": 1, **entry._asdict()})
    if len(leaf) > LARGEST_LEAF:
        raise Broken("leaf", expected=f"at most {LARGEST_LEAF} bytes", found=str(len(leaf)))
    return leaf


_LEAVES = re.compile("[0-9a-f]{64}(,[0-9a-f]{64})*")


def leaf_hashes(text: str, *, most: int) -> list[bytes] | None:
    """The leaf hashes (hex, separated by commas) that a text names; None where it is no such text, or names more."""
    named = text.split(",")
    if len(named) > most or not _LEAVES.fullmatch(text):
        return None
    return [bytes.fromhex(one) for one in named]

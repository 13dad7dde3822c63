"""The sequencer's checks of waiting entries before they are placed, and of leaves that it did not place before signing.

Triggers in the database check the same, but its owner can bypass them. A forged outbox row is left and logged, and the
others go on. After a forged leaf nothing is placed or signed until it is removed ("A forged leaf" in
docs/operations.md).
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from ledger.entries import Broken, LeafEntry, leaf_hash, read_entry

# `place`: the index below which preceding entries must be.
_LOOKED_AT = """
SELECT o.name, o.entry_id, e.stream, e.seq, encode(e.prev, 'hex'), e.kind,
       to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.leaf, e.leaf_hash,
       EXISTS (SELECT FROM ledger_leaf l WHERE l.entry_id = o.entry_id AND l.index < o.place),
       EXISTS (SELECT FROM ledger_entry t JOIN ledger_leaf l ON l.entry_id = t.id
               WHERE t.stream = e.stream AND t.seq = e.seq AND t.id <> e.id AND l.index < o.place),
       before.id, encode(before.leaf_hash, 'hex'), before.at > e.at, before.is_placed, o.place, o.hash
FROM ({rows}) o
LEFT JOIN ledger_entry e ON e.id = o.entry_id
LEFT JOIN LATERAL (
    SELECT b.id, b.leaf_hash, b.at, l.index IS NOT NULL AS is_placed
    FROM ledger_entry b LEFT JOIN ledger_leaf l ON l.entry_id = b.id AND l.index < o.place
    WHERE b.stream = e.stream AND b.seq = e.seq - 1 ORDER BY l.index LIMIT 1
) before ON true
ORDER BY o.place, o.entry_id
"""
_WAITING = _LOOKED_AT.format(
    rows="SELECT ctid::text AS name, entry_id, 9223372036854775807 AS place, NULL::bytea AS hash FROM ledger_outbox"
    " WHERE entry_id <> ALL (%s) ORDER BY entry_id LIMIT %s"
)
_PLACED = _LOOKED_AT.format(
    rows="SELECT '' AS name, entry_id, index AS place, hash FROM ledger_leaf WHERE index >= %s ORDER BY index LIMIT %s"
)
_AHEAD = """
SELECT n.level, n.index FROM generate_series(1, 7) AS tile (level)
CROSS JOIN (SELECT coalesce(max(index) + 1, 0) AS size FROM ledger_leaf) log
JOIN ledger_node n ON n.level = tile.level AND n.index >= log.size >> 8 * tile.level
ORDER BY n.level, n.index LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Before:
    """The preceding entry of the same stream."""

    entry: int
    leaf_hash: str  # hex
    is_later: bool
    is_placed: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox with its entry and the preceding one. `leaf` is None if the entry is missing."""

    row: str
    entry: int
    columns: tuple[Any, ...]  # stream, seq, prev, kind and at, which must equal those in its bytes
    leaf: bytes | None
    leaf_hash: bytes
    is_placed: bool
    is_number_taken: bool
    before: Before | None


def read_waiting(connection: psycopg.Connection[TupleRow], *, most: int, without: Iterable[int] = ()) -> list[Waiting]:
    """The oldest waiting entries, except those in `without`."""
    rows = connection.execute(_WAITING, [list(without), most]).fetchall()
    return [_waiting(*row[:-2]) for row in rows]


def read_placed(
    connection: psycopg.Connection[TupleRow], start: int, *, most: int
) -> Iterator[tuple[bytes, str | None]]:
    """The hashes of the leaves from `start` on, up to the first forged one, which comes with the reason."""
    for number, row in enumerate(connection.execute(_PLACED, [start, most]).fetchall(), start):
        one, place, hashed = _waiting(*row[:-2]), row[-2], bytes(row[-1] or b"")
        reason = "it is missing" if place != number else reason_to_refuse(one, ())
        if reason is None and hashed != one.leaf_hash:
            reason = "its hash is not that of its entry"
        yield hashed, reason
        if reason is not None:
            return


def wrong_place(connection: psycopg.Connection[TupleRow], start: int, *, most: int) -> str | None:
    """The first forged leaf from `start` on, or a subtree's hash without leaves, with the reason; None if neither."""
    for index, (_hash, reason) in enumerate(read_placed(connection, start, most=most), start):
        if reason is not None:
            return f"leaf {index}: {reason}"
    row = connection.execute(_AHEAD).fetchone()
    return f"node {row[0]}/{row[1]}: the log has no leaves for it" if row else None


def _waiting(row: str, entry: int, *read: Any) -> Waiting:
    columns, (leaf, hashed, is_placed, is_number_taken), before = read[:5], read[5:9], read[9:]
    whole = bytes(leaf) if leaf is not None else None
    one_before = Before(*before) if before[0] is not None else None
    return Waiting(row, entry, columns, whole, bytes(hashed or b""), is_placed, is_number_taken, one_before)


def reason_to_refuse(one: Waiting, accepted: Container[int]) -> str | None:
    """The reason to refuse an entry its place, in words; None if there is none.

    `accepted`: preceding entries placed in the same batch.
    """
    if one.leaf is None:
        return "there is no such entry"
    if one.is_placed or one.entry in accepted:
        return "it has its place in the log already"
    if leaf_hash(one.leaf) != one.leaf_hash:
        return "its hash is not that of its bytes"
    try:
        entry = read_entry(one.leaf)
    except Broken as broken:
        return f"its bytes are none of an entry: {broken}"
    return next(_mismatches(one, entry, accepted), None)


def _mismatches(one: Waiting, entry: LeafEntry, accepted: Container[int]) -> Iterator[str]:
    """The mismatches between an entry's bytes, its columns and the preceding entry of its stream."""
    if (entry.stream, entry.seq, entry.prev, entry.kind, entry.at) != one.columns:
        yield "its columns say other things than its bytes"
    if one.is_number_taken:
        yield f"another entry is number {entry.seq} of its stream"
    if entry.seq > 1:
        before = one.before
        if before is None or before.leaf_hash != entry.prev or before.is_later:
            yield "it does not follow the entry before it of its stream"
        elif not before.is_placed and before.entry not in accepted:
            yield f"the entry before it of its stream, {before.entry}, has no place in the log"

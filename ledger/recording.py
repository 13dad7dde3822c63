"""Recording a change: one entry in the transaction of the change, which fails if recording fails.

Called last in the transaction, to hold the stream's lock as briefly as possible.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from ledger.canonical import canonical
from ledger.entries import LeafEntry, Opening, commit, format_time, leaf_bytes, leaf_hash, new_sealed_stream, seal
from ledger.models import Entry as EntryRow
from ledger.models import SealedStream
from ledger.statements import HEAD, insert
from ledger.verifier import LONGEST_DELAY, SEALED

_older_acts: ContextVar[bool] = ContextVar("older_acts", default=False)


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """A written entry, which waits for its place in the log. `at`: as in its bytes."""

    id: int
    stream: str
    seq: int
    at: str
    leaf_hash: bytes


def record(
    *,
    stream: str,
    kind: str,
    at: datetime,
    body: Mapping[str, Any],
    committed: Mapping[str, Any],
    sealed: bool = False,
) -> WrittenEntry:
    """Write the next entry of a stream, dated no earlier than the one before it.

    `body`: open to everyone who may read the entry: identifiers, states, numbers. `committed`: by name, everything
    personal, confidential or in free text, of which the entry holds commitments and the openings can be erased. Both
    must be canonical JSON.

    `sealed`: for a subject that others may not know of. The entry goes to a stream with a random name, which only a
    table links to `stream`, and its kind and body are committed too. Raises ValueError.
    """
    body, at = _as_older(body, at) if _older_acts.get() else (body, at)
    # The stream's own name is random: which subject it is of would be guessed from the leaf (decision 71).
    if sealed:
        return _append(_Draft(_sealed_stream(stream), SEALED, {}, *seal(kind, body, values=committed)), at=at)
    return _append(_Draft(stream, kind, body, *commit(committed)), at=at)


@contextmanager
def older_acts() -> Iterator[None]:
    """Records past changes in the block as such: dated now, with `brought_in` and the time that they `happened_at`.

    An entry's time is that of its writing. A past time outside this block would be false, and audits find it.
    """
    token = _older_acts.set(True)
    try:
        yield
    finally:
        _older_acts.reset(token)


def _as_older(body: Mapping[str, Any], at: datetime) -> tuple[Mapping[str, Any], datetime]:
    now = timezone.now()
    # Within the delay that audits allow for, it is an act of now (decision 99).
    if at >= now - timedelta(seconds=LONGEST_DELAY):
        return body, at
    return {**body, "brought_in": True, "happened_at": format_time(at)}, now


def _sealed_stream(subject: str) -> str:
    row, _made = SealedStream.objects.get_or_create(subject=subject, defaults={"name": new_sealed_stream()})
    return row.name


def last_hash(stream: str, *, sealed: bool = False) -> bytes | None:
    """The leaf hash of a stream's last entry, for an entry that refers to it; None if there is none."""
    if sealed:
        row = SealedStream.objects.filter(subject=stream).first()
        if row is None:
            return None
        stream = row.name
    found = EntryRow.objects.filter(stream=stream).order_by("-seq").values_list("leaf_hash", flat=True).first()
    return bytes(found) if found is not None else None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """The content of an entry that has no number in its stream yet."""

    stream: str
    kind: str
    body: Mapping[str, Any]
    committed: Mapping[str, Any]


def write_entries(connection: BaseDatabaseWrapper, streams: Iterable[list[Unplaced]], *, at: datetime) -> None:
    """Write the first entries of many streams at once, those of each stream in order.

    For imports: nothing else may write to these streams meanwhile.
    """
    lines: list[tuple[Any, ...]] = []
    secrets: list[tuple[bytes, str, bytes, bytes]] = []
    for entries in streams:
        prev: bytes | None = None
        for seq, one in enumerate(entries, 1):
            draft = _Draft(one.stream, one.kind, one.body, *commit(one.committed))
            entry = draft.entry(seq, prev, at)
            leaf = leaf_bytes(entry)
            hashed = leaf_hash(leaf)
            lines.append((one.stream, seq, prev, one.kind, entry.at, leaf, hashed))
            secrets += [(hashed, name, each.salt, canonical(each.value)) for name, each in draft.openings.items()]
            prev = hashed
    if not lines:
        return
    with connection.cursor() as cursor:
        # COPY, since an import writes millions; the triggers check these rows like all others.
        with cursor.copy("COPY ledger_entry (stream, seq, prev, kind, at, leaf, leaf_hash) FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
        cursor.execute(
            "INSERT INTO ledger_secret (entry_id, name, salt, value)"
            " SELECT e.id, one.name, one.salt, one.value"
            " FROM unnest(%s::bytea[], %s::text[], %s::bytea[], %s::bytea[]) AS one (hash, name, salt, value)"
            " JOIN ledger_entry e ON e.leaf_hash = one.hash",
            [list(column) for column in zip(*secrets, strict=True)],
        )


def write_next(connection: BaseDatabaseWrapper, one: Unplaced, *, at: datetime) -> int:
    """Write the next entry of a stream, for imports. Returns its database id."""
    return _append(_Draft(one.stream, one.kind, one.body, *commit(one.committed)), at=at, through=connection).id


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry with its commitments, before it has a number. `openings`: the salts and values of `hashes`, by name."""

    stream: str
    kind: str
    body: Mapping[str, Any]
    hashes: dict[str, str]
    openings: dict[str, Opening]

    def entry(self, seq: int, prev: bytes | None, at: datetime) -> LeafEntry:
        """The entry with this number, after the one with the leaf hash `prev`."""
        return LeafEntry(
            stream=self.stream,
            seq=seq,
            prev=prev.hex() if prev is not None else None,
            kind=self.kind,
            at=format_time(at),
            body=dict(self.body),
            c=self.hashes,
        )


def _append(draft: _Draft, *, at: datetime, through: BaseDatabaseWrapper | None = None) -> WrittenEntry:
    with (through or connection).cursor() as cursor:
        # Takes the stream's lock and then reads its head: the next writer waits for this commit (decision 74).
        cursor.execute(HEAD, [draft.stream])
        last, prev, earliest = cursor.fetchone() or (None, None, None)
        # Never earlier than the entry before, whatever this machine's clock says (decision 74).
        if earliest is not None:
            at = max(at, earliest)
        entry = draft.entry((last or 0) + 1, prev, at)
        leaf = leaf_bytes(entry)
        hashed = leaf_hash(leaf)
        values: list[str | int | bytes | None] = [draft.stream, entry.seq, prev, draft.kind, entry.at, leaf, hashed]
        for name, one in draft.openings.items():
            values += [name, one.salt, canonical(one.value)]
        cursor.execute(insert(len(draft.openings)), values)
        (pk,) = cursor.fetchone()
    return WrittenEntry(pk, draft.stream, entry.seq, entry.at, hashed)

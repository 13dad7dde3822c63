"""Reading the log: tiles, entry bundles, checkpoints, proofs.

Checks no permissions: hashes and checkpoints are public, and callers decide who may have entries.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import StringAgg
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from ledger.canonical import read_canonical
from ledger.entries import Opening
from ledger.keys import LONGEST_DELAY
from ledger.models import Checkpoint, Cosignature, Entry, Leaf, Outbox, Secret
from ledger.proofs import ProvenLeaf
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, bundle_bytes, parse_tile_path, tile_node_reader
from ledger.tree import ReadNode, check_consistency, consistency_proof, inclusion_proof
from ledger.verifier import CHECKPOINT, Broken, read_checkpoint
from ledger.waiting import wrong_place

MOST_LOOKED_AT = 2000  # unsigned leaves; the sequencer places as many at once


class NotWhole(Exception):
    """The stored log is not the one that was signed: something in it is missing or unreadable."""


@contextmanager
def from_a_whole_log() -> Iterator[None]:
    """Turns errors of reading the log in a block or function into NotWhole. It must read nothing else."""
    try:
        yield
    except (ValueError, ObjectDoesNotExist) as error:
        raise NotWhole(str(error)) from error


def newest_checkpoint() -> Checkpoint | None:
    """The newest published checkpoint, its note with all cosignatures; None before the first."""
    return _with_cosignatures(Checkpoint.objects.order_by("-size"))


def newest_witnessed() -> Checkpoint | None:
    """The newest checkpoint that a quorum cosigned, its note with all cosignatures; None before the first."""
    return _with_cosignatures(Checkpoint.objects.filter(witnessed__isnull=False).order_by("-size"))


def checkpoint_of(size: int) -> Checkpoint | None:
    """The checkpoint of `size` entries, its note with all cosignatures; None if there is none."""
    return _with_cosignatures(Checkpoint.objects.filter(size=size))


def checkpoint_with_all(streams: Iterable[str], newest: Checkpoint | None = None) -> Checkpoint | None:
    """The checkpoint against which to prove entries of these streams; None before the first.

    The newest witnessed one if it holds all of their entries, else the newest (`newest`, or read here). Reads
    `streams` only if needed.
    """
    newest, witnessed = newest or newest_checkpoint(), newest_witnessed()
    if newest is None or witnessed is None or witnessed.size == newest.size:
        return newest
    between = {"place__index__gte": witnessed.size, "place__index__lt": newest.size}
    return newest if Entry.objects.filter(stream__in=list(streams), **between).exists() else witnessed


def _with_cosignatures(rows: QuerySet[Checkpoint]) -> Checkpoint | None:
    """The first of the rows, its note with the kept cosignatures."""
    kept = Cosignature.objects.filter(checkpoint=OuterRef("pk")).order_by().values("checkpoint")
    lines = kept.annotate(lines=StringAgg("line", "", order_by="key")).values("lines")
    found = rows.annotate(cosignatures_kept=Subquery(lines)).first()
    if found is not None:
        found.note += found.cosignatures_kept or ""
    return found


def text_of_note(note: str) -> str:
    """The text of a note, without its signatures."""
    return note.rpartition("\n\n")[0] + "\n"


def check_extends(text: str, newest: Checkpoint) -> None:
    """Raise Broken unless the log of `newest` begins with the log of the checkpoint in `text`."""
    before, now = read_checkpoint(text), read_checkpoint(text_of_note(newest.note))
    if before.origin != now.origin:
        raise Broken("the checkpoint that is there already", expected=f"one of {now.origin}", found=before.origin)
    read = _node_reader()
    proof = consistency_proof(read, before.size, new=now.size) if before.size <= now.size else []
    check_consistency(before.size, before.root, now.size, now.root, proof)


def consistency_with(size: int, checkpoint: Checkpoint) -> list[bytes]:
    """The consistency proof from the first `size` entries to the log of a checkpoint."""
    return consistency_proof(_node_reader(), size, new=checkpoint.size)


def _node_reader() -> ReadNode:
    return tile_node_reader(lambda level, number: b"".join(_hashes(level, first=number * TILE_WIDTH, most=TILE_WIDTH)))


def oldest_waiting() -> datetime | None:
    """The time of the entry that has waited longest for its place in the log; None if none waits."""
    return Outbox.objects.order_by("entry_id").values_list("entry__at", flat=True).first()


def is_overdue(since: datetime, *, now: datetime) -> bool:
    """Whether an entry written at `since` has waited for its place longer than receipts promise.

    Times as far in the future count as well: no honest entry has one.
    """
    return abs(now - since) > timedelta(seconds=LONGEST_DELAY)


def has_unplaceable() -> bool:
    """Whether the outbox names an entry that is already placed or does not exist.

    The sequencer logs which one. Any other entry that it refuses shows as late after a minute.
    """
    is_placed = Leaf.objects.filter(entry=OuterRef("entry_id"))
    is_there = Entry.objects.filter(pk=OuterRef("entry_id"))
    return Outbox.objects.filter(Exists(is_placed) | ~Exists(is_there)).exists()


def forged_place() -> str | None:
    """The first forged one of the 2,000 leaves after the newest checkpoint, and the reason; None if there is none."""
    newest = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return wrong_place(connection.connection, newest, most=MOST_LOOKED_AT)


def late_since(now: datetime) -> datetime | None:
    """The time since which an entry has waited longer than receipts promise; None if none has.

    Never gives the number of waiting entries: it would reveal acts to people who may not know of them.
    """
    since = oldest_waiting()
    return since if since is not None and is_overdue(since, now=now) else None


def stored_tile(tile: Tile, checkpoint: Checkpoint) -> bytes | None:
    """The bytes of a tile of hashes or entries; None if it goes beyond the log of `checkpoint`."""
    level = 0 if tile.level == ENTRIES else int(tile.level)
    first = tile.number * TILE_WIDTH
    if first + tile.width > checkpoint.size >> (8 * level):
        return None
    if tile.level != ENTRIES:
        return b"".join(_hashes(level, first=first, most=tile.width))
    rows = Entry.objects.filter(place__index__gte=first, place__index__lt=first + tile.width)
    return bundle_bytes(bytes(leaf) for leaf in rows.order_by("place__index").values_list("leaf", flat=True))


def _hashes(level: int, *, first: int, most: int) -> list[bytes]:
    where = "ledger_leaf WHERE" if level == 0 else "ledger_node WHERE level = %(level)s AND"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT hash FROM {where} index >= %(first)s AND index < %(end)s ORDER BY index",  # noqa: S608 - ours
            {"level": level, "first": first, "end": first + most},
        )
        return [bytes(hashed) for (hashed,) in cursor.fetchall()]


def proofs_of(stream: str, checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """The entries of a stream within a checkpoint, oldest first, each with its proof and its openings.

    Erased openings are missing.
    """
    return prove(Entry.objects.filter(stream=stream).order_by("seq"), checkpoint)


def count_of(stream: str) -> int:
    """The number of entries of a stream."""
    return counts_of([stream]).get(stream, 0)


def counts_of(streams: Iterable[str]) -> dict[str, int]:
    """The number of entries of each stream, without empty streams."""
    rows = Entry.objects.filter(stream__in=list(streams)).order_by().values("stream").annotate(last=Max("seq"))
    return dict(rows.values_list("stream", "last"))


def first_beyond(stream: str, checkpoint: Checkpoint | None) -> Entry | None:
    """The first entry of a stream after a checkpoint (None: the first of all); None if there is none."""
    return _beyond(Entry.objects.filter(stream=stream).order_by("seq"), checkpoint)


def first_erasing_beyond(stream: str, checkpoint: Checkpoint | None) -> Entry | None:
    """The first entry after a checkpoint that records erasures in a stream; None if there is none."""
    return _beyond(Entry.objects.filter(erasures__entry__stream=stream).order_by("pk"), checkpoint)


def beyond(streams: Collection[str], checkpoint: Checkpoint | None) -> QuerySet[Entry]:
    """The entries of these streams after a checkpoint (None: all of them), oldest first."""
    rows = Entry.objects.filter(stream__in=streams).order_by("pk")
    return rows if checkpoint is None else rows.exclude(place__index__lt=checkpoint.size)


def _beyond(rows: QuerySet[Entry], checkpoint: Checkpoint | None) -> Entry | None:
    if checkpoint is not None:
        rows = rows.exclude(place__index__lt=checkpoint.size)
    return rows.only("seq", "at").first()


def prove(entries: QuerySet[Entry], checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """These entries in their order, with proofs and openings as in `proofs_of`, without those after the checkpoint."""
    rows = list(entries.filter(place__index__lt=checkpoint.size).values_list("pk", "place__index", "leaf"))
    openings = openings_of([pk for pk, _index, _leaf in rows])
    read = _node_reader()
    return [
        ProvenLeaf(index, bytes(leaf), inclusion_proof(read, index, size=checkpoint.size), dict(openings.get(pk, {})))
        for pk, index, leaf in rows
    ]


@dataclass(frozen=True, slots=True)
class Placed:
    """The index of a leaf in the log of a checkpoint, and its inclusion proof."""

    leaf_index: int
    proof: list[bytes]


@from_a_whole_log()
def leaf_place(leaf_hash: bytes, checkpoint: Checkpoint) -> Placed | None:
    """The place of the leaf with this hash in the log of `checkpoint`; None if it is not in it.

    Public, as it follows from the hash tiles.
    """
    rows = Leaf.objects.filter(entry__leaf_hash=leaf_hash, hash=leaf_hash, index__lt=checkpoint.size)
    index = rows.values_list("index", flat=True).first()
    return None if index is None else Placed(index, inclusion_proof(_node_reader(), index, size=checkpoint.size))


def openings_of(entries: Sequence[int]) -> dict[int, dict[str, Opening]]:
    """The openings of entries' commitments, by database id and field; erased ones are missing."""
    found: dict[int, dict[str, Opening]] = {}
    rows = Secret.objects.filter(entry__in=entries).values_list("entry_id", "name", "salt", "value")
    for entry, name, salt, value in rows:
        found.setdefault(entry, {})[name] = Opening(bytes(salt), read_canonical(bytes(value)))
    return found


def published(path: str, checkpoint: Checkpoint) -> bytes | None:
    """The file at a path of the static interface as of `checkpoint`; None if there is none."""
    if path == CHECKPOINT:
        return checkpoint.note.encode()
    try:
        return stored_tile(parse_tile_path(path), checkpoint)
    except ValueError:
        return None

"""Reading the log: tiles, entry bundles, checkpoints, proofs.

Nothing here asks who reads: whoever calls decides who may have entries. Hashes and checkpoints are for everybody.
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

MOST_LOOKED_AT = 2000  # leaves that are not signed yet; the sequencer places as many at once


class NotWhole(Exception):
    """What this server keeps of its log is not what it signed: something is missing in it, or cannot be read."""


@contextmanager
def from_a_whole_log() -> Iterator[None]:
    """In the block, or the function, nothing but the log is read. Raises NotWhole where that is not possible."""
    try:
        yield
    except (ValueError, ObjectDoesNotExist) as error:
        raise NotWhole(str(error)) from error


def newest_checkpoint() -> Checkpoint | None:
    """The last one that was published, its note with the cosignatures that it has; None before the first."""
    return _with_cosignatures(Checkpoint.objects.order_by("-size"))


def newest_witnessed() -> Checkpoint | None:
    """The last one that a quorum of witnesses cosigned, its note with all cosignatures; None before the first."""
    return _with_cosignatures(Checkpoint.objects.filter(witnessed__isnull=False).order_by("-size"))


def checkpoint_of(size: int) -> Checkpoint | None:
    """The checkpoint of so many entries, its note with the cosignatures that it has by now."""
    return _with_cosignatures(Checkpoint.objects.filter(size=size))


def checkpoint_with_all(streams: Iterable[str], newest: Checkpoint | None = None) -> Checkpoint | None:
    """The checkpoint to prove entries of these streams against: the newest witnessed one, where it holds as many of
    them as the newest; else the newest, which is read unless it is given. Streams are asked for where that decides."""
    newest, witnessed = newest or newest_checkpoint(), newest_witnessed()
    if newest is None or witnessed is None or witnessed.size == newest.size:
        return newest
    between = {"place__index__gte": witnessed.size, "place__index__lt": newest.size}
    return newest if Entry.objects.filter(stream__in=list(streams), **between).exists() else witnessed


def _with_cosignatures(rows: QuerySet[Checkpoint]) -> Checkpoint | None:
    """The first of the rows, its note with the cosignatures that were kept."""
    kept = Cosignature.objects.filter(checkpoint=OuterRef("pk")).order_by().values("checkpoint")
    lines = kept.annotate(lines=StringAgg("line", "", order_by="key")).values("lines")
    found = rows.annotate(cosignatures_kept=Subquery(lines)).first()
    if found is not None:
        found.note += found.cosignatures_kept or ""
    return found


def text_of_note(note: str) -> str:
    """What a note says, without its signatures."""
    return note.rpartition("\n\n")[0] + "\n"


def check_extends(text: str, newest: Checkpoint) -> None:
    """Raises Broken unless the log of `newest` begins with that of a checkpoint's text."""
    before, now = read_checkpoint(text), read_checkpoint(text_of_note(newest.note))
    if before.origin != now.origin:
        raise Broken("the checkpoint that is there already", expected=f"one of {now.origin}", found=before.origin)
    read = _node_reader()
    proof = consistency_proof(read, before.size, new=now.size) if before.size <= now.size else []
    check_consistency(before.size, before.root, now.size, now.root, proof)


def consistency_with(size: int, checkpoint: Checkpoint) -> list[bytes]:
    """The proof that the log of a checkpoint begins with its own first `size` entries."""
    return consistency_proof(_node_reader(), size, new=checkpoint.size)


def _node_reader() -> ReadNode:
    return tile_node_reader(lambda level, number: b"".join(_hashes(level, first=number * TILE_WIDTH, most=TILE_WIDTH)))


def oldest_waiting() -> datetime | None:
    """When the entry that has waited longest for its place was written; None where none waits."""
    return Outbox.objects.order_by("entry_id").values_list("entry__at", flat=True).first()


def is_overdue(since: datetime, now: datetime) -> bool:
    """Whether what waits for its place since then waits for longer than receipts promise. A time that lies ahead is no
    reason to wait: nobody wrote it then."""
    return abs(now - since) > timedelta(seconds=LONGEST_DELAY)


def has_unplaceable() -> bool:
    """Whether something waits for a place that no entry can have: it has one already, or is not there. The sequencer
    says in its log which; whatever else it refuses is late after a minute."""
    is_placed = Leaf.objects.filter(entry=OuterRef("entry_id"))
    is_there = Entry.objects.filter(pk=OuterRef("entry_id"))
    return Outbox.objects.filter(Exists(is_placed) | ~Exists(is_there)).exists()


def forged_place() -> str | None:
    """The first leaf behind the newest checkpoint that may not stand there, and why, of the next 2,000; None where the
    sequencer may sign them all."""
    newest = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return wrong_place(connection.connection, newest, most=MOST_LOOKED_AT)


def late_since(now: datetime) -> datetime | None:
    """Since when an entry has waited for longer than receipts promise; None where none has.

    How many wait is told to nobody: whoever may not know of an act would see that there was one.
    """
    since = oldest_waiting()
    return since if since is not None and is_overdue(since, now) else None


def stored_tile(tile: Tile, checkpoint: Checkpoint) -> bytes | None:
    """The bytes of a tile of hashes or of entries; None where the log of `checkpoint` has not so many."""
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
    """The entries of a stream that the checkpoint holds, oldest first, each proven against it and with what opens its
    commitments; what was erased is missing."""
    return prove(Entry.objects.filter(stream=stream).order_by("seq"), checkpoint)


def count_of(stream: str) -> int:
    """How many entries a stream has."""
    return counts_of([stream]).get(stream, 0)


def counts_of(streams: Iterable[str]) -> dict[str, int]:
    """How many entries each of these streams has; without those that have none."""
    rows = Entry.objects.filter(stream__in=list(streams)).order_by().values("stream").annotate(last=Max("seq"))
    return dict(rows.values_list("stream", "last"))


def first_beyond(stream: str, checkpoint: Checkpoint | None) -> Entry | None:
    """The first entry of a stream that the checkpoint does not hold (None: of them all); None where it holds all."""
    return _beyond(Entry.objects.filter(stream=stream).order_by("seq"), checkpoint)


def first_erasing_beyond(stream: str, checkpoint: Checkpoint | None) -> Entry | None:
    """The same of the entries that say what was erased of a stream."""
    return _beyond(Entry.objects.filter(erasures__entry__stream=stream).order_by("pk"), checkpoint)


def beyond(streams: Collection[str], checkpoint: Checkpoint | None) -> QuerySet[Entry]:
    """The entries of these streams that the checkpoint does not hold (None: all of them), oldest first."""
    rows = Entry.objects.filter(stream__in=streams).order_by("pk")
    return rows if checkpoint is None else rows.exclude(place__index__lt=checkpoint.size)


def _beyond(rows: QuerySet[Entry], checkpoint: Checkpoint | None) -> Entry | None:
    if checkpoint is not None:
        rows = rows.exclude(place__index__lt=checkpoint.size)
    return rows.only("seq", "at").first()


def prove(entries: QuerySet[Entry], checkpoint: Checkpoint) -> list[ProvenLeaf]:
    """These entries, in their order, as `proofs_of` has them; those that the checkpoint does not hold are left out."""
    rows = list(entries.filter(place__index__lt=checkpoint.size).values_list("pk", "place__index", "leaf"))
    openings = openings_of([pk for pk, _index, _leaf in rows])
    read = _node_reader()
    return [
        ProvenLeaf(index, bytes(leaf), inclusion_proof(read, index, size=checkpoint.size), dict(openings.get(pk, {})))
        for pk, index, leaf in rows
    ]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a leaf stands in the log of a checkpoint, and its inclusion proof."""

    leaf_index: int
    proof: list[bytes]


@from_a_whole_log()
def leaf_place(leaf_hash: bytes, checkpoint: Checkpoint) -> Placed | None:
    """Where the leaf of this hash stands in the log of `checkpoint`; None where it does not.

    For anybody: it follows from the tiles of hashes.
    """
    rows = Leaf.objects.filter(entry__leaf_hash=leaf_hash, hash=leaf_hash, index__lt=checkpoint.size)
    index = rows.values_list("index", flat=True).first()
    return None if index is None else Placed(index, inclusion_proof(_node_reader(), index, size=checkpoint.size))


def openings_of(entries: Sequence[int]) -> dict[int, dict[str, Opening]]:
    """What opens the commitments of entries (by their database ids), by field; erased fields are missing."""
    found: dict[int, dict[str, Opening]] = {}
    rows = Secret.objects.filter(entry__in=entries).values_list("entry_id", "name", "salt", "value")
    for entry, name, salt, value in rows:
        found.setdefault(entry, {})[name] = Opening(bytes(salt), read_canonical(bytes(value)))
    return found


def published(path: str, checkpoint: Checkpoint) -> bytes | None:
    """What stands at a path of the static interface as of `checkpoint`; None where nothing does."""
    if path == CHECKPOINT:
        return checkpoint.note.encode()
    try:
        return stored_tile(parse_tile_path(path), checkpoint)
    except ValueError:
        return None

"""The sequencer: places waiting entries in the log and publishes signed checkpoints.

Any number may run. The one that holds the advisory lock works, on the connection that holds it, so that a sequencer
that has lost the lock cannot write. Order: places and nodes are committed, then signed, then the signer's mark reaches
the disk, then the checkpoint is published. After a crash between two steps, the next run continues from there.

An outbox row that cannot be placed (`ledger.waiting`) stays there and is logged, and does not delay the others. It is
checked again each minute, in case it was repaired. Leaves placed by anything else are checked likewise before signing.
Behind a forged leaf nothing is placed or signed until it is removed.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial

import psycopg
from psycopg.rows import TupleRow

from ledger.signer import Signer, SignerRefused
from ledger.tiles import TILE_HEIGHT
from ledger.tree import Frontier, ReadNode, Subtree, consistency_proof
from ledger.verifier import root_hash
from ledger.waiting import Waiting, read_placed, read_waiting, reason_to_refuse

Connection = psycopg.Connection[TupleRow]
LOCK = 0x5EC0_9D50  # advisory lock by which one sequencer is elected
MOST_AT_ONCE = 2000  # entries per transaction
SECONDS_BEFORE_ASKING_AGAIN = 60.0  # for refused entries

logger = logging.getLogger(__name__)


class Sequencer:
    """Works on one connection (autocommit, without a pooler) once `elected` has returned True."""

    def __init__(self, connection: Connection, signer: Signer) -> None:
        self._connection = connection
        self._signer = signer
        self._frontier: Frontier | None = None  # of the checked leaves
        self._in_the_way: str | None = None  # the forged leaf after them, and the reason
        self._refused: dict[int, str] = {}  # reasons by entry
        self._asked_again = time.monotonic()

    def elected(self) -> bool:
        """Whether this sequencer is elected; it stays so until its connection ends."""
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        return bool(row and row[0])

    def integrate(self) -> int:
        """Place up to 2,000 waiting entries, oldest first. Returns how many."""
        before = dict(self._refused)
        if time.monotonic() - self._asked_again >= SECONDS_BEFORE_ASKING_AGAIN:
            self._refused, self._asked_again = {}, time.monotonic()
        taken, read = 0, MOST_AT_ONCE
        # A whole batch may be refused, with good entries behind it.
        while taken == 0 and read == MOST_AT_ONCE:
            taken, read = self._integrate()
        self._tell(before)
        return taken

    def _integrate(self) -> tuple[int, int]:
        """Place one batch. Returns the number of placed entries and the number of examined ones."""
        try:
            with self._connection.transaction():
                # Read each time, to include leaves written by another sequencer before this one was elected.
                frontier = self._read_frontier()
                if self._in_the_way is not None:
                    self._frontier = frontier
                    return 0, 0
                self._frontier = None
                waiting = read_waiting(self._connection, most=MOST_AT_ONCE, without=self._refused)
                taken, refused = _sorted_out(waiting)
                nodes = [node for one in taken for node in frontier.append(one.leaf_hash)]
                self._write(frontier.size - len(taken), taken, nodes)
        except psycopg.Error:
            self._frontier = None
            raise
        self._frontier = frontier
        self._refused |= refused
        return len(taken), len(waiting)

    def _tell(self, before: dict[int, str]) -> None:
        """Log each entry that is newly refused, or refused for a new reason."""
        for entry, reason in self._refused.items():
            if before.get(entry) != reason:
                logger.error("entry %s of the outbox gets no place in the log: %s. The others go on", entry, reason)

    def publish(self, now: datetime) -> str | None:
        """Sign the present log and publish the checkpoint; None if it is published already.

        Raises SignerRefused.
        """
        frontier = self._frontier = self._frontier or self._read_frontier()
        row = self._connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone()
        last, root, mark = row[0] if row else None, frontier.root(), self._signer.mark
        # The mark precedes publication, so a lower one is another signer's, or restored from a copy.
        if last is not None and mark.size < last:
            raise SignerRefused(
                f"A checkpoint of {last} entries is published, and this signer's mark is of {mark.size}. Nothing is "
                "signed. Copy mark.json from the signer that signed last"
            )
        # Compared even without new entries, so that the signer notices a restored backup at once.
        if last == frontier.size == mark.size and root == mark.root:
            return None
        note = self._signer.sign(frontier.size, root, partial(consistency_proof, node_reader(self._connection)))
        self._connection.execute(
            "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [frontier.size, root, note, now],
        )
        return note

    def _write(self, start: int, taken: list[Waiting], nodes: Iterable[Subtree]) -> None:
        if not taken:
            return
        entries, hashes = [one.entry for one in taken], [one.leaf_hash for one in taken]
        self._connection.execute(
            "INSERT INTO ledger_leaf (index, entry_id, hash)"
            " SELECT %s + one.place - 1, one.entry, one.hash"
            " FROM unnest(%s::bigint[], %s::bytea[]) WITH ORDINALITY AS one (entry, hash, place) ORDER BY one.place",
            [start, entries, hashes],
        )
        tiles = _tile_hashes(nodes)
        self._connection.execute(
            "INSERT INTO ledger_node (level, index, hash) SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bytea[])",
            [[node.level // TILE_HEIGHT for node in tiles], [node.number for node in tiles], [n.hash for n in tiles]],
        )
        # By row address: a duplicate row stays and is reported.
        self._connection.execute("DELETE FROM ledger_outbox WHERE ctid = ANY(%s::tid[])", [[one.row for one in taken]])

    def _read_frontier(self) -> Frontier:
        """The tree of all leaves, up to the first forged one.

        Skips leaves that were signed or that this sequencer placed or checked.
        """
        row = self._connection.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf").fetchone()
        size: int = row[0] if row else 0
        frontier = self._frontier
        if frontier is None or frontier.size > size:
            frontier = read_frontier(self._connection, min(size, self._signer.mark.size))
        reason = None
        while frontier.size < size and reason is None:
            reason = self._look_at_leaves(frontier)
        if reason is not None and reason != self._in_the_way:
            told = "%s. Nothing behind it gets a place or is signed. See 'A forged leaf' in docs/operations.md"
            logger.error(told, reason)
        self._in_the_way = reason
        return frontier

    def _look_at_leaves(self, frontier: Frontier) -> str | None:
        """Check up to 2,000 further leaves and append them to the frontier. Returns the forged one and why, or None."""
        start = frontier.size
        for hashed, reason in read_placed(self._connection, start, most=MOST_AT_ONCE):
            if reason is not None:
                return f"leaf {frontier.size}: {reason}"
            grown = Frontier(frontier.size, frontier.hashes)
            for node in _tile_hashes(grown.append(hashed)):
                if not self._has(node):
                    return f"leaf {frontier.size}: the hash of the {1 << node.level} leaves up to it is not theirs"
            frontier.size, frontier.hashes = grown.size, grown.hashes
        return None if frontier.size > start else f"leaf {start}: it is missing"

    def _has(self, node: Subtree) -> bool:
        row = self._connection.execute(
            "SELECT hash FROM ledger_node WHERE level = %s AND index = %s", [node.level // TILE_HEIGHT, node.number]
        ).fetchone()
        return row is not None and bytes(row[0]) == node.hash


def _tile_hashes(nodes: Iterable[Subtree]) -> list[Subtree]:
    """The subtrees whose hashes the log keeps besides its leaves: one level in eight."""
    return [node for node in nodes if node.level and node.level % TILE_HEIGHT == 0]


def read_frontier(connection: Connection, size: int) -> Frontier:
    """The right edge of the tree of the first `size` leaves. Raises LookupError if hashes are missing."""
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    read = node_reader(connection)
    return Frontier(size, [read(level, (size >> level) - 1) for level in levels])


def _sorted_out(waiting: Iterable[Waiting]) -> tuple[list[Waiting], dict[int, str]]:
    """The entries to place, in order, and the reasons against the others by entry."""
    taken: dict[int, Waiting] = {}
    refused: dict[int, str] = {}
    for one in waiting:
        reason = reason_to_refuse(one, taken)
        if reason is None:
            taken[one.entry] = one
        else:
            refused[one.entry] = reason
    return list(taken.values()), refused


def node_reader(connection: Connection) -> ReadNode:
    """A reader of the hashes of complete subtrees, from their tiles. It raises LookupError if hashes are missing."""

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        return root_hash(read_stored_hashes(connection, tile_level, first=index << height, count=1 << height))

    return read


def read_stored_hashes(connection: Connection, tile_level: int, *, first: int, count: int) -> list[bytes]:
    """The hashes `first` to `first + count` of a tile level; level 0 is the leaves. Raises LookupError."""
    where = "ledger_leaf WHERE" if tile_level == 0 else f"ledger_node WHERE level = {tile_level:d} AND"
    rows = connection.execute(
        f"SELECT hash FROM {where} index >= %s AND index < %s ORDER BY index",  # noqa: S608 - a number of our own
        [first, first + count],
    )
    hashes = [bytes(hashed) for (hashed,) in rows]
    if len(hashes) != count:
        raise LookupError(f"the log misses hashes {first} to {first + count} of tile level {tile_level}")
    return hashes

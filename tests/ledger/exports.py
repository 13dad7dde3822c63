"""Logs made for tests: entries of several streams, the tree over them, and the export as a server would give it."""

import base64
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.entries import LeafEntry, Opening, commitment, format_time, leaf_bytes, leaf_hash
from ledger.notes import Policy, Receipt, SigningKey, checkpoint_text, receipt_key_name, receipt_text, sign_note
from ledger.proofs import Dated, ProvenLeaf, claim_proof
from ledger.tiles import TILE_WIDTH, Tile, bundle_bytes, disclosures_path, hash_tiles, tile_node_reader
from ledger.tree import Frontier, ReadNode, consistency_proof, inclusion_proof
from ledger.verifier import canonical, root_hash

ORIGIN = "desk.example.org/ledger"
LOG_KEY = SigningKey(ORIGIN, hashlib.sha256(b"a key of the tests").digest())
RECEIPT_KEY = SigningKey(receipt_key_name(ORIGIN), hashlib.sha256(b"a receipt key of the tests").digest())
POLICY = Policy(ORIGIN, (LOG_KEY.verifier_key,), (RECEIPT_KEY.verifier_key,))
BEGIN = datetime(2026, 11, 22, 22, 14, 3, 123000, tzinfo=UTC)
WALK = ["reported", "denied", "corroborated", "reported", "refuted", "reported", "corroborated", "refuted"]


@dataclass
class ExportedLog:
    """Leaves in order, what opens their commitments, and the tree over them."""

    leaves: list[bytes] = field(default_factory=list)
    openings: list[dict[str, Opening | None]] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, stream: str, kind: str, body: dict[str, Any], values: dict[str, Any], at: datetime) -> bytes:
        """Appends an entry to its stream; salts come from the place, so that the same log is made again."""
        seq, prev = self.heads.get(stream, (0, None))
        openings = {name: Opening(self._salt(stream, seq, name), value) for name, value in values.items()}
        c = commitments(openings)
        if kind == "sealed":
            content = {"kind": "evidence_attached", "content": {"body": body, "c": c}}
            outer = {name: Opening(self._salt(stream, seq, name), value) for name, value in content.items()}
            openings = {**outer, **{f"content/{name}": one for name, one in openings.items()}}
            body, c = {}, commitments(outer)
        leaf = leaf_bytes(LeafEntry(stream, seq + 1, prev, kind, format_time(at), body, c))
        self.heads[stream] = (seq + 1, leaf_hash(leaf).hex())
        self.leaves.append(leaf)
        self.openings.append({**openings})
        return leaf

    @staticmethod
    def _salt(stream: str, seq: int, name: str) -> bytes:
        return hashlib.sha256(f"{stream} {seq} {name}".encode()).digest()

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of the first `size` leaves."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves[:size]]
        return sign_note(checkpoint_text(ORIGIN, len(hashes), root_hash(hashes)), [LOG_KEY])

    def export(self) -> dict[str, bytes]:
        """The export, path by path, disclosures included."""
        files = {"checkpoint": self.checkpoint(), **tiles_of(self.leaves)}
        for first in range(0, len(self.leaves), TILE_WIDTH):
            shown = {
                str(index): {
                    name: one and {"salt": _base64(one.salt), "value": one.value}
                    for name, one in self.openings[index].items()
                }
                for index in range(first, min(first + TILE_WIDTH, len(self.leaves)))
            }
            files[disclosures_path(first // TILE_WIDTH)] = canonical(shown)
        return files

    def _reader(self) -> ReadNode:
        tiles = tiles_of(self.leaves)
        widths = {tile[:2]: tile for tile in hash_tiles(len(self.leaves))}
        return tile_node_reader(lambda level, number: tiles[widths[level, number].path])

    def dated(self, size: int, tokens: Sequence[bytes]) -> Dated:
        """The checkpoint of the first `size` leaves with these time stamps, as a proof has it."""
        return Dated(self.checkpoint(size), consistency_proof(self._reader(), size, new=len(self.leaves)), tokens)

    def proof(self, stream: str, dated: Sequence[Dated] = ()) -> bytes:
        """The claim proof of a stream against the newest checkpoint."""
        read, size = self._reader(), len(self.leaves)
        proven = [
            ProvenLeaf(index, leaf, inclusion_proof(read, index, size=size), self.openings[index])
            for index, leaf in enumerate(self.leaves)
            if f'"stream":"{stream}"'.encode() in leaf
        ]
        return claim_proof(ORIGIN, stream=stream, checkpoint=self.checkpoint(), leaves=proven, dated=dated)


def commitments(openings: dict[str, Opening]) -> dict[str, str]:
    """The commitment of each value under its salt."""
    return {name: commitment(one.salt, name, one.value) for name, one in openings.items()}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def tiles_of(leaves: list[bytes]) -> dict[str, bytes]:
    """Every tile and bundle of a log, partial ones as its size needs them."""
    frontier, hashes = Frontier(), dict[int, list[bytes]]()
    for leaf in leaves:
        for node in frontier.append(leaf_hash(leaf)):
            hashes.setdefault(node.level, []).append(node.hash)
    files = {}
    for tile in hash_tiles(len(leaves)):
        first = tile.number * TILE_WIDTH
        files[tile.path] = b"".join(hashes[int(tile.level) * 8][first : first + tile.width])
        if tile.level == 0:
            files[Tile("entries", *tile[1:]).path] = bundle_bytes(leaves[first : first + tile.width])
    return files


def receipt_for(leaf: bytes, at: datetime, delay: int = 60) -> bytes:
    """A signed receipt for a leaf."""
    return sign_note(receipt_text(Receipt(ORIGIN, leaf_hash(leaf), format_time(at), delay)), [RECEIPT_KEY])


def moves(stream_number: int) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """One claim's entries: created, then its moves round and round."""
    yield "claim_created", {"reference": f"DEM-{stream_number}"}, {"statement": f"Statement {stream_number} — ü"}
    before, at = None, 0
    while True:
        after = WALK[at] if at < len(WALK) else ("reported" if before != "reported" else "denied")
        reason = {"reason": f"Because of {at}", "by": {"name": "reviewer"}}
        yield "status_changed", {"from": before, "to": after, "evidence": [at, at + 1]}, reason
        before, at = after, at + 1


def make_log(size: int, streams: int = 7, seed: int = 1, sealed: bool = True) -> ExportedLog:
    """A log of `size` entries: claims that move, and now and then a sealed entry in a stream of its own."""
    chance, log, at = random.Random(seed), ExportedLog(), BEGIN
    claims = {number: moves(number) for number in range(1, streams + 1)}
    for index in range(size):
        at += timedelta(milliseconds=chance.randrange(1, 5000))
        if sealed and index % 11 == 10:
            name = f"sealed:{chance.randbytes(16).hex()}"
            log.add(name, "sealed", {"claim": index}, {"excerpt": "What was said"}, at)
            continue
        number = chance.randrange(1, streams + 1)
        kind, body, values = next(claims[number])
        log.add(f"claim:{number:08d}-0000-4000-8000-000000000000", kind, body, values, at)
    return log

"""A small log for the vectors: entries are added one after the other, and proven as a server would."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ledger.canonical import canonical, read_canonical
from ledger.entries import LeafEntry, Opening, commitment, leaf_bytes, leaf_hash
from ledger.notes import checkpoint_text, sign_note
from ledger.proofs import Dated, ProvenLeaf, claim_proof
from ledger.tree import Frontier, ReadNode, inclusion_proof
from tests.ledger.exports import LOG_KEY, ORIGIN

AT = "2026-11-22T22:14:{:02}.123Z"


class SampleLog:
    """Entries with what opens them. Salts are made from the place and the name: the vectors are the same each time."""

    def __init__(self) -> None:
        self.entries: list[LeafEntry] = []
        self.openings: list[dict[str, Opening | None]] = []
        self._heads: dict[str, tuple[int, str]] = {}

    def add(
        self, stream: str, kind: str, body: dict[str, Any], values: dict[str, Any], sealed: str = "evidence_attached"
    ) -> str:
        """One entry more, whose leaf hash is given (hex). `sealed`: the true kind of one of the kind sealed."""
        at = len(self.entries)
        seq, prev = self._heads.get(stream, (0, None))
        opened = {name: Opening(_salt(at, name), value) for name, value in values.items()}
        c = {name: commitment(one.salt, name, one.value) for name, one in opened.items()}
        if kind == "sealed":
            content = Opening(_salt(at, "content"), {"body": body, "c": c})
            outer = {"kind": Opening(_salt(at, "kind"), sealed), "content": content}
            opened = {**outer, **{f"content/{name}": one for name, one in opened.items()}}
            c, body = {name: commitment(one.salt, name, one.value) for name, one in outer.items()}, {}
        entry = LeafEntry(stream, seq + 1, prev, kind, AT.format(at), body, c)
        hashed = leaf_hash(leaf_bytes(entry)).hex()
        self._heads[stream] = (seq + 1, hashed)
        self.entries.append(entry)
        self.openings.append({**opened})
        return hashed

    @property
    def leaves(self) -> list[bytes]:
        """The bytes of the entries."""
        return [leaf_bytes(entry) for entry in self.entries]

    def checkpoint(self, size: int | None = None) -> bytes:
        """The log's note as it stands, or stood when it had so many entries, signed."""
        leaves = self.leaves[:size]
        return sign_note(checkpoint_text(ORIGIN, len(leaves), _tree(leaves)[0].root()), [LOG_KEY])

    def node(self) -> ReadNode:
        """Gives the hashes of the log's tree."""
        nodes = _tree(self.leaves)[1]
        return lambda *node: nodes[node]

    def proof(
        self,
        stream: str,
        *,
        erased: Iterable[tuple[int, str]] = (),
        redactions: Iterable[int] = (),
        dated: Sequence[Dated] = (),
        changes: Callable[[dict[str, Any]], object] | None = None,
    ) -> bytes:
        """The proof file of a stream without the values of `erased` (index and name), with these entries as its
        redactions, these time stamps, and with a change."""
        gone = set(erased)
        named = [self._proven(at, gone, open_to=("kind", "content")) for at in redactions]
        leaves = [self._proven(at, gone) for at, entry in enumerate(self.entries) if entry.stream == stream]
        data = claim_proof(
            ORIGIN, stream=stream, checkpoint=self.checkpoint(), leaves=leaves, redactions=named, dated=dated
        )
        if changes is None:
            return data
        value = read_canonical(data)
        changes(value)
        return canonical(value)

    def _proven(self, at: int, gone: set[tuple[int, str]], open_to: tuple[str, ...] = ()) -> ProvenLeaf:
        proof = inclusion_proof(self.node(), at, size=len(self.entries))
        shown = {
            name: None if (at, name) in gone or (open_to and name not in open_to) else opening
            for name, opening in self.openings[at].items()
        }
        if open_to and self.entries[at].kind != "sealed":
            shown = dict.fromkeys(shown)
        return ProvenLeaf(at, self.leaves[at], proof, {n: one for n, one in shown.items() if one or not open_to})


def _tree(leaves: Iterable[bytes]) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for leaf in leaves:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(leaf_hash(leaf))}
    return frontier, nodes


def _salt(at: int, name: str) -> bytes:
    return hashlib.sha256(f"salt {at} {name}".encode()).digest()

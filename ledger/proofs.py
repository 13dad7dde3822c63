"""Making proof files: of one leaf (C2SP tlog-proof) and of a claim's whole history. `ledger.verifier` checks them."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.entries import Opening
from ledger.verifier import (
    CLAIM_PROOF,
    CLAIM_PROOF_2,
    TLOG_PROOF,
    Broken,
    Policy,
    TlogProof,
    canonical,
    check_claim_proof,
    leaf_hash,
    read_entry,
    read_tlog_proof,
)

__all__ = [
    "Dated",
    "Policy",
    "ProvenLeaf",
    "TlogProof",
    "check_claim_proof",
    "claim_proof",
    "disclosures_of",
    "read_tlog_proof",
    "tlog_proof",
]


@dataclass(frozen=True)
class ProvenLeaf:
    """A leaf, its place in the log, its inclusion proof, and its openings (None: not for this reader).

    `withheld`: the reader gets only its hash.
    """

    leaf_index: int
    leaf: bytes
    proof: list[bytes]
    openings: Mapping[str, Opening | None] = field(default_factory=dict)
    withheld: bool = False


@dataclass(frozen=True)
class Dated:
    """A checkpoint with time stamps: its signed note, its consistency proof and the tokens (DER)."""

    note: bytes
    consistency: Sequence[bytes]
    tokens: Sequence[bytes]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def disclosures_of(leaf: ProvenLeaf) -> dict[str, object]:
    """Every committed field by name: its salt and value, or None if redacted or withheld."""
    names = read_entry(leaf.leaf).c.keys() | leaf.openings.keys()
    shown = {name: leaf.openings.get(name) for name in names}
    return {name: one and {"salt": _base64(one.salt), "value": one.value} for name, one in shown.items()}


def claim_proof(
    origin: str,
    *,
    stream: str,
    checkpoint: bytes,
    leaves: Iterable[ProvenLeaf],
    redactions: Iterable[ProvenLeaf] = (),
    dated: Sequence[Dated] = (),
) -> bytes:
    """The proof file of one stream as canonical JSON, oldest leaf first.

    `checkpoint`: the signed note to check against; `redactions`: the entries that name erased fields of the stream, in
    log order; `dated`: smaller checkpoints of the log with their time stamps, smallest first.
    """
    parts = {"redactions": [_proof_entry(one) for one in redactions], "dated": [_dated(one) for one in dated]}
    more = {name: part for name, part in parts.items() if part}
    return canonical(
        {
            "format": CLAIM_PROOF_2 if more else CLAIM_PROOF,
            "origin": origin,
            "stream": stream,
            "checkpoint": checkpoint.decode(),
            "entries": [_proof_entry(one) for one in leaves],
            **more,
        }
    )


def _dated(one: Dated) -> dict[str, object]:
    return {
        "checkpoint": one.note.decode(),
        "consistency": [_base64(part) for part in one.consistency],
        "tokens": [_base64(token) for token in one.tokens],
    }


def _proof_entry(one: ProvenLeaf) -> dict[str, object]:
    placed = {"index": one.leaf_index, "proof": [_base64(part) for part in one.proof]}
    if one.withheld:
        return {**placed, "leaf_hash": leaf_hash(one.leaf).hex()}
    return {**placed, "leaf": _base64(one.leaf), "disclosures": disclosures_of(one)}


def tlog_proof(proof: TlogProof) -> bytes:
    """The text of a tlog-proof. Raises Broken if it would not read back the same."""
    extra = [] if proof.extra is None else [f"extra {_base64(proof.extra)}"]
    lines = [TLOG_PROOF, *extra, f"index {proof.leaf_index}", *map(_base64, proof.hashes)]
    data = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint
    if read_tlog_proof(data) != proof:
        raise Broken("tlog-proof", expected="one that reads back the same", found="another")
    return data

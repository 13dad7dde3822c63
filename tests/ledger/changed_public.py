"""Proofs as anybody may have them of a published claim: few entries told, little opened, all else by its hash."""

import random
from typing import Any

from ledger.proofs import tlog_proof
from tests.ledger.edge_cases import after, proof, told, withheld
from tests.ledger.test_mutations import mutate, mutate_bytes
from tests.ledger.test_verifier import ONE

KINDS = ["status_changed", "claim_published", "claim_unpublished", "evidence_attached", "claim_edited", "decided"]
LEAF = tlog_proof(ONE)


def changed_public(chance: random.Random) -> bytes:
    """A public proof of one stream, good or bad."""
    entries = list[dict[str, Any]]()
    for seq in range(1, chance.randrange(2, 8)):
        kind = chance.choice(KINDS)
        values = {"public": {"statement": "Shells were sent."}, "by": "x"} if kind != "decided" else {"by": "x"}
        fields: dict[str, Any] = {
            "body": {"number": seq, "from": None, "to": "reported"},
            "values": values,
            "kind": kind,
        }
        fields |= {"closed": ("by", *chance.choice([(), (), ("public",)])) if "public" in values else ("by",)}
        if chance.randrange(25) == 0:
            fields |= {"at": "2026-11-22T22:13:00.123Z"}
        entries.append(after(entries[-1], seq, **fields) if entries else told(**fields))
    told_of = [withheld(one) if chance.randrange(3) == 0 else one for one in entries]
    if chance.randrange(6) == 0:
        del told_of[chance.randrange(len(told_of))]
    data = proof(*told_of) if told_of else proof(told())
    return (
        data if chance.randrange(3) else mutate_bytes(data, chance) if chance.randrange(2) else _mutated(data, chance)
    )


def _mutated(data: bytes, chance: random.Random) -> bytes:
    try:
        return mutate(data, chance)
    except KeyError:  # an entry that is withheld was chosen to be changed inside
        return data


def changed_leaf(chance: random.Random) -> bytes:
    """The proof of one leaf, good or bad."""
    return LEAF if chance.randrange(3) == 0 else mutate_bytes(LEAF, chance)

"""600 tamperings with a log: edit, delete, insert, swap, duplicate, truncate, 100 seeds each. All are found by name.

Half of them are by somebody who changes the entries alone; half by one who owns the database and makes every tile
anew, so that only the signature is out of reach.
"""

import random
from collections.abc import Callable

import pytest

from ledger.entries import LeafEntry, leaf_bytes, leaf_hash, read_entry
from ledger.tiles import Tile, bundle_bytes, hash_tiles
from ledger.verifier import audit
from tests.ledger.exports import POLICY, make_log, tiles_of

LOG = make_log(270, streams=5)
EXPORT = {path: data for path, data in LOG.export().items() if not path.startswith("disclosures")}
TILES = list(hash_tiles(len(LOG.leaves)))
ZEROS = "0" * 64

Tampering = Callable[[list[bytes], random.Random], list[set[int]]]
"""Changes the leaves in place; returns where that shows: for each change the places of which one has to be named."""


def edit(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    at = chance.randrange(len(leaves))
    entry = read_entry(leaves[at])
    name = chance.choice(["at", "c", "prev"] if entry.kind == "sealed" else ["at", "body", "kind", "c"])
    changes: dict[str, LeafEntry] = {
        "at": entry._replace(at=entry.at[:-2] + ("1Z" if entry.at[-2] != "1" else "2Z")),
        "body": entry._replace(body={**entry.body, "to": "refuted", "note": 1}),
        "kind": entry._replace(kind="claim_edited"),
        "c": entry._replace(c=dict.fromkeys(entry.c, ZEROS)),
        "prev": entry._replace(seq=2, prev=ZEROS),
    }
    leaves[at] = leaf_bytes(changes[name])
    return [{at}]


def delete(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    at = chance.randrange(len(leaves))
    del leaves[at]
    return [{at}]


def insert(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    at = chance.randrange(len(leaves) + 1)
    entry = read_entry(leaves[min(at, len(leaves) - 1)])
    forged = entry._replace(
        stream=f"claim:{chance.randrange(9)}", seq=1, prev=None, kind="claim_created", c={"x": ZEROS}
    )
    leaves.insert(at, leaf_bytes(forged))
    return [{at}]


def swap(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    one, other = chance.sample(range(len(leaves)), 2)
    leaves[one], leaves[other] = leaves[other], leaves[one]
    return [{one}, {other}]


def duplicate(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    at = chance.randrange(len(leaves))
    leaves.insert(at + 1, leaves[at])
    return [{at, at + 1}]  # of two that are alike either may be the one too many


def truncate(leaves: list[bytes], chance: random.Random) -> list[set[int]]:
    keep = chance.randrange(len(leaves))
    del leaves[keep:]
    return [{keep}]


def bundles_alone(leaves: list[bytes]) -> dict[str, bytes]:
    """The export with other leaves in its bundles; the tiles of hashes as they were."""
    bundles = {}
    for tile in TILES:
        if tile.level == 0:
            first, last = tile.number * 256, tile is [one for one in TILES if one.level == 0][-1]
            part = leaves[first:] if last else leaves[first : first + tile.width]
            bundles[Tile("entries", *tile[1:]).path] = bundle_bytes(part)
    return {**EXPORT, **bundles}


@pytest.mark.parametrize("tampering", [edit, delete, insert, swap, duplicate, truncate])
@pytest.mark.parametrize("seeds", [range(0, 100, 2)], ids=["entries alone"])
def test_a_change_of_entries_is_found_at_its_place(tampering: Tampering, seeds: range) -> None:
    for seed in seeds:
        leaves = list(LOG.leaves)
        changes = tampering(leaves, random.Random(seed))
        found = [str(finding) for finding in audit(bundles_alone(leaves).get, POLICY).findings]
        named = {line.split(":")[0] for line in found if ": leaf: expected" in line}
        for places in changes:
            assert named & {f"entry {place}" for place in places}, (seed, places, found[:5])


@pytest.mark.parametrize("tampering", [edit, delete, insert, swap, duplicate, truncate])
@pytest.mark.parametrize("seeds", [range(1, 100, 2)], ids=["tiles made anew"])
def test_a_log_that_was_made_anew_is_found_by_its_checkpoint(tampering: Tampering, seeds: range) -> None:
    for seed in seeds:
        leaves = list(LOG.leaves)
        tampering(leaves, random.Random(seed))
        # As many leaves as the checkpoint says are served under the names that it calls for.
        made = {**tiles_of(leaves), **tiles_of(leaves[: len(LOG.leaves)]), "checkpoint": EXPORT["checkpoint"]}
        report = audit(made.get, POLICY)
        found = [str(finding) for finding in report.findings]
        assert any(line.startswith("checkpoint: root: expected ") for line in found), (seed, found[:5])
        if len(leaves) < len(LOG.leaves):
            assert any("no such file" in line for line in found), (seed, found[:5])
            del leaves[256:]  # the bundle that the checkpoint calls for is not there, and not read
        for line in broken_chains(leaves[: len(LOG.leaves)]):
            assert any(one.startswith(line) for one in found), (seed, line, found[:5])


def broken_chains(leaves: list[bytes]) -> list[str]:
    """Where a stream, followed by itself, does not go on: computed here without the verifier."""
    heads: dict[str, tuple[int, str]] = {}
    lines = []
    for index, leaf in enumerate(leaves):
        entry = read_entry(leaf)
        seq, prev = heads.get(entry.stream, (0, None))
        where = f"entry {index} ({entry.stream}, {entry.seq}):"
        if entry.seq != seq + 1:
            lines.append(f"{where} seq: expected {seq + 1}, found")
        elif entry.prev != prev:
            lines.append(f"{where} prev: expected {prev or 'null'}, found")
        heads[entry.stream] = (entry.seq, leaf_hash(leaf).hex())
    return lines


def test_a_log_that_nobody_touched_has_no_findings() -> None:
    assert audit(EXPORT.get, POLICY).findings == []
    assert audit(bundles_alone(list(LOG.leaves)).get, POLICY).findings == []

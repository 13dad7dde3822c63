"""The tree, by the vectors of Certificate Transparency's reference implementation and by laws."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.entries import Broken
from ledger.tree import (
    Frontier,
    ReadNode,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    root_of_size,
)

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    ("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
)
C, D = (
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
)
E, F = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
)
LARGEST = 70
HASHES = [leaf_hash(bytes([at])) for at in range(LARGEST)]


def reader(hashes: list[bytes]) -> ReadNode:
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in hashes:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}
    return lambda level, index: nodes[level, index]


READ = reader(HASHES)
CT_HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    frontier = Frontier()
    for hashed in CT_HASHES[:size]:
        frontier.append(hashed)
    assert frontier.root().hex() == root_hash(CT_HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [E, D, ROOTS[4]]), (2, 3, [ROOTS[2]]), (1, 5, [ROOTS[1], B, E])],
)
def test_inclusion_proofs_are_those_of_certificate_transparency(index: int, size: int, proof: list[str]) -> None:
    made = inclusion_proof(reader(CT_HASHES), index, size=size)
    assert [part.hex() for part in made] == proof
    check_inclusion(CT_HASHES[index], index, size=size, root=bytes.fromhex(ROOTS[size]), proof=made)


@pytest.mark.parametrize(
    ("old", "new", "proof"), [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, D, ROOTS[4]]), (2, 5, [B, E])]
)
def test_consistency_proofs_are_those_of_certificate_transparency(old: int, new: int, proof: list[str]) -> None:
    made = consistency_proof(reader(CT_HASHES), old, new=new)
    assert [part.hex() for part in made] == proof
    check_consistency(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), made)


def test_every_proof_of_small_trees_holds() -> None:
    for size in range(1, LARGEST + 1):
        root = root_of_size(READ, size)
        assert root == root_hash(HASHES[:size])
        for index in range(size):
            check_inclusion(HASHES[index], index, size=size, root=root, proof=inclusion_proof(READ, index, size=size))
        for old in range(size + 1):
            proof = consistency_proof(READ, old, new=size)
            check_consistency(old, root_of_size(READ, old), size, root, proof)


def test_a_frontier_goes_on_from_what_was_kept() -> None:
    frontier = Frontier()
    for hashed in HASHES:
        frontier = Frontier(frontier.size, frontier.hashes)
        frontier.append(hashed)
    assert frontier.root() == root_hash(HASHES)
    with pytest.raises(ValueError, match="3 subtrees, not 2"):
        Frontier(7, HASHES[:2])


@given(st.integers(1, LARGEST), st.data())
def test_an_inclusion_proof_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(READ, index, size=size), root_of_size(READ, size)
    other = data.draw(st.integers(-1, LARGEST + 1).filter(lambda other: other != index))
    flipped = data.draw(st.integers(0, 255))
    wrong = [(change(HASHES[index], flipped), index, proof, root), (HASHES[index], other, proof, root)]
    wrong += [(HASHES[index], index, proof, change(root, flipped)), (HASHES[index], index, [*proof, root], root)]
    for at in range(len(proof)):
        wrong += [(HASHES[index], index, [*proof[:at], change(proof[at], flipped), *proof[at + 1 :]], root)]
        wrong += [(HASHES[index], index, proof[:at] + proof[at + 1 :], root)]
    for hashed, place, hashes, end in wrong:
        with pytest.raises(Broken):
            check_inclusion(hashed, place, size=size, root=end, proof=hashes)


@given(st.integers(1, LARGEST), st.data())
def test_a_consistency_proof_holds_for_nothing_else(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof, before, after = consistency_proof(READ, old, new=new), root_of_size(READ, old), root_of_size(READ, new)
    flipped = data.draw(st.integers(0, 255))
    wrong = [(old, change(before, flipped), after, proof), (old, before, change(after, flipped), proof)]
    wrong += [(old, before, after, [*proof, before]), (new + 1, before, after, proof), (-1, before, after, proof)]
    for at in range(len(proof)):
        wrong += [(old, before, after, [*proof[:at], change(proof[at], flipped), *proof[at + 1 :]])]
        wrong += [(old, before, after, proof[:at] + proof[at + 1 :])]
    for size, first, second, hashes in wrong:
        with pytest.raises(Broken):
            check_consistency(size, first, new, second, hashes)


def change(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
@settings(max_examples=50)
def test_a_tree_that_was_changed_is_consistent_with_none_before(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    old = data.draw(st.integers(1, len(hashes)))
    at = data.draw(st.integers(0, old - 1))
    forged = [*hashes[:at], leaf_hash(b"another"), *hashes[at + 1 :]]
    proof = consistency_proof(reader(forged), old, new=len(forged))
    with pytest.raises(Broken):
        check_consistency(old, root_hash(hashes[:old]), len(forged), root_hash(forged), proof)


def test_proofs_that_cannot_be_made_are_refused() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(READ, index, size=size)
    for old, new in ((6, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no tree"):
            consistency_proof(READ, old, new=new)


def test_an_empty_tree_is_consistent_only_by_its_own_root() -> None:
    check_consistency(0, root_hash([]), 5, root_of_size(READ, 5), [])
    with pytest.raises(Broken, match="old root"):
        check_consistency(0, HASHES[0], 5, root_of_size(READ, 5), [])


def test_three_thousand_random_mutations_of_proofs_are_refused() -> None:
    chance = random.Random(4)
    roots = [root_of_size(READ, size) for size in range(LARGEST + 1)]
    for _ in range(3_000):
        size = chance.randrange(2, LARGEST + 1)
        index = chance.randrange(size)
        proof = inclusion_proof(READ, index, size=size)
        at = chance.randrange(len(proof))
        proof[at] = chance.choice([change(proof[at], chance.randrange(256)), node_hash(proof[at], b""), proof[at][:31]])
        with pytest.raises(Broken):
            check_inclusion(HASHES[index], index, size=size, root=roots[size], proof=proof)


def test_nodes_arise_from_the_leaf_upwards() -> None:
    frontier = Frontier()
    made = [[(node.level, node.number) for node in frontier.append(hashed)] for hashed in HASHES[:8]]
    assert made[7] == [(0, 7), (1, 3), (2, 1), (3, 0)]
    assert all(later[0] == (0, earlier[0][1] + 1) for earlier, later in pairwise(made))

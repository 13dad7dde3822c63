"""Paths, widths and bundles as C2SP tlog-tiles says; its own examples first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import Broken
from ledger.tiles import Tile, bundle_bytes, hash_tiles, parse_tile_path, read_bundle, tile_node_reader, tile_path
from ledger.tree import Frontier, inclusion_proof, leaf_hash, root_hash, root_of_size
from tests.ledger.exports import tiles_of


def test_an_index_is_written_in_groups_of_three_digits() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 5, width=17) == "tile/entries/005.p/17"
    assert tile_path(63, 1000, width=256) == "tile/63/x001/000"


def test_seventy_thousand_leaves_have_the_tiles_of_the_specification() -> None:
    tiles = list(hash_tiles(70_000))
    partial = [tile for tile in tiles if tile.width < 256]
    assert [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in range(3)] == [273, 1, 0]
    assert [(tile.level, tile.width) for tile in partial] == [(0, 112), (1, 17), (2, 1)]


def test_256_leaves_have_a_full_tile_and_one_of_width_one_above() -> None:
    assert list(hash_tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]


@given(st.integers(0, 140_000), st.integers(0, 3_000))
def test_new_tiles_are_those_that_were_not_there(old: int, more: int) -> None:
    before, after = set(hash_tiles(old)), set(hash_tiles(old + more))
    assert set(hash_tiles(old + more, old=old)) == after - before


@given(st.integers(0, 63) | st.just("entries"), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_reads_back(level: int | str, number: int, width: int) -> None:
    assert parse_tile_path(Tile(level, number, width).path) == Tile(level, number, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001/x001",
        "tile/0/x001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/001\n",
        "tile/0/٠٠١",
        "tile/data/001",
        "tile/0/../0/001",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no path of a tile"):
        parse_tile_path(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_reads_back(leaves: list[bytes]) -> None:
    assert read_bundle(bundle_bytes(leaves)) == leaves


def test_a_bundle_is_each_leaf_after_its_length() -> None:
    assert bundle_bytes([b"ab", b"", b"c" * 258]) == b"\0\2ab\0\0\1\2" + b"c" * 258


@pytest.mark.parametrize("data", [b"\0", b"\0\1", b"\0\3ab", b"\0\1ab\0\3"])
def test_a_bundle_that_was_cut_is_refused(data: bytes) -> None:
    with pytest.raises(Broken, match="of the bundle"):
        read_bundle(data)


def test_a_leaf_beyond_two_bytes_of_length_is_refused() -> None:
    with pytest.raises(ValueError, match="65536 bytes"):
        bundle_bytes([b"x" * 65_536])


def test_proofs_are_made_from_tiles() -> None:
    leaves = [b"%d" % at for at in range(600)]
    hashes, files, frontier = [leaf_hash(leaf) for leaf in leaves], tiles_of(leaves), Frontier()
    nodes = {(node.level, node.number): node.hash for hashed in hashes for node in frontier.append(hashed)}
    paths = {tile[:2]: tile.path for tile in hash_tiles(600)}
    read = tile_node_reader(lambda level, number: files[paths[level, number]])
    assert root_of_size(read, 600) == root_hash(hashes)
    for index in (0, 255, 256, 300, 511, 512, 599):
        assert inclusion_proof(read, index, size=600) == inclusion_proof(lambda *node: nodes[node], index, size=600)


def test_a_tile_that_is_too_short_is_said_to_be() -> None:
    with pytest.raises(ValueError, match=r"tile/0/000 is too short for subtree 1 of level 2"):
        tile_node_reader(lambda level, number: bytes(32 * 7))(2, 1)

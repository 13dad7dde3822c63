"""Entries get their places in the order in which they were written, and checkpoints are signed and published."""

from pathlib import Path

import pytest

from ledger.models import Checkpoint, Entry, Leaf, Outbox
from ledger.reading import newest_checkpoint, proofs_of, stored_tile
from ledger.recording import record
from ledger.signer import Signer, SignerRefused
from ledger.signer import make_signer as make_new_signer
from ledger.tiles import Tile
from ledger.verifier import check_inclusion, leaf_hash, root_hash
from tests.ledger.installation import NOW, sequencing

pytestmark = pytest.mark.django_db(transaction=True)


def entries(count: int, stream: str = "claim:1") -> None:
    for number in range(count):
        record(stream=stream, kind="tried", at=NOW, body={"n": number}, committed={})


def test_places_are_given_in_order(tmp_path: Path) -> None:
    entries(3)
    with sequencing(tmp_path) as sequencer:
        assert (sequencer.integrate(), sequencer.integrate()) == (3, 0)
    placed = list(Leaf.objects.order_by("index").values_list("index", "entry_id"))
    assert placed == list(enumerate(Entry.objects.order_by("seq").values_list("pk", flat=True)))
    assert Outbox.objects.count() == 0


def test_a_checkpoint_is_of_all_leaves(tmp_path: Path) -> None:
    entries(300)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        assert sequencer.publish(NOW) is not None
        assert sequencer.publish(NOW) is None
    checkpoint = newest_checkpoint()
    hashes = [bytes(hashed) for hashed in Entry.objects.order_by("seq").values_list("leaf_hash", flat=True)]
    assert checkpoint is not None
    assert (checkpoint.size, bytes(checkpoint.root)) == (300, root_hash(hashes))


def test_tiles_hold_what_was_published_and_no_more(tmp_path: Path) -> None:
    entries(258)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
        hashes = b"".join(bytes(hashed) for hashed in Leaf.objects.order_by("index").values_list("hash", flat=True))
        entries(5)
        sequencer.integrate()
    published = newest_checkpoint()
    assert published is not None
    assert stored_tile(Tile(0, 0), published) == hashes[: 256 * 32]
    assert stored_tile(Tile(0, 1, 2), published) == hashes[256 * 32 :]
    assert stored_tile(Tile(0, 1, 3), published) is None
    assert stored_tile(Tile(1, 0, 1), published) == root_hash([hashes[at : at + 32] for at in range(0, 256 * 32, 32)])


def test_every_entry_is_proven_against_the_checkpoint(tmp_path: Path) -> None:
    entries(300)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    proven = proofs_of("claim:1", checkpoint)
    for one in proven:
        check_inclusion(
            leaf_hash(one.leaf), one.leaf_index, size=checkpoint.size, root=bytes(checkpoint.root), proof=one.proof
        )
    assert len(proven) == 300


def test_another_one_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    for _ in range(3):
        entries(100)
        with sequencing(tmp_path) as sequencer:
            sequencer.integrate()
            sequencer.publish(NOW)
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    hashes = [bytes(hashed) for hashed in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    assert sizes == [100, 200, 300]
    assert bytes(Checkpoint.objects.get(size=300).root) == root_hash(hashes)


def test_two_do_not_work_at_once(tmp_path: Path) -> None:
    with sequencing(tmp_path) as first:
        import os

        import psycopg

        from ledger.sequencer import Sequencer

        with psycopg.connect(os.environ["DATABASE_SEQUENCER_URL"], autocommit=True) as connection:
            assert Sequencer(connection, Signer(tmp_path)).elected() is False
        assert first.elected() is True


def test_what_was_signed_and_not_published_is_published_by_the_next(tmp_path: Path) -> None:
    entries(2)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        # As when the process dies once the mark is on disk.
        frontier = sequencer._read_frontier()
        note = Signer(tmp_path).sign(2, frontier.root(), lambda old, new: [])
    with sequencing(tmp_path) as sequencer:
        assert sequencer.publish(NOW) == note


def test_a_log_that_is_shorter_than_what_was_signed_is_not_signed(tmp_path: Path) -> None:
    entries(1)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        Signer(tmp_path).sign(2, bytes(32), lambda old, new: [])
        fresh = Signer(tmp_path)
        sequencer._signer = fresh
        with pytest.raises(SignerRefused, match="older than what was published"):
            sequencer.publish(NOW)


def test_without_its_mark_a_signer_signs_nothing(tmp_path: Path) -> None:
    entries(1)
    with sequencing(tmp_path) as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
    (tmp_path / "mark.json").unlink()
    with pytest.raises(SignerRefused, match=r"mark\.json is missing: .* Nothing is signed"):
        Signer(tmp_path)


def test_the_mark_is_made_with_the_key_and_never_again(tmp_path: Path) -> None:
    make_new_signer(tmp_path, "desk.example.org/ledger")
    mark = Signer(tmp_path).mark
    assert (mark.origin, mark.size, mark.root, mark.note) == ("desk.example.org/ledger", 0, root_hash([]), "")
    (tmp_path / "mark.json").unlink()
    make_new_signer(tmp_path, "desk.example.org/ledger")
    with pytest.raises(SignerRefused, match="is missing"):
        Signer(tmp_path)


def test_a_key_that_died_before_it_was_made_finds_its_mark(tmp_path: Path) -> None:
    make_new_signer(tmp_path, "desk.example.org/ledger")
    (tmp_path / "log.key").unlink()
    mark = (tmp_path / "mark.json").read_bytes()
    make_new_signer(tmp_path, "desk.example.org/ledger")
    assert (Signer(tmp_path).mark.size, (tmp_path / "mark.json").read_bytes()) == (0, mark)


def test_a_mark_that_is_older_than_what_is_published_signs_nothing(tmp_path: Path) -> None:
    entries(1)
    with sequencing(tmp_path / "first") as sequencer:
        sequencer.integrate()
        sequencer.publish(NOW)
    entries(1)
    with sequencing(tmp_path / "second") as sequencer:
        sequencer.integrate()
        with pytest.raises(
            SignerRefused, match="A checkpoint of 1 entries is published, and this signer's mark is of 0"
        ):
            sequencer.publish(NOW)

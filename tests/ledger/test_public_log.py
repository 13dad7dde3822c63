"""The verifier on a log of which only hashes and public entries are given: what it looks for there."""

import base64
from datetime import timedelta

import pytest

from ledger.canonical import canonical
from ledger.tree import leaf_hash
from ledger.verifier import STATUS_CHANGED, Report, audit, read_entry
from tests.ledger.exports import BEGIN, POLICY, make_log, receipt_for

LOG = make_log(600)


def mirrored() -> dict[str, bytes]:
    """What anybody may take of the log: no entries but the status changes."""
    files = {path: data for path, data in LOG.export().items() if not path.startswith(("tile/entries", "disclosures"))}
    for number in range(3):
        indexes = range(256 * number, min(256 * number + 256, 600))
        public = [index for index in indexes if read_entry(LOG.leaves[index]).kind == STATUS_CHANGED]
        leaves = {str(index): base64.b64encode(LOG.leaves[index]).decode() for index in public}
        files[f"public/{number:03d}.json"] = canonical(leaves)
    return files


def found_in(report: Report) -> list[str]:
    return [str(one) for one in report.findings if one.part != "body.number"]  # entries of these tests have none


def test_a_promised_leaf_is_looked_for_among_the_hashes() -> None:
    promises = {"kept": receipt_for(LOG.leaves[10], BEGIN), "gone": receipt_for(b"gone", BEGIN)}
    promises["young"] = receipt_for(b"to come", BEGIN + timedelta(days=1))
    report = audit(mirrored().get, POLICY, promises)
    gone = leaf_hash(b"gone").hex()
    assert found_in(report) == [f"receipt gone: leaf: expected {gone} in the log, found no such leaf"]
    assert (report.counts["receipts"], report.counts["receipts not due yet"]) == (3, 1)


def test_opened_lines_that_lie_beside_are_read() -> None:
    (first, *_more) = found_in(audit(mirrored().get, POLICY, lines=[b"{}\n"]))
    assert first.startswith("export.jsonl, line 1: form")


def test_a_stamped_checkpoint_that_lies_beside_is_looked_at() -> None:
    (found,) = found_in(audit({**mirrored(), "stamps.json": canonical({"300": 1})}.get, POLICY))
    assert found == "stamps/300.note: file: expected stamps/300.note, found no such file"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001"])
def test_a_changed_tile_is_found_whatever_is_public_of_it(path: str) -> None:
    files = {**mirrored(), "public/001.json": b"{}"}
    (found,) = found_in(audit({**files, path: b"\0" * 32 + files[path][32:]}.get, POLICY))
    assert found.startswith(f"log: {path}: expected ")

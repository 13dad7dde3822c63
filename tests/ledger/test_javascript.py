"""The JavaScript implementation, in a real browser: it comes to what the vectors and the Python one come to."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ledger.verifier import TILE_WIDTH, leaf_hash, root_hash, tile_path
from tests.ledger.edge_cases import PROOFS
from tests.ledger.edge_exports import RECEIPTS as EDGE_RECEIPTS
from tests.ledger.edge_policies import POLICIES
from tests.ledger.exports import BEGIN, make_log, receipt_for
from tests.ledger.javascript import CHECK, KEYS, PRELUDE, RECEIPTS, STAMPED, WITNESSED, Run, open_at
from tests.ledger.test_edge_cases import receipts_result
from tests.ledger.test_mutations import WHOLE
from tests.ledger.vectors import FOLDER, cosigned, sample_proof

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def test_canonical_json_is_that_of_the_vectors(run: Run) -> None:
    given = vectors("canonical")
    body = "return Promise.all(given.map((text) => taken(() => ledger.readCanonical(bytes(text)))));"
    assert run(body, given["canonical"]) == [True] * len(given["canonical"])
    assert run(body, given["not_canonical"]) == [False] * len(given["not_canonical"])


def test_commitments_are_those_of_the_vectors(run: Run) -> None:
    given = vectors("commitments")
    body = "return Promise.all(given.map((one) => ledger.commitment(bytes(one.salt), one.name, one.value)));"
    assert run(body, given) == [one["commitment"] for one in given]


def test_entries_are_read_and_refused_as_the_vectors_say(run: Run) -> None:
    given = vectors("entries")
    body = "return Promise.all(given.map(async (leaf) => ledger.hex(await ledger.leafHash(bytes(leaf)))));"
    assert run(body, [one["leaf"] for one in given["good"]]) == [one["leaf_hash"] for one in given["good"]]
    body = "return Promise.all(given.map((leaf) => taken(() => ledger.readEntry(bytes(leaf)))));"
    assert run(body, [one["leaf"] for one in given["good"]]) == [True] * len(given["good"])
    assert run(body, given["bad"]) == [False] * len(given["bad"])


def test_disclosures_are_those_of_the_vectors(run: Run) -> None:
    given = vectors("disclosures")
    body = """return Promise.all(given.map(async ({ leaf, disclosures }) => {
      try { return await ledger.checkDisclosures(ledger.readEntry(bytes(leaf)), disclosures); } catch { return null; }
    }));"""
    assert run(body, given) == [one["undisclosed"] for one in given]


def test_inclusion_proofs_are_those_of_the_vectors(run: Run) -> None:
    given = vectors("tree")
    body = """const raw = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
      return Promise.all(given.map(async ({ index, size, proof }) => ledger.hex(await ledger.rootFromInclusion(
        await ledger.leafHash(Uint8Array.of(index)), index, size, proof.map(raw)))));"""
    assert run(body, given["inclusion"]) == [given["roots"][one["size"]] for one in given["inclusion"]]


def test_consistency_proofs_are_those_of_the_vectors(run: Run) -> None:
    given = vectors("tree")
    body = """const raw = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
      const at = (size) => ({ size, root: raw(given.roots[size]) });
      const check = (one, proof) => taken(() => ledger.checkConsistency(at(one.old), at(one.new), proof.map(raw)));
      return Promise.all(given.consistency.map(async (one) => [
        await check(one, one.proof),
        await check(one, [...one.proof, given.roots[1]]),
        await check({ ...one, old: one.new, new: one.old }, one.proof),
        one.proof.length > 0 && await check(one, one.proof.with(-1, given.roots[0]))]));"""
    found = run(body, given)
    same = [one["old"] == one["new"] for one in given["consistency"]]
    assert found == [[True, False, is_same, False] for is_same in same]


# Reads tiles of a log that lie in `given.tiles`, and says what is wrong between checkpoints {size, root in hex}.
EXTENDS = """const raw = ({ size, root }) => ({ size, root: ledger.readHex(root) });
  const read = async (path) => (path in given.tiles ? bytes(given.tiles[path]) : null);
  return Promise.all(given.pairs.map(([old, now]) => ledger.extensionFinding(raw(old), raw(now), read)));"""


def _log_of(leaves: list[bytes], sizes: list[int]) -> dict[int, dict[str, object]]:
    """Checkpoints of the log of these leaves, by size."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    return {size: {"size": size, "root": root_hash(hashes[:size]).hex()} for size in sizes}


def _tiles_of(leaves: list[bytes]) -> dict[str, str]:
    """The tiles of the log of these leaves by what stands behind `tile/`, in base64."""
    nodes, found = [leaf_hash(leaf) for leaf in leaves], {}
    for level in range(3):
        for first in range(0, len(nodes), TILE_WIDTH):
            part = nodes[first : first + TILE_WIDTH]
            path = tile_path(level, first // TILE_WIDTH, width=len(part)).removeprefix("tile/")
            found[path] = base64.b64encode(b"".join(part)).decode()
        whole = len(nodes) // TILE_WIDTH
        nodes = [root_hash(nodes[at * TILE_WIDTH : (at + 1) * TILE_WIDTH]) for at in range(whole)]
    return found


def test_a_log_goes_on_from_each_smaller_one_by_its_tiles(run: Run) -> None:
    leaves, sizes = (
        [str(number).encode() for number in range(1300)],
        [0, 1, 2, 7, 255, 256, 257, 511, 512, 700, 1024, 1299],
    )
    log = _log_of(leaves, [*sizes, 1300])
    given = {"tiles": _tiles_of(leaves), "pairs": [[log[size], log[1300]] for size in [*sizes, 1300]]}
    assert run(EXTENDS, given) == [None] * len(given["pairs"])


@pytest.mark.parametrize("place", [0, 3, 255, 256, 600])
def test_a_longer_log_with_another_entry_does_not_go_on_from_one_that_was_seen(run: Run, place: int) -> None:
    leaves = [str(number).encode() for number in range(1300)]
    seen = _log_of(leaves, [601, 700, 1024, 1299])
    leaves[place] = b"another"
    now = _log_of(leaves, [1300])[1300]
    found = run(EXTENDS, {"tiles": _tiles_of(leaves), "pairs": [[old, now] for old in seen.values()]})
    # A complete tree's root stands in its proof for itself: there the present root is the one that does not come out.
    assert [one["part"] for one in found] == ["new root" if size == 1024 else "old root" for size in seen]


def test_tiles_that_are_not_those_of_the_checkpoint_are_told(run: Run) -> None:
    leaves = [str(number).encode() for number in range(300)]
    log = _log_of(leaves, [200, 300])
    tiles = _tiles_of(leaves)
    missing = {path: data for path, data in tiles.items() if not path.startswith("0/001")}
    [[one], [other]] = [
        run(EXTENDS, {"tiles": given, "pairs": [[log[200], log[300]]]}) for given in (missing, _tiles_of(leaves[::-1]))
    ]
    assert (one["part"], one["found"], other["part"]) == ("tile/0/001.p/44", "no tile", "old root")


def test_proof_files_with_time_stamps_come_to_the_results_of_the_vectors(run: Run) -> None:
    files = vectors("stamps")["files"]
    found = run(CHECK, {"files": [one["file"] for one in files], "policy": KEYS})
    assert dict(zip([one["name"] for one in files], found, strict=True)) == {o["name"]: o["result"] for o in files}


STAMPS = vectors("stamps")
STAMPED_KEYS = {**KEYS, "timestamp_certificates": STAMPS["policy"]["timestamp_certificates"]}
CHECKED = "return ledger.checkClaimProof(bytes(given.file), given.policy);"


def microseconds(moment: datetime) -> str:
    return str((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def test_time_stamps_say_what_the_vectors_say_or_what_does_not_hold(run: Run) -> None:
    notes = {size: base64.b64encode(note.encode()).decode() for size, note in STAMPS["checkpoints"].items()}
    asked = [{"token": one["token"], "note": notes[str(one["of"])]} for one in STAMPS["tokens"]]
    found = run(STAMPED, {"asked": asked, "certificates": STAMPED_KEYS["timestamp_certificates"]})
    expected = [
        one["finding"].partition(": expected")[0]
        if "finding" in one
        else [*(microseconds(datetime.fromisoformat(one[when])) for when in ("at", "before")), one["by"]]
        for one in STAMPS["tokens"]
    ]
    names = [one["name"] for one in STAMPS["tokens"]]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, expected, strict=True))


def test_proof_files_are_broken_by_the_time_stamps_that_the_vectors_find_fault_with(run: Run) -> None:
    files = STAMPS["files"]
    found = run(CHECK, {"files": [one["file"] for one in files], "policy": STAMPED_KEYS})
    expected = {one["name"]: "broken" if one["findings"] else "verified" for one in files}
    assert dict(zip([one["name"] for one in files], found, strict=True)) == expected


def test_time_stamps_date_what_their_checkpoint_holds(run: Run) -> None:
    files = {one["name"]: one["file"] for one in STAMPS["files"]}
    found = run(CHECKED, {"file": files["whole"], "policy": STAMPED_KEYS})
    assert [(one["size"], [stamp["by"] for stamp in one["stamps"]]) for one in found["dated"]] == [
        (2, ["CN=Northern Stamps", "CN=Southern Stamps"]),
        (6, ["CN=Southern Stamps"]),
    ]
    found = run(CHECKED, {"file": files["another hash"], "policy": STAMPED_KEYS})
    assert [one["size"] for one in found["dated"]] == [6]
    assert found["undated"][0]["part"] == "new root"


def test_time_stamps_are_counted_and_not_looked_at_where_the_policy_names_no_certificates(run: Run) -> None:
    files = {one["name"]: one["file"] for one in STAMPS["files"]}
    found = run(CHECKED, {"file": files["a stranger's token"], "policy": KEYS})
    dated = [{"size": 2, "tokens": 1, "stamps": []}, {"size": 6, "tokens": 1, "stamps": []}]
    assert (found["dated"], found["undated"]) == (dated, [])


def test_notes_open_as_the_vectors_say(run: Run) -> None:
    given = vectors("notes")
    body = """const text = (note) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(note));
      return Promise.all(given.notes.map(({ note }) => taken(() => ledger.openNote(text(note), [given.log_key]))));"""
    assert run(body, given) == [one["opens"] for one in given["notes"]]


def test_witnesses_and_their_quorum_are_those_of_the_vectors(run: Run) -> None:
    given = vectors("witnesses")
    of = [(name, note) for name in given["policies"] for note in given["notes"]]
    asked = [{"note": given["notes"][note], "policy": given["policies"][name]} for name, note in of]
    found = run(WITNESSED, {"asked": asked, "keys": KEYS})
    expected = [given["witnessed"][name][note] for name, note in of]
    assert [(pair, one) for pair, one in zip(of, found, strict=True)] == list(zip(of, expected, strict=True))


def test_policies_at_the_edge_come_to_their_results(run: Run) -> None:
    asked = [{"note": cosigned("ab").decode(), "policy": policy} for policy, _met in POLICIES.values()]
    found = [one and one["isMet"] for one in run(WITNESSED, {"asked": asked, "keys": KEYS})]
    assert dict(zip(POLICIES, found, strict=True)) == {name: is_met for name, (_policy, is_met) in POLICIES.items()}


def test_a_policy_without_witnesses_says_nothing_of_them(run: Run) -> None:
    body = "return (await ledger.readCheckpoint(given.note, given.keys)).witnesses;"
    assert run(body, {"note": cosigned("abd").decode(), "keys": KEYS}) is None


def test_proof_files_come_to_the_results_of_the_vectors(run: Run) -> None:
    files = vectors("proofs")["files"]
    found = run(CHECK, {"files": [one["file"] for one in files], "policy": KEYS})
    assert dict(zip([one["name"] for one in files], found, strict=True)) == {o["name"]: o["result"] for o in files}


def test_files_at_the_edge_come_to_their_results(run: Run) -> None:
    found = run(
        CHECK, {"files": [base64.b64encode(file).decode() for file, _result in PROOFS.values()], "policy": KEYS}
    )
    assert dict(zip(PROOFS, found, strict=True)) == {name: result for name, (_file, result) in PROOFS.items()}


def test_a_broken_entry_says_what_does_not_match_and_the_others_stand(run: Run) -> None:
    files = {one["name"]: one["file"] for one in vectors("proofs")["files"]}
    body = "return ledger.checkClaimProof(bytes(given.file), given.policy);"
    found = run(body, {"file": files["another statement"], "policy": KEYS})
    assert [entry["result"] for entry in found["entries"]] == ["broken", "verified", "verified", "verified", "verified"]
    assert found["findings"][0]["part"] == "disclosures.statement"


def test_where_there_is_no_webcrypto_nothing_is_verified(browser: "Browser") -> None:
    page = open_at(browser, "http://desk.example.org/")
    file = base64.b64encode(sample_proof()).decode()
    body = f"async (given) => {{ {PRELUDE} return ledger.checkClaimProof(bytes(given.file), given.policy); }}"
    assert page.evaluate(body, {"file": file, "policy": KEYS}) == {
        "result": "unavailable",
        "findings": [],
        "entries": [],
        "checkpoint": None,
        "redactions": None,
        "dated": [],
        "undated": [],
    }
    page.context.close()


def test_what_redactions_name_is_told(run: Run) -> None:
    [_plain, of_claim, of_sealed] = [base64.b64encode(one).decode() for one in WHOLE]
    body = """const told = [];
      for (const file of given.files) {
        const { redactions } = await ledger.checkClaimProof(bytes(file), given.policy);
        told.push([...redactions.erased.values()].map((names) => [...names]));
      }
      return told;"""
    assert run(body, {"files": [of_claim, of_sealed], "policy": KEYS}) == [[["reason"]], [["content/reason"]]]


def test_receipts_are_read_and_refused_as_the_vectors_say(run: Run) -> None:
    given = vectors("logs")["receipts"]
    files = [base64.b64encode(one["receipt"].encode()).decode() for one in given]
    found = run(RECEIPTS, {"files": files, "policy": KEYS})
    assert [one is not None for one in found] == ["receipts" in one["counts"] for one in given]
    text = vectors("notes")["receipt"]
    assert run(RECEIPTS, {"files": [base64.b64encode(text.encode()).decode()], "policy": KEYS}) == [
        [text.split("\n")[2]]
    ]


def test_files_of_receipts_at_the_edge_are_read_as_ours(run: Run) -> None:
    files = [base64.b64encode(file).decode() for file, _holds in EDGE_RECEIPTS.values()]
    found = run(RECEIPTS, {"files": files, "policy": KEYS})
    expected = {name: receipts_result(file) for name, (file, _holds) in EDGE_RECEIPTS.items()}
    assert dict(zip(EDGE_RECEIPTS, found, strict=True)) == expected


# What becomes of a receipt by what the log says of its leaf, and by the time that it is.
FATE = """const { proof, note: checkpoint } = given;
  const placed = (index) => async () => (index === null ? null : { index, proof, checkpoint });
  const fate = async (find, now) => (await ledger.checkReceipt(given.receipt, given.policy, find, new Date(now))).fate;
  return [await fate(placed(0), given.due), await fate(placed(1), given.due), await fate(placed(null), given.due),
    await fate(placed(null), given.late)];"""


def test_a_receipt_is_kept_not_due_broken_or_missing(run: Run) -> None:
    log = make_log(1)
    given = {"receipt": receipt_for(log.leaves[0], BEGIN).decode(), "note": log.checkpoint().decode(), "proof": []}
    times = {"due": "2026-11-22T22:15:03.123Z", "late": "2026-11-22T22:15:03.124Z"}
    assert run(FATE, {**given, **times, "policy": KEYS}) == ["in the log", "broken", "not due yet", "missing"]

"""The JavaScript implementation, in a real browser: it comes to what the vectors and the Python one come to."""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger.proofs import tlog_proof
from ledger.verifier import TILE_WIDTH, check_claim_proof, check_tlog_proof, leaf_hash, root_hash, tile_path
from tests.ledger.edge_cases import PROOFS
from tests.ledger.edge_policies import POLICIES
from tests.ledger.exports import POLICY
from tests.ledger.test_mutations import WHOLE, mutate, mutate_bytes
from tests.ledger.test_verifier import ONE
from tests.ledger.vectors import FOLDER, WITNESS_POLICY_TEXT, cosigned, sample_proof, witnessed_as_vector

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

MODULE = Path(__file__).resolve().parent.parent.parent / "config" / "static" / "second_source" / "ledger.js"
KEYS = {"origin": POLICY.origin, "log_keys": [str(key) for key in POLICY.log_keys]}
# What the scripts below share: the module, bytes of base64, and whether a call throws.
PRELUDE = """
  const ledger = await import("/ledger.js");
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const taken = async (call) => { try { await call(); return true; } catch { return false; } };
"""

Run = Callable[[str, object], Any]
"""Runs the body of a function of `given` in the browser, beside PRELUDE."""


def open_at(browser: "Browser", origin: str) -> "Page":
    """A page of an origin that serves nothing but the module."""
    page = browser.new_context().new_page()

    def answer(route: "Route") -> None:
        if route.request.url.endswith("/ledger.js"):
            route.fulfill(path=MODULE, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>Ledger</title>", content_type="text/html")

    page.route("**/*", answer)
    page.goto(origin)
    return page


@pytest.fixture(scope="module")
def run(browser: "Browser") -> Iterator[Run]:
    page = open_at(browser, "http://localhost/")
    yield lambda body, given: page.evaluate(f"async (given) => {{ {PRELUDE} {body} }}", given)
    page.context.close()


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
            path = tile_path(level, first // TILE_WIDTH, len(part)).removeprefix("tile/")
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


def test_time_stamps_are_counted_and_not_said_to_have_been_checked(run: Run) -> None:
    files = {one["name"]: one["file"] for one in vectors("stamps")["files"]}
    body = "return ledger.checkClaimProof(bytes(given.file), given.policy);"
    found = run(body, {"file": files["whole"], "policy": KEYS})
    assert (found["dated"], found["undated"]) == ([{"size": 2, "tokens": 2}, {"size": 6, "tokens": 1}], [])
    found = run(body, {"file": files["another hash"], "policy": KEYS})
    assert (found["dated"], found["undated"][0]["part"]) == ([], "new root")


def test_notes_open_as_the_vectors_say(run: Run) -> None:
    given = vectors("notes")
    body = """const text = (note) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes(note));
      return Promise.all(given.notes.map(({ note }) => taken(() => ledger.openNote(text(note), [given.log_key]))));"""
    assert run(body, given) == [one["opens"] for one in given["notes"]]


# Of each note by each policy: who cosigned and whether that is enough, null where it is refused.
WITNESSED = """const found = [];
  for (const { note, policy } of given.asked) {
    try {
      const { witnesses } = await ledger.readCheckpoint(note, { ...given.keys, witness_policy: policy });
      found.push({ by: witnesses.by, isMet: witnesses.isMet });
    } catch (error) {
      if (!error.finding) throw error;
      found.push(null);
    }
  }
  return found;"""


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


def witnessed_results(run: Run, count: int, seed: int) -> "Counter[str]":
    """How often notes and policies, good and changed, came to what; asserts that both implementations agree."""
    chance, counts = random.Random(seed), Counter[str]()
    for _ in range(0, count, 250):
        asked = []
        for _ in range(250):
            note = cosigned("".join(sorted(chance.sample("abcdef", chance.randrange(7)))))
            policy = WITNESS_POLICY_TEXT
            if chance.randrange(3) == 0:
                note = mutate_bytes(note, chance)
            if chance.randrange(3) == 0:
                policy = mutate_bytes(policy, chance)
            try:
                asked.append({"note": note.decode(), "policy": policy.decode()})
            except UnicodeDecodeError:  # neither is a text any more
                continue
        found = run(WITNESSED, {"asked": asked, "keys": KEYS})
        expected = [witnessed_as_vector(one["note"], one["policy"]) for one in asked]
        assert found == expected, [a for a, b, c in zip(asked, found, expected, strict=True) if b != c][:1]
        counts.update("refused" if one is None else "witnessed" if one["isMet"] else "not yet" for one in found)
    return counts


def test_both_implementations_agree_on_five_hundred_cosigned_notes(run: Run) -> None:
    counts = witnessed_results(run, 500, seed=5)
    assert min(counts[result] for result in ("refused", "witnessed", "not yet")) > 20


@pytest.mark.attack
def test_both_implementations_agree_on_ten_thousand_cosigned_notes(run: Run) -> None:
    witnessed_results(run, 10_000, seed=6)


CHECK = """const results = [];
  for (const file of given.files) results.push((await ledger.checkClaimProof(bytes(file), given.policy)).result);
  return results;"""


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


def python_result(data: bytes) -> str:
    report = check_claim_proof(data, POLICY)
    closed = any(report.counts.get(word) for word in ("fields redacted", "fields withheld"))
    return "broken" if report.findings else "redacted" if closed else "verified"


def redact(data: bytes, chance: random.Random) -> bytes:
    """A good file: some of the disclosures left out, or some of the newest entries."""
    value = json.loads(data)
    del value["entries"][chance.randrange(1, 6) :]
    for entry in value["entries"]:
        entry["disclosures"] = {n: chance.choice([one, one, None]) for n, one in entry["disclosures"].items()}
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def results(run: Run, count: int, seed: int, whole: bytes | None = None) -> "Counter[str]":
    """How often which result came out of `count` files, good and bad; asserts that both implementations agree."""
    chance, counts, choices = random.Random(seed), Counter[str](), [whole] if whole else [WHOLE[0], *WHOLE]
    for _ in range(0, count, 250):
        files = [redact(chance.choice(choices), chance) for _ in range(250)]
        files = [one if chance.randrange(3) == 0 else mutate(one, chance) for one in files]
        found = run(CHECK, {"files": [base64.b64encode(one).decode() for one in files], "policy": KEYS})
        expected = [python_result(one) for one in files]
        assert found == expected, [f for f, a, b in zip(files, found, expected, strict=True) if a != b][:1]
        counts.update(found)
    return counts


def test_what_redactions_name_is_told(run: Run) -> None:
    [_plain, of_claim, of_sealed] = [base64.b64encode(one).decode() for one in WHOLE]
    body = """const told = [];
      for (const file of given.files) {
        const { redactions } = await ledger.checkClaimProof(bytes(file), given.policy);
        told.push([...redactions.erased.values()].map((names) => [...names]));
      }
      return told;"""
    assert run(body, {"files": [of_claim, of_sealed], "policy": KEYS}) == [[["reason"]], [["content/reason"]]]


def test_both_implementations_agree_on_five_hundred_files(run: Run) -> None:
    counts = results(run, 500, seed=1)
    assert min(counts[result] for result in ("verified", "redacted", "broken")) > 5


def dated_proof() -> bytes:
    """The vectors' proof with time stamps."""
    files = {one["name"]: one["file"] for one in vectors("stamps")["files"]}
    return base64.b64decode(files["whole"])


def test_both_implementations_agree_on_five_hundred_files_with_time_stamps(run: Run) -> None:
    counts = results(run, 500, seed=5, whole=dated_proof())
    assert min(counts[result] for result in ("verified", "redacted", "broken")) > 5


def tlog_results(run: Run, count: int, seed: int) -> "Counter[str]":
    """The same of the proofs of single leaves."""
    chance, counts = random.Random(seed), Counter[str]()
    whole = tlog_proof(ONE)
    body = """const results = [];
      for (const file of given.files) results.push((await ledger.checkTlogProof(bytes(file), given.policy)).result);
      return results;"""
    for _ in range(0, count, 250):
        files = [whole if chance.randrange(3) == 0 else mutate_bytes(whole, chance) for _ in range(250)]
        found = run(body, {"files": [base64.b64encode(one).decode() for one in files], "policy": KEYS})
        expected = ["broken" if check_tlog_proof(one, POLICY).findings else "verified" for one in files]
        assert found == expected, [f for f, a, b in zip(files, found, expected, strict=True) if a != b][:1]
        counts.update(found)
    return counts


def test_both_implementations_agree_on_five_hundred_proofs_of_single_leaves(run: Run) -> None:
    counts = tlog_results(run, 500, seed=3)
    assert min(counts[result] for result in ("verified", "broken")) > 100


@pytest.mark.attack
def test_both_implementations_agree_on_ten_thousand_proofs_of_single_leaves(run: Run) -> None:
    tlog_results(run, 10_000, seed=4)


@pytest.mark.attack
def test_both_implementations_agree_on_ten_thousand_files_with_time_stamps(run: Run) -> None:
    results(run, 10_000, seed=6, whole=dated_proof())


@pytest.mark.attack
def test_both_implementations_agree_on_ten_thousand_files(run: Run) -> None:
    counts = results(run, 10_000, seed=2)
    assert min(counts[result] for result in ("verified", "redacted", "broken")) > 100

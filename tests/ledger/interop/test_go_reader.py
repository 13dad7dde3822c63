"""A reader of our files that is not ours: written in Go from docs/ledger.md and its vectors alone, in `reader/`.

Needs Debian's packages golang-go and golang-golang-x-mod-dev; `bin/test -m interop tests/ledger/interop`.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.canonical import canonical
from tests.ledger.changed_bundles import bundle_result
from tests.ledger.changed_folders import counted as folders_counted
from tests.ledger.edge_cases import PROOFS
from tests.ledger.edge_exports import EXPORTS, RECEIPTS
from tests.ledger.edge_policies import POLICIES
from tests.ledger.interop.conftest import Ask, counted, encoded, witnesses_question
from tests.ledger.interop.questions import assert_same_bundle, folder_answer, stamp_question
from tests.ledger.test_edge_cases import export_result, receipts_result
from tests.ledger.vectors import FOLDER, cosigned

pytestmark = pytest.mark.interop


def microseconds(moment: str) -> str:
    """A moment of the vectors as both programs count it: since 1970."""
    return str((datetime.fromisoformat(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def test_canonical_json_is_that_of_the_vectors(ask: Ask) -> None:
    given = vectors("canonical")
    for name, expected in (("canonical", True), ("not_canonical", False)):
        assert ask([{"What": "canonical", "Data": one} for one in given[name]]) == [expected] * len(given[name])


def test_entries_are_read_and_refused_as_the_vectors_say(ask: Ask) -> None:
    given = vectors("entries")
    found = ask([{"What": "entry", "Data": one["leaf"]} for one in given["good"]])
    assert found == [one["leaf_hash"] for one in given["good"]]
    assert ask([{"What": "entry", "Data": one} for one in given["bad"]]) == [None] * len(given["bad"])


def test_disclosures_are_those_of_the_vectors(ask: Ask) -> None:
    given = vectors("disclosures")
    texts = [encoded(canonical(one["disclosures"])) for one in given]
    asked = zip(given, texts, strict=True)
    found = ask([{"What": "disclosures", "Data": one["leaf"], "Given": text} for one, text in asked])
    assert found == [one["undisclosed"] for one in given]


def test_notes_open_as_the_vectors_say(ask: Ask) -> None:
    given = vectors("notes")
    found = ask([{"What": "note", "Data": one["note"], "Key": given["log_key"]} for one in given["notes"]])
    assert found == [one["opens"] for one in given["notes"]]


def test_time_stamps_say_what_the_vectors_say_or_are_refused(ask: Ask) -> None:
    given = vectors("stamps")
    notes = {size: encoded(note.encode()) for size, note in given["checkpoints"].items()}
    trusted = given["policy"]["timestamp_certificates"]
    asked = [stamp_question(one["token"], notes[str(one["of"])], trusted) for one in given["tokens"]]
    names = [one["name"] for one in given["tokens"]]
    said = [
        None if "finding" in one else [microseconds(one["at"]), microseconds(one["before"]), one["by"]]
        for one in given["tokens"]
    ]
    assert dict(zip(names, ask(asked), strict=True)) == dict(zip(names, said, strict=True))


def test_proof_files_are_broken_by_the_time_stamps_that_the_vectors_find_fault_with(ask: Ask) -> None:
    given = vectors("stamps")
    trusted = given["policy"]["timestamp_certificates"]
    found = ask([{"What": "proof", "Data": one["file"], "Certificates": trusted} for one in given["files"]])
    expected = {one["name"]: "broken" if one["findings"] else "verified" for one in given["files"]}
    assert dict(zip([one["name"] for one in given["files"]], found, strict=True)) == expected


@pytest.mark.parametrize("name", ["proofs", "stamps"])
def test_proof_files_come_to_the_results_of_the_vectors(ask: Ask, name: str) -> None:
    files = vectors(name)["files"]
    found = ask([{"What": "proof", "Data": one["file"]} for one in files])
    assert dict(zip([one["name"] for one in files], found, strict=True)) == {o["name"]: o["result"] for o in files}


def test_witnesses_and_their_quorum_are_those_of_the_vectors(ask: Ask) -> None:
    given = vectors("witnesses")
    of = [(name, note) for name in given["policies"] for note in given["notes"]]
    asked = [(given["notes"][note], given["policies"][name]) for name, note in of]
    found = ask([witnesses_question(*one) for one in asked])
    expected = [given["witnessed"][name][note] for name, note in of]
    assert list(zip(of, found, strict=True)) == list(zip(of, expected, strict=True))


def test_opened_exports_hold_and_count_as_the_vectors_say(ask: Ask) -> None:
    files = vectors("exports")
    found = ask([{"What": "export", "Data": one["file"]} for one in files])
    expected = {one["name"]: None if one["findings"] else counted(one["counts"]) for one in files}
    assert dict(zip([one["name"] for one in files], found, strict=True)) == expected


def test_graphs_made_of_rows_have_the_digests_of_the_vectors(ask: Ask) -> None:
    given = vectors("graphs")
    asked = [{"What": "graph", "Given": encoded(canonical(one["rows"]))} for one in given]
    assert ask(asked) == [one["digest"] for one in given]


def test_the_receipt_of_the_vectors_is_one(ask: Ask) -> None:
    text = vectors("notes")["receipt"]
    assert ask([{"What": "receipts", "Data": encoded(text.encode())}]) == [[text.split("\n")[2]]]


def test_files_at_the_edge_come_to_their_results(ask: Ask) -> None:
    found = ask([{"What": "proof", "Data": encoded(file)} for file, _result in PROOFS.values()])
    assert dict(zip(PROOFS, found, strict=True)) == {name: result for name, (_file, result) in PROOFS.items()}


def test_policies_at_the_edge_come_to_their_results(ask: Ask) -> None:
    found = ask([witnesses_question(cosigned("ab").decode(), policy) for policy, _met in POLICIES.values()])
    met = [one and one["isMet"] for one in found]
    assert dict(zip(POLICIES, met, strict=True)) == {name: is_met for name, (_policy, is_met) in POLICIES.items()}


def test_opened_exports_at_the_edge_hold_and_count_as_ours(ask: Ask) -> None:
    found = ask([{"What": "export", "Data": encoded(file)} for file, _holds in EXPORTS.values()])
    ours = {name: export_result(file) for name, (file, _holds) in EXPORTS.items()}
    assert dict(zip(EXPORTS, found, strict=True)) == ours


def test_files_of_receipts_at_the_edge_are_read_as_ours(ask: Ask) -> None:
    found = ask([{"What": "receipts", "Data": encoded(file)} for file, _holds in RECEIPTS.values()])
    assert dict(zip(RECEIPTS, found, strict=True)) == {
        n: receipts_result(file) for n, (file, _holds) in RECEIPTS.items()
    }


def test_audits_and_replays_of_folders_find_something_where_the_vectors_do(ask: Ask) -> None:
    given = vectors("logs")
    for what in ("audit", "replay"):
        asked = [
            {"What": what, "Files": one["files"], "Given": encoded(canonical(given["claims"]))} for one in given["logs"]
        ]
        found = {one["name"]: bool(answer["findings"]) for one, answer in zip(given["logs"], ask(asked), strict=True)}
        assert found == {one["name"]: bool(one[what]) for one in given["logs"]}, what


def test_receipts_beside_a_folder_are_told_as_the_vectors_say(ask: Ask) -> None:
    given = vectors("logs")
    whole = next(one["files"] for one in given["logs"] if one["name"] == "whole")
    receipts = [encoded(one["receipt"].encode()) for one in given["receipts"]]
    answers = ask([{"What": "audit", "Files": whole, "Receipts": [one]} for one in receipts])
    for one, answer in zip(given["receipts"], answers, strict=True):
        expected = None if one["findings"] else folders_counted(one["counts"])
        assert folder_answer(answer) == expected, one["name"]


def test_bundles_hold_and_count_as_the_vectors_say_but_for_the_page(ask: Ask) -> None:
    bundles = vectors("bundles")
    found = ask([{"What": "bundle", "Data": one["file"]} for one in bundles])
    for one, answer in zip(bundles, found, strict=True):
        assert_same_bundle(one["name"], bundle_result(base64.b64decode(one["file"])), answer)
    holds = {one["name"] for one, answer in zip(bundles, found, strict=True) if not answer["findings"]}
    assert holds == {"whole", "signed anew: another page"}

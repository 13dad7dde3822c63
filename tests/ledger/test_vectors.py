"""The vectors of docs/ledger-vectors/ are what the code makes: the format does not change silently."""

import json
from pathlib import Path

import pytest

from tests.ledger.stamp_vectors import FILE, text_of_stamps
from tests.ledger.vectors import FOLDER, VECTORS, text_of


@pytest.mark.parametrize("name", VECTORS)
def test_the_written_vectors_are_those_that_the_code_makes(name: str) -> None:
    # Made anew by `python -m tests.ledger.vectors`; a difference in a leaf, hash or file breaks every verifier.
    assert (FOLDER / f"{name}.json").read_text() == text_of(name)


def test_the_vectors_of_proofs_have_every_result() -> None:
    files = json.loads((FOLDER / "proofs.json").read_text())["files"]
    results = {file["name"]: file["result"] for file in files}
    assert {name for name, result in results.items() if result == "verified"} == {"whole", "without its end"}
    redacted = {"redacted", "nothing disclosed", "its second withheld", "its last withheld"}
    redacted |= {"with its redaction", "sealed, with its redaction", "a redaction that is withheld"}
    assert {name for name, result in results.items() if result == "redacted"} == redacted
    assert set(results.values()) == {"verified", "redacted", "broken"}


def test_a_broken_proof_says_what_does_not_match() -> None:
    files = json.loads((FOLDER / "proofs.json").read_text())["files"]
    assert all((file["result"] == "broken") == bool(file["findings"]) for file in files)


def test_of_the_bundles_only_the_whole_one_holds() -> None:
    bundles = json.loads((FOLDER / "bundles.json").read_text())
    assert [bundle["name"] for bundle in bundles if not bundle["findings"]] == ["whole"]


def test_the_written_time_stamps_come_to_what_the_code_makes_of_them() -> None:
    assert FILE.read_text() == text_of_stamps()


def test_of_the_time_stamps_each_good_one_says_when_and_each_other_why_not() -> None:
    tokens = {one["name"]: one for one in json.loads(FILE.read_text())["tokens"]}
    good = {name for name, one in tokens.items() if "finding" not in one}
    made = {"RSA, 2 entries", "RSA, 6 entries", "ECDSA, 2 entries", "ECDSA, 6 entries", "RSASSA-PSS"}
    assert good == made | {"a certificate beside it that is none", "an attribute that nobody signed"}
    assert all(one["finding"] for name, one in tokens.items() if name not in good)


def test_of_the_dated_proofs_only_good_ones_say_by_when() -> None:
    files = json.loads(FILE.read_text())["files"]
    assert [one["name"] for one in files if not one["findings"]] == ["whole", "without the newest"]
    assert all(bool(one["dated"]) != bool(one["findings"]) for one in files)


# What `ledger.js` and `stamps.js` implement: sections 1 to 3, 5 to 7, and the tokens of 13. Of logs the receipts alone.
IN_JAVASCRIPT = {"canonical", "commitments", "entries", "disclosures", "tree", "notes", "proofs", "witnesses", "logs"}
IN_JAVASCRIPT |= {FILE.stem}


def test_every_file_of_vectors_is_made_and_the_specification_names_it() -> None:
    said, names = (FOLDER.parent / "ledger.md").read_text(), {*VECTORS, FILE.stem}
    assert {path.stem for path in FOLDER.glob("*.json")} == names
    assert [name for name in names if f"`{name}.json`" not in said and f"`{name}.json:" not in said] == []


def test_javascript_is_held_against_all_vectors_of_what_it_implements() -> None:
    tests = (Path(__file__).parent / "test_javascript.py").read_text()
    assert {name for name in (*VECTORS, FILE.stem) if f'vectors("{name}")' in tests} >= IN_JAVASCRIPT

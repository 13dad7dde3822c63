"""How much of a bundle is held in memory is bounded, whatever somebody puts into it."""

import tracemalloc
from pathlib import Path

import pytest

from ledger import verifier
from ledger.verifier import LARGEST_READ, LARGEST_READ_IN_ALL, MOST_VALUES, Report, check_bundle, folder_members
from tests.ledger.exports import POLICY
from tests.ledger.sample_bundle import sample_bundle

NOTHING = "expected files, proofs and keys that hold, found a file in it is too large to be read as a whole"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, content in sample_bundle().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def findings(folder: Path) -> list[str]:
    report = Report()
    check_bundle(folder_members(folder, report), POLICY, report)
    return [str(finding) for finding in report.findings]


@pytest.mark.parametrize(
    "path", ["proofs/zero.json", "proofs/claim.json", "index.html", "history.json", "manifest.json"]
)
def test_a_sparse_file_is_not_taken_into_memory(folder: Path, path: str) -> None:
    with (folder / path).open("wb") as file:
        file.truncate(LARGEST_READ * 4)
    tracemalloc.start()
    found = findings(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (
        f"{path}: size: expected at most {LARGEST_READ}, as this is read as a whole, found {LARGEST_READ * 4}" in found
    )
    assert peak < 3 * LARGEST_READ
    assert path == "manifest.json" or any(NOTHING in line for line in found), found


def test_many_files_are_not_taken_in_beyond_what_all_may_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "LARGEST_READ_IN_ALL", 2**20)
    for number in range(20):
        (folder / f"proofs/{number:02d}.json").write_bytes(b"0" * 100_000)
    assert any("as this is read as a whole" in line for line in findings(folder))
    assert any(NOTHING in line for line in findings(folder))


def test_a_small_file_of_very_many_values_is_not_read(folder: Path) -> None:
    (folder / "proofs/claim.json").write_bytes(b"[" + b"[]," * MOST_VALUES + b"[]]")
    found = findings(folder)
    assert (
        f"proofs/claim.json: values: expected at most {MOST_VALUES} in all that is read as a whole, found more" in found
    )


def test_what_is_allowed_is_what_the_specification_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    assert [f"{number:,}" in text for number in (LARGEST_READ, LARGEST_READ_IN_ALL, MOST_VALUES)] == [True] * 3

"""An opened export in which one thing was changed: each change is named, in the file and in the folder."""

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.canonical import canonical, read_canonical
from ledger.verifier import audit, audit_opened, check_export
from tests.ledger.export_vectors import CHANGES, CHANGES_OF_A_DESK, ENTRY_LINES, file_of, lines_of, sample
from tests.ledger.exports import POLICY, make_log, tiles_of
from tests.ledger.test_mutations import mutate_value
from tests.ledger.vectors import ENTRIES, FOLDER, OPENINGS

VECTORS = {one["name"]: one for one in json.loads((FOLDER / "exports.json").read_text())}
CHANGED = [name for name in VECTORS if ": " in name]


def found_in(file: bytes) -> list[str]:
    return [str(one) for one in check_export(file.splitlines(keepends=True), POLICY).findings]


@pytest.mark.parametrize("name", VECTORS)
def test_files_come_to_what_the_vectors_say(name: str) -> None:
    assert found_in(base64.b64decode(VECTORS[name]["file"])) == VECTORS[name]["findings"]


def test_every_change_is_found_and_nothing_else() -> None:
    assert len(CHANGED) == len(CHANGES) + len(CHANGES_OF_A_DESK)
    assert {name for name, one in VECTORS.items() if one["findings"]} == set(CHANGED)


FIELDS = ("index", "leaf_hash", "proof", "stream", "seq", "kind", "at", "body")


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_is_named_with_its_entry(field: str) -> None:
    first = VECTORS[f"whole: another {field.replace('_', ' ')}"]["findings"][0]
    assert f": {field}: expected " in first
    assert first.startswith("export.jsonl, line 5, entry ")


def test_every_byte_of_an_entry_counts() -> None:
    """No byte of any line of an entry can be another; what the first line says beside its checkpoint nobody signed."""
    whole = base64.b64decode(VECTORS["whole"]["file"])
    for at in range(whole.index(b"\n") + 1, len(whole), 7):
        assert found_in(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]), at


def accepted(count: int, seed: int) -> list[tuple[int, set[str]]]:
    """Of `count` files with one change at random, those that are found to hold: the line, and which fields of it."""
    chance, passed = random.Random(seed), []
    files = [VECTORS[name]["file"] for name in ("whole", "of one desk, with one entry withheld")]
    for _ in range(count):
        lines = [json.loads(line) for line in base64.b64decode(chance.choice(files)).splitlines()]
        at = chance.randrange(len(lines))
        before, lines[at] = lines[at], mutated(lines[at], chance)
        if lines[at] != before and not found_in(file_of(lines)):
            passed.append((at, {name for name in before if lines[at].get(name) != before[name]}))
    return passed


def mutated(line: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A line with one change: of a value, or inside its leaf."""
    if "leaf" not in line or chance.randrange(3):
        return {**line, **mutate_value(line, chance)}
    leaf = mutate_value(json.loads(base64.b64decode(line["leaf"])), chance)
    return {**line, "leaf": base64.b64encode(canonical(leaf)).decode()}


def only_what_nobody_signed(passed: list[tuple[int, set[str]]]) -> bool:
    """Whether these are of whom the first line says that the file is for."""
    return all(at == 0 and fields == {"for"} for at, fields in passed)


def test_of_three_hundred_changes_at_random_none_is_accepted() -> None:
    assert only_what_nobody_signed(accepted(300, seed=1))


@pytest.mark.attack
def test_of_ten_thousand_changes_at_random_none_is_accepted() -> None:
    assert only_what_nobody_signed(accepted(10_000, seed=2))


Files = dict[str, bytes]
LOG = make_log(270)


def folder() -> tuple[Files, list[bytes]]:
    """An export of a log, every entry opened: its files, and the lines."""
    from tests.ledger.export_vectors import whole_of

    return LOG.export(), whole_of(LOG)


def audited(files: Files, lines: list[bytes]) -> list[str]:
    return [str(one) for one in audit(files.get, POLICY, lines=lines).findings]


def _open_less(files: Files, lines: list[bytes]) -> None:
    shown = read_canonical(files["disclosures/000.json"])
    del shown["0"]
    files["disclosures/000.json"] = canonical(shown)


def _open_more(files: Files, lines: list[bytes]) -> None:
    value = read_canonical(lines[1][:-1])
    name = min(value["disclosures"])
    value["disclosures"][name], value["closed"] = None, {name: "withheld"}
    lines[1] = canonical(value) + b"\n"


def _of_another_log(files: Files, lines: list[bytes]) -> None:
    lines[:] = base64.b64decode(VECTORS["whole"]["file"]).splitlines(keepends=True)


def _of_an_older_log(files: Files, lines: list[bytes]) -> None:
    files["checkpoint"] = LOG.checkpoint(269)


IN_A_FOLDER: dict[str, tuple[Callable[[Files, list[bytes]], object], str]] = {
    "disclosures open less": (_open_less, "export.jsonl, line 2, entry 0: disclosures: expected those of disclosures/"),
    "disclosures open more": (_open_more, "export.jsonl, line 2, entry 0: disclosures: expected those of disclosures/"),
    "disclosures are gone": (
        lambda files, lines: files.pop("disclosures/001.json"),
        "export.jsonl, line 258, entry 256: disclosures: expected those of disclosures/",
    ),
    "a bundle is gone": (lambda files, lines: files.pop("tile/entries/000"), "tile/entries/000: bundle"),
    "a line is gone": (lambda files, lines: lines.pop(100), "export.jsonl: entries: expected 270, found 269"),
    "lines of another log": (_of_another_log, "export.jsonl, line 1: checkpoint: expected the one beside it, of 270"),
    "another checkpoint beside": (
        _of_an_older_log,
        "export.jsonl, line 1: checkpoint: expected the one beside it, of 269 entries, found 270",
    ),
}


@pytest.mark.parametrize("name", IN_A_FOLDER)
def test_a_change_in_the_folder_is_named(name: str) -> None:
    change, expected = IN_A_FOLDER[name]
    files, lines = folder()
    assert audited(files, lines) == []
    change(files, lines)
    assert any(expected in one for one in audited(files, lines)), audited(files, lines)[:3]


def test_hashes_with_the_lines_of_one_desk_are_audited_without_entries() -> None:
    leaves, note = sample(ENTRIES, OPENINGS)
    tiles = {path: data for path, data in tiles_of([one.leaf for one in leaves]).items() if "entries" not in path}
    files = {**tiles, "checkpoint": note.encode()}
    lines = file_of(lines_of([leaves[at] for at in ENTRY_LINES], note, whole=False)).splitlines(keepends=True)
    report = audit_opened(files.get, lines, POLICY)
    assert ([str(one) for one in report.findings], report.counts["leaf hashes"]) == ([], 7)
    path = "tile/0/000.p/7"
    files[path] = bytes(32) + files[path][32:]
    assert [one.part for one in audit_opened(files.get, lines, POLICY).findings] == ["root"]


@pytest.mark.parametrize("whole", [True, False])
def test_the_command_asks_for_entries_where_the_file_says_that_it_is_whole(tmp_path: Path, whole: bool) -> None:
    from ledger.verifier import main

    leaves, note = sample(ENTRIES, OPENINGS)
    tiles = {path: data for path, data in tiles_of([one.leaf for one in leaves]).items() if "entries" not in path}
    chosen = leaves if whole else [leaves[at] for at in ENTRY_LINES]
    policy = {"origin": POLICY.origin, "log_keys": [str(POLICY.log_keys[0])], "receipt_keys": []}
    lines = file_of(lines_of(chosen, note, whole=whole))
    files = {**tiles, "checkpoint": note.encode(), "export.jsonl": lines, "policy": canonical(policy)}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    assert main(["audit", str(tmp_path), "--policy", str(tmp_path / "policy")]) == (1 if whole else 0)
    assert main(["export", str(tmp_path / "export.jsonl"), "--policy", str(tmp_path / "policy")]) == 0

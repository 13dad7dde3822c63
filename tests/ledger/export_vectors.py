"""Opened exports for docs/ledger-vectors/exports.json: a whole one, one of a desk, and each with one thing changed."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ledger.canonical import canonical, read_canonical
from ledger.entries import LeafEntry, Opening, commitment, leaf_bytes, leaf_hash
from ledger.notes import checkpoint_text, sign_note
from ledger.opened import entry_line, head_line, last_line
from ledger.proofs import ProvenLeaf
from ledger.tree import Frontier, inclusion_proof, root_hash
from ledger.verifier import check_export
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, ExportedLog

Openings = dict[str, Opening | None]
Change = Callable[[list[Any]], object]
AT = "2026-11-22T22:14:0{}.123Z"
READER = {"id": "00000001-0000-4000-8000-000000000000", "name": "auditor"}
ERASED_ENTRY = 1
ENTRY_LINES = (0, 1, 3, 4, 5, 6)  # of the sample what one desk has


def sample(entries: list[LeafEntry], openings: list[Openings]) -> tuple[list[ProvenLeaf], str]:
    """The entries and a redaction of one of their fields, each proven, and the signed checkpoint of them all."""
    entries, openings = list(entries), [dict(one) for one in openings]
    openings[ERASED_ENTRY]["reason"] = None
    erased = leaf_hash(leaf_bytes(entries[ERASED_ENTRY])).hex()
    by = Opening(bytes(range(32)), {"id": READER["id"], "name": "editor"})
    body = {"fields": {erased: ["reason"]}, "rows": []}
    c = {"by": commitment(by.salt, "by", by.value)}
    entries.append(LeafEntry(f"redaction:{READER['id']}", 1, None, "redacted", AT.format(len(entries)), body, c))
    openings.append({"by": by})
    leaves = [leaf_bytes(entry) for entry in entries]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in hashes:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}

    def proof(index: int) -> list[bytes]:
        return inclusion_proof(lambda *node: nodes[node], index, size=len(leaves))

    note = sign_note(checkpoint_text(ORIGIN, len(leaves), root_hash(hashes)), [LOG_KEY]).decode()
    return [ProvenLeaf(at, leaf, proof(at), openings[at]) for at, leaf in enumerate(leaves)], note


def lines_of(leaves: list[ProvenLeaf], note: str, *, whole: bool, narrowed: dict[str, str] | None = None) -> list[Any]:
    """The lines as values: first, entries, last."""
    head = head_line(checkpoint=note, made_for=READER, whole=whole, narrowed=narrowed or {})
    erased = {ERASED_ENTRY: ["reason"]}
    told = [entry_line(one, erased.get(one.leaf_index, ())) for one in leaves]
    return [read_canonical(line[:-1]) for line in (head, *told, last_line(len(told)))]


def whole_of(log: ExportedLog) -> list[bytes]:
    """The lines of a whole log, every entry opened."""
    hashes = [leaf_hash(leaf) for leaf in log.leaves]
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in hashes:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}
    head = head_line(checkpoint=log.checkpoint().decode(), made_for=READER, whole=True, narrowed={})
    proofs = [inclusion_proof(lambda *node: nodes[node], at, size=len(hashes)) for at in range(len(hashes))]
    rows = zip(log.leaves, proofs, log.openings, strict=True)
    told = [entry_line(ProvenLeaf(at, *row)) for at, row in enumerate(rows)]
    return [head, *told, last_line(len(told))]


def file_of(lines: list[Any]) -> bytes:
    """The file of lines; one that is bytes stands as it is."""
    return b"".join(one if isinstance(one, bytes) else canonical(one) + b"\n" for one in lines)


def _set(line: int, /, **fields: Any) -> Change:
    return lambda lines: lines[line].update(fields)


def _first(name: str, **fields: Any) -> Change:
    return lambda lines: lines[1]["disclosures"][name].update(fields)


# The lines: 0 the first one, 1 to 7 entries 0 to 6 (2: one name is erased, 3: sealed and opened, 7: its redaction), 8.
CHANGES: dict[str, Change] = {
    "another format": _set(0, format="second-source/export/v2"),
    "another origin": _set(0, origin="other.example.org"),
    "another checkpoint": lambda lines: lines[0].update(checkpoint=lines[0]["checkpoint"].replace("\n7\n", "\n8\n")),
    "a time at the head": _set(0, at=AT.format(9)),
    "for nobody": _set(0, **{"for": None}),
    "whole in words": _set(0, whole="yes"),
    "whole and narrowed": _set(0, narrowed={"kind": "redacted"}),
    "a field more at the head": _set(0, more=1),
    "another index": _set(4, index=2),
    "another leaf hash": _set(4, leaf_hash="0" * 64),
    "another leaf": lambda lines: lines[4].update(leaf=lines[5]["leaf"]),
    "another proof": _set(4, proof=[]),
    "another stream": _set(4, stream="claim:1"),
    "another seq": _set(4, seq=7),
    "another kind": _set(4, kind="claim_edited"),
    "another at": _set(4, at=AT.format(8)),
    "another body": _set(4, body={"from": "reported", "to": "refuted"}),
    "a number for true": lambda lines: lines[5].update(body={"": True}),
    "another value": _first("statement", value="Nothing was sent"),
    "another salt": _first("statement", salt=base64.b64encode(bytes(32)).decode()),
    "a name missing": lambda lines: lines[1]["disclosures"].pop("statement"),
    "a name that is not committed": lambda lines: lines[1]["disclosures"].update(other=None),
    "closed without a word": lambda lines: lines[1]["disclosures"].update(statement=None),
    "closed for no reason": lambda lines: lines[2].update(closed={"reason": "secret"}),
    "open and closed": lambda lines: lines[1].update(closed={"statement": "withheld"}),
    "erased by nobody": lambda lines: (
        lines[1]["disclosures"].update(statement=None), lines[1].update(closed={"statement": "erased"})
    ),
    "what is sealed as another kind": _set(3, kind="sealed", body={}),
    "a field more": _set(4, more=1),
    "a field less": lambda lines: lines[4].pop("closed"),
    "a line removed": lambda lines: lines.pop(4),
    "a line removed, and counted": lambda lines: (lines.pop(4), lines[-1].update(entries=6)),
    "its last line of an entry removed, and counted": lambda lines: (lines.pop(7), lines[-1].update(entries=6)),
    "a line doubled": lambda lines: lines.insert(4, lines[4]),
    "two lines in each other's place": lambda lines: lines.insert(4, lines.pop(5)),
    "a line added": lambda lines: lines.insert(8, {**lines[7], "index": 7}),
    "a line after the end": lambda lines: lines.append(lines[7]),
    "no end": lambda lines: lines.pop(),
    "another number at the end": _set(8, entries=8),
    "cut off in a line": lambda lines: lines.__setitem__(slice(7, None), [canonical(lines[7])[:100]]),
    "a line that is not canonical": lambda lines: lines.__setitem__(4, canonical(lines[4]) + b" \n"),
    "an empty line": lambda lines: lines.insert(4, b"\n"),
    "its head alone": lambda lines: lines.__delitem__(slice(1, None)),
    "nothing": lambda lines: lines.clear(),
}  # fmt: skip
# Of a file of one desk: lines 1 to 5 are entries 0, 1, 3, 4, 5 of the claim, 6 is the redaction.
CHANGES_OF_A_DESK: dict[str, Change] = {
    "one of its claim's removed, and counted": lambda lines: (lines.pop(3), lines[-1].update(entries=5)),
    "withheld by another hash": lambda lines: lines.__setitem__(3, {**_withheld(lines[3]), "leaf_hash": "0" * 64}),
    "said to be whole": _set(0, whole=True),
}


def _withheld(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("index", "leaf_hash", "proof")}


def export_vectors(entries: list[LeafEntry], openings: list[Openings]) -> list[dict[str, Any]]:
    """Files with what is found in each: nothing in those that hold."""
    leaves, note = sample(entries, openings)
    of_a_desk = [leaves[at] for at in ENTRY_LINES]
    closed = [replace(one, openings={}) if one.leaf_index == 0 else one for one in of_a_desk]
    whole, desks = lines_of(leaves, note, whole=True), lines_of(of_a_desk, note, whole=False)
    files: dict[str, list[Any]] = {
        "whole": whole,
        "of one desk": desks,
        "of one desk, with one entry closed": lines_of(closed, note, whole=False),
        "of one desk, with one entry withheld": [*desks[:3], _withheld(desks[3]), *desks[4:]],
        "narrowed": lines_of([leaves[3], leaves[5]], note, whole=False, narrowed={"person": "reviewer"}),
        "of no entry": lines_of([], note, whole=False),
    }
    changed = [("whole", whole, CHANGES), ("of one desk", desks, CHANGES_OF_A_DESK)]
    for sort, lines, changes in changed:
        for name, change in changes.items():
            copy = read_canonical(canonical(lines))
            change(copy)
            files[f"{sort}: {name}"] = copy
    return [_vector(name, file_of(lines)) for name, lines in files.items()]


def _vector(name: str, file: bytes) -> dict[str, Any]:
    report = check_export(file.splitlines(keepends=True), POLICY)
    return {
        "name": name,
        "file": base64.b64encode(file).decode(),
        "findings": [str(one) for one in report.findings],
        "counts": report.counts,
    }

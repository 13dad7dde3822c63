"""Makes docs/ledger-vectors/: what a second implementation of docs/ledger.md has to come to.

python -m tests.ledger.vectors            writes the files
"""

import base64
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.bundles import Made, Manifest, sign_manifest, zip_pieces
from ledger.canonical import canonical, read_canonical
from ledger.entries import Entry, Opening, commitment, leaf_bytes, leaf_hash, read_entry
from ledger.notes import Receipt, SigningKey, checkpoint_text, open_note, receipt_text, sign_note
from ledger.proofs import ProvenLeaf, TlogProof, claim_proof, tlog_proof
from ledger.tiles import Tile, bundle_bytes, hash_tiles, parse_tile_path
from ledger.tree import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_hash,
)
from ledger.verifier import Report, ZippedBundle, check_bundle, check_claim_proof, check_disclosures
from tests.ledger.export_vectors import export_vectors
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, RECEIPT_KEY
from tests.ledger.graph_vectors import graph_vectors
from tests.ledger.log_vectors import log_vectors

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "ledger-vectors"
AT = "2026-11-22T22:14:0{}.123Z"
CLAIM = "claim:7d1f4f0a-3a77-4a5e-8c39-0d6a4e8f1b22"
SEALED = "sealed:000102030405060708090a0b0c0d0e0f"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def refused(check: Callable[[], object]) -> bool:
    """Whether a check raises."""
    try:
        check()
    except ValueError:
        return True
    return False


def canonical_vectors() -> dict[str, Any]:
    values: list[Any] = [
        *(0, -1, 2**53 - 1, -(2**53) + 1, True, False, None, "", "ü€😀", '\u0000\u001f\b\t\n\f\r"\\/\u007f\u2028'),
        *([], {}, [[], {}], {"b": [1, {"d": None, "c": "x"}], "a": ""}),
        *(json.loads("[" * 32 + "]" * 32), json.loads('{"a":' * 31 + "{}" + "}" * 31)),
        {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "\u00f6": 7},
    ]
    bad = [
        *("", " 1", "1 ", "1\n", "1.0", "1e2", "-0", "01", "9007199254740992", "-9007199254740992", "NaN", "Infinity"),
        *('{"a":1,"a":1}', '{"b":1,"a":1}', '{"a": 1}', '"\\u00fc"', '"\\/"', '"\\ud800"', '"\\u000A"', "[1,]", "{}{}"),
        *("[" * 33 + "]" * 33, '{"\ufb33":1,"😀":1}', "\ufeff1", "nul", "'a'", '{"a":1}x'),
    ]
    assert all(refused(lambda text=text: read_canonical(text.encode())) for text in bad)  # type: ignore[misc]
    return {"canonical": [b64(canonical(value)) for value in values], "not_canonical": [b64(t.encode()) for t in bad]}


def commitment_vectors() -> list[dict[str, Any]]:
    salts = [bytes(32), bytes(range(32)), b"\xff" * 32]
    values = [("reason", "Because"), ("by", {"name": "reviewer", "id": 5}), ("excerpt", "ü\n😀"), ("blind", None)]
    return [
        {"salt": b64(salt), "name": name, "value": value, "commitment": commitment(salt, name, value)}
        for salt in salts
        for name, value in values
    ]


def sample_entries() -> tuple[list[Entry], list[dict[str, Opening | None]]]:
    """Five entries of one claim, with one sealed entry of another stream among them."""
    entries: list[Entry] = []
    openings: list[dict[str, Opening | None]] = []
    heads: dict[str, tuple[int, str]] = {}

    def salt(name: str) -> bytes:
        return hashlib.sha256(f"salt {len(entries)} {name}".encode()).digest()

    def add(stream: str, kind: str, body: dict[str, Any], values: dict[str, Any]) -> None:
        seq, prev = heads.get(stream, (0, None))
        opened = {name: Opening(salt(name), value) for name, value in values.items()}
        c = {name: commitment(one.salt, name, one.value) for name, one in opened.items()}
        if kind == "sealed":
            content = Opening(salt("content"), {"body": body, "c": c})
            outer = {"kind": Opening(salt("kind"), "evidence_attached"), "content": content}
            opened = {**outer, **{f"content/{name}": one for name, one in opened.items()}}
            c, body = {name: commitment(one.salt, name, one.value) for name, one in outer.items()}, {}
        entry = Entry(stream, seq + 1, prev, kind, AT.format(len(entries)), body, c)
        heads[stream] = (seq + 1, leaf_hash(leaf_bytes(entry)).hex())
        entries.append(entry)
        openings.append({**opened})

    add(CLAIM, "claim_created", {"reference": "UKR-42"}, {"statement": "Shells were sent — ü", "by": "reporter"})
    add(CLAIM, "status_changed", {"from": None, "to": "reported"}, {"reason": "A source carries it"})
    add(SEALED, "sealed", {"claim": "UKR-42"}, {"excerpt": "What was said", "by": "reviewer"})
    add(
        CLAIM,
        "status_changed",
        {"from": "reported", "to": "denied"},
        {"reason": "A ministry denied it", "by": "reviewer"},
    )
    add(CLAIM, "claim_closed", {}, {"blind": None})
    add(CLAIM, "claim_opened", {}, {"reason": "By mistake"})
    return entries, openings


ENTRIES, OPENINGS = sample_entries()
LEAVES = [leaf_bytes(entry) for entry in ENTRIES]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def entry_vectors() -> dict[str, Any]:
    fields = {"v": 1, **ENTRIES[1]._asdict()}
    sealed = {"v": 1, **ENTRIES[2]._asdict()}
    changes: list[dict[str, Any]] = [
        *({"v": 2}, {"v": True}, {"v": "1"}, {"more": 1}, {"stream": "claim"}, {"stream": "Claim:1"}, {"stream": 5}),
        *({"stream": "claim:" + "1" * 250}, {"seq": 0}, {"seq": "2"}, {"seq": 1}, {"prev": None}, {"prev": "0" * 63}),
        *({"prev": "A" * 64}, {"kind": "Status changed"}, {"kind": ""}, {"kind": "sealed"}, {"kind": "x" * 65}),
        *({"at": "2026-11-22T22:14:03Z"}, {"at": "2026-02-30T22:14:03.123Z"}, {"at": "2026-11-22T24:14:03.123Z"}),
        *({"at": "2026-11-22T24:00:00.000Z"}, {"at": "2026-11-22T29:14:03.123Z"}),
        *({"at": "0000-11-22T22:14:03.123Z"}, {"at": "2026-11-22T22:14:60.123Z"}, {"at": None}, {"body": []}),
        *({"body": None}, {"c": {}}, {"c": []}, {"c": {"Reason": "0" * 64}}, {"c": {"reason": "0"}}),
    ]
    of_sealed: list[dict[str, Any]] = [
        {"kind": "other"},
        {"stream": "sealed:1"},
        {"body": {"a": 1}},
        {"c": {"kind": "0" * 64}},
    ]
    bad = [canonical({**fields, **change}) for change in changes]
    bad += [canonical({**sealed, **change}) for change in of_sealed]
    bad += [canonical({name: fields[name] for name in fields if name != "body"}), canonical([fields]), b"", b"null"]
    bad += [json.dumps(fields, sort_keys=True).encode(), canonical({**fields, "body": {"x": "x" * 65_535}})]
    assert all(refused(lambda leaf=leaf: read_entry(leaf)) for leaf in bad)  # type: ignore[misc]
    good = [{"leaf": b64(leaf), "leaf_hash": hashed.hex()} for leaf, hashed in zip(LEAVES, HASHES, strict=True)]
    return {"good": good, "bad": [b64(leaf) for leaf in bad]}


def disclosure_vectors() -> list[dict[str, Any]]:
    """Leaves with disclosures: how many fields stay undisclosed, or null where they do not match."""
    vectors: list[dict[str, Any]] = []
    for entry, leaf, openings in zip(ENTRIES, LEAVES, OPENINGS, strict=True):
        shown: dict[str, Any] = {n: one and {"salt": b64(one.salt), "value": one.value} for n, one in openings.items()}
        name = min(shown)
        for given in (
            *(shown, dict.fromkeys(entry.c), {}, {**shown, name: None}, {**shown, "other": None}),
            *(
                {**shown, name: {**shown[name], "value": "else"}},
                {**shown, name: {**shown[name], "salt": b64(bytes(32))}},
            ),
            *({**shown, name: {**shown[name], "salt": b64(bytes(31))}}, {**shown, name: {"salt": b64(bytes(32))}}),
            {**shown, name: {**shown[name], "salt": shown[name]["salt"] + " "}},
        ):
            broken = refused(lambda entry=entry, given=given: check_disclosures(entry, given))  # type: ignore[misc]
            undisclosed = None if broken else check_disclosures(entry, given)
            vectors.append({"leaf": b64(leaf), "disclosures": given, "undisclosed": undisclosed})
    return vectors


def tree_vectors() -> dict[str, Any]:
    sizes = (1, 2, 3, 5, 7, 8, 13, 64, 70)
    hashes = [leaf_hash(bytes([at])) for at in range(70)]
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in hashes:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}

    def read(level: int, number: int) -> bytes:
        return nodes[level, number]

    inclusion, consistency = [], []
    for size in sizes:
        for index in sorted({0, size // 2, size - 1}):
            proof = inclusion_proof(read, index, size)
            check_inclusion(hashes[index], index, size, root_hash(hashes[:size]), proof)
            inclusion.append({"index": index, "size": size, "proof": [part.hex() for part in proof]})
        for old in sorted({0, 1, size // 2, size - 1, size}):
            proof = consistency_proof(read, old, size)
            check_consistency(old, root_hash(hashes[:old]), size, root_hash(hashes[:size]), proof)
            consistency.append({"old": old, "new": size, "proof": [part.hex() for part in proof]})
    return {
        "leaves": "leaf n is the one byte n",
        "roots": [root_hash(hashes[:size]).hex() for size in range(71)],
        "inclusion": inclusion,
        "consistency": consistency,
    }


def tile_vectors() -> dict[str, Any]:
    paths = [Tile(0, 0), Tile(0, 1234067), Tile(3, 999, 5), Tile("entries", 1000, 255), Tile(63, 10**9)]
    bad = ["tile/0/1", "tile/64/000", "tile/00/000", "tile/0/x000/001", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/"]
    assert all(refused(lambda path=path: parse_tile_path(path)) for path in bad)  # type: ignore[misc]
    return {
        "paths": [{"level": one.level, "number": one.number, "width": one.width, "path": one.path} for one in paths],
        "not_paths": bad,
        "of_sizes": {str(size): [one.path for one in hash_tiles(size)] for size in (0, 1, 255, 256, 257, 600, 65_536)},
        "bundle": {"leaves": [b64(leaf) for leaf in LEAVES], "bytes": b64(bundle_bytes(LEAVES))},
    }


def checkpoint() -> bytes:
    return sign_note(checkpoint_text(ORIGIN, len(LEAVES), root_hash(HASHES)), [LOG_KEY])


def note_vectors() -> dict[str, Any]:
    stranger = SigningKey("stranger.example.org", bytes(32))
    text = checkpoint_text(ORIGIN, len(LEAVES), root_hash(HASHES))
    good = checkpoint()
    receipt = sign_note(receipt_text(Receipt(ORIGIN, HASHES[0], AT.format(0), 60)), [RECEIPT_KEY])
    notes = [
        *(good, sign_note(text, [stranger, LOG_KEY]), sign_note(text, [stranger]), sign_note(text, [RECEIPT_KEY])),
        *(
            good[:-1],
            good + b"more\n",
            good.replace(b"\n6\n", b"\n7\n"),
            good.replace(b"\n\n", b"\n"),
            b"",
            b"\xff" + good,
        ),
        *(good.replace("—".encode(), b"-"), good.replace(b"\n6\n", b"\r\n6\n"), good + good.split(b"\n\n")[1]),
    ]
    opened = [{"note": b64(note), "opens": not refused(lambda n=note: open_note(n, POLICY.log_keys))} for note in notes]  # type: ignore[misc]
    return {
        "log_key": str(POLICY.log_keys[0]),
        "receipt_key": str(POLICY.receipt_keys[0]),
        "seeds": {"log": LOG_KEY.seed.hex(), "receipts": RECEIPT_KEY.seed.hex()},
        "notes": opened,
        "checkpoint": good.decode(),
        "receipt": receipt.decode(),
    }


def sample_proof(changes: Callable[[dict[str, Any]], object] | None = None) -> bytes:
    """The proof file of the sample's claim, with a change."""
    frontier, nodes = Frontier(), dict[tuple[int, int], bytes]()
    for hashed in HASHES:
        nodes |= {(node.level, node.number): node.hash for node in frontier.append(hashed)}
    leaves = [
        ProvenLeaf(at, LEAVES[at], inclusion_proof(lambda *node: nodes[node], at, len(LEAVES)), OPENINGS[at])
        for at, entry in enumerate(ENTRIES)
        if entry.stream == CLAIM
    ]
    data = claim_proof(ORIGIN, CLAIM, checkpoint(), leaves)
    if changes is None:
        return data
    value = read_canonical(data)
    changes(value)
    return canonical(value)


def withhold(value: dict[str, Any], at: int, **changes: Any) -> None:
    """Give of one entry its hash alone, with changes."""
    one = value["entries"][at]
    hashed = leaf_hash(base64.b64decode(one["leaf"])).hex()
    value["entries"][at] = {"index": one["index"], "leaf_hash": hashed, "proof": one["proof"], **changes}


def proof_vectors() -> dict[str, Any]:
    def first(value: dict[str, Any]) -> dict[str, Any]:
        return value["entries"][0]  # type: ignore[no-any-return]

    changes: dict[str, Callable[[dict[str, Any]], object] | None] = {
        "whole": None,
        "without its end": lambda value: value["entries"].pop(),
        "redacted": lambda value: first(value)["disclosures"].update(statement=None),
        "nothing disclosed": lambda value: [
            e.update(disclosures=dict.fromkeys(e["disclosures"])) for e in value["entries"]
        ],
        "another statement": lambda value: first(value)["disclosures"]["statement"].update(value="Another"),
        "another salt": lambda value: first(value)["disclosures"]["statement"].update(salt=b64(bytes(32))),
        "a field not named": lambda value: first(value)["disclosures"].pop("statement"),
        "a field that is not committed": lambda value: first(value)["disclosures"].update(other=None),
        "another leaf": lambda value: first(value).update(leaf=b64(LEAVES[1])),
        "another index": lambda value: first(value).update(index=1),
        "an index beyond": lambda value: first(value).update(index=6),
        "a hash too few": lambda value: first(value)["proof"].pop(),
        "a hash too many": lambda value: first(value)["proof"].append(b64(bytes(32))),
        "another hash": lambda value: first(value)["proof"].__setitem__(0, b64(bytes(32))),
        "without its first": lambda value: value["entries"].pop(0),
        "without its second": lambda value: value["entries"].pop(1),
        "two in each other's place": lambda value: value["entries"].insert(0, value["entries"].pop(1)),
        "one twice": lambda value: value["entries"].insert(0, value["entries"][0]),
        "no entry": lambda value: value.update(entries=[]),
        "another stream": lambda value: value.update(stream=SEALED),
        "another origin": lambda value: value.update(origin="other.example.org"),
        "another format": lambda value: value.update(format="second-source/claim-proof/v2"),
        "another checkpoint": lambda value: value.update(checkpoint=value["checkpoint"].replace("\n6\n", "\n7\n")),
        "a field more": lambda value: value.update(more=1),
        "its second withheld": lambda value: withhold(value, 1),
        "its last withheld": lambda value: withhold(value, -1),
        "withheld by another hash": lambda value: withhold(value, 1, leaf_hash="0" * 64),
        "withheld with another proof": lambda value: withhold(value, 1, proof=[]),
        "withheld and told": lambda value: withhold(value, 1, leaf=b64(LEAVES[1])),
    }
    files = []
    for name, change in changes.items():
        data = sample_proof(change)
        report = check_claim_proof(data, POLICY)
        undisclosed = report.counts.get("fields not disclosed", 0) + report.counts.get("entries withheld", 0)
        result = "broken" if report.findings else "redacted" if undisclosed else "verified"
        files.append(
            {"name": name, "file": b64(data), "result": result, "findings": [str(one) for one in report.findings]}
        )
    tlog = TlogProof(
        0, tuple(base64.b64decode(part) for part in read_canonical(sample_proof())["entries"][0]["proof"]), checkpoint()
    )
    return {
        "policy": {
            "origin": ORIGIN,
            "log_keys": [str(POLICY.log_keys[0])],
            "receipt_keys": [str(POLICY.receipt_keys[0])],
        },
        "files": files,
        "tlog_proof": tlog_proof(tlog._replace(extra=LEAVES[0])).decode(),
    }


def sample_bundle() -> dict[str, bytes]:
    """The files of a bundle of the sample's claim, with one that its log knows nothing of; manifest and note last."""
    changes = [
        {**entry.body, **{name: one.value for name, one in openings.items() if one}}
        for entry, openings in zip(ENTRIES, OPENINGS, strict=True)
        if entry.kind == "status_changed"
    ]
    made = [
        Made("index.html", b"<!doctype html><title>UKR-42</title>", "page"),
        Made("history.json", canonical({"changes": changes}), "history"),
        Made("checkpoint", checkpoint(), "checkpoint"),
        Made("proofs/claim.json", sample_proof(), "proof"),
    ]
    paper = Made("files/0001.txt", b"What was said.", "attachment")
    of_people = {"attachment": "1", "source": "2", "name": "said.txt", "media_type": "text/plain", "proof": None}
    manifest = Manifest(
        reference="UKR-42",
        stream=CLAIM,
        made_for={"id": "1", "name": "reviewer"},
        at=AT.format(9),
        later=0,
        withheld=["Restricted material, if there is any."],
        files=[*(one.in_manifest for one in made), {**paper.in_manifest, **of_people}],
    )
    return {one.path: one.content for one in (*sign_manifest(manifest, RECEIPT_KEY, ORIGIN), *made, paper)}


def zipped(files: dict[str, bytes]) -> bytes:
    """These files as a bundle's zip."""
    parts = [Made(path, content, "").part for path, content in files.items()]
    return b"".join(zip_pieces(parts, lambda part: iter([files[part.path]])))


def bundle_vectors() -> list[dict[str, Any]]:
    """Bundles with what is found in each: nothing in the whole one."""
    files = sample_bundle()
    whole = zipped(files)
    bundles = {
        "whole": whole,
        "cut off": whole[: len(whole) // 2],
        "without its end": whole[:-1],
        "a byte more": whole + b"\0",
        "another byte in the last file's header": b"files/0001.tyt".join(whole.rsplit(b"files/0001.txt", 2)[:2])
        + b"files/0001.txt"
        + whole.rsplit(b"files/0001.txt", 1)[1],
        "another file": zipped({**files, "files/0001.txt": b"What was shed."}),
        "another history": zipped({**files, "history.json": files["history.json"].replace(b"denied", b"refuted")}),
        "another proof": zipped({**files, "proofs/claim.json": sample_proof(lambda value: value["entries"].pop())}),
        "a file more": zipped({**files, "files/0002.txt": b"More."}),
        "a file less": zipped({path: content for path, content in files.items() if path != "checkpoint"}),
        "no note": zipped({path: content for path, content in files.items() if path != "manifest.note"}),
        "a checkpoint for a note": zipped({**files, "manifest.note": checkpoint()}),
        "no bundle": b"none",
        "nothing": b"",
    }
    found = []
    for name, data in bundles.items():
        report = Report()
        check_bundle(ZippedBundle(io.BytesIO(data), report), POLICY, report)
        found.append({"name": name, "file": b64(data), "findings": [str(one) for one in report.findings]})
    return found


VECTORS: dict[str, Callable[[], Any]] = {
    "canonical": canonical_vectors,
    "commitments": commitment_vectors,
    "entries": entry_vectors,
    "disclosures": disclosure_vectors,
    "tree": tree_vectors,
    "tiles": tile_vectors,
    "notes": note_vectors,
    "proofs": proof_vectors,
    "bundles": bundle_vectors,
    "logs": log_vectors,
    "exports": lambda: export_vectors(ENTRIES, OPENINGS),
    "graphs": graph_vectors,
}


def text_of(name: str) -> str:
    """A file of vectors as it has to be."""
    return json.dumps(VECTORS[name](), indent=1, ensure_ascii=True) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in VECTORS:
        (FOLDER / f"{name}.json").write_text(text_of(name))


if __name__ == "__main__":
    main()

"""Makes docs/ledger-vectors/: what a second implementation of docs/ledger.md has to come to.

python -m tests.ledger.vectors            writes the files
"""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.bundles import Made, zip_pieces
from ledger.canonical import canonical, read_canonical
from ledger.entries import commitment, leaf_hash, read_entry
from ledger.notes import CosigningKey, Receipt, SigningKey, checkpoint_text, open_note, receipt_text, sign_note
from ledger.proofs import Dated, TlogProof, tlog_proof
from ledger.tiles import Tile, bundle_bytes, hash_tiles, parse_tile_path
from ledger.tree import (
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_hash,
)
from ledger.verifier import (
    Broken,
    Report,
    Unusable,
    ZippedBundle,
    check_bundle,
    check_claim_proof,
    check_disclosures,
    read_witness_policy,
)
from tests.ledger.export_vectors import export_vectors
from tests.ledger.exports import LOG_KEY, ORIGIN, POLICY, RECEIPT_KEY
from tests.ledger.graph_vectors import graph_vectors
from tests.ledger.log_vectors import log_vectors
from tests.ledger.sample_bundle import CLAIM, SEALED, lies, redacted_proofs, sample_bundle
from tests.ledger.sample_log import AT, SampleLog

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "ledger-vectors"


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


def sample_log() -> SampleLog:
    """Five entries of one claim, with one sealed entry of another stream among them."""
    log = SampleLog()
    log.add(CLAIM, "claim_created", {"reference": "UKR-42"}, {"statement": "Shells were sent — ü", "by": "reporter"})
    log.add(CLAIM, "status_changed", {"from": None, "to": "reported"}, {"reason": "A source carries it"})
    log.add(SEALED, "sealed", {"claim": "UKR-42"}, {"excerpt": "What was said", "by": "reviewer"})
    log.add(
        CLAIM,
        "status_changed",
        {"from": "reported", "to": "denied"},
        {"reason": "A ministry denied it", "by": "reviewer"},
    )
    log.add(CLAIM, "claim_closed", {}, {"blind": None})
    log.add(CLAIM, "claim_opened", {}, {"reason": "By mistake"})
    return log


LOG = sample_log()
ENTRIES, OPENINGS, LEAVES = LOG.entries, LOG.openings, LOG.leaves
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
    for body in MOMENTS:
        log = SampleLog()
        log.add(SEALED, "sealed", body, {"by": "reviewer"})
        given = {name: one and {"salt": b64(one.salt), "value": one.value} for name, one in log.openings[0].items()}
        broken = refused(lambda log=log, given=given: check_disclosures(log.entries[0], given))  # type: ignore[misc]
        vectors.append({"leaf": b64(log.leaves[0]), "disclosures": given, "undisclosed": None if broken else 0})
    return vectors


# What a sealed content of 22:14:00.123 says of when its act happened: the first four are allowed.
MOMENTS: list[dict[str, Any]] = [
    *({"happened_at": "2026-11-22T22:14:00.123Z"}, {"happened_at": "2026-11-22T22:13:00.123Z"}, {}),
    {"brought_in": True, "happened_at": "2025-11-22T22:14:00.123Z"},
    *({"happened_at": "2026-11-22T22:13:00.122Z"}, {"happened_at": "2026-11-22T22:14:00.124Z"}, {"brought_in": True}),
    *({"brought_in": 1, "happened_at": "2025-11-22T22:14:00.123Z"}, {"happened_at": "yesterday"}),
    *({"brought_in": False, "happened_at": "2026-11-22T22:14:00.123Z"}, {"happened_at": None}),
]


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
            proof = inclusion_proof(read, index, size=size)
            check_inclusion(hashes[index], index, size=size, root=root_hash(hashes[:size]), proof=proof)
            inclusion.append({"index": index, "size": size, "proof": [part.hex() for part in proof]})
        for old in sorted({0, 1, size // 2, size - 1, size}):
            proof = consistency_proof(read, old, new=size)
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


def checkpoint(size: int | None = None) -> bytes:
    """The signed checkpoint of the first `size` entries of the sample, or of them all."""
    return LOG.checkpoint(size)


WITNESS_KEYS = {
    name: CosigningKey(f"{name}.example.org/witness", hashlib.sha256(f"witness {name}".encode()).digest())
    for name in "abcdef"
}
AT_COSIGNED = {name: 1795385700 + 60 * number for number, name in enumerate(WITNESS_KEYS)}  # 2026-11-22 22:15 and on
# As C2SP tlog-policy's example has it.
WITNESS_POLICY_TEXT = "".join(
    [
        "# two of three, and one of three others\n",
        *(f"witness {name} {key.verifier_key}\n" for name, key in WITNESS_KEYS.items()),
        "group X-witnesses 2 a b c\n",
        "group Y-witnesses any d e f\n",
        "group X-and-Y all X-witnesses Y-witnesses\n",
        "quorum X-and-Y\n",
    ]
).encode()


def cosigned(names: str) -> bytes:
    """The checkpoint of the sample with the cosignatures of these witnesses."""
    text = checkpoint_text(ORIGIN, len(LEAVES), root_hash(HASHES))
    lines = [WITNESS_KEYS[name].cosignature_line(text, AT_COSIGNED[name]) for name in names]
    return checkpoint() + "".join(lines).encode()


def witness_vectors() -> dict[str, Any]:
    """Notes and policies: who cosigned, as the names of their keys with times, and whether that is enough; null where
    the note is refused, or the policy."""
    text = checkpoint_text(ORIGIN, len(LEAVES), root_hash(HASHES))
    a, stranger = WITNESS_KEYS["a"], CosigningKey("a.example.org/witness", bytes([9] * 32))
    good = cosigned("abd").decode()
    notes = {
        **{f"cosigned by {names or 'nobody'}": cosigned(names).decode() for names in ("", "a", "ab", "abd", "abcdef")},
        "by one twice": cosigned("abd").decode() + a.cosignature_line(text, AT_COSIGNED["a"] + 60),
        "by a stranger under a known name": cosigned("bcd").decode() + stranger.cosignature_line(text, 1),
        "at no time": cosigned("bcd").decode() + a.cosignature_line(text, 0),
        "at the last time there is": cosigned("bcd").decode() + a.cosignature_line(text, 2**53 - 1),
        "at a time beyond": cosigned("bcd").decode() + a.cosignature_line(text, 2**63),
        "of another text": cosigned("bcd").decode() + a.cosignature_line(f"{text}more\n", 5),
        "signed as a log signs": cosigned("bcd").decode() + SigningKey(a.name, a.seed).signature_line(text),
        "with another size": good.replace("\n6\n", "\n7\n"),
        "with a signature too short": cosigned("bcd").decode() + a.cosignature_line(text, 5)[:-9] + "\n",
    }
    head = "".join(f"witness {name} {key.verifier_key}\n" for name, key in WITNESS_KEYS.items())
    policies = {
        "nested groups": WITNESS_POLICY_TEXT.decode(),
        "none": f"{head}quorum none\n",
        "one": f"{head}quorum a\n",
        "any": f"{head}group g any a f\nquorum g\n",
        "all": f"{head}group g all a b d\nquorum g\n",
        "three": f"{head}\t group  g\t3 a b c d \n\n # three\nquorum g\n",
        "with its log": f"log {LOG_KEY.verifier_key} https://desk.example.org/\n{head}quorum a\n",
        "with another log": f"log {SigningKey(ORIGIN, bytes(32)).verifier_key}\n{head}quorum a\n",
        "an unknown member": f"{head}group g any a x\nquorum g\n",
        "a member twice": f"{head}group g any a a\nquorum g\n",
        "a member of two groups": f"{head}group g any a\ngroup h all a b\nquorum h\n",
        "more than its members": f"{head}group g 3 a b\nquorum g\n",
        "a name twice": f"{head}witness a {stranger.verifier_key}\nquorum a\n",
        "a key twice": f"{head}witness x {a.verifier_key}\nquorum a\n",
        "a log's key": f"{head}witness x {LOG_KEY.verifier_key}\nquorum a\n",
        "no quorum": head,
        "two quorums": f"{head}quorum a\nquorum a\n",
        "no line end": f"{head}quorum a",
        "a control character": f"{head}quorum a\r\n",
    }
    return {
        "log_key": str(LOG_KEY.verifier_key),
        "seeds": {name: key.seed.hex() for name, key in WITNESS_KEYS.items()},
        "notes": notes,
        "policies": policies,
        "witnessed": {
            name: {of: witnessed_as_vector(note, policy) for of, note in notes.items()}
            for name, policy in policies.items()
        },
    }


def witnessed_as_vector(note: str, policy: str) -> dict[str, Any] | None:
    try:
        of_policy = replace(POLICY, witnesses=read_witness_policy(policy.encode()))
        of_policy.checkpoint(note.encode())
        found = of_policy.witnessed(note.encode())
    except (Broken, Unusable):
        return None
    assert found is not None
    return {"by": [{"name": one.key.name, "at": one.at} for one in found.by], "isMet": found.is_met}


def note_vectors() -> dict[str, Any]:
    stranger = SigningKey("stranger.example.org", bytes(32))
    text = checkpoint_text(ORIGIN, len(LEAVES), root_hash(HASHES))
    good = LOG.checkpoint()
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


def sample_proof(changes: Callable[[dict[str, Any]], object] | None = None, dated: Sequence[Dated] = ()) -> bytes:
    """The proof file of the sample's claim, with time stamps, with a change."""
    return LOG.proof(CLAIM, dated=dated, changes=changes)


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
        "another format": lambda value: value.update(format="second-source/claim-proof/v3"),
        "version 2 without what it has more": lambda value: value.update(format="second-source/claim-proof/v2"),
        "no redactions": lambda value: value.update(format="second-source/claim-proof/v2", redactions=[]),
        "another checkpoint": lambda value: value.update(checkpoint=value["checkpoint"].replace("\n6\n", "\n7\n")),
        "a field more": lambda value: value.update(more=1),
        "its second withheld": lambda value: withhold(value, 1),
        "its last withheld": lambda value: withhold(value, -1),
        "withheld by another hash": lambda value: withhold(value, 1, leaf_hash="0" * 64),
        "withheld with another proof": lambda value: withhold(value, 1, proof=[]),
        "withheld and told": lambda value: withhold(value, 1, leaf=b64(LEAVES[1])),
    }
    files = []
    for name, data in {**{name: sample_proof(change) for name, change in changes.items()}, **redacted_proofs()}.items():
        report = check_claim_proof(data, POLICY)
        closed = ("fields redacted", "fields withheld", "entries withheld")
        undisclosed = sum(report.counts.get(word, 0) for word in closed)
        result = "broken" if report.findings else "redacted" if undisclosed else "verified"
        files.append(
            {"name": name, "file": b64(data), "result": result, "findings": [str(one) for one in report.findings]}
        )
    tlog = TlogProof(
        0,
        tuple(base64.b64decode(part) for part in read_canonical(sample_proof())["entries"][0]["proof"]),
        LOG.checkpoint(),
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


def zipped(files: dict[str, bytes]) -> bytes:
    """These files as a bundle's zip."""
    parts = [Made(path, content, "").part for path, content in files.items()]
    return b"".join(zip_pieces(parts, lambda part: iter([files[part.path]])))


def bundle_vectors() -> list[dict[str, Any]]:
    """Bundles with what is found in each: nothing in the whole one."""
    files = sample_bundle()
    whole = zipped(files)
    paths = list(files)
    bundles = {
        "whole": whole,
        "cut off": whole[: len(whole) // 2],
        "without its end": whole[:-1],
        "a byte more": whole + b"\0",
        "another byte in the last file's header": b"files/0002.tyt".join(whole.rsplit(b"files/0002.txt", 2)[:2])
        + b"files/0002.txt"
        + whole.rsplit(b"files/0002.txt", 1)[1],
        "another file": zipped({**files, "files/0001.txt": b"What was shed."}),
        "another history": zipped({**files, "history.json": files["history.json"].replace(b"denied", b"refuted")}),
        "another proof": zipped({**files, "proofs/claim.json": LOG.proof(CLAIM)}),
        "a file more": zipped({**files, "files/0003.txt": b"More."}),
        "a file less": zipped({path: content for path, content in files.items() if path != "checkpoint"}),
        "no note": zipped({path: content for path, content in files.items() if path != "manifest.note"}),
        "a checkpoint for a note": zipped({**files, "manifest.note": files["checkpoint"]}),
        "in another order": zipped({path: files[path] for path in reversed(paths)}),
        **{f"signed anew: {name}": zipped(changed) for name, changed in lies().items()},
        "no bundle": b"none",
        "nothing": b"",
    }
    found = []
    for name, data in bundles.items():
        report = Report()
        check_bundle(ZippedBundle(io.BytesIO(data), report), POLICY, report)
        found.append(
            {
                "name": name,
                "file": b64(data),
                "findings": [str(one) for one in report.findings],
                "said": report.said,
                "counts": report.counts,
            }
        )
    return found


VECTORS: dict[str, Callable[[], Any]] = {
    "canonical": canonical_vectors,
    "commitments": commitment_vectors,
    "entries": entry_vectors,
    "disclosures": disclosure_vectors,
    "tree": tree_vectors,
    "tiles": tile_vectors,
    "notes": note_vectors,
    "witnesses": witness_vectors,
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

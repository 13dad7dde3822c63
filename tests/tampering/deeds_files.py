"""What whoever hands a file over does to it, by the numbers of the table."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from ledger.bundles import Manifest, sign_manifest
from ledger.entries import leaf_bytes, leaf_hash, read_entry
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.proofs import TlogProof, tlog_proof
from ledger.tree import inclusion_proof
from ledger.verifier import canonical, read_canonical, root_hash
from tests.ledger.exports import BEGIN, LOG_KEY, ORIGIN, RECEIPT_KEY, ExportedLog, receipt_for, tiles_of
from tests.ledger.sample_bundle import ERASED_LOG, sample_bundle
from tests.ledger.test_tree import reader
from tests.ledger.vectors import zipped
from tests.tampering.handing_over import CLAIMS, EXPORT, LOG, OTHER, PROOF, REFERENCE, STREAM, Hand, first

ANOTHER = "claim:00000002-0000-4000-8000-000000000000"
STRANGER = SigningKey(ORIGIN, b"s" * 32)
HASHES = [leaf_hash(leaf) for leaf in LOG.leaves]

# Proof files


def changed(change: Callable[[dict[str, Any]], object], **more: Any) -> Hand:
    """The proof with a change, as canonical as before."""
    value = read_canonical(PROOF)
    change(value)
    return Hand(proof=canonical(value), **more)


def _entry(value: dict[str, Any], at: int) -> dict[str, Any]:
    return value["entries"][at]  # type: ignore[no-any-return]


def _swap_disclosures(value: dict[str, Any]) -> None:
    one, other = _entry(value, 1), _entry(value, 2)
    one["disclosures"], other["disclosures"] = other["disclosures"], one["disclosures"]


def _edit_leaf(value: dict[str, Any]) -> None:
    one = _entry(value, -1)
    entry = read_entry(base64.b64decode(one["leaf"]))
    one["leaf"] = base64.b64encode(leaf_bytes(entry._replace(body={**entry.body, "to": "refuted"}))).decode()


def _edit_time(value: dict[str, Any]) -> None:
    one = _entry(value, -1)
    entry = read_entry(base64.b64decode(one["leaf"]))
    one["leaf"] = base64.b64encode(leaf_bytes(entry._replace(at="2020-01-01T00:00:00.000Z"))).decode()


def _withhold(value: dict[str, Any], at: int) -> None:
    one = _entry(value, at)
    hashed = leaf_hash(base64.b64decode(one["leaf"])).hex()
    value["entries"][at] = {"index": one["index"], "leaf_hash": hashed, "proof": one["proof"]}


def _of_another_stream(value: dict[str, Any]) -> None:
    value["entries"].append(read_canonical(LOG.proof(ANOTHER))["entries"][-1])


def _salt(value: dict[str, Any]) -> None:
    _entry(value, 1)["disclosures"]["reason"]["salt"] = base64.b64encode(bytes(32)).decode()


def _signed_by(note: str, *keys: SigningKey) -> str:
    return sign_note(note.partition("\n\n")[0] + "\n", keys).decode()


def _of_a_stranger(log: ExportedLog) -> bytes:
    """The proof of a log that has the same name and was signed by another key."""
    value = read_canonical(log.proof(STREAM))
    value["checkpoint"] = _signed_by(value["checkpoint"], STRANGER)
    return canonical(value)


def _made_up() -> Hand:
    """A proof of a made-up log, whose sender gives the keys to it as well; the reader has keys of their own."""
    return Hand(proof=_of_a_stranger(OTHER))


def _split() -> Hand:
    """A proof out of another log that the desk's own key signed, to one who watches."""
    return Hand(proof=OTHER.proof(STREAM))


PROOFS: dict[str, Callable[[], Hand]] = {
    "F1": lambda: Hand(proof=LOG.proof(ANOTHER)),
    "F2": lambda: changed(lambda value: value["entries"].pop(), seen=(PROOF,)),
    "F3": lambda: Hand(proof=first(250).proof(STREAM)),
    "F4": lambda: changed(_swap_disclosures),
    "F5": lambda: changed(lambda value: _entry(value, 1)["disclosures"]["reason"].update(value="Forged.")),
    "F6": lambda: changed(_salt),
    "F7": lambda: changed(lambda value: _entry(value, 1)["disclosures"].update(reason=None)),
    "F8": lambda: changed(lambda value: _entry(value, 1)["disclosures"].pop("reason")),
    "F9": lambda: changed(lambda value: _entry(value, 1)["disclosures"].update(more=None)),
    "F10": lambda: changed(lambda value: value["entries"].pop(3)),
    "F11": lambda: changed(lambda value: value["entries"].pop(0)),
    "F12": lambda: changed(lambda value: value["entries"].insert(1, value["entries"].pop(2))),
    "F13": lambda: changed(lambda value: value["entries"].insert(1, value["entries"][1])),
    "F14": lambda: changed(lambda value: _withhold(value, 2)),
    "F15": lambda: changed(lambda value: _withhold(value, -1)),
    "F16": lambda: changed(_edit_leaf),
    "F17": lambda: changed(_edit_time),
    "F18": lambda: changed(lambda value: _entry(value, 1).update(proof=_entry(value, 2)["proof"])),
    "F19": lambda: changed(lambda value: _entry(value, 1).update(index=_entry(value, 1)["index"] + 1)),
    "F20": lambda: changed(_of_another_stream),
    "F21": lambda: changed(lambda value: value.update(stream=ANOTHER)),
    "F22": lambda: changed(lambda value: value.update(origin="other.example.org/ledger")),
    "F23": lambda: changed(
        lambda value: value.update(checkpoint=value["checkpoint"].replace(ORIGIN, "other.example.org/ledger"))
    ),
    "F24": lambda: changed(lambda value: value.update(checkpoint=value["checkpoint"].replace("\n300\n", "\n301\n"))),
    "F25": lambda: changed(lambda value: value.update(checkpoint=value["checkpoint"].partition("\n\n")[0] + "\n\n")),
    "F26": lambda: changed(lambda value: value.update(checkpoint=_signed_by(value["checkpoint"], RECEIPT_KEY))),
    "F27": lambda: changed(lambda value: value.update(note="Believe me.")),
    "F28": lambda: Hand(proof=PROOF.replace(b'{"checkpoint"', b'{ "checkpoint"', 1)),
    "F29": _made_up,
    "F30": _split,
}


# Single leaves


def _tlog(index: int = 5, hashes: list[bytes] | None = None, leaf: bytes | None = None) -> Hand:
    proof = hashes if hashes is not None else list(inclusion_proof(reader(HASHES), 5, size=300))
    return Hand(proof=tlog_proof(TlogProof(index, tuple(proof), LOG.checkpoint(), leaf or LOG.leaves[5])))


LEAVES: dict[str, Callable[[], Hand]] = {
    "F31": lambda: _tlog(leaf=LOG.leaves[6]),
    "F32": lambda: _tlog(index=6),
    "F33": lambda: _tlog(hashes=[bytes(32)] * 9),
}


# Receipts and checkpoints


def _receipt(leaf: bytes, key: SigningKey = RECEIPT_KEY) -> bytes:
    note = receipt_for(leaf, BEGIN)
    return note if key is RECEIPT_KEY else _signed_by(note.decode(), key).encode()


def _checkpoint(log: ExportedLog = LOG, size: int = 300, key: SigningKey = LOG_KEY) -> bytes:
    return sign_note(checkpoint_text(ORIGIN, size, root_hash([leaf_hash(leaf) for leaf in log.leaves[:size]])), [key])


NOTES: dict[str, Callable[[], Hand]] = {
    "F34": lambda: Hand(receipt=_receipt(b"never logged"), export=dict(EXPORT)),
    "F35": lambda: Hand(receipt=_receipt(LOG.leaves[9], STRANGER), export=dict(EXPORT)),
    "F36": lambda: Hand(receipt=_receipt(LOG.leaves[9]).replace(b"2026-", b"2025-"), export=dict(EXPORT)),
    "F37": lambda: Hand(checkpoint=_checkpoint(key=STRANGER)),
    "F38": lambda: Hand(checkpoint=_checkpoint(OTHER)),
    "F39": lambda: Hand(checkpoint=_checkpoint().replace(b"\n300\n", b"\n400\n")),
}


# Bundles


def packed(change: Callable[[dict[str, bytes]], object]) -> Hand:
    """The sample bundle with other files."""
    files = dict(sample_bundle())
    change(files)
    return of_the_sample(zipped(files))


def of_the_sample(data: bytes) -> Hand:
    return Hand(bundle=data, log=SAMPLE, kept=SAMPLE.checkpoint())


def _signed_anew(files: dict[str, bytes], key: SigningKey, **said: Any) -> None:
    """A manifest to match the files, signed by a key."""
    manifest = {**json.loads(files["manifest.json"]), **said}
    for file in manifest["files"]:
        content = files[file["path"]]
        file |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    names = ("reference", "stream", "at", "later", "withheld", "left_out", "files")
    made = sign_manifest(
        Manifest(made_for=manifest["for"], **{name: manifest[name] for name in names}), key, manifest["origin"]
    )
    files |= {one.path: one.content for one in made}


def _swap_two(files: dict[str, bytes]) -> None:
    files["index.html"], files["files/0001.txt"] = files["files/0001.txt"], files["index.html"]


def _manifest(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda files: files.update({"manifest.json": files["manifest.json"].replace(old, new)})


def _signed(
    key: SigningKey, changes: dict[str, Any] | None = None, **said: Any
) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        for path, data in (changes or {}).items():
            files[path] = data(files[path]) if callable(data) else data
        _signed_anew(files, key, **said)

    return change


SAMPLE = ExportedLog([*ERASED_LOG.leaves], [*ERASED_LOG.openings])
WHOLE = zipped(sample_bundle())
RECEIPTS_STRANGER = SigningKey(RECEIPT_KEY.name, b"s" * 32)

BUNDLES: dict[str, Callable[[], Hand]] = {
    "F40": lambda: packed(lambda files: files.update({"files/0001.txt": b"What was shed."})),
    "F41": lambda: packed(lambda files: files.pop("files/0001.txt")),
    "F42": lambda: packed(lambda files: files.update({"files/0003.txt": b"More."})),
    "F43": lambda: packed(_swap_two),
    "F44": lambda: packed(_signed(RECEIPTS_STRANGER)),
    "F45": lambda: packed(_signed(RECEIPT_KEY, {"history.json": lambda data: data.replace(b"denied", b"refuted")})),
    "F46": lambda: packed(lambda files: files.update({"index.html": b"<!doctype html><title>Another</title>"})),
    "F47": lambda: packed(_manifest(b"Restricted material, if there is any.", b"Nothing.")),
    "F48": lambda: packed(_manifest(b"UKR-42", b"UKR-43")),
    "F49": lambda: packed(_signed(RECEIPT_KEY, reference="UKR-43")),
    "F50": lambda: packed(_signed(RECEIPT_KEY, {"proofs/claim.json": PROOF})),
    "F51": lambda: packed(_signed(RECEIPT_KEY, {"checkpoint": _checkpoint()})),
    "F52": lambda: of_the_sample(WHOLE[: len(WHOLE) // 2]),
    "F53": lambda: of_the_sample(WHOLE + b"PK\5\6"),
    "F54": lambda: of_the_sample(b"more" + WHOLE),
    "F55": lambda: packed(
        _signed(RECEIPT_KEY, {"proofs/claim.json": lambda data: data.replace(b"claim-proof/v", b"claim-proof/w")})
    ),
}


# Exports


def exported(change: Callable[[dict[str, bytes]], object], **more: Any) -> Hand:
    """The export with other files."""
    files = dict(EXPORT)
    change(files)
    return Hand(export=files, **more)


def _flip(path: str, at: int = 7) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        data = bytearray(files[path])
        data[at] ^= 1
        files[path] = bytes(data)

    return change


def _leaves_anew(leaves: list[bytes], *, alone: bool = False) -> Callable[[dict[str, bytes]], object]:
    """Other entries; and, unless `alone`, every tile of hashes made anew over them."""
    made = tiles_of(leaves)
    return lambda files: files.update({path: data for path, data in made.items() if "entries" in path or not alone})


def _edited() -> list[bytes]:
    leaves = [*LOG.leaves]
    entry = read_entry(leaves[9])
    leaves[9] = leaf_bytes(entry._replace(c=dict.fromkeys(entry.c, "0" * 64)))
    return leaves


def _swapped() -> list[bytes]:
    leaves = [*LOG.leaves]
    leaves[20], leaves[21] = leaves[21], leaves[20]
    return leaves


def _disclose_otherwise(files: dict[str, bytes]) -> None:
    path = "disclosures/000.json"
    files[path] = files[path].replace(b"Because of 0", b"Because of 9", 1)


def _another_state(state: str) -> list[dict[str, Any]]:
    return [{**claim, "state": state} if claim["reference"] == REFERENCE else claim for claim in CLAIMS]


EXPORTS: dict[str, Callable[[], Hand]] = {
    "F56": lambda: exported(_flip("tile/0/000")),
    "F57": lambda: exported(_flip("tile/entries/000", 60)),
    "F58": lambda: exported(lambda files: files.pop("tile/0/000")),
    "F59": lambda: exported(lambda files: files.update({"tile/entries/001.p/44": files["tile/entries/001.p/44"][:-9]})),
    "F60": lambda: exported(_flip("tile/1/000.p/1")),
    "F61": lambda: exported(_leaves_anew(_edited(), alone=True)),
    "F62": lambda: exported(_leaves_anew(_edited())),
    "F63": lambda: exported(_leaves_anew(_swapped())),
    "F64": lambda: exported(_disclose_otherwise),
    "F65": lambda: exported(lambda files: files.update({"disclosures/000.json": files["disclosures/001.json"]})),
    "F66": lambda: exported(lambda files: files.update(checkpoint=_checkpoint(key=STRANGER))),
    "F67": lambda: Hand(export=first(150).export()),
    "F68": lambda: Hand(export=OTHER.export()),
    "F69": lambda: exported(lambda _files: None, claims=_another_state("none")),
    "F70": lambda: exported(lambda _files: None, claims=[*CLAIMS, {"reference": "DEM-99", "state": "refuted"}]),
}

FILES = PROOFS | LEAVES | NOTES | BUNDLES | EXPORTS

"""Checks a Second Source ledger: what was taken from it, offline, against public keys that one has.

    python verifier.py proof FILE --policy POLICY                      one claim's history
    python verifier.py audit FOLDER --policy POLICY                    a whole log
    python verifier.py monitor OLD NEW --export FOLDER --policy POLICY one checkpoint against a later one
    python verifier.py replay FOLDER --policy POLICY --claims FILE     every claim's state, from the entries
    python verifier.py bundle FILE --policy POLICY                     an evidence bundle of one claim
    python verifier.py watch LOG --policy POLICY --memory FOLDER       what was seen before against the log as it is

This file runs alone: Python 3.11 or later and the package `cryptography`. It follows the written specification,
`ledger.md`, whose sections are named here. Status: 0 all is as it should be, 1 something does not match, 2 the input
cannot be used.
"""

import argparse
import base64
import binascii
import difflib
import hashlib
import hmac
import io
import json
import os
import re
import struct
import sys
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST_INTEGER = 2**53 - 1
DEEPEST = 32
LARGEST_LEAF = 65_535
TILE_WIDTH = 256
SALT_LENGTH = 32
ED25519 = 1  # the signature type of a note's key
MOST_SIGNATURES = 100
LARGEST_NOTE = 1_000_000
RECEIPT = "second-source/receipt/v1"
KEY_ROTATION = "second-source/key-rotation/v1"
KEYS, KEY_ROTATED = "log:keys", "key_rotated"  # the stream of the log's own keys, and the kind of its entries
CLAIM_PROOF = "second-source/claim-proof/v1"
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
BUNDLE = "second-source/bundle/v1"
SEEN = "second-source/seen/v1"
MANIFEST, MANIFEST_NOTE, HISTORY, CLAIM_PROOF_PATH = (
    "manifest.json",
    "manifest.note",
    "history.json",
    "proofs/claim.json",
)
LONGEST_DELAY = 60  # seconds between an act and its place in the log, as receipts promise it
LONGEST_ANSWER = 60.0  # seconds, of a server that a log is read from
LARGEST_READ = 2**30  # bytes of one of a bundle's files that is read as a whole
SEALED = "sealed"
STATUS_CHANGED = "status_changed"
# The moves between a claim's states; None is before the first.
LEGAL_MOVES = frozenset(
    {
        (None, "reported"),
        ("reported", "denied"),
        ("reported", "corroborated"),
        ("reported", "refuted"),
        ("denied", "corroborated"),
        ("denied", "refuted"),
        ("denied", "reported"),
        ("corroborated", "refuted"),
        ("corroborated", "reported"),
        ("refuted", "reported"),
    }
)


class Unusable(Exception):
    """The input cannot be read at all, so that nothing can be said about it."""


class Broken(ValueError):
    """Something is not as it should be: in which part, what was expected, what was found."""

    def __init__(self, part: str, expected: str, found: str) -> None:
        super().__init__(f"{part}: expected {expected}, found {found}")
        self.part, self.expected, self.found = part, expected, found


# Section 1: canonical JSON (RFC 8785)


def _integer(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > LARGEST_INTEGER:
        raise ValueError(f"the number {text[:20]} is beyond 2^53 - 1")
    return number


def _no_number(text: str) -> None:
    raise ValueError(f"{text[:20]} is not an integer")


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_UNSORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_no_number, parse_constant=_no_number)


def _check_value(value: object, place: str, depth: int) -> None:
    if depth >= DEEPEST and isinstance(value, dict | list | tuple):
        raise ValueError(f"{place}: nested more than {DEEPEST} deep")
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{place}: an integer beyond 2^53 - 1")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place}: the key {key!r} is no string")
            _check_text(key, f"{place}: a key")
            _check_value(member, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            _check_value(member, f"{place}[{number}]", depth + 1)
    elif value is not None and not isinstance(value, bool):
        raise ValueError(f"{place}: {type(value).__name__} is not allowed")


def _check_text(text: str, place: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{place}: a lone surrogate") from None


def _by_utf16(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _by_utf16(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_by_utf16(member) for member in value] if isinstance(value, list | tuple) else value


def _encode(value: Any) -> bytes:
    text = _ENCODER.encode(value)
    # Code points and UTF-16 code units sort alike unless a character lies past the surrogates.
    if not text.isascii() and max(text) > "\ud7ff":
        text = _UNSORTED.encode(_by_utf16(value))
    return text.encode()


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of objects, arrays, strings, integers up to 2^53 - 1 either way, true, false and null.

    Raises ValueError that names the place of anything else: a float, a lone surrogate, more than 32 levels.
    """
    _check_value(value, "$", 0)
    return _encode(value)


def read_canonical(data: bytes) -> Any:
    """The value of bytes that are exactly the canonical ones; ValueError for any others."""
    try:
        value = _DECODER.decode(data.decode())
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None
    if data.count(b"[") + data.count(b"{") > DEEPEST:
        _check_value(value, "$", 0)
    if _encode(value) != data:
        raise ValueError("not the canonical bytes of its value")
    return value


# Section 2: entries


class Entry(NamedTuple):
    """What a leaf says. `prev`: the leaf hash (hex) of the stream's entry before; `c`: commitments (hex) by name."""

    stream: str
    seq: int
    prev: str | None
    kind: str
    at: str
    body: dict[str, Any]
    c: dict[str, str]


_NAMES = {"v", *Entry._fields}
_STREAM = re.compile(r"[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)+", re.ASCII)
_SEALED_STREAM = re.compile(r"sealed:[0-9a-f]{32}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z", re.ASCII)


def read_time(at: object) -> datetime:
    """The moment of '2026-11-22T22:14:03.123Z'; ValueError for any other spelling."""
    if not isinstance(at, str) or not _AT.fullmatch(at):
        raise ValueError("no UTC time with milliseconds")
    return datetime.fromisoformat(at)


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr) if not isinstance(value, bytes) else value.hex()
    return text if len(text) <= 100 else text[:97] + "..."


def _plain(value: object) -> str:
    return value if isinstance(value, str) else _shown(value)


def _expect(holds: object, part: str, expected: str, found: object) -> None:
    if not holds:
        raise Broken(part, expected, _shown(found))


def read_entry(leaf: bytes) -> Entry:
    """What a leaf says; Broken where its bytes are not exactly those of a well-formed entry."""
    if len(leaf) > LARGEST_LEAF:
        raise Broken("leaf", f"at most {LARGEST_LEAF} bytes", str(len(leaf)))
    try:
        value = read_canonical(leaf)
    except ValueError as error:
        raise Broken("leaf", "canonical JSON", str(error)) from None
    _expect(isinstance(value, dict) and value.keys() == _NAMES, "leaf", "exactly the fields of version 1", value)
    version = value.pop("v")
    _expect(version == 1 and version is not True, "v", "1", version)
    entry = Entry(**value)
    check_entry(entry)
    return entry


def _is_integer(value: object, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def check_entry(entry: Entry) -> None:
    """Broken where a field has not the form that section 2 gives it."""
    stream, seq, prev, kind, at, body, c = entry
    _expect(_matches(_STREAM, stream) and len(stream) <= 255, "stream", "a name such as claim:1", stream)
    _expect(_is_integer(seq, 1), "seq", "an integer from 1", seq)
    if seq == 1:
        _expect(prev is None, "prev", "null in a stream's first entry", prev)
    else:
        _expect(_matches(_HASH, prev), "prev", "64 hexadecimal digits", prev)
    _expect(_matches(_NAME, kind), "kind", "a name of small letters, digits and _", kind)
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", "UTC with milliseconds", _shown(at)) from None
    _expect(isinstance(body, dict), "body", "an object", body)
    _expect(isinstance(c, dict) and c, "c", "at least one commitment", c)
    for name, commitment in c.items():
        _expect(_matches(_NAME, name), "c", "names of small letters, digits and _", name)
        _expect(_matches(_HASH, commitment), f"c.{name}", "64 hexadecimal digits", commitment)
    if kind == SEALED or stream.startswith("sealed:"):
        _expect(kind == SEALED, "kind", "sealed in a sealed stream", kind)
        _expect(_SEALED_STREAM.fullmatch(stream), "stream", "sealed: and 32 hexadecimal digits", stream)
        _expect(not body, "body", "nothing in a sealed entry", body)
        _expect(c.keys() == {"kind", "content"}, "c", "kind and content in a sealed entry", sorted(c))


def commitment(salt: bytes, name: str, value: object) -> str:
    """HMAC-SHA256(salt, 'second-source/v1/field' 00 name 00 JCS(value)) in hex. ValueError: a salt not of 32 bytes."""
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt has {SALT_LENGTH} bytes, not {len(salt)}")
    message = b"second-source/v1/field\0" + name.encode() + b"\0" + canonical(value)
    return hmac.digest(salt, message, "sha256").hex()


def check_disclosures(entry: Entry, disclosures: object) -> int:
    """How many committed fields `disclosures` leaves undisclosed (null, or not named at all).

    `disclosures` is {name: {"salt": base64, "value": …} or null}. A sealed entry's content is an object of its own
    body and c; the fields of that c are named 'content/…'. Broken where a value is not what was committed.
    """
    if not isinstance(disclosures, dict):
        raise Broken("disclosures", "an object", _shown(disclosures))
    inner = _sealed_commitments(disclosures.get("content")) if entry.kind == SEALED else {}
    known = {**entry.c, **{f"content/{name}": committed for name, committed in inner.items()}}
    for name in disclosures:
        _expect(name in known, f"disclosures.{name}", "a committed field", name)
    for name, committed in known.items():
        if disclosures.get(name) is not None:
            _check_disclosure(name, committed, disclosures[name])
    return sum(disclosures.get(name) is None for name in known)


def _sealed_commitments(disclosure: object) -> dict[str, str]:
    """The commitments inside a sealed entry's content, where that is disclosed."""
    if not isinstance(disclosure, dict):
        return {}
    part, content = "disclosures.content", disclosure.get("value")
    if not isinstance(content, dict) or content.keys() != {"body", "c"}:
        raise Broken(part, "body and c", _shown(content))
    body, c = content["body"], content["c"]
    _expect(isinstance(body, dict) and isinstance(c, dict), part, "body and c as objects", content)
    for name, committed in c.items():
        _expect(_matches(_NAME, name) and _matches(_HASH, committed), part, "names and hashes", name)
    return dict(c)


def _check_disclosure(name: str, committed: str, disclosure: object) -> None:
    part = f"disclosures.{name}"
    if not isinstance(disclosure, dict) or disclosure.keys() != {"salt", "value"}:
        raise Broken(part, "salt and value", _shown(disclosure))
    salt = read_base64(disclosure["salt"], f"{part}.salt", SALT_LENGTH)
    try:
        computed = commitment(salt, name.removeprefix("content/"), disclosure["value"])
    except ValueError as error:
        raise Broken(part, "a value of canonical JSON", str(error)) from None
    _expect(computed == committed, part, f"the commitment {committed}", computed)


def read_base64(text: object, part: str, length: int | None = None) -> bytes:
    """The bytes of strict standard base64 (padded, no stray bits or spaces); Broken otherwise, or of another length."""
    try:
        data = base64.b64decode(text if isinstance(text, str) else "*", validate=True)
    except (binascii.Error, ValueError):
        raise Broken(part, "base64", _shown(text)) from None
    _expect(base64.b64encode(data).decode() == text, part, "base64 in its one spelling", text)
    _expect(length is None or len(data) == length, part, f"{length} bytes", len(data))
    return data


# Section 3: the tree (RFC 6962, RFC 9162)


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 leaf)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 left right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_hash(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; of none, SHA-256 of nothing (RFC 9162 2.1.1)."""
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        # The last of an odd number moves up as it is.
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to from a leaf hash (RFC 9162 2.1.3.2).

    Raises Broken where index and size do not fit, or the proof is too short or too long for them.
    """
    _expect(0 <= index < size, "index", f"below the size {size}", index)
    node, last, result = index, size - 1, leaf
    for part in proof:
        _expect(last > 0, "proof", "fewer hashes", len(proof))
        if node & 1 or node == last:
            result = node_hash(part, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, part)
        node, last = node >> 1, last >> 1
    _expect(last == 0, "proof", "more hashes", len(proof))
    return result


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Broken unless the proof leads from the leaf hash at `index` to `root`."""
    found = root_from_inclusion(leaf, index, size, proof)
    if found != root:
        raise Broken("proof", f"the root {root.hex()}", found.hex())


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Broken unless the tree of size `new` begins with that of size `old` (RFC 9162 2.1.4.2)."""
    _expect(0 <= old <= new, "size", f"at least {old}", new)
    if old in (0, new):
        _expect(not proof, "proof", "no hashes", len(proof))
        _expect(old or old_root == root_hash([]), "old root", root_hash([]).hex(), old_root)
        _expect(not old or old_root == new_root, "new root", old_root.hex(), new_root)
        return
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    _expect(hashes, "proof", "more hashes", 0)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = hashes[0]
    for part in hashes[1:]:
        _expect(last > 0, "proof", "fewer hashes", len(proof))
        if node & 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, part)
        node, last = node >> 1, last >> 1
    _expect(last == 0, "proof", "more hashes", len(proof))
    _expect(first == old_root, "old root", old_root.hex(), first)
    _expect(second == new_root, "new root", new_root.hex(), second)


# Section 4: tiles (C2SP tlog-tiles)


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """'tile/0/x001/067.p/5': the path of a tile; `level` is 0 to 63, or 'entries' for a bundle of leaves."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def read_bundle(data: bytes) -> list[bytes]:
    """The leaves of an entry bundle, each after its length (two bytes, big-endian); Broken where one does not fit."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Broken(f"leaf {len(leaves)} of the bundle", f"{at} bytes in all", str(len(data)))
        leaves.append(data[start:at])
    return leaves


# Section 5: signed notes, checkpoints, receipts (C2SP signed-note, tlog-checkpoint)


@dataclass(frozen=True)
class VerifierKey:
    """A public key and the name that it signs under."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """SHA-256(name, newline, signature type, key), its first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([ED25519]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([ED25519]) + self.key).decode()}"

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """Whether this is the key's Ed25519 signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def is_key_name(name: str) -> bool:
    """Whether a note's key may be called so: not empty, no space, no plus, nothing that a note may not hold."""
    return bool(name) and "+" not in name and not any(sign.isspace() or sign < " " for sign in name)


def read_verifier_key(text: object) -> VerifierKey:
    """The key of 'name+hash+base64'; Broken where the parts do not fit each other or it is no Ed25519 key."""
    name, hashed, encoded = [*str(text).split("+", 2), "", ""][:3]
    _expect(is_key_name(name), "key", "name+hash+base64", text)
    data = read_base64(encoded, "key", 33)
    _expect(data[0] == ED25519, "key", "an Ed25519 key (01)", data[:1])
    key = VerifierKey(name, data[1:])
    _expect(hashed == key.id.hex(), "key", f"the key id {key.id.hex()}", hashed)
    return key


def open_note(note: bytes, keys: Iterable[VerifierKey]) -> str:
    """The text of a note that at least one of the keys signed.

    Signatures by other keys are passed over. Raises Broken where the note is malformed, a signature by one of the
    keys does not verify, or none is there.
    """
    return signed_text(note, keys)[0]


def signed_text(note: bytes, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """As `open_note`, and which of the keys signed."""
    text, signatures = _split_note(note)
    known = {(key.name, key.id): key for key in keys}
    verified = []
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.verifies(signature[4:], text.encode()):
            raise Broken("signature", f"one by {name}+{key.id.hex()} that verifies", "one that does not")
        verified.append(key)
    if not verified:
        names = ", ".join(sorted(f"{name}+{signature[:4].hex()}" for name, signature in signatures))
        wanted = ", ".join(sorted(f"{name}+{number.hex()}" for name, number in known))
        raise Broken("signature", f"one by {wanted or 'a known key'}", f"only by {names}")
    return text, verified


def _split_note(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise Broken("note", "UTF-8", "other bytes") from None
    _expect(len(note) <= LARGEST_NOTE, "note", f"at most {LARGEST_NOTE} bytes", len(note))
    _expect(not re.search("[\0-\x09\x0b-\x1f]", whole), "note", "no control characters", "one")
    text, blank, lines = whole.rpartition("\n\n")
    _expect(blank and lines.endswith("\n"), "note", "a text, an empty line, signatures", whole[-60:])
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        _expect(dash == "—" and line.count(" ") == 2 and is_key_name(name), "note", "a signature line", line)
        signature = read_base64(encoded, "signature")
        _expect(len(signature) > 4, "signature", "a key id and a signature", line)
        signatures.append((name, signature))
    _expect(len(signatures) <= MOST_SIGNATURES, "note", f"at most {MOST_SIGNATURES} signatures", len(signatures))
    return text + "\n", signatures


class Checkpoint(NamedTuple):
    """How large a log is, and its root; `extensions` are further lines, which nothing here reads."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def _decimal(text: str, part: str) -> int:
    _expect(re.fullmatch("0|[1-9][0-9]{0,15}", text), part, "a decimal number", text)
    number = int(text)
    _expect(number <= LARGEST_INTEGER, part, "at most 2^53 - 1", text)
    return number


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text; Broken where it is none."""
    lines = text.split("\n")
    _expect(len(lines) >= 4 and lines.pop() == "", "checkpoint", "at least three lines", text[:60])
    _expect(all(lines), "checkpoint", "no empty line", text[:60])
    origin, size, root, *extensions = lines
    return Checkpoint(origin, _decimal(size, "size"), read_base64(root, "root", 32), tuple(extensions))


class Receipt(NamedTuple):
    """The promise that a leaf stands in the log at most `longest_delay` seconds after `at`."""

    origin: str
    leaf_hash: bytes
    at: str
    longest_delay: int


def read_receipt(text: str) -> Receipt:
    """The receipt of a note's text; Broken where it is none."""
    lines = text.split("\n")
    _expect(len(lines) == 6 and lines[0] == RECEIPT and lines[5] == "", "receipt", f"{RECEIPT} and 4 lines", text[:60])
    origin, hashed, at, delay = lines[1:5]
    _expect(origin, "origin", "a name", origin)
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", "UTC with milliseconds", _shown(at)) from None
    return Receipt(origin, read_base64(hashed, "leaf hash", 32), at, _decimal(delay, "longest delay"))


def split_receipts(data: bytes) -> list[bytes]:
    """The notes of a file of receipts, which stand one after the other; the whole of it where it is no such file."""
    return re.split(f"(?<=\\n)(?={re.escape(RECEIPT)}\\n)".encode(), data)


@dataclass(frozen=True)
class Policy:
    """What the reader trusts: a log by its origin, the keys that sign its checkpoints, those that sign receipts."""

    origin: str
    log_keys: tuple[VerifierKey, ...]
    receipt_keys: tuple[VerifierKey, ...] = ()

    def checkpoint(self, note: bytes) -> Checkpoint:
        """The checkpoint of a signed note; Broken unless one of the log's keys signed it, and it is of this log."""
        checkpoint = read_checkpoint(open_note(note, self.log_keys))
        _expect(checkpoint.origin == self.origin, "origin", self.origin, checkpoint.origin)
        return checkpoint

    def receipt(self, note: bytes) -> Receipt:
        """The receipt of a signed note; Broken unless one of the receipt keys signed it, and it is of this log."""
        receipt = read_receipt(open_note(note, self.receipt_keys))
        _expect(receipt.origin == self.origin, "origin", self.origin, receipt.origin)
        return receipt


def read_policy(data: bytes) -> Policy:
    """The policy of a JSON object {"origin", "log_keys": [...], "receipt_keys": [...]}; Unusable where it is none."""
    try:
        value = json.loads(data)
        origin, log_keys, receipt_keys = value["origin"], value["log_keys"], value.get("receipt_keys", [])
        if not isinstance(origin, str) or not isinstance(log_keys, list) or not isinstance(receipt_keys, list):
            raise TypeError("origin is a text, log_keys and receipt_keys are lists")
        log, receipts = tuple(map(read_verifier_key, log_keys)), tuple(map(read_verifier_key, receipt_keys))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unusable(f"the policy: {error!s}") from None
    if not log:
        raise Unusable("the policy: log_keys names no key")
    return Policy(origin, log, receipts)


def rotation_text(origin: str, signs: str, key: str) -> str:
    """What the former key signs: that `key` takes its place. `signs`: log, or receipts."""
    return f"{KEY_ROTATION}\n{origin}\n{signs}\n{key}\n"


def check_rotation(entry: Entry, origin: str) -> bool:
    """Whether the entry of a new key bears the former one's signature; False for one from before there were any.

    Broken where it bears another, or names no keys.
    """
    body = entry.body
    former, key = read_verifier_key(body.get("replaces")), read_verifier_key(body.get("key"))
    _expect(body.get("signs") in ("log", "receipts"), "body.signs", "log or receipts", body.get("signs"))
    _expect(former.name == key.name, "body.key", f"one of {former.name}", key.name)
    if "signed" not in body:
        return False
    _expect(isinstance(body["signed"], str), "body.signed", "a signed note", body["signed"])
    text = open_note(body["signed"].encode(), [former])
    expected = rotation_text(origin, body["signs"], str(key))
    _expect(text == expected, "body.signed", expected, text)
    return True


# Section 6: what was found


class Finding(NamedTuple):
    """One thing that does not match: where (an entry, a tile, a file), and what Broken says of it."""

    where: str
    part: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.part}: expected {self.expected}, found {self.found}"


@dataclass
class Report:
    """The findings, in the order of the log, what was looked at (a word for each number), and what that showed.

    `said`: in words, only of what holds; `histories`: the streams whose proofs hold.
    """

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    histories: list["History"] = field(default_factory=list)

    def add(self, where: str, error: Broken) -> None:
        """Notes what a check raised."""
        self.findings.append(Finding(where, error.part, error.expected, error.found))

    def expect(self, holds: object, where: str, part: str, expected: str, found: object) -> None:
        """Notes a finding unless `holds`."""
        if not holds:
            self.findings.append(Finding(where, part, expected, _plain(found)))

    def count(self, word: str, number: int = 1) -> None:
        """Adds to one of the numbers."""
        self.counts[word] = self.counts.get(word, 0) + number


class Last(NamedTuple):
    """A stream's last entry as far as it was read."""

    seq: int
    leaf_hash: bytes
    at: str


_NOTHING = Last(0, b"", "")


class Streams:
    """The streams as far as they were read: what the next entry of each has to follow."""

    def __init__(self) -> None:
        self.last: dict[str, Last] = {}

    def follow(self, index: int, entry: Entry, hashed: bytes, report: Report) -> None:
        """Notes where an entry does not follow the one before it in its stream; goes on from this one."""
        before = self.last.get(entry.stream, _NOTHING)
        prev = before.leaf_hash.hex() if before.seq else None
        if entry.seq != before.seq + 1 or entry.prev != prev or entry.at < before.at:
            where = name_entry(index, entry)
            report.expect(entry.seq == before.seq + 1, where, "seq", str(before.seq + 1), entry.seq)
            if entry.seq == before.seq + 1:
                report.expect(entry.prev == prev, where, "prev", _plain(prev), entry.prev)
            report.expect(entry.at >= before.at, where, "at", f"not before {before.at}", entry.at)
        self.last[entry.stream] = Last(entry.seq, hashed, entry.at)

    def pass_over(self, stream: str, hashed: bytes) -> None:
        """Goes on from an entry of which the hash alone is known: the next one names it."""
        before = self.last.get(stream, _NOTHING)
        self.last[stream] = Last(before.seq + 1, hashed, before.at)


class Times:
    """The log's time as its entries tell it: none lies further before the latest so far than the longest delay.

    Entries before the index `start` are passed over: they are from before older acts said that they are.
    """

    def __init__(self, start: int) -> None:
        self._start, self._passed_over = start, 0
        self._latest, self._set_by = "", 0
        self.latest = ""

    def follow(self, index: int, entry: Entry, report: Report) -> None:
        """Notes where an entry's time is not to be believed; goes on from the latest."""
        self.latest = max(self.latest, entry.at)
        if index < self._start:
            self._passed_over += 1
            return
        if entry.at >= self._latest:
            self._latest, self._set_by = entry.at, index
        elif (latest := read_time(self._latest)) - read_time(entry.at) > _DELAY:
            expected = f"not before {_write_time(latest - _DELAY)}, {LONGEST_DELAY} seconds before entry {self._set_by}"
            report.expect(False, name_entry(index, entry), "at", expected, entry.at)
        if "brought_in" in entry.body or "happened_at" in entry.body:
            try:
                _check_moment(entry)
            except Broken as error:
                report.add(name_entry(index, entry), error)
            else:
                if "brought_in" in entry.body:
                    report.count("older acts brought in")

    def count(self, report: Report) -> None:
        """Says how many entries were passed over."""
        if self._passed_over:
            report.count("entries whose times were not compared", self._passed_over)


_DELAY = timedelta(seconds=LONGEST_DELAY)


def _write_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _check_moment(entry: Entry) -> None:
    """When an act happened is when it was written, within the longest delay, unless the entry says that it is older."""
    happened, is_older = entry.body.get("happened_at"), "brought_in" in entry.body
    if is_older:
        _expect(entry.body["brought_in"] is True, "body.brought_in", "true", entry.body["brought_in"])
    try:
        moment = read_time(happened)
    except ValueError:
        raise Broken("body.happened_at", "UTC with milliseconds", _shown(happened)) from None
    at = read_time(entry.at)
    _expect(moment <= at, "body.happened_at", f"not after {entry.at}", happened)
    _expect(is_older or at - moment <= _DELAY, "body.happened_at", f"{entry.at}, or brought_in beside it", happened)


def name_entry(index: int, entry: Entry) -> str:
    """'entry 17 (claim:1, 4)': how a finding calls an entry."""
    return f"entry {index} ({entry.stream}, {entry.seq})"


# Section 7: proofs


def check_claim_proof(data: bytes, policy: Policy) -> Report:
    """Whether a claim's proof file holds: every leaf in the log, the stream whole from 1, every disclosed field true.

    From this file alone nobody can tell whether the stream has later entries.
    """
    report = Report()
    try:
        value = read_canonical(data)
        _check_frame(value, policy)
        checkpoint = policy.checkpoint(value["checkpoint"].encode())
    except Broken as error:
        report.add("proof file", error)
        return report
    except ValueError as error:
        report.add("proof file", Broken("form", "canonical JSON", str(error)))
        return report
    streams, before, leaves = Streams(), -1, list[ProvenEntry]()
    for number, item in enumerate(value["entries"]):
        if isinstance(item, dict) and item.keys() == _WITHHELD:
            try:
                streams.pass_over(value["stream"], _check_withheld(item, before, checkpoint))
            except Broken as error:
                report.add(f"entry number {number} of the file", error)
            else:
                before = item["index"]
                report.count("entries withheld")
                leaves.append(ProvenEntry(before, bytes.fromhex(item["leaf_hash"])))
            continue
        try:
            entry, hashed = _read_proof_entry(item)
        except Broken as error:
            report.add(f"entry number {number} of the file", error)
            continue
        try:
            _expect(entry.stream == value["stream"], "stream", value["stream"], entry.stream)
            _check_proof_entry(item, hashed, before, checkpoint)
            report.count("fields not disclosed", _check_proof_disclosures(entry, item["disclosures"]))
            report.count("fields verified", sum(one is not None for one in item["disclosures"].values()))
            leaves.append(ProvenEntry(item["index"], hashed, entry, item["disclosures"]))
        except Broken as error:
            report.add(name_entry(item["index"], entry), error)
        before = item["index"]
        streams.follow(item["index"], entry, hashed, report)
        report.count("entries")
    if not report.findings:
        history = History(value["stream"], value["checkpoint"].encode(), checkpoint, tuple(leaves))
        report.histories.append(history)
        report.said |= history.in_words(policy)
    return report


class ProvenEntry(NamedTuple):
    """An entry that stands in the log; without what it says where that is withheld."""

    leaf_index: int
    leaf_hash: bytes
    entry: Entry | None = None
    disclosures: Mapping[str, Any] = {}


class History(NamedTuple):
    """What a proof shows: entries of one stream, oldest first, as of a checkpoint. `stream`: None of a single leaf."""

    stream: str | None
    note: bytes
    checkpoint: Checkpoint
    entries: tuple[ProvenEntry, ...]

    def names(self) -> list[str]:
        """How one may call the claim: by its references, its stream, its id."""
        bodies = [one.entry.body for one in self.entries if one.entry]
        references = dict.fromkeys(body["reference"] for body in bodies if isinstance(body.get("reference"), str))
        return [*references, *([self.stream, self.stream.partition(":")[2]] if self.stream else [])]

    def state(self) -> str | None:
        """The claim's state by its last status change that is told; None before the first."""
        moves = [one.entry.body.get("to") for one in self.entries if one.entry and one.entry.kind == STATUS_CHANGED]
        return moves[-1] if moves and isinstance(moves[-1], str) else None

    def statement(self) -> str | None:
        """What the claim says as it was last written down; None where that is not disclosed."""
        said = None
        for one in self.entries:
            if one.entry and one.entry.kind.startswith("claim_"):
                disclosed = {name: given["value"] for name, given in one.disclosures.items() if given}
                if "content" in one.entry.c:
                    content = disclosed.get("content")
                    said = content.get("statement") if isinstance(content, dict) else None
                elif "statement" in one.entry.c:
                    said = disclosed.get("statement")
        return said if isinstance(said, str) else None

    def in_words(self, policy: Policy) -> dict[str, str]:
        """What a reader is told of it: which claim, its state, as of when, by whose signature."""
        name, *others = self.names()
        told = [one.entry for one in self.entries if one.entry]
        last = told[-1].at if told else "a time that is not told"
        state = self.state() or "none yet"
        if len(told) < len(self.entries):
            state += ", unless an entry that is withheld says otherwise"
        of_claim = {"statement": self.statement() or "not disclosed", "state": state}
        is_claim = self.stream is not None and self.stream.startswith("claim:")
        return {
            "claim" if is_claim else "stream": f"{name} ({others[0]})" if others and is_claim else str(self.stream),
            **(of_claim if is_claim else {}),
            "as of": f"{self.checkpoint.size} entries of {self.checkpoint.origin}; the last one here is of {last}",
            "signed by": ", ".join(f"{key.name}+{key.id.hex()}" for key in signed_text(self.note, policy.log_keys)[1]),
        }


def check_expected(
    report: Report, policy: Policy, claim: str | None = None, state: str | None = None, checkpoint: bytes | None = None
) -> None:
    """Notes where a proof that holds is of another claim than the reader meant, leaves it in another state, or is
    older than a checkpoint of the log that they have."""
    for history in report.histories:
        if claim is not None:
            found = history.names()
            report.expect(claim in found, "proof file", "claim", claim, ", ".join(found))
        if state is not None:
            expected = f"{state}, or the end is cut off"
            report.expect(history.state() == state, "proof file", "state", expected, history.state())
        if checkpoint is not None:
            _check_age(history.checkpoint, checkpoint, policy, report)


def _check_age(own: Checkpoint, note: bytes, policy: Policy, report: Report) -> None:
    try:
        given = policy.checkpoint(note)
    except Broken as error:
        report.add("the checkpoint that was given", error)
        return
    older = f"at least {given.size} entries, as the checkpoint that was given has"
    report.expect(own.size >= given.size, "proof file", "size", older, f"{own.size}: it is older than that")
    if own.size == given.size:
        report.expect(own.root == given.root, "proof file", "root", given.root.hex(), own.root)


def _check_frame(value: Any, policy: Policy) -> None:
    names = {"format", "origin", "stream", "checkpoint", "entries"}
    _expect(isinstance(value, dict) and value.keys() == names, "form", ", ".join(sorted(names)), value)
    _expect(value["format"] == CLAIM_PROOF, "format", CLAIM_PROOF, value["format"])
    _expect(value["origin"] == policy.origin, "origin", policy.origin, value["origin"])
    _expect(isinstance(value["checkpoint"], str), "checkpoint", "a signed note", value["checkpoint"])
    _expect(isinstance(value["entries"], list) and value["entries"], "entries", "at least one", value["entries"])


def _read_proof_entry(item: Any) -> tuple[Entry, bytes]:
    names = {"index", "leaf", "proof", "disclosures"}
    _expect(isinstance(item, dict) and item.keys() == names, "form", ", ".join(sorted(names)), item)
    _expect(_is_integer(item["index"]), "index", "an integer from 0", item["index"])
    _expect(isinstance(item["proof"], list), "proof", "a list of hashes", item["proof"])
    leaf = read_base64(item["leaf"], "leaf")
    return read_entry(leaf), leaf_hash(leaf)


_WITHHELD = {"index", "leaf_hash", "proof"}


def _check_withheld(item: Any, before: int, checkpoint: Checkpoint) -> bytes:
    """The hash of an entry whose reader may not know what it says: it stands in the log at its index."""
    _expect(_is_integer(item["index"]), "index", "an integer from 0", item["index"])
    _expect(isinstance(item["proof"], list), "proof", "a list of hashes", item["proof"])
    _expect(_matches(_HASH, item["leaf_hash"]), "leaf_hash", "64 hexadecimal digits", item["leaf_hash"])
    hashed = bytes.fromhex(item["leaf_hash"])
    _check_proof_entry(item, hashed, before, checkpoint)
    return hashed


def _check_proof_entry(item: Any, hashed: bytes, before: int, checkpoint: Checkpoint) -> None:
    _expect(item["index"] > before, "index", f"above {before}", item["index"])
    proof = [read_base64(part, "proof", 32) for part in item["proof"]]
    check_inclusion(hashed, item["index"], checkpoint.size, checkpoint.root, proof)


def _check_proof_disclosures(entry: Entry, disclosures: Any) -> int:
    missing = sorted(entry.c.keys() - disclosures.keys()) if isinstance(disclosures, dict) else []
    _expect(not missing, "disclosures", "a value or null for every committed field", missing)
    return check_disclosures(entry, disclosures)


class TlogProof(NamedTuple):
    """A C2SP tlog-proof: the checkpoint's signed note, a leaf's index and its hashes; `extra` proves nothing."""

    leaf_index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def read_tlog_proof(data: bytes) -> TlogProof:
    """The parts of a tlog-proof; Broken where it is malformed."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError:
        raise Broken("tlog-proof", "UTF-8", "other bytes") from None
    _expect(blank and lines.pop(0) == TLOG_PROOF, "tlog-proof", TLOG_PROOF, head[:60])
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = read_base64(lines.pop(0).removeprefix("extra "), "extra")
    _expect(lines and lines[0].startswith("index "), "tlog-proof", "a line with the index", lines[:1])
    index = _decimal(lines.pop(0).removeprefix("index "), "index")
    return TlogProof(index, tuple(read_base64(line, "proof", 32) for line in lines), checkpoint, extra)


def check_tlog_proof(data: bytes, policy: Policy) -> Report:
    """Whether the leaf that a tlog-proof carries as its extra data stands in the log."""
    report = Report()
    try:
        proof = read_tlog_proof(data)
        checkpoint = policy.checkpoint(proof.checkpoint)
        _expect(proof.extra is not None, "extra", "the leaf's bytes", None)
        leaf = proof.extra or b""
        entry = read_entry(leaf)
        check_inclusion(leaf_hash(leaf), proof.leaf_index, checkpoint.size, checkpoint.root, proof.hashes)
        proven = ProvenEntry(proof.leaf_index, leaf_hash(leaf), entry)
        report.histories.append(History(None, proof.checkpoint, checkpoint, (proven,)))
        report.count("entries")
    except Broken as error:
        report.add("proof file", error)
    return report


# Section 8: the whole log

Read = Callable[[str], bytes | None]
"""Gives the bytes of a path of the export ('tile/0/000'), or None where it has none."""


class TileLevels:
    """The tree over leaf hashes that come tile by tile; every stored tile above is compared with it."""

    def __init__(self, read: Read | None, report: Report) -> None:
        self._read, self._report = read, report  # without a reader nothing is compared
        self._rows: list[list[bytes]] = []  # of each level the hashes of the tile that is not full yet
        self._tiles: list[int] = []  # of each level the tiles that were full

    def add(self, hashed: bytes, level: int = 1) -> None:
        """Takes the root of the next full tile of the level below."""
        if len(self._rows) < level:
            self._rows.append([])
            self._tiles.append(0)
        row = self._rows[level - 1]
        row.append(hashed)
        if len(row) == TILE_WIDTH:
            self._compare(level)
            self._tiles[level - 1] += 1
            self._rows[level - 1] = []
            self.add(root_hash(row), level + 1)

    def root(self, rest: Sequence[bytes]) -> bytes:
        """The root of the whole tree, whose last leaf hashes are `rest` (less than a tile); compares partial tiles."""
        below = list(rest)
        for level, row in enumerate(self._rows, 1):
            if row:
                self._compare(level)
            # Full subtrees of this level, and to the right of them the root of what is left below.
            below = [*row, root_hash(below)] if below else list(row)
        return root_hash(below)

    def _compare(self, level: int) -> None:
        if self._read is None:
            return
        row, number = self._rows[level - 1], self._tiles[level - 1]
        path = tile_path(level, number, len(row))
        stored = read_hashes(self._read, level, number, len(row), self._report)
        for place, (wanted, found) in enumerate(zip(row, stored or [], strict=False)):
            self._report.expect(wanted == found, path, f"hash {place}", wanted.hex(), found)


def read_tile(read: Read, level: int | str, number: int, width: int) -> bytes | None:
    """A tile's bytes; of a partial one that is gone, those of the full one. None where neither is there."""
    data = read(tile_path(level, number, width))
    return read(tile_path(level, number)) if data is None and width < TILE_WIDTH else data


def read_hashes(read: Read, level: int, number: int, width: int, report: Report) -> list[bytes] | None:
    """The first `width` hashes of a tile; a finding, and None, where it is missing or too short."""
    path = tile_path(level, number, width)
    data = read_tile(read, level, number, width)
    if data is None:
        report.expect(False, path, "tile", f"{width} hashes", "no such file")
        return None
    full = len(data) == TILE_WIDTH * 32
    if len(data) != width * 32 and not full:
        report.expect(False, path, "tile", f"{width * 32} bytes", str(len(data)))
        return None
    return [data[at : at + 32] for at in range(0, width * 32, 32)]


class Walk(NamedTuple):
    """What an audit gives to whoever looks further: an entry, its place and its leaf hash."""

    leaf_index: int
    entry: Entry
    leaf_hash: bytes


def audit(
    read: Read,
    policy: Policy,
    receipts: Mapping[str, bytes] | None = None,
    each: Callable[[Walk], None] | None = None,
    times_from: int = 0,
) -> Report:
    """Whether the whole log of an export is what its signed checkpoint says, its streams whole, its times in order.

    `receipts`: signed receipts by name; a leaf that one promises and that is missing is a finding. `each` is called
    with every entry that can be read. Times are compared from the index `times_from` on. Memory grows with the
    streams, not with the entries.
    """
    report = Report()
    note = read("checkpoint")
    if note is None:
        raise Unusable("the export has no checkpoint")
    try:
        checkpoint = policy.checkpoint(note)
    except Broken as error:
        report.add("checkpoint", error)
        return report
    promised = _read_receipts(receipts or {}, policy, report)
    streams, times, levels, rest = Streams(), Times(times_from), TileLevels(read, report), list[bytes]()
    for first in range(0, checkpoint.size, TILE_WIDTH):
        width = min(TILE_WIDTH, checkpoint.size - first)
        leaves, rest = _read_leaves(read, first, width, report)
        _audit_leaves(first, leaves, (streams, times), read, policy.origin, report, each)
        promised = {hashed: receipt for hashed, receipt in promised.items() if hashed not in rest} if promised else {}
        if len(rest) == TILE_WIDTH:
            levels.add(root_hash(rest))
            rest = []
    root = levels.root(rest)
    report.expect(root == checkpoint.root, "checkpoint", "root", checkpoint.root.hex(), root)
    _check_promises(promised, times.latest, report)
    times.count(report)
    report.count("entries", checkpoint.size)
    report.count("streams", len(streams.last))
    return report


def _read_leaves(read: Read, first: int, width: int, report: Report) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The leaves of one bundle with their hashes, and the hashes of the tile beside it, after comparing both."""
    number = first // TILE_WIDTH
    path = tile_path("entries", number, width)
    hashes = read_hashes(read, 0, number, width, report)
    data = read_tile(read, "entries", number, width)
    leaves: list[tuple[bytes, bytes]] = []
    if data is None:
        report.expect(False, path, "bundle", f"{width} leaves", "no such file")
    else:
        try:
            found = read_bundle(data)
            leaves = [(leaf, leaf_hash(leaf)) for leaf in (found[:width] if len(found) == TILE_WIDTH else found)]
        except Broken as error:
            report.add(path, error)
    own = [hashed for _, hashed in leaves]
    if hashes is None:
        report.expect(len(own) == width, path, "bundle", f"{width} leaves", str(len(own)))
        return leaves, own
    if data is not None and own != hashes:
        _name_differences(first, hashes, own, report)
    return leaves, hashes


def _name_differences(first: int, wanted: list[bytes], found: list[bytes], report: Report) -> None:
    """One finding for each run of leaves that are not those of the tile: missing, added, or others."""
    matcher = difflib.SequenceMatcher(None, wanted, found, autojunk=False)
    for what, start, end, found_start, found_end in matcher.get_opcodes():
        if what == "equal":
            continue
        for at in range(max(end - start, found_end - found_start)):
            place, other = start + at, found_start + at
            where = f"entry {first + min(place, end)}"
            expected = f"the leaf hash {wanted[place].hex()}" if place < end else "no entry before it"
            report.expect(False, where, "leaf", expected, found[other].hex() if other < found_end else "no such leaf")


def _audit_leaves(
    first: int,
    leaves: list[tuple[bytes, bytes]],
    followed: tuple[Streams, Times],
    read: Read,
    origin: str,
    report: Report,
    each: Callable[[Walk], None] | None,
) -> None:
    """Checks the entries of one bundle."""
    (streams, times), disclosures = followed, _read_disclosures(read, first // TILE_WIDTH, report)
    for index, (leaf, hashed) in enumerate(leaves, first):
        try:
            entry = read_entry(leaf)
        except Broken as error:
            report.add(f"entry {index}", error)
            continue
        streams.follow(index, entry, hashed, report)
        times.follow(index, entry, report)
        if entry.stream == KEYS and entry.kind == KEY_ROTATED:
            _audit_rotation(name_entry(index, entry), entry, origin, report)
        if disclosures and str(index) in disclosures:
            _audit_disclosures(name_entry(index, entry), entry, disclosures.pop(str(index)), report)
        if each:
            each(Walk(index, entry, hashed))
    for index_text in disclosures:
        report.expect(False, f"disclosures of entry {index_text}", "entry", "one of the bundle", "none")


def _audit_rotation(where: str, entry: Entry, origin: str, report: Report) -> None:
    try:
        is_signed = check_rotation(entry, origin)
    except Broken as error:
        report.add(where, error)
    else:
        report.count("keys that the one before signed" if is_signed else "keys that the one before did not sign")


def _audit_disclosures(where: str, entry: Entry, disclosures: object, report: Report) -> None:
    try:
        report.count("fields not disclosed", check_disclosures(entry, disclosures))
    except Broken as error:
        report.add(where, error)


def disclosures_path(number: int) -> str:
    """'disclosures/x001/067.json': where an export keeps the disclosures of an entry bundle."""
    return tile_path("entries", number).replace("tile/entries", "disclosures") + ".json"


def _read_disclosures(read: Read, number: int, report: Report) -> dict[str, Any]:
    path = disclosures_path(number)
    data = read(path)
    if data is None:
        return {}
    try:
        value = read_canonical(data)
    except ValueError as error:
        report.add(path, Broken("form", "canonical JSON", str(error)))
        return {}
    if not isinstance(value, dict):
        report.add(path, Broken("form", "an object", _shown(value)))
        return {}
    return value


def _read_receipts(receipts: Mapping[str, bytes], policy: Policy, report: Report) -> dict[bytes, tuple[str, Receipt]]:
    promised: dict[bytes, tuple[str, Receipt]] = {}
    for name, note in _each_receipt(receipts):
        try:
            receipt = policy.receipt(note)
        except Broken as error:
            report.add(f"receipt {name}", error)
        else:
            # Of two of one leaf the one that is due first counts.
            if receipt.leaf_hash not in promised or _due(receipt) < _due(promised[receipt.leaf_hash][1]):
                promised[receipt.leaf_hash] = (name, receipt)
            report.count("receipts")
    return promised


def _each_receipt(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The receipts of these files; those of a file that has several are numbered from 1."""
    for name, data in files.items():
        notes = split_receipts(data)
        yield from zip(
            [name] if len(notes) == 1 else [f"{name} {n}" for n in range(1, len(notes) + 1)], notes, strict=True
        )


def _due(receipt: Receipt) -> datetime:
    """When a promised leaf has to be in the log; the end of time for what lies beyond it."""
    try:
        return read_time(receipt.at) + timedelta(seconds=receipt.longest_delay)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _check_promises(promised: Mapping[bytes, tuple[str, Receipt]], latest: str, report: Report) -> None:
    """A promised leaf that is missing is a finding once the log has entries from after the promise ran out."""
    for hashed, (name, receipt) in promised.items():
        due = _due(receipt)
        if latest and read_time(latest) > due:
            report.expect(False, f"receipt {name}", "leaf", f"{hashed.hex()} in the log", "no such leaf")
        else:
            report.count("receipts not due yet")


def monitor(old: bytes, new: bytes, read: Read, policy: Policy) -> Report:
    """Whether the log of one checkpoint is the beginning of that of the other, by the export's leaf hashes."""
    report, checkpoints = Report(), []
    for name, note in (("old checkpoint", old), ("new checkpoint", new)):
        try:
            checkpoints.append(policy.checkpoint(note))
        except Broken as error:
            report.add(name, error)
    if len(checkpoints) < 2:
        return report
    first, second = checkpoints
    report.expect(first.size <= second.size, "new checkpoint", "size", f"at least {first.size}", second.size)
    for name, checkpoint in (("old checkpoint", first), ("new checkpoint", second)):
        found = root_of_export(read, checkpoint.size, max(first.size, second.size), report)
        if found is not None:
            report.expect(found == checkpoint.root, name, "root", checkpoint.root.hex(), found)
    report.count("entries", second.size)
    return report


def root_of_export(read: Read, size: int, exported: int, report: Report) -> bytes | None:
    """The root over the first `size` of an export's `exported` leaf hashes; None, and a finding, without a tile."""
    levels, rest = TileLevels(None, report), list[bytes]()
    for first in range(0, size, TILE_WIDTH):
        hashes = read_hashes(read, 0, first // TILE_WIDTH, min(TILE_WIDTH, exported - first), report)
        if hashes is None:
            return None
        rest = hashes[: size - first]
        if len(rest) == TILE_WIDTH:
            levels.add(root_hash(rest))
            rest = []
    return levels.root(rest)


# Section 9: replay


class Standing:
    """Every claim's state as its entries tell it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.states: dict[str, str | None] = {}
        self.references: dict[str, str] = {}

    def take(self, walk: Walk) -> None:
        """Follows one entry: a claim's reference, a change of its state."""
        entry = walk.entry
        if not entry.stream.startswith("claim:"):
            return
        self.states.setdefault(entry.stream, None)
        if isinstance(reference := entry.body.get("reference"), str):
            other = self.references.setdefault(reference, entry.stream)
            if other != entry.stream:
                where = name_entry(walk.leaf_index, entry)
                self._report.expect(False, where, "body.reference", f"{reference} only in {other}", reference)
        if entry.kind == STATUS_CHANGED:
            self._move(walk)

    def _move(self, walk: Walk) -> None:
        stream, body = walk.entry.stream, walk.entry.body
        state, before, after = self.states[stream], body.get("from"), body.get("to")
        self.states[stream] = after if isinstance(after, str) else None
        self._report.count("status changes")
        legal = (
            (before is None or isinstance(before, str)) and isinstance(after, str) and (before, after) in LEGAL_MOVES
        )
        if before == state and legal:
            return
        where = name_entry(walk.leaf_index, walk.entry)
        self._report.expect(before == state, where, "body.from", _plain(state), before)
        self._report.expect(legal, where, "body.to", f"a legal move from {_plain(before)}", after)


def replay(
    read: Read, policy: Policy, claims: Iterable[Mapping[str, Any]] | None = None, times_from: int = 0
) -> Report:
    """An audit that also follows every claim's moves; `claims` is what the API says: reference and state of each."""
    moves = Report()
    standing = Standing(moves)
    report = audit(read, policy, each=standing.take, times_from=times_from)
    for claim in claims or ():
        reference, state = claim.get("reference"), claim.get("state")
        stream = standing.references.get(str(reference))
        where = f"claim {reference}"
        if stream is None:
            moves.expect(False, where, "reference", "a claim of the ledger", "no entry that names it")
            continue
        moves.expect(standing.states[stream] == state, where, "state", _plain(standing.states[stream]), state)
        moves.count("claims compared")
    report.findings += moves.findings
    report.counts |= {"claims": len(standing.states), **moves.counts}
    return report


def read_claims(data: bytes) -> list[dict[str, Any]]:
    """Claims as the API lists them: an array, {"results": […]}, or one object a line. Unusable where it is neither."""
    try:
        try:
            value = json.loads(data)
        except json.JSONDecodeError:
            value = [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError as error:
        raise Unusable(f"the claims: {error}") from None
    if isinstance(value, dict):
        value = value.get("results", [value])
    if not isinstance(value, list) or not all(isinstance(claim, dict) for claim in value):
        raise Unusable("the claims: neither a list of objects nor one object a line")
    return value


# Section 10: bundles

_PATH = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*", re.ASCII)
_FIRST_OF_FILE, _FIRST_OF_DIRECTORY = b"PK\3\4", b"PK\1\2"
_HEAD = struct.Struct("<4s5H3I2H")
_DIRECTORY_LINE = struct.Struct("<4s6H3I5H2I")
_DAY = 0x21  # 1 January 1980, the first that a zip knows: what is in a bundle decides each of its bytes
_BEYOND_32 = 0xFFFFFFFF
PIECE = 2**20


def zip_head(name: str, size: int, crc: int) -> bytes:
    """What stands before a file of a bundle: a zip's local header, nothing compressed, sizes known beforehand."""
    return _HEAD.pack(_FIRST_OF_FILE, 20, 0, 0, 0, _DAY, crc, size, size, len(name), 0) + name.encode("ascii")


def zip_directory(files: Iterable[tuple[str, int, int]]) -> bytes:
    """What stands after the last file of a bundle: the zip's central directory and end, for names, sizes and CRCs."""
    lines, offset, count = bytearray(), 0, 0
    for name, size, crc in files:
        extra = struct.pack("<2HQ", 1, 8, offset) if offset >= _BEYOND_32 else b""
        lines += _DIRECTORY_LINE.pack(
            *(_FIRST_OF_DIRECTORY, 0x314, 45 if extra else 20, 0, 0, 0, _DAY, crc, size, size, len(name), len(extra)),
            *(0, 0, 0, 0o100644 << 16, min(offset, _BEYOND_32)),
        )
        lines += name.encode("ascii") + extra
        offset, count = offset + len(zip_head(name, size, crc)) + size, count + 1
    numbers = (count, len(lines), offset)
    end = b""
    if count >= 0xFFFF or offset >= _BEYOND_32:
        end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, *numbers)
        end += struct.pack("<4sIQI", b"PK\6\7", 0, offset + len(lines), 1)
    short = [min(count, 0xFFFF), min(count, 0xFFFF), len(lines), min(offset, _BEYOND_32)]
    return bytes(lines) + end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *short, 0)


class Member(NamedTuple):
    """One file of a bundle; `pieces` gives its bytes, once."""

    path: str
    size: int
    pieces: Iterator[bytes]


class ZippedBundle:
    """A bundle in the one spelling that section 10 gives it, read from front to back: each byte of it counts.

    `whole` is False once something was found after which no further file can be told.
    """

    def __init__(self, file: BinaryIO, report: Report) -> None:
        self._file, self._report, self.whole = file, report, True
        self._read: list[tuple[str, int, int]] = []

    def __iter__(self) -> Iterator[Member]:
        head = self._file.read(_HEAD.size)
        while head.startswith(_FIRST_OF_FILE):
            (*_before, crc, size, _size, name_length, _extra) = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
            name = self._file.read(name_length).decode("ascii", "replace")
            if not self._is_head(head, name, size, crc):
                return
            yield Member(name, size, self._pieces(name, size, crc))
            if not self.whole:
                return
            self._read.append((name, size, crc))
            head = self._file.read(_HEAD.size)
        self._check_end(head)

    def _after(self) -> str:
        return f"bundle, after {self._read[-1][0]}" if self._read else "bundle, its beginning"

    def _is_head(self, head: bytes, name: str, size: int, crc: int) -> bool:
        self.whole = bool(_PATH.fullmatch(name)) and head + name.encode() == zip_head(name, size, crc)
        found = name if len(head) == _HEAD.size else f"{len(head)} bytes"
        self._report.expect(self.whole, self._after(), "file", "the head of a file as section 10 has it", _shown(found))
        return self.whole

    def _pieces(self, name: str, size: int, crc: int) -> Iterator[bytes]:
        left, computed = size, 0
        while left and (piece := self._file.read(min(left, PIECE))):
            left, computed = left - len(piece), zlib.crc32(piece, computed)
            yield piece
        self.whole = not left
        self._report.expect(not left, name, "size", f"{size} bytes", f"{size - left}, where the bundle is cut off")
        if not left:
            self._report.expect(computed == crc, name, "CRC-32", f"{crc:08x}", f"{computed:08x}")

    def _check_end(self, head: bytes) -> None:
        if not self._read:
            self._is_head(head, "", 0, 0)
            return
        expected = zip_directory(self._read)
        found = head + self._file.read(len(expected) + 1)
        if found != expected:
            self.whole = False
            at = next((at for at, both in enumerate(zip(found, expected, strict=False)) if both[0] != both[1]), None)
            what = f"another byte at {at}" if at is not None else f"{min(len(found), len(expected) + 1)} bytes"
            what = "nothing: the bundle is cut off" if not found else what
            self._report.expect(False, self._after(), "directory", f"{len(expected)} bytes as section 10 has it", what)


def folder_members(folder: Path, report: Report) -> Iterator[Member]:
    """The files of a bundle that was unpacked into a folder, by name; links are findings and are not followed."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            report.expect(False, name, "file", "a plain file", "a link, or no file")
        elif path.is_file():
            yield Member(name, path.stat().st_size, _pieces_of(path))


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


class BundleNote(NamedTuple):
    """What the desk's server signs of a bundle: whose log, which claim, the manifest's SHA-256, when it was made."""

    origin: str
    reference: str
    digest: bytes
    at: str


def read_bundle_note(text: str) -> BundleNote:
    """What the note of a bundle says; Broken where it is none."""
    lines = text.split("\n")
    _expect(len(lines) == 6 and lines[0] == BUNDLE and lines[5] == "", "note", f"{BUNDLE} and 4 lines", text[:60])
    origin, reference, digest, at = lines[1:5]
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", "UTC with milliseconds", _shown(at)) from None
    return BundleNote(origin, reference, read_base64(digest, "digest", 32), at)


class _Found(NamedTuple):
    size: int
    digest: str


class _Proven(NamedTuple):
    """An entry of one of the bundle's proofs."""

    path: str
    leaf_index: int
    entry: Entry
    disclosures: dict[str, Any]


def check_bundle(members: Iterable[Member], policy: Policy, report: Report) -> Report:
    """Whether an evidence bundle holds: the manifest is signed by one of the receipt keys, each file is what it says,
    each proof holds against the bundle's checkpoint, and history and files are what their entries disclose.

    The policy is the reader's own; the one inside a bundle proves nothing.
    """
    found, kept = _take_in(members, report)
    manifest = _bundle_manifest(kept.get(MANIFEST), report)
    if manifest is None:
        return report
    _check_note(kept, found, manifest, policy, report)
    is_whole = not isinstance(members, ZippedBundle) or members.whole
    _check_files(found, manifest, report, is_whole=is_whole)
    if not is_whole:
        report.count(
            "files that were not reached", len(manifest["files"]) - len(found.keys() - {MANIFEST, MANIFEST_NOTE})
        )
        return report
    proven = _bundle_proofs(kept, manifest, policy, report)
    claim = [one for one in proven if one.path == CLAIM_PROOF_PATH]
    named = manifest["reference"] in [one.entry.body.get("reference") for one in claim]
    report.expect(named or not claim, CLAIM_PROOF_PATH, "reference", f"an entry of {manifest['reference']}", "none")
    if claim and HISTORY in kept:
        _check_history(kept[HISTORY], claim, report)
    _check_kept_files(manifest, proven, report)
    report.count("files", len(manifest["files"]))
    return report


def _take_in(members: Iterable[Member], report: Report) -> tuple[dict[str, _Found], dict[str, bytes]]:
    """Every file's size and digest, and the bytes of those that are read further."""
    found: dict[str, _Found] = {}
    kept: dict[str, bytes] = {}
    for path, declared, pieces in members:
        digest, size, held = hashlib.sha256(), 0, bytearray()
        is_read = path in (MANIFEST, MANIFEST_NOTE, HISTORY, "checkpoint") or path.startswith("proofs/")
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if is_read and size <= LARGEST_READ:
                held += piece
        if size != declared:  # cut off: that was said where it was read
            continue
        if path in found:
            report.expect(False, path, "file", "once", "a second one of this name")
            continue
        found[path] = _Found(size, digest.hexdigest())
        report.expect(not is_read or size <= LARGEST_READ, path, "size", f"at most {LARGEST_READ}", size)
        if is_read:
            kept[path] = bytes(held)
    return found, kept


_MANIFEST_NAMES = {"format", "origin", "reference", "stream", "for", "at", "later", "withheld", "files"}


def _bundle_manifest(data: bytes | None, report: Report) -> dict[str, Any] | None:
    if data is None:
        report.expect(False, MANIFEST, "file", "the manifest of a bundle", "no such file")
        return None
    try:
        value = read_canonical(data)
        _expect(isinstance(value, dict) and value.keys() == _MANIFEST_NAMES, "form", "the fields of section 10", value)
        _expect(value["format"] == BUNDLE, "format", BUNDLE, value["format"])
        _expect(isinstance(value["files"], list), "files", "a list", value["files"])
        for file in value["files"]:
            _check_manifest_file(file)
        paths = [file["path"] for file in value["files"]]
        _expect(len(set(paths)) == len(paths), "files", "each path once", "one twice")
    except Broken as error:
        report.add(MANIFEST, error)
        return None
    except ValueError as error:
        report.add(MANIFEST, Broken("form", "canonical JSON", str(error)))
        return None
    return value  # type: ignore[no-any-return]  # looked at above


def _check_manifest_file(file: Any) -> None:
    of_all, of_kept = {"path", "sha256", "size", "what"}, {"attachment", "source", "name", "media_type", "proof"}
    _expect(isinstance(file, dict) and file.keys() in (of_all, of_all | of_kept), "files", "what section 10 has", file)
    _expect(_matches(_PATH, file["path"]), "files", "a path of small letters, digits, - . _ and /", file["path"])
    _expect(_matches(_HASH, file["sha256"]) and _is_integer(file["size"]), "files", "a digest and a size", file)


def _check_note(
    kept: Mapping[str, bytes],
    found: Mapping[str, _Found],
    manifest: Mapping[str, Any],
    policy: Policy,
    report: Report,
) -> None:
    if MANIFEST_NOTE not in kept:
        report.expect(False, MANIFEST_NOTE, "file", "the signed note of the manifest", "no such file")
        return
    try:
        note = read_bundle_note(open_note(kept[MANIFEST_NOTE], policy.receipt_keys))
    except Broken as error:
        report.add(MANIFEST_NOTE, error)
        return
    digest = found[MANIFEST].digest
    report.expect(note.digest.hex() == digest, MANIFEST, "sha256", f"{note.digest.hex()}, which was signed", digest)
    report.expect(note.origin == policy.origin, MANIFEST_NOTE, "origin", policy.origin, note.origin)
    for name, signed in (("origin", note.origin), ("reference", note.reference), ("at", note.at)):
        report.expect(manifest[name] == signed, MANIFEST, name, f"{signed}, which was signed", manifest[name])


def _check_files(found: Mapping[str, _Found], manifest: Mapping[str, Any], report: Report, *, is_whole: bool) -> None:
    named = {file["path"]: file for file in manifest["files"]}
    for path, file in named.items():
        if path not in found:
            report.expect(not is_whole, path, "file", f"one of {file['size']} bytes", "no such file")
        elif found[path].size != file["size"]:
            report.expect(False, path, "size", str(file["size"]), found[path].size)
        else:
            report.expect(found[path].digest == file["sha256"], path, "sha256", file["sha256"], found[path].digest)
    for path in found.keys() - named.keys() - {MANIFEST, MANIFEST_NOTE}:
        report.expect(False, path, "file", "one that the manifest names", "one more")
    for path in ("checkpoint", HISTORY, CLAIM_PROOF_PATH):
        report.expect(path in named, MANIFEST, "files", path, "no such path")


def _bundle_proofs(
    kept: Mapping[str, bytes], manifest: Mapping[str, Any], policy: Policy, report: Report
) -> list[_Proven]:
    """The entries of all proofs that hold against the bundle's one checkpoint."""
    checkpoint = kept.get("checkpoint", b"")
    try:
        policy.checkpoint(checkpoint)
    except Broken as error:
        report.add("checkpoint", error)
    proven, streams = list[_Proven](), set[str]()
    for path in sorted(path for path in kept if path.startswith("proofs/")):
        of_proof = check_claim_proof(kept[path], policy)
        report.findings += [found._replace(where=f"{path}: {found.where}") for found in of_proof.findings]
        for word, number in of_proof.counts.items():
            report.count(word, number)
        if of_proof.findings:
            continue
        report.histories += of_proof.histories
        value = read_canonical(kept[path])
        same = value["checkpoint"].encode() == checkpoint
        report.expect(same, path, "checkpoint", "that of the bundle", value["checkpoint"])
        report.expect(value["stream"] not in streams, path, "stream", "one without a proof yet", value["stream"])
        streams.add(value["stream"])
        if path == CLAIM_PROOF_PATH:
            report.expect(value["stream"] == manifest["stream"], path, "stream", manifest["stream"], value["stream"])
        for item in value["entries"]:
            if item.keys() == _WITHHELD:
                continue
            entry = read_entry(base64.b64decode(item["leaf"]))
            proven.append(_Proven(path, item["index"], entry, item["disclosures"]))
    return proven


def _check_history(data: bytes, claim: Sequence[_Proven], report: Report) -> None:
    """The status changes of the history, against their entries: what is open in these, and what is disclosed."""
    try:
        changes = read_canonical(data)["changes"]
        _expect(isinstance(changes, list), "changes", "a list", changes)
    except Broken as error:
        report.add(HISTORY, error)
        return
    except (ValueError, KeyError, TypeError) as error:
        report.add(HISTORY, Broken("form", "canonical JSON with changes", str(error)))
        return
    recorded = [one for one in claim if one.entry.kind == STATUS_CHANGED]
    report.expect(len(changes) == len(recorded), HISTORY, "changes", str(len(recorded)), len(changes))
    for number, (change, one) in enumerate(zip(changes, recorded, strict=False), 1):
        said = change if isinstance(change, dict) else {}
        for name in ("number", "from", "to", "happened_at", "stance", "independence", "threshold"):
            _compare(number, name, one.entry.body.get(name), said.get(name), one, report)
        for name in ("by", "decided_by", "reason", "decision_reason", "graph_digest"):
            if one.disclosures.get(name) is not None:
                _compare(number, name, one.disclosures[name]["value"], said.get(name), one, report)
    report.count("status changes", len(recorded))


def _compare(number: int, name: str, recorded: Any, said: Any, one: _Proven, report: Report) -> None:
    if isinstance(recorded, dict) and isinstance(said, dict) and "id" in recorded:
        recorded, said = recorded["id"], said.get("id")  # a person's name may be another by now
    where = f"{HISTORY}: change {number}"
    report.expect(recorded == said, where, name, f"{_plain(recorded)} (entry {one.leaf_index})", said)


def _check_kept_files(manifest: Mapping[str, Any], proven: Iterable[_Proven], report: Report) -> None:
    """Each attachment's digest and size, against what its entry discloses."""
    entries = {named[0]: (one, named[1]) for one in proven if (named := _kept_file(one))}
    for file in manifest["files"]:
        if "attachment" not in file:
            continue
        one, content = entries.get(file["attachment"], (None, None))
        if file["proof"] is None:
            report.count("files that no entry names")
        elif one is None or one.path != file["proof"]:
            report.expect(False, file["path"], "proof", f"an entry of {file['attachment']} in {file['proof']}", "none")
        elif content is None:
            report.count("files whose digest is not disclosed")
        else:
            for name in ("sha256", "size"):
                expected = f"{_plain(content.get(name))} (entry {one.leaf_index})"
                report.expect(content.get(name) == file[name], file["path"], name, expected, file[name])
            report.count("files as their entries say")


def _kept_file(one: _Proven) -> tuple[str, dict[str, Any] | None] | None:
    """The attachment that an entry keeps, by its id, and what of it is disclosed; None for other entries."""
    kind, body, name = one.entry.kind, one.entry.body, "content"
    if kind == SEALED:
        outer, kinds = one.disclosures.get("content"), one.disclosures.get("kind")
        if outer is None or kinds is None:
            return None
        kind, body, name = kinds["value"], outer["value"]["body"], "content/content"
    if kind not in ("attachment_kept", "capture_kept"):
        return None
    disclosed = one.disclosures.get(name)
    content = disclosed["value"] if disclosed else None
    return str(body.get("attachment")), content if isinstance(content, dict) else None


# Section 12: old against new


class TileTree:
    """The hashes of a log as its tiles have them; each leads up to the root of one checkpoint before it is used.

    Broken where a tile is missing or does not lead there.
    """

    def __init__(self, read: Read, checkpoint: Checkpoint) -> None:
        self._read, self.size, self._tiles = read, checkpoint.size, dict[tuple[int, int], list[bytes]]()
        # Partial tiles, which have no tile above them, are all in this root.
        found = self.root(checkpoint.size)
        _expect(found == checkpoint.root, "root of the tiles", checkpoint.root.hex(), found)

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        below, level = list[bytes](), 0
        while size >> 8 * level:
            number, width = divmod(size >> 8 * level, TILE_WIDTH)
            row = self.hashes(level, number)[:width] if width else []
            # Full subtrees of this level, and to the right of them the root of what is left below.
            below = [*row, root_hash(below)] if below else row
            level += 1
        return root_hash(below)

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index below the size."""
        return self.hashes(0, index // TILE_WIDTH)[index % TILE_WIDTH]

    def find(self, wanted: Iterable[bytes]) -> dict[bytes, int]:
        """The indexes of leaf hashes, as far as they are there. The newest are looked at first."""
        missing, found = set(wanted), dict[bytes, int]()
        for number in reversed(range(-(-self.size // TILE_WIDTH))):
            if not missing:
                break
            hashes = self.hashes(0, number)
            found |= {hashed: number * TILE_WIDTH + at for at, hashed in enumerate(hashes) if hashed in missing}
            missing -= found.keys()
            if len(hashes) == TILE_WIDTH:  # all of a log's leaf hashes would stay in memory
                del self._tiles[0, number]
        return found

    def hashes(self, level: int, number: int) -> list[bytes]:
        """The hashes of one tile."""
        if (level, number) not in self._tiles:
            self._tiles[level, number] = self._load(level, number)
        return self._tiles[level, number]

    def _load(self, level: int, number: int) -> list[bytes]:
        width, report = min(TILE_WIDTH, (self.size >> 8 * level) - number * TILE_WIDTH), Report()
        hashes = read_hashes(self._read, level, number, width, report)
        if hashes is None:
            (missing,) = report.findings
            raise Broken(missing.where, missing.expected, missing.found)
        if width == TILE_WIDTH:
            above, found = self.hashes(level + 1, number // TILE_WIDTH)[number % TILE_WIDTH], root_hash(hashes)
            _expect(found == above, tile_path(level, number), f"{above.hex()}, as the tile above has", found)
        return hashes


class Memory:
    """What somebody saw of one log: files in a folder that are written once, whole, and never changed or deleted.

    `checkpoints/<size>-<root>` and `receipts/<leaf hash>` are the signed notes. `proofs/<SHA-256>.json` says of a proof
    which entries it has, by index and leaf hash, and nothing of what they say. `extended/` names, for a checkpoint, a
    later one that was found to extend it; `found/`, for a receipt, the index of its leaf.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("checkpoints", "proofs", "receipts", "extended", "found"):
            try:
                (folder / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unusable(f"{folder / name}: {error.strerror}") from None

    def files(self, kind: str) -> dict[str, bytes]:
        """What is remembered of one kind, by name. What a crash left half written has no name yet."""
        paths = sorted(path for path in (self.folder / kind).iterdir() if not path.name.startswith("."))
        return {path.name: _read_file(path) for path in paths}

    def damaged(self, kind: str, name: str) -> Unusable:
        """What is raised of a file that is not as `keep` left it."""
        return Unusable(f"{self.folder / kind / name} is not as it was written")

    def keep(self, kind: str, name: str, data: bytes) -> None:
        """Remembers it, once: it is on the disk when this returns. Raises Unusable."""
        path = self.folder / kind / name
        if path.exists():
            return
        beside = path.with_name(f".{name}.{os.getpid()}")
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _sync(path.parent)
        except OSError as error:
            raise Unusable(f"{path}: {error.strerror}") from None


def _sync(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def name_checkpoint(checkpoint: Checkpoint) -> str:
    """'000000000600-<root>': how the memory names a checkpoint."""
    return f"{checkpoint.size:012d}-{checkpoint.root.hex()}"


def remember(report: Report, memory: Memory) -> list[str]:
    """Keeps what a proof or bundle that holds has shown; answers the names under which it is kept."""
    names = []
    for history in report.histories:
        entries = [{"index": one.leaf_index, "leaf_hash": one.leaf_hash.hex()} for one in history.entries]
        note = history.note.decode()
        seen = canonical({"format": SEEN, "stream": history.stream, "checkpoint": note, "entries": entries})
        names.append(f"{hashlib.sha256(seen).hexdigest()}.json")
        memory.keep("checkpoints", name_checkpoint(history.checkpoint), history.note)
        memory.keep("proofs", names[-1], seen)
    return names


class _Seen(NamedTuple):
    """What the memory has of one proof. `is_new`: it was handed over just now."""

    stream: str | None
    checkpoint: Checkpoint
    entries: list[tuple[int, bytes]]
    is_new: bool

    def __str__(self) -> str:
        return f"proof of {self.stream or f'entry {self.entries[0][0]}'} as of {self.checkpoint.size} entries"


class Watch:
    """What was seen of a log before, against the log as it is now."""

    def __init__(self, read: Read, policy: Policy, memory: Memory, report: Report, now: datetime | None) -> None:
        """`now`: by which receipts are due; without it the newest entry that `read` has tells."""
        self._read, self._policy, self._memory, self._report, self._now = read, policy, memory, report, now

    def run(self, new_proofs: Collection[str]) -> None:
        """Notes what does not agree. `new_proofs`: of the remembered ones, those that were handed over just now.

        Raises Unusable where the log cannot be read.
        """
        report, memory = self._report, self._memory
        note = self._read("checkpoint")
        if note is None:
            raise Unusable("the log has no checkpoint")
        try:
            newest = self._policy.checkpoint(note)
        except Broken as error:
            report.add("checkpoint", error)
            return
        before = memory.files("checkpoints")
        # Also where it agrees with nothing: two signed checkpoints that do not agree are what proves it.
        memory.keep("checkpoints", name_checkpoint(newest), note)
        seen, receipts = self._proofs(new_proofs), self._receipts()
        report.said["log"] = f"{newest.size} entries of {newest.origin}"
        report.said["remembered"] = f"{len(before)} checkpoints, {len(seen)} proofs, {len(receipts)} receipts"
        try:
            tree = TileTree(self._read, newest)
            self._compare_checkpoints(tree, newest, before)
            self._compare_proofs(tree, seen)
            self._look_for_receipts(tree, receipts, seen)
        except Broken as error:
            report.add("log", error)
        _compare_histories(seen, report)

    def _proofs(self, new: Collection[str]) -> list[_Seen]:
        found = []
        for name, data in self._memory.files("proofs").items():
            try:
                value = read_canonical(data)
                checkpoint = self._policy.checkpoint(value["checkpoint"].encode())
                entries = [(one["index"], bytes.fromhex(one["leaf_hash"])) for one in value["entries"]]
                if not entries or not all(_is_integer(index) for index, _hash in entries):
                    raise ValueError("no indexes")
                found.append(_Seen(value["stream"], checkpoint, entries, name in new))
            except Broken as error:
                self._report.add(f"memory: proofs/{name}", error)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise self._memory.damaged("proofs", name) from None
        return found

    def _receipts(self) -> dict[str, Receipt]:
        found = {}
        for name, note in self._memory.files("receipts").items():
            try:
                found[name] = self._policy.receipt(note)
            except Broken as error:
                self._report.add(f"memory: receipts/{name}", error)
        return found

    def _compare_checkpoints(self, tree: TileTree, newest: Checkpoint, notes: Mapping[str, bytes]) -> None:
        """Whether the log begins with each. One that another extends, which is remembered, holds with that one; where
        any does not agree, all are looked at, so that one sees since when."""
        by = self._memory.files("extended")
        others = {name.encode() for name in notes}
        settled = [name for name in notes if by.get(name, b"") in others - {name.encode()}]
        agree = [self._agrees(tree, newest, name, note) for name, note in notes.items() if name not in settled]
        if not all(agree):
            agree += [self._agrees(tree, newest, name, notes[name]) for name in settled]
        self._report.count("checkpoints", len(notes))

    def _agrees(self, tree: TileTree, newest: Checkpoint, name: str, note: bytes) -> bool:
        try:
            old = self._policy.checkpoint(note)
        except Broken as error:
            self._report.add(f"memory: checkpoints/{name}", error)
            return False
        where = f"checkpoint of {old.size} entries, seen before"
        if old.size > newest.size:
            self._report.expect(False, where, "size", f"at least {old.size} entries in the log", newest.size)
            return False
        found = tree.root(old.size)
        self._report.expect(found == old.root, where, "root", old.root.hex(), found)
        if found == old.root and old.size < newest.size:
            self._memory.keep("extended", name, name_checkpoint(newest).encode())
        return found == old.root

    def _compare_proofs(self, tree: TileTree, seen: Iterable[_Seen]) -> None:
        for proof in seen:
            for index, hashed in proof.entries:
                found = tree.leaf(index) if index < tree.size else None
                self._report.expect(
                    found == hashed, str(proof), f"entry {index}", hashed.hex(), found or "no such entry"
                )
            self._report.count("proofs")
            self._report.count("entries of proofs", len(proof.entries))

    def _look_for_receipts(self, tree: TileTree, receipts: Mapping[str, Receipt], seen: Iterable[_Seen]) -> None:
        """Each promised leaf stands in the log. Where is known from before, or from a proof, or is looked for."""
        report = self._report
        before = {name: self._place(name, data) for name, data in self._memory.files("found").items()}
        places = {hashed.hex(): index for proof in seen for index, hashed in proof.entries} | before
        missing = {
            receipt.leaf_hash: name
            for name, receipt in receipts.items()
            if places.get(name, tree.size) >= tree.size or tree.leaf(places[name]) != receipt.leaf_hash
        }
        found = tree.find(missing)
        for hashed, index in found.items():
            self._memory.keep("found", missing.pop(hashed), str(index).encode())
        report.count("receipts", len(receipts))
        now = self._now or (self._newest_time(tree) if missing else None)
        for hashed, name in missing.items():
            receipt = receipts[name]
            due = _due(receipt)
            if name in before or (now is not None and now > due):
                expected = f"{hashed.hex()} in the log since {_write_time(due)}"
                report.expect(False, f"receipt of {receipt.at}", "leaf", expected, "no such leaf")
            else:
                report.count("receipts not due yet" if now else "receipts not found in a log that tells no time")

    def _place(self, name: str, data: bytes) -> int:
        try:
            return _decimal(data.decode(), "index")
        except ValueError:
            raise self._memory.damaged("found", name) from None

    def _newest_time(self, tree: TileTree) -> datetime | None:
        """The latest time in the last bundle of entries, where one is there: so far goes a copy of a log."""
        if not tree.size:
            return None
        number, last = divmod(tree.size - 1, TILE_WIDTH)
        data = read_tile(self._read, "entries", number, last + 1)
        pairs = zip(read_bundle(data or b""), tree.hashes(0, number), strict=False)
        times = [read_entry(leaf).at for leaf, hashed in pairs if leaf_hash(leaf) == hashed]
        return read_time(max(times)) if times else None


def _compare_histories(seen: Sequence[_Seen], report: Report) -> None:
    """Two proofs of one stream have the same entries, and each has all of them that its checkpoint holds."""
    longest: dict[str | None, _Seen] = {}
    for proof in seen:
        if proof.stream and len(proof.entries) > len(longest.get(proof.stream, proof._replace(entries=[])).entries):
            longest[proof.stream] = proof
    for proof in seen:
        most = longest.get(proof.stream, proof)
        for own, other in zip(proof.entries, most.entries, strict=False):
            expected = f"entry {other[0]} with the hash {other[1].hex()}, as another proof has"
            report.expect(own == other, str(proof), f"entry {own[0]}", expected, own[1])
        rest = most.entries[len(proof.entries) :]
        if rest and rest[0][0] < proof.checkpoint.size and (proof.is_new or most.is_new):
            report.expect(
                False, str(proof), "end", f"entry {rest[0][0]} too, as another proof has", "it is cut off before"
            )


class _SameServer(HTTPRedirectHandler):
    """Follows a redirect to the same server, and from http to https there."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The request to go on with. Raises Unusable for one to another server."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (new.scheme, new.netloc) not in ((old.scheme, old.netloc), ("https", old.hostname)):
            raise Unusable(f"{req.full_url} leads to another server: {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def address_reader(address: str) -> Read:
    """Reads a log that is served at an address, such as https://desk.example.org/ledger, by http or https."""
    base = address.rstrip("/")
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port beyond 65,535
        is_good = None
    if not is_good or parts.query or parts.fragment:
        raise Unusable(f"{address} is no address of a log")
    if not parts.path.strip("/"):
        base += "/ledger"
    opener = build_opener(_SameServer)

    def read(path: str) -> bytes | None:
        request = Request(f"{base}/{path}", headers={"User-Agent": "second-source-verifier"})  # noqa: S310 - as asked above
        end, data = time.monotonic() + LONGEST_ANSWER, bytearray()
        try:
            with opener.open(request, timeout=LONGEST_ANSWER / 3) as answer:
                while piece := answer.read1(2**16):
                    data += piece
                    if len(data) > LARGEST_NOTE or time.monotonic() > end:
                        raise Unusable(f"{base}/{path}: the answer is too long, or takes too long")
        except HTTPError as error:
            if error.code in (404, 410):
                return None
            raise Unusable(f"{base}/{path}: status {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unusable(f"{base}/{path}: {error}") from None
        return bytes(data)

    return read


def watch(
    read: Read, policy: Policy, memory: Memory, files: Iterable[Path] = (), now: datetime | None = None
) -> Report:
    """Whether the log that `read` gives agrees with all that the memory has seen of it and with these files.

    A file is a proof, a tlog-proof, a bundle, a receipt or a checkpoint: checked by itself, remembered where it holds,
    and looked for in the log. `now`: by which receipts are due; without it the newest entry that `read` has tells.
    """
    report, new = Report(), list[str]()
    for path in files:
        of_file = _take_file(path, policy, memory)
        report.findings += [found._replace(where=f"{path.name}: {found.where}") for found in of_file.findings]
        if not of_file.findings:
            new += remember(of_file, memory)
            report.count("files")
    Watch(read, policy, memory, report, now).run(new)
    return report


def _take_file(path: Path, policy: Policy, memory: Memory) -> Report:
    """What a file shows, by itself; a receipt or a checkpoint is kept."""
    head = b"PK" if path.is_dir() else _beginning(path)
    if head.startswith(b"PK"):
        return _run_bundle(path, policy)
    data, report = _read_file(path), Report()
    if head.startswith((b"{", TLOG_PROOF.encode())):
        return _check_proof(data, policy)
    try:
        if head.startswith(f"{RECEIPT}\n".encode()):
            notes = split_receipts(data)
            for name, note in zip([policy.receipt(note).leaf_hash.hex() for note in notes], notes, strict=True):
                memory.keep("receipts", name, note)
        else:
            memory.keep("checkpoints", name_checkpoint(policy.checkpoint(data)), data)
    except Broken as error:
        report.add("note", error)
    return report


# The command


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def folder_reader(folder: Path) -> Read:
    """Reads an export that lies in a folder."""
    if not folder.is_dir():
        raise Unusable(f"{folder} is no folder")

    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise Unusable(f"{folder / path}: {error.strerror}") from None

    return read


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verifier.py", description="Checks a Second Source ledger, offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    proof = commands.add_parser("proof", help="the proof file of one claim, or a tlog-proof that carries its leaf")
    proof.add_argument("file", type=Path)
    proof.add_argument("--claim", metavar="NAME", help="which claim it has to be of: reference, id or stream")
    proof.add_argument("--expect-state", metavar="STATE", help="the state that it has to leave the claim in")
    proof.add_argument("--checkpoint", type=Path, metavar="FILE", help="a checkpoint that it may not be older than")
    for name, text in (("audit", "a whole log"), ("replay", "every claim's state, from the entries")):
        command = commands.add_parser(name, help=text)
        command.add_argument("folder", type=Path, help="the export: checkpoint, tile/…")
        command.add_argument(
            "--times-from", type=int, default=0, metavar="INDEX", help="compare the times of entries from here on"
        )
    commands.choices["audit"].add_argument("--receipt", type=Path, action="append", default=[], metavar="FILE")
    commands.choices["replay"].add_argument("--claims", type=Path, metavar="FILE", help="what the API says of claims")
    bundle = commands.add_parser(
        "bundle", help="an evidence bundle: the zip file, or the folder that it was unpacked to"
    )
    bundle.add_argument("file", type=Path)
    two = commands.add_parser("monitor", help="a checkpoint that one kept against a newer one")
    two.add_argument("old", type=Path)
    two.add_argument("new", type=Path)
    two.add_argument("--export", type=Path, required=True, metavar="FOLDER")
    seen = commands.add_parser("watch", help="what was seen of a log before, and further files, against it as it is")
    seen.add_argument("log", help="an address, such as https://desk.example.org/ledger, or a folder: export or mirror")
    seen.add_argument("files", type=Path, nargs="*", metavar="FILE", help="proofs, bundles, receipts, checkpoints")
    seen.add_argument(
        "--memory", type=Path, required=True, metavar="FOLDER", help="what was seen; made where it is not"
    )
    for command in commands.choices.values():
        command.add_argument("--policy", type=Path, required=True, help="the public keys: JSON")
    return parser


def _run(arguments: argparse.Namespace) -> Report:
    policy = read_policy(_read_file(arguments.policy))
    if arguments.command == "proof":
        report = _check_proof(_read_file(arguments.file), policy)
        checkpoint = _read_file(arguments.checkpoint) if arguments.checkpoint else None
        check_expected(report, policy, arguments.claim, arguments.expect_state, checkpoint)
        return report
    if arguments.command == "bundle":
        return _run_bundle(arguments.file, policy)
    if arguments.command == "watch":
        return _run_watch(arguments, policy)
    if arguments.command == "monitor":
        read = folder_reader(arguments.export)
        return monitor(_read_file(arguments.old), _read_file(arguments.new), read, policy)
    read = folder_reader(arguments.folder)
    if arguments.command == "replay":
        claims = read_claims(_read_file(arguments.claims)) if arguments.claims else None
        return replay(read, policy, claims, arguments.times_from)
    receipts = {path.name: _read_file(path) for path in arguments.receipt}
    return audit(read, policy, receipts, times_from=arguments.times_from)


def _check_proof(data: bytes, policy: Policy) -> Report:
    is_text = data.startswith(TLOG_PROOF.encode())
    return check_tlog_proof(data, policy) if is_text else check_claim_proof(data, policy)


def _run_watch(arguments: argparse.Namespace, policy: Policy) -> Report:
    memory = Memory(arguments.memory)
    if "://" in arguments.log:
        return watch(address_reader(arguments.log), policy, memory, arguments.files, datetime.now(UTC))
    folder = Path(arguments.log)
    inside = folder / "ledger"
    read = folder_reader(inside if (inside / "checkpoint").is_file() else folder)
    return watch(read, policy, memory, arguments.files)


def _run_bundle(path: Path, policy: Policy) -> Report:
    report = Report()
    try:
        if path.is_dir():
            return check_bundle(folder_members(path, report), policy, report)
        with path.open("rb") as file:
            return check_bundle(ZippedBundle(file, report), policy, report)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _lines(report: Report) -> Iterator[str]:
    # What a log says may hold control characters; nothing of it reaches a terminal as such.
    yield from (f"{name}: {_printable(words)}" for name, words in report.said.items())
    yield from (str(finding).encode("unicode_escape").decode() for finding in report.findings)
    looked_at = ", ".join(f"{word}: {number}" for word, number in report.counts.items()) or "nothing"
    verdict = f"{len(report.findings)} findings" if report.findings else "all matches"
    yield f"{verdict} ({looked_at})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its status."""
    try:
        report = _run(_parser().parse_args(arguments))
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a statement may hold what the terminal has no sign for
    sys.stdout.writelines(f"{line}\n" for line in _lines(report))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())

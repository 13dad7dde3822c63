"""Checks a Second Source ledger: what was taken from it, offline, against public keys that one has.

    python verifier.py proof FILE --policy POLICY                      one claim's history
    python verifier.py audit FOLDER --policy POLICY                    a whole log
    python verifier.py export FILE --policy POLICY                     its entries, opened for one reader
    python verifier.py monitor OLD NEW --export FOLDER --policy POLICY one checkpoint against a later one
    python verifier.py replay FOLDER --policy POLICY --claims FILE     every claim's state, from the entries
    python verifier.py bundle FILE --policy POLICY                     an evidence bundle of one claim
    python verifier.py watch LOG --policy POLICY --memory FOLDER       what was seen before against the log as it is
    python verifier.py keys --policy POLICY                            fingerprints, to compare with those in print

This file runs alone: Python 3.11 or later and the package `cryptography`. It follows the written specification,
`ledger.md`, whose sections are named here. Status: 0 all is as it should be, 1 something does not match, 2 the input
cannot be used.
"""

import argparse
import base64
import binascii
import contextlib
import difflib
import hashlib
import hmac
import html
import io
import json
import os
import re
import struct
import sys
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

LARGEST_INTEGER = 2**53 - 1
DEEPEST = 32
LARGEST_LEAF = 65_535
TILE_WIDTH = 256
SALT_LENGTH = 32
ED25519, COSIGNATURE = 1, 4  # signature types of a note's keys (C2SP signed-note, tlog-cosignature)
MOST_SIGNATURES = 100
LARGEST_NOTE = 1_000_000
LATEST_COSIGNATURE = 2**63 - 1  # seconds of POSIX time
MOST_IN_WITNESS_POLICY = 64  # logs, witnesses, groups of each; a note has room for so many cosignatures
LARGEST_WITNESS_POLICY = 100_000
LARGEST_LINE = 2**24  # bytes of a line of an opened export
RECEIPT = "second-source/receipt/v1"
KEY_ROTATION = "second-source/key-rotation/v1"
KEYS, KEY_ROTATED = "log:keys", "key_rotated"  # the stream of the log's own keys, and the kind of its entries
CLAIM_PROOF = "second-source/claim-proof/v1"
CLAIM_PROOF_2 = "second-source/claim-proof/v2"  # v1 and at least one of the members that only some proofs have
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
BUNDLE = "second-source/bundle/v2"
HISTORY_FORMAT = "second-source/history/v2"
SEEN = "second-source/seen/v1"
MANIFEST, MANIFEST_NOTE, HISTORY, UNPROVEN = "manifest.json", "manifest.note", "history.json", "unproven.json"
PAGE, CLAIM_PROOF_PATH, KEYS_PROOF_PATH = "index.html", "proofs/claim.json", "proofs/log-keys.json"
EXPORT, EXPORT_FILE = "second-source/export/v1", "export.jsonl"
LARGEST_SKEW = 300  # seconds by which a reader's clock may be behind
PUBLISHED_LIST = "second-source/published/v1"  # a server's list of published claims
MOST_PAGES = 10_000  # of the list of published claims
LONGEST_DELAY = 60  # seconds from an act to its place in the log, as receipts promise
LONGEST_UNWITNESSED = 3600  # seconds that a checkpoint may wait for its quorum
COSIGNATURES, A_QUORUM = (
    "cosignatures",
    "those of a quorum of witnesses",
)  # part and expected value of a mismatch for missing cosignatures
NOBODY = "nobody"  # in place of names, if no witness cosigned
CHECKPOINT, WITNESSED = "checkpoint", "checkpoint.witnessed"  # the newest checkpoint, and the newest one with a quorum
LONGEST_ANSWER = 60.0  # seconds, for an answer of a log's server
# Limits for a bundle's files held in memory: bytes of one, bytes of all, and JSON values in all.
LARGEST_READ, LARGEST_READ_IN_ALL, MOST_VALUES = 2**25, 2**27, 2**22
STAMPS = "stamps.json"  # in an export: the number of time stamps of each stamped checkpoint
LARGEST_TOKEN = 65_536
MOST_CERTIFICATES = 16  # in a time stamp
MOST_TOKENS = 64  # per checkpoint
NOT_CHECKED = "time stamps not checked, as the policy names no certificates"
SEALED = "sealed"
STATUS_CHANGED = "status_changed"
PUBLISHED, UNPUBLISHED = "claim_published", "claim_unpublished"
REDACTED = "redacted"  # the kind of redaction entries, and the reason for a missing value
WITHHELD = "withheld"  # the other reason for a missing value: not for this reader
KEEPING = ("attachment_kept", "capture_kept")  # the kinds of entries by which files are kept
# The allowed moves between a claim's states; None is before the first.
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

JsonObject = dict[str, Any]  # free-form: bodies, manifests, disclosures; each member is checked where it is read


class Unusable(Exception):
    """The input cannot be read, so that nothing can be said about it."""


class Broken(ValueError):
    """A mismatch: in which part, what was expected, and what was found."""

    def __init__(self, part: str, *, expected: str, found: str) -> None:
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
        _check_text(value, place=place)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{place}: an integer beyond 2^53 - 1")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place}: the key {key!r} is no string")
            _check_text(key, place=f"{place}: a key")
            _check_value(member, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            _check_value(member, f"{place}[{number}]", depth + 1)
    elif value is not None and not isinstance(value, bool):
        raise ValueError(f"{place}: {type(value).__name__} is not allowed")


def _check_text(text: str, *, place: str) -> None:
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
    # Code points sort like UTF-16 code units unless a character is beyond the surrogates.
    if not text.isascii() and max(text) > "\ud7ff":
        text = _UNSORTED.encode(_by_utf16(value))
    return text.encode()


def canonical(value: object) -> bytes:
    """The RFC 8785 bytes of objects, arrays, strings, integers from -(2^53 - 1) to 2^53 - 1, true, false and null.

    Raises ValueError, naming the place, for anything else: a float, a lone surrogate, more than 32 levels.
    """
    _check_value(value, "$", 0)
    return _encode(value)


def read_canonical(data: bytes) -> Any:
    """The value of canonical bytes. Raises ValueError for any others."""
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


class LeafEntry(NamedTuple):
    """A leaf's fields. `prev`: the leaf hash (hex) of the stream's entry before; `c`: commitments (hex) by name."""

    stream: str
    seq: int
    prev: str | None
    kind: str
    at: str
    body: JsonObject
    c: dict[str, str]


_NAMES = {"v", *LeafEntry._fields}
_STREAM = re.compile(r"[a-z][a-z0-9_]*(:[A-Za-z0-9._-]+)+", re.ASCII)
_SEALED_STREAM = re.compile(r"sealed:[0-9a-f]{32}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z", re.ASCII)


def read_time(at: object) -> datetime:
    """The time in '2026-11-22T22:14:03.123Z'. Raises ValueError for any other spelling."""
    if not isinstance(at, str) or not _AT.fullmatch(at):
        raise ValueError("no UTC time with milliseconds")
    return datetime.fromisoformat(at)


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr) if not isinstance(value, bytes) else value.hex()
    return text if len(text) <= 100 else text[:97] + "..."


def _plain(value: object) -> str:
    return value if isinstance(value, str) else _shown(value)


def _expect(holds: object, part: str, *, expected: str, found: object) -> None:
    if not holds:
        raise Broken(part, expected=expected, found=_shown(found))


def read_entry(leaf: bytes) -> LeafEntry:
    """The entry in a leaf. Raises Broken unless the bytes are exactly those of a well-formed entry."""
    if len(leaf) > LARGEST_LEAF:
        raise Broken("leaf", expected=f"at most {LARGEST_LEAF} bytes", found=str(len(leaf)))
    try:
        value = read_canonical(leaf)
    except ValueError as error:
        raise Broken("leaf", expected="canonical JSON", found=str(error)) from None
    _expect(
        isinstance(value, dict) and value.keys() == _NAMES,
        "leaf",
        expected="exactly the fields of version 1",
        found=value,
    )
    version = value.pop("v")
    _expect(version == 1 and version is not True, "v", expected="1", found=version)
    entry = LeafEntry(**value)
    check_entry(entry)
    return entry


def _is_integer(value: object, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def check_entry(entry: LeafEntry) -> None:
    """Raise Broken if a field does not have the form in section 2."""
    stream, seq, prev, kind, at, body, c = entry
    _expect(_matches(_STREAM, stream) and len(stream) <= 255, "stream", expected="a name such as claim:1", found=stream)
    _expect(_is_integer(seq, 1), "seq", expected="an integer from 1", found=seq)
    if seq == 1:
        _expect(prev is None, "prev", expected="null in a stream's first entry", found=prev)
    else:
        _expect(_matches(_HASH, prev), "prev", expected="64 hexadecimal digits", found=prev)
    _expect(_matches(_NAME, kind), "kind", expected="a name of small letters, digits and _", found=kind)
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", expected="UTC with milliseconds", found=_shown(at)) from None
    _expect(isinstance(body, dict), "body", expected="an object", found=body)
    _expect(isinstance(c, dict) and c, "c", expected="at least one commitment", found=c)
    for name, commitment in c.items():
        _expect(_matches(_NAME, name), "c", expected="names of small letters, digits and _", found=name)
        _expect(_matches(_HASH, commitment), f"c.{name}", expected="64 hexadecimal digits", found=commitment)
    if kind == SEALED or stream.startswith("sealed:"):
        _expect(kind == SEALED, "kind", expected="sealed in a sealed stream", found=kind)
        _expect(_SEALED_STREAM.fullmatch(stream), "stream", expected="sealed: and 32 hexadecimal digits", found=stream)
        _expect(not body, "body", expected="nothing in a sealed entry", found=body)
        _expect(c.keys() == {"kind", "content"}, "c", expected="kind and content in a sealed entry", found=sorted(c))


def commitment(salt: bytes, name: str, value: object) -> str:
    """HMAC-SHA256(salt, 'second-source/v1/field' 00 name 00 JCS(value)) in hex. Raises ValueError unless the salt has
    32 bytes."""
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt has {SALT_LENGTH} bytes, not {len(salt)}")
    message = b"second-source/v1/field\0" + name.encode() + b"\0" + canonical(value)
    return hmac.digest(salt, message, "sha256").hex()


def check_disclosures(entry: LeafEntry, disclosures: object) -> int:
    """Check disclosed values against an entry's commitments. Returns the number of undisclosed fields (null, or not
    named).

    `disclosures` is {name: {"salt": base64, "value": …} or null}. The content of a sealed entry is an object with its
    own body and c, whose fields are named 'content/…'. Raises Broken if a value is not the committed one.
    """
    if not isinstance(disclosures, dict):
        raise Broken("disclosures", expected="an object", found=_shown(disclosures))
    inner = _sealed_commitments(disclosures.get("content")) if entry.kind == SEALED else {}
    known = {**entry.c, **{f"content/{name}": committed for name, committed in inner.items()}}
    for name in disclosures:
        _expect(name in known, f"disclosures.{name}", expected="a committed field", found=name)
    for name, committed in known.items():
        if disclosures.get(name) is not None:
            _check_disclosure(name, committed=committed, disclosure=disclosures[name])
    if entry.kind == SEALED and disclosures.get("content"):
        _check_moment_told(disclosures["content"]["value"]["body"], entry.at)
    if entry.kind == SEALED and disclosures.get("kind"):
        kind = disclosures["kind"]["value"]
        _expect(isinstance(kind, str), "disclosures.kind", expected="a text", found=kind)
    return sum(disclosures.get(name) is None for name in known)


def closed_fields(entry: LeafEntry, disclosures: Mapping[str, Any]) -> list[str]:
    """The names that `check_disclosures` counts: undisclosed committed fields, including those of a sealed content."""
    inner = _sealed_commitments(disclosures.get("content")) if entry.kind == SEALED else {}
    return [name for name in (*entry.c, *(f"content/{name}" for name in inner)) if disclosures.get(name) is None]


def _sealed_commitments(disclosure: object) -> dict[str, str]:
    """The commitments inside the content of a sealed entry, if it is disclosed."""
    if not isinstance(disclosure, dict):
        return {}
    part, content = "disclosures.content", disclosure.get("value")
    if not isinstance(content, dict) or content.keys() != {"body", "c"}:
        raise Broken(part, expected="body and c", found=_shown(content))
    body, c = content["body"], content["c"]
    _expect(isinstance(body, dict) and isinstance(c, dict), part, expected="body and c as objects", found=content)
    _expect(c, f"{part}.c", expected="at least one commitment", found=c)
    for name, committed in c.items():
        _expect(_matches(_NAME, name) and _matches(_HASH, committed), part, expected="names and hashes", found=name)
    return dict(c)


def _check_disclosure(name: str, *, committed: str, disclosure: object) -> None:
    part = f"disclosures.{name}"
    if not isinstance(disclosure, dict) or disclosure.keys() != {"salt", "value"}:
        raise Broken(part, expected="salt and value", found=_shown(disclosure))
    salt = read_base64(disclosure["salt"], f"{part}.salt", SALT_LENGTH)
    try:
        computed = commitment(salt, name.removeprefix("content/"), disclosure["value"])
    except ValueError as error:
        raise Broken(part, expected="a value of canonical JSON", found=str(error)) from None
    _expect(computed == committed, part, expected=f"the commitment {committed}", found=computed)


def read_base64(text: object, part: str, length: int | None = None) -> bytes:
    """The bytes of strict standard base64 (padded, no stray bits or spaces). Raises Broken otherwise, or for another
    length."""
    try:
        data = base64.b64decode(text if isinstance(text, str) else "*", validate=True)
    except (binascii.Error, ValueError):
        raise Broken(part, expected="base64", found=_shown(text)) from None
    _expect(base64.b64encode(data).decode() == text, part, expected="base64 in its one spelling", found=text)
    _expect(length is None or len(data) == length, part, expected=f"{length} bytes", found=len(data))
    return data


# Section 3: the tree (RFC 6962, RFC 9162)


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 leaf)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 left right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_hash(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; of none, the SHA-256 of nothing (RFC 9162 2.1.1)."""
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        # The last of an odd number moves up unchanged.
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def root_from_inclusion(leaf: bytes, index: int, *, size: int, proof: Sequence[bytes]) -> bytes:
    """The root to which an inclusion proof leads from a leaf hash (RFC 9162 2.1.3.2).

    Raises Broken if index and size do not fit, or the proof has the wrong length for them.
    """
    _expect(0 <= index < size, "index", expected=f"below the size {size}", found=index)
    node, last, result = index, size - 1, leaf
    for part in proof:
        _expect(last > 0, "proof", expected="fewer hashes", found=len(proof))
        if node & 1 or node == last:
            result = node_hash(part, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, part)
        node, last = node >> 1, last >> 1
    _expect(last == 0, "proof", expected="more hashes", found=len(proof))
    return result


def check_inclusion(leaf: bytes, index: int, *, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise Broken unless the proof leads from the leaf hash at `index` to `root`."""
    found = root_from_inclusion(leaf, index, size=size, proof=proof)
    if found != root:
        raise Broken("proof", expected=f"the root {root.hex()}", found=found.hex())


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise Broken unless the tree of size `new` begins with the tree of size `old` (RFC 9162 2.1.4.2)."""
    _expect(0 <= old <= new, "size", expected=f"at least {old}", found=new)
    if old in (0, new):
        _expect(not proof, "proof", expected="no hashes", found=len(proof))
        _expect(old or old_root == root_hash([]), "old root", expected=root_hash([]).hex(), found=old_root)
        _expect(not old or old_root == new_root, "new root", expected=old_root.hex(), found=new_root)
        return
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    _expect(hashes, "proof", expected="more hashes", found=0)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = hashes[0]
    for part in hashes[1:]:
        _expect(last > 0, "proof", expected="fewer hashes", found=len(proof))
        if node & 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, part)
        node, last = node >> 1, last >> 1
    _expect(last == 0, "proof", expected="more hashes", found=len(proof))
    _expect(first == old_root, "old root", expected=old_root.hex(), found=first)
    _expect(second == new_root, "new root", expected=new_root.hex(), found=second)


# Section 4: tiles (C2SP tlog-tiles)


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """The path of a tile, such as 'tile/0/x001/067.p/5'. `level`: 0 to 63, or 'entries' for a bundle of leaves."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def read_bundle(data: bytes) -> list[bytes]:
    """The leaves of an entry bundle, each after its length (two bytes, big-endian). Raises Broken if a length does not
    fit."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Broken(f"leaf {len(leaves)} of the bundle", expected=f"{at} bytes in all", found=str(len(data)))
        leaves.append(data[start:at])
    return leaves


# Section 5: signed notes, checkpoints, receipts, cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature)


@dataclass(frozen=True)
class VerifierKey:
    """A public key and the name under which it signs. `signs`: a signature type, ED25519 or COSIGNATURE."""

    name: str
    key: bytes
    signs: int = ED25519

    @property
    def id(self) -> bytes:
        """The key's id: the first four bytes of SHA-256(name, newline, signature type, key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.signs]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.signs]) + self.key).decode()}"

    def verifies(self, signature: bytes, *, text: bytes) -> bool:
        """Whether this is the key's signature of a note's text: plain Ed25519, or a cosignature with its time."""
        if self.signs == COSIGNATURE:
            at, signature = cosigned_at(signature), signature[8:]
            if not 0 < at <= LATEST_COSIGNATURE:
                return False
            text = cosigned_text(at, text)
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def cosigned_text(at: int, text: bytes) -> bytes:
    """The bytes that a witness signs for a checkpoint (C2SP tlog-cosignature, Ed25519). `at`: POSIX time in seconds."""
    return f"cosignature/v1\ntime {at}\n".encode() + text


def cosigned_at(signature: bytes) -> int:
    """The time of a cosignature, from its first eight bytes."""
    return int.from_bytes(signature[:8], "big")


def fingerprint(key: VerifierKey) -> str:
    """The fingerprint of a key, for people to compare: the SHA-256 of its text, in hexadecimal, in groups of four
    digits."""
    digits = hashlib.sha256(str(key).encode()).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, 64, 4))


def is_key_name(name: str) -> bool:
    """Whether this is a valid name of a note's key: not empty, without space, plus or characters that notes exclude."""
    return bool(name) and "+" not in name and not any(sign.isspace() or sign < " " for sign in name)


def read_verifier_key(text: object, signs: int = ED25519) -> VerifierKey:
    """The key in 'name+hash+base64'. Raises Broken if its parts do not match or its signature type is unknown."""
    name, hashed, encoded = [*str(text).split("+", 2), "", ""][:3]
    _expect(is_key_name(name), "key", expected="name+hash+base64", found=text)
    data = read_base64(encoded, "key")
    _expect(data[:1] == bytes([signs]), "key", expected=f"an Ed25519 key ({signs:02d})", found=data[:1])
    _expect(len(data) == 33, "key", expected="33 bytes", found=len(data))
    key = VerifierKey(name, data[1:], signs)
    _expect(hashed == key.id.hex(), "key", expected=f"the key id {key.id.hex()}", found=hashed)
    return key


def open_note(note: bytes, keys: Iterable[VerifierKey]) -> str:
    """The text of a note signed by at least one of the keys.

    Ignores signatures by other keys. Raises Broken if the note is malformed, a signature by one of the keys does not
    verify, or there is none.
    """
    return signed_text(note, keys)[0]


def signed_text(note: bytes, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """The text of a note as in `open_note`, and the keys that signed it."""
    text, signatures = split_note(note)
    known = {(key.name, key.id): key for key in keys}
    verified = []
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.verifies(signature[4:], text=text.encode()):
            raise Broken("signature", expected=f"one by {name}+{key.id.hex()} that verifies", found="one that does not")
        verified.append(key)
    if not verified:
        names = ", ".join(sorted(f"{name}+{signature[:4].hex()}" for name, signature in signatures))
        wanted = ", ".join(sorted(f"{name}+{number.hex()}" for name, number in known))
        raise Broken("signature", expected=f"one by {wanted or 'a known key'}", found=f"only by {names}")
    return text, verified


def split_note(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note, and the name and bytes of each signature, unverified. Raises Broken if malformed."""
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise Broken("note", expected="UTF-8", found="other bytes") from None
    _expect(len(note) <= LARGEST_NOTE, "note", expected=f"at most {LARGEST_NOTE} bytes", found=len(note))
    _expect(not re.search("[\0-\x09\x0b-\x1f]", whole), "note", expected="no control characters", found="one")
    text, blank, lines = whole.rpartition("\n\n")
    _expect(blank and lines.endswith("\n"), "note", expected="a text, an empty line, signatures", found=whole[-60:])
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        _expect(
            dash == "—" and line.count(" ") == 2 and is_key_name(name), "note", expected="a signature line", found=line
        )
        signature = read_base64(encoded, "signature")
        _expect(len(signature) > 4, "signature", expected="a key id and a signature", found=line)
        signatures.append((name, signature))
    _expect(
        len(signatures) <= MOST_SIGNATURES,
        "note",
        expected=f"at most {MOST_SIGNATURES} signatures",
        found=len(signatures),
    )
    return text + "\n", signatures


class LogSize(NamedTuple):
    """The size and root of a log, from a checkpoint. `extensions`: further lines, which are ignored here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def _decimal(text: str, *, part: str) -> int:
    _expect(re.fullmatch("0|[1-9][0-9]{0,15}", text), part, expected="a decimal number", found=text)
    number = int(text)
    _expect(number <= LARGEST_INTEGER, part, expected="at most 2^53 - 1", found=text)
    return number


def read_checkpoint(text: str) -> LogSize:
    """The checkpoint in a note's text. Raises Broken if it is malformed."""
    lines = text.split("\n")
    _expect(len(lines) >= 4 and lines.pop() == "", "checkpoint", expected="at least three lines", found=text[:60])
    _expect(all(lines), "checkpoint", expected="no empty line", found=text[:60])
    origin, size, root, *extensions = lines
    return LogSize(origin, _decimal(size, part="size"), read_base64(root, "root", 32), tuple(extensions))


class Receipt(NamedTuple):
    """The promise that a leaf is in the log at most `longest_delay` seconds after `at`."""

    origin: str
    leaf_hash: bytes
    at: str
    longest_delay: int


def read_receipt(text: str) -> Receipt:
    """The receipt in a note's text. Raises Broken if it is malformed."""
    lines = text.split("\n")
    _expect(
        len(lines) == 6 and lines[0] == RECEIPT and lines[5] == "",
        "receipt",
        expected=f"{RECEIPT} and 4 lines",
        found=text[:60],
    )
    origin, hashed, at, delay = lines[1:5]
    _expect(origin, "origin", expected="a name", found=origin)
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", expected="UTC with milliseconds", found=_shown(at)) from None
    return Receipt(origin, read_base64(hashed, "leaf hash", 32), at, _decimal(delay, part="longest delay"))


def split_receipts(data: bytes) -> list[bytes]:
    """The notes in a file of concatenated receipts; the whole file as one if it is not such a file."""
    return re.split(f"(?<=\\n)(?={re.escape(RECEIPT)}\\n)".encode(), data)


class CheckedCosignature(NamedTuple):
    """A verified cosignature: a witness saw a checkpoint extend its last one. `at`: POSIX time in seconds, by its own
    clock."""

    key: VerifierKey
    at: int
    signature: bytes

    @property
    def line(self) -> str:
        """The cosignature as a line of a note."""
        return f"— {self.key.name} {base64.b64encode(self.key.id + self.signature).decode()}\n"

    def __str__(self) -> str:
        try:
            return f"{self.key.name} at {datetime.fromtimestamp(self.at, UTC).isoformat().removesuffix('+00:00')}Z"
        except (ValueError, OverflowError, OSError):
            return f"{self.key.name} at {self.at} seconds"


def read_cosignatures(note: bytes, keys: Iterable[VerifierKey]) -> tuple[CheckedCosignature, ...]:
    """The cosignatures of a note by these keys, the newest of each, in the order of `keys`.

    Raises Broken if a signature in the name of one of the keys does not verify.
    """
    text, signatures = split_note(note)
    known = {(key.name, key.id): key for key in keys if key.signs == COSIGNATURE}
    found: dict[VerifierKey, CheckedCosignature] = {}
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.verifies(signature[4:], text=text.encode()):
            raise Broken(
                "cosignature", expected=f"one by {name}+{key.id.hex()} that verifies", found="one that does not"
            )
        one = CheckedCosignature(key, cosigned_at(signature[4:]), signature[4:])
        found[key] = max(found.get(key, one), one, key=lambda cosignature: cosignature.at)
    return tuple(found[key] for key in known.values() if key in found)


class PolicyWitness(NamedTuple):
    """A witness of a policy. `url`: its submission prefix, or empty."""

    key: VerifierKey
    url: str


class WitnessGroup(NamedTuple):
    """A group of witnesses of which at least `least` must have cosigned a checkpoint."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class WitnessPolicy:
    """The cosignatures that a checkpoint needs (C2SP tlog-policy). `quorum`: a witness or group; None needs none.

    `logs`: if there are any, one of them must have signed the checkpoint.
    """

    text: bytes
    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, PolicyWitness]
    groups: dict[str, WitnessGroup]
    quorum: str | None

    def witness_keys(self) -> list[VerifierKey]:
        """The keys of all witnesses."""
        return [witness.key for witness in self.witnesses.values()]

    def is_met(self, by: Collection[VerifierKey]) -> bool:
        """Whether cosignatures by these keys make the quorum."""
        return self.quorum is None or self._has_witnessed(self.quorum, by)

    def _has_witnessed(self, name: str, by: Collection[VerifierKey]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in by
        group = self.groups[name]
        return sum(self._has_witnessed(member, by) for member in group.members) >= group.least


_POLICY_LINE = {
    "log": re.compile("log (?P<key>[^ ]+)( (?P<url>[^ ]+))?"),
    "witness": re.compile("witness (?P<name>[^ ]+) (?P<key>[^ ]+)( (?P<url>[^ ]+))?"),
    "group": re.compile("group (?P<name>[^ ]+) (?P<least>all|any|[1-9][0-9]{0,3}) (?P<members>[^ ]+( [^ ]+)*)"),
    "quorum": re.compile("quorum (?P<name>[^ ]+)"),
}


class _WitnessPolicyReader:
    """Reads the lines of a policy in order. Each line may refer to earlier ones only."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, PolicyWitness] = {}
        self.groups: dict[str, WitnessGroup] = {}
        self.quorums: list[str] = []
        self._members: set[str] = set()

    def take(self, line: str) -> None:
        """Read a line that is neither empty nor a comment. Raises Broken."""
        kind = line.partition(" ")[0]
        _expect(kind in _POLICY_LINE, "line", expected="log, witness, group or quorum", found=kind)
        found = _POLICY_LINE[kind].fullmatch(line)
        if found is None:
            raise Broken(kind, expected="its items, as C2SP tlog-policy has them", found=_shown(line))
        {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}[kind](found)
        most = max(len(self.logs), len(self.witnesses), len(self.groups))
        _expect(most <= MOST_IN_WITNESS_POLICY, kind, expected=f"at most {MOST_IN_WITNESS_POLICY} of them", found=most)

    def _is_defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _log(self, line: re.Match[str]) -> None:
        key = read_verifier_key(line["key"])
        _expect(
            key.key not in [one.key for one in self.logs],
            "log",
            expected="a key that no line before has",
            found=str(key),
        )
        self.logs.append(key)

    def _witness(self, line: re.Match[str]) -> None:
        key, others = read_verifier_key(line["key"], COSIGNATURE), [one.key.key for one in self.witnesses.values()]
        _expect(key.key not in others, "witness", expected="a key that no line before has", found=str(key))
        self._expect_new(line["name"])
        self.witnesses[line["name"]] = PolicyWitness(key, line["url"] or "")

    def _group(self, line: re.Match[str]) -> None:
        members = line["members"].split(" ")
        for member in members:
            _expect(self._is_defined(member), "group", expected="members that lines before define", found=member)
            _expect(
                member not in self._members, "group", expected="members of no group before, each once", found=member
            )
            self._members.add(member)
        least = {"any": 1, "all": len(members)}.get(line["least"]) or int(line["least"])
        _expect(least <= len(members), "group", expected=f"at most its {len(members)} members", found=least)
        self._expect_new(line["name"])
        self.groups[line["name"]] = WitnessGroup(least, tuple(members))

    def _quorum(self, line: re.Match[str]) -> None:
        name = line["name"]
        _expect(
            name == "none" or self._is_defined(name), "quorum", expected="a name that a line before defines", found=name
        )
        _expect(not self.quorums, "quorum", expected="one line", found=name)
        self.quorums.append(name)

    def _expect_new(self, name: str) -> None:
        _expect(name != "none" and not self._is_defined(name), "name", expected="one that is not taken", found=name)


def read_witness_policy(data: bytes) -> WitnessPolicy:
    """The policy in a file in the format of C2SP tlog-policy. Raises Unusable, naming the line."""
    reader, number = _WitnessPolicyReader(), 0
    try:
        _expect(
            len(data) <= LARGEST_WITNESS_POLICY,
            "length",
            expected=f"at most {LARGEST_WITNESS_POLICY} bytes",
            found=len(data),
        )
        _expect(data.endswith(b"\n"), "end", expected="a line end", found=data[-1:])
        _expect(
            not re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data), "octets", expected="no control characters", found="one"
        )
        # What is no UTF-8 is compared as it is.
        for line in data[:-1].decode(errors="surrogateescape").split("\n"):
            number += 1
            words = re.sub("[ \t]+", " ", line).strip(" ")
            if words and not words.startswith("#"):
                reader.take(words)
        number = 0
        _expect(reader.quorums, "quorum", expected="one line", found="none")
    except ValueError as error:
        raise Unusable(f"the witness policy{f', line {number}' if number else ''}: {error!s}") from None
    quorum = None if reader.quorums == ["none"] else reader.quorums[0]
    return WitnessPolicy(data, tuple(reader.logs), reader.witnesses, reader.groups, quorum)


class Witnessed(NamedTuple):
    """The witnesses of a policy that cosigned a checkpoint, and whether they make the quorum."""

    by: tuple[CheckedCosignature, ...]
    is_met: bool

    def __str__(self) -> str:
        return ", ".join(map(str, self.by)) or NOBODY

    def since(self, policy: WitnessPolicy) -> int:
        """The time up to which a quorum had seen nothing newer of the log: the latest for which a quorum's times are
        not earlier."""
        times = sorted((one.at for one in self.by), reverse=True)
        return next((at for at in times if policy.is_met([o.key for o in self.by if o.at >= at])), 0)


@dataclass(frozen=True)
class Policy:
    """The reader's trust: a log by its origin, the keys that sign its checkpoints, the keys that sign its receipts, and
    the cosignatures that a checkpoint needs."""

    origin: str
    log_keys: tuple[VerifierKey, ...]
    receipt_keys: tuple[VerifierKey, ...] = ()
    witnesses: WitnessPolicy | None = None
    timestamp_certificates: tuple[bytes, ...] = ()  # DER: those that time stamps have to lead to

    def witnessed(self, note: bytes) -> Witnessed | None:
        """The witnesses that cosigned a checkpoint; None if the policy names none.

        Raises Broken if a cosignature does not verify, or if none of the witness policy's logs signed.
        """
        if self.witnesses is None:
            return None
        if self.witnesses.logs:
            open_note(note, self.witnesses.logs)
        by = read_cosignatures(note, self.witnesses.witness_keys())
        return Witnessed(by, self.witnesses.is_met([one.key for one in by]))

    def witnesses_in_words(self, note: bytes) -> dict[str, str]:
        """The words for the reader about a checkpoint's witnesses; empty if the policy names none. Raises Broken."""
        found = self.witnessed(note)
        return {} if found is None else {"witnessed by": str(found)}

    def checkpoint(self, note: bytes) -> LogSize:
        """The checkpoint of a signed note. Raises Broken unless it is of this log and one of its keys signed it."""
        checkpoint = read_checkpoint(open_note(note, self.log_keys))
        _expect(checkpoint.origin == self.origin, "origin", expected=self.origin, found=checkpoint.origin)
        return checkpoint

    def receipt(self, note: bytes) -> Receipt:
        """The receipt of a signed note. Raises Broken unless it is of this log and a receipt key signed it."""
        receipt = read_receipt(open_note(note, self.receipt_keys))
        _expect(receipt.origin == self.origin, "origin", expected=self.origin, found=receipt.origin)
        return receipt


def read_policy(data: bytes) -> Policy:
    """The policy in a JSON object {"origin", "log_keys": […], "receipt_keys": […], "witness_policy": a text,
    "timestamp_certificates": [PEM …]}, of which the last three are optional. Raises Unusable if it is malformed."""
    try:
        value = json.loads(data)
        origin, log_keys, receipt_keys = value["origin"], value["log_keys"], value.get("receipt_keys", [])
        if not isinstance(origin, str) or not isinstance(log_keys, list) or not isinstance(receipt_keys, list):
            raise TypeError("origin is a text, log_keys and receipt_keys are lists")
        log, receipts = tuple(map(read_verifier_key, log_keys)), tuple(map(read_verifier_key, receipt_keys))
        text = value.get("witness_policy")
        if text is not None and not isinstance(text, str):
            raise TypeError("witness_policy is a text")
        witnesses = None if text is None else read_witness_policy(text.encode())
        stamping = tuple(
            one for pem in value.get("timestamp_certificates", []) for one in read_certificates(pem.encode())
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unusable(f"the policy: {error!s}") from None
    if not log:
        raise Unusable("the policy: log_keys names no key")
    return Policy(origin, log, receipts, witnesses, stamping)


def rotation_text(origin: str, *, signs: str, key: str) -> str:
    """The text by which a former key names `key` as its successor, to be signed. `signs`: log or receipts."""
    return f"{KEY_ROTATION}\n{origin}\n{signs}\n{key}\n"


def check_rotation(entry: LeafEntry, origin: str) -> bool:
    """Whether the entry of a new key has the former key's signature; False for old entries, made before signatures.

    Raises Broken if the signature does not verify, or the entry names no keys.
    """
    body = entry.body
    former, key = read_verifier_key(body.get("replaces")), read_verifier_key(body.get("key"))
    _expect(body.get("signs") in ("log", "receipts"), "body.signs", expected="log or receipts", found=body.get("signs"))
    _expect(former.name == key.name, "body.key", expected=f"one of {former.name}", found=key.name)
    if "signed" not in body:
        return False
    _expect(isinstance(body["signed"], str), "body.signed", expected="a signed note", found=body["signed"])
    text = open_note(body["signed"].encode(), [former])
    expected = rotation_text(origin, signs=body["signs"], key=str(key))
    _expect(text == expected, "body.signed", expected=expected, found=text)
    return True


# Section 6: mismatches


class Mismatch(NamedTuple):
    """One mismatch: where (an entry, a tile, a file), with the part, the expected and the found value of a Broken."""

    where: str
    part: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.part}: expected {self.expected}, found {self.found}"


@dataclass
class Report:
    """The mismatches in log order, the counts of checked things by word, and statements about what holds.

    `said`: in words, of things that hold only; `histories`: the streams whose proofs hold.
    """

    findings: list[Mismatch] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    histories: list["ProvenHistory"] = field(default_factory=list)

    def add(self, where: str, error: Broken) -> None:
        """Add the mismatch of a failed check."""
        self.findings.append(Mismatch(where, error.part, error.expected, error.found))

    def expect(self, holds: object, where: str, *, part: str, expected: str, found: object) -> None:
        """Add a mismatch unless `holds`."""
        if not holds:
            self.findings.append(Mismatch(where, part, expected, _plain(found)))

    def count(self, word: str, number: int = 1) -> None:
        """Increase one of the counts."""
        self.counts[word] = self.counts.get(word, 0) + number

    def lacks(self) -> list[Mismatch]:
        """The mismatches that only report missing cosignatures of the policy's witnesses."""
        return [found for found in self.findings if (found.part, found.expected) == (COSIGNATURES, A_QUORUM)]

    def holds(self) -> bool:
        """Whether nothing but cosignatures is missing: a file made before there were witnesses holds, though
        unwitnessed."""
        return len(self.lacks()) == len(self.findings)


def check_witnessed(policy: Policy, note: bytes, where: str, report: Report) -> dict[str, str]:
    """Report a checkpoint without the quorum that the policy needs. Returns in words who cosigned it."""
    try:
        found = policy.witnessed(note)
    except Broken as error:
        report.add(where, error)
        return {}
    if found is None:
        return {}
    report.expect(found.is_met, where, part=COSIGNATURES, expected=A_QUORUM, found=str(found))
    return policy.witnesses_in_words(note)


class Last(NamedTuple):
    """A stream's last entry read so far."""

    seq: int
    leaf_hash: bytes
    at: str


_NOTHING = Last(0, b"", "")


class Streams:
    """The streams read so far, to check that each next entry follows."""

    def __init__(self) -> None:
        self.last: dict[str, Last] = {}

    def follow(self, index: int, entry: LeafEntry, hashed: bytes, report: Report) -> None:
        """Report an entry that does not follow the last one of its stream, then continue from it."""
        before = self.last.get(entry.stream, _NOTHING)
        prev = before.leaf_hash.hex() if before.seq else None
        if entry.seq != before.seq + 1 or entry.prev != prev or entry.at < before.at:
            where = name_entry(index, entry)
            report.expect(entry.seq == before.seq + 1, where, part="seq", expected=str(before.seq + 1), found=entry.seq)
            if entry.seq == before.seq + 1:
                report.expect(entry.prev == prev, where, part="prev", expected=_plain(prev), found=entry.prev)
            report.expect(entry.at >= before.at, where, part="at", expected=f"not before {before.at}", found=entry.at)
        self.last[entry.stream] = Last(entry.seq, hashed, entry.at)

    def pass_over(self, stream: str, hashed: bytes) -> None:
        """Continue from an entry known by hash only, which the next entry names."""
        before = self.last.get(stream, _NOTHING)
        self.last[stream] = Last(before.seq + 1, hashed, before.at)


class Times:
    """The order of times in the log: no entry is earlier than the latest so far by more than the longest delay.

    Skips entries before the index `start`, which may record older acts without saying so.
    """

    def __init__(self, start: int) -> None:
        self._start, self._passed_over = start, 0
        self._latest, self._set_by = "", 0
        self.latest = ""

    def follow(self, index: int, entry: LeafEntry, report: Report) -> None:
        """Report an entry with an implausible time, then continue from the latest time."""
        self.latest = max(self.latest, entry.at)
        if index < self._start:
            self._passed_over += 1
            return
        if entry.at >= self._latest:
            self._latest, self._set_by = entry.at, index
        elif (latest := read_time(self._latest)) - read_time(entry.at) > _DELAY:
            expected = f"not before {_write_time(latest - _DELAY)}, {LONGEST_DELAY} seconds before entry {self._set_by}"
            report.expect(False, name_entry(index, entry), part="at", expected=expected, found=entry.at)
        if "brought_in" in entry.body or "happened_at" in entry.body:
            try:
                _check_moment_told(entry.body, entry.at)
            except Broken as error:
                report.add(name_entry(index, entry), error)
            else:
                if "brought_in" in entry.body:
                    report.count("older acts brought in")

    def count(self, report: Report) -> None:
        """Count the skipped entries."""
        if self._passed_over:
            report.count("entries whose times were not compared", self._passed_over)


_DELAY = timedelta(seconds=LONGEST_DELAY)


def _write_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _check_moment_told(body: Mapping[str, Any], at: str) -> None:
    """Report an act whose time differs from its entry's by more than the longest delay, unless marked as older."""
    happened, is_older = body.get("happened_at"), "brought_in" in body
    if not is_older and "happened_at" not in body:
        return
    if is_older:
        _expect(body["brought_in"] is True, "body.brought_in", expected="true", found=body["brought_in"])
    try:
        moment = read_time(happened)
    except ValueError:
        raise Broken("body.happened_at", expected="UTC with milliseconds", found=_shown(happened)) from None
    written = read_time(at)
    _expect(moment <= written, "body.happened_at", expected=f"not after {at}", found=happened)
    _expect(
        is_older or written - moment <= _DELAY,
        "body.happened_at",
        expected=f"{at}, or brought_in beside it",
        found=happened,
    )


def name_entry(index: int, entry: LeafEntry) -> str:
    """The name of an entry in a mismatch: 'entry 17 (claim:1, 4)'."""
    return f"entry {index} ({entry.stream}, {entry.seq})"


# Section 7: proofs


def check_claim_proof(data: bytes, policy: Policy) -> Report:
    """Check a claim's proof file: every leaf is in the log, the stream is whole from 1, every disclosed field is true.

    One file cannot show whether the stream has later entries.
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
        report.add("proof file", Broken("form", expected="canonical JSON", found=str(error)))
        return report
    streams, before, leaves = Streams(), -1, list[ProvenEntry]()
    erased = _check_redactions(value, checkpoint, report)
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
            _expect(entry.stream == value["stream"], "stream", expected=value["stream"], found=entry.stream)
            _check_proof_entry(item, hashed, before, checkpoint)
            _check_proof_disclosures(entry, item["disclosures"])
            _count_fields(entry, item["disclosures"], erased.get(hashed.hex(), {}), report)
            leaves.append(ProvenEntry(item["index"], hashed, entry, item["disclosures"]))
        except Broken as error:
            report.add(name_entry(item["index"], entry), error)
        before = item["index"]
        streams.follow(item["index"], entry, hashed, report)
        report.count("entries")
    check_witnessed(policy, value["checkpoint"].encode(), "proof file", report)
    datings = _check_dated(value["dated"], policy, checkpoint, report) if "dated" in value else []
    if report.holds():
        indexes = [one.leaf_index for one in leaves]
        dated = _dated_in_words(indexes, datings, is_checked=NOT_CHECKED not in report.counts)
        history = ProvenHistory(value["stream"], value["checkpoint"].encode(), checkpoint, tuple(leaves), dated)
        report.histories.append(history)
        report.said |= history.in_words(policy)
    return report


def check_proofs(data: bytes, policy: Policy) -> Report:
    """Check a JSON list of proof files, each a text, like `check_claim_proof`."""
    report = Report()
    try:
        files = json.loads(data)
        _expect(
            isinstance(files, list) and all(isinstance(file, str) for file in files),
            "form",
            expected="texts",
            found=files,
        )
    except Broken as error:
        report.add("list of proofs", error)
        return report
    except (ValueError, RecursionError) as error:
        report.add("list of proofs", Broken("form", expected="JSON", found=str(error)))
        return report
    report.count("proofs", len(files))
    for number, file in enumerate(files, 1):
        of_file = check_claim_proof(file.encode("utf-8", "surrogatepass"), policy)
        report.findings += [found._replace(where=f"proof {number}: {found.where}") for found in of_file.findings]
        report.said |= {f"proof {number}: {name}": words for name, words in of_file.said.items()}
        report.histories += of_file.histories
        for word, count in of_file.counts.items():
            report.count(word, count)
    return report


class ProvenEntry(NamedTuple):
    """An entry proved to be in the log; its contents are missing if withheld."""

    leaf_index: int
    leaf_hash: bytes
    entry: LeafEntry | None = None
    disclosures: Mapping[str, Any] = {}


class ProvenHistory(NamedTuple):
    """The entries of one stream that a proof shows, oldest first, as of a checkpoint. `stream`: None for a single leaf;
    `dated`: in words, the times by which time stamps attest them."""

    stream: str | None
    note: bytes
    checkpoint: LogSize
    entries: tuple[ProvenEntry, ...]
    dated: str = ""

    def names(self) -> list[str]:
        """The names of the claim: its references, its stream, its id."""
        bodies = [one.entry.body for one in self.entries if one.entry]
        references = dict.fromkeys(body["reference"] for body in bodies if isinstance(body.get("reference"), str))
        streams = [self.stream] if self.stream else [one.entry.stream for one in self.entries if one.entry]
        return [*references, *(name for stream in streams for name in (stream, stream.partition(":")[2]))]

    def state(self) -> str | None:
        """The claim's state after its last disclosed status change; None before the first."""
        moves = [one.entry.body.get("to") for one in self.entries if one.entry and one.entry.kind == STATUS_CHANGED]
        return moves[-1] if moves and isinstance(moves[-1], str) else None

    def statement(self) -> str | None:
        """The claim's latest statement; None if it is not disclosed."""
        said = None
        for one in self.entries:
            if one.entry and one.entry.kind.startswith("claim_"):
                disclosed = {name: given["value"] for name, given in one.disclosures.items() if given}
                if one.entry.c.keys() & {"content", "public"}:
                    content = disclosed.get("content", disclosed.get("public"))
                    said = content.get("statement") if isinstance(content, dict) else None
                elif "statement" in one.entry.c:
                    said = disclosed.get("statement")
        return said if isinstance(said, str) else None

    def in_words(self, policy: Policy) -> dict[str, str]:
        """The summary for the reader: the claim, its state, as of when, and who signed."""
        if self.stream is None:
            return {**self._leaf_in_words(), **self._checkpoint_in_words(policy)}
        name, *others = self.names()
        told = [one.entry for one in self.entries if one.entry]
        last = told[-1].at if told else "a time that is not told"
        state = self.state() or "none yet"
        if len(told) < len(self.entries):
            state += ", unless an entry that is withheld says otherwise"
        of_claim = {"statement": self.statement() or "not disclosed", "state": state}
        is_claim = self.stream.startswith("claim:")
        of_checkpoint = self._checkpoint_in_words(policy)
        of_checkpoint["as of"] += f"; the last one here is of {last}"
        return {
            "claim" if is_claim else "stream": f"{name} ({others[0]})" if others and is_claim else self.stream,
            **(of_claim if is_claim else {}),
            **of_checkpoint,
            **({"dated": self.dated} if self.dated else {}),
        }

    def _leaf_in_words(self) -> dict[str, str]:
        """The summary of a single leaf: its entry, and the state of its claim after it."""
        place, entry = self.entries[0].leaf_index, self.entries[0].entry
        if entry is None:
            return {}
        reference = entry.body.get("reference")
        of = f"{reference} ({entry.stream})" if isinstance(reference, str) else entry.stream
        moved = {"state": f"{self.state()}, unless a later entry says otherwise"} if self.state() else {}
        return {"entry": f"{place}: {entry.kind} of {of}, its number {entry.seq}, of {entry.at}", **moved}

    def _checkpoint_in_words(self, policy: Policy) -> dict[str, str]:
        signed_by = (f"{key.name}+{key.id.hex()}" for key in signed_text(self.note, policy.log_keys)[1])
        return {
            "as of": f"{self.checkpoint.size} entries of {self.checkpoint.origin}",
            "signed by": ", ".join(signed_by),
            **policy.witnesses_in_words(self.note),
        }


def check_expected(
    report: Report,
    policy: Policy,
    claim: str | None = None,
    *,
    state: str | None = None,
    checkpoint: bytes | None = None,
) -> None:
    """Report a valid proof that is of another claim, or of another state, than the reader expects, or that is older
    than a checkpoint of the log that they have."""
    claims = [one for one in report.histories if one.stream and one.stream.startswith("claim:")]
    for history in claims or report.histories:
        if claim is not None:
            found = history.names()
            report.expect(claim in found, "proof file", part="claim", expected=claim, found=", ".join(found))
        if state is not None:
            expected = f"{state}, or the end is cut off"
            report.expect(
                history.state() == state, "proof file", part="state", expected=expected, found=history.state()
            )
        if checkpoint is not None:
            _check_age(history.checkpoint, checkpoint, policy, report)


def _check_age(own: LogSize, note: bytes, policy: Policy, report: Report) -> None:
    try:
        given = policy.checkpoint(note)
    except Broken as error:
        report.add("the checkpoint that was given", error)
        return
    older = f"at least {given.size} entries, as the checkpoint that was given has"
    report.expect(
        own.size >= given.size, "proof file", part="size", expected=older, found=f"{own.size}: it is older than that"
    )
    if own.size == given.size:
        report.expect(own.root == given.root, "proof file", part="root", expected=given.root.hex(), found=own.root)


_PROOF_NAMES = {"format", "origin", "stream", "checkpoint", "entries"}
_MORE_IN_PROOFS = {"dated", "redactions"}  # members of version 2 files, present only if not empty


def _check_frame(value: Any, policy: Policy) -> None:
    more = value.keys() & _MORE_IN_PROOFS if isinstance(value, dict) else set()
    names = _PROOF_NAMES | more
    _expect(isinstance(value, dict) and value.keys() == names, "form", expected=", ".join(sorted(names)), found=value)
    expected = CLAIM_PROOF_2 if more else CLAIM_PROOF
    _expect(value["format"] == expected, "format", expected=expected, found=value["format"])
    _expect(value["origin"] == policy.origin, "origin", expected=policy.origin, found=value["origin"])
    _expect(isinstance(value["checkpoint"], str), "checkpoint", expected="a signed note", found=value["checkpoint"])
    for name in ("entries", *more):
        _expect(isinstance(value[name], list) and value[name], name, expected="at least one", found=value[name])


def _check_redactions(value: Any, checkpoint: LogSize, report: Report) -> dict[str, dict[str, int]]:
    """The index of the redaction that erased each field, by leaf hash and name. Each redaction must be in the log and
    name an entry of the file."""
    named = {hashed for item in value["entries"] if (hashed := _hash_of_item(item))}
    found: dict[str, dict[str, int]] = {}
    before = -1
    for number, item in enumerate(value.get("redactions", [])):
        try:
            if isinstance(item, dict) and item.keys() == _WITHHELD:
                _check_withheld(item, before, checkpoint)
                report.count("redactions withheld")
            else:
                fields = _check_redaction(item, before, checkpoint)
                _expect(named & fields.keys(), "fields", expected="an entry of this file", found=sorted(fields)[:1])
                for hashed, names in fields.items():
                    found.setdefault(hashed, {}).update(dict.fromkeys(names, item["index"]))
                report.count("redactions")
            before = item["index"]
        except Broken as error:
            report.add(f"redaction number {number} of the file", error)
    return found


def _hash_of_item(item: Any) -> str | None:
    try:
        return str(item["leaf_hash"]) if "leaf_hash" in item else leaf_hash(base64.b64decode(item["leaf"])).hex()
    except (KeyError, TypeError, ValueError):
        return None


def _check_redaction(item: Any, before: int, checkpoint: LogSize) -> dict[str, list[str]]:
    """The fields that a redaction names, by leaf hash; those of sealed entries are in its disclosed content."""
    entry, hashed = _read_proof_entry(item)
    _check_proof_entry(item, hashed, before, checkpoint)
    _check_proof_disclosures(entry, item["disclosures"])
    kind, body, _values, _closed = told_in(entry, item["disclosures"])
    _expect(kind == REDACTED, "kind", expected=REDACTED, found=kind)
    fields = body.get("fields")
    if not isinstance(fields, dict):
        raise Broken("body.fields", expected="names by leaf hash", found=_shown(fields))
    for leaf, names in fields.items():
        _expect(_matches(_HASH, leaf), "body.fields", expected="leaf hashes", found=leaf)
        is_good = isinstance(names, list) and all(isinstance(name, str) for name in names)
        _expect(is_good, "body.fields", expected="a list of names", found=names)
    return dict(fields)


def told_in(entry: LeafEntry, disclosures: Mapping[str, Any]) -> tuple[str, JsonObject, JsonObject, dict[str, str]]:
    """The disclosed contents of an entry: kind, body, values by name, and the names without a value, each with its name
    among the disclosures. For a disclosed sealed entry, those inside it."""
    closed = {name: name for name in closed_fields(entry, disclosures)}
    values = {name: one["value"] for name, one in disclosures.items() if one is not None}
    if entry.kind != SEALED:
        return entry.kind, entry.body, values, closed
    kind, content = values.get("kind", SEALED), values.get("content", {"body": {}})
    inner = {name.removeprefix("content/"): value for name, value in values.items() if name.startswith("content/")}
    names = {"kind": "sealed_kind", "content": "sealed_content"}
    closed = {names.get(name, name.removeprefix("content/")): name for name in closed}
    return kind if isinstance(kind, str) else SEALED, content["body"], inner, closed


def _count_fields(entry: LeafEntry, disclosures: Mapping[str, Any], erased: Collection[str], report: Report) -> None:
    closed = closed_fields(entry, disclosures)
    redacted = sum(name in erased for name in closed)
    report.count("fields verified", sum(one is not None for one in disclosures.values()))
    report.count("fields redacted", redacted)
    report.count("fields withheld", len(closed) - redacted)


def _read_proof_entry(item: Any) -> tuple[LeafEntry, bytes]:
    names = {"index", "leaf", "proof", "disclosures"}
    _expect(isinstance(item, dict) and item.keys() == names, "form", expected=", ".join(sorted(names)), found=item)
    _expect(_is_integer(item["index"]), "index", expected="an integer from 0", found=item["index"])
    _expect(isinstance(item["proof"], list), "proof", expected="a list of hashes", found=item["proof"])
    leaf = read_base64(item["leaf"], "leaf")
    return read_entry(leaf), leaf_hash(leaf)


_WITHHELD = {"index", "leaf_hash", "proof"}


def _check_withheld(item: Any, before: int, checkpoint: LogSize) -> bytes:
    """The hash of an entry withheld from the reader, which must be in the log at its index."""
    _expect(_is_integer(item["index"]), "index", expected="an integer from 0", found=item["index"])
    _expect(isinstance(item["proof"], list), "proof", expected="a list of hashes", found=item["proof"])
    _expect(_matches(_HASH, item["leaf_hash"]), "leaf_hash", expected="64 hexadecimal digits", found=item["leaf_hash"])
    hashed = bytes.fromhex(item["leaf_hash"])
    _check_proof_entry(item, hashed, before, checkpoint)
    return hashed


def _check_proof_entry(item: Any, hashed: bytes, before: int, checkpoint: LogSize) -> None:
    _expect(item["index"] > before, "index", expected=f"above {before}", found=item["index"])
    proof = [read_base64(part, "proof", 32) for part in item["proof"]]
    check_inclusion(hashed, item["index"], size=checkpoint.size, root=checkpoint.root, proof=proof)


def _check_proof_disclosures(entry: LeafEntry, disclosures: Any) -> int:
    missing = sorted(entry.c.keys() - disclosures.keys()) if isinstance(disclosures, dict) else []
    _expect(not missing, "disclosures", expected="a value or null for every committed field", found=missing)
    return check_disclosures(entry, disclosures)


class TlogProof(NamedTuple):
    """A C2SP tlog-proof: the checkpoint's signed note, a leaf's index and the hashes; `extra` is not proved."""

    leaf_index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def read_tlog_proof(data: bytes) -> TlogProof:
    """The parts of a tlog-proof. Raises Broken if it is malformed."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError:
        raise Broken("tlog-proof", expected="UTF-8", found="other bytes") from None
    _expect(blank and lines.pop(0) == TLOG_PROOF, "tlog-proof", expected=TLOG_PROOF, found=head[:60])
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = read_base64(lines.pop(0).removeprefix("extra "), "extra")
    _expect(lines and lines[0].startswith("index "), "tlog-proof", expected="a line with the index", found=lines[:1])
    index = _decimal(lines.pop(0).removeprefix("index "), part="index")
    return TlogProof(index, tuple(read_base64(line, "proof", 32) for line in lines), checkpoint, extra)


def check_tlog_proof(data: bytes, policy: Policy) -> Report:
    """Check that the leaf in a tlog-proof's extra data is in the log."""
    report = Report()
    try:
        proof = read_tlog_proof(data)
        checkpoint = policy.checkpoint(proof.checkpoint)
        _expect(proof.extra is not None, "extra", expected="the leaf's bytes", found=None)
        leaf = proof.extra or b""
        entry = read_entry(leaf)
        check_inclusion(
            leaf_hash(leaf), proof.leaf_index, size=checkpoint.size, root=checkpoint.root, proof=proof.hashes
        )
        proven = ProvenEntry(proof.leaf_index, leaf_hash(leaf), entry)
        report.histories.append(ProvenHistory(None, proof.checkpoint, checkpoint, (proven,)))
        report.count("entries")
    except Broken as error:
        report.add("proof file", error)
    else:
        check_witnessed(policy, proof.checkpoint, "proof file", report)
        if report.holds():
            report.said |= report.histories[0].in_words(policy)
    return report


# Section 8: the whole log

Read = Callable[[str], bytes | None]
"""Gives the bytes of a path of the export ('tile/0/000'), or None where it has none."""


class TileLevels:
    """The tree over leaf hashes read tile by tile, which compares every stored tile above them."""

    def __init__(self, read: Read | None, report: Report) -> None:
        self._read, self._report = read, report  # no reader: nothing is compared
        self._rows: list[list[bytes]] = []  # per level the hashes of the incomplete tile
        self._tiles: list[int] = []  # per level the number of full tiles

    def add(self, hashed: bytes, level: int = 1) -> None:
        """Add the root of the next full tile of the level below."""
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
        """The root of the tree with the last leaf hashes `rest` (less than a tile). Also compares partial tiles."""
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
        path = tile_path(level, number, width=len(row))
        stored = read_hashes(self._read, level, number=number, width=len(row), report=self._report)
        for place, (wanted, found) in enumerate(zip(row, stored or [], strict=False)):
            self._report.expect(wanted == found, path, part=f"hash {place}", expected=wanted.hex(), found=found)


def read_tile(read: Read, level: int | str, number: int, *, width: int) -> tuple[bytes | None, int]:
    """The bytes of a tile, and the number of hashes or leaves that it should have; the full tile if a partial one is
    gone. None if neither exists."""
    data = read(tile_path(level, number, width=width))
    if data is None and width < TILE_WIDTH:
        return read(tile_path(level, number)), TILE_WIDTH
    return data, width


def read_hashes(read: Read, level: int, *, number: int, width: int, report: Report) -> list[bytes] | None:
    """The first `width` hashes of a tile. Reports a missing or short tile and returns None."""
    path = tile_path(level, number, width=width)
    data, count = read_tile(read, level, number, width=width)
    if data is None:
        report.expect(False, path, part="tile", expected=f"{width} hashes", found="no such file")
        return None
    if len(data) != count * 32:
        report.expect(False, path, part="tile", expected=f"{count * 32} bytes", found=str(len(data)))
        return None
    return [data[at : at + 32] for at in range(0, width * 32, 32)]


class LogWalk(NamedTuple):
    """An entry that an audit has read, with its place and leaf hash, for further checks."""

    leaf_index: int
    entry: LeafEntry
    leaf_hash: bytes


class _Audit(NamedTuple):
    """The inputs and the report of one audit, for its parts. `each`: called with every readable entry."""

    read: Read
    policy: Policy
    checkpoint: LogSize
    report: Report
    each: Callable[[LogWalk], None] | None


def audit(
    read: Read,
    policy: Policy,
    receipts: Mapping[str, bytes] | None = None,
    each: Callable[[LogWalk], None] | None = None,
    times_from: int = 0,
    lines: Iterable[bytes] | None = None,
) -> Report:
    """Check the whole log of an export: it matches its signed checkpoint, its streams are whole, its times are in
    order.

    `receipts`: signed receipts by name, whose leaves must be in the log; `each`: called with every readable entry;
    `times_from`: the index from which times are compared; `lines`: those of `export.jsonl`, if the export has one.
    Memory grows with the number of streams, not of entries.
    """
    report = Report()
    note = read(CHECKPOINT)
    if note is None:
        raise Unusable("the export has no checkpoint")
    try:
        checkpoint = policy.checkpoint(note)
    except Broken as error:
        report.add("checkpoint", error)
        return report
    report.said |= check_witnessed(policy, note, "checkpoint", report)
    if has_public_entries_alone(read, checkpoint):
        audit_public(_Audit(read, policy, checkpoint, report, each), times_from, receipts)
        if lines is not None:
            _audit_export(read, lines, policy, checkpoint, report)
        return report
    promised = _read_receipts(receipts or {}, policy, report)
    streams, times, levels, rest = Streams(), Times(times_from), TileLevels(read, report), list[bytes]()
    for first in range(0, checkpoint.size, TILE_WIDTH):
        width = min(TILE_WIDTH, checkpoint.size - first)
        leaves, rest = _read_leaves(read, first, width=width, report=report)
        _audit_leaves(_Audit(read, policy, checkpoint, report, each), first, leaves, (streams, times))
        promised = {hashed: receipt for hashed, receipt in promised.items() if hashed not in rest} if promised else {}
        if len(rest) == TILE_WIDTH:
            levels.add(root_hash(rest))
            rest = []
    root = levels.root(rest)
    report.expect(root == checkpoint.root, "checkpoint", part="root", expected=checkpoint.root.hex(), found=root)
    _check_promises(promised, times.latest, report)
    _audit_stamps(read, policy, checkpoint, report)
    times.count(report)
    report.count("entries", checkpoint.size)
    report.count("streams", len(streams.last))
    if lines is not None:
        _audit_export(read, lines, policy, checkpoint, report)
    return report


def public_path(number: int) -> str:
    """The path of the public leaves of an entry bundle, such as 'public/x001/067.json'."""
    return tile_path("entries", number).replace("tile/entries", "public") + ".json"


def has_public_entries_alone(read: Read, checkpoint: LogSize) -> bool:
    """Whether a log is given as hashes and public leaves only, as at an address or in a mirror of one."""
    width = min(TILE_WIDTH, checkpoint.size)
    return width > 0 and read_tile(read, "entries", 0, width=width)[0] is None and read(public_path(0)) is not None


def audit_public(one: _Audit, times_from: int = 0, receipts: Mapping[str, bytes] | None = None) -> Report:
    """Check a log of which only hashes and public leaves are given: each leaf matches its hash, each stream continues
    as its leaves say, and no status change is missing between two others. Promised leaves are looked up among the
    hashes; the times of public leaves tell which promises are due."""
    read, policy, checkpoint, report, each = one
    last, times = dict[str, Last](), Times(times_from)
    report.said["looked at"] = "hashes and public entries alone; of the other entries nothing but their hashes"
    try:
        tree = TileTree(read, checkpoint)
    except Broken as error:
        report.add("log", error)
        return report
    numbers: dict[str, int] = {}
    for first in range(0, checkpoint.size, TILE_WIDTH):
        try:
            hashes_ = tree.hashes(0, number=first // TILE_WIDTH)
        except Broken as error:
            report.add("log", error)
            return report
        for index, leaf in _public_leaves(read, first, size=checkpoint.size, report=report):
            wanted, hashed = hashes_[index - first], leaf_hash(leaf)
            report.expect(wanted == hashed, f"entry {index}", part="leaf", expected=wanted.hex(), found=hashed)
            entry = _read_public(index, leaf, report)
            if entry is None:
                continue
            _follow_public(index, entry, hashed, (last, numbers), report)
            times.follow(index, entry, report)
            if entry.stream == KEYS and entry.kind == KEY_ROTATED:
                _audit_rotation(name_entry(index, entry), entry, policy.origin, report)
            if each:
                each(LogWalk(index, entry, hashed))
    promised = _read_receipts(receipts or {}, policy, report)
    found = tree.find(promised)
    _check_promises({hashed: one for hashed, one in promised.items() if hashed not in found}, times.latest, report)
    _audit_stamps(read, policy, checkpoint, report)
    times.count(report)
    report.count("hashes", checkpoint.size)
    return report


def _read_public(index: int, leaf: bytes, report: Report) -> LeafEntry | None:
    try:
        entry = read_entry(leaf)
        _expect(entry.kind != SEALED, "kind", expected="none that is sealed", found=entry.kind)
    except Broken as error:
        report.add(f"entry {index}", error)
        return None
    return entry


def _public_leaves(read: Read, first: int, *, size: int, report: Report) -> Iterator[tuple[int, bytes]]:
    """The public leaves of an entry bundle by index, in order."""
    path = public_path(first // TILE_WIDTH)
    data = read(path)
    report.expect(
        data is not None, path, part="public entries", expected="a file, be it without any", found="no such file"
    )
    try:
        value = read_canonical(b"{}" if data is None else data)
        _expect(isinstance(value, dict), "form", expected="an object", found=value)
        leaves = {_decimal(index, part="index"): read_base64(leaf, "leaf") for index, leaf in value.items()}
    except Broken as error:
        report.add(path, error)
        return
    except ValueError as error:
        report.add(path, Broken("form", expected="canonical JSON", found=str(error)))
        return
    for index in sorted(leaves):
        if first <= index < min(first + TILE_WIDTH, size):
            report.count("public entries")
            yield index, leaves[index]
        else:
            report.expect(
                False, path, part="index", expected=f"{first} to {first + TILE_WIDTH - 1}, below {size}", found=index
            )


def _follow_public(
    index: int, entry: LeafEntry, hashed: bytes, seen: tuple[dict[str, Last], dict[str, int]], report: Report
) -> None:
    """Report a public entry that does not follow the other public ones of its stream."""
    last, numbers = seen
    before, where = last.get(entry.stream, _NOTHING), name_entry(index, entry)
    is_next = entry.seq == before.seq + 1
    report.expect(entry.seq > before.seq, where, part="seq", expected=f"above {before.seq}", found=entry.seq)
    if entry.stream == KEYS:
        report.expect(is_next, where, part="seq", expected=str(before.seq + 1), found=entry.seq)
    if is_next and before.seq:
        report.expect(
            entry.prev == before.leaf_hash.hex(), where, part="prev", expected=before.leaf_hash.hex(), found=entry.prev
        )
    report.expect(entry.at >= before.at, where, part="at", expected=f"not before {before.at}", found=entry.at)
    if entry.kind == STATUS_CHANGED:
        expected = numbers[entry.stream] = numbers.get(entry.stream, 0) + 1
        report.expect(
            entry.body.get("number") == expected,
            where,
            part="body.number",
            expected=str(expected),
            found=entry.body.get("number"),
        )
    last[entry.stream] = Last(entry.seq, hashed, entry.at)


def _read_leaves(
    read: Read, first: int, *, width: int, report: Report
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The leaves of a bundle with their hashes, and the hashes of the corresponding tile, after comparing both."""
    number = first // TILE_WIDTH
    path = tile_path("entries", number, width=width)
    hashes = read_hashes(read, 0, number=number, width=width, report=report)
    data, count = read_tile(read, "entries", number, width=width)
    leaves: list[tuple[bytes, bytes]] = []
    if data is None:
        report.expect(False, path, part="bundle", expected=f"{width} leaves", found="no such file")
    else:
        try:
            found = read_bundle(data)
            leaves = [(leaf, leaf_hash(leaf)) for leaf in (found[:width] if len(found) == count else found)]
        except Broken as error:
            report.add(path, error)
    own = [hashed for _, hashed in leaves]
    if hashes is None:
        report.expect(len(own) == width, path, part="bundle", expected=f"{width} leaves", found=str(len(own)))
        return leaves, own
    if data is not None and own != hashes:
        _name_differences(first, hashes, found=own, report=report)
    return leaves, hashes


def _name_differences(first: int, wanted: list[bytes], *, found: list[bytes], report: Report) -> None:
    """Report each run of leaves that differ from the tile: missing, added or changed."""
    matcher = difflib.SequenceMatcher(None, wanted, found, autojunk=False)
    for what, start, end, found_start, found_end in matcher.get_opcodes():
        if what == "equal":
            continue
        for at in range(max(end - start, found_end - found_start)):
            place, other = start + at, found_start + at
            where = f"entry {first + min(place, end)}"
            expected = f"the leaf hash {wanted[place].hex()}" if place < end else "no entry before it"
            report.expect(
                False,
                where,
                part="leaf",
                expected=expected,
                found=found[other].hex() if other < found_end else "no such leaf",
            )


def _audit_leaves(one: _Audit, first: int, leaves: list[tuple[bytes, bytes]], followed: tuple[Streams, Times]) -> None:
    """Check the entries of a bundle."""
    report, each, origin = one.report, one.each, one.policy.origin
    (streams, times), disclosures = followed, _read_disclosures(one.read, first // TILE_WIDTH, report)
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
            each(LogWalk(index, entry, hashed))
    for index_text in disclosures:
        report.expect(
            False, f"disclosures of entry {index_text}", part="entry", expected="one of the bundle", found="none"
        )


def _audit_rotation(where: str, entry: LeafEntry, origin: str, report: Report) -> None:
    try:
        is_signed = check_rotation(entry, origin)
    except Broken as error:
        report.add(where, error)
    else:
        report.count("keys that the one before signed" if is_signed else "keys that the one before did not sign")


def _audit_disclosures(where: str, entry: LeafEntry, disclosures: object, report: Report) -> None:
    try:
        report.count("fields not disclosed", check_disclosures(entry, disclosures))
    except Broken as error:
        report.add(where, error)


def disclosures_path(number: int) -> str:
    """The path of the disclosures of an entry bundle in an export, such as 'disclosures/x001/067.json'."""
    return tile_path("entries", number).replace("tile/entries", "disclosures") + ".json"


def _read_disclosures(read: Read, number: int, report: Report) -> JsonObject:
    path = disclosures_path(number)
    data = read(path)
    if data is None:
        return {}
    try:
        value = read_canonical(data)
    except ValueError as error:
        report.add(path, Broken("form", expected="canonical JSON", found=str(error)))
        return {}
    if not isinstance(value, dict):
        report.add(path, Broken("form", expected="an object", found=_shown(value)))
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
            # Of two receipts for one leaf, the one due first counts.
            if receipt.leaf_hash not in promised or due(receipt) < due(promised[receipt.leaf_hash][1]):
                promised[receipt.leaf_hash] = (name, receipt)
            report.count("receipts")
    return promised


def _each_receipt(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The receipts in these files, numbered from 1 within a file of several."""
    for name, data in files.items():
        notes = split_receipts(data)
        yield from zip(
            [name] if len(notes) == 1 else [f"{name} {n}" for n in range(1, len(notes) + 1)], notes, strict=True
        )


def due(receipt: Receipt) -> datetime:
    """The time by which a promised leaf must be in the log, at most the end of time."""
    try:
        return read_time(receipt.at) + timedelta(seconds=receipt.longest_delay)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def check_ahead(receipt: Receipt, clock: datetime, where: str, report: Report) -> None:
    """Report a receipt dated in the future, for which no honest entry exists and which might never be due."""
    expected = f"at most {LARGEST_SKEW} seconds after now, {_write_time(clock)}"
    is_ahead = read_time(receipt.at) > clock + timedelta(seconds=LARGEST_SKEW)
    report.expect(not is_ahead, where, part="at", expected=expected, found=receipt.at)


def _check_promises(promised: Mapping[bytes, tuple[str, Receipt]], latest: str, report: Report) -> None:
    """Report a promised leaf that is missing although the log has entries from after the deadline."""
    for hashed, (name, receipt) in promised.items():
        if latest and read_time(latest) > due(receipt):
            report.expect(
                False, f"receipt {name}", part="leaf", expected=f"{hashed.hex()} in the log", found="no such leaf"
            )
        else:
            report.count("receipts not due yet")


def monitor(old: bytes, *, new: bytes, read: Read, policy: Policy) -> Report:
    """Check that the log of one checkpoint is the beginning of another's, by the export's leaf hashes."""
    report, checkpoints = Report(), []
    for name, note in (("old checkpoint", old), ("new checkpoint", new)):
        try:
            checkpoints.append(policy.checkpoint(note))
        except Broken as error:
            report.add(name, error)
    if len(checkpoints) < 2:
        return report
    first, second = checkpoints
    # An old checkpoint may predate witnesses; the new one vouches for it.
    report.said |= check_witnessed(policy, new, "new checkpoint", report)
    report.expect(
        first.size <= second.size, "new checkpoint", part="size", expected=f"at least {first.size}", found=second.size
    )
    for name, checkpoint in (("old checkpoint", first), ("new checkpoint", second)):
        found = root_of_export(read, checkpoint.size, exported=max(first.size, second.size), report=report)
        if found is not None:
            report.expect(found == checkpoint.root, name, part="root", expected=checkpoint.root.hex(), found=found)
    report.count("entries", second.size)
    return report


def root_of_export(read: Read, size: int, *, exported: int, report: Report, above: bool = False) -> bytes | None:
    """The root over the first `size` of an export's `exported` leaf hashes. Reports a missing tile and returns None.

    `above`: compare the tiles of higher levels too.
    """
    levels, rest = TileLevels(read if above else None, report), list[bytes]()
    for first in range(0, size, TILE_WIDTH):
        hashes = read_hashes(
            read, 0, number=first // TILE_WIDTH, width=min(TILE_WIDTH, exported - first), report=report
        )
        if hashes is None:
            return None
        rest = hashes[: size - first]
        if len(rest) == TILE_WIDTH:
            levels.add(root_hash(rest))
            rest = []
    return levels.root(rest)


# Section 9: replay


class Listed(NamedTuple):
    """The claims that a server lists: objects with reference, state and, if given, `published_at`. `is_whole`: the list
    has all published claims."""

    claims: Sequence[Mapping[str, Any]]
    is_whole: bool = False


class ReplayedStates:
    """Every claim's state by its entries, and the time of its publication: `None` after it was withdrawn.

    `older`: claims with acts from before the log existed, with the times of their first entries.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self.states: dict[str, str | None] = {}
        self.references: dict[str, str] = {}
        self.published: dict[str, str | None] = {}
        self.older: dict[str, str] = {}

    def take(self, walk: LogWalk) -> None:
        """Follow one entry: a claim's reference, or a status change."""
        entry = walk.entry
        if not entry.stream.startswith("claim:"):
            return
        self.states.setdefault(entry.stream, None)
        if isinstance(reference := entry.body.get("reference"), str):
            other = self.references.setdefault(reference, entry.stream)
            if other != entry.stream:
                where = name_entry(walk.leaf_index, entry)
                self._report.expect(
                    False, where, part="body.reference", expected=f"{reference} only in {other}", found=reference
                )
        if entry.kind in (PUBLISHED, UNPUBLISHED):
            self.published[entry.stream] = _moment_of(entry) if entry.kind == PUBLISHED else None
        if entry.kind == STATUS_CHANGED:
            self._move(walk)
            if entry.body.get("number") == 1 and _is_of_before(entry):
                self.older[entry.stream] = entry.at

    def _move(self, walk: LogWalk) -> None:
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
        self._report.expect(before == state, where, part="body.from", expected=_plain(state), found=before)
        self._report.expect(legal, where, part="body.to", expected=f"a legal move from {_plain(before)}", found=after)


def _moment_of(entry: LeafEntry) -> str:
    """The time of an entry's act, which an imported older act states itself."""
    return str(entry.body["happened_at"]) if "brought_in" in entry.body else entry.at


def _is_of_before(entry: LeafEntry) -> bool:
    """Whether an entry's act is older than the log: it says so or, in early logs, its times show it."""
    try:
        happened = read_time(entry.body.get("happened_at"))
    except ValueError:
        return False
    return "brought_in" in entry.body or read_time(entry.at) - happened > _DELAY


def replay(
    read: Read, policy: Policy, claims: Iterable[Mapping[str, Any]] | Listed | None = None, times_from: int = 0
) -> Report:
    """Audit a log and follow every claim's status changes. `claims`: the list of the API or of published claims, to
    compare: the reference and state of each, and its time of publication."""
    moves = Report()
    standing = ReplayedStates(moves)
    listed = claims if isinstance(claims, Listed) else Listed([*(claims or ())])
    report = audit(read, policy, each=standing.take, times_from=times_from)
    _compare_claims(standing, listed.claims, moves)
    if listed.is_whole:
        _look_for_published(standing, listed.claims, moves)
    report.findings += moves.findings
    report.counts |= {"claims": len(standing.states), **moves.counts}
    return report


def _compare_claims(standing: ReplayedStates, claims: Iterable[Mapping[str, Any]], moves: Report) -> None:
    for claim in claims:
        reference, state = claim.get("reference"), claim.get("state")
        stream = standing.references.get(str(reference))
        where = f"claim {reference}"
        if stream is None:
            moves.expect(
                False, where, part="reference", expected="a claim of the ledger", found="no entry that names it"
            )
            continue
        moves.expect(
            standing.states[stream] == state, where, part="state", expected=_plain(standing.states[stream]), found=state
        )
        if "published_at" in claim:
            _compare_publication(standing, stream, where=where, said=claim["published_at"], moves=moves)
        moves.count("claims compared")


def _compare_publication(standing: ReplayedStates, stream: str, *, where: str, said: Any, moves: Report) -> None:
    """Compare a claim's time of publication, unless both are older than the log, which then has no entry of it."""
    found = None if said is None else _to_the_millisecond(str(said))
    is_older = found is not None and stream in standing.older and found < standing.older[stream]
    if stream not in standing.published and is_older:
        moves.count("publications from before the log")
        return
    expected = standing.published.get(stream)
    moves.expect(found == expected, where, part="published_at", expected=_plain(expected), found=found)


def _to_the_millisecond(said: str) -> str:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return said
    return said if moment.tzinfo is None else _write_time(moment.astimezone(UTC))


def _look_for_published(standing: ReplayedStates, claims: Iterable[Mapping[str, Any]], moves: Report) -> None:
    """Report each claim that the log shows as published but the list lacks."""
    listed = {standing.references.get(str(claim.get("reference"))) for claim in claims}
    names = {stream: reference for reference, stream in standing.references.items()}
    for stream, since in standing.published.items():
        where = f"claim {names.get(stream, stream)}"
        moves.expect(
            since is None or stream in listed,
            where,
            part="published",
            expected=f"in the list, since {since}",
            found="left out",
        )


def read_listed(data: bytes) -> tuple[Listed, str | None]:
    """The claims in a file as `read_claims` has them, or in a page of published ones, with the address of the next
    page."""
    rows = read_claims(data)
    try:
        value = json.loads(data)
    except json.JSONDecodeError:
        return Listed(rows), None
    if not isinstance(value, dict) or value.get("format") != PUBLISHED_LIST:
        return Listed(rows), None
    after = value.get("next")
    return Listed(rows, is_whole=after is None), after if isinstance(after, str) else None


def listed_at(address: str) -> Listed:
    """The list of published claims at an address, with all its pages. Raises Unusable."""
    base, _, name = address.rpartition("/")
    read, rows, after = address_reader(base), list[Mapping[str, Any]](), ""
    for _page in range(MOST_PAGES):
        data = read(name + after)
        if data is None:
            raise Unusable(f"{address}: nothing is there")
        page, more = read_listed(data)
        rows += page.claims
        if more is None:
            return Listed(rows, page.is_whole)
        if not re.fullmatch(r"\?cursor=[A-Za-z0-9_=.:-]{1,1000}", more):
            raise Unusable(f"{address}: goes on at {more!r}, which is no page of it")
        after = more
    raise Unusable(f"{address}: has more than {MOST_PAGES} pages")


def read_claims(data: bytes) -> list[JsonObject]:
    """Claims as the API lists them: an array, {"results": […]}, or one object per line. Raises Unusable for anything
    else."""
    try:
        try:
            value = json.loads(data)
        except json.JSONDecodeError:
            value = [json.loads(line) for line in data.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
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
_DAY = 0x21  # 1 January 1980, the first day of zips: only its contents may decide a bundle's bytes
_BEYOND_32 = 0xFFFFFFFF
PIECE = 2**20


def zip_head(name: str, size: int, crc: int) -> bytes:
    """The bytes before a bundle's file: a zip's local header, uncompressed, with known sizes."""
    return _HEAD.pack(_FIRST_OF_FILE, 20, 0, 0, 0, _DAY, crc, size, size, len(name), 0) + name.encode("ascii")


def zip_directory(files: Iterable[tuple[str, int, int]]) -> bytes:
    """The bytes after a bundle's last file: the zip's central directory and end, for names, sizes and CRCs."""
    lines, offset, count = bytearray(), 0, 0
    for name, size, crc in files:
        extra = struct.pack("<2HQ", 1, 8, offset) if offset >= _BEYOND_32 else b""
        lines += _DIRECTORY_LINE.pack(
            *(_FIRST_OF_DIRECTORY, 0x314, 45 if extra else 20, 0, 0, 0, _DAY, crc, size, size, len(name), len(extra)),
            *(0, 0, 0, 0o100644 << 16, min(offset, _BEYOND_32)),
        )
        lines += name.encode("ascii") + extra
        offset, count = offset + len(zip_head(name, size, crc=crc)) + size, count + 1
    numbers = (count, len(lines), offset)
    end = b""
    if count >= 0xFFFF or offset >= _BEYOND_32:
        end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, *numbers)
        end += struct.pack("<4sIQI", b"PK\6\7", 0, offset + len(lines), 1)
    short = [min(count, 0xFFFF), min(count, 0xFFFF), len(lines), min(offset, _BEYOND_32)]
    return bytes(lines) + end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *short, 0)


class Member(NamedTuple):
    """A file of a bundle. `pieces`: its bytes, readable once."""

    path: str
    size: int
    pieces: Iterator[bytes]


class ZippedBundle:
    """A bundle in the exact form of section 10, read from front to back, in which every byte is checked.

    `whole`: False after a mismatch beyond which no file can be identified.
    """

    def __init__(self, file: BinaryIO, report: Report) -> None:
        self._file, self._report, self.whole = file, report, True
        self._read: list[tuple[str, int, int]] = []

    def __iter__(self) -> Iterator[Member]:
        head = self._file.read(_HEAD.size)
        while head.startswith(_FIRST_OF_FILE):
            (*_before, crc, size, _size, name_length, _extra) = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
            name = self._file.read(name_length).decode("ascii", "replace")
            if not self._is_head(head, name, size, crc=crc):
                return
            yield Member(name, size, self._pieces(name, size, crc))
            if not self.whole:
                return
            self._read.append((name, size, crc))
            head = self._file.read(_HEAD.size)
        self._check_end(head)

    def _after(self) -> str:
        return f"bundle, after {self._read[-1][0]}" if self._read else "bundle, its beginning"

    def _is_head(self, head: bytes, name: str, size: int, *, crc: int) -> bool:
        self.whole = bool(_PATH.fullmatch(name)) and head + name.encode() == zip_head(name, size, crc=crc)
        found = name if len(head) == _HEAD.size else f"{len(head)} bytes"
        self._report.expect(
            self.whole,
            self._after(),
            part="file",
            expected="the head of a file as section 10 has it",
            found=_shown(found),
        )
        return self.whole

    def _pieces(self, name: str, size: int, crc: int) -> Iterator[bytes]:
        left, computed = size, 0
        while left and (piece := self._file.read(min(left, PIECE))):
            left, computed = left - len(piece), zlib.crc32(piece, computed)
            yield piece
        self.whole = not left
        self._report.expect(
            not left, name, part="size", expected=f"{size} bytes", found=f"{size - left}, where the bundle is cut off"
        )
        if not left:
            self._report.expect(computed == crc, name, part="CRC-32", expected=f"{crc:08x}", found=f"{computed:08x}")

    def _check_end(self, head: bytes) -> None:
        if not self._read:
            self._is_head(head, "", 0, crc=0)
            return
        expected = zip_directory(self._read)
        found = head + self._file.read(len(expected) + 1)
        if found != expected:
            self.whole = False
            at = next((at for at, both in enumerate(zip(found, expected, strict=False)) if both[0] != both[1]), None)
            what = f"another byte at {at}" if at is not None else f"{min(len(found), len(expected) + 1)} bytes"
            what = "nothing: the bundle is cut off" if not found else what
            self._report.expect(
                False,
                self._after(),
                part="directory",
                expected=f"{len(expected)} bytes as section 10 has it",
                found=what,
            )


def folder_members(folder: Path, report: Report) -> Iterator[Member]:
    """The files of a bundle unpacked into a folder, by name. Links are reported and not followed."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            report.expect(False, name, part="file", expected="a plain file", found="a link, or no file")
        elif path.is_file():
            yield Member(name, path.stat().st_size, _pieces_of(path))


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


_SUBJECTS = ("relay", "attachment", "capture", "assessment", "assignment", "evidence", "actor", "source", "claim")


def compute_history(reference: str, proofs: Mapping[str, Any]) -> JsonObject:
    """The history by the proofs, in the form of `history.json`. `proofs`: valid proof files (section 7), read, by path.

    Each value comes from the entry that it names: open in its leaf, or disclosed beside it.
    """
    acts = sorted((act for path, proof in proofs.items() for act in _acts(path, proof)), key=lambda act: act["entry"])
    subjects: dict[tuple[str, str], JsonObject] = {}
    for act in acts:
        if sort := next((sort for sort in _SUBJECTS if isinstance(act.get("body", {}).get(sort), str)), None):
            name = act["body"][sort]
            subject = subjects.setdefault((sort, name), {"sort": sort, "id": name, "entries": []})
            subject["entries"].append({"entry": act["entry"], "kind": act["kind"]})
            _take_content(subject, act=act)
    own = proofs[CLAIM_PROOF_PATH]
    moves = [act for act in acts if act.get("kind") == STATUS_CHANGED and act["proof"] == CLAIM_PROOF_PATH]
    return {
        "format": HISTORY_FORMAT,
        "origin": own["origin"],
        "claim": own["stream"],
        "reference": reference,
        "state": moves[-1]["body"].get("to") if moves else None,
        "state_of": moves[-1]["entry"] if moves else None,
        "acts": acts,
        "subjects": [subjects[key] for key in sorted(subjects, key=lambda key: (_SUBJECTS.index(key[0]), key[1]))],
    }


def _take_content(subject: JsonObject, *, act: JsonObject) -> None:
    """Take a subject's `content` from the newest entry that commits to it; a file's from the entry that kept it."""
    if act["kind"].endswith("_released") and subject["sort"] in ("attachment", "capture"):
        return
    if "content" in act["left_out"]:
        subject |= {"content": None, "content_of": act["entry"], "left_out": act["left_out"]["content"]}
    elif "content" in act["values"]:
        content, before = act["values"]["content"], subject.get("content")
        if isinstance(content, dict) and isinstance(before, dict):
            names = sorted(content.keys() | before.keys())
            both = {name: [before.get(name), content.get(name)] for name in names}
            act["changed"] = {name: pair for name, pair in both.items() if not _is_same(*pair)}
        subject |= {"content": content, "content_of": act["entry"]}
        subject.pop("left_out", None)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values have the same canonical bytes, in which 1 is not true."""
    return canonical(one) == canonical(other)


def _acts(path: str, proof: Mapping[str, Any]) -> Iterator[JsonObject]:
    erased = _named_in(proof)
    for item in proof["entries"]:
        act = {"entry": item["index"], "proof": path}
        if "leaf_hash" in item:
            yield {**act, "leaf_hash": item["leaf_hash"], "left_out": {"entry": {"reason": WITHHELD}}}
            continue
        leaf = base64.b64decode(item["leaf"])
        entry, by_name = read_entry(leaf), erased.get(leaf_hash(leaf).hex(), {})
        kind, body, values, closed = told_in(entry, item["disclosures"])
        yield {
            **act,
            **{"stream": entry.stream, "seq": entry.seq, "at": entry.at, "kind": kind, "body": body, "values": values},
            "left_out": {name: _why_closed(by_name.get(place)) for name, place in closed.items()},
        }


def _named_in(proof: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for item in proof.get("redactions", []):
        if "leaf" in item:
            fields = told_in(read_entry(base64.b64decode(item["leaf"])), item["disclosures"])[1]["fields"]
            for hashed, names in fields.items():
                found.setdefault(hashed, {}).update(dict.fromkeys(names, item["index"]))
    return found


def _why_closed(redaction: int | None) -> JsonObject:
    return {"reason": WITHHELD} if redaction is None else {"reason": REDACTED, "by": redaction}


class BundleNote(NamedTuple):
    """The signed text of a bundle: the log's origin, the claim, the manifest's SHA-256 and the time of making."""

    origin: str
    reference: str
    digest: bytes
    at: str


def read_bundle_note(text: str) -> BundleNote:
    """The note of a bundle, from its text. Raises Broken if it is malformed."""
    lines = text.split("\n")
    _expect(
        len(lines) == 6 and lines[0] == BUNDLE and lines[5] == "",
        "note",
        expected=f"{BUNDLE} and 4 lines",
        found=text[:60],
    )
    origin, reference, digest, at = lines[1:5]
    try:
        read_time(at)
    except ValueError:
        raise Broken("at", expected="UTC with milliseconds", found=_shown(at)) from None
    return BundleNote(origin, reference, read_base64(digest, "digest", 32), at)


class _Found(NamedTuple):
    size: int
    digest: str


def check_bundle(members: Iterable[Member], policy: Policy, report: Report) -> Report:
    """Check an evidence bundle: a key that the log vouches for signed the manifest, each file matches it, each proof
    holds against the bundle's checkpoint, history and page follow from the proofs, and everything left out has a
    reason.

    The policy is the reader's own; the one inside a bundle proves nothing.
    """
    found, kept = _take_in(members, report)
    manifest = _bundle_manifest(kept.get(MANIFEST), report)
    if manifest is None:
        return _say_nothing(report, "it has no manifest")
    if any(is_read_whole(path) for path in found.keys() - kept.keys()):
        return _say_nothing(report, "a file in it is too large to be read as a whole")
    is_whole = not isinstance(members, ZippedBundle) or members.whole
    _check_files(found, manifest, report, is_whole=is_whole)
    if not is_whole:
        left = len(manifest["files"]) - len(found.keys() - {MANIFEST, MANIFEST_NOTE})
        report.count("files that were not reached", left)
        return _say_nothing(report, "it is cut off")
    if isinstance(members, ZippedBundle) and found.keys() == {MANIFEST, MANIFEST_NOTE, *_paths(manifest)}:
        report.expect(
            [*found][2:] == _paths(manifest),
            "bundle",
            part="files",
            expected="in the order of the manifest",
            found="another",
        )
    proofs = _bundle_proofs(kept, manifest, policy, report)
    is_signed = _check_note(kept, found, manifest, _vouched(policy, proofs), report)
    if proofs is None:
        return _say_nothing(report, "a proof in it, or its checkpoint, does not hold by the log's key")
    own = next((one for one in report.histories if one.stream == manifest["stream"]), None)
    if own is None:
        return _say_nothing(report, "it has no proof of its claim")
    if not is_signed:
        _say_nothing(report, "no key that the log vouches for signed its manifest. Its proofs hold by themselves")
    report.said |= own.in_words(policy)
    named = manifest["reference"] in own.names()
    report.expect(
        named, CLAIM_PROOF_PATH, part="reference", expected=f"an entry of {manifest['reference']}", found="none"
    )
    history = compute_history(manifest["reference"], proofs)
    _check_history(kept.get(HISTORY, b""), history, report)
    unproven = _read_unproven(kept.get(UNPROVEN), report)
    _check_page(
        kept.get(PAGE, b""),
        expected=bundle_page(manifest, history=history, unproven=unproven, checkpoint=own.checkpoint),
        report=report,
    )
    _check_kept_files(manifest, history=history, report=report)
    _check_left_out(manifest, history=history, report=report)
    _say_bundle(manifest, report)
    return report


def _paths(manifest: Mapping[str, Any]) -> list[str]:
    return [file["path"] for file in manifest["files"]]


def _say_nothing(report: Report, why: str) -> Report:
    report.expect(
        False,
        "bundle",
        part="proof",
        expected="files, proofs and keys that hold",
        found=f"{why}: this bundle proves nothing",
    )
    return report


def _say_bundle(manifest: Mapping[str, Any], report: Report) -> None:
    report.count("files", len(manifest["files"]))
    made_for = manifest["for"].get("name", "") if isinstance(manifest["for"], dict) else ""
    report.said["made"] = f"{manifest['at']} for {made_for}; {_later(manifest)}, by the desk's word"
    fields = [f"{report.counts.get(f'fields {what}', 0)} {what}" for what in ("verified", REDACTED, WITHHELD)]
    report.said["fields"] = f"{', '.join(fields)}, {report.counts.get('rows unproven', 0)} rows unproven"


def _take_in(members: Iterable[Member], report: Report) -> tuple[dict[str, _Found], dict[str, bytes]]:
    """The size and digest of every file, and the bytes of those that are read further and are not too large."""
    found: dict[str, _Found] = {}
    kept: dict[str, bytes] = {}
    room = _Room(report)
    for path, declared, pieces in members:
        digest, size, held = hashlib.sha256(), 0, bytearray()
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if is_read_whole(path) and size <= room.largest:
                held += piece
        if size != declared:  # cut off, and reported while reading
            continue
        if path in found:
            report.expect(False, path, part="file", expected="once", found="a second one of this name")
            continue
        found[path] = _Found(size, digest.hexdigest())
        if is_read_whole(path) and room.takes(path, size, held):
            kept[path] = bytes(held)
    return found, kept


def is_read_whole(path: str) -> bool:
    """Whether a bundle's file at this path is held in memory; people's files and snapshots are not."""
    return path in _READ_WHOLE or path.startswith("proofs/")


class _Room:
    """Limits the memory that a bundle takes, as a file of zeros, or of brackets, is small when compressed."""

    def __init__(self, report: Report) -> None:
        self._report, self._bytes, self._values = report, LARGEST_READ_IN_ALL, MOST_VALUES

    @property
    def largest(self) -> int:
        """The number of bytes that the next file may have."""
        return min(LARGEST_READ, self._bytes)

    def takes(self, path: str, size: int, held: bytearray) -> bool:
        """Whether a file fits; reports one that does not."""
        if size > self.largest:
            expected = f"at most {self.largest}, as this is read as a whole"
            self._report.expect(False, path, part="size", expected=expected, found=size)
            return False
        self._bytes -= size
        self._values -= sum(map(held.count, (b"[", b"{", b",")))
        expected = f"at most {MOST_VALUES} in all that is read as a whole"
        self._report.expect(self._values >= 0, path, part="values", expected=expected, found="more")
        return self._values >= 0


_READ_WHOLE = (MANIFEST, MANIFEST_NOTE, HISTORY, UNPROVEN, PAGE, "checkpoint")
_MANIFEST_NAMES = {
    *("format", "origin", "reference", "stream", "for", "at", "later", "withheld", "left_out", "files"),
}


def _bundle_manifest(data: bytes | None, report: Report) -> JsonObject | None:
    if data is None:
        report.expect(False, MANIFEST, part="file", expected="the manifest of a bundle", found="no such file")
        return None
    try:
        value = read_canonical(data)
        _expect(
            isinstance(value, dict) and value.keys() == _MANIFEST_NAMES,
            "form",
            expected="the fields of section 10",
            found=value,
        )
        _expect(value["format"] == BUNDLE, "format", expected=BUNDLE, found=value["format"])
        for name in ("files", "left_out", "withheld"):
            _expect(isinstance(value[name], list), name, expected="a list", found=value[name])
        for file in value["files"]:
            _check_manifest_file(file)
        for one in value["left_out"]:
            _check_manifest_gap(one)
        for name in ("reference", "stream", "at"):
            _expect(isinstance(value[name], str), name, expected="a text", found=value[name])
        _expect(_is_integer(value["later"]), "later", expected="a number", found=value["later"])
        _expect(
            all(isinstance(text, str) for text in value["withheld"]),
            "withheld",
            expected="sentences",
            found=value["withheld"],
        )
        paths = [file["path"] for file in value["files"]]
        _expect(len(set(paths)) == len(paths), "files", expected="each path once", found="one twice")
    except Broken as error:
        report.add(MANIFEST, error)
        return None
    except ValueError as error:
        report.add(MANIFEST, Broken("form", expected="canonical JSON", found=str(error)))
        return None
    return value  # type: ignore[no-any-return]  # looked at above


def _check_manifest_file(file: Any) -> None:
    of_all, of_kept = {"path", "sha256", "size", "what"}, {"attachment", "source", "name", "media_type", "proof"}
    _expect(
        isinstance(file, dict) and file.keys() in (of_all, of_all | of_kept),
        "files",
        expected="what section 10 has",
        found=file,
    )
    _expect(
        _matches(_PATH, file["path"]),
        "files",
        expected="a path of small letters, digits, - . _ and /",
        found=file["path"],
    )
    _expect(
        _matches(_HASH, file["sha256"]) and _is_integer(file["size"]),
        "files",
        expected="a digest and a size",
        found=file,
    )
    texts = [value for name, value in file.items() if name != "size" and (name, value) != ("proof", None)]
    _expect(all(isinstance(text, str) for text in texts), "files", expected="texts", found=file)


# What a manifest says is left out: names of fields (or `entry`) of an entry; and what an entry names: a file, a graph
# or grounds by its digest, another subject.
_GAPS = {"fields": {"entry", "names"}, **{what: {"entry", "id"} for what in ("file", "graph", "grounds", "subject")}}
TOO_LARGE = "too_large"
REASONS = {
    WITHHELD: "its reader may not see it",
    REDACTED: "two persons had it erased",
    "redacted_since": "two persons had it erased since the checkpoint of this bundle, whose log does not say so yet",
    "not_kept": "the desk does not keep it",
    TOO_LARGE: "it is too large for one bundle",
    "no_entry": "no entry of this bundle tells of it",
}


def _check_manifest_gap(one: Any) -> None:
    what, reason = (one.get("what"), one.get("reason")) if isinstance(one, dict) else (None, None)
    is_known = isinstance(what, str) and what in _GAPS and isinstance(reason, str) and reason in REASONS
    is_known = is_known and (reason != TOO_LARGE or what == "file")
    _expect(
        is_known and one.keys() == {"what", "reason", *_GAPS[str(what)]},
        "left_out",
        expected="what section 10 has",
        found=one,
    )
    _expect(_is_integer(one["entry"]), "left_out", expected="an entry", found=one)
    names = one.get("names", [one.get("id")])
    _expect(
        isinstance(names, list) and all(isinstance(name, str) for name in names),
        "left_out",
        expected="names",
        found=names,
    )


def _vouched(policy: Policy, proofs: Mapping[str, Any] | None) -> Policy:
    """The policy with the successors of its receipt keys, by signed rotations in the log."""
    held = list(policy.receipt_keys)
    for item in (proofs or {}).get(KEYS_PROOF_PATH, {}).get("entries", []):
        entry = read_entry(base64.b64decode(item["leaf"])) if "leaf" in item else None
        if entry is None or (entry.kind, entry.body.get("signs")) != (KEY_ROTATED, "receipts"):
            continue
        try:
            if entry.body["replaces"] in map(str, held) and check_rotation(entry, policy.origin):
                held.append(read_verifier_key(entry.body["key"]))
        except (Broken, KeyError):
            continue
    return Policy(policy.origin, policy.log_keys, tuple(dict.fromkeys(held)))


def _check_note(
    kept: Mapping[str, bytes],
    found: Mapping[str, _Found],
    manifest: Mapping[str, Any],
    policy: Policy,
    report: Report,
) -> bool:
    """Check that a trusted key signed the note, and that it is of this manifest."""
    if MANIFEST_NOTE not in kept:
        report.expect(
            False, MANIFEST_NOTE, part="file", expected="the signed note of the manifest", found="no such file"
        )
        return False
    try:
        note = read_bundle_note(open_note(kept[MANIFEST_NOTE], policy.receipt_keys))
    except Broken as error:
        report.add(MANIFEST_NOTE, error)
        return False
    before, digest = len(report.findings), found[MANIFEST].digest
    report.expect(
        note.digest.hex() == digest,
        MANIFEST,
        part="sha256",
        expected=f"{note.digest.hex()}, which was signed",
        found=digest,
    )
    report.expect(note.origin == policy.origin, MANIFEST_NOTE, part="origin", expected=policy.origin, found=note.origin)
    for name, signed in (("origin", note.origin), ("reference", note.reference), ("at", note.at)):
        report.expect(
            manifest[name] == signed, MANIFEST, part=name, expected=f"{signed}, which was signed", found=manifest[name]
        )
    return len(report.findings) == before


def _check_files(found: Mapping[str, _Found], manifest: Mapping[str, Any], report: Report, *, is_whole: bool) -> None:
    named = {file["path"]: file for file in manifest["files"]}
    for path, file in named.items():
        if path not in found:
            report.expect(
                not is_whole, path, part="file", expected=f"one of {file['size']} bytes", found="no such file"
            )
        elif found[path].size != file["size"]:
            report.expect(False, path, part="size", expected=str(file["size"]), found=found[path].size)
        else:
            report.expect(
                found[path].digest == file["sha256"],
                path,
                part="sha256",
                expected=file["sha256"],
                found=found[path].digest,
            )
    for path in found.keys() - named.keys() - {MANIFEST, MANIFEST_NOTE}:
        report.expect(False, path, part="file", expected="one that the manifest names", found="one more")
    for path in ("checkpoint", HISTORY, PAGE, CLAIM_PROOF_PATH):
        report.expect(path in named, MANIFEST, part="files", expected=path, found="no such path")


def _bundle_proofs(
    kept: Mapping[str, bytes], manifest: Mapping[str, Any], policy: Policy, report: Report
) -> JsonObject | None:
    """All proofs, read, by path; None if one of them, or the bundle's one checkpoint, does not hold."""
    checkpoint, is_good = kept.get("checkpoint", b""), True
    try:
        policy.checkpoint(checkpoint)
    except Broken as error:
        report.add("checkpoint", error)
        is_good = False
    else:
        report.said |= check_witnessed(policy, checkpoint, "checkpoint", report)
    before = len(report.findings)
    policy = replace(policy, witnesses=None)  # all proofs have this same checkpoint, checked above
    proofs, streams = JsonObject(), set[str]()
    for path in sorted(path for path in kept if path.startswith("proofs/")):
        of_proof = check_claim_proof(kept[path], policy)
        report.findings += [found._replace(where=f"{path}: {found.where}") for found in of_proof.findings]
        for word, number in of_proof.counts.items():
            report.count(word, number)
        if of_proof.findings:
            continue
        report.histories += of_proof.histories
        proofs[path] = value = read_canonical(kept[path])
        same = value["checkpoint"].encode() == checkpoint
        report.expect(same, path, part="checkpoint", expected="that of the bundle", found=value["checkpoint"])
        report.expect(
            value["stream"] not in streams,
            path,
            part="stream",
            expected="one without a proof yet",
            found=value["stream"],
        )
        streams.add(value["stream"])
        # Another claim's status change must not appear on the page as this one's.
        if path == CLAIM_PROOF_PATH or value["stream"].startswith("claim:"):
            report.expect(
                value["stream"] == manifest["stream"],
                path,
                part="stream",
                expected=manifest["stream"],
                found=value["stream"],
            )
    return proofs if is_good and len(report.findings) == before else None


def _check_history(data: bytes, expected: Mapping[str, Any], report: Report) -> None:
    """Check that the history is, byte for byte, what the proofs show. Reports each difference."""
    if data == canonical(expected):
        report.count("status changes", sum(act.get("kind") == STATUS_CHANGED for act in expected["acts"]))
        return
    try:
        found = read_canonical(data)
    except ValueError as error:
        report.add(HISTORY, Broken("form", expected="canonical JSON", found=str(error)))
        return
    for place, wanted, said in _differences(expected, found=found, place=""):
        report.expect(False, HISTORY, part=place or "form", expected=_plain(wanted), found=said)


def _differences(expected: Any, *, found: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """The differences between two values, by places such as acts[3].values.reason, with both contents."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            if name not in expected or name not in found:
                yield f"{place}.{name}".lstrip("."), expected.get(name, "nothing"), found.get(name, "nothing")
            else:
                yield from _differences(expected[name], found=found[name], place=f"{place}.{name}".lstrip("."))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _differences(one, found=other, place=f"{place}[{number}]")
    elif not _is_same(expected, found):
        yield place, expected, found


def _read_unproven(data: bytes | None, report: Report) -> list[Any]:
    """The rows that the desk shows and no entry proves, counted but not checked."""
    if data is None:
        return []
    try:
        value = read_canonical(data)
        _expect(isinstance(value, list) and value, "form", expected="a list that is not empty", found=value)
        for row in value:
            is_good = isinstance(row, dict) and row.keys() == {"what", "row"} and isinstance(row["what"], str)
            _expect(is_good and isinstance(row["row"], dict), "form", expected="rows, and what they are", found=row)
    except Broken as error:
        report.add(UNPROVEN, error)
        return []
    except ValueError as error:
        report.add(UNPROVEN, Broken("form", expected="canonical JSON", found=str(error)))
        return []
    report.count("rows unproven", len(value))
    return value  # type: ignore[no-any-return]  # looked at above


def _check_page(data: bytes, *, expected: bytes, report: Report) -> None:
    if data == expected:
        return
    lines = zip([*expected.split(b"\n"), b"the end"], [*data.split(b"\n"), b"the end"], strict=False)
    number, (one, other) = next((at, both) for at, both in enumerate(lines, 1) if both[0] != both[1])
    at = next((at for at, both in enumerate(zip(one, other, strict=False)) if both[0] != both[1]), 0)
    wanted, found = (part[max(0, at - 20) : at + 60].decode("utf-8", "replace") for part in (one, other))
    report.expect(False, PAGE, part=f"line {number}", expected=f"{wanted!r}, as made from the history", found=found)


def _check_kept_files(manifest: Mapping[str, Any], *, history: Mapping[str, Any], report: Report) -> None:
    """Check that each of people's files is what its entry discloses, and each of the desk's what its path says."""
    acts = [act for act in history["acts"] if act.get("kind") in KEEPING]
    kept = {act["body"]["attachment"]: act for act in acts if isinstance(act["body"].get("attachment"), str)}
    named = {file["path"]: file for file in manifest["files"] if "attachment" in file}
    for path, file in named.items():
        act = kept.get(file["attachment"])
        if file["proof"] is None:
            report.count("files that no entry names")
            is_closed = act is None or "content" not in act["values"]
            report.expect(is_closed, path, part="proof", expected=f"{act and act['proof']}", found="none")
        elif act is None or act["proof"] != file["proof"]:
            report.expect(
                False, path, part="proof", expected=f"an entry of {file['attachment']} in {file['proof']}", found="none"
            )
        elif not isinstance(content := act["values"].get("content"), dict):
            report.expect(
                False,
                path,
                part="content",
                expected=f"what entry {act['entry']} kept, disclosed",
                found="nothing of it",
            )
        else:
            content = {**content, "source": act["body"].get("source")}
            for name in ("sha256", "size", "name", "media_type", "source"):
                expected = f"{_plain(content.get(name))} (entry {act['entry']})"
                report.expect(
                    _is_same(content.get(name), file[name]), path, part=name, expected=expected, found=file[name]
                )
            what = "capture" if act["kind"] == "capture_kept" else "attachment"
            report.expect(file["what"] == what, path, part="what", expected=what, found=file["what"])
            report.count("files as their entries say")
    for file in manifest["files"]:
        expected = f"one of {', '.join(sorted(_OWN_FILES.values()))}"
        what = _OWN_FILES.get(file["path"], _OWN_FILES.get(file["path"].partition("/")[0], expected))
        report.expect(
            "attachment" in file or file["what"] == what, file["path"], part="what", expected=what, found=file["what"]
        )
        if file["what"] in ("graph", "grounds"):
            digest = f"{file['path'].partition('/')[0]}/{file['sha256']}.json"
            report.expect(file["path"] == digest, file["path"], part="path", expected=digest, found=file["path"])


# The manifest's name of each of the desk's files, by path or folder.
_OWN_FILES = {
    **{PAGE: "page", HISTORY: "history", UNPROVEN: "unproven", "checkpoint": "checkpoint", "proofs": "proof"},
    **{"policy.json": "policy", "ledger.md": "specification", "verifier.py": "verifier"},
    **{"graphs": "graph", "grounds": "grounds"},
}


def _check_left_out(manifest: Mapping[str, Any], *, history: Mapping[str, Any], report: Report) -> None:
    """Check that everything left out has a reason, and that nothing with such a reason is there."""
    wanted, there = left_out_of(history), {file.get("attachment", file["sha256"]) for file in manifest["files"]}
    said = dict[tuple[str, int, str], str]()
    for one in manifest["left_out"]:
        for name in one.get("names", [one.get("id")]):
            part, gap = f"left_out: {one['what']} {name} of entry {one['entry']}", (one["what"], one["entry"], name)
            report.expect(gap not in said, MANIFEST, part=part, expected="it once", found="twice")
            said[gap] = one["reason"]
    for (what, entry, name), erased in wanted.items():
        if what != "fields" and name in there:
            continue
        reason = said.pop((what, entry, name), None)
        if what == "fields" and erased:
            report.expect(
                reason in (None, REDACTED),
                MANIFEST,
                part=f"left_out: {name} of entry {entry}",
                expected=REDACTED,
                found=reason,
            )
        else:
            part = f"left_out: {what} {name} of entry {entry}"
            report.expect(reason is not None, MANIFEST, part=part, expected="its value, or a reason", found="neither")
            is_true = reason != REDACTED or erased
            report.expect(
                is_true, MANIFEST, part=part, expected="a redaction that names it", found="none in the proofs"
            )
            if what != "fields":
                report.count(f"{what} left out: {reason}")
    for what, entry, name in said:
        report.expect(
            False,
            MANIFEST,
            part=f"left_out: {what} {name} of entry {entry}",
            expected="something that is left out",
            found="not",
        )


def left_out_of(history: Mapping[str, Any]) -> dict[tuple[str, int, str], bool]:
    """Everything that may be left out, by kind, entry and name; True if a redaction named it.

    Fields without a value, and references in disclosed values: kept files, graphs and grounds by their digests, and
    other subjects of which nothing is disclosed.
    """
    gaps: dict[tuple[str, int, str], bool] = {}
    for act in history["acts"]:
        for name, why in act["left_out"].items():
            gaps["fields", act["entry"], name] = why["reason"] == REDACTED
        if act.get("kind") in KEEPING and isinstance(act["body"].get("attachment"), str):
            erased = act["left_out"].get("content", {}).get("reason") == REDACTED
            gaps["file", act["entry"], act["body"]["attachment"]] = erased
        values, content = act.get("values", {}), act.get("values", {}).get("content")
        told = [("graph", values.get("graph_digest")), ("grounds", values.get("grounds"))]
        told.append(("grounds", content.get("grounds") if isinstance(content, dict) else None))
        gaps |= {(what, act["entry"], digest): False for what, digest in told if _matches(_HASH, digest)}
    known = {subject["id"] for subject in history["subjects"] if "content" in subject} | _parts(history)
    for subject in history["subjects"]:
        for named in _ids_in(subject.get("content")) - known:
            gaps["subject", subject["content_of"], named] = False
    return gaps


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def _ids_in(value: Any) -> set[str]:
    """The texts in a value that are ids."""
    if isinstance(value, dict | list):
        return {found for one in (value.values() if isinstance(value, dict) else value) for found in _ids_in(one)}
    return {value} if _matches(_ID, value) else set()


def _parts(history: Mapping[str, Any]) -> set[str]:
    """The ids of a claim's elements, which its own content describes."""
    contents = [act.get("values", {}).get("content") for act in history["acts"]]
    parts = [content.get("elements") for content in contents if isinstance(content, dict)]
    each = [part for some in parts if isinstance(some, list) for part in some]
    return {str(part.get("id")) for part in each if isinstance(part, dict)}


# The page of a bundle: made from what was checked, by this program alone


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f23; --soft: #4a5158; --paper: #fff; --rule: #b9c0c7; --link: #00585f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceff1; --soft: #c0c7cd; --paper: #14181b; --rule: #57616a; --link: #7fd3da; }
}
* { box-sizing: border-box; }
body { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2rem; max-inline-size: 62rem; margin: 0 auto;
  padding: 1.5rem 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  overflow-wrap: anywhere; }
h1 { font: 1.7rem/1.25 Georgia, serif; margin: 0; }
h2 { font-size: 1.3rem; border-block-start: 1px solid var(--rule); padding-block-start: 1rem; margin: 0 0 0.5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 0; }
p, ul, dl { margin: 0.25rem 0; }
dl { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 1rem; }
@media (width >= 40rem) { dl { grid-template-columns: 12rem minmax(0, 1fr); } }
dt { font-weight: 600; } dd, dd > p, dd > ul { margin: 0; }
.meta { color: var(--soft); font-size: 0.9rem; }
code { font-size: 0.86em; } a { color: var(--link); display: inline-block; padding-block: 0.15rem; }
"""


# Bidirectional controls and invisible characters could disguise words, so they are escaped.
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def _html(text: object) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", html.escape(str(text)))


def _words(name: str) -> str:
    return _html(name.removesuffix("_id").replace("_", " "))


class _HistoryPage:
    """The lines of a page. `titles`: the names that ids have in the newest entries that commit to them."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles, self.lines = titles, list[str]()

    def add(self, *lines: str) -> None:
        """Add lines unchanged."""
        self.lines += lines

    def value(self, value: Any) -> str:
        """A value in words: texts as paragraphs with their own direction, ids with their names."""
        if isinstance(value, dict):
            if value.keys() == {"id", "name"}:
                return f"<bdi>{_html(value['name'])}</bdi> <code>{_html(value['id'])}</code>"
            return self.fields(value)
        if isinstance(value, list):
            return "<ul>" + "".join(f"<li>{self.value(one)}</li>" for one in value) + "</ul>" if value else "none"
        if isinstance(value, bool) or value is None:
            return {True: "yes", False: "no", None: "none"}[value]
        if isinstance(value, str) and value in self._titles:
            return f"<bdi>{_html(self._titles[value])}</bdi> <code>{_html(value)}</code>"
        if value == "":
            return "empty"
        if _matches(_ID, value):
            return f"<code>{value}</code>"
        return f'<p dir="auto">{_html(value)}</p>'.replace("\n", "<br>")

    def fields(self, fields: Mapping[str, Any], left_out: Mapping[str, Any] | None = None) -> str:
        """A list of names and values, and of names without a value with the reason."""
        lines = [f"<dt>{_words(name)}</dt><dd>{self.value(value)}</dd>" for name, value in sorted(fields.items())]
        for name, why in sorted((left_out or {}).items()):
            lines.append(f"<dt>{_words(name)}</dt><dd>{_why_in_words(why)}</dd>")
        return f"<dl>{''.join(lines)}</dl>" if lines else ""

    def act(self, act: Mapping[str, Any], title: str) -> None:
        """One entry: its open and its disclosed contents, and for a change the former contents."""
        self.add(f"<h3>{title}</h3>")
        where = f"Entry {act['entry']} of the log, <code>{_html(act['proof'])}</code>"
        if "leaf_hash" in act:
            self.add(f"<p>{where}: {REASONS[WITHHELD]}. Its hash is <code>{act['leaf_hash']}</code>.</p>")
            return
        at = f"{act['at'][:10]} {act['at'][11:19]} UTC"
        self.add(f'<p class="meta">{where}, {at}, number {act["seq"]} of <code>{_html(act["stream"])}</code></p>')
        values = dict(act["values"])
        if "changed" in act:
            values.pop("content", None)
            values |= {
                f"{name} (changed)": {"before": both[0], "after": both[1]} for name, both in act["changed"].items()
            }
        self.add(self.fields({**act["body"], **values}, act["left_out"]))


def _why_in_words(why: Mapping[str, Any]) -> str:
    by = f" (entry {why['by']} of the log)" if "by" in why else ""
    return f"left out: {REASONS[why['reason']]}{by}"


class _Recorded(NamedTuple):
    entry: int
    value: JsonObject


def _recorded(history: Mapping[str, Any]) -> dict[str, _Recorded]:
    """The latest recorded contents of subjects by id, or the public part of contents that are closed."""
    acts = {act["entry"]: act.get("values", {}) for act in history["acts"]}
    found: dict[str, _Recorded] = {}
    for subject in history["subjects"]:
        told = [(one["entry"], acts[one["entry"]].get("public")) for one in subject["entries"]]
        for entry, value in [*told, (subject.get("content_of"), subject.get("content"))]:
            if isinstance(value, dict):
                found[subject["id"]] = _Recorded(entry, value)
    return found


def _titles(history: Mapping[str, Any]) -> dict[str, str]:
    """The names of ids: of actors and files, the titles of sources and their evidence, the texts of elements."""
    titles: dict[str, str] = {}
    recorded = _recorded(history)
    for subject in history["subjects"]:
        content = recorded[subject["id"]].value if subject["id"] in recorded else None
        if content is not None:
            name = next((content[name] for name in ("name", "title") if isinstance(content.get(name), str)), None)
            titles |= {subject["id"]: name} if name else {}
            parts = content.get("elements")
            for part in parts if isinstance(parts, list) else ():
                if isinstance(part, dict) and isinstance(part.get("id"), str):
                    titles[part["id"]] = str(part.get("text"))
    for subject in history["subjects"]:
        content = recorded[subject["id"]].value if subject["id"] in recorded else {}
        source = content.get("source_id", content.get("source"))
        if isinstance(source, str) and source in titles:
            titles[subject["id"]] = titles[source]
    return titles


def bundle_page(
    manifest: Mapping[str, Any], *, history: Mapping[str, Any], unproven: Sequence[Any], checkpoint: LogSize
) -> bytes:
    """The page of a bundle: its whole history in words, what is left out, and, separately, what nothing proves.

    Deterministic to the byte, so that a check can make the page again.
    """
    page, reference = _HistoryPage(_titles(history)), _html(manifest["reference"])
    own = _recorded(history).get(str(history["claim"]).removeprefix("claim:"))
    statement = own.value.get("statement") if own else None
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    page.add(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; "
        "base-uri 'none'; form-action 'none'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{reference} · Evidence bundle</title><style>{_STYLE}</style></head><body>",
        f'<header><p class="meta">Evidence bundle · {reference}</p>',
        f'<h1 dir="auto">{_html(statement if isinstance(statement, str) else _NO_WORDING)}</h1>',
        f"<p>State: <b>{_html(history['state'] or 'none yet')}</b>{_unless(history)}, as of "
        f"{checkpoint.size} entries of <code>{_html(checkpoint.origin)}</code> with the root "
        f"<code>{checkpoint.root.hex()}</code></p>",
        "</header><main>",
    )
    _page_of_history(page, history)
    _page_of_files(page, manifest)
    _page_of_gaps(page, manifest)
    _page_of_unproven(page, manifest, unproven)
    page.add(*_HOW_TO_CHECK, "</main></body></html>", "")
    return "\n".join(page.lines).encode()


def _unless(history: Mapping[str, Any]) -> str:
    """The caution about a claim's state if later entries are withheld, as these may be status changes."""
    own = (act for act in history["acts"] if act["proof"] == CLAIM_PROOF_PATH and "leaf_hash" in act)
    is_open = any(history["state_of"] is None or act["entry"] > history["state_of"] for act in own)
    return ", unless an entry that is withheld says otherwise" if is_open else ""


def _page_of_history(page: _HistoryPage, history: Mapping[str, Any]) -> None:
    page.add("<section><h2>Status changes</h2>")
    for act in history["acts"]:
        if act.get("kind") == STATUS_CHANGED:
            before, after = (_html(act["body"].get(name) or "nothing") for name in ("from", "to"))
            page.act(act, f"{before} → {after}")
    page.add("</section><section><h2>As it was last recorded</h2>")
    recorded = _recorded(history)
    for subject in history["subjects"]:
        if "content" in subject:
            page.add(f"<h3>{_words(subject['sort'])} {page.value(subject['id'])}</h3>")
            entries = ", ".join(f"{one['entry']} {_words(one['kind'])}" for one in subject["entries"])
            entry, value = recorded.get(subject["id"], (subject["content_of"], {}))
            page.add(f'<p class="meta">As entry {entry} says; of it here: {entries}</p>')
            why = {"content": subject["left_out"]} if "left_out" in subject else None
            page.add(page.fields(value, why))
    page.add("</section><section><h2>All other entries, oldest first</h2>")
    for act in history["acts"]:
        if act.get("kind") != STATUS_CHANGED:
            page.act(act, _words(act.get("kind", "an entry that is withheld")))
    page.add("</section>")


def _page_of_files(page: _HistoryPage, manifest: Mapping[str, Any]) -> None:
    page.add("<section><h2>Files</h2>")
    page.add("<p>They are other people’s files: open them with the care that you would give any.</p><ul>")
    for file in manifest["files"]:
        name = _html(file.get("name") or file["path"])
        page.add(
            f'<li><a href="{_html(file["path"])}" dir="auto">{name}</a> {_html(file["what"])}, {file["size"]} bytes'
            f"{', ' + _html(file['media_type']) if 'media_type' in file else ''}, SHA-256 <code>{file['sha256']}</code>"
            if file["path"] not in (PAGE, HISTORY)
            else f"<li><code>{file['path']}</code>"
        )
        if "attachment" in file:
            page.add(f"<p>{'As ' + _html(file['proof']) + ' says' if file['proof'] else 'Nothing proves it'}</p>")
    page.add("</ul></section>")


def _page_of_gaps(page: _HistoryPage, manifest: Mapping[str, Any]) -> None:
    page.add("<section><h2>What is left out</h2>")
    for one in manifest["left_out"]:
        what = ", ".join(_words(name) for name in one.get("names", [one.get("id")]))
        kind = "" if one["what"] == "fields" else f"{one['what']} "
        page.add(f"<p>Entry {one['entry']}: {kind}{what}: {REASONS[one['reason']]}.</p>")
    page.add("<p>And by the desk’s word:</p><ul>")
    page.add(*(f"<li>{_html(text)}</li>" for text in manifest["withheld"]), "</ul></section>")


def _later(manifest: Mapping[str, Any]) -> str:
    number = manifest["later"]
    return f"{number} {'entry is' if number == 1 else 'entries are'} later than the checkpoint of this bundle"


def _page_of_unproven(page: _HistoryPage, manifest: Mapping[str, Any], unproven: Sequence[Any]) -> None:
    page.add("<section><h2>What nothing proves</h2>")
    page.add("<p>The desk’s word alone: no entry of this bundle says it.</p>")
    page.add(page.fields({"made for": manifest["for"], "made at": manifest["at"]}), f"<p>{_later(manifest)}.</p>")
    for one in unproven:
        page.add(f"<h3>{_words(one['what'])}</h3>", page.fields(one["row"]))
    page.add("</section>")


_NO_WORDING = "The wording is not in this bundle"
_HOW_TO_CHECK = (
    "<section><h2>How to check it</h2>",
    "<p>This page does not check itself. The verifier makes it anew from the entries that it has checked, and compares"
    " it byte by byte. Take the verifier and the public keys from somewhere else than this bundle, best from before"
    " you got it.</p>",
    "<p><code>python verifier.py bundle FILE --policy POLICY</code></p>",
    "<p>It does not show that anything here is true, what was refused before it was written, when exactly something"
    " was written, or that the claim has no later entry: docs, section “What it proves, and what not”, in "
    '<a href="ledger.md">ledger.md</a>.</p></section>',
)


# Section 12: old against new


class TileTree:
    """The hashes of a log from its tiles, each verified up to the root of one checkpoint before use.

    Raises Broken if a tile is missing or does not lead to the root.
    """

    def __init__(self, read: Read, checkpoint: LogSize) -> None:
        self._read, self.size, self._tiles = read, checkpoint.size, dict[tuple[int, int], list[bytes]]()
        # This root covers all partial tiles, which have no tile above them.
        found = self.root(checkpoint.size)
        _expect(found == checkpoint.root, "root of the tiles", expected=checkpoint.root.hex(), found=found)

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        below, level = list[bytes](), 0
        while size >> 8 * level:
            number, width = divmod(size >> 8 * level, TILE_WIDTH)
            row = self.hashes(level, number=number)[:width] if width else []
            # Full subtrees of this level, and to the right of them the root of what is left below.
            below = [*row, root_hash(below)] if below else row
            level += 1
        return root_hash(below)

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index below the size."""
        return self.hashes(0, number=index // TILE_WIDTH)[index % TILE_WIDTH]

    def find(self, wanted: Iterable[bytes]) -> dict[bytes, int]:
        """The indexes of leaf hashes that are in the log, searching the newest first."""
        missing, found = set(wanted), dict[bytes, int]()
        for number in reversed(range(-(-self.size // TILE_WIDTH))):
            if not missing:
                break
            hashes = self.hashes(0, number=number)
            found |= {hashed: number * TILE_WIDTH + at for at, hashed in enumerate(hashes) if hashed in missing}
            missing -= found.keys()
            if len(hashes) == TILE_WIDTH:  # partial tiles are not cached: all leaf hashes would stay in memory
                del self._tiles[0, number]
        return found

    def hashes(self, level: int, *, number: int) -> list[bytes]:
        """The hashes of one tile."""
        if (level, number) not in self._tiles:
            self._tiles[level, number] = self._load(level, number=number)
        return self._tiles[level, number]

    def _load(self, level: int, *, number: int) -> list[bytes]:
        width, report = min(TILE_WIDTH, (self.size >> 8 * level) - number * TILE_WIDTH), Report()
        hashes = read_hashes(self._read, level, number=number, width=width, report=report)
        if hashes is None:
            (missing,) = report.findings
            raise Broken(missing.where, expected=missing.expected, found=missing.found)
        if width == TILE_WIDTH:
            above, found = self.hashes(level + 1, number=number // TILE_WIDTH)[number % TILE_WIDTH], root_hash(hashes)
            _expect(
                found == above, tile_path(level, number), expected=f"{above.hex()}, as the tile above has", found=found
            )
        return hashes


class Memory:
    """A reader's memory of one log: files in a folder, each written once, whole, and never changed or deleted.

    `checkpoints/<size>-<root>` and `receipts/<leaf hash>` are the signed notes; further receipts of a leaf have the
    SHA-256 of the note after a full stop. `proofs/<SHA-256>.json` holds the index and leaf hash of each entry of a
    proof, and none of their contents. `extended/` names, for a checkpoint, a later one that was found to extend it;
    `found/`, for a receipt, the index of its leaf.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("checkpoints", "proofs", "receipts", "extended", "found"):
            try:
                (folder / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unusable(f"{folder / name}: {error.strerror}") from None

    def files(self, kind: str) -> dict[str, bytes]:
        """The remembered files of one kind, by name. Files half written at a crash have no such name."""
        paths = sorted(path for path in (self.folder / kind).iterdir() if not path.name.startswith("."))
        return {path.name: _read_file(path) for path in paths}

    def keep_differing(self, kind: str, *, name: str, data: bytes) -> None:
        """Remember a file under a name, or beside it if that holds something else."""
        path = self.folder / kind / name
        is_other = path.exists() and _read_file(path) != data
        self.keep(kind, name=f"{name}.{hashlib.sha256(data).hexdigest()}" if is_other else name, data=data)

    def damaged(self, kind: str, *, name: str) -> Unusable:
        """The error for a remembered file that has changed."""
        return Unusable(f"{self.folder / kind / name} is not as it was written")

    def keep(self, kind: str, *, name: str, data: bytes) -> None:
        """Remember a file once; it is on disk when this returns. Raises Unusable."""
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
    if os.name == "posix":  # other systems cannot open a folder
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def name_checkpoint(checkpoint: LogSize) -> str:
    """The name of a checkpoint in the memory: '000000000600-<root>'."""
    return f"{checkpoint.size:012d}-{checkpoint.root.hex()}"


def remember(report: Report, memory: Memory) -> list[str]:
    """Remember what a valid proof or bundle shows. Returns the names of the remembered files."""
    names = []
    for history in report.histories:
        entries = [{"index": one.leaf_index, "leaf_hash": one.leaf_hash.hex()} for one in history.entries]
        note = history.note.decode()
        seen = canonical({"format": SEEN, "stream": history.stream, "checkpoint": note, "entries": entries})
        names.append(f"{hashlib.sha256(seen).hexdigest()}.json")
        memory.keep("checkpoints", name=name_checkpoint(history.checkpoint), data=history.note)
        memory.keep("proofs", name=names[-1], data=seen)
    return names


class _Seen(NamedTuple):
    """The remembered contents of a proof. `is_new`: given in this run."""

    stream: str | None
    checkpoint: LogSize
    entries: list[tuple[int, bytes]]
    is_new: bool

    def __str__(self) -> str:
        return f"proof of {self.stream or f'entry {self.entries[0][0]}'} as of {self.checkpoint.size} entries"


class Watch:
    """A comparison of what was seen of a log before with the log as it is now."""

    def __init__(
        self,
        read: Read,
        policy: Policy,
        memory: Memory,
        report: Report,
        now: datetime | None,
        *,
        clock: datetime | None,
    ) -> None:
        """`now`: the time that decides which receipts are due, by default that of the newest entry that `read` has.
        `clock`: the reader's own, which no receipt may be ahead of."""
        self._read, self._policy, self._memory, self._report = read, policy, memory, report
        self._now, self._clock = now, clock

    def run(self, new_proofs: Collection[str], printed: Iterable[tuple[int, str]] = ()) -> None:
        """Report all disagreements. `new_proofs`: the remembered proofs that were given in this run.

        Raises Unusable if the log cannot be read.
        """
        report, memory = self._report, self._memory
        note = self._read(CHECKPOINT)
        if note is None:
            raise Unusable("the log has no checkpoint")
        try:
            newest = self._policy.checkpoint(note)
        except Broken as error:
            report.add("checkpoint", error)
            return
        before = memory.files("checkpoints")
        # Even without agreement: two signed checkpoints that disagree are the proof of a fork.
        memory.keep("checkpoints", name=name_checkpoint(newest), data=note)
        seen, receipts = self._proofs(new_proofs), self._receipts()
        report.said["log"] = f"{newest.size} entries of {newest.origin}"
        report.said["remembered"] = f"{len(before)} checkpoints, {len(seen)} proofs, {len(receipts)} receipts"
        try:
            tree = TileTree(self._read, newest)
            self._compare_checkpoints(tree, newest, before)
            self._compare_proofs(tree, seen)
            self._look_for_receipts(tree, receipts, seen)
            if self._policy.witnesses is not None:
                self._look_for_witnesses(tree, newest, note)
            for size, beginning in printed:
                found = tree.root(size).hex() if size <= tree.size else f"only {tree.size} entries"
                report.expect(
                    found.startswith(beginning),
                    f"print of {size} entries",
                    part="root",
                    expected=beginning,
                    found=found,
                )
                report.count("prints")
        except Broken as error:
            report.add("log", error)
        _compare_histories(seen, report)

    def _look_for_witnesses(self, tree: TileTree, newest: LogSize, note: bytes) -> None:
        """Check that a checkpoint of this log has the quorum, and that the newest has not waited too long for it.

        Raises Broken if a cosignature does not verify.
        """
        report, wanted = self._report, A_QUORUM
        found, cosigned = self._policy.witnessed(note), newest
        if found and not found.is_met and (other := self._read(WITNESSED)) is not None:
            found, cosigned, note = self._policy.witnessed(other), self._policy.checkpoint(other), other
        if found is None or not found.is_met:
            report.expect(False, WITNESSED, part=COSIGNATURES, expected=wanted, found=str(found))
            return
        _expect(cosigned.size <= tree.size, WITNESSED, expected=f"at most {tree.size} entries", found=cosigned.size)
        root = tree.root(cosigned.size)
        report.expect(root == cosigned.root, WITNESSED, part="root", expected=cosigned.root.hex(), found=root)
        self._memory.keep("checkpoints", name=name_checkpoint(cosigned), data=note)
        report.said["witnessed by"] = f"{found}, as of {cosigned.size} entries"
        since = found.since(self._policy.witnesses) if self._policy.witnesses else 0
        if self._now is not None and since and cosigned.size < newest.size:
            is_late = self._now.timestamp() > since + LONGEST_UNWITNESSED
            late = f"{wanted} within {LONGEST_UNWITNESSED} seconds"
            report.expect(
                not is_late, CHECKPOINT, part=COSIGNATURES, expected=late, found=f"the last ones are of {found}"
            )

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
                raise self._memory.damaged("proofs", name=name) from None
        return found

    def _receipts(self) -> dict[str, Receipt]:
        found = {}
        for name, note in self._memory.files("receipts").items():
            try:
                found[name] = self._policy.receipt(note)
            except Broken as error:
                self._report.add(f"memory: receipts/{name}", error)
        return found

    def _compare_checkpoints(self, tree: TileTree, newest: LogSize, notes: Mapping[str, bytes]) -> None:
        """Whether the log begins with the log of each remembered checkpoint. One that a later remembered one extends
        holds with it; after a disagreement all are compared, to show when it began."""
        by = self._memory.files("extended")
        others = {name.encode() for name in notes}
        settled = [name for name in notes if by.get(name, b"") in others - {name.encode()}]
        agree = [self._agrees(tree, newest, name, note) for name, note in notes.items() if name not in settled]
        if not all(agree):
            agree += [self._agrees(tree, newest, name, notes[name]) for name in settled]
        self._report.count("checkpoints", len(notes))

    def _agrees(self, tree: TileTree, newest: LogSize, name: str, note: bytes) -> bool:
        try:
            old = self._policy.checkpoint(note)
        except Broken as error:
            self._report.add(f"memory: checkpoints/{name}", error)
            return False
        where = f"checkpoint of {old.size} entries, seen before"
        if old.size > newest.size:
            self._report.expect(
                False, where, part="size", expected=f"at least {old.size} entries in the log", found=newest.size
            )
            return False
        found = tree.root(old.size)
        self._report.expect(found == old.root, where, part="root", expected=old.root.hex(), found=found)
        if found == old.root and old.size < newest.size:
            self._memory.keep("extended", name=name, data=name_checkpoint(newest).encode())
        return found == old.root

    def _compare_proofs(self, tree: TileTree, seen: Iterable[_Seen]) -> None:
        for proof in seen:
            for index, hashed in proof.entries:
                found = tree.leaf(index) if index < tree.size else None
                self._report.expect(
                    found == hashed,
                    str(proof),
                    part=f"entry {index}",
                    expected=hashed.hex(),
                    found=found or "no such entry",
                )
            self._report.count("proofs")
            self._report.count("entries of proofs", len(proof.entries))

    def _look_for_receipts(self, tree: TileTree, receipts: Mapping[str, Receipt], seen: Iterable[_Seen]) -> None:
        """Check that each promised leaf is in the log: at its known index, at that in a proof, or by search."""
        report = self._report
        before = {name: self._place(name, data) for name, data in self._memory.files("found").items()}
        places = {hashed.hex(): index for proof in seen for index, hashed in proof.entries} | before
        missing = {
            hashed
            for hashed in {receipt.leaf_hash for receipt in receipts.values()}
            if (index := places.get(hashed.hex(), tree.size)) >= tree.size or tree.leaf(index) != hashed
        }
        found = tree.find(missing)
        for hashed, index in found.items():
            self._memory.keep("found", name=hashed.hex(), data=str(index).encode())
        report.count("receipts", len(receipts))
        now = self._now or (self._newest_time(tree) if missing - found.keys() else None)
        for receipt in receipts.values():
            name = receipt.leaf_hash.hex()
            if self._clock is not None:
                check_ahead(receipt, self._clock, f"receipt of {receipt.at}", report)
            if receipt.leaf_hash not in missing - found.keys():
                continue
            if name in before or (now is not None and now > due(receipt)):
                expected = f"{name} in the log since {_write_time(due(receipt))}"
                report.expect(False, f"receipt of {receipt.at}", part="leaf", expected=expected, found="no such leaf")
            else:
                report.count("receipts not due yet" if now else "receipts not found in a log that tells no time")

    def _place(self, name: str, data: bytes) -> int:
        try:
            return _decimal(data.decode(), part="index")
        except ValueError:
            raise self._memory.damaged("found", name=name) from None

    def _newest_time(self, tree: TileTree) -> datetime | None:
        """The latest time in the last bundle of entries, if there is one: the extent of a copy of a log."""
        if not tree.size:
            return None
        number, last = divmod(tree.size - 1, TILE_WIDTH)
        data, _count = read_tile(self._read, "entries", number, width=last + 1)
        pairs = zip(read_bundle(data or b""), tree.hashes(0, number=number), strict=False)
        times = [read_entry(leaf).at for leaf, hashed in pairs if leaf_hash(leaf) == hashed]
        return read_time(max(times)) if times else None


def _compare_histories(seen: Sequence[_Seen], report: Report) -> None:
    """Check that two proofs of one stream have the same entries, each all of those within its checkpoint."""
    longest: dict[str | None, _Seen] = {}
    for proof in seen:
        if proof.stream and len(proof.entries) > len(longest.get(proof.stream, proof._replace(entries=[])).entries):
            longest[proof.stream] = proof
    for proof in seen:
        most = longest.get(proof.stream, proof)
        for own, other in zip(proof.entries, most.entries, strict=False):
            expected = f"entry {other[0]} with the hash {other[1].hex()}, as another proof has"
            report.expect(own == other, str(proof), part=f"entry {own[0]}", expected=expected, found=own[1])
        rest = most.entries[len(proof.entries) :]
        if rest and rest[0][0] < proof.checkpoint.size and (proof.is_new or most.is_new):
            report.expect(
                False,
                str(proof),
                part="end",
                expected=f"entry {rest[0][0]} too, as another proof has",
                found="it is cut off before",
            )


class _SameServer(HTTPRedirectHandler):
    """Follows redirects within a server, including from http to https."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The redirected request. Raises Unusable if it leads to another server."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (new.scheme, new.netloc) not in ((old.scheme, old.netloc), ("https", old.hostname)):
            raise Unusable(f"{req.full_url} leads to another server: {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def address_reader(address: str) -> Read:
    """A reader of a log served at an address, such as https://desk.example.org/ledger, by http or https."""
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


def read_printed(size: str, *, root: str) -> tuple[int, str]:
    """The size and at least 32 digits of the root, from a printed page about the log. Raises Unusable."""
    digits = "".join(root.split()).lower()
    try:
        entries = _decimal(size, part="entries")
        _expect(re.fullmatch(r"[0-9a-f]{32,64}", digits), "root", expected="32 to 64 hexadecimal digits", found=root)
    except Broken as error:
        raise Unusable(f"what is printed: {error}") from None
    return entries, digits


@dataclass(frozen=True)
class GivenFiles:
    """What a reader has besides the memory. `printed`: sizes and beginnings of roots, from pages in print."""

    files: Iterable[Path] = ()
    printed: Iterable[tuple[int, str]] = ()


def watch(
    read: Read,
    policy: Policy,
    memory: Memory,
    given: GivenFiles | None = None,
    now: datetime | None = None,
    *,
    clock: datetime | None = None,
) -> Report:
    """Check that the log that `read` gives agrees with the memory and with what the reader was given.

    A file is a proof, a tlog-proof, a bundle, a receipt or a checkpoint. Each is checked by itself, remembered if it
    holds, and looked up in the log. `now`: the time that decides which receipts are due, by default that of the newest
    entry; `clock`: the reader's own, which no receipt may be ahead of.
    """
    report, new, given = Report(), list[str](), given or GivenFiles()
    for path in given.files:
        of_file = _take_file(path, policy, memory)
        if of_file.holds():
            new += remember(of_file, memory)
            report.count("files")
            # The log itself must have its witnesses; a file may predate them.
            if of_file.findings:
                report.count("files that are not witnessed by themselves")
        else:
            report.findings += [found._replace(where=f"{path.name}: {found.where}") for found in of_file.findings]
    Watch(read, policy, memory, report, now, clock=clock or now).run(new, given.printed)
    return report


def _take_file(path: Path, policy: Policy, memory: Memory) -> Report:
    """Check a file by itself. Remembers a receipt or a checkpoint."""
    head = b"PK" if path.is_dir() else _beginning(path)
    if head.startswith(b"PK"):
        return _run_bundle(path, policy)
    data, report = _read_file(path), Report()
    if head.startswith((b"{", b"[", TLOG_PROOF.encode())):
        return _check_proof(data, policy)
    try:
        if head.startswith(f"{RECEIPT}\n".encode()):
            notes = split_receipts(data)
            for name, note in zip([policy.receipt(note).leaf_hash.hex() for note in notes], notes, strict=True):
                memory.keep_differing("receipts", name=name, data=note)
        else:
            memory.keep("checkpoints", name=name_checkpoint(policy.checkpoint(data)), data=data)
    except Broken as error:
        report.add("note", error)
    return report


# Section 13: time stamps (RFC 3161 and 5816; CMS as RFC 5652 has it; certificates as RFC 5280)


class Der(NamedTuple):
    """A DER value: its tag, its content and its whole bytes."""

    tag: int
    content: bytes
    whole: bytes


def read_der(data: bytes, part: str) -> list[Der]:
    """The sequence of DER values in `data`. Raises Broken for anything but DER with one-byte tags."""
    found, at = list[Der](), 0
    while at < len(data):
        start = at
        _expect(
            at + 2 <= len(data) and data[at] & 0x1F != 0x1F,
            part,
            expected="a tag of one byte, and a length",
            found=data[at:][:2],
        )
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            digits = data[at : at + (length & 0x7F)]
            length, at = int.from_bytes(digits, "big"), at + (length & 0x7F)
            spelled = length.to_bytes((length.bit_length() + 7) // 8, "big") if len(digits) <= 4 else b""
            _expect(
                length > 0x7F and digits == spelled, part, expected="a length in its one spelling", found=digits[:5]
            )
        _expect(length <= len(data) - at, part, expected=f"{length} bytes", found=max(0, len(data) - at))
        found.append(Der(tag, data[at : at + length], data[start : at + length]))
        at += length
    return found


_INTEGER, _BIT_STRING, _OCTETS, _NULL, _OID, _TIME, _SEQUENCE, _SET = 0x02, 0x03, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31
_BOOLEAN = 0x01


def _of_context(number: int) -> int:
    """The context-specific tag [number] of a constructed value."""
    return 0xA0 | number


class _Fields:
    """Takes the parts of a value in order. Raises Broken at an unexpected one."""

    def __init__(self, value: Der, part: str, tag: int = _SEQUENCE) -> None:
        _expect(value.tag == tag, part, expected=f"the tag {tag:02x}", found=f"{value.tag:02x}")
        self._left, self._part = read_der(value.content, part), part

    def take(self, tag: int) -> Der:
        """The next part, which must have this tag."""
        _expect(self._left and self._left[0].tag == tag, self._part, expected=f"the tag {tag:02x}", found=self._tag())
        return self._left.pop(0)

    def maybe(self, tag: int) -> Der | None:
        """The next part if it has this tag."""
        return self._left.pop(0) if self._left and self._left[0].tag == tag else None

    def any(self) -> Der:
        """The next part, with any tag."""
        _expect(self._left, self._part, expected="one part more", found="none")
        return self._left.pop(0)

    def end(self) -> None:
        """Check that no part is left."""
        _expect(not self._left, self._part, expected="nothing more", found=self._tag())

    def _tag(self) -> str:
        return f"{self._left[0].tag:02x}" if self._left else "nothing more"


def _der_integer(value: Der, part: str) -> int:
    data = value.content
    redundant = len(data) > 1 and (data[0], data[1] & 0x80) in ((0, 0), (0xFF, 0x80))
    _expect(0 < len(data) <= 32 and not redundant, part, expected="an integer of 32 bytes at most", found=data[:33])
    return int.from_bytes(data, "big", signed=True)


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        encoded += bytes(reversed(groups))
    return bytes(encoded)


_SIGNED_DATA, _TST_INFO = _oid("1.2.840.113549.1.7.2"), _oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE, _MESSAGE_DIGEST = _oid("1.2.840.113549.1.9.3"), _oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = _oid("1.2.840.113549.1.9.16.2.12"), _oid("1.2.840.113549.1.9.16.2.47")
_RSA, _PSS, _MGF1 = (_oid(f"1.2.840.113549.1.1.{number}") for number in (1, 10, 8))
_DIGESTS: dict[bytes, hashes.HashAlgorithm] = {
    _oid("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
    _oid("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    _oid("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}
_SHA256 = _oid("2.16.840.1.101.3.4.2.1")
_RSA_WITH = {
    _oid(f"1.2.840.113549.1.1.{number}"): digest for number, digest in zip((11, 12, 13), _DIGESTS.values(), strict=True)
}
_ECDSA_WITH = {
    _oid(f"1.2.840.10045.4.3.{number}"): digest for number, digest in zip((2, 3, 4), _DIGESTS.values(), strict=True)
}
_EC = _oid("1.2.840.10045.2.1")
_CURVES = {_oid(dotted) for dotted in ("1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35")}  # P-256, P-384, P-521
_KEY_IDENTIFIER, _KEY_USAGE, _BASIC_CONSTRAINTS, _POLICIES, _EXTENDED_KEY_USAGE = (
    _oid(f"2.5.29.{number}") for number in (14, 15, 19, 32, 37)
)
_TIME_STAMPING = _oid("1.3.6.1.5.5.7.3.8")
# The critical extensions that are checked, and one that restricts nothing here.
_KNOWN_CRITICAL = {_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE, _POLICIES}
_DIGITAL_SIGNATURE, _NON_REPUDIATION, _KEY_CERT_SIGN = 0, 1, 5  # bits of keyUsage, from the left
LARGEST_EXPONENT, SMALLEST_MODULUS, LARGEST_MODULUS = 2**31 - 1, 2048, 16_384  # of RSA keys; the last two in bits


class Stamp(NamedTuple):
    """The contents of a time stamp: something existed at a time, within the authority's accuracy.

    `before`: the latest possible time; `by`: the subject of the signing certificate.
    """

    at: datetime
    before: datetime
    by: str
    nonce: int | None


def read_certificates(pem: bytes) -> tuple[bytes, ...]:
    """The certificates (DER) in a PEM text. Raises ValueError if there are none."""
    return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(pem))


def read_stamp_response(data: bytes) -> bytes:
    """The token in a TimeStampResp (RFC 3161 2.4.2). Raises Broken if the authority granted none."""
    response = _Fields(_only(data, "response"), "response")
    status = _Fields(response.take(_SEQUENCE), "status")
    number, said = _der_integer(status.take(_INTEGER), "status"), status.maybe(_SEQUENCE)
    words = b" ".join(one.content for one in read_der(said.content, "status")) if said else b""
    # 0: granted; 1: granted with modifications, which the checks below cover.
    if number not in (0, 1):
        raise Broken("status", expected="granted", found=f"{number} {words.decode(errors='replace')}".strip())
    token = response.take(_SEQUENCE)
    response.end()
    return token.whole


def check_stamp(token: bytes, *, data: bytes, certificates: Iterable[bytes]) -> Stamp:
    """The contents of a time stamp token for these bytes. `certificates` (DER): those that the reader trusts.

    Raises Broken unless the token is DER, has the SHA-256 of `data`, and is signed as in RFC 5652 by a certificate for
    time stamps only, which the token names (RFC 5816) and which leads to a trusted one, each valid at the token's time.
    """
    _expect(len(token) <= LARGEST_TOKEN, "token", expected=f"at most {LARGEST_TOKEN} bytes", found=len(token))
    _check_der(token)
    signed, trusted = _read_signed_data(token), _readable(certificates)
    pool = [*trusted, *_readable(signed.certificates)]
    said = _read_tst_info(signed.content, data=data)
    signer = _check_signer(signed, pool)
    _check_for_stamps(signer)
    by = name_in_words(signer.subject)
    leads = _leads_up(signer, pool, trusted=trusted, at=said.at)
    _expect(
        leads, "certificate", expected="one that leads to a certificate of the policy, all valid at the time", found=by
    )
    return said._replace(by=by or "an authority without a name")


def _check_der(data: bytes) -> None:
    """Raise Broken unless a token is DER throughout, including the parts that are otherwise ignored."""
    waiting = [data]
    while waiting:
        waiting += [one.content for one in read_der(waiting.pop(), "token") if one.tag & 0x20]


class Certificate(NamedTuple):
    """The fields of a certificate that a time stamp needs (RFC 5280), with names and numbers as it spells them.

    `signed`: the part that its issuer signed; `extensions`: criticality and content by type.
    """

    whole: bytes
    signed: bytes
    algorithm: Der
    signature: bytes
    serial: bytes
    issuer: bytes
    begin: datetime
    end: datetime
    subject: Der
    key: Der
    extensions: dict[bytes, tuple[bool, bytes]]


def _readable(certificates: Iterable[bytes]) -> list[Certificate]:
    """The readable certificates. Others are skipped: nothing needs them, or the chain that does fails anyway."""
    found = []
    for one in certificates:
        with contextlib.suppress(Broken):
            found.append(read_certificate(one))
    return found


def read_certificate(data: bytes) -> Certificate:
    """The fields of a certificate of version 3. Raises Broken if it is malformed."""
    part = "certificate"
    whole = _only(data, part)
    outer = _Fields(whole, part)
    signed, algorithm, signature = outer.take(_SEQUENCE), outer.take(_SEQUENCE), outer.take(_BIT_STRING).content
    outer.end()
    tbs = _Fields(signed, part)
    version = _Fields(tbs.take(_of_context(0)), part, _of_context(0))
    _expect(version.take(_INTEGER).content == b"\2", part, expected="version 3", found="another")
    version.end()
    serial, named, issuer = tbs.take(_INTEGER).whole, tbs.take(_SEQUENCE).whole, tbs.take(_SEQUENCE).whole
    _expect(
        (named, signature[:1]) == (algorithm.whole, b"\0"),
        part,
        expected="its algorithm twice, and whole bytes",
        found="others",
    )
    validity = _Fields(tbs.take(_SEQUENCE), part)
    begin, end = _read_date(validity), _read_date(validity)
    validity.end()
    subject, key = tbs.take(_SEQUENCE), tbs.take(_SEQUENCE)
    tbs.maybe(0x81), tbs.maybe(0x82)  # issuerUniqueID and subjectUniqueID, which nothing uses
    extensions = _read_extensions(tbs.maybe(_of_context(3)))
    tbs.end()
    return Certificate(
        whole.whole, signed.whole, algorithm, signature[1:], serial, issuer, begin, end, subject, key, extensions
    )


def _only(data: bytes, part: str) -> Der:
    """The single value of a set or sequence."""
    values = read_der(data, part)
    _expect(len(values) == 1, part, expected="one value", found=len(values))
    return values[0]


def _read_date(validity: _Fields) -> datetime:
    """A time in a certificate; two-digit years from 50 are of the last century."""
    short = validity.maybe(0x17)
    text = short.content if short else validity.take(_TIME).content
    century = (b"19" if text[:2] >= b"50" else b"20") if short else b""
    _expect(re.fullmatch(rb"[0-9]{14}Z", century + text), "certificate", expected="UTC in seconds", found=text)
    return _read_generalized(century + text)


def _read_extensions(value: Der | None) -> dict[bytes, tuple[bool, bytes]]:
    found: dict[bytes, tuple[bool, bytes]] = {}
    if value is None:
        return found
    for one in read_der(_only(value.content, "certificate").content, "certificate"):
        extension = _Fields(one, "certificate")
        name, critical = extension.take(_OID).content, extension.maybe(_BOOLEAN)
        _expect(name not in found, "certificate", expected="each extension once", found="one twice")
        found[name] = (critical is not None and _boolean(critical), extension.take(_OCTETS).content)
        extension.end()
    return found


def _boolean(value: Der) -> bool:
    _expect(value.content in (b"\0", b"\xff"), "certificate", expected="true or false", found=value.content)
    return value.content == b"\xff"


# The types of names with a short name in RFC 4514; values of other types are written as text too.
_SHORT = {
    **{_oid(f"2.5.4.{number}"): short for number, short in ((3, "CN"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU"))},
    **{_oid("2.5.4.6"): "C", _oid("2.5.4.9"): "STREET"},
    **{_oid("0.9.2342.19200300.100.1.25"): "DC", _oid("0.9.2342.19200300.100.1.1"): "UID"},
}
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be"}  # by tag


def name_in_words(name: Der) -> str:
    """A distinguished name in the form of RFC 4514, last part first. Raises Broken if it is malformed."""
    parts = []
    for several in read_der(name.content, "name"):
        _expect(several.tag == _SET and several.content, "name", expected="a set", found=several.whole)
        told = []
        for one in read_der(several.content, "name"):
            fields = _Fields(one, "name")
            kind, value = fields.take(_OID).content, fields.any()
            fields.end()
            told.append(f"{_SHORT.get(kind) or _dotted(kind)}={_name_value(value)}")
        parts.append("+".join(told))
    return ",".join(reversed(parts))


def _dotted(oid: bytes) -> str:
    numbers, number = list[int](), 0
    _expect(oid and not oid[-1] & 0x80 and len(oid) <= 32, "name", expected="an object identifier", found=oid[:33])
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers, number = [*numbers, number], 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _name_value(value: Der) -> str:
    if value.tag not in _TEXTS:
        return "#" + value.whole.hex()
    try:
        text = value.content.decode(_TEXTS[value.tag])
    except UnicodeDecodeError:
        raise Broken("name", expected=f"a text of the tag {value.tag:02x}", found=value.content.hex()) from None
    text = re.sub(r'[\\",+;<>]', r"\\\g<0>", text).replace("\0", "\\00")
    text = re.sub(r" \Z", r"\\ ", text)
    return "\\" + text if text[:1] in ("#", " ") else text


class _Signed(NamedTuple):
    """A CMS SignedData: its content, the digests that it names, its one SignerInfo, and its certificates."""

    content: bytes
    digests: list[Der]
    info: Der
    certificates: list[bytes]


def _read_signed_data(token: bytes) -> _Signed:
    """The parts of a token."""
    outer = _Fields(_only(token, "token"), "token")
    _expect(outer.take(_OID).content == _SIGNED_DATA, "token", expected="SignedData", found="another type")
    inner = _Fields(outer.take(_of_context(0)), "token", _of_context(0))
    signed = _Fields(inner.take(_SEQUENCE), "SignedData")
    outer.end()
    inner.end()
    version = _der_integer(signed.take(_INTEGER), "SignedData version")
    _expect(version == 3, "SignedData version", expected="3", found=version)
    digests = read_der(signed.take(_SET).content, "SignedData")
    encapsulated = _Fields(signed.take(_SEQUENCE), "content")
    _expect(encapsulated.take(_OID).content == _TST_INFO, "content", expected="TSTInfo", found="another type")
    octets = _Fields(encapsulated.take(_of_context(0)), "content", _of_context(0))
    content = octets.take(_OCTETS).content
    octets.end()
    encapsulated.end()
    given = signed.maybe(_of_context(0))
    signed.maybe(_of_context(1))  # revocation lists: ignored, as nothing is fetched to verify them
    infos = read_der(signed.take(_SET).content, "SignerInfo")
    signed.end()
    _expect(len(infos) == 1, "SignerInfo", expected="one", found=len(infos))
    certificates = (
        [one.whole for one in read_der(given.content, "certificates") if one.tag == _SEQUENCE] if given else []
    )
    _expect(
        len(certificates) <= MOST_CERTIFICATES,
        "certificates",
        expected=f"at most {MOST_CERTIFICATES}",
        found=len(certificates),
    )
    return _Signed(content, digests, infos[0], certificates)


_GENERALIZED = re.compile(rb"([0-9]{14})(?:\.([0-9]*[1-9]))?Z")


def _read_tst_info(content: bytes, *, data: bytes) -> Stamp:
    """The contents of a TSTInfo (RFC 3161 2.4.2), which must have the SHA-256 of `data`."""
    info = _Fields(_only(content, "TSTInfo"), "TSTInfo")
    version = _der_integer(info.take(_INTEGER), "TSTInfo version")
    _expect(version == 1, "TSTInfo version", expected="1", found=version)
    info.take(_OID)  # the authority's policy
    imprint = _Fields(info.take(_SEQUENCE), "imprint")
    algorithm = _read_algorithm(imprint.take(_SEQUENCE), "imprint")
    hashed = imprint.take(_OCTETS).content
    imprint.end()
    own = hashlib.sha256(data).digest()
    _expect((algorithm, hashed) == (_SHA256, own), "imprint", expected=f"the SHA-256 {own.hex()}", found=hashed)
    _der_integer(info.take(_INTEGER), "serial number")
    at = _read_generalized(info.take(_TIME).content)
    accuracy, _ordering = info.maybe(_SEQUENCE), info.maybe(_BOOLEAN)
    nonce = info.maybe(_INTEGER)
    info.maybe(_of_context(0))  # a hint at the authority's name; the certificate tells who signed
    extensions = info.maybe(_of_context(1))
    info.end()
    for one in read_der(extensions.content, "TSTInfo extensions") if extensions else []:
        extension = _Fields(one, "TSTInfo extension")
        extension.take(_OID)
        critical = extension.maybe(_BOOLEAN)
        _expect(
            not critical or critical.content == b"\0",
            "TSTInfo extension",
            expected="none that is critical",
            found="one",
        )
        extension.take(_OCTETS)
        extension.end()
    try:
        before = at + _read_accuracy(accuracy)
        _up(before)
    except OverflowError:
        raise Broken("accuracy", expected="a moment that exists", found=_shown(str(at))) from None
    return Stamp(at, before, "", _der_integer(nonce, "nonce") if nonce else None)


def _read_generalized(text: bytes) -> datetime:
    """A DER GeneralizedTime to the microsecond, rounded up."""
    found = _GENERALIZED.fullmatch(text)
    if found is None:
        raise Broken("genTime", expected="UTC such as 20261122235901Z", found=_shown(text.decode(errors="replace")))
    try:
        moment = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        digits = (found[2] or b"").decode()
        return moment + timedelta(microseconds=int(digits[:6].ljust(6, "0")) + (len(digits) > 6))
    except (ValueError, OverflowError):
        raise Broken("genTime", expected="a moment that exists", found=_shown(text.decode())) from None


def _read_accuracy(value: Der | None) -> timedelta:
    if value is None:
        return timedelta()
    accuracy, found = _Fields(value, "accuracy"), []
    for tag, most in ((_INTEGER, 10**9), (0x80, 999), (0x81, 999)):
        part = accuracy.maybe(tag)
        number = _der_integer(part, "accuracy") if part else 0
        _expect(0 <= number <= most, "accuracy", expected=f"0 to {most}", found=number)
        found.append(number)
    accuracy.end()
    seconds, milliseconds, microseconds = found
    return timedelta(seconds=seconds, milliseconds=milliseconds, microseconds=microseconds)


def _read_algorithm(value: Der, part: str) -> bytes:
    """The name of an algorithm without parameters (absent or NULL)."""
    fields = _Fields(value, part)
    name, nothing = fields.take(_OID).content, fields.maybe(_NULL)
    _expect(nothing is None or not nothing.content, part, expected="no parameters", found="some")
    fields.end()
    return name


def _read_digest(value: Der, part: str) -> hashes.HashAlgorithm:
    name = _read_algorithm(value, part)
    _expect(name in _DIGESTS, part, expected="SHA-256, SHA-384 or SHA-512", found=name)
    return _DIGESTS[name]


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    return hashlib.new(algorithm.name, data).digest()


def _check_signer(whole: _Signed, pool: Sequence[Certificate]) -> Certificate:
    """The certificate whose key signed the content, by the one SignerInfo (RFC 5652 5.3, 5.4, 5.6)."""
    info = _Fields(whole.info, "SignerInfo")
    version = _der_integer(info.take(_INTEGER), "SignerInfo version")
    _expect(version in (1, 3), "SignerInfo version", expected="1 or 3", found=version)
    signer = _named_signer(info.take(_SEQUENCE if version == 1 else 0x80), pool)
    algorithm = info.take(_SEQUENCE)
    digest = _read_digest(algorithm, "digest")
    named = [_read_algorithm(one, "SignedData") for one in whole.digests]
    _expect(
        _read_algorithm(algorithm, "digest") in named,
        "SignedData",
        expected="the digest of its SignerInfo",
        found="others",
    )
    attributes = info.take(_of_context(0))
    algorithm, signature = info.take(_SEQUENCE), info.take(_OCTETS).content
    info.maybe(_of_context(1))  # unsigned attributes
    info.end()
    values = _read_attributes(attributes)
    own, nothing = _digest(digest, whole.content), Der(_NULL, b"", b"")
    for name, words, expected in (
        (_CONTENT_TYPE, "contentType", (_OID, _TST_INFO)),
        (_MESSAGE_DIGEST, "messageDigest", (_OCTETS, own)),
    ):
        found = values.get(name, nothing)
        _expect(found[:2] == expected, words, expected=expected[1].hex(), found=found.content)
    _check_named(values, signer)
    # The signature is over the set with its own tag (RFC 5652 5.4).
    signed = bytes([_SET]) + attributes.whole[1:]
    try:
        _verify(signer.key, algorithm=algorithm, digest=digest, signature=signature, data=signed)
    except InvalidSignature:
        raise Broken(
            "signature", expected=f"one by {name_in_words(signer.subject)}", found="one that does not verify"
        ) from None
    return signer


def _read_attributes(value: Der) -> dict[bytes, Der]:
    """The signed attributes with one value, by type."""
    found: dict[bytes, Der] = {}
    types = set[bytes]()
    for one in read_der(value.content, "signed attributes"):
        attribute = _Fields(one, "signed attributes")
        name, values = attribute.take(_OID).content, read_der(attribute.take(_SET).content, "signed attributes")
        attribute.end()
        _expect(name not in types, "signed attributes", expected="each type once", found="one twice")
        types.add(name)
        if len(values) == 1:
            found[name] = values[0]
    return found


def _named_signer(name: Der, pool: Sequence[Certificate]) -> Certificate:
    """The certificate that a SignerInfo names, by issuer and serial number or by its key's identifier."""
    for one in pool:
        if name.tag == _SEQUENCE:
            if one.issuer + one.serial == name.content:
                return one
        elif one.extensions.get(_KEY_IDENTIFIER, (False, b""))[1] == _octets(name.content):
            return one
    raise Broken("certificate", expected="the signer's, in the token or in the policy", found="none")


def _octets(content: bytes) -> bytes:
    """An OCTET STRING of fewer than 128 bytes."""
    _expect(len(content) < 0x80, "SignerInfo", expected="an identifier of 127 bytes at most", found=len(content))
    return bytes([_OCTETS, len(content)]) + content


def _check_named(values: Mapping[bytes, Der], signer: Certificate) -> None:
    """Check that the signed attributes name the signer's certificate by its hash (RFC 2634 5.4, RFC 5035 3 and 4)."""
    both = [(name, values[name]) for name in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2) if name in values]
    _expect(both, "signingCertificate", expected="the certificate's hash", found="none")
    for name, value in both:
        attribute = _Fields(value, "signingCertificate")
        named = read_der(attribute.take(_SEQUENCE).content, "signingCertificate")
        attribute.maybe(_SEQUENCE)
        attribute.end()
        _expect(named, "signingCertificate", expected="the certificate's hash", found="none")
        identifier = _Fields(named[0], "signingCertificate")
        algorithm = identifier.maybe(_SEQUENCE) if name == _SIGNING_CERTIFICATE_V2 else None
        digest = _read_digest(algorithm, "signingCertificate") if algorithm else hashes.SHA256()
        # The first form knows SHA-1 alone. What the signature holds to is the key of a certificate that leads up.
        sha1 = name == _SIGNING_CERTIFICATE
        own = signer.whole
        expected = hashlib.sha1(own, usedforsecurity=False).digest() if sha1 else _digest(digest, own)
        found = identifier.take(_OCTETS).content
        _expect(found == expected, "signingCertificate", expected=expected.hex(), found=found)
        _check_issuer_serial(identifier.maybe(_SEQUENCE), signer)
        identifier.end()


def _check_issuer_serial(value: Der | None, signer: Certificate) -> None:
    if value is None:
        return
    fields = _Fields(value, "signingCertificate")
    names, serial = read_der(fields.take(_SEQUENCE).content, "signingCertificate"), fields.take(_INTEGER).whole
    fields.end()
    found = [(one.content, serial) for one in names if one.tag == _of_context(4)]
    _expect(
        (signer.issuer, signer.serial) in found,
        "signingCertificate",
        expected="the issuer and serial number of the certificate",
        found="others",
    )


def _verify(key: Der, *, algorithm: Der, digest: hashes.HashAlgorithm | None, signature: bytes, data: bytes) -> None:
    """Verify a signature. Raises InvalidSignature, or Broken for an algorithm that is not accepted.

    `digest`: what RSA signs if the algorithm does not name it; None if it must.
    """
    name = _Fields(algorithm, "signature algorithm").take(_OID).content
    public = _read_key(key)
    if isinstance(public, rsa.RSAPublicKey):
        if name == _PSS:
            public.verify(signature, data, *_read_pss(algorithm))
            return
        _read_algorithm(algorithm, "signature algorithm")
        digest = digest if name == _RSA else _RSA_WITH.get(name)
        if digest is None:
            raise Broken("signature algorithm", expected="RSA with SHA-2", found=name.hex())
        public.verify(signature, data, padding.PKCS1v15(), digest)
        return
    _read_algorithm(algorithm, "signature algorithm")
    _expect(name in _ECDSA_WITH, "signature algorithm", expected="ECDSA with SHA-2", found=name)
    public.verify(signature, data, ec.ECDSA(_ECDSA_WITH[name]))


def _read_key(value: Der) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    """A certificate's public key: RSA, or on one of three curves."""
    fields = _Fields(value, "signature")
    algorithm = _Fields(fields.take(_SEQUENCE), "signature")
    name, taken, bits = algorithm.take(_OID).content, algorithm.any(), fields.take(_BIT_STRING).content
    algorithm.end()
    fields.end()
    is_rsa = (name, taken.tag, taken.content) == (_RSA, _NULL, b"")
    is_curve = name == _EC and taken.tag == _OID and taken.content in _CURVES and bits[:2] == b"\0\4"
    _expect(is_rsa or is_curve, "signature", expected="an RSA or ECDSA key", found="another")
    try:
        key = load_der_public_key(value.whole)
    except (ValueError, UnsupportedAlgorithm):
        raise Broken("signature", expected="a key that can be read", found="another") from None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    if not isinstance(key, rsa.RSAPublicKey):
        raise Broken("signature", expected="an RSA or ECDSA key", found="another")
    numbers = key.public_numbers()
    _expect(
        numbers.n % 2 and numbers.e % 2 and 3 <= numbers.e <= LARGEST_EXPONENT,
        "signature",
        expected="an RSA key",
        found=numbers.e,
    )
    fits = SMALLEST_MODULUS <= key.key_size <= LARGEST_MODULUS
    _expect(fits, "signature", expected=f"a key of {SMALLEST_MODULUS} to {LARGEST_MODULUS} bits", found=key.key_size)
    return key


def _read_pss(algorithm: Der) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Padding and digest of RSASSA-PSS (RFC 4055 3.1). Omitted parameters would mean SHA-1, which is refused."""
    part = "signature algorithm"
    outer = _Fields(algorithm, part)
    outer.take(_OID)
    parameters = _Fields(outer.take(_SEQUENCE), part)
    outer.end()

    def explicit(number: int, *, tag: int) -> Der:
        inner = _Fields(parameters.take(_of_context(number)), part, _of_context(number))
        value = inner.take(tag)
        inner.end()
        return value

    digest = _read_digest(explicit(0, tag=_SEQUENCE), part)
    mask = _Fields(explicit(1, tag=_SEQUENCE), part)
    _expect(mask.take(_OID).content == _MGF1, part, expected="MGF1", found="another")
    of_mask = _read_digest(mask.take(_SEQUENCE), part)
    _expect(of_mask is digest, part, expected="one digest for both", found=of_mask.name)
    mask.end()
    salt = _der_integer(explicit(2, tag=_INTEGER), part)
    _expect(1 <= salt <= 512, part, expected="a salt of 1 to 512 bytes", found=salt)
    trailer = parameters.maybe(_of_context(3))
    _expect(trailer is None or trailer.content == b"\2\1\1", part, expected="the trailer 1", found="another")
    parameters.end()
    return padding.PSS(padding.MGF1(of_mask), salt), digest


def _check_for_stamps(signer: Certificate) -> None:
    """Check that a certificate is for signing time stamps only, in a critical extension (RFC 3161 2.3)."""
    critical, extended = signer.extensions.get(_EXTENDED_KEY_USAGE, (False, b""))
    is_for_stamps = critical and [one[:2] for one in _parts_of(extended)] == [(_OID, _TIME_STAMPING)]
    _expect(is_for_stamps, "certificate", expected="for time stamps alone, critically", found="another use")
    signs = _may(signer, _DIGITAL_SIGNATURE) or _may(signer, _NON_REPUDIATION)
    _expect(signs, "certificate", expected="one for signatures", found="another use")


def _parts_of(data: bytes) -> list[Der]:
    """The parts of an extension that is a sequence."""
    whole = _only(data, "certificate")
    _expect(whole.tag == _SEQUENCE, "certificate", expected="a sequence", found=f"{whole.tag:02x}")
    return read_der(whole.content, "certificate")


def _may(certificate: Certificate, bit: int) -> bool:
    """Whether a certificate's keyUsage, if any, has a bit (the first is 0)."""
    if _KEY_USAGE not in certificate.extensions:
        return True
    usage = _only(certificate.extensions[_KEY_USAGE][1], "certificate")
    unused, *octets = usage.content or b"\xff"
    _expect(
        usage.tag == _BIT_STRING and unused < 8 and (octets or not unused),
        "certificate",
        expected="bits",
        found=usage.content,
    )
    return bit < 8 * len(octets) - unused and bool(octets[bit // 8] >> 7 - bit % 8 & 1)


def _leads_up(
    signer: Certificate, pool: Sequence[Certificate], *, trusted: Sequence[Certificate], at: datetime
) -> bool:
    """Whether the certificate is trusted, or was issued, directly or not, by a trusted one.

    Takes the shortest chain first, as longer ones allow fewer certificates below.
    """
    seen, waiting, below = set[bytes](), [signer], 0
    while waiting := [one for one in waiting if one.whole not in seen and _is_valid(one, at)]:
        if any(one.whole == own.whole for one in waiting for own in trusted):
            return True
        seen |= {one.whole for one in waiting}
        waiting = [
            one for one in pool if any(_issued(one, certificate=certificate, below=below) for certificate in waiting)
        ]
        below += 1
    return False


def _is_valid(certificate: Certificate, at: datetime) -> bool:
    """Whether a certificate is valid at a time and has no critical extension that is not checked here."""
    unknown = [
        name for name, (critical, _) in certificate.extensions.items() if critical and name not in _KNOWN_CRITICAL
    ]
    return certificate.begin <= at <= certificate.end and not unknown


def _issued(issuer: Certificate, *, certificate: Certificate, below: int) -> bool:
    """Whether one certificate issued another. `below`: the number of issuers already under it."""
    if issuer.subject.whole != certificate.issuer or _BASIC_CONSTRAINTS not in issuer.extensions:
        return False
    try:
        if not _is_above(issuer, below) or not _may(issuer, _KEY_CERT_SIGN):
            return False
        _verify(
            issuer.key,
            algorithm=certificate.algorithm,
            digest=None,
            signature=certificate.signature,
            data=certificate.signed,
        )
    except (Broken, InvalidSignature):
        return False
    return True


def _is_above(issuer: Certificate, below: int) -> bool:
    """Whether a certificate's basicConstraints allow it to issue certificates with this number of issuers under it."""
    basic = _Fields(_only(issuer.extensions[_BASIC_CONSTRAINTS][1], "certificate"), "certificate")
    authority, length = basic.maybe(_BOOLEAN), basic.maybe(_INTEGER)
    basic.end()
    is_authority = authority is not None and _boolean(authority)
    return is_authority and (length is None or _der_integer(length, "certificate") >= below)


class Dating(NamedTuple):
    """An authority's attestation that the first `size` entries of the log existed before a time."""

    size: int
    before: datetime
    by: str


def check_stamps(
    where: str, note: bytes, size: int, tokens: Sequence[bytes], policy: Policy, report: Report
) -> list[Dating]:
    """The contents of a checkpoint's tokens, by the policy's certificates; without any, nothing is checked."""
    if not policy.timestamp_certificates:
        report.count(NOT_CHECKED, len(tokens))
        return []
    found = []
    for number, token in enumerate(tokens, 1):
        try:
            stamp = check_stamp(token, data=note, certificates=policy.timestamp_certificates)
        except Broken as error:
            report.add(f"{where}: time stamp {number}", error)
        else:
            found.append(Dating(size, stamp.before, stamp.by))
            report.count("time stamps")
    return found


_OF_DATED = {"checkpoint", "consistency", "tokens"}


def _check_dated(dated: Sequence[Any], policy: "Policy", checkpoint: LogSize, report: "Report") -> list[Dating]:
    """What the time stamps in a proof file attest about the log of its checkpoint."""
    found, before = list[Dating](), 0
    for number, item in enumerate(dated, 1):
        where = f"dated {number}"
        try:
            _expect(
                isinstance(item, dict) and item.keys() == _OF_DATED,
                "form",
                expected=", ".join(sorted(_OF_DATED)),
                found=item,
            )
            _expect(
                isinstance(item["checkpoint"], str), "checkpoint", expected="a signed note", found=item["checkpoint"]
            )
            hashes_, tokens = item["consistency"], item["tokens"]
            _expect(isinstance(hashes_, list), "consistency", expected="a list of hashes", found=hashes_)
            _expect(
                isinstance(tokens, list) and 0 < len(tokens) <= MOST_TOKENS,
                "tokens",
                expected=f"1 to {MOST_TOKENS}",
                found=tokens,
            )
            note = item["checkpoint"].encode()
            old = policy.checkpoint(note)
            _expect(old.size > before, "size", expected=f"above {before}", found=old.size)
            before = old.size
            proof = [read_base64(part, "consistency", 32) for part in hashes_]
            check_consistency(old.size, old.root, checkpoint.size, checkpoint.root, proof)
            given = [read_base64(token, "token") for token in tokens]
        except Broken as error:
            report.add(where, error)
        else:
            found += check_stamps(where, note, old.size, given, policy, report)
    return found


def _audit_stamps(read: Read, policy: Policy, checkpoint: LogSize, report: Report) -> None:
    """Check that the stamped checkpoints of an export are of this log. Returns what their time stamps attest."""
    data = read(STAMPS)
    if data is None:
        return
    found = list[Dating]()
    try:
        counts, tree = _stamp_counts(data), TileTree(read, checkpoint)
    except Broken as error:
        report.add(STAMPS, error)
        return
    for size, count in counts.items():
        path = f"stamps/{size}.note"
        try:
            note = _given(read, path)
            old = policy.checkpoint(note)
            _expect(
                old.size == size and size <= checkpoint.size,
                "size",
                expected=f"{size}, of {checkpoint.size}",
                found=old.size,
            )
            root = tree.root(size)
            _expect(old.root == root, "root", expected=root.hex(), found=old.root)
            tokens = [_given(read, f"stamps/{size}-{number}.tst") for number in range(1, count + 1)]
        except Broken as error:
            report.add(path, error)
        else:
            report.count("stamped checkpoints")
            found += check_stamps(path, note, size, tokens, policy, report)
    if found:
        newest: dict[str, Dating] = {}
        for one in found:
            newest[one.by] = max(newest.get(one.by, one), one)
        told = (f"{one.size} entries before {_write_time(_up(one.before))} by {one.by}" for one in newest.values())
        report.said["dated"] = "; ".join(sorted(told))


def _stamp_counts(data: bytes) -> dict[int, int]:
    """The number of tokens of each stamped checkpoint of an export, by size, smallest first."""
    try:
        value = read_canonical(data)
    except ValueError as error:
        raise Broken("form", expected="canonical JSON", found=str(error)) from None
    _expect(isinstance(value, dict) and value, "form", expected="an object of numbers", found=value)
    for count in value.values():
        _expect(_is_integer(count, 1) and count <= MOST_TOKENS, "tokens", expected=f"1 to {MOST_TOKENS}", found=count)
    return dict(sorted((_decimal(size, part="size"), count) for size, count in value.items()))


def _given(read: Read, path: str) -> bytes:
    data = read(path)
    if data is None:
        raise Broken("file", expected=path, found="no such file")
    return data


def _dated_in_words(indexes: Sequence[int], datings: Sequence[Dating], *, is_checked: bool) -> str:
    """The times by which entries (by index) existed, each with its authority; one line for people."""
    if not is_checked:
        return "by nothing that this policy lets check: it names no certificate of an authority for time stamps"
    runs: list[tuple[int, int, str]] = []
    for number, index in enumerate(indexes, 1):
        earliest: dict[str, datetime] = {}
        for dating in datings:
            if dating.size > index:
                earliest[dating.by] = min(dating.before, earliest.get(dating.by, dating.before))
        told = sorted((before, by) for by, before in earliest.items())
        words = " and ".join(f"before {_write_time(_up(before))} by {by}" for before, by in told)
        words = words or "by nothing but the server's own clock"
        if runs and runs[-1][2] == words:
            runs[-1] = (runs[-1][0], number, words)
        else:
            runs.append((number, number, words))
    return "; ".join(f"{_numbers(first, last=last)} {words}" for first, last, words in runs)


def _up(moment: datetime) -> datetime:
    """The next millisecond: shortening a time must not make it earlier."""
    return moment + timedelta(microseconds=-moment.microsecond % 1000)


def _numbers(first: int, *, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


# Section 14: the log opened for one reader

_EXPORT_HEAD = {"format", "origin", "checkpoint", "for", "whole", "narrowed"}
_EXPORT_TOLD = {"index", "leaf_hash", "leaf", "proof", *LeafEntry._fields, "disclosures", "closed"} - {"prev", "c"}
ERASED, CLOSED = "erased", "withheld"  # the reasons why a name is closed
# Streams whose entries are all of one desk, so that a file must have all of them.
_OF_ONE_DESK = ("claim:", "source:", "desk:")


class ExportHead(NamedTuple):
    """The first line of an opened export. `whole`: it has each entry of the log; `narrowed`: the reader's filters."""

    checkpoint: LogSize
    made_for: str
    whole: bool
    narrowed: dict[str, str]


def read_export_head(line: bytes, policy: Policy) -> ExportHead:
    """The first line of an export. Raises Broken if malformed, or if the policy rejects its checkpoint."""
    value = _read_line(line)
    _expect(
        isinstance(value, dict) and value.keys() == _EXPORT_HEAD,
        "form",
        expected=", ".join(sorted(_EXPORT_HEAD)),
        found=value,
    )
    _expect(value["format"] == EXPORT, "format", expected=EXPORT, found=value["format"])
    _expect(value["origin"] == policy.origin, "origin", expected=policy.origin, found=value["origin"])
    made_for, narrowed = value["for"], value["narrowed"]
    is_person = isinstance(made_for, dict) and made_for.keys() == {"id", "name"}
    _expect(
        is_person and all(isinstance(one, str) for one in made_for.values()),
        "for",
        expected="an id and a name",
        found=made_for,
    )
    _expect(isinstance(value["whole"], bool), "whole", expected="true or false", found=value["whole"])
    is_said = isinstance(narrowed, dict) and all(isinstance(one, str) for one in narrowed.values())
    _expect(
        is_said and not (narrowed and value["whole"]),
        "narrowed",
        expected="texts by name, none where it is whole",
        found=narrowed,
    )
    _expect(isinstance(value["checkpoint"], str), "checkpoint", expected="a signed note", found=value["checkpoint"])
    checkpoint = policy.checkpoint(value["checkpoint"].encode())
    return ExportHead(checkpoint, made_for["name"], value["whole"], narrowed)


def _read_line(line: bytes) -> Any:
    _expect(line.endswith(b"\n"), "line", expected=f"its end within {LARGEST_LINE} bytes", found=line[-20:])
    try:
        return read_canonical(line[:-1])
    except ValueError as error:
        raise Broken("line", expected="canonical JSON", found=str(error)) from None


def told_of(entry: LeafEntry, disclosures: Mapping[str, Any]) -> tuple[str, JsonObject]:
    """The kind and body of an entry; for a sealed one with kind and content disclosed, those inside it."""
    kind, content = disclosures.get("kind"), disclosures.get("content")
    if entry.kind != SEALED or not kind or not content:
        return entry.kind, entry.body
    _expect(_matches(_NAME, kind["value"]), "disclosures.kind", expected="a kind", found=kind["value"])
    return kind["value"], content["value"]["body"]


class _OpenedLines:
    """Checks the lines of an opened export in order."""

    def __init__(self, head: ExportHead, report: Report, given: Callable[[int], Any] | None) -> None:
        self._head, self._report, self._given = head, report, given
        self._before = -1
        self._heads: dict[str, tuple[int, str]] = {}  # per stream the number and hash of its last entry
        self._withheld = set[str]()
        self._erased: dict[tuple[str, str], str] = {}  # closed names by leaf hash, and the redaction
        self._named = set[tuple[str, str]]()  # what redactions name
        self.lines = 0

    def take(self, value: Any) -> None:
        """Check a line. Raises Broken if it does not hold."""
        _expect(isinstance(value, dict), "form", expected="an object", found=value)
        names = _WITHHELD if "leaf" not in value else _EXPORT_TOLD
        _expect(value.keys() == names, "form", expected=", ".join(sorted(names)), found=sorted(value))
        _expect(_is_integer(value["index"]), "index", expected="an integer from 0", found=value["index"])
        before, self._before = self._before, max(self._before, value["index"])
        if names is _WITHHELD:
            _expect(not self._head.whole, "form", expected="what an entry says, in a whole export", found=sorted(value))
            hashed = _check_withheld(value, before, self._head.checkpoint)
            self._withheld.add(hashed.hex())
            self._report.count("entries withheld")
            return
        self._take_told(value, before)

    def _take_told(self, value: JsonObject, before: int) -> None:
        leaf = read_base64(value["leaf"], "leaf")
        entry, hashed = read_entry(leaf), leaf_hash(leaf)
        _expect(isinstance(value["proof"], list), "proof", expected="a list of hashes", found=value["proof"])
        _check_proof_entry(value, hashed, before, self._head.checkpoint)
        last = self._heads.get(entry.stream, (0, None))
        self._heads[entry.stream] = (entry.seq, hashed.hex())
        _expect(value["leaf_hash"] == hashed.hex(), "leaf_hash", expected=hashed.hex(), found=value["leaf_hash"])
        undisclosed = _check_proof_disclosures(entry, value["disclosures"])
        kind, body = told_of(entry, value["disclosures"])
        wanted = {"stream": entry.stream, "seq": entry.seq, "kind": kind, "at": entry.at, "body": body}
        for name, one in wanted.items():
            # Not with ==: in Python true equals 1, but not for a reader of the JSON.
            _expect(canonical(value[name]) == canonical(one), name, expected=_shown(one), found=value[name])
        self._take_closed(value, hashed.hex())
        self._report.count("entries")
        self._report.count("fields verified", sum(one is not None for one in value["disclosures"].values()))
        self._report.count("fields not disclosed", undisclosed)
        fields = body.get("fields") if kind == REDACTED else None
        if isinstance(fields, dict):
            lists = [(of, names) for of, names in fields.items() if isinstance(names, list)]
            self._named |= {(of, name) for of, names in lists for name in names if isinstance(name, str)}
        if self._given is not None:
            shown = {name: one for name, one in value["disclosures"].items() if one is not None}
            beside = self._given(value["index"])
            _expect(shown == beside, "disclosures", expected="those of disclosures/… beside it", found=shown)
        self._check_place(entry, *last)

    def _take_closed(self, value: Mapping[str, Any], hashed: str) -> None:
        closed, wanted = value["closed"], {name for name, one in value["disclosures"].items() if one is None}
        _expect(
            isinstance(closed, dict) and closed.keys() == wanted,
            "closed",
            expected=", ".join(sorted(wanted)) or "{}",
            found=closed,
        )
        for name, why in closed.items():
            _expect(why in (ERASED, CLOSED), f"closed.{name}", expected=f"{ERASED} or {CLOSED}", found=why)
            if why == ERASED:
                self._erased[hashed, name] = f"{EXPORT_FILE}, entry {value['index']}"

    def _check_place(self, entry: LeafEntry, last: int, prev: str | None) -> None:
        """Check that a stream of one desk has no gap except withheld entries. `last`, `prev`: of its previous entry."""
        if self._head.narrowed or not (self._head.whole or entry.stream.startswith(_OF_ONE_DESK)):
            return
        if entry.prev in self._withheld:
            _expect(
                entry.seq > last + 1,
                "seq",
                expected=f"above {last + 1}, as what is withheld stands before it",
                found=entry.seq,
            )
            return
        _expect(entry.seq == last + 1, "seq", expected=f"{last + 1}: a line is missing before", found=entry.seq)
        _expect(entry.prev == prev, "prev", expected=_plain(prev), found=entry.prev)

    def end(self) -> None:
        """Check, after the whole file, that each name said to be erased was erased by a redaction in it."""
        for (hashed, name), where in self._erased.items():
            is_named = (hashed, name) in self._named
            self._report.expect(
                is_named, where, part=f"closed.{name}", expected="a redaction that names it", found="none"
            )


def check_export(
    lines: Iterable[bytes],
    policy: Policy,
    report: Report | None = None,
    given: Callable[[int], Any] | None = None,
    beside: LogSize | None = None,
) -> Report:
    """Check that each line of an opened export is an entry of the log with its true contents and disclosures.

    `lines`: with line ends; `given`: the disclosures of an entry in the folder; `beside`: the checkpoint in the folder.
    """
    report = report or Report()
    rest = iter(lines)
    try:
        head = read_export_head(next(rest, b""), policy)
    except Broken as error:
        report.add(f"{EXPORT_FILE}, line 1", error)
        return report
    if beside is not None:
        where, same = f"{EXPORT_FILE}, line 1", head.checkpoint[:3] == beside[:3]
        report.expect(
            same,
            where,
            part="checkpoint",
            expected=f"the one beside it, of {beside.size} entries",
            found=head.checkpoint.size,
        )
    opened = _OpenedLines(head, report, given if head.whole else None)
    told = None
    for number, line in enumerate(rest, 2):
        where = f"{EXPORT_FILE}, line {number}"
        try:
            _expect(told is None, "line", expected="none after the number of lines", found=line[:60])
            value = _read_line(line)
            if isinstance(value, dict) and value.keys() == {"entries"}:
                told = value["entries"]
                continue
            opened.lines += 1
            if isinstance(value, dict) and _is_integer(value.get("index")):
                where += f", entry {value['index']}"
            opened.take(value)
        except Broken as error:
            report.add(where, error)
    is_as_told = _is_integer(told) and told == opened.lines
    report.expect(
        is_as_told,
        EXPORT_FILE,
        part="entries",
        expected=f"{opened.lines}, as many as lines",
        found="no last line" if told is None else told,
    )
    if head.whole:
        report.expect(
            opened.lines == head.checkpoint.size,
            EXPORT_FILE,
            part="entries",
            expected=str(head.checkpoint.size),
            found=opened.lines,
        )
    opened.end()
    narrowed = ", ".join(f"{name} {words}" for name, words in head.narrowed.items())
    report.said |= {
        "export": f"for {head.made_for}" + (f", narrowed by {narrowed}" if narrowed else ""),
        "as of": f"{head.checkpoint.size} entries of {head.checkpoint.origin}",
    }
    report.count("lines", opened.lines)
    return report


def _audit_export(read: Read, lines: Iterable[bytes], policy: Policy, checkpoint: LogSize, report: Report) -> None:
    """Check the lines in an export's folder, also against the disclosures beside them."""
    kept: dict[int, JsonObject] = {}

    def given(index: int) -> JsonObject:
        number = index // TILE_WIDTH
        if number not in kept:
            kept.clear()
            kept[number] = _read_disclosures(read, number, Report())  # the audit reports mistakes in the file
        shown = kept[number].get(str(index))
        return {name: one for name, one in shown.items() if one is not None} if isinstance(shown, dict) else {}

    of_lines = check_export(lines, policy, None, given, checkpoint)
    report.findings += of_lines.findings
    report.said |= of_lines.said
    for word, number in of_lines.counts.items():
        report.count(word if word == "lines" else f"{word} in lines", number)


def audit_opened(read: Read, lines: Iterable[bytes], policy: Policy) -> Report:
    """Check an export with hashes, and with the entries that one reader may know as lines, against its checkpoint."""
    report = Report()
    note = read("checkpoint")
    if note is None:
        raise Unusable("the export has no checkpoint")
    try:
        checkpoint = policy.checkpoint(note)
    except Broken as error:
        report.add("checkpoint", error)
        return report
    root = root_of_export(read, checkpoint.size, exported=checkpoint.size, report=report, above=True)
    if root is not None:
        report.expect(root == checkpoint.root, "checkpoint", part="root", expected=checkpoint.root.hex(), found=root)
    report.count("leaf hashes", checkpoint.size)
    _audit_export(read, lines, policy, checkpoint, report)
    return report


def is_opened_alone(read: Read, first_line: bytes, policy: Policy) -> bool:
    """Whether a folder has the lines of an export and no leaves, as its first line says."""
    try:
        head = read_export_head(first_line, policy)
    except Broken:
        return False
    width = min(TILE_WIDTH, head.checkpoint.size)
    return not head.whole and read_tile(read, "entries", 0, width=width)[0] is None


# The command


class _Sort(NamedTuple):
    """A kind of file that a reader may have, with the place where it belongs on the command line."""

    is_a: str
    goes: str


_PROOF = _Sort("the proof of one history", "the command proof")
_PROOFS = _Sort("a list of proofs", "the command proof")
_ONE_LEAF = _Sort("a tlog-proof, of one entry", "the command proof")
_ZIPPED = _Sort("an evidence bundle", "the command bundle")
_OF_A_BUNDLE = _Sort("a part of an evidence bundle", "the command bundle, with all that lay beside it")
_OPENED = _Sort("entries that were opened for one reader", "the command export")
_LOG = _Sort("a copy of a log", "audit, replay and watch, or monitor --export")
_CHECKPOINT = _Sort("a checkpoint", "--checkpoint, monitor or watch")
_RECEIPTS = _Sort("receipts", "audit --receipt, or watch")
_POLICY = _Sort("a policy, the public keys", "--policy")
_WITNESS_POLICY = _Sort("a policy of witnesses", "--witness-policy")
_CLAIMS = _Sort("a list of claims", "replay --claims")
_STAMP = _Sort("a time stamp, or a certificate", "openssl ts; an audit of a log looks at those beside it")
_SEEN = _Sort("of the memory of watch", "watch --memory, the folder that it is in")
_PAGE = _Sort("a web page", "a browser; the file itself is behind a link on it")
_PROGRAM = _Sort("this program", "Python")
_FORMAT = _Sort("the format in writing", "people")
_EMPTY = _Sort("empty", "nothing; download it again")
_TO_WATCH = (_PROOF, _PROOFS, _ONE_LEAF, _ZIPPED, _RECEIPTS, _CHECKPOINT)
_BY_FORMAT = {
    CLAIM_PROOF: _PROOF,
    CLAIM_PROOF_2: _PROOF,
    BUNDLE: _OF_A_BUNDLE,
    HISTORY_FORMAT: _OF_A_BUNDLE,
    EXPORT: _OPENED,
    PUBLISHED_LIST: _CLAIMS,
    SEEN: _SEEN,
}
_BY_BEGINNING = {
    b"PK": _ZIPPED,
    f"{RECEIPT}\n".encode(): _RECEIPTS,
    f"{TLOG_PROOF}\n".encode(): _ONE_LEAF,
    f"{BUNDLE}\n".encode(): _OF_A_BUNDLE,
    b'"""Checks a Second Source ledger': _PROGRAM,
    b"# The ledger's format": _FORMAT,
    b"<": _PAGE,
    b"\x30\x82": _STAMP,
    b"-----BEGIN CERTIFICATE": _STAMP,
}


def _sort_of(path: Path) -> _Sort | None:
    """The kind that a file or folder looks like, whether or not it holds; None if it is none of ours."""
    if path.is_dir():
        return _ZIPPED if (path / MANIFEST).exists() else _LOG
    head = _beginning(path).lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((sort for beginning, sort in _BY_BEGINNING.items() if head.startswith(beginning)), None)
    if found or not head:
        return found or _EMPTY
    if head.startswith((b"{", b"[")):
        return _sort_of_json(path)
    data = _read_file(path)
    with contextlib.suppress(Broken):
        read_checkpoint(split_note(data)[0])
        return _CHECKPOINT
    is_witness_policy = re.search(rb"^quorum ", data, re.MULTILINE) is not None
    return _WITNESS_POLICY if is_witness_policy else None


def _sort_of_json(path: Path) -> _Sort | None:
    value: Any = None
    with contextlib.suppress(ValueError, RecursionError), path.open("rb") as file:
        value = json.loads(file.readline(LARGEST_LINE))
    if value is None:  # not one value per line, but perhaps one over several
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(_read_file(path))
    if isinstance(value, list):
        return _PROOFS if all(isinstance(one, str) for one in value) else _CLAIMS
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("format"), str) and value["format"] in _BY_FORMAT:
        return _BY_FORMAT[value["format"]]
    if "log_keys" in value:
        return _POLICY
    return _CLAIMS if "results" in value or "reference" in value else None


def _expect_sort(path: Path, place: str, *wanted: _Sort) -> None:
    """Raise Unusable if a file is of another kind than expected. An unknown file may be a damaged one, if it begins
    like it: the command that reads it reports that."""
    if not path.exists():
        return  # the command that reads it reports that
    found = _sort_of(path)
    if (
        found is None
        and _PROOF in wanted[:1]
        and not _beginning(path).startswith((b"{", b"[", TLOG_PROOF[:4].encode()))
    ):
        raise Unusable(f"{path}: expected {wanted[0].is_a}. This is none of the files that this program reads")
    if found is not None and wanted and found not in wanted:
        raise Unusable(f"{place}{path}: expected {wanted[0].is_a}. This is {found.is_a}: it is for {found.goes}")


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def folder_reader(folder: Path) -> Read:
    """A reader of an export in a folder."""
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


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser of the command line, and the parsers of each command."""
    parser = argparse.ArgumentParser(prog="verifier.py", description="Checks a Second Source ledger, offline.")
    commands = parser.add_subparsers(dest="command", required=True)
    proof = commands.add_parser("proof", help="the proof file of one claim, or a tlog-proof that carries its leaf")
    proof.add_argument("file", type=Path)
    for name, text in (("audit", "a whole log"), ("replay", "every claim's state, from the entries")):
        command = commands.add_parser(name, help=text)
        command.add_argument("log", help="the export: a folder with checkpoint, tile/…; an address or a mirror of it")
        command.add_argument(
            "--times-from", type=int, default=0, metavar="INDEX", help="compare the times of entries from here on"
        )
    commands.choices["audit"].add_argument("--receipt", type=Path, action="append", default=[], metavar="FILE")
    commands.choices["replay"].add_argument(
        "--claims", metavar="FILE-OR-ADDRESS", help="what the API says of claims, or the list of what is published"
    )
    bundle = commands.add_parser(
        "bundle", help="an evidence bundle: the zip file, or the folder that it was unpacked to"
    )
    bundle.add_argument("file", type=Path)
    for command in (proof, bundle):
        command.add_argument("--claim", metavar="NAME", help="which claim it has to be of: reference, id or stream")
        command.add_argument("--expect-state", metavar="STATE", help="the state that it has to leave the claim in")
        command.add_argument("--checkpoint", type=Path, metavar="FILE", help="one that it may not be older than")
    opened = commands.add_parser("export", help=f"the entries that somebody may read, opened: {EXPORT_FILE}")
    opened.add_argument("file", type=Path)
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
    seen.add_argument(
        "--printed", nargs=2, action="append", default=[], metavar=("ENTRIES", "ROOT"), help="what a page in print says"
    )
    commands.add_parser("keys", help="the fingerprints of the policy's keys, to compare with those in print")
    for command in commands.choices.values():
        command.add_argument("--policy", type=Path, required=True, help="the public keys: JSON")
        command.add_argument(
            "--witness-policy", type=Path, metavar="FILE", help="the witnesses and their quorum (C2SP tlog-policy)"
        )
    return parser, commands.choices


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """A parsed command line, with options before, between or after the files. Exits if it is invalid."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser, commands = _parsers()
    if not given or given[0] not in commands:
        return parser.parse_args(given)
    # add_subparsers alone accepts no file after an option (`watch LOG --memory FOLDER FILE`).
    return commands[given[0]].parse_intermixed_args(given[1:], argparse.Namespace(command=given[0]))


def _expect_sorts(arguments: argparse.Namespace) -> None:
    """Check that each given file looks like the kind that the command takes there. Raises Unusable."""
    of_file = {"proof": (_PROOF, _PROOFS, _ONE_LEAF), "bundle": (_ZIPPED,), "export": (_OPENED,)}
    wanted: dict[str, tuple[_Sort, ...]] = {
        "policy": (_POLICY,),
        "witness_policy": (_WITNESS_POLICY,),
        "file": of_file.get(arguments.command, ()),
        "files": _TO_WATCH,
        "checkpoint": (_CHECKPOINT,),
        "old": (_CHECKPOINT,),
        "new": (_CHECKPOINT,),
        "export": (_LOG,),
        "receipt": (_RECEIPTS,),
        "log": (_LOG,),
        "claims": (_CLAIMS,),
    }
    for name, sorts in wanted.items():
        given = getattr(arguments, name, None)
        for one in given if isinstance(given, list) else [given]:
            if one is not None and "://" not in str(one):
                _expect_sort(Path(one), f"the {name}: " if name in ("policy", "claims") else "", *sorts)


def _run(arguments: argparse.Namespace) -> Report:
    _expect_sorts(arguments)
    policy = read_policy(_read_file(arguments.policy))
    if arguments.witness_policy:
        policy = replace(policy, witnesses=read_witness_policy(_read_file(arguments.witness_policy)))
    if arguments.command in ("proof", "bundle"):
        is_proof = arguments.command == "proof"
        report = _check_proof(_read_file(arguments.file), policy) if is_proof else _run_bundle(arguments.file, policy)
        checkpoint = _read_file(arguments.checkpoint) if arguments.checkpoint else None
        check_expected(report, policy, arguments.claim, state=arguments.expect_state, checkpoint=checkpoint)
        return report
    if arguments.command == "export":
        try:
            with arguments.file.open("rb") as file:
                return check_export(lines_of(file), policy)
        except OSError as error:
            raise Unusable(f"{arguments.file}: {error.strerror}") from None
    if arguments.command == "keys":
        return _fingerprints(policy)
    if arguments.command == "watch":
        return _run_watch(arguments, policy)
    if arguments.command == "monitor":
        read = folder_reader(arguments.export)
        return monitor(_read_file(arguments.old), new=_read_file(arguments.new), read=read, policy=policy)
    read = log_reader(arguments.log)
    if arguments.command == "replay":
        return replay(read, policy, _listed(arguments.claims), arguments.times_from)
    return _run_audit(arguments, read, policy)


def _not_ahead(receipts: Mapping[str, bytes], policy: Policy, report: Report) -> Report:
    """The report, with mismatches for receipts dated ahead of this machine's clock."""
    for _hashed, (name, receipt) in _read_receipts(receipts, policy, Report()).items():
        check_ahead(receipt, datetime.now(UTC), f"receipt {name}", report)
    return report


def _listed(claims: str | None) -> Listed:
    """The list in the option's file, or at its address with all its pages."""
    if claims is None:
        return Listed([])
    return listed_at(claims) if "://" in claims else read_listed(_read_file(Path(claims)))[0]


def _run_audit(arguments: argparse.Namespace, read: Read, policy: Policy) -> Report:
    receipts = {path.name: _read_file(path) for path in arguments.receipt}
    path = Path(arguments.log) / EXPORT_FILE
    if "://" in arguments.log or not path.exists():
        return _not_ahead(receipts, policy, audit(read, policy, receipts, times_from=arguments.times_from))
    with path.open("rb") as file:
        is_alone = is_opened_alone(read, file.readline(LARGEST_LINE), policy)
        file.seek(0)
        if not is_alone:
            report = audit(read, policy, receipts, times_from=arguments.times_from, lines=lines_of(file))
            return _not_ahead(receipts, policy, report)
        if receipts or arguments.times_from:
            raise Unusable(f"{arguments.log} has no entries but those of {EXPORT_FILE}: no receipt is looked for there")
        return audit_opened(read, lines_of(file), policy)


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file with line ends; a line over the limit comes in pieces, the first without an end."""
    while line := file.readline(LARGEST_LINE):
        yield line


def _check_proof(data: bytes, policy: Policy) -> Report:
    if data.startswith(b"["):
        return check_proofs(data, policy)
    is_text = data.startswith(TLOG_PROOF.encode())
    return check_tlog_proof(data, policy) if is_text else check_claim_proof(data, policy)


def log_reader(log: str) -> Read:
    """A reader of a log at an address or in a folder."""
    return address_reader(log) if "://" in log else folder_reader(Path(log))


def _fingerprints(policy: Policy) -> Report:
    report = Report()
    for sort, keys in (("checkpoints", policy.log_keys), ("receipts", policy.receipt_keys)):
        for key in keys:
            report.said[f"{key.name}+{key.id.hex()} signs {sort}"] = fingerprint(key)
            report.count("keys")
    return report


def _run_watch(arguments: argparse.Namespace, policy: Policy) -> Report:
    printed = [read_printed(size, root=root) for size, root in arguments.printed]
    memory, given = Memory(arguments.memory), GivenFiles(arguments.files, printed)
    if "://" in arguments.log:
        return watch(address_reader(arguments.log), policy, memory, given, datetime.now(UTC))
    folder = Path(arguments.log)
    inside = folder / "ledger"
    read = folder_reader(inside if (inside / "checkpoint").is_file() else folder)
    return watch(read, policy, memory, given, clock=datetime.now(UTC))


def _run_bundle(path: Path, policy: Policy) -> Report:
    report = Report()
    try:
        if path.is_dir():
            return check_bundle(folder_members(path, report), policy, report)
        with path.open("rb") as file:
            return check_bundle(ZippedBundle(file, report), policy, report)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from None


def printable(text: str) -> str:
    """The text with control characters escaped, which a terminal would obey rather than show."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


NOT_WITNESSED = (
    "not witnessed: nothing else is wrong, and no forgery is shown. A file from before the log had these witnesses is "
    "like that; so is one that its server showed to nobody but you. Hold it against the log as it is (watch)"
)


def _line(mismatch: Mismatch, *, of_a_file: bool) -> str:
    if of_a_file and (mismatch.part, mismatch.expected, mismatch.found) == (COSIGNATURES, A_QUORUM, NOBODY):
        return f"{mismatch.where}: no witness cosigned its checkpoint, and your policy asks for a quorum of them"
    return str(mismatch)


def _lines(report: Report, *, of_a_file: bool) -> Iterator[str]:
    """The lines to print. `of_a_file`: of a kept file, for which the current log must be witnessed."""
    # A log's texts may hold control characters, which must not reach a terminal.
    yield from (printable(f"{name}: {words}") for name, words in report.said.items())
    yield from (_line(finding, of_a_file=of_a_file).encode("unicode_escape").decode() for finding in report.findings)
    looked_at = ", ".join(f"{word}: {number}" for word, number in report.counts.items()) or "nothing"
    verdict = f"{len(report.findings)} findings" if report.findings else "all matches"
    if of_a_file and report.findings and report.holds():
        yield NOT_WITNESSED
        verdict = "not witnessed"
    yield f"{verdict} ({looked_at})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit status."""
    try:
        given = parse_arguments(arguments)
        report = _run(given)
    except Unusable as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a statement may hold characters that the terminal lacks
    sys.stdout.writelines(f"{line}\n" for line in _lines(report, of_a_file=given.command in ("proof", "bundle")))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())

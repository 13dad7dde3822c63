"""Files at the edge of what docs/ledger.md allows, each with its result: three programs could read them differently.

Their log is signed, so that each is refused, or not, for the one thing that its name says.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from ledger.canonical import canonical
from ledger.entries import commitment
from ledger.notes import SigningKey, checkpoint_text, sign_note
from ledger.tree import root_hash
from tests.ledger.exports import LOG_KEY, ORIGIN
from tests.ledger.signed_anew import hash_of, sign

SALT = bytes(range(32))
STREAM = "claim:7d1f4f0a-3a77-4a5e-8c39-0d6a4e8f1b22"
SEALED = "sealed:000102030405060708090a0b0c0d0e0f"
AT = "2026-11-22T22:14:0{}.123Z"


def told(
    body: Any = None, values: dict[str, Any] | None = None, closed: tuple[str, ...] = (), **fields: Any
) -> dict[str, Any]:
    """An entry in a file: the first of a claim, if nothing else is said."""
    values = {"reason": "Because"} if values is None else values
    c = {name: commitment(SALT, name, value) for name, value in values.items()}
    leaf = {"v": 1, "stream": STREAM, "seq": 1, "prev": None, "kind": "claim_created", "at": AT.format(1)}
    leaf |= {"body": {} if body is None else body, "c": c} | fields
    given = {name: None if name in closed else _opening(value) for name, value in values.items()}
    return {"leaf": _text(canonical(leaf)), "disclosures": given}


def sealed(kind: Any, body: Any, inner: dict[str, Any], closed: tuple[str, ...] = (), **content: Any) -> dict[str, Any]:
    """A sealed entry in a file; `content` is put into what is sealed."""
    c = {name: commitment(SALT, name, value) for name, value in inner.items()}
    values = {"kind": kind, "content": {"body": body, "c": c} | content}
    entry = told(values=values, closed=closed, stream=SEALED, kind="sealed")
    if "content" not in closed:
        entry["disclosures"] |= {f"content/{n}": None if n in closed else _opening(v) for n, v in inner.items()}
    return entry


def withheld(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry by its hash alone."""
    return {"leaf_hash": hash_of(entry).hex()}


def after(entry: dict[str, Any], seq: int = 2, **fields: Any) -> dict[str, Any]:
    """The entry that follows another of a claim."""
    return told(seq=seq, prev=hash_of(entry).hex(), **({"at": AT.format(seq)} | fields))


def proof(*entries: dict[str, Any], redactions: tuple[dict[str, Any], ...] = (), stream: str = STREAM) -> bytes:
    """The signed proof file of these."""
    file = {"format": "second-source/claim-proof/v1", "origin": ORIGIN, "stream": stream, "entries": list(entries)}
    if redactions:
        file |= {"format": "second-source/claim-proof/v2", "redactions": list(redactions)}
    sign(file)
    return canonical(file)


def redaction(fields: Any, closed: tuple[str, ...] = ()) -> dict[str, Any]:
    """A redaction of fields."""
    body = {"fields": fields, "rows": []}
    return told(body, {"by": "editor"}, closed, stream="redaction:1", kind="redacted")


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with one thing changed that is not signed."""
    file = json.loads(data)
    change(file)
    return canonical(file)


def with_checkpoint(text: str, *keys: SigningKey) -> bytes:
    """A proof file of one entry whose checkpoint is this text, where {root} is the root."""
    file = json.loads(proof(told()))
    root = _text(root_hash([hash_of(told())]))
    file["checkpoint"] = sign_note(text.replace("{root}", root), list(keys or (LOG_KEY,))).decode()
    return canonical(file)


def dated(*members: dict[str, Any]) -> bytes:
    """A proof file of two entries with these stamped checkpoints."""
    file = json.loads(proof(FIRST, after(FIRST)))
    return canonical(file | {"format": "second-source/claim-proof/v2", "dated": list(members)})


def stamped(size: int, consistency: list[str] | None = None, tokens: list[Any] | None = None) -> dict[str, Any]:
    """A stamped checkpoint of so many of these two entries."""
    hashes = [hash_of(FIRST), hash_of(after(FIRST))]
    note = sign_note(checkpoint_text(ORIGIN, size, root_hash(hashes[:size])), [LOG_KEY]).decode()
    own = [_text(hashes[1])] if size == 1 else []
    return {
        "checkpoint": note,
        "consistency": own if consistency is None else consistency,
        "tokens": tokens or [_text(b"x")],
    }


def _opening(value: Any) -> dict[str, Any]:
    return {"salt": _text(SALT), "value": value}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _sign_line(file: dict[str, Any], line: str) -> None:
    file["checkpoint"] += line + "\n"


def _sign_more(file: dict[str, Any], times: int) -> None:
    file["checkpoint"] += times * (file["checkpoint"].split("\n")[-2] + "\n")


def _sign_badly(file: dict[str, Any]) -> None:
    name, data = file["checkpoint"].split("\n")[-2].split(" ")[1:]
    bad = base64.b64decode(data)[:-1] + b"\0"
    _sign_line(file, f"— {name} {_text(bad)}")


FIRST = told()
OF_FIRST = hash_of(FIRST).hex()
CLOSED = told(closed=("reason",))
NOTE = f"{ORIGIN}\n1\n{{root}}\n"


def _disclosed(entry: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        **entry,
        "disclosures": entry["disclosures"] | {name.replace("__", "/"): value for name, value in more.items()},
    }


def _without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**entry, "disclosures": {name: one for name, one in entry["disclosures"].items() if name not in names}}


PROOFS: dict[str, tuple[bytes, str]] = {
    "plain": (proof(FIRST), "verified"),
    # Entries.
    "an older act that does not say so, open": (proof(told({"happened_at": "2025-11-22T22:14:00.123Z"})), "verified"),
    "an older act that says so": (
        proof(told({"brought_in": True, "happened_at": "2025-11-22T22:14:00.123Z"})),
        "verified",
    ),
    "brought in without a time, open": (proof(told({"brought_in": True})), "verified"),
    "year 1": (proof(told(at="0001-01-01T00:00:00.000Z")), "verified"),
    "year 9999": (proof(told(at="9999-12-31T23:59:59.999Z")), "verified"),
    "29 February of a year without": (proof(told(at="2100-02-29T00:00:00.000Z")), "broken"),
    "29 February of a year with": (proof(told(at="2000-02-29T00:00:00.000Z")), "verified"),
    "a time with a line end": (proof(told(at=AT.format(1) + "\n")), "broken"),
    "a time in digits of another script": (proof(told(at="２026-11-22T22:14:01.123Z")), "broken"),
    "a kind with a line end": (proof(told(kind="claim_created\n")), "broken"),
    "a stream with a line end": (proof(told(stream=STREAM + "\n"), stream=STREAM + "\n"), "broken"),
    "a stream with an empty part": (proof(told(stream="claim::a"), stream="claim::a"), "broken"),
    "a stream of 255": (proof(told(stream="c:" + 253 * "a"), stream="c:" + 253 * "a"), "verified"),
    "a stream of 256": (proof(told(stream="c:" + 254 * "a"), stream="c:" + 254 * "a"), "broken"),
    "a field called __proto__": (proof(told({"__proto__": 1})), "verified"),
    "a value called __proto__": (proof(told(values={"reason": {"__proto__": {"a": 1}}})), "verified"),
    "a commitment called constructor": (proof(told(values={"constructor": "x"})), "verified"),
    "disclosed is another name of all objects": (proof(_disclosed(FIRST, constructor=None)), "broken"),
    "a value with signs that are none": (proof(told(values={"reason": "\ufffe\uffff\u2028\x7f"})), "verified"),
    "a name under content/ of an open entry": (
        proof(_disclosed(told(values={"content": {}}), content__a=None)),
        "broken",
    ),
    "an open field called content": (proof(told(values={"content": {"body": {}, "c": {}}, "kind": 5})), "verified"),
    "true in the place of 1": (proof(told(seq=True)), "broken"),
    # Sealed.
    "sealed, open": (proof(sealed("decided", {}, {"by": "x"}), stream=SEALED), "verified"),
    "sealed, its kind closed": (proof(sealed("decided", {}, {"by": "x"}, ("kind",)), stream=SEALED), "redacted"),
    "sealed, its content closed": (proof(sealed("decided", {}, {"by": "x"}, ("content",)), stream=SEALED), "redacted"),
    "sealed, a name of a closed content": (
        proof(_disclosed(sealed("decided", {}, {"by": "x"}, ("content",)), content__by=None), stream=SEALED),
        "broken",
    ),
    "sealed, of the kind sealed": (proof(sealed("sealed", {}, {"by": "x"}), stream=SEALED), "verified"),
    "sealed, of a kind that no entry has": (proof(sealed("Not a kind", {}, {"by": "x"}), stream=SEALED), "verified"),
    "sealed, of a kind that is a number": (proof(sealed(5, {}, {"by": "x"}), stream=SEALED), "broken"),
    "sealed, nothing committed inside": (proof(sealed("decided", {}, {}), stream=SEALED), "broken"),
    "sealed, a slash inside": (proof(sealed("decided", {}, {"content/by": "x"}), stream=SEALED), "broken"),
    "sealed, one field more": (proof(sealed("decided", {}, {"by": "x"}, at=1), stream=SEALED), "broken"),
    "sealed, no object inside": (proof(sealed("decided", [], {"by": "x"}), stream=SEALED), "broken"),
    "sealed, no hash inside": (proof(sealed("decided", {}, {}, c={"by": "x"}), stream=SEALED), "broken"),
    "sealed, an older act inside that does not say so": (
        proof(sealed("decided", {"happened_at": "2025-11-22T22:14:00.123Z"}, {"by": "x"}), stream=SEALED),
        "broken",
    ),
    "sealed, a name inside left out": (
        proof(_without(sealed("decided", {}, {"by": "x"}), "content/by"), stream=SEALED),
        "redacted",
    ),
    "sealed, its content left out": (
        proof(_without(sealed("decided", {}, {"by": "x"}), "content/by", "content"), stream=SEALED),
        "broken",
    ),
    "a name left out": (proof(_without(FIRST, "reason")), "broken"),
    # Withheld.
    "withheld alone": (proof(withheld(FIRST)), "redacted"),
    "withheld alone, of a stream that can be none": (proof(withheld(FIRST), stream="no stream"), "redacted"),
    "withheld, then one": (proof(withheld(FIRST), after(FIRST)), "redacted"),
    "withheld, then one too far": (proof(withheld(FIRST), after(FIRST, 3)), "broken"),
    "withheld between, and time goes back": (
        proof(told(at=AT.format(5)), withheld(FIRST), after(FIRST, 3)),
        "broken",
    ),
    # Redactions.
    "redacted": (proof(CLOSED, redactions=(redaction({OF_FIRST: ["reason"]}),)), "redacted"),
    "a redaction of what is still told": (proof(FIRST, redactions=(redaction({OF_FIRST: ["reason"]}),)), "verified"),
    "a redaction with a closed field": (proof(FIRST, redactions=(redaction({OF_FIRST: []}, ("by",)),)), "verified"),
    "a redaction of a name that is not committed": (
        proof(FIRST, redactions=(redaction({OF_FIRST: ["other"]}),)),
        "verified",
    ),
    "a redaction of no list": (proof(FIRST, redactions=(redaction({OF_FIRST: "reason"}),)), "broken"),
    "a redaction of no text": (proof(FIRST, redactions=(redaction({OF_FIRST: [5]}),)), "broken"),
    "a redaction of another file's leaf too": (
        proof(FIRST, redactions=(redaction({OF_FIRST: [], 64 * "0": ["reason"]}),)),
        "verified",
    ),
    "a redaction of what is no hash too": (
        proof(FIRST, redactions=(redaction({OF_FIRST: [], "x": ["reason"]}),)),
        "broken",
    ),
    "a redaction of a withheld entry": (
        proof(withheld(FIRST), after(FIRST), redactions=(redaction({OF_FIRST: ["reason"]}),)),
        "redacted",
    ),
    "a redaction whose name is not disclosed": (
        proof(FIRST, redactions=({**redaction({OF_FIRST: []}), "disclosures": {}},)),
        "broken",
    ),
    "a redaction withheld": (proof(FIRST, redactions=(withheld(CLOSED),)), "verified"),
    # Notes and checkpoints.
    "an extension": (with_checkpoint(NOTE + "more\n"), "verified"),
    "an extension that is empty": (with_checkpoint(NOTE + "\nmore\n"), "broken"),
    "a size with a zero before": (with_checkpoint(f"{ORIGIN}\n01\n{{root}}\n"), "broken"),
    "a size with a plus": (with_checkpoint(f"{ORIGIN}\n+1\n{{root}}\n"), "broken"),
    "a size in digits of another script": (with_checkpoint(f"{ORIGIN}\n１\n{{root}}\n"), "broken"),
    "a size beyond": (with_checkpoint(f"{ORIGIN}\n{2**53}\n{{root}}\n"), "broken"),
    "a sign that deletes": (with_checkpoint(NOTE + "\x7f\u0085\u202e\n"), "verified"),
    "a control character": (changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x\x01 AAAAAAA=")), "broken"),
    "a key that nobody knows": (with_checkpoint(NOTE, SigningKey("stranger", bytes(32))), "broken"),
    "one that nobody knows too": (with_checkpoint(NOTE, SigningKey("stranger", bytes(32)), LOG_KEY), "verified"),
    "signed twice": (changed(with_checkpoint(NOTE), lambda f: _sign_more(f, 1)), "verified"),
    "signed a hundred times": (changed(with_checkpoint(NOTE), lambda f: _sign_more(f, 99)), "verified"),
    "signed more often than that": (changed(with_checkpoint(NOTE), lambda f: _sign_more(f, 100)), "broken"),
    "signed well, then badly": (changed(with_checkpoint(NOTE), _sign_badly), "broken"),
    "a stranger's with stray bits": (changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x AAAAAAB=")), "broken"),
    "a stranger's of four bytes": (changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x AAAAAA==")), "broken"),
    "a stranger's of five bytes": (changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x AAAAAAA=")), "verified"),
    "a stranger's with a plus": (changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x+ AAAAAAA=")), "broken"),
    "a stranger's with a wide space": (
        changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x\u3000 AAAAAAA=")),
        "broken",
    ),
    "a stranger's with a line that C1 ends": (
        changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x\u0085 AAAAAAA=")),
        "broken",
    ),
    "a stranger's with a space of no width": (
        changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x\u200b\ufeff AAAAAAA=")),
        "verified",
    ),
    "a stranger's with two spaces": (
        changed(with_checkpoint(NOTE), lambda f: _sign_line(f, "— x  AAAAAAA=")),
        "broken",
    ),
    # The file.
    "an index that is true": (changed(proof(FIRST), lambda f: f["entries"][0].update(index=False)), "broken"),
    "an index below": (changed(proof(FIRST), lambda f: f["entries"][0].update(index=-1)), "broken"),
    "an index far beyond": (changed(proof(FIRST), lambda f: f["entries"][0].update(index=2**32)), "broken"),
    "a hash and a leaf": (changed(proof(FIRST), lambda f: f["entries"][0].update(leaf_hash=OF_FIRST)), "broken"),
    "no redactions": (changed(proof(FIRST), lambda f: f.update(redactions=[])), "broken"),
    "a byte order mark": (b"\xef\xbb\xbf" + proof(FIRST), "broken"),
    "a line end": (proof(FIRST) + b"\n", "broken"),
    # Dated.
    "dated": (dated(stamped(1), stamped(2)), "verified"),
    "dated when there was nothing": (dated(stamped(0)), "broken"),
    "dated when there was nothing, with a hash": (dated(stamped(0, [OF_FIRST])), "broken"),
    "dated as it is": (dated(stamped(2)), "verified"),
    "dated as it is, with a hash": (dated(stamped(2, [_text(SALT)])), "broken"),
    "dated backwards": (dated(stamped(2), stamped(1)), "broken"),
    "dated twice": (dated(stamped(1), stamped(1)), "broken"),
    "dated by nothing": (dated({**stamped(1), "tokens": []}), "broken"),
    "dated by an empty token": (dated(stamped(1, tokens=[""])), "verified"),
    "dated by a long token": (dated(stamped(1, tokens=[_text(bytes(65_537))])), "verified"),
    "dated by 64": (dated(stamped(1, tokens=64 * [_text(b"x")])), "verified"),
    "dated by 65": (dated(stamped(1, tokens=65 * [_text(b"x")])), "broken"),
    "dated by a number": (dated(stamped(1, tokens=[5])), "broken"),
}

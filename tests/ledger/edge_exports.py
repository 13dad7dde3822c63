"""Opened exports and files of receipts at the edge of what docs/ledger.md allows: each holds or does not."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.canonical import canonical
from ledger.notes import sign_note
from tests.ledger.edge_cases import CLOSED, FIRST, NOTE, OF_FIRST, after, proof, redaction, sealed, told, withheld
from tests.ledger.exports import BEGIN, ORIGIN, RECEIPT_KEY, receipt_for
from tests.ledger.signed_anew import hash_of

READER = {"id": "1", "name": "auditor"}
RECEIPT = receipt_for(b"leaf", BEGIN)


def line(entry: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The line of an entry of a proof file, its closed fields withheld."""
    if "leaf" not in entry:
        return entry
    leaf = json.loads(base64.b64decode(entry["leaf"]))
    values = {name: one and one["value"] for name, one in entry["disclosures"].items()}
    said = {name: leaf[name] for name in ("stream", "seq", "kind", "at", "body")}
    if leaf["kind"] == "sealed" and values["kind"] is not None and values["content"] is not None:
        said |= {"kind": values["kind"], "body": values["content"]["body"]}
    closed = {name: "withheld" for name, one in entry["disclosures"].items() if one is None}
    return {**entry, **said, "leaf_hash": hash_of(entry).hex(), "closed": closed, **changed}


def export(
    *entries: dict[str, Any],
    lines: Callable[[list[Any]], object] = lambda lines: None,
    made_for: object = READER,
    **head: Any,
) -> bytes:
    """The file of these entries, in a log that has just them, and with something changed in its lines."""
    file = json.loads(proof(*entries))
    first = {"format": "second-source/export/v1", "origin": ORIGIN, "checkpoint": file["checkpoint"], "for": made_for}
    first |= {"whole": True, "narrowed": {}} | head
    told_lines = [first, *map(line, file["entries"]), {"entries": len(entries)}]
    lines(told_lines)
    return b"".join(one if isinstance(one, bytes) else canonical(one) + b"\n" for one in told_lines)


def closed(at: int, name: str, reason: str) -> Callable[[list[Any]], object]:
    """Another reason in a line."""
    return lambda lines: lines[at]["closed"].update({name: reason})


def without(at: int, name: str) -> Callable[[list[Any]], object]:
    """A name left out of a line's disclosures and reasons."""

    def leave_out(lines: list[Any]) -> None:
        del lines[at]["disclosures"][name]
        lines[at]["closed"].pop(name, None)

    return leave_out


SECRET = sealed("decided", {}, {"by": "x"})
HALF = sealed("decided", {}, {"by": "x"}, ("by",))
REDACTION = redaction({OF_FIRST: ["reason"]})
OF_HALF = redaction({hash_of(HALF).hex(): ["content/by"]})
OTHER = told(at="2026-11-22T22:14:01.500Z")
DESK: dict[str, Any] = {"whole": False}

EXPORTS: dict[str, tuple[bytes, bool]] = {
    "whole": (export(FIRST, after(FIRST)), True),
    "time goes back": (export(FIRST, after(FIRST, at="2026-11-22T22:14:00.123Z")), True),
    "an older act that does not say so": (export(told({"happened_at": "2025-11-22T22:14:00.123Z"})), True),
    "for an id that is null": (export(FIRST, made_for={"id": None, "name": "auditor"}), False),
    "for an id that is a number": (export(FIRST, made_for={"id": 1, "name": "auditor"}), False),
    "for somebody who is said more of": (export(FIRST, made_for={**READER, "more": ""}), False),
    "narrowed by a number": (export(FIRST, whole=False, narrowed={"kind": 1}), False),
    "narrowed by what nobody knows": (export(FIRST, whole=False, narrowed={"colour": "red"}), True),
    "erased": (export(CLOSED, REDACTION, lines=closed(1, "reason", "erased")), True),
    "erased, and said to be withheld": (export(CLOSED, REDACTION), True),
    "erased before": (export(REDACTION, CLOSED, lines=closed(2, "reason", "erased")), True),
    "erased, and still told": (export(FIRST, REDACTION), True),
    "a redaction without fields": (export(told({}, stream="redaction:1", kind="redacted")), True),
    "a redaction of no list": (export(redaction({OF_FIRST: "reason"})), True),
    "a redaction of a name that is none": (export(redaction({OF_FIRST: [5, "reason"]})), True),
    "sealed, its kind closed": (export(sealed("decided", {}, {"by": "x"}, ("kind",))), True),
    "sealed, its content closed": (export(sealed("decided", {}, {"by": "x"}, ("content",))), True),
    "sealed, of a kind that no entry has": (export(sealed("Not a kind", {}, {"by": "x"})), False),
    "sealed, of the kind sealed": (export(sealed("sealed", {}, {"by": "x"})), True),
    "sealed, half open": (export(HALF), True),
    "sealed, erased inside": (export(HALF, OF_HALF, lines=closed(1, "content/by", "erased")), True),
    "sealed, a name inside left out": (export(HALF, lines=without(1, "content/by")), True),
    "sealed, a name inside left out and closed": (
        export(
            SECRET, lines=lambda lines: (without(1, "content/by")(lines), closed(1, "content/by", "withheld")(lines))
        ),
        False,
    ),
    "a gap, and nothing withheld": (export(FIRST, after(after(FIRST), 3), **DESK), False),
    "a gap after what is withheld": (export(FIRST, withheld(after(FIRST)), after(after(FIRST), 3), **DESK), True),
    "a wider gap after what is withheld": (export(FIRST, withheld(after(FIRST)), after(after(FIRST), 5), **DESK), True),
    "no gap after what is withheld": (export(FIRST, withheld(OTHER), after(OTHER), **DESK), False),
    "a step back after what is withheld": (
        export(FIRST, after(FIRST), withheld(OTHER), after(OTHER, 2), **DESK),
        False,
    ),
    "it begins with what is withheld": (export(withheld(FIRST), after(FIRST), **DESK), True),
    "what is withheld stands behind": (export(after(FIRST), withheld(FIRST), **DESK), False),
    "another stream has a gap": (export(told(stream="key:a", seq=5, prev=64 * "0"), **DESK), True),
    "another stream has a gap, whole": (export(told(stream="key:a", seq=5, prev=64 * "0")), False),
    "a gap, narrowed": (export(FIRST, after(after(FIRST), 3), whole=False, narrowed={"kind": "x"}), True),
    "withheld of the whole": (export(FIRST, withheld(after(FIRST))), False),
    "the last line has more": (export(FIRST, lines=lambda lines: lines[-1].update(more=1)), False),
    "the last line says true": (export(FIRST, lines=lambda lines: lines[-1].update(entries=True)), False),
    "the last line twice": (export(FIRST, lines=lambda lines: lines.append(lines[-1])), False),
    "a byte order mark": (b"\xef\xbb\xbf" + export(FIRST), False),
    "an empty line at the end": (export(FIRST) + b"\n", False),
    "a carriage return": (export(FIRST).replace(b"\n", b"\r\n"), False),
    "a line end of JavaScript's in a value": (export(told(values={"reason": "a\u2028b\u0085c"})), True),
    "no line": (b"", False),
}


def receipt(at: str = "2026-11-22T22:14:03.123Z", delay: str = "60", hashed: str = "", more: str = "") -> bytes:
    """A receipt with these lines, signed."""
    hashed = hashed or base64.b64encode(bytes(32)).decode()
    return sign_note(f"second-source/receipt/v1\n{ORIGIN}\n{hashed}\n{at}\n{delay}\n{more}", [RECEIPT_KEY])


RECEIPTS: dict[str, tuple[bytes, bool]] = {
    "one": (RECEIPT, True),
    "two": (RECEIPT + receipt(), True),
    "one twice": (RECEIPT + RECEIPT, True),
    "an empty line between": (RECEIPT + b"\n" + RECEIPT, False),
    "an empty line behind": (RECEIPT + b"\n", False),
    "an empty line before": (b"\n" + RECEIPT, False),
    "nothing": (b"", False),
    "at hour 24": (receipt(at="2026-11-22T24:00:00.000Z"), False),
    "of no day": (receipt(at="2026-02-30T22:14:03.123Z"), False),
    "at the last time there is": (receipt_for(b"", datetime(9999, 12, 31, tzinfo=UTC) + timedelta(hours=1)), True),
    "no delay": (receipt(delay="0"), True),
    "a delay with a zero before": (receipt(delay="060"), False),
    "the longest delay": (receipt(delay=str(2**53 - 1)), True),
    "a longer delay": (receipt(delay=str(2**53)), False),
    "a line more": (receipt(more="more\n"), False),
    "a receipt in a receipt": (receipt(more=receipt().decode().partition("\n\n")[0] + "\n"), False),
    "a short hash": (receipt(hashed=base64.b64encode(bytes(31)).decode()), False),
    "a checkpoint": (sign_note(NOTE.replace("{root}", base64.b64encode(bytes(32)).decode()), [RECEIPT_KEY]), False),
}

"""Holds what acts say against the catalogue of kinds: `install` does so with every act that tests record."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from accounts import ledger_entries
from claims.record.entry_kinds import ALWAYS, CATALOGUE, NEVER, SHAPES
from ledger.recording import WrittenEntry, record
from ledger.verifier import read_time

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PATTERNS = {
    "id": _ID,
    "hash": re.compile(r"[0-9a-f]{64}"),
    "moment": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"),
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "text": re.compile(r".*", re.DOTALL),
    "word": re.compile(r"\S*"),
    "account": re.compile(r".+"),
}


def differences(
    stream: str, kind: str, body: Mapping[str, Any], committed: Mapping[str, Any], *, sealed: bool
) -> list[str]:
    """What of an act is not as the catalogue has it; `stream`: what it is about."""
    known = CATALOGUE.get(kind)
    if known is None:
        return [f"{kind} is not in the catalogue (claims/record/entry_kinds.py)"]
    found = list(_of_object(body, known.body, f"{kind}: body"))
    found += _of_object(committed, {"by": known.by, **known.committed}, f"{kind}: committed")
    usual, _comma, hidden = known.stream.partition(", sealed ")
    wanted = hidden if sealed and hidden else usual
    if not any(re.fullmatch(_pattern_of(one), stream) for one in wanted.split(" or ")):
        found.append(f"{kind}: the stream {stream} is none of {wanted}")
    if known.sealed in (ALWAYS, NEVER) and sealed != (known.sealed == ALWAYS):
        found.append(f"{kind}: sealed {known.sealed}")
    return found


def _pattern_of(stream: str) -> str:
    pattern = re.escape(stream).replace("<day>", r"\d{4}-\d\d-\d\d")
    return re.sub(r"<id[a-z\\ ]*>", _ID.pattern, pattern)


def _of_object(value: Mapping[str, Any], fields: Mapping[str, str], place: str) -> Iterator[str]:
    names = {name.removesuffix("?"): of for name, of in fields.items()}
    needed = {name for name in fields if not name.endswith("?")}
    if needed - value.keys() or value.keys() - names.keys():
        yield f"{place}: {sorted(value)}, not {sorted(fields)}"
        return
    for name, one in value.items():
        yield from _of_type(one, names[name], f"{place}.{name}")


def _of_type(value: Any, of: str, place: str) -> Iterator[str]:
    if of == "any" or (value is None and (of == "null" or of.endswith(" or null"))):
        return
    of = of.removesuffix(" or null")
    if of.startswith("["):
        if not isinstance(value, list):
            yield f"{place}: {value!r} is no list"
            return
        for one in value:
            yield from _of_type(one, of[1:-1], place)
    elif of in SHAPES:
        yield from _of_object(value, SHAPES[of], place) if isinstance(value, dict) else [f"{place}: no object"]
    elif not _is(value, of):
        yield f"{place}: {value!r} is no {of}"


def _is(value: Any, of: str) -> bool:
    if of == "number":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if of == "yes":
        return isinstance(value, bool)
    if of == "time":
        try:
            read_time(value)
        except ValueError:
            return False
        return True
    return of in _PATTERNS and isinstance(value, str) and _PATTERNS[of].fullmatch(value) is not None


def _checked(**act: Any) -> WrittenEntry:
    found = differences(act["stream"], act["kind"], act["body"], act["committed"], sealed=act["sealed"])
    assert not found, found
    return record(**act)


def install() -> None:
    """From now on an act that the catalogue does not know as it is fails where it is recorded."""
    # Where acts are recorded, and nowhere else.
    ledger_entries.record = _checked  # type: ignore[attr-defined]

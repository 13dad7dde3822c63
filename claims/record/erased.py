"""What a redaction erased of a claim's history and heading: pages show nothing of it.

The rows may still have text there, from another place or added since: nothing in the log supports it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from claims.models import Claim
from ledger.entries import Broken, LeafEntry, read_entry
from ledger.models import Entry as EntryRow
from ledger.models import Erasure, Secret

ERASED = "[redacted]"  # shown on pages, and kept in rows, for words that a redaction erased
CONTENT, THRESHOLD_REASON, NOTE = "content", "threshold_reason", "reason"  # the last: of `claim_closed`


@dataclass(frozen=True)
class Erased:
    """The erased fields of a claim.

    `changes`: names of committed fields by the number of a status change. `heading`: those of `CONTENT` (how the claim
    reads), `THRESHOLD_REASON` and `NOTE` (of its closing), as last recorded. `actors`: those whose last recorded name
    was erased.
    """

    changes: Mapping[int, frozenset[str]] = field(default_factory=dict)
    heading: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()


NOTHING = Erased()


def erased_of(claim: Claim, actors: Collection[str]) -> Erased:
    """What was erased of the claim's entries, and of the names of these actors (ids)."""
    about = {f"actor:{pk}": pk for pk in actors}
    erasures = Erasure.objects.filter(entry__stream__in=[f"claim:{claim.pk}", *about])
    names: dict[int, set[str]] = {}
    streams = set[str]()
    for stream, entry, name in erasures.values_list("entry__stream", "entry", "name"):
        streams.add(stream)
        names.setdefault(entry, set()).add(name)
    changes: dict[int, frozenset[str]] = {}
    gone: dict[str, frozenset[str]] = {}
    for stream in streams:
        entries = _entries_of(stream)
        gone[stream] = frozenset(name for name, pk in _newest(entries).items() if name in names.get(pk, ()))
        changes |= _changes(entries, names)
    return Erased(
        changes,
        gone.get(f"claim:{claim.pk}", frozenset()),
        frozenset(pk for stream, pk in about.items() if CONTENT in gone.get(stream, ())),
    )


def openable_of(claim: Claim) -> dict[int, frozenset[str]]:
    """The fields of each status change that this server can open for some reader, by its number."""
    stream = f"claim:{claim.pk}"
    names: dict[int, set[str]] = {}
    held = Secret.objects.filter(entry__stream=stream, entry__kind="status_changed")
    for entry, name in held.values_list("entry", "name"):
        names.setdefault(entry, set()).add(name)
    return _changes(_entries_of(stream), names)


def _entries_of(stream: str) -> list[tuple[int, LeafEntry]]:
    """The entries by their database ids, oldest first. Malformed entries are left out: their proof shows them."""
    found = []
    for pk, leaf in EntryRow.objects.filter(stream=stream).order_by("seq").values_list("pk", "leaf"):
        try:
            found.append((pk, read_entry(bytes(leaf))))
        except Broken:
            continue
    return found


def _changes(entries: Iterable[tuple[int, LeafEntry]], names: Mapping[int, set[str]]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for pk, entry in entries:
        number = entry.body.get("number")
        if entry.kind == "status_changed" and isinstance(number, int) and pk in names:
            found[number] = frozenset(names[pk])
    return found


def _newest(entries: Iterable[tuple[int, LeafEntry]]) -> dict[str, int]:
    """The newest entry, by its database id, for each part of the heading of a history."""
    newest: dict[str, int] = {}
    for pk, entry in entries:
        if entry.kind == "claim_closed":
            newest[NOTE] = pk
        elif entry.kind.startswith(("claim_", "actor_")) and CONTENT in entry.c:
            newest |= {name: pk for name in (CONTENT, THRESHOLD_REASON) if name in entry.c}
    return newest

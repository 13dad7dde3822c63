"""The ledger entries that the rows of actors, sources, relays, files and captures imply, for integrity checks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from accounts.ledger_integrity import (
    LEFT,
    REDACTED,
    Beginnings,
    ExpectedEntries,
    Field,
    OpenedEntry,
    Root,
    Told,
    by,
    moment_in_words,
    read_entries,
)
from ledger.canonical import JsonObject
from sources.ledger_entries import (
    actor_content,
    actor_public,
    file_content,
    relay_content,
    source_content,
    source_public,
)
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility

ACTORS = Root("actor", Actor, "actors as the ledger has them")
SOURCES = Root("source", Source, "sources as the ledger has them")
IN_THE_LEDGER_ALONE = "only the ledger holds the reason for a release"


class Merges:
    """The actors that merged ones became: old entries still name the merged ones."""

    def __init__(self, ids: Iterable[str | None]) -> None:
        wanted = {UUID(pk) for pk in ids if pk}  # other values raise ValueError, which the caller reports
        merged = Actor.objects.filter(pk__in=wanted, merged_into__isnull=False).values_list("pk", "merged_into")
        self._into = {str(pk): str(into) for pk, into in merged}

    def now(self, pk: str | None) -> str | None:
        """The id of the actor that this one is now."""
        return self._into.get(pk, pk) if pk else None


def with_merged(content: Mapping[str, Any], names: Iterable[str], *, now: Mapping[str, Any]) -> JsonObject:
    """The row's present content, with the entry's own value for each of `names` that only a merge has changed since."""
    named = {name: content[name] for name in names if name in content and content[name] != now[name]}
    merges = Merges(named.values())
    return {**now, **{name: pk for name, pk in named.items() if merges.now(pk) == now[name]}}


def as_public(shown: Callable[[Any], Mapping[str, Any]], *names: str) -> dict[str, Field[Any]]:
    """The public fields that an entry commits to, as `shown` has them of the row now, merges allowed for.

    Where the row is not public any more, they are taken as the entry has them.
    """

    def field(name: str) -> Field[Any]:
        def value(row: Any, said: OpenedEntry) -> Any:
            now = shown(row)
            if not now:
                return said.opened[name]
            return now[name] if name == "public" else with_merged(said.opened, [name], now=now)[name]

        return Field(value, latest=True, optional=True)

    return {name: field(name) for name in ("public", *names)}


# Actors


def _actors(ids: Sequence[UUID]) -> Iterable[Actor]:
    return Actor.objects.filter(pk__in=ids)


PLACE = ("part_of_id", "part_of_from", "part_of_to", "stands_alone_because")


def _actor_content(actor: Actor, said: OpenedEntry) -> JsonObject:
    """The actor's content, allowing for a place or owner taken over in a merge: early releases recorded none."""
    then, now = said.opened["content"], actor_content(actor)
    taken = with_merged(then, ["part_of_id", "owned_by_id"], now=now)
    if all(then.get(name) == taken[name] for name in (*PLACE, "owned_by_id")):
        return taken
    for place in _places_of_merged(actor, said):
        for names in (PLACE, ("owned_by_id",)):
            if any(now[name] for name in names) and all(place.get(name) == now[name] for name in names):
                taken |= {name: then[name] for name in names if name in then}
    return taken


def _places_of_merged(actor: Actor, said: OpenedEntry) -> list[Mapping[str, Any]]:
    """The contents of the actors merged into this one after an entry, each with its place in a chain."""
    subjects = [f"actor:{pk}" for pk in Actor.objects.filter(merged_into=actor).values_list("pk", flat=True)]
    entries = [one for each in read_entries(subjects).values() for one in each]
    later = {one.about for one in entries if one.kind == "actor_merged" and one.id > said.id}
    return [one.opened["content"] for one in entries if one.about in later and "content" in one.opened]


_ACTOR: dict[str, Field[Actor]] = {
    "body/actor": Field(lambda row, said: str(row.pk)),
    "body/desk": Field(lambda row, said: str(row.desk_id) if row.desk_id else None),
    "content": Field(_actor_content, latest=True),
    **as_public(actor_public),
}
_REASON_OF_RELEASE = {"reason": IN_THE_LEDGER_ALONE}
_OF_A_MERGE = dict.fromkeys(("into", "reason"), "asked of the merge, in `claims.record.expected_entries`")

TOLD_ACTORS: Told[Actor] = Told(
    root="actor",
    kinds={
        "actor_added": ExpectedEntries(
            _ACTOR | {"by": by(lambda row: row.created_by_id)}, when=lambda row: row.created_at
        ),
        "actor_changed": ExpectedEntries(_ACTOR),
        "actor_merged": ExpectedEntries(_ACTOR, nowhere=_OF_A_MERGE),
        "actor_released": ExpectedEntries(_ACTOR, nowhere=_REASON_OF_RELEASE),
    },
    rows=_actors,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("actor:"),
    subject=lambda row: f"actor {row.pk}",
    desk=lambda row: row.desk_id,
)

# Sources


def _sources(ids: Sequence[UUID]) -> Iterable[Source]:
    return Source.objects.filter(pk__in=ids)


_SOURCE: dict[str, Field[Source]] = {
    "body/source": Field(lambda row, said: str(row.pk)),
    "body/desk": Field(lambda row, said: str(row.desk_id)),
    "content": Field(
        lambda row, said: with_merged(said.opened["content"], ["publisher_id"], now=source_content(row)), latest=True
    ),
    **as_public(source_public, "publisher"),
}

TOLD_SOURCES: Told[Source] = Told(
    root="source",
    kinds={
        "source_added": ExpectedEntries(
            _SOURCE | {"by": by(lambda row: row.created_by_id)}, when=lambda row: row.created_at
        ),
        "source_changed": ExpectedEntries(_SOURCE),
        "source_regraded": ExpectedEntries(_SOURCE),
        "source_released": ExpectedEntries(_SOURCE, nowhere=_REASON_OF_RELEASE),
        "source_retracted": ExpectedEntries(
            _SOURCE
            | {"reason": Field(lambda row, said: row.retracted_reason), "by": by(lambda row: row.retracted_by_id)},
            when=lambda row: row.retracted_at,
        ),
        "source_corrected": ExpectedEntries(
            _SOURCE
            | {"reason": Field(lambda row, said: row.corrected_reason, latest=True)}
            | {"by": replace(by(lambda row: row.corrected_by_id), latest=True)},
            when=lambda row: row.corrected_at,
            last=True,
        ),
    },
    rows=_sources,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.about.removeprefix("source:"),
    subject=lambda row: f"source {row.pk}",
    desk=lambda row: row.desk_id,
)

# Relays


def _relays(ids: Sequence[UUID]) -> Iterable[Relay]:
    rows = Relay.objects.filter(downstream__in=ids)
    return rows.prefetch_related("downstream")


_RELAY: dict[str, Field[Relay]] = {
    "body/relay": Field(lambda row, said: str(row.pk)),
    "body/source": Field(lambda row, said: str(row.downstream_id)),
    "content": Field(lambda row, said: relay_content(row)),
}

TOLD_RELAYS: Told[Relay] = Told(
    root="source",
    kinds={
        "relay_added": ExpectedEntries(
            _RELAY | {"by": by(lambda row: row.created_by_id)}, when=lambda row: row.created_at
        ),
        "relay_removed": ExpectedEntries(
            _RELAY | {"by": by(lambda row: row.removed_by_id)}, when=lambda row: row.removed_at
        ),
    },
    rows=_relays,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.body.get("relay") if said.body else None,
    subject=lambda row: f"relay {row.pk}",
    desk=lambda row: row.downstream.desk_id,
)

# Files and captures


def _files(ids: Sequence[UUID]) -> Iterable[Attachment]:
    return Attachment.objects.filter(source__in=ids).select_related("capture").prefetch_related("source")


def _capture_of(row: Attachment) -> Capture | None:
    return getattr(row, "capture", None)


def _visibility(row: Attachment | Capture, said: OpenedEntry) -> dict[str, str]:
    """The visibility that a release left, or a later one that its source's entries explain, which is never looser.

    One entry releases both a capture and its file.
    """
    then = said.opened["content"]["visibility"]
    later = [one for one in said.around[said.about] if one.id > said.id and one.body and "content" in one.opened]
    other = {"attachment": str(row.attachment_id)} if isinstance(row, Capture) else {"capture": _pk(_capture_of(row))}
    last = then
    for one in later:
        seen = one.opened["content"].get("visibility")
        stricter = [each.value for each in Visibility if last in Visibility.values and each.strictness > _rank(last)]
        if (one.kind.endswith("_released") and other.items() <= (one.body or {}).items()) or (
            one.kind.startswith("source_") and seen in stricter and seen == row.visibility
        ):
            last = seen
    return {"visibility": then if last == row.visibility else row.visibility}


def _rank(visibility: str) -> int:
    return Visibility(visibility).strictness


def _pk(row: Capture | None) -> str:
    return str(row.pk) if row else ""


_FILE: dict[str, Field[Attachment]] = {
    "body/attachment": Field(lambda row, said: str(row.pk)),
    "body/source": Field(lambda row, said: str(row.source_id)),
}
_KEPT = _FILE | {
    "content": Field(lambda row, said: file_content(row, _capture_of(row))),
    "by": by(lambda row: row.created_by_id),
}
_KEPT_KINDS = ("attachment_kept", "capture_kept")


def _erased_in_the_ledger(
    row: Attachment, entries: Sequence[OpenedEntry], _beginnings: Beginnings
) -> Iterator[tuple[str, str]]:
    """Mismatches of an erased file: an entry that still opens, or a name or address that is left."""
    if row.erased_at is not None and any(said.kind in _KEPT_KINDS and "content" in said.opened for said in entries):
        yield "a file that no redaction erased", f"erased at {moment_in_words(row.erased_at)}"
    capture = _capture_of(row)
    if row.erased_at is not None and (row.name not in ("", REDACTED) or (capture is not None and capture.final_url)):
        yield f"of an erased file {LEFT}", "other words"


TOLD_FILES: Told[Attachment] = Told(
    root="source",
    kinds={
        "attachment_kept": ExpectedEntries(_KEPT, when=lambda row: None if _capture_of(row) else row.created_at),
        "capture_kept": ExpectedEntries(_KEPT, when=lambda row: row.created_at if _capture_of(row) else None),
        "attachment_released": ExpectedEntries(
            _FILE | {"content": Field(_visibility, latest=True)}, nowhere=_REASON_OF_RELEASE
        ),
    },
    rows=_files,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.body.get("attachment") if said.body else None,
    subject=lambda row: f"attachment {row.pk}",
    desk=lambda row: row.source.desk_id,
    also=_erased_in_the_ledger,
)


def _captures(ids: Sequence[UUID]) -> Iterable[Capture]:
    return Capture.objects.filter(source__in=ids).prefetch_related("source")


TOLD_CAPTURES: Told[Capture] = Told(
    root="source",
    kinds={
        "capture_released": ExpectedEntries(
            {
                "body/capture": Field(lambda row, said: str(row.pk)),
                "body/source": Field(lambda row, said: str(row.source_id)),
                "content": Field(_visibility, latest=True),
            },
            nowhere=_REASON_OF_RELEASE,
        ),
    },
    rows=_captures,
    key=lambda row: str(row.pk),
    key_said=lambda said: said.body.get("capture") if said.body else None,
    subject=lambda row: f"capture {row.pk}",
    desk=lambda row: row.source.desk_id,
)

TOLD: tuple[Told[Any], ...] = (TOLD_ACTORS, TOLD_SOURCES, TOLD_RELAYS, TOLD_FILES, TOLD_CAPTURES)

"""Ledger entries about actors, sources, files and relays. Each is written last in its action's transaction.

Entries about restricted rows are sealed: only people who may see the row can tell the subject.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.ledger_entries import EntryFields, record_act
from accounts.models import User
from ledger.canonical import JsonObject
from ledger.recording import WrittenEntry
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility


def canonical_value(value: Any) -> Any:  # any field of any row, to any JSON value
    """A field's value as canonical JSON allows it: dates and ids as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None


def is_sealed(*visibilities: str) -> bool:
    """Whether any of these visibilities is restricted."""
    return Visibility.RESTRICTED in visibilities


def actor_content(actor: Actor) -> JsonObject:
    """The fields of an actor that an entry commits to."""
    names = ("name", "kind", "part_of_id", "part_of_from", "part_of_to", "stands_alone_because", "owned_by_id")
    content = {name: canonical_value(getattr(actor, name)) for name in (*names, "reliability", "visibility")}
    # Absent where it is checked, as in entries from before there was the question.
    return content if actor.speaks_for_checked else {**content, "speaks_for_checked": False}


def source_content(source: Source) -> JsonObject:
    """The fields of a source that an entry commits to."""
    names = ("kind", "title", "url", "publisher_id", "published_at", "basis", "basis_reason", "language")
    return {name: canonical_value(getattr(source, name)) for name in (*names, "reliability", "visibility")}


def actor_public(actor: Actor) -> JsonObject:
    """The commitment on its own of what public pages show of a public actor; empty for any other."""
    return {"public": {"name": actor.name}} if actor.visibility == Visibility.PUBLIC else {}


def source_public(source: Source) -> JsonObject:
    """The same of a public source, with its publisher apart, who may become public without the source."""
    if source.visibility != Visibility.PUBLIC:
        return {}
    shown = {name: canonical_value(getattr(source, name)) for name in ("title", "url", "published_at", "basis")}
    return {"public": {**shown, "retracted": source.retracted_at is not None}, "publisher": _id(source.publisher_id)}


def relay_content(relay: Relay) -> JsonObject:
    """The fields of a relay that an entry commits to."""
    return {"upstream": str(relay.upstream_id), "quote": relay.quote}


def file_content(row: Attachment, capture: Capture | None) -> JsonObject:
    """The fields of a file that an entry commits to, with those of its capture, if any."""
    content = {"sha256": row.sha256, "size": row.size, "media_type": row.media_type, "name": row.name}
    if capture is not None:
        content |= {"url": capture.url, "final_url": capture.final_url, "status": capture.status}
    return content


def actor_recorded(kind: str, actor: Actor, *, by: User, now: datetime, **more: Any) -> None:
    """Record that an actor was created (`actor_added`), changed, or merged into another."""
    record_act(
        about=f"actor:{actor.pk}",
        kind=kind,
        desk=actor.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"actor": str(actor.pk), "desk": _id(actor.desk_id)},
            committed={"content": actor_content(actor), **actor_public(actor), **more},
            sealed=is_sealed(actor.visibility),
        ),
    )


def source_recorded(
    kind: str, source: Source, *, by: User, now: datetime, sealed: bool = False, **more: Any
) -> WrittenEntry:
    """Record that a source was created (`source_added`), changed, regraded, retracted or corrected.

    `sealed`: seal it even if the source is not restricted now, for what happened while it was.
    """
    hidden = sealed or is_sealed(source.visibility)
    return record_act(
        about=f"source:{source.pk}",
        kind=kind,
        desk=source.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"source": str(source.pk), "desk": str(source.desk_id)},
            committed={"content": source_content(source), **({} if hidden else source_public(source)), **more},
            sealed=hidden,
        ),
    )


def relay_recorded(kind: str, relay: Relay, downstream: Source, *, upstream: Source, by: User, now: datetime) -> None:
    """Record that one source is based on another (`relay_added`), or that this was a mistake (`relay_removed`)."""
    record_act(
        about=f"source:{downstream.pk}",
        kind=kind,
        desk=downstream.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"relay": str(relay.pk), "source": str(downstream.pk)},
            committed={"content": relay_content(relay)},
            sealed=is_sealed(downstream.visibility, upstream.visibility),
        ),
    )


def material_released(row: Attachment | Capture, *, by: User, now: datetime, reason: str) -> None:
    """Record that more people may see a file (`attachment_released`) or a capture (`capture_released`)."""
    sort = type(row).__name__.lower()
    record_act(
        about=f"source:{row.source_id}",
        kind=f"{sort}_released",
        desk=row.source.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={sort: str(row.pk), "source": str(row.source_id)},
            committed={"content": {"visibility": row.visibility}, "reason": reason},
        ),
    )


def attachment_kept(row: Attachment, *, by: User, now: datetime, capture: Capture | None = None) -> None:
    """Record that a file was attached to a source (`attachment_kept`) or captured (`capture_kept`)."""
    record_act(
        about=f"source:{row.source_id}",
        kind="attachment_kept" if capture is None else "capture_kept",
        desk=row.source.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"attachment": str(row.pk), "source": str(row.source_id)},
            committed={"content": file_content(row, capture)},
            sealed=is_sealed(row.visibility),
        ),
    )

"""What acts on actors, sources, files and relays leave in the ledger. Each is called last in its action's transaction.

What is restricted is sealed: nobody but those who may see the row can tell what the entry is about.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.ledger_entries import record_act
from accounts.models import User
from ledger.recording import WrittenEntry
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility


def canonical_value(value: Any) -> Any:
    """A field's value as canonical JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _id(value: UUID | None) -> str | None:
    return str(value) if value else None


def is_sealed(*visibilities: str) -> bool:
    """Whether one of these is restricted."""
    return Visibility.RESTRICTED in visibilities


def actor_content(actor: Actor) -> dict[str, Any]:
    """What an entry commits to of an actor."""
    names = ("name", "kind", "part_of_id", "part_of_from", "part_of_to", "stands_alone_because", "owned_by_id")
    return {name: canonical_value(getattr(actor, name)) for name in (*names, "reliability", "visibility")}


def source_content(source: Source) -> dict[str, Any]:
    """What an entry commits to of a source."""
    names = ("kind", "title", "url", "publisher_id", "published_at", "basis", "basis_reason", "language")
    return {name: canonical_value(getattr(source, name)) for name in (*names, "reliability", "visibility")}


def actor_public(actor: Actor) -> dict[str, Any]:
    """What an entry commits to by itself of an actor whom everybody may see: what public pages show of it."""
    return {"public": {"name": actor.name}} if actor.visibility == Visibility.PUBLIC else {}


def source_public(source: Source) -> dict[str, Any]:
    """The same of a source, and by itself who published it: that one may become public without the source."""
    if source.visibility != Visibility.PUBLIC:
        return {}
    shown = {name: canonical_value(getattr(source, name)) for name in ("title", "url", "published_at", "basis")}
    return {"public": {**shown, "retracted": source.retracted_at is not None}, "publisher": _id(source.publisher_id)}


def relay_content(relay: Relay) -> dict[str, Any]:
    """What an entry commits to of a relay."""
    return {"upstream": str(relay.upstream_id), "quote": relay.quote}


def file_content(row: Attachment, capture: Capture | None) -> dict[str, Any]:
    """What an entry commits to of a file, and of the capture that it came by."""
    content = {"sha256": row.sha256, "size": row.size, "media_type": row.media_type, "name": row.name}
    if capture is not None:
        content |= {"url": capture.url, "final_url": capture.final_url, "status": capture.status}
    return content


def actor_recorded(kind: str, actor: Actor, *, by: User, now: datetime, **more: Any) -> None:
    """An actor was written down (`actor_added`), changed, or merged into another."""
    record_act(
        about=f"actor:{actor.pk}",
        kind=kind,
        desk=actor.desk_id,
        by=by,
        now=now,
        body={"actor": str(actor.pk), "desk": _id(actor.desk_id)},
        committed={"content": actor_content(actor), **actor_public(actor), **more},
        sealed=is_sealed(actor.visibility),
    )


def source_recorded(
    kind: str, source: Source, *, by: User, now: datetime, sealed: bool = False, **more: Any
) -> WrittenEntry:
    """A source was written down (`source_added`), changed, regraded, retracted or corrected.

    `sealed`: also where it is restricted no more: what was done while it was is of no concern to others.
    """
    hidden = sealed or is_sealed(source.visibility)
    return record_act(
        about=f"source:{source.pk}",
        kind=kind,
        desk=source.desk_id,
        by=by,
        now=now,
        body={"source": str(source.pk), "desk": str(source.desk_id)},
        committed={"content": source_content(source), **({} if hidden else source_public(source)), **more},
        sealed=hidden,
    )


def relay_recorded(kind: str, relay: Relay, downstream: Source, *, upstream: Source, by: User, now: datetime) -> None:
    """One source got it from another (`relay_added`), or that was a mistake (`relay_removed`)."""
    record_act(
        about=f"source:{downstream.pk}",
        kind=kind,
        desk=downstream.desk_id,
        by=by,
        now=now,
        body={"relay": str(relay.pk), "source": str(downstream.pk)},
        committed={"content": relay_content(relay)},
        sealed=is_sealed(downstream.visibility, upstream.visibility),
    )


def material_released(row: Attachment | Capture, *, by: User, now: datetime, reason: str) -> None:
    """A file (`attachment_released`) or a capture (`capture_released`) is seen by more people from now on."""
    sort = type(row).__name__.lower()
    record_act(
        about=f"source:{row.source_id}",
        kind=f"{sort}_released",
        desk=row.source.desk_id,
        by=by,
        now=now,
        body={sort: str(row.pk), "source": str(row.source_id)},
        committed={"content": {"visibility": row.visibility}, "reason": reason},
    )


def attachment_kept(row: Attachment, *, by: User, now: datetime, capture: Capture | None = None) -> None:
    """A file is kept with a source, as somebody attached it or as an address answered (`capture_kept`)."""
    record_act(
        about=f"source:{row.source_id}",
        kind="attachment_kept" if capture is None else "capture_kept",
        desk=row.source.desk_id,
        by=by,
        now=now,
        body={"attachment": str(row.pk), "source": str(row.source_id)},
        committed={"content": file_content(row, capture)},
        sealed=is_sealed(row.visibility),
    )

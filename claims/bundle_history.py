"""The history in an evidence bundle: the claim, its status changes, its evidence and where that came from, as data."""

from typing import Any

from accounts.records import person
from claims.bundles import Shown
from claims.models import Claim, Evidence, StatusChange
from claims.queries import history_of
from claims.sentences import told_interval
from ledger.entries import format_time
from sources.models import Actor, Attachment, Capture, Relay, Source
from sources.records import plain

FORMAT = "second-source/history/v1"


def history_for(shown: Shown, changes: int) -> dict[str, Any]:
    """What a bundle says of the claim to this reader, as canonical JSON can; the first `changes` status changes, which
    are those that the bundle proves."""
    return {
        "format": FORMAT,
        "claim": _claim(shown.claim),
        "changes": [_change(change, shown) for change in history_of(shown.claim)[:changes]],
        "evidence": [_evidence(item, shown) for item in shown.evidence],
        "sources": [_source(source) for source in shown.sources],
        "relays": [_relay(relay) for relay in shown.relays],
        "files": [_file(file) for file in shown.files],
    }


def _time(value: Any) -> str | None:
    return format_time(value) if value else None


def _actor(actor: Actor | None) -> dict[str, str] | None:
    return {"id": str(actor.pk), "name": actor.name} if actor else None


def _claim(claim: Claim) -> dict[str, Any]:
    names = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
    return {
        **{
            name: plain(getattr(claim, name)) for name in (*names, "state", "threshold", "closed_reason", "closed_note")
        },
        "id": str(claim.pk),
        "reference": claim.reference,
        "desk": claim.desk.name,
        "claimant": _actor(claim.claimant),
        "also_claimed_by": [_actor(actor) for actor in claim.also_claimed_by.order_by("name", "id")],
        "parties": [_actor(actor) for actor in claim.parties.order_by("name", "id")],
        "topics": sorted(claim.topics.values_list("name", flat=True)),
        "elements": [
            {"id": str(part.pk), "text": part.text, "essential": part.essential}
            for part in claim.elements.order_by("position")
        ],
        "created_by": person(claim.created_by),
        "created_at": _time(claim.created_at),
        "published_at": _time(claim.published_at),
        "closed_at": _time(claim.closed_at),
    }


def _change(change: StatusChange, shown: Shown) -> dict[str, Any]:
    words = change.words  # type: ignore[attr-defined]  # of history_of
    seen = set(shown.ids["evidence"])
    return {
        "number": change.seq,
        "from": change.from_state,
        "to": change.to_state,
        "happened_at": format_time(change.at),
        "by": person(change.by),
        "decided_by": person(change.decided_by),
        "reason": words.reason if words else None,
        "decision_reason": words.decision_reason if words else None,
        "evidence": sorted({str(pk) for pk in change.evidence} & seen),
        "stance": change.stance,
        "independence": told_interval(change.independence_min, change.independence_max, change.independence_exact),
        "threshold": change.threshold,
        "graph_digest": change.graph_digest,
    }


def _evidence(item: Evidence, shown: Shown) -> dict[str, Any]:
    names = ("stance", "basis", "basis_reason", "excerpt", "locator", "credibility", "against_interest_reason")
    superseded_by = str(item.superseded_by_id) if item.superseded_by_id else None
    return {
        **{name: getattr(item, name) for name in (*names, "visibility", "withdrawn_reason")},
        "id": str(item.pk),
        "source": str(item.source_id),
        "title": item.source.title,
        "elements": [str(part.pk) for part in item.elements.all()],
        "against_interest": _actor(item.against_interest),
        "superseded_by": superseded_by if superseded_by in shown.ids["evidence"] else None,
        "withdrawn_at": _time(item.withdrawn_at),
        "withdrawn_by": person(item.withdrawn_by),
        "created_by": person(item.created_by),
        "created_at": _time(item.created_at),
    }


def _source(source: Source) -> dict[str, Any]:
    names = ("kind", "title", "url", "basis", "basis_reason", "language", "visibility")
    return {
        **{name: getattr(source, name) for name in (*names, "retracted_reason", "corrected_reason")},
        "id": str(source.pk),
        "reliability": source.effective_reliability,
        "publisher": _actor(source.publisher),
        "published_at": _time(source.published_at),
        "created_by": person(source.created_by),
        "created_at": _time(source.created_at),
        "retracted_at": _time(source.retracted_at),
        "retracted_by": person(source.retracted_by),
        "corrected_at": _time(source.corrected_at),
        "corrected_by": person(source.corrected_by),
    }


def _relay(relay: Relay) -> dict[str, Any]:
    return {
        "id": str(relay.pk),
        "downstream": str(relay.downstream_id),
        "upstream": str(relay.upstream_id),
        "quote": relay.quote,
        "created_by": person(relay.created_by),
        "created_at": _time(relay.created_at),
    }


def _file(file: Attachment) -> dict[str, Any]:
    capture: Capture | None = getattr(file, "capture", None)
    return {
        "attachment": str(file.pk),
        "source": str(file.source_id),
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "visibility": file.visibility,
        "created_by": person(file.created_by),
        "created_at": _time(file.created_at),
        "capture": _capture(capture) if capture else None,
    }


def _capture(capture: Capture) -> dict[str, Any]:
    return {
        "url": capture.url,
        "final_url": capture.final_url,
        "status": capture.status,
        "redirects": capture.redirects,
        "finished_at": _time(capture.finished_at),
    }

"""Rows in an evidence bundle that no entry in it proves: older than the ledger, or with entries hidden from its reader.

The proofs tell the rest of the history (`ledger.verifier.compute_history`).
"""

from collections.abc import Mapping
from typing import Any

from accounts.ledger_entries import committed_person
from claims.bundles.stored import Shown
from claims.models import Claim, Evidence
from claims.queries import ChangeWithText, history_of
from claims.verdicts.sentences import told_interval
from ledger.canonical import JsonObject
from ledger.entries import format_time
from ledger.verifier import STATUS_CHANGED
from sources.ledger_entries import canonical_value
from sources.models import Actor, Attachment, Capture, Relay, Source


def unproven_rows(shown: Shown, history: Mapping[str, Any]) -> list[JsonObject]:
    """The rows visible to this reader that the bundle's history neither contains nor explains as left out."""
    told = {(subject["sort"], subject["id"]) for subject in history["subjects"] if "content" in subject}
    moves = [act["body"]["number"] for act in history["acts"] if act.get("kind") == STATUS_CHANGED]
    # Rows later than the checkpoint are counted and left out; rows older than the log have no entry.
    changes = [change for change in history_of(shown.claim) if change.row.seq < min(moves, default=0)]
    rows: list[tuple[str, str, JsonObject]] = [("claim", str(shown.claim.pk), _claim(shown.claim))]
    rows += [("status change", "", _change(change, shown)) for change in changes]
    rows += [("evidence", str(item.pk), _evidence(item, shown)) for item in shown.evidence]
    rows += [("source", str(source.pk), _source(source)) for source in shown.sources]
    rows += [("relay", str(relay.pk), _relay(relay)) for relay in shown.relays]
    rows += [("attachment", str(file.pk), _file(file)) for file in shown.files]
    return [{"what": sort, "row": row} for sort, name, row in rows if (sort, name) not in told]


def _time(value: Any) -> str | None:
    return format_time(value) if value else None


def _actor(actor: Actor | None) -> dict[str, str] | None:
    return {"id": str(actor.pk), "name": actor.name} if actor else None


def _claim(claim: Claim) -> JsonObject:
    names = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
    return {
        **{
            name: canonical_value(getattr(claim, name))
            for name in (*names, "state", "threshold", "closed_reason", "closed_note")
        },
        "id": str(claim.pk),
        "reference": claim.reference,
        "desk": claim.desk.name,
        "claimant": _actor(claim.claimant),
        "also_claimed_by": [_actor(actor) for actor in claim.also_claimed_by.order_by("name", "id")],
        "parties": [_actor(actor) for actor in claim.parties.order_by("name", "id")],
        "topics": sorted(claim.topics.values_list("name", flat=True)),
        "elements": [
            {"id": str(element.pk), "text": element.text, "essential": element.essential}
            for element in claim.elements.order_by("position")
        ],
        "created_by": committed_person(claim.created_by),
        "created_at": _time(claim.created_at),
        "published_at": _time(claim.published_at),
        "closed_at": _time(claim.closed_at),
    }


def _change(moved: ChangeWithText, shown: Shown) -> JsonObject:
    change, words = moved.row, moved.words
    seen = set(shown.ids["evidence"])
    return {
        "number": change.seq,
        "from": change.from_state,
        "to": change.to_state,
        "happened_at": format_time(change.at),
        "by": committed_person(change.by),
        "decided_by": committed_person(change.decided_by),
        "reason": words.reason if words else None,
        "decision_reason": words.decision_reason if words else None,
        "evidence": sorted({str(pk) for pk in change.evidence} & seen),
        "stance": change.stance,
        "independence": told_interval(
            change.independence_min, change.independence_max, exact=change.independence_exact
        ),
        "threshold": change.threshold,
        "graph_digest": change.graph_digest,
    }


def _evidence(item: Evidence, shown: Shown) -> JsonObject:
    names = ("stance", "basis", "basis_reason", "excerpt", "locator", "credibility", "against_interest_reason")
    superseded_by = str(item.superseded_by_id) if item.superseded_by_id else None
    return {
        **{name: getattr(item, name) for name in (*names, "visibility", "withdrawn_reason")},
        "id": str(item.pk),
        "source": str(item.source_id),
        "title": item.source.title,
        "elements": [str(element.pk) for element in item.elements.all()],
        "against_interest": _actor(item.against_interest),
        "superseded_by": superseded_by if superseded_by in shown.ids["evidence"] else None,
        "withdrawn_at": _time(item.withdrawn_at),
        "withdrawn_by": committed_person(item.withdrawn_by),
        "created_by": committed_person(item.created_by),
        "created_at": _time(item.created_at),
    }


def _source(source: Source) -> JsonObject:
    names = ("kind", "title", "url", "basis", "basis_reason", "language", "visibility")
    return {
        **{name: getattr(source, name) for name in (*names, "retracted_reason", "corrected_reason")},
        "id": str(source.pk),
        "reliability": source.effective_reliability,
        "publisher": _actor(source.publisher),
        "published_at": _time(source.published_at),
        "created_by": committed_person(source.created_by),
        "created_at": _time(source.created_at),
        "retracted_at": _time(source.retracted_at),
        "retracted_by": committed_person(source.retracted_by),
        "corrected_at": _time(source.corrected_at),
        "corrected_by": committed_person(source.corrected_by),
    }


def _relay(relay: Relay) -> JsonObject:
    return {
        "id": str(relay.pk),
        "downstream": str(relay.downstream_id),
        "upstream": str(relay.upstream_id),
        "quote": relay.quote,
        "created_by": committed_person(relay.created_by),
        "created_at": _time(relay.created_at),
    }


def _file(file: Attachment) -> JsonObject:
    capture: Capture | None = getattr(file, "capture", None)
    return {
        "attachment": str(file.pk),
        "source": str(file.source_id),
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "visibility": file.visibility,
        "created_by": committed_person(file.created_by),
        "created_at": _time(file.created_at),
        "capture": _capture(capture) if capture else None,
    }


def _capture(capture: Capture) -> JsonObject:
    return {
        "url": capture.url,
        "final_url": capture.final_url,
        "status": capture.status,
        "redirects": capture.redirects,
        "finished_at": _time(capture.finished_at),
    }

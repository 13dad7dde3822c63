"""The ledger entries of acts on claims and evidence. Actions call each last in their transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.ledger_entries import EntryFields, committed_person, record_act
from accounts.models import User
from claims.models import Claim, Evidence, StatusChange
from claims.verdicts.sentences import told_interval
from ledger.canonical import JsonObject
from ledger.entries import format_time
from ledger.recording import WrittenEntry
from sources.ledger_entries import canonical_value, is_sealed
from sources.models import Visibility

CLAIM_FIELDS = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
EVIDENCE_FIELDS = (
    *("source_id", "stance", "basis", "basis_reason", "excerpt", "locator", "credibility", "against_interest_id"),
    *("against_interest_reason", "visibility", "superseded_by_id"),
)


def _of_claim(
    claim: Claim, kind: str, *, by: User, now: datetime, committed: Mapping[str, Any], **body: Any
) -> WrittenEntry:
    return record_act(
        about=f"claim:{claim.pk}",
        kind=kind,
        desk=claim.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"claim": str(claim.pk), **body},
            committed=committed,
        ),
    )


def claim_content(claim: Claim) -> JsonObject:
    """The committed content of a claim: how it reads."""
    return {
        **{name: canonical_value(getattr(claim, name)) for name in CLAIM_FIELDS},
        "claimant": canonical_value(claim.claimant_id),
        "parties": sorted(str(actor.pk) for actor in claim.parties.all()),
        "also_claimed_by": sorted(str(actor.pk) for actor in claim.also_claimed_by.all()),
        "topics": sorted(topic.name for topic in claim.topics.all()),
        "elements": [
            {"id": str(element.pk), "text": element.text, "essential": element.essential}
            for element in claim.elements.all()
        ],
        "threshold": claim.threshold_override,
    }


def evidence_content(item: Evidence) -> JsonObject:
    """The committed content of a piece of evidence."""
    content = {name: canonical_value(getattr(item, name)) for name in EVIDENCE_FIELDS}
    return content | {"elements": sorted(str(element.pk) for element in item.elements.all())}


def claim_public(claim: Claim) -> JsonObject:
    """The separate commitment of a published claim: the content of its public page, and its claimant."""
    if claim.published_at is None:
        return {}
    names = ("reference", "statement", "original_statement", "language", "claimed_on")
    shown = {name: canonical_value(getattr(claim, name)) for name in names}
    threshold = {"threshold": claim.threshold_override, "threshold_reason": claim.threshold_reason}
    return {"public": {**shown, **threshold}, "claimant": canonical_value(claim.claimant_id)}


def evidence_public(item: Evidence) -> JsonObject:
    """The same of a piece of public evidence."""
    if item.visibility != Visibility.PUBLIC:
        return {}
    names = ("source_id", "stance", "basis", "excerpt", "locator", "credibility")
    return {"public": {name.removesuffix("_id"): canonical_value(getattr(item, name)) for name in names}}


def status_body(change: StatusChange) -> JsonObject:
    """The open part of a status change's entry, besides the claim."""
    return {
        "number": change.seq,
        "happened_at": format_time(change.at),
        "from": change.from_state,
        "to": change.to_state,
        "stance": change.stance,
        "independence": told_interval(
            change.independence_min, change.independence_max, exact=change.independence_exact
        ),
        "threshold": change.threshold,
    }


def status_committed(change: StatusChange, reason: str | None, *, decision_reason: str | None) -> JsonObject:
    """The committed part of a status change's entry, besides the assessor."""
    return {
        "decided_by": committed_person(change.decided_by),
        "reason": reason,
        "decision_reason": decision_reason,
        "evidence": sorted(str(pk) for pk in change.evidence),
        "graph_digest": change.graph_digest,
    }


def claim_written(kind: str, claim: Claim, *, by: User, now: datetime, reason: str = "") -> None:
    """Record that a claim was added (`claim_reported`), edited or reworded, with its present content."""
    body = {"desk": str(claim.desk_id), "reference": claim.reference, "version": claim.version}
    why_another = {} if claim.threshold_override is None else {"threshold_reason": claim.threshold_reason}
    committed = {"content": claim_content(claim), **claim_public(claim), **why_another, "reason": reason}
    _of_claim(claim, kind, by=by, now=now, committed=committed, **body)


def claim_set(kind: str, claim: Claim, *, by: User, now: datetime, reason: str = "", **body: Any) -> None:
    """Record that a claim was published, unpublished, closed or reopened."""
    committed = {"reason": reason, **(claim_public(claim) if kind == "claim_published" else {})}
    _of_claim(claim, kind, by=by, now=now, committed=committed, version=claim.version, **body)


def status_changed(claim: Claim, change: StatusChange, reason: str, *, decision_reason: str) -> WrittenEntry:
    """Record that a claim moved.

    The states before and after, and the numbers at the time, are open; people, reasons and evidence are committed.
    """
    return _of_claim(
        claim,
        "status_changed",
        by=change.by,
        now=change.at,
        committed=status_committed(change, reason, decision_reason=decision_reason),
        reference=claim.reference,
        **status_body(change),
    )


def evidence_recorded(
    kind: str, item: Evidence, *, by: User, now: datetime, sealed: bool = False, reason: str = ""
) -> None:
    """Record that evidence was attached (`evidence_attached`), edited or withdrawn.

    Restricted evidence is sealed. `sealed`: seal it even where it is restricted no more.
    """
    hidden = sealed or is_sealed(item.visibility)
    record_act(
        about=f"evidence:{item.pk}" if hidden else f"claim:{item.claim_id}",
        kind=kind,
        desk=item.claim.desk_id,
        by=by,
        now=now,
        entry=EntryFields(
            body={"claim": str(item.claim_id), "evidence": str(item.pk)},
            committed={
                "content": evidence_content(item),
                **({} if hidden else evidence_public(item)),
                "reason": reason,
            },
            sealed=hidden,
        ),
    )

"""Queries for claims and their evidence: each fetches only what the person may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Desk, User
from accounts.scopes import is_auditor, is_member
from claims.access.scopes import claims_for, evidence_for, material_for, sources_for
from claims.bounds import MOST_NAMED, check_number
from claims.models import (
    Claim,
    Element,
    Evidence,
    Participant,
    ParticipantRole,
    PolicyChange,
    Recomputation,
    StatusChange,
    StatusChangeText,
)
from claims.shown_rows import ShownRelay
from house.errors import Invalid, NotFound
from house.kept_queries import columns_of, kept_rows
from ledger.models import Entry
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility
from sources.statement_parts import is_open


def visible_claims(user: User) -> QuerySet[Claim]:
    """The claims that the person may see."""
    return Claim.objects.filter(claims_for(user))


def get_claim(user: User, reference: str) -> Claim:
    """One claim with what its pages show. Raises NotFound."""
    claim = (
        visible_claims(user)
        .filter(reference=reference)
        .select_related("desk", "claimant", "created_by")
        .prefetch_related("parties", "also_claimed_by", "topics", "elements")
        .first()
    )
    if claim is None:
        raise NotFound(_("Claim not found."))
    return claim


def known_claim(user: User, reference: str) -> Claim:
    """One claim without what its pages show, for an action. Raises NotFound."""
    for claim in _known(user, reference):
        return claim
    raise NotFound(_("Claim not found."))


@kept_rows(User, str, columns=columns_of(Claim))
def _known(user: User, reference: str) -> QuerySet[Claim]:
    return visible_claims(user).filter(reference=reference)


def deciders_of(claim: Claim) -> QuerySet[Participant]:
    """The present approvers of a claim (already scoped) besides the desk's editors, earliest first."""
    rows = Participant.objects.now(ParticipantRole.DECIDER).filter(claim=claim)
    return rows.select_related("user", "claim").order_by("since", "id")


def get_decider(claim: Claim, decider_id: UUID) -> Participant:
    """One approver of a claim (already scoped). Raises NotFound."""
    found = deciders_of(claim).filter(pk=decider_id).first()
    if found is None:
        raise NotFound(_("Name at least one person."))
    return found


def evidence_of(user: User, claim: Claim) -> QuerySet[Evidence]:
    """The claim's evidence that the person may see, withdrawn included, oldest first, with source and publisher."""
    return (
        Evidence.objects.filter(evidence_for(user), claim=claim)
        .select_related("source__publisher", "against_interest", "superseded_by__source", "created_by", "withdrawn_by")
        .prefetch_related(Prefetch("elements", Element.objects.order_by("position")))
        .order_by("created_at", "id")
    )


def seen_evidence(user: User, claim: Claim) -> frozenset[UUID]:
    """The ids of the claim's evidence that the person may see, and that records may therefore name to them."""
    return frozenset(Evidence.objects.filter(evidence_for(user), claim=claim).values_list("pk", flat=True))


def get_evidence(user: User, claim: Claim, evidence_id: UUID) -> Evidence:
    """One piece of a claim's evidence that the person may see. Raises NotFound."""
    found = evidence_of(user, claim).filter(pk=evidence_id).first()
    if found is None:
        raise NotFound(_("Evidence not found."))
    return found


def withheld_evidence(user: User, claim: Claim) -> int:
    """The number of pieces of evidence hidden from an auditor; 0 for anybody else."""
    hidden = Evidence.objects.filter(is_auditor(user, "claim__desk"), claim=claim).exclude(evidence_for(user))
    return hidden.count()


def visible_sources(user: User) -> QuerySet[Source]:
    return Source.objects.filter(sources_for(user)).select_related("publisher", "created_by")


def search_sources(rows: QuerySet[Source], q: str) -> QuerySet[Source]:
    """Sources with these words in their title or address; all sources where there are no words."""
    return rows.filter(words=SearchQuery(q, config="simple", search_type="websearch")) if q else rows


def get_source(user: User, source_id: UUID) -> Source:
    """One source that the person may see, with its publisher. Raises NotFound."""
    source = visible_sources(user).select_related("desk", "publisher__part_of").filter(pk=source_id).first()
    if source is None:
        raise NotFound(_("Source not found."))
    return source


def published_by(user: User, actor: Actor) -> QuerySet[Source]:
    """An actor's publications that the person may see, newest first."""
    return visible_sources(user).filter(publisher=actor).order_by("-created_at", "id")


def claims_naming(user: User, actor: Actor) -> QuerySet[Claim]:
    """The claims that the person may see in which the actor is claimant or party, or admits something in visible
    evidence.
    """
    admitting = Evidence.objects.filter(evidence_for(user), against_interest=actor).values("claim")
    named = Q(claimant=actor) | Q(also_claimed_by=actor) | Q(parties=actor) | Q(pk__in=admitting)
    return visible_claims(user).filter(pk__in=Claim.objects.filter(named).values("pk")).order_by("created_at", "id")


def named_source(user: User, desk_id: UUID, source_id: UUID | None, field: str) -> Source:
    """The source named in a form or request body, on this desk. Raises Invalid for `field`."""
    source = visible_sources(user).filter(desk=desk_id, pk=source_id).first() if source_id else None
    if source is None:
        raise Invalid({field: [_("Source not found on this desk.")]})
    return source


def sources_by_id(user: User, desk_id: UUID, ids: Iterable[UUID | None]) -> dict[UUID, Source]:
    """A moment with an unchanged clock time keeps its seconds and microseconds, which no control shows."""
    wanted = {pk for pk in ids if pk}
    return visible_sources(user).filter(desk=desk_id).in_bulk(wanted) if len(wanted) > 1 else {}


def named_evidence(user: User, claim: Claim, ids: Iterable[UUID], field: str) -> list[Evidence]:
    """The evidence of this claim that an assessment rests on or answers.

    Raises Invalid for `field`: for evidence of another claim or hidden from the person, as if it did not exist; for
    withdrawn evidence; and for restricted evidence, which has to be released before others' work can rest on it.
    """
    wanted = list(dict.fromkeys(ids))
    check_number(wanted, MOST_NAMED, field)
    found = {item.pk: item for item in _nameable(user, claim)} if wanted else {}
    texts: list[str] = []
    for pk in wanted:
        item = found.get(pk)
        if item is None:
            texts.append(_("Evidence not found on this claim."))
        elif item.withdrawn_at is not None:
            texts.append(_("“%(title)s” has been withdrawn.") % {"title": item.source.title})
        elif item.visibility == Visibility.RESTRICTED:
            texts.append(
                _("“%(title)s” is restricted. Release it to the desk before an assessment can rely on it.")
                % {"title": item.source.title}
            )
    if texts:
        raise Invalid({field: list(dict.fromkeys(texts))})
    return [found[pk] for pk in wanted]


@kept_rows(
    User,
    Claim,
    columns=[
        *("id", "claim", "stance", "visibility", "withdrawn_at", "superseded_by", "source"),
        *("source__id", "source__title"),
    ],
)
def _nameable(user: User, claim: Claim) -> QuerySet[Evidence]:
    return Evidence.objects.filter(evidence_for(user), claim=claim).order_by()


def relays_of(user: User, source: Source) -> tuple[list[Relay], list[Relay]]:
    """A source's relays whose ends the person may both see: those to its upstreams, then those to its downstreams."""
    seen = Source.objects.filter(sources_for(user))
    rows = Relay.objects.filter(removed_at__isnull=True).select_related(
        "upstream__publisher", "downstream__publisher", "created_by"
    )
    up = rows.filter(downstream=source, upstream__in=seen).order_by("created_at", "id")
    down = rows.filter(upstream=source, downstream__in=seen).order_by("created_at", "id")
    return list(up), list(down)


def get_relay(user: User, source: Source, relay_id: UUID) -> Relay:
    """One relay from a source to its upstream, where the person may see both ends. Raises NotFound."""
    upstream, _downstream = relays_of(user, source)
    for relay in upstream:
        if relay.pk == relay_id:
            return relay
    raise NotFound(_("Relay not found."))


def claims_resting_on_source(user: User, source: Source) -> list[Claim]:
    """The claims that the person may see to which visible evidence attaches the source."""
    seen = Evidence.objects.filter(evidence_for(user), source=source, withdrawn_at__isnull=True)
    return list(visible_claims(user).filter(pk__in=seen.values("claim")).order_by("created_at", "id"))


def relays_among(user: User, source_ids: Iterable[UUID | str]) -> list[Relay]:
    """The relays below these sources whose ends the person may both see, oldest first, with the upstream's name."""
    rows = relays_below(user, list(source_ids))
    found = list(rows)
    if all(row.plainly for row in found):
        return list(found)
    return list(rows.filter(upstream__in=Source.objects.filter(sources_for(user))))  # a costly subquery, rarely needed


def relays_below(user: User, sources: Iterable[UUID | str] | QuerySet[Evidence, Any]) -> QuerySet[ShownRelay]:
    """All relays below these sources, oldest first; `plainly`: whether the person sees the upstream as a member."""
    plainly = Q(is_member(user, "upstream__desk")) & is_open("upstream__")
    rows = Relay.objects.filter(removed_at__isnull=True, downstream__in=sources)  # type: ignore[misc]  # ids as text, too
    rows = rows.annotate(plainly=ExpressionWrapper(plainly, BooleanField()))
    return rows.select_related("upstream__publisher").order_by("created_at", "id")


def attachments_of(user: User, source: Source) -> QuerySet[Attachment]:
    """The files of a source (already scoped) that the person may see."""
    return Attachment.objects.filter(material_for(user), source=source).select_related("created_by", "capture")


def get_attachment(user: User, attachment_id: UUID) -> Attachment:
    """One file, by its random id, of a source that the person may see. Raises NotFound."""
    seen = Source.objects.filter(sources_for(user))
    rows = Attachment.objects.filter(material_for(user), pk=attachment_id, source__in=seen)
    found = rows.select_related("source", "created_by").first()
    if found is None:
        raise NotFound(_("File not found."))
    return found


def captures_of(user: User, source: Source) -> QuerySet[Capture]:
    """The captures of a source (already scoped) that the person may see, newest first, with their requests."""
    rows = Capture.objects.filter(material_for(user, "requested_by"), source=source)
    return rows.select_related("attachment").order_by("-requested_at", "id")


def get_capture(user: User, source: Source, capture_id: UUID) -> Capture:
    """One capture of a source (already scoped) that the person may see. Raises NotFound."""
    found = captures_of(user, source).select_related("source").filter(pk=capture_id).first()
    if found is None:
        raise NotFound(_("Capture not found."))
    return found


def last_captures(user: User, source_ids: Iterable[UUID]) -> dict[UUID, Capture]:
    """The latest capture of each of these sources (already scoped) that the person may see, by the source's id."""
    rows = Capture.objects.filter(material_for(user, "requested_by"), source__in=list(source_ids))
    rows = rows.order_by("source", "-requested_at", "id")
    return {row.source_id: row for row in rows.distinct("source")}


@dataclass(frozen=True, slots=True)
class ChangeWithText:
    """A status change and its text, which is None once erased."""

    row: StatusChange
    words: StatusChangeText | None


def history_of(claim: Claim) -> list[ChangeWithText]:
    """A claim's status changes with their texts, oldest first."""
    changes = list(StatusChange.objects.filter(claim=claim).select_related("by", "decided_by").order_by("seq"))
    # The text is kept in a table of its own, so that a redaction can erase it.
    words = {row.seq: row for row in StatusChangeText.objects.filter(claim=claim)}
    return [ChangeWithText(change, words.get(change.seq)) for change in changes]


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """The ledger entry of a status change; `log_index` is None until the log has sequenced it."""

    leaf_hash: bytes
    at: datetime
    log_index: int | None


def recorded_changes(claim: Claim) -> dict[int, ChangeEntry]:
    """The ledger entries of a claim's status changes (already scoped), by the number of the change."""
    rows = Entry.objects.filter(stream=f"claim:{claim.pk}", kind="status_changed").order_by("seq")
    found = rows.values_list("leaf_hash", "at", "place__index")
    return {seq: ChangeEntry(bytes(hashed), at, index) for seq, (hashed, at, index) in enumerate(found, 1)}


def change_of(claim: Claim, seq: int) -> ChangeWithText:
    """One of a claim's status changes with its text. Raises NotFound."""
    change = StatusChange.objects.filter(claim=claim, seq=seq).select_related("by", "decided_by").first()
    if change is None:
        raise NotFound(_("Status change not found."))
    return ChangeWithText(change, StatusChangeText.objects.filter(claim=claim, seq=seq).first())


def policy_changes_of(desk: Desk) -> QuerySet[PolicyChange]:
    """The policy changes of a desk (already scoped), newest first."""
    return PolicyChange.objects.filter(desk=desk).select_related("by").order_by("-id")


def published_claim(reference: str) -> Claim:
    """A published claim, readable by anybody. Raises NotFound."""
    claim = (
        Claim.objects.filter(reference=reference, published_at__isnull=False)
        .select_related("desk", "claimant")
        .prefetch_related("parties", "topics", "elements")
        .first()
    )
    if claim is None:
        raise NotFound(_("No published claim at this address."))
    return claim


def published_claims() -> QuerySet[Claim]:
    """Every published claim, readable by anybody."""
    return Claim.objects.filter(published_at__isnull=False).select_related("claimant", "desk")


def published_claims_listed() -> QuerySet[Claim]:
    """Reference, state and time of the last move of every published claim."""
    return Claim.objects.filter(published_at__isnull=False).only("reference", "state", "published_at")


def waits_for_recomputation(claim: Claim) -> bool:
    """Whether the claim's numbers are still to be recomputed after a large change."""
    return Recomputation.objects.filter(claim=claim).exists()


def public_evidence(claim: Claim) -> QuerySet[Evidence]:
    """The public part of a published claim's evidence: public pieces of public sources."""
    return (
        Evidence.objects.filter(
            claim=claim,
            withdrawn_at__isnull=True,
            visibility=Visibility.PUBLIC,
            source__visibility=Visibility.PUBLIC,
        )
        .select_related("source__publisher", "superseded_by__source")
        .order_by("created_at", "id")
    )

"""Reading claims and their evidence: scoped to what the person may see, and fetched in the same step."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.compiled import compiled
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
from house.errors import Invalid, NotFound
from ledger.models import Entry
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility


def visible_claims(user: User) -> QuerySet[Claim]:
    """The claims that the person may know of."""
    return Claim.objects.filter(claims_for(user))


def get_claim(user: User, reference: str) -> Claim:
    """One claim with what its pages show of it. Raises NotFound."""
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
    """One claim for an act on it, without what its pages show of it. Raises NotFound."""
    for claim in _known(user, reference):
        return claim
    raise NotFound(_("Claim not found."))


@compiled(User, str)
def _known(user: User, reference: str) -> QuerySet[Claim]:
    return visible_claims(user).filter(reference=reference)


def deciders_of(claim: Claim) -> QuerySet[Participant]:
    """Who was named to decide on a claim (already scoped) besides the desk's editors, and still is; the first first."""
    rows = Participant.objects.filter(claim=claim, role=ParticipantRole.DECIDER, until__isnull=True)
    return rows.select_related("user", "claim").order_by("since", "id")


def get_decider(claim: Claim, decider_id: UUID) -> Participant:
    """One person who was named to decide on a claim (already scoped). Raises NotFound."""
    found = deciders_of(claim).filter(pk=decider_id).first()
    if found is None:
        raise NotFound(_("Name at least one person."))
    return found


def evidence_of(user: User, claim: Claim) -> QuerySet[Evidence]:
    """The claim's evidence that the person may see, the withdrawn too, oldest first, with its source and publisher."""
    return (
        Evidence.objects.filter(evidence_for(user), claim=claim)
        .select_related("source__publisher", "against_interest", "superseded_by__source", "created_by", "withdrawn_by")
        .prefetch_related(Prefetch("elements", Element.objects.order_by("position")))
        .order_by("created_at", "id")
    )


def seen_evidence(user: User, claim: Claim) -> frozenset[UUID]:
    """The ids of the claim's evidence that the person may see: what a record that names evidence may name to them."""
    return frozenset(Evidence.objects.filter(evidence_for(user), claim=claim).values_list("pk", flat=True))


def get_evidence(user: User, claim: Claim, evidence_id: UUID) -> Evidence:
    """One piece of evidence of a claim that the person may see. Raises NotFound."""
    found = evidence_of(user, claim).filter(pk=evidence_id).first()
    if found is None:
        raise NotFound(_("Evidence not found."))
    return found


def withheld_evidence(user: User, claim: Claim) -> int:
    """For an auditor: how many pieces of the claim's evidence they are not shown. 0 for anybody else."""
    hidden = Evidence.objects.filter(is_auditor(user, "claim__desk"), claim=claim).exclude(evidence_for(user))
    return hidden.count()


def visible_sources(user: User) -> QuerySet[Source]:
    return Source.objects.filter(sources_for(user)).select_related("publisher", "created_by")


def search_sources(rows: QuerySet[Source], q: str) -> QuerySet[Source]:
    """Sources narrowed to those with these words in their title or address; all of them for none."""
    return rows.filter(words=SearchQuery(q, config="simple", search_type="websearch")) if q else rows


def get_source(user: User, source_id: UUID) -> Source:
    """One source that the person may see, with its publisher. Raises NotFound."""
    source = visible_sources(user).select_related("desk", "publisher__part_of").filter(pk=source_id).first()
    if source is None:
        raise NotFound(_("Source not found."))
    return source


def published_by(user: User, actor: Actor) -> QuerySet[Source]:
    """What an actor published, of the sources that the person may see, the newest first."""
    return visible_sources(user).filter(publisher=actor).order_by("-created_at", "id")


def claims_naming(user: User, actor: Actor) -> QuerySet[Claim]:
    """The claims that the person may know of in which the actor claims, is a party, or admits in what they may see."""
    admitting = Evidence.objects.filter(evidence_for(user), against_interest=actor).values("claim")
    named = Q(claimant=actor) | Q(also_claimed_by=actor) | Q(parties=actor) | Q(pk__in=admitting)
    return visible_claims(user).filter(pk__in=Claim.objects.filter(named).values("pk")).order_by("created_at", "id")


def named_source(user: User, desk_id: UUID, source_id: UUID | None, field: str) -> Source:
    """The source that a form or a body names, on this desk. Raises Invalid for `field`."""
    source = visible_sources(user).filter(desk=desk_id, pk=source_id).first() if source_id else None
    if source is None:
        raise Invalid({field: [_("Source not found on this desk.")]})
    return source


def sources_by_id(user: User, desk_id: UUID, ids: Iterable[UUID | None]) -> dict[UUID, Source]:
    """Those of these sources of the desk that the person may know of."""
    wanted = {pk for pk in ids if pk}
    return visible_sources(user).filter(desk=desk_id).in_bulk(wanted) if len(wanted) > 1 else {}


def named_evidence(user: User, claim: Claim, ids: Iterable[UUID], field: str) -> list[Evidence]:
    """The evidence of this claim that a finding rests on or answers.

    Raises Invalid for `field`: for what the person may not see or what is of another claim, as if it did not exist;
    for what is withdrawn; and for restricted evidence, which enters nothing that others see before it is released.
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


@compiled(User, Claim)
def _nameable(user: User, claim: Claim) -> QuerySet[Evidence]:
    rows = Evidence.objects.filter(evidence_for(user), claim=claim).select_related("source").order_by()
    return rows.only("claim", "stance", "visibility", "withdrawn_at", "superseded_by", "source__title")


def relays_of(user: User, source: Source) -> tuple[list[Relay], list[Relay]]:
    """A source's relays of which the person may see both ends: those to its upstreams, those to its downstreams."""
    seen = Source.objects.filter(sources_for(user))
    rows = Relay.objects.filter(removed_at__isnull=True).select_related(
        "upstream__publisher", "downstream__publisher", "created_by"
    )
    up = rows.filter(downstream=source, upstream__in=seen).order_by("created_at", "id")
    down = rows.filter(upstream=source, downstream__in=seen).order_by("created_at", "id")
    return list(up), list(down)


def get_relay(user: User, source: Source, relay_id: UUID) -> Relay:
    """One relay from a source to its upstream, of which the person may see both ends. Raises NotFound."""
    upstream, _downstream = relays_of(user, source)
    for relay in upstream:
        if relay.pk == relay_id:
            return relay
    raise NotFound(_("Relay not found."))


def claims_resting_on_source(user: User, source: Source) -> list[Claim]:
    """The claims that the person may know of and to which the source is attached, in evidence that they may see."""
    seen = Evidence.objects.filter(evidence_for(user), source=source, withdrawn_at__isnull=True)
    return list(visible_claims(user).filter(pk__in=seen.values("claim")).order_by("created_at", "id"))


def relays_among(user: User, source_ids: Iterable[UUID | str]) -> list[Relay]:
    """The relays below these sources of which the person may see both ends, oldest first, with the upstream's name."""
    rows = Relay.objects.filter(removed_at__isnull=True, downstream__in=list(source_ids))
    rows = rows.select_related("upstream__publisher").order_by("created_at", "id")
    plainly = Q(is_member(user, "upstream__desk")) & ~Q(upstream__visibility=Visibility.RESTRICTED)
    found: list[Any] = list(rows.annotate(plainly=ExpressionWrapper(plainly, BooleanField())))
    if all(row.plainly for row in found):
        return found
    return list(rows.filter(upstream__in=Source.objects.filter(sources_for(user))))  # the costly question, rarely asked


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
    """The captures of a source (already scoped) that the person may see: what was asked for and what came, newest
    first."""
    rows = Capture.objects.filter(material_for(user, "requested_by"), source=source)
    return rows.select_related("attachment").order_by("-requested_at", "id")


def get_capture(user: User, source: Source, capture_id: UUID) -> Capture:
    """One capture of a source (already scoped) that the person may see. Raises NotFound."""
    found = captures_of(user, source).select_related("source").filter(pk=capture_id).first()
    if found is None:
        raise NotFound(_("Capture not found."))
    return found


def last_captures(user: User, source_ids: Iterable[UUID]) -> dict[UUID, Capture]:
    """The last capture that the person may see of each of these sources (already scoped), by the source's id."""
    rows = Capture.objects.filter(material_for(user, "requested_by"), source__in=list(source_ids))
    rows = rows.order_by("source", "-requested_at", "id")
    return {row.source_id: row for row in rows.distinct("source")}


def history_of(claim: Claim) -> list[StatusChange]:
    """A claim's status changes, oldest first, each with `words` (its text, None once erased)."""
    changes = list(StatusChange.objects.filter(claim=claim).select_related("by", "decided_by").order_by("seq"))
    words = {row.seq: row for row in StatusChangeText.objects.filter(claim=claim)}
    for change in changes:
        change.words = words.get(change.seq)  # type: ignore[attr-defined]  # read beside the row, written apart from it
    return changes


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """The entry of a status change in the ledger; `log_index` is None until it has its place there."""

    leaf_hash: bytes
    at: datetime
    log_index: int | None


def recorded_changes(claim: Claim) -> dict[int, ChangeEntry]:
    """The entries of a claim's status changes (already scoped), by the number of the change."""
    rows = Entry.objects.filter(stream=f"claim:{claim.pk}", kind="status_changed").order_by("seq")
    found = rows.values_list("leaf_hash", "at", "place__index")
    return {seq: ChangeEntry(bytes(hashed), at, index) for seq, (hashed, at, index) in enumerate(found, 1)}


def change_of(claim: Claim, seq: int) -> StatusChange:
    """One of a claim's status changes, as `history_of` has it. Raises NotFound."""
    change = StatusChange.objects.filter(claim=claim, seq=seq).select_related("by", "decided_by").first()
    if change is None:
        raise NotFound(_("Status change not found."))
    change.words = StatusChangeText.objects.filter(claim=claim, seq=seq).first()  # type: ignore[attr-defined]  # as there
    return change


def policy_changes_of(desk: Desk) -> QuerySet[PolicyChange]:
    """What a desk (already scoped) agreed on otherwise, the newest first."""
    return PolicyChange.objects.filter(desk=desk).select_related("by").order_by("-id")


def published_claim(reference: str) -> Claim:
    """A published claim, for anybody. Raises NotFound."""
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
    """Every published claim, for anybody."""
    return Claim.objects.filter(published_at__isnull=False).select_related("claimant", "desk")


def published_claims_listed() -> QuerySet[Claim]:
    """The same with nothing but reference, state and since when: to list them all."""
    return Claim.objects.filter(published_at__isnull=False).only("reference", "state", "published_at")


def waits_for_recomputation(claim: Claim) -> bool:
    """Whether the claim's numbers are still to be brought up to date after a large change."""
    return Recomputation.objects.filter(claim=claim).exists()


def public_evidence(claim: Claim) -> QuerySet[Evidence]:
    """What of a published claim's evidence anybody may see: public, and of a public source."""
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

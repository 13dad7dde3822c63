"""Changes of sources, relays and actors that affect what claims rest on.

Each locks the desk's graph, makes the change and recomputes the claims that rest on it in the same transaction.
`effects` says whether it is a dry run, and which losses of support the person agreed to (claims.verdicts.side_effects).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import count_edit, edit_all, merge
from accounts.models import User
from claims.access.releasing import is_looser, refuse_looser
from claims.actions.evidence import supersede_no_more
from claims.models import Claim, Evidence, RevisionKind
from claims.queries import named_source, visible_sources
from claims.record.ledger_entries import evidence_recorded
from claims.record.revisions import RevisionDetails, count_version
from claims.verdicts.re_checks import open_rechecks
from claims.verdicts.side_effects import Effect, Effects
from claims.verdicts.support import (
    claims_resting_on,
    claims_touching,
    counts_outside,
    lock_claim,
    lock_graph,
    lock_graphs_of,
    recompute,
    sources_above,
)
from house.errors import Conflict, Invalid, refuse_unsaid
from house.fields import given_text, optional_text
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from sources.actions import ask_for_capture, set_actor_fields, set_source_fields
from sources.independence import find_cycle
from sources.inputs import ActorInput, SourceInput
from sources.ledger_entries import actor_recorded, relay_recorded, source_recorded
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility
from sources.permissions import may_change_actor, may_change_source, may_retract
from sources.statement_parts import is_open
from sources.values import actor_values, source_values


@dataclass(frozen=True)
class SourceOutcome:
    """The row after the change, and its effects on claims that the person may see (or, in a dry run, those it would
    have).

    `later`: how many more claims are recomputed afterwards.
    """

    row: Any
    effects: list[Effect] = field(default_factory=list)
    later: int = 0


def end_of_act(row: Any, claim_ids: Iterable[UUID], effects: Effects, *, by: User, now: datetime) -> SourceOutcome:
    """End an action: recompute the claims, then ask the person to confirm losses, or undo a dry run."""
    recompute(claim_ids, effects=effects, now=now)
    effects.settle(by)
    return SourceOutcome(row, effects.shown, effects.later)


@counts_outside
def change_source(
    *,
    source: Source,
    fields: SourceInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Change what is recorded of a source. What a new address answers is fetched soon.

    Raises NotFound, Forbidden, Invalid, EditConflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        source = (
            Source.objects.select_for_update(of=("self",), no_key=True).select_related("publisher").get(pk=source.pk)
        )
        may_change_source(by, source)
        given = fields.given()
        if given.get("title") == "":
            given["title"] = given.get("url", source.url)[:300]
        changed = merge(source, given, present=source_values(by, source), seen=seen)
        if not changed:
            return end_of_act(source, (), effects or Effects(), by=by, now=now)
        before, address, grade = source.visibility, source.url, source.reliability
        # Before and after: restricted rows are not followed, and this edit may restrict or reconnect it (decision 30).
        touched = claims_resting_on([source.pk])
        set_source_fields(source, SourceInput(**changed), by)
        refuse_looser(source.visibility, before=before)
        if source.visibility != before:
            _drag_along(source, by=by, now=now)
        count_edit(source, changed, by=by, now=now)
        source.save()
        if source.url and source.url != address:
            ask_for_capture(source, by, now)
        touched += claims_resting_on([source.pk])
        kind = "source_changed" if source.reliability == grade else "source_regraded"
        source_recorded(kind, source, by=by, now=now)
        return end_of_act(source, touched, effects or Effects(), by=by, now=now)


def _drag_along(source: Source, *, by: User, now: datetime) -> None:
    """Make everything that belongs to a source as strict as the source."""
    # Strictness only grows downwards: what belongs to a source is at least as strict (decision 20).
    looser = [v.value for v in Visibility if is_looser(v, before=source.visibility)]
    Attachment.objects.filter(source=source, visibility__in=looser).update(visibility=source.visibility)
    Capture.objects.filter(source=source, visibility__in=looser).update(visibility=source.visibility)
    _make_stricter(list(Evidence.objects.filter(source=source, visibility__in=looser)), source, by=by, now=now)
    if source.visibility == Visibility.RESTRICTED:
        ended = Evidence.objects.filter(source=source).values_list("pk", flat=True)
        supersede_no_more(list(ended), by=by, now=now)


def refuse_cycle_once_open(source: Source, by: User) -> None:
    """Refuse to release a source whose relays would close a cycle for others. Raises Invalid."""
    ends = Source.objects.filter(desk=source.desk_id).filter(is_open())
    ends |= Source.objects.filter(pk=source.pk)
    relays = Relay.objects.filter(removed_at__isnull=True, downstream__in=ends, upstream__in=ends)
    _refuse_cycle(relays, source, "visibility", by)


def _make_stricter(items: list[Evidence], source: Source, *, by: User, now: datetime) -> None:
    """Make evidence as strict as its source; each claim gets a new version where others saw the evidence."""
    edit_all(Evidence.objects.filter(pk__in=[item.pk for item in items]), by=by, now=now, visibility=source.visibility)
    for item in sorted(items, key=lambda item: (item.claim_id, item.created_at, item.pk)):
        # Claims before the stream, as everywhere; the opposite order could deadlock.
        claim = lock_claim(item.claim)
        item.visibility = source.visibility
        evidence_recorded("evidence_changed", item, by=by, now=now)
        if item.withdrawn_at is None:
            count_version(claim, RevisionKind.CHANGED, by=by, now=now, details=RevisionDetails(evidence=item))


@counts_outside
def retract_source(
    *, source: Source, reason: str, effects: Effects | None = None, by: User, now: datetime | None = None
) -> SourceOutcome:
    """Record that the publisher retracted a source: it no longer counts, and claims that rested on it are flagged.

    Raises NotFound, Forbidden, Invalid, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        source = (
            Source.objects.select_for_update(of=("self",), no_key=True).select_related("publisher").get(pk=source.pk)
        )
        may_retract(by, source)
        reason = given_text(reason, field="reason", message=_("Enter who retracted it, when and where."))
        if source.retracted_at is not None:
            raise Conflict(_("This source is already marked as retracted."))
        source.retracted_at, source.retracted_by, source.retracted_reason = now, by, reason
        count_edit(source, ["retracted_at", "retracted_reason"], by=by, now=now)
        source.save(update_fields=["retracted_at", "retracted_by", "retracted_reason", "version"])
        source_recorded("source_retracted", source, by=by, now=now, reason=reason)
        return end_of_act(source, claims_resting_on([source.pk]), effects or Effects(), by=by, now=now)


@counts_outside
def correct_source(
    *, source: Source, reason: str, effects: Effects | None = None, by: User, now: datetime | None = None
) -> SourceOutcome:
    """Record that the publisher corrected a source: each excerpt from it is due for a re-check.

    Raises NotFound, Forbidden, Invalid, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        source = Source.objects.select_for_update(of=("self",), no_key=True).select_related("desk").get(pk=source.pk)
        may_retract(by, source)
        reason = given_text(reason, field="reason", message=_("Enter what was corrected, when and where."))
        # No refusal of a second one: a source can be corrected again, and is then re-checked again.
        source.corrected_at, source.corrected_by, source.corrected_reason = now, by, reason
        count_edit(source, ["corrected_at", "corrected_reason"], by=by, now=now)
        source.save(update_fields=["corrected_at", "corrected_by", "corrected_reason", "version"])
        source_recorded("source_corrected", source, by=by, now=now, reason=reason)
        live = Evidence.objects.filter(source=source, withdrawn_at__isnull=True, superseded_by__isnull=True)
        open_rechecks(live, days=source.desk.days_to_look_again, now=now)
        return end_of_act(source, claims_resting_on([source.pk]), effects or Effects(), by=by, now=now)


@counts_outside
def add_relay(
    *,
    downstream: Source,
    upstream: UUID,
    quote: str = "",
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Record that one source is based on another.

    Raises NotFound, Forbidden, Invalid (for a cycle, which it shows), Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(downstream.desk_id)
        downstream = Source.objects.select_for_update(of=("self",), no_key=True).get(pk=downstream.pk)
        may_change_source(by, downstream)
        origin = named_source(by, downstream.desk_id, upstream, "upstream")
        quote = optional_text(quote, field="quote")
        if origin.pk == downstream.pk:
            raise Invalid({"upstream": [_("A source cannot be based on itself.")]})
        if Relay.objects.filter(downstream=downstream, upstream=origin, removed_at__isnull=True).exists():
            raise Conflict(_("This relay is already recorded."))
        # Written first: the check reads the relays of the database, and its refusal undoes this one.
        relay = Relay.objects.create(downstream=downstream, upstream=origin, quote=quote, created_by=by, created_at=now)
        relays = Relay.objects.filter(removed_at__isnull=True, downstream__desk=downstream.desk_id)
        if Visibility.RESTRICTED not in (downstream.visibility, origin.visibility):
            # Relays of restricted sources are left out: an error here must not reveal them.
            relays = relays.filter(is_open("downstream__"), is_open("upstream__"))
        _refuse_cycle(relays, downstream, "upstream", by)
        relay_recorded("relay_added", relay, downstream, upstream=origin, by=by, now=now)
        return end_of_act(relay, claims_resting_on([downstream.pk]), effects or Effects(), by=by, now=now)


def _refuse_cycle(relays: Any, through: Source, name: str, by: User) -> None:
    """Raise Invalid that shows the cycle, where these relays close one, without what the person may not see.

    There was no cycle before, so a new one leads `through` the new relay; the rest of the desk's graph is not read.
    """
    relays = relays.filter(downstream__in=sources_above(through.pk))
    # Oldest first, so that the same cycle always reads the same.
    ends = relays.order_by("created_at", "id").values_list("downstream_id", "upstream_id")
    cycle = find_cycle((str(below), str(above)) for below, above in ends)
    if cycle is None:
        return
    seen = visible_sources(by).filter(pk__in=cycle).select_related(None).order_by()
    titles = {str(pk): title for pk, title in seen.values_list("pk", "title")}
    if not titles.keys() >= set(cycle):
        refuse_unsaid(name)
    shown = " → ".join(f"“{titles[pk]}”" for pk in cycle)
    raise Invalid(
        {name: [_("That would close a cycle: %(cycle)s. One of these cannot be based on the next.") % {"cycle": shown}]}
    )


@counts_outside
def remove_relay(
    *, relay: Relay, effects: Effects | None = None, by: User, now: datetime | None = None
) -> SourceOutcome:
    """End a relay that was recorded by mistake; the row stays. Raises NotFound, Forbidden, Conflict, Unconfirmed."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(relay.downstream.desk_id)
        relay = Relay.objects.select_for_update(of=("self",), no_key=True).select_related("downstream").get(pk=relay.pk)
        may_change_source(by, relay.downstream)
        if relay.removed_at is not None:
            raise Conflict(_("This relay has already been removed."))
        relay.removed_at, relay.removed_by = now, by
        relay.save(update_fields=["removed_at", "removed_by"])
        relay_recorded("relay_removed", relay, relay.downstream, upstream=relay.upstream, by=by, now=now)
        return end_of_act(relay, claims_resting_on([relay.downstream_id]), effects or Effects(), by=by, now=now)


@counts_outside
def change_actor(
    *,
    actor: Actor,
    fields: ActorInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Change what is recorded of an actor.

    Raises NotFound, Forbidden, Invalid, EditConflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graphs_of(actor)
        actor = Actor.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
        may_change_actor(by, actor)
        changed = merge(actor, fields.given(), present=actor_values(by, actor), seen=seen)
        if not changed:
            return end_of_act(actor, (), effects or Effects(), by=by, now=now)
        before = actor.visibility
        touched = claims_touching(actor)
        set_actor_fields(actor, ActorInput(**changed), by)
        refuse_looser(actor.visibility, before=before)
        if actor.visibility != before:
            _refuse_in_use(actor)
        count_edit(actor, changed, by=by, now=now)
        actor.save()
        actor_recorded("actor_changed", actor, by=by, now=now)
        return end_of_act(actor, {*touched, *claims_touching(actor)}, effects or Effects(), by=by, now=now)


def _refuse_in_use(actor: Actor) -> None:
    """Refuse to restrict an actor that less restricted rows name.

    Only more widely visible rows count: a refusal for restricted material would reveal it. Raises Invalid.
    """
    looser = [v.value for v in Visibility if is_looser(v, before=actor.visibility)]
    in_use = (
        Source.objects.filter(publisher=actor, visibility__in=looser).exists()
        or Actor.objects.filter(Q(part_of=actor) | Q(owned_by=actor), visibility__in=looser).exists()
        or (actor.visibility == Visibility.RESTRICTED and _is_named_openly(actor))
    )
    if in_use:
        raise Invalid(
            {"visibility": [_("Sources, actors or claims that others can see name this actor. Restrict those first.")]}
        )


def _is_named_openly(actor: Actor) -> bool:
    """Whether a claim, or evidence that is not restricted, names the actor."""
    roles = Q(claimant=actor) | Q(also_claimed_by=actor) | Q(parties=actor)
    admitting = Evidence.objects.filter(against_interest=actor).filter(is_open())
    return Claim.objects.filter(roles).exists() or admitting.exists()

"""Merging actors: whatever named the merged actor names the other from then on. A merge cannot be undone."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import count_edit, edit_all
from accounts.models import User
from claims.actions.sources import SourceOutcome
from claims.inputs import MergeInput
from claims.models import ActorMerge, Claim, Evidence, RevisionKind
from claims.record.ledger_entries import claim_written, evidence_recorded
from claims.record.revisions import RevisionDetails, count_version
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import claims_touching, counts_outside, lock_claim, lock_graphs_of, recompute
from house.errors import Conflict, Invalid, refuse_unsaid
from house.fields import given_text
from house.transactions import recorded_transaction
from sources.ledger_entries import actor_recorded
from sources.models import Actor, DeclaredConflict, Source, Visibility
from sources.permissions import may_merge
from sources.queries import named_actor, visible_actors

INTO, MERGED = "into", "merged"  # the actor whose place in its chain is kept where the two differ


@counts_outside
def merge_actors(
    *,
    actor: Actor,
    fields: MergeInput,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Make everything that names `actor` name the actor `into` instead; the merged row stays and leads to the other.

    It cannot be undone: who, when and why is kept.
    Raises NotFound, Forbidden, Invalid, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graphs_of(actor)
        # Exclusive, so that nothing new comes to name the actor: see `named_actor`.
        actor = Actor.objects.select_for_update(of=("self",)).get(pk=actor.pk)
        may_merge(by, actor)
        if actor.merged_into_id is not None:
            raise Conflict(_("This actor has already been merged."))
        reason = given_text(
            fields.reason,
            field="reason",
            message=_("Explain why they are the same. The reason is recorded; a merge cannot be undone."),
        )
        # Locked after the merged one; both are under the graph's lock, which orders all merges of a desk.
        survivor = _survivor(actor, fields.into, by)
        # Before and after: a claim may rest on either actor by a link that the merge removes.
        touched = {*claims_touching(actor), *claims_touching(survivor)}
        is_elsewhere = _take_place(actor, survivor=survivor, chain=fields.chain, by=by, now=now)
        _name_instead(actor, survivor=survivor, reason=reason, by=by, now=now)
        ActorMerge.objects.create(actor=actor, into=survivor, reason=reason, by=by, at=now)
        actor_recorded("actor_merged", actor, by=by, now=now, into=str(survivor.pk), reason=reason)
        if is_elsewhere:
            actor_recorded("actor_changed", survivor, by=by, now=now)
        effects = effects or Effects()
        recompute({*touched, *claims_touching(survivor)}, effects=effects, now=now)
        effects.settle(by)
        return SourceOutcome(survivor, effects.shown, effects.later)


def _survivor(actor: Actor, into: UUID, by: User) -> Actor:
    """The remaining actor, locked. Raises Invalid where the two cannot be merged."""
    found = named_actor(by, actor.desk_id, actor_id=into, field="into")
    if found is None or found.pk == actor.pk:
        raise Invalid({"into": [_("Name the actor that this one is the same as.")]})
    survivor = Actor.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
    if Visibility.RESTRICTED in (actor.visibility, survivor.visibility):
        # Readers of rows that name the merged actor would then read the other's name.
        raise Invalid(
            {
                "into": [
                    _("A restricted actor cannot be merged: that would reveal one name to people who know the other.")
                ]
            }
        )
    looser = [v.value for v in Visibility if v.strictness < Visibility(survivor.visibility).strictness]
    if Source.objects.filter(publisher=actor, visibility__in=looser).exists():
        message = _(
            "Fewer people can see “%(name)s” than the sources that would name it. Make it public, or restrict the "
            "sources."
        )
        raise Invalid({"into": [message % {"name": survivor.name}]})
    for below, above in ((actor, survivor), (survivor, actor)):
        chain = _way_up(below, above=above)
        if chain:
            if visible_actors(by).filter(pk__in=[one.pk for one in chain]).count() < len(chain):
                refuse_unsaid("into")
            message = _("They are recorded as two: %(chain)s. Merging would close a circle. Remove that link first.")
            raise Invalid({"into": [message % {"chain": " → ".join(one.name for one in chain)}]})
    return survivor


def _way_up(below: Actor, *, above: Actor) -> list[Actor]:
    """The actors from `below` up its `part_of` chain to `above`; empty where `above` is not in the chain."""
    chain, step = [below], below.part_of
    while step is not None:
        chain.append(step)
        if step.pk == above.pk:
            return chain
        step = step.part_of
    return []


def place_in_chain(actor: Actor) -> Mapping[str, object]:
    """The actor's parent with its dates, or the reason why its chain ends; all empty where neither is recorded."""
    names = ("part_of_id", "part_of_from", "part_of_to", "stands_alone_because")
    return {name: getattr(actor, name) or None for name in names}


def _take_place(actor: Actor, *, survivor: Actor, chain: str, by: User, now: datetime) -> bool:
    """Give the survivor the place in the chain and the owner to keep; returns whether that changed it.

    A shared actor takes no place or owner from a desk's own. Raises Invalid for `chain`.
    """
    before = _named_by(survivor)
    if chain not in ("", INTO, MERGED):
        raise Invalid({"chain": [_("Choose one of: %(names)s.") % {"names": f"{INTO}, {MERGED}"}]})
    if survivor.desk_id == actor.desk_id:
        merged, own = place_in_chain(actor), place_in_chain(survivor)
        differ = any(merged.values()) and any(own.values()) and merged != own
        # Two different places: which is right is for the editor to say (decision 43).
        if differ and not chain:
            raise Invalid(
                {"chain": [_("They speak for different actors or at different dates. Choose which applies.")]}
            )
        if chain == MERGED or (not chain and not any(own.values())):
            for name, value in merged.items():
                setattr(survivor, name, value if name != "stands_alone_because" else value or "")
        survivor.owned_by_id = survivor.owned_by_id or actor.owned_by_id
        survivor.speaks_for_checked = survivor.speaks_for_checked or actor.speaks_for_checked
    # Owner of the other or owned by it: as one, it cannot own itself.
    if survivor.owned_by_id in (actor.pk, survivor.pk):
        survivor.owned_by_id = None
    after = _named_by(survivor)
    if changed := [name for name in after if after[name] != before[name]]:
        count_edit(survivor, changed, by=by, now=now)
        survivor.save()
    return bool(changed)


def _named_by(actor: Actor) -> Mapping[str, object]:
    """The fields of an actor that a merge may change, as an edit names them."""
    plain = ("part_of_from", "part_of_to", "stands_alone_because", "speaks_for_checked")
    above = {"part_of": actor.part_of_id, "owned_by": actor.owned_by_id}
    return {name: getattr(actor, name) for name in plain} | above


def _name_instead(actor: Actor, *, survivor: Actor, reason: str, by: User, now: datetime) -> None:
    """Replace the actor by the survivor wherever it is named, and raise the version of claims that read differently
    then.
    """
    edit_all(Source.objects.filter(publisher=actor), by=by, now=now, publisher=survivor)
    edit_all(Actor.objects.filter(part_of=actor), by=by, now=now, part_of=survivor)
    edit_all(Actor.objects.filter(owned_by=actor).exclude(pk=survivor.pk), by=by, now=now, owned_by=survivor)
    _declare_instead(actor, survivor=survivor, now=now)
    # Read before the rows change, since each gets an entry afterwards.
    admitting = list(Evidence.objects.filter(against_interest=actor).order_by("created_at", "pk"))
    named = Q(claimant=actor) | Q(also_claimed_by=actor) | Q(parties=actor)
    edited = set(Claim.objects.filter(named).values_list("pk", flat=True))
    edit_all(Evidence.objects.filter(pk__in=[item.pk for item in admitting]), by=by, now=now, against_interest=survivor)
    # Lock each claim's row before its stream in the ledger, and all in one order, as everywhere.
    for pk in sorted(edited | {item.claim_id for item in admitting}):
        claim = lock_claim(Claim(pk=pk))
        if pk in edited:
            renamed = _rename_in(claim, actor, survivor=survivor)
            count_version(
                claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(note=reason, fields=renamed)
            )
            claim_written("claim_edited", claim, by=by, now=now, reason=reason)
        for item in admitting:
            if item.claim_id == pk:
                item.against_interest = survivor
                evidence_recorded("evidence_changed", item, by=by, now=now, reason=reason)
                if item.visibility != Visibility.RESTRICTED and item.withdrawn_at is None:
                    count_version(
                        claim, RevisionKind.CHANGED, by=by, now=now, details=RevisionDetails(evidence=item, note=reason)
                    )
    # Those that were merged into it before lead on at once. What is merged is part of nothing, so nothing is above it.
    Actor.objects.filter(merged_into=actor).update(merged_into=survivor)
    actor.merged_into, actor.part_of, actor.owned_by = survivor, None, None
    count_edit(actor, ["merged_into", "part_of", "owned_by"], by=by, now=now)
    actor.save(update_fields=["merged_into", "part_of", "owned_by", "version"])


def _declare_instead(actor: Actor, *, survivor: Actor, now: datetime) -> None:
    """Move declared conflicts of interest to the survivor; a conflict declared with both is kept once."""
    open_ones = DeclaredConflict.objects.filter(ended_at__isnull=True)
    twice = open_ones.filter(actor=survivor).values("user")
    # One open conflict of a person with an actor: a constraint refuses the second.
    open_ones.filter(actor=actor, user__in=twice).update(ended_at=now)
    DeclaredConflict.objects.filter(actor=actor).update(actor=survivor)


def _rename_in(claim: Claim, actor: Actor, *, survivor: Actor) -> list[str]:
    """Name the survivor in the claim, and never both as claimant and as also claiming it.

    Returns the changed fields.
    """
    changed = []
    if claim.claimant_id == actor.pk:
        claim.claimant = survivor
        claim.save(update_fields=["claimant"])
        changed.append("claimant")
    for name in ("also_claimed_by", "parties"):
        related = getattr(claim, name)
        if related.filter(pk=actor.pk).exists():
            related.remove(actor)
            related.add(survivor)
            changed.append(name)
    if claim.claimant_id == survivor.pk and claim.also_claimed_by.filter(pk=survivor.pk).exists():
        claim.also_claimed_by.remove(survivor)
        changed.append("also_claimed_by")
    return sorted(set(changed))

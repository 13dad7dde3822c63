"""Releasing a source, an actor, evidence, a file or a capture to more people. One transaction each.

The person, the reason and the result are recorded. No edit form can do it: see `claims.access.releasing`. A file and
the capture that produced it are released together; everything else alone, so that what belongs to a released source
stays as restricted as it was.
"""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import count_edit
from accounts.models import User
from claims.access.releasing import check_hanging_on, check_release
from claims.actions.evidence import after_change, save_released
from claims.actions.sources import SourceOutcome, end_of_act, refuse_cycle_once_open
from claims.models import Evidence, RevisionKind
from claims.record.ledger_entries import evidence_recorded
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import (
    claims_resting_on,
    claims_touching,
    counts_outside,
    lock_claim,
    lock_graph,
    lock_graphs_of,
)
from house.errors import Conflict
from house.fields import given_text
from house.transactions import recorded_transaction
from sources.actions import set_actor_fields, set_source_fields
from sources.inputs import ActorInput, SourceInput
from sources.ledger_entries import actor_recorded, material_released, source_recorded
from sources.models import Actor, Attachment, Capture, Source, Visibility
from sources.permissions import may_release


@counts_outside
def release_source(
    *,
    source: Source,
    visibility: str,
    reason: str,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Release a source to the desk or the public. Raises NotFound, Forbidden, Invalid, Unconfirmed."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(source.desk_id)
        rows = Source.objects.select_for_update(of=("self",), no_key=True).select_related("publisher")
        source = rows.get(pk=source.pk)
        may_release(by, source.desk_id)
        reason, before = _reason(reason), source.visibility
        check_release(visibility, before=before)
        set_source_fields(source, SourceInput(visibility=visibility), by)
        # Relays between open sources were checked without it: with it they may close a cycle (decision 20).
        if before == Visibility.RESTRICTED:
            refuse_cycle_once_open(source, by)
        count_edit(source, ["visibility"], by=by, now=now)
        source.save(update_fields=["visibility", "version"])
        source_recorded("source_released", source, by=by, now=now, reason=reason)
        return end_of_act(source, claims_resting_on([source.pk]), effects or Effects(), by=by, now=now)


@counts_outside
def release_actor(
    *,
    actor: Actor,
    visibility: str,
    reason: str,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> SourceOutcome:
    """Release an actor to the desk or the public. Raises NotFound, Forbidden, Invalid, Unconfirmed."""
    now = now or timezone.now()
    with recorded_transaction():
        lock_graphs_of(actor)
        actor = Actor.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
        may_release(by, actor.desk_id)
        reason = _reason(reason)
        check_release(visibility, before=actor.visibility)
        set_actor_fields(actor, ActorInput(visibility=visibility), by)
        count_edit(actor, ["visibility"], by=by, now=now)
        actor.save(update_fields=["visibility", "version"])
        actor_recorded("actor_released", actor, by=by, now=now, reason=reason)
        return end_of_act(actor, claims_touching(actor), effects or Effects(), by=by, now=now)


@counts_outside
def release_evidence(
    *,
    evidence: Evidence,
    visibility: str,
    reason: str,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Release a piece of evidence to the desk or the public: it counts from now on.

    Raises NotFound, Forbidden, Invalid, Unconfirmed, and Conflict where it is withdrawn or the claim is closed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(evidence.claim.desk_id)
        claim = lock_claim(evidence.claim)
        rows = Evidence.objects.select_for_update(of=("self",), no_key=True).select_related("source", "claim")
        item = rows.get(pk=evidence.pk)
        may_release(by, claim.desk_id)
        # It would become visible and count for nothing.
        if item.withdrawn_at is not None:
            raise Conflict(_("This evidence has been withdrawn."))
        reason, before = _reason(reason), item.visibility
        check_release(visibility, before=before)
        item.visibility = visibility
        save_released(claim, item, before, by=by, now=now)
        evidence_recorded("evidence_released", item, by=by, now=now, reason=reason)
        after_change(claim, RevisionKind.CHANGED, item, effects=effects, by=by, now=now)
    return item


def release_attachment(
    *, attachment: Attachment, visibility: str, reason: str, by: User, now: datetime | None = None
) -> Attachment:
    """Release a file to the desk or the public, with the capture that produced it.

    Raises NotFound, Forbidden, Invalid.
    """
    with recorded_transaction():
        _release_material(attachment, visibility, reason=reason, by=by, now=now or timezone.now())
    attachment.refresh_from_db()
    return attachment


def release_capture(
    *, capture: Capture, visibility: str, reason: str, by: User, now: datetime | None = None
) -> Capture:
    """Release a capture to the desk or the public, with its file. Raises NotFound, Forbidden, Invalid."""
    with recorded_transaction():
        _release_material(capture, visibility, reason=reason, by=by, now=now or timezone.now())
    capture.refresh_from_db()
    return capture


def _release_material(given: Attachment | Capture, visibility: str, *, reason: str, by: User, now: datetime) -> None:
    """Release a capture and its file together, since each reveals the other."""
    lock_graph(given.source.desk_id)  # a verdict may rest on its source's files
    # Lock the source first, like edits that make it stricter: nothing may become looser than it meanwhile.
    source = Source.objects.select_for_update(no_key=True).get(pk=given.source_id)
    may_release(by, source.desk_id)
    reason = _reason(reason)
    row = type(given).objects.select_for_update(of=("self",), no_key=True).get(pk=given.pk)
    row.source = source
    check_release(visibility, before=row.visibility)
    check_hanging_on(visibility, source)
    other = row.attachment if isinstance(row, Capture) else getattr(row, "capture", None)
    for each in filter(None, (row, other)):
        each.visibility = visibility
        each.save(update_fields=["visibility"])
    material_released(row, by=by, now=now, reason=reason)


def _reason(text: str) -> str:
    return given_text(
        text,
        field="reason",
        message=_("Explain why more people may see it and why this puts no one at risk. The reason is recorded."),
    )

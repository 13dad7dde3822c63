"""Attaching sources to claims as evidence, changing evidence and withdrawing it. One transaction each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import check_seen, count_edit, edit_all, merge
from accounts.models import Role, User
from accounts.queries import role_in
from claims.access.permissions import may_confirm_excerpt, may_edit_claim, may_edit_evidence
from claims.access.releasing import refuse_looser
from claims.bounds import MOST_ELEMENTS, check_number
from claims.inputs import EvidenceInput
from claims.models import Claim, Element, Evidence, RevisionKind
from claims.queries import evidence_of, named_source
from claims.reading.values import EVIDENCE_FIELDS, evidence_values
from claims.record.ledger_entries import evidence_recorded
from claims.record.revisions import RevisionDetails, count_version
from claims.verdicts.graph_loading import day_of, load_evidence_graph
from claims.verdicts.re_checks import end_tasks
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import counts_outside, lock_claim, lock_graph, recompute_claim
from house.errors import Conflict, Invalid, refuse_unsaid
from house.fields import check_fields, given_text, optional_text
from house.inputs import UNCHANGED
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from sources.models import Actor, Source, Visibility
from sources.queries import named_actor, visible_actors
from sources.statement_parts import is_open


@counts_outside
def attach_evidence(
    *,
    claim: Claim,
    fields: EvidenceInput,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Attach a source to a claim, whatever else was attached to it meanwhile.

    Raises NotFound, Forbidden, Invalid, Conflict (closed), Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # New evidence bears on this claim alone, and a verdict's move locks the claim's row too: a shared lock is
        # enough.
        lock_graph(claim.desk_id, shared=True)
        claim = lock_claim(claim)
        may_edit_claim(by, claim)
        _open(claim)
        item = write_evidence(claim, fields, {}, by=by, now=now)
        after_change(
            claim,
            RevisionKind.ATTACHED if item.visibility != Visibility.RESTRICTED else None,
            item,
            effects=effects,
            by=by,
            now=now,
        )
    return item


def write_evidence(
    claim: Claim, fields: EvidenceInput, known: Mapping[UUID, Source], *, by: User, now: datetime
) -> Evidence:
    """Write one piece of evidence onto a locked claim; `known`: sources that were looked up already. Raises Invalid."""
    given = None if fields.source is UNCHANGED else fields.source
    source = known.get(given) if given else None
    if source is None:
        source = named_source(by, claim.desk_id, given, "source")
    item = Evidence(
        claim=claim,
        source=source,
        created_by=by,
        # As it is now: a later role gives no access in hindsight (decision 83).
        placed_by_editor=role_in(by, claim.desk_id) == Role.EDITOR,
        created_at=now,
        visibility=_default_visibility(source.visibility),
    )
    elements = _set_fields(item, fields, by)
    item.save()
    item.elements.set(elements)
    evidence_recorded("evidence_attached", item, by=by, now=now)
    return item


def _default_visibility(of_source: str) -> str:
    """The default visibility of evidence: restricted for a restricted source, otherwise the desk."""
    return of_source if of_source == Visibility.RESTRICTED else Visibility.DESK.value


@counts_outside
def change_evidence(
    *,
    evidence: Evidence,
    fields: EvidenceInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Change what is recorded of a piece of evidence.

    Raises NotFound, Forbidden, Invalid, EditConflict, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # Alone, unlike attaching: verdicts of this claim may rest on it already.
        lock_graph(evidence.claim.desk_id)
        claim = lock_claim(evidence.claim)
        item = (
            Evidence.objects.select_for_update(of=("self",), no_key=True)
            .select_related("source", "claim")
            .get(pk=evidence.pk)
        )
        may_edit_evidence(by, item)
        item.claim = claim
        _open(claim)
        if item.withdrawn_at is not None:
            raise Conflict(_("This evidence has been withdrawn."))
        changed = merge(item, fields.given(), present=evidence_values(by, item), seen=seen)
        if not changed:
            return item
        fields = EvidenceInput(**changed)
        before, excerpt = item.visibility, (item.excerpt, item.locator)
        elements = _set_fields(item, fields, by)
        # A form that was open when a colleague restricted it must not undo that (decision 84).
        refuse_looser(item.visibility, before=before)
        if fields.superseded_by is not UNCHANGED:
            item.superseded_by = _later_statement(item, fields.superseded_by, by)
        count_edit(item, changed, by=by, now=now)
        item.save()
        if fields.elements is not UNCHANGED:
            item.elements.set(elements)
        if item.visibility == Visibility.RESTRICTED:
            # Being superseded would reveal that there is a later statement.
            supersede_no_more([item.pk], by=by, now=now)
        # Restricted before: nobody else saw it, and nothing changes for them.
        counted = before != Visibility.RESTRICTED
        # The re-check was of the former quote: a person has just looked at it.
        if (item.excerpt, item.locator) != excerpt:
            end_tasks(by=by, now=now, evidence=item)
        evidence_recorded("evidence_changed", item, by=by, now=now)
        kind = RevisionKind.CHANGED if counted else None
        after_change(claim, kind, item, effects=effects, by=by, now=now)
    return item


def save_released(claim: Claim, item: Evidence, before: str, *, by: User, now: datetime) -> None:
    """Save released evidence of a locked claim, by the rules for any visible evidence.

    Raises Invalid, Conflict (closed).
    """
    _open(claim)
    _check_together(item)
    changed = ["visibility"]
    if before == Visibility.RESTRICTED and _superseded_by_restricted(item):
        item.superseded_by = None  # released alone: being superseded would reveal the restricted evidence that did it
        changed.append("superseded_by")
    count_edit(item, changed, by=by, now=now)
    item.save(update_fields=["visibility", "superseded_by", "version"])
    if before == Visibility.RESTRICTED and item.superseded_by is not None:
        _same_voice_later(item, later=item.superseded_by)


@counts_outside
def withdraw_evidence(
    *,
    evidence: Evidence,
    reason: str,
    effects: Effects | None = None,
    by: User,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> Evidence:
    """Withdraw evidence, so that it no longer counts. It stays on record with the reason.

    `seen_version`: that of the evidence. Raises NotFound, Forbidden, Invalid, Stale, Conflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(evidence.claim.desk_id)
        claim = lock_claim(evidence.claim)
        item = (
            Evidence.objects.select_for_update(of=("self",), no_key=True)
            .select_related("source", "claim")
            .get(pk=evidence.pk)
        )
        may_edit_evidence(by, item)
        reason = given_text(reason, field="reason", message=_("Give the reason for the withdrawal."))
        _open(claim)
        if item.withdrawn_at is not None:
            raise Conflict(_("This evidence has already been withdrawn."))
        check_seen(item, seen_version)
        item.withdrawn_at, item.withdrawn_by, item.withdrawn_reason = now, by, reason
        count_edit(item, ["withdrawn_at", "withdrawn_reason"], by=by, now=now)
        item.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason", "version"])
        evidence_recorded("evidence_withdrawn", item, by=by, now=now, reason=reason)
        # Nothing supersedes these any more: they are live again.
        edit_all(Evidence.objects.filter(superseded_by=item), by=by, now=now, superseded_by=None)
        end_tasks(by=by, now=now, evidence=item)
        after_change(
            claim,
            RevisionKind.WITHDRAWN if item.visibility != Visibility.RESTRICTED else None,
            item,
            effects=effects,
            by=by,
            now=now,
        )
    return item


def confirm_excerpt(*, evidence: Evidence, note: str = "", by: User, now: datetime | None = None) -> None:
    """Confirm that an excerpt still holds after a correction of its source: for editors and the claim's reviewer.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(evidence.claim)
        evidence.claim = claim
        may_confirm_excerpt(by, evidence)
        note = optional_text(note, field="note")
        # Two who press at once: the second learns that it was done.
        if not end_tasks(by=by, note=note, now=now, evidence=evidence):
            raise Conflict(_("This excerpt needs no re-check: it has already been confirmed."))
        evidence_recorded("excerpt_confirmed", evidence, by=by, now=now, reason=note)


def _superseded_by_restricted(item: Evidence) -> bool:
    """Whether visible evidence is superseded by evidence that its readers may not see."""
    later = item.superseded_by
    return later is not None and later.visibility == Visibility.RESTRICTED and item.visibility != Visibility.RESTRICTED


def supersede_no_more(ids: Iterable[UUID], *, by: User, now: datetime) -> None:
    """Reinstate visible evidence whose superseding evidence is now restricted.

    Otherwise its being superseded would reveal what its readers may not see.
    """
    open_ones = Evidence.objects.filter(superseded_by__in=ids).filter(is_open())
    edit_all(open_ones, by=by, now=now, superseded_by=None)


def _open(claim: Claim) -> None:
    if claim.closed_at is not None:
        raise Conflict(_("This claim is closed. Reopen it first."))


def after_change(
    claim: Claim,
    kind: RevisionKind | None,
    item: Evidence,
    *,
    effects: Effects | None,
    by: User,
    now: datetime,
) -> None:
    """Raise the version, record and recompute.

    `kind`: None for restricted evidence, which changes nothing that others see; only its effects are settled then.
    """
    effects = effects or Effects()
    # Neither a version nor a number may show that restricted evidence changed (decision 22).
    if kind is not None:
        count_version(claim, kind, by=by, now=now, details=RevisionDetails(evidence=item))
        effects.add(recompute_claim(claim, now=now))
    effects.settle(by)


def _set_fields(item: Evidence, fields: EvidenceInput, by: User) -> list[Element]:
    given = fields.given()
    for name in EVIDENCE_FIELDS:
        if name in given:
            setattr(item, name, given[name])
    if fields.against_interest is not UNCHANGED:
        item.against_interest = _admitting(item, fields.against_interest, by)
    check_fields(item, exclude=("claim", "source", "superseded_by"))
    _check_together(item)
    return _elements(item.claim, () if fields.elements is UNCHANGED else fields.elements or ())


def _admitting(item: Evidence, given: UUID | None, by: User) -> Actor | None:
    """The actor whose interest the evidence speaks against after the edit.

    An author who may not see the present one keeps it.
    """
    before = item.against_interest_id
    if before is not None and given in (None, before) and not visible_actors(by).filter(pk=before).exists():
        return item.against_interest
    return named_actor(by, item.claim.desk_id, actor_id=given, field="against_interest")


def _check_together(item: Evidence) -> None:
    if item.against_interest_id and not item.against_interest_reason:
        raise Invalid({"against_interest_reason": [_("Explain why this is an admission against interest.")]})
    if (
        item.against_interest
        and item.against_interest.visibility == Visibility.RESTRICTED
        and item.visibility != Visibility.RESTRICTED
    ):
        raise Invalid(
            {"against_interest": [_("This actor is restricted. Restrict the evidence, or name another actor.")]}
        )
    if Visibility(item.visibility).strictness < Visibility(item.source.visibility).strictness:
        message = _("Evidence must be at least as restricted as its source, which is “%(visibility)s”.")
        raise Invalid({"visibility": [message % {"visibility": Visibility(item.source.visibility).label}]})


def _elements(claim: Claim, ids: Any) -> list[Element]:
    wanted = set(ids)
    check_number(wanted, MOST_ELEMENTS, "elements")
    elements = list(claim.elements.filter(pk__in=wanted))
    if len(elements) != len(wanted):
        raise Invalid({"elements": [_("No such element in this claim.")]})
    return elements


def _later_statement(item: Evidence, later_id: UUID | None, by: User) -> Evidence | None:
    """The superseding evidence: of the same claim, visible to the person, and not itself superseded by this piece.

    Raises Invalid.
    """
    before = item.superseded_by_id
    if before is not None and later_id in (None, before) and not evidence_of(by, item.claim).filter(pk=before).exists():
        return item.superseded_by  # an author who may not see it keeps it
    if later_id is None:
        return None
    later = evidence_of(by, item.claim).filter(pk=later_id, withdrawn_at__isnull=True).first()
    if later is None or later.pk == item.pk:
        raise Invalid({"superseded_by": [_("Name another piece of this claim’s evidence.")]})
    if later.visibility == Visibility.RESTRICTED and item.visibility != Visibility.RESTRICTED:
        raise Invalid({"superseded_by": [_("Restricted evidence cannot supersede what others see.")]})
    _same_voice_later(item, later=later)
    seen, step = {item.pk}, later
    while step is not None:
        if step.pk in seen:
            if evidence_of(by, item.claim).filter(pk__in=seen).count() < len(seen):
                refuse_unsaid("superseded_by")
            raise Invalid({"superseded_by": [_("These pieces of evidence would supersede each other in a circle.")]})
        seen.add(step.pk)
        step = step.superseded_by  # type: ignore[assignment]  # None ends the loop
    return later


def _same_voice_later(item: Evidence, *, later: Evidence) -> None:
    """Refuse a later statement of another voice. Raises Invalid.

    Only a voice's own later statement supersedes: a recantation, an abandoned denial. A carrier of a statement retracts
    nothing by carrying another: the later one has to come from every voice that the earlier one began with. Two unknown
    publishers are not known to be the same.
    """
    if day_of(later.source) < day_of(item.source):
        raise Invalid({"superseded_by": [_("That statement is older than this one.")]})
    # Restricted evidence is in no graph: voices are compared when it is released (decision 20).
    if Visibility.RESTRICTED in (item.visibility, later.visibility):
        return
    graph = load_evidence_graph(item.claim)
    earlier = graph.upstream_of(str(item.source_id))
    began = {graph.voice(source) for source in earlier if graph.begins(source)}
    if None in began:
        message = _("The publisher of this statement is unknown, so it cannot be superseded. Name the publisher first.")
        raise Invalid({"superseded_by": [message]})
    if not began <= {graph.voice(source) for source in graph.upstream_of(str(later.source_id))}:
        raise Invalid(
            {
                "superseded_by": [
                    _("That statement is by another voice. Only the same voice can supersede its own statement.")
                ]
            }
        )

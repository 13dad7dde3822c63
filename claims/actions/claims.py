"""Actions on a claim itself: add, edit, move alone, publish, close. One transaction each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.edits import merge
from accounts.models import Desk, User
from claims.access.permissions import may_edit_as_editor, may_edit_claim, may_move_alone
from claims.actions.elements import ElementsGiven, words_of_element
from claims.actions.evidence import write_evidence
from claims.bounds import MOST_ACTORS, MOST_ELEMENTS, MOST_TOPICS, check_attached, check_number
from claims.inputs import ClaimInput, ElementInput, EvidenceInput, MoveInput, ThresholdInput
from claims.models import (
    Claim,
    CloseReason,
    Element,
    Evidence,
    Revision,
    RevisionKind,
    StateChoices,
    Task,
    Topic,
)
from claims.queries import ChangeWithText, named_evidence, sources_by_id
from claims.reading.values import CLAIM_FIELDS, claim_values, threshold_values
from claims.record.ledger_entries import claim_set, claim_written
from claims.record.revisions import RevisionDetails, check_version, count_version
from claims.states import VERDICTS, Deciders, State
from claims.transitions import MoveDecision, first_change, legal_move, make_move
from claims.verdicts.policy import NamedGrounds
from claims.verdicts.side_effects import Effects
from claims.verdicts.support import counts_outside, lock_claim, lock_desk, lock_graph, recompute_claim
from house.errors import Conflict, Invalid
from house.fields import check_fields, check_language, given_text, optional_text
from house.inputs import UNCHANGED, FieldValues
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from sources.models import Actor, Visibility
from sources.permissions import may_write
from sources.queries import named_actor

# The fields of a claim that its support depends on. Others may be edited while colleagues work on the desk's graph.
RESTS_ON = frozenset({"claimant", "also_claimed_by", "parties", "claimed_on", "elements"})


@counts_outside
def report_claim(
    *,
    desk: Desk,
    fields: ClaimInput,
    evidence: Sequence[EvidenceInput],
    by: User,
    reason: str = "",
    now: datetime | None = None,
) -> Claim:
    """Add a claim with at least one piece of evidence; it begins as 'reported'.

    Raises NotFound, Forbidden, Invalid, PolicyNotMet.
    """
    now = now or timezone.now()
    check_attached(evidence)
    with recorded_transaction():
        # Before the graph: two new claims at once waited for each other with it in their hands (decision 90).
        desk = lock_desk(desk)
        lock_graph(desk.pk, shared=True)  # a new claim affects no other claim's support
        may_write(by, desk)
        desk.last_claim_number += 1
        claim = Claim(
            desk=desk,
            reference=f"{desk.prefix}-{desk.last_claim_number}",
            state=State.REPORTED,
            last_seq=1,
            created_by=by,
            created_at=now,
            changed_at=now,
        )
        _set_fields(claim, fields, by)
        claim.save()
        desk.save(update_fields=["last_claim_number"])
        _set_relations(claim, fields, by)
        elements = _write_elements(claim, () if fields.elements is UNCHANGED else fields.elements or ())
        claim_written("claim_reported", claim, by=by, now=now)
        known = sources_by_id(by, desk.pk, [None if entry.source is UNCHANGED else entry.source for entry in evidence])
        items = [
            write_evidence(claim, _with_elements(entry, elements, number), known, by=by, now=now)
            for number, entry in enumerate(evidence)
        ]
        _keep_order(items)
        Revision.objects.create(claim=claim, version=claim.version, kind=RevisionKind.REPORTED, by=by, at=now)
        # The first status change is read by all, and would reveal restricted evidence (decision 20).
        named = [item.pk for item in items if item.visibility != Visibility.RESTRICTED]
        first_change(claim, named, by=by, reason=optional_text(reason, field="reason"), now=now)
    return claim


def _keep_order(items: Sequence[Evidence]) -> None:
    """Make pieces of evidence attached together appear in the order given.

    Restricted evidence takes no number of its own: a gap between the others would reveal it.
    """
    place = 0
    for item in items:
        # Within the millisecond that the entry says: one added to it could make the row later than its entry.
        item.created_at = item.created_at.replace(microsecond=item.created_at.microsecond // 1000 * 1000 + place)
        item.save(update_fields=["created_at"])
        place += item.visibility != Visibility.RESTRICTED


def _set_fields(claim: Claim, fields: ClaimInput, by: User) -> None:
    given = fields.given()
    for name in CLAIM_FIELDS:
        if name in given:
            setattr(claim, name, given[name])
    if "claimant" in given:
        claim.claimant = _open_actor(
            named_actor(by, claim.desk_id, actor_id=given["claimant"], field="claimant"), "claimant"
        )
    check_fields(claim, exclude=("reference", "due_at"))
    if fields.language is not UNCHANGED:
        check_language(claim.language)
    if claim.happened_from and claim.happened_to and claim.happened_to < claim.happened_from:
        raise Invalid({"happened_to": [_("The end is before the beginning.")]})


def _open_actor(actor: Actor | None, field: str) -> Actor | None:
    """Refuse a restricted actor where the whole desk reads the name. Raises Invalid."""
    # A claimant or party is never restricted: everyone who reads the claim reads the name (decision 20).
    if actor is not None and actor.visibility == Visibility.RESTRICTED:
        raise Invalid(
            {field: [_("“%(name)s” is restricted; here the whole desk would see it.") % {"name": actor.name}]}
        )
    return actor


def _set_relations(claim: Claim, fields: ClaimInput, by: User) -> None:
    given = fields.given()
    for name in ("also_claimed_by", "parties"):
        if name in given:
            check_number(given[name] or (), MOST_ACTORS, name)
            actors = [
                _open_actor(named_actor(by, claim.desk_id, actor_id=pk, field=name), name) for pk in given[name] or ()
            ]
            getattr(claim, name).set([actor for actor in actors if actor is not None])
    if fields.topics is not UNCHANGED:
        check_number(fields.topics or (), MOST_TOPICS, "topics")
        claim.topics.set(_topics(claim.desk, fields.topics or ()))


def _topics(desk: Desk, names: Iterable[str]) -> list[Topic]:
    topics = []
    for name in _names_of_topics(names):
        check_fields(Topic(desk=desk, name=name), exclude=("desk",))
        topics.append(Topic.objects.get_or_create(desk=desk, name=name)[0])
    return topics


def _names_of_topics(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(" ".join(name.split()) for name in names) if name]


def _write_elements(claim: Claim, entries: Sequence[ElementInput]) -> list[Element]:
    check_number(entries, MOST_ELEMENTS, "elements")
    elements = []
    for position, entry in enumerate(entries):
        essential = True if entry.essential is UNCHANGED else entry.essential
        element = Element(claim=claim, text=words_of_element(entry), essential=essential, position=position)
        check_fields(element, exclude=("claim",))
        elements.append(element)
    if elements and not any(element.essential for element in elements):
        raise Invalid({"elements": [_("At least one element must be essential.")]})
    Element.objects.bulk_create(elements)
    return elements


def _with_elements(entry: EvidenceInput, elements: list[Element], number: int) -> EvidenceInput:
    """An inline piece of evidence with its element numbers as ids."""
    numbered: dict[UUID | int, Element] = dict(enumerate(elements))
    named = () if entry.elements is UNCHANGED else entry.elements or ()
    try:
        chosen = [numbered[index].pk for index in named]
    except (KeyError, TypeError) as error:
        message = _("Name elements by their number in this claim, counting from 0.")
        raise Invalid({f"evidence.{number}.elements": [message]}) from error
    return replace(entry, elements=chosen)


@counts_outside
def edit_claim(
    *,
    claim: Claim,
    fields: ClaimInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Change a claim's wording, days, place, claimant, parties or topics.

    `fields` as for `report_claim`. Elements are given by `id` with the changes to them, or without one to add it; an
    element that the author saw cannot be left out. The wording of a claim in a verdict stays, since two people agreed
    on it. Raises NotFound, Forbidden, Invalid, EditConflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # A change of words takes no graph's lock: colleagues would wait for nothing (decision 90).
        if fields.names() & RESTS_ON:
            lock_graph(claim.desk_id)
        claim = lock_claim(claim)
        may_edit_claim(by, claim)
        elements = ElementsGiven(claim, None if fields.elements is UNCHANGED else fields.elements, seen)
        changed = merge(
            claim, _given(fields) | elements.changes, present=claim_values(by, claim) | elements.order, seen=seen
        )
        # Neither a version nor an entry: the same form sent again is no edit (decision 87).
        if not changed and not elements.added:
            return claim
        before = _wording_of(claim)
        settled = ClaimInput(**{name: value for name, value in changed.items() if "." not in name})
        _set_fields(claim, settled, by)
        claim.save()
        _set_relations(claim, settled, by)
        changed_fields = [*changed, *elements.write(changed)]
        after = _wording_of(claim)
        # After the fields were set, so that it compares wordings and not what was sent.
        if claim.state in VERDICTS:
            _refuse_other_words(before, after=after)
        reworded = before != after
        kind = RevisionKind.REWORDED if reworded else RevisionKind.EDITED
        count_version(claim, kind, by=by, now=now, details=RevisionDetails(fields=changed_fields))
        claim_written("claim_reworded" if reworded else "claim_edited", claim, by=by, now=now)
        effects = effects or Effects()
        if fields.names() & RESTS_ON:
            effects.add(recompute_claim(claim, now=now))
        # Last: it undoes everything for a dry run, or where the person has not agreed (decision 31).
        effects.settle(by)
    return claim


def _given(fields: ClaimInput) -> FieldValues:
    """The fields of a claim besides its elements, as they would be kept."""
    given = fields.given()
    given.pop("elements", None)
    for name in ("also_claimed_by", "parties"):
        if name in given:
            given[name] = list(dict.fromkeys(given[name] or ()))
    if "topics" in given:
        given["topics"] = _names_of_topics(given["topics"] or ())
    return given


@dataclass(frozen=True, slots=True)
class _Wording:
    """The wording that a verdict is about. `elements`: the text of each element and whether it is essential, by id."""

    statement: str
    original_statement: str
    elements: Mapping[UUID, tuple[str, bool]]


def _wording_of(claim: Claim) -> _Wording:
    elements = {element.pk: (element.text, element.essential) for element in claim.elements.all()}
    return _Wording(claim.statement, claim.original_statement, elements)


def _refuse_other_words(before: _Wording, *, after: _Wording) -> None:
    """Refuse to reword a claim in a verdict: nobody may change alone what two people agreed on. Raises Invalid.

    The original may be added where it was empty. An element may be added or become essential: where no evidence
    supports it, the verdict is flagged.
    """
    changed = {
        "statement": before.statement != after.statement,
        "original_statement": before.original_statement not in ("", after.original_statement),
        "elements": any(
            after.elements[pk] not in (element, (element[0], True)) for pk, element in before.elements.items()
        ),
    }
    message = _("Two people decided on this wording. It cannot change while the verdict holds.")
    if any(changed.values()):
        raise Invalid({name: [message] for name, is_changed in changed.items() if is_changed})


@counts_outside
def set_threshold(
    *,
    claim: Claim,
    fields: ThresholdInput,
    seen: SeenValues = ANYTHING,
    effects: Effects | None = None,
    by: User,
    now: datetime | None = None,
) -> Claim:
    """Set another threshold for one claim with the reason, or the desk's again.

    Raises Forbidden, Invalid, EditConflict, Unconfirmed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(claim.desk_id)
        claim = lock_claim(claim)
        may_edit_as_editor(by, claim, _("Only editors set a claim’s threshold."))
        threshold, reason = fields.threshold, fields.reason
        if threshold is not None and not 1 <= threshold <= 5:
            raise Invalid({"threshold": [_("Enter a number from 1 to 5.")]})
        present = threshold_values(claim)
        # Untouched, it is kept to the byte, as every field of a form (decision 87).
        as_seen = reason == (seen.values or {}).get("threshold_reason")
        reason = "" if threshold is None else reason if as_seen else reason.strip()
        given = {"threshold": threshold, "threshold_reason": reason}
        changed = merge(claim, given, present=present, seen=seen)
        if not changed:
            if threshold is not None:
                _why_another(reason)
            return claim
        settled = present | changed
        if settled["threshold"] is None:
            claim.threshold_override, claim.threshold_by, claim.threshold_reason = None, None, ""
        else:
            claim.threshold_override, claim.threshold_by = settled["threshold"], by
            claim.threshold_reason = _why_another(settled["threshold_reason"])
        claim.save(update_fields=["threshold_override", "threshold_by", "threshold_reason"])
        count_version(claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(fields=changed))
        claim_written("claim_edited", claim, by=by, now=now, reason=claim.threshold_reason)
        effects = effects or Effects()
        effects.add(recompute_claim(claim, now=now))
        effects.settle(by)
    return claim


def _why_another(reason: str) -> str:
    message = _("Explain why this claim needs another threshold. The reason appears beside the verdict.")
    return given_text(reason, field="reason", message=message)


@counts_outside
def move_alone(
    *,
    claim: Claim,
    fields: MoveInput,
    by: User,
    now: datetime | None = None,
) -> ChangeWithText:
    """Record a denial or its withdrawal: the moves that one person makes.

    Raises NotFound, Forbidden, Invalid, Stale, PolicyNotMet, and Conflict where there is no such move, it needs two
    people, or the claim is closed.
    """
    now = now or timezone.now()
    with recorded_transaction():
        # Shared: a change of support and a move must not pass each other (decision 22).
        lock_graph(claim.desk_id, shared=True)
        claim = lock_claim(claim)
        may_move_alone(by, claim)
        if fields.to not in StateChoices.values:
            raise Invalid({"to": [_("Choose one of: %(states)s.") % {"states": ", ".join(StateChoices.values)}]})
        reason = given_text(fields.reason, field="reason", message=_("Give a reason."))
        named = frozenset(str(item.pk) for item in named_evidence(by, claim, fields.evidence, "evidence"))
        check_version(claim, fields.seen_version)
        move = legal_move(claim, fields.to, deciders=Deciders.ALONE)
        if move.needs_evidence and not named:
            raise Invalid({"evidence": [_("Select the evidence you rely on.")]})
        return make_move(claim, move, NamedGrounds(named), decision=MoveDecision(by=by, reason=reason), now=now)


def publish_claim(*, claim: Claim, reason: str = "", by: User, now: datetime | None = None) -> Claim:
    """Publish the claim with the public part of its material. Raises Forbidden, Invalid, Conflict."""
    return _publication(claim, reason, by, now or timezone.now(), published=True)


def unpublish_claim(*, claim: Claim, reason: str = "", by: User, now: datetime | None = None) -> Claim:
    """Remove the claim's public page. Raises Forbidden, Invalid, Conflict."""
    return _publication(claim, reason, by, now or timezone.now(), published=False)


def _publication(claim: Claim, reason: str, by: User, now: datetime, *, published: bool) -> Claim:
    with recorded_transaction():
        claim = lock_claim(claim)
        may_edit_as_editor(by, claim, _("Only editors publish claims."))
        reason = optional_text(reason, field="reason")
        if (claim.published_at is not None) == published:
            raise Conflict(_("This claim is already published.") if published else _("This claim is not published."))
        claim.published_at = now if published else None
        claim.save(update_fields=["published_at"])
        count_version(claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(note=reason))
        claim_set("claim_published" if published else "claim_unpublished", claim, by=by, now=now, reason=reason)
    return claim


def mark_closed(claim: Claim, *, reason: str, note: str, by: User, now: datetime) -> None:
    """Close a locked claim: its state stays. Raises Forbidden, Invalid, Conflict.

    `reviews.actions.assignments.close_claim` also ends the assignments and assessments on it.
    """
    may_edit_as_editor(by, claim, _("Only editors close claims."))
    if reason not in CloseReason.values:
        raise Invalid({"reason": [_("Choose one of: %(reasons)s.") % {"reasons": ", ".join(CloseReason.values)}]})
    note = optional_text(note, field="note")
    if claim.closed_at is not None:
        raise Conflict(_("This claim is already closed."))
    claim.closed_at, claim.closed_reason, claim.closed_note = now, reason, note
    claim.save(update_fields=["closed_at", "closed_reason", "closed_note"])
    # Kept here as well: opening the claim again takes it off the claim.
    count_version(claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(note=note, closed_as=reason))
    claim_set("claim_closed", claim, by=by, now=now, reason=note, why=reason)


def mark_open(claim: Claim, *, reason: str, by: User, now: datetime) -> None:
    """Reopen a locked claim. Raises Forbidden, Invalid, Conflict.

    `reviews.actions.assignments.open_claim` also plans the reminders of its open work.
    """
    may_edit_as_editor(by, claim, _("Only editors reopen claims."))
    reason = optional_text(reason, field="reason")
    if claim.closed_at is None:
        raise Conflict(_("This claim is open."))
    claim.closed_at, claim.closed_reason, claim.closed_note = None, "", ""
    claim.save(update_fields=["closed_at", "closed_reason", "closed_note"])
    # Closing cancelled the reminders of open re-checks: the tick plans them anew.
    Task.objects.filter(claim=claim, ended_at__isnull=True).update(reminders_follow=False)
    count_version(claim, RevisionKind.EDITED, by=by, now=now, details=RevisionDetails(note=reason))
    claim_set("claim_opened", claim, by=by, now=now, reason=reason)

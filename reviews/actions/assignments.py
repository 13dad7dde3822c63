"""Assigning claims to reviewers, and ending assignments. One transaction each.

Ending an assignment cancels its reminders in the same transaction; a new due time moves them. New reviewers and
approvers are notified in the application.
"""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.queries import members_of, role_in
from claims.access.conflicts import conflict_in_words, conflicts_told, conflicts_with
from claims.access.participants import add_participant, leave, set_due
from claims.access.permissions import is_named_decider, may_edit_as_editor
from claims.actions.claims import mark_closed, mark_open
from claims.models import Claim, Participant, ParticipantRole
from claims.queries import deciders_of
from claims.verdicts.support import lock_claim
from house.errors import Conflict, Forbidden, Invalid, NotFound
from house.fields import LAST_YEAR, given_text, optional_text
from house.transactions import recorded_transaction
from reviews.actions.notifications import Occasion, notify
from reviews.actions.planning import cancel_reminders, plan_decisions_of, plan_reminders
from reviews.actions.telling import tell
from reviews.ledger_entries import assignment_recorded, decider_recorded
from reviews.models import Assessment, AssessmentState, Assignment, AssignmentState, NotificationKind
from reviews.written_words import ASSIGNMENT_ENDS


def assign(
    *,
    claim: Claim,
    reviewer: User | None,
    due_at: datetime | None = None,
    by: User,
    now: datetime | None = None,
) -> Assignment:
    """Assign a claim to a reviewer of its desk, due at `due_at` (default: after the desk's days to review).

    Raises NotFound, Forbidden, Invalid, Conflict (closed, or already assigned to them).
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        may_edit_as_editor(by, claim, _("Only editors assign claims."))
        due_at = due_at or now + timedelta(days=claim.desk.days_to_review)
        return _write_assignment(claim, reviewer, due_at, NotificationKind.ASSIGNED, by=by, now=now)


def _write_assignment(
    claim: Claim,
    reviewer: User | None,
    due_at: datetime,
    kind: NotificationKind,
    *,
    by: User,
    now: datetime,
) -> Assignment:
    """Write the assignment of a locked claim with its reminders, and notify the reviewer."""
    field = "to" if kind == NotificationKind.HANDED_OVER else "reviewer"  # the one that named them
    if reviewer is None or not members_of(claim.desk, Role.REVIEWER, Role.EDITOR).filter(pk=reviewer.pk).exists():
        raise Invalid({field: [_("Name a reviewer or an editor of this desk.")]})
    _still_to_come(due_at, now=now)
    if claim.closed_at is not None:
        raise Conflict(_("This claim is closed. Reopen it first."))
    _without_conflict(claim, reviewer, by=by, field=field)
    if Assignment.objects.filter(claim=claim, reviewer=reviewer, ended_at__isnull=True).exists():
        raise Conflict(_("%(person)s is already assigned to this claim.") % {"person": reviewer.username})
    takes_it = reviewer.pk == by.pk  # a reviewer who assigns a claim to themselves has accepted it
    assignment = Assignment.objects.create(
        claim=claim,
        reviewer=reviewer,
        assigned_by=by,
        due_at=due_at,
        state=AssignmentState.ACCEPTED if takes_it else AssignmentState.OFFERED,
        accepted_at=now if takes_it else None,
        created_at=now,
    )
    add_participant(claim, reviewer, ParticipantRole.REVIEWER, accepted=takes_it, now=now)
    plan_reminders(assignment, now=now)
    tell(kind, claim, assignment=assignment, by=by, now=now)
    # Lists of claims page by the claim's own due time.
    _update_due(claim)
    assignment_recorded("assigned", assignment, by=by, now=now)
    return assignment


def _without_conflict(claim: Claim, person: User, *, by: User, field: str) -> None:
    """Refuse a reviewer who declared a conflict. Only that person and editors learn the reason, as far as they may know
    it."""
    if person.pk not in conflicts_with(claim, [person.pk]):
        return
    told = conflicts_told(claim, [person.pk], to=by).get(person.pk)
    # The actor may be restricted, and a conflict is a private matter: editors alone read the reason (decision 40).
    if told is None or (by.pk != person.pk and role_in(by, claim.desk_id) != Role.EDITOR):
        raise Invalid(
            {field: [_("%(person)s cannot be assigned this claim. Name another reviewer.") % {"person": person}]}
        )
    raise Invalid({field: [conflict_in_words(person.username, touched=told.name)]})


def _still_to_come(due_at: datetime, *, now: datetime) -> None:
    # Reminders add days to it, which must not go beyond Python's last year.
    if due_at <= now or due_at.year > LAST_YEAR:
        message = _("Enter a future time, before the end of %(last)d.")
        raise Invalid({"due_at": [message % {"last": LAST_YEAR}]})


def _lock(assignment: Assignment) -> Assignment:
    # The claim's row first, then rows of reviews, as everywhere (decision 22).
    claim = lock_claim(assignment.claim)
    row = (
        Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("reviewer").get(pk=assignment.pk)
    )
    row.claim = claim
    return row


def may_answer(assignment: Assignment, by: User) -> None:
    """Allow only the assigned reviewer to accept, decline or reassign. Raises NotFound, Forbidden."""
    if assignment.reviewer_id == by.pk and role_in(by, assignment.claim.desk_id) is not None:
        return
    if role_in(by, assignment.claim.desk_id) is None:
        raise NotFound(_("Assignment not found."))
    raise Forbidden(
        _("This claim is assigned to %(person)s, who must respond.") % {"person": assignment.reviewer.username}
    )


def _still_open(assignment: Assignment) -> None:
    if not assignment.is_open:
        raise Conflict(_("This assignment has ended: %(state)s.") % {"state": assignment.get_state_display()})


def accept_assignment(*, assignment: Assignment, by: User, now: datetime | None = None) -> Assignment:
    """Accept an assignment. Raises NotFound, Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        assignment = _lock(assignment)
        may_answer(assignment, by)
        _still_open(assignment)
        if assignment.state == AssignmentState.ACCEPTED:
            raise Conflict(_("You have already accepted this assignment."))
        assignment.state, assignment.accepted_at = AssignmentState.ACCEPTED, now
        assignment.save(update_fields=["state", "accepted_at"])
        add_participant(assignment.claim, assignment.reviewer, ParticipantRole.REVIEWER, accepted=True, now=now)
        assignment_recorded("assignment_accepted", assignment, by=by, now=now)
    return assignment


def decline(*, assignment: Assignment, reason: str, by: User, now: datetime | None = None) -> Assignment:
    """Decline an assignment, with a reason. Raises NotFound, Forbidden, Invalid, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        assignment = _lock(assignment)
        may_answer(assignment, by)
        reason = given_text(
            reason, field="reason", message=_("Give a reason, so that the editor can find another reviewer.")
        )
        _still_open(assignment)
        # Before the end, which takes away the role by which the audience is found.
        tell(NotificationKind.DECLINED, assignment.claim, assignment=assignment, by=by, now=now)
        end_assignment(assignment, AssignmentState.DECLINED, reason=reason, by=by, now=now)
    return assignment


def reassign(
    *, assignment: Assignment, to: User | None, reason: str = "", by: User, now: datetime | None = None
) -> Assignment:
    """Reassign a claim to another reviewer, who can accept or decline; the due time stays unless it has passed.

    Returns the new assignment. Raises NotFound, Forbidden, Invalid, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        assignment = _lock(assignment)
        may_answer(assignment, by)
        reason = optional_text(reason, field="reason")
        if to is not None and to.pk == by.pk:
            raise Invalid({"to": [_("Name another person: the claim is assigned to you.")]})
        _still_open(assignment)
        end_assignment(assignment, AssignmentState.HANDED_OVER, reason=reason, by=by, now=now)
        due_at = assignment.due_at
        # A due time that has passed would leave the next reviewer overdue from the first minute.
        if due_at <= now:
            due_at = now + timedelta(days=assignment.claim.desk.days_to_review)
        given = _write_assignment(assignment.claim, to, due_at, NotificationKind.HANDED_OVER, by=by, now=now)
        tell(NotificationKind.REASSIGNED, given.claim, assignment=given, by=by, now=now)
    return given


def withdraw_assignment(
    *, assignment: Assignment, reason: str = "", by: User, now: datetime | None = None
) -> Assignment:
    """Withdraw an assignment as an editor. Raises NotFound, Forbidden, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        assignment = _lock(assignment)
        may_edit_as_editor(by, assignment.claim, _("Only editors withdraw an assignment."))
        reason = optional_text(reason, field="reason")
        _still_open(assignment)
        tell(NotificationKind.WITHDRAWN, assignment.claim, assignment=assignment, by=by, now=now)
        end_assignment(assignment, AssignmentState.WITHDRAWN, reason=reason, by=by, now=now)
    return assignment


def change_due(*, assignment: Assignment, due_at: datetime, by: User, now: datetime | None = None) -> Assignment:
    """Change the due time of an assignment, and move its reminders.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        assignment = _lock(assignment)
        may_edit_as_editor(by, assignment.claim, _("Only editors change a due time."))
        _still_to_come(due_at, now=now)
        _still_open(assignment)
        assignment.due_at = due_at
        assignment.save(update_fields=["due_at"])
        # Written anew and not moved: their moments depend on the time that is left from now (decision 23).
        cancel_reminders(assignment=assignment, now=now)
        plan_reminders(assignment, now=now)
        _update_due(assignment.claim)
        tell(NotificationKind.DUE_CHANGED, assignment.claim, assignment=assignment, by=by, now=now)
        assignment_recorded("due_time_changed", assignment, by=by, now=now)
    return assignment


def end_assignment(
    assignment: Assignment, state: AssignmentState, *, reason: str = "", by: User | None, now: datetime
) -> None:
    """End a locked assignment of a locked claim, cancel its reminders and its reviewer's access to the claim.

    `by`: the person who ended it; None for a command that runs under no name.
    """
    assignment.state, assignment.ended_at, assignment.ended_reason = state, now, reason
    assignment.save(update_fields=["state", "ended_at", "ended_reason"])
    # Access to the claim's restricted material ends with the assignment (decision 83).
    leave(assignment.claim, assignment.reviewer, ParticipantRole.REVIEWER, now=now)
    cancel_reminders(assignment=assignment, now=now)
    _update_due(assignment.claim)
    assignment_recorded("assignment_ended", assignment, by=by, now=now, reason=reason)


def _update_due(claim: Claim) -> None:
    """Set the claim's due time to that of its first open assignment."""
    first = Assignment.objects.filter(claim=claim, ended_at__isnull=True).order_by("due_at").first()
    set_due(claim, first.due_at if first else None)


def name_decider(*, claim: Claim, user: User | None, by: User, now: datetime | None = None) -> Participant:
    """Name an approver for this claim besides the editors: a reviewer of this desk, or one invited from another.

    An invitation ends with the decision, when an editor withdraws it, and when the person loses their last reviewing
    role. Raises NotFound, Forbidden, Invalid, Conflict (already named).
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        may_edit_as_editor(by, claim, _("Only editors name approvers."))
        # Of another desk too: a desk may be too small to have a second person.
        fit = (
            user is not None
            and user.is_active
            and user.memberships.filter(role__in=[Role.REVIEWER, Role.EDITOR]).exists()
        )
        if user is None or not fit:
            raise Invalid({"person": [_("Name a reviewer or an editor, of this desk or of another.")]})
        if is_named_decider(user, claim):
            raise Conflict(_("%(person)s is already an approver.") % {"person": user.username})
        _without_conflict(claim, user, by=by, field="person")
        named = add_participant(claim, user, ParticipantRole.DECIDER, accepted=True, now=now)
        notify([user], Occasion(NotificationKind.NAMED_DECIDER, claim), by=by, now=now)
        decider_recorded("decider_named", claim, user, by=by, now=now)
    return named


def unname_decider(*, decider: Participant, by: User, now: datetime | None = None) -> None:
    """Remove an approver; a person from another desk can then no longer see the claim.

    Raises NotFound, Forbidden, Conflict (already removed, or ended with the decision).
    """
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(decider.claim)
        may_edit_as_editor(by, claim, _("Only editors remove approvers."))
        if not is_named_decider(decider.user, claim):
            raise Conflict(_("%(person)s is no longer an approver.") % {"person": decider.user.username})
        leave(claim, decider.user, ParticipantRole.DECIDER, now=now)
        notify([decider.user], Occasion(NotificationKind.APPROVER_ENDED, claim), by=by, now=now)
        decider_recorded("decider_unnamed", claim, decider.user, by=by, now=now)


def end_invitations(claim: Claim, *, now: datetime) -> None:
    """End invitations from other desks once a locked claim's assessment is decided.

    While another assessment is waiting they stay. Approvers of the desk itself stay named: they see the claim anyway.
    """
    named_now = list(deciders_of(claim))  # usually empty, which saves the second query
    # Another waiting assessment may be the one that the person was invited for (decision 36).
    if not named_now or Assessment.objects.filter(claim=claim, state=AssessmentState.WAITING).exists():
        return
    for named in named_now:
        # Approvers of the desk itself see the claim anyway.
        if role_in(named.user, claim.desk_id) is None:
            leave(claim, named.user, ParticipantRole.DECIDER, now=now)


def close_claim(*, claim: Claim, reason: str, note: str = "", by: User, now: datetime | None = None) -> Claim:
    """Close a claim: its state stays, its assignments and reminders end. Raises Forbidden, Invalid, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        mark_closed(claim, reason=reason, note=note, by=by, now=now)
        # Before the assignments end, by which the audience is found.
        tell(NotificationKind.CLOSED, claim, by=by, now=now)
        rows = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("reviewer")
        for assignment in rows.filter(claim=claim, ended_at__isnull=True).order_by("pk"):
            assignment.claim = claim
            end_assignment(assignment, AssignmentState.WITHDRAWN, reason=str(ASSIGNMENT_ENDS), by=by, now=now)
        cancel_reminders(claim=claim, now=now)
    return claim


def open_claim(*, claim: Claim, reason: str = "", by: User, now: datetime | None = None) -> Claim:
    """Reopen a closed claim, and plan reminders for its waiting work. Raises Forbidden, Invalid, Conflict."""
    now = now or timezone.now()
    with recorded_transaction():
        claim = lock_claim(claim)
        mark_open(claim, reason=reason, by=by, now=now)
        tell(NotificationKind.OPENED, claim, by=by, now=now)
        plan_decisions_of(claim, now=now)
    return claim

"""Assignments, assessments, decisions and reminders to read: scoped to the person in the same query."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _

from accounts.models import Desk, Membership, Role, User
from accounts.queries import desks_of, role_in
from accounts.scopes import is_editor, is_member
from claims.access.conflicts import conflicts_told
from claims.access.scopes import evidence_for, takes_part
from claims.models import Claim, Evidence, ParticipantRole, StatusChange, Task, TaskKind
from claims.queries import visible_claims, visible_sources
from claims.reading.actor_queries import redacted_by_editor, shown_actors
from house.errors import NotFound
from house.kept_queries import kept, kept_rows
from reviews.models import (
    Assessment,
    AssessmentDraft,
    AssessmentState,
    Assignment,
    FormDraft,
    Notification,
    NotificationKind,
    Redaction,
    RedactionState,
    Reminder,
)


def visible_assignments(user: User) -> QuerySet[Assignment]:
    """The assignments on the person's desks."""
    return Assignment.objects.filter(is_member(user, "claim__desk")).select_related(
        "claim__desk", "claim__claimant", "reviewer", "assigned_by"
    )


def get_assignment(user: User, assignment_id: UUID) -> Assignment:
    """One assignment that the person may know of. Raises NotFound."""
    found = visible_assignments(user).filter(pk=assignment_id).first()
    if found is None:
        raise NotFound(_("Assignment not found."))
    return found


def reassigned_to(assignment: Assignment) -> Assignment:
    """The new assignment made when this one (already scoped) was reassigned by its reviewer.

    Raises NotFound if it was not reassigned.
    """
    given = Assignment.objects.filter(claim=assignment.claim_id, assigned_by=assignment.reviewer_id)
    at_that_moment = given.filter(created_at=F("claim__assignments__ended_at"), claim__assignments=assignment)
    found = at_that_moment.select_related("claim", "reviewer", "assigned_by").first()
    if found is None:
        raise NotFound(_("Assignment not found."))
    return found


def open_assignment(user: User, claim: Claim) -> Assignment | None:
    """The person's own open assignment of a claim, if any."""
    return Assignment.objects.filter(claim=claim, reviewer=user, ended_at__isnull=True).first()


def assignments_of(claim: Claim) -> QuerySet[Assignment]:
    """The open assignments of a claim, the nearest due first."""
    rows = Assignment.objects.filter(claim=claim, ended_at__isnull=True)
    return rows.select_related("reviewer", "assigned_by").order_by("due_at", "id")


def assessments_of(claim: Claim) -> QuerySet[Assessment]:
    """The assessments of a claim (already scoped) with their decisions, the newest first."""
    return (
        Assessment.objects.filter(claim=claim)
        .select_related("assessor", "decision__decided_by")
        .prefetch_related("evidence__source", "answers__evidence__source", "elements__element")
        .order_by("-created_at", "id")
    )


@kept_rows(
    Claim,
    columns=("id", "claim", "proposed_state", "state", "created_at", "assessor", "assessor__id", "assessor__username"),
)
def assessments_shown(claim: Claim) -> QuerySet[Assessment]:
    """The last ten assessments of a claim (already scoped), with assessor and state, the newest first."""
    return assessments_of(claim)[:10]


@kept_rows(
    Claim,
    columns=[
        *("id", "claim", "state", "due_at", "reviewer", "reviewer__id", "reviewer__username"),
        *("assigned_by", "assigned_by__id", "assigned_by__username"),
    ],
)
def assignments_shown(claim: Claim) -> QuerySet[Assignment]:
    """The open assignments of a claim (already scoped), with user name and due time, the nearest due first."""
    return assignments_of(claim)


def last_own_assessment(user: User, claim: Claim) -> Assessment | None:
    """The person's own assessment of a claim that is waiting or was rejected last, to continue from."""
    last = assessments_of(claim).filter(assessor=user).first()
    return last if last and last.state in (AssessmentState.WAITING, AssessmentState.REJECTED) else None


def own_drafts(user: User) -> QuerySet[AssessmentDraft]:
    """One's own drafts on one's desks, the last saved first. Drafts of other people are never read."""
    rows = AssessmentDraft.objects.filter(is_member(user, "claim__desk"), assessor=user)
    return rows.select_related("claim__claimant").order_by("-kept_at", "id")


def own_draft(user: User, claim: Claim) -> AssessmentDraft | None:
    """The person's own draft on a claim, if any."""
    return own_drafts(user).filter(claim=claim).first()


def get_draft(user: User, claim: Claim) -> AssessmentDraft:
    """The person's own draft on a claim. Raises NotFound."""
    found = own_draft(user, claim)
    if found is None:
        raise NotFound(_("You have no draft for this claim."))
    return found


def form_drafts_of(user: User) -> QuerySet[FormDraft]:
    """One's own drafts of forms about subjects that one may know of now, the last saved first. Drafts of other people
    are never read."""
    rows = FormDraft.objects.filter(author=user).filter(
        Q(claim__isnull=True) | Q(claim__in=visible_claims(user).values("pk")),
        Q(evidence__isnull=True) | Q(evidence__in=Evidence.objects.filter(evidence_for(user)).values("pk")),
        Q(source__isnull=True) | Q(source__in=visible_sources(user).values("pk")),
        Q(actor__isnull=True) | Q(actor__in=shown_actors(user).values("pk")),
        Q(claim__isnull=False) | Q(actor__isnull=False) | Q(desk__in=desks_of(user).values("pk")),
    )
    return rows.select_related("claim__claimant", "desk").order_by("-kept_at", "id")


def get_form_draft(user: User, draft_id: UUID) -> FormDraft:
    """One of one's own drafts of forms. Raises NotFound."""
    found = form_drafts_of(user).filter(pk=draft_id).first()
    if found is None:
        raise NotFound(_("Draft not found."))
    return found


def get_assessment(user: User, assessment_id: UUID) -> Assessment:
    """One assessment of a claim on the person's desks, or one that they may decide as an approver. Raises NotFound."""
    found = (
        Assessment.objects.filter(
            Q(is_member(user, "claim__desk")) | Q(takes_part(user, ParticipantRole.DECIDER, "claim")),
            pk=assessment_id,
        )
        .select_related("claim__desk", "claim__claimant", "assessor", "decision__decided_by")
        .prefetch_related("evidence__source__publisher", "answers__evidence__source", "elements__element")
        .first()
    )
    if found is None:
        raise NotFound(_("Assessment not found."))
    return found


def has_moved_since(assessment: Assessment) -> bool:
    """Whether the claim's status has changed since submission, even if it came back to the same state."""
    claim = assessment.claim
    return assessment.from_state != claim.state or (
        StatusChange.objects.filter(claim=claim, at__gt=assessment.created_at).exists()
    )


def to_decide(user: User) -> QuerySet[Assessment]:
    """The waiting assessments that the person may decide, never their own. The longest waiting first."""
    named = Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    rows = Assessment.objects.filter(Q(is_editor(user, "claim__desk")) | named, state=AssessmentState.WAITING)
    return (
        rows.exclude(assessor=user)
        .select_related("claim__desk", "claim__claimant", "assessor")
        .order_by("created_at", "id")
    )


def tells_no_more_than(user: User) -> Q:
    """Reminders and notifications of claims that the person may know of now; of quotes, those they may see."""
    knows = Q(is_member(user, "claim__desk")) | Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    seen = Evidence.objects.filter(evidence_for(user)).values("pk")
    excerpts = Task.objects.filter(claim=OuterRef("claim"), kind=TaskKind.RECHECK, evidence__in=seen)
    return Q(knows & (~Q(kind=TaskKind.RECHECK) | Q(Exists(excerpts))))


def reminders_of(user: User) -> QuerySet[Reminder]:
    """The person's reminders, sent ones included, of claims that they may see."""
    return Reminder.objects.filter(tells_no_more_than(user), recipient=user).select_related("claim")


def notifications_of(user: User) -> QuerySet[Notification]:
    """One's own notifications, of claims that one may know of."""
    rows = Notification.objects.filter(tells_no_more_than(user), recipient=user)
    return rows.select_related("claim", "assignment__reviewer", "assessment__assessor", "by")


def get_notification(user: User, notification_id: UUID) -> Notification:
    """One of one's own notifications. Raises NotFound."""
    found = notifications_of(user).filter(pk=notification_id).first()
    if found is None:
        raise NotFound(_("Notification not found."))
    return found


MOST_UNREAD = 99


def unread_notifications(user: User, desks: Collection[UUID]) -> int:
    """The number of the person's unread notifications; above `MOST_UNREAD`, one more than that.

    `desks`: the person's desks. Rows outside them are checked in full.
    """
    rows = _unread(user)
    if all(kind != NotificationKind.RECHECK and desk in desks for kind, desk in rows):
        return len(rows)
    return _all_unread(user).filter(tells_no_more_than(user))[: MOST_UNREAD + 1].count()


@kept(User)
def _unread(user: User) -> QuerySet[Notification, tuple[str, UUID]]:
    return _all_unread(user).values_list("kind", "claim__desk_id")[: MOST_UNREAD + 1]


def _all_unread(user: User) -> QuerySet[Notification]:
    return Notification.objects.filter(recipient=user, read_at__isnull=True).order_by()


def may_be_decided_by(user: User, assessment: Assessment) -> bool:
    """Whether to show the person the form to decide; the action checks again."""
    if assessment.state != AssessmentState.WAITING or assessment.assessor_id == user.pk:
        return False
    decides = (
        role_in(user, assessment.claim.desk_id) == Role.EDITOR or to_decide(user).filter(pk=assessment.pk).exists()
    )
    return decides and not conflicts_told(assessment.claim, [user.pk], to=user)


def redactions_on(user: User, desk: Desk) -> QuerySet[Redaction]:
    """The redactions on a desk of which the person is an editor, the newest first."""
    return _redactions(Q(is_editor(user, "desk"), desk=desk))


def open_redactions_of(user: User, desk: Desk) -> int:
    """The number of redactions on a desk that wait for a second person."""
    return redactions_on(user, desk).filter(state=RedactionState.PROPOSED).count()


def redactions_elsewhere(user: User) -> QuerySet[Redaction]:
    """The open redactions that the person was asked to decide from another desk, and those of shared actors: for
    administrators, and for editors who may redact these actors. The newest first."""
    return _redactions(_is_elsewhere_for(user))


def redactions_seen(user: User) -> QuerySet[Redaction]:
    """The redactions that the person can see, here and on desks of which they are an editor."""
    return _redactions(_is_elsewhere_for(user) | Q(is_editor(user, "desk")))


def get_redaction_seen(user: User, redaction_id: UUID) -> Redaction:
    """One redaction that the person can see. Raises NotFound."""
    return _one_redaction(redactions_seen(user), redaction_id)


def _redactions(seen: Q) -> QuerySet[Redaction]:
    rows = Redaction.objects.filter(seen).select_related("proposed_by", "decided_by", "second", "desk", "actor")
    return rows.order_by("-proposed_at", "-id")


def _one_redaction(rows: QuerySet[Redaction], redaction_id: UUID) -> Redaction:
    found = rows.filter(pk=redaction_id).first()
    if found is None:
        raise NotFound(_("Redaction not found."))
    return found


def _is_elsewhere_for(user: User) -> Q:
    edits = Membership.objects.filter(user=user, user__is_active=True, role=Role.EDITOR)
    on_desk = Membership.objects.filter(user=user, desk=OuterRef("desk"))
    asking = Membership.objects.filter(
        user=OuterRef("proposed_by"), user__is_active=True, desk=OuterRef("desk"), role=Role.EDITOR
    )
    asked = Q(second=user, state=RedactionState.PROPOSED) & Q(Exists(edits)) & Q(Exists(asking)) & ~Q(Exists(on_desk))
    shared = Q(actor__isnull=False) & (Q(Value(user.is_staff)) | Q(actor__in=redacted_by_editor(user)))
    return asked | shared


@dataclass(frozen=True, slots=True)
class WaitingRedactions:
    """The desks with open redactions, and whether one outside them may await the person's decision."""

    desks: frozenset[UUID]
    perhaps_elsewhere: bool


def waiting_redactions(user: User, edited: Collection[UUID]) -> WaitingRedactions:
    """The redactions that others proposed on the desks that the person edits (`edited`).

    `perhaps_elsewhere` is False only where `waits_elsewhere`, which costs more, would be.
    """
    found = _proposed_to(user)
    elsewhere = any(second == user.pk or actor is not None for _desk, second, actor in found)
    on_desks = frozenset(desk for desk, _second, _actor in found if desk in edited)
    return WaitingRedactions(on_desks, perhaps_elsewhere=elsewhere)


@kept(User)
def _proposed_to(user: User) -> QuerySet[Redaction, tuple[UUID, UUID, UUID]]:
    asked = Q(is_editor(user, "desk")) | Q(second=user) | Q(actor__isnull=False)
    rows = Redaction.objects.filter(asked, state=RedactionState.PROPOSED).exclude(proposed_by=user).order_by()
    return rows.values_list("desk_id", "second_id", "actor_id")


def waits_elsewhere(user: User) -> bool:
    """Whether a redaction beyond the person's desks waits for their decision."""
    waiting = redactions_elsewhere(user).filter(state=RedactionState.PROPOSED).exclude(proposed_by=user)
    return waiting.exclude(actor__isnull=False, proposed_by__is_staff=user.is_staff).exists()


def get_redaction_elsewhere(user: User, redaction_id: UUID) -> Redaction:
    """One redaction beyond the person's desks. Raises NotFound."""
    return _one_redaction(redactions_elsewhere(user), redaction_id)


def get_redaction(user: User, desk: Desk, redaction_id: UUID) -> Redaction:
    """One redaction on a desk. Raises NotFound."""
    return _one_redaction(redactions_on(user, desk), redaction_id)

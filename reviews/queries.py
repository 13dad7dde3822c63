"""Reading assignments, findings, decisions and reminders: scoped to the person, and fetched in the same step."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.compiled import compiled
from accounts.errors import NotFound
from accounts.models import Membership, Role, User
from accounts.queries import role_in
from accounts.scopes import is_editor, is_member
from claims.conflicts import conflicts_of, conflicts_with
from claims.models import NEVER_DUE, Claim, Evidence, Participant, ParticipantRole, Task, TaskKind
from claims.scopes import evidence_for, takes_part
from claims.states import OPEN
from reviews.models import (
    Assessment,
    AssessmentDraft,
    AssessmentState,
    Assignment,
    AssignmentState,
    Notification,
    NotificationKind,
    Reminder,
    ReminderKind,
    ReminderState,
)


def visible_assignments(user: User) -> QuerySet[Assignment]:
    """The assignments on the desks that the person is on."""
    return Assignment.objects.filter(is_member(user, "claim__desk")).select_related(
        "claim__desk", "claim__claimant", "reviewer", "assigned_by"
    )


def get_assignment(user: User, assignment_id: UUID) -> Assignment:
    """One assignment that the person may know of. Raises NotFound."""
    found = visible_assignments(user).filter(pk=assignment_id).first()
    if found is None:
        raise NotFound(_("There is no such assignment."))
    return found


def handed_on(assignment: Assignment) -> Assignment:
    """What became of an assignment that was handed over (already scoped): the one given at that moment by its reviewer.

    Raises NotFound where it was not.
    """
    given = Assignment.objects.filter(claim=assignment.claim_id, assigned_by=assignment.reviewer_id)
    at_that_moment = given.filter(created_at=F("claim__assignments__ended_at"), claim__assignments=assignment)
    found = at_that_moment.select_related("claim", "reviewer", "assigned_by").first()
    if found is None:
        raise NotFound(_("There is no such assignment."))
    return found


def open_assignment(user: User, claim: Claim) -> Assignment | None:
    """The person's own open assignment of a claim, if they have one."""
    return Assignment.objects.filter(claim=claim, reviewer=user, ended_at__isnull=True).first()


def assignments_of(claim: Claim) -> QuerySet[Assignment]:
    """Everybody who has the claim now, the nearest due first."""
    rows = Assignment.objects.filter(claim=claim, ended_at__isnull=True)
    return rows.select_related("reviewer", "assigned_by").order_by("due_at", "id")


def assessments_of(claim: Claim) -> QuerySet[Assessment]:
    """The findings on a claim (already scoped), the newest first, with their decisions."""
    return (
        Assessment.objects.filter(claim=claim)
        .select_related("assessor", "decision__decided_by")
        .prefetch_related("evidence__source", "answers__evidence__source", "elements__element")
        .order_by("-created_at", "id")
    )


@compiled(Claim)
def findings_shown(claim: Claim) -> QuerySet[Assessment]:
    """The last ten findings on a claim (already scoped) by whom, what and how each stands; the newest first."""
    rows = Assessment.objects.filter(claim=claim).select_related("assessor").order_by("-created_at", "id")
    return rows.only("proposed_state", "state", "created_at", "assessor__username")[:10]


@compiled(Claim)
def assignments_shown(claim: Claim) -> QuerySet[Assignment]:
    """Who has a claim (already scoped) now, by whom and by when, by user name; the nearest due first."""
    rows = assignments_of(claim)
    return rows.only("state", "due_at", "reviewer__username", "assigned_by__username")


def last_own_finding(user: User, claim: Claim) -> Assessment | None:
    """The person's own finding on a claim that waits, or was sent back last: what they would go on from."""
    last = assessments_of(claim).filter(assessor=user).first()
    return last if last and last.state in (AssessmentState.WAITING, AssessmentState.REJECTED) else None


def drafts_of(user: User) -> QuerySet[AssessmentDraft]:
    """One's own drafts, on the desks that one is on, the last kept first. Nobody else's are ever read."""
    rows = AssessmentDraft.objects.filter(is_member(user, "claim__desk"), assessor=user)
    return rows.select_related("claim__claimant").order_by("-kept_at", "id")


def own_draft(user: User, claim: Claim) -> AssessmentDraft | None:
    """The person's own draft on a claim, if they have one."""
    return drafts_of(user).filter(claim=claim).first()


def get_draft(user: User, claim: Claim) -> AssessmentDraft:
    """The person's own draft on a claim. Raises NotFound."""
    found = own_draft(user, claim)
    if found is None:
        raise NotFound(_("There is no draft of yours on this claim."))
    return found


def get_assessment(user: User, assessment_id: UUID) -> Assessment:
    """One finding on a claim of the person's desks, or one they were named to decide. Raises NotFound."""
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
        raise NotFound(_("There is no such finding."))
    return found


def to_decide(user: User) -> QuerySet[Assessment]:
    """The findings that wait and that the person may decide: never their own. The longest waiting first."""
    named = Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    rows = Assessment.objects.filter(Q(is_editor(user, "claim__desk")) | named, state=AssessmentState.WAITING)
    return (
        rows.exclude(assessor=user)
        .select_related("claim__desk", "claim__claimant", "assessor")
        .order_by("created_at", "id")
    )


@dataclass(frozen=True)
class Work:
    """What one person has to do, in the order in which they would look."""

    overdue: list[Assignment]
    today: list[Assignment]
    offered: list[Assignment]
    later: list[Assignment]
    to_decide: list[Assessment]
    handed_in: list[Assessment]
    drafts: list[AssessmentDraft]
    tasks: list[Task]
    unassigned: list[Claim]
    reminders: list[Reminder]
    next_due: Assignment | None


MOST_SHOWN = 25


def work_of(user: User, *, now: datetime) -> Work:
    """The person's queue. 'Today' ends at midnight in their own time zone."""
    zone = ZoneInfo(user.time_zone)
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone)
    roles = dict(Membership.objects.filter(user=user).values_list("desk_id", "role"))
    editing = [desk for desk, role in roles.items() if role == Role.EDITOR]
    mine = list(
        Assignment.objects.filter(reviewer=user, ended_at__isnull=True, claim__desk__in=roles)
        .select_related("claim__claimant", "assigned_by")
        .only("state", "due_at", "created_at", "assigned_by__username", *_line("claim__"))
        .order_by("due_at", "id")[: 4 * MOST_SHOWN]
    )
    accepted = [item for item in mine if item.state == AssignmentState.ACCEPTED]
    later = [item for item in accepted if item.due_at >= tomorrow]
    # What waits on a closed claim waits until it is opened again.
    findings = Assessment.objects.filter(state=AssessmentState.WAITING, claim__closed_at__isnull=True)
    findings = findings.select_related("claim__claimant", "assessor").order_by("created_at", "id")
    findings = findings.only("proposed_state", "state", "created_at", "assessor__username", *_line("claim__"))
    return Work(
        overdue=[item for item in accepted if item.due_at <= now],
        today=[item for item in accepted if now < item.due_at < tomorrow],
        offered=[item for item in mine if item.state == AssignmentState.OFFERED],
        later=later,
        to_decide=_without_conflict(
            user, findings.filter(_decided_by(user, editing)).exclude(assessor=user)[:MOST_SHOWN]
        ),
        handed_in=list(findings.filter(assessor=user, claim__desk__in=roles)[:MOST_SHOWN]),
        drafts=list(drafts_of(user)[:MOST_SHOWN]),
        tasks=_tasks(user, roles),
        unassigned=list(_unassigned(editing)[:MOST_SHOWN]) if editing else [],
        reminders=_last_reminders(user, roles),
        next_due=later[0] if later else None,
    )


def tasks_for(user: User) -> QuerySet[Task]:
    """What the person is to look at again, the nearest due first: lost support for editors; excerpts that they may see,
    for editors and for the reviewer who has the claim. Nothing of closed claims."""
    editor = Q(is_editor(user, "claim__desk"))
    theirs = editor | Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    seen = Evidence.objects.filter(evidence_for(user), pk=OuterRef("evidence"))
    mine = Q(kind=TaskKind.SUPPORT_LOST) & editor | Q(kind=TaskKind.RECHECK) & theirs & Q(Exists(seen))
    rows = Task.objects.filter(mine, ended_at__isnull=True, claim__closed_at__isnull=True)
    return rows.select_related("claim__claimant", "evidence__source").order_by("due_at", "id")


def _without_conflict(user: User, rows: Iterable[Assessment]) -> list[Assessment]:
    """The findings on claims that no conflict of the person touches."""
    found = list(rows)
    if not found or not conflicts_of(user).exists():
        return found
    return [row for row in found if not conflicts_with(row.claim, [user.pk])]


def _line(path: str) -> list[str]:
    """The columns that a list shows of a claim at `path`, and of its claimant."""
    names = ("reference", "statement", "state", "contested", "support_lost_at", "independence_min", "independence_max")
    return [*(f"{path}{name}" for name in names), f"{path}claimant__name"]


def _decided_by(user: User, editing: Collection[UUID]) -> Q:
    """Findings on the desks where the person is an editor, and on the claims that they were named to decide."""
    named = Participant.objects.filter(user=user, role=ParticipantRole.DECIDER, until__isnull=True)
    claims = list(named.values_list("claim_id", flat=True))
    return Q(claim__desk__in=editing) | Q(claim__in=claims) if claims else Q(claim__desk__in=editing)


def _tasks(user: User, desks: Collection[UUID]) -> list[Task]:
    """What `tasks_for` finds; most people have none, which is seen at once."""
    some = Task.objects.filter(ended_at__isnull=True, claim__desk__in=desks)
    return list(tasks_for(user)[:MOST_SHOWN]) if some.exists() else []


def _unassigned(desks: Collection[UUID]) -> QuerySet[Claim]:
    """Open questions that nobody has, of the desks of an editor, who assigns. Nobody has what is never due."""
    free = Claim.objects.filter(desk__in=desks, due_at=NEVER_DUE, state__in=OPEN, closed_at__isnull=True)
    return free.select_related("claimant").only(*_line("")).order_by("created_at", "id")


def _last_reminders(user: User, desks: Collection[UUID]) -> list[Reminder]:
    """The last ten that were sent. Whatever is not plainly of the person's desks is asked for in full."""
    sent = Reminder.objects.filter(recipient=user, state=ReminderState.SENT).order_by("-ended_at", "id")
    rows = sent.select_related("claim").only("kind", "ended_at", "claim__reference", "claim__desk_id")[:10]
    if all(row.kind != ReminderKind.RECHECK and row.claim.desk_id in desks for row in rows):
        return list(rows)
    return list(sent.filter(_tells_no_more_than(user)).select_related("claim")[:10])


def _tells_no_more_than(user: User) -> Q:
    """Reminders and notifications of claims that the person may know of now; of excerpts, those that they may see."""
    knows = Q(is_member(user, "claim__desk")) | Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    seen = Evidence.objects.filter(evidence_for(user)).values("pk")
    excerpts = Task.objects.filter(claim=OuterRef("claim"), kind=TaskKind.RECHECK, evidence__in=seen)
    return Q(knows & (~Q(kind=TaskKind.RECHECK) | Q(Exists(excerpts))))


def reminders_of(user: User) -> QuerySet[Reminder]:
    """One's own reminders, the sent ones included, of the claims that one may know of."""
    return Reminder.objects.filter(_tells_no_more_than(user), recipient=user).select_related("claim")


def notifications_of(user: User) -> QuerySet[Notification]:
    """One's own notifications, of the claims that one may know of."""
    rows = Notification.objects.filter(_tells_no_more_than(user), recipient=user)
    return rows.select_related("claim", "assignment", "assessment", "by")


def get_notification(user: User, notification_id: UUID) -> Notification:
    """One of one's own notifications. Raises NotFound."""
    found = notifications_of(user).filter(pk=notification_id).first()
    if found is None:
        raise NotFound(_("There is no such notification."))
    return found


def unread_up_to(user: User, most: int, desks: Collection[UUID]) -> int:
    """How many notifications the person has not read; more than `most` are not counted and answer `most + 1`.

    `desks`: those that the person is on. Whatever is not plainly of these is asked for in full.
    """
    unread = Notification.objects.filter(recipient=user, read_at__isnull=True).order_by()
    rows = unread.values_list("kind", "claim__desk_id")[: most + 1]
    if all(kind != NotificationKind.RECHECK and desk in desks for kind, desk in rows):
        return len(rows)
    return unread.filter(_tells_no_more_than(user))[: most + 1].count()


def may_be_decided_by(user: User, assessment: Assessment) -> bool:
    """Whether to show the person the form to decide; the action asks again."""
    if assessment.state != AssessmentState.WAITING or assessment.assessor_id == user.pk:
        return False
    decides = (
        role_in(user, assessment.claim.desk_id) == Role.EDITOR or to_decide(user).filter(pk=assessment.pk).exists()
    )
    return decides and not conflicts_with(assessment.claim, [user.pk])

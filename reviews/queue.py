"""One person's queue, scoped to the person in the same query.

Most people lack most kinds of work. One statement first looks for the rare kinds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from accounts.models import Membership, Role, User
from accounts.scopes import is_editor, is_member
from claims.access.conflicts import conflicts_told
from claims.access.scopes import evidence_for, takes_part
from claims.models import (
    NEVER_DUE,
    Claim,
    Evidence,
    GroundsChange,
    Participant,
    ParticipantRole,
    StatusChange,
    Task,
    TaskKind,
)
from claims.states import OPEN
from house.kept_queries import columns_of, kept, kept_rows
from reviews.models import (
    Assessment,
    AssessmentDraft,
    AssessmentState,
    Assignment,
    AssignmentState,
    FormDraft,
    Reminder,
    ReminderKind,
    ReminderState,
)
from reviews.queries import form_drafts_of, own_drafts, tells_no_more_than
from sources.models import DeclaredConflict


@dataclass(frozen=True)
class Work:
    """One person's work, in the order of the page."""

    overdue: list[Assignment]
    today: list[Assignment]
    offered: list[Assignment]
    later: list[Assignment]
    to_decide: list[Assessment]
    submitted: list[Assessment]
    drafts: list[AssessmentDraft]
    form_drafts: list[FormDraft]
    lost: list[Task]
    changed: list[Task]
    rechecks: list[Task]
    unassigned: list[Claim]
    reminders: list[Reminder]
    next_due: Assignment | None
    assigned: int


_NUMBERS = ("independence_min", "independence_max", "independence_exact")
# One row more than shown is read of each kind, to know whether there are more.
MOST_SHOWN, MOST_COUNTED = 25, 1000
MOST_DRAFTS_SHOWN = 10


class Has(NamedTuple):
    """Whether the person has any of the rare kinds of work. `tasks`: some that may be theirs."""

    decides: bool
    submitted: bool
    drafts: bool
    form_drafts: bool
    tasks: bool
    reminders: bool
    conflicts: bool


def work_of(user: User, *, now: datetime, roles: Mapping[UUID, str] | None = None) -> Work:
    """The person's queue. 'Today' ends at midnight in their own time zone.

    `roles`: the person's role on each desk, if the caller has just read them.
    """
    zone = ZoneInfo(user.time_zone)
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time.min, zone)
    if roles is None:
        roles = dict(Membership.objects.filter(user=user).values_list("desk_id", "role"))
    has = Has(*_has(user)[0])
    mine = _assigned(user)
    accepted = [item for item in mine if item.state == AssignmentState.ACCEPTED]
    later = [item for item in accepted if item.due_at >= tomorrow]
    waiting = _to_decide(user) if has.decides else []
    return Work(
        overdue=[item for item in accepted if item.due_at <= now],
        today=[item for item in accepted if now < item.due_at < tomorrow],
        offered=[item for item in mine if item.state == AssignmentState.OFFERED],
        later=later,
        to_decide=without_conflict(user, waiting) if has.conflicts else waiting,
        submitted=_submitted_waiting(user) if has.submitted else [],
        drafts=_drafts(user) if has.drafts else [],
        form_drafts=list(form_drafts_of(user)[:MOST_DRAFTS_SHOWN]) if has.form_drafts else [],
        lost=_lost(user) if has.tasks else [],
        changed=_changed(user) if has.tasks else [],
        rechecks=_rechecks(user) if has.tasks else [],
        unassigned=_unassigned([desk for desk, role in roles.items() if role == Role.EDITOR]),
        reminders=_last_reminders(user, roles) if has.reminders else [],
        next_due=later[0] if later else None,
        assigned=len(mine),
    )


@kept(User)
def _has(user: User) -> QuerySet[User, tuple[bool, ...]]:
    editing = Exists(Membership.objects.filter(user=user, role=Role.EDITOR))
    deciding = Exists(Participant.objects.now(ParticipantRole.DECIDER).filter(user=user))
    decided = StatusChange.objects.filter(claim=OuterRef("claim"), seq=OuterRef("claim__last_seq"))
    of_verdict = Q(Exists(decided.filter(Q(by=user) | Q(decided_by=user))), kind=TaskKind.GROUNDS_CHANGED)
    # A reviewer only gets re-checks of quotes, in the claims assigned to them.
    reviewing = Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    tasks = Task.objects.filter(Q(is_editor(user, "claim__desk")) | reviewing | of_verdict, ended_at__isnull=True)
    return User.objects.filter(pk=user.pk).values_list(
        ExpressionWrapper(editing | deciding, BooleanField()),
        Exists(Assessment.objects.filter(assessor=user, state=AssessmentState.WAITING)),
        Exists(AssessmentDraft.objects.filter(assessor=user)),
        Exists(FormDraft.objects.filter(author=user)),
        Exists(tasks),
        Exists(Reminder.objects.filter(recipient=user, state=ReminderState.SENT)),
        Exists(DeclaredConflict.objects.filter(user=user, ended_at__isnull=True)),
    )


def _line(path: str) -> list[str]:
    """The columns that a list shows of a claim at `path`, and of its claimant."""
    names = ("id", "reference", "statement", "state", "contested", "support_lost_at", *_NUMBERS)
    return [*(f"{path}{name}" for name in names), f"{path}claimant__id", f"{path}claimant__name"]


def _own_desks(user: User) -> QuerySet[Membership, UUID]:
    return Membership.objects.filter(user=user).values_list("desk_id", flat=True)


def assigned_to(user: User) -> QuerySet[Assignment]:
    """The person's open assignments, the nearest due first."""
    rows = Assignment.objects.filter(reviewer=user, ended_at__isnull=True, claim__desk__in=_own_desks(user))
    rows = rows.select_related("claim__claimant", "assigned_by").order_by("due_at", "id")
    return rows.only("state", "due_at", "created_at", "assigned_by__username", *_line("claim__"))


_CLAIM = _line("claim__")


@kept_rows(
    User,
    columns=["id", "claim", "state", "due_at", "created_at", "assigned_by__id", "assigned_by__username", *_CLAIM],
)
def _assigned(user: User) -> QuerySet[Assignment]:
    return assigned_to(user)[: 4 * MOST_SHOWN + 1]


def _waiting() -> QuerySet[Assessment]:
    """The waiting assessments, the longest waiting first; those of closed claims are left out until these are
    reopened."""
    rows = Assessment.objects.filter(state=AssessmentState.WAITING, claim__closed_at__isnull=True)
    rows = rows.select_related("claim__claimant", "assessor").order_by("created_at", "id")
    return rows.only("proposed_state", "state", "created_at", "assessor__username", *_line("claim__"))


def to_decide_by(user: User) -> QuerySet[Assessment]:
    """Assessments on desks of which the person is an editor, and on claims of which they are an approver."""
    editing = Q(claim__desk__in=_own_desks(user).filter(role=Role.EDITOR))
    rows = _waiting().filter(editing | Q(takes_part(user, ParticipantRole.DECIDER, "claim")))
    return rows.exclude(assessor=user)


_ASSESSMENT = ["id", "claim", "proposed_state", "state", "created_at", "assessor__id", "assessor__username", *_CLAIM]


@kept_rows(User, columns=_ASSESSMENT)
def _to_decide(user: User) -> QuerySet[Assessment]:
    return to_decide_by(user)[: MOST_SHOWN + 1]


def submitted_by(user: User) -> QuerySet[Assessment]:
    """The person's own waiting assessments."""
    return _waiting().filter(assessor=user, claim__desk__in=_own_desks(user))


@kept_rows(User, columns=_ASSESSMENT)
def _submitted_waiting(user: User) -> QuerySet[Assessment]:
    return submitted_by(user)[: MOST_SHOWN + 1]


@kept_rows(User, columns=["id", "claim", "kept_at", "claim__desk", "claim__closed_at", *_CLAIM])
def _drafts(user: User) -> QuerySet[AssessmentDraft]:
    return own_drafts(user)[: MOST_SHOWN + 1]


_TASK = [
    *(*columns_of(Task), *columns_of(Claim, "claim__"), *columns_of(Evidence, "evidence__")),
    *("claim__claimant__id", "claim__claimant__name", "evidence__source__id", "evidence__source__title"),
]


@kept_rows(User, columns=_TASK)
def _lost(user: User) -> QuerySet[Task]:
    return tasks_for(user).filter(kind=TaskKind.SUPPORT_LOST)[: MOST_SHOWN + 1]


@kept_rows(User, columns=_TASK)
def _changed(user: User) -> QuerySet[Task]:
    return tasks_for(user).filter(kind=TaskKind.GROUNDS_CHANGED)[: MOST_SHOWN + 1]


@kept_rows(User, columns=_TASK)
def _rechecks(user: User) -> QuerySet[Task]:
    return tasks_for(user).filter(kind=TaskKind.RECHECK)[: MOST_SHOWN + 1]


def tasks_for(user: User) -> QuerySet[Task]:
    """The person's re-checks, the nearest due first. Closed claims are left out.

    Lost support is for editors. Changed grounds of a verdict are for editors and the people of the verdict, except the
    authors of the changes. Quotes the person may see are for editors and the assigned reviewer.
    """
    editor = Q(is_editor(user, "claim__desk"))
    theirs = editor | Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    seen = Evidence.objects.filter(evidence_for(user), pk=OuterRef("evidence"))
    decided = StatusChange.objects.filter(claim=OuterRef("claim"), seq=OuterRef("claim__last_seq"))
    of_verdict = Q(is_member(user, "claim__desk")) & Q(Exists(decided.filter(Q(by=user) | Q(decided_by=user))))
    of_grounds = GroundsChange.objects.filter(grounds__watch__claim=OuterRef("claim"), grounds__watch__of_verdict=True)
    # Changes that were undone need no re-check.
    as_kept = GroundsChange.objects.filter(digest=F("grounds__digest"))
    undone = as_kept.filter(grounds=OuterRef("grounds"), pk__gte=OuterRef("pk"))
    changed = of_grounds.filter(~Exists(undone), by=user)
    verdicts = Q(kind=TaskKind.GROUNDS_CHANGED) & (editor | of_verdict) & ~Q(Exists(changed))
    mine = Q(kind=TaskKind.SUPPORT_LOST) & editor | verdicts | Q(kind=TaskKind.RECHECK) & theirs & Q(Exists(seen))
    rows = Task.objects.filter(mine, ended_at__isnull=True, claim__closed_at__isnull=True)
    return rows.select_related("claim__claimant", "evidence__source").order_by("due_at", "id")


def without_conflict(user: User, rows: Iterable[Assessment]) -> list[Assessment]:
    """The assessments of claims that no conflict of the person touches, as far as they may know of it."""
    return [row for row in rows if not conflicts_told(row.claim, [user.pk], to=user)]


def _unassigned(desks: Collection[UUID]) -> list[Claim]:
    """Unassigned open claims, on desks of which the person is an editor and can assign."""
    found = [claim for desk in desks for claim in _unassigned_on(desk)]
    return sorted(found, key=lambda claim: (claim.created_at, claim.pk))[: MOST_SHOWN + 1]


def unassigned_of(user: User) -> QuerySet[Claim]:
    """All unassigned open claims, the oldest first."""
    return _free().filter(desk__in=_own_desks(user).filter(role=Role.EDITOR))


def _free() -> QuerySet[Claim]:
    """Unassigned: a claim without a due time has no open assignment."""
    free = Claim.objects.filter(due_at=NEVER_DUE, state__in=sorted(OPEN), closed_at__isnull=True)
    return free.select_related("claimant").only(*_line(""), "created_at").order_by("created_at", "id")


@kept_rows(UUID, columns=[*_line(""), "created_at"])
def _unassigned_on(desk: UUID) -> QuerySet[Claim]:
    return _free().filter(desk=desk)[: MOST_SHOWN + 1]


def count_up_to(rows: QuerySet[Any]) -> int:
    """The number of rows; above `MOST_COUNTED`, one more than that."""
    return rows.order_by()[: MOST_COUNTED + 1].count()


def _last_reminders(user: User, desks: Collection[UUID]) -> list[Reminder]:
    """The last ten reminders sent. Rows outside the person's desks are checked in full."""
    rows = _sent(user)
    if all(row.kind != ReminderKind.RECHECK and row.claim.desk_id in desks for row in rows):
        return rows
    sent = Reminder.objects.filter(tells_no_more_than(user), recipient=user, state=ReminderState.SENT)
    return list(sent.order_by("-ended_at", "id").select_related("claim")[:10])


@kept_rows(User, columns=("id", "kind", "ended_at", "claim", "claim__id", "claim__reference", "claim__desk"))
def _sent(user: User) -> QuerySet[Reminder]:
    return Reminder.objects.filter(recipient=user, state=ReminderState.SENT).order_by("-ended_at", "id")[:10]

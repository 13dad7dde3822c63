"""Who is told of what in the application: one table, read by every act that ends, moves or takes away somebody's work.

Nobody is told of their own act, and nobody of a claim that they may not know of by then.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from accounts.models import Role, User
from accounts.queries import members_of
from claims.models import Claim, ParticipantRole, StatusChange
from reviews.actions.notifications import notify
from reviews.models import Assessment, AssessmentState, Assignment, NotificationKind


class Audience(Enum):
    """Who can be told of something that happens to a claim."""

    EDITORS = "the editors of its desk"
    ASSIGNED = "whom the assignment was asked of"
    ASKED_BY = "who asked for that"
    REVIEWERS = "everybody to whom the claim is assigned"
    ASSESSOR = "whose assessment it is"
    ASSESSORS = "whose assessments await a decision"
    APPROVERS = "who may decide besides the editors"
    OF_THE_VERDICT = "who made the last status change: assessor and approver"


TOLD: dict[NotificationKind, tuple[Audience, ...]] = {
    NotificationKind.ASSIGNED: (Audience.ASSIGNED,),
    NotificationKind.HANDED_OVER: (Audience.ASSIGNED,),
    NotificationKind.DECLINED: (Audience.EDITORS, Audience.ASKED_BY),
    NotificationKind.REASSIGNED: (Audience.EDITORS,),
    NotificationKind.WITHDRAWN: (Audience.EDITORS, Audience.ASSIGNED),
    NotificationKind.DEPARTED: (Audience.EDITORS, Audience.ASSIGNED, Audience.ASSESSOR),
    NotificationKind.APPROVER_DEPARTED: (Audience.EDITORS,),
    NotificationKind.DUE_CHANGED: (Audience.ASSIGNED,),
    NotificationKind.CLOSED: (Audience.EDITORS, Audience.REVIEWERS, Audience.ASSESSORS, Audience.APPROVERS),
    # Of a verdict; of an assessment that waits its assessor is told (reviews.actions.grounds).
    NotificationKind.GROUNDS_CHANGED: (Audience.EDITORS, Audience.OF_THE_VERDICT),
    NotificationKind.OPENED: (Audience.EDITORS, Audience.ASSESSORS, Audience.APPROVERS),
}


class _Subject(NamedTuple):
    """What something happens to."""

    claim: Claim
    assignment: Assignment | None
    assessment: Assessment | None


def tell(
    kind: NotificationKind,
    claim: Claim,
    *,
    assignment: Assignment | None = None,
    assessment: Assessment | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Tell of an act whoever `TOLD` names; called in the act's transaction, before what it ends is ended."""
    people = people_told(kind, claim, assignment, assessment)
    notify(people, kind, claim, assignment=assignment, assessment=assessment, by=by, now=now)


def people_told(
    kind: NotificationKind, claim: Claim, assignment: Assignment | None = None, assessment: Assessment | None = None
) -> Collection[User]:
    """Whoever `TOLD` names for something that happens to a claim now."""
    found = [audience_of(audience, claim, assignment, assessment) for audience in TOLD[kind]]
    people = {person.pk: person for audience in found for person in audience}
    return people.values()


def audience_of(
    audience: Audience, claim: Claim, assignment: Assignment | None = None, assessment: Assessment | None = None
) -> Iterable[User]:
    """The people who are that to a claim now."""
    return _PEOPLE[audience](_Subject(claim, assignment, assessment))


def people_of_the_verdict(claim: Claim) -> list[User]:
    """Who made the last status change: the assessor, and who approved it; those who may know of the claim now."""
    last = StatusChange.objects.filter(claim=claim, seq=claim.last_seq)
    ids = {pk for pair in last.values_list("by", "decided_by") for pk in pair if pk}
    return list(members_of(claim.desk).filter(pk__in=ids))


def _assigned(of: _Subject) -> Iterable[User]:
    return members_of(of.claim.desk).filter(pk=of.assignment.reviewer_id) if of.assignment is not None else []


def _asked_by(of: _Subject) -> Iterable[User]:
    return members_of(of.claim.desk).filter(pk=of.assignment.assigned_by_id) if of.assignment is not None else []


def _assessor(of: _Subject) -> Iterable[User]:
    return members_of(of.claim.desk).filter(pk=of.assessment.assessor_id) if of.assessment is not None else []


def _assessors(of: _Subject) -> Iterable[User]:
    waiting = of.claim.assessments.filter(state=AssessmentState.WAITING).values("assessor")
    return members_of(of.claim.desk).filter(pk__in=waiting)


def _taking_part(role: ParticipantRole) -> Callable[[_Subject], Iterable[User]]:
    def found(of: _Subject) -> Iterable[User]:
        taking_part = of.claim.participants.filter(role=role, until__isnull=True).values("user")
        return User.objects.filter(pk__in=taking_part, is_active=True).order_by("username")

    return found


_PEOPLE: dict[Audience, Callable[[_Subject], Iterable[User]]] = {
    Audience.EDITORS: lambda of: members_of(of.claim.desk, Role.EDITOR),
    Audience.ASSIGNED: _assigned,
    Audience.ASKED_BY: _asked_by,
    Audience.REVIEWERS: _taking_part(ParticipantRole.REVIEWER),
    Audience.ASSESSOR: _assessor,
    Audience.ASSESSORS: _assessors,
    Audience.APPROVERS: _taking_part(ParticipantRole.DECIDER),
    Audience.OF_THE_VERDICT: lambda of: people_of_the_verdict(of.claim),
}

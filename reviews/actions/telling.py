"""Who is told of what in the application: one table, read by every act that ends, moves or takes away somebody's work.

Nobody is told of their own act, and nobody of a claim that they may not know of by then.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import Enum

from accounts.models import Role, User
from accounts.queries import members_of
from claims.models import Claim, ParticipantRole, StatusChange
from reviews.actions.notifications import notify
from reviews.models import AssessmentState, Assignment, NotificationKind


class Audience(Enum):
    """Who can be told of something that happens to a claim."""

    EDITORS = "the editors of its desk"
    ASSIGNED = "whom the assignment was asked of"
    ASKED_BY = "who asked for that"
    REVIEWERS = "everybody to whom the claim is assigned"
    ASSESSORS = "whose assessments await a decision"
    APPROVERS = "who may decide besides the editors"
    OF_THE_VERDICT = "who made the last status change: assessor and approver"


TOLD: dict[NotificationKind, tuple[Audience, ...]] = {
    NotificationKind.ASSIGNED: (Audience.ASSIGNED,),
    NotificationKind.HANDED_OVER: (Audience.ASSIGNED,),
    NotificationKind.DECLINED: (Audience.EDITORS, Audience.ASKED_BY),
    NotificationKind.REASSIGNED: (Audience.EDITORS,),
    NotificationKind.WITHDRAWN: (Audience.EDITORS, Audience.ASSIGNED),
    NotificationKind.DEPARTED: (Audience.EDITORS,),
    NotificationKind.APPROVER_DEPARTED: (Audience.EDITORS,),
    NotificationKind.DUE_CHANGED: (Audience.ASSIGNED,),
    NotificationKind.CLOSED: (Audience.EDITORS, Audience.REVIEWERS, Audience.ASSESSORS, Audience.APPROVERS),
    # Of a verdict; of an assessment that waits its assessor is told (reviews.actions.grounds).
    NotificationKind.GROUNDS_CHANGED: (Audience.EDITORS, Audience.OF_THE_VERDICT),
    NotificationKind.OPENED: (Audience.EDITORS, Audience.ASSESSORS, Audience.APPROVERS),
}


def tell(
    kind: NotificationKind, claim: Claim, *, assignment: Assignment | None = None, by: User | None, now: datetime
) -> None:
    """Tell of an act whoever `TOLD` names; called in the act's transaction, before what it ends is ended."""
    notify(told_of(kind, claim, assignment), kind, claim, assignment=assignment, by=by, now=now)


def told_of(kind: NotificationKind, claim: Claim, assignment: Assignment | None = None) -> Collection[User]:
    """Whoever `TOLD` names for something that happens to a claim now."""
    people = {person.pk: person for audience in TOLD[kind] for person in audience_of(audience, claim, assignment)}
    return people.values()


def audience_of(audience: Audience, claim: Claim, assignment: Assignment | None = None) -> Iterable[User]:
    """The people who are that to a claim now."""
    return _PEOPLE[audience](claim, assignment)


def people_of_the_verdict(claim: Claim) -> list[User]:
    """Who made the last status change: the assessor, and who approved it; those who may know of the claim now."""
    last = StatusChange.objects.filter(claim=claim, seq=claim.last_seq)
    ids = {pk for pair in last.values_list("by", "decided_by") for pk in pair if pk}
    return list(members_of(claim.desk).filter(pk__in=ids))


def _assigned(_claim: Claim, assignment: Assignment | None) -> Iterable[User]:
    return [assignment.reviewer] if assignment is not None and assignment.reviewer.is_active else []


def _asked_by(claim: Claim, assignment: Assignment | None) -> Iterable[User]:
    return members_of(claim.desk).filter(pk=assignment.assigned_by_id) if assignment is not None else []


def _assessors(claim: Claim, _assignment: Assignment | None) -> Iterable[User]:
    waiting = claim.assessments.filter(state=AssessmentState.WAITING).values("assessor")
    return members_of(claim.desk).filter(pk__in=waiting)


def _taking_part(role: ParticipantRole) -> Callable[[Claim, Assignment | None], Iterable[User]]:
    def found(claim: Claim, _assignment: Assignment | None) -> Iterable[User]:
        taking_part = claim.participants.filter(role=role, until__isnull=True).values("user")
        return User.objects.filter(pk__in=taking_part, is_active=True).order_by("username")

    return found


_PEOPLE: dict[Audience, Callable[[Claim, Assignment | None], Iterable[User]]] = {
    Audience.EDITORS: lambda claim, _assignment: members_of(claim.desk, Role.EDITOR),
    Audience.ASSIGNED: _assigned,
    Audience.ASKED_BY: _asked_by,
    Audience.REVIEWERS: _taking_part(ParticipantRole.REVIEWER),
    Audience.ASSESSORS: _assessors,
    Audience.APPROVERS: _taking_part(ParticipantRole.DECIDER),
    Audience.OF_THE_VERDICT: lambda claim, _assignment: people_of_the_verdict(claim),
}

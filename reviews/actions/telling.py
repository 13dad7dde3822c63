"""The recipients of notifications: one table, read by every act that ends, moves or withdraws a person's work.

The person acting is left out, and so are people who may not know of the claim by then.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from accounts.models import Role, User
from accounts.queries import members_of
from claims.models import Claim, ParticipantRole, StatusChange
from reviews.actions.notifications import Occasion, notify
from reviews.models import Assessment, AssessmentState, Assignment, NotificationKind


class Audience(Enum):
    """A group of people who can be notified about a claim."""

    EDITORS = "the editors of its desk"
    ASSIGNED = "whom the assignment was asked of"
    # Besides the editors: a reviewer may have reassigned it, or an editor's role may have changed.
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
    # The assessor too: their waiting assessment can no longer be approved.
    NotificationKind.DEPARTED: (Audience.EDITORS, Audience.ASSIGNED, Audience.ASSESSOR),
    NotificationKind.APPROVER_DEPARTED: (Audience.EDITORS,),
    NotificationKind.DUE_CHANGED: (Audience.ASSIGNED,),
    NotificationKind.CLOSED: (Audience.EDITORS, Audience.REVIEWERS, Audience.ASSESSORS, Audience.APPROVERS),
    # Of a verdict; a waiting assessment's changes go to its assessor (reviews.actions.grounds).
    NotificationKind.GROUNDS_CHANGED: (Audience.EDITORS, Audience.OF_THE_VERDICT),
    NotificationKind.OPENED: (Audience.EDITORS, Audience.ASSESSORS, Audience.APPROVERS),
}


class _Subject(NamedTuple):
    """The subject of a notification."""

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
    """Notify the audience that `TOLD` names for an act, in its transaction, before the work that it ends is ended."""
    people = people_told(kind, claim, assignment, assessment)
    notify(people, Occasion(kind, claim, assignment, assessment), by=by, now=now)


def people_told(
    kind: NotificationKind, claim: Claim, assignment: Assignment | None = None, assessment: Assessment | None = None
) -> Collection[User]:
    """The people that `TOLD` names for an event on a claim now."""
    found = [audience_of(audience, claim, assignment, assessment) for audience in TOLD[kind]]
    # By id: a person in two audiences is notified once.
    people = {person.pk: person for audience in found for person in audience}
    return people.values()


def audience_of(
    audience: Audience, claim: Claim, assignment: Assignment | None = None, assessment: Assessment | None = None
) -> Iterable[User]:
    """The people who belong to an audience of a claim now."""
    return _PEOPLE[audience](_Subject(claim, assignment, assessment))


def people_of_the_verdict(claim: Claim) -> list[User]:
    """The assessor and the approver of the last status change who may still know of the claim."""
    last = StatusChange.objects.filter(claim=claim, seq=claim.last_seq)
    ids = {pk for pair in last.values_list("by", "decided_by") for pk in pair if pk}
    # Members only: a person who left the desk may not know of the claim any more.
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
        taking_part = of.claim.participants.now(role).values("user")
        # Not only members: approvers may be of another desk.
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

"""What a change of somebody's role ends: whoever reviews no longer has no claims and decides on none."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import set_role
from accounts.models import Desk, Membership, Role, User
from accounts.transactions import act
from claims.models import Claim, Participant, ParticipantRole
from claims.participants import leave
from claims.support import lock_claim
from reviews.actions.assignments import end_assignment
from reviews.models import Assignment, AssignmentState

REVIEWING = (Role.REVIEWER, Role.EDITOR)


def change_role(
    *, desk: Desk, user: User, role: str | None, by: User | None, now: datetime | None = None
) -> Membership | None:
    """Give a person a role on a desk, change it, or take them off (None).

    Without a role that reviews there, their assignments on the desk are withdrawn and they decide on none of its
    claims; without one anywhere, invitations of other desks end too. Raises Invalid, Forbidden.
    """
    now = now or timezone.now()
    with act():
        membership = set_role(desk=desk, user=user, role=role, by=by, now=now)
        if role not in REVIEWING:
            for claim_id in _claims_to_leave(desk, user):
                _leave(lock_claim(Claim(pk=claim_id)), user, now)
    return membership


def _claims_to_leave(desk: Desk, user: User) -> list[UUID]:
    """In the order in which claims are locked everywhere."""
    ended = Q(claim__desk=desk)
    if not user.memberships.filter(role__in=REVIEWING).exists():
        ended |= Q(role=ParticipantRole.DECIDER)
    rows = Participant.objects.filter(ended, user=user, until__isnull=True)
    return sorted(set(rows.values_list("claim", flat=True)))


def _leave(claim: Claim, user: User, now: datetime) -> None:
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("reviewer")
    for assignment in rows.filter(claim=claim, reviewer=user, ended_at__isnull=True):
        assignment.claim = claim
        reason = _("They no longer review on this desk.")
        end_assignment(assignment, AssignmentState.WITHDRAWN, reason=reason, now=now)
    leave(claim, user, ParticipantRole.DECIDER, now=now)

"""What a change of somebody's role ends: whoever reviews no longer has no claims and decides on none."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import change_user, set_role
from accounts.models import Desk, Membership, Role, User
from claims.access.participants import leave
from claims.access.permissions import is_assigned, is_named_decider
from claims.models import Claim, Participant, ParticipantRole
from claims.verdicts.support import lock_claim
from house.seen import ANYTHING, SeenValues
from house.transactions import recorded_transaction
from reviews.actions.assignments import end_assignment
from reviews.actions.form_drafts import end_drafts_of
from reviews.actions.telling import tell
from reviews.models import (
    Assessment,
    AssessmentDraft,
    AssessmentState,
    Assignment,
    AssignmentState,
    NotificationKind,
)

REVIEWING = (Role.REVIEWER, Role.EDITOR)


def change_role(
    *,
    desk: Desk,
    user: User,
    role: str | None,
    seen: SeenValues = ANYTHING,
    by: User | None,
    now: datetime | None = None,
) -> Membership | None:
    """Give a person a role on a desk, change it, or take them off (None), as `accounts.actions.set_role` does.

    Without a role that reviews there, their assignments on the desk are withdrawn, they decide on none of its claims
    and their drafts end; without one anywhere, invitations of other desks end too. The editors are told of both, and of
    what they submitted that nobody can approve any more; and so are they, as long as they are on the desk.

    Raises Invalid, Forbidden, EditConflict, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        membership = set_role(desk=desk, user=user, role=role, seen=seen, by=by, now=now)
        role = membership.role if membership else None  # which may be another, where it was left as it was seen
        if role is None:
            end_drafts_of(user, desk)
        if role not in REVIEWING:
            ended = Q(claim__desk=desk)
            if not user.memberships.filter(role__in=REVIEWING).exists():
                ended |= Q(role=ParticipantRole.DECIDER)
            _leave_all(user, ended, written=Q(claim__desk=desk), by=by, now=now)
        elif role == Role.REVIEWER:
            _assess_no_more(user, desk, by, now)
    return membership


def change_account(
    *,
    user: User,
    changes: dict[str, Any],
    password: str = "",
    seen: SeenValues = ANYTHING,
    by: User,
    now: datetime | None = None,
) -> User:
    """Change an account as `accounts.actions.change_user` does. Closing it ends what leaving every desk would end.

    Their roles stay, for the day on which the account is opened again. Raises Invalid, Forbidden, EditConflict,
    Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        if not changes.get("is_active", True):
            # Before the person's own row, as whoever decides on a claim locks the two.
            _lock_claims(user, Q(), written=Q())
        user = change_user(user=user, changes=changes, password=password, seen=seen, by=by, now=now)
        if not user.is_active:
            end_drafts_of(user, None)
            _leave_all(user, Q(), written=Q(), by=by, now=now)
    return user


def _leave_all(user: User, parts: Q, *, written: Q, by: User | None, now: datetime) -> None:
    """End the person's `parts` in claims and the drafts of what they have `written`, claim by claim. What they handed
    in stays and waits, and is told of."""
    for claim in _lock_claims(user, parts, written=written):
        _leave(claim, user, by, now)


def _lock_claims(user: User, parts: Q, *, written: Q) -> list[Claim]:
    """The claims of these, locked in the order in which claims are locked everywhere."""
    claims = set(Participant.objects.filter(parts, user=user, until__isnull=True).values_list("claim", flat=True))
    claims |= set(AssessmentDraft.objects.filter(written, assessor=user).values_list("claim", flat=True))
    claims |= set(_waiting(user).filter(written).values_list("claim", flat=True))
    return [lock_claim(Claim(pk=claim_id)) for claim_id in sorted(claims)]


def _waiting(user: User) -> QuerySet[Assessment]:
    return Assessment.objects.filter(assessor=user, state=AssessmentState.WAITING)


def _assess_no_more(user: User, desk: Desk, by: User | None, now: datetime) -> None:
    """Who was an editor assesses only what is assigned to them: what else they submitted cannot be approved."""
    for claim_id in sorted(_waiting(user).filter(claim__desk=desk).values_list("claim", flat=True)):
        claim = lock_claim(Claim(pk=claim_id))
        assessment = _waiting(user).filter(claim=claim).first()
        if assessment is not None and not is_assigned(user, claim):
            tell(NotificationKind.DEPARTED, claim, assessment=assessment, by=by, now=now)


def _leave(claim: Claim, user: User, by: User | None, now: datetime) -> None:
    # Nobody approves it from now on.
    assessment = _waiting(user).filter(claim=claim).first()
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("reviewer")
    assignment = rows.filter(claim=claim, reviewer=user, ended_at__isnull=True).first()
    if assignment is not None or assessment is not None:
        tell(NotificationKind.DEPARTED, claim, assignment=assignment, assessment=assessment, by=by, now=now)
    if assignment is not None:
        assignment.claim = claim
        reason = _("No longer a reviewer on this desk.")
        end_assignment(assignment, AssignmentState.WITHDRAWN, reason=reason, by=by, now=now)
    if is_named_decider(user, claim):
        tell(NotificationKind.APPROVER_DEPARTED, claim, by=by, now=now)
    leave(claim, user, ParticipantRole.DECIDER, now=now)
    AssessmentDraft.objects.filter(claim=claim, assessor=user).delete()

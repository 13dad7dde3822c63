"""Ending a person's work when their role changes: without a reviewing role they have no assignments and decide on no
claims."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import change_user, set_role
from accounts.models import Desk, Membership, Role, User
from claims.access.participants import leave
from claims.access.permissions import is_assigned, is_named_decider
from claims.models import Claim, Participant, ParticipantRole
from claims.verdicts.support import lock_claim
from house.inputs import FieldValues
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
    """Give a person a role on a desk, change it, or remove them (None), as `accounts.actions.set_role` does.

    Without a reviewing role there, their assignments on the desk are withdrawn, their approver roles end and their
    drafts are deleted; without one anywhere, invitations from other desks end too. Editors are notified of that, and of
    submitted assessments that can no longer be approved; so is the person, while they are on the desk.

    Raises Invalid, Forbidden, EditConflict, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        membership = set_role(desk=desk, user=user, role=role, seen=seen, by=by, now=now)
        role = membership.role if membership else None  # may differ, where the role was left as it was seen
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
    changes: FieldValues,
    password: str = "",
    seen: SeenValues = ANYTHING,
    by: User,
    now: datetime | None = None,
) -> User:
    """Change an account as `accounts.actions.change_user` does. Closing it ends the same work as leaving every desk.

    Roles stay, in case the account is opened again. Raises Invalid, Forbidden, EditConflict, Conflict.
    """
    now = now or timezone.now()
    with recorded_transaction():
        if not changes.get("is_active", True):
            # Claims before the person's own row: decisions lock them in this order.
            _lock_claims(user, Q(), written=Q())
        user = change_user(user=user, changes=changes, password=password, seen=seen, by=by, now=now)
        if not user.is_active:
            end_drafts_of(user, None)
            _leave_all(user, Q(), written=Q(), by=by, now=now)
    return user


def _leave_all(user: User, parts: Q, *, written: Q, by: User | None, now: datetime) -> None:
    """End the person's `parts` in claims and the drafts they have `written`, claim by claim. Submitted assessments stay
    waiting, and editors are notified of them."""
    # All locked before the first is changed, in one order, so that two such changes do not deadlock.
    for claim in _lock_claims(user, parts, written=written):
        _leave(claim, user, by, now)


def _lock_claims(user: User, parts: Q, *, written: Q) -> list[Claim]:
    """The claims concerned, locked in the order used everywhere."""
    claims = set(Participant.objects.filter(parts, user=user, until__isnull=True).values_list("claim", flat=True))
    claims |= set(AssessmentDraft.objects.filter(written, assessor=user).values_list("claim", flat=True))
    claims |= set(_waiting(user).filter(written).values_list("claim", flat=True))
    return [lock_claim(Claim(pk=claim_id)) for claim_id in sorted(claims)]


def _waiting(user: User) -> QuerySet[Assessment]:
    return Assessment.objects.filter(assessor=user, state=AssessmentState.WAITING)


def _assess_no_more(user: User, desk: Desk, by: User | None, now: datetime) -> None:
    """Notify of submitted assessments that can no longer be approved: a former editor assesses only assigned claims."""
    for claim_id in sorted(_waiting(user).filter(claim__desk=desk).values_list("claim", flat=True)):
        claim = lock_claim(Claim(pk=claim_id))
        assessment = _waiting(user).filter(claim=claim).first()
        if assessment is not None and not is_assigned(user, claim):
            tell(NotificationKind.DEPARTED, claim, assessment=assessment, by=by, now=now)


def _leave(claim: Claim, user: User, by: User | None, now: datetime) -> None:
    # It can no longer be approved.
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
    # Also where they were no approver: it does nothing then.
    leave(claim, user, ParticipantRole.DECIDER, now=now)
    AssessmentDraft.objects.filter(claim=claim, assessor=user).delete()

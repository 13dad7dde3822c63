"""What a change of somebody's role ends: whoever reviews no longer has no claims and decides on none."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import change_user, set_role
from accounts.edits import ANYTHING, Seen
from accounts.models import Desk, Membership, Role, User
from accounts.transactions import act
from claims.models import Claim, Participant, ParticipantRole
from claims.participants import leave
from claims.permissions import is_named_decider
from claims.support import lock_claim
from reviews.actions.assignments import end_assignment
from reviews.actions.form_drafts import end_drafts_of
from reviews.actions.telling import tell
from reviews.models import AssessmentDraft, Assignment, AssignmentState, NotificationKind

REVIEWING = (Role.REVIEWER, Role.EDITOR)


def change_role(
    *, desk: Desk, user: User, role: str | None, seen: Seen = ANYTHING, by: User | None, now: datetime | None = None
) -> Membership | None:
    """Give a person a role on a desk, change it, or take them off (None), as `accounts.actions.set_role` does.

    Without a role that reviews there, their assignments on the desk are withdrawn, they decide on none of its claims
    and their drafts end; without one anywhere, invitations of other desks end too.
    Raises Invalid, Forbidden, EditConflict, Conflict.
    """
    now = now or timezone.now()
    with act():
        membership = set_role(desk=desk, user=user, role=role, seen=seen, by=by, now=now)
        role = membership.role if membership else None  # which may be another, where it was left as it was seen
        if role is None:
            end_drafts_of(user, desk)
        if role not in REVIEWING:
            ended = Q(claim__desk=desk)
            if not user.memberships.filter(role__in=REVIEWING).exists():
                ended |= Q(role=ParticipantRole.DECIDER)
            _leave_all(
                user, Participant.objects.filter(ended), AssessmentDraft.objects.filter(claim__desk=desk), by, now
            )
    return membership


def change_account(
    *,
    user: User,
    changes: dict[str, Any],
    password: str = "",
    seen: Seen = ANYTHING,
    by: User,
    now: datetime | None = None,
) -> User:
    """Change an account as `accounts.actions.change_user` does. Closing it ends what leaving every desk would end.

    Their roles stay, for the day on which the account is opened again. Raises Invalid, Forbidden, EditConflict,
    Conflict.
    """
    now = now or timezone.now()
    with act():
        if not changes.get("is_active", True):
            # Before the person's own row, as whoever decides on a claim locks the two.
            _lock_claims(user, Participant.objects.all(), AssessmentDraft.objects.all())
        user = change_user(user=user, changes=changes, password=password, seen=seen, by=by, now=now)
        if not user.is_active:
            end_drafts_of(user, None)
            _leave_all(user, Participant.objects.all(), AssessmentDraft.objects.all(), by, now)
    return user


def _leave_all(
    user: User, parts: QuerySet[Participant], drafts: QuerySet[AssessmentDraft], by: User | None, now: datetime
) -> None:
    """End the person's `parts` and `drafts`, claim by claim."""
    for claim in _lock_claims(user, parts, drafts):
        _leave(claim, user, by, now)


def _lock_claims(user: User, parts: QuerySet[Participant], drafts: QuerySet[AssessmentDraft]) -> list[Claim]:
    """The claims of these, locked in the order in which claims are locked everywhere."""
    claims = set(parts.filter(user=user, until__isnull=True).values_list("claim", flat=True))
    claims |= set(drafts.filter(assessor=user).values_list("claim", flat=True))
    return [lock_claim(Claim(pk=claim_id)) for claim_id in sorted(claims)]


def _leave(claim: Claim, user: User, by: User | None, now: datetime) -> None:
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True).select_related("reviewer")
    for assignment in rows.filter(claim=claim, reviewer=user, ended_at__isnull=True):
        assignment.claim = claim
        reason = _("They no longer review on this desk.")
        tell(NotificationKind.DEPARTED, claim, assignment=assignment, by=by, now=now)
        end_assignment(assignment, AssignmentState.WITHDRAWN, reason=reason, by=by, now=now)
    if is_named_decider(user, claim):
        tell(NotificationKind.APPROVER_DEPARTED, claim, by=by, now=now)
    leave(claim, user, ParticipantRole.DECIDER, now=now)
    AssessmentDraft.objects.filter(claim=claim, assessor=user).delete()

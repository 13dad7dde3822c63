"""Who may do what with claims, evidence, sources and actors. `policy.py` checks whether it is possible now.

Every function raises: NotFound where the person may not see the thing, Forbidden where they may not do it. Actions call
them inside the transaction, after the locks are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from accounts.queries import role_in
from claims.access.conflicts import refuse_conflicted
from claims.access.scopes import evidence_for
from claims.models import Claim, Evidence, Participant, ParticipantRole
from house.errors import Forbidden, NotFound
from house.kept_queries import kept_values
from sources.models import Visibility


def is_assigned(user: User, claim: Claim, *, accepted: bool = False) -> bool:
    """Whether the claim is assigned to the person; with `accepted`, whether they accepted."""
    found = _reviews(user, claim)
    return any(found) if accepted else bool(found)


@kept_values(User, Claim)
def _reviews(user: User, claim: Claim) -> QuerySet[Participant, bool]:
    rows = Participant.objects.now(ParticipantRole.REVIEWER).filter(claim=claim, user=user)
    return rows.values_list("accepted", flat=True)


def is_named_decider(user: User, claim: Claim) -> bool:
    """Whether an editor made the person an approver of this claim."""
    return bool(_named(user, claim))


@kept_values(User, Claim)
def _named(user: User, claim: Claim) -> QuerySet[Participant, UUID]:
    rows = Participant.objects.now(ParticipantRole.DECIDER).filter(claim=claim, user=user)
    return rows.values_list("pk", flat=True)


def role_for(user: User, claim: Claim) -> Role | None:
    """The person's role on the claim's desk. None for an approver from another desk."""
    role = role_in(user, claim.desk_id)
    # 404 and not 403: a stranger must not learn that the reference exists.
    if role is None and not is_named_decider(user, claim):
        raise NotFound(_("Claim not found."))
    return role


@dataclass
class ClaimAccess:
    """A person's relation to a claim, read once for a page that offers several acts.

    `memberships`: the person's own, where the page has read them. Actions never reuse it: they check after taking their
    locks, since an earlier reading may be out of date.
    """

    user: User
    claim: Claim
    memberships: Sequence[Membership] = ()

    @cached_property
    def role(self) -> Role | None:
        """As `role_for`, which it asks where the memberships do not say. Raises NotFound."""
        own = (row.role for row in self.memberships if row.desk_id == self.claim.desk_id)
        found = next(own, None)
        return role_for(self.user, self.claim) if found is None else Role(found)

    @cached_property
    def reviews(self) -> list[bool]:
        """For each assignment of the claim to the person, whether they accepted it."""
        return _reviews(self.user, self.claim)


def may_edit_claim(user: User, claim: Claim, part: ClaimAccess | None = None) -> None:
    """Claims and their evidence: a reporter may edit their own, a reviewer or an editor any."""
    role = (part or ClaimAccess(user, claim)).role
    if role in (Role.REVIEWER, Role.EDITOR) or (role == Role.REPORTER and claim.created_by_id == user.pk):
        return
    raise Forbidden(_("Reporters can change their own claims only; reviewers and editors, any of the desk’s."))


def may_edit_evidence(user: User, evidence: Evidence) -> None:
    """Evidence on a claim that the person may edit; restricted evidence has to be visible to them too."""
    may_edit_claim(user, evidence.claim)
    _may_see(user, evidence)


def may_confirm_excerpt(user: User, evidence: Evidence) -> None:
    """An editor, or the reviewer assigned to the claim, may confirm an excerpt that they may see."""
    role = role_for(user, evidence.claim)
    _may_see(user, evidence)  # hidden evidence raises NotFound
    if role == Role.EDITOR or (role == Role.REVIEWER and is_assigned(user, evidence.claim)):
        return
    may_edit_claim(user, evidence.claim)
    raise Forbidden(_("Only editors and this claim’s reviewer can confirm an excerpt."))


def _may_see(user: User, evidence: Evidence) -> None:
    if evidence.visibility != Visibility.RESTRICTED:
        return
    if not Evidence.objects.filter(evidence_for(user), pk=evidence.pk).exists():
        raise NotFound(_("Evidence not found."))


def may_edit_as_editor(user: User, claim: Claim, message: str, part: ClaimAccess | None = None) -> None:
    """Only editors may assign, decide, retract, publish and close."""
    if (part or ClaimAccess(user, claim)).role != Role.EDITOR:
        raise Forbidden(message)


def may_move_alone(user: User, claim: Claim) -> None:
    """A move alone: the assigned reviewer who accepted, or an editor; nobody with a conflict of interest."""
    role = role_for(user, claim)
    if role == Role.EDITOR or (role == Role.REVIEWER and is_assigned(user, claim, accepted=True)):
        # An editor too: a conflict of interest is with the claim, whatever the role (decision 40).
        refuse_conflicted(user, claim)
        return
    raise Forbidden(_("Only editors and the reviewer who accepted this claim can record this."))


def may_assess(user: User, claim: Claim, part: ClaimAccess | None = None) -> None:
    """An assessment: the same people who may move a claim alone."""
    part = part or ClaimAccess(user, claim)
    if part.role == Role.EDITOR or (part.role == Role.REVIEWER and any(part.reviews)):
        refuse_conflicted(user, claim)
        return
    raise Forbidden(_("Only editors and the reviewer who accepted this claim can assess it."))


def may_decide_move(user: User, claim: Claim, assessor: User) -> None:
    """A second person's decision: an editor or an approver; never the assessor, nobody with a conflict of interest."""
    role = role_for(user, claim)
    if user.pk == assessor.pk:
        raise Forbidden(_("A second person must decide: you cannot decide on your own assessment."))
    # Auditors write nothing, whatever else they were named for.
    if role == Role.EDITOR or (role != Role.AUDITOR and is_named_decider(user, claim)):
        # Last of all, so that reminders of waiting decisions leave them out as well (decision 40).
        refuse_conflicted(user, claim)
        return
    raise Forbidden(_("Only editors and approvers named by an editor can decide."))

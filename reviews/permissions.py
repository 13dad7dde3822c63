"""Permissions to propose a redaction, and to decide on one."""

from django.utils.translation import gettext as _

from accounts.actions import may_change_desk
from accounts.models import Desk, Membership, Role, User
from accounts.queries import role_in
from claims.reading.actor_queries import redacts_shared
from house.errors import Forbidden, NotFound
from reviews.models import Redaction, RedactionState
from sources.models import Actor


def may_redact(desk: Desk, by: User) -> None:
    """Allow an editor of the desk, who may see all matches. Raises NotFound, Forbidden."""
    may_change_desk(desk, by)
    if role_in(by, desk.pk) != Role.EDITOR:
        raise Forbidden(_("Only editors of the desk can redact."))


def may_redact_shared(actor: Actor, by: User) -> None:
    """Allow an administrator, or an editor of a desk that uses the actor (of any, if none does); it takes both.

    Raises NotFound, Forbidden.
    """
    if redacts_shared(by, actor):
        return
    if by.memberships.exists():
        message = _(
            "It takes an administrator and an editor of a desk that uses this actor (of any desk, if none does)."
        )
        raise Forbidden(message)
    raise NotFound(_("Actor not found."))


def may_take_part(redaction: Redaction, by: User) -> None:
    """Allow the people who see the matches of a redaction, and can end it. Raises NotFound, Forbidden."""
    if redaction.actor is not None:
        may_redact_shared(redaction.actor, by)
    elif redaction.desk is not None and not is_asked(redaction, by):
        may_redact(redaction.desk, by)


def is_asked(redaction: Redaction, by: User) -> bool:
    """Whether the person was asked from another desk to decide on an open redaction and still is an editor there. The
    proposer must still edit the desk: an erasure there needs one of its editors."""
    if redaction.desk is None or redaction.second_id != by.pk or redaction.state != RedactionState.PROPOSED:
        return False
    return edits_elsewhere(by, redaction.desk) and role_in(redaction.proposed_by, redaction.desk.pk) == Role.EDITOR


def edits_elsewhere(user: User, desk: Desk) -> bool:
    """Whether the person is an editor of another desk, without a role on this one."""
    roles = Membership.objects.filter(user=user, user__is_active=True)
    return roles.filter(role=Role.EDITOR).exists() and not roles.filter(desk=desk).exists()


def may_withdraw(redaction: Redaction, by: User) -> None:
    """Allow only the proposer. Raises Forbidden."""
    if redaction.proposed_by_id != by.pk:
        raise Forbidden(_("Only its proposer can withdraw it. You can reject it."))


def may_ask_second(redaction: Redaction, by: User) -> None:
    """Allow only the proposer of a redaction on a desk. Raises Forbidden."""
    if redaction.desk_id is None or redaction.proposed_by_id != by.pk:
        raise Forbidden(_("Only the proposer on a desk can ask a second editor."))


def may_decide_redaction(redaction: Redaction, by: User) -> None:
    """Allow a second person; for a shared actor an administrator if an editor proposed it, and an editor who is not an
    administrator if an administrator did. Raises Forbidden."""
    if redaction.proposed_by_id == by.pk:
        raise Forbidden(_("A second editor must decide on your proposal."))
    if redaction.actor_id is not None and redaction.proposed_by.is_staff == by.is_staff:
        raise Forbidden(_("An administrator and an editor who is not one must both agree. The other must decide."))

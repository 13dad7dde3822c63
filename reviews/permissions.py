"""Who may have words or a file erased, and decide on what somebody else proposed."""

from django.utils.translation import gettext as _

from accounts.actions import may_change_desk
from accounts.models import Desk, Membership, Role, User
from accounts.queries import role_in
from claims.reading.actor_queries import redacts_shared
from house.errors import Forbidden, NotFound
from reviews.models import Redaction, RedactionState
from sources.models import Actor


def may_redact(desk: Desk, by: User) -> None:
    """An editor of the desk, who may see all that would be erased. Raises NotFound, Forbidden."""
    may_change_desk(desk, by)
    if role_in(by, desk.pk) != Role.EDITOR:
        raise Forbidden(_("Only editors of the desk can redact."))


def may_redact_shared(actor: Actor, by: User) -> None:
    """An administrator, or an editor of a desk that uses the actor (of any, where none does); it takes both.

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
    """Who sees what a redaction would erase, and ends it. Raises NotFound, Forbidden."""
    if redaction.actor is not None:
        may_redact_shared(redaction.actor, by)
    elif redaction.desk is not None and not is_asked(redaction, by):
        may_redact(redaction.desk, by)


def is_asked(redaction: Redaction, by: User) -> bool:
    """Whether the person was asked from another desk to decide, still edits one, and it is open; and whoever asked
    still edits the desk: nobody of another desk erases anything there without an editor of it."""
    if redaction.desk is None or redaction.second_id != by.pk or redaction.state != RedactionState.PROPOSED:
        return False
    return edits_elsewhere(by, redaction.desk) and role_in(redaction.proposed_by, redaction.desk.pk) == Role.EDITOR


def edits_elsewhere(user: User, desk: Desk) -> bool:
    """Whether somebody edits another desk, and has no role on this one."""
    roles = Membership.objects.filter(user=user, user__is_active=True)
    return roles.filter(role=Role.EDITOR).exists() and not roles.filter(desk=desk).exists()


def may_withdraw(redaction: Redaction, by: User) -> None:
    """Whoever proposed it. Raises Forbidden."""
    if redaction.proposed_by_id != by.pk:
        raise Forbidden(_("Only its proposer can withdraw it. You can reject it."))


def may_ask_second(redaction: Redaction, by: User) -> None:
    """Whoever proposed it on a desk. Raises Forbidden."""
    if redaction.desk_id is None or redaction.proposed_by_id != by.pk:
        raise Forbidden(_("Only the proposer on a desk can ask a second editor."))


def may_decide_redaction(redaction: Redaction, by: User) -> None:
    """A second person; of an actor that all desks share an administrator where an editor proposed, and an editor who is
    no administrator where one of these did. Raises Forbidden."""
    if redaction.proposed_by_id == by.pk:
        raise Forbidden(_("A second editor must decide on your proposal."))
    if redaction.actor_id is not None and redaction.proposed_by.is_staff == by.is_staff:
        raise Forbidden(_("It takes an administrator and an editor who is not one. The other of the two must decide."))

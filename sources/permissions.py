"""Who may do what with actors and sources.

Every function raises: NotFound where the person may not know of the thing, Forbidden where they may not do it.
They are called after the locks are taken, inside the transaction.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Desk, Role, User
from accounts.queries import role_in
from house.errors import Forbidden, NotFound
from sources.models import Actor, Source

WRITERS = (Role.REPORTER, Role.REVIEWER, Role.EDITOR)


def may_write(user: User, desk: Desk) -> None:
    """Write claims down, add actors, sources, files and relays: everybody on the desk but its auditors."""
    role = role_in(user, desk.pk)
    if role is None:
        raise NotFound(_("Desk not found."))
    if role not in WRITERS:
        raise Forbidden(_("Auditors can read everything but change nothing."))


def may_change_source(user: User, source: Source) -> None:
    """A reporter changes their own sources; a reviewer or an editor any of the desk's."""
    role = role_in(user, source.desk_id)
    if role is None:
        raise NotFound(_("Source not found."))
    if role in (Role.REVIEWER, Role.EDITOR) or (role == Role.REPORTER and source.created_by_id == user.pk):
        return
    raise Forbidden(_("Reporters can change their own sources only; reviewers and editors, any of the desk’s."))


def may_retract(user: User, source: Source) -> None:
    role = role_in(user, source.desk_id)
    if role is None:
        raise NotFound(_("Source not found."))
    if role != Role.EDITOR:
        raise Forbidden(_("Only editors record retractions and corrections."))


def may_release(user: User, desk_id: UUID | None) -> None:
    """Let more people see something: an editor, who answers for what it may give away; an administrator for what all
    desks share."""
    if desk_id is None:
        if user.is_active and user.is_staff:
            return
        raise Forbidden(_("Shared with all desks: only administrators can release it."))
    if role_in(user, desk_id) != Role.EDITOR:
        raise Forbidden(_("Only editors can release restricted material."))


def may_merge(user: User, actor: Actor) -> None:
    """Say that an actor is another: an editor for the desk's own, an administrator for those that all desks share."""
    if actor.desk_id is None:
        if user.is_active and user.is_staff:
            return
        raise Forbidden(_("Shared with all desks: only administrators can merge this actor."))
    role = role_in(user, actor.desk_id)
    if role is None:
        raise NotFound(_("Actor not found."))
    if role != Role.EDITOR:
        raise Forbidden(_("Only editors merge actors."))


def may_change_actor(user: User, actor: Actor) -> None:
    """A shared actor is changed by an administrator; a desk's own like a source."""
    if actor.desk_id is None:
        if user.is_active and user.is_staff:
            return
        raise Forbidden(_("Shared with all desks: only administrators can change this actor."))
    role = role_in(user, actor.desk_id)
    if role is None:
        raise NotFound(_("Actor not found."))
    if role in (Role.REVIEWER, Role.EDITOR) or (role == Role.REPORTER and actor.created_by_id == user.pk):
        return
    raise Forbidden(_("Reporters can change their own actors only; reviewers and editors, any of the desk’s."))

"""Permissions on actors and sources.

Every function raises NotFound if the person may not know of the row, and Forbidden if they may not change it so.
Called inside the transaction, after its locks.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Desk, Role, User
from accounts.queries import role_in
from house.errors import Forbidden, NotFound
from sources.models import Actor, Source

WRITERS = (Role.REPORTER, Role.REVIEWER, Role.EDITOR)


def may_write(user: User, desk: Desk) -> None:
    """Create claims, actors, sources, files and relays: every member of the desk except auditors."""
    role = role_in(user, desk.pk)
    if role is None:
        raise NotFound(_("Desk not found."))
    if role not in WRITERS:
        raise Forbidden(_("Auditors can read everything but change nothing."))


def may_change_source(user: User, source: Source) -> None:
    """Change a source: reviewers and editors any of the desk's, reporters their own."""
    role = role_in(user, source.desk_id)
    if role is None:
        raise NotFound(_("Source not found."))
    if role in (Role.REVIEWER, Role.EDITOR) or (role == Role.REPORTER and source.created_by_id == user.pk):
        return
    raise Forbidden(_("Reporters can change their own sources only; reviewers and editors, any of the desk’s."))


def may_retract(user: User, source: Source) -> None:
    """Record a retraction or a correction of a source: the desk's editors."""
    role = role_in(user, source.desk_id)
    if role is None:
        raise NotFound(_("Source not found."))
    if role != Role.EDITOR:
        raise Forbidden(_("Only editors record retractions and corrections."))


def may_release(user: User, desk_id: UUID | None) -> None:
    """Release a row to more people: the desk's editors, who answer for it; administrators for shared rows."""
    if desk_id is None:
        if user.is_active and user.is_staff:
            return
        raise Forbidden(_("Shared with all desks: only administrators can release it."))
    if role_in(user, desk_id) != Role.EDITOR:
        raise Forbidden(_("Only editors can release restricted material."))


def may_merge(user: User, actor: Actor) -> None:
    """Merge an actor into another: the desk's editors, and administrators for shared actors."""
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
    """Change an actor: administrators a shared one; a desk's own as `may_change_source` has it."""
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

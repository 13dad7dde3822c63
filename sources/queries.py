"""Reading actors: scoped to what the person may see, and fetched in the same step.

Which sources a person may see depends on the claims they review, so those are read in `claims.queries`.
"""

from uuid import UUID

from django.db.models import Exists, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotFound
from accounts.models import Membership, User
from accounts.scopes import is_editor, is_member
from sources.models import Actor, Visibility


def actors_for(user: User) -> Q:
    """A desk's actors and those shared by all desks, for whoever is on a desk."""
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    shared = Q(desk__isnull=True) & Q(Exists(Membership.objects.filter(user=user)))
    return shared | (Q(is_member(user)) & (open_to_all | Q(created_by=user) | Q(is_editor(user))))


def visible_actors(user: User) -> QuerySet[Actor]:
    return Actor.objects.filter(actors_for(user)).select_related("part_of", "owned_by")


def get_actor(user: User, actor_id: UUID) -> Actor:
    """One actor that the person may see. Raises NotFound."""
    actor = visible_actors(user).select_related("desk", "created_by").filter(pk=actor_id).first()
    if actor is None:
        raise NotFound(_("There is no such actor."))
    return actor


def named_actor(user: User, desk_id: UUID | None, actor_id: UUID | None, field: str) -> Actor | None:
    """The actor that a form or a body names, on this desk or shared.

    Raises Invalid for `field`: what is of another desk is as absent.
    """
    if actor_id is None:
        return None
    actor = visible_actors(user).filter(Q(desk=desk_id) | Q(desk__isnull=True), pk=actor_id).first()
    if actor is None:
        raise Invalid({field: [_("There is no such actor on this desk.")]})
    return actor

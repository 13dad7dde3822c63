"""Reading actors: scoped to what the person may see, and fetched in the same step.

Which sources a person may see depends on the claims they review, so those are read in `claims.queries`.
"""

from uuid import UUID

from django.db.models import Exists, Q, QuerySet, Value
from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotFound
from accounts.models import Membership, User
from accounts.scopes import is_editor, is_member
from sources.models import Actor, Visibility


def actors_for(user: User) -> Q:
    """A desk's actors; and those shared by all desks, for whoever is on a desk and for administrators."""
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    shared = Q(desk__isnull=True) & (Q(Exists(Membership.objects.filter(user=user))) | Q(Value(user.is_staff)))
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


def search_actors(rows: QuerySet[Actor], q: str) -> QuerySet[Actor]:
    """Actors narrowed to those with all of these words in their name; all of them for none."""
    for word in q.split()[:10]:
        rows = rows.filter(name__icontains=word)
    return rows


def chain_of(user: User, actor: Actor) -> list[Actor]:
    """The actor and those above it that it is, or was, part of, up to the first that the person may not see."""
    chain, above = [actor], actor.part_of_id
    while above is not None:
        step = visible_actors(user).filter(pk=above).first()
        if step is None or step in chain:
            break
        chain.append(step)
        above = step.part_of_id
    return chain


def parts_of(user: User, actor: Actor) -> QuerySet[Actor]:
    """The actors that are, or were, part of this one, of those that the person may see."""
    return visible_actors(user).filter(part_of=actor).order_by("name", "id")

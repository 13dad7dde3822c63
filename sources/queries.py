"""Queries for actors, scoped to the ones that a person may name.

The sources that a person may see, and further actors shown to them, depend on the claims they review: see
`claims.queries` and `claims.reading.actor_queries`.
"""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.db.models import Exists, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from accounts.scopes import is_editor, is_member
from house.errors import Invalid
from sources.models import Actor
from sources.statement_parts import chains_sql, is_open
from sources.voices import ActorLink

_CHAINS = f"WITH RECURSIVE {chains_sql('SELECT unnest(%s::uuid[])')} SELECT id FROM chain"  # noqa: S608 - our own


def nameable_actors(user: User) -> Q:
    """The filter for actors of the person's desks, and for shared ones if they are on a desk or an administrator.

    Leaves out actors seen only through an assignment: a reference to one would outlast the assignment.
    """
    shared = Q(desk__isnull=True) & (Q(Exists(Membership.objects.filter(user=user))) | Q(Value(user.is_staff)))
    return shared | (Q(is_member(user)) & (is_open() | Q(created_by=user) | Q(is_editor(user))))


def visible_actors(user: User) -> QuerySet[Actor]:
    """The actors that the person may name, without merged ones."""
    return Actor.objects.filter(nameable_actors(user), merged_into__isnull=True).select_related("part_of", "owned_by")


def merged_actors(user: User) -> QuerySet[Actor]:
    """The merged actors that the person may name; `merged_into` is the one that each became."""
    return Actor.objects.filter(nameable_actors(user), merged_into__isnull=False)


def named_actor(user: User, desk_id: UUID | None, *, actor_id: UUID | None, field: str) -> Actor | None:
    """The actor that a form or an API body names, on this desk or shared; None for None.

    Raises Invalid for `field`; an actor of another desk is treated as absent.
    """
    if actor_id is None:
        return None
    _wait_for_merging(actor_id)
    actor = visible_actors(user).filter(Q(desk=desk_id) | Q(desk__isnull=True), pk=actor_id).first()
    if actor is None:
        raise Invalid({field: [_("Actor not found on this desk.")]})
    return actor


def _wait_for_merging(actor_id: UUID) -> None:
    """Lock the row until the transaction ends, as the foreign key will.

    A merge locks it exclusively, so that no row comes to name the actor meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sources_actor WHERE id = %s FOR KEY SHARE", [actor_id])


def search_actors(user: User, rows: QuerySet[Actor], q: str) -> QuerySet[Actor]:
    """The rows whose name, or a name merged into it, holds all words of `q` (up to ten); every row for an empty `q`."""
    words = Q()
    for word in q.split()[:10]:
        words &= Q(name__icontains=word)
    return rows.filter(words | Q(pk__in=merged_actors(user).filter(words).values("merged_into"))) if words else rows


def other_names_of(user: User, actor: Actor) -> list[str]:
    """The names of the actors merged into this one that the person may see."""
    return list(dict.fromkeys(merged_actors(user).filter(merged_into=actor).values_list("name", flat=True)))


def actor_called(user: User, desk_id: UUID, name: str, *, restricted: bool) -> Actor | None:
    """The actor with this name, now or before a merge, on the desk or shared. `restricted`: include restricted ones."""
    rows = visible_actors(user).filter(Q(desk=desk_id) | Q(desk__isnull=True))
    if not restricted:
        rows = rows.filter(is_open())
    before = merged_actors(user).filter(name__iexact=name).values("merged_into")
    for found in (Q(name__iexact=name), Q(pk__in=before)):
        if actor := rows.filter(found).order_by("created_at", "id").first():
            return actor
    return None


MOST_ALIKE = 5
ALIKE = 0.45  # of 1; by trial: variants of one name score above, names of different people below


def alike_actors(user: User, actor: Actor) -> QuerySet[Actor]:
    """Possible duplicates: actors of the desk, or shared, with similar names, most similar first.

    Similarity by trigrams (PostgreSQL's pg_trgm).
    """
    name = actor.name.upper()
    rows = visible_actors(user).filter(Q(desk=actor.desk_id) | Q(desk__isnull=True)).exclude(pk=actor.pk)
    return (
        rows.filter(is_open())
        .annotate(upper_name=Upper("name"))
        .filter(upper_name__trigram_similar=name)
        .annotate(likeness=TrigramSimilarity("upper_name", name))
        .filter(likeness__gte=ALIKE)
        .order_by("-likeness", "id")[:MOST_ALIKE]
    )


def actor_links(actor_ids: Iterable[UUID]) -> dict[str, ActorLink]:
    """The `part_of` links of these actors and of every actor above them, now or formerly, by id."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS, [list(actor_ids)])
        ids = [row[0] for row in cursor.fetchall()]
    return {str(actor.pk): _link(actor) for actor in Actor.objects.filter(pk__in=ids)}


def _link(actor: Actor) -> ActorLink:
    part_of = str(actor.part_of_id) if actor.part_of_id else None
    return ActorLink(str(actor.pk), part_of, actor.part_of_from, actor.part_of_to, is_checked=actor.speaks_for_checked)

"""Reading actors that a person may name: scoped, and fetched in the same step.

Which sources a person may see, and which more actors they are shown, depends on the claims they review: see
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
from sources.models import Actor, Visibility
from sources.voices import ActorLink

_CHAINS = """
WITH RECURSIVE chain (id) AS (
    SELECT unnest(%s::uuid[])
    UNION
    SELECT a.part_of_id FROM chain JOIN sources_actor a ON a.id = chain.id WHERE a.part_of_id IS NOT NULL
)
SELECT id FROM chain
"""


def nameable_actors(user: User) -> Q:
    """A desk's actors; and those shared by all desks, for whoever is on a desk and for administrators.

    What somebody sees only as long as a claim is assigned to them they may not name elsewhere: it would outlive that.
    """
    open_to_all = ~Q(visibility=Visibility.RESTRICTED)
    shared = Q(desk__isnull=True) & (Q(Exists(Membership.objects.filter(user=user))) | Q(Value(user.is_staff)))
    return shared | (Q(is_member(user)) & (open_to_all | Q(created_by=user) | Q(is_editor(user))))


def visible_actors(user: User) -> QuerySet[Actor]:
    """The actors that the person may name, without those that proved to be another."""
    return Actor.objects.filter(nameable_actors(user), merged_into__isnull=True).select_related("part_of", "owned_by")


def merged_actors(user: User) -> QuerySet[Actor]:
    """The actors that proved to be another, of those that the person may see; `merged_into` is what each is now."""
    return Actor.objects.filter(nameable_actors(user), merged_into__isnull=False)


def named_actor(user: User, desk_id: UUID | None, *, actor_id: UUID | None, field: str) -> Actor | None:
    """The actor that a form or a body names, on this desk or shared.

    Raises Invalid for `field`: what is of another desk is as absent.
    """
    if actor_id is None:
        return None
    _wait_for_merging(actor_id)
    actor = visible_actors(user).filter(Q(desk=desk_id) | Q(desk__isnull=True), pk=actor_id).first()
    if actor is None:
        raise Invalid({field: [_("Actor not found on this desk.")]})
    return actor


def _wait_for_merging(actor_id: UUID) -> None:
    """Hold the row, as the foreign key will, until the transaction ends: nothing may come to name an actor while it is
    merged into another, which locks the row alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sources_actor WHERE id = %s FOR KEY SHARE", [actor_id])


def search_actors(user: User, rows: QuerySet[Actor], q: str) -> QuerySet[Actor]:
    """Actors narrowed to those with all of these words in their name, or in one that they were merged from; all of
    them for none."""
    words = Q()
    for word in q.split()[:10]:
        words &= Q(name__icontains=word)
    return rows.filter(words | Q(pk__in=merged_actors(user).filter(words).values("merged_into"))) if words else rows


def other_names_of(user: User, actor: Actor) -> list[str]:
    """The names of the actors that were merged into this one, of those that the person may see."""
    return list(dict.fromkeys(merged_actors(user).filter(merged_into=actor).values_list("name", flat=True)))


def actor_called(user: User, desk_id: UUID, name: str, *, restricted: bool) -> Actor | None:
    """The actor that a desk calls by this name, or called so before it was merged; with `restricted`, of those too."""
    rows = visible_actors(user).filter(Q(desk=desk_id) | Q(desk__isnull=True))
    if not restricted:
        rows = rows.exclude(visibility=Visibility.RESTRICTED)
    before = merged_actors(user).filter(name__iexact=name).values("merged_into")
    for found in (Q(name__iexact=name), Q(pk__in=before)):
        if actor := rows.filter(found).order_by("created_at", "id").first():
            return actor
    return None


MOST_ALIKE = 5
ALIKE = 0.45  # of 1; by trial: spellings and word order of a name lie above it, other people's names below


def alike_actors(user: User, actor: Actor) -> QuerySet[Actor]:
    """Actors of the same desk, and shared ones, whose names are much like this one's: perhaps the same.

    By trigrams (PostgreSQL's pg_trgm), the most alike first.
    """
    name = actor.name.upper()
    rows = visible_actors(user).filter(Q(desk=actor.desk_id) | Q(desk__isnull=True)).exclude(pk=actor.pk)
    return (
        rows.exclude(visibility=Visibility.RESTRICTED)
        .annotate(upper_name=Upper("name"))
        .filter(upper_name__trigram_similar=name)
        .annotate(likeness=TrigramSimilarity("upper_name", name))
        .filter(likeness__gte=ALIKE)
        .order_by("-likeness", "id")[:MOST_ALIKE]
    )


def actor_links(actor_ids: Iterable[UUID]) -> dict[str, ActorLink]:
    """The links of these actors, and of all that they are or were part of, by id."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS, [list(actor_ids)])
        ids = [row[0] for row in cursor.fetchall()]
    return {str(actor.pk): _link(actor) for actor in Actor.objects.filter(pk__in=ids)}


def _link(actor: Actor) -> ActorLink:
    part_of = str(actor.part_of_id) if actor.part_of_id else None
    return ActorLink(str(actor.pk), part_of, actor.part_of_from, actor.part_of_to)

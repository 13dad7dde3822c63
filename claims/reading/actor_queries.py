"""Queries for actors: those that a person may name, and those of the claims that they review or decide."""

from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from claims.access.scopes import actors_for, claims_for
from claims.access.withheld import withhold
from claims.models import Claim, Evidence
from claims.verdicts.graph_loading import load_evidence_graph
from house.errors import Forbidden, NotFound
from sources.models import CHECKED_FROM_THE_START, Actor, ActorKind, Source
from sources.permissions import may_change_actor
from sources.queries import merged_actors


def shown_actors(user: User) -> QuerySet[Actor]:
    """The actors that the person may see, without merged ones."""
    return Actor.objects.filter(actors_for(user), merged_into__isnull=True).select_related("part_of", "owned_by")


def get_actor(user: User, actor_id: UUID) -> Actor:
    """One actor that the person may see. Raises NotFound."""
    actor = shown_actors(user).select_related("desk", "created_by").filter(pk=actor_id).first()
    if actor is None:
        raise NotFound(_("Actor not found."))
    withhold(user, [actor])
    return actor


def voices_to_check(user: User) -> list[Actor]:
    """The persons and organisations of which nobody has said whom they speak for, and that count on a claim about
    others for whom they could speak, by name. Reads every claim that the person may see.

    Others: a claimant or party that is no outlet, and not the actor itself. Of the actors only those that the person
    may change.
    """
    outlets = {str(pk) for pk in Actor.objects.filter(kind=ActorKind.OUTLET).values_list("pk", flat=True)}
    found: set[str] = set()
    for claim in Claim.objects.filter(claims_for(user)).select_related("desk").order_by("pk").iterator():
        graph = load_evidence_graph(claim)
        others = graph.voices_of((graph.claimants | graph.parties) - outlets, graph.day)
        speaking = {voice for voice in graph.voices.values() if voice is not None}
        found |= {voice for voice in speaking if others - {voice}}
    rows = shown_actors(user).filter(pk__in=found, speaks_for_checked=True, part_of__isnull=True)
    rows = rows.filter(stands_alone_because="").exclude(kind__in=CHECKED_FROM_THE_START).order_by("name", "pk")
    return [actor for actor in rows if _may_change(user, actor)]


def _may_change(user: User, actor: Actor) -> bool:
    try:
        may_change_actor(user, actor)
    except (Forbidden, NotFound):
        return False
    return True


def survivor_of(user: User, actor_id: UUID) -> Actor | None:
    """The actor that a merged one was merged into, where the person may see both; None for any other."""
    merged = merged_actors(user).filter(pk=actor_id)
    return shown_actors(user).filter(pk__in=merged.values("merged_into")).first()


def redacted_by_editor(user: User) -> QuerySet[Actor]:
    """The shared actors in which the person may redact words as an editor.

    These are actors used by a desk that they edit, and, for an editor of any desk, those that no desk uses.
    """
    desks = Membership.objects.filter(user=user, user__is_active=True, role=Role.EDITOR).values("desk")
    unused = ~_used_by(Q(desk__isnull=False)) & Q(Exists(desks))
    shared = Actor.objects.filter(desk__isnull=True, merged_into__isnull=True)
    return shared.filter(_used_by(Q(desk__in=desks)) | unused)


def _used_by(desks: Q) -> Q:
    """A condition on actors: that one of these desks uses it.

    A desk uses an actor as publisher, as claimant or party of a claim, in an admission, above an actor of its own, or
    as the actor that such an actor was merged into.
    """
    claims = Q(claim__in=Claim.objects.filter(desks).values("pk"))
    named: list[QuerySet[Any]] = [
        Source.objects.filter(desks, publisher=OuterRef("pk")),
        Claim.objects.filter(desks, claimant=OuterRef("pk")),
        Claim.also_claimed_by.through.objects.filter(claims, actor=OuterRef("pk")),
        Claim.parties.through.objects.filter(claims, actor=OuterRef("pk")),
        Evidence.objects.filter(claims, against_interest=OuterRef("pk")),
        *(Actor.objects.filter(desks, **{leads: OuterRef("pk")}) for leads in ("part_of", "owned_by", "merged_into")),
    ]
    return reduce(or_, (Q(Exists(rows)) for rows in named))


def redacts_shared(user: User, actor: Actor) -> bool:
    """Whether the person is one of the two people needed to redact a shared actor.

    That is an administrator, or an editor of a desk that uses it; of any desk where none does.
    """
    if actor.desk_id is not None or not user.is_active:
        return False
    return user.is_staff or redacted_by_editor(user).filter(pk=actor.pk).exists()


def chain_of(user: User, actor: Actor) -> list[Actor]:
    """The actor and those that it is, or was, part of, up to the first that is hidden from the person."""
    chain, above = [actor], actor.part_of_id
    while above is not None:
        step = shown_actors(user).filter(pk=above).first()
        if step is None or step in chain:
            break
        chain.append(step)
        above = step.part_of_id
    return chain


def parts_of(user: User, actor: Actor) -> QuerySet[Actor]:
    """The actors that are, or were, part of this one and that the person may see."""
    return shown_actors(user).filter(part_of=actor).order_by("name", "id")

"""Conflicts of interest that people declare, and which claims they touch.

A conflict with an actor touches a claim where that actor speaks with the voice of its claimant, of somebody who also
claims it, or of a party, on the claim's day. It is named by the claim's own actor: the one that was declared may be of
another desk, or restricted.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.compiled import compiled
from accounts.errors import Forbidden, NotFound
from accounts.models import User
from claims.graphs import actor_links, claim_day
from claims.models import Claim
from claims.scopes import actors_for
from sources.models import Actor, DeclaredConflict
from sources.voices import voice_at


def conflicts_with(claim: Claim, people: Iterable[UUID], *, since: datetime | None = None) -> dict[UUID, Actor]:
    """Who of `people` declared a conflict that touches the claim, each with the actor of the claim that it touches.

    `since`: also what was taken back after that moment.
    """
    lasting = Q(ended_at__isnull=True) | (Q(ended_at__gte=since) if since else Q())
    rows = DeclaredConflict.objects.filter(lasting, user__in=list(people))
    declared = list(rows.values_list("user_id", "actor_id"))
    if not declared:
        return {}
    concerned = Q(pk=claim.claimant_id) | Q(party_to=claim) | Q(also_claimed=claim)
    named = list(Actor.objects.filter(concerned).distinct().order_by("name", "id"))
    links = actor_links({actor.pk for actor in named} | {actor_id for _user, actor_id in declared})
    day = claim_day(claim)
    by_voice: dict[str | None, Actor] = {}
    for actor in named:
        by_voice.setdefault(voice_at(str(actor.pk), day, links), actor)
    voices = ((user_id, voice_at(str(actor_id), day, links)) for user_id, actor_id in declared)
    return {user_id: by_voice[voice] for user_id, voice in voices if voice in by_voice}


def conflict_in_words(person: str, touched: str) -> str:
    """Why somebody is not asked to judge a claim: for themselves and for the desk's editors."""
    text = _("%(person)s declared a conflict of interest that touches %(actor)s, whom the claim names.")
    return text % {"person": person, "actor": touched}


def refuse_conflicted(user: User, claim: Claim) -> None:
    """Who declared a conflict that touches a claim does not judge it. Raises Forbidden."""
    if not _declared_by(user):  # as for most people, who are asked about with every act
        return
    touched = conflicts_with(claim, [user.pk]).get(user.pk)
    if touched is not None and _declares_hidden(user):
        # How an actor that they see no longer is tied to those of the claim is not for them.
        raise Forbidden(_("You declared a conflict of interest. Somebody else judges this claim."))
    if touched is not None:
        message = _(
            "You declared a conflict of interest that touches %(actor)s, whom the claim names. Somebody else judges it."
        )
        raise Forbidden(message % {"actor": touched.name})


def _declares_hidden(user: User) -> bool:
    declared = Actor.objects.filter(declared_conflicts__user=user, declared_conflicts__ended_at__isnull=True)
    return declared.exclude(actors_for(user)).exists()


@compiled(User)
def _declared_by(user: User) -> QuerySet[DeclaredConflict, UUID]:
    return DeclaredConflict.objects.filter(user=user, ended_at__isnull=True).values_list("actor_id", flat=True)[:1]


def conflicts_of(user: User) -> QuerySet[DeclaredConflict]:
    """What the person has declared and not taken back, the newest first."""
    rows = DeclaredConflict.objects.filter(user=user, ended_at__isnull=True)
    return rows.select_related("actor").order_by("-declared_at", "id")


def get_conflict(user: User, conflict_id: UUID) -> DeclaredConflict:
    """One conflict that the person declared. Raises NotFound."""
    found = conflicts_of(user).filter(pk=conflict_id).first()
    if found is None:
        raise NotFound(_("There is no such conflict of interest."))
    return found


def claims_touched(user: User) -> list[Claim]:
    """The open claims that the person reviews or may decide on by name, and that a conflict of theirs touches."""
    rows = Claim.objects.filter(participants__user=user, participants__until__isnull=True, closed_at__isnull=True)
    return [claim for claim in rows.distinct().order_by("reference") if conflicts_with(claim, [user.pk])]

"""Conflicts of interest that people declare, and the claims that they touch.

A conflict with an actor touches a claim where that actor has the voice of its claimant, of an actor who also claims it,
or of a party, on the claim's day. The claim's own actor names the conflict, since the declared one may belong to
another desk or be restricted.

Refusals use `conflicts_with`, which reads every actor. Anything that a person reads, of their own conflict or of
another's, comes from `conflicts_told`, which ignores actors hidden from them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from claims.access.scopes import actors_for
from claims.models import Claim
from house.errors import Forbidden, NotFound
from house.kept_queries import kept_values
from sources.models import Actor, DeclaredConflict
from sources.queries import actor_links
from sources.voices import ActorLink, voice_at


class Untold(Forbidden):
    """Refused for a conflict of interest whose connection to the claim the person may not know."""


def conflicts_with(claim: Claim, people: Iterable[UUID], *, since: datetime | None = None) -> dict[UUID, Actor]:
    """Those of `people` with a declared conflict that touches the claim, each with the claim's actor that it touches.

    `since`: include conflicts withdrawn after that moment. For refusals only: the result is never shown.
    """
    return _conflicts(claim, people, since=since)


def conflicts_told(claim: Claim, people: Iterable[UUID], *, to: User) -> dict[UUID, Actor]:
    """The same as far as `to` may read it: from the actors and links that they see."""
    return _conflicts(claim, people, to=to)


def _conflicts(
    claim: Claim, people: Iterable[UUID], *, since: datetime | None = None, to: User | None = None
) -> dict[UUID, Actor]:
    """The conflicts that touch the claim. `to`: use only the actors that this person sees; None for all of them."""
    lasting = Q(ended_at__isnull=True) | (Q(ended_at__gte=since) if since else Q())
    rows = DeclaredConflict.objects.filter(lasting, user__in=list(people))
    declared = list(rows.values_list("user_id", "actor_id"))
    if not declared:
        return {}
    concerned = Q(pk=claim.claimant_id) | Q(party_to=claim) | Q(also_claimed=claim)
    named = list(Actor.objects.filter(concerned).distinct().order_by("name", "id"))
    links = actor_links({actor.pk for actor in named} | {actor_id for _user, actor_id in declared})
    if to is not None:
        links = _seen_by(to, links)
        named = [actor for actor in named if str(actor.pk) in links]
        declared = [(user_id, actor_id) for user_id, actor_id in declared if str(actor_id) in links]
    # By voice and on the claim's day, as voices are counted: one voice is one interest (decision 40).
    day = claim.day
    by_voice: dict[str | None, Actor] = {}
    for actor in named:
        by_voice.setdefault(voice_at(str(actor.pk), day, links), actor)
    voices = ((user_id, voice_at(str(actor_id), day, links)) for user_id, actor_id in declared)
    return {user_id: by_voice[voice] for user_id, voice in voices if voice in by_voice}


def _seen_by(user: User, links: dict[str, ActorLink]) -> dict[str, ActorLink]:
    """The links of the actors that the person sees; a link to a hidden actor ends there."""
    # A link through a hidden actor would reveal whom that one speaks for.
    seen = {str(pk) for pk in Actor.objects.filter(actors_for(user), pk__in=links).values_list("pk", flat=True)}
    return {
        pk: link if link.part_of in seen else replace(link, part_of=None) for pk, link in links.items() if pk in seen
    }


def conflict_in_words(person: str, *, touched: str) -> str:
    """Why a person is not asked to judge a claim, for themselves and for the desk's editors."""
    text = _("%(person)s declared a conflict of interest that touches %(actor)s, whom the claim names.")
    return text % {"person": person, "actor": touched}


def refuse_conflicted(user: User, claim: Claim) -> None:
    """Refuse a person whose declared conflict touches the claim; the last check of all.

    Raises Forbidden, as Untold where they may not know why.
    """
    if not _declared_by(user):  # the common case: this runs with every act
        return
    if user.pk not in conflicts_with(claim, [user.pk]):
        return
    told = conflicts_told(claim, [user.pk], to=user).get(user.pk)
    if told is None:
        raise Untold(_("You declared a conflict of interest. Another person must judge this claim."))
    message = _(
        "You declared a conflict of interest that touches %(actor)s, whom the claim names. Another person must "
        "judge it."
    )
    raise Forbidden(message % {"actor": told.name})


def is_offered(check: Callable[..., object], *arguments: Any) -> bool:
    """Whether to offer an act that `check` (of a permissions module) may refuse for a conflict of interest.

    An act refused as Untold is still offered, since leaving it out would reveal the conflict; the action refuses it.
    """
    try:
        check(*arguments)
    except Untold:
        # The refusal itself gives no reason then (decision 40).
        return True
    except (Forbidden, NotFound):
        return False
    return True


@kept_values(User)
def _declared_by(user: User) -> QuerySet[DeclaredConflict, UUID]:
    return DeclaredConflict.objects.filter(user=user, ended_at__isnull=True).values_list("actor_id", flat=True)[:1]


def conflicts_of(user: User) -> QuerySet[DeclaredConflict]:
    """The person's declared conflicts that are not withdrawn, newest first."""
    rows = DeclaredConflict.objects.filter(user=user, ended_at__isnull=True)
    return rows.select_related("actor").order_by("-declared_at", "id")


def get_conflict(user: User, conflict_id: UUID) -> DeclaredConflict:
    """One conflict that the person declared. Raises NotFound."""
    found = conflicts_of(user).filter(pk=conflict_id).first()
    if found is None:
        raise NotFound(_("Conflict of interest not found."))
    return found


def claims_touched(user: User) -> list[Claim]:
    """The open claims that the person reviews or may decide, and that a conflict of theirs touches, as far as they may
    know.
    """
    # Present work stays with the person until they decline or reassign: this is the list of it (decision 40).
    rows = Claim.objects.filter(participants__user=user, participants__until__isnull=True, closed_at__isnull=True)
    return [claim for claim in rows.distinct().order_by("reference") if conflicts_told(claim, [user.pk], to=user)]

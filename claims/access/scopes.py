"""Which rows a person may see, as conditions that the database applies while it fetches.

Restricted: the one who put it in, editors of the desk, and the reviewers to whom a claim is assigned, as long as it is:
of what an editor, or the one who put the material in, placed on that claim. Somebody of another desk who was invited to
decide sees that claim and what its evidence leads to, as far as it is not restricted.

What is not restricted names nothing that is: actions refuse it, and `verify` looks for it. A row that is restricted may
name others that are, which some who may see the row may not see: `claims.access.withheld` takes these off it.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q
from django.db.models.expressions import RawSQL

from accounts.models import User
from accounts.scopes import is_editor, is_member
from claims.models import Claim, Evidence, Participant, ParticipantRole
from sources.models import Actor, Attachment, Capture, Relay, Source, Visibility
from sources.queries import nameable_actors

# What the claims lead to that somebody was invited to decide, as far as it is not restricted: sources and those above
# them by relays, then the actors that claims, evidence and sources name, and whose parts or property these are.
_INVITED_SOURCES = """
    source_up (id) AS (
        SELECT s.id FROM claims_participant p
        JOIN claims_evidence e ON e.claim_id = p.claim_id AND e.visibility <> 'restricted'
        JOIN sources_source s ON s.id = e.source_id AND s.visibility <> 'restricted'
        WHERE p.user_id = %s AND p.role = 'decider' AND p.until IS NULL
        UNION
        SELECT s.id FROM source_up
        JOIN sources_relay r ON r.downstream_id = source_up.id AND r.removed_at IS NULL
        JOIN sources_source s ON s.id = r.upstream_id AND s.visibility <> 'restricted'
    )
"""
_INVITED_ACTORS = """
    deciding AS (
        SELECT claim_id FROM claims_participant WHERE user_id = %s AND role = 'decider' AND until IS NULL
    ), actor_up (id) AS (
        (
            SELECT claimant_id FROM claims_claim WHERE id IN (SELECT claim_id FROM deciding)
            UNION SELECT actor_id FROM claims_claim_also_claimed_by WHERE claim_id IN (SELECT claim_id FROM deciding)
            UNION SELECT actor_id FROM claims_claim_parties WHERE claim_id IN (SELECT claim_id FROM deciding)
            UNION SELECT against_interest_id FROM claims_evidence
                WHERE claim_id IN (SELECT claim_id FROM deciding) AND visibility <> 'restricted'
            UNION SELECT publisher_id FROM sources_source WHERE id IN (SELECT id FROM source_up)
        )
        UNION
        SELECT above.id FROM actor_up JOIN sources_actor a ON a.id = actor_up.id
        CROSS JOIN LATERAL (VALUES (a.part_of_id), (a.owned_by_id)) AS above (id)
    )
"""
_SOURCES_SQL = f"WITH RECURSIVE {_INVITED_SOURCES} SELECT id FROM source_up"  # noqa: S608 - our own
_ACTORS_SQL = f"WITH RECURSIVE {_INVITED_SOURCES}, {_INVITED_ACTORS} SELECT id FROM actor_up WHERE id IS NOT NULL"  # noqa: S608 - our own


def takes_part(user: User, role: ParticipantRole, claim: str = "pk") -> Exists:
    """Whether the person takes part in the row's claim in this role now. `claim` is the path to the claim."""
    return Exists(Participant.objects.filter(user=user, role=role, until__isnull=True, claim=OuterRef(claim)))


def claims_for(user: User) -> Q:
    return Q(is_member(user)) | Q(takes_part(user, ParticipantRole.DECIDER))


def evidence_for(user: User) -> Q:
    """Evidence of claims that the person may see, where they may see its source; the restricted of it only for who
    may."""
    is_open = ~Q(visibility=Visibility.RESTRICTED) & ~Q(source__visibility=Visibility.RESTRICTED)
    seen = Exists(Source.objects.filter(sources_for(user), pk=OuterRef("source")))
    own = Q(created_by=user) | Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    member = Q(is_member(user, "claim__desk"))
    invited = Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    return (member & (is_open | Q(is_editor(user, "claim__desk")) | (own & Q(seen)))) | (invited & is_open)


def placed(user: User, uploader: str, **leads_to: Any) -> Exists:
    """Whether material is placed on a claim that the person reviews: by live evidence that leads to it, which an editor
    attached, or whoever put the material in. `uploader`: the path from the material to them."""
    rows = Evidence.objects.filter(takes_part(user, ParticipantRole.REVIEWER, "claim"), withdrawn_at__isnull=True)
    return Exists(rows.filter(Q(placed_by_editor=True) | Q(created_by=OuterRef(uploader)), **leads_to))


def sources_for(user: User) -> Q:
    is_open = ~Q(visibility=Visibility.RESTRICTED)
    privileged = Q(created_by=user) | Q(is_editor(user)) | Q(placed(user, "created_by", source=OuterRef("pk")))
    invited = Q(pk__in=RawSQL(_SOURCES_SQL, [user.pk]))  # noqa: S611 - our own
    return (Q(is_member(user)) & (is_open | privileged)) | (is_open & invited)


def actors_for(user: User) -> Q:
    """The actors that the person may name, and those that they are shown on claims which they review or decide."""
    published = placed(user, "created_by", source__publisher=OuterRef("pk"))
    admitting = placed(user, "created_by", against_interest=OuterRef("pk"))
    invited = Q(pk__in=RawSQL(_ACTORS_SQL, [user.pk, user.pk]))  # noqa: S611 - our own
    by_claim = (Q(is_member(user)) & (Q(published) | Q(admitting))) | (~Q(visibility=Visibility.RESTRICTED) & invited)
    return nameable_actors(user) | by_claim


def material_for(user: User, by: str = "created_by") -> Q:
    """Attachments and captures of a source that the person may see, where they are not restricted more than it.

    `by` is the path from the row to the person who put it in.
    """
    privileged = Q(**{by: user}) | Q(is_editor(user, "source__desk")) | Q(placed(user, by, source=OuterRef("source")))
    return ~Q(visibility=Visibility.RESTRICTED) | privileged


def _with_source(user: User, by: str) -> Q:
    return material_for(user, by) & Q(source__in=Source.objects.filter(sources_for(user)))


def relays_for(user: User) -> Q:
    """Relays of which the person may see both ends."""
    seen = Source.objects.filter(sources_for(user))
    return Q(downstream__in=seen, upstream__in=seen)


# Every model with rows that somebody may be told do not exist. What names a row of one of these is scoped by it.
SCOPES: dict[type[Model], Callable[[User], Q]] = {
    Claim: claims_for,
    Evidence: evidence_for,
    Source: sources_for,
    Actor: actors_for,
    Attachment: lambda user: _with_source(user, "created_by"),
    Capture: lambda user: _with_source(user, "requested_by"),
    Relay: relays_for,
}

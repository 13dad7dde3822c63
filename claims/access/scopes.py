"""Which rows a person may see, as conditions that the database applies while it fetches.

Restricted rows are visible to the person who added them, to editors of the desk, and to reviewers while a claim is
assigned to them: of the material that an editor, or the person who added it, attached to that claim. An approver from
another desk sees that claim and the unrestricted rows that its evidence leads to.

A row that is not restricted names none that is: actions refuse it, and `verify` looks for it. A restricted row may name
others, which some of its readers may not see: `claims.access.withheld` removes these names.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from accounts.scopes import is_editor, is_member
from claims.models import Claim, Evidence, Participant, ParticipantRole, now_sql
from sources.models import Actor, Attachment, Capture, Relay, Source
from sources.queries import nameable_actors
from sources.statement_parts import is_open, open_sql, upstreams_sql

# The unrestricted rows that the claims of an approver lead to: sources and their upstreams, then the actors named by
# claims, evidence and sources, with their parents and owners.
_INVITED_SOURCES = f"""
    deciding AS (
        SELECT p.claim_id FROM claims_participant p WHERE p.user_id = %s AND {now_sql("p", ParticipantRole.DECIDER)}
    ), invited AS (
        SELECT e.* FROM claims_evidence e WHERE e.claim_id IN (SELECT claim_id FROM deciding) AND {open_sql("e")}
    ), {upstreams_sql("SELECT source_id FROM invited")}
"""  # noqa: S608 - our own
_INVITED_ACTORS = """
    actor_up (id) AS (
        (
            SELECT claimant_id FROM claims_claim WHERE id IN (SELECT claim_id FROM deciding)
            UNION SELECT actor_id FROM claims_claim_also_claimed_by WHERE claim_id IN (SELECT claim_id FROM deciding)
            UNION SELECT actor_id FROM claims_claim_parties WHERE claim_id IN (SELECT claim_id FROM deciding)
            UNION SELECT against_interest_id FROM invited
            UNION SELECT publisher_id FROM sources_source WHERE id IN (SELECT id FROM up)
        )
        UNION
        SELECT above.id FROM actor_up JOIN sources_actor a ON a.id = actor_up.id
        CROSS JOIN LATERAL (VALUES (a.part_of_id), (a.owned_by_id)) AS above (id)
    )
"""
_SOURCES_SQL = f"WITH RECURSIVE {_INVITED_SOURCES} SELECT id FROM up"  # noqa: S608 - our own
_ACTORS_SQL = f"WITH RECURSIVE {_INVITED_SOURCES}, {_INVITED_ACTORS} SELECT id FROM actor_up WHERE id IS NOT NULL"  # noqa: S608 - our own


def takes_part(user: User, role: ParticipantRole, claim: str = "pk") -> Exists:
    """Whether the person takes part in the row's claim in this role now. `claim` is the path to the claim."""
    return Exists(Participant.objects.now(role).filter(user=user, claim=OuterRef(claim)))


def claims_for(user: User) -> Q:
    return Q(is_member(user)) | Q(takes_part(user, ParticipantRole.DECIDER))


def claims_elsewhere(user: User) -> QuerySet[Claim]:
    """The claims of other desks that the person may decide: with those of their own desks, all of `claims_for`."""
    return Claim.objects.filter(Q(takes_part(user, ParticipantRole.DECIDER)) & ~Q(is_member(user)))


def evidence_for(user: User) -> Q:
    """Evidence of claims and sources that the person may see; restricted evidence only for those allowed to see it."""
    # Its source too: a row is as visible as what it names (decision 83).
    both_open = is_open() & is_open("source__")
    seen = Exists(Source.objects.filter(sources_for(user), pk=OuterRef("source")))
    own = Q(created_by=user) | Q(takes_part(user, ParticipantRole.REVIEWER, "claim"))
    member = Q(is_member(user, "claim__desk"))
    invited = Q(takes_part(user, ParticipantRole.DECIDER, "claim"))
    # Invited from another desk: what the claim leads to, and nothing restricted (decision 83).
    return (member & (both_open | Q(is_editor(user, "claim__desk")) | (own & Q(seen)))) | (invited & both_open)


def placed(user: User, uploader: str, **leads_to: Any) -> Exists:
    """Whether material is attached to a claim that the person reviews, by live evidence that leads to it.

    Counts evidence that an editor, or the person who added the material, attached. `uploader`: the path from the
    material to that person.
    """
    rows = Evidence.objects.filter(takes_part(user, ParticipantRole.REVIEWER, "claim"), withdrawn_at__isnull=True)
    # Otherwise reviewers would give themselves access by attaching a source (decision 83).
    return Exists(rows.filter(Q(placed_by_editor=True) | Q(created_by=OuterRef(uploader)), **leads_to))


def sources_for(user: User) -> Q:
    privileged = Q(created_by=user) | Q(is_editor(user)) | Q(placed(user, "created_by", source=OuterRef("pk")))
    invited = Q(pk__in=RawSQL(_SOURCES_SQL, [user.pk]))  # noqa: S611 - our own
    # Membership first: a person who left the desk sees nothing there, their own material included.
    return (Q(is_member(user)) & (is_open() | privileged)) | (is_open() & invited)


def actors_for(user: User) -> Q:
    """The actors that the person may name, and those shown on claims that they review or decide."""
    published = placed(user, "created_by", source__publisher=OuterRef("pk"))
    admitting = placed(user, "created_by", against_interest=OuterRef("pk"))
    invited = Q(pk__in=RawSQL(_ACTORS_SQL, [user.pk]))  # noqa: S611 - our own
    by_claim = (Q(is_member(user)) & (Q(published) | Q(admitting))) | (is_open() & invited)
    return nameable_actors(user) | by_claim


def material_for(user: User, by: str = "created_by") -> Q:
    """Attachments and captures of sources that the person may see, unless restricted more than their source.

    `by` is the path from the row to the person who added it.
    """
    privileged = Q(**{by: user}) | Q(is_editor(user, "source__desk")) | Q(placed(user, by, source=OuterRef("source")))
    return is_open() | privileged


def _with_source(user: User, by: str) -> Q:
    return material_for(user, by) & Q(source__in=Source.objects.filter(sources_for(user)))


def relays_for(user: User) -> Q:
    """Relays whose ends the person may both see."""
    seen = Source.objects.filter(sources_for(user))
    return Q(downstream__in=seen, upstream__in=seen)


# Every model with rows that can be hidden from a person. Whatever names such a row is scoped by it.
SCOPES: dict[type[Model], Callable[[User], Q]] = {
    Claim: claims_for,
    Evidence: evidence_for,
    Source: sources_for,
    Actor: actors_for,
    Attachment: lambda user: _with_source(user, "created_by"),
    Capture: lambda user: _with_source(user, "requested_by"),
    Relay: relays_for,
}

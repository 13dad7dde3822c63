"""Reading a claim's graph from the database, and its canonical form for the record.

Restricted evidence, sources and actors are left out here, in one place: no number, policy, mark, digest or
snapshot is ever made from them.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import rfc8785
from django.db import connection

from claims.models import Claim, Evidence, StatusChange
from claims.policy import LastChange
from claims.standing import ElementView, EvidenceView, SourceView, Standing
from claims.states import State
from sources.models import Actor, Relay, Source, Visibility
from sources.voices import ActorLink

_UPSTREAM = """
WITH RECURSIVE up (id) AS (
    SELECT s.id FROM sources_source s WHERE s.id = ANY(%s) AND s.visibility <> 'restricted'
    UNION
    SELECT s.id FROM up
    JOIN sources_relay r ON r.downstream_id = up.id AND r.removed_at IS NULL
    JOIN sources_source s ON s.id = r.upstream_id AND s.visibility <> 'restricted'
)
SELECT id FROM up
"""
_CHAINS = """
WITH RECURSIVE chain (id) AS (
    SELECT unnest(%s::uuid[])
    UNION
    SELECT a.part_of_id FROM chain JOIN sources_actor a ON a.id = chain.id WHERE a.part_of_id IS NOT NULL
)
SELECT id FROM chain
"""


def day_of(source: Source) -> date:
    """A source's date: when it was published, in UTC, else the day it was added."""
    moment: datetime = source.published_at or source.created_at
    return moment.astimezone(UTC).date()


def claim_day(claim: Claim) -> date:
    """When the claim was made, else the day it was written down."""
    return claim.claimed_on or claim.created_at.astimezone(UTC).date()


def upstream_ids(source_ids: Iterable[UUID]) -> list[UUID]:
    """The sources given and all that are upstream of them, the restricted ones left out."""
    return _ids(_UPSTREAM, source_ids)


def _ids(query: str, start: Iterable[UUID]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(query, [list(start)])
        return [row[0] for row in cursor.fetchall()]


def load_standing(claim: Claim) -> Standing:
    """Everything that a claim's policy is decided on, as it is now in the database."""
    evidence = list(
        Evidence.objects.filter(claim=claim, withdrawn_at__isnull=True)
        .exclude(visibility=Visibility.RESTRICTED)
        .select_related("source__publisher")
        .prefetch_related("elements")
    )
    ids = upstream_ids({item.source_id for item in evidence})
    sources = list(Source.objects.filter(pk__in=ids).select_related("publisher").order_by("created_at", "id"))
    relays = Relay.objects.filter(downstream__in=ids, upstream__in=ids, removed_at__isnull=True).order_by(
        "created_at", "id"
    )
    claimants = {str(pk) for pk in claim.also_claimed_by.values_list("pk", flat=True)}
    if claim.claimant_id:
        claimants.add(str(claim.claimant_id))
    parties = {str(pk) for pk in claim.parties.values_list("pk", flat=True)}
    actors = _load_actors(claimants | parties, sources, evidence)
    return Standing(
        day=claim_day(claim),
        claimants=frozenset(claimants),
        first_claimant=str(claim.claimant_id) if claim.claimant_id else None,
        parties=frozenset(parties),
        elements=tuple(ElementView(str(part.pk), part.text, part.essential) for part in claim.elements.all()),
        evidence=tuple(_evidence_view(item) for item in evidence),
        sources={str(source.pk): _source_view(source) for source in sources},
        relays=tuple((str(relay.downstream_id), str(relay.upstream_id)) for relay in relays),
        actors={str(actor.pk): _link(actor) for actor in actors},
        threshold=claim.threshold_override or claim.desk.min_independence,
        threshold_is_set=claim.threshold_override is not None,
        names={str(actor.pk): actor.name for actor in actors},
    )


def actor_links(actor_ids: Iterable[UUID]) -> dict[str, ActorLink]:
    """The links of these actors, and of all that they are or were part of, by id."""
    return {str(actor.pk): _link(actor) for actor in Actor.objects.filter(pk__in=_ids(_CHAINS, actor_ids))}


def _load_actors(named: set[str], sources: list[Source], evidence: list[Evidence]) -> list[Actor]:
    start = {UUID(pk) for pk in named}
    start |= {source.publisher_id for source in sources if source.publisher_id}
    start |= {item.against_interest_id for item in evidence if item.against_interest_id}
    return list(Actor.objects.filter(pk__in=_ids(_CHAINS, start)))


def _source_view(source: Source) -> SourceView:
    publisher = str(source.publisher_id) if source.publisher_id else None
    return SourceView(str(source.pk), source.title, publisher, day_of(source), source.basis, source.counts)


def _evidence_view(item: Evidence) -> EvidenceView:
    return EvidenceView(
        id=str(item.pk),
        source=str(item.source_id),
        stance=item.stance,
        elements=frozenset(str(part.pk) for part in item.elements.all()),
        basis=item.basis or None,
        live=item.live,
        counts=item.counts,
        against_interest=str(item.against_interest_id) if item.against_interest_id else None,
        attached_at=item.created_at,
    )


def _link(actor: Actor) -> ActorLink:
    part_of = str(actor.part_of_id) if actor.part_of_id else None
    return ActorLink(str(actor.pk), part_of, actor.part_of_from, actor.part_of_to)


def last_change(claim: Claim) -> LastChange | None:
    """The claim's last status change as policy needs it; None before the first."""
    change = StatusChange.objects.filter(claim=claim, seq=claim.last_seq).first()
    if change is None:
        return None
    return LastChange(State(change.to_state), frozenset(str(pk) for pk in change.evidence), change.at)


def snapshot(standing: Standing) -> str:
    """The graph as canonical JSON (RFC 8785): identifiers, words and days only, nothing that somebody wrote."""
    graph: dict[str, Any] = {
        "v": 1,
        "day": standing.day.isoformat(),
        "threshold": standing.threshold,
        "claimants": sorted(standing.claimants),
        "parties": sorted(standing.parties),
        "elements": [{"id": part.id, "essential": part.essential} for part in standing.elements],
        "evidence": [
            {
                "id": item.id,
                "source": item.source,
                "stance": item.stance,
                "elements": sorted(item.elements),
                "counts": item.counts,
                "live": item.live,
                "against_interest": item.against_interest,
            }
            for item in sorted(standing.evidence, key=lambda item: item.id)
        ],
        "sources": [
            {
                "id": source.id,
                "publisher": source.publisher,
                "voice": standing.voice(source.id),
                "day": source.day.isoformat(),
                "basis": standing.basis_of(source.id),
                "counts": source.counts,
                "countable": standing.countable(source.id),
            }
            for source in sorted(standing.sources.values(), key=lambda source: source.id)
        ],
        "relays": [{"downstream": below, "upstream": above} for below, above in sorted(standing.relays)],
    }
    return rfc8785.dumps(graph).decode()


def digest(graph: str) -> str:
    """SHA-256 of a snapshot, in hex."""
    return hashlib.sha256(graph.encode()).hexdigest()

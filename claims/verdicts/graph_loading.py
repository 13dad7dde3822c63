"""Reading a claim's evidence graph from the database; `claims.verdicts.snapshots` has its recorded form.

Restricted evidence, sources and actors are left out here and only here: no number, policy, flag, digest or snapshot is
ever made from them.
"""

import json
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db.models import QuerySet

from claims.models import Claim, StatusChange, evidence_counts
from claims.states import State
from claims.turns import LARGE, take_turn
from claims.verdicts.counting import allowance
from claims.verdicts.evidence_graph import ElementView, EvidenceGraph, EvidenceView, SourceView
from claims.verdicts.policy import LastChange
from house.kept_queries import kept_rows
from house.statements import read_rows
from ledger.canonical import JsonObject
from sources.models import Source, source_counts
from sources.statement_parts import chains_sql, open_sql, upstreams_sql
from sources.voices import ActorLink

# One statement reads the whole graph: a query for each kind of row would take longer than the rest of a move, and one
# snapshot also means that no two rows are from before and after a change. Its conditions are those of `Source.counts`
# and `Evidence.counts`, which a test compares. OFFSET 0 makes PostgreSQL look each row up by its key: it cannot know
# how deep relays go, guesses hundreds of rows, and would scan whole tables to join them.
_NAMED = """
        SELECT %(claimant)s::uuid WHERE %(claimant)s IS NOT NULL
        UNION SELECT actor_id FROM claims_claim_also_claimed_by WHERE claim_id = %(claim)s
        UNION SELECT actor_id FROM claims_claim_parties WHERE claim_id = %(claim)s
        UNION SELECT publisher_id FROM source WHERE publisher_id IS NOT NULL
        UNION SELECT against_interest_id FROM item WHERE against_interest_id IS NOT NULL
    """
_GRAPH_ROWS = f"""
WITH RECURSIVE item AS MATERIALIZED (
    SELECT e.id, e.source_id, e.stance, e.basis, e.superseded_by_id IS NULL AS live, e.against_interest_id,
        e.credibility, s.retracted_at IS NOT NULL AS retracted,
        COALESCE(NULLIF(s.reliability, ''), p.reliability) AS reliability, e.created_at
    FROM claims_evidence e
    JOIN sources_source s ON s.id = e.source_id
    LEFT JOIN sources_actor p ON p.id = s.publisher_id
    WHERE e.claim_id = %(claim)s AND e.withdrawn_at IS NULL AND {open_sql("e")}
), {upstreams_sql("SELECT source_id FROM item")}, source AS MATERIALIZED (
    SELECT found.* FROM up CROSS JOIN LATERAL (
        SELECT s.id, s.title, s.publisher_id, (COALESCE(s.published_at, s.created_at) AT TIME ZONE 'UTC')::date AS day,
            s.basis, s.created_at,
            s.retracted_at IS NOT NULL AS retracted, COALESCE(NULLIF(s.reliability, ''), p.reliability) AS reliability
        FROM sources_source s LEFT JOIN sources_actor p ON p.id = s.publisher_id WHERE s.id = up.id OFFSET 0
    ) found
), {chains_sql(_NAMED)}
SELECT json_build_object(
    'threshold', (SELECT min_independence FROM accounts_desk WHERE id = %(desk)s),
    'also', (SELECT json_agg(actor_id) FROM claims_claim_also_claimed_by WHERE claim_id = %(claim)s),
    'parties', (SELECT json_agg(actor_id) FROM claims_claim_parties WHERE claim_id = %(claim)s),
    'elements', (
        SELECT json_agg(json_build_array(id, text, essential) ORDER BY position)
        FROM claims_element WHERE claim_id = %(claim)s
    ),
    'evidence', (
        SELECT json_agg(json_build_array(
            id, source_id, stance,
            (SELECT json_agg(element_id) FROM claims_evidence_elements WHERE evidence_id = item.id),
            basis, live, credibility, retracted, reliability, against_interest_id, created_at
        ) ORDER BY created_at, id) FROM item
    ),
    'sources', (
        SELECT json_agg(
            json_build_array(id, title, publisher_id, day, basis, retracted, reliability) ORDER BY created_at, id
        )
        FROM source
    ),
    'relays', (
        SELECT json_agg(json_build_array(up.id, r.upstream_id) ORDER BY r.created_at, r.id)
        FROM up CROSS JOIN LATERAL (
            SELECT upstream_id, created_at, id FROM sources_relay
            WHERE downstream_id = up.id AND removed_at IS NULL OFFSET 0
        ) r WHERE r.upstream_id IN (SELECT id FROM up)
    ),
    'actors', (
        SELECT json_agg(json_build_array(a.id, name, part_of_id, part_of_from, part_of_to, speaks_for_checked)
            ORDER BY name, a.id)
        FROM chain CROSS JOIN LATERAL (SELECT * FROM sources_actor WHERE id = chain.id OFFSET 0) a
    )
)::text
"""  # noqa: S608 - our own


def day_of(source: Source) -> date:
    """A source's date: its publication in UTC, or else the day it was added."""
    moment: datetime = source.published_at or source.created_at
    return moment.astimezone(UTC).date()


def load_evidence_graph(claim: Claim) -> EvidenceGraph:
    """The claim's evidence graph as it is now, read by one statement.

    Raises TooMany and TurnFirst where the graph is large and others are at work on large graphs (`claims.turns`).
    """
    graph = _read_graph(claim)
    if sum(len(graph[kind] or ()) for kind in ("sources", "relays", "evidence")) > LARGE:
        # A holder of locks does not wait for its turn, since others would wait for it (decision 90).
        take_turn(may_wait=allowance() is None)
    claimant = str(claim.claimant_id) if claim.claimant_id else None
    override = claim.threshold_override
    return EvidenceGraph(
        day=claim.day,
        claimants=frozenset([*(graph["also"] or ()), *([claimant] if claimant else ())]),
        first_claimant=claimant,
        parties=frozenset(graph["parties"] or ()),
        elements=tuple(ElementView(*row) for row in graph["elements"] or ()),
        evidence=tuple(_EvidenceRow(*row).view() for row in graph["evidence"] or ()),
        sources={row[0]: _SourceRow(*row).view() for row in graph["sources"] or ()},
        relays=tuple((below, above) for below, above in graph["relays"] or ()),
        actors={row[0]: _ActorRow(*row).view() for row in graph["actors"] or ()},
        threshold=graph["threshold"] if override is None else override,
        threshold_is_set=override is not None,
        # Of all actors in the graph, which holds none that is restricted.
        names={row[0]: row[1] for row in graph["actors"] or ()},
    )


def _read_graph(claim: Claim) -> JsonObject:
    """The rows of a claim's graph by kind, each in the order of `_GRAPH_ROWS`; None for a kind without rows."""
    [(text,)] = read_rows(_GRAPH_ROWS, {"claim": claim.pk, "claimant": claim.claimant_id, "desk": claim.desk_id})
    found: JsonObject = json.loads(text)
    return found


class _SourceRow(NamedTuple):
    """A source as `_GRAPH_ROWS` returns it."""

    # The columns of the statement, in their order: JSON gives them without names.
    pk: str
    title: str
    publisher: str | None
    day: str
    basis: str
    is_retracted: bool
    reliability: str | None

    def view(self) -> SourceView:
        counts = source_counts(is_retracted=self.is_retracted, reliability=self.reliability)
        return SourceView(self.pk, self.title, self.publisher, date.fromisoformat(self.day), self.basis, counts)


class _EvidenceRow(NamedTuple):
    """A piece of evidence as `_GRAPH_ROWS` returns it."""

    pk: str
    source: str
    stance: str
    elements: list[str] | None
    basis: str
    live: bool
    credibility: int | None
    is_retracted: bool
    reliability: str | None
    against_interest: str | None
    attached_at: str

    def view(self) -> EvidenceView:
        source = source_counts(is_retracted=self.is_retracted, reliability=self.reliability)
        return EvidenceView(
            id=self.pk,
            source=self.source,
            stance=self.stance,
            elements=frozenset(self.elements or ()),
            basis=self.basis or None,
            live=self.live,
            counts=evidence_counts(is_live=self.live, source=source, credibility=self.credibility),
            against_interest=self.against_interest,
            attached_at=datetime.fromisoformat(self.attached_at),
        )


class _ActorRow(NamedTuple):
    """An actor with its place in a chain as `_GRAPH_ROWS` returns it."""

    pk: str
    name: str
    part_of: str | None
    since: str | None
    until: str | None
    is_checked: bool

    def view(self) -> ActorLink:
        return ActorLink(self.pk, self.part_of, _day(self.since), _day(self.until), self.is_checked)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def last_change(claim: Claim) -> LastChange | None:
    """The claim's last status change as the policy needs it; None before the first."""
    return next(map(as_last_change, _changes(claim, claim.last_seq)), None)


@kept_rows(Claim, int, columns=("claim", "seq", "to_state", "evidence", "at"))
def _changes(claim: Claim, seq: int) -> QuerySet[StatusChange]:
    return StatusChange.objects.filter(claim=claim, seq=seq)


def as_last_change(change: StatusChange) -> LastChange:
    """A status change as the policy needs it where it is the last."""
    return LastChange(State(change.to_state), frozenset(str(pk) for pk in change.evidence), change.at)

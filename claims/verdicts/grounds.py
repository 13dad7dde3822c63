"""The grounds that an assessment or a verdict rests on.

They are the claim's wording, elements, claimant, parties and threshold; the evidence named and answered; its sources
and all upstream of them, with publishers, relays and files. Grounds also include what is absent: unanswered contrary
evidence (`contrary`; of a refutation, what bears on the same elements), and the pairs in which a later statement of the
same voice supersedes a piece. A person who removes contrary evidence before submitting and restores it after the
verdict thus changes the grounds; so does one who attaches more of it.

One statement reads the rows by kind and id. Restricted material is left out: of evidence that is restricted only that
fact is kept.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from claims.models import Claim, Grounds, Stance
from claims.states import State
from claims.verdicts.policy import CONTRARY_STANCE
from house.statements import read_rows
from ledger.canonical import JsonObject
from sources.statement_parts import chains_sql, open_sql, upstreams_sql

Content = Mapping[str, Any]
"""Kind of row → its id → field → value; and `v`, the version of this form."""

KINDS = ("claim", "element", "evidence", "contrary", "source", "relay", "file", "actor")

# OFFSET 0 as in claims.verdicts.graph_loading: each row is looked up by its key, whatever PostgreSQL estimates.
_NAMED = f"""
        SELECT claimant_id FROM claims_claim WHERE id = %(claim)s AND claimant_id IS NOT NULL
        UNION SELECT actor_id FROM claims_claim_also_claimed_by WHERE claim_id = %(claim)s
        UNION SELECT actor_id FROM claims_claim_parties WHERE claim_id = %(claim)s
        UNION SELECT publisher_id FROM source WHERE publisher_id IS NOT NULL
        UNION SELECT against_interest_id FROM item WHERE against_interest_id IS NOT NULL AND {open_sql("item")}
    """  # noqa: S608 - our own
_GROUNDS = f"""
WITH RECURSIVE item AS MATERIALIZED (
    SELECT e.* FROM claims_evidence e
    WHERE e.claim_id = %(claim)s AND (e.id = ANY(%(evidence)s::uuid[]) OR e.id IN (
        SELECT unnest(ARRAY[o.id, o.superseded_by_id]) FROM claims_evidence o
        WHERE o.claim_id = %(claim)s AND o.stance = %(contrary)s AND o.superseded_by_id IS NOT NULL
            AND o.withdrawn_at IS NULL AND {open_sql("o")}
    ))
), {upstreams_sql(f"SELECT source_id FROM item WHERE {open_sql('item')}")}, source AS MATERIALIZED (
    SELECT found.* FROM up CROSS JOIN LATERAL (SELECT * FROM sources_source s WHERE s.id = up.id OFFSET 0) found
), {chains_sql(_NAMED)}
SELECT json_build_object(
    'claim', (
        SELECT json_object_agg(c.id, json_build_object(
            'statement', c.statement, 'original_statement', c.original_statement, 'language', c.language,
            'claimant', c.claimant_id, 'claimed_on', c.claimed_on, 'happened_from', c.happened_from,
            'happened_to', c.happened_to, 'place', c.place,
            'also_claimed_by', ARRAY(
                SELECT actor_id::text FROM claims_claim_also_claimed_by WHERE claim_id = c.id ORDER BY actor_id
            ),
            'parties', ARRAY(SELECT actor_id::text FROM claims_claim_parties WHERE claim_id = c.id ORDER BY actor_id),
            'threshold', COALESCE(c.threshold_override, d.min_independence),
            'threshold_is_set', c.threshold_override IS NOT NULL, 'threshold_reason', c.threshold_reason
        )) FROM claims_claim c JOIN accounts_desk d ON d.id = c.desk_id WHERE c.id = %(claim)s
    ),
    'element', (
        SELECT json_object_agg(id, json_build_object('text', text, 'essential', essential))
        FROM claims_element WHERE claim_id = %(claim)s
    ),
    'evidence', (
        SELECT json_object_agg(id, CASE WHEN NOT ({open_sql("item")})
            THEN json_build_object('visibility', visibility)
            ELSE json_build_object(
                'source', source_id, 'stance', stance, 'basis', basis, 'basis_reason', basis_reason,
                'excerpt', excerpt, 'locator', locator, 'credibility', credibility,
                'against_interest', against_interest_id, 'against_interest_reason', against_interest_reason,
                'superseded_by', superseded_by_id, 'visibility', visibility,
                'withdrawn', withdrawn_at IS NOT NULL, 'withdrawn_reason', withdrawn_reason,
                'elements', ARRAY(
                    SELECT element_id::text FROM claims_evidence_elements x
                    WHERE x.evidence_id = item.id ORDER BY element_id
                )
            ) END) FROM item
    ),
    'contrary', (
        SELECT json_object_agg(e.id, json_build_object(
            'source', e.source_id,
            'elements', ARRAY(
                SELECT element_id::text FROM claims_evidence_elements x WHERE x.evidence_id = e.id ORDER BY element_id
            )
        )) FROM claims_evidence e
        WHERE e.claim_id = %(claim)s AND e.stance = %(contrary)s AND e.superseded_by_id IS NULL
            AND e.withdrawn_at IS NULL AND {open_sql("e")} AND e.id <> ALL(%(evidence)s::uuid[])
            AND (
                %(contrary)s = '{Stance.REFUTES}'
                OR NOT EXISTS (SELECT FROM claims_evidence_elements x WHERE x.evidence_id = e.id)
                OR EXISTS (SELECT FROM unnest(%(named)s::uuid[]) n (id) WHERE NOT EXISTS (
                    SELECT FROM claims_evidence_elements x WHERE x.evidence_id = n.id
                ))
                OR EXISTS (
                    SELECT FROM claims_evidence_elements x JOIN claims_evidence_elements y USING (element_id)
                    WHERE x.evidence_id = e.id AND y.evidence_id = ANY(%(named)s::uuid[])
                )
            )
    ),
    'source', (
        SELECT json_object_agg(id, json_build_object(
            'kind', kind, 'title', title, 'url', url, 'publisher', publisher_id,
            'published_at', (published_at AT TIME ZONE 'UTC')::text || '+00',
            'basis', basis, 'basis_reason', basis_reason, 'language', language, 'reliability', reliability,
            'retracted_at', (retracted_at AT TIME ZONE 'UTC')::text || '+00',
            'retracted_reason', retracted_reason,
            'corrected_at', (corrected_at AT TIME ZONE 'UTC')::text || '+00',
            'corrected_reason', corrected_reason
        )) FROM source
    ),
    'relay', (
        SELECT json_object_agg(r.id, json_build_object(
            'downstream', up.id, 'upstream', r.upstream_id, 'quote', r.quote
        )) FROM up CROSS JOIN LATERAL (
            SELECT id, upstream_id, quote FROM sources_relay
            WHERE downstream_id = up.id AND removed_at IS NULL OFFSET 0
        ) r WHERE r.upstream_id IN (SELECT id FROM up)
    ),
    'file', (
        SELECT json_object_agg(f.id, json_build_object(
            'source', f.source_id, 'sha256', f.sha256, 'size', f.size, 'media_type', f.media_type, 'name', f.name,
            'captured_from', f.url, 'answered_by', f.final_url, 'status', f.status
        )) FROM up CROSS JOIN LATERAL (
            SELECT a.*, c.url, c.final_url, c.status FROM sources_attachment a
            LEFT JOIN sources_capture c ON c.attachment_id = a.id AND {open_sql("c")}
            WHERE a.source_id = up.id AND {open_sql("a")} AND a.erased_at IS NULL OFFSET 0
        ) f
    ),
    'actor', (
        SELECT json_object_agg(a.id, json_build_object(
            'name', a.name, 'kind', a.kind, 'part_of', a.part_of_id, 'part_of_from', a.part_of_from,
            'part_of_to', a.part_of_to, 'stands_alone_because', a.stands_alone_because, 'reliability', a.reliability
        )::jsonb || CASE WHEN a.speaks_for_checked THEN '{{}}' ELSE '{{"speaks_for_checked": false}}' END::jsonb)
        FROM chain CROSS JOIN LATERAL (
            SELECT * FROM sources_actor WHERE id = chain.id AND {open_sql("sources_actor")} OFFSET 0
        ) a
    ),
    'near', (
        SELECT json_agg(id) FROM (
            SELECT id FROM chain
            UNION
            SELECT r.upstream_id FROM up JOIN sources_relay r ON r.downstream_id = up.id AND r.removed_at IS NULL
        ) near
    )
)::text
"""  # noqa: S608 - our own


@dataclass(frozen=True)
class PresentGrounds:
    """Grounds as they are now.

    `subjects`: the ids of the rows that they are read from, including rows left out as restricted, which become part of
    the grounds when they are released.
    """

    content: Content
    digest: str
    subjects: frozenset[UUID]


@dataclass(frozen=True)
class RestsOn:
    """The request for grounds: of a verdict `state`, sought or reached, on the evidence named and answered."""

    state: State | str
    named: Iterable[UUID]
    answered: Iterable[UUID]


def load_grounds(claim: Claim, asked: RestsOn) -> PresentGrounds:
    """The present grounds of the claim's assessment or verdict on this evidence."""
    evidence = {*asked.named, *asked.answered}
    # Known by the state that is sought: its contrary evidence is part of the grounds, named or not (decision 97).
    contrary = CONTRARY_STANCE.get(State(asked.state), "")
    asked_with = {"claim": claim.pk, "evidence": list(evidence), "contrary": contrary, "named": list(asked.named)}
    [(text,)] = read_rows(_GROUNDS, asked_with)
    read = json.loads(text)
    # With a version: grounds are compared for as long as the verdict lasts, whatever is added to them later.
    content: JsonObject = {"v": 1, **{kind: read[kind] or {} for kind in KINDS}}
    read_from = {UUID(pk) for kind in ("claim", "evidence", "contrary", "source", "actor") for pk in content[kind]}
    near = {UUID(pk) for pk in read["near"] or ()}
    # The desk is watched as well: its threshold is part of the grounds of claims without their own.
    return PresentGrounds(content, grounds_digest(content), frozenset({*read_from, *near, *evidence, claim.desk_id}))


def now_of(claim: Claim, kept: Grounds) -> PresentGrounds:
    """The present state of kept grounds of the claim."""
    return load_grounds(claim, RestsOn(kept.state, kept.named, kept.answered))


def grounds_digest(content: Content) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    # Of canonical JSON, since jsonb keeps no order of keys.
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def keep_grounds(claim: Claim, asked: RestsOn, *, now: datetime) -> tuple[Grounds, PresentGrounds]:
    """Keep the present grounds; returns them as kept and as found.

    The caller holds the graph's lock, shared or exclusive.
    """
    found = load_grounds(claim, asked)
    grounds = Grounds.objects.create(
        claim=claim,
        state=asked.state,
        digest=found.digest,
        content=found.content,
        named=sorted(asked.named),
        answered=sorted(asked.answered),
        kept_at=now,
    )
    return grounds, found


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed field of one row. `field` is "" where the whole row was added (`then` is None) or removed."""

    kind: str
    subject: str
    field: str
    then: Any
    now: Any

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.kind, self.subject, self.field)


def differences(then: Content, *, now: Content) -> list[Difference]:
    """All fields in which the two differ, by kind and row, in a fixed order."""
    found = []
    for kind in KINDS:
        before, after = then.get(kind, {}), now.get(kind, {})
        # In a fixed order, so that a page reads the same at every look.
        for pk in sorted({*before, *after}):
            one, other = before.get(pk), after.get(pk)
            if one is None or other is None:
                found.append(Difference(kind, pk, "", one, other))
                continue
            if "visibility" in one and (len(one) == 1) != (len(other) == 1):
                names = ["visibility"]  # all that is said of evidence that is or was restricted
            else:
                names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
            found += [Difference(kind, pk, name, one.get(name), other.get(name)) for name in names]
    return found

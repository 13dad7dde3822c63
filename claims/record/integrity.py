"""The check that every claim's state, history, evidence and numbers agree."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import F, Model, TextField, Value
from django.db.models.functions import Cast, Coalesce

from claims.models import Claim
from claims.record import change_integrity, grounds_integrity
from claims.states import MOVES, Deciders
from claims.verdicts.evidence_graph import of_claim, party_denials, threshold_of_claim
from claims.verdicts.graph_loading import last_change, load_evidence_graph
from claims.verdicts.policy import holds
from house.integrity import Check, IntegrityScope, Place, by_overdue_query, by_query, one_by_one
from sources.integrity import strictness
from sources.models import Source
from sources.statement_parts import open_sql

_STATE = """
SELECT c.reference, coalesce(s.to_state || ' (status change ' || s.seq || ')', 'a status change'), c.state
FROM claims_claim c LEFT JOIN claims_statuschange s ON s.claim_id = c.id AND s.seq = c.last_seq
WHERE s.to_state IS DISTINCT FROM c.state
"""
_LAST = """
SELECT c.reference, 'last status change ' || coalesce(h.highest, 0), c.last_seq::text
FROM claims_claim c
LEFT JOIN (SELECT claim_id, max(seq) AS highest FROM claims_statuschange GROUP BY claim_id) h ON h.claim_id = c.id
WHERE h.highest IS DISTINCT FROM c.last_seq
"""
_CHAIN = """
SELECT c.reference,
       'status change ' || coalesce(h.seq_before, 0) + 1 || ' from ' || coalesce(h.state_before, 'nothing'),
       h.seq || ' from ' || coalesce(h.from_state, 'nothing')
FROM (
    SELECT claim_id, seq, from_state, lag(seq) OVER w AS seq_before, lag(to_state) OVER w AS state_before
    FROM claims_statuschange WINDOW w AS (PARTITION BY claim_id ORDER BY seq)
) h
JOIN claims_claim c ON c.id = h.claim_id
WHERE h.seq <> coalesce(h.seq_before, 0) + 1 OR h.from_state IS DISTINCT FROM h.state_before
"""
_MOVE = """
SELECT c.reference || ' status change ' || s.seq, coalesce(m.rule, 'a legal move'),
       coalesce(s.from_state, 'nothing') || ' → ' || s.to_state
           || CASE WHEN s.decided_by_id IS NULL THEN ', decided by nobody'
                   WHEN s.decided_by_id = s.by_id THEN ', decided by who proposed it'
                   ELSE ', decided by another' END
           || ', on ' || cardinality(s.evidence) || ' pieces of evidence'
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
LEFT JOIN unnest(%s::text[], %s::text[], %s::boolean[], %s::boolean[], %s::text[])
    AS m (before, after, second, needs_evidence, rule) ON m.before = coalesce(s.from_state, '') AND m.after = s.to_state
WHERE m.after IS NULL
   OR m.second <> (s.decided_by_id IS NOT NULL)
   OR s.decided_by_id = s.by_id
   OR (m.needs_evidence AND cardinality(s.evidence) = 0)
"""
_TEXT = """
SELECT c.reference || ' status change ' || s.seq, 'its words', 'none'
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
LEFT JOIN claims_statuschangetext t ON t.claim_id = s.claim_id AND t.seq = s.seq
WHERE t.seq IS NULL
"""
_GRAPH = """
SELECT c.reference || ' status change ' || s.seq, 'a graph of SHA-256 ' || s.graph_digest,
       coalesce(encode(sha256(convert_to(g.graph, 'UTF8')), 'hex'), 'none')
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
LEFT JOIN claims_statuschangegraph g ON g.claim_id = s.claim_id AND g.seq = s.seq
WHERE encode(sha256(convert_to(g.graph, 'UTF8')), 'hex') IS DISTINCT FROM s.graph_digest
"""
_NAMED = """
SELECT c.reference || ' status change ' || s.seq, 'evidence of this claim', named.id::text
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
CROSS JOIN LATERAL unnest(s.evidence) AS named (id)
LEFT JOIN claims_evidence e ON e.id = named.id AND e.claim_id = s.claim_id
WHERE e.id IS NULL
"""
_VERSION = """
SELECT c.reference, 'version ' || c.version || ' with as many revisions',
       coalesce(r.number, 0) || ' revisions up to ' || coalesce(r.highest, 0)
FROM claims_claim c
LEFT JOIN (SELECT claim_id, count(*) AS number, max(version) AS highest FROM claims_revision GROUP BY claim_id) r
    ON r.claim_id = c.id
WHERE r.number IS DISTINCT FROM c.version OR r.highest IS DISTINCT FROM c.version
"""
_REFERENCE = r"""
SELECT c.reference, d.prefix || '-1 to ' || d.prefix || '-' || d.last_claim_number, c.reference
FROM claims_claim c JOIN accounts_desk d ON d.id = c.desk_id
WHERE c.reference !~ ('^' || d.prefix || '-[1-9][0-9]{0,8}$')
   OR substring(c.reference FROM '-([0-9]{1,9})$')::integer > d.last_claim_number
"""
_REFERENCE_ONCE = """
SELECT reference, 'one claim', count(*) || ' claims' FROM claims_claim GROUP BY reference HAVING count(*) > 1
"""
_ONE_DESK = """
SELECT c.reference, 'only what is on its desk', 'evidence ' || e.id || ' of another desk’s source'
FROM claims_evidence e JOIN claims_claim c ON c.id = e.claim_id JOIN sources_source s ON s.id = e.source_id
WHERE s.desk_id <> c.desk_id
UNION ALL
SELECT c.reference, 'only what is on its desk', 'an element of another claim on evidence ' || e.id
FROM claims_evidence_elements x
JOIN claims_evidence e ON e.id = x.evidence_id
JOIN claims_element p ON p.id = x.element_id
JOIN claims_claim c ON c.id = e.claim_id
WHERE p.claim_id <> e.claim_id
"""
_SUPERSEDED = f"""
SELECT c.reference, 'evidence ' || e.id || ' superseded by live evidence of this claim that is as open',
       CASE WHEN l.claim_id <> e.claim_id THEN 'by another claim’s' WHEN l.withdrawn_at IS NOT NULL THEN 'by withdrawn'
            ELSE 'by restricted' END
FROM claims_evidence e
JOIN claims_evidence l ON l.id = e.superseded_by_id
JOIN claims_claim c ON c.id = e.claim_id
WHERE l.claim_id <> e.claim_id
   OR l.withdrawn_at IS NOT NULL
   OR (NOT ({open_sql("l")}) AND {open_sql("e")})
"""  # noqa: S608 - our own
_NAMED_ACTORS = f"""
WITH named AS (
    SELECT id AS claim_id, claimant_id AS actor_id FROM claims_claim WHERE claimant_id IS NOT NULL
    UNION ALL SELECT claim_id, actor_id FROM claims_claim_parties
    UNION ALL SELECT claim_id, actor_id FROM claims_claim_also_claimed_by
    UNION ALL SELECT claim_id, against_interest_id FROM claims_evidence
              WHERE against_interest_id IS NOT NULL AND {open_sql("claims_evidence")}
)
SELECT c.reference, 'actors of its desk that are not restricted',
       'actor ' || a.id || CASE WHEN {open_sql("a")} THEN ', of another desk' ELSE ', restricted' END
FROM named
JOIN claims_claim c ON c.id = named.claim_id
JOIN sources_actor a ON a.id = named.actor_id
WHERE NOT ({open_sql("a")}) OR (a.desk_id IS NOT NULL AND a.desk_id <> c.desk_id)
"""  # noqa: S608 - our own
_MERGED_ACTORS = """
WITH named AS (
    SELECT 'source ' || id AS subject, publisher_id AS actor_id FROM sources_source WHERE publisher_id IS NOT NULL
    UNION ALL SELECT 'actor ' || id, part_of_id FROM sources_actor WHERE part_of_id IS NOT NULL
    UNION ALL SELECT 'actor ' || id, owned_by_id FROM sources_actor WHERE owned_by_id IS NOT NULL
    UNION ALL SELECT 'actor ' || id, merged_into_id FROM sources_actor WHERE merged_into_id IS NOT NULL
    UNION ALL SELECT 'conflict ' || id, actor_id FROM sources_declaredconflict WHERE ended_at IS NULL
    UNION ALL SELECT reference, claimant_id FROM claims_claim WHERE claimant_id IS NOT NULL
    UNION ALL SELECT reference, p.actor_id FROM claims_claim_parties p JOIN claims_claim c ON c.id = p.claim_id
    UNION ALL SELECT reference, o.actor_id FROM claims_claim_also_claimed_by o JOIN claims_claim c ON c.id = o.claim_id
    UNION ALL SELECT 'evidence ' || id, against_interest_id FROM claims_evidence WHERE against_interest_id IS NOT NULL
)
SELECT named.subject, 'actor ' || a.merged_into_id, 'actor ' || a.id || ', which was merged into it'
FROM sources_actor a JOIN named ON named.actor_id = a.id WHERE a.merged_into_id IS NOT NULL
"""
_MERGES = """
SELECT 'actor ' || a.id, CASE WHEN m.actor_id IS NULL THEN 'who merged it, and why' ELSE 'merged' END,
       CASE WHEN m.actor_id IS NULL THEN 'nothing' ELSE 'not merged' END
FROM sources_actor a LEFT JOIN claims_actormerge m ON m.actor_id = a.id
WHERE (a.merged_into_id IS NULL) <> (m.actor_id IS NULL)
"""
_LATE_RECOMPUTATION = """
SELECT c.reference, 'numbers brought up to date', 'asked for at ' || r.asked_at
FROM claims_recomputation r JOIN claims_claim c ON c.id = r.claim_id WHERE r.asked_at < %(late)s
"""
# A long check takes several turns; one that never got a turn waits for a worker.
_LATE_BUNDLE = """
SELECT 'bundle ' || id, 'begun', 'waiting since ' || asked_at
FROM claims_bundle WHERE state = 'waiting' AND asked_at < %(late)s - interval '2 minutes'
UNION ALL
SELECT 'bundle ' || id, 'forgotten after a day', 'asked for at ' || asked_at
FROM claims_bundle WHERE asked_at < %(late)s - interval '1 day 1 hour'
"""
_READS = """
SELECT 'reading of ' || subject, 'in the ledger with the next full hour', 'waits since ' || at
FROM accounts_restrictedread
WHERE desk_id IS NOT NULL AND entry_id IS NULL AND at < %(late)s - interval '1 hour'
"""
_TASK = """
SELECT c.reference, 'a task for lost support while it is lost', count(t.id) || ' open tasks'
FROM claims_claim c
LEFT JOIN claims_task t ON t.claim_id = c.id AND t.kind = 'support_lost' AND t.ended_at IS NULL
GROUP BY c.id HAVING (c.support_lost_at IS NOT NULL) <> (count(t.id) = 1) OR count(t.id) > 1
"""


def _moves() -> Check:
    return by_query(
        "move in the table",
        query=_MOVE,
        parameters=(
            [move.before.value if move.before else "" for move in MOVES],
            [move.after.value for move in MOVES],
            [move.deciders is Deciders.SECOND for move in MOVES],
            [move.needs_evidence for move in MOVES],
            [
                f"{move.name}, decided by {'a second person' if move.deciders is Deciders.SECOND else 'nobody else'}"
                for move in MOVES
            ],
        ),
    )


def _numbers(scope: IntegrityScope) -> Iterator[tuple[str, str, str]]:
    """The support that claims record, compared with what their evidence adds up to now."""
    claims = Claim.objects.filter(recomputation__isnull=True).order_by("?" if scope.sample is not None else "pk")
    ids = claims.values_list("pk", flat=True)[: scope.sample].iterator(chunk_size=2000)
    while chunk := list(islice(ids, 200)):
        some = Claim.objects.select_related("desk").filter(pk__in=chunk).order_by("pk")
        yield from one_by_one(some, lambda claim: claim.reference, _counted_as_said)


def _counted_as_said(claim: Claim) -> Iterator[Place]:
    expected, found = _counted(claim), _said(claim)
    if expected != found:
        yield claim.reference, expected, found


def _said(claim: Claim) -> str:
    interval = claim.independence_min, claim.independence_max, claim.independence_exact
    return _words(interval, claim.threshold, claim.contested, lost=claim.support_lost)


def _counted(claim: Claim) -> str:
    graph, last = load_evidence_graph(claim), last_change(claim)
    result = of_claim(graph)
    lost = last is not None and not holds(graph, last)
    interval = result.min, result.max, result.exact
    return _words(interval, threshold_of_claim(graph), bool(party_denials(graph)), lost=lost)


def _words(interval: tuple[int, int, bool], threshold: int, contested: bool, *, lost: bool) -> str:
    least, most, exact = interval
    marks = ("" if exact else " not exact") + (" contested" if contested else "") + (" support lost" if lost else "")
    return f"{least}–{most} of {threshold}{marks}"


def _search_words(model: type[Model], subject: str) -> Check:
    """The stored search words, compared with those of the texts now: another dictionary gives other words."""

    def look(_scope: IntegrityScope) -> Iterator[Sequence[str]]:
        field: Any = model._meta.get_field("words")
        kept, now = (
            Coalesce(Cast("words", TextField()), Value(""), output_field=TextField()),
            Cast(field.expression, TextField()),
        )
        stale = model._default_manager.annotate(kept=kept, now=now).exclude(kept=F("now"))
        for name in stale.values_list(subject, flat=True).iterator(chunk_size=2000):
            yield f"source {name}" if isinstance(name, UUID) else name, "words of its present text", "others"

    return Check(f"search words of {model._meta.verbose_name_plural}", look)


CHECKS = (
    by_query("state is that of the last status change", query=_STATE),
    by_query("last status change", query=_LAST),
    by_query("status changes without a gap", query=_CHAIN),
    _moves(),
    by_query("status change with its words", query=_TEXT),
    by_query("status change with its graph", query=_GRAPH),
    by_query("status change on evidence of the claim", query=_NAMED),
    by_query("version with its revisions", query=_VERSION),
    by_query("reference of the desk", query=_REFERENCE),
    by_query("reference once", query=_REFERENCE_ONCE),
    by_query("all on one desk", query=_ONE_DESK),
    strictness(
        "evidence as strict as its source",
        subject="'evidence ' || below.id",
        tables="claims_evidence below JOIN sources_source above ON above.id = below.source_id",
    ),
    by_query("superseded by what others see", query=_SUPERSEDED),
    by_query("actors that everybody may see", query=_NAMED_ACTORS),
    by_query("actor that was merged is named by nothing", query=_MERGED_ACTORS),
    by_query("actor merged on record", query=_MERGES),
    Check("numbers are those of the evidence", _numbers),
    by_overdue_query("recomputed in time", query=_LATE_RECOMPUTATION),
    by_overdue_query("bundle made and forgotten in time", query=_LATE_BUNDLE),
    by_overdue_query("what was read is in the ledger", query=_READS),
    by_query("task for lost support", query=_TASK),
    *grounds_integrity.CHECKS,
    *change_integrity.CHECKS,
    _search_words(Claim, "reference"),
    _search_words(Source, "pk"),
)

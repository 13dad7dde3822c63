"""The check of the records of edits: which fields, by whom, of which version, under which verdict.

Edit conflicts are explained from these rows; they also decide who may confirm a verdict, and who set a threshold.
"""

from house.integrity import by_query

# A version and the note of its cause are written together: each version after the first has one note. Rows whose
# beginning is not in the ledger were copied, or are older than either.
_NOTED = """
SELECT sort || ' ' || id, 'a note of what changed for each of versions 2 to ' || version, coalesce(n, 0) || ' notes'
FROM (
    SELECT 'source' AS sort, r.id, r.version FROM sources_source r
    WHERE EXISTS (SELECT FROM accounts_act a WHERE a.about = 'source:' || r.id AND a.kind = 'source_added')
    UNION ALL
    SELECT 'actor', r.id, r.version FROM sources_actor r
    WHERE EXISTS (SELECT FROM accounts_act a WHERE a.about = 'actor:' || r.id AND a.kind = 'actor_added')
    UNION ALL
    SELECT 'desk', r.id, r.version FROM accounts_desk r
    WHERE EXISTS (SELECT FROM accounts_act a WHERE a.about = 'desk:' || r.id AND a.kind = 'desk_made')
    UNION ALL
    SELECT 'evidence', r.id, r.version FROM claims_evidence r
    WHERE EXISTS (SELECT FROM accounts_act a WHERE a.about = 'claim:' || r.claim_id AND a.kind = 'claim_reported')
) known
LEFT JOIN (
    SELECT row, count(*) AS n, min(version) AS lowest, max(version) AS highest FROM accounts_fieldchange GROUP BY row
) noted ON noted.row = known.id
WHERE coalesce(n, 0) <> version - 1 OR lowest <> 2 OR highest <> version
"""
_OF_NOTHING = """
SELECT 'note ' || f.id, 'of a row that is there', 'of none'
FROM accounts_fieldchange f
WHERE NOT EXISTS (SELECT FROM claims_claim r WHERE r.id = f.row)
  AND NOT EXISTS (SELECT FROM claims_evidence r WHERE r.id = f.row)
  AND NOT EXISTS (SELECT FROM sources_source r WHERE r.id = f.row)
  AND NOT EXISTS (SELECT FROM sources_actor r WHERE r.id = f.row)
  AND NOT EXISTS (SELECT FROM accounts_desk r WHERE r.id = f.row)
"""
_AS_ITS_VERSION = """
SELECT c.reference || ' version ' || f.version, 'changed by whom and when its revision says', 'another note'
FROM accounts_fieldchange f
JOIN claims_claim c ON c.id = f.row
LEFT JOIN claims_revision r ON r.claim_id = f.row AND r.version = f.version
WHERE r.id IS NULL OR r.by_id IS DISTINCT FROM f.by_id OR r.at <> f.at OR r.kind NOT IN ('edited', 'reworded')
"""
_MOVED = """
SELECT c.reference || ' version ' || r.version, 'a status change of its person and time', 'none'
FROM claims_revision r JOIN claims_claim c ON c.id = r.claim_id
WHERE r.kind = 'moved' AND NOT EXISTS (
    SELECT FROM claims_statuschange s
    WHERE s.claim_id = r.claim_id AND s.at = r.at AND r.by_id IN (s.by_id, s.decided_by_id)
)
"""
_OF_EVIDENCE = """
SELECT c.reference || ' version ' || r.version,
       CASE WHEN r.evidence_id IS NULL THEN 'evidence of the claim' ELSE 'no evidence of another claim' END,
       coalesce(r.evidence_id::text, 'none')
FROM claims_revision r
JOIN claims_claim c ON c.id = r.claim_id
LEFT JOIN claims_evidence e ON e.id = r.evidence_id AND e.claim_id = r.claim_id
WHERE (r.kind IN ('attached', 'changed', 'withdrawn')) <> (r.evidence_id IS NOT NULL)
   OR (r.evidence_id IS NOT NULL AND e.id IS NULL)
"""
# The author of the report, of a claim whose report is in the ledger: written within the minute, unless the entry says,
# or hides, that it was backfilled.
_BENEATH = """
SELECT c.reference || ' grounds ' || g.id, 'an act ' || x.kind || ' of who changed them', 'none'
FROM claims_groundschange x
JOIN claims_grounds g ON g.id = x.grounds_id
JOIN claims_claim c ON c.id = g.claim_id
WHERE EXISTS (
    SELECT FROM accounts_act a WHERE a.about = 'claim:' || c.id AND a.kind = 'claim_reported'
) AND NOT EXISTS (
    SELECT FROM accounts_act a
    WHERE a.kind = x.kind AND a.by_id = x.by_id
      AND a.at BETWEEN x.at - interval '1 millisecond' AND x.at + interval '1 minute'
) AND NOT EXISTS (
    SELECT FROM accounts_act a JOIN ledger_entry e ON e.id = a.entry_id
    WHERE a.kind = x.kind AND (a.by_id = x.by_id OR (a.by_id IS NULL AND x.by_id IS NULL)) AND a.at >= x.at
      AND (x.by_id IS NULL OR a.sealed OR position('"brought_in":true'::bytea IN e.leaf) > 0)
)
"""
_UNTOLD = """
SELECT c.reference || ' grounds ' || g.id, 'who changed them last', 'nobody'
FROM claims_groundswatch w
JOIN claims_grounds g ON g.id = w.grounds_id
JOIN claims_claim c ON c.id = w.claim_id
WHERE w.digest <> g.digest AND NOT EXISTS (
    SELECT FROM claims_groundschange x WHERE x.grounds_id = g.id AND x.digest = w.digest
)
"""
# A merge into an actor that was merged since leads to where that one leads.
_MERGED_INTO = """
WITH RECURSIVE leads (actor_id, into_id, steps) AS (
    SELECT actor_id, into_id, 1 FROM claims_actormerge
    UNION ALL
    SELECT l.actor_id, m.into_id, l.steps + 1 FROM leads l JOIN claims_actormerge m ON m.actor_id = l.into_id
    WHERE l.steps < 1000
)
SELECT 'actor ' || a.id, 'merged into actor ' || l.into_id, 'into actor ' || a.merged_into_id
FROM sources_actor a
JOIN LATERAL (SELECT into_id FROM leads WHERE actor_id = a.id ORDER BY steps DESC LIMIT 1) l ON true
WHERE a.merged_into_id <> l.into_id
"""

CHECKS = (
    by_query("versions with their notes", query=_NOTED),
    by_query("notes of changes of rows", query=_OF_NOTHING),
    by_query("notes of changes as the versions say", query=_AS_ITS_VERSION),
    by_query("versions by moves", query=_MOVED),
    by_query("versions by evidence", query=_OF_EVIDENCE),
    by_query("changes beneath verdicts by acts", query=_BENEATH),
    by_query("changes beneath verdicts on record", query=_UNTOLD),
    by_query("merged into whom the merge says", query=_MERGED_INTO),
)

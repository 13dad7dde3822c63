"""Writing ledger entries for status changes from before the ledger, marked as backfilled and with the time of writing.

The ledger vouches for them only from then on: `at` is now, `happened_at` the row's time. Plain SQL instead of models,
since a migration calls this, in which tables are as they were then.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from ledger.entries import format_time
from ledger.recording import Unplaced, write_entries

CLAIMS = """
SELECT c.id FROM claims_claim c
WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.stream = 'claim:' || c.id)
    AND (%(claims)s::uuid[] IS NULL OR c.id = ANY(%(claims)s::uuid[]))
ORDER BY c.created_at, c.id
"""
HISTORY = """
SELECT c.id::text, c.reference, s.seq, s.from_state, s.to_state, s.at, s.stance, s.independence_min,
       s.independence_max, s.threshold, s.graph_digest, s.evidence::text[], t.reason, t.decision_reason,
       b.id::text, b.username, d.id::text, d.username
FROM claims_statuschange s
JOIN claims_claim c ON c.id = s.claim_id
JOIN accounts_user b ON b.id = s.by_id
LEFT JOIN accounts_user d ON d.id = s.decided_by_id
LEFT JOIN claims_statuschangetext t ON t.claim_id = s.claim_id AND t.seq = s.seq
WHERE c.id = ANY(%s)
ORDER BY s.claim_id, s.seq
"""
ACTS = """
INSERT INTO accounts_act (entry_id, desk_id, by_id, kind, about, at, sealed)
SELECT e.id, c.desk_id, s.by_id, e.kind, e.stream, e.at, false
FROM ledger_entry e
JOIN claims_statuschange s ON 'claim:' || s.claim_id = e.stream AND s.seq = e.seq
JOIN claims_claim c ON c.id = s.claim_id
WHERE e.stream = ANY(%s)
ORDER BY e.id
"""
CLAIMS_AT_ONCE = 500


def bring_in(connection: BaseDatabaseWrapper, *, claims: Sequence[UUID] | None = None, now: datetime) -> int:
    """Write a stream for each claim without entries, with its status changes in order. Returns the number of entries.

    `claims`: only these. No other transaction may write to these claims meanwhile.
    """
    written = 0
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS, {"claims": None if claims is None else list(claims)})
        waiting = [claim for (claim,) in cursor.fetchall()]
    for start in range(0, len(waiting), CLAIMS_AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(HISTORY, [waiting[start : start + CLAIMS_AT_ONCE]])
            rows = cursor.fetchall()
        streams = [[_entry(row) for row in changes] for _claim, changes in groupby(rows, key=lambda row: row[0])]
        _write(connection, streams, now)
        written += len(rows)
    return written


def _write(connection: Any, batch: list[list[Unplaced]], now: datetime) -> None:
    write_entries(connection, batch, at=now)
    with connection.cursor() as cursor:
        cursor.execute(ACTS, [[entries[0].stream for entries in batch]])


def _entry(row: tuple[Any, ...]) -> Unplaced:
    claim, reference, seq, before, after, at, stance, least, most, threshold, digest, evidence = row[:12]
    reason, decision_reason, by, by_name, decided_by, decided_by_name = row[12:]
    return Unplaced(
        stream=f"claim:{claim}",
        kind="status_changed",
        body={
            "claim": claim,
            "reference": reference,
            "number": seq,
            "from": before,
            "to": after,
            "stance": stance,
            "independence": {"min": least, "max": most},
            "threshold": threshold,
            "brought_in": True,
            "happened_at": format_time(at),
        },
        committed={
            "by": {"id": by, "name": by_name},
            "decided_by": {"id": decided_by, "name": decided_by_name} if decided_by else None,
            "reason": reason,
            "decision_reason": decision_reason,
            "evidence": sorted(evidence),
            "graph_digest": digest,
        },
    )

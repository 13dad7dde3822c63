"""Backfill of missing ledger entries for redactions that earlier releases did without one, because nothing needed a
name. Each new entry says that it was brought in, and when the redaction happened.

Plain SQL instead of models, since a migration calls it when the tables are as they were then.
"""

from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from ledger.entries import format_time
from ledger.recording import Unplaced, write_next

WITHOUT = """
SELECT r.id::text, r.desk_id::text, r.actor_id::text, r.reason, r.ended_at,
       p.id::text, p.username, d.id::text, d.username
FROM reviews_redaction r
JOIN accounts_user p ON p.id = r.proposed_by_id
JOIN accounts_user d ON d.id = r.decided_by_id
WHERE r.state = 'done'
    AND NOT EXISTS (SELECT FROM accounts_act a WHERE a.about = 'redaction:' || r.id AND a.kind = 'redacted')
ORDER BY r.ended_at, r.id
"""
ACT = """
INSERT INTO accounts_act (entry_id, desk_id, by_id, kind, about, at, sealed)
SELECT e.id, %(desk)s::uuid, %(by)s::uuid, e.kind, e.stream, e.at, false FROM ledger_entry e WHERE e.id = %(entry)s
"""


def bring_in_redactions(connection: BaseDatabaseWrapper, *, now: datetime) -> int:
    """Write the missing entries; returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT)
        rows = cursor.fetchall()
        for pk, desk, actor, reason, ended_at, proposer, proposer_name, decider, decider_name in rows:
            body = {"redaction": pk, "desk": desk, **({"actor": actor} if actor else {}), "fields": {}, "rows": []}
            committed = {
                "by": {"id": decider, "name": decider_name},
                "proposed_by": {"id": proposer, "name": proposer_name},
                "reason": reason,
            }
            body |= {"brought_in": True, "happened_at": format_time(ended_at)}
            entry = write_next(connection, Unplaced(f"redaction:{pk}", "redacted", body, committed), at=now)
            cursor.execute(ACT, {"desk": desk, "by": decider, "entry": entry})
    return len(rows)

"""Integrity checks: sources, relays, files and captures agree with each other and with the storage."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from house.integrity import Check, IntegrityScope, by_overdue_query, by_query, rows_in_batches
from sources.evidence_storage import open_stored, place, place_name
from sources.independence import find_cycle
from sources.models import Visibility
from sources.statement_parts import open_sql

# Interrupted writers leave files behind, which are cleared after a day.
LEFT_BEHIND = timedelta(days=1)

_STRICTNESS = """
SELECT {subject}, 'at least as strict as ' || above.visibility, below.visibility
FROM {tables}
WHERE array_position(%s::text[], below.visibility::text) < array_position(%s::text[], above.visibility::text)
"""


def strictness(name: str, *, subject: str, tables: str) -> Check:
    """The check that each row `below` is at least as strict as the row `above` that it belongs to."""
    query = _STRICTNESS.format(subject=subject, tables=tables)
    return by_query(name, query=query, parameters=(Visibility.values, Visibility.values))


# Only relays between sources that have both upstream and downstream ones can form a cycle: few of a million.
_INNER_RELAYS = """
SELECT d.desk_id::text, r.downstream_id::text, r.upstream_id::text
FROM sources_relay r
JOIN sources_source d ON d.id = r.downstream_id
JOIN sources_source u ON u.id = r.upstream_id
WHERE r.removed_at IS NULL AND {counted}
  AND EXISTS (SELECT FROM sources_relay b WHERE b.upstream_id = r.downstream_id AND b.removed_at IS NULL)
  AND EXISTS (SELECT FROM sources_relay a WHERE a.downstream_id = r.upstream_id AND a.removed_at IS NULL)
ORDER BY d.desk_id
"""
# Cycles through restricted relays are refused when people who may see them are editing (decision 20).
_OPEN = f"{open_sql('d')} AND {open_sql('u')}"


def _cycles(_scope: IntegrityScope) -> Iterator[tuple[str, str, str]]:
    for desk, relays in groupby(rows_in_batches(_INNER_RELAYS.format(counted=_OPEN)), key=lambda row: row[0]):
        cycle = find_cycle((below, above) for _desk, below, above in relays)
        if cycle is not None:
            yield f"relays of desk {desk}", "no cycle", " → ".join(cycle)


# One line per file; rows of one file that disagree on its size show that one is wrong.
_FILES = """
SELECT sha256, min(named), min(size), max(size)
FROM (SELECT sha256, 'attachment ' || id AS named, size FROM sources_attachment WHERE erased_at IS NULL
      UNION ALL SELECT sha256, 'chosen file ' || id, size FROM sources_chosenfile) files
GROUP BY sha256 ORDER BY sha256 COLLATE "C"
"""


def _files(scope: IntegrityScope) -> Iterator[tuple[str, str, str]]:
    """Mismatches between rows and stored files, read in step, both in name order."""
    named, kept = rows_in_batches(_FILES), place().kept()
    row, file = next(named, None), next(kept, None)
    while row is not None or file is not None:
        if row is not None and (file is None or place_name(row[0]) < file[0]):
            yield row[1], f"{row[2]} bytes", "no file"
            row = next(named, None)
        elif file is not None and (row is None or file[0] < place_name(row[0])):
            name, _size, modified = file
            if modified < scope.now - LEFT_BEHIND - scope.grace:
                yield f"file {name}", "an attachment", "none"
            file = next(kept, None)
        elif row is not None and file is not None:
            yield from _compared(row, file[1], scope)
            row, file = next(named, None), next(kept, None)


def _compared(row: tuple[str, str, int, int], size: int, scope: IntegrityScope) -> Iterator[tuple[str, str, str]]:
    sha256, named, least, most = row
    for expected in {least, most} - {size}:
        yield named, f"{expected} bytes", f"{size} bytes"
    if scope.read_files and least == most == size:
        digest = hashlib.sha256()
        with open_stored(sha256) as content:
            while chunk := content.read(2**20):
                digest.update(chunk)
        if digest.hexdigest() != sha256:
            yield named, f"SHA-256 {sha256}", f"SHA-256 {digest.hexdigest()}"


def _unfinished(scope: IntegrityScope) -> Iterator[tuple[str, str, str]]:
    for name, _size, modified in place().unfinished():
        if modified < scope.now - LEFT_BEHIND - timedelta(hours=1) - scope.grace:
            yield f"file {name}", "cleared after a day", f"of {modified.isoformat(timespec='seconds')}"


# A public actor may be part of a desk-only one: public pages leave out names that are not public.
_ACTORS = f"""
SELECT 'actor ' || below.id, 'restricted as what it points at', below.visibility
FROM sources_actor below JOIN sources_actor above ON above.id IN (below.part_of_id, below.owned_by_id)
WHERE NOT ({open_sql("above")}) AND {open_sql("below")}
"""  # noqa: S608 - our own
_RELAY_DESKS = """
SELECT 'relay ' || r.id, 'sources of one desk', 'two desks'
FROM sources_relay r
JOIN sources_source d ON d.id = r.downstream_id
JOIN sources_source u ON u.id = r.upstream_id
WHERE d.desk_id <> u.desk_id
"""
_CAPTURES = """
SELECT 'capture ' || c.id, 'finished', 'waiting since ' || c.requested_at
FROM sources_capture c
WHERE c.state = 'pending' AND c.requested_at < %(late)s AND (c.lease_until IS NULL OR c.lease_until < %(late)s)
"""
_ENDED_CAPTURES = """
SELECT 'capture ' || c.id, c.state || ' with an end', 'no end'
FROM sources_capture c WHERE c.state <> 'pending' AND c.finished_at IS NULL
UNION ALL
SELECT 'capture ' || c.id, 'a file of its source', 'a file of another source'
FROM sources_capture c JOIN sources_attachment a ON a.id = c.attachment_id WHERE a.source_id <> c.source_id
"""

_ERASED = """
SELECT 'file ' || f.sha256, 'deleted', 'waits since ' || f.asked_at
FROM sources_fileerasure f WHERE f.asked_at < %(late)s
"""

_CHOSEN = """
SELECT 'chosen file ' || f.id, 'let go after days', 'chosen on ' || f.chosen_at
FROM sources_chosenfile f WHERE f.chosen_at < %(late)s - interval '8 days'
"""

CHECKS = (
    strictness(
        "source as strict as its publisher",
        subject="'source ' || below.id",
        tables="sources_source below JOIN sources_actor above ON above.id = below.publisher_id",
    ),
    by_query("restricted actors above restricted ones", query=_ACTORS),
    strictness(
        "file as strict as its source",
        subject="'attachment ' || below.id",
        tables="sources_attachment below JOIN sources_source above ON above.id = below.source_id",
    ),
    strictness(
        "capture as strict as its source",
        subject="'capture ' || below.id",
        tables="sources_capture below JOIN sources_source above ON above.id = below.source_id",
    ),
    by_query("relay within a desk", query=_RELAY_DESKS),
    Check("relays without a cycle", _cycles),
    by_overdue_query("capture done in time", query=_CAPTURES),
    by_query("capture ended whole", query=_ENDED_CAPTURES),
    by_overdue_query("erased file deleted in time", query=_ERASED),
    by_overdue_query("chosen file let go in time", query=_CHOSEN),
    Check("file kept", _files),
    Check("unfinished files cleared", _unfinished),
)

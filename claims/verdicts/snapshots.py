"""A claim's graph as it is kept with each status change, and its digest: `docs/ledger.md`, section 15. Pure."""

import hashlib
import json
from collections.abc import Collection

import rfc8785

from claims.verdicts.evidence_graph import EvidenceGraph
from ledger.canonical import JsonObject


def snapshot(graph: EvidenceGraph) -> str:
    """The graph as canonical JSON (RFC 8785): only identifiers, words of the code and days, never a person's text."""
    # Titles and names are left out: they can be redacted without breaking the digest (decision 21).
    recorded: JsonObject = {
        "v": 1,
        "day": graph.day.isoformat(),
        "threshold": graph.threshold,
        "claimants": sorted(graph.claimants),
        "parties": sorted(graph.parties),
        "elements": [{"id": element.id, "essential": element.essential} for element in graph.elements],
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
            for item in sorted(graph.evidence, key=lambda item: item.id)
        ],
        "sources": [
            {
                "id": source.id,
                "publisher": source.publisher,
                "voice": graph.voice(source.id),
                "day": source.day.isoformat(),
                "basis": graph.basis_of(source.id),
                "counts": source.counts,
                "countable": graph.countable(source.id),
                # Absent where it is checked, as in snapshots from before there was the question.
                **({} if graph.is_checked(source.id) else {"checked": False}),
            }
            for source in sorted(graph.sources.values(), key=lambda source: source.id)
        ],
        "relays": [{"downstream": below, "upstream": above} for below, above in sorted(graph.relays)],
    }
    return rfc8785.dumps(recorded).decode()


def snapshot_without(graph: str, hidden: Collection[str]) -> str:
    """A snapshot without these identifiers: rows identified by one are left out, fields that name one are null."""
    kept: JsonObject = json.loads(graph)
    for name in ("claimants", "parties"):
        kept[name] = [pk for pk in kept[name] if pk not in hidden]
    for name, ends in (("evidence", ("id", "source")), ("sources", ("id",)), ("relays", ("downstream", "upstream"))):
        # The page says that something is withheld, since the digest does not fit what is left (decision 83).
        rows = [row for row in kept[name] if not any(row[end] in hidden for end in ends)]
        kept[name] = [
            {key: None if isinstance(value, str) and value in hidden else value for key, value in row.items()}
            for row in rows
        ]
    return rfc8785.dumps(kept).decode()


def snapshot_digest(graph: str) -> str:
    """SHA-256 of a snapshot, in hex."""
    return hashlib.sha256(graph.encode()).hexdigest()

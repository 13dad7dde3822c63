"""Graphs for docs/ledger-vectors/graphs.json: the rows that one is made of, and what is digested of them."""

import json
from datetime import UTC, date, datetime
from typing import Any

from claims.verdicts.evidence_graph import ElementView, EvidenceGraph, EvidenceView, SourceView
from claims.verdicts.snapshots import snapshot, snapshot_digest
from sources.voices import ActorLink

Rows = dict[str, Any]


def _id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


MINISTRY, ARMY, AGENCY, PAPER, PARTY = (_id(number) for number in (0xE1, 0xA2, 0xC3, 0xB4, 0xD5))
FIRST, SECOND, THIRD, FOURTH = (_id(number) for number in (0x51, 0x4F, 0x53, 0x50))
SHIP, NIGHT = _id(0x72), _id(0x71)


def _source(pk: str, publisher: str | None, **fields: Any) -> Rows:
    return {"id": pk, "publisher": publisher, "day": "2022-11-02", "basis": "firsthand", "counts": True, **fields}


def _evidence(number: int, source: str, stance: str = "supports", **fields: Any) -> Rows:
    plain: Rows = {"elements": [], "basis": None, "counts": True, "live": True, "against_interest": None}
    return {"id": _id(number), "source": source, "stance": stance, **plain, **fields}


def _rows(**fields: Any) -> Rows:
    claim = {"day": "2022-11-02", "threshold": 2, "claimants": [], "parties": [], "elements": []}
    return {"claim": claim, "evidence": [], "sources": [], "relays": [], "actors": [], **fields}


CASES: dict[str, Rows] = {
    "nothing but a claim": _rows(),
    "two sources and a relay": _rows(
        evidence=[_evidence(2, FIRST), _evidence(1, SECOND, "refutes")],
        sources=[_source(FIRST, PAPER, basis="secondhand"), _source(SECOND, AGENCY)],
        relays=[[FIRST, SECOND]],
    ),
    "everything": _rows(
        claim={
            "day": "2022-10-30",
            "threshold": 3,
            "claimants": [MINISTRY, AGENCY],
            "parties": [PARTY, MINISTRY],
            "elements": [{"id": SHIP, "essential": True}, {"id": NIGHT, "essential": False}],
        },
        evidence=[
            _evidence(9, FIRST, elements=[SHIP, NIGHT], basis="firsthand"),
            _evidence(8, FIRST, elements=[NIGHT], basis="secondhand", live=False, counts=False),
            _evidence(7, SECOND, "denies", against_interest=MINISTRY),
            _evidence(6, THIRD, "context", counts=False),
        ],
        sources=[
            _source(FIRST, ARMY, day="2022-11-02", basis="unknown"),
            _source(SECOND, ARMY, day="2022-11-09"),
            _source(THIRD, None, counts=False),
            _source(FOURTH, PAPER, day="2022-10-01"),
        ],
        relays=[[FIRST, THIRD], [FIRST, FOURTH], [SECOND, FOURTH]],
        # The army was part of the ministry up to the eighth, both days included.
        actors=[{"id": ARMY, "part_of": MINISTRY, "since": "2022-11-02", "until": "2022-11-08"}],
    ),
}


def graph_from(rows: Rows) -> EvidenceGraph:
    """The same rows as the code has them."""
    claim = rows["claim"]
    return EvidenceGraph(
        day=date.fromisoformat(claim["day"]),
        claimants=frozenset(claim["claimants"]),
        first_claimant=None,
        parties=frozenset(claim["parties"]),
        elements=tuple(ElementView(element["id"], "A part", element["essential"]) for element in claim["elements"]),
        evidence=tuple(_evidence_view(item) for item in rows["evidence"]),
        sources={one["id"]: _source_view(one) for one in rows["sources"]},
        relays=tuple((below, above) for below, above in rows["relays"]),
        actors={one["id"]: _link(one) for one in rows["actors"]},
        threshold=claim["threshold"],
    )


def _evidence_view(item: Rows) -> EvidenceView:
    attached = datetime(2022, 11, 3, tzinfo=UTC)
    return EvidenceView(**{**item, "elements": frozenset(item["elements"]), "attached_at": attached})


def _source_view(one: Rows) -> SourceView:
    return SourceView(**{**one, "title": "A page", "day": date.fromisoformat(one["day"])})


def _link(one: Rows) -> ActorLink:
    return ActorLink(one["id"], one["part_of"], date.fromisoformat(one["since"]), date.fromisoformat(one["until"]))


def graph_vectors() -> list[dict[str, Any]]:
    """Rows, the graph of them, and its digest."""
    graphs = {name: snapshot(graph_from(rows)) for name, rows in CASES.items()}
    return [
        {"name": name, "rows": rows, "graph": json.loads(graphs[name]), "digest": snapshot_digest(graphs[name])}
        for name, rows in CASES.items()
    ]

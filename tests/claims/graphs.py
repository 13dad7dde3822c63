"""A small language for evidence graphs, so that pure tests say only what matters to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from claims.verdicts.evidence_graph import ElementView, EvidenceGraph, EvidenceView, SourceView
from sources.voices import ActorLink

DAY = date(2022, 11, 2)
ATTACHED = datetime(2022, 11, 3, 12, tzinfo=UTC)


def source(name: str, publisher: str | None = None, basis: str = "firsthand", **fields: Any) -> SourceView:
    """A source that counts, published on the day of the claim, by an actor of its own name unless another is given."""
    return SourceView(**{"id": name, "title": name, "publisher": publisher or name, "day": DAY, "basis": basis,
                         "counts": True, **fields})  # fmt: skip


def unsigned(name: str, basis: str = "firsthand") -> SourceView:
    """A source whose publisher is not known."""
    return replace(source(name, basis=basis), publisher=None)


def evidence(source: str, stance: str = "supports", *elements: str, **fields: Any) -> EvidenceView:
    """Live evidence that counts, with the source's name as its id, on all elements unless some are given."""
    return EvidenceView(**{"id": source, "source": source, "stance": stance, "elements": frozenset(elements),
                           "basis": None, "live": True, "counts": True, "against_interest": None,
                           "attached_at": ATTACHED, **fields})  # fmt: skip


def graph(
    sources: Sequence[SourceView],
    items: Sequence[EvidenceView],
    *,
    relays: Sequence[tuple[str, str]] = (),
    claimant: str | None = "claimant",
    also: Sequence[str] = (),
    parties: Sequence[str] = ("party",),
    elements: Sequence[ElementView] = (),
    actors: Sequence[ActorLink] = (),
    **fields: Any,
) -> EvidenceGraph:
    """A claim of DAY by `claimant`, with the desk's threshold of 2."""
    return EvidenceGraph(
        day=DAY,
        claimants=frozenset(name for name in (claimant, *also) if name),
        first_claimant=claimant,
        parties=frozenset(parties),
        elements=tuple(elements),
        evidence=tuple(items),
        sources={view.id: view for view in sources},
        relays=tuple(relays),
        actors={link.id: link for link in actors},
        **{"threshold": 2, **fields},
    )


def element(name: str, *, essential: bool = True) -> ElementView:
    return ElementView(name, name, essential)

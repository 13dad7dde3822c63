"""What the digest of a graph digests is as `docs/ledger.md` has it, and its example."""

import json
from datetime import UTC, date, datetime

from claims.graphs import digest, snapshot
from claims.standing import ElementView, EvidenceView, SourceView, Standing
from sources.voices import ActorLink
from tests.ledger.sample_bundle import ACTOR, EVIDENCE, PART, SOURCE
from tests.ledger.vectors import FOLDER


def test_a_graph_is_written_and_digested_as_the_example_is() -> None:
    standing = Standing(
        day=date(2026, 11, 22),
        claimants=frozenset(),
        first_claimant=None,
        parties=frozenset(),
        elements=(ElementView(PART, "shells"),),
        evidence=(
            EvidenceView(
                id=EVIDENCE,
                source=SOURCE,
                stance="supports",
                elements=frozenset({PART}),
                basis=None,
                live=True,
                counts=True,
                against_interest=None,
                attached_at=datetime(2026, 11, 22, tzinfo=UTC),
            ),
        ),
        sources={SOURCE: SourceView(SOURCE, "A paper", ACTOR, date(2026, 11, 21), "firsthand", True)},
        relays=(),
        actors={ACTOR: ActorLink(ACTOR, None, None, None)},
        threshold=2,
    )
    example = json.loads((FOLDER / "graphs.json").read_text())
    assert (snapshot(standing), digest(snapshot(standing))) == (example["graph"], example["digest"])

"""A graph is read by one statement: held against the same graph read row by row, by the models and their rules."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Claim, Element, Evidence
from claims.verdicts.evidence_graph import ElementView, EvidenceGraph, EvidenceView, SourceView
from claims.verdicts.graph_loading import day_of, load_evidence_graph
from claims.verdicts.snapshots import snapshot
from sources.models import Actor, Relay, Source
from sources.voices import ActorLink
from tests import factories
from tests.factories import Cast

pytestmark = pytest.mark.django_db
STANCES = ["supports", "denies", "refutes", "context"]
BASES = ["firsthand", "secondhand", "unknown"]


def read_plainly(claim: Claim) -> EvidenceGraph:
    """The graph as the definitions of docs/provenance.md have it, each kind of row by itself."""
    claim = factories.fresh(claim)
    items = [
        item
        for item in Evidence.objects.filter(claim=claim).select_related("source__publisher")
        if item.withdrawn_at is None and item.visibility != "restricted"
    ]
    sources = _with_upstreams([item.source for item in items])
    claimants = {str(actor.pk) for actor in [*claim.also_claimed_by.all(), claim.claimant] if actor}
    parties = {str(actor.pk) for actor in claim.parties.all()}
    actors = _with_tops(
        claimants
        | parties
        | {str(source.publisher_id) for source in sources.values() if source.publisher_id}
        | {str(item.against_interest_id) for item in items if item.against_interest_id}
    )
    relays = Relay.objects.filter(removed_at=None).order_by("created_at", "id")
    return EvidenceGraph(
        day=claim.day,
        claimants=frozenset(claimants),
        first_claimant=str(claim.claimant_id) if claim.claimant_id else None,
        parties=frozenset(parties),
        elements=tuple(
            ElementView(str(element.pk), element.text, element.essential) for element in claim.elements.all()
        ),
        evidence=tuple(_evidence(item) for item in items),
        sources={pk: _source(source) for pk, source in sources.items()},
        relays=tuple(
            (str(row.downstream_id), str(row.upstream_id))
            for row in relays
            if str(row.downstream_id) in sources and str(row.upstream_id) in sources
        ),
        actors={pk: _link(actor) for pk, actor in actors.items()},
        threshold=claim.threshold_override or claim.desk.min_independence,
        threshold_is_set=claim.threshold_override is not None,
        names={pk: actor.name for pk, actor in actors.items()},
    )


def _with_upstreams(start: list[Source]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    waiting = [source for source in start if source.visibility != "restricted"]
    while waiting:
        source = waiting.pop()
        if str(source.pk) in found:
            continue
        found[str(source.pk)] = source
        rows = Relay.objects.filter(downstream=source, removed_at=None).select_related("upstream__publisher")
        waiting += [row.upstream for row in rows if row.upstream.visibility != "restricted"]
    return dict(sorted(found.items(), key=lambda entry: (entry[1].created_at, entry[1].pk)))


def _with_tops(ids: set[str]) -> dict[str, Actor]:
    found: dict[str, Actor] = {}
    waiting = [Actor.objects.get(pk=pk) for pk in ids]
    while waiting:
        actor = waiting.pop()
        if str(actor.pk) not in found:
            found[str(actor.pk)] = actor
            waiting += [actor.part_of] if actor.part_of else []
    return found


def _source(source: Source) -> SourceView:
    publisher = str(source.publisher_id) if source.publisher_id else None
    return SourceView(str(source.pk), source.title, publisher, day_of(source), source.basis, source.counts)


def _evidence(item: Evidence) -> EvidenceView:
    return EvidenceView(
        id=str(item.pk),
        source=str(item.source_id),
        stance=item.stance,
        elements=frozenset(str(element.pk) for element in item.elements.all()),
        basis=item.basis or None,
        live=item.live,
        counts=item.counts,
        against_interest=str(item.against_interest_id) if item.against_interest_id else None,
        attached_at=item.created_at,
    )


def _link(actor: Actor) -> ActorLink:
    part_of = str(actor.part_of_id) if actor.part_of_id else None
    return ActorLink(str(actor.pk), part_of, actor.part_of_from, actor.part_of_to, actor.speaks_for_checked)


def _generated(cast: Cast, chance: random.Random) -> Claim:
    """A claim of its own with a graph in which everything that the statement looks at occurs."""
    now = timezone.now()
    actors = [_actor(cast, chance, number, now) for number in range(chance.randint(2, 7))]
    for low, high in pairwise(actors):
        if chance.random() < 0.5:
            low.speaks_for_checked = True
            low.part_of, low.part_of_from = high, chance.choice([None, date(2020, 2, 29)])
            low.part_of_to = chance.choice([None, date(2021, 12, 31)])
            low.save()
    maybe = [None, *actors]
    claim = factories.claim(
        cast,
        claimant=chance.choice(actors),
        parties=chance.sample(actors, chance.randint(0, 2)),
        elements=[f"Part {number}, “in” quotes \\ ü" for number in range(chance.randint(0, 3))],
        claimed_on=chance.choice([None, date(2022, 11, 2)]),
    )
    claim.also_claimed_by.set(chance.sample(actors, chance.randint(0, 2)))
    if chance.random() < 0.3:
        override = {"threshold_override": 3, "threshold_reason": "So.", "threshold_by": cast.editor}
        Claim.objects.filter(pk=claim.pk).update(claimant=None, **override)
    sources = Source.objects.bulk_create(
        _new_source(cast, chance, number, chance.choice(maybe), now) for number in range(chance.randint(1, 9))
    )
    pairs = {tuple(chance.sample(range(len(sources)), 2)) for _ in range(len(sources) * 2) if len(sources) > 1}
    Relay.objects.bulk_create(
        Relay(
            downstream=sources[below],
            upstream=sources[above],
            created_by=cast.editor,
            created_at=now - timedelta(days=number % 3),
            **({"removed_at": now, "removed_by": cast.editor} if chance.random() < 0.2 else {}),
        )
        for number, (below, above) in enumerate(sorted(pairs))
    )
    for source in sources:
        if chance.random() < 0.7:
            _attach(cast, chance, claim, source, chance.choice(maybe), now)
    return claim


def _actor(cast: Cast, chance: random.Random, number: int, now: datetime) -> Actor:
    return Actor.objects.create(
        desk=cast.desk,
        name=f"Actor {number} {chance.random()}",
        kind="organisation",
        speaks_for_checked=chance.random() < 0.7,
        reliability=chance.choice("AEF"),
        created_by=cast.editor,
        created_at=now,
    )


def _new_source(cast: Cast, chance: random.Random, number: int, publisher: Actor | None, now: datetime) -> Source:
    retracted = {"retracted_at": now, "retracted_by": cast.editor} if chance.random() < 0.2 else {}
    return Source(
        desk=cast.desk,
        title=f"Item {number}",
        publisher=publisher,
        published_at=chance.choice([None, datetime(2020, 12, 31, 23, 30, tzinfo=UTC)]),
        basis=chance.choice(BASES),
        reliability=chance.choice(["", "", "B", "E"]),
        visibility=chance.choice(["desk", "desk", "desk", "public", "restricted"]),
        created_by=cast.editor,
        created_at=now - timedelta(hours=chance.randint(0, 90)),
        **retracted,
    )


def _attach(
    cast: Cast, chance: random.Random, claim: Claim, source: Source, admits: Actor | None, now: datetime
) -> None:
    withdrawn = {"withdrawn_at": now, "withdrawn_by": cast.editor} if chance.random() < 0.2 else {}
    hidden = "restricted" if source.visibility == "restricted" or chance.random() < 0.2 else "desk"
    item = Evidence.objects.create(
        claim=claim,
        source=source,
        stance=chance.choice(STANCES),
        basis=chance.choice(["", *BASES]),
        credibility=chance.choice([None, 1, 5]),
        against_interest=admits,
        against_interest_reason="It costs them." if admits else "",
        superseded_by=chance.choice([None, None, Evidence.objects.filter(claim=claim).first()]),
        visibility=hidden,
        created_by=cast.editor,
        created_at=now - timedelta(microseconds=chance.randint(0, 3_000_000)),
        **withdrawn,
    )
    elements = list(Element.objects.filter(claim=claim))
    item.elements.set(chance.sample(elements, chance.randint(0, len(elements))))


def test_a_graph_is_the_same_as_read_row_by_row() -> None:
    cast, chance = factories.cast(), random.Random(20221102)
    claims = [_generated(cast, chance) for _ in range(40)]
    read = [load_evidence_graph(factories.fresh(claim)) for claim in claims]
    plain = [read_plainly(claim) for claim in claims]
    assert read == plain
    assert [list(graph.sources) for graph in read] == [list(graph.sources) for graph in plain]
    assert [snapshot(graph) for graph in read] == [snapshot(graph) for graph in plain]


def test_a_graph_takes_one_statement() -> None:
    cast = factories.cast()
    claim = Claim.objects.get(pk=factories.claim_in(cast, "corroborated").pk)
    with CaptureQueriesContext(connection) as asked:
        load_evidence_graph(claim)
    assert len(asked) == 1

"""Acts on what is hard to count: counted before the locks are taken, checked in them, and never long in them."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from claims.actions import recomputing, sources
from claims.actions.claims import edit_claim
from claims.actions.composing import CarrierInput, File, report_with_source
from claims.actions.evidence import attach_evidence
from claims.actions.recomputing import lease_recomputations
from claims.actions.sources import add_relay, retract_source
from claims.inputs import ClaimInput, ElementInput, EvidenceInput
from claims.models import Claim, Recomputation, StatusChange
from claims.tasks import recompute_claims
from claims.verdicts import counting, support
from claims.verdicts.evidence_graph import of_claim
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.side_effects import Effects
from house.errors import Invalid
from sources.independence import Counting, find_cycle
from sources.inputs import SourceInput
from sources.models import Attachment
from tests import factories
from tests.claims.tangled import Tangled, report_on, tangled_desk
from tests.factories import Cast, fresh
from tests.tangles import far_ends, tangle

ACTIONS = [
    path
    for room in ("claims", "reviews", "api")
    for path in (Path(__file__).resolve().parents[2] / room / "actions").glob("*.py")
]
# Takes the lock, and asks for no count.
COUNTS_NOTHING = {
    "_write": "the bundle of what a claim shows",
    "_lock_for_decision": "by approve and reject",
    "_lock_graphs": "by redact",
    "_release_material": "files carry no voice",
    "check_next": "reads grounds again",
    "keep_next": "keeps grounds",
    "confirm_verdict": "compares grounds",
}

# Each act commits, as it does in the application: in the transaction of a test its locks would be held on.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return factories.cast()


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    counting.forget()
    yield
    counting.forget()


@pytest.fixture
def long_under_locks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of each count that is made while a graph's lock is held by this connection."""
    steps: list[int] = []
    independence = Counting.independence

    def counted(self: Counting, *given: Any, **options: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            held = cursor.fetchone()[0]
        mine = [0]
        inner = options["working"]

        def told(step: int) -> None:
            inner(step)
            mine[0] += step

        try:
            return independence(self, *given, **options | {"working": told})
        finally:
            if held:
                steps.append(mine[0])

    monkeypatch.setattr(Counting, "independence", counted)
    return steps


@pytest.fixture
def desk(cast: Cast) -> Tangled:
    return tangled_desk(cast, tangle(layers=25, width=8, voices=40))


def _little(steps: list[int]) -> bool:
    return sum(steps) <= 2 * counting.UNDER_LOCKS


def test_a_claim_on_a_tangle_is_written_down_with_its_true_bounds(
    cast: Cast, desk: Tangled, long_under_locks: list[int]
) -> None:
    claim = report_on(cast, desk)
    assert _little(long_under_locks)
    counting.forget()
    found = of_claim(load_evidence_graph(claim))
    first = StatusChange.objects.get(claim=claim)
    assert (claim.independence_min, claim.independence_max) == (found.min, found.max)
    assert (first.independence_min, first.independence_max) == (found.min, found.max)
    assert Claim.objects.count() == 1  # the first try was taken back


def test_another_word_counts_nothing_under_the_lock(cast: Cast, desk: Tangled, long_under_locks: list[int]) -> None:
    claim = report_on(cast, desk)
    counting.forget()
    long_under_locks.clear()
    changed = edit_claim(claim=claim, fields=ClaimInput(place="Elsewhere"), by=cast.editor)
    assert (_little(long_under_locks), changed.place, changed.version) == (True, "Elsewhere", claim.version + 1)


def test_a_relay_at_the_far_end_brings_the_claim_up_to_date_and_counts_outside(
    cast: Cast, desk: Tangled, long_under_locks: list[int]
) -> None:
    claim = report_on(cast, desk)
    long_under_locks.clear()
    below, above = next(far_ends(desk.made))
    add_relay(downstream=desk.sources[below], upstream=desk.sources[above].pk, by=cast.editor)
    assert _little(long_under_locks)
    found = of_claim(load_evidence_graph(claim))
    assert (fresh(claim).independence_min, fresh(claim).independence_max) == (found.min, found.max)
    assert not Recomputation.objects.exists()


def test_a_dry_run_says_exactly_what_the_act_then_does(cast: Cast, desk: Tangled) -> None:
    claim = report_on(cast, desk)
    first = desk.sources[0]
    tried = Effects(dry_run=True)
    retract_source(source=first, reason="A test.", effects=tried, by=cast.editor)
    done = retract_source(source=first, reason="A test.", effects=Effects(), by=cast.editor)
    assert (tried.shown, tried.later) == (done.effects, done.later)
    assert fresh(claim).independence_max == (done.effects[0].after[1] if done.effects else claim.independence_max)


def test_a_graph_that_changes_each_time_in_between_ends_with_a_row_for_later(
    cast: Cast, desk: Tangled, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = report_on(cast, desk)
    tries = _always_overtaken(monkeypatch)
    first = desk.sources[0]
    outcome = retract_source(source=first, reason="A test.", effects=Effects(), by=cast.editor)
    assert (tries, outcome.later, fresh(first).retracted_at is not None) == ([1] * (support.TRIES - 1), 1, True)
    assert set(Recomputation.objects.values_list("claim", flat=True)) == {claim.pk}
    monkeypatch.undo()
    assert recompute_claims() == 1
    found = of_claim(load_evidence_graph(claim))
    assert (fresh(claim).independence_min, fresh(claim).independence_max) == (found.min, found.max)
    assert not Recomputation.objects.exists()


def _always_overtaken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As if others changed the graph after each count: what was counted is of no use."""
    tries: list[int] = []
    count = support.CountFirst.count

    def count_in_vain(self: support.CountFirst) -> None:
        count(self)
        tries.append(1)
        counting.forget()

    monkeypatch.setattr(support.CountFirst, "count", count_in_vain)
    return tries


def test_a_recomputation_by_row_counts_outside_too(cast: Cast, desk: Tangled, long_under_locks: list[int]) -> None:
    claim = report_on(cast, desk)
    Recomputation.objects.create(claim=claim, asked_at=claim.created_at)
    counting.forget()
    long_under_locks.clear()
    (lease,) = lease_recomputations()
    recomputing.recompute_leased(lease)
    assert (_little(long_under_locks), Recomputation.objects.count()) == (True, 0)


def test_of_many_claims_on_a_tangle_some_are_recomputed_at_once_and_the_others_by_rows(
    cast: Cast, desk: Tangled, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [report_on(cast, desk) for _ in range(4)]
    size = load_evidence_graph(claims[0]).size
    monkeypatch.setattr(support, "READ_AT_ONCE", size + 1)
    outcome = retract_source(source=desk.sources[0], reason="A test.", by=cast.editor)
    assert (Recomputation.objects.count(), outcome.later) == (2, 2)
    assert recompute_claims() == 2
    found = {(fresh(each).independence_min, fresh(each).independence_max) for each in claims}
    assert len(found) == 1


def test_a_file_that_comes_with_a_claim_on_a_tangle_is_kept_once_and_whole(cast: Cast, desk: Tangled) -> None:
    upload = ContentFile(b"What was seen.", "seen.txt")
    claim = report_with_source(
        desk=cast.desk,
        fields=ClaimInput(statement="With a file.", elements=[ElementInput(text=f"Part {n}") for n in range(20)]),
        carrier=CarrierInput(source=desk.sources[0].pk, file=File(upload.chunks(), "seen.txt")),
        evidence=EvidenceInput(stance="supports"),
        by=cast.reviewer,
    )
    row = Attachment.objects.get()
    assert (row.size, row.source_id, claim.evidence.count()) == (14, desk.sources[0].pk, 1)


def test_no_file_is_written_while_the_graphs_lock_is_held(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    def chunks() -> Iterator[bytes]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            held.append(cursor.fetchone()[0])
        yield b"Bytes."

    report_with_source(
        desk=cast.desk,
        fields=ClaimInput(statement="With a file."),
        carrier=CarrierInput(new=SourceInput(title="New"), file=File(chunks(), "new.txt")),
        evidence=EvidenceInput(stance="supports"),
        by=cast.reviewer,
    )
    assert held == [0]


def test_a_new_relay_is_held_against_what_lies_above_it_and_not_against_the_whole_desk(
    cast: Cast, desk: Tangled, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[tuple[str, str]] = []

    def look(relays: Iterable[tuple[str, str]]) -> list[str] | None:
        looked_at.extend(relays)
        return find_cycle(looked_at)

    monkeypatch.setattr(sources, "find_cycle", look)
    first, second = factories.source(cast), factories.source(cast)
    add_relay(downstream=first, upstream=second.pk, by=cast.editor)
    assert looked_at == [(str(first.pk), str(second.pk))]
    with pytest.raises(Invalid, match="close a cycle"):
        add_relay(downstream=desk.sources[-1], upstream=desk.sources[0].pk, by=cast.editor)


def test_a_refusal_on_a_tangle_is_what_it_is_anywhere(cast: Cast, desk: Tangled) -> None:
    claim = report_on(cast, desk)
    counting.forget()
    with pytest.raises(Invalid):
        attach_evidence(claim=claim, fields=EvidenceInput(source=desk.sources[0].pk, stance="believes"), by=cast.editor)


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in ACTIONS:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                yield path.stem, node


def _calls(node: ast.FunctionDef) -> set[str]:
    return {call.func.id for call in ast.walk(node) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)}


def test_every_action_that_takes_a_graphs_lock_counts_outside_of_it() -> None:
    taking = {"lock_graph", "lock_graphs_of", "_lock_for_decision", "_lock_graphs"}
    bare = [
        f"{room}.{node.name}"
        for room, node in _functions()
        if _calls(node) & taking
        and node.name not in COUNTS_NOTHING
        and "counts_outside" not in {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    ]
    assert bare == []


def test_whoever_recomputes_does_it_in_an_action_that_counts_outside() -> None:
    recomputing_names = {"recompute", "recompute_claim", "restate", "end_of_act", "after_change"}
    found = {node.name for _room, node in _functions() if _calls(node) & recomputing_names}
    helpers = {"end_of_act", "after_change"}  # the end of such actions
    decorated = {
        node.name
        for _room, node in _functions()
        if "counts_outside" in {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    }
    assert found - helpers <= decorated

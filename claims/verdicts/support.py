"""Keeping the recorded support of claims in step with the evidence graph: the lock, and the recomputation.

A verdict move and a change of the graph must not miss each other. Every change of support takes the desk's graph lock
exclusively, every move takes it shared, both before any claim's row (docs/decisions describes the trial).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Model, QuerySet, Value, When

from accounts.models import Desk, User
from claims.models import Claim, Recomputation, StateChoices, TaskKind
from claims.turns import TurnFirst, has_turn, remember_size, take_turn, wait_for_own
from claims.verdicts.counting import Allowance, NotCounted, allowance, allowed
from claims.verdicts.evidence_graph import EvidenceGraph, count_all, of_claim, party_denials, threshold_of_claim
from claims.verdicts.graph_loading import last_change, load_evidence_graph
from claims.verdicts.policy import LastChange, holds
from claims.verdicts.re_checks import end_tasks, open_support_task
from claims.verdicts.side_effects import Effect, Effects
from sources.graph_lock import lock_graph as lock_graph
from sources.models import Actor
from sources.statement_parts import downstreams_sql, open_sql

AT_ONCE = 50  # claims that a change recomputes itself; a worker recomputes the others later
READ_AT_ONCE = 3_000  # rows that it reads for that at most, a fifth of a second: sources, relays and evidence
TRIES = 4  # attempts at an act whose counts were out of date when the lock was taken

Given = ParamSpec("Given")
Result = TypeVar("Result")


class CountFirst(Exception):
    """A locked action needs a count that is not made yet: release the locks, `count`, and repeat the action."""

    def __init__(self, wanted: Iterable[tuple[EvidenceGraph, frozenset[str] | None]]) -> None:
        super().__init__()
        self.wanted = list(wanted)

    def count(self) -> None:
        """Make the count; the cache keeps it for the next try."""
        for graph, named in self.wanted:
            count_all(graph, [] if named is None else [named])


def counts_outside(action: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let an action that takes a graph's lock count next to nothing while it holds it.

    Where it needs more than `counting.UNDER_LOCKS`, its transaction is rolled back, which releases every lock; the
    count is made on the graph that it read, and the action starts again. An unchanged graph is then counted already. If
    others change it each time in between, the last of `TRIES` counts one claim's budget under the lock, and leaves
    effects on many claims to rows (`recompute`).

    The action's arguments must bear being used again. An action called by another one is part of it.
    """

    @wraps(action)
    def outside(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        # Called by another action, whose locks and transaction it shares: that one is begun again.
        if allowance() is not None:
            return action(*args, **kwargs)
        effects = kwargs.get("effects")
        subject = _subject_of(kwargs)
        # Before any lock: a wait that begins with the graph in hand makes all others wait too (decision 90).
        wait_for_own(subject)
        for _ in range(TRIES - 1):
            try:
                with allowed(Allowance()):
                    done = action(*args, **kwargs)
                if subject is not None:
                    remember_size(subject, is_large=has_turn())
                return done
            except CountFirst as first:
                first.count()
            except TurnFirst:
                remember_size(subject, is_large=True)
                take_turn(may_wait=True)
            # What was undone must not be shown as an effect.
            if isinstance(effects, Effects):
                effects.forget()
        return action(*args, **kwargs)

    return outside


def _subject_of(given: Mapping[str, object]) -> object:
    """The key of the row that an action changes; None for a new row, a desk or a person, which have no graph."""
    rows = (value for value in given.values() if isinstance(value, Model) and not isinstance(value, Desk | User))
    return next((row.pk for row in rows), None)


def lock_graphs_of(actor: Actor) -> None:
    """Lock every graph that an actor can be part of: its desk's, or all of them for a shared one."""
    # In one order, so that two who take several do not wait for each other.
    desks = [actor.desk_id] if actor.desk_id else sorted(Desk.objects.values_list("pk", flat=True))
    for desk_id in desks:
        lock_graph(desk_id)


def lock_desk(desk: Desk) -> Desk:
    """The desk's row, locked until the transaction ends and read anew. Take it before any graph lock."""
    # Not FOR UPDATE, which would hold up every insert that refers to the desk (decision 22).
    return Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)


def lock_claim(claim: Claim) -> Claim:
    """The claim's row with its desk, locked until the transaction ends and read anew."""
    return _locked_alone(claim)[0]


def _locked_alone(claim: Claim) -> list[Claim]:
    rows = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("desk", "claimant")
    return list(rows.filter(pk=claim.pk))


_RESTING_ON_SOURCES = f"""
WITH RECURSIVE {downstreams_sql("SELECT unnest(%s::uuid[])")}
SELECT DISTINCT e.claim_id FROM claims_evidence e JOIN down ON down.id = e.source_id
WHERE e.withdrawn_at IS NULL AND {open_sql("e")}
"""  # noqa: S608 - our own
_ABOVE = """
WITH RECURSIVE up (id) AS (
    SELECT %s::uuid
    UNION
    SELECT r.upstream_id FROM up JOIN sources_relay r ON r.downstream_id = up.id AND r.removed_at IS NULL
)
SELECT id FROM up
"""
_PARTS = """
WITH RECURSIVE parts (id) AS (
    SELECT %s::uuid
    UNION
    SELECT a.id FROM parts JOIN sources_actor a ON a.part_of_id = parts.id
)
SELECT id FROM parts
"""
_OF_ACTORS = f"""
SELECT id FROM claims_claim WHERE claimant_id = ANY(%(actors)s)
UNION SELECT claim_id FROM claims_claim_parties WHERE actor_id = ANY(%(actors)s)
UNION SELECT claim_id FROM claims_claim_also_claimed_by WHERE actor_id = ANY(%(actors)s)
UNION SELECT claim_id FROM claims_evidence
WHERE against_interest_id = ANY(%(actors)s) AND withdrawn_at IS NULL AND {open_sql("claims_evidence")}
"""  # noqa: S608 - our own


def claims_resting_on(source_ids: Iterable[UUID]) -> list[UUID]:
    """The claims whose evidence uses one of these sources, or has it upstream over any number of relays.

    Restricted material is left out, since it enters no number: not even the number of claims may reveal it. An act that
    restricts or releases something calls this both before and after.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESTING_ON_SOURCES, [list(source_ids)])
        return [row[0] for row in cursor.fetchall()]


def sources_above(source_id: UUID) -> list[UUID]:
    """The source and all its upstream sources, over any number of relays."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [source_id])
        return [row[0] for row in cursor.fetchall()]


def claims_touching(actor: Actor) -> list[UUID]:
    """The claims in which the actor, or a part of it, is publisher, claimant or party, or admits something."""
    with connection.cursor() as cursor:
        # Parts too: what an actor is part of decides whose voice they are.
        cursor.execute(_PARTS, [actor.pk])
        actors = [row[0] for row in cursor.fetchall()]
        cursor.execute(_OF_ACTORS, {"actors": actors})
        found = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT id FROM sources_source WHERE publisher_id = ANY(%s)", [actors])
        sources = [row[0] for row in cursor.fetchall()]
    return sorted(found | set(claims_resting_on(sources)))


def recompute(claim_ids: Iterable[UUID], *, effects: Effects | None = None, now: datetime) -> list[Effect]:
    """Recompute the support that claims record, and report the changes, here and in `effects`.

    At most `AT_ONCE` claims are recomputed now, and at most `READ_AT_ONCE` rows read for it, first the claims with a
    state to lose; the others get a row each for the next ticks. Call it inside the transaction that changed the graph,
    with the graph's lock held. Raises CountFirst.
    """
    effects = effects or Effects()
    wanted = set(claim_ids)
    now_or_never = list(_locked(wanted if len(wanted) <= AT_ONCE else _first_of(wanted)))
    found, done, uncounted = _recompute_some(now_or_never, now)
    # Its caller can still let go of the graph; without an allowance the rows are the way out.
    if uncounted and allowance() is not None:
        raise CountFirst(uncounted)
    later = wanted - done
    if later:
        leave_for_later(later, effects=effects, now=now)
    for effect in found:
        effects.add(effect)
    return found


_Uncounted = tuple[EvidenceGraph, frozenset[str] | None]


def _recompute_some(claims: Iterable[Claim], now: datetime) -> tuple[list[Effect], set[UUID], list[_Uncounted]]:
    """The effects on claims that could be recomputed now, these claims, and the counts to make first."""
    found, done, uncounted, read = [], set(), [], 0
    with allowed(allowance() or Allowance()):
        for claim in sorted(claims, key=_nothing_to_lose):
            # Large graphs cost by rows, not by claims: colleagues wait meanwhile.
            if read > READ_AT_ONCE:
                break
            graph, last = load_evidence_graph(claim), last_change(claim)
            read += graph.size
            try:
                effect = restate(claim, graph, last, now=now)
            except CountFirst as first:
                uncounted += first.wanted
                continue
            done.add(claim.pk)
            if effect is not None:
                found.append(effect)
    return found, done, uncounted


def _nothing_to_lose(claim: Claim) -> tuple[bool, bool, UUID]:
    """The sort key of `_first_of`."""
    return claim.closed_at is not None, claim.state == StateChoices.REPORTED, claim.pk


def leave_for_later(claim_ids: Iterable[UUID], *, effects: Effects, now: datetime) -> None:
    """Give each of the claims a row, by which a worker recomputes it soon after the act."""
    later = sorted(claim_ids)
    rows = [Recomputation(claim_id=pk, asked_at=now) for pk in later]
    # A claim that waits already stays in its place: one reading serves both changes (decision 30).
    Recomputation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
    effects.leave_for_later(later)


def _locked(claim_ids: Iterable[UUID]) -> QuerySet[Claim]:
    """The claims, locked row by row in a fixed order."""
    rows = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("desk")
    return rows.filter(pk__in=list(claim_ids)).order_by("pk")


def _first_of(claim_ids: Iterable[UUID]) -> set[UUID]:
    """The `AT_ONCE` claims to recompute first: open claims before closed ones, and claims past "reported" before the
    rest.
    """
    has_nothing_to_lose = Case(When(state=StateChoices.REPORTED, then=Value(1)), default=Value(0))
    rows = Claim.objects.filter(pk__in=list(claim_ids)).order_by(
        F("closed_at").asc(nulls_first=True), has_nothing_to_lose, "pk"
    )
    return set(rows.values_list("pk", flat=True)[:AT_ONCE])


def recompute_claim(claim: Claim, *, now: datetime) -> Effect | None:
    """Recompute one locked claim; None where nothing changed. Raises CountFirst."""
    return restate(claim, load_evidence_graph(claim), last_change(claim), now=now)


@contextmanager
def counting_for(graph: EvidenceGraph, named: frozenset[str] | None = None) -> Iterator[None]:
    """Inside, a count on the graph that is not made yet raises CountFirst for all counts at once."""
    try:
        yield
    except NotCounted as error:
        raise CountFirst([(graph, named)]) from error


def restate(claim: Claim, graph: EvidenceGraph, last: LastChange | None, *, now: datetime) -> Effect | None:
    """Write the support that a locked claim records; None where nothing changed.

    `graph` and `last` are current: read while the graph's lock is held, and unchanged since. Raises CountFirst.
    """
    with counting_for(graph, last.evidence if last else None):
        result = of_claim(graph)
        lost = last is not None and not holds(graph, last)
    # Lost is a change: a claim that had lost its support before loses nothing again.
    effect = Effect(
        reference=claim.reference,
        state=claim.state,
        before=(claim.independence_min, claim.independence_max),
        after=(result.min, result.max),
        exact=result.exact,
        loses_support=lost and not claim.support_lost,
        regains_support=claim.support_lost and not lost,
    )
    contested, threshold = bool(party_denials(graph)), threshold_of_claim(graph)
    changed = (
        effect.before != effect.after or effect.loses_support or effect.regains_support or contested != claim.contested
    )
    if not changed and threshold == claim.threshold and result.exact == claim.independence_exact:
        return None
    claim.independence_min, claim.independence_max = effect.after
    claim.independence_exact = result.exact
    claim.contested, claim.threshold = contested, threshold
    # The state itself stays: only people move a claim (decision 21).
    if effect.loses_support:
        claim.support_lost_at = now
        open_support_task(claim, now=now)
    elif effect.regains_support:
        claim.support_lost_at = None
        end_tasks(now=now, claim=claim, kind=TaskKind.SUPPORT_LOST)
    numbers = ("independence_min", "independence_max", "independence_exact", "threshold")
    # No version: these numbers are no edit, and a form that is open need not be refused for them.
    claim.save(update_fields=[*numbers, "contested", "support_lost_at"])
    return effect if changed else None

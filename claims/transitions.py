"""The only code that writes a claim's state.

Only actions import it; they hold the locks and have checked permission.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from claims.models import Claim, Grounds, RevisionKind, Stance, StatusChange, StatusChangeGraph, StatusChangeText
from claims.queries import ChangeWithText
from claims.record.ledger_entries import status_changed
from claims.record.revisions import RevisionDetails, count_version
from claims.states import Deciders, Move, MoveName, State, find_move
from claims.verdicts.evidence_graph import EvidenceGraph, of_claim, threshold_for
from claims.verdicts.graph_loading import as_last_change, last_change, load_evidence_graph
from claims.verdicts.grounds_watch import rest_on
from claims.verdicts.policy import STANCE_OF_VERDICT, NamedGrounds, missing_for, refuted_element
from claims.verdicts.snapshots import snapshot, snapshot_digest
from claims.verdicts.support import counting_for, restate
from house.errors import Conflict, PolicyNotMet
from sources.independence import Independence


def legal_move(claim: Claim, to: str, *, deciders: Deciders) -> Move:
    """The move from a locked claim's state to `to`.

    Raises Conflict where the table has no such move, where the claim is closed, or where other people decide the move.
    """
    # A closed claim keeps its state until it is opened again.
    if claim.closed_at is not None:
        raise Conflict(_("This claim is closed. Reopen it first."))
    move = find_move(claim.state, to)
    if move is None:
        raise Conflict(_("A claim cannot move from “%(from)s” to “%(to)s”.") % {"from": claim.state, "to": to})
    # In either direction: no second person is asked if none is needed (decision 21).
    if move.deciders is not deciders:
        if move.deciders is Deciders.SECOND:
            raise Conflict(_("A second person must decide this move: submit an assessment."))
        raise Conflict(_("This move needs no second person: the assigned reviewer or an editor can make it alone."))
    return move


def check_policy(claim: Claim, move: Move, named_grounds: NamedGrounds) -> EvidenceGraph:
    """Check that the move is possible now, on the evidence named.

    Raises PolicyNotMet with everything that is missing, and CountFirst.
    """
    graph, last = load_evidence_graph(claim), last_change(claim)
    # The grounds of the present verdict matter only when it is reopened; any other move rests on the evidence named.
    rests_on = last.evidence if last is not None and move.name is MoveName.REOPEN else named_grounds.named
    # Beyond what may be counted under locks the whole action is begun again (decision 90).
    with counting_for(graph, rests_on):
        missing = missing_for(move, graph, last, named_grounds)
    if missing:
        raise PolicyNotMet(missing)
    return graph


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveDecision:
    """Who makes a move and why; where a second person decides, who that is, their reason and the approved grounds."""

    by: User
    reason: str
    decided_by: User | None = None
    decision_reason: str = ""
    grounds: Grounds | None = None


def make_move(
    claim: Claim, move: Move, named_grounds: NamedGrounds, *, decision: MoveDecision, now: datetime
) -> ChangeWithText:
    """Move a locked claim: check the policy, then write the status change with its text and graph, and the new state.

    Raises PolicyNotMet. The graph's lock has to be held, shared or alone.
    """
    graph = check_policy(claim, move, named_grounds)
    # Both together: a deferred foreign key leads from the claim to its last status change.
    claim.state, claim.last_seq = move.after.value, claim.last_seq + 1
    change = _write(claim, move, graph, named_grounds, decision=decision, now=now)
    count_version(
        claim,
        RevisionKind.MOVED,
        by=decision.decided_by or decision.by,
        now=now,
        details=RevisionDetails(changed=["state", "last_seq"]),
    )
    # With the lock held, a move changes nothing that the graph is made of: it is not read a second time.
    restate(claim, graph, as_last_change(change.row), now=now)
    # From here on the grounds of this verdict are watched, and those of the one before are not (decision 86).
    rest_on(claim, change.row, decision.grounds)
    return change


def first_change(claim: Claim, evidence: Sequence[UUID], *, by: User, reason: str, now: datetime) -> ChangeWithText:
    """The first status change of a new claim. Raises PolicyNotMet where no evidence is attached."""
    move = find_move(None, State.REPORTED)
    assert move is not None
    named = frozenset(str(pk) for pk in evidence)
    graph = load_evidence_graph(claim)
    # Restricted evidence is not named: this change is read by all, and would reveal it (decision 20).
    if not named:
        raise PolicyNotMet(missing_for(move, graph, None, NamedGrounds(named)))
    change = _write(claim, move, graph, NamedGrounds(named), decision=MoveDecision(by=by, reason=reason), now=now)
    restate(claim, graph, as_last_change(change.row), now=now)
    return change


def _write(
    claim: Claim,
    move: Move,
    graph: EvidenceGraph,
    named_grounds: NamedGrounds,
    *,
    decision: MoveDecision,
    now: datetime,
) -> ChangeWithText:
    named = named_grounds.named or frozenset()
    with counting_for(graph, named):
        stance, result, threshold = _measure(move, graph, named, named_grounds.answered)
    # Kept with the change, so that it can be asked later what was known then.
    recorded = snapshot(graph)
    change = StatusChange.objects.create(
        claim=claim,
        seq=claim.last_seq,
        from_state=move.before.value if move.before else None,
        to_state=move.after.value,
        by=decision.by,
        decided_by=decision.decided_by,
        at=now,
        # In a fixed order, since the ledger's entry has this list too.
        evidence=sorted(UUID(pk) for pk in named),
        stance=stance,
        independence_min=result.min,
        independence_max=result.max,
        independence_exact=result.exact,
        threshold=threshold,
        graph_digest=snapshot_digest(recorded),
    )
    # Apart from the row: words can be redacted, and a status change is never altered.
    words = StatusChangeText(claim=claim, seq=claim.last_seq)
    words.reason, words.decision_reason = decision.reason, decision.decision_reason
    words.save(force_insert=True)
    StatusChangeGraph.objects.create(claim=claim, seq=claim.last_seq, graph=recorded)
    # Last, so that the stream's lock is held as briefly as possible (decision 74).
    status_changed(claim, change, decision.reason, decision_reason=decision.decision_reason)
    return ChangeWithText(change, words)


def _measure(
    move: Move, graph: EvidenceGraph, named: frozenset[str], answered: frozenset[str] | None
) -> tuple[str, Independence, int]:
    """The stance that a move rests on, its interval at the time, and the threshold that applied.

    A verdict has the interval of the evidence named; a refutation that of the element it refutes, since one is enough.
    Any other move has that of all supporting evidence.
    """
    stance = STANCE_OF_VERDICT.get(move.after)
    if stance == Stance.SUPPORTS:
        needed = max(threshold_for(graph, stance, element, named) for element in graph.essential)
        return stance, of_claim(graph, stance, named), needed
    if stance == Stance.REFUTES:
        element, result = refuted_element(graph, named, answered=answered)
        return stance, result, threshold_for(graph, stance, element, named)
    return Stance.SUPPORTS.value, of_claim(graph), graph.threshold

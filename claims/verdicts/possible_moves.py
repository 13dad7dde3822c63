"""What it would take to move a claim: every move from its state, with the missing requirements. Pure."""

from dataclasses import dataclass

from claims.states import Deciders, Move, State, moves_from
from claims.verdicts.evidence_graph import EvidenceGraph, of_claim, threshold_for, threshold_of_claim
from claims.verdicts.policy import LastChange, NamedGrounds, missing_for, refuted_element
from house.errors import Missing


@dataclass(frozen=True, slots=True)
class Way:
    """One possible move.

    For a verdict `least`, `most` and `threshold` give the voices counted and needed; `exact`: False where the first two
    are bounds.
    """

    move: Move
    missing: list[Missing]
    least: int = 0
    most: int = 0
    threshold: int | None = None
    exact: bool = True

    @property
    def to(self) -> str:
        return self.move.after.value

    @property
    def possible(self) -> bool:
        return not self.missing

    @property
    def alone(self) -> bool:
        """Whether one person makes the move alone."""
        return self.move.deciders is not Deciders.SECOND


def ways_from(state: str, graph: EvidenceGraph, last: LastChange | None) -> list[Way]:
    """Every move from a state, on all the evidence that counts; answers to contrary evidence are taken as given."""
    return [_way(move, graph, last) for move in moves_from(state)]


def _way(move: Move, graph: EvidenceGraph, last: LastChange | None) -> Way:
    # Without names and answers: it says what the claim lacks, not what the person still has to type.
    missing = missing_for(move, graph, last, NamedGrounds())
    if move.after is State.CORROBORATED:
        result = of_claim(graph)
        return Way(move, missing, result.min, result.max, threshold_of_claim(graph), result.exact)
    if move.after is State.REFUTED:
        element, result = refuted_element(graph, None)
        return Way(move, missing, result.min, result.max, threshold_for(graph, "refutes", element), result.exact)
    return Way(move, missing)

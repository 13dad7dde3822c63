"""The four states and the moves between them, as plain data.

The documentation's diagram, the database's checks and the choices on the pages are made from this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    REPORTED = "reported"
    CORROBORATED = "corroborated"
    DENIED = "denied"
    REFUTED = "refuted"


OPEN = frozenset({State.REPORTED, State.DENIED})
VERDICTS = frozenset({State.CORROBORATED, State.REFUTED})


class Deciders(StrEnum):
    """Who decides a move."""

    WRITER = "writer"  # who writes the claim down: reporter, reviewer or editor
    ALONE = "alone"  # the assigned reviewer or an editor, alone
    SECOND = "second"  # a second person, who approves the assessor's finding


@dataclass(frozen=True)
class Move:
    """One legal move. `before` is None for a new claim. `needs_evidence`: some evidence has to be named."""

    name: str
    before: State | None
    after: State
    deciders: Deciders
    needs_evidence: bool


_R, _C, _D, _X = State.REPORTED, State.CORROBORATED, State.DENIED, State.REFUTED

MOVES: tuple[Move, ...] = (
    Move("report", None, _R, Deciders.WRITER, needs_evidence=True),
    Move("record denial", _R, _D, Deciders.ALONE, needs_evidence=True),
    Move("corroborate", _R, _C, Deciders.SECOND, needs_evidence=True),
    Move("corroborate", _D, _C, Deciders.SECOND, needs_evidence=True),
    Move("refute", _R, _X, Deciders.SECOND, needs_evidence=True),
    Move("refute", _D, _X, Deciders.SECOND, needs_evidence=True),
    Move("refute", _C, _X, Deciders.SECOND, needs_evidence=True),
    Move("withdraw denial", _D, _R, Deciders.ALONE, needs_evidence=False),
    Move("withdraw", _C, _R, Deciders.SECOND, needs_evidence=False),
    Move("reopen", _X, _R, Deciders.SECOND, needs_evidence=False),
)
_BY_PAIR = {(move.before, move.after): move for move in MOVES}


def find_move(before: State | str | None, after: State | str) -> Move | None:
    """The move from one state to another, or None where there is no such move."""
    return _BY_PAIR.get((State(before) if before else None, State(after)))


def moves_from(state: State | str) -> list[Move]:
    """Every legal move out of a state, in the table's order."""
    return [move for move in MOVES if move.before == state]

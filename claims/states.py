"""The four states and the moves between them, as plain data.

The diagram in the documentation, the database's constraints and the choices on the pages are made from this table.
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
    """The people who decide a move."""

    WRITER = "writer"  # the person who adds the claim: reporter, reviewer or editor
    ALONE = "alone"  # the assigned reviewer or an editor, alone
    SECOND = "second"  # a second person, who approves the assessment


class MoveName(StrEnum):
    """The moves by name; `claims.verdicts.policy.POLICIES` has the policy of each."""

    REPORT = "report"
    RECORD_DENIAL = "record denial"
    CORROBORATE = "corroborate"
    REFUTE = "refute"
    WITHDRAW_DENIAL = "withdraw denial"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Move:
    """An allowed change of state. `before` is None for a new claim. `needs_evidence`: it has to name evidence."""

    name: MoveName
    before: State | None
    after: State
    deciders: Deciders
    needs_evidence: bool


_R, _C, _D, _X = State.REPORTED, State.CORROBORATED, State.DENIED, State.REFUTED

MOVES: tuple[Move, ...] = (
    Move(MoveName.REPORT, None, _R, Deciders.WRITER, needs_evidence=True),
    Move(MoveName.RECORD_DENIAL, _R, _D, Deciders.ALONE, needs_evidence=True),
    Move(MoveName.CORROBORATE, _R, _C, Deciders.SECOND, needs_evidence=True),
    Move(MoveName.CORROBORATE, _D, _C, Deciders.SECOND, needs_evidence=True),
    Move(MoveName.REFUTE, _R, _X, Deciders.SECOND, needs_evidence=True),
    Move(MoveName.REFUTE, _D, _X, Deciders.SECOND, needs_evidence=True),
    Move(MoveName.REFUTE, _C, _X, Deciders.SECOND, needs_evidence=True),
    Move(MoveName.WITHDRAW_DENIAL, _D, _R, Deciders.ALONE, needs_evidence=False),
    Move(MoveName.WITHDRAW, _C, _R, Deciders.SECOND, needs_evidence=False),
    Move(MoveName.REOPEN, _X, _R, Deciders.SECOND, needs_evidence=False),
)
_BY_PAIR = {(move.before, move.after): move for move in MOVES}


def find_move(before: State | str | None, after: State | str) -> Move | None:
    """The move from one state to another; None where the table has none."""
    return _BY_PAIR.get((State(before) if before else None, State(after)))


def moves_from(state: State | str) -> list[Move]:
    """All moves out of a state, in the table's order."""
    return [move for move in MOVES if move.before == state]

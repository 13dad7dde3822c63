"""What the transition matrices expect, said once more by hand: the table that is tested cannot vouch for itself."""

from itertools import product

from claims.states import State
from house.errors import Conflict, Forbidden, NotFound, PolicyNotMet, Stale
from reviews.models import AssessmentState

LONE = {("reported", "denied"), ("denied", "reported")}
BY_TWO = {
    ("reported", "corroborated"),
    ("denied", "corroborated"),
    ("reported", "refuted"),
    ("denied", "refuted"),
    ("corroborated", "refuted"),
    ("corroborated", "reported"),
    ("refuted", "reported"),
}
# A corroboration is withdrawn for a reason alone: its policy cannot fail.
ALWAYS_MET = {("corroborated", "reported")}
# What a person is to a claim, and how they are called in `World.people`.
PARTS = ("reporter", "assigned", "offered", "reviewer", "editor", "auditor", "admin", "stranger")
DECIDERS: dict[str, type[Exception] | None] = {
    "editor": None,
    "named": None,
    "invited": None,
    "assigned": Forbidden,  # it is their own
    "reporter": Forbidden,
    "offered": Forbidden,
    "reviewer": Forbidden,
    "auditor": Forbidden,
    "admin": NotFound,
    "stranger": NotFound,
}
REPORTERS: dict[str, type[Exception] | None] = {
    "reporter": None,
    "reviewer": None,
    "editor": None,
    "auditor": Forbidden,
    "admin": NotFound,
    "stranger": NotFound,
}
MOVES = list(product([state.value for state in State], [state.value for state in State], PARTS, (False, True)))
DECISIONS = list(product(sorted(BY_TWO), (False, True)))  # each by all of DECIDERS
Outcome = type[Exception] | None


def _refused_person(part: str) -> Outcome:
    if part in ("admin", "stranger"):
        return NotFound
    return None if part in ("assigned", "editor") else Forbidden


def lone_outcome(before: str, after: str, part: str, met: bool) -> Outcome:
    """What refuses a move made alone; None where it is made."""
    if (refused := _refused_person(part)) is not None:
        return refused
    if (before, after) not in LONE:
        return Conflict
    return None if met else PolicyNotMet


def assessment_outcome(before: str, after: str, part: str, met: bool) -> type[Exception] | AssessmentState:
    """What refuses an assessment, or what becomes of it."""
    if (refused := _refused_person(part)) is not None:
        return refused
    if before == after:
        return AssessmentState.RECORDED
    if (before, after) not in LONE | BY_TWO:
        return Conflict
    if not met and (before, after) not in ALWAYS_MET:
        return PolicyNotMet
    return AssessmentState.ENACTED if (before, after) in LONE else AssessmentState.WAITING


def decision_outcome(pair: tuple[str, str], part: str, met: bool) -> Outcome:
    """What refuses an approval; None where it is made. `met`: the policy still is.

    Where evidence that a verdict names was withdrawn since, that comes first: it is not what was submitted.
    """
    unmet = Stale if pair[1] in ("corroborated", "refuted") else PolicyNotMet
    return DECIDERS[part] or (None if met or pair in ALWAYS_MET else unmet)

"""One desk with a claim for each state, once where nothing more is possible and once where everything is.

Made once for a file of tests; each test works in a savepoint of its own and leaves nothing behind.
"""

from dataclasses import dataclass

from accounts.models import Role, User
from claims.actions.evidence import withdraw_evidence
from claims.models import Claim, Evidence, StatusChange
from claims.states import State
from reviews.actions.assignments import assign, name_decider
from tests import factories
from tests.factories import Cast


@dataclass(frozen=True)
class ListWorld:
    cast: Cast
    claims: dict[tuple[str, bool], Claim]
    people: dict[str, User]

    def claim(self, state: str, *, met: bool) -> Claim:
        """A claim in `state`; `met`: the policy of every move from there is."""
        return factories.fresh(self.claims[state, met])

    def named(self, claim: Claim, after: str) -> list[Evidence]:
        """The evidence that a move to `after` would rest on: of its stance, or else whatever is there."""
        stance = {"corroborated": "supports", "refuted": "refutes", "denied": "denies"}.get(after)
        live = claim.evidence.filter(withdrawn_at=None).order_by("created_at", "id")
        return list(live.filter(stance=stance) or live[:1]) if stance else []

    def answers(self, claim: Claim, after: str) -> list[Evidence]:
        stance = {"corroborated": "refutes", "refuted": "supports"}.get(after, "")
        return list(claim.evidence.filter(withdrawn_at=None, stance=stance))


def make_world() -> ListWorld:
    cast = factories.cast()
    claims = {(str(state), met): _claim(cast, state, met) for state in State for met in (False, True)}
    third = factories.person("reviewer3", Role.REVIEWER, cast.desk)
    named = factories.person("named", Role.REVIEWER, cast.desk)
    invited = factories.person("invited", Role.REVIEWER, cast.other_desk)
    for claim in claims.values():
        factories.assigned(cast, claim)
        assign(claim=claim, reviewer=cast.reviewer2, by=cast.editor)
        name_decider(claim=claim, user=named, by=cast.editor)
        name_decider(claim=claim, user=invited, by=cast.editor)
    people = {
        "reporter": cast.reporter,
        "assigned": cast.reviewer,
        "offered": cast.reviewer2,
        "reviewer": third,
        "editor": cast.editor,
        "auditor": cast.auditor,
        "admin": cast.admin,
        "stranger": cast.stranger,
        "named": named,
        "invited": invited,
    }
    return ListWorld(cast, claims, people)


def _claim(cast: Cast, state: str, met: bool) -> Claim:
    claim = factories.claim_in(cast, state)
    if not met:
        return claim
    if state == State.REPORTED:
        factories.party_denial(cast, claim)
    if state == State.DENIED:
        for denial in claim.evidence.filter(stance="denies"):
            withdraw_evidence(evidence=denial, reason="The party took it back.", by=cast.editor)
    if state != State.CORROBORATED:
        factories.firsthand(cast, claim, 2)
    if state != State.REFUTED:
        factories.firsthand(cast, claim, 2, stance="refutes")
    return claim


def undo(world: ListWorld, claim: Claim, named: list[Evidence]) -> None:
    """Take back, after a hand-in, what made the move possible."""
    last = StatusChange.objects.get(claim=claim, seq=claim.last_seq)
    for item in named or claim.evidence.filter(created_at__gt=last.at):
        withdraw_evidence(evidence=item, reason="It was not so.", by=world.cast.editor)

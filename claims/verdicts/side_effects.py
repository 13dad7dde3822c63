"""The effects of an act on the support of claims: collected while it runs, and confirmed before it removes support."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from claims.queries import visible_claims
from house.errors import Unconfirmed

LATER = "later"  # in `agreed`: the claims that are recomputed after the act


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a change of support on one claim, made or predicted. `exact`: False where `after` are bounds."""

    reference: str
    state: str
    before: tuple[int, int]
    after: tuple[int, int]
    loses_support: bool
    regains_support: bool
    exact: bool = True

    def then(self, later: "Effect") -> "Effect":
        """Both effects as one: this one, then the later one."""
        change = self.loses_support - self.regains_support + later.loses_support - later.regains_support
        return replace(later, before=self.before, loses_support=change > 0, regains_support=change < 0)


@dataclass
class Effects:
    """Passed to an action, which fills it and calls `settle` last in its transaction.

    `dry_run`: undo the act, which only shows its effects. `agreed`: the references of the claims whose loss of support
    the person has confirmed, and `LATER` where they know that more are recomputed later; an act that goes beyond that
    is refused with Unconfirmed. None: nothing is asked.
    """

    dry_run: bool = False
    # References, so that another choice of claims asks anew and agreeing is to exactly this (decision 31).
    agreed: Collection[str] | None = None
    shown: list[Effect] = field(default_factory=list)
    later: int = 0
    _found: dict[str, Effect] = field(default_factory=dict)
    _later: set[UUID] = field(default_factory=set)

    def add(self, effect: Effect | None) -> None:
        """Keep the effect on one claim; None where there was none."""
        if effect is not None:
            before = self._found.get(effect.reference)
            self._found[effect.reference] = before.then(effect) if before else effect

    def leave_for_later(self, claim_ids: Collection[UUID]) -> None:
        """Keep the claims that are recomputed after the act."""
        self._later |= set(claim_ids)

    def forget(self) -> None:
        """Start anew: the act was undone and is tried again."""
        self.shown, self.later = [], 0
        self._found.clear()
        self._later.clear()

    def absorb(self, other: "Effects") -> None:
        """Keep the effects of a part of the act."""
        for effect in other._found.values():
            self.add(effect)
        self._later |= other._later

    def settle(self, by: User) -> None:
        """Set `shown` to the effects on claims that the person may see, and `later` to the number of such claims still
        waiting.

        Undoes the transaction for a dry run. Raises Unconfirmed.
        """
        # A shared actor reaches claims of desks that the person is not on: recomputed, and not named (decision 31).
        known = visible_claims(by)
        if self._found:
            seen = set(known.filter(reference__in=self._found).values_list("reference", flat=True))
            self.shown = [effect for reference, effect in self._found.items() if reference in seen]
        if self._later:
            self.later = known.filter(pk__in=self._later).count()
        needed = {effect.reference for effect in self.shown if effect.loses_support}
        if self.later:
            needed.add(LATER)
        # Raised at the end: the question is asked about what the action did, and then undoes it.
        if self.agreed is not None and not needed <= set(self.agreed):
            message = _("This would take support from the claims below. Not saved yet: review them, then confirm.")
            raise Unconfirmed(message, effects=self.shown, later=self.later, agreement=" ".join(sorted(needed)))
        # The same code as the action itself: a second way to predict would drift from it (decision 22).
        if self.dry_run:
            transaction.set_rollback(True)

"""Declaring and withdrawing conflicts of interest: each person declares their own."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from claims.access.conflicts import conflicts_of, get_conflict
from house.errors import Conflict, Invalid
from house.transactions import recorded_transaction
from sources.models import DeclaredConflict
from sources.queries import visible_actors


def declare_conflict(*, actor_id: UUID, by: User, now: datetime | None = None) -> DeclaredConflict:
    """Declare a conflict of interest with an actor; the person then judges no claim that names it.

    Raises Invalid, Conflict.
    """
    with recorded_transaction():
        # Decisions hold this row shared: none is declared between their check and their commit (decision 85).
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        actor = visible_actors(by).filter(pk=actor_id).first()
        if actor is None:
            raise Invalid({"actor": [_("Actor not found on your desks.")]})
        if conflicts_of(by).filter(actor=actor).exists():
            raise Conflict(_("You have already declared this."))
        return DeclaredConflict.objects.create(user=by, actor=actor, declared_at=now or timezone.now())


def withdraw_conflict(*, conflict_id: UUID, by: User, now: datetime | None = None) -> None:
    """Withdraw a declared conflict of interest. Raises NotFound."""
    with recorded_transaction():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        row = get_conflict(by, conflict_id)
        # Ended and not deleted: one that was withdrawn while an assessment waited counts (decision 85).
        row.ended_at = now or timezone.now()
        row.save(update_fields=["ended_at"])

"""The assignments that claims know of; the actions of `reviews` write them inside their own transactions."""

from datetime import datetime

from accounts.models import User
from claims.models import NEVER_DUE, Claim, Participant, ParticipantRole


def add_participant(claim: Claim, user: User, role: ParticipantRole, *, accepted: bool, now: datetime) -> Participant:
    """Add the person to the claim from now on; where they take part already, only set `accepted`."""
    # An offered assignment has its row already: accepting it changes that one.
    row, created = Participant.objects.get_or_create(
        claim=claim, user=user, role=role, until=None, defaults={"accepted": accepted, "since": now}
    )
    if not created and row.accepted != accepted:
        row.accepted = accepted
        row.save(update_fields=["accepted"])
    return row


def leave(claim: Claim, user: User, role: ParticipantRole, *, now: datetime) -> None:
    """End the person's part in the claim."""
    Participant.objects.now(role).filter(claim=claim, user=user).update(until=now)


def set_due(claim: Claim, due_at: datetime | None) -> None:
    """Set when a locked claim is due next; None for no due date."""
    due_at = due_at or NEVER_DUE
    if claim.due_at != due_at:
        claim.due_at = due_at
        claim.save(update_fields=["due_at"])

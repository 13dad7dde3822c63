"""What acts on people and desks leave in the ledger. Each is called last in its action's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Desk, User
from ledger.recording import record


def person(user: User | None) -> dict[str, str] | None:
    """Who somebody is, as a committed value; None for a command that nobody ran under their name."""
    return {"id": str(user.pk), "name": user.username} if user else None


def role_granted(desk: Desk, user: User, role: str | None, *, by: User | None, now: datetime) -> None:
    """A person has a role on a desk from now on, or (None) none any more."""
    record(
        stream=f"person:{user.pk}",
        kind="role_granted",
        at=now,
        body={"desk": str(desk.pk), "role": role},
        committed={"person": person(user), "by": person(by)},
    )


def policy_changed(desk: Desk, changes: Mapping[str, tuple[Any, Any]], *, reason: str, by: User, now: datetime) -> None:
    """Fields of a desk's policy have other values: each with what it was and what it is."""
    record(
        stream=f"desk:{desk.pk}",
        kind="policy_changed",
        at=now,
        body={"changes": {name: list(both) for name, both in sorted(changes.items())}},
        committed={"by": person(by), "reason": reason},
    )

"""The states of the policy's witnesses, for pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.models import Checkpoint, Cosignature
from ledger.verifier import WitnessPolicy

AWAY_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """The state of a witness.

    `name`: in the policy; `key_name`: in its key; `last`, `size`: the time (by its own clock) and size of its newest
    cosignature (None, 0 before the first); `away_since`: the time since which a cosignature is missing.
    """

    name: str
    key_name: str
    last: datetime | None
    size: int
    away_since: datetime | None


def witness_states(policy: WitnessPolicy | None, now: datetime) -> Iterator[WitnessState]:
    """The state of each witness, in the policy's order."""
    for name, witness in policy.witnesses.items() if policy else ():
        newest = Cosignature.objects.filter(key=str(witness.key)).order_by("-checkpoint").first()
        size = newest.checkpoint_id if newest else 0
        yield WitnessState(
            name=name,
            key_name=witness.key.name,
            last=newest.at if newest else None,
            size=size,
            away_since=_away_since(size, now) if newest else None,
        )


def _away_since(size: int, now: datetime) -> datetime | None:
    """The time of the checkpoint after the last cosigned one; None if within AWAY_AFTER, or if there is none."""
    rows = Checkpoint.objects.filter(size__gt=size).order_by("size")
    since = rows.values_list("at", flat=True).first()
    return since if since is not None and since < now - AWAY_AFTER else None

"""How the witnesses of the policy stand to the log: for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.models import Checkpoint, Cosignature
from ledger.verifier import WitnessPolicy

AWAY_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """A witness: what the policy and its key call it, the newest of its cosignatures, by its own clock, and since when
    it cosigns no more. `last` is None before its first."""

    name: str
    key_name: str
    last: datetime | None
    size: int
    away_since: datetime | None


def witness_states(policy: WitnessPolicy | None, now: datetime) -> Iterator[WitnessState]:
    """Each witness of the policy, in its order."""
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
    """When the checkpoint after the last cosigned one was published; None where that is not long ago."""
    rows = Checkpoint.objects.filter(size__gt=size).order_by("size")
    since = rows.values_list("at", flat=True).first()
    return since if since is not None and since < now - AWAY_AFTER else None

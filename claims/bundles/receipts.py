"""Checking receipts on this server, which proves less than a check with one's own program."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ledger.entries import format_time
from ledger.keys import LONGEST_DELAY
from ledger.reading import leaf_place, newest_checkpoint
from ledger.trusted import own_policy
from ledger.verifier import Broken, Policy, due, read_time, split_receipts

MOST = 100  # in one file


class Fate(StrEnum):
    """The outcome of a receipt. It is not due for exactly as long as its promise runs."""

    IN_LOG = "in the log"
    NOT_DUE = "not due yet"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Checked:
    """A receipt and its fate: `leaf_index` where it is in the log, `error` where it is no receipt of this log."""

    fate: Fate
    leaf_hash: str = ""
    at: datetime | None = None
    due_at: datetime | None = None
    leaf_index: int | None = None
    error: str = ""


def check(data: bytes, *, now: datetime) -> list[Checked]:
    """The fates of the receipts in a file, in order; of the first `MOST`.

    Raises Unusable where no file names the log's keys.
    """
    policy = own_policy()
    return [_check(note, policy, now) for note in split_receipts(data)[:MOST]]


def _check(note: bytes, policy: Policy, now: datetime) -> Checked:
    try:
        receipt = policy.receipt(note)
    except Broken as error:
        return Checked(Fate.BROKEN, error=str(error))
    at = read_time(receipt.at)
    due_at = due(receipt)
    if at > now + timedelta(seconds=LONGEST_DELAY):  # by the clock that writes entries, it would never be due
        return Checked(Fate.BROKEN, error=f"at: expected a time until {format_time(now)}, found {receipt.at}")
    newest = newest_checkpoint()
    placed = leaf_place(receipt.leaf_hash, newest) if newest else None
    fate = Fate.IN_LOG if placed else Fate.MISSING if now > due_at else Fate.NOT_DUE
    return Checked(fate, receipt.leaf_hash.hex(), at, due_at, placed.leaf_index if placed else None)

"""Changing the keys of the ledger: the new one is recorded before it signs anything."""

from datetime import datetime

from django.utils import timezone

from accounts.ledger_entries import key_rotated
from accounts.models import User
from house.transactions import recorded_transaction
from ledger.keys import Rotation, rotating


def rotate_key(*, receipts: bool, at_once: bool = False, by: User | None, now: datetime | None = None) -> Rotation:
    """Let a new key take the place of the log's, or of the one that signs `receipts`. Answers both.

    The log's old key signs beside the new one for a while; not so where it is to go `at_once`. Again after a crash, it
    goes on with the key that was made. Raises SignerRefused, and ValueError for an old key that is none.
    """
    with rotating(receipts=receipts, at_once=at_once) as rotation, recorded_transaction():
        key_rotated(rotation, by=by, now=now or timezone.now())
    return rotation

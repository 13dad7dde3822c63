"""Replacing the ledger's keys: the new key is recorded before it signs anything."""

from datetime import datetime

from django.utils import timezone

from accounts.ledger_entries import key_rotated
from accounts.models import User
from house.transactions import recorded_transaction
from ledger.keys import Rotation, rotating


def rotate_key(*, receipts: bool, at_once: bool = False, by: User | None, now: datetime | None = None) -> Rotation:
    """Replace the log's key, or the one that signs `receipts`; returns the old and the new key.

    The log's old key signs beside the new one for a while, unless it goes `at_once`. A second run after a crash
    continues with the same new key. Raises SignerRefused; ValueError for a malformed old key.
    """
    with rotating(receipts=receipts, at_once=at_once) as rotation, recorded_transaction():
        key_rotated(rotation, by=by, now=now or timezone.now())
    return rotation

"""Changing the keys of the ledger: the new one is recorded before it signs anything."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.records import key_rotated
from accounts.transactions import act
from ledger.keys import Rotation, rotating


def rotate_key(*, receipts: bool, by: User | None, now: datetime | None = None) -> Rotation:
    """Let a new key take the place of the log's, or of the one that signs `receipts`. Answers both.

    Again after a crash, it goes on with the key that was made. Raises SignerRefused, and ValueError for an old key
    that is none.
    """
    with rotating(receipts=receipts) as rotation, act():
        key_rotated(rotation, by=by, now=now or timezone.now())
    return rotation

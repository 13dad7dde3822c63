"""Files chosen in forms that were not completed, kept for the person for some days.

Stored by digest like attachments, and deleted like them: by a worker, once no row names them.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import Desk, User
from house.transactions import recorded_transaction
from sources.actions import file_name
from sources.erasing import ask_to_delete, hold_file
from sources.evidence_storage import TooLarge, open_stored, store
from sources.models import ChosenFile

logger = logging.getLogger(__name__)
KEPT_FOR = timedelta(days=7)
MOST_CHOSEN = 20  # per person; beyond it the oldest are dropped


def keep_chosen(
    *, chunks: Iterable[bytes], name: str, desk: Desk | None, by: User, now: datetime | None = None
) -> ChosenFile | None:
    """Keep a file for the person who chose it; None if that is not possible (empty, too large, storage failure).

    Raises nothing, so that the rest of the form is not lost.
    """
    now = now or timezone.now()
    try:
        stored = store(chunks, limit=settings.ATTACHMENT_LIMIT)
    except (TooLarge, OSError):
        logger.warning("chosen file not kept: too large, or the storage failed")
        return None
    with recorded_transaction():
        if not stored.size:
            ask_to_delete([stored.sha256], now=now)
            return None
        hold_file(stored.sha256)
        row = ChosenFile.objects.create(
            owner=by, desk=desk, sha256=stored.sha256, size=stored.size, name=file_name(name), chosen_at=now
        )
        _let_go(_beyond_what_one_may_have(by), now)
    return row


def _beyond_what_one_may_have(by: User) -> list[UUID]:
    """The person's oldest chosen files beyond `MOST_CHOSEN`, or beyond twice the size limit of one file."""
    rows = list(ChosenFile.objects.filter(owner=by).order_by("-chosen_at", "-id").values_list("pk", "size"))
    room, kept = 2 * settings.ATTACHMENT_LIMIT, 0
    for number, (_pk, size) in enumerate(rows):
        kept += size
        if number and (number >= MOST_CHOSEN or kept > room):
            return [pk for pk, _size in rows[number:]]
    return []


def chosen_by(user: User, chosen_id: UUID) -> ChosenFile | None:
    """The chosen file of this person with this id, if still kept."""
    return ChosenFile.objects.filter(owner=user, pk=chosen_id).first()


def chunks_of(row: ChosenFile) -> Iterator[bytes]:
    """The bytes of a chosen file, in pieces of 64 KiB."""
    with open_stored(row.sha256) as content:
        while chunk := content.read(2**16):
            yield chunk


def let_go(chosen_ids: Iterable[UUID], *, by: User, now: datetime | None = None) -> None:
    """Drop chosen files that the person's form no longer needs."""
    with recorded_transaction():
        _let_go(ChosenFile.objects.filter(owner=by, pk__in=list(chosen_ids)).values_list("pk", flat=True), now)


def forget_chosen(*, now: datetime | None = None) -> int:
    """Drop the chosen files older than `KEPT_FOR`. Returns how many."""
    now = now or timezone.now()
    with recorded_transaction():
        return _let_go(ChosenFile.objects.filter(chosen_at__lte=now - KEPT_FOR).values_list("pk", flat=True), now)


def _let_go(chosen_ids: Iterable[Any], now: datetime | None) -> int:
    rows = ChosenFile.objects.filter(pk__in=list(chosen_ids))
    digests = list(rows.values_list("sha256", flat=True))
    if digests:
        ask_to_delete(digests, now=now or timezone.now())
        rows.delete()
    return len(digests)

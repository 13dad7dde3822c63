"""Files that were chosen in forms which were not done: kept for who chose them, for some days.

They lie where attachments lie, under their digests, and are deleted as those are: by a worker, once no row names them.
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
MOST_CHOSEN = 20  # of one person; the oldest go


def keep_chosen(
    *, chunks: Iterable[bytes], name: str, desk: Desk | None, by: User, now: datetime | None = None
) -> ChosenFile | None:
    """Keep a file for the person who chose it; None where it cannot be kept (empty, too large, the storage fails).

    Whatever else was typed is not to be lost for that, so nothing is raised.
    """
    now = now or timezone.now()
    try:
        stored = store(chunks, limit=settings.ATTACHMENT_LIMIT)
    except (TooLarge, OSError):
        logger.warning("a chosen file is not kept")
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
    """The person's oldest, where they have too many, or together more than twice the largest that is kept."""
    rows = list(ChosenFile.objects.filter(owner=by).order_by("-chosen_at", "-id").values_list("pk", "size"))
    room, kept = 2 * settings.ATTACHMENT_LIMIT, 0
    for number, (_pk, size) in enumerate(rows):
        kept += size
        if number and (number >= MOST_CHOSEN or kept > room):
            return [pk for pk, _size in rows[number:]]
    return []


def chosen_by(user: User, chosen_id: UUID) -> ChosenFile | None:
    """A file that the person chose and that is kept yet."""
    return ChosenFile.objects.filter(owner=user, pk=chosen_id).first()


def chunks_of(row: ChosenFile) -> Iterator[bytes]:
    """Its bytes, in pieces."""
    with open_stored(row.sha256) as content:
        while chunk := content.read(2**16):
            yield chunk


def let_go(chosen_ids: Iterable[UUID], *, by: User, now: datetime | None = None) -> None:
    """The person needs these no more: what was to be done with them is done, or given up."""
    with recorded_transaction():
        _let_go(ChosenFile.objects.filter(owner=by, pk__in=list(chosen_ids)).values_list("pk", flat=True), now)


def forget_chosen(*, now: datetime | None = None) -> int:
    """Let go of what nobody came back for in time; how many files."""
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

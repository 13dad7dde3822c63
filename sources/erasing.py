"""Deletion of files that no row names any more: first a row asks for it, then a worker deletes."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from house.errors import OutOfService
from house.transactions import recorded_transaction
from sources.evidence_storage import delete_stored, stored_size
from sources.models import Attachment, ChosenFile, FileErasure

logger = logging.getLogger(__name__)


def hold_file(sha256: str) -> None:
    """Protect a stored file from deletion until the end of the transaction that adds its row.

    Raises OutOfService if it was deleted after being stored.
    """
    _lock(sha256, shared=True)
    try:
        stored_size(sha256)
    except FileNotFoundError as error:
        message = _("The same file was just being erased. Nothing was saved: send it again.")
        raise OutOfService(message) from error


def ask_to_delete(digests: Iterable[str], *, now: datetime) -> None:
    """Request the deletion of files, in the transaction that removed their digests from a row."""
    rows = [FileErasure(sha256=sha256, asked_at=now) for sha256 in sorted(set(digests))]
    FileErasure.objects.bulk_create(rows, ignore_conflicts=True)


def delete_asked() -> int:
    """Delete the requested files that no row names, each in its own transaction. Returns how many.

    If the storage fails, the request stays for the next run.
    """
    deleted = 0
    for sha256 in FileErasure.objects.order_by("asked_at").values_list("sha256", flat=True):
        try:
            deleted += _delete(sha256)
        except OSError:
            logger.exception("evidence storage: deleting failed")
    return deleted


def _delete(sha256: str) -> bool:
    with recorded_transaction():
        _lock(sha256, shared=False)
        unnamed = not any(rows.filter(sha256=sha256).exists() for rows in (Attachment.objects, ChosenFile.objects))
        if unnamed:
            delete_stored(sha256)
        FileErasure.objects.filter(sha256=sha256).delete()
    return unnamed


def _lock(sha256: str, *, shared: bool) -> None:
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"second-source file {sha256}"])

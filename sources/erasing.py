"""Deleting files that nothing names any more. The row that asks for it comes first; a worker deletes."""

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
    """Keep a stored file from being deleted until the transaction ends, which gives it a row.

    Raises OutOfService where it was deleted since it was stored.
    """
    _lock(sha256, shared=True)
    try:
        stored_size(sha256)
    except FileNotFoundError as error:
        message = _("The same file was just being erased. Nothing was saved: send it again.")
        raise OutOfService(message) from error


def ask_to_delete(digests: Iterable[str], *, now: datetime) -> None:
    """Have files deleted once no row names them; in the transaction that took the last one's digest away."""
    rows = [FileErasure(sha256=sha256, asked_at=now) for sha256 in sorted(set(digests))]
    FileErasure.objects.bulk_create(rows, ignore_conflicts=True)


def delete_asked() -> int:
    """Delete the files that nothing names any more, each in a transaction of its own; how many.

    Where the storage fails, the row stays for the next time.
    """
    deleted = 0
    for sha256 in FileErasure.objects.order_by("asked_at").values_list("sha256", flat=True):
        try:
            deleted += _delete(sha256)
        except OSError:
            logger.exception("the storage deletes no file")
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

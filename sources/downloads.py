"""Handing a kept file out so that no browser ever runs it, for pages and API alike."""

import logging

from django.http import FileResponse
from django.utils.translation import gettext as _

from accounts.errors import NotFound
from sources.evidence_storage import open_stored
from sources.models import Attachment

logger = logging.getLogger(__name__)

# What a browser could run as a page of ours is named as bytes; besides, it is always saved and never shown.
ACTIVE = frozenset({"text/html", "text/xml", "application/xml", "text/javascript", "application/javascript"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


def file_response(attachment: Attachment) -> FileResponse:
    """The file of an attachment (already scoped to the person), byte for byte, to be saved under its name.

    Raises NotFound where the storage has lost it.
    """
    try:
        content = open_stored(attachment.sha256)
    except FileNotFoundError as error:
        logger.error("attachment %s is not in the storage", attachment.pk)
        raise NotFound(_("This file is missing in the storage. Tell whoever runs this installation.")) from error
    kind = attachment.media_type
    active = kind in ACTIVE or kind.endswith("+xml")
    return FileResponse(
        content,
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream" if active else kind,
        headers=HEADERS,
    )

"""Downloads of kept files, for pages and API, in a form that no browser executes."""

import logging
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from house.errors import NotFound, OutOfService
from sources.evidence_storage import open_stored
from sources.models import Attachment

logger = logging.getLogger(__name__)

PIECE = 256 * 2**10  # bytes
# Types that a browser could execute on our origin are sent as plain bytes; every file is saved, never shown.
ACTIVE = ("html", "xml", "svg", "javascript", "ecmascript", "x-shockwave-flash")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


def file_response(attachment: Attachment, *, method: str | None) -> HttpResponseBase:
    """The download of an attachment that the caller has already scoped to the person, byte for byte.

    `method`: the request's; HEAD gets the headers alone. Raises NotFound (erased, or missing), OutOfService.
    """
    if attachment.erased_at:
        raise NotFound(_("This file was erased by a redaction."))
    try:
        content = open_stored(attachment.sha256)
    except FileNotFoundError as error:
        logger.error("attachment %s is not in the storage", attachment.pk)
        raise NotFound(_("This file is missing from storage. Contact your administrator.")) from error
    except OSError as error:
        logger.exception("the storage gives no file")
        raise OutOfService(_("File storage is not responding. Try again in a minute.")) from error
    response: HttpResponseBase
    if method == "HEAD":
        content.close()
        response = HttpResponse(headers=HEADERS)
    else:
        response = StreamingHttpResponse(_pieces(content), headers=HEADERS)
    active = any(word in attachment.media_type.lower() for word in ACTIVE)
    response["Content-Type"] = "application/octet-stream" if active else attachment.media_type
    response["Content-Length"] = str(attachment.size)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece

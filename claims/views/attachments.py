"""Files, handed out so that no browser interprets them."""

from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from accounts.pages import PersonsRequest
from claims.queries import get_attachment
from sources.evidence_storage import open_stored
from sources.models import Attachment

PIECE = 256 * 2**10  # bytes
# What a browser might run when somebody opens the saved file's address by itself.
ACTIVE = ("html", "xml", "svg", "javascript", "ecmascript", "x-shockwave-flash")


@require_safe
def attachment(request: PersonsRequest, attachment_id: UUID) -> HttpResponseBase:
    """One file, byte for byte, as a download."""
    row = get_attachment(request.user, attachment_id)
    return download(request.method or "GET", row)


def download(method: str, row: Attachment) -> HttpResponseBase:
    """The answer with a file that the person was found to be allowed. Raises NotFound where its bytes are gone."""
    try:
        file = open_stored(row.sha256)
    except FileNotFoundError as error:
        raise NotFound(_("This file is not on the disk. Tell whoever runs this server.")) from error
    response: HttpResponseBase
    if method == "HEAD":
        file.close()
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(_pieces(file))
    response["Content-Type"] = _safe_type(row.media_type)
    response["Content-Length"] = str(row.size)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.name, safe='')}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _safe_type(media_type: str) -> str:
    return "application/octet-stream" if any(word in media_type.lower() for word in ACTIVE) else media_type


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece

"""Attached files, sent so that no browser interprets them."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.requests import PersonsRequest
from claims.queries import get_attachment
from claims.record.reads import note_shown
from sources.downloads import file_response


@require_safe
def attachment_file(request: PersonsRequest, attachment_id: UUID) -> HttpResponseBase:
    """One file, byte for byte, as a download."""
    found = get_attachment(request.user, attachment_id)
    note_shown(request.user, [found])
    return file_response(found, method=request.method)

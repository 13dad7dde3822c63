"""Files kept with sources, and captures of their URLs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.bodies import BodyTooLarge, Fields, WordField, read_body, read_query
from api.lists import ListQuery, answer_all, answer_list
from api.schema import ApiOperation, PageOf, SchemaNode
from api.view import ApiView, created, person_asking
from claims.queries import attachments_of, captures_of, get_attachment, get_capture, get_source
from claims.record.reads import note_shown
from house.errors import Invalid
from sources.actions import attach_file, request_capture
from sources.downloads import file_response
from sources.models import Attachment, Capture, CaptureState, Visibility
from sources.permissions import may_change_source

FORM_OVERHEAD = 64 * 2**10  # bytes of a form besides its file


class AttachmentShape(TypedDict):
    """`url` is the address of the file, for the same token or session."""

    id: UUID
    source: UUID
    name: str
    sha256: str
    size: int
    media_type: str
    visibility: Annotated[str, Visibility]
    url: str
    created_by: str
    created_at: datetime


class CaptureShape(TypedDict):
    """The capture of a URL. `headers` are pairs of name and value; `error` says why the capture failed."""

    id: UUID
    source: UUID
    url: str
    state: Annotated[str, CaptureState]
    requested_at: datetime
    finished_at: datetime | None
    status: int | None
    final_url: str
    headers: list[list[str]]
    error: str
    attachment: UUID | None


class NewAttachment(Fields):
    file = serializers.FileField(allow_empty_file=True)
    visibility = WordField(Visibility.choices, required=False)


class NoFields(Fields):
    """An empty body, or none."""


UPLOAD: SchemaNode = {
    "multipart/form-data": {
        "type": "object",
        "properties": {
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            "visibility": {"type": "string", "enum": Visibility.values},
        },
        "required": ["file"],
    }
}


class AttachmentsApi(ApiView):
    counted_as = {"POST": "upload"}
    parser_classes = (MultiPartParser,)

    @property
    def largest_body(self) -> int:
        """The largest file allowed, and the form around it."""
        return int(settings.ATTACHMENT_LIMIT) + FORM_OVERHEAD

    @ApiOperation(
        "list_attachments",
        summary="List a source’s files",
        query=ListQuery,
        answer=PageOf(AttachmentShape),
        refuses=[404],
    )
    def get(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        query = read_query(request, ListQuery)
        rows = attachments_of(by, get_source(by, source_id))
        return answer_list(request, rows, query, lambda page: render_attachments(request, page))

    @ApiOperation(
        "attach_file",
        summary="Upload a file to a source; it is kept byte for byte",
        body=UPLOAD,
        status=201,
        answer=AttachmentShape,
        refuses=[403, 404, 503],
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_change_source(by, source)
        given = read_body(request, NewAttachment)
        file = _only_file(request)
        attachment = attach_file(
            source=source, chunks=file.chunks(), name=file.name or "", visibility=given.get("visibility"), by=by
        )
        shown = render_attachments(request, [attachment])[0]
        return created(request, shown, at=reverse("api:attachment", args=[attachment.pk]))


class OneAttachmentApi(ApiView):
    @ApiOperation("read_attachment", summary="Download a file", answer=OpenApiTypes.BINARY, refuses=[404])
    def get(self, request: Request, attachment_id: UUID) -> HttpResponseBase:
        found = get_attachment(person_asking(request), attachment_id)
        note_shown(person_asking(request), [found])
        return file_response(found, method=request.method)

    def again(self, request: Request, attachment_id: UUID) -> Response:
        """The answer to an upload: the record of the file, not its bytes."""
        return Response(render_attachments(request, [get_attachment(person_asking(request), attachment_id)])[0])


class CapturesApi(ApiView):
    counted_as = {"POST": "capture"}

    @ApiOperation(
        "list_captures", summary="List a source’s captures, newest first", answer=PageOf(CaptureShape), refuses=[404]
    )
    def get(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        return answer_all(render_captures(by, list(captures_of(by, get_source(by, source_id)))))

    @ApiOperation(
        "request_capture",
        summary="Request a capture of a source’s URL; it is fetched soon after",
        body=NoFields,
        status=201,
        answer=CaptureShape,
        refuses=[403, 404, 409],
    )
    def post(self, request: Request, source_id: UUID) -> Response:
        by = person_asking(request)
        source = get_source(by, source_id)
        may_change_source(by, source)
        read_body(request, NoFields)
        capture = request_capture(source=source, by=by)
        at = reverse("api:capture", args=[source.pk, capture.pk])
        return created(request, render_captures(by, [capture])[0], at=at)


class OneCaptureApi(ApiView):
    @ApiOperation("read_capture", summary="Read one capture and its progress", answer=CaptureShape, refuses=[404])
    def get(self, request: Request, source_id: UUID, *, capture_id: UUID) -> Response:
        by = person_asking(request)
        return Response(render_captures(by, [get_capture(by, get_source(by, source_id), capture_id)])[0])


def _only_file(request: Request) -> "UploadedFile[bytes]":
    """The one file of a validated form. Raises Invalid for more than one, BodyTooLarge."""
    files: list[UploadedFile[bytes]] = request.FILES.getlist("file")
    if len(files) != 1:
        raise Invalid({"file": [_("Send one file at a time.")]})
    if (files[0].size or 0) > settings.ATTACHMENT_LIMIT:
        raise BodyTooLarge
    return files[0]


def render_attachments(request: Request, rows: Sequence[Attachment]) -> list[AttachmentShape]:
    note_shown(person_asking(request), rows)
    return [
        {
            "id": attachment.pk,
            "source": attachment.source_id,
            "name": attachment.name,
            "sha256": attachment.sha256,
            "size": attachment.size,
            "media_type": attachment.media_type,
            "visibility": attachment.visibility,
            "url": request.build_absolute_uri(reverse("api:attachment", args=[attachment.pk])),
            "created_by": attachment.created_by.username,
            "created_at": attachment.created_at,
        }
        for attachment in rows
    ]


def render_captures(by: User, rows: Sequence[Capture]) -> list[CaptureShape]:
    note_shown(by, rows)
    return [
        {
            "id": capture.pk,
            "source": capture.source_id,
            "url": capture.url,
            "state": capture.state,
            "requested_at": capture.requested_at,
            "finished_at": capture.finished_at,
            "status": capture.status,
            "final_url": capture.final_url,
            "headers": capture.headers,
            "error": capture.error,
            "attachment": capture.attachment_id,
        }
        for capture in rows
    ]

"""A storage that takes no file: people are told, and nothing is half-written."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from house.errors import OutOfService
from sources.actions import attach_file
from sources.models import Attachment, Source
from tests import factories
from tests.api.client import Api

if TYPE_CHECKING:
    from pytest_django import Settings

TOLD = "The file could not be stored: storage is full or not responding. Nothing was saved."


@pytest.fixture
def cast(db: None) -> factories.Cast:
    return factories.cast()


@pytest.fixture
def source(cast: factories.Cast, settings: "Settings", tmp_path: Path) -> Source:
    """A source, while a file stands where the folder of attachments should be."""
    settings.EVIDENCE_STORAGE = tmp_path / "file"
    settings.EVIDENCE_STORAGE.write_bytes(b"")
    return factories.source(cast)


def test_the_action_is_refused(cast: factories.Cast, source: Source) -> None:
    with pytest.raises(OutOfService, match=TOLD):
        attach_file(source=source, chunks=[b"bytes"], name="note.txt", by=cast.reviewer)
    assert not Attachment.objects.exists()


def test_the_api_answers_503(cast: factories.Cast, source: Source) -> None:
    file = SimpleUploadedFile("note.txt", b"bytes")
    api = Api(cast.reviewer)
    answer = api.client.post(f"/api/v1/sources/{source.pk}/attachments/", {"file": file}, headers=api.headers)
    body = answer.json()
    assert (answer.status_code, body["type"], body["detail"]) == (503, "urn:second-source:problem:out-of-service", TOLD)


def test_the_page_says_so(cast: factories.Cast, source: Source, client: Client) -> None:
    client.force_login(cast.reviewer)
    file = SimpleUploadedFile("note.txt", b"bytes")
    answer = client.post(reverse("attach-file", args=[source.pk]), {"file": file})
    assert answer.status_code == 503
    assert TOLD in answer.content.decode()

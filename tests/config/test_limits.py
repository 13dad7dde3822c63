"""How much the server reads of what is sent to its pages."""

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import factories

if TYPE_CHECKING:
    from pytest_django import Settings


def _post(client: Client, path: str, size: int) -> int:
    """A file sent by a program that brings the protection's cookie and its token, as anybody can."""
    client.cookies["csrftoken"] = token = "a" * 32
    file = SimpleUploadedFile("large.txt", b"x" * size)
    return client.post(path, {"csrfmiddlewaretoken": token, "file": file}).status_code


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/claims/new/", "/public/"])
def test_a_large_form_of_somebody_signed_out_is_refused_unread(path: str) -> None:
    assert _post(Client(enforce_csrf_checks=True), path, 3 * 2**20) == 413


@pytest.mark.django_db
@pytest.mark.parametrize(("size", "status"), [(3, 302), (5, 400), (9, 413)])
def test_somebody_signed_in_may_send_a_file_and_gets_the_form_back_for_one_a_little_too_large(
    settings: "Settings", size: int, status: int
) -> None:
    settings.ATTACHMENT_LIMIT = 4 * 2**20
    cast = factories.cast()
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.reviewer)
    assert _post(client, f"/sources/{factories.source(cast).pk}/attachments/", size * 2**20) == status


@pytest.mark.django_db
@pytest.mark.parametrize(("length", "status"), [("9" * 400, 413), ("9" * 5000, 403), ("\u00b2", 403), ("-1", 403)])
def test_a_length_that_is_none_is_no_failure(length: str, status: int) -> None:
    """What Django cannot read as a number is an empty body to it; such a form lacks its token."""
    client = Client(enforce_csrf_checks=True)
    assert client.generic("POST", "/account/login/", CONTENT_LENGTH=length).status_code == status

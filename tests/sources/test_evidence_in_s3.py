"""What is particular to keeping evidence in a bucket. That it keeps files as a folder does: test_evidence_storage."""

import base64
import hashlib
import time
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from config.embedded import free_port
from sources.actions import attach_file
from sources.evidence_in_s3 import StorageFailed
from sources.evidence_storage import open_stored, place, store, stored_size
from tests import factories
from tests.s3 import BUCKET, Service, service

LIMIT = 2**20
CONTENT = b"What was said, word for word."
DIGEST = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    with service() as running:
        yield running


@pytest.fixture
def bucket(running: Service, settings: Settings) -> Service:
    """The application keeps its evidence in this empty bucket."""
    running.empty()
    settings.EVIDENCE_STORAGE, settings.S3_ENDPOINT = f"s3://{BUCKET}", running.endpoint
    return running


@pytest.fixture
def nobody(running: Service, settings: Settings) -> None:
    """Nobody listens where the service should be."""
    settings.EVIDENCE_STORAGE, settings.S3_ENDPOINT = f"s3://{BUCKET}", f"http://127.0.0.1:{free_port()}"


def test_a_prefix_stands_before_every_name(bucket: Service, settings: Settings) -> None:
    settings.EVIDENCE_STORAGE = f"s3://{BUCKET}/of/desk/"
    store([CONTENT], limit=LIMIT)
    assert bucket.objects() == {f"of/desk/{KEY}": len(CONTENT)}
    assert [name for name, _size, _modified in place().kept()] == [KEY]


def test_what_is_kept_is_not_written_again(bucket: Service) -> None:
    store([CONTENT], limit=LIMIT)
    first = bucket.client.head_object(Bucket=BUCKET, Key=KEY)["LastModified"]
    time.sleep(1.1)  # the service tells times in seconds
    store([CONTENT], limit=LIMIT)
    assert bucket.client.head_object(Bucket=BUCKET, Key=KEY)["LastModified"] == first


def test_something_else_under_the_name_is_not_overwritten(bucket: Service) -> None:
    bucket.client.put_object(Bucket=BUCKET, Key=KEY, Body=b"something else")
    with pytest.raises(StorageFailed, match="PreconditionFailed"):
        store([CONTENT], limit=LIMIT)
    with open_stored(DIGEST) as file:
        assert file.read() == b"something else"


def test_the_service_is_told_the_digest_to_check(bucket: Service) -> None:
    store([CONTENT], limit=LIMIT)
    told = bucket.client.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert base64.b64decode(told).hex() == DIGEST


def test_large_files_come_back_in_pieces(bucket: Service) -> None:
    content = bytes(range(256)) * 4096 * 8
    stored = store([content], limit=len(content))
    with open_stored(stored.sha256) as file:
        pieces = list(iter(lambda: file.read(2**20), b""))
    assert (len(pieces), b"".join(pieces) == content) == (8, True)


def test_a_service_that_does_not_answer_is_an_error_of_the_storage(nobody: None) -> None:
    for act in (lambda: store([CONTENT], limit=LIMIT), lambda: open_stored(DIGEST), lambda: stored_size(DIGEST)):
        with pytest.raises(StorageFailed, match=r"^the evidence storage failed \(EndpointConnectionError\)$"):
            act()


def test_a_bucket_that_is_missing_is_an_error_and_not_a_missing_file(bucket: Service, settings: Settings) -> None:
    settings.EVIDENCE_STORAGE = "s3://another-bucket"
    with pytest.raises(StorageFailed, match="NoSuchBucket"):
        open_stored(DIGEST)


def test_ready_while_the_bucket_can_be_written(db: None, bucket: Service) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["storage"]) == (200, True)


def test_not_ready_without_the_service(db: None, nobody: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["storage"]) == (503, False)


def test_a_file_goes_in_and_out_through_the_application(db: None, bucket: Service) -> None:
    cast = factories.cast()
    source = factories.source(cast, "A statement", by=cast.reporter)
    row = attach_file(source=source, chunks=[CONTENT], name="statement.txt", by=cast.reporter)
    client = Client()
    client.force_login(cast.reporter)
    answers = [client.get(address) for address in (f"/attachments/{row.pk}/", f"/api/v1/attachments/{row.pk}/")]
    assert [(a.status_code, a.getvalue(), a["Content-Length"]) for a in answers] == [(200, CONTENT, "29")] * 2
    assert [a["Content-Disposition"].partition(";")[0] for a in answers] == ["attachment"] * 2


def test_a_person_is_told_when_the_service_is_away(db: None, bucket: Service, settings: Settings) -> None:
    cast = factories.cast()
    source = factories.source(cast, "A statement", by=cast.reporter)
    row = attach_file(source=source, chunks=[CONTENT], name="statement.txt", by=cast.reporter)
    settings.S3_ENDPOINT = f"http://127.0.0.1:{free_port()}"
    client = Client()
    client.force_login(cast.reporter)
    file = SimpleUploadedFile("another.txt", b"Another statement.")
    answers = [
        client.get(f"/attachments/{row.pk}/"),
        client.get(f"/api/v1/attachments/{row.pk}/"),
        client.post(f"/api/v1/sources/{source.pk}/attachments/", {"file": file}),
    ]
    assert ([answer.status_code for answer in answers], source.attachments.count()) == ([503, 503, 503], 1)


def test_verify_finds_files_in_a_bucket_as_in_a_folder(
    transactional_db: None, bucket: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    cast = factories.cast()
    source = factories.source(cast, "A statement", by=cast.reporter)
    row = attach_file(source=source, chunks=[CONTENT], name="statement.txt", by=cast.reporter)
    call_command("verify")
    bucket.client.delete_object(Bucket=BUCKET, Key=KEY)
    with pytest.raises(SystemExit):
        call_command("verify")
    assert f"attachment {row.pk}: expected 29 bytes, found no file" in capsys.readouterr().out

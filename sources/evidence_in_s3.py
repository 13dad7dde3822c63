"""Evidence storage in an S3 bucket: files are whole, never overwritten, and checksummed by the service.

Browsers never reach the bucket: files pass through the application, which checks permissions.
Deletions wait where the bucket forbids them, and `manage.py verify` reports that.
"""

import base64
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Two tries fit into the time that a request or a worker allows.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 2},
    # We send a SHA-256 ourselves, and services other than AWS may not support newer checksums.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class StorageFailed(OSError):
    """The storage service refused a request or did not answer."""


@lru_cache
def _client(endpoint: str | None) -> Any:  # boto3 makes its classes at run time
    """The client for an endpoint; credentials and region come from the environment or the machine's role."""
    return boto3.session.Session().client("s3", endpoint_url=endpoint, config=CONFIG)


class Bucket:
    """Keeps files in `address`, s3://bucket or s3://bucket/prefix (see sources.evidence_storage.EvidencePlace)."""

    def __init__(self, address: str, endpoint: str | None) -> None:
        self.bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        with _as_os_error():
            self._s3 = _client(endpoint)

    def incoming(self) -> AbstractContextManager[BinaryIO]:
        # Unnamed on disk, so that even a crash leaves nothing behind.
        return cast(AbstractContextManager[BinaryIO], tempfile.TemporaryFile())

    def keep(self, file: BinaryIO, name: str, *, sha256: str) -> None:
        size = file.seek(0, 2)
        if self._is_kept(name, size):
            return
        file.seek(0)
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        try:
            with _as_os_error():
                self._s3.put_object(
                    **self._at(name),
                    Body=file,
                    ContentLength=size,
                    ContentType="application/octet-stream",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    IfNoneMatch="*",
                )
        except StorageFailed as error:
            # Another request may have stored the same bytes meanwhile.
            if not (_code(error.__cause__) in THERE_ALREADY and self._is_kept(name, size)):
                raise

    def open(self, name: str) -> BinaryIO:
        with _as_os_error():
            return cast(BinaryIO, self._s3.get_object(**self._at(name))["Body"])

    def size(self, name: str) -> int:
        with _as_os_error():
            return int(self._s3.head_object(**self._at(name))["ContentLength"])

    def delete(self, name: str) -> None:
        with _as_os_error():
            self._s3.delete_object(**self._at(name))

    def clear_incoming(self, before: datetime) -> int:
        return 0

    def kept(self) -> Iterator[tuple[str, int, datetime]]:
        # S3 lists keys in order.
        for name, size, modified in self._listed():
            if not name.startswith("incoming/"):
                yield name, size, modified

    def unfinished(self) -> Iterator[tuple[str, int, datetime]]:
        yield from ()

    def _listed(self) -> Iterator[tuple[str, int, datetime]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._prefix)
        with _as_os_error():
            for page in pages:
                for row in page.get("Contents", []):
                    yield row["Key"].removeprefix(self._prefix), int(row["Size"]), row["LastModified"]

    def try_writing(self) -> None:
        with _as_os_error():
            self._s3.put_object(**self._at("incoming/trial"), Body=b"\0")

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._prefix + name}

    def _is_kept(self, name: str, size: int) -> bool:
        try:
            return self.size(name) == size
        except FileNotFoundError:
            return False


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Turns boto3's errors into FileNotFoundError or StorageFailed, as a disk would raise."""
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in ("NoSuchKey", "404"):
            raise FileNotFoundError(f"missing from the storage ({code})") from error
        raise StorageFailed(f"the evidence storage refused ({code})") from error
    except BotoCoreError as error:
        raise StorageFailed(f"the evidence storage failed ({type(error).__name__})") from error


def _code(error: BaseException | None) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""

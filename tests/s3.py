"""An S3 service for the tests: moto's server in a thread, which speaks the protocol but is not Amazon's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

BUCKET = "desk-evidence"


@dataclass
class Service:
    """A running service. `endpoint`: its address; `client`: for direct access, past the application."""

    server: ThreadedMotoServer = field(default_factory=lambda: ThreadedMotoServer("127.0.0.1", 0, verbose=False))

    @property
    def endpoint(self) -> str:
        host, port = self.server.get_host_and_port()
        return f"http://{host}:{port}"

    @property
    def client(self) -> Any:
        return boto3.session.Session().client("s3", endpoint_url=self.endpoint)

    def objects(self) -> dict[str, int]:
        """The keys of the bucket and their sizes in bytes."""
        listed = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {row["Key"]: row["Size"] for row in listed}

    def empty(self) -> None:
        for key in self.objects():
            self.client.delete_object(Bucket=BUCKET, Key=key)


@contextmanager
def service() -> Iterator[Service]:
    """A running service with an empty bucket `BUCKET`, and its credentials in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        running = Service()
        running.server.start()
        try:
            running.client.create_bucket(Bucket=BUCKET)
            yield running
        finally:
            running.server.stop()

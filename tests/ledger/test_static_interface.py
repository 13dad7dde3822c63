"""The public part of the log is sent so that shared caches keep it: the exact headers, through all middleware."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from ledger.recording import Unplaced, write_entries
from tests import factories
from tests.access.asking import signed_in
from tests.ledger.installation import publish_here

pytestmark = pytest.mark.django_db

FOR_EVER = "public, max-age=31536000, immutable"
CACHING = {
    "checkpoint": ("text/plain; charset=utf-8", "public, max-age=1"),
    "policy": ("application/json", "public, max-age=60"),
    "tile/0/000": ("application/octet-stream", FOR_EVER),
    "tile/0/001.p/1": ("application/octet-stream", FOR_EVER),
    "tile/1/000.p/1": ("application/octet-stream", FOR_EVER),
}
# What every answer has, and a number of its own.
OF_ALL = {
    "Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
    "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options", "X-Request-ID", "Content-Length",
}  # fmt: skip


@pytest.fixture(autouse=True)
def log(tmp_path: Path) -> None:
    """A published log of 257 entries: a full tile, and a partial one on each level."""
    entries = [Unplaced("claim:1", "tried", {"n": number}, {}) for number in range(257)]
    write_entries(connection, [entries], at=timezone.now())
    publish_here(tmp_path / "signer")


def asked(client: Client, path: str) -> Any:
    return client.get(f"/ledger/{path}", headers={"accept-language": "uk, en"})


def test_each_answer_says_how_long_it_is_kept_and_nothing_of_who_asks() -> None:
    found = {}
    for path in CACHING:
        answer = asked(Client(), path)
        found[path] = {name: value for name, value in answer.headers.items() if name not in OF_ALL}
        assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert found == {
        path: {"Content-Type": media_type, "Cache-Control": caching} for path, (media_type, caching) in CACHING.items()
    }


def test_who_is_signed_in_gets_the_same_to_the_byte() -> None:
    editor, anybody = signed_in(factories.cast().editor), Client()
    for path in CACHING:
        one, other = asked(anybody, path), asked(editor, path)
        headers = [{**answer.headers, "X-Request-ID": ""} for answer in (one, other)]
        assert (other.content, headers[1], dict(other.cookies)) == (one.content, headers[0], {})


def test_what_is_not_there_yet_is_kept_by_nobody() -> None:
    answer = asked(Client(), "tile/0/001")
    assert (answer.status_code, "public" in answer.get("Cache-Control", "")) == (404, False)


def test_other_pages_still_differ_by_language() -> None:
    answer = Client().get("/public/")
    assert ("Accept-Language" in answer["Vary"], answer["Content-Language"]) == (True, "en")

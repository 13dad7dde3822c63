"""Whether the application says rightly that it is alive and ready."""

import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.test import Client
from django.utils import timezone

from ledger.recording import record

if TYPE_CHECKING:
    from pytest_django import Settings


def test_alive_answers_plainly_to_anybody_without_the_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"alive\n", "text/plain")


def test_ready_names_every_part_that_it_looked_at(db: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "database": True, "storage": True, "migrations": True, "redis": True, "ledger": True},
    )


def test_without_a_sequencer_it_is_degraded_and_still_serves(db: None) -> None:
    at = timezone.now() - timedelta(minutes=2)
    record(stream="claim:1", kind="tried", at=at, body={}, committed={})
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["ledger"]) == (200, "degraded", False)


def test_without_redis_it_is_degraded_and_still_serves(db: None, settings: "Settings") -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["redis"]) == (200, "degraded", False)


def test_storage_that_cannot_be_written_is_a_failure(db: None, settings: "Settings", tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    settings.EVIDENCE_STORAGE = file / "evidence"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["storage"]) == (503, "failing", False)


def test_a_migration_that_is_not_applied_is_a_failure(db: None) -> None:

    from tests.conftest import superuser

    with superuser() as owner:
        owner.execute("UPDATE django_migrations SET app = 'claims (set aside)' WHERE app = 'claims'")
        try:
            answer = Client().get("/readyz")
        finally:
            owner.execute("UPDATE django_migrations SET app = 'claims' WHERE app = 'claims (set aside)'")
    assert (answer.status_code, answer.json()["migrations"]) == (503, False)


def test_a_frozen_redis_is_no_reason_to_wait(db: None, settings: "Settings") -> None:
    """One that takes connections and never answers, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        settings.REDIS_URL = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
        started = time.monotonic()
        answer = Client().get("/readyz")
        seconds = time.monotonic() - started
    assert (answer.status_code, answer.json()["status"], seconds < 3) == (200, "degraded", True), seconds

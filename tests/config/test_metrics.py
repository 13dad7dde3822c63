"""`/metrics`: who may read it, and that its numbers are right over several processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config.embedded import free_port
from ledger.recording import record
from reviews.models import Reminder
from sources.actions import request_capture
from tests import factories
from tests.conftest import ROOT
from tests.ledger.installation import publish_here

TOKEN = {"authorization": "Bearer a-token-for-the-metrics"}
Numbers = dict[tuple[str, ...], float]


def numbers(text: str) -> Numbers:
    """Every sample as (name, label, …) → value."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value for sample in samples}


def read() -> Numbers:
    answer = Client().get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    return numbers(answer.content.decode())


def test_who_has_the_token_reads_it(db: None) -> None:
    answer = Client().get("/metrics", headers=TOKEN)
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, "text/plain")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer a-token", "Basic a-token-for-the-metrics", "Bearer é"])
def test_nobody_else_does(given: str) -> None:
    answer = Client().get("/metrics", headers={"authorization": given} if given else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("https", "address", "header", "status"),
    [
        (False, "127.0.0.1", "", 200),
        (False, "::1", "", 200),
        (False, "192.0.2.7", "", 401),
        (False, "", "", 401),
        (False, "127.0.0.1", "X-Forwarded-For", 401),
        (False, "127.0.0.1", "Forwarded", 401),
        (True, "127.0.0.1", "", 401),
    ],
)
def test_without_a_token_it_opens_to_this_machine_alone_and_never_behind_a_proxy(
    db: None, settings: LazySettings, https: bool, address: str, header: str, status: int
) -> None:
    settings.METRICS_TOKEN, settings.HTTPS = "", https
    headers = {header: "127.0.0.1"} if header else {}
    assert Client(REMOTE_ADDR=address).get("/metrics", headers=headers).status_code == status


def test_work_that_waits_is_counted_by_queue(db: None) -> None:
    cast = factories.cast()
    claim = factories.claim(cast, "A ship unloaded containers at night.")
    factories.assigned(cast, claim)
    source = factories.source(cast, "A page", by=cast.reporter, url="https://harbour.example/")
    request_capture(source=source, by=cast.reporter, now=timezone.now() - timedelta(seconds=90))
    first = Reminder.objects.earliest("due_at").pk
    Reminder.objects.filter(pk=first).update(due_at=timezone.now() - timedelta(seconds=300), attempt=2)
    found = read()
    assert {queue: found["second_source_waiting", queue] for queue in ("reminders", "captures", "recomputations")} == {
        "reminders": 1,
        "captures": 1,
        "recomputations": 0,
    }
    assert found["second_source_retried", "reminders"] == 1
    assert [round(found["second_source_oldest_seconds", queue], -1) for queue in ("reminders", "captures")] == [300, 90]


def test_what_was_given_up_today_is_counted(db: None) -> None:
    cast = factories.cast()
    factories.assigned(cast, factories.claim(cast, "A ship unloaded containers at night."))
    ids = list(Reminder.objects.values_list("pk", flat=True)[:2])
    for pk, hours in zip(ids, (1, 25), strict=True):
        ended = timezone.now() - timedelta(hours=hours)
        Reminder.objects.filter(pk=pk).update(state="failed", ended_at=ended)
    assert read()["second_source_failed_in_a_day", "reminders"] == 1


def test_a_request_is_counted_under_the_name_of_its_address(db: None) -> None:
    def asked() -> list[float]:
        found = read()
        total = found.get(("second_source_requests_total", "GET", "public-claim", "404"), 0.0)
        return [total, found.get(("second_source_request_seconds_count", "public-claim"), 0.0)]

    before = asked()
    Client().get("/public/ABC-1/")
    assert [now - then for now, then in zip(asked(), before, strict=True)] == [1.0, 1.0]


def test_made_up_addresses_and_methods_make_no_new_names(db: None) -> None:
    Client().generic("BREW", "/nowhere-at-all/")
    names = {key for key in read() if key[0] == "second_source_requests_total"}
    assert ("second_source_requests_total", "other", "none", "404") in names
    assert not [key for key in names if "BREW" in key or "nowhere-at-all" in " ".join(key)]


def test_the_database_tells_its_connections(db: None) -> None:
    found = read()
    assert (found[("second_source_database_up",)], found["second_source_database_connections", "active"] >= 1) == (
        1,
        True,
    )


def ledger_numbers() -> dict[str, float]:
    found = read()
    return {name: found[(f"second_source_ledger_{name}",)] for name in ("size", "checkpoint_seconds", "late_seconds")}


def test_before_the_first_checkpoint_the_ledgers_numbers_are_naught(db: None) -> None:
    assert ledger_numbers() == {"size": 0, "checkpoint_seconds": 0, "late_seconds": 0}


def test_the_ledger_tells_its_size_and_the_age_of_its_checkpoint(db: None, tmp_path: Path) -> None:
    for _ in range(3):
        record(stream="claim:1", kind="tried", at=timezone.now(), body={}, committed={})
    publish_here(tmp_path / "signer", timezone.now() - timedelta(seconds=90))
    found = ledger_numbers()
    assert (found["size"], round(found["checkpoint_seconds"], -1), found["late_seconds"]) == (3, 90, 0)


@pytest.mark.parametrize(("waits", "told"), [(0, 0), (59, 0), (90, 90)])
def test_an_entry_that_waits_shows_once_it_is_late_and_not_before(db: None, waits: int, told: int) -> None:
    record(stream="claim:1", kind="tried", at=timezone.now() - timedelta(seconds=waits), body={}, committed={})
    assert round(ledger_numbers()["late_seconds"], -1) == told


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[int]:
    """The port of a real web server of two processes."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:config.web_server", "--bind", f"127.0.0.1:{port}"]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen([*command, "config.wsgi"], cwd=ROOT, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                ask(port, "/healthz")
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "web.log").read_text()
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        assert not [line for line in (tmp_path / "web.log").read_text().splitlines() if "Traceback" in line]


def ask(port: int, address: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address, headers=TOKEN)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_several_processes_are_summed(web: int) -> None:
    before = numbers(ask(web, "/metrics")).get(("second_source_requests_total", "GET", "healthz", "200"), 0)
    for _ in range(20):
        ask(web, "/healthz")
    found = numbers(ask(web, "/metrics"))
    assert found["second_source_requests_total", "GET", "healthz", "200"] - before == 20
    if Path("/proc/self/smaps_rollup").exists():
        assert (found[("second_source_web_processes",)], found[("second_source_web_memory_bytes",)] > 2**24) == (
            2,
            True,
        )
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ

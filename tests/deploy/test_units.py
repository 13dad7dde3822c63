"""The shipped systemd units: their commands really start, and none can write where it has no business.

What starts processes is not part of bin/test: bin/test -m drill tests/deploy
"""

import configparser
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
import redis

from config.embedded import free_port
from tests.conftest import ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
# What every one of ours takes away from itself (systemd.exec(5)).
HARDENED = {
    "User": "second-source",
    "UMask": "0077",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
}


def unit(path: Path) -> configparser.ConfigParser:
    """A unit file. Of an option that is there twice the last stands here."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


def command(name: str, instance: str = "") -> list[str]:
    """What a service starts, with this checkout's Python and in this folder."""
    line = unit(UNITS / name)["Service"]["ExecStart"]
    parts = shlex.split(line.replace("%i", instance).replace("%%", "%"))
    assert parts[0] == "/opt/second-source/.venv/bin/python"
    return [sys.executable, *parts[1:]]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_is_shut_in(path: Path) -> None:
    service = unit(path)["Service"]
    assert {name: service.get(name) for name in HARDENED} == HARDENED


def test_the_target_starts_every_part_but_the_backup_and_the_witness_of_other_logs() -> None:
    wanted = set(unit(UNITS / "second-source.target")["Unit"]["Wants"].split())
    apart = {f"second-source-{name}.service" for name in ("backup", "witness", "worker@")}
    parts = {path.name for path in SERVICES} - apart
    assert wanted == parts | {f"second-source-worker@{queue}.service" for queue in ("reminders", "captures")}


def test_every_queue_has_a_worker() -> None:
    from config.celery import app

    names = {app.amqp.router.route({}, entry["task"])["queue"].name for entry in app.conf.beat_schedule.values()}
    assert names == {"reminders", "captures"}


def test_every_variable_of_the_example_is_read() -> None:
    lines = (ROOT / "deploy" / "environment.example").read_text().splitlines()
    names = {line.lstrip("#").partition("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    settings = (ROOT / "config" / "settings.py").read_text()
    by_the_client_of_s3 = {"AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CA_BUNDLE"}
    assert sorted(name for name in names - by_the_client_of_s3 if f'"{name}"' not in settings) == []


@pytest.mark.drill
@pytest.mark.parametrize(
    ("name", "instance"),
    [("second-source-worker@.service", "reminders"), ("second-source-beat.service", "")],
    ids=["worker", "beat"],
)
def test_worker_and_schedule_start_by_the_command_of_their_unit(
    transactional_db: None, redis_url: str, tmp_path: Path, name: str, instance: str
) -> None:
    """A worker says so; beat has filled the broker with what nobody takes, and goes on from its file."""
    parts = [part.replace("/var/lib/second-source", str(tmp_path)) for part in command(name, instance)]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(parts, cwd=ROOT, stdout=output, stderr=output)
    try:
        with redis.Redis.from_url(redis_url) as broker:
            wait(log, process, lambda: " ready." in log.read_text() or broker.llen("reminders") > 0)
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
    assert bool(list(tmp_path.glob("beat-schedule*"))) == (not instance)


@pytest.mark.drill
def test_the_web_server_starts_by_the_command_of_its_unit(transactional_db: None, tmp_path: Path) -> None:
    port = free_port()
    parts = [part.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for part in command("second-source-web.service")]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(parts, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait(log, process, lambda: answers(port))
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


def answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def wait(log: Path, process: "subprocess.Popen[bytes]", what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)

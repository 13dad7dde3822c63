"""`bin/dev`: what it says, and that it ends everything, whatever ends it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from config.dev import DEMONSTRATION
from config.embedded import create_database, free_port
from demonstration.desk.loader import LOGINS
from tests import migrated
from tests.conftest import replace_path, superuser

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "config.dev"]
SECONDS_TO_START = 90


def _listen_to_signals() -> None:
    """Who runs the tests in the background of a shell, or with nohup, has these ignored, and children inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Start:
    """One running `bin/dev` (without the installation) and what it prints."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self._output = folder.with_name(f"{folder.name}-output-{self.port}")
        bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DATA_DIR": str(folder), "PORT": str(self.port)}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                COMMAND,
                cwd=ROOT,
                env=bare | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_listen_to_signals,  # noqa: PLW1509 - no threads here
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, what: Callable[[], bool]) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while not what():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < until, self.output
            time.sleep(0.05)

    def until_ready(self) -> "Start":
        self.wait_for(lambda: "Ctrl-C" in self.output)
        return self

    def servers_answer(self) -> bool:
        """Whether it has come to the preparation of the database."""
        try:
            return bool(json.loads((self.folder / "run.json").read_text())["pid"] == self.process.pid)
        except FileNotFoundError:
            return False

    def family(self) -> dict[int, str]:
        """Every process that descends from it, with its command."""
        return family(self.process.pid)

    def end(self, number: signal.Signals, seconds: float) -> tuple[int, dict[int, str]]:
        """Sends the signal; the status, and what of the family still runs after `seconds` in all."""
        children = self.family()
        until = time.monotonic() + seconds
        self.process.send_signal(number)
        status = self.process.wait(seconds)
        while time.monotonic() < until and any(is_running(pid) for pid in children):
            time.sleep(0.05)
        return status, {pid: command for pid, command in children.items() if is_running(pid)}


def parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    return found


def family(ancestor: int) -> dict[int, str]:
    known, found = parents(), {ancestor}
    while more := {pid for pid, parent in known.items() if parent in found} - found:
        found |= more
    return {pid: command(pid) for pid in found - {ancestor}}


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder, with a space in its path, that the starts of this module share one after the other."""
    with tempfile.TemporaryDirectory(prefix="second-source-") as folder:
        yield Path(folder) / "the data"


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Start]]:
    started: list[Start] = []

    def begin(folder: Path | None = None, **environment: str) -> Start:
        started.append(Start(folder or data, **environment))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGTERM, 15)


def refusal(folder: Path, **environment: str) -> str:
    """What a start prints that ends at once with status 1."""
    bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DATA_DIR": str(folder), "PORT": str(free_port())}
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=bare | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return done.stderr


def test_it_serves_says_where_and_ends_with_everything_on_sigterm(start: Callable[..., Start]) -> None:
    running = start().until_ready()
    assert f"Second Source is ready at http://localhost:{running.port}/ after " in running.output
    assert "  reviewer2 / demo-reviewer2\n" in running.output
    assert get(running.port, "/healthz")[0] == 200
    assert f"administrators read them at http://localhost:{running.port}/mails/\n" in running.output
    assert (get(running.port, "/mails/")[0], get(running.port, "/nowhere/")[0]) == (302, 404)
    other = refusal(running.folder)
    assert other.startswith(f"DATA_DIR: {running.folder} is in use by bin/dev at http://localhost:{running.port}/, ")
    assert other.endswith("; stop that, or set another DATA_DIR and PORT\n")
    assert running.end(signal.SIGTERM, 10) == (0, {}), running.output
    assert not (running.folder / "run.json").exists()


def test_being_asked_twice_does_not_cut_the_end_short(start: Callable[..., Start]) -> None:
    running = start().until_ready()
    children = running.family()
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert [line for pid, line in children.items() if is_running(pid)] == []


def test_nothing_outlives_a_killed_supervisor(start: Callable[..., Start]) -> None:
    running = start().until_ready()
    assert running.end(signal.SIGKILL, 10) == (-signal.SIGKILL, {})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_start_that_is_interrupted_ends_what_it_began(start: Callable[..., Start], number: signal.Signals) -> None:
    running = start()
    running.wait_for(running.servers_answer)
    assert running.end(number, 10) == (0, {})


def test_a_child_that_dies_is_named_and_ends_everything(start: Callable[..., Start]) -> None:
    running = start().until_ready()
    children = running.family()
    victim = next(pid for pid, line in children.items() if "celery -A config beat" in line)
    os.kill(victim, signal.SIGKILL)
    assert running.process.wait(10) == 1
    assert running.output.splitlines()[-1].startswith("beat ended with status -9: ")
    assert [line for pid, line in children.items() if is_running(pid)] == []


def test_servers_that_the_environment_names_are_used(start: Callable[..., Start], tmp_path: Path) -> None:
    name = f"given_{os.getpid()}"
    with superuser("postgres") as connection:
        migrated_before = migrated.NAME if migrated.is_made() else "template1"
        create_database(
            connection, name, owner=urlsplit(os.environ["DATABASE_OWNER_URL"]).username or "", template=migrated_before
        )
        role = sql.Identifier(urlsplit(os.environ["DATABASE_URL"]).username or "")
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), role))
    given = {key: replace_path(os.environ[key], name) for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    try:
        running = start(tmp_path / "data", REDIS_URL=replace_path(os.environ["REDIS_URL"], "15"), **given).until_ready()
        commands = " ".join(running.family().values())
        assert ("postgres -D" in commands, "valkey-server" in commands) == (False, False)
        with psycopg.connect(given["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM accounts_desk").fetchone() == (True,)
        assert running.end(signal.SIGTERM, 10) == (0, {})
    finally:
        with superuser("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(tmp_path, PORT=str(port))
    assert line == f"PORT: {port} on 127.0.0.1 is taken; set another, such as PORT={port + 1}\n"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "http", "PORT: 'http' is no port; set a number from 1 to 65535"),
        ("PORT", "65536", "PORT: '65536' is no port; set a number from 1 to 65535"),
        ("BIND", "192.0.2.1", "BIND: '192.0.2.1' is no address of this machine; set 127.0.0.1 or 0.0.0.0"),
        ("BIND", "no such host", "BIND: 'no such host' is no address of this machine; set 127.0.0.1 or 0.0.0.0"),
        ("REDIS_URL", "amqp://127.0.0.1", "REDIS_URL: no answer (Redis URL must specify one of the following schemes"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "REDIS_URL: no answer (Error 111 connecting to 127.0.0.1:1."),
        ("DATABASE_URL", "postgresql://x@127.0.0.1:1/x", "DATABASE_URL: no connection (connection failed: "),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: no connection (missing "),
    ],
)
def test_a_wrong_value_is_refused_with_one_line(tmp_path: Path, name: str, value: str, line: str) -> None:
    printed = refusal(tmp_path, **{name: value})
    assert (printed[: len(line)], printed.count("\n")) == (line, 1)


def test_the_logins_that_it_prints_are_those_of_the_demonstration_data() -> None:
    assert tuple(LOGINS) == DEMONSTRATION

"""`bin/dev`: one command that starts all processes and stops them together.

It starts database and broker (embedded, unless the environment names others), then web, two workers, beat and the
ledger's sequencer. When one of them ends by itself, the others are stopped too: half a system would mislead its users.
"""

import errno
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from urllib.parse import urlsplit

import psycopg
import redis

from config import processes
from config.data_folder import PROJECT, DataFolder, StartRefused
from config.embedded import Servers, start_servers
from config.processes import Child, ChildEnded, ChildOptions

DEMONSTRATION = ("reporter", "reviewer", "reviewer2", "editor", "auditor", "admin", "stranger")
_OLDEST_POSTGRES = 15
_SECONDS_TO_ANSWER = 60
# Together below the 10 s within which all processes must have ended.
_SECONDS_FOR_OURS, _SECONDS_FOR_SERVERS = 5, 4


class Stopped(Exception):
    """The user asked for the end: Ctrl-C, SIGTERM or a closed terminal."""


@dataclass(frozen=True, slots=True)
class Web:
    """The address on which the web server listens, and the one that people use."""

    bind: str
    port: int
    public: str

    @property
    def listen(self) -> str:
        return f"[{self.bind}]:{self.port}" if ":" in self.bind else f"{self.bind}:{self.port}"


def main() -> int:
    """Run until asked to stop (returns 0) or until something fails (returns 1, with one line of explanation)."""
    started = float(os.environ.get("SECOND_SOURCE_STARTED") or time.time())
    if len(sys.argv) > 1:
        sys.stderr.write("bin/dev takes no arguments; README.md names the variables that it reads\n")
        return 2
    # Evidence, mails and logs are private even in a folder that was created by hand.
    os.umask(0o077)
    try:
        _listen_for_signals()
        run(started)
    except Stopped:
        return 0
    except (StartRefused, ChildEnded) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def run(started: float) -> None:
    """Lock DATA_DIR and run all processes in it. Raises Stopped, StartRefused or ChildEnded once all have ended."""
    folder = DataFolder.from_environment(os.environ)
    if not folder.lock("bin/dev"):
        raise StartRefused(
            f"DATA_DIR: {folder.path} is in use by {folder.held_by()}; stop that, or set another DATA_DIR and PORT"
        )
    try:
        web = read_web(os.environ)
        with _servers(folder) as servers:
            environment = dict(os.environ) | servers.environment
            environment |= {
                "PORT": str(web.port),
                "BIND": web.bind,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "MAIL_PAGE": "" if os.environ.get("EMAIL_URL") else "yes",
            }
            folder.write_run("bin/dev", _addresses(environment), web.public)
            _prepare(folder, environment)
            _say(f"Database and files are up to date after {time.time() - started:.1f} s")
            with _ours(folder, environment, web) as children:
                _wait_for_web(web, children)
                _announce(folder, environment, web, started)
                _watch([*children, *servers.children])
    finally:
        folder.unlock()


def read_web(environ: Mapping[str, str]) -> Web:
    """Read and try PORT and BIND. Raises StartRefused when one is wrong or the port is taken."""
    bind, given = environ.get("BIND") or "127.0.0.1", environ.get("PORT") or "8000"
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 2**16:
        raise StartRefused(f"PORT: {given!r} is no port; set a number from 1 to 65535")
    port = int(given)
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except PermissionError as error:
            raise StartRefused(f"PORT: {port} needs rights that you do not have; set one above 1023") from error
        except (OSError, UnicodeError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                raise StartRefused(f"PORT: {port} on {bind} is taken; set another, such as PORT={port + 1}") from error
            raise StartRefused(f"BIND: {bind!r} is no address of this machine; set 127.0.0.1 or 0.0.0.0") from error
    return Web(bind, port, (environ.get("PUBLIC_URL") or f"http://localhost:{port}").rstrip("/") + "/")


@contextmanager
def _servers(folder: DataFolder) -> Iterator[Servers]:
    _check_given(os.environ)
    servers = start_servers(folder, os.environ)
    try:
        yield servers
    finally:
        _ignore_signals()
        servers.stop(_SECONDS_FOR_SERVERS)


def _check_given(environ: Mapping[str, str]) -> None:
    """Try the servers that the environment names. Raises StartRefused with the variable and the reason."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL"):
        if not environ.get(name):
            continue
        try:
            with psycopg.connect(environ[name], connect_timeout=5) as connection:
                version = connection.info.server_version // 10000
        except psycopg.Error as error:
            raise StartRefused(
                f"{name}: no connection ({_one_line(error)}); set another or start that server"
            ) from error
        if version < _OLDEST_POSTGRES:
            raise StartRefused(
                f"{name}: PostgreSQL {version} is too old; set one of version {_OLDEST_POSTGRES} or later"
            )
    if environ.get("REDIS_URL"):
        try:
            with redis.Redis.from_url(environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5) as server:
                server.ping()
        except (redis.RedisError, ValueError) as error:
            raise StartRefused(
                f"REDIS_URL: no answer ({_one_line(error)}); set another or start that server"
            ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _addresses(environment: Mapping[str, str]) -> dict[str, str]:
    names = (
        *(
            "DATABASE_URL",
            "DATABASE_OWNER_URL",
            "DATABASE_SEQUENCER_URL",
            "REDIS_URL",
            "SECRET_KEY",
            "DATA_DIR",
            "PORT",
            "BIND",
            "PUBLIC_URL",
        ),
        *("ALLOWED_HOSTS", "EVIDENCE_STORAGE", "EMAIL_URL", "CAPTURE_ALLOW", "STATIC_ROOT", "TRUSTED_PROXIES"),
        *(
            "LEDGER_SIGNER",
            "LEDGER_RECEIPT_KEY",
            "LEDGER_ORIGIN",
            "LEDGER_ANCHORS",
            "LEDGER_ANCHOR_HOURS",
            "TIMESTAMP_AUTHORITIES",
            "LEDGER_POLICY",
        ),
    )
    return {name: environment[name] for name in names if name in environment}


def _prepare(folder: DataFolder, environment: Mapping[str, str]) -> None:
    """Apply migrations, rights and static files; load the demonstration data on the first start. Raises ChildEnded."""
    log = folder.logs / "prepare.log"
    command = [sys.executable, "manage.py", "prepare", "--demonstration"]
    child = processes.start("prepare", command, log=log, env=environment, options=ChildOptions(folder=PROJECT))
    try:
        if child.process.wait() != 0:
            child.check()
    finally:
        processes.stop([child], 2)


@dataclass(frozen=True, slots=True)
class Program:
    """One of our programs, and the signal that it gets when its supervisor dies."""

    name: str
    command: tuple[str, ...]
    orphan_signal: signal.Signals = signal.SIGTERM

    def start(self, folder: DataFolder, environment: Mapping[str, str]) -> Child:
        return processes.start(
            self.name,
            self.command,
            log=folder.logs / f"{self.name}.log",
            env=environment,
            options=ChildOptions(folder=PROJECT, orphan_signal=self.orphan_signal),
        )


def programs(folder: DataFolder, web: Web) -> list[Program]:
    """Return beat, web, the two workers and the sequencer, in the order in which they are stopped."""
    python = (sys.executable, "-m")
    beat = (*python, *("celery", "-A", "config", "beat", "--loglevel", "WARNING", "--pidfile="))
    options = ("-c", "python:config.web_server", "--bind", web.listen)
    found = [
        Program("beat", (*beat, "--schedule", str(folder.path / "beat-schedule"))),
        Program("web", (*python, "gunicorn", *options, "config.wsgi:application")),
    ]
    for queue in ("reminders", "captures"):
        worker = (*python, "celery", "-A", "config", "worker", "-Q", queue, "-n", f"{queue}@%h")
        lean = ("--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat")
        # SIGKILL, because Celery's SIGQUIT handler joins the pool: it deadlocks if the broker dies at the same moment.
        # Tasks may be cut off anywhere, and the kernel ends the pool.
        found.append(Program(f"worker-{queue}", (*worker, *lean, "--loglevel", "WARNING"), signal.SIGKILL))
    found.append(Program("sequencer", (sys.executable, "manage.py", "sequencer")))
    return found


@contextmanager
def _ours(folder: DataFolder, environment: Mapping[str, str], web: Web) -> Iterator[list[Child]]:
    """Start the programs one after the other, and stop them in the same order."""
    children: list[Child] = []
    try:
        for program in programs(folder, web):
            children.append(program.start(folder, environment))
        yield children
    finally:
        _ignore_signals()
        processes.stop(children, _SECONDS_FOR_OURS)


def _wait_for_web(web: Web, children: list[Child]) -> None:
    """Return once /healthz answers. Raises ChildEnded when a process ends first or the time is over."""
    host = "::1" if web.bind == "::" else "127.0.0.1" if web.bind == "0.0.0.0" else web.bind  # noqa: S104
    public = urlsplit(web.public)
    headers = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    until = time.monotonic() + _SECONDS_TO_ANSWER
    answer = "nothing"
    while time.monotonic() < until:
        for child in children:
            child.check()
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(host, web.port, timeout=5)
            connection.request("GET", "/healthz", headers=headers)
            answer = str(connection.getresponse().status)
            connection.close()
            if answer == "200":
                return
        time.sleep(0.1)
    log = children[1].log
    raise ChildEnded(f"web answered /healthz with {answer} for {_SECONDS_TO_ANSWER} s: {processes.tail(log)} ({log})")


def _announce(folder: DataFolder, environment: Mapping[str, str], web: Web, started: float) -> None:
    _say(f"Second Source is ready at {web.public} after {time.time() - started:.1f} s")
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        demonstration = connection.execute("SELECT 1 FROM accounts_desk WHERE is_demonstration LIMIT 1").fetchone()
    if demonstration:
        _say("Demonstration logins (name / password):")
        for name in DEMONSTRATION:
            _say(f"  {name} / demo-{name}")
    if environment["MAIL_PAGE"]:
        _say(f"EMAIL_URL is not set: mails are kept, and administrators read them at {web.public}mails/")
    _say(f"Data and logs are in {folder.path}. Ctrl-C ends everything.")


def _watch(children: list[Child]) -> None:
    """Watch the children and never return. Raises ChildEnded for the first that ends, Stopped on a signal."""
    while True:
        for child in children:
            child.check()
        time.sleep(0.5)


def _listen_for_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP, and that stays so.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _ignore_signals() -> None:
    """Ignore further signals: the shutdown takes a bounded time, and a second Ctrl-C must not cut it short."""

    def nothing(number: int, frame: FrameType | None) -> None:
        """Do nothing. SIG_IGN would make Python complain of a second signal that came with the first."""

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, nothing)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The measured servers: the application with a number of claims, and the bare project, each behind its own gunicorn.

They are set up as in bin/dev: the same embedded PostgreSQL and Valkey, the same gunicorn options; without workers, beat
and demonstration data.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.load import Connection
from config import processes
from config.data_folder import PROJECT, DataFolder, StartRefused
from config.embedded import create_database, free_port, start_servers
from config.processes import Child, ChildOptions

PREFIX, MOVES = "SCALE", "MOVES"
PASSWORD = "only-to-measure-with"  # noqa: S105 - of made-up data
_SECONDS_TO_ANSWER = 60


@dataclass(frozen=True)
class BenchServer:
    """A running web server, with its port and process."""

    port: int
    child: Child


@dataclass(frozen=True)
class Installation:
    """Both projects, running on one PostgreSQL."""

    ours: BenchServer
    bare: BenchServer
    database: Child
    environment: dict[str, str]
    folder: DataFolder

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute(query, values).fetchall()

    def manage(self, *arguments: str) -> str:
        """Run one of the application's commands. Returns its output."""
        return _run(self.folder, self.environment, arguments[0], [sys.executable, "manage.py", *arguments])


@contextmanager
def installation(path: Path, *, claims: int, moves: int) -> Iterator[Installation]:
    """Starts everything in the folder `path`, with `claims` claims, and a second desk with `moves` claims to move.

    Reuses data in the folder. Raises StartRefused and ChildEnded.
    """
    folder = DataFolder(path)
    if not folder.lock("manage.py"):
        raise StartRefused(f"{path} is in use by {folder.held_by()}; stop that")
    children: list[Child] = []
    servers = start_servers(folder, {"DATA_DIR": str(path)})
    try:
        environment = _environment(servers.environment)
        _make_bare_database(servers.superuser_url, environment)
        _make_room_to_load(servers.superuser_url)
        _run(folder, environment, "prepare", [sys.executable, "manage.py", "prepare"])
        _run(folder, environment, "prepare-bare", [sys.executable, "-m", "bench.bare.prepare", PASSWORD])
        ours = _start(folder, environment, "ours", wsgi="config.wsgi:application", probe="/healthz", children=children)
        bare = _start(
            folder, environment, "bare", wsgi="bench.bare.wsgi:application", probe="/login/", children=children
        )
        database = next(child for child in servers.children if child.name == "PostgreSQL")
        running = Installation(ours, bare, database, environment, folder)
        _seed(running, claims, moves=moves)
        yield running
    finally:
        processes.stop(children, 5)
        servers.stop()
        folder.unlock()


def _environment(given: dict[str, str]) -> dict[str, str]:
    bare = urlsplit(given["DATABASE_OWNER_URL"])._replace(path="/bare").geturl()
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(PROJECT),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        # Limits are counted as in production, but never reached.
        **{f"LIMIT_{kind}": "1000000/s/user,1000000/s/ip" for kind in ("API", "FORM", "UPLOAD", "EXPORT", "PREVIEW")},
        **given,
        "BARE_DATABASE_URL": bare,
    }


def _make_bare_database(superuser_url: str, environment: dict[str, str]) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'bare'").fetchone():
            create_database(connection, "bare")
        owner = urlsplit(environment["BARE_DATABASE_URL"]).username or ""
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE bare TO {}").format(sql.Identifier(owner)))


def _make_room_to_load(superuser_url: str) -> None:
    """Raise the limit of PostgreSQL's write-ahead log: loading gigabytes would otherwise cause constant checkpoints."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")


def _run(folder: DataFolder, environment: dict[str, str], name: str, command: list[str]) -> str:
    log = folder.logs / f"{name}.log"
    child = processes.start(name, command, log=log, env=environment, options=ChildOptions(folder=PROJECT))
    try:
        if child.process.wait() != 0:
            child.check()
    finally:
        processes.stop([child], 2)
    return log.read_text()


def _start(
    folder: DataFolder, environment: dict[str, str], name: str, *, wsgi: str, probe: str, children: list[Child]
) -> BenchServer:
    port = free_port()
    options = ("-c", "python:config.web_server", "--bind", f"127.0.0.1:{port}")
    command = [sys.executable, "-m", "gunicorn", *options, wsgi]
    child = processes.start(
        name, command, log=folder.logs / f"{name}.log", env=environment, options=ChildOptions(folder=PROJECT)
    )
    children.append(child)
    until = monotonic() + _SECONDS_TO_ANSWER
    while monotonic() < until:
        child.check()
        try:
            if Connection(port).ask(f"GET {probe} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())[0] == 200:
                return BenchServer(port, child)
        except (OSError, EOFError):
            pass
        sleep(0.1)
    raise processes.ChildEnded(f"{name} did not answer within {_SECONDS_TO_ANSWER} s: {processes.tail(child.log)}")


def _seed(running: Installation, claims: int, *, moves: int) -> None:
    """Make the desk of `claims` claims once, and a new desk of unmoved claims in each run."""
    there = running.rows("SELECT last_claim_number FROM accounts_desk WHERE prefix = %s", PREFIX)
    if there and there[0][0] != claims:
        raise StartRefused(f"{running.folder.path} has {there[0][0]} claims; choose another folder for {claims}")
    if not there:
        running.manage("seed_scale", "--claims", str(claims), "--desk", PREFIX, "--password", PASSWORD)
    count = running.rows("SELECT count(*) FROM accounts_desk WHERE prefix LIKE %s", f"{MOVES}%")[0][0]
    desk = f"{MOVES}{count + 1}"
    running.manage(
        *("seed_scale", "--claims", str(moves), "--desk", desk, "--password", PASSWORD),
        *("--reviewers", "1", "--deniable", "--add"),
    )

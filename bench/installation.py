"""What is measured: the application with so many claims and the bare project, each behind its own gunicorn.

The servers are those of bin/dev: the same embedded PostgreSQL and Valkey, the same options of gunicorn. Workers and
beat are left out, and no demonstration data is loaded.
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
from config.processes import Child

PREFIX, MOVES = "SCALE", "MOVES"
PASSWORD = "only-to-measure-with"  # noqa: S105 - of a database that is made up
_SECONDS_TO_ANSWER = 60


@dataclass(frozen=True)
class BenchServer:
    """A running web server: its port and its processes."""

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
        """Run one of the application's commands, and answer what it said."""
        return _run(self.folder, self.environment, arguments[0], [sys.executable, "manage.py", *arguments])


@contextmanager
def installation(path: Path, *, claims: int, moves: int) -> Iterator[Installation]:
    """Starts everything in the folder `path`, with `claims` claims and another desk of `moves` that can be moved.

    What the folder has already is kept. Raises Refused and ChildEnded.
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
        # Counted as everywhere, and never reached.
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
    """Gigabytes are written at once: with the usual room for its log the server would checkpoint without end."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")


def _run(folder: DataFolder, environment: dict[str, str], name: str, command: list[str]) -> str:
    log = folder.logs / f"{name}.log"
    child = processes.start(name, command, log=log, env=environment, folder=PROJECT)
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
    child = processes.start(name, command, log=folder.logs / f"{name}.log", env=environment, folder=PROJECT)
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
    """Makes the desk of `claims` claims once, and each time a fresh one whose claims have not moved."""
    there = running.rows("SELECT last_claim_number FROM accounts_desk WHERE prefix = %s", PREFIX)
    if there and there[0][0] != claims:
        raise StartRefused(f"{running.folder.path} has {there[0][0]} claims; name a folder of its own for {claims}")
    if not there:
        running.manage("seed_scale", "--claims", str(claims), "--desk", PREFIX, "--password", PASSWORD)
    count = running.rows("SELECT count(*) FROM accounts_desk WHERE prefix LIKE %s", f"{MOVES}%")[0][0]
    desk = f"{MOVES}{count + 1}"
    running.manage(
        *("seed_scale", "--claims", str(moves), "--desk", desk, "--password", PASSWORD),
        *("--reviewers", "1", "--deniable", "--add"),
    )

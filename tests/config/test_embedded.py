"""The embedded servers: one folder, one holder, no rights too many, and nothing left running."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
import redis

from config import processes
from config.data_folder import DataFolder, StartRefused
from config.embedded import Servers, start_servers
from config.processes import ChildAccount
from config.system_user import let_through

ROOT = Path(__file__).resolve().parents[2]
NOTHING: Mapping[str, str] = {}
# Starts the servers of the folder in its argument, prints their process numbers, and stays.
HOLDER = """
import sys, time
from pathlib import Path
from config.data_folder import DataFolder
from config.embedded import start_servers
folder = DataFolder(Path(sys.argv[1]))
assert folder.lock("bin/dev")
servers = start_servers(folder, {}, durable=False)
folder.write_run("bin/dev", servers.environment, "http://localhost:1/")
print(*[child.process.pid for child in servers.children], flush=True)
time.sleep(600)
"""


@pytest.fixture
def start() -> Iterator[Callable[[Path], Servers]]:
    started: list[Servers] = []

    def start_in(path: Path) -> Servers:
        started.append(start_servers(DataFolder(path), NOTHING, durable=False))
        return started[-1]

    yield start_in
    for servers in started:
        servers.stop()


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path, list[int]]]:
    """Another process that holds a folder and runs the servers in it."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "held")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=bare_environment()) as process:
        assert process.stdout is not None
        children = [int(pid) for pid in process.stdout.readline().split()]
        yield process, tmp_path / "held", children
        process.kill()


def bare_environment(**more: str) -> dict[str, str]:
    """What a command gets from a shell that knows nothing of our servers."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | more


def execute(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchone()


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until_ended(pids: list[int], seconds: float) -> list[int]:
    """Those that still run after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(map(is_running, pids)):
        time.sleep(0.05)
    return [pid for pid in pids if is_running(pid)]


def test_both_answer_in_a_long_path_with_spaces(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    servers = start(tmp_path / ("a folder with spaces " * 11) / "var")
    assert execute(servers.environment["DATABASE_URL"], "SELECT current_user") == ("second_source_app",)
    with redis.Redis.from_url(servers.environment["REDIS_URL"]) as valkey:
        assert valkey.ping() is True


def test_a_second_start_keeps_the_data(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    first = start(tmp_path)
    with psycopg.connect(first.environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first.stop()
    second = start(tmp_path)
    assert execute(second.environment["DATABASE_OWNER_URL"], "SELECT number FROM kept") == (7,)


def test_two_folders_run_at_once_and_apart(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    one, other = start(tmp_path / "one"), start(tmp_path / "other")
    with psycopg.connect(one.environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE only_here ()")
    found = execute(other.environment["DATABASE_OWNER_URL"], "SELECT to_regclass('only_here')")
    assert found == (None,)


def test_stop_ends_both(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    servers = start(tmp_path)
    servers.stop()
    assert [child.process.returncode for child in servers.children] == [0, 0]


def test_what_the_environment_names_is_not_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://app@db/name", "REDIS_URL": "redis://cache", "SECRET_KEY": "mine"}
    servers = start_servers(DataFolder(tmp_path), given)
    assert servers.children == []
    assert servers.environment == given | {"DATA_DIR": str(tmp_path)}


def test_nobody_gets_in_without_the_password(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    servers = start(tmp_path)
    secrets = DataFolder(tmp_path).secrets()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(servers.environment["DATABASE_URL"].replace(secrets.application, "guess"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(servers.environment["REDIS_URL"].replace(secrets.redis, "guess")).ping()


def test_the_application_may_make_nothing_in_the_database(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    servers = start(tmp_path)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(servers.environment["DATABASE_URL"], "CREATE TABLE mine ()")


def test_postgresql_does_not_run_as_root(tmp_path: Path, start: Callable[[Path], Servers]) -> None:
    servers = start(tmp_path)
    owners = {Path(f"/proc/{child.process.pid}").stat().st_uid for child in servers.children}
    assert 0 not in owners


def test_the_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "var")
    made = folder.secrets()
    folder.write_run("bin/dev", {"SECRET_KEY": made.secret_key})
    modes = [stat.S_IMODE((folder.path / name).stat().st_mode) for name in ("secrets.json", "run.json", ".")]
    assert modes == [0o600, 0o600, 0o700]


def test_the_secrets_stay_the_same(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).secrets() == DataFolder(tmp_path).secrets()


def test_lost_secrets_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StartRefused) as refused:
        DataFolder(tmp_path).secrets()
    assert str(refused.value) == (
        f"DATA_DIR: {tmp_path}/secrets.json is missing, and without it nobody can log in to the database "
        "there; put the file back from a backup, or set another DATA_DIR"
    )


def test_data_of_another_major_version_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.secrets()
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartRefused) as refused:
        start_servers(folder, {"REDIS_URL": "redis://cache"})
    assert str(refused.value) == (
        f"DATA_DIR: {tmp_path}/postgres was made by PostgreSQL 17 and this is 18; start the release that "
        "made it, save its database with pg_dump and load it into an empty DATA_DIR, or set another one"
    )


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartRefused) as refused:
        DataFolder(tmp_path / "file" / "var")
    assert str(refused.value) == (
        f"DATA_DIR: {tmp_path}/file/var cannot be written (Not a directory); set another folder"
    )


def test_only_the_system_user_is_let_through_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    let_through(ChildAccount(64321, 64321), closed)
    assert stat.S_IMODE(closed.stat().st_mode) & stat.S_IRWXO == 0
    first = os.getxattr(closed, "system.posix_acl_access")
    assert first.count((64321).to_bytes(4, "little")) == 1
    let_through(ChildAccount(64321, 64321), closed)
    assert os.getxattr(closed, "system.posix_acl_access") == first


def test_a_held_folder_says_by_whom(holder: tuple["subprocess.Popen[str]", Path, list[int]]) -> None:
    process, path, _ = holder
    folder = DataFolder(path)
    assert folder.lock("bin/dev") is False
    assert folder.held_by().startswith(f"bin/dev at http://localhost:1/, process {process.pid}, since 20")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_servers_end_with_the_process_that_started_them(
    holder: tuple["subprocess.Popen[str]", Path, list[int]], number: signal.Signals
) -> None:
    process, _, children = holder
    assert [is_running(pid) for pid in children] == [True, True]
    process.send_signal(number)
    process.wait()
    assert wait_until_ended(children, 10) == []


def test_a_start_right_after_a_kill_finds_the_data_whole(
    holder: tuple["subprocess.Popen[str]", Path, list[int]], start: Callable[[Path], Servers]
) -> None:
    process, path, _ = holder
    process.kill()
    process.wait()
    servers = start(path)
    assert execute(servers.environment["DATABASE_URL"], "SELECT 1") == (1,)


def manage(path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    environment = bare_environment(DATA_DIR=str(path))
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


SHOW_PORT = "from django.db import connection as c; print(c.settings_dict['PORT'])"


def test_manage_uses_the_servers_of_a_running_start(
    holder: tuple["subprocess.Popen[str]", Path, list[int]],
) -> None:
    _, path, children = holder
    done = manage(path, "shell", "--no-imports", "-c", SHOW_PORT)
    address = json.loads((path / "run.json").read_text())["environment"]["DATABASE_URL"]
    assert f":{done.stdout.strip()}/" in address
    assert [is_running(pid) for pid in children] == [True, True]


def test_manage_starts_servers_for_its_own_time(tmp_path: Path) -> None:
    show = "from pathlib import Path; from django.conf import settings as s; "
    show += "print((s.DATA_DIR / 'postgres' / 'postmaster.pid').read_text().split()[0])"
    done = manage(tmp_path, "shell", "--no-imports", "-c", show)
    assert done.returncode == 0, done.stderr
    assert wait_until_ended([int(done.stdout)], 0.1) == []
    assert not (tmp_path / "run.json").exists()


def test_a_killed_child_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; print('about to fail', flush=True); time.sleep(60)"]
    child = processes.start("example", command, log=tmp_path / "example.log", env=bare_environment())
    while not (tmp_path / "example.log").read_text():
        time.sleep(0.01)
    child.process.kill()
    child.process.wait()
    with pytest.raises(processes.ChildEnded) as ended:
        child.check()
    assert str(ended.value) == f"example ended with status -9: about to fail (whole log: {tmp_path}/example.log)"

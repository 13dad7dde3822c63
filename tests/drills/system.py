"""A whole running system of which single parts can be killed, frozen and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psycopg

from config import processes
from config.data_folder import DataFolder
from config.dev import Program, Web, programs
from config.embedded import free_port, start_postgres, start_servers, start_valkey
from config.processes import Child, ChildEnded

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_ANSWER = 60
LIMITS = ("LIMIT_API", "LIMIT_FORM", "LIMIT_DRAFT", "LIMIT_UPLOAD", "LIMIT_CAPTURE", "LIMIT_EXPORT", "LIMIT_PREVIEW")


class System:
    """What bin/dev starts, with the demonstration data, in a folder of its own. Mails go to `mail_port`.

    `parts` are the running processes by name: Valkey, PostgreSQL, beat, web, worker-reminders, worker-captures.
    """

    def __init__(self, folder: Path, mail_port: int, **environment: str) -> None:
        self.folder = DataFolder(folder)
        self.web = Web("127.0.0.1", free_port(), "http://localhost/")
        self.parts: dict[str, Child] = {}
        # Those who drill ask as fast as they can; the drill of load sets the limits that everybody has.
        self._mail_port, self._given = mail_port, dict.fromkeys(LIMITS, "none") | environment

    def __enter__(self) -> "System":
        self.folder.lock("bin/dev")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        servers = start_servers(self.folder, bare)
        self.parts = {child.name: child for child in servers.children}
        self.superuser_url = servers.superuser_url
        self.environment = bare | servers.environment | self._given
        self.environment |= {
            "PORT": str(self.web.port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMAIL_URL": f"smtp://127.0.0.1:{self._mail_port}",
            "PUBLIC_URL": f"http://localhost:{self.web.port}",
        }
        self.manage("prepare", "--demonstration")
        self._programs = {program.name: program for program in programs(self.folder, self.web)}
        for name in self._programs:
            self.start(name)

    def stop(self) -> None:
        """Ends everything, ours before the servers."""
        servers = [self.parts.pop(name) for name in ("Valkey", "PostgreSQL") if name in self.parts]
        for child in (*self.parts.values(), *servers):
            child.process.send_signal(signal.SIGCONT)
        processes.stop(list(self.parts.values()), 8)
        processes.stop(servers, 8)
        self.folder.unlock()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of manage.py beside the running parts. Raises CalledProcessError where it fails."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True, timeout=300
        )

    def verify(self, *arguments: str) -> list[str]:
        """What `manage.py verify` finds, a line each."""
        try:
            done = self.manage("verify", "--json", "--recompute", "all", "--grace", "60", *arguments)
        except subprocess.CalledProcessError as error:
            done = error  # type: ignore[assignment]  # status 1 has the same output
        found = json.loads(done.stdout)["findings"]
        return [f"{one['check']}: {one['subject']}: {one['expected']}, {one['found']}" for one in found]

    def start(self, name: str) -> None:
        """Starts a part that does not run, at the address that it had, and waits until it answers."""
        if name == "Valkey":
            port = urlsplit(self.environment["REDIS_URL"]).port or 0
            self.parts[name], _url = start_valkey(self.folder, self.folder.secrets(), port)
        elif name == "PostgreSQL":
            self._start_postgres()
        else:
            self.parts[name] = self._programs[name].start(self.folder, self.environment)
            if name == "web":
                self.until(self.answers, "web answers")

    def _start_postgres(self) -> None:
        port = urlsplit(self.superuser_url).port or 0
        until = time.monotonic() + SECONDS_TO_ANSWER
        while time.monotonic() < until:
            self.parts["PostgreSQL"] = child = start_postgres(self.folder, self.folder.secrets(), port, durable=True)
            with suppress(ChildEnded, TimeoutError):
                # While a process of the one that was killed is still there, a new one refuses and ends.
                self.until(self._database_answers, "PostgreSQL answers", also=child.check)
                return
        raise TimeoutError("PostgreSQL did not come up again")

    def _database_answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start_another(self, name: str, *more: str) -> Child:
        """Starts a second process of a part, with more arguments, which ends with the system."""
        program = self._programs[name]
        twin = Program(f"{name}-2", (*program.command, *more), program.orphan_signal)
        self.parts[twin.name] = twin.start(self.folder, self.environment)
        return self.parts[twin.name]

    def kill(self, name: str) -> None:
        """SIGKILL to a part and everything that it started, as a machine that runs out of memory would do."""
        child = self.parts.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def children(self, name: str) -> list[int]:
        """The processes that a part has started."""
        pid = self.parts[name].process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_one_process(self, name: str) -> None:
        """SIGKILL to one process that a part has started; the part goes on with another."""
        os.kill(self.children(name)[-1], signal.SIGKILL)

    def unfinished_attachments(self) -> list[str]:
        """What writers have left half-written in the folder of the attachments."""
        storage = Path(self.environment.get("EVIDENCE_STORAGE") or self.folder.path / "evidence")
        return [file.name for file in (storage / "incoming").glob("*")]

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The part is there and answers nothing."""
        self.parts[name].process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.parts[name].process.send_signal(signal.SIGCONT)

    def answers(self) -> bool:
        from tests.drills.people import DrillPerson, Refused

        try:
            DrillPerson(self.web.port).get("/healthz")
        except Refused:
            return False
        return True

    def until(
        self,
        condition: Callable[[], bool],
        what: str,
        *,
        seconds: float = SECONDS_TO_ANSWER,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        """Waits until it is so. Raises TimeoutError, and what `also` raises."""
        end = time.monotonic() + seconds
        while not condition():
            also()
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.1)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The answer to a query, past all rights."""
        url = urlsplit(self.superuser_url)._replace(path=urlsplit(self.environment["DATABASE_URL"]).path).geturl()
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

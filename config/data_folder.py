"""DATA_DIR: its lock, the secrets stored in it, and the addresses of the running servers."""

import fcntl
import json
import os
import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

Holder = Literal["bin/dev", "manage.py"]
PROJECT = Path(__file__).resolve().parent.parent


class StartRefused(Exception):
    """The start is refused; the text is one line that says what to change."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Django's key and the passwords of the embedded servers, made once and stored.

    A folder from an older release has fewer; the missing ones are made and stored with the others.
    """

    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(50))
    superuser: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    owner: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    application: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    sequencer: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    redis: str = field(default_factory=lambda: secrets.token_urlsafe(24))


@dataclass(frozen=True, slots=True)
class RunFile:
    """The content of run.json: the holder of the folder, since when, and the addresses for the environment."""

    pid: int
    holder: Holder
    since: str
    environment: dict[str, str]
    address: str = ""


class DataFolder:
    """The folder named by DATA_DIR; a missing one is created for its owner alone."""

    def __init__(self, path: Path) -> None:
        """Create the folder and `logs` in it. Raises StartRefused when it cannot be created or written."""
        self.path = path.absolute()
        self._lock: int | None = None
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StartRefused(
                f"DATA_DIR: {self.path} cannot be written ({error.strerror}); set another folder"
            ) from error

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "DataFolder":
        return cls(Path(environ.get("DATA_DIR") or PROJECT / "var"))

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    def lock(self, holder: Holder) -> bool:
        """Lock the folder for this process until `unlock` or its end; return False if another process holds it.

        Raises StartRefused when the folder belongs to another user.
        """
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartRefused(
                f"DATA_DIR: {self.path} cannot be locked ({error.strerror}); set another folder"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle
        self.run_file.unlink(missing_ok=True)
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {holder}\n".encode(), 0)
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self.run_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def held_by(self) -> str:
        """Return the holder of the folder, in words."""
        run = self.read_run()
        if run:
            where = f" at {run.address}" if run.address else ""
            return f"{run.holder}{where}, process {run.pid}, since {run.since}"
        pid, _, holder = (self.path / "lock").read_text().strip().partition(" ")
        return f"{holder}, process {pid}, which is starting or stopping"

    def write_run(self, holder: Holder, environment: Mapping[str, str], address: str = "") -> None:
        """Write run.json, readable by its owner only."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        run = RunFile(os.getpid(), holder, since, dict(environment), address)
        write_private(self.run_file, json.dumps(asdict(run), indent=2))

    def read_run(self) -> RunFile | None:
        """Return the run file of the present holder; None if it has not written one yet."""
        try:
            run = RunFile(**json.loads(self.run_file.read_text()))
            holder_pid = (self.path / "lock").read_text().partition(" ")[0]
        except (OSError, ValueError, TypeError):
            return None
        return run if str(run.pid) == holder_pid else None

    def wait_for_run(self, seconds: float) -> RunFile | None:
        """Return the run file of a running bin/dev, or None once this process has locked the folder itself.

        Waits up to `seconds` for a bin/dev that is still starting, and for a command that uses the folder alone.
        Raises StartRefused when the time is over.
        """
        until = time.monotonic() + seconds
        while not self.lock("manage.py"):
            run = self.read_run()
            if run and run.holder == "bin/dev":
                return run
            if time.monotonic() > until:
                raise StartRefused(f"DATA_DIR: {self.path} is held by {self.held_by()}; wait for it or stop it")
            time.sleep(0.05)
        return None

    def secrets(self) -> Secrets:
        """Return the stored secrets, made on the first call. Raises StartRefused when there is data but no secrets."""
        path = self.path / "secrets.json"
        try:
            kept = json.loads(path.read_text())
            found = Secrets(**kept)
            if asdict(found) != kept:
                write_private(path, json.dumps(asdict(found), indent=2))
            return found
        except FileNotFoundError:
            if (self.path / "postgres").exists():
                raise StartRefused(
                    f"DATA_DIR: {path} is missing, and without it nobody can log in to the database there; "
                    "put the file back from a backup, or set another DATA_DIR"
                ) from None
        except (OSError, ValueError, TypeError) as error:
            raise StartRefused(f"DATA_DIR: {path} cannot be read ({error}); put it back from a backup") from error
        made = Secrets()
        write_private(path, json.dumps(asdict(made), indent=2))
        return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    # mkstemp makes files with mode 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    Path(temporary).replace(path)

"""Child processes that end with their parent, whatever ends it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildEnded(Exception):
    """A process that should be running is not. Its text is one line, the end of the log included."""


@dataclass(frozen=True, slots=True)
class ChildAccount:
    """The system user that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Child:
    """A running process in a session of its own; `stop_signal` asks it to end."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    def ask_to_stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, until: float) -> None:
        """Waits until the monotonic time `until` (seconds), then kills the process and what it started."""
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            # Not reaped yet, so the group still is this child's.
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def check(self) -> None:
        """Raises ChildEnded, with the end of its log, when the process is gone."""
        status = self.process.poll()
        if status is not None:
            raise ChildEnded(f"{self.name} ended with status {status}: {tail(self.log)} (whole log: {self.log})")


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    orphan_signal: signal.Signals | None = None,
    account: ChildAccount | None = None,
    folder: Path | str = "/",
    feed: bytes | None = None,
) -> Child:
    """Starts `command` with `feed` as its input and a new `log` as its output; the last log stays beside it.

    The child gets a session of its own, so that Ctrl-C reaches the supervisor alone, which ends its
    children in order. When the supervisor is killed, the kernel sends `orphan_signal` (default:
    `stop_signal`). Call it from the main thread: the kernel takes the end of the thread that started a child
    for the end of the parent.
    """
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the commands are our own
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(env),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=end_with(os.getpid(), orphan_signal or stop_signal),  # noqa: PLW1509 - no threads here
        )
    if feed is not None and process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(feed)
    return Child(name, process, log, stop_signal)


def end_with(parent: int, orphan_signal: signal.Signals) -> Callable[[], None]:
    """What a new child runs before its program: ties its life to the process `parent`.

    Runs after the change of user, which would undo it (prctl(2), PR_SET_PDEATHSIG).
    """

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def stop(children: Sequence[Child], seconds: float) -> None:
    """Asks the children to end, in this order, and kills what still runs after `seconds`."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + seconds
    for child in children:
        child.wait_or_kill(until)


def tail(log: Path, lines: int = 3) -> str:
    """The last lines of a log, joined into one."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "no log"
    return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip()) or "its log is empty"

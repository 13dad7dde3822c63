"""Child processes that end with their parent, however it ends."""

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
    """A process that should be running has ended; the text is one line with the end of its log."""


@dataclass(frozen=True, slots=True)
class ChildAccount:
    """The system user that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOptions:
    """How a child starts and ends, where it differs from the usual.

    `orphan_signal` is sent by the kernel when the supervisor is killed; None: `stop_signal`. `feed` is the child's
    standard input.
    """

    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals | None = None
    account: ChildAccount | None = None
    folder: Path | str = "/"
    feed: bytes | None = None


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
        """Wait until the monotonic time `until` (seconds), then kill the process and its group."""
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            # The process is not reaped yet, so the group still belongs to it.
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def check(self) -> None:
        """Check that the process runs. Raises ChildEnded with the end of its log when it has ended."""
        status = self.process.poll()
        if status is not None:
            raise ChildEnded(f"{self.name} ended with status {status}: {tail(self.log)} (whole log: {self.log})")


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    options: ChildOptions = ChildOptions(),
) -> Child:
    """Start `command` with a new `log` as its output; the previous log stays beside it.

    The child gets a session of its own, so that Ctrl-C reaches only the supervisor, which ends its children in order.
    Call it from the main thread: the kernel treats the end of the thread that started a child as the parent's end.
    """
    account, feed = options.account, options.feed
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the commands are our own
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=options.folder,
            env=dict(env),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            # Safe, because there are no threads here.
            preexec_fn=end_with(os.getpid(), options.orphan_signal or options.stop_signal),  # noqa: PLW1509
        )
    if feed is not None and process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(feed)
    return Child(name, process, log, options.stop_signal)


def end_with(parent: int, orphan_signal: signal.Signals) -> Callable[[], None]:
    """Return the function that a new child runs before its program, which ties its life to the process `parent`.

    It runs after the change of user, which would reset it (prctl(2), PR_SET_PDEATHSIG).
    """

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def stop(children: Sequence[Child], seconds: float) -> None:
    """Ask the children to end, in this order, and kill those that still run after `seconds`."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + seconds
    for child in children:
        child.wait_or_kill(until)


def tail(log: Path, lines: int = 3) -> str:
    """Return the last lines of a log, joined into one."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return "no log"
    return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip()) or "its log is empty"

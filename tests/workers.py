"""A Celery worker in a process of its own, for tests that kill it."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config import processes

ROOT = Path(__file__).resolve().parent.parent


def start_worker_process(queues: str, log: Path, environment: Mapping[str, str]) -> processes.Child:
    """Start a worker for `queues` (comma-separated names). Returns when it accepts tasks."""
    command = [
        *(
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-Q",
            queues,
            "-n",
            f"{log.stem}-{os.getpid()}@test",
        ),
        *("--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "DEBUG"),
    ]
    worker = processes.start(
        "worker",
        command,
        log=log,
        env=os.environ | environment,
        options=processes.ChildOptions(orphan_signal=signal.SIGKILL, folder=ROOT),
    )
    until = time.monotonic() + 30
    while " ready." not in log.read_text():
        worker.check()
        if time.monotonic() > until:
            raise TimeoutError(f"the worker was not ready within 30 s: {processes.tail(log)}")
        time.sleep(0.05)
    return worker

"""gunicorn's settings: `python -m gunicorn -c python:config.web_server --bind ADDRESS config.wsgi`.

Options on the command line override these.
"""

import os
import shutil
import sys
import tempfile
from typing import Protocol

from config.logs import LOGGING

# Each process counts its requests in a file of its own here. Set before the application is loaded.
_counts = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="second-source-metrics-")
# The processes take turns through files here (claims.turns).
_turns = os.environ["SECOND_SOURCE_TURNS"] = tempfile.mkdtemp(prefix="second-source-turns-")

# Gives the web processes their own time limits for statements and locks (config.settings).
os.environ["SECOND_SOURCE_PROCESS"] = "web"

# A thread that renders a long page yields to the others sooner than after Python's default of 5 ms.
sys.setswitchinterval(0.001)

# Threads cope with slow clients; two processes use two processors.
worker_class = "gthread"
workers = 2
threads = 8  # at most half of them work on large graphs (claims.turns)
# Loaded once and shared by the processes, which halves the memory.
preload_app = True
graceful_timeout = 3
control_socket_disable = True
loglevel = "warning"
# Same format as the application's log. No access log: it would hold addresses and queries.
logconfig_dict = LOGGING


class WebWorker(Protocol):
    """A worker process, as gunicorn passes it to the hooks."""

    pid: int


def child_exit(server: object, worker: WebWorker) -> None:
    """Keep the counts of a process that ended."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: object) -> None:
    """Remove the temporary folders."""
    for folder in (_counts, _turns):
        shutil.rmtree(folder, ignore_errors=True)

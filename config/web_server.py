"""What gunicorn is told: `python -m gunicorn -c python:config.web_server --bind ADDRESS config.wsgi`.

Options on the command line win over what stands here.
"""

import os
import shutil
import sys
import tempfile
from typing import Any

from config.logs import LOGGING

# The processes count their requests in files here, each in its own. Set before the application is loaded.
_counts = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="second-source-metrics-")
# Here they tell each other whose turn it is (claims.turns).
_turns = os.environ["SECOND_SOURCE_TURNS"] = tempfile.mkdtemp(prefix="second-source-turns-")

# As does what it is: the database breaks off what keeps a person waiting too long (config.settings).
os.environ["SECOND_SOURCE_PROCESS"] = "web"

# Who renders a long page lets the others have a turn sooner than after the usual five milliseconds.
sys.setswitchinterval(0.001)

# Threads bear slow clients; two processes use two processors.
worker_class = "gthread"
workers = 2
threads = 8  # half of them are enough for what is large and waits (claims.turns)
# Loaded once and shared by the processes: half the memory.
preload_app = True
graceful_timeout = 3
control_socket_disable = True
loglevel = "warning"
# Its own log as the application's. It keeps no list of requests: that would hold addresses and queries.
logconfig_dict = LOGGING


def child_exit(server: Any, worker: Any) -> None:
    """What a process that ended has counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Nothing is left behind."""
    for folder in (_counts, _turns):
        shutil.rmtree(folder, ignore_errors=True)

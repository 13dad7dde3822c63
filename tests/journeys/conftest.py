"""What a journey needs besides the browser: the demonstration desk, a clock that ticks, and a page to capture."""

import signal
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demonstration(transactional_db: None, settings: "Settings", live_server: object) -> str:
    """The demonstration desk, served; answers the address."""
    from django.core.management import call_command

    settings.PUBLIC_URL = str(live_server)
    call_command("seed_demo", verbosity=0)
    return str(live_server)


@pytest.fixture
def beat(redis_url: str, tmp_path: Path) -> Iterator[None]:
    """Celery's beat as a process of its own, which wakes the worker up."""
    import os

    from config import processes

    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "-s", str(tmp_path / "beat-schedule")]
    child = processes.start(
        "beat",
        command,
        log=tmp_path / "beat.log",
        env=os.environ.copy(),
        options=processes.ChildOptions(orphan_signal=signal.SIGKILL, folder=ROOT),
    )
    yield
    child.wait_or_kill(0)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def newspaper(tmp_path: Path, settings: "Settings") -> Iterator[str]:
    """A site with one article; answers its address. Captures may reach it."""
    folder = tmp_path / "newspaper"
    folder.mkdir()
    (folder / "article.html").write_text("<title>Crates at the pier</title><p>The survey found the crates.</p>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        settings.CAPTURE_ALLOW = [ip_network("127.0.0.0/8")]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/article.html"
        server.shutdown()

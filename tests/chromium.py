"""The browser of the tests: CHROMIUM_PATH, else the system's, else one installed by apt if possible."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but the pages under test: no traffic of the browser's own.
FLAGS = (
    *("--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


class NoBrowser(Exception):
    """There is no Chromium, and it cannot be installed here. The text says what to do."""


def find_chromium() -> str:
    """The path of a Chromium. Raises NoBrowser."""
    given = os.environ.get("CHROMIUM_PATH")
    if given:
        if not os.access(given, os.X_OK):
            raise NoBrowser(f"CHROMIUM_PATH: {given} is no program; set the path of Chromium or unset it")
        return given
    found = _on_path() or _installed_by_apt()
    if not found:
        raise NoBrowser(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH"
        )
    return found


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _installed_by_apt() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    # Several test processes may come here at once.
    with (Path(gettempdir()) / "second-source-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _on_path():
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "-y", "install", "chromium"]):
                subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return _on_path()


@contextmanager
def launch() -> Iterator[Browser]:
    """A running headless Chromium. Raises NoBrowser."""
    # As root Chromium's own sandbox cannot be set up.
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()

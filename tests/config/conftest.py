"""Folders for servers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of pytest's own: each run of pytest as root closes those of all others again (mode 0700),
    and a system user that was let through to its data would be shut out.
    """
    with tempfile.TemporaryDirectory(prefix="second-source-") as folder:
        yield Path(folder)

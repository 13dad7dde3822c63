"""Witnesses in a test: real `manage.py witness` processes, and policies that name them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ledger.notes import VerifierKey, read_verifier_key
from ledger.verifier import COSIGNATURE, WitnessPolicy, read_witness_policy
from tests.conftest import ROOT


class Running(NamedTuple):
    """A witness that runs: its key, where it is asked, and the process."""

    key: VerifierKey
    url: str
    process: "subprocess.Popen[str]"

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    def line(self, name: str) -> str:
        """Its line of a policy."""
        return f"witness {name} {self.key} {self.url}\n"


def write_logs(path: Path, *keys: object) -> Path:
    """The file of the logs that a witness watches."""
    path.write_text("".join(f"log {key}\n" for key in keys) + "quorum none\n")
    return path


@contextmanager
def running_witness(folder: Path, logs: Path, name: str = "witness.example.org/w", port: int = 0) -> Iterator[Running]:
    """A witness with its key and memory in a folder; killed at the end."""
    # It needs no database: the address of none is given.
    environment = {**os.environ, "DATABASE_URL": "postgresql://nobody@localhost:1/none"}
    environment |= {"DATABASE_SEQUENCER_URL": "", "DATABASE_OWNER_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "witness", "--folder", str(folder), "--logs", str(logs)]
    process = subprocess.Popen(
        [*command, "--name", name, "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words, process.communicate()[1]
        yield Running(read_verifier_key(words[1], COSIGNATURE), words[2], process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def policy_of(*witnesses: Running, least: int | str = "all") -> WitnessPolicy:
    """A policy whose quorum are so many of these witnesses, named w0, w1 …"""
    names = [f"w{number}" for number in range(len(witnesses))]
    lines = [witness.line(name) for name, witness in zip(names, witnesses, strict=True)]
    group = f"group all-of-them {least} {' '.join(names)}\nquorum all-of-them\n"
    return read_witness_policy("".join([*lines, group]).encode())

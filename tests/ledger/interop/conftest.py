"""What the Go tests share: the reader in `reader/`, built once."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.exports import POLICY
from tests.ledger.interop.test_go import ENVIRONMENT

KEYS = {
    "origin": POLICY.origin,
    "log_keys": [str(key) for key in POLICY.log_keys],
    "receipt_keys": [str(key) for key in POLICY.receipt_keys],
}

Ask = Callable[[list[dict[str, Any]]], list[Any]]
"""What the Go program answers to questions."""


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("go")
    program = folder / "reader"
    environment = {**ENVIRONMENT, "GOCACHE": str(folder / "cache")}
    source = Path(__file__).parent / "reader"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, env=environment, check=True)

    def run(asked: list[dict[str, Any]]) -> list[Any]:
        given = json.dumps({"policy": KEYS, "asked": asked})
        done = subprocess.run([program], input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return run


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def witnesses_question(note: str, policy: str) -> dict[str, Any]:
    return {"What": "witnesses", "Data": encoded(note.encode()), "WitnessPolicy": policy}


def counted(counts: dict[str, int]) -> dict[str, int]:
    """The counts that both programs make."""
    return {name: counts.get(name, 0) for name in ("lines", "entries", "fields verified", "fields not disclosed")}

"""Exports for one reader, in tests: written by the command, checked by the verifier alone, read line by line."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from accounts.actions import set_role
from accounts.models import Desk, Role, User
from tests.conftest import ROOT


def opened(folder: Path, user: User) -> Path:
    """The folder with what the person may read."""
    call_command("export_ledger", str(folder), "--with-disclosures", "--for", user.username, stdout=StringIO())
    return folder


def audits_all(user: User) -> User:
    """The same person, who audits every desk from now on."""
    for desk in Desk.objects.all():
        set_role(desk=desk, user=user, role=Role.AUDITOR, by=None)
    return user


def verifier(command: str, path: Path, policy: Path) -> "subprocess.CompletedProcess[str]":
    """What the verifier says, run alone as whoever takes it away runs it."""
    script = [sys.executable, "-I", str(ROOT / "ledger/verifier.py"), command, str(path), "--policy", str(policy)]
    return subprocess.run(script, capture_output=True, text=True, check=False)


def audited(folder: Path) -> str:
    """What an audit of the folder, and a look at its lines alone, find: nothing. Gives what the audit printed."""
    done, alone = (
        verifier("audit", folder, folder / "policy"),
        verifier("export", folder / "export.jsonl", folder / "policy"),
    )
    assert (done.returncode, alone.returncode) == (0, 0), done.stdout + alone.stdout
    return done.stdout


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of the entries."""
    read = [json.loads(line) for line in (folder / "export.jsonl").read_text().splitlines()]
    assert ("format" in read[0], read[-1]) == (True, {"entries": len(read) - 2})
    return read[1:-1]


def files(folder: Path) -> dict[str, bytes]:
    """All files, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def values(one: dict[str, Any]) -> dict[str, Any]:
    """What a line opens, by name."""
    return {name: given["value"] for name, given in one.get("disclosures", {}).items() if given}

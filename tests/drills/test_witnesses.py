"""Two installations that watch each other: each runs a witness for the other, and asks the other's."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.notes import checkpoint_text, sign_note
from ledger.signer import LOG_KEY, read_key
from ledger.verifier import LogSize, Policy, read_checkpoint, read_policy, split_note
from ledger.witnessing import request_body
from tests.drills.people import DrillPerson, Refused
from tests.drills.system import ROOT, System
from tests.drills.work import WorkingDesk
from tests.ledger.test_witnessing import post
from tests.ledger.witnesses import Running, running_witness, write_logs
from tests.mail import MailServer

NAMES = ("north", "south")


@dataclass
class WitnessedInstallation:
    """A desk's whole system, its people, and the witness that watches its log, which the other one runs."""

    system: System
    desk: WorkingDesk
    watched_by: Running
    folder: Path

    def note(self, name: str = "checkpoint") -> bytes:
        return DrillPerson(self.system.web.port).download(f"/ledger/{name}")

    def size(self, name: str = "checkpoint") -> int:
        """Of the newest checkpoint, or of another; 0 where there is none."""
        try:
            return read_checkpoint(split_note(self.note(name))[0]).size
        except Refused:
            return 0

    def policy(self) -> Policy:
        return read_policy(DrillPerson(self.system.web.port).download("/ledger/policy"))

    def is_witnessed(self) -> bool:
        return 0 < self.size() == self.size("checkpoint.witnessed")

    def watch(self) -> "subprocess.CompletedProcess[str]":
        """What somebody outside finds, who has watched from the first time on."""
        (self.folder / "policy.json").write_bytes(DrillPerson(self.system.web.port).download("/ledger/policy"))
        command = [sys.executable, "ledger/verifier.py", "watch", f"http://localhost:{self.system.web.port}"]
        files = ["--policy", str(self.folder / "policy.json"), "--memory", str(self.folder / "memory")]
        return subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installations(mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[WitnessedInstallation]]:
    """North, which south's witness watches, and south, which north's does."""
    folder = tmp_path_factory.mktemp("witnesses")
    with ExitStack() as stack:
        made = []
        for name, other in zip(NAMES, reversed(NAMES), strict=True):
            # Nobody has a key of a log yet: the file is read again once there is one.
            logs = write_logs(folder / f"logs-of-{other}s-witness")
            witness = stack.enter_context(running_witness(folder / other, logs, f"{other}.example.org/witness"))
            policy = folder / f"witnesses-of-{name}"
            policy.write_text(f"{witness.line(other)}quorum {other}\n")
            own = folder / f"system-{name}"
            own.mkdir()
            system = stack.enter_context(System(own, mail.port, WITNESS_POLICY=str(policy)))
            (key,) = json.loads((own / "signer/policy.json").read_bytes())["log_keys"]
            write_logs(logs, key)
            seen = folder / f"seen-of-{name}"
            seen.mkdir()
            made.append(WitnessedInstallation(system, WorkingDesk.of(system), witness, seen))
        yield made


def until_witnessed(one: WitnessedInstallation) -> None:
    one.system.until(one.is_witnessed, "the newest checkpoint is witnessed", seconds=90)


def test_each_cosigns_the_others_log(installations: list[WitnessedInstallation], say: Callable[..., None]) -> None:
    for one in installations:
        until_witnessed(one)
        before = one.size()
        one.desk.new_claim("Something was said")
        one.system.until(lambda one=one, before=before: one.size() > before, "it is in the log")  # type: ignore[misc]
        until_witnessed(one)
        found = one.policy().witnessed(one.note("checkpoint.witnessed"))
        assert found is not None and found.is_met and [each.key for each in found.by] == [one.watched_by.key]
        done = one.watch()
        assert done.returncode == 0 and f"witnessed by: {one.watched_by.key.name} at" in done.stdout, done.stdout
    say(entries=[one.size() for one in installations])


def test_a_witness_that_is_away_delays_the_mark_and_no_work(
    installations: list[WitnessedInstallation], say: Callable[..., None]
) -> None:
    one = installations[0]
    until_witnessed(one)
    marked = one.size("checkpoint.witnessed")
    one.watched_by.process.send_signal(signal.SIGSTOP)
    try:
        for number in range(5):
            before = one.size()
            one.desk.new_claim(f"Said while nobody watched, {number}")
            one.system.until(lambda before=before: one.size() > before, "it is in the log")  # type: ignore[misc]
        unmarked = one.size()
        assert one.size("checkpoint.witnessed") < unmarked
    finally:
        one.watched_by.process.send_signal(signal.SIGCONT)
    until_witnessed(one)
    assert one.watch().returncode == 0
    say(entries_recorded_meanwhile=unmarked - marked)


def test_a_second_log_by_the_same_key_is_cosigned_by_nobody(installations: list[WitnessedInstallation]) -> None:
    """Whoever runs north has its key, and shows its witness another history than everybody else."""
    one = installations[0]
    until_witnessed(one)
    newest: LogSize = read_checkpoint(split_note(one.note())[0])
    key = read_key(one.system.folder.path / "signer" / LOG_KEY)
    other = sign_note(checkpoint_text(key.name, newest.size + 1, bytes(32)), [key]).decode()
    same = sign_note(checkpoint_text(key.name, newest.size, bytes(32)), [key]).decode()
    statuses = [
        post(one.watched_by, request_body(newest.size, [], same)).status,
        post(one.watched_by, request_body(newest.size, [bytes(32)] * 3, other)).status,
        post(one.watched_by, request_body(0, [], other)).status,
    ]
    assert statuses == [422, 422, 409]
    before = one.size()
    one.desk.new_claim("And work goes on")
    one.system.until(lambda: one.size() > before, "it is in the log")
    until_witnessed(one)

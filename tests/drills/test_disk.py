"""The disk of the attachments is full: people are told, nothing is half-written, and later files are kept."""

import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drills.people import DrillPerson, Refused
from tests.drills.system import System
from tests.drills.work import SIZE, Attacher, WorkingDesk
from tests.mail import MailServer

TOLD = "storage is full or not responding"


@contextmanager
def _small_disk() -> Iterator[Path | None]:
    """A disk of 4 MB. None where only root may make one: files are then refused by their size, in the same call."""
    if os.geteuid() != 0:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="second-source-disk-") as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode != 0:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def _full(system: System, disk: Path | None) -> Iterator[None]:
    """Nothing more of an attachment's size goes onto the disk."""
    if disk is not None:
        filler = disk / "incoming" / "filler"
        filler.parent.mkdir(exist_ok=True)
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"\0" * 4096)
        yield
        filler.unlink()
        return
    pids = [system.parts["web"].process.pid, *system.children("web")]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_soft, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (SIZE // 2, hard))
    yield
    for pid, limits in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def _refusals(attacher: Attacher, number: int) -> list[Refused]:
    found = []
    for _ in range(number):
        with pytest.raises(Refused) as refused:
            attacher.once()
        found.append(refused.value)
    return found


def test_a_full_disk_is_told_and_harms_nothing(mail: MailServer, say: Callable[..., None], *, short: bool) -> None:
    with _small_disk() as disk, tempfile.TemporaryDirectory(prefix="second-source-drill-") as folder:
        given = {"EVIDENCE_STORAGE": str(disk)} if disk else {}
        with System(Path(folder), mail.port, **given) as system:
            attacher, reporter = Attacher(WorkingDesk.of(system)), DrillPerson(system.web.port).sign_in("reporter")
            attacher.once()
            rows = "SELECT count(*) FROM sources_attachment"
            kept = system.rows(rows)
            with _full(system, disk):
                refused = _refusals(attacher, 5 if short else 50)
                reporter.get("/claims/")  # pages are not concerned
            assert system.rows(rows) == kept
            attacher.once()
            say(
                disk="4 MB, full" if disk else "a limit on the size of files (no right to mount)",
                refused=len(refused),
                attachments_acknowledged=len(attacher.kept),
                longest_answer=f"{attacher.person.longest:.2f} s",
            )
            assert {(one.status, TOLD in one.text) for one in refused} == {(503, True)}
            assert attacher.lost() == []
            assert system.unfinished_attachments() == []
            assert system.verify() == []

"""Nothing is found where nothing was tampered with: in the demonstration and in 1,000 claims to measure with."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ledger.verifier import audit, folder_reader, read_policy, replay
from tests.drills.people import DrillPerson
from tests.drills.system import System
from tests.mail import MailServer

CLAIMS = 1000
AUDITORS = ("auditor", "scale-auditor")


def test_no_false_alarm(mail: MailServer, say: Callable[..., None], tmp_path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="second-source-drill-") as folder,
        System(Path(folder), mail.port) as system,
    ):
        system.manage("seed_scale", "--claims", str(CLAIMS), "--add", "--password", "demo-scale-auditor")
        system.until(lambda: system.rows("SELECT count(*) FROM ledger_outbox") == [(0,)], "every entry has its place")
        time.sleep(2)  # a checkpoint a second
        began = time.monotonic()
        verified = system.verify()
        seconds = time.monotonic() - began
        checked = system.manage("verify_ledger").stdout.splitlines()
        system.manage("export_ledger", str(tmp_path))
        policy, read = read_policy((tmp_path / "policy").read_bytes()), folder_reader(tmp_path)
        listed = [claim for name in AUDITORS for claim in _claims(DrillPerson(system.web.port).sign_in(name))]
        replayed = replay(read, policy, listed)
        say(
            claims=len(listed),
            entries=replayed.counts["entries"],
            findings_of_verify=len(verified),
            seconds_of_verify=round(seconds),
            verify_ledger=checked[-1],
        )
        assert verified == []
        assert audit(read, policy).findings == []
        assert replayed.findings == []
        assert replayed.counts["claims compared"] == len(listed) > CLAIMS


def _claims(auditor: DrillPerson) -> Iterator[dict[str, str]]:
    """All claims that the API lists."""
    path = "claims/"
    while path:
        page = auditor.get(path)
        yield from page["results"]
        path = (page["next"] or "").partition("/api/v1/")[2]

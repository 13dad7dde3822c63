"""What an outside authority stamped reaches whoever checks: in proofs, bundles, exports and on the pages."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import call_command
from django.test import Client

from claims.models import Claim
from ledger import verifier
from ledger.keys import policy_text
from ledger.models import Checkpoint, DailyStamp
from ledger.stamping import stamp_checkpoints
from ledger.verifier import audit, check_claim_proof, read_canonical, read_policy
from tests import factories
from tests.claims.bundling import bundle_of, checked, files_in
from tests.conftest import ROOT
from tests.ledger.authorities import Authority, new_authority, openssl, serving
from tests.ledger.installation import publish_here
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.factories import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authorities") / "one", "rsa", "Northern Stamps")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture
def stamped(cast: "Cast", authority: Authority, settings: "Settings", tmp_path: Path, stack: ExitStack) -> Claim:
    """A claim with a verdict in a published log that was stamped; after that, one entry more."""
    trusted = (authority.chain[-1].certificate.public_bytes(Encoding.DER),)
    settings.TIMESTAMP_AUTHORITIES = {stack.enter_context(serving(authority.reply)): trusted}
    claim = factories.claim_in(cast, "corroborated")
    publish_here(tmp_path / "signer", datetime.now(UTC))
    assert stamp_checkpoints() == 1
    factories.attach(cast, claim, factories.source(cast))
    publish_here(tmp_path / "signer", datetime.now(UTC))
    return claim


def proof_of(cast: "Cast", claim: Claim) -> bytes:
    return signed_in(cast.reviewer).get(f"/ledger/claims/{claim.reference}/proof").content


def test_a_proof_says_by_when_its_entries_were_there(cast: "Cast", stamped: Claim) -> None:
    data, policy = proof_of(cast, stamped), read_policy(policy_text())
    report = check_claim_proof(data, policy)
    stamp, count = DailyStamp.objects.get(), len(read_canonical(data)["entries"])
    assert stamp.before is not None
    before, later = report.said["dated"].split("; ")
    assert report.findings == []
    assert before.startswith(f"entries 1 to {count - 1} before {stamp.before:%Y-%m-%dT%H:%M}")
    assert before.endswith(" by CN=Northern Stamps")
    assert later == f"entry {count} by nothing but the server's own clock"


def test_without_an_authority_a_proof_is_of_version_one(cast: "Cast", tmp_path: Path) -> None:
    claim = factories.claim(cast)
    publish_here(tmp_path / "signer")
    value = read_canonical(proof_of(cast, claim))
    assert (value["format"], "dated" in value) == ("second-source/claim-proof/v1", False)


def test_a_bundle_has_the_time_stamps_in_the_claims_proof_alone(cast: "Cast", stamped: Claim) -> None:
    data = bundle_of(cast.editor, stamped)
    report = checked(data)
    assert (report.findings, report.counts["time stamps"]) == ([], 1)
    assert "by CN=Northern Stamps" in report.said["dated"]
    dated = [path for path, content in files_in(data).items() if path.startswith("proofs/") and b'"dated"' in content]
    assert dated == ["proofs/claim.json"]
    assert b"timestamp_certificates" in files_in(data)["policy.json"]


def test_an_export_has_the_stamped_checkpoints_and_stands_an_audit_elsewhere(
    stamped: Claim, authority: Authority, tmp_path: Path
) -> None:
    folder, policy = tmp_path / "export", tmp_path / "policy.json"
    policy.write_bytes(policy_text())
    for _ in range(2):
        call_command("export_ledger", str(folder), stdout=StringIO())
    size = DailyStamp.objects.get().checkpoint_id
    assert sorted(path.name for path in (folder / "stamps").iterdir()) == [f"{size}-1.tst", f"{size}.note"]
    command = [sys.executable, verifier.__file__, "audit", str(folder), "--policy", str(policy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"dated: {size} entries before " in done.stdout
    arguments = ("ts", "-verify", "-token_in", "-in", f"{size}-1.tst", "-data", f"{size}.note")
    (folder / "stamps" / "root.pem").write_bytes(authority.chain[-1].pem)
    assert openssl(*arguments, "-CAfile", "root.pem", folder=folder / "stamps")


PATH = re.compile(r"^\| `([^`]+)` \| anybody", re.MULTILINE)


def test_anybody_may_fetch_every_path_that_the_format_says_is_public(stamped: Claim) -> None:
    """`checkpoint.witnessed` is of a log that has witnesses: tests/ledger/test_asking_witnesses.py."""
    checkpoint, stamp = Checkpoint.objects.latest("size"), DailyStamp.objects.get().checkpoint_id
    values = {"<level>": "0", "[.p/<width>]": f".p/{checkpoint.size}", "<size>": str(stamp)}
    numbers = {"tile": "000", "public": "000", "stamps": "1"}
    section = (ROOT / "docs" / "ledger.md").read_text().partition("\n## 4. ")[2].partition("\n## 5. ")[0]
    paths = set(PATH.findall(section)) - {"checkpoint.witnessed"}
    assert len(paths) == 7
    for written in paths:
        path = written.replace("<number>", numbers.get(written.partition("/")[0], ""))
        for name, value in values.items():
            path = path.replace(name, value)
        answer = Client().get(f"/ledger/{path}")
        assert (answer.status_code, "public" in answer["Cache-Control"], "Vary" in answer) == (200, True, False), path


def test_openssl_verifies_a_token_that_anybody_fetched(stamped: Claim, authority: Authority, tmp_path: Path) -> None:
    client = Client()
    ((size, count),) = client.get("/ledger/stamps.json").json().items()
    assert count == 1
    for name in (f"{size}.note", f"{size}-1.tst"):
        (tmp_path / name).write_bytes(client.get(f"/ledger/stamps/{name}").content)
    (tmp_path / "root.pem").write_bytes(authority.chain[-1].pem)
    arguments = ("ts", "-verify", "-token_in", "-in", f"{size}-1.tst", "-data", f"{size}.note")
    assert openssl(*arguments, "-CAfile", "root.pem", folder=tmp_path)


def test_an_audit_of_what_anybody_may_fetch_tells_by_when_it_was_there(stamped: Claim) -> None:
    client = Client()

    def read(path: str) -> bytes | None:
        answer = client.get(f"/ledger/{path}")
        return answer.content if answer.status_code == 200 else None

    report = audit(read, read_policy(policy_text()))
    assert report.findings == []
    assert report.said["dated"].startswith(f"{DailyStamp.objects.get().checkpoint_id} entries before ")


@pytest.mark.parametrize(
    "path", ["stamps/1.note", "stamps/9-1.tst", "stamps/x", "stamps/0.note", f"stamps/{10**30}.note"]
)
def test_nothing_else_is_there_below_the_stamps(stamped: Claim, path: str) -> None:
    assert Client().get(f"/ledger/{path}").status_code == 404


def test_the_log_in_the_database_is_checked_with_its_time_stamps(stamped: Claim) -> None:
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    lines = said.getvalue().splitlines()
    assert [line for line in lines if line.startswith("dated: ") and line.endswith(" by CN=Northern Stamps")]
    assert lines[-1] == f"{Checkpoint.objects.latest('size').size} entries are as the signed checkpoint says"


def ledger_page(cast: "Cast") -> str:
    return text_of(got(cast.auditor, "/ledger/"))


def test_the_ledgers_page_says_what_it_leaves_open_that_no_authority_is_set_up(cast: "Cast") -> None:
    assert "all times come from this server's clock" in ledger_page(cast)


def test_the_ledgers_page_says_who_stamped_last(cast: "Cast", stamped: Claim, settings: "Settings") -> None:
    shown = ledger_page(cast)
    assert f"Stamped by CN=Northern Stamps Entries {DailyStamp.objects.get().checkpoint_id} Recorded before" in shown
    assert next(iter(settings.TIMESTAMP_AUTHORITIES)) in shown
    assert "A time stamp is missing" not in shown
    assert "this server's clock" not in shown


def test_the_ledgers_page_says_since_when_a_time_stamp_is_missing(
    cast: "Cast", stamped: Claim, settings: "Settings"
) -> None:
    settings.TIMESTAMP_AUTHORITIES = {**settings.TIMESTAMP_AUTHORITIES, "http://127.0.0.1:1/stamp": ()}
    stamp_checkpoints(datetime.now(UTC) - timedelta(hours=1))
    shown = ledger_page(cast)
    assert shown.count("A time stamp is missing.") == 1
    assert "Connection refused" in shown


def test_a_history_says_by_when_the_log_was_there_and_who_checks_that(cast: "Cast", stamped: Claim) -> None:
    shown = text_of(got(cast.reporter, f"/claims/{stamped.reference}/history/"))
    assert "Stamped by CN=Northern Stamps" in shown
    assert "They are in the proof, where your browser and the verifier check them." in shown


def test_a_history_that_nothing_dates_says_so(cast: "Cast", tmp_path: Path) -> None:
    claim = factories.claim(cast)
    publish_here(tmp_path / "signer")
    shown = text_of(got(cast.reporter, f"/claims/{claim.reference}/history/"))
    assert "no outside authority has stamped the log" in shown

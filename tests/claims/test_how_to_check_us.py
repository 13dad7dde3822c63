"""The page 'How to check us' does what it says: who has but its downloads follows its commands as they stand."""

import html
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from claims.actions.claims import publish_claim
from ledger.keys import policy_text
from ledger.models import Checkpoint
from ledger.verifier import fingerprint, read_policy
from tests import factories
from tests.ledger.installation import publish_here
from tests.pages import body_of, text_of

if TYPE_CHECKING:
    from claims.models import Claim
    from tests.factories import Cast

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to-check-us.md"


@pytest.fixture
def published(cast: "Cast", tmp_path: Path) -> "Claim":
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.")
    publish_claim(claim=claim, by=cast.editor)
    publish_here(tmp_path / "signer")
    return claim


def _page(claim: "Claim") -> str:
    return Client().get(f"/ledger/check/?claim={claim.reference}").content.decode()


def _downloaded(page: str, folder: Path) -> Path:
    """All that the page offers, under the names that it gives, without an account."""
    folder.mkdir()
    found = re.findall(r'<a href="([^"]+)" download="[^"]+" data-name="([^"]+)"', page)
    assert {name for _address, name in found} >= {"policy.json", "checkpoint", "verifier.py", "ledger.md"}
    for address, name in found:
        answer = Client().get(address)
        assert answer.status_code == 200, address
        (folder / name).write_bytes(body_of(answer))
    return folder


def _commands(page: str, system: str) -> list[str]:
    block = re.search(rf'<code data-system="{system}">([^<]+)</code>', page)
    assert block is not None
    return html.unescape(block[1]).split("\n")[:-1]


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a shell does it in that folder, in an empty home, with Python and the package `cryptography` alone.

    The tests' own interpreter stands for the one that the first two lines make: it sees nothing but what it is given.
    """
    python = folder / "check" / "bin" / "python"
    if not python.exists():
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} -I "$@"\n')
        python.chmod(0o755)
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        ["/bin/sh", "-c", command], check=False, cwd=folder, env=environment, capture_output=True, text=True
    )


def test_who_follows_the_page_finds_that_all_matches(published: "Claim", tmp_path: Path) -> None:
    page = _page(published)
    folder = _downloaded(page, tmp_path / "mine")
    first, second, *commands = _commands(page, "unix")
    assert (first, second) == ("python3 -m venv check", "check/bin/python -m pip install cryptography")
    keys, proof, bundle = (_run(command, folder) for command in commands)
    policy = read_policy(policy_text())
    assert keys.returncode == 0 and fingerprint(policy.log_keys[0]) in keys.stdout
    assert fingerprint(policy.log_keys[0]) in page
    assert (proof.returncode, proof.stderr) == (0, "")
    assert proof.stdout.splitlines()[-1].startswith("all matches (")
    assert f"claim: {published.reference}" in proof.stdout
    assert "statement: The harbour was closed." in proof.stdout
    assert "state: corroborated" in proof.stdout
    assert (bundle.returncode, bundle.stderr) == (0, "")
    assert bundle.stdout.splitlines()[-1].startswith("all matches (")
    assert "statement: The harbour was closed." in bundle.stdout


def test_one_byte_changed_in_the_proof_is_found(published: "Claim", tmp_path: Path) -> None:
    page = _page(published)
    folder = _downloaded(page, tmp_path / "mine")
    file = folder / f"{published.reference}-public-proof.json"
    file.write_bytes(file.read_bytes().replace(b"The harbour was closed.", b"The harbour was closed!"))
    proof = _run(_commands(page, "unix")[-2], folder)
    assert proof.returncode == 1
    assert "disclosures.public: expected the commitment" in proof.stdout
    assert "findings (" in proof.stdout.splitlines()[-1]


def test_what_is_on_paper_is_held_against_the_log(published: "Claim", tmp_path: Path) -> None:
    page = _page(published)
    folder = _downloaded(page, tmp_path / "mine")
    printed = re.search(r"<code data-printed>([^<]+)</code>", page)
    assert printed is not None
    words = html.unescape(printed[1]).strip()
    newest = Checkpoint.objects.latest("size")
    mirror = folder / "mirror"
    for path in ("checkpoint", f"tile/0/000.p/{newest.size}"):
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_bytes(Client().get(f"/ledger/{path}").content)
    watch = "check/bin/python verifier.py watch mirror --policy policy.json --memory seen"
    good = _run(f"{watch} {words}", folder)
    assert good.stdout.splitlines()[-1].startswith("all matches (") and "prints: 1" in good.stdout
    forged = re.sub(r'"(.)', lambda found: '"' + ("0" if found[1] != "0" else "1"), words)
    bad = _run(f"{watch} {forged}", folder)
    assert (bad.returncode, f"print of {newest.size} entries: root: expected" in bad.stdout) == (1, True)


def test_the_commands_are_those_of_the_document_and_for_windows_the_same(published: "Claim") -> None:
    page, document = _page(published), DOCUMENT.read_text()
    for system in ("unix", "windows"):
        lines = "\n".join(_commands(page, system)).replace(published.reference, "UKR-1")
        assert lines in document
    as_unix = [line.replace("check\\Scripts\\", "check/bin/") for line in _commands(page, "windows")]
    assert as_unix[1:] == _commands(page, "unix")[1:]


def test_what_is_published_is_held_against_a_copy_of_the_log(published: "Claim", tmp_path: Path) -> None:
    """As the page says it, with a mirror and a saved list in the place of the addresses."""
    page = _page(published)
    folder = _downloaded(page, tmp_path / "mine")
    block = re.search(r"<code data-replay>([^<]+)</code>", page)
    assert block is not None
    command = re.sub(r"https?://\S+/ledger ", "mirror ", html.unescape(block[1]).strip())
    command = re.sub(r"https?://\S+/claims.json", "claims.json", command)
    newest = Checkpoint.objects.latest("size")
    for path in ("checkpoint", f"tile/0/000.p/{newest.size}", "public/000.json"):
        (folder / "mirror" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mirror" / path).write_bytes(Client().get(f"/ledger/{path}").content)
    listed = Client().get("/public/claims.json").content
    (folder / "claims.json").write_bytes(listed)
    good = _run(command, folder)
    assert (good.returncode, "claims compared: 1" in good.stdout) == (0, True), good
    (folder / "claims.json").write_bytes(listed.replace(b"corroborated", b"refuted"))
    bad = _run(command, folder)
    assert (bad.returncode, "state: expected corroborated, found refuted" in bad.stdout) == (1, True), bad


def test_it_is_there_before_anything_is_published_or_signed(db: None) -> None:
    page = text_of(Client().get("/ledger/check/"))
    assert (
        "No claims are published yet." in page
        and "No checkpoint signed yet. The first follows the first entry." in page
    )


def test_what_is_not_published_is_not_told_of(cast: "Cast", published: "Claim") -> None:
    hidden = factories.claim(cast)
    page = Client().get(f"/ledger/check/?claim={hidden.reference}").content.decode()
    assert hidden.reference not in page.replace(published.reference, "")


def test_it_is_led_to_from_where_people_look(cast: "Cast", published: "Claim") -> None:
    anybody, auditor = Client(), Client()
    auditor.force_login(cast.auditor)
    for client, address in ((anybody, "/public/"), (anybody, f"/public/{published.reference}/"), (auditor, "/ledger/")):
        assert 'href="/ledger/check/' in client.get(address).content.decode()

"""Every command line of the verifier that documents and pages give runs as it stands, on the floor of its Pythons."""

import html
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from claims.actions.claims import publish_claim
from ledger.sequencer import Sequencer
from ledger.verifier import parse_arguments
from tests import factories
from tests.claims.test_how_to_check_us import DOCUMENT, _downloaded, _page, _run
from tests.conftest import ROOT
from tests.ledger.installation import sequencing

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

COMMAND = re.compile(r"verifier\.py ((?:[a-z]+) [^`\n]*--policy[^`\n]*)")
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


def _written(text: str) -> list[str]:
    """The command lines of a text from the command's name on; of a synopsis without and with what is optional, and a
    number in the place of an index."""
    found = []
    for line in COMMAND.findall(text.replace("--times-from INDEX", "--times-from 0")):
        found += [re.sub(r"\[.*?\]", "", line), re.sub(r"[\[\]…]", "", line)] if "[" in line else [line]
    return found


def _lines() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for line in _written(document.read_text()):
            yield str(document.relative_to(ROOT)), line


def test_the_documents_that_show_commands_are_among_those_that_are_read() -> None:
    commands = [parse_arguments(shlex.split(line, comments=True)).command for _document, line in _lines()]
    assert set(commands) == {"proof", "audit", "export", "monitor", "replay", "bundle", "watch", "keys"}
    assert {document for document, _line in _lines()} >= {
        "docs/how-to-check-us.md",
        "docs/ledger.md",
        "docs/operations.md",
    }


@pytest.mark.parametrize(("document", "line"), list(_lines()))
def test_a_command_line_of_the_documents_is_one(document: str, line: str) -> None:
    command, *rest = shlex.split(line, comments=True)
    assert parse_arguments([command, *rest]).command == command


@pytest.mark.parametrize(
    "line",
    [
        "watch LOG checkpoint proof --policy P --memory M",
        "watch --policy P --memory M LOG checkpoint proof",
        "watch LOG --policy P checkpoint --memory M proof",
        "watch LOG checkpoint --printed 1 aa --policy P proof --memory M",
    ],
)
def test_options_stand_before_between_and_behind_the_files(line: str) -> None:
    found = parse_arguments(line.split())
    assert (found.log, found.files) == ("LOG", [Path("checkpoint"), Path("proof")])


def test_the_tests_run_on_the_floor_of_the_verifiers_pythons() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    floor = required.removeprefix(">=").partition(",")[0]
    assert f"Python {floor} or later" in DOCUMENT.read_text()


@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_page_and_the_document_run_against_the_address_that_they_name(
    live_server: "LiveServer", tmp_path: Path
) -> None:
    cast = factories.cast()
    claim = factories.claim_in(cast, "corroborated", statement="The harbour was closed.")
    publish_claim(claim=claim, by=cast.editor)
    with sequencing(tmp_path / "signer") as sequencer:
        _sign(sequencer)
    page = _page(claim)
    folder = _downloaded(page, tmp_path / "mine")
    document = DOCUMENT.read_text().replace("UKR-1", claim.reference)
    for text in (html.unescape(page), document):
        commands = [re.sub(r"https?://[^/ ]+", live_server.url, line.partition("<")[0]) for line in _written(text)]
        assert {line.partition(" ")[0] for line in commands} == {"keys", "proof", "bundle", "watch", "audit", "replay"}
        for command in commands:
            done = _run(f"check/bin/python verifier.py {command}", folder)
            assert (done.returncode, done.stderr) == (0, ""), (command, done)
            assert done.stdout.splitlines()[-1].startswith("all matches ("), command


def _sign(sequencer: Sequencer) -> None:
    while sequencer.integrate():
        pass
    sequencer.publish(timezone.now())

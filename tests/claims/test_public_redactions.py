"""What was erased of what a public page shows: anybody's proof tells it from what is not for them."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from claims.actions.claims import publish_claim
from claims.bundles.public_proofs import public_proof_file
from claims.models import Claim
from ledger.canonical import read_canonical
from ledger.entries import read_entry
from ledger.keys import policy_text
from ledger.models import Checkpoint
from ledger.reading import newest_checkpoint
from ledger.verifier import Report, check_claim_proof, read_policy
from reviews.actions.redactions import propose_redaction, redact
from reviews.redaction_matches import find
from tests import factories
from tests.factories import Cast, fresh
from tests.ledger.installation import publish_here

NAME = "Oksana Testova"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def editor2(cast: Cast) -> User:
    return factories.person("editor2", "editor", cast.desk)


def _redact(cast: Cast, second: User, words: str) -> None:
    row = propose_redaction(desk=cast.desk, words=words, reason="She asked us to.", by=cast.editor)
    redact(redaction=row, seen=find(cast.desk, words=words, sha256="", by=second).seen, by=second)


def _published(cast: Cast, statement: str) -> Claim:
    return publish_claim(claim=fresh(factories.claim(cast, statement)), reason="Agreed.", by=cast.editor)


def _signed(tmp_path: Path) -> Checkpoint:
    publish_here(tmp_path / "signer")
    checkpoint = newest_checkpoint()
    assert checkpoint is not None
    return checkpoint


def _read(claim: Claim, checkpoint: Checkpoint) -> tuple[Report, Any]:
    file = public_proof_file(claim, checkpoint)
    return check_claim_proof(file, read_policy(policy_text())), read_canonical(file)


def test_an_erased_field_is_told_from_one_that_is_withheld(cast: Cast, editor2: User, tmp_path: Path) -> None:
    claim = _published(cast, f"{NAME} saw the convoy.")
    _redact(cast, editor2, NAME)
    report, file = _read(claim, _signed(tmp_path))
    # The wording was committed when it was written down and when it was published; of the first all is withheld.
    assert (report.findings, report.counts["fields redacted"], report.counts["redactions"]) == ([], 1, 1)
    assert file["format"].endswith("/v2")


def test_the_redaction_names_fields_and_no_persons(cast: Cast, editor2: User, tmp_path: Path) -> None:
    claim = _published(cast, f"{NAME} saw the convoy.")
    _redact(cast, editor2, NAME)
    _report, file = _read(claim, _signed(tmp_path))
    [redaction] = file["redactions"]
    assert set(redaction["disclosures"].values()) == {None}


def test_one_of_nothing_on_the_page_is_not_given(cast: Cast, editor2: User, tmp_path: Path) -> None:
    claim = _published(cast, f"{NAME} saw the convoy.")
    factories.claim(cast, "Another one, by Zelda.")
    _redact(cast, editor2, "Zelda")
    _report, file = _read(claim, _signed(tmp_path))
    assert "redactions" not in file


def test_none_that_is_given_names_rows(cast: Cast, editor2: User, tmp_path: Path) -> None:
    claim = _published(cast, f"{NAME} saw the convoy.")
    waiting = factories.claim(cast, "Another one.")
    factories.firsthand(cast, waiting, 2)
    factories.assessment(cast, waiting, "corroborated", rationale=f"As {NAME} said.")
    _redact(cast, editor2, NAME)
    report, file = _read(claim, _signed(tmp_path))
    given = [read_entry(b64decode(one["leaf"])) for one in file.get("redactions", [])]
    assert (report.findings, [entry.body["rows"] for entry in given if entry.body["rows"]]) == ([], [])

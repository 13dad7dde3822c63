"""What anybody may read of a published claim, and what not."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from claims.actions.claims import publish_claim, unpublish_claim
from claims.actions.sources import retract_source
from ledger.keys import policy_text
from ledger.verifier import check_tlog_proof, read_entry, read_policy, read_tlog_proof
from tests import factories
from tests.ledger.installation import publish_here
from tests.pages import text_of

if TYPE_CHECKING:
    from claims.models import Claim
    from tests.factories import Cast


def _published(cast: "Cast", state: str = "reported") -> "Claim":
    navy = factories.actor(cast, "The navy", kind="state", visibility="public")
    claim = factories.claim_in(cast, state, statement="The harbour was closed.", claimant=navy)
    return publish_claim(claim=claim, by=cast.editor)


def _page(claim: "Claim", status: int = 200) -> str:
    response = Client().get(f"/public/{claim.reference}/")
    assert response.status_code == status
    return text_of(response)


def test_anybody_reads_a_published_claim_without_signing_in(cast: "Cast") -> None:
    claim = _published(cast)
    assert f"{claim.reference} The harbour was closed. Said by The navy Reported" in _page(claim)
    assert f"{claim.reference} The harbour was closed. Reported The navy" in text_of(Client().get("/public/"))


def test_what_is_not_published_is_as_absent(cast: "Cast") -> None:
    claim = factories.claim(cast)
    assert "No published claim at this address." in _page(claim, 404)
    assert "No published claims yet." in text_of(Client().get("/public/"))
    published = _published(cast)
    unpublish_claim(claim=published, by=cast.editor)
    _page(published, 404)


def test_only_public_evidence_and_public_names_are_shown(cast: "Cast") -> None:
    claim = _published(cast)
    quiet = factories.actor(cast, "A quiet agency")
    factories.attach(cast, claim, factories.source(cast, "Desk note", publisher=quiet), "context")
    shown = factories.source(cast, "Open report", visibility="public")
    factories.attach(cast, claim, shown, "context", visibility="public", excerpt="It was closed.")
    page = _page(claim)
    assert "Evidence 1 1 Open report publisher unknown" in page and "It was closed." in page
    assert "Desk note" not in page and "A quiet agency" not in page


def test_a_claimant_who_is_not_public_is_not_named(cast: "Cast") -> None:
    claim = factories.claim(cast)
    publish_claim(claim=claim, by=cast.editor)
    assert claim.claimant is not None and claim.claimant.name not in _page(claim)


def test_people_of_the_desk_and_versions_are_not_shown(cast: "Cast") -> None:
    page = _page(_published(cast, "corroborated"))
    assert "Corroborated two-person decision" in page and "2 independent voices for it" in page
    for word in ("reviewer", "editor", "Version"):
        assert word not in page.replace("an editor re-checks it", "")


def test_lost_support_is_shown(cast: "Cast") -> None:
    claim = _published(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    retract_source(source=source, reason="Taken back.", by=cast.editor)
    assert "Corroborated Support lost" in _page(claim)


@pytest.mark.parametrize("cursor", ["nonsense", "%00"])
def test_a_cursor_that_is_none_is_told(db: None, cursor: str) -> None:
    assert Client().get(f"/public/?cursor={cursor}").status_code == 400


def _proof(claim: "Claim", seq: int, status: int = 200) -> bytes:
    response = Client().get(f"/public/{claim.reference}/changes/{seq}")
    assert response.status_code == status
    return response.content


def test_anybody_takes_the_proof_of_a_published_claims_change_and_learns_no_name(cast: "Cast", tmp_path: Path) -> None:
    claim = _published(cast, "corroborated")
    _proof(claim, 2, 404)  # nothing is signed yet
    publish_here(tmp_path / "signer")
    policy = read_policy(policy_text())
    for seq in (1, 2):
        report = check_tlog_proof(_proof(claim, seq), policy)
        assert (report.findings, report.counts) == ([], {"entries": 1})
    leaf = read_tlog_proof(_proof(claim, 2)).extra or b""
    assert read_entry(leaf).body.keys() == {
        *("claim", "reference", "number", "happened_at", "from", "to", "stance", "independence", "threshold"),
    }
    _proof(claim, 3, 404)
    _proof(claim, 0, 404)
    _proof(claim, 10**40, 404)


def test_what_is_not_published_has_no_proof_for_anybody(cast: "Cast", tmp_path: Path) -> None:
    claim = factories.claim(cast)
    publish_here(tmp_path / "signer")
    _proof(claim, 1, 404)

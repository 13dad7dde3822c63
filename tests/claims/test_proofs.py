"""A claim's history is taken away as a file that the verifier checks, opened as far as its reader may read it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accounts.models import User
from claims.actions.evidence import change_evidence
from claims.inputs import EvidenceInput
from claims.models import Claim
from ledger.keys import policy_text
from ledger.verifier import check_claim_proof, read_entry, read_policy
from tests import factories
from tests.ledger.installation import NOW, sequencing
from tests.pages import signed_in

if TYPE_CHECKING:
    from tests.factories import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(tmp_path: Path) -> Any:
    """Publishes what was recorded so far."""

    def publish() -> None:
        with sequencing(tmp_path) as sequencer:
            while sequencer.integrate():
                pass
            sequencer.publish(NOW)

    return publish


def proof(user: User, claim: Claim) -> bytes:
    answer = signed_in(user).get(f"/ledger/claims/{claim.reference}/proof")
    assert answer.status_code == 200
    return answer.content


def opened(data: bytes) -> dict[str, dict[str, Any]]:
    """The committed values that a proof opens, by kind of entry; the last of each kind."""
    import base64

    found = {}
    for item in json.loads(data)["entries"]:
        kind = read_entry(base64.b64decode(item["leaf"])).kind
        found[kind] = {name: one and one["value"] for name, one in item["disclosures"].items()}
    return found


def test_a_proof_of_a_verdict_checks(cast: "Cast", published: Any) -> None:
    claim = factories.claim_in(cast, "corroborated")
    published()
    report = check_claim_proof(proof(cast.reviewer, claim), read_policy(policy_text()))
    assert report.findings == []
    assert opened(proof(cast.reviewer, claim))["status_changed"]["decided_by"]["name"] == "editor"


def test_evidence_that_the_reader_may_not_see_any_more_stays_closed(cast: "Cast", published: Any) -> None:
    claim = factories.claim(cast)
    item = factories.attach(cast, claim, factories.source(cast), excerpt="What she saw at the gate")
    change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    published()
    assert b"What she saw" not in proof(cast.reporter, claim)
    assert b"What she saw" in proof(cast.editor, claim)


def test_an_auditor_is_not_shown_an_assessments_words_on_restricted_evidence(cast: "Cast", published: Any) -> None:
    claim = factories.claim(cast)
    factories.assessment(cast, claim, "reported", by=cast.editor, evidence=[], rationale="She asked not to be named.")
    published()
    shown = {
        who: b"She asked" in proof(user, claim) for who, user in vars(cast).items() if who in ("auditor", "editor")
    }
    assert shown == {"auditor": False, "editor": True}

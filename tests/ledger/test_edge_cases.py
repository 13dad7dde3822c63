"""Files at the edge of what the format allows: what the verifier says. JavaScript and Go are held to the same."""

import pytest

from ledger.verifier import check_claim_proof
from tests.ledger.edge_cases import PROOFS
from tests.ledger.edge_policies import POLICIES
from tests.ledger.exports import POLICY
from tests.ledger.vectors import cosigned, witnessed_as_vector


def proof_result(data: bytes) -> str:
    """What the verifier comes to: verified, redacted or broken, as section 7 says."""
    report = check_claim_proof(data, POLICY)
    closed = any(report.counts.get(word) for word in ("fields redacted", "fields withheld", "entries withheld"))
    return "broken" if report.findings else "redacted" if closed else "verified"


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_file_comes_to_its_result(name: str) -> None:
    file, result = PROOFS[name]
    assert proof_result(file) == result


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_of_witnesses_comes_to_its_result(name: str) -> None:
    policy, is_met = POLICIES[name]
    found = witnessed_as_vector(cosigned("ab").decode(), policy)
    assert (found and found["isMet"]) == is_met

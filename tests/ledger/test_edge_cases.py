"""Files at the edge of what the format allows: what the verifier says. JavaScript and Go are held to the same."""

import base64
import json

import pytest

from ledger.verifier import Broken, Policy, check_claim_proof, check_export, check_tlog_proof, split_receipts
from tests.ledger.edge_cases import PROOFS
from tests.ledger.edge_exports import EXPORTS, RECEIPTS
from tests.ledger.edge_policies import POLICIES
from tests.ledger.exports import POLICY
from tests.ledger.stamp_vectors import FILE, trusting
from tests.ledger.vectors import cosigned, witnessed_as_vector

STAMPED = trusting(json.loads(FILE.read_text())["policy"]["timestamp_certificates"])


def dated_result(data: bytes) -> str:
    """The same by a policy that lets time stamps be checked."""
    return proof_result(data, STAMPED)


def proof_result(data: bytes, policy: Policy = POLICY) -> str:
    """What the verifier comes to: verified, redacted or broken, as section 7 says."""
    report = check_claim_proof(data, policy)
    closed = any(report.counts.get(word) for word in ("fields redacted", "fields withheld", "entries withheld"))
    return "broken" if report.findings else "redacted" if closed else "verified"


def export_result(data: bytes) -> dict[str, int] | None:
    """What is counted of an opened export that holds, as other programs count it too; None of one that does not."""
    report = check_export(data.splitlines(keepends=True), POLICY)
    names = ("lines", "entries", "fields verified", "fields not disclosed")
    return None if report.findings else {name: report.counts.get(name, 0) for name in names}


def receipts_result(data: bytes) -> list[str] | None:
    """The leaf hashes (base64) of a file of receipts; None where one of them is none."""
    try:
        return [base64.b64encode(POLICY.receipt(one).leaf_hash).decode() for one in split_receipts(data)]
    except Broken:
        return None


def leaf_result(data: bytes) -> str:
    """What the verifier comes to of one leaf's proof: verified or broken."""
    return "broken" if check_tlog_proof(data, POLICY).findings else "verified"


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_file_comes_to_its_result(name: str) -> None:
    file, result = PROOFS[name]
    assert proof_result(file) == result


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_of_witnesses_comes_to_its_result(name: str) -> None:
    policy, is_met = POLICIES[name]
    found = witnessed_as_vector(cosigned("ab").decode(), policy)
    assert (found and found["isMet"]) == is_met


@pytest.mark.parametrize("name", EXPORTS)
def test_an_opened_export_holds_or_does_not(name: str) -> None:
    file, holds = EXPORTS[name]
    assert (export_result(file) is not None) == holds


def test_what_an_export_leaves_out_inside_is_not_counted_as_verified() -> None:
    counts = export_result(EXPORTS["sealed, a name inside left out"][0])
    assert counts == {"lines": 1, "entries": 1, "fields verified": 2, "fields not disclosed": 1}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_file_of_receipts_is_one_or_not(name: str) -> None:
    file, holds = RECEIPTS[name]
    assert (receipts_result(file) is not None) == holds

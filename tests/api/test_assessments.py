"""Assessments: submitted, read, decided by a second person."""

from typing import Any

import pytest

from claims.models import Claim
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast
from tests.kept import KeptRows


@KeptRows
def kept_claim(cast: Cast) -> Claim:
    """Accepted by the reviewer; two voices support one of its elements, one refutes."""
    claim = factories.claim(cast, elements=["by sea"])
    factories.assigned(cast, claim)
    factories.firsthand(cast, claim, 2)
    factories.firsthand(cast, claim, 1, stance="refutes")
    return factories.fresh(claim)


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return kept_claim(cast)


def submission(claim: Claim, **fields: Any) -> dict[str, Any]:
    refuting = claim.evidence.get(stance="refutes")
    return {
        "proposed_state": "corroborated",
        "rationale": "Two saw it.",
        "evidence": [str(item.pk) for item in claim.evidence.filter(stance="supports")],
        "answers": [{"evidence": str(refuting.pk), "text": "It looked at another quay."}],
        "elements": [{"element": str(claim.elements.get().pk), "text": "Both saw the ship."}],
        "seen_version": claim.version,
        **fields,
    }


def path(claim: Claim) -> str:
    return f"claims/{claim.reference}/assessments/"


def test_an_assessment_is_submitted_and_waits(claim: Claim, reviewer: Api) -> None:
    body = submission(claim)
    response = reviewer.post(path(claim), body)
    row = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/{path(claim)}{row['id']}/"
    assert (row["state"], row["from_state"], row["assessor"]) == ("waiting", "reported", "reviewer")
    assert {**row, "evidence": sorted(row["evidence"])} == {
        **row,
        **body,
        "evidence": sorted(body["evidence"]),
        "recorded_mistake": False,
        "decision": None,
    }
    assert reviewer.get(f"{path(claim)}{row['id']}/").json() == row
    assert reviewer.rows(path(claim)) == [row]


def test_leaving_the_state_as_it_is_is_recorded(claim: Claim, reviewer: Api) -> None:
    row = reviewer.post(path(claim), submission(claim, proposed_state="reported")).json()
    assert row["state"] == "recorded"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"proposed_state": "true"}, 400),
        ({"rationale": ""}, 400),
        ({"elements": []}, 400),
        ({"evidence": []}, 400),
        ({"seen_version": 1}, 409),
        ({"seen_version": 2**31 - 1}, 409),
        ({"seen_version": 2**31}, 400),
        ({"seen_version": 2**80}, 400),
        ({"seen_version": None}, 400),
        ({"answers": []}, 422),
    ],
)
def test_an_assessment_that_cannot_be_taken_says_why(
    claim: Claim, reviewer: Api, fields: dict[str, Any], status: int
) -> None:
    assert reviewer.post(path(claim), submission(claim, **fields)).status_code == status


def test_seen_version_is_required_to_submit_approve_and_reject(
    cast: Cast, claim: Claim, reviewer: Api, editor: Api
) -> None:
    body = submission(claim)
    row = reviewer.post(path(claim), body).json()
    del body["seen_version"]
    assert errors(reviewer.post(path(claim), body)) == ["seen_version"]
    for act in ("approve", "reject"):
        assert errors(editor.post(f"{path(claim)}{row['id']}/{act}/", {"reason": "So."})) == ["seen_version"]


def test_approving_moves_the_claim(claim: Claim, reviewer: Api, editor: Api) -> None:
    row = reviewer.post(path(claim), submission(claim)).json()
    decision = {"reason": "I agree.", "seen_version": claim.version}
    response = editor.post(f"{path(claim)}{row['id']}/approve/", decision)
    assert response.status_code == 200
    shown = response.json()
    assert shown["state"] == "approved"
    assert {**shown["decision"], "at": None} == {
        "approved": True,
        "decided_by": "editor",
        "reason": "I agree.",
        "at": None,
    }
    assert editor.get(f"claims/{claim.reference}/").json()["state"] == "corroborated"
    assert editor.post(f"{path(claim)}{row['id']}/approve/", decision).status_code == 409


def test_rejecting_leaves_the_claim_where_it_is(claim: Claim, reviewer: Api, editor: Api) -> None:
    row = reviewer.post(path(claim), submission(claim)).json()
    decision = {"reason": "One of them was told.", "seen_version": claim.version}
    assert editor.post(f"{path(claim)}{row['id']}/reject/", decision).json()["state"] == "rejected"
    assert editor.get(f"claims/{claim.reference}/").json()["state"] == "reported"


def test_nobody_decides_on_their_own_assessment(claim: Claim, editor: Api) -> None:
    row = editor.post(path(claim), submission(claim)).json()
    assert editor.post(f"{path(claim)}{row['id']}/approve/", {"bad": "body"}).status_code == 403


def test_a_decision_on_another_version_is_refused(cast: Cast, claim: Claim, reviewer: Api, editor: Api) -> None:
    row = reviewer.post(path(claim), submission(claim)).json()
    factories.attach(cast, claim, factories.source(cast), "context")
    decision = {"reason": "I agree.", "seen_version": claim.version}
    response = editor.post(f"{path(claim)}{row['id']}/approve/", decision)
    assert response.status_code == 409
    assert response.json()["version"] == claim.version + 1


def test_an_assessment_of_another_claim_is_not_here(cast: Cast, claim: Claim, reviewer: Api) -> None:
    row = reviewer.post(path(claim), submission(claim)).json()
    other = factories.claim(cast)
    assert reviewer.get(f"{path(other)}{row['id']}/").status_code == 404

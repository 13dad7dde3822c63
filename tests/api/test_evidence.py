"""Evidence: attached, changed, withdrawn; and what restricted material shows to whom."""

from typing import Any

import pytest

from claims.models import Claim
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast

NAMES = {
    *("id", "claim", "source", "stance", "elements", "basis", "basis_reason", "excerpt", "locator", "credibility"),
    *("against_interest", "against_interest_reason", "visibility", "superseded_by", "version", "counts"),
    *("withdrawn_at", "withdrawn_by", "withdrawn_reason", "created_by", "created_at"),
}


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return factories.fresh(factories.claim(cast))


def path(claim: Claim, item: Any = "") -> str:
    return f"claims/{claim.reference}/evidence/" + (f"{item}/" if item else "")


def test_a_source_and_a_stance_are_enough(cast: Cast, claim: Claim, reporter: Api) -> None:
    source = factories.source(cast)
    response = reporter.post(path(claim), {"source": str(source.pk), "stance": "context"})
    item = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/{path(claim, item['id'])}"
    assert set(item) == NAMES
    assert (item["stance"], item["elements"], item["basis"], item["counts"]) == ("context", [], None, True)


def test_attaching_raises_the_claims_version_by_one(cast: Cast, claim: Claim, reporter: Api) -> None:
    source = factories.source(cast)
    body = {"source": str(source.pk), "stance": "context"}
    assert reporter.post(path(claim), body).status_code == 201
    assert factories.fresh(claim).version == claim.version + 1


def test_attaching_does_not_ask_what_others_attached_meanwhile(cast: Cast, claim: Claim, reporter: Api) -> None:
    body = {"stance": "context", "seen_version": claim.version}
    sources = [str(factories.source(cast).pk) for _ in range(2)]
    assert [reporter.post(path(claim), body | {"source": one}).status_code for one in sources] == [201, 201]


def test_every_field_of_evidence_comes_back_as_it_was_given(cast: Cast, reviewer: Api) -> None:
    claim = factories.claim(cast, elements=["by sea", "covertly"])
    source, admitting = factories.source(cast), factories.actor(cast)
    fields = {
        "source": str(source.pk),
        "stance": "supports",
        "elements": [str(claim.elements.all()[1].pk)],
        "basis": "firsthand",
        "basis_reason": "Sealed by the finder.",
        "excerpt": "We saw it leave.",
        "locator": "p. 4",
        "credibility": 2,
        "against_interest": str(admitting.pk),
        "against_interest_reason": "It admits a breach of an embargo.",
        "visibility": "desk",
    }
    item = reviewer.post(path(claim), fields).json()
    assert {name: item[name] for name in fields} == fields
    assert reviewer.get(path(claim, item["id"])).json() == item


def test_a_change_of_some_fields_leaves_the_others(cast: Cast, claim: Claim, reviewer: Api) -> None:
    item = factories.attach(cast, claim, factories.source(cast), excerpt="As it stood.")
    before = reviewer.get(path(claim, item.pk)).json()
    after = reviewer.patch(path(claim, item.pk), {"stance": "context", "credibility": 5}).json()
    assert {name for name in NAMES if before[name] != after[name]} == {"stance", "credibility", "counts", "version"}


def test_an_override_of_the_basis_is_taken_back_by_null(cast: Cast, claim: Claim, reviewer: Api) -> None:
    item = factories.attach(cast, claim, factories.source(cast), basis="secondhand")
    assert reviewer.patch(path(claim, item.pk), {"basis": None}).json()["basis"] is None


def test_evidence_is_withdrawn_with_a_reason_once(cast: Cast, claim: Claim, reviewer: Api) -> None:
    item = factories.attach(cast, claim, factories.source(cast))
    assert errors(reviewer.post(path(claim, item.pk) + "withdraw/", {})) == ["reason"]
    withdrawn = reviewer.post(path(claim, item.pk) + "withdraw/", {"reason": "Another event."}).json()
    assert (withdrawn["withdrawn_by"], withdrawn["withdrawn_reason"]) == ("reviewer", "Another event.")
    assert withdrawn["counts"] is False
    assert reviewer.post(path(claim, item.pk) + "withdraw/", {"reason": "Again."}).status_code == 409


def test_evidence_of_another_claim_is_not_here(cast: Cast, claim: Claim, reviewer: Api) -> None:
    item = factories.attach(cast, factories.claim(cast), factories.source(cast))
    assert reviewer.get(path(claim, item.pk)).status_code == 404


def test_restricted_evidence_is_there_for_whom_it_is_and_withheld_from_the_auditor(
    cast: Cast, claim: Claim, editor: Api, reviewer: Api, reporter: Api, auditor: Api
) -> None:
    secret = factories.attach(
        cast, claim, factories.source(cast, visibility="restricted", by=cast.editor), by=cast.editor
    )
    listed = {
        name: [item["id"] for item in api.rows(path(claim))].count(str(secret.pk))
        for name, api in {"editor": editor, "reviewer": reviewer, "reporter": reporter, "auditor": auditor}.items()
    }
    assert listed == {"editor": 1, "reviewer": 0, "reporter": 0, "auditor": 0}
    assert reporter.get(path(claim, secret.pk)).status_code == 404
    withheld = [api.get(path(claim)).json()["withheld"] for api in (auditor, reporter, editor)]
    assert withheld == [1, 0, 0]


def test_who_restricts_evidence_of_another_is_answered_and_sees_it_no_more(
    cast: Cast, claim: Claim, reviewer: Api
) -> None:
    item = factories.attach(cast, claim, factories.source(cast), by=cast.editor)
    response = reviewer.patch(path(claim, item.pk), {"visibility": "restricted"})
    assert (response.status_code, response.json()["visibility"]) == (200, "restricted")
    assert reviewer.get(path(claim, item.pk)).status_code == 404


def test_a_closed_claim_takes_no_evidence(cast: Cast, claim: Claim, editor: Api) -> None:
    editor.post(f"claims/{claim.reference}/close/", {"reason": "moot"})
    body = {"source": str(factories.source(cast).pk), "stance": "context"}
    assert editor.post(path(claim), body).status_code == 409

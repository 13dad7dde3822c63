"""Naming who decides through the API."""

import pytest

from claims.models import Claim
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast
from tests.kept import KeptRows


@KeptRows
def kept_claim(cast: Cast) -> Claim:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    return claim


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return kept_claim(cast)


def test_somebody_of_another_desk_is_named_decides_and_sees_it_no_more(
    cast: Cast, claim: Claim, editor: Api, stranger: Api
) -> None:
    path = f"claims/{claim.reference}/"
    assessment = factories.assessment(cast, claim, "corroborated")
    made = editor.post(f"{path}deciders/", {"person": "stranger"})
    assert (made.status_code, made.json()["person"]) == (201, "stranger")
    assert editor.rows(f"{path}deciders/") == [editor.get(made.headers["Location"]).json()] == [made.json()]
    body = {"reason": "I agree.", "seen_version": factories.fresh(claim).version}
    decided = stranger.post(f"{path}assessments/{assessment.pk}/approve/", body)
    assert (decided.status_code, decided.json()["state"], len(decided.json()["evidence"])) == (200, "approved", 3)
    assert stranger.get(path).status_code == 404
    assert editor.rows(f"{path}deciders/") == []


def test_an_editor_takes_a_naming_back(cast: Cast, claim: Claim, editor: Api, stranger: Api) -> None:
    path = f"claims/{claim.reference}/deciders/"
    row = editor.post(path, {"person": "stranger"}).json()
    assert editor.post(path, {"person": "stranger"}).status_code == 409
    assert stranger.delete(f"{path}{row['id']}/").status_code == 403
    assert editor.delete(f"{path}{row['id']}/").status_code == 204
    assert editor.delete(f"{path}{row['id']}/").status_code == 404
    assert stranger.get(path).status_code == 404


@pytest.mark.parametrize("name", ["nobody", "reporter", "auditor", "admin"])
def test_who_does_not_review_is_not_named(claim: Claim, editor: Api, name: str) -> None:
    assert errors(editor.post(f"claims/{claim.reference}/deciders/", {"person": name})) == ["person"]

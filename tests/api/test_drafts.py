"""Drafts of assessments through the API."""

import pytest

from claims.models import Claim
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast


@pytest.fixture
def path(cast: Cast) -> str:
    """The address of the draft of a claim that the reviewer has accepted."""
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    return f"claims/{claim.reference}/assessments/draft/"


def test_a_draft_is_kept_read_and_dropped(path: str, reviewer: Api) -> None:
    item = Claim.objects.get().evidence.get()
    body = {"rationale": "So far.", "evidence": [str(item.pk)], "seen_version": 1}
    kept = reviewer.send("PUT", path, body)
    assert kept.status_code == 200
    assert kept.json() | body | {"proposed_state": None} == kept.json()
    assert reviewer.get(path).json() == kept.json()
    assert reviewer.delete(path).status_code == 204
    assert reviewer.get(path).status_code == reviewer.delete(path).status_code == 404


def test_another_version_than_the_kept_one_is_answered_with_the_kept_ones(path: str, reviewer: Api) -> None:
    first = reviewer.send("PUT", path, {"rationale": "One.", "seen_version": 1}).json()
    refused = reviewer.send("PUT", path, {"rationale": "Two.", "seen_version": 1})
    assert (refused.status_code, refused.json()["version"]) == (409, first["version"])
    second = {"rationale": "Two.", "seen_version": 1, "version": first["version"]}
    assert reviewer.send("PUT", path, second).status_code == 200


def test_nobody_else_reads_it(path: str, reviewer: Api, editor: Api, auditor: Api, reporter: Api) -> None:
    reviewer.send("PUT", path, {"rationale": "So far.", "seen_version": 1})
    assert [other.get(path).status_code for other in (editor, auditor, reporter)] == [404] * 3
    assert [other.delete(path).status_code for other in (editor, auditor, reporter)] == [404] * 3


def test_it_says_which_version_of_the_claim_it_was_written_on(path: str, reviewer: Api) -> None:
    assert errors(reviewer.send("PUT", path, {"rationale": "So far."})) == ["seen_version"]


def test_the_submission_ends_it(path: str, reviewer: Api) -> None:
    body = {"proposed_state": "reported", "rationale": "Nothing shows it.", "seen_version": 1}
    reviewer.send("PUT", path, body)
    assert reviewer.post(path.removesuffix("draft/"), body).status_code == 201
    assert reviewer.get(path).status_code == 404

"""Evidence restricted after an assessment or a move named it: it is hidden from people who may not see it."""

from typing import Any

import pytest

from accounts.models import User
from claims.actions.evidence import change_evidence
from claims.inputs import EvidenceInput
from claims.models import Claim, Evidence
from reviews.models import Assessment
from tests import factories
from tests.api.client import Api
from tests.factories import Cast
from tests.pages import got, text_of

ANSWER = "Looked at: it does not hold."  # as the factory answers


@pytest.fixture
def assessment(cast: Cast) -> Assessment:
    """Approved; it rests on two voices and the claimant, and answers one piece that was restricted since."""
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    (contrary,) = factories.firsthand(cast, claim, 1, stance="refutes")
    assessment = factories.assessment(cast, claim, "corroborated")
    factories.approved(cast, assessment)
    for item in (contrary, _one_named(assessment)):
        change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    return assessment


def _one_named(assessment: Assessment) -> Evidence:
    return assessment.evidence.filter(source__basis="firsthand").earliest("created_at")


def _named(name: str, claim: Claim) -> dict[str, Any]:
    """What the API names to one person, in the list of assessments, the history and the one status change."""
    client = Api(User.objects.get(username=name))
    found = client.rows(f"claims/{claim.reference}/assessments/")[0]
    return {
        "assessment": len(found["evidence"]),
        "answers": [answer["text"] for answer in found["answers"]],
        "one assessment": len(client.get(f"claims/{claim.reference}/assessments/{found['id']}/").json()["evidence"]),
        "history": len(client.rows(f"claims/{claim.reference}/history/")[1]["evidence"]),
        "one change": len(client.get(f"claims/{claim.reference}/history/2/").json()["evidence"]),
    }


def test_who_may_not_see_it_is_named_the_rest_alone(assessment: Assessment) -> None:
    rest = {"assessment": 2, "answers": [], "one assessment": 2, "history": 2, "one change": 2}
    assert {name: _named(name, assessment.claim) for name in ("reporter", "auditor")} == {
        "reporter": rest,
        "auditor": rest,
    }


def test_who_may_see_it_is_named_all_of_it(assessment: Assessment) -> None:
    everything = {"assessment": 3, "answers": [ANSWER], "one assessment": 3, "history": 3, "one change": 3}
    assert _named("editor", assessment.claim) == everything


def test_the_page_of_the_assessment_says_the_same(cast: Cast, assessment: Assessment) -> None:
    page = f"/reviews/{assessment.pk}/"
    told = {
        person.username: (ANSWER in (text := text_of(got(person, page))), "Relies on 3" in text)
        for person in (cast.reporter, cast.editor)
    }
    assert told == {"reporter": (False, False), "editor": (True, True)}

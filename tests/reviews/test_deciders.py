"""Whom editors name to decide, and when an invitation to another desk's claim ends."""

from typing import Any

import pytest

from claims.models import Claim, Participant
from claims.queries import deciders_of, visible_claims
from house.errors import Conflict, Forbidden, NotFound
from reviews.actions.assessments import approve, reject
from reviews.actions.assignments import name_decider, unname_decider
from reviews.models import Assessment
from tests import factories
from tests.factories import Cast, fresh
from tests.kept import KeptRows
from tests.pages import got, signed_in, text_of


@KeptRows
def kept_assessment(cast: Cast) -> Assessment:
    """It waits; the editor of another desk is invited to decide."""
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    return assessment


@pytest.fixture
def assessment(cast: Cast) -> Assessment:
    return kept_assessment(cast)


def _sees(cast: Cast, claim: Claim) -> bool:
    return visible_claims(cast.stranger).filter(pk=claim.pk).exists()


def _decide(act: Any, assessment: Assessment, by: Any) -> None:
    act(assessment=assessment, reason="I looked.", seen_version=fresh(assessment.claim).version, by=by)


@pytest.mark.parametrize("act", [approve, reject])
@pytest.mark.parametrize("who", ["stranger", "editor"])
def test_the_decision_ends_an_invitation_whoever_makes_it(
    cast: Cast, assessment: Assessment, act: Any, who: str
) -> None:
    assert _sees(cast, assessment.claim)
    _decide(act, assessment, getattr(cast, who))
    assert not _sees(cast, assessment.claim)


def test_while_another_assessment_waits_the_invitation_stands(cast: Cast, assessment: Assessment) -> None:
    other = factories.assessment(cast, assessment.claim, "corroborated", by=cast.reviewer2)
    _decide(reject, assessment, cast.editor)
    assert _sees(cast, assessment.claim)
    _decide(reject, other, cast.stranger)
    assert not _sees(cast, assessment.claim)


def test_somebody_of_the_desk_stays_named(cast: Cast, assessment: Assessment) -> None:
    name_decider(claim=assessment.claim, user=cast.reviewer2, by=cast.editor)
    _decide(reject, assessment, cast.reviewer2)
    assert [named.user for named in deciders_of(assessment.claim)] == [cast.reviewer2]


def test_an_editor_takes_it_back(cast: Cast, assessment: Assessment) -> None:
    named = deciders_of(assessment.claim).get()
    unname_decider(decider=named, by=cast.editor)
    assert not _sees(cast, assessment.claim)
    with pytest.raises(NotFound):
        _decide(approve, assessment, cast.stranger)
    with pytest.raises(Conflict):
        unname_decider(decider=named, by=cast.editor)
    name_decider(claim=assessment.claim, user=cast.stranger, by=cast.editor)
    assert (_sees(cast, assessment.claim), Participant.objects.filter(user=cast.stranger).count()) == (True, 2)


@pytest.mark.parametrize("who", ["reviewer", "reporter", "auditor"])
def test_only_an_editor_takes_it_back(cast: Cast, assessment: Assessment, who: str) -> None:
    with pytest.raises(Forbidden):
        unname_decider(decider=deciders_of(assessment.claim).get(), by=getattr(cast, who))


def test_nobody_is_named_twice(cast: Cast, assessment: Assessment) -> None:
    with pytest.raises(Conflict, match="stranger is already an approver"):
        name_decider(claim=assessment.claim, user=cast.stranger, by=cast.editor)


def test_the_claim_shows_who_was_named_and_lets_an_editor_take_it_back(cast: Cast, assessment: Assessment) -> None:
    page = f"/claims/{assessment.claim.reference}/"
    address = f"{page}decider/{deciders_of(assessment.claim).get().pk}/end/"
    assert "Other approvers stranger Remove…" in text_of(got(cast.editor, page))
    assert "Remove… " not in text_of(got(cast.reporter, page))
    assert signed_in(cast.editor).post(address)["Location"] == page
    assert "Other approvers" not in text_of(got(cast.editor, page))
    got(cast.editor, address, 404)


def test_whoever_was_invited_is_led_to_their_own_work_after_deciding(cast: Cast, assessment: Assessment) -> None:
    client = signed_in(cast.stranger)
    page = f"/reviews/{assessment.pk}/"
    sent = {"decision": "approve", "reason": "I agree.", "seen_version": str(fresh(assessment.claim).version)}
    answer = client.post(page, sent, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    told = "Your decision on UKR-1 is recorded, and your invitation to that claim has ended."
    assert told in text_of(answer)
    assert client.get(page).status_code == 404

"""Submitting assessments and deciding on them, on pages."""

from typing import TYPE_CHECKING, Any

import pytest

from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from reviews.actions.assessments import reject
from reviews.actions.assignments import name_decider
from reviews.models import Assessment
from tests import factories
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast


def _assess(user: "User", claim: Claim, **fields: Any) -> Any:
    """Fill in the form as the person got it, and send it."""
    address = f"/claims/{claim.reference}/assess/"
    filled = fields_of(got(user, address)) | {"rationale": "I looked at all of it."} | fields
    return signed_in(user).post(address, filled)


def _ids(claim: Claim, stance: str = "supports") -> list[str]:
    return [str(pk) for pk in claim.evidence.filter(stance=stance).values_list("pk", flat=True)]


def _ready(cast: "Cast", **fields: Any) -> Claim:
    """A claim with two independent voices, accepted by the reviewer."""
    claim = factories.claim(cast, **fields)
    factories.firsthand(cast, claim, 2)
    factories.assigned(cast, claim)
    return factories.fresh(claim)


def test_an_assessment_is_submitted_and_waits_for_a_second_person(cast: "Cast") -> None:
    claim = _ready(cast)
    answer = _assess(cast.reviewer, claim, proposed_state="corroborated", evidence=_ids(claim))
    assessment = Assessment.objects.get()
    assert answer["Location"] == f"/reviews/{assessment.pk}/"
    assert (assessment.state, assessment.proposed_state, assessment.evidence.count()) == ("waiting", "corroborated", 3)
    text = text_of(got(cast.reviewer, answer["Location"]))
    assert "awaiting a decision" in text
    assert "You cannot decide on your own assessment." in text


def test_policy_lists_what_is_missing_and_keeps_every_word(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 1)
    factories.assigned(cast, claim)
    answer = _assess(cast.reviewer, claim, proposed_state="corroborated", evidence=_ids(claim))
    assert answer.status_code == 422
    assert "Not submitted. Still needed 1 more independent voice." in text_of(answer)
    page = answer.content.decode()
    assert "I looked at all of it.</textarea>" in page
    assert 'value="corroborated" checked' in page
    assert page.count('name="evidence"') == 2 and page.count("checked>") >= 2


def test_every_element_needs_its_line_for_a_verdict(cast: "Cast") -> None:
    claim = _ready(cast, elements=["closed", "on Monday"])
    closed, monday = claim.elements.all()
    given = {"proposed_state": "corroborated", "evidence": _ids(claim), f"element_{closed.pk}": "Seen by both."}
    answer = _assess(cast.reviewer, claim, **given)
    assert (answer.status_code, dict(answer.context["form"].errors)) == (
        400,
        {f"element_{monday.pk}": ["Explain what the evidence shows for “on Monday”."]},
    )
    assert answer.context["form"][f"element_{closed.pk}"].value() == "Seen by both."
    assert _assess(cast.reviewer, claim, **given, **{f"element_{monday.pk}": "Both say so."}).status_code == 302


def test_contrary_evidence_has_to_be_answered_by_name(cast: "Cast") -> None:
    claim = _ready(cast)
    [against] = factories.firsthand(cast, claim, 1, stance="refutes")
    given = {"proposed_state": "corroborated", "evidence": _ids(claim)}
    answer = _assess(cast.reviewer, claim, **given)
    assert answer.status_code == 422
    assert f"An answer to the contrary evidence “{against.source.title}”." in text_of(answer)
    assert _assess(cast.reviewer, claim, **given, **{f"answer_{against.pk}": "It is another pier."}).status_code == 302
    assert Assessment.objects.get().answers.get().text == "It is another pier."


def test_a_denial_is_recorded_at_once_by_one_person(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.party_denial(cast, claim)
    factories.assigned(cast, claim)
    _assess(cast.reviewer, claim, proposed_state="denied", evidence=_ids(claim, "denies"))
    assert (factories.fresh(claim).state, Assessment.objects.get().state) == ("denied", "enacted")


def test_leaving_it_so_is_recorded_and_needs_nobody(cast: "Cast") -> None:
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    _assess(cast.reviewer, claim, proposed_state="reported")
    assert Assessment.objects.get().state == "recorded"
    assert factories.fresh(assignment).state == "completed"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"proposed_state": ""}, "proposed_state"),
        ({"proposed_state": "certain"}, "proposed_state"),
        ({"rationale": " "}, "rationale"),
        ({"rationale": "a\x00b"}, "rationale"),
        ({"evidence": ["nonsense"]}, "evidence"),
        ({"evidence": []}, "evidence"),
        ({"seen_version": "now"}, "seen_version"),
    ],
)
def test_what_cannot_be_used_is_named(cast: "Cast", wrong: dict[str, Any], field: str) -> None:
    claim = _ready(cast)
    answer = _assess(cast.reviewer, claim, **({"proposed_state": "corroborated", "evidence": _ids(claim)} | wrong))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])


def test_who_is_second_sees_what_changed_and_hands_in_again(cast: "Cast") -> None:
    claim = _ready(cast)
    address = f"/claims/{claim.reference}/assess/"
    fields = fields_of(got(cast.reviewer, address)) | {
        "rationale": "I looked.",
        "proposed_state": "corroborated",
        "evidence": _ids(claim),
    }
    edit_claim(claim=claim, fields=ClaimInput(place="Varn"), by=cast.editor)
    answer = signed_in(cast.reviewer).post(address, fields)
    assert (answer.status_code, "editor edited the claim." in text_of(answer)) == (409, True)
    assert "I looked.</textarea>" in answer.content.decode()
    again = fields | {"seen_version": answer.context["form"]["seen_version"].value()}
    assert signed_in(cast.reviewer).post(address, again).status_code == 302


def test_restricted_evidence_is_seen_and_cannot_be_ticked(cast: "Cast") -> None:
    claim = _ready(cast)
    hidden = factories.source(cast, "A talk", visibility="restricted", by=cast.reviewer)
    item = factories.attach(cast, claim, hidden, visibility="restricted")
    page = got(cast.reviewer, f"/claims/{claim.reference}/assess/").content.decode()
    assert "A talk" in page and str(item.pk) not in page


def test_only_who_has_it_and_editors_assess(cast: "Cast") -> None:
    claim = _ready(cast)
    users = (cast.reviewer, cast.editor, cast.reviewer2, cast.reporter, cast.auditor, cast.stranger)
    address = f"/claims/{claim.reference}/assess/"
    assert [signed_in(user).get(address).status_code for user in users] == [200, 200, 403, 403, 403, 404]


def test_one_goes_on_from_an_assessment_that_was_sent_back(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    reject(assessment=assessment, reason="Look again.", seen_version=factories.fresh(claim).version, by=cast.editor)
    page = got(cast.reviewer, f"/claims/{claim.reference}/assess/").content.decode()
    assert "This is what the evidence shows.</textarea>" in page
    assert 'value="corroborated" checked' in page
    assert "Assess again" in text_of(got(cast.reviewer, f"/reviews/{assessment.pk}/"))


def test_a_recorded_mistake_can_be_said_where_it_matters_only(cast: "Cast") -> None:
    refuted, reported = factories.claim_in(cast, "refuted"), factories.claim(cast)
    assert "recorded_mistake" in got(cast.editor, f"/claims/{refuted.reference}/assess/").content.decode()
    assert "recorded_mistake" not in got(cast.editor, f"/claims/{reported.reference}/assess/").content.decode()
    assert _assess(cast.editor, refuted, proposed_state="reported").status_code == 422
    assert _assess(cast.editor, refuted, proposed_state="reported", recorded_mistake="on").status_code == 302


# Deciding


def _decide(user: "User", assessment: Assessment, decision: str = "approve", **fields: Any) -> Any:
    address = f"/reviews/{assessment.pk}/"
    filled = fields_of(got(user, address)) | {"reason": "I checked both.", "decision": decision} | fields
    return signed_in(user).post(address, filled)


def test_approving_moves_the_claim_at_once(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    assert "Approve assessment" in text_of(got(cast.editor, f"/reviews/{assessment.pk}/"))
    assert _decide(cast.editor, assessment)["Location"] == f"/reviews/{assessment.pk}/"
    assert factories.fresh(claim).state == "corroborated"
    text = text_of(got(cast.reporter, f"/reviews/{assessment.pk}/"))
    assert "Decision Approved editor" in text and "I checked both." in text


def test_rejecting_leaves_the_claim_and_the_assignment(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    _decide(cast.editor, assessment, "reject")
    assert (factories.fresh(claim).state, factories.fresh(assessment).state) == ("reported", "rejected")


def test_a_decision_needs_a_reason_and_a_button(cast: "Cast") -> None:
    assessment = factories.assessment(cast, _ready(cast), "corroborated")
    answer = _decide(cast.editor, assessment, "", reason="")
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (400, ["decision", "reason"])


def test_the_assessor_gets_no_form_and_cannot_send_one(cast: "Cast") -> None:
    assessment = factories.assessment(cast, _ready(cast), "corroborated")
    assert "Approve assessment" not in text_of(got(cast.reviewer, f"/reviews/{assessment.pk}/"))
    answer = signed_in(cast.reviewer).post(f"/reviews/{assessment.pk}/", {"reason": "Fine.", "decision": "approve"})
    assert answer.status_code == 403


def test_what_changed_since_it_was_submitted_is_shown_to_who_decides(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    factories.attach(cast, claim, factories.source(cast, "A later note"), "context", by=cast.reviewer2)
    assert "Since submission reviewer2 attached “A later note”." in text_of(
        got(cast.editor, f"/reviews/{assessment.pk}/")
    )


def test_a_decision_on_an_older_version_is_shown_what_changed(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    version = factories.fresh(claim).version
    factories.attach(cast, claim, factories.source(cast, "A later note"), "context", by=cast.reviewer2)
    answer = _decide(cast.editor, assessment, seen_version=version)
    assert (answer.status_code, "reviewer2 attached “A later note”." in text_of(answer)) == (409, True)
    assert "I checked both.</textarea>" in answer.content.decode()
    assert factories.fresh(claim).state == "reported"
    again = answer.context["form"]["seen_version"].value()
    assert _decide(cast.editor, assessment, seen_version=again).status_code == 302


def test_what_no_longer_holds_is_not_approved(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    (item,) = factories.firsthand(cast, claim, 1, stance="refutes")
    answer = _decide(cast.editor, assessment)
    assert answer.status_code == 422
    missing = f"An answer to the contrary evidence “{item.source.title}”."
    assert f"Not approved: the assessment no longer meets the policy {missing}" in text_of(answer)


def test_deciding_twice_is_told(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    factories.approved(cast, assessment)
    answer = signed_in(cast.editor).post(
        f"/reviews/{assessment.pk}/",
        {"reason": "Me too.", "decision": "approve", "seen_version": factories.fresh(claim).version},
    )
    assert (answer.status_code, "This assessment is no longer awaiting a decision" in text_of(answer)) == (409, True)
    assert "Me too.</textarea>" in answer.content.decode()


def test_somebody_named_from_another_desk_decides(cast: "Cast") -> None:
    claim = _ready(cast)
    assessment = factories.assessment(cast, claim, "corroborated")
    got(cast.stranger, f"/reviews/{assessment.pk}/", 404)
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    _decide(cast.stranger, assessment)
    assert factories.fresh(claim).state == "corroborated"

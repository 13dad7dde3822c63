"""Drafts on the page of a finding: "Keep draft" without JavaScript, and what is told when one comes back."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.models import Claim
from reviews.actions.assignments import withdraw
from reviews.actions.drafts import keep_draft
from reviews.models import AssessmentDraft, FormDraft
from tests import factories
from tests.factories import fresh
from tests.kept import Kept
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast


@Kept
def kept_claim(cast: "Cast") -> Claim:
    """Accepted by the reviewer; one supports it, one refutes it."""
    claim = factories.claim(cast, elements=["by sea"])
    factories.firsthand(cast, claim, 1)
    factories.firsthand(cast, claim, 1, stance="refutes")
    factories.assigned(cast, claim)
    return fresh(claim)


@pytest.fixture
def claim(cast: "Cast") -> Claim:
    return kept_claim(cast)


def _page(claim: Claim) -> str:
    return f"/claims/{claim.reference}/assess/"


def _keep(user: "User", claim: Claim, **fields: Any) -> Any:
    """Press "Keep draft" on the form as the person got it, with some of it filled in."""
    filled = fields_of(got(user, _page(claim))) | {"keep": "draft"} | fields
    return signed_in(user).post(_page(claim), filled)


def test_half_a_finding_is_kept_and_stands_there_on_return(cast: "Cast", claim: Claim) -> None:
    refuting = claim.evidence.get(stance="refutes")
    answer = _keep(cast.reviewer, claim, evidence=[str(refuting.pk)], **{f"answer_{refuting.pk}": "It saw a ferry."})
    assert answer["Location"] == _page(claim)
    page = got(cast.reviewer, _page(claim))
    fields = fields_of(page)
    assert fields["evidence"] == [str(refuting.pk)]
    assert (fields[f"answer_{refuting.pk}"], fields.get("rationale")) == ("It saw a ferry.", None)
    assert "Draft saved" in text_of(page) and "Only you can see it." in text_of(page)


def test_the_hand_in_of_what_was_kept_ends_the_draft(cast: "Cast", claim: Claim) -> None:
    _keep(cast.reviewer, claim, rationale="A ferry, so nothing is shown.", proposed_state="reported")
    filled = fields_of(got(cast.reviewer, _page(claim)))
    assert "/reviews/" in signed_in(cast.reviewer).post(_page(claim), filled)["Location"]
    assert not AssessmentDraft.objects.exists()


def test_the_second_of_two_windows_is_shown_both_texts_and_decides(cast: "Cast", claim: Claim) -> None:
    untouched = fields_of(got(cast.reviewer, _page(claim)))
    _keep(cast.reviewer, claim, rationale="What the first window says.")
    second = signed_in(cast.reviewer).post(_page(claim), untouched | {"keep": "draft", "rationale": "The second says."})
    assert second.status_code == 409
    assert "Another window has kept this draft since" in text_of(second)
    assert "What the first window says." in text_of(second)
    assert fields_of(second)["rationale"] == "The second says."
    third = signed_in(cast.reviewer).post(_page(claim), fields_of(second) | {"keep": "draft"})
    assert third.status_code == 302
    assert AssessmentDraft.objects.get().content["rationale"] == "The second says."


def test_handing_in_over_a_draft_of_another_window_asks_too(cast: "Cast", claim: Claim) -> None:
    untouched = fields_of(got(cast.reviewer, _page(claim)))
    _keep(cast.reviewer, claim, rationale="What the first window says.")
    filled = untouched | {"rationale": "The second says.", "proposed_state": "reported"}
    asked = signed_in(cast.reviewer).post(_page(claim), filled)
    assert (asked.status_code, "What the first window says." in text_of(asked)) == (409, True)
    assert signed_in(cast.reviewer).post(_page(claim), fields_of(asked)).status_code == 302


def test_what_happened_since_and_what_is_gone_is_told(cast: "Cast", claim: Claim) -> None:
    supporting = claim.evidence.filter(stance="supports").latest("created_at")
    refuting = claim.evidence.get(stance="refutes")
    fields = {f"answer_{refuting.pk}": "It saw a ferry.", "evidence": [str(supporting.pk), str(refuting.pk)]}
    _keep(cast.reviewer, claim, proposed_state="corroborated", rationale="Nearly done.", **fields)
    edit_claim(claim=claim, fields={"place": "Odesa"}, by=cast.editor)
    withdraw_evidence(evidence=refuting, reason="A mistake.", by=cast.editor)
    change_evidence(evidence=supporting, fields={"visibility": "restricted"}, by=cast.editor)
    text = text_of(got(cast.reviewer, _page(claim)))
    for told in ("editor edited the claim.", "was withdrawn.", "is restricted now", "It saw a ferry."):
        assert told in text
    assert fields_of(got(cast.reviewer, _page(claim)))["rationale"] == "Nearly done."


def test_a_stale_page_keeps_what_has_no_field_any_more(cast: "Cast", claim: Claim) -> None:
    refuting = claim.evidence.get(stance="refutes")
    fields = fields_of(got(cast.reviewer, _page(claim)))
    withdraw_evidence(evidence=refuting, reason="A mistake.", by=cast.editor)
    typed = {"keep": "draft", f"answer_{refuting.pk}": "It saw a ferry.", "proposed_state": "refuted"}
    assert signed_in(cast.reviewer).post(_page(claim), fields | typed).status_code == 302
    content = AssessmentDraft.objects.get().content
    assert (content["proposed_state"], [line["text"] for line in content["answers"]]) == (
        "refuted",
        ["It saw a ferry."],
    )


def test_what_cannot_be_kept_stays_in_the_form(cast: "Cast", claim: Claim) -> None:
    answer = _keep(cast.reviewer, claim, rationale="x" * 20_001)
    assert (answer.status_code, "This is too long" in text_of(answer)) == (400, True)
    assert fields_of(answer)["rationale"] == "x" * 20_001
    odd = {"seen_version": "9" * 30, "draft_version": "-1", "evidence": ["1", "\x00"], "answer_x": "?"}
    assert _keep(cast.reviewer, claim, rationale="Odd, and kept.", **odd).status_code == 302


def test_my_work_leads_back_to_a_draft(cast: "Cast", claim: Claim) -> None:
    keep_draft(claim=claim, rationale="Half.", seen_version=claim.version, by=cast.reviewer)
    page = got(cast.reviewer, "/")
    assert "Go on with your draft" in text_of(page) and "Your drafts" not in text_of(page)
    withdraw(assignment=claim.assignments.get(), by=cast.editor)
    text = text_of(got(cast.reviewer, "/"))
    assert "Your drafts" in text and "Read draft…" in text and "Go on with your draft" not in text
    keep_draft(claim=claim, rationale="I look myself.", seen_version=claim.version, by=cast.editor)
    assert "Go on with your draft" in text_of(got(cast.editor, "/"))


def test_a_draft_is_read_once_more_and_dropped(cast: "Cast", claim: Claim) -> None:
    keep_draft(claim=claim, rationale="Half a thought.", seen_version=claim.version, by=cast.reviewer)
    address = f"{_page(claim)}draft/"
    assert "Half a thought." in text_of(got(cast.reviewer, address))
    assert signed_in(cast.reviewer).post(address)["Location"] == f"/claims/{claim.reference}/"
    got(cast.reviewer, address, 404)


@pytest.mark.parametrize("pressed", [{}, {"keep": "draft"}])
def test_what_was_typed_while_the_assignment_ended_stays_to_be_read(
    cast: "Cast", claim: Claim, pressed: dict[str, str]
) -> None:
    part, refuting = claim.elements.get(), claim.evidence.get(stance="refutes")
    page = got(cast.reviewer, _page(claim))
    (whose,) = re.findall(r'name="draft-of" value="([^"]+)"', page.content.decode())
    filled = fields_of(page) | {
        "draft-of": whose,
        "rationale": "A ferry was seen at two.",
        f"element_{part.pk}": "The log names the quay.",
        f"answer_{refuting.pk}": "It saw another ferry.",
        "proposed_state": "reported",
    }
    withdraw(assignment=claim.assignments.get(), reason="Somebody else does it.", by=cast.editor)
    client = signed_in(cast.reviewer)
    refused = client.post(_page(claim), filled | pressed)
    assert refused.status_code == 403
    draft = FormDraft.objects.get(author=cast.reviewer)
    assert f'href="/drafts/{draft.pk}/"' in refused.content.decode()
    read = text_of(client.get(f"/drafts/{draft.pk}/"))
    for text in ("Draft: Assessment", "A ferry was seen at two.", "The log names the quay.", "It saw another ferry."):
        assert text in read
    assert client.get("/drafts/").status_code == 200
    assert signed_in(cast.editor).get(f"/drafts/{draft.pk}/").status_code == 404

"""Drafts on the page of an assessment: "Keep draft" without JavaScript, and what is told when one comes back."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.test import Client

from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import change_source
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim
from reviews.actions.assignments import withdraw_assignment
from reviews.actions.drafts import keep_draft
from reviews.inputs import AssessmentInput
from reviews.models import AssessmentDraft, FormDraft
from sources.inputs import SourceInput
from tests import factories
from tests.factories import fresh
from tests.kept import KeptRows
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast


@KeptRows
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


def test_half_an_assessment_is_kept_and_stands_there_on_return(cast: "Cast", claim: Claim) -> None:
    refuting = claim.evidence.get(stance="refutes")
    answer = _keep(cast.reviewer, claim, evidence=[str(refuting.pk)], **{f"answer_{refuting.pk}": "It saw a ferry."})
    assert answer["Location"] == _page(claim)
    page = got(cast.reviewer, _page(claim))
    fields = fields_of(page)
    assert fields["evidence"] == [str(refuting.pk)]
    assert (fields[f"answer_{refuting.pk}"], fields.get("rationale")) == ("It saw a ferry.", None)
    assert "Draft saved" in text_of(page) and "Only you can see it." in text_of(page)


def test_the_submission_of_what_was_kept_ends_the_draft(cast: "Cast", claim: Claim) -> None:
    _keep(cast.reviewer, claim, rationale="A ferry, so nothing is shown.", proposed_state="reported")
    filled = fields_of(got(cast.reviewer, _page(claim)))
    assert "/reviews/" in signed_in(cast.reviewer).post(_page(claim), filled)["Location"]
    assert not AssessmentDraft.objects.exists()


def test_the_second_of_two_windows_is_shown_both_texts_and_decides(cast: "Cast", claim: Claim) -> None:
    untouched = fields_of(got(cast.reviewer, _page(claim)))
    _keep(cast.reviewer, claim, rationale="What the first window says.")
    second = signed_in(cast.reviewer).post(_page(claim), untouched | {"keep": "draft", "rationale": "The second says."})
    assert second.status_code == 409
    assert "This draft was saved in another window" in text_of(second)
    assert "What the first window says." in text_of(second)
    assert fields_of(second)["rationale"] == "The second says."
    third = signed_in(cast.reviewer).post(_page(claim), fields_of(second) | {"keep": "draft"})
    assert third.status_code == 302
    assert AssessmentDraft.objects.get().content["rationale"] == "The second says."


def test_submitting_over_a_draft_of_another_window_asks_too(cast: "Cast", claim: Claim) -> None:
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
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=cast.editor)
    withdraw_evidence(evidence=refuting, reason="A mistake.", by=cast.editor)
    change_evidence(evidence=supporting, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    text = text_of(got(cast.reviewer, _page(claim)))
    for told in ("editor edited the claim.", "has been withdrawn.", "is now restricted", "It saw a ferry."):
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
    assert (answer.status_code, "Too long" in text_of(answer)) == (400, True)
    assert fields_of(answer)["rationale"] == "x" * 20_001
    odd = {"seen_version": "9" * 30, "draft_version": "-1", "evidence": ["1", "\x00"], "answer_x": "?"}
    assert _keep(cast.reviewer, claim, rationale="Odd, and kept.", **odd).status_code == 302


def test_my_work_leads_back_to_a_draft(cast: "Cast", claim: Claim) -> None:
    keep_draft(claim=claim, fields=AssessmentInput(rationale="Half.", seen_version=claim.version), by=cast.reviewer)
    page = got(cast.reviewer, "/")
    assert "Continue your draft" in text_of(page) and "Your drafts" not in text_of(page)
    withdraw_assignment(assignment=claim.assignments.get(), by=cast.editor)
    text = text_of(got(cast.reviewer, "/"))
    assert "Your drafts" in text and "Read draft…" in text and "Continue your draft" not in text
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale="I look myself.", seen_version=claim.version), by=cast.editor
    )
    assert "Continue your draft" in text_of(got(cast.editor, "/"))


def test_a_draft_is_read_once_more_and_dropped(cast: "Cast", claim: Claim) -> None:
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale="Half a thought.", seen_version=claim.version), by=cast.reviewer
    )
    address = f"{_page(claim)}draft/"
    assert "Half a thought." in text_of(got(cast.reviewer, address))
    assert signed_in(cast.reviewer).post(address)["Location"] == f"/claims/{claim.reference}/"
    got(cast.reviewer, address, 404)


@pytest.mark.parametrize("pressed", [{}, {"keep": "draft"}])
def test_what_was_typed_while_the_assignment_ended_stays_to_be_read(
    cast: "Cast", claim: Claim, pressed: dict[str, str]
) -> None:
    element, refuting = claim.elements.get(), claim.evidence.get(stance="refutes")
    page = got(cast.reviewer, _page(claim))
    (whose,) = re.findall(r'name="draft-of"\s+value="([^"]+)"', page.content.decode())
    filled = fields_of(page) | {
        "draft-of": whose,
        "rationale": "A ferry was seen at two.",
        f"element_{element.pk}": "The log names the quay.",
        f"answer_{refuting.pk}": "It saw another ferry.",
        "proposed_state": "reported",
    }
    withdraw_assignment(assignment=claim.assignments.get(), reason="Somebody else does it.", by=cast.editor)
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


def _filled(page: Any, **fields: Any) -> dict[str, Any]:
    """What a browser sends of the form, with what it carries of its draft."""
    carried = page.context["drafts"]
    own = {"draft-of": carried.token, "draft-id": carried.draft_id, "draft-version": str(carried.version)}
    return fields_of(page) | own | fields


def _typed_twice(cast: "Cast", claim: Claim, **fields: Any) -> tuple[Client, dict[str, Any]]:
    """A form in which the person has typed something, while another window of theirs has kept a draft."""
    client = signed_in(cast.reviewer)
    sent = _filled(client.get(_page(claim)), rationale="The second says.", **fields)
    keep_draft(
        claim=claim,
        fields=AssessmentInput(rationale="What the first window says.", seen_version=claim.version),
        by=cast.reviewer,
    )
    return client, sent


def test_a_session_that_ended_keeps_it_beside_what_another_window_kept(cast: "Cast", claim: Claim) -> None:
    client, sent = _typed_twice(cast, claim, proposed_state="reported")
    client.cookies.clear()
    answer = client.post(_page(claim), sent)
    draft = FormDraft.objects.get(author=cast.reviewer)
    assert quote(f"{_page(claim)}?draft={draft.pk}", safe="/") in answer["Location"]
    assert AssessmentDraft.objects.get().content["rationale"] == "What the first window says."
    page = got(cast.reviewer, f"{_page(claim)}?draft={draft.pk}")
    assert fields_of(page)["rationale"] == "The second says."
    assert "What the first window says." in text_of(page)


def test_a_protection_that_ran_out_keeps_it_beside_what_another_window_kept(cast: "Cast", claim: Claim) -> None:
    _client, sent = _typed_twice(cast, claim, proposed_state="reported")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.reviewer)
    answer = strict.post(_page(claim), sent)
    assert answer.status_code == 302
    page: Any = strict.get(answer["Location"])
    assert fields_of(page)["rationale"] == "The second says."


def test_a_form_that_came_back_is_kept_beside_what_another_window_kept(cast: "Cast", claim: Claim) -> None:
    client, sent = _typed_twice(cast, claim)
    assert client.post(_page(claim), sent | {"proposed_state": ""}).status_code == 400
    assert dict(FormDraft.objects.get().content)["rationale"] == "The second says."


def test_what_is_too_long_for_its_place_is_kept_where_the_session_ended(cast: "Cast", claim: Claim) -> None:
    client = signed_in(cast.reviewer)
    sent = _filled(client.get(_page(claim)), rationale="x" * 20_001)
    client.cookies.clear()
    client.post(_page(claim), sent)
    assert dict(FormDraft.objects.get().content)["rationale"] == "x" * 20_001


def test_a_draft_of_an_assignment_that_ended_stands_in_the_form_of_the_next(cast: "Cast", claim: Claim) -> None:
    client = signed_in(cast.reviewer)
    sent = _filled(client.get(_page(claim)), rationale="A ferry was seen at two.", proposed_state="reported")
    withdraw_assignment(assignment=claim.assignments.get(), reason="Somebody else does it.", by=cast.editor)
    assert client.post(_page(claim), sent).status_code == 403
    factories.assigned(cast, fresh(claim))
    read = client.get(f"/drafts/{FormDraft.objects.get().pk}/").content.decode()
    (address,) = re.findall(r'href="([^"]*/assess/[^"]*)"', read)
    page = client.get(address)
    assert fields_of(page)["rationale"] == "A ferry was seen at two."
    done = client.post(_page(claim), _filled(page, seen_version=str(fresh(claim).version)))
    assert "/reviews/" in done["Location"]
    assert not FormDraft.objects.exists()


def test_saving_a_draft_that_was_brought_back_makes_one_of_the_two(cast: "Cast", claim: Claim) -> None:
    client, sent = _typed_twice(cast, claim)
    client.cookies.clear()
    client.post(_page(claim), sent)
    client.force_login(cast.reviewer)
    page = client.get(f"{_page(claim)}?draft={FormDraft.objects.get().pk}")
    assert client.post(_page(claim), _filled(page, keep="draft")).status_code == 302
    assert (AssessmentDraft.objects.get().content["rationale"], FormDraft.objects.count()) == ("The second says.", 0)


def _hidden_meanwhile(cast: "Cast", claim: Claim, **fields: Any) -> tuple[Client, dict[str, Any]]:
    """A form with an answer to evidence that an editor hides before it is sent."""
    source = factories.source(cast, "The harbour log", by=cast.reviewer2)
    answered = factories.attach(cast, claim, source, "refutes", by=cast.reviewer)
    client, answer = signed_in(cast.reviewer), {f"answer_{answered.pk}": "Another ferry."}
    sent = _filled(client.get(_page(claim)), rationale="A ferry was seen.", **answer)
    change_source(source=fresh(source), fields=SourceInput(visibility="restricted"), by=cast.editor)
    got(cast.reviewer, f"/sources/{source.pk}/", status=404)
    sent |= {"proposed_state": "reported", "seen_version": str(fresh(claim).version)}
    return client, sent | fields


def test_an_answer_to_evidence_that_is_hidden_meanwhile_is_saved_and_shown(cast: "Cast", claim: Claim) -> None:
    client, sent = _hidden_meanwhile(cast, claim, keep="draft")
    saved = client.post(_page(claim), sent, headers={"accept": "application/json"})
    assert (saved.status_code, AssessmentDraft.objects.count()) == (200, 1)
    for address in (_page(claim), f"{_page(claim)}draft/"):
        text = text_of(client.get(address))
        assert ("Another ferry." in text, "The harbour log" in text) == (True, False)


def test_saving_on_does_not_take_it_out_of_the_draft(cast: "Cast", claim: Claim) -> None:
    client, sent = _hidden_meanwhile(cast, claim, keep="draft")
    client.post(_page(claim), sent)
    page = client.get(_page(claim))
    assert client.post(_page(claim), _filled(page, rationale="Two.", keep="draft")).status_code == 302
    content = AssessmentDraft.objects.get().content
    assert (content["rationale"], [one["text"] for one in content["answers"]]) == ("Two.", ["Another ferry."])


def test_it_is_shown_before_an_assessment_is_submitted_without_it(cast: "Cast", claim: Claim) -> None:
    client, sent = _hidden_meanwhile(cast, claim)
    asked = client.post(_page(claim), sent)
    text = text_of(asked)
    assert (asked.status_code, "left out when you submit again" in text) == (400, True)
    assert ("Another ferry." in text, "The harbour log" in text) == (True, False)
    assert AssessmentDraft.objects.get().content["answers"][0]["text"] == "Another ferry."
    assert "/reviews/" in client.post(_page(claim), _filled(asked))["Location"]


def test_it_is_kept_where_the_session_ended_as_well(cast: "Cast", claim: Claim) -> None:
    client, sent = _hidden_meanwhile(cast, claim)
    client.cookies.clear()
    client.post(_page(claim), sent)
    assert "Another ferry." in text_of(got(cast.reviewer, _page(claim)))

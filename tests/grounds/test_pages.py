"""What pages and API show of grounds that changed, and confirming them there."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from claims.actions.claims import edit_claim, publish_claim
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_source
from claims.inputs import ClaimInput, EvidenceInput
from reviews.grounds_shown import of_assessment, of_verdict
from sources.inputs import SourceInput
from tests import factories
from tests.api.client import Api
from tests.factories import fresh
from tests.grounds.edits import GroundsWorld
from tests.pages import fields_of, got, signed_in, text_of

pytestmark = pytest.mark.django_db


def _retitle(made: GroundsWorld, by: Any, title: str = "Another log") -> None:
    change_source(source=made.source, fields=SourceInput(title=title), by=by)


def _review(made: GroundsWorld) -> str:
    return f"/reviews/{made.assessment.pk}/"


def test_the_review_shows_the_other_evidence_and_who_changed_its_bearing(made: GroundsWorld) -> None:
    text = text_of(got(made.cast.editor, _review(made)))
    others = text[text.index("Other evidence") : text.index("Your decision")]
    assert "Gate book publisher unknown basis unknown Source F cannot be judged Context reviewer changed its" in others
    assert others.count("reviewer changed its bearing on") == 2  # of what was set aside, and of what is superseded
    assert "Superseded by" in others
    assert "Harbour log" not in others


def test_who_may_not_see_restricted_evidence_does_not_see_it_among_the_other(made: GroundsWorld) -> None:
    assert "Letter" in text_of(got(made.cast.editor, _review(made)))
    assert "Letter" not in text_of(got(made.cast.reviewer2, _review(made)))


LINE = "Source “Another log” title Harbour log Another log reviewer2"


def test_the_review_shows_who_changed_what(made: GroundsWorld) -> None:
    assert "Changed since it was submitted" not in text_of(got(made.cast.editor, _review(made)))
    _retitle(made, made.cast.reviewer2)
    text = text_of(got(made.cast.editor, _review(made)))
    assert "Changed since it was submitted" in text
    assert LINE in text
    assert "reviewer must confirm it before it can be approved." in text
    assert "Confirm assessment" not in text
    assert ("Approve assessment" in text, "Reject assessment" in text) == (False, True)


def test_moments_and_days_are_said_as_everywhere(made: GroundsWorld) -> None:
    at = datetime(2022, 11, 2, 8, 15, 42, 5, UTC)
    change_source(source=made.source, fields=SourceInput(published_at=at), by=made.cast.reviewer2)
    edit_claim(claim=fresh(made.claim), fields=ClaimInput(claimed_on=date(2022, 11, 4)), by=made.cast.editor)
    User.objects.filter(pk=made.cast.editor.pk).update(time_zone="Europe/Kyiv")
    text = text_of(got(fresh(made.cast.editor), _review(made)))
    assert "2 Nov 2022, 10:15:42" in text
    assert ("4 Nov 2022" in text, "2022-11-0" in text) == (True, False)


def test_the_list_marks_what_changed_and_narrows_to_it(verdict: GroundsWorld) -> None:
    factories.claim_in(verdict.cast, "corroborated")
    narrowed = "/claims/?changed_since_verdict=on"
    assert "No claims match" in text_of(got(verdict.cast.editor, narrowed))
    _retitle(verdict, verdict.cast.reviewer2)
    page = got(verdict.cast.editor, narrowed)
    assert [row.reference for row in page.context["rows"]] == [verdict.claim.reference]  # type: ignore[attr-defined]
    (marked,) = [row for row in got(verdict.cast.editor, "/claims/").context["rows"] if row.changed_since_verdict]  # type: ignore[attr-defined]
    assert marked.reference == verdict.claim.reference


def test_approving_is_refused_and_what_was_typed_stays(made: GroundsWorld) -> None:
    filled = fields_of(got(made.cast.editor, _review(made))) | {"reason": "I checked.", "decision": "approve"}
    _retitle(made, made.cast.reviewer)
    answer = signed_in(made.cast.editor).post(_review(made), filled)
    assert answer.status_code == 409
    text = text_of(answer)
    assert "The grounds have changed since this was submitted." in text
    assert "reviewer changed Source “Another log”, title: “Harbour log” is now “Another log”." in text
    assert "I checked.</textarea>" in answer.content.decode()


def test_the_assessor_confirms_with_one_press(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer2)
    page = got(made.cast.reviewer, _review(made))
    assert "Confirm assessment" in text_of(page)
    seen = of_assessment(made.cast.reviewer, fresh(made.assessment))
    assert seen is not None
    given = {"seen_version": fresh(made.claim).version, "seen_grounds": seen.now}
    assert f'name="seen_grounds" value="{seen.now}"' in page.content.decode()
    answer = signed_in(made.cast.reviewer).post(f"{_review(made)}confirm/", given)
    assert (answer.status_code, answer["Location"]) == (302, _review(made))
    filled = fields_of(got(made.cast.editor, _review(made))) | {"reason": "Yes.", "decision": "approve"}
    assert signed_in(made.cast.editor).post(_review(made), filled).status_code == 302
    assert fresh(made.claim).state == "corroborated"


def test_a_page_from_before_it_was_confirmed_anew_approves_nothing(made: GroundsWorld) -> None:
    filled = fields_of(got(made.cast.editor, _review(made))) | {"reason": "I checked.", "decision": "approve"}
    _retitle(made, made.cast.reviewer)
    seen = of_assessment(made.cast.reviewer, fresh(made.assessment))
    assert seen is not None
    given = {"seen_version": fresh(made.claim).version, "seen_grounds": seen.now}
    signed_in(made.cast.reviewer).post(f"{_review(made)}confirm/", given)
    assert signed_in(made.cast.editor).post(_review(made), filled).status_code == 409
    again = {**filled, "seen_version": fresh(made.claim).version}
    answer = signed_in(made.cast.editor).post(_review(made), again)
    assert (answer.status_code, "reviewer has confirmed this again" in text_of(answer)) == (409, True)


def test_confirming_what_was_not_seen_is_told(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer2)
    given = {"seen_version": fresh(made.claim).version, "seen_grounds": "ab" * 32}
    answer = signed_in(made.cast.reviewer).post(f"{_review(made)}confirm/", given, follow=True)
    assert "Review them before you confirm." in text_of(answer)


def test_the_claims_page_says_it_changed_since_the_verdict_and_the_other_confirms(verdict: GroundsWorld) -> None:
    address = f"/claims/{verdict.claim.reference}/"
    assert "Changed since the verdict" not in text_of(got(verdict.cast.editor, address))
    _retitle(verdict, verdict.cast.reviewer2)
    for person in (verdict.cast.reporter, verdict.cast.editor, verdict.cast.auditor):
        text = text_of(got(person, address))
        assert "Changed since the verdict" in text
        assert LINE in text
    form = f"{address}grounds/"
    assert "Confirm verdict" not in text_of(got(verdict.cast.reviewer2, form))
    filled = fields_of(got(verdict.cast.editor, form)) | {"reason": "It is the same log."}
    answer = signed_in(verdict.cast.editor).post(form, filled)
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert "Changed since the verdict" not in text_of(got(verdict.cast.editor, address))


def test_who_changed_it_gets_no_form_and_cannot_send_one(verdict: GroundsWorld) -> None:
    _retitle(verdict, verdict.cast.editor)
    form = f"/claims/{verdict.claim.reference}/grounds/"
    assert "Confirm verdict" not in text_of(got(verdict.cast.editor, form))
    seen = of_verdict(verdict.cast.editor, fresh(verdict.claim))
    assert seen is not None
    answer = signed_in(verdict.cast.editor).post(form, {"reason": "Fine.", "seen_grounds": seen.now})
    assert (answer.status_code, fresh(verdict.claim).changed_since_verdict) == (403, True)


def test_the_public_page_says_so_and_nothing_of_what(verdict: GroundsWorld) -> None:
    publish_claim(claim=verdict.claim, by=verdict.cast.editor)
    _retitle(verdict, verdict.cast.reviewer2, "A whisper")
    for address in (f"/public/{verdict.claim.reference}/", "/public/"):
        text = text_of(Client().get(address))
        assert "Changed since the verdict" in text
        assert "whisper" not in text
        assert "reviewer2" not in text


def test_my_work_and_the_notifications_lead_there(verdict: GroundsWorld) -> None:
    _retitle(verdict, verdict.cast.reviewer2)
    text = text_of(got(verdict.cast.editor, "/"))
    assert "Changed since the verdict" in text
    assert "reviewer2 changed the grounds of the verdict" in text_of(got(verdict.cast.reviewer, "/notifications/"))


def test_what_is_restricted_now_is_told_to_nobody_who_may_not_see_it(verdict: GroundsWorld) -> None:
    change_evidence(evidence=verdict.item, fields=EvidenceInput(excerpt="at the secret hour"), by=verdict.cast.reviewer)
    change_source(source=verdict.source, fields=SourceInput(visibility="restricted"), by=verdict.cast.editor)
    address = f"/claims/{verdict.claim.reference}/"
    for person in (verdict.cast.reporter, verdict.cast.reviewer2, verdict.cast.auditor):
        text = text_of(got(person, address))
        assert "to material you cannot see" in text
        assert not [words for words in ("Harbour log", "two in the morning", "secret hour") if words in text]
        told = Api(person).get(f"claims/{verdict.claim.reference}/grounds/").json()
        assert not [words for words in ("Harbour log", "two in the morning", "secret hour") if words in str(told)]
    assert "Harbour log" in text_of(got(verdict.cast.editor, address))


def test_the_api_tells_and_takes_the_same(made: GroundsWorld) -> None:
    claim = made.claim.reference
    path = f"claims/{claim}/assessments/{made.assessment.pk}/"
    reviewer, editor = Api(made.cast.reviewer), Api(made.cast.editor)
    before = editor.get(path).json()
    assert (len(before["grounds"]), before["grounds_changed"]) == (64, False)
    _retitle(made, made.cast.editor)
    assert editor.get(path).json()["grounds_changed"] is True
    refused = editor.send("POST", f"{path}approve/", {"reason": "Yes.", "seen_version": fresh(made.claim).version})
    told = "editor changed Source “Another log”, title: “Harbour log” is now “Another log”."
    assert (refused.status_code, refused.json()["changes"]) == (409, [told])
    shown = reviewer.get(f"{path}grounds/").json()
    (change,) = shown["changes"]
    assert (shown["changed"], change["field"], change["then"], change["now"]) == (
        *(True, "title", "Harbour log", "Another log"),
    )
    assert [who["by"] for who in change["who"]] == ["editor"]
    confirmed = reviewer.send(
        "POST", f"{path}confirm/", {"seen_version": fresh(made.claim).version, "seen_grounds": shown["now"]}
    )
    assert (confirmed.status_code, confirmed.json()["grounds"]) == (200, shown["now"])
    decision = {"reason": "Yes.", "seen_version": fresh(made.claim).version}
    stale = editor.send("POST", f"{path}approve/", {**decision, "seen_grounds": before["grounds"]})
    assert stale.status_code == 409
    done = editor.send("POST", f"{path}approve/", {**decision, "seen_grounds": shown["now"]})
    assert (done.status_code, done.json()["state"]) == (200, "approved")


def test_the_api_marks_and_confirms_a_verdict(verdict: GroundsWorld) -> None:
    path = f"claims/{verdict.claim.reference}/"
    editor = Api(verdict.cast.editor)
    assert editor.get(path).json()["changed_since_verdict"] is False
    _retitle(verdict, verdict.cast.reviewer2)
    assert editor.get(path).json()["changed_since_verdict"] is True
    assert [row["reference"] for row in editor.rows("claims/", changed_since_verdict="true")] == [
        verdict.claim.reference
    ]
    shown = editor.get(f"{path}grounds/").json()
    body = {"reason": "The title alone.", "seen_grounds": shown["now"]}
    assert Api(verdict.cast.reviewer2).send("POST", f"{path}grounds/confirm/", body).status_code == 403
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    answer, again = (editor.send("POST", f"{path}grounds/confirm/", body, headers=key) for _ in range(2))
    assert (answer.status_code, answer.json()["changed_since_verdict"]) == (200, False)
    assert (again.status_code, again.json()) == (200, answer.json())
    assert editor.rows("claims/", changed_since_verdict="true") == []

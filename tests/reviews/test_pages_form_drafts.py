"""Forms that come back, sessions that end while one types, and drafts on the pages: nothing typed is lost."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import Membership
from claims.actions.claims import edit_claim
from claims.inputs import ClaimInput
from claims.models import Claim, Evidence
from house.errors import Busy, TooMany
from reviews.actions import form_drafts
from reviews.actions.assignments import close_claim
from reviews.actions.drafts import keep_draft
from reviews.inputs import AssessmentInput
from reviews.models import AssessmentDraft, FormDraft
from sources.models import Actor, Source
from tests import factories
from tests.factories import Cast, fresh, password_of
from tests.pages import fields_of, got, signed_in, text_of

TYPED = "They counted forty crates."


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return factories.claim(cast)


def _address(claim: Claim) -> str:
    return f"/claims/{claim.reference}/attach/"


def _filled(page: Any, **fields: Any) -> dict[str, Any]:
    """What a browser sends of a form, with what it carries of its draft."""
    carried = page.context["drafts"]
    own = {"draft-of": carried.token, "draft-id": carried.draft_id, "draft-version": str(carried.version)}
    stance = {"stance": "supports"} if "stance" in page.context["form"].fields else {}
    return stance | fields_of(page) | own | fields


def test_a_form_that_came_back_is_the_newest_there_is_of_it(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    client.post(address, _filled(client.get(address), excerpt="Older words.", keep="draft"))
    back = client.post(address, _filled(client.get(address), excerpt=TYPED, url=""))
    assert back.status_code == 400
    assert dict(FormDraft.objects.get().content)["excerpt"] == TYPED
    again = client.get(address)
    assert again.context["form"]["excerpt"].value() == TYPED
    done = client.post(address, _filled(again, url="example.org/a"))
    assert (done.status_code, Evidence.objects.filter(excerpt=TYPED).count()) == (302, 1)
    assert not FormDraft.objects.exists()
    assert fields_of(client.get(address)).get("excerpt") is None


def test_what_only_looks_what_it_would_do_is_kept_as_well(cast: Cast) -> None:
    source = factories.source(cast)
    client, address = signed_in(cast.editor), f"/sources/{source.pk}/retract/"
    tried = client.post(address, _filled(client.get(address), reason=TYPED))
    assert (tried.status_code, FormDraft.objects.count()) == (200, 1)
    done = client.post(address, _filled(tried, confirmed="yes"))
    assert (done.status_code, FormDraft.objects.count(), fresh(source).retracted_reason) == (302, 0, TYPED)


def test_a_draft_on_a_claim_that_changed_is_refused_as_the_form_would_have_been(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/edit/"
    client.post(address, _filled(client.get(address), statement=TYPED, keep="draft", **_no_elements()))
    edit_claim(claim=claim, fields=ClaimInput(statement="Somebody else's words."), by=cast.editor)
    again = client.get(address)
    answer = client.post(address, _filled(again, **_no_elements()))
    assert answer.status_code == 409
    assert TYPED in answer.content.decode()


def _no_elements() -> dict[str, str]:
    return {"elements-TOTAL_FORMS": "0", "elements-INITIAL_FORMS": "0"}


def test_two_claims_written_at_once_are_two_drafts(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    first, second = client.get("/claims/new/"), client.get("/claims/new/")
    client.post("/claims/new/", _filled(first, statement="The first.", keep="draft", **_no_elements()))
    client.post("/claims/new/", _filled(second, statement="The second.", keep="draft", **_no_elements()))
    page = client.get("/drafts/")
    assert len(page.context["lines"]) == 2
    shown = {client.get(line.form_url).context["form"]["statement"].value() for line in page.context["lines"]}
    assert shown == {"The first.", "The second."}
    assert "Your other drafts" in text_of(client.get("/claims/new/"))


def test_a_draft_is_discarded_on_its_page(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    client.post(address, _filled(client.get(address), excerpt=TYPED, keep="draft"))
    [line] = client.get("/drafts/").context["lines"]
    assert TYPED in text_of(client.get(line.url))
    assert client.post(line.url)["Location"] == "/drafts/"
    assert not FormDraft.objects.exists()


def test_my_work_leads_to_drafts(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    assert "Unfinished forms" not in text_of(client.get("/"))
    client.post(address, _filled(client.get(address), excerpt=TYPED, keep="draft"))
    assert f"Unfinished forms {claim.reference} Attach a source" in text_of(client.get("/"))


def test_drafts_of_a_closed_claim_can_be_reached_read_and_discarded(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    factories.assigned(cast, claim)
    client.post(address, _filled(client.get(address), excerpt=TYPED, keep="draft"))
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale="So far: nothing.", seen_version=claim.version), by=cast.reviewer
    )
    close_claim(claim=claim, reason="moot", by=cast.editor)
    for page in (client.get("/"), client.get("/drafts/"), client.get(f"/claims/{claim.reference}/")):
        assert f"/claims/{claim.reference}/assess/draft/" in page.content.decode()
        assert f"/drafts/{FormDraft.objects.get().pk}/" in page.content.decode()
    assert "So far: nothing." in text_of(client.get(f"/claims/{claim.reference}/assess/draft/"))
    read = text_of(client.get(f"/drafts/{FormDraft.objects.get().pk}/"))
    assert TYPED in read and "The claim is closed." in read
    client.post(f"/claims/{claim.reference}/assess/draft/")
    client.post(f"/drafts/{FormDraft.objects.get().pk}/")
    assert (AssessmentDraft.objects.count(), FormDraft.objects.count()) == (0, 0)


def _signed_in_by_form(client: Client, answer: Any, who: Any) -> Any:
    """Sign in at the page that the answer leads to, and go where that leads."""
    assert "/account/login/" in answer["Location"]
    entered = {"login": who.username, "password": password_of(who)}
    return client.get(client.post(answer["Location"], entered)["Location"])


def test_a_session_that_ends_gives_the_form_back_after_sign_in(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED, url="example.org/a")
    client.cookies.clear()
    answer = client.post(address, sent)
    asked = client.get(answer["Location"]).content.decode()
    assert ("You have been signed out. Your text is saved" in asked, TYPED in asked) == (True, False)
    page = _signed_in_by_form(client, answer, cast.reviewer)
    assert page.context["form"]["excerpt"].value() == TYPED
    assert Source.objects.filter(url__contains="example.org").count() == 0  # nothing was done with it
    assert client.post(address, _filled(page)).status_code == 302
    assert (Evidence.objects.filter(excerpt=TYPED).count(), FormDraft.objects.count()) == (1, 0)


@pytest.mark.parametrize("refused", [TooMany("Later.", retry_after=9), Busy("Others are at it."), IntegrityError()])
def test_a_refusal_on_a_page_of_its_own_leads_back_to_what_was_typed(
    cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch, refused: Exception
) -> None:
    """However often the button is pressed, there is one draft of it."""

    def refuse(**_given: Any) -> None:
        raise refused

    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED, url="example.org/a")
    with monkeypatch.context() as patch:
        patch.setattr("claims.views.evidence.attach_source", refuse)
        answers = [client.post(address, sent) for _ in range(2)]
    leads = [re.search(r'href="([^"]*\?draft=[^"]*)"', answer.content.decode()) for answer in answers]
    (back,) = {unescape(lead[1]) if lead else address for lead in leads}
    assert client.get(back).context["form"]["excerpt"].value() == TYPED
    assert FormDraft.objects.count() == 1


def test_who_may_not_do_it_any_more_reads_what_they_typed(cast: Cast) -> None:
    claim = factories.claim(cast, by=cast.reporter)
    client, address = signed_in(cast.reporter), f"/claims/{claim.reference}/edit/"
    sent = _filled(client.get(address), place=TYPED, **_no_elements())
    Membership.objects.filter(user=cast.reporter).update(role="auditor")
    refused = client.post(address, sent)
    assert refused.status_code == 403
    found = re.search(r'href="(/drafts/[^"]+)"', refused.content.decode())
    assert found is not None
    assert TYPED in text_of(client.get(found[1]))


def test_the_same_form_twice_is_done_once_however_far_its_draft_was(cast: Cast) -> None:
    client = signed_in(cast.reviewer)
    form = client.get("/actors/new/")
    key = re.search(r'name="submission" value="([^"]+)"', form.content.decode())
    assert key is not None
    sent = _filled(form, name="The harbour office", kind="organisation", submission=key[1])
    leads = {client.post("/actors/new/", sent | {"draft-step": step})["Location"] for step in ("1", "2")}
    assert len(leads) == 1
    assert Actor.objects.filter(name="The harbour office").count() == 1


def test_who_sends_too_many_forms_finds_what_they_typed(cast: Cast, claim: Claim, settings: Any) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED, url="example.org/a")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload": {"user": (1, 600)}}
    client.post(address, {})
    refused = client.post(address, sent)
    assert (refused.status_code, "Your text is saved as a draft." in refused.content.decode()) == (429, True)
    assert client.get(address).context["form"]["excerpt"].value() == TYPED


def test_an_assessment_comes_back_as_well(cast: Cast, claim: Claim) -> None:
    factories.assigned(cast, claim)
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/assess/"
    sent = _filled(client.get(address), rationale=TYPED)
    client.cookies.clear()
    page = _signed_in_by_form(client, client.post(address, sent), cast.reviewer)
    assert page.context["form"]["rationale"].value() == TYPED


def test_somebody_else_who_signs_in_instead_gets_none_of_it(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED)
    client.cookies.clear()
    page = _signed_in_by_form(client, client.post(address, sent), cast.editor)
    assert TYPED not in page.content.decode()
    assert got(cast.reviewer, address).context["form"]["excerpt"].value() == TYPED  # type: ignore[attr-defined]


def _strict(who: Any) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(who)
    return client


def test_a_form_whose_protection_ran_out_stands_there_again(cast: Cast, claim: Claim) -> None:
    client, address = _strict(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED, url="example.org/a")
    answer = client.post(address, sent | {"csrfmiddlewaretoken": "x" * 64})
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert (page.context["form"]["excerpt"].value(), Evidence.objects.filter(excerpt=TYPED).count()) == (TYPED, 0)


def test_it_is_kept_for_whose_form_it_was_and_not_for_who_signed_in_meanwhile(cast: Cast, claim: Claim) -> None:
    address = _address(claim)
    sent = _filled(signed_in(cast.reviewer).get(address), excerpt=TYPED)
    other = _strict(cast.editor)
    answer = other.post(address, sent)
    assert (answer.status_code, TYPED in answer.content.decode()) == (403, False)
    assert "saved among the drafts of the person who typed it" in text_of(answer)
    assert [row.author for row in FormDraft.objects.all()] == [cast.reviewer]


@pytest.mark.parametrize("token", ["", "forged", "of another form"])
def test_what_somebody_elses_site_sends_is_kept_nowhere(cast: Cast, claim: Claim, token: str) -> None:
    address = _address(claim)
    if token == "of another form":
        token = got(cast.reviewer, f"/claims/{claim.reference}/edit/").context["drafts"].token  # type: ignore[attr-defined]
    sent = {"excerpt": "Planted.", "draft-of": token}
    for client in (Client(), _strict(cast.reviewer)):
        assert client.post(address, sent).status_code in (302, 403)
    assert not FormDraft.objects.exists()


def test_who_may_know_of_a_claim_no_more_leaves_no_draft_on_it(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED)
    client.cookies.clear()
    cast.reviewer.memberships.all().delete()
    assert client.post(address, sent).status_code == 302
    assert not FormDraft.objects.exists()


def test_a_script_is_told_what_became_of_a_save(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED, keep="draft")
    json = {"accept": "application/json"}
    first = client.post(address, sent, headers=json)
    row = FormDraft.objects.get()
    assert first.json() == {
        "draft": str(row.pk),
        "version": row.version,
        "kept_at": first.json()["kept_at"],
        "forked": False,
    }
    forked = client.post(address, sent | {"draft-id": row.pk, "draft-version": "0", "excerpt": "Other."}, headers=json)
    assert (forked.json()["forked"], FormDraft.objects.count()) == (True, 2)
    client.cookies.clear()
    signed_out = client.post(address, sent | {"draft-id": row.pk, "draft-version": row.version}, headers=json)
    assert (signed_out.status_code, signed_out.json()["draft"]) == (401, str(row.pk))


def test_the_browser_is_told_which_form_was_done(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    done = client.post(address, _filled(client.get(address), url="example.org/a"))
    assert done.cookies["second-source-done"].value == quote(address, safe="")
    saved = client.post(address, _filled(client.get(address), excerpt=TYPED, keep="draft"))
    assert "second-source-done" not in saved.cookies


def test_the_list_shows_to_its_author_how_the_longest_text_begins(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    client.post(address, _filled(client.get(address), title="A log", excerpt="It was dark. " * 30, keep="draft"))
    factories.assigned(cast, claim)
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale="Nobody saw it.", seen_version=claim.version), by=cast.reviewer
    )
    text = text_of(client.get("/drafts/"))
    assert ("It was dark. " * 9)[:110].strip() in text and "It was dark. " * 10 not in text
    assert "Nobody saw it." in text


SCRIPT = {"Accept": "application/json"}


def test_a_save_that_comes_after_its_form_was_done_leaves_no_draft(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    page = client.get(address)
    of_window = {"draft-window": "a-window", "draft-step": "3", "submission": "0123456789abcdef0123"}
    filled = _filled(page, url="example.org/a", excerpt=TYPED) | of_window
    first = client.post(address, filled | {"keep": "draft", "draft-step": "2"}, headers=SCRIPT)
    assert (first.status_code, FormDraft.objects.count()) == (200, 1)
    done = client.post(address, filled)
    assert (done.status_code, FormDraft.objects.count()) == (302, 0)
    late = client.post(address, filled | {"keep": "draft"}, headers=SCRIPT)
    assert (late.status_code, FormDraft.objects.count()) == (410, 0)


def test_a_save_after_a_refusal_is_kept(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    filled = _filled(client.get(address), excerpt=TYPED, submission="0123456789abcdef0123")
    assert client.post(address, filled | {"url": ""}).status_code == 400
    late = client.post(address, filled | {"keep": "draft"}, headers=SCRIPT)
    assert late.status_code == 200
    assert {dict(row.content)["excerpt"] for row in FormDraft.objects.all()} == {TYPED}


def test_a_save_that_comes_after_its_assessment_was_submitted_leaves_no_draft(cast: Cast, claim: Claim) -> None:
    factories.assigned(cast, claim)
    client, address = signed_in(cast.reviewer), f"/claims/{claim.reference}/assess/"
    page = client.get(address)
    filled = _filled(page, rationale=TYPED, proposed_state="reported", submission="0123456789abcdef0123")
    done = client.post(address, filled)
    assert (done.status_code, AssessmentDraft.objects.count()) == (302, 0)
    late = client.post(address, filled | {"keep": "draft"}, headers=SCRIPT)
    assert (late.status_code, AssessmentDraft.objects.count()) == (410, 0)


def test_what_is_no_key_of_a_form_keeps_the_draft(cast: Cast, claim: Claim) -> None:
    client, address = signed_in(cast.reviewer), _address(claim)
    filled = _filled(client.get(address), excerpt=TYPED, submission="%\\_" * 9, keep="draft")
    assert (client.post(address, filled, headers=SCRIPT).status_code, FormDraft.objects.count()) == (200, 1)


def test_who_has_as_many_drafts_as_are_kept_loses_nothing_when_a_session_ends(
    cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_drafts, "MOST_DRAFTS", 0)
    client, address = signed_in(cast.reviewer), _address(claim)
    sent = _filled(client.get(address), excerpt=TYPED)
    client.cookies.clear()
    page = _signed_in_by_form(client, client.post(address, sent), cast.reviewer)
    assert page.context["form"]["excerpt"].value() == TYPED


@pytest.mark.parametrize("gone", ["session", "protection"])
def test_what_can_be_kept_no_more_is_shown_once_more(
    cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(form_drafts, "MOST_DRAFTS", 0)
    monkeypatch.setattr(form_drafts, "SPARE_DRAFTS", 0)
    address = _address(claim)
    sent = _filled(signed_in(cast.reviewer).get(address), excerpt=TYPED)
    client = Client() if gone == "session" else _strict(cast.reviewer)
    answer = client.post(address, sent)
    text = text_of(answer)
    assert (answer.status_code, "Your text could not be saved" in text, TYPED in text) == (400, True, True)
    saved = client.post(address, sent | {"keep": "draft"}, headers={"accept": "application/json"})
    assert (saved.status_code, FormDraft.objects.count()) == (400, 0)


def test_a_refusal_shows_what_can_be_kept_no_more(cast: Cast, claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_given: Any) -> None:
        raise Busy("Others are at it.")

    monkeypatch.setattr(form_drafts, "MOST_DRAFTS", 0)
    monkeypatch.setattr(form_drafts, "SPARE_DRAFTS", 0)
    monkeypatch.setattr("claims.views.evidence.attach_source", refuse)
    client, address = signed_in(cast.reviewer), _address(claim)
    text = text_of(client.post(address, _filled(client.get(address), excerpt=TYPED, url="example.org/a")))
    assert ("Your text could not be saved" in text, TYPED in text) == (True, True)

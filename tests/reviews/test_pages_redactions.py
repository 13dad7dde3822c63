"""The pages of redactions: what would go is shown first, a second editor decides, refused forms come back filled in."""

import re
from pathlib import Path
from typing import Any

import pytest

from accounts.actions.reads import note_export
from accounts.models import Act, RestrictedRead, User
from ledger.reading import openings_of
from reviews.actions.drafts import keep_draft
from reviews.inputs import AssessmentInput
from reviews.models import AssessmentDraft, Redaction
from sources.actions import attach_file, create_source
from sources.inputs import SourceInput
from tests import factories
from tests.factories import Cast, fresh
from tests.pages import signed_in, text_of

NAME = "Oksana Testova"


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_STORAGE = tmp_path / "files"


@pytest.fixture
def editor2(cast: Cast) -> User:
    return factories.person("editor2", "editor", cast.desk)


@pytest.fixture
def new(cast: Cast) -> str:
    return f"/desk/{cast.desk.pk}/redactions/new/"


def hidden(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found is not None
    return found[1]


def proposed(cast: Cast, new: str) -> Redaction:
    """Proposed by the editor, by the two steps of the page."""
    client = signed_in(cast.editor)
    given = {"words": NAME, "reason": "She asked us to."}
    shown = client.post(new, given)
    assert (shown.status_code, Redaction.objects.count()) == (200, 0)
    client.post(new, {**given, "confirmed": hidden(shown, "confirmed")})
    return Redaction.objects.get()


def test_what_it_would_erase_is_shown_before_it_is_proposed(cast: Cast, new: str) -> None:
    factories.claim(cast, f"Near the port {NAME} saw two lorries.")
    shown = signed_in(cast.editor).post(new, {"words": NAME.lower(), "reason": "She asked us to."})
    text = text_of(shown)
    assert "Words in 1 text · 0 files · 1 value in the ledger" in text
    assert "Near the port oksana testova saw two lorries." in text
    assert Redaction.objects.count() == 0


def test_other_words_than_those_shown_are_shown_anew(cast: Cast, new: str) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    given = {"words": NAME, "reason": "She asked us to."}
    confirmed = hidden(signed_in(cast.editor).post(new, given), "confirmed")
    signed_in(cast.editor).post(new, {**given, "words": "saw it", "confirmed": confirmed})
    assert Redaction.objects.count() == 0


def test_a_second_editor_erases(cast: Cast, new: str, editor2: User) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    address = f"{new.removesuffix('new/')}{proposed(cast, new).pk}/"
    client = signed_in(editor2)
    answer = client.post(address, {"decision": "erase", "seen": hidden(client.get(address), "seen")})
    assert (answer.status_code, fresh(claim).statement) == (302, "[redacted] saw it.")
    assert "Erased in 1 place." in text_of(client.get(address))


def test_whoever_proposed_may_only_take_it_back(cast: Cast, new: str, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    address = f"{new.removesuffix('new/')}{proposed(cast, new).pk}/"
    client = signed_in(cast.editor)
    page = client.get(address)
    assert re.findall(r'name="decision" value="(\w+)"', page.content.decode()) == ["withdraw"]
    refused = client.post(address, {"decision": "erase", "seen": hidden(page, "seen")})
    client.post(address, {"decision": "withdraw"})
    assert (refused.status_code, Redaction.objects.get().state) == (403, "withdrawn")


def test_who_saw_less_than_would_go_now_is_shown_it_again(cast: Cast, new: str, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    address = f"{new.removesuffix('new/')}{proposed(cast, new).pk}/"
    client = signed_in(editor2)
    seen = hidden(client.get(address), "seen")
    factories.claim(cast, f"{NAME} heard it.")
    answer = client.post(address, {"decision": "erase", "seen": seen})
    assert (answer.status_code, Redaction.objects.get().state) == (409, "proposed")
    assert "Words in 2 texts" in text_of(answer)
    assert hidden(answer, "seen") != seen


def test_words_that_nothing_holds_come_back_with_what_to_do(cast: Cast, new: str) -> None:
    answer = signed_in(cast.editor).post(new, {"words": "Nobody Atall", "reason": "She asked us to."})
    assert answer.status_code == 400
    assert "No text on this desk contains these words. Try another spelling." in text_of(answer)
    assert 'value="Nobody Atall"' in answer.content.decode()


def test_a_file_is_chosen_on_its_sources_page(cast: Cast, new: str, editor2: User) -> None:
    source = factories.source(cast)
    file = attach_file(source=source, chunks=[b"The log."], name="log.txt", by=cast.reviewer)
    editor = signed_in(cast.editor)
    assert f"{new}?file={file.pk}" in editor.get(f"/sources/{source.pk}/").content.decode()
    given = {"file": str(file.pk), "reason": "She asked us to."}
    shown = editor.post(new, given)
    editor.post(new, {**given, "confirmed": hidden(shown, "confirmed")})
    address = f"{new.removesuffix('new/')}{Redaction.objects.get().pk}/"
    second = signed_in(editor2)
    second.post(address, {"decision": "erase", "seen": hidden(second.get(address), "seen")})
    page = text_of(editor.get(f"/sources/{source.pk}/"))
    assert "Erased by a redaction" in page
    assert file.sha256 not in page
    assert second.get(f"/attachments/{file.pk}/").status_code == 404


def test_the_desks_page_tells_its_editors_how_many_wait(cast: Cast, new: str) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    proposed(cast, new)
    told = "1 redaction is awaiting a second editor."
    pages = {who: text_of(signed_in(getattr(cast, who)).get("/desk/")) for who in ("editor", "reviewer", "auditor")}
    assert {who: told in page for who, page in pages.items()} == {"editor": True, "reviewer": False, "auditor": False}


def test_every_page_tells_the_other_editors_that_one_waits(cast: Cast, new: str, editor2: User) -> None:
    factories.claim(cast, f"{NAME} saw it.")
    proposed(cast, new)
    told = "A redaction on Ukraine desk awaits a second editor"
    people = {"editor2": editor2, **{who: getattr(cast, who) for who in ("editor", "reviewer", "stranger")}}
    pages = {who: signed_in(user).get("/claims/").content.decode() for who, user in people.items()}
    assert [who for who, page in pages.items() if told in re.sub(r"</?bdi>", "", page)] == ["editor2"]


def test_who_is_shown_restricted_words_leaves_a_record(cast: Cast, new: str) -> None:
    source = factories.source(cast, f"Interview with {NAME}", by=cast.editor, visibility="restricted")
    signed_in(cast.editor).post(new, {"words": NAME, "reason": "She asked us to."})
    reads = RestrictedRead.objects.filter(user=cast.editor)
    assert f"source:{source.pk}" in reads.values_list("subject", flat=True)


def test_each_look_is_recorded_with_what_was_asked_also_where_nothing_was_found(cast: Cast, new: str) -> None:
    for words in ("Oks", "Oksa", "Oksan"):
        signed_in(cast.editor).post(new, {"words": words, "reason": "She asked us to."})
    acts = Act.objects.filter(kind="redaction_previewed", by=cast.editor, desk=cast.desk).order_by("entry")
    assert [openings_of([act.pk])[act.pk]["words"].value for act in acts] == ["Oks", "Oksa", "Oksan"]


def test_nothing_is_told_of_drafts_of_other_desks_and_of_what_was_done_on_none(cast: Cast, new: str) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale=f"{NAME} says no.", seen_version=claim.version), by=cast.reviewer
    )
    create_source(desk=cast.other_desk, fields=SourceInput(title=f"{NAME} speaks"), by=cast.stranger)
    note_export(by=cast.reviewer, what={"list": NAME})
    answers = [
        signed_in(cast.editor).post(new, {"words": words, "reason": "She asked us to."}) for words in (NAME, "No One")
    ]
    told = [
        re.sub(rb'name="(csrfmiddlewaretoken|submission)" value="[^"]+"|[0-9a-f]{64}', b"", answer.content).replace(
            words.encode(), b""
        )
        for answer, words in zip(answers, (NAME, "No One"), strict=True)
    ]
    assert ([answer.status_code for answer in answers], told[0]) == ([400, 400], told[1])


def test_of_drafts_it_is_told_that_some_were_affected_once_a_second_editor_confirmed(
    cast: Cast, new: str, editor2: User
) -> None:
    claim = factories.claim(cast, f"{NAME} saw it.")
    factories.assigned(cast, claim)
    keep_draft(
        claim=claim, fields=AssessmentInput(rationale=f"{NAME} says no.", seen_version=claim.version), by=cast.reviewer
    )
    address = f"{new.removesuffix('new/')}{proposed(cast, new).pk}/"
    client = signed_in(editor2)
    page = client.get(address)
    assert ("says no" in page.content.decode(), "changed too" in page.content.decode()) == (False, False)
    client.post(address, {"decision": "erase", "seen": hidden(page, "seen")})
    assert "Drafts, visible only to their authors, were changed too." in text_of(client.get(address))
    assert AssessmentDraft.objects.get().content["rationale"] == "[redacted] says no."

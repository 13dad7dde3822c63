"""The pages of sources, actors and files."""

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sources.actions import attach_file, create_source, lease_captures, request_capture
from sources.inputs import SourceInput
from sources.models import Actor, Attachment, Capture, CaptureState, Source
from tests import factories
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.factories import Cast


def _page(source: Source, *more: str) -> str:
    return "/".join([f"/sources/{source.pk}", *more, ""])


def _file(cast: "Cast", source: Source, name: str = "page.pdf", content: bytes = b"%PDF-1") -> Attachment:
    return attach_file(source=source, chunks=[content], name=name, by=cast.reviewer)


def test_a_source_shows_its_facts_files_relays_and_claims(cast: "Cast") -> None:
    agency = factories.actor(cast, "The agency", reliability="B")
    source = factories.source(cast, "Dispatch", publisher=agency, basis="firsthand")
    paper = factories.source(cast, "Article")
    factories.relay(cast, paper, source, quote="according to the agency")
    claim = factories.claim(cast, "The harbour was closed.", evidence=[{"source": source.pk, "stance": "supports"}])
    file = _file(cast, source)
    text = text_of(got(cast.reporter, _page(source)))
    assert "Dispatch The agency" in text
    assert "B usually reliable as for the publisher" in text
    assert f"SHA-256 {file.sha256}" in text
    assert "Sources based on it Article according to the agency" in text
    assert f"Claims it is attached to 1 {claim.reference} The harbour was closed." in text


def test_a_source_of_another_desk_is_not_here(cast: "Cast") -> None:
    source = factories.source(cast)
    for more in ((), ("edit",), ("retract",), ("attachments",), ("capture",), ("relays",)):
        got(cast.stranger, _page(source, *more), 404)


def test_an_untouched_edit_form_changes_nothing(cast: "Cast") -> None:
    agency = factories.actor(cast, "The agency")
    moment = factories.days_ago(3).replace(second=0, microsecond=0)
    source = factories.source(cast, "Dispatch", publisher=agency, basis="firsthand", published_at=moment)
    response = got(cast.reviewer, _page(source, "edit"))
    fields = fields_of(response)
    del fields["published_at"]
    day, clock = moment.date().isoformat(), moment.time().isoformat("minutes")
    page = response.content.decode()
    assert f'value="{day}"' in page and f'value="{clock}"' in page
    answer = signed_in(cast.reviewer).post(
        _page(source, "edit"), fields | {"published_at_day": day, "published_at_time": clock}
    )
    assert answer.status_code == 302, text_of(answer)
    after = factories.fresh(source)
    assert (after.title, after.publisher, after.basis, after.published_at) == ("Dispatch", agency, "firsthand", moment)


def test_a_new_publisher_is_written_down_in_passing(cast: "Cast") -> None:
    source = factories.source(cast, "Dispatch")
    fields = fields_of(got(cast.reviewer, _page(source, "edit"))) | {"new_publisher": "The agency"}
    signed_in(cast.reviewer).post(_page(source, "edit"), fields)
    assert factories.fresh(source).publisher == Actor.objects.get(name="The agency")


def test_a_moment_is_read_in_the_persons_zone(cast: "Cast") -> None:
    from accounts.actions.account import change_preferences

    change_preferences(changes={"time_zone": "Asia/Tokyo"}, by=cast.reviewer)
    source = factories.source(cast, "Dispatch")
    fields = fields_of(got(cast.reviewer, _page(source, "edit")))
    signed_in(cast.reviewer).post(
        _page(source, "edit"), fields | {"published_at_day": "2022-11-02", "published_at_time": "09:30"}
    )
    moment = factories.fresh(source).published_at
    assert moment is not None and moment.isoformat() == "2022-11-02T00:30:00+00:00"


# Retraction and correction


def test_retracting_first_lists_what_it_would_do(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    answer = signed_in(cast.editor).post(_page(source, "retract"), {"reason": "Withdrawn by its publisher."})
    assert answer.status_code == 200
    assert f"Impact {claim.reference} Corroborated 2 independent voices → 1 Support lost" in text_of(answer)
    assert factories.fresh(source).retracted_at is None
    assert not factories.fresh(claim).support_lost


def test_confirmed_it_is_recorded_and_the_claim_flagged(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    fields = {"reason": "Withdrawn by its publisher.", "confirmed": "yes"}
    assert signed_in(cast.editor).post(_page(source, "retract"), fields).status_code == 302
    assert factories.fresh(claim).support_lost
    assert "Retracted, as editor recorded: Withdrawn by its publisher." in text_of(got(cast.reporter, _page(source)))


def test_a_retraction_without_a_reason_does_nothing(cast: "Cast") -> None:
    source = factories.source(cast)
    assert signed_in(cast.editor).post(_page(source, "retract"), {"confirmed": "yes"}).status_code == 400
    assert factories.fresh(source).retracted_at is None


def test_a_correction_is_shown_on_the_source(cast: "Cast") -> None:
    source = factories.source(cast)
    signed_in(cast.editor).post(_page(source, "correct"), {"reason": "The date was wrong.", "confirmed": "yes"})
    assert "Corrected, as editor recorded: The date was wrong." in text_of(got(cast.reporter, _page(source)))


@pytest.mark.parametrize("act", ["retract", "correct"])
def test_only_an_editor_takes_a_source_back(cast: "Cast", act: str) -> None:
    got(cast.reviewer, _page(factories.source(cast), act), 403)


# Relays


def test_a_relay_is_added_and_taken_away(cast: "Cast") -> None:
    paper, agency = factories.source(cast, "Article"), factories.source(cast, "Dispatch")
    fields = {"upstream": str(agency.pk), "quote": "according to the agency"}
    assert signed_in(cast.reviewer).post(_page(paper, "relays"), fields).status_code == 302
    relay = paper.upstream_relays.get()
    assert relay.upstream == agency
    signed_in(cast.reviewer).post(_page(paper, "relays", str(relay.pk), "remove"))
    assert factories.fresh(relay).removed_by == cast.reviewer


def test_a_relay_that_would_close_a_cycle_shows_it(cast: "Cast") -> None:
    paper, agency = factories.source(cast, "Article"), factories.source(cast, "Dispatch")
    factories.relay(cast, paper, agency)
    answer = signed_in(cast.reviewer).post(_page(agency, "relays"), {"upstream": str(paper.pk), "quote": "seen there"})
    assert answer.status_code == 400
    assert "That would close a cycle" in answer.context["form"].errors["upstream"][0]
    assert answer.context["form"]["quote"].value() == "seen there"


# Captures


def test_a_failed_capture_says_why_and_offers_a_screenshot(cast: "Cast") -> None:
    fields = SourceInput(url="https://example.org/gone", kind="article")
    source = create_source(desk=cast.desk, fields=fields, by=cast.reviewer)
    Capture.objects.update(state=CaptureState.FAILED, error="It answered 404.")
    page = got(cast.reviewer, _page(source))
    assert "Not kept It answered 404." in text_of(page)
    assert "Upload a screenshot instead" in text_of(page)
    assert f'href="/sources/{source.pk}/attachments/"' in page.content.decode()


def test_another_capture_can_be_asked_for_when_none_waits(cast: "Cast") -> None:
    source = factories.source(cast, url="https://example.org/a")
    signed_in(cast.reviewer).post(_page(source, "capture"))
    assert Capture.objects.get().source == source
    assert signed_in(cast.reviewer).post(_page(source, "capture")).status_code == 409
    assert "Capture again" not in text_of(got(cast.reviewer, _page(source)))


def test_a_capture_that_is_being_fetched_waits(cast: "Cast") -> None:
    source = factories.source(cast, url="https://example.org/a")
    request_capture(source=source, by=cast.reviewer)
    lease_captures(most=1)
    assert "Waiting to be fetched" in text_of(got(cast.reporter, _page(source)))


# Files


def test_a_file_is_uploaded_and_handed_out_as_it_was(cast: "Cast") -> None:
    source = factories.source(cast)
    upload = SimpleUploadedFile("Отчёт “final”.pdf", b"%PDF-1.7 content")
    signed_in(cast.reviewer).post(_page(source, "attachments"), {"file": upload})
    file = Attachment.objects.get()
    answer: Any = signed_in(cast.reporter).get(f"/attachments/{file.pk}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 content"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == "16"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%E2%80%9Cfinal%E2%80%9D.pdf"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "content", [b"<!doctype html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_what_a_browser_could_run_is_handed_out_as_bytes(cast: "Cast", content: bytes) -> None:
    file = _file(cast, factories.source(cast), "page.html", content)
    assert signed_in(cast.reporter).get(f"/attachments/{file.pk}/")["Content-Type"] == "application/octet-stream"


def test_the_head_of_a_file_has_its_size_and_no_body(cast: "Cast") -> None:
    file = _file(cast, factories.source(cast))
    answer = signed_in(cast.reporter).head(f"/attachments/{file.pk}/")
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "6", b"")


def test_a_file_whose_bytes_are_gone_is_told(cast: "Cast", settings: "Settings", tmp_path: Any) -> None:
    file = _file(cast, factories.source(cast))
    settings.EVIDENCE_STORAGE = tmp_path / "elsewhere"
    assert "This file is missing from storage." in text_of(got(cast.reporter, f"/attachments/{file.pk}/", 404))


def test_files_are_hidden_from_strangers_and_the_restricted_from_the_desk(cast: "Cast") -> None:
    source = factories.source(cast)
    file = attach_file(source=source, chunks=[b"x"], name="x", visibility="restricted", by=cast.reviewer)
    addresses = [signed_in(user).get(f"/attachments/{file.pk}/").status_code
                 for user in (cast.reviewer, cast.editor, cast.reporter, cast.auditor, cast.stranger)]  # fmt: skip
    assert addresses == [200, 200, 404, 404, 404]
    assert "Files 0" in text_of(got(cast.reporter, _page(source)))


def test_an_empty_and_a_too_large_file_are_refused_at_the_field(cast: "Cast", settings: "Settings") -> None:
    source = factories.source(cast)
    settings.ATTACHMENT_LIMIT = 2**20
    for content in (b"", b"x" * (2**20 + 1)):
        answer = signed_in(cast.reviewer).post(
            _page(source, "attachments"), {"file": SimpleUploadedFile("a.bin", content)}
        )
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["file"])


# Actors


def test_an_actor_shows_its_chain_its_parts_and_what_it_published(cast: "Cast") -> None:
    state = factories.actor(cast, "The state")
    ministry = factories.actor(cast, "The ministry", part_of=state, part_of_from="2020-01-01")
    factories.actor(cast, "The spokesman", part_of=ministry)
    factories.source(cast, "Statement", publisher=ministry)
    text = text_of(got(cast.reporter, f"/actors/{ministry.pk}/"))
    assert "Whose voice The ministry speaks for the next from 1 Jan 2020 The state" in text
    assert "Its parts 1 The spokesman" in text
    assert "Published 1 Statement" in text


def test_an_actor_is_written_down_and_changed(cast: "Cast") -> None:
    fields = fields_of(got(cast.reporter, "/actors/new/")) | {"name": "The ministry", "kind": "organisation"}
    answer = signed_in(cast.reporter).post("/actors/new/", fields)
    actor = Actor.objects.get()
    assert answer["Location"] == f"/actors/{actor.pk}/"
    edit = f"/actors/{actor.pk}/edit/"
    signed_in(cast.reporter).post(edit, fields_of(got(cast.reporter, edit)) | {"reliability": "B"})
    assert factories.fresh(actor).reliability == "B"


def test_a_circle_of_actors_is_refused_and_shown(cast: "Cast") -> None:
    state = factories.actor(cast, "The state")
    ministry = factories.actor(cast, "The ministry", part_of=state)
    edit = f"/actors/{state.pk}/edit/"
    answer = signed_in(cast.reviewer).post(edit, fields_of(got(cast.reviewer, edit)) | {"part_of": str(ministry.pk)})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["part_of"])


def test_a_restricted_actor_is_not_here_for_others(cast: "Cast") -> None:
    actor = factories.actor(cast, "A deckhand", visibility="restricted", by=cast.editor)
    assert [
        signed_in(user).get(f"/actors/{actor.pk}/").status_code for user in (cast.editor, cast.reviewer, cast.stranger)
    ] == [200, 404, 404]

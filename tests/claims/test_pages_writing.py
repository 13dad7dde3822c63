"""Writing claims down and changing them on pages: one form does the job, and nothing typed is lost."""

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from claims.actions.claims import edit_claim, publish_claim
from claims.inputs import ClaimInput
from claims.models import Claim
from reviews.actions.assignments import close_claim
from sources.models import Actor, Capture, Source
from tests import factories
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast

NO_ELEMENTS = {"elements-TOTAL_FORMS": 0, "elements-INITIAL_FORMS": 0}
NEW = {
    "statement": "The harbour was closed on Monday.",
    "stance": "supports",
    "kind": "article",
    "source_basis": "unknown",
    "visibility": "desk",
    "new_claimant_kind": "state",
    "new_parties_kind": "state",
    "new_publisher_kind": "organisation",
    **NO_ELEMENTS,
}


def _post(user: "User", address: str, fields: dict[str, Any]) -> Any:
    return signed_in(user).post(address, fields)


def test_a_statement_an_address_and_a_stance_are_enough(cast: "Cast") -> None:
    answer = _post(cast.reporter, "/claims/new/", NEW | {"url": "https://example.org/harbour"})
    claim = Claim.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/claims/{claim.reference}/")
    evidence = claim.evidence.get()
    assert (evidence.source.url, evidence.stance) == ("https://example.org/harbour", "supports")
    assert Capture.objects.get().source == evidence.source


def test_one_form_writes_actors_elements_source_and_file(cast: "Cast") -> None:
    fields = NEW | {
        "new_claimant": "The ministry",
        "new_parties": "The ministry\nThe union\n",
        "claimed_on": "2022-11-02",
        "topics": "ports, strikes,",
        "place": "Varn",
        "title": "Press release",
        "new_publisher": "the  ministry",
        "published_at_day": "2022-11-02",
        "file": SimpleUploadedFile("release.txt", b"The harbour is closed."),
        "excerpt": "The harbour is closed.",
        "elements-TOTAL_FORMS": 3,
        "elements-0-text": "closed",
        "elements-0-essential": "on",
        "elements-1-text": "on Monday",
        "elements-2-text": "",
    }
    _post(cast.reporter, "/claims/new/", fields)
    claim = Claim.objects.get()
    assert [actor.name for actor in Actor.objects.order_by("name")] == ["The ministry", "The union"]
    assert claim.claimant is not None and claim.claimant.name == "The ministry"
    assert [part.name for part in claim.parties.all()] == ["The ministry", "The union"]
    assert [topic.name for topic in claim.topics.all()] == ["ports", "strikes"]
    assert [(element.text, element.essential) for element in claim.elements.all()] == [
        ("closed", True),
        ("on Monday", False),
    ]
    source = claim.evidence.get().source
    assert source.publisher == claim.claimant
    assert source.published_at is not None and source.published_at.isoformat() == "2022-11-02T12:00:00+00:00"
    assert [file.name for file in source.attachments.all()] == ["release.txt"]


def test_a_file_alone_gives_the_source_its_name(cast: "Cast") -> None:
    _post(cast.reporter, "/claims/new/", NEW | {"file": SimpleUploadedFile("photo.jpg", b"\xff\xd8\xff")})
    assert Source.objects.get().title == "photo.jpg"


def test_a_source_that_the_desk_has_can_be_chosen(cast: "Cast") -> None:
    source = factories.source(cast)
    _post(cast.reporter, "/claims/new/", NEW | {"source": str(source.pk)})
    assert Claim.objects.get().evidence.get().source == source


def test_what_is_missing_is_named_and_everything_typed_comes_back(cast: "Cast") -> None:
    answer = _post(cast.reporter, "/claims/new/", NEW | {"statement": "", "place": "Varn", "elements-TOTAL_FORMS": 1,
                                                         "elements-0-text": "closed"})  # fmt: skip
    assert answer.status_code == 400
    assert "Not saved. Check the fields below Statement: Required" in text_of(answer)
    assert answer.context["form"]["place"].value() == "Varn"
    assert answer.context["elements"][0]["text"].value() == "closed"
    assert not Claim.objects.exists()


def test_a_claim_without_any_source_is_refused_and_nothing_of_it_stays(cast: "Cast") -> None:
    answer = _post(cast.reporter, "/claims/new/", NEW | {"new_claimant": "The ministry"})
    assert answer.status_code == 400
    assert answer.context["form"].errors["url"] == ["Enter a URL, add a file, or choose an existing source."]
    assert (Claim.objects.count(), Actor.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "ftp://example.org/a"}, "url"),
        ({"url": "not an address"}, "url"),
        ({"url": "https://example.org/", "title": "x" * 301}, "title"),
        ({"url": "https://example.org/", "new_publisher": "y" * 201}, "new_publisher"),
        ({"url": "https://example.org/", "statement": "a\x00b"}, "statement"),
        ({"url": "https://example.org/", "topics": "z" * 81}, "topics"),
        ({"url": "https://example.org/", "happened_from": "2022-02-02", "happened_to": "2022-02-01"}, "happened_to"),
        ({"url": "https://example.org/", "published_at_time": "12:00"}, "published_at"),
        ({"url": "https://example.org/", "claimant": "somebody unknown"}, "claimant"),
        ({"file": SimpleUploadedFile("empty.txt", b"")}, "file"),
    ],
)
def test_every_error_stands_at_its_field(cast: "Cast", wrong: dict[str, Any], field: str) -> None:
    answer = _post(cast.reporter, "/claims/new/", NEW | wrong)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])


def test_source_chosen_and_described_at_once_is_refused(cast: "Cast") -> None:
    source = factories.source(cast)
    answer = _post(cast.reporter, "/claims/new/", NEW | {"source": str(source.pk), "url": "https://example.org/"})
    assert list(answer.context["form"].errors) == ["source"]


def test_a_source_or_actor_of_another_desk_is_as_absent(cast: "Cast") -> None:
    source = factories.source(cast)
    answer = _post(cast.stranger, "/claims/new/", NEW | {"source": str(source.pk)})
    assert list(answer.context["form"].errors) == ["source"]


def test_the_names_that_a_restricted_source_brings_stay_restricted(cast: "Cast") -> None:
    claim = factories.claim(cast)
    fields = fields_of(got(cast.reviewer, f"/claims/{claim.reference}/attach/")) | {
        "stance": "supports",
        "title": "A talk",
        "new_publisher": "A deckhand",
        "visibility": "restricted",
    }
    _post(cast.reviewer, f"/claims/{claim.reference}/attach/", fields)
    actor = Actor.objects.get(name="A deckhand")
    assert (actor.visibility, Source.objects.get(title="A talk").visibility) == ("restricted", "restricted")


def test_an_auditor_may_not_open_the_form(cast: "Cast") -> None:
    got(cast.auditor, "/claims/new/", 403)


def test_who_is_on_two_desks_chooses_one_first(cast: "Cast") -> None:
    from accounts.actions import set_role

    set_role(desk=cast.other_desk, user=cast.reporter, role="reporter", by=None)
    assert "Which desk? Other desk Ukraine desk" in text_of(got(cast.reporter, "/claims/new/"))
    chosen = got(cast.reporter, f"/claims/new/?desk={cast.desk.pk}")
    assert f'name="desk" value="{cast.desk.pk}"' in chosen.content.decode()


@pytest.mark.parametrize("desk", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_desk_that_is_none_is_told(cast: "Cast", desk: str) -> None:
    got(cast.reporter, f"/claims/new/?desk={desk}", 400)


# Changing one


def _edit(cast: "Cast", claim: Claim) -> dict[str, Any]:
    """The untouched edit form, as a browser would send it."""
    response = got(cast.reviewer, f"/claims/{claim.reference}/edit/")
    fields = fields_of(response)
    for row in response.context["elements"].forms:  # type: ignore[attr-defined]
        fields |= {bound.html_name: bound.value() for bound in row if bound.value()}
    management = response.context["elements"].management_form  # type: ignore[attr-defined]
    return fields | {bound.html_name: bound.value() for bound in management}


def test_saving_an_untouched_form_changes_nothing(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed", "on Monday"], topics=["ports"], claimed_on="2022-11-02")
    before = factories.fresh(claim)
    parties = list(claim.parties.order_by("pk"))
    answer = _post(cast.reviewer, f"/claims/{claim.reference}/edit/", _edit(cast, claim))
    assert answer.status_code == 302, text_of(answer)
    after = factories.fresh(claim)
    for name in ("statement", "claimant_id", "claimed_on", "place", "state", "independence_min"):
        assert getattr(after, name) == getattr(before, name)
    assert list(after.parties.order_by("pk")) == parties
    assert [element.text for element in after.elements.all()] == ["closed", "on Monday"]
    assert [topic.name for topic in after.topics.all()] == ["ports"]


def test_a_changed_statement_is_kept(cast: "Cast") -> None:
    claim = factories.claim(cast)
    _post(cast.reviewer, f"/claims/{claim.reference}/edit/", _edit(cast, claim) | {"statement": "It was open."})
    assert factories.fresh(claim).statement == "It was open."


def test_who_comes_second_sees_what_changed_and_keeps_what_they_typed(cast: "Cast") -> None:
    claim = factories.claim(cast)
    fields = _edit(cast, claim) | {"statement": "It was open."}
    edit_claim(claim=claim, fields=ClaimInput(statement="It was shut."), by=cast.editor)
    answer = _post(cast.reviewer, f"/claims/{claim.reference}/edit/", fields)
    assert answer.status_code == 409
    assert "editor changed this while you were editing" in text_of(answer)
    assert answer.context["form"]["statement"].value() == "It was open."
    again = fields | {name: answer.context["form"][name].value() for name in ("seen", "theirs")}
    assert _post(cast.reviewer, f"/claims/{claim.reference}/edit/", again).status_code == 409
    again |= {"take-statement": "mine"}
    assert _post(cast.reviewer, f"/claims/{claim.reference}/edit/", again).status_code == 302


def test_a_reporter_edits_their_own_claims_only(cast: "Cast") -> None:
    own, other = factories.claim(cast), factories.claim(cast, by=cast.reviewer)
    got(cast.reporter, f"/claims/{own.reference}/edit/")
    got(cast.reporter, f"/claims/{other.reference}/edit/", 403)
    got(cast.stranger, f"/claims/{own.reference}/edit/", 404)


# What an editor does with one


def test_publishing_asks_first_and_then_shows_the_page_to_all(cast: "Cast") -> None:
    claim = factories.claim(cast)
    page = got(cast.editor, f"/claims/{claim.reference}/publish/")
    assert "Anyone can then read its wording" in text_of(page)
    assert factories.fresh(claim).published_at is None
    _post(cast.editor, f"/claims/{claim.reference}/publish/", {})
    assert factories.fresh(claim).published_at is not None


def test_publishing_twice_is_told_to_be_done_already(cast: "Cast") -> None:
    claim = factories.claim(cast)
    publish_claim(claim=claim, by=cast.editor)
    answer = _post(cast.editor, f"/claims/{claim.reference}/publish/", {})
    assert (answer.status_code, "This claim is already published." in text_of(answer)) == (409, True)


def test_unpublishing_takes_the_public_page_away(cast: "Cast") -> None:
    claim = factories.claim(cast)
    publish_claim(claim=claim, by=cast.editor)
    _post(cast.editor, f"/claims/{claim.reference}/unpublish/", {})
    assert factories.fresh(claim).published_at is None


def test_a_closed_claim_is_opened_again(cast: "Cast") -> None:
    claim = factories.claim(cast)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    assert "Closed: moot." in text_of(got(cast.reporter, f"/claims/{claim.reference}/"))
    _post(cast.editor, f"/claims/{claim.reference}/open/", {})
    assert factories.fresh(claim).closed_at is None


def test_a_threshold_of_its_own_needs_a_reason_and_is_printed(cast: "Cast") -> None:
    claim = factories.claim(cast)
    address = f"/claims/{claim.reference}/threshold/"
    fields = fields_of(got(cast.editor, address)) | {"threshold": "3"}
    refused = _post(cast.editor, address, fields)
    assert (refused.status_code, list(refused.context["form"].errors)) == (400, ["reason"])
    _post(cast.editor, address, fields | {"reason": "Much hangs on it."})
    assert "Needs 3 independent voices, as set by an editor: Much hangs on it." in text_of(
        got(cast.reporter, f"/claims/{claim.reference}/")
    )


@pytest.mark.parametrize("act", ["publish", "unpublish", "open", "threshold", "assign", "close", "decider"])
def test_what_is_an_editors_is_closed_to_others(cast: "Cast", act: str) -> None:
    claim = factories.claim(cast)
    address = f"/claims/{claim.reference}/{act}/"
    assert [signed_in(user).get(address).status_code for user in (cast.reviewer, cast.auditor, cast.stranger)] == [
        403,
        403,
        404,
    ]


def test_a_folded_part_is_open_where_something_is_written_or_wrong(cast: "Cast") -> None:
    address = "/claims/new/"
    assert got(cast.reporter, address).context["form"].open_folds == set()  # type: ignore[attr-defined]
    answer = _post(cast.reporter, address, NEW | {"place": "Varn"})
    assert answer.context["form"].open_folds == {"when"}
    answer = _post(cast.reporter, address, NEW | {"credibility": "7", "title": "Log", "published_at_day": "2022-02-30"})
    assert answer.context["form"].open_folds == {"grade", "source"}

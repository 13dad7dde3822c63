"""Attaching sources to a claim, changing evidence and withdrawing it, on pages."""

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from claims.models import Claim, Evidence
from reviews.actions.assignments import close_claim
from sources.models import Capture, Relay, Source
from tests import factories
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast


def _attach(cast: "Cast", claim: Claim, **fields: Any) -> Any:
    """Fill in the form as the reviewer got it, and send it."""
    address = f"/claims/{claim.reference}/attach/"
    return signed_in(cast.reviewer).post(address, fields_of(got(cast.reviewer, address)) | fields)


def test_an_address_and_a_stance_are_enough_and_queue_its_capture(cast: "Cast") -> None:
    claim = factories.claim(cast)
    answer = _attach(cast, claim, url="https://example.org/a", stance="refutes")
    assert answer["Location"] == f"/claims/{claim.reference}/"
    source = Source.objects.get(url="https://example.org/a")
    assert source.evidence.get().stance == "refutes"
    assert Capture.objects.get().source == source


def test_address_and_file_are_kept_together(cast: "Cast") -> None:
    claim = factories.claim(cast)
    _attach(cast, claim, url="https://example.org/a", file=SimpleUploadedFile("a.pdf", b"%PDF-1"), stance="supports")
    source = Source.objects.get(url="https://example.org/a")
    assert [file.media_type for file in source.attachments.all()] == ["application/pdf"]


def test_where_it_got_it_from_is_said_in_the_same_form(cast: "Cast") -> None:
    claim = factories.claim(cast)
    origin = claim.evidence.get().source
    _attach(cast, claim, title="A repeat", stance="supports", upstream=str(origin.pk), quote="as the agency says")
    relay = Relay.objects.get()
    assert (relay.downstream.title, relay.upstream, relay.quote) == ("A repeat", origin, "as the agency says")


def test_a_quote_without_its_source_is_refused(cast: "Cast") -> None:
    claim = factories.claim(cast)
    answer = _attach(cast, claim, title="A repeat", stance="supports", quote="as the agency says")
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["upstream"])
    assert not Source.objects.filter(title="A repeat").exists()


def test_everything_that_evidence_holds_can_be_said(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed", "on Monday"])
    accused = claim.parties.get(name__startswith="Accused")
    element = claim.elements.get(text="closed")
    _attach(
        cast,
        claim,
        title="An admission",
        stance="supports",
        elements=[str(element.pk)],
        excerpt="We closed it.",
        locator="page 4",
        credibility="2",
        basis="firsthand",
        basis_reason="He was there.",
        against_interest=str(accused.pk),
        against_interest_reason="It costs them the contract.",
        visibility="desk",
    )
    item = Evidence.objects.get(source__title="An admission")
    assert list(item.elements.all()) == [element]
    assert (item.excerpt, item.locator, item.credibility, item.basis) == ("We closed it.", "page 4", 2, "firsthand")
    assert (item.against_interest, item.against_interest_reason) == (accused, "It costs them the contract.")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"stance": ""}, "stance"),
        ({"stance": "proves"}, "stance"),
        ({"credibility": "7"}, "credibility"),
        ({"excerpt": "x" * 4001}, "excerpt"),
        ({"excerpt": "a\x00b"}, "excerpt"),
        ({"visibility": "secret"}, "visibility"),
        ({"elements": ["nonsense"]}, "elements"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_kept(cast: "Cast", wrong: dict[str, Any], field: str) -> None:
    claim = factories.claim(cast, elements=["closed"])
    answer = _attach(cast, claim, **({"title": "A letter", "stance": "supports", "locator": "page 4"} | wrong))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert answer.context["form"]["locator"].value() == "page 4"


def test_who_attaches_second_adds_to_what_came_first(cast: "Cast") -> None:
    claim = factories.claim(cast)
    address = f"/claims/{claim.reference}/attach/"
    fields = fields_of(got(cast.reviewer, address)) | {"title": "Mine", "stance": "supports"}
    factories.attach(cast, claim, factories.source(cast, "Theirs"), by=cast.reviewer2)
    assert signed_in(cast.reviewer).post(address, fields).status_code == 302
    assert Source.objects.filter(title__in=["Mine", "Theirs"], evidence__claim=claim).count() == 2


def test_nothing_is_attached_to_a_closed_claim(cast: "Cast") -> None:
    claim = factories.claim(cast)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    assert _attach(cast, claim, title="Late", stance="supports").status_code == 409


def test_strangers_and_readers_may_not_attach(cast: "Cast") -> None:
    claim = factories.claim(cast)
    got(cast.stranger, f"/claims/{claim.reference}/attach/", 404)
    got(cast.auditor, f"/claims/{claim.reference}/attach/", 403)


# Changing and withdrawing


def _address(item: Evidence, *more: str) -> str:
    return "/".join([f"/claims/{item.claim.reference}/evidence/{item.pk}", *more, ""])


def test_saving_an_untouched_form_changes_nothing(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed", "on Monday"])
    element = claim.elements.get(text="closed")
    item = factories.attach(cast, claim, factories.source(cast), excerpt="Closed.", credibility=2, elements=[element])
    answer = signed_in(cast.reviewer).post(_address(item), fields_of(got(cast.reviewer, _address(item))))
    assert answer.status_code == 302, text_of(answer)
    after = factories.fresh(item)
    assert (after.excerpt, after.credibility, list(after.elements.all())) == ("Closed.", 2, [element])


def test_a_later_statement_of_the_same_voice_supersedes(cast: "Cast") -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    later = factories.attach(cast, claim, factories.source(cast, "Recanted", publisher=denial.source.publisher))
    fields = fields_of(got(cast.reviewer, _address(denial))) | {"superseded_by": str(later.pk)}
    signed_in(cast.reviewer).post(_address(denial), fields)
    assert factories.fresh(denial).superseded_by == later
    assert "Superseded by 3: no longer counted" in text_of(got(cast.reporter, f"/claims/{claim.reference}/"))


def test_another_voice_cannot_take_a_word_back(cast: "Cast") -> None:
    claim = factories.claim(cast)
    denial, [other] = factories.party_denial(cast, claim), factories.firsthand(cast, claim, 1)
    fields = fields_of(got(cast.reviewer, _address(denial))) | {"superseded_by": str(other.pk)}
    answer = signed_in(cast.reviewer).post(_address(denial), fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["superseded_by"])


def test_withdrawing_needs_a_reason_and_folds_the_evidence_away(cast: "Cast") -> None:
    claim = factories.claim(cast)
    [item] = factories.firsthand(cast, claim, 1)
    address = _address(item, "withdraw")
    fields = fields_of(got(cast.reviewer, address))
    assert signed_in(cast.reviewer).post(address, fields).status_code == 400
    signed_in(cast.reviewer).post(address, fields | {"reason": "The wrong ship."})
    page = text_of(got(cast.reporter, f"/claims/{claim.reference}/"))
    assert "Withdrawn 1 Show withdrawn evidence" in page
    assert "Withdrawn by reviewer: The wrong ship." in page


def test_evidence_of_another_claim_is_not_at_this_address(cast: "Cast") -> None:
    one, other = factories.claim(cast), factories.claim(cast)
    item = other.evidence.get()
    got(cast.reviewer, f"/claims/{one.reference}/evidence/{item.pk}/", 404)


def test_restricted_evidence_has_no_page_for_who_may_not_see_it(cast: "Cast") -> None:
    claim = factories.claim(cast)
    hidden = factories.source(cast, visibility="restricted", by=cast.editor)
    item = factories.attach(cast, claim, hidden, visibility="restricted", by=cast.editor)
    assert [signed_in(user).get(_address(item)).status_code for user in (cast.editor, cast.reviewer, cast.auditor)] == [
        200,
        404,
        404,
    ]

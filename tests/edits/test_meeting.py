"""Two people at the same row: what is added, what stands beside a field, and what the page cannot show."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim
from claims.actions.composing import CarrierInput, attach_source
from claims.actions.sources import add_relay, change_source
from claims.inputs import ClaimInput, ElementInput, EvidenceInput, MergeInput
from house.errors import EditConflict
from house.seen import SeenValues
from sources.actions import attach_file
from sources.inputs import SourceInput
from sources.models import Actor
from tests import factories
from tests.edits.browsing import opened
from tests.threads import refusals, together

if TYPE_CHECKING:
    from tests.factories import Cast

MOMENT = datetime(2022, 11, 2, 8, 15, 42, 123456, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_what_is_added_at_the_same_moment_is_all_there(transactional_db: None) -> None:
    cast = factories.cast()
    claim, source = factories.claim(cast), factories.source(cast)
    upstream = [factories.source(cast).pk for _ in range(2)]
    attach = partial(attach_source, claim=claim, evidence=EvidenceInput(stance="supports"))
    outcomes = together(
        partial(attach, carrier=CarrierInput(new=SourceInput(url="https://one.example/")), by=cast.reviewer),
        partial(attach, carrier=CarrierInput(new=SourceInput(url="https://two.example/")), by=cast.editor),
        partial(attach_file, source=source, chunks=[b"one"], name="one.txt", by=cast.reviewer),
        partial(attach_file, source=source, chunks=[b"two"], name="two.txt", by=cast.editor),
        partial(add_relay, downstream=source, upstream=upstream[0], by=cast.reviewer),
        partial(add_relay, downstream=source, upstream=upstream[1], by=cast.editor),
    )
    assert refusals(outcomes) == []
    assert (claim.evidence.count(), source.attachments.count(), source.upstream_relays.count()) == (3, 2, 2)


def test_an_element_that_somebody_adds_meanwhile_stays_and_stops_nobody(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed", "on Monday"])
    window = opened(cast.reviewer, f"/claims/{claim.reference}/edit/").type(**{"elements-0-text": "shut"})
    window.type(**{"elements-2-text": "to all ships", "elements-2-essential": "on"})
    kept = [ElementInput(id=element.pk) for element in claim.elements.all()]
    edit_claim(
        claim=claim,
        fields=ClaimInput(elements=[*kept, ElementInput(text="by order")]),
        by=cast.editor,
    )
    assert window.save() == 302
    assert [element.text for element in claim.elements.all()] == ["shut", "on Monday", "by order", "to all ships"]


def test_an_element_that_both_add_in_the_same_words_is_added_once(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed"])
    window = opened(cast.reviewer, f"/claims/{claim.reference}/edit/").type(**{"elements-1-text": "by order"})
    edit_claim(
        claim=claim,
        fields=ClaimInput(elements=[ElementInput(id=claim.elements.get().pk), ElementInput(text="by order")]),
        by=cast.editor,
    )
    assert window.save() == 302
    assert [element.text for element in claim.elements.all()] == ["closed", "by order"]


def test_a_program_that_did_not_see_an_element_leaves_it(cast: "Cast") -> None:
    claim = factories.claim(cast, elements=["closed"])
    mine, version = ElementInput(id=claim.elements.get().pk, text="shut"), claim.version
    edit_claim(
        claim=claim,
        fields=ClaimInput(elements=[ElementInput(id=mine.id), ElementInput(text="by order")]),
        by=cast.editor,
    )
    edit_claim(
        claim=claim,
        fields=ClaimInput(elements=[mine]),
        seen=SeenValues(version=version),
        by=cast.reviewer,
    )
    assert [element.text for element in claim.elements.all()] == ["shut", "by order"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_a_moment_keeps_its_seconds_whatever_else_is_saved(cast: "Cast", zone: str) -> None:
    cast.reviewer.time_zone = zone
    cast.reviewer.save()
    source = factories.source(cast, published_at=MOMENT)
    assert opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="Another title").save() == 302
    assert factories.fresh(source).published_at == MOMENT
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(published_at_day="2022-11-05")
    assert window.save() == 302
    assert factories.fresh(source).published_at == MOMENT.replace(day=5)


def test_a_form_that_was_opened_in_another_time_zone_moves_no_moment(cast: "Cast") -> None:
    source = factories.source(cast, published_at=MOMENT)
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="Another title")
    cast.reviewer.time_zone = "Asia/Tokyo"
    cast.reviewer.save()
    assert (window.save(), factories.fresh(source).published_at) == (302, MOMENT)


def test_a_new_publisher_meets_another_choice(cast: "Cast") -> None:
    source, agency = factories.source(cast), factories.actor(cast, "The agency")
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(new_publisher="The harbour office")
    change_source(source=source, fields=SourceInput(publisher=agency.pk), by=cast.editor)
    assert window.save() == 409
    (conflict,) = window.answer.context["form"].conflicts
    assert (conflict.label, conflict.theirs, conflict.yours) == ("Publisher", "The agency", "The harbour office")
    assert window.type(**{"take-publisher": "theirs"}).save() == 302
    assert factories.fresh(source).publisher == agency
    assert not Actor.objects.filter(name="The harbour office").exists()


def test_a_third_person_in_between_is_shown_too(cast: "Cast") -> None:
    source = factories.source(cast, "First")
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="Mine")
    change_source(source=source, fields=SourceInput(title="Second"), by=cast.editor)
    assert window.save() == 409
    change_source(source=source, fields=SourceInput(title="Third"), by=cast.reviewer2)
    assert window.type(**{"take-title": "mine"}).save() == 409
    (conflict,) = window.answer.context["form"].conflicts
    assert (conflict.seen, conflict.theirs, conflict.yours, conflict.by) == ("Second", "Third", "Mine", "reviewer2")
    assert window.type(**{"take-title": "mine"}).save() == 302
    assert factories.fresh(source).title == "Mine"


@pytest.mark.parametrize("seen", ["", "nonsense", "[]", '{"version": 1, "values": [], "texts": {}}', '"\\ud800"'])
def test_a_form_that_does_not_say_what_was_seen_overwrites_nothing(cast: "Cast", seen: str) -> None:
    source = factories.source(cast, "First", language="ru")
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="Mine", seen=seen)
    assert (window.save(), factories.fresh(source).title) == (409, "First")
    assert [one.name for one in window.answer.context["form"].conflicts] == ["title"]
    assert window.type(**{"take-title": "mine"}).save() == 302
    assert (factories.fresh(source).title, factories.fresh(source).language) == ("Mine", "ru")


def test_the_same_change_by_both_is_no_conflict(cast: "Cast") -> None:
    source = factories.source(cast, "First")
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="The same", language="ko")
    change_source(source=source, fields=SourceInput(title="The same"), by=cast.editor)
    assert window.save() == 302
    after = factories.fresh(source)
    assert (after.title, after.language, after.version) == ("The same", "ko", 3)


def test_who_may_not_see_the_publisher_leaves_it_and_is_not_told_of_it(cast: "Cast") -> None:
    source = factories.source(cast, "A talk", visibility="restricted", by=cast.reviewer)
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="A long talk")
    hidden = factories.actor(cast, "A deckhand", visibility="restricted", by=cast.editor)
    change_source(source=source, fields=SourceInput(publisher=hidden.pk), by=cast.editor)
    assert window.save() == 302
    after = factories.fresh(source)
    assert (after.title, after.publisher) == ("A long talk", hidden)
    again = opened(cast.reviewer, f"/sources/{source.pk}/edit/")
    assert str(hidden.pk) not in again.answer.content.decode()
    assert (again.type(language="ko").save(), factories.fresh(source).publisher) == (302, hidden)


def test_an_actor_that_was_merged_meanwhile_is_no_conflict_for_other_fields(cast: "Cast") -> None:
    source = factories.source(cast, publisher=factories.actor(cast, "Agency"))
    window = opened(cast.reviewer, f"/sources/{source.pk}/edit/").type(title="Another title")
    other = factories.actor(cast, "The Agency")
    assert source.publisher is not None
    merge_actors(actor=source.publisher, fields=MergeInput(into=other.pk, reason="One and the same."), by=cast.editor)
    assert (window.save(), factories.fresh(source).publisher) == (302, other)


def test_an_action_refuses_by_the_values_that_were_seen(cast: "Cast") -> None:
    source = factories.source(cast, "First")
    seen = SeenValues(values={"title": "First", "language": ""})
    change_source(source=source, fields=SourceInput(title="Second"), by=cast.editor)
    with pytest.raises(EditConflict):
        change_source(source=source, fields=SourceInput(title="Mine"), seen=seen, by=cast.reviewer)
    change_source(source=source, fields=SourceInput(title="First", language="ko"), seen=seen, by=cast.reviewer)
    assert (factories.fresh(source).title, factories.fresh(source).language) == ("Second", "ko")

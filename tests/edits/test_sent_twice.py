"""The same form twice at once, from the way back, and after a refusal."""

from functools import partial
from typing import TYPE_CHECKING

import pytest

from claims.models import Claim
from sources.models import Actor
from tests import factories
from tests.edits.browsing import OpenForm, opened
from tests.pages import signed_in
from tests.threads import together

if TYPE_CHECKING:
    from tests.factories import Cast


def _new_actor(cast: "Cast", name: str) -> OpenForm:
    return opened(cast.reviewer, "/actors/new/").type(name=name)


def test_a_second_press_leads_to_what_the_first_made(cast: "Cast") -> None:
    window = _new_actor(cast, "The harbour office")
    first = signed_in(cast.reviewer).post(window.address, window.sent)
    second = signed_in(cast.reviewer).post(window.address, window.sent)
    assert first["Location"] == second["Location"] == f"/actors/{Actor.objects.get().pk}/"


def test_another_text_by_the_way_back_is_another_act(cast: "Cast") -> None:
    window = _new_actor(cast, "The harbour office")
    window.again()
    window.type(name="The port authority").again()
    assert Actor.objects.count() == 2


def test_after_a_refusal_the_same_key_is_good_still(cast: "Cast") -> None:
    window = _new_actor(cast, "")
    key = window.sent["submission"]
    assert window.save() == 400
    window.type(name="The harbour office", submission=key)
    assert (window.save(), Actor.objects.count()) == (302, 1)


def test_a_key_of_somebody_else_is_another(cast: "Cast") -> None:
    mine = _new_actor(cast, "The harbour office")
    theirs = OpenForm(cast.editor, mine.address, mine.sent)
    assert (mine.again(), theirs.again(), Actor.objects.count()) == (302, 302, 2)


def test_a_form_without_a_key_is_taken_each_time(cast: "Cast") -> None:
    window = _new_actor(cast, "The harbour office")
    del window.sent["submission"]
    assert (window.again(), window.again(), Actor.objects.count()) == (302, 302, 2)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_row(transactional_db: None) -> None:
    cast = factories.cast()
    window = opened(cast.reporter, "/claims/new/").type(
        statement="The harbour was closed.", url="https://example.org/", stance="supports"
    )
    clients = [signed_in(cast.reporter) for _ in range(3)]
    answers = together(*(partial(client.post, window.address, window.sent) for client in clients))
    claim = Claim.objects.get()
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, f"/claims/{claim.reference}/")
    ] * 3

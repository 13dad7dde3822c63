"""Every control of every form on every page, with texts that programs stumble over.

A request holds what a person would have typed, but for the one control under attack. Whatever is sent: no failure of
ours, nothing written by what is refused, and what is taken is kept letter by letter and comes back as text.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.access.test_permission_matrix import ALLAUTH, MATRIX
from tests.access.world import AccessWorld
from tests.hostile.attacking import KEEP, Attack
from tests.hostile.filling import filled
from tests.hostile.forms_in_pages import CHOSEN
from tests.hostile.texts import KINDS, TEXTS
from tests.pages import text_of

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

TEN_MEGABYTES = 10 * 2**20
# What there is no occasion for in this world: a source without an address, an excerpt that nobody is asked about.
# And what a device has to answer, or somebody who has a second factor to ask for; a receipt has to be signed.
REFUSED = {"capture", "recheck", "add-app", "add-passkey", "recovery-codes", "check-receipts"}
# Of signing in through an organisation, which is configured in none of these worlds; of a verdict whose grounds were
# changed since, which none of them has: the same action is attacked through the API.
NOT_THERE = {"organisation-join", "organisation-unlink", "verdict-grounds"}
# Buttons that stand where there is something to press them for, and send nothing else.
BUTTONS = {
    *("accept", "take-back-conflict", "read-notification", "read-notifications"),
    *("confirm-assessment", "end-session", "end-sessions"),
}


@pytest.fixture(scope="module")
def all_forms(world: AccessWorld, django_db_blocker: "DjangoDbBlocker") -> Attack:
    with django_db_blocker.unblock():
        return Attack(world)


@pytest.fixture
def attack(all_forms: Attack, taken_back: None) -> Iterator[Attack]:
    all_forms.faults.clear()
    yield all_forms


def test_every_address_that_takes_a_form_is_attacked(attack: Attack) -> None:
    taking = {name for name, methods in MATRIX.items() if "POST" in methods and not name.startswith("api:")}
    attacked = {form.route for form in attack.forms if form.method == "POST"}
    assert attacked - ALLAUTH == taking - BUTTONS - NOT_THERE


def test_every_form_is_taken_as_a_person_fills_it_in(attack: Attack) -> None:
    refused = {}
    for form in attack.forms:
        with attack.on_page(form) as client:
            answer = attack.send(client, form, filled(form))
        came_back = answer.status_code == 200 and b"Not saved: something" in answer.content
        if came_back or answer.status_code not in (200, 302):
            refused[form.route] = (answer.status_code, text_of(answer))
    assert refused.keys() == REFUSED, refused


def test_a_text_in_every_control_does_no_harm(attack: Attack) -> None:
    turn = iter(TEXTS * 5)
    for form in attack.forms:
        names = [name for name in form.controls if name not in ("csrfmiddlewaretoken", KEEP)]
        with attack.on_page(form) as client:
            for some in (names[::2], names[1::2], [KEEP] * (KEEP in form.controls)):
                attack.try_texts(client, form, {name: next(turn) for name in some})
    assert attack.faults == {}


@pytest.mark.attack
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_in_every_control_does_no_harm(attack: Attack, kind: str) -> None:
    for form in attack.forms:
        with attack.on_page(form) as client:
            for place, (name, control) in enumerate(form.controls.items()):
                # What is chosen or hidden is looked up, and all that cannot be found fares alike.
                texts = KINDS[kind][place % 5 :: 5] if control.type in (*CHOSEN, "hidden") else KINDS[kind]
                for text in texts:
                    attack.try_texts(client, form, {name: text})
    assert attack.faults == {}


def test_ten_megabytes_in_a_form_are_refused(attack: Attack) -> None:
    statuses = set()
    # One form of each encoding: nothing that is a form's own has been asked by then.
    for form in {form.has_file: form for form in attack.forms if form.method == "POST"}.values():
        with attack.on_page(form) as client:
            sent = filled(form) | {"more": [b"x" * TEN_MEGABYTES]}
            statuses.add(attack.send(client, form, sent, "10 MB").status_code)
    assert (attack.faults, statuses) == ({}, {413})

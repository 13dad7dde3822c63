"""Every form of every page, sent twice as a second press or a reload sends it: it is done once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.apps import apps

from reviews.models import KeptOutcome
from tests.access.world import AccessWorld
from tests.hostile.attacking import Attack
from tests.hostile.filling import filled

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

# Allauth's own, and signing out: nothing of ours is made there.
WITHOUT_A_KEY = {
    *("account_change_password", "account_login", "account_logout", "sign-in-by-passkey"),
    *("accept-invitation", "forgotten-password", "set-password"),  # of people who are not signed in
    "check-receipts",  # of anybody: it looks, and makes nothing
}
# What shows first what it would do, or has nothing to do in this world, leaves nothing that could be done twice.
NOTHING_DONE = {"capture", "recheck", "add-app", "add-passkey", "recovery-codes"} | {
    f"release-{of}" for of in ("actor", "attachment", "capture", "evidence", "source")
}


@pytest.fixture(scope="module")
def all_forms(world: AccessWorld, django_db_blocker: "DjangoDbBlocker") -> Attack:
    with django_db_blocker.unblock():
        return Attack(world)


@pytest.fixture
def attack(all_forms: Attack, taken_back: None) -> Iterator[Attack]:
    yield all_forms


def _rows() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


def test_every_form_of_a_person_carries_a_key(attack: Attack) -> None:
    posted = [form for form in attack.forms if form.method == "POST"]
    assert {form.route for form in posted if "submission" not in form.controls} <= WITHOUT_A_KEY
    assert len({form.controls["submission"].values[0] for form in posted if "submission" in form.controls}) > 20


def test_every_form_that_is_sent_twice_is_done_once(attack: Attack) -> None:
    made: set[str] = set()
    again: dict[str, object] = {}
    for form in attack.forms:
        if "submission" not in form.controls or form.route in WITHOUT_A_KEY:
            continue
        with attack.on_page(form) as client:
            before = _rows()
            first = attack.send(client, form, filled(form))
            after = _rows()
            if not KeptOutcome.objects.filter(path=form.address, key__startswith="form ").exists():
                if first.status_code not in (200, 400, 409, 422):
                    again[form.route] = first.status_code
                continue
            made.add(form.route)
            second = attack.send(client, form, filled(form))
            leads = first.headers.get("Location", form.address)
            differing = {name for name, count in _rows().items() if count != after[name]}
            if (second.status_code, second.headers.get("Location")) != (302, leads) or differing or after == before:
                again[form.route] = (second.status_code, second.headers.get("Location"), leads, differing)
    assert again == {}
    expected = {form.route for form in attack.forms if "submission" in form.controls} - NOTHING_DONE - WITHOUT_A_KEY
    assert expected - made == set()

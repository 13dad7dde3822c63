"""Wherever one's password is asked for, a wrong one slows the network that it came from, never the person, and is told.

`test_password_fields.py` finds the places from the pages: a new one without a line here fails.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions.sign_ins import FREE
from accounts.models import Mail, User
from tests import factories
from tests.factories import Cast, fresh, password_of
from tests.logs import recorded
from tests.recently import long_ago

GUESSER, HOME = "192.0.2.66", "198.51.100.7"
GOOD = "violet-anchors-drift-42"
# Where the form is sent to, with the control for the present password, and what else is typed.
ASKS: dict[tuple[str, str], Mapping[str, str]] = {
    ("account_login", "password"): {"login": "reporter"},
    ("account_change_password", "oldpassword"): {"password1": GOOD, "password2": GOOD},
    ("change-address", "password"): {"email": "else@example.org"},
    ("account_reauthenticate", "again-password"): {"again-look": "yes"},
}


def _browser(user: User, address: str, route: str) -> Client:
    """A browser of the person's from an address, as they are asked there for their password."""
    client = Client(REMOTE_ADDR=address)
    if route != "account_login":
        client.force_login(user)
        long_ago(client, user)
    return client


def _give(client: Client, place: tuple[str, str], password: str) -> Any:
    route, control = place
    return client.post(reverse(route), {**ASKS[place], control: password})


@pytest.mark.parametrize("place", ASKS)
def test_wrong_ones_slow_the_network_that_they_come_from(cast: Cast, place: tuple[str, str]) -> None:
    client = _browser(cast.reporter, GUESSER, place[0])
    answers = [_give(client, place, f"wrong {number}") for number in range(FREE[0] + 1)]
    assert all(answer.status_code in (200, 400, 403) for answer in answers[:-1])
    assert (answers[-1].status_code, 0 < int(answers[-1]["Retry-After"]) <= 10) == (429, True)


@pytest.mark.parametrize("place", ASKS)
def test_the_right_one_is_not_looked_at_either_while_the_network_waits(cast: Cast, place: tuple[str, str]) -> None:
    client = _browser(cast.reporter, GUESSER, place[0])
    for number in range(FREE[0]):
        _give(client, place, f"wrong {number}")
    assert _give(client, place, password_of(cast.reporter)).status_code == 429
    assert fresh(cast.reporter).check_password(password_of(cast.reporter))
    assert not Mail.objects.exists()


@pytest.mark.parametrize("guessed", ASKS)
@pytest.mark.parametrize("place", ASKS)
def test_the_person_is_shut_out_of_none_of_them_elsewhere(
    cast: Cast, place: tuple[str, str], guessed: tuple[str, str]
) -> None:
    guesser = _browser(cast.reporter, GUESSER, guessed[0])
    for number in range(12):
        _give(guesser, guessed, f"wrong {number}")
    answer = _give(_browser(cast.reporter, HOME, place[0]), place, password_of(cast.reporter))
    assert answer.status_code == 302


@pytest.mark.parametrize("place", ASKS)
def test_the_right_one_is_no_try(cast: Cast, place: tuple[str, str]) -> None:
    client = _browser(cast.reporter, HOME, place[0])
    assert _give(client, place, password_of(cast.reporter)).status_code == 302
    for number in range(FREE[0] - 1):
        _give(_browser(cast.reporter, HOME, "account_login"), ("account_login", "password"), f"wrong {number}")
    last = _give(_browser(cast.reporter, HOME, "account_login"), ("account_login", "password"), "wrong again")
    assert last.status_code == 200


def test_who_has_none_is_led_to_where_one_is_sent_by_mail(cast: Cast) -> None:
    cast.reporter.set_password(None)
    cast.reporter.save()
    answer = _browser(cast.reporter, HOME, "account_change_password").get(reverse("account_change_password"))
    assert (answer.status_code, answer["Location"]) == (302, reverse("forgotten-password"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ASKS)
def test_a_wrong_one_is_a_security_event(transactional_db: None, place: tuple[str, str]) -> None:
    cast = factories.cast()
    client = _browser(cast.reporter, GUESSER, place[0])
    with recorded() as log:
        _give(client, place, "wrong, and secret")
    told = [
        (line["event"], line["outcome"], line["address"], line["person"], line.get("reason"))
        for line in log.lines
        if line["logger"] == "security" and line["event"] != "request"
    ]
    whose = ("refused", GUESSER, str(cast.reporter.pk))
    again = [("confirm", *whose, None)] if place[0] != "account_login" else []
    assert told == [("sign_in", *whose, "password"), *again]
    assert "secret" not in log.text

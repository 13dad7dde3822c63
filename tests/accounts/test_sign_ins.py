"""Wrong passwords slow down the network that tries them, and lock nobody out who is elsewhere."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.sign_ins import (
    FIRST_WAIT,
    FREE,
    GUESSED_AT,
    KEPT_FOR,
    LONGEST_WAIT,
    TooSoon,
    begin_try,
    end_badly,
    end_well,
    forget_old_tries,
)
from accounts.addresses import networks_of
from accounts.models import SignInTries
from tests import factories
from tests.factories import Cast, password_of
from tests.logs import CapturedLog, recorded
from tests.recently import long_ago
from tests.threads import together

NOW = timezone.now().replace(microsecond=0)
ATTACKER, HOME, OFFICE = "192.0.2.66", "198.51.100.7", "203.0.113.20"


def wrong(address: str, name: str = "reporter", *, after: float = 0) -> int:
    """A wrong password, so many seconds after NOW; how long it was told to wait, 0: it was looked at."""
    now = NOW + timedelta(seconds=after)
    try:
        begun = begin_try(networks=networks_of(address), name=name, now=now)
    except TooSoon as error:
        return error.seconds
    end_badly(begun)
    return 0


def right(address: str, name: str = "reporter", *, after: float = 0) -> bool:
    """Whether the right password from an address is looked at."""
    try:
        begun = begin_try(networks=networks_of(address), name=name, now=NOW + timedelta(seconds=after))
    except TooSoon:
        return False
    end_well(begun)
    return True


def sign_in(address: str, password: str, name: str = "reporter") -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post("/account/login/", {"login": name, "password": password})


@pytest.fixture
def log(cast: Cast) -> Iterator[CapturedLog]:
    with recorded() as log:
        yield log


def test_an_address_waits_twice_as_long_with_each_wrong_password_after_the_fifth(db: None) -> None:
    moment, waits = 0.0, []
    for _ in range(FREE[0] + 9):
        waits.append(wrong(ATTACKER, after=moment))
        if waits[-1]:
            moment += waits[-1]
            assert wrong(ATTACKER, after=moment) == 0
    told = [wait for wait in waits if wait]
    assert (told[:6], max(told)) == ([10, 20, 40, 80, 160, 320], LONGEST_WAIT.total_seconds())


def test_asking_again_too_soon_makes_it_no_longer(db: None) -> None:
    for _ in range(FREE[0]):
        wrong(ATTACKER)
    assert [wrong(ATTACKER, after=second) for second in range(3)] == [10, 9, 8]


def test_it_is_forgiven_with_time(db: None) -> None:
    for _ in range(FREE[0]):
        wrong(ATTACKER)
    later = timedelta(hours=2).total_seconds()
    assert [wrong(ATTACKER, after=later) for _ in range(FREE[0])] == [0] * FREE[0]


def test_the_names_that_are_tried_make_no_difference(db: None) -> None:
    assert [wrong(ATTACKER, f"name{number}") for number in range(7)] == [0, 0, 0, 0, 0, 10, 10]


def test_the_person_is_not_locked_out_from_elsewhere(cast: Cast) -> None:
    for number in range(12):
        sign_in(ATTACKER, f"wrong {number}")
    slowed, elsewhere = sign_in(ATTACKER, password_of(cast.reporter)), sign_in(HOME, password_of(cast.reporter))
    assert (slowed.status_code, elsewhere.status_code, elsewhere["Location"]) == (429, 302, "/")


@pytest.mark.long
def test_a_thousand_addresses_lock_nobody_out_of_their_account(db: None) -> None:
    for number in range(1000):
        wrong(f"10.0.{number // 250}.{number % 250}")
    assert right(HOME)


def test_an_account_that_is_guessed_at_gives_each_network_one_free_try(db: None) -> None:
    before = [wrong(OFFICE, "editor") for _ in range(2)]
    for number in range(GUESSED_AT):
        wrong(f"10.0.0.{number}")
    assert (before, wrong(HOME), wrong(HOME), right(HOME, after=10)) == ([0, 0], 0, 10, True)


def test_the_right_password_is_no_try(db: None) -> None:
    assert all(right(OFFICE) for _ in range(40))
    assert [wrong(OFFICE) for _ in range(FREE[0] + 1)] == [0] * FREE[0] + [10]


def test_right_passwords_in_between_buy_no_tries(db: None) -> None:
    told = []
    for number in range(FREE[0] + 1):
        right(ATTACKER, "own account")
        told.append(wrong(ATTACKER, f"name{number}"))
    assert told == [0] * FREE[0] + [10]


def test_one_network_of_ipv6_is_one_and_so_is_the_wide_one_around_it(db: None) -> None:
    near = [wrong(f"2001:db8:1:1::{number}") for number in range(6)]
    wide = [wrong(f"2001:db8:2:{number:x}::1") for number in range(FREE[1] + 1)]
    assert (near, wide) == ([0] * 5 + [10], [0] * FREE[1] + [10])


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_all_counted(transactional_db: None) -> None:
    told = together(*[partial(wrong, ATTACKER, f"name{number}") for number in range(12)])
    assert sorted(told) == [0] * FREE[0] + [10] * (12 - FREE[0])


def test_the_table_tells_neither_addresses_nor_names(cast: Cast) -> None:
    sign_in(ATTACKER, "wrong", name="my secret password")
    kept = " ".join(str(value) for row in SignInTries.objects.values() for value in row.values())
    assert (SignInTries.objects.count(), ATTACKER in kept, "secret" in kept) == (2, False, False)


def test_old_tries_are_forgotten(db: None) -> None:
    wrong(ATTACKER)
    assert [forget_old_tries(now=NOW + KEPT_FOR + timedelta(seconds=s)) for s in (0, 1)] == [0, 2]


def test_the_answer_says_how_long_and_is_the_same_for_a_name_of_nobodys(cast: Cast) -> None:
    for number in range(FREE[0]):
        sign_in(ATTACKER, f"wrong {number}", name="nobody")
    answers = [sign_in(ATTACKER, "wrong", name=name) for name in ("reporter", "nobody")]
    waits = [int(answer["Retry-After"]) for answer in answers]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert all(0 < wait <= FIRST_WAIT.total_seconds() for wait in waits)
    assert all("Too many attempts. Wait " in answer.content.decode() for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_too_soon_and_guessed_at_are_security_events(transactional_db: None) -> None:
    cast = factories.cast()
    with recorded() as log:
        for number in range(FREE[0] + 1):
            sign_in(ATTACKER, f"wrong {number}")
        for number in range(GUESSED_AT - FREE[0]):
            sign_in(f"10.0.0.{number}", "wrong")
    told = [line for line in log.lines if line["logger"] == "security" and line["event"] != "request"]
    assert [(line["event"], line.get("reason"), line["address"]) for line in told] == [
        *[("sign_in", "password", ATTACKER)] * FREE[0],
        ("sign_in", "too soon", ATTACKER),
        *[("sign_in", "password", f"10.0.0.{number}") for number in range(GUESSED_AT - FREE[0])],
        ("guessed_at", None, f"10.0.0.{GUESSED_AT - FREE[0] - 1}"),
    ]
    assert {line["person"] for line in told} == {str(cast.reporter.pk)}


def test_the_password_is_asked_again_under_the_same_rule(cast: Cast) -> None:
    client = Client(REMOTE_ADDR=ATTACKER)
    client.force_login(cast.reporter)
    long_ago(client, cast.reporter)
    asked = {"again-look": "yes"}
    answers = [client.post("/account/reauthenticate/", asked | {"again-password": f"no {n}"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert sign_in(HOME, password_of(cast.reporter)).status_code == 302


def test_an_unknown_name_takes_the_same_work(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements and hashes are counted: clocks of busy machines tell nothing."""
    found: list[tuple[list[str], int]] = []
    for name in ("reporter", "nobody"):
        hashed: list[str] = []
        monkeypatch.setattr(
            "django.contrib.auth.hashers.MD5PasswordHasher._check_encode_args",
            lambda _self, password, _salt, hashed=hashed: hashed.append(password),
        )
        with CaptureQueriesContext(connection) as queries:
            sign_in(HOME, "wrong", name=name)
        tables = ("accounts_signintries", "accounts_user")
        asked = [query["sql"][:20] for query in queries if any(table in query["sql"] for table in tables)]
        found.append((asked, len(hashed)))
    assert found[0] == found[1]

"""Headers that say where a request comes from: anybody can write them, and none of it evades the limit on sign-ins."""

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

PROXY = "192.0.2.10"
SPOOFED = (
    *("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP"),
    *("X-Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "Remote-Addr", "Via"),
)
LIMIT = 5  # wrong passwords from one address, before it has to wait


def everything(address: str) -> dict[str, str]:
    """Each header that some server somewhere believes, naming `address`."""
    return {**dict.fromkeys(SPOOFED, address), "Forwarded": f'for="{address}";proto=https'}


def refused(client: Client, number: int, *, headers: dict[str, str], address: str = PROXY) -> bool:
    """Whether one more wrong password, for an account of its own each time, is not even looked at."""
    form = {"login": f"name{number}", "password": "wrong"}
    extra: dict[str, Any] = {"REMOTE_ADDR": address}
    page = client.post("/account/login/", form, headers=headers, **extra).content.decode()
    assert ("Too many attempts." in page) != ("Wrong user name or password" in page)
    return "Too many attempts." in page


def tries(client: Client, headers: list[dict[str, str]]) -> list[bool]:
    return [refused(client, number, headers=each) for number, each in enumerate(headers)]


AS_LIMITED = [False] * LIMIT + [True] * 2


@pytest.mark.parametrize(
    "address",
    ["198.51.100.{}", "2001:db8::{}", "127.0.0.{}", "unknown{}", "198.51.100.{}, 10.0.0.1", "{}" * 4000],
    ids=lambda text: text[:20],
)
def test_no_header_names_another_client_where_no_proxy_is_trusted(client: Client, address: str) -> None:
    names = [address.replace("{}", str(number)) for number in range(LIMIT + 2)]
    assert tries(client, [everything(name) for name in names]) == AS_LIMITED


def test_what_a_client_writes_before_the_proxys_word_is_ignored(client: Client, settings: "Settings") -> None:
    settings.TRUSTED_PROXIES = 1
    sent = [everything("x") | {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.5"} for n in range(LIMIT + 2)]
    assert tries(client, sent) == AS_LIMITED


def test_clients_behind_a_trusted_proxy_do_not_share_a_limit(client: Client, settings: "Settings") -> None:
    settings.TRUSTED_PROXIES = 1
    seen = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(LIMIT + 2)]
    assert tries(client, seen) == [False] * (LIMIT + 2)


def test_behind_two_proxies_the_outer_ones_word_counts(client: Client, settings: "Settings") -> None:
    settings.TRUSTED_PROXIES = 2
    sent = [{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.5, 10.0.0.{n}"} for n in range(LIMIT + 2)]
    assert tries(client, sent) == AS_LIMITED


@pytest.mark.parametrize("told", ["", "203.0.113.{}", "a{}, b{}", "203.0.113.{}:80, 203.0.113.{}:80", ",,{}"])
def test_without_the_word_of_every_proxy_the_connection_counts(client: Client, settings: "Settings", told: str) -> None:
    settings.TRUSTED_PROXIES = 2
    sent = [{"X-Forwarded-For": told.replace("{}", str(number))} for number in range(LIMIT + 2)]
    assert tries(client, sent) == AS_LIMITED


def test_ipv4_written_as_ipv6_is_no_network_of_its_own(client: Client, settings: "Settings") -> None:
    settings.TRUSTED_PROXIES = 1
    seen = [{"X-Forwarded-For": f"::ffff:203.0.113.{number}"} for number in range(LIMIT + 2)]
    assert tries(client, seen) == [False] * (LIMIT + 2)


def test_one_network_of_ipv6_is_one_client(client: Client, settings: "Settings") -> None:
    settings.TRUSTED_PROXIES = 1
    seen = [{"X-Forwarded-For": f"2001:db8::{number}"} for number in range(LIMIT + 2)]
    assert tries(client, seen) == AS_LIMITED

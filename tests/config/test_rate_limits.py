"""How often a person, and an address, may ask: counted in the database, told in plain words, forgotten in time."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from accounts.limits import forget_spent
from accounts.models import Spending
from api.view import ApiView
from config.route_limits import COUNTED, DRAFT, FORM, UNCOUNTED, counted_as
from tests import factories
from tests.access.routes import routes
from tests.api.client import Api
from tests.factories import Cast
from tests.threads import together

if TYPE_CHECKING:
    from pytest_django import Settings

NONE: dict[str, Any] = {kind: {} for kind in django_settings.RATE_LIMITS}
HOUR = 3600
# Words in the name of an address whose page goes through much, or takes much in: it is named in `COUNTED`.
MUCH = re.compile(
    r"bundle|proof|csv|jsonl|entries|attach|capture|retract|correct|merge|redaction|preview|export|import"
)
COSTS_LITTLE = {
    "bundle": "one row",
    "attachment": "one file, sent as it lies there",
    "redactions": "a list of proposals",
    "redactions-elsewhere": "a list of proposals",
    "release-attachment": "one row",
    "release-capture": "one row and its file's",
    "ledger-proof-format": "a page",
    "ledger-public-entries": "at most 256 rows by their index, the same for everybody: a mirror asks for each once",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.cast()


def _signed_in(cast: Cast, name: str = "reviewer") -> Client:
    client = Client()
    client.force_login(getattr(cast, name))
    return client


def _statuses(client: Client, path: str, times: int, **headers: str) -> list[int]:
    return [client.get(path, **headers).status_code for _ in range(times)]  # type: ignore[arg-type]


def test_who_asks_the_api_too_often_is_told_when_to_ask_again(cast: Cast, settings: "Settings") -> None:
    settings.RATE_LIMITS = NONE | {"api": {"user": (3, HOUR)}}
    api = Api(cast.reviewer)
    assert [api.get("claims/").status_code for _ in range(3)] == [200, 200, 200]
    refused = api.client.get("/api/v1/claims/", headers=api.headers)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 1100 <= int(refused["Retry-After"]) <= 1200  # a third of an hour
    assert refused.json()["type"].endswith(":too-many")


def test_another_person_at_the_same_address_is_not_held_up(cast: Cast, settings: "Settings") -> None:
    settings.RATE_LIMITS = NONE | {"api": {"user": (1, HOUR)}}
    first, second = Api(cast.reviewer), Api(cast.editor)
    assert [first.get("claims/").status_code, second.get("claims/").status_code] == [200, 200]


def test_an_address_is_counted_for_all_who_ask_from_it_with_a_token_or_a_wrong_one_or_none(
    cast: Cast, settings: "Settings"
) -> None:
    settings.RATE_LIMITS = NONE | {"api": {"ip": (3, HOUR)}}
    known = Api(cast.reviewer).headers
    tokens = [known, {"Authorization": "Bearer wrong"}, {}, known, {}]
    assert [Client().get("/api/v1/claims/", headers=sent).status_code for sent in tokens] == [200, 401, 401, 429, 429]


def test_behind_a_proxy_the_address_is_that_which_the_proxy_saw(cast: Cast, settings: "Settings") -> None:
    settings.RATE_LIMITS, settings.TRUSTED_PROXIES = NONE | {"api": {"ip": (1, HOUR)}}, 1
    asked = ["192.0.2.1", "192.0.2.2", "198.51.100.7, 192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
    found = [Client().get("/api/v1/claims/", headers={"X-Forwarded-For": address}).status_code for address in asked]
    assert found == [401, 401, 429, 401, 429, 401]


def test_what_was_spent_comes_free_again_evenly(cast: Cast, settings: "Settings") -> None:
    settings.RATE_LIMITS = NONE | {"api": {"user": (2, HOUR)}}
    api = Api(cast.reviewer)
    assert [api.get("claims/").status_code for _ in range(2)] == [200, 200]
    Spending.objects.update(whole_at=timezone.now() + timedelta(seconds=HOUR / 2 - 5))
    assert api.get("claims/").status_code == 200
    assert api.client.get("/api/v1/claims/", headers=api.headers).status_code == 429


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("reviewer", "/claims/new/", "upload"),
        ("reviewer", "/actors/new/", "form"),
        ("editor", "/sources/00000000-0000-0000-0000-000000000000/retract/", "preview"),
        ("reviewer", "/sources/00000000-0000-0000-0000-000000000000/capture/", "capture"),
        ("reviewer", "/claims/UKR-1/bundles/", "export"),
    ],
)
def test_a_page_says_too_many_and_when_to_try_again(
    cast: Cast, settings: "Settings", name: str, path: str, kind: str
) -> None:
    settings.RATE_LIMITS = NONE | {kind: {"user": (1, HOUR)}}
    client = _signed_in(cast, name)
    assert client.post(path).status_code != 429
    refused = client.post(path)
    seconds = int(refused["Retry-After"])
    assert (refused.status_code, 3000 < seconds <= 3600) == (429, True)
    assert f"Try again in {seconds} seconds." in refused.content.decode()
    assert client.get("/claims/").status_code == 200


def test_an_upload_and_a_dry_run_over_the_api_count_as_what_they_are(cast: Cast, settings: "Settings") -> None:
    source = factories.source(cast)
    settings.RATE_LIMITS = NONE | {"upload": {"user": (1, HOUR)}, "preview": {"user": (1, HOUR)}}
    api = Api(cast.editor)
    path = f"/api/v1/sources/{source.pk}/"
    for sent, address in (({}, "attachments/"), ({"reason": "A test.", "dry_run": True}, "retract/")):
        found = [
            api.client.post(path + address, sent, content_type="application/json", headers=api.headers).status_code
            for _ in range(2)
        ]
        assert (found[0] != 429, found[1]) == (True, 429), address
    done = api.client.post(
        path + "retract/", {"reason": "A test."}, content_type="application/json", headers=api.headers
    )
    assert done.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_so_many_at_once_are_let_through_and_no_more(settings: "Settings") -> None:
    settings.RATE_LIMITS = NONE | {"api": {"user": (5, HOUR), "ip": (100, HOUR)}}
    headers = Api(factories.cast().reviewer).headers

    def ask() -> int:
        return Client().get("/api/v1/notifications/", headers=headers).status_code

    found = together(*[ask] * 12)
    assert sorted(found) == [200] * 5 + [429] * 7


def test_no_row_tells_of_a_person_or_an_address_and_old_rows_go(cast: Cast, settings: "Settings") -> None:
    settings.RATE_LIMITS = NONE | {"api": {"user": (5, 60), "ip": (5, 60)}}
    Api(cast.reviewer).get("claims/")
    keys = list(Spending.objects.values_list("key", flat=True))
    assert [re.fullmatch(r"[0-9a-f]{32}", key) is not None for key in keys] == [True, True]
    assert forget_spent(timezone.now() + timedelta(minutes=30)) == 0
    assert forget_spent(timezone.now() + timedelta(hours=2)) == 2


def test_every_address_is_counted_or_says_why_not() -> None:
    names = {route.name for route in routes()}
    assert {*COUNTED, *UNCOUNTED} <= names
    for route in routes():
        if route.name.startswith("api:"):
            assert issubclass(route.view.view_class, ApiView), route.name
            continue
        assert counted_as(route.name, method="POST") is not None or route.name in UNCOUNTED, route.name
        if MUCH.search(route.name) and route.name not in COSTS_LITTLE and "ledger-t" not in route.name:
            assert counted_as(route.name, method="GET") or counted_as(route.name, method="POST") != FORM, route.name


def test_every_kind_that_something_counts_as_has_a_limit() -> None:
    kinds = {kind for kind, _methods in COUNTED.values()} | {FORM, DRAFT, "api", "preview"}
    kinds |= {kind for view in _api_views() for kind in view.counted_as.values()}
    assert kinds == set(django_settings.RATE_LIMITS)


def _api_views() -> Iterator[type[ApiView]]:
    for route in routes():
        if route.name.startswith("api:"):
            yield route.view.view_class


@pytest.mark.parametrize("wrong", ["10", "10/m", "0/m/user", "10/m/key", "10/m/user;5/m/ip", "ten/m/user"])
def test_a_limit_that_is_none_stops_the_start(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from config.settings import _rates

    monkeypatch.setenv("LIMIT_API", wrong)
    with pytest.raises((SystemExit, ImproperlyConfigured), match="LIMIT_API: set limits such as 9/m/user"):
        _rates("LIMIT_API", default="9/m/user")

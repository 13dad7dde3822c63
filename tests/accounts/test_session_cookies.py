"""Behind https: cookies of this host alone, those of before moved once, nothing left in the browser at sign-out."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from accounts.models import Session
from tests.factories import Cast, password_of

if TYPE_CHECKING:
    from pytest_django import Settings

NEW, NEW_CSRF = "__Host-sessionid", "__Host-csrftoken"


@pytest.fixture(autouse=True)
def _https(settings: "Settings") -> Iterator[None]:
    """As config/settings.py has it where PUBLIC_URL begins with https."""
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = NEW, NEW_CSRF
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    yield


def browser(**cookies: str) -> Client:
    client = Client(enforce_csrf_checks=True)
    for name, value in cookies.items():
        client.cookies[name] = value
    return client


def session_of(cast: Cast, *, is_of_before: bool) -> str:
    client = Client()
    client.force_login(cast.reporter)
    Session.objects.update(is_of_before=is_of_before)
    return str(client.session.session_key)


def test_both_are_secure_for_the_whole_host_and_no_other(cast: Cast) -> None:
    client = Client()
    client.get("/account/login/")
    client.post("/account/login/", {"login": "reporter", "password": password_of(cast.reporter)})
    found = [(client.cookies[name]["secure"], client.cookies[name]["path"]) for name in (NEW, NEW_CSRF)]
    assert found == [(True, "/")] * 2
    assert [(client.cookies[name]["domain"], client.cookies[name]["httponly"]) for name in (NEW, NEW_CSRF)] == [
        ("", True)
    ] * 2


def test_a_session_of_before_goes_on_under_the_new_name(cast: Cast) -> None:
    key = session_of(cast, is_of_before=True)
    client = browser(sessionid=key)
    answers = [client.get("/account/").status_code, client.get("/account/").status_code]
    moved, old = client.cookies[NEW], client.cookies["sessionid"]
    assert (answers, moved.value, moved["secure"], moved["httponly"]) == ([200, 200], key, True, True)
    assert (old.value, old["max-age"]) == ("", 0)


def test_a_form_that_was_open_at_the_upgrade_can_be_sent(cast: Cast) -> None:
    secret = "a" * 32
    client = browser(sessionid=session_of(cast, is_of_before=True), csrftoken=secret)
    seen = json.dumps({"version": None, "values": {"name": ""}, "texts": {}})
    sent = {"name": "Olena", "time_zone": "UTC", "language": "en", "seen": seen, "csrfmiddlewaretoken": secret}
    assert client.post("/account/", sent).status_code == 302
    assert (client.cookies[NEW_CSRF].value, client.post("/account/", sent).status_code) == (secret, 302)


def test_the_old_name_is_taken_for_no_other_session(cast: Cast) -> None:
    client = browser(sessionid=session_of(cast, is_of_before=False))
    assert client.get("/account/").status_code == 302


def test_where_both_are_there_the_new_one_counts(cast: Cast) -> None:
    key = session_of(cast, is_of_before=True)
    client = browser(**{"sessionid": key, NEW: "0123456789abcdefghijklmnopqrstuv"})
    assert client.get("/account/").status_code == 302


def test_signing_out_clears_what_the_browser_keeps(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter)
    answer = client.post("/account/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert (Session.objects.filter(user=cast.reporter).count(), client.get("/account/").status_code) == (0, 302)


def test_nothing_else_clears_it(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.reporter)
    answers = [client.get(address) for address in ("/account/", "/account/logout/", "/account/login/")]
    assert ["Clear-Site-Data" in answer for answer in answers] == [False] * 3

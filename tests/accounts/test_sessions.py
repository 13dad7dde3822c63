"""Whose session it is: read by prepared statements, of nobody where it is none."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.account import forget_ended_sessions
from accounts.sessions import SessionStore
from tests.factories import Cast
from tests.pages import signed_in

ACCOUNT = "/account/"


def test_a_session_and_its_person_take_two_statements(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    with CaptureQueriesContext(connection) as asked:
        client.get(ACCOUNT)
    tables = ('FROM "django_session"', 'FROM "accounts_user"')
    assert len([query for query in asked if any(table in query["sql"] for table in tables)]) == 2


@pytest.mark.parametrize(
    "cookie",
    [r'"\000aaaaaaaaa"', r'"0123456789abcdefghijklmnopqrst\000"', "x" * 5000, '"0123456789ABCDEFGHIJKLMNOPQRSTUV"', ""],
)
def test_what_is_no_key_is_nobodys_session(cast: Cast, cookie: str) -> None:
    answer = Client().get(ACCOUNT, headers={"cookie": f"sessionid={cookie}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/account/login/?next={ACCOUNT}")


def test_a_session_ends_in_time(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    before = client.get(ACCOUNT).status_code
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert (before, client.get(ACCOUNT).status_code) == (200, 302)


def test_who_may_no_longer_sign_in_is_signed_out(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    cast.reporter.is_active = False
    cast.reporter.save()
    assert client.get(ACCOUNT).status_code == 302


def test_a_session_of_before_goes_on(cast: Cast) -> None:
    moved = importlib.import_module("accounts.migrations.0008_sessions_of_sign_in")
    client = signed_in(cast.reporter)
    row = Session.objects.get()
    row.session_data = SessionStore().encode({**row.get_decoded(), "_auth_user_backend": moved.BEFORE})
    row.save()
    refused = client.get(ACCOUNT).status_code
    moved.stay_signed_in(apps, connection.schema_editor())
    client.cookies["sessionid"] = row.session_key
    assert (refused, client.get(ACCOUNT).status_code) == (302, 200)


def test_sessions_whose_time_is_over_are_deleted(cast: Cast) -> None:
    signed_in(cast.reporter)
    lasts_until = Session.objects.get().expire_date
    assert [forget_ended_sessions(now=lasts_until + timedelta(seconds=s)) for s in (0, 1)] == [0, 1]

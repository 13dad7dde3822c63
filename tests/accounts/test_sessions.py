"""Whose session it is: read by prepared statements, of nobody where it is none."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import change_user, create_token
from accounts.actions.sessions import end_access_of, end_sessions, forget_ended_sessions
from accounts.models import Session, Token
from accounts.sessions import SessionStore
from house.errors import Forbidden
from reviews.actions.memberships import change_account, change_role
from tests.factories import Cast, fresh, password_of
from tests.pages import signed_in, text_of

ACCOUNT = "/account/"
BEFORE = apps.get_model("sessions", "Session")
BACKEND = importlib.import_module("accounts.migrations.0008_sessions_of_sign_in")
MOVE = importlib.import_module("accounts.migrations.0013_move_sessions")


def test_a_session_and_its_person_take_two_statements(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    with CaptureQueriesContext(connection) as asked:
        client.get(ACCOUNT)
    tables = ('FROM "accounts_session"', 'FROM "accounts_user"')
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


def _as_before(client: Client) -> str:
    """The person's session as 0.3.0 kept it, before its migrations name another backend and move it; its key."""
    row = Session.objects.get(session_key=client.session.session_key)
    key = row.session_key
    BEFORE.objects.create(
        session_key=key,
        session_data=SessionStore().encode({**row.get_decoded(), "_auth_user_backend": BACKEND.BEFORE}),
        expire_date=row.expire_date - timedelta(days=1),
    )
    row.delete()
    return key


def test_a_session_of_before_goes_on_for_who_may_sign_in(cast: Cast) -> None:
    clients = [signed_in(person) for person in (cast.reporter, cast.stranger)]
    keys = [_as_before(client) for client in clients]
    cast.stranger.is_active = False
    cast.stranger.save()
    create_token(user=cast.stranger)
    refused = clients[0].get(ACCOUNT).status_code
    for client, key in zip(clients, keys, strict=True):
        client.cookies["sessionid"] = key
    BACKEND.stay_signed_in(apps, connection.schema_editor())
    MOVE.keep(apps, connection.schema_editor())
    cast.stranger.is_active = True
    cast.stranger.save()
    row = Session.objects.get()
    assert (refused, [client.get(ACCOUNT).status_code for client in clients]) == (302, [200, 302])
    assert (row.user_id, row.is_of_before, row.expire_date - row.created_at) == (
        cast.reporter.pk,
        True,
        timedelta(days=14),
    )
    assert (BEFORE.objects.count(), Token.objects.count()) == (0, 0)


@pytest.mark.parametrize("end", ["expire_date", "last_used_at"])
def test_sessions_whose_time_is_over_are_deleted(cast: Cast, settings: Any, end: str) -> None:
    signed_in(cast.reporter)
    now = timezone.now()
    moment = {"expire_date": now, "last_used_at": now - settings.SESSION_IDLE}[end]
    Session.objects.update(**{end: moment})
    assert [forget_ended_sessions(now=now + timedelta(seconds=s)) for s in (0, 1)] == [0, 1]


def idle_for(minutes: float) -> None:
    Session.objects.update(last_used_at=timezone.now() - timedelta(minutes=minutes))


@pytest.mark.parametrize(("minutes", "status"), [(719, 200), (721, 302)])
def test_a_session_that_nobody_used_for_twelve_hours_has_ended(cast: Cast, minutes: float, status: int) -> None:
    client = signed_in(cast.reporter)
    idle_for(minutes)
    assert (client.get(ACCOUNT).status_code, Session.objects.count()) == (status, status == 200)


def test_use_makes_it_last_and_is_written_down_every_five_minutes(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    noted = []
    for minutes in (4, 6):
        idle_for(minutes)
        before = Session.objects.get().last_used_at
        client.get(ACCOUNT)
        noted.append(Session.objects.get().last_used_at > before)
    assert noted == [False, True]


def test_no_use_makes_it_last_longer_than_its_days(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    row = Session.objects.get()
    Session.objects.update(created_at=row.created_at - timedelta(days=13, hours=23))
    client.post("/account/signing-in/end-others/")  # a session that is saved anew
    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(minutes=58) < left <= timedelta(hours=1)


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox, Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/17.4 Safari/605.1.15": "Safari, macOS",
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36": "Chrome, Android",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0": "Edge, Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 CriOS/126 Safari/604": "Chrome, iPhone",
    "curl/8.5.0": "",
    "<script>alert(1)</script>" * 50: "",
}


@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_a_browser_is_known_again_by_program_and_system_alone(cast: Cast, agent: str, words: str) -> None:
    client = Client(headers={"user-agent": agent})
    client.post("/account/login/", {"login": "reporter", "password": password_of(cast.reporter)})
    assert Session.objects.get().browser == words


def two_browsers(cast: Cast) -> tuple[Client, Client]:
    return signed_in(cast.reporter), signed_in(cast.reporter)


def test_one_ends_a_session_and_no_other(cast: Cast) -> None:
    here, there = two_browsers(cast)
    other = Session.objects.get(session_key=there.session.session_key)
    answer = here.post(f"/account/signing-in/{other.id}/end/")
    assert answer["Location"] == "/account/signing-in/"
    assert [client.get(ACCOUNT).status_code for client in (here, there)] == [200, 302]


def test_somebody_elses_session_is_none(cast: Cast) -> None:
    here, stranger = signed_in(cast.reporter), signed_in(cast.stranger)
    other = Session.objects.get(user=cast.stranger)
    assert here.post(f"/account/signing-in/{other.id}/end/").status_code == 404
    assert stranger.get(ACCOUNT).status_code == 200


def test_the_page_lists_ones_own_and_says_which_is_this(cast: Cast) -> None:
    here, _there = two_browsers(cast)
    signed_in(cast.stranger)
    page = text_of(here.get("/account/signing-in/"))
    assert (page.count("signed in "), page.count("this session"), page.count("End session")) == (2, 1, 1)
    assert str(here.session.session_key) not in here.get("/account/signing-in/").content.decode()


def test_all_others_end_and_this_one_goes_on_as_itself(cast: Cast) -> None:
    here, there = two_browsers(cast)
    before = Session.objects.get(session_key=here.session.session_key)
    here.post("/account/signing-in/end-others/")
    row = Session.objects.get()
    assert (row.id, row.created_at) == (before.id, before.created_at)
    assert [client.get(ACCOUNT).status_code for client in (here, there)] == [200, 302]


GOOD = "brass harbours at eleven"


def test_another_password_ends_the_other_sessions_and_every_token(cast: Cast) -> None:
    here, there = two_browsers(cast)
    create_token(user=cast.reporter)
    given = {"oldpassword": password_of(cast.reporter), "password1": GOOD, "password2": GOOD}
    assert here.post("/account/password/change/", given).status_code == 302
    assert [client.get(ACCOUNT).status_code for client in (here, there)] == [200, 302]
    assert (Session.objects.count(), Token.objects.count()) == (1, 0)
    assert fresh(cast.reporter).check_password(GOOD)


def test_a_password_that_an_administrator_sets_ends_all(cast: Cast) -> None:
    here, _there = two_browsers(cast)
    create_token(user=cast.reporter)
    change_user(user=cast.reporter, changes={}, password=GOOD, by=cast.admin)
    assert (here.get(ACCOUNT).status_code, Session.objects.count(), Token.objects.count()) == (302, 0, 0)


def test_nothing_comes_back_with_an_account_that_is_opened_again(cast: Cast) -> None:
    here, there = two_browsers(cast)
    _row, token = create_token(user=cast.reporter)
    for is_active in (False, True):
        change_account(user=cast.reporter, changes={"is_active": is_active}, by=cast.admin)
    program = Client(headers={"authorization": f"Bearer {token}"})
    assert [client.get(ACCOUNT).status_code for client in (here, there)] == [302, 302]
    assert program.get("/api/v1/claims/").status_code == 401
    assert signed_in(fresh(cast.reporter)).get(ACCOUNT).status_code == 200


def test_an_administrator_ends_all_of_a_person_and_nobody_elses(cast: Cast) -> None:
    here, there = two_browsers(cast)
    stranger, admin = signed_in(cast.stranger), signed_in(cast.admin)
    create_token(user=cast.reporter)
    given = {"action": "end_access", "_selected_action": [str(cast.reporter.pk)]}
    assert admin.post("/administration/accounts/user/", given).status_code == 302
    assert [client.get(ACCOUNT).status_code for client in (here, there, stranger, admin)] == [302, 302, 200, 200]
    assert Token.objects.count() == 0


def test_nobody_else_ends_them(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        end_access_of(user=cast.reporter, by=cast.editor)


def test_a_sign_in_that_is_under_way_while_all_end_is_good_for_nothing(cast: Cast) -> None:
    """Its session holds the hash of before, and is written after the others were deleted."""
    late = signed_in(cast.reporter)
    row = Session.objects.get()
    end_sessions(by=cast.reporter)
    row.save(force_insert=True)
    assert late.get(ACCOUNT).status_code == 302


def test_who_loses_the_last_role_stays_signed_in_and_reads_nothing_more(cast: Cast) -> None:
    here = signed_in(cast.reporter)
    change_role(desk=cast.desk, user=cast.reporter, role=None, by=cast.admin)
    assert (here.get(ACCOUNT).status_code, here.get("/claims/UKR-1/").status_code) == (200, 404)


@pytest.mark.parametrize(("minutes", "words"), [(720, "after 12 hours"), (90, "after 1.5 hours")])
def test_the_page_says_after_how_many_hours_a_session_ends(cast: Cast, settings: Any, minutes: int, words: str) -> None:
    settings.SESSION_IDLE = timedelta(minutes=minutes)
    assert f"{words} without use" in text_of(signed_in(cast.reporter).get("/account/signing-in/"))

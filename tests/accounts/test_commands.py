"""Accounts and tokens from the command line."""

import io
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from knox.auth import TokenAuthentication

from accounts.models import Role, User
from accounts.queries import role_in
from tests.factories import Cast


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str, given: str = "") -> list[str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    printed = io.StringIO()
    call_command(*arguments, stdout=printed)
    return printed.getvalue().splitlines()


def test_an_account_is_made_with_the_password_from_standard_input(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("create_user", "nadia", "--role", "reviewer", "--desk", "UKR", "--password-stdin")
    assert _run(monkeypatch, *arguments, given="a-long-enough-secret\n") == [
        "nadia can sign in: reviewer on Ukraine desk."
    ]
    user = authenticate(None, username="nadia", password="a-long-enough-secret")
    assert isinstance(user, User)
    assert role_in(user, cast.desk.pk) == Role.REVIEWER


def test_a_password_is_made_where_none_is_given(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = _run(monkeypatch, "create_user", "nadia", "--role", "editor", "--desk", "UKR")
    password = printed[-1].rpartition(" ")[2]
    assert authenticate(None, username="nadia", password=password) is not None


def test_an_administrator_needs_no_desk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(monkeypatch, "create_user", "root", "--administrator", given="a-long-enough-secret")
    made = User.objects.get(username="root")
    assert (made.is_staff, made.memberships.count()) == (True, 0)


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["nadia", "--role", "editor", "--desk", "XXX"], GOOD := "a-long-enough-secret", "There are: OTH, UKR."),
        (["nadia", "--role", "editor"], GOOD, "Give --role and --desk"),
        (["nadia", "--desk", "UKR"], GOOD, "Give --role and --desk"),
        (["reporter", "--role", "editor", "--desk", "UKR"], GOOD, "taken"),
        (["nadia", "--role", "editor", "--desk", "UKR"], "short", "Too short: use at least"),
        (["nadia", "--role", "editor", "--desk", "UKR", "--password-stdin"], "", "holds no password"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_made(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, arguments: list[str], given: str, said: str
) -> None:
    with pytest.raises(CommandError) as error:
        _run(monkeypatch, "create_user", *arguments, given=given)
    assert said in str(error.value)
    assert not User.objects.filter(username="nadia").exists()


def test_the_token_stands_alone_on_the_last_line(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = _run(monkeypatch, "create_token", "reviewer")
    user, _row = TokenAuthentication().authenticate_credentials(printed[-1].encode())
    assert user == cast.reviewer


@pytest.mark.parametrize("arguments", [["nobody"], ["reviewer", "--days", "0"], ["reviewer", "--days", "400"]])
def test_no_token_for_nobody_or_for_ever(cast: Cast, monkeypatch: pytest.MonkeyPatch, arguments: list[Any]) -> None:
    with pytest.raises(CommandError):
        _run(monkeypatch, "create_token", *arguments)

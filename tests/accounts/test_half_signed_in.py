"""Whoever gave the password and not yet the code: nothing that ends access leaves that sign-in good for anything."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.utils import import_callable
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.actions import change_user
from accounts.actions.account import change_password
from accounts.actions.factors import reset_factors, use_code
from accounts.actions.identities import link_identity, unlink_identity
from accounts.actions.sessions import end_access_of, end_sessions
from accounts.models import User
from accounts.organisation import issuer_id
from accounts.stages import FIRST_STEP
from reviews.actions.memberships import change_account
from tests import factories, second_factors
from tests.factories import Cast, fresh, password_of
from tests.logs import recorded
from tests.second_factors import App

CODE = "/account/login/code/"
GOOD = "violet-anchors-drift-42"


@pytest.fixture
def user(cast: Cast) -> User:
    link_identity(provider=issuer_id(), subject="r-1", by=cast.reviewer)
    return cast.reviewer


@pytest.fixture
def app(user: User) -> App:
    return second_factors.app(user)


def first_step(user: User) -> Client:
    """A browser in which the password was given, and a code is asked for."""
    client = Client()
    asked = client.post("/account/login/", {"login": user.username, "password": password_of(user)})
    assert asked["Location"].startswith(CODE)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def _closed_and_opened(user: User, admin: User) -> None:
    for is_active in (False, True):
        change_account(user=fresh(user), changes={"is_active": is_active}, by=admin)


def _reset(user: User, admin: User) -> None:
    reset_factors(user=fresh(user), reason="The telephone was lost.", by=admin)


ENDS: dict[str, Callable[[User, User], Any]] = {
    "a password that an administrator sets": lambda user, admin: change_user(
        user=fresh(user), changes={}, password=GOOD, by=admin
    ),
    "an own new password": lambda user, _admin: change_password(password=GOOD, session="", by=fresh(user)),
    "the end of all access": lambda user, admin: end_access_of(user=fresh(user), by=admin),
    "the end of one's other sessions": lambda user, _admin: end_sessions(by=fresh(user)),
    "the closing of the account": lambda user, admin: change_account(
        user=fresh(user), changes={"is_active": False}, by=admin
    ),
    "an account that was closed and opened": _closed_and_opened,
    "a reset of the factors": _reset,
    "the end of the link with the organisation": lambda user, _admin: unlink_identity(
        provider=issuer_id(), by=fresh(user)
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_waiting_sign_in_does_not_outlive_it(cast: Cast, user: User, app: App, end: str) -> None:
    client = first_step(user)
    ENDS[end](user, cast.admin)
    if not Authenticator.objects.filter(user=user).exists():
        app = second_factors.app(fresh(user))
    answer = client.post(CODE, {"code": app.code()})
    assert (answer.status_code, answer["Location"], is_signed_in(client)) == (302, "/account/login/", False)


def test_it_does_not_come_back_with_the_account(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    change_account(user=fresh(user), changes={"is_active": False}, by=cast.admin)
    client.post(CODE, {"code": app.code()})
    change_account(user=fresh(user), changes={"is_active": True}, by=cast.admin)
    client.post(CODE, {"code": app.codes[0]})
    assert not is_signed_in(client)


def test_what_ends_between_the_look_at_the_first_step_and_the_sign_in_counts_too(
    cast: Cast, user: User, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended_meanwhile(**named: Any) -> Authenticator | None:
        factor = use_code(**named)
        end_access_of(user=fresh(user), by=cast.admin)
        return factor

    client = first_step(user)
    monkeypatch.setattr("accounts.trying.use_code", ended_meanwhile)
    client.post(CODE, {"code": app.code()})
    assert not is_signed_in(client)


def test_no_recovery_code_is_used_up_by_it(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    end_access_of(user=fresh(user), by=cast.admin)
    client.post(CODE, {"code": app.codes[0]})
    assert use_code(user=user, code=app.codes[0]) is not None


def test_nothing_of_it_is_left_in_the_session(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    end_access_of(user=fresh(user), by=cast.admin)
    client.get(CODE)
    left = dict(client.session.items())
    assert not {FIRST_STEP, "account_login", "account_authentication_methods"} & left.keys()


def test_the_page_says_so_and_one_signs_in_anew(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    end_access_of(user=fresh(user), by=cast.admin)
    assert "This sign-in has expired. Sign in again." in client.get(CODE, follow=True).content.decode()
    client.post("/account/login/", {"login": user.username, "password": password_of(user)})
    client.post(CODE, {"code": app.code()})
    assert is_signed_in(client)


def test_a_waiting_sign_in_of_before_the_first_step_was_kept_begins_anew(user: User, app: App) -> None:
    client = first_step(user)
    session = client.session
    del session[FIRST_STEP]
    session.save()
    assert client.get(CODE)["Location"] == "/account/login/"


def test_another_persons_first_step_lets_nobody_in(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    session = client.session
    session[FIRST_STEP] = session[FIRST_STEP] | {"user": str(cast.editor.pk)}
    session.save()
    assert client.get(CODE)["Location"] == "/account/login/"


def test_what_has_nothing_to_do_with_access_leaves_it_as_it_is(cast: Cast, user: User, app: App) -> None:
    client = first_step(user)
    change_user(user=fresh(user), changes={"time_zone": "Europe/Kyiv"}, by=cast.admin)
    SocialAccount.objects.create(user=user, provider="another", uid="r-2")
    client.post(CODE, {"code": app.code()})
    assert is_signed_in(client)


def test_every_step_that_has_a_page_asks_whether_the_first_one_holds(user: User, app: App, cast: Cast) -> None:
    """Found from allauth's own list of steps: one that gets an address later is asked as well."""
    pages = set()
    for path in get_adapter().get_login_stages():
        with suppress(NoReverseMatch):
            pages.add(reverse(import_callable(path).urlname))
    assert pages == {CODE}
    for page in pages:
        client = first_step(user)
        end_access_of(user=fresh(user), by=cast.admin)
        assert client.get(page)["Location"] == "/account/login/"


@pytest.mark.django_db(transaction=True)
def test_it_is_a_security_event(transactional_db: None) -> None:
    cast = factories.cast()
    second_factors.app(cast.reviewer)
    client = first_step(cast.reviewer)
    end_access_of(user=fresh(cast.reviewer), by=cast.admin)
    with recorded() as log:
        client.get(CODE)
    told = [(line["event"], line["reason"], line["person"]) for line in log.lines if line["logger"] == "security"]
    assert told == [("sign_in", "changed since", str(cast.reviewer.pk))]

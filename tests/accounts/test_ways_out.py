"""Every way out of a browser, found from the code: what the browser has of the person goes, and it is told."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions.account import ask_for_password
from accounts.actions.invitations import invite
from accounts.models import Session, User
from tests import factories
from tests.administration import shown_at
from tests.factories import Cast, fresh, password_of
from tests.links import links_sent
from tests.logs import recorded
from tests.pages import signed_in

ROOT = Path(__file__).parents[2]
ROOMS = ("accounts", "sources", "claims", "reviews", "api", "config", "house")
ENDING = {"logout", "end_access", "end_access_of", "end_session", "end_sessions"}
GOOD = "violet-anchors-drift-42"
EVERYTHING = '"cache", "cookies", "storage"'

# Where the code ends sessions, and the way below that goes through it; "" with the reason where it is no way out.
WHERE = {
    "config/adapter.py logout": "the page for it",
    "config/admin.py logout": "the head of the administration",
    "config/admin.py end_access": "the end of one's own access",
    "accounts/views/account.py end_one": "the list of sessions",
    "accounts/actions/sessions.py end_session": "the list of sessions",
    "accounts/views/account.py end_others": "",  # this browser goes on
    "accounts/actions/sessions.py end_sessions": "",  # the same
    "accounts/actions/sessions.py end_access_of": "the end of one's own access",
    "accounts/actions/sessions.py forget_ended_sessions": "",  # nobody asks
    "accounts/actions/__init__.py change_user": "one's own password in the administration",
    "accounts/actions/__init__.py end_access": "one's own account closed",
    "accounts/actions/account.py _use_password": "a new password by mail",
    "accounts/actions/factors.py reset_factors": "",  # never one's own
    "accounts/sessions.py end_unused": "",  # found at the next request, when nobody is signed in any more
    "accounts/session_cookies.py _to_be_forgotten": "",  # what looks for them
}


def _calls(path: Path) -> Iterator[str]:
    """The functions of a file that end sessions."""
    source = path.read_text()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and _ends(call):
                    yield function.name


def _ends(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    whose = ast.unparse(call.func)
    return name in ENDING or whose.endswith("session.flush") or (name == "delete" and "Session.objects" in whose)


def test_each_place_in_the_code_that_ends_sessions_is_looked_at() -> None:
    found = {
        f"{path.relative_to(ROOT)} {name}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts and "management" not in path.parts
        for name in _calls(path)
    }
    assert found == WHERE.keys()
    assert {way for way in WHERE.values() if way} == WAYS.keys()


def _of_themselves(client: Client, admin: User, **changed: str) -> Any:
    address = reverse("admin:accounts_user_change", args=[admin.pk])
    sent = shown_at(client, address) | changed
    return client.post(address, {name: value for name, value in sent.items() if value})


def _by_mail(client: Client, admin: User) -> Any:
    User.objects.filter(pk=admin.pk).update(email="admin@example.org")
    ask_for_password(email="admin@example.org")
    return client.post(f"/account/password/new/{links_sent()['set-password']}/", {"password": GOOD})


def _end_own_access(client: Client, admin: User) -> Any:
    given = {"action": "end_access", "_selected_action": [str(admin.pk)]}
    return client.post(reverse("admin:accounts_user_changelist"), given)


# Each as the administrator does it, who has every way; and the security events that it leaves.
WAYS: dict[str, tuple[Callable[[Client, User], Any], set[str]]] = {
    "the page for it": (lambda client, _admin: client.post(reverse("account_logout")), {"sign_out"}),
    "the head of the administration": (lambda client, _admin: client.post(reverse("admin:logout")), {"sign_out"}),
    "the list of sessions": (
        lambda client, admin: client.post(reverse("end-session", args=[Session.objects.get(user=admin).id])),
        {"session_ended"},
    ),
    "the end of one's own access": (_end_own_access, {"access_ended"}),
    "one's own password in the administration": (
        lambda client, admin: _of_themselves(client, admin, password=GOOD),
        {"account_changed"},
    ),
    "one's own account closed": (
        lambda client, admin: _of_themselves(client, admin, is_active=""),
        {"account_changed"},
    ),
    "a new password by mail": (_by_mail, {"account_changed"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_browser_forgets_what_it_has_of_who_goes_out(cast: Cast, way: str) -> None:
    factories.person("admin2", is_administrator=True)
    client = signed_in(cast.admin)
    answer = WAYS[way][0](client, cast.admin)
    assert (answer.status_code, answer.headers.get("Clear-Site-Data")) == (302, EVERYTHING)
    assert (client.get("/account/").status_code, Session.objects.filter(user=cast.admin).count()) == (302, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_going_out_is_a_security_event(transactional_db: None, way: str) -> None:
    cast = factories.cast()
    factories.person("admin2", is_administrator=True)
    client = signed_in(cast.admin)
    with recorded() as log:
        WAYS[way][0](client, cast.admin)
    told = [line for line in log.lines if line["logger"] == "security"]
    assert {line["event"] for line in told if line.get("person") == str(cast.admin.pk)} == WAYS[way][1]


def test_whoever_comes_in_after_somebody_keeps_the_cookie_and_nothing_of_the_other(cast: Cast) -> None:
    client = signed_in(cast.admin)
    invite(desk=cast.desk, role="reviewer", name="Nadia", email="nadia@example.org", by=cast.admin)
    given = {"username": "nadia", "password": GOOD, "time_zone": "UTC"}
    answer = client.post(f"/invitation/{links_sent()['accept-invitation']}/", given)
    assert (answer.status_code, answer["Clear-Site-Data"]) == (302, '"cache", "storage"')
    assert client.get("/account/").context["user"].username == "nadia"


STAYS: dict[str, Callable[[Client, User], Any]] = {
    "the end of the other sessions": lambda client, _admin: client.post(reverse("end-sessions")),
    "an own new password": lambda client, admin: client.post(
        reverse("account_change_password"), {"oldpassword": password_of(admin), "password1": GOOD, "password2": GOOD}
    ),
    "a new time zone": lambda client, admin: _of_themselves(client, admin, time_zone="Europe/Kyiv"),
}


@pytest.mark.parametrize("act", STAYS)
def test_who_stays_signed_in_keeps_what_the_browser_has(cast: Cast, act: str) -> None:
    client = signed_in(cast.admin)
    answer = STAYS[act](client, cast.admin)
    assert (answer.status_code, "Clear-Site-Data" in answer) == (302, False)
    assert client.get("/account/").status_code == 200


def test_what_one_types_while_the_session_is_ended_elsewhere_is_not_cleared(cast: Cast) -> None:
    here, there = signed_in(cast.reporter), signed_in(cast.reporter)
    there.post(reverse("end-sessions"))
    answer = here.post("/account/", {"name": "Olena", "time_zone": "UTC", "language": "en"})
    assert (answer.status_code, "Clear-Site-Data" in answer) == (302, False)
    assert fresh(cast.reporter).name != "Olena"

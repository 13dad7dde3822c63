"""What is done with accounts, and what is refused, is a line of its own in the log: who, from where, how it ended."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.actions import create_token, revoke_token, set_role
from accounts.models import Role
from accounts.security_events import security_event
from tests import factories
from tests.factories import Cast
from tests.logs import CapturedLog, recorded
from tests.pages import signed_in

ROOT = Path(__file__).parents[2]
ROOMS = ("accounts", "sources", "claims", "reviews", "api", "config", "house")
FROM = "192.0.2.17"
KNOWN = ("event", "outcome", "address", "person", "by")


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Events inside a transaction are written once it is committed."""
    return factories.cast()


@pytest.fixture
def log(cast: Cast) -> Iterator[CapturedLog]:
    with recorded() as log:
        yield log


def events(log: CapturedLog) -> list[dict[str, Any]]:
    """The security events, without what every line has."""
    common = {"time", "level", "logger", "message", "process", "request"}
    lines = [line for line in log.lines if line["logger"] == "security"]
    assert all(line["message"] == line["event"] for line in lines)
    return [{name: value for name, value in line.items() if name not in common} for line in lines]


def browser() -> Client:
    return Client(REMOTE_ADDR=FROM, raise_request_exception=False)


def sign_in(client: Client, name: str, password: str) -> None:
    client.post("/account/login/", {"login": name, "password": password})


def test_signing_in_and_out(cast: Cast, log: CapturedLog) -> None:
    client = browser()
    sign_in(client, "reporter", factories.password_of(cast.reporter))
    client.post("/account/logout/")
    who = {"outcome": "done", "address": FROM, "person": str(cast.reporter.pk)}
    assert events(log) == [{"event": "sign_in", **who}, {"event": "sign_out", **who}]


@pytest.mark.parametrize("name", ["reporter", "Hunter2 is my password"])
def test_a_wrong_password_tells_whose_account_it_is_and_never_what_was_typed(
    cast: Cast, log: CapturedLog, name: str
) -> None:
    sign_in(browser(), name, "wrong, and secret")
    known = {"person": str(cast.reporter.pk)} if name == "reporter" else {}
    assert events(log) == [
        {"event": "sign_in", "outcome": "refused", "address": FROM, **known, "reason": "password"},
    ]
    assert ("Hunter2" in log.text, "secret" in log.text) == (False, False)


def test_the_address_is_that_which_the_trusted_proxy_saw(cast: Cast, log: CapturedLog, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    client = Client(REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": f"203.0.113.9, {FROM}"})
    sign_in(client, "reporter", "wrong")
    assert [line["address"] for line in events(log)] == [FROM]


def test_what_is_not_allowed_not_there_and_forged(cast: Cast, log: CapturedLog) -> None:
    reporter = Client(REMOTE_ADDR=FROM, enforce_csrf_checks=True)
    reporter.force_login(cast.reporter)
    reporter.get("/invitations/")
    reporter.get("/claims/OTH-1/")
    reporter.post("/account/")
    Client(REMOTE_ADDR=FROM).get("/api/v1/claims/", headers={"authorization": "Bearer nothing"})
    told = [
        (line.get("person"), line["status"], line.get("route"), line.get("reason"))
        for line in events(log)
        if line["event"] == "request"
    ]
    person = str(cast.reporter.pk)
    assert told == [
        (person, 403, "invitations", None),
        (person, 404, "claim", None),
        (None, 403, None, "forged"),
        (person, 403, "account", None),
        (None, 401, "api:claims", None),
    ]


def test_an_address_that_does_not_exist_is_no_event(cast: Cast, log: CapturedLog) -> None:
    signed_in(cast.reporter).get("/wp-login.php")
    assert events(log) == []


def test_every_act_on_an_account_is_one(cast: Cast, log: CapturedLog) -> None:
    row, _token = create_token(user=cast.reporter, name="A name that stays out", by=cast.reporter)
    revoke_token(token_id=row.id, by=cast.reporter)
    set_role(desk=cast.desk, user=cast.reporter, role=Role.AUDITOR, by=cast.admin)
    told = [(line["event"], line["person"], line["by"]) for line in events(log)]
    person, admin = str(cast.reporter.pk), str(cast.admin.pk)
    assert told == [
        ("token_made", person, person),
        ("token_revoked", person, person),
        ("role_granted", person, admin),
    ]
    assert "stays out" not in log.text


def test_what_was_taken_back_is_not_told(cast: Cast, log: CapturedLog) -> None:
    with transaction.atomic():
        security_event("token_made", person=cast.reporter)
        transaction.set_rollback(True)
    assert events(log) == []


def test_what_people_wrote_is_hidden_where_somebody_hands_it_over(cast: Cast, log: CapturedLog) -> None:
    security_event("anything", reason="Заява про джерело")
    assert [line["reason"] for line in events(log)] == ["…"]


def test_every_event_is_in_the_documentation_and_no_other() -> None:
    """Found in the code: whoever watches the log finds each by the name that docs/security.md gives it."""
    code = "".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    named = set(re.findall(r'(?:security_event|account_recorded|invitation_recorded)\(\s*(?:\*\()?"(\w+)"', code))
    text = (ROOT / "docs" / "security.md").read_text()
    table = text.partition("| event | when |")[2].partition("\n\n")[0]
    documented = {
        name for row in table.splitlines() if "|" in row for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    assert named == documented

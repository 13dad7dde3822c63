"""Who ought to have a second factor, and has none, gets nowhere but to where one is added: at every address."""

import pytest

from claims.actions.desks import change_policy
from claims.inputs import DeskEdit
from tests import factories
from tests.access.asking import METHODS, address_of, signed_in
from tests.access.routes import routes
from tests.access.world import AccessWorld
from tests.ledger.opening import audits_all

# Open to everybody, signed in or not; and what one needs to add one, or to leave.
OPEN = {
    "healthz", "readyz", "metrics", "public", "public-claim", "public-change", "api-docs", "api-docs-plain",
    "api-schema",
    "ledger-checkpoint", "ledger-cosigned", "ledger-policy", "ledger-tile",
    "ledger-stamps", "ledger-stamp",
    "ledger-entries", "ledger-leaf", "ledger-public-entries", "ledger-verifier", "ledger-format",
    "public-proof", "public-material", "public-bundle", "published-list", "short", "check-us", "check-receipts",
    "forgotten-password", "set-password", "accept-invitation",
    "account_login", "account_inactive", "mfa_authenticate", "sign-in-by-passkey",
    "organisation-sign-in", "organisation-callback", "organisation-join",
    "second-factors", "add-app", "add-passkey", "recovery-codes",
}  # fmt: skip
PAGE = "/account/second-factors/"


@pytest.fixture
def late(world: AccessWorld, taken_back: None) -> AccessWorld:
    return _late(world)


def _late(world: AccessWorld) -> AccessWorld:
    desk = world.cast.desk
    change_policy(desk=desk, edit=DeskEdit({"second_factor_days": 1}), by=world.cast.editor, now=factories.days_ago(9))
    desk.memberships.update(created_at=factories.days_ago(9))
    return world


def test_every_address_is_shut_but_those_for_adding_one(late: AccessWorld) -> None:
    client = signed_in(late.cast.editor)
    opened = set()
    for route in routes():
        if route.name == "account_logout":  # asked last: it is what it says
            continue
        for method in METHODS:
            answer = client.generic(method, address_of(route, late), b"", content_type="application/json")
            sent_there = answer.status_code == 302 and answer["Location"] == PAGE
            refused = answer.status_code == 403 and b"no-second-factor" in answer.content
            if not (sent_there or refused):
                opened.add(route.name)
    assert opened == OPEN
    assert client.post("/account/logout/")["Location"] == "/account/login/"


def test_entries_of_the_log_are_for_nobody_without_one(world: AccessWorld, taken_back: None) -> None:
    """Their address is open, since some of them are public; who audits every desk has them all."""
    client = signed_in(audits_all(world.cast.auditor))
    assert client.get("/ledger/tile/entries/000.p/3").status_code == 200
    _late(world).cast.desk.memberships.filter(user=world.cast.auditor).update(created_at=factories.days_ago(9))
    assert client.get("/ledger/tile/entries/000.p/3").status_code == 404

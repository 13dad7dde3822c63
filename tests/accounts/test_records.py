"""What is done with accounts is in the ledger; names, addresses and what tokens are called are in no leaf."""

from typing import Any

import pytest

from accounts.actions import change_user, create_token, create_user, revoke_token
from accounts.actions.account import ask_for_password as ask
from accounts.actions.account import change_address, confirm_address, set_password
from accounts.actions.invitations import accept_invitation, invite
from accounts.actions.sessions import end_sessions
from accounts.inputs import AccountInput
from accounts.models import Act, Role, User
from ledger.entries import read_entry
from ledger.models import Entry
from tests import factories
from tests.links import links_sent

pytestmark = pytest.mark.django_db


def recorded(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """What the entries of a kind are about, and their bodies, oldest first."""
    rows = Act.objects.filter(kind=kind).order_by("entry").select_related("entry")
    return [(row.about, read_entry(bytes(row.entry.leaf)).body) for row in rows]


def test_an_account_that_is_made() -> None:
    cast = factories.cast()
    made = create_user(
        account=AccountInput(username="vera", password="long enough, surely", email="vera@example.org"), by=cast.admin
    )
    assert recorded("account_made")[-1] == (f"person:{made.pk}", {"administrator": False, "invitation": None})
    assert Act.objects.filter(kind="account_made").latest("entry").by == cast.admin


def test_an_account_that_somebody_was_invited_to_make() -> None:
    cast = factories.cast()
    invitation = invite(desk=cast.desk, role=Role.REVIEWER, name="Nadia", email="nadia@example.org", by=cast.admin)
    token = links_sent()["accept-invitation"]
    made = accept_invitation(token=token, username="nadia", password="long enough, surely")
    assert recorded("invited") == [
        (f"invitation:{invitation.pk}", {"desk": str(cast.desk.pk), "role": "reviewer"}),
    ]
    assert recorded("account_made")[-1] == (
        f"person:{made.pk}",
        {"administrator": False, "invitation": str(invitation.pk)},
    )


def test_an_account_that_is_closed() -> None:
    cast = factories.cast()
    change_user(user=cast.stranger, changes={"is_active": False}, by=cast.admin)
    assert recorded("account_changed") == [
        (f"person:{cast.stranger.pk}", {"fields": ["is_active"], "open": False, "administrator": False}),
    ]


def test_an_address_that_is_changed_and_a_password_that_is_set() -> None:
    user = factories.cast().reporter
    change_address(email="new@example.org", by=user)
    ask(email=user.email)
    links = links_sent()
    set_password(token=links["set-password"], password="another one, long enough")
    change_address(email="new@example.org", by=User.objects.get(pk=user.pk))
    confirm_address(token=links_sent()["confirm-address"], by=user)
    assert recorded("account_changed") == [
        (f"person:{user.pk}", {"fields": ["password"]}),
        (f"person:{user.pk}", {"fields": ["email"]}),
    ]


def test_tokens_and_sessions() -> None:
    user = factories.cast().reporter
    token, _text = create_token(user=user, name="a script", by=user)
    revoke_token(token_id=token.id, by=user)
    end_sessions(by=user)
    about = f"person:{user.pk}"
    assert recorded("token_made") == [
        (about, {"token": str(token.id), "lifetime_days": 30, "scopes": ["read", "write"]})
    ]
    assert recorded("token_revoked") == [(about, {"token": str(token.id)})]
    assert recorded("sessions_ended") == [(about, {})]


def test_no_leaf_names_a_person_or_an_address() -> None:
    cast = factories.cast()
    invite(desk=cast.desk, role=Role.REVIEWER, name="Nadia", email="nadia@example.org", by=cast.admin)
    change_user(user=cast.stranger, changes={"email": "elsewhere@example.org"}, by=cast.admin)
    create_token(user=cast.reporter, name="a script", by=cast.reporter)
    leaves = b"\n".join(bytes(leaf) for leaf in Entry.objects.values_list("leaf", flat=True))
    told = [word for word in (b"Nadia", b"@", b"a script", b"stranger") if word in leaves]
    assert told == []


def test_an_account_that_cannot_be_recorded_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.ledger_entries.record_act", fail)
    with pytest.raises(ZeroDivisionError):
        create_user(account=AccountInput(username="vera", password="long enough, surely"), by=None)
    assert not User.objects.filter(username="vera").exists()

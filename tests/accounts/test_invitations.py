"""Invitations: who may, what goes out, and what a link does until it does nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.actions import change_user
from accounts.actions.invitations import accept_invitation, invite, resend_invitation, revoke_invitation
from accounts.models import Invitation, Mail, Role, User
from accounts.queries import role_in
from house.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories import Cast, fresh
from tests.links import links_sent
from tests.pages import got, signed_in, text_of

GOOD = "a-long-enough-secret"


def _invited(cast: Cast, **fields: Any) -> Invitation:
    given = {"desk": cast.desk, "role": Role.REVIEWER, "name": "Nadia Kim", "email": "nadia@example.org"}
    return invite(**{**given, "by": cast.admin, **fields})


def _link() -> str:
    return links_sent()["accept-invitation"]


def test_an_invitation_leads_to_an_account_on_the_desk(cast: Cast) -> None:
    page = signed_in(cast.admin)
    given = {"desk": str(cast.desk.pk), "role": "reviewer", "name": "Nadia Kim", "email": "nadia@example.org"}
    assert page.post("/invitations/", given)["Location"] == "/invitations/"
    assert "Nadia Kim nadia@example.org Ukraine desk, reviewer invited by admin" in text_of(page.get("/invitations/"))
    address = f"/invitation/{_link()}/"
    client = Client()
    assert "You are joining the Ukraine desk as reviewer." in text_of(client.get(address))
    joined = client.post(address, {"username": "nadia", "password": GOOD, "name": "Nadia", "time_zone": "Europe/Kyiv"})
    assert joined["Location"] == "/"
    user = User.objects.get(username="nadia")
    assert (user.email, user.name, user.time_zone, role_in(user, cast.desk.pk)) == (
        "nadia@example.org", "Nadia", "Europe/Kyiv", Role.REVIEWER,
    )  # fmt: skip
    assert "nadia" in text_of(client.get("/account/"))
    assert client.get(address).status_code == 404
    assert "accepted as nadia" in text_of(page.get("/invitations/"))


@pytest.mark.parametrize("name", ["reporter", "reviewer", "editor", "auditor", "stranger"])
def test_nobody_but_an_administrator_invites(cast: Cast, name: str) -> None:
    invitation = _invited(cast)
    by = getattr(cast, name)
    acts: list[Callable[[], object]] = [
        lambda: _invited(cast, by=by, email="other@example.org"),
        lambda: resend_invitation(invitation=invitation, by=by),
        lambda: revoke_invitation(invitation=invitation, by=by),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    assert (Invitation.objects.get().is_open, Mail.objects.count()) == (True, 1)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "REPORTER@example.org"}, "email"),  # has an account
        ({"role": "owner"}, "role"),
        ({"name": " "}, "name"),
        ({"name": "n" * 121}, "name"),
    ],
)
def test_what_cannot_be_used_is_named(cast: Cast, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid) as error:
        _invited(cast, **fields)
    assert set(error.value.errors) == {named}


def test_an_address_is_invited_to_a_desk_once_at_a_time(cast: Cast) -> None:
    invitation = _invited(cast)
    with pytest.raises(Conflict):
        _invited(cast, email="Nadia@example.org")
    _invited(cast, desk=cast.other_desk)
    revoke_invitation(invitation=invitation, by=cast.admin)
    assert _invited(cast).is_open


def _taken_back(cast: Cast, invitation: Invitation) -> None:
    revoke_invitation(invitation=invitation, by=cast.admin)


def _sent_again(cast: Cast, invitation: Invitation) -> None:
    resend_invitation(invitation=invitation, by=cast.admin)


def _run_out(cast: Cast, invitation: Invitation) -> None:
    Mail.objects.update(link_until=timezone.now())


def _taken_up(cast: Cast, invitation: Invitation) -> None:
    accept_invitation(token=_link(), username="faster", password=GOOD)


@pytest.mark.parametrize("happens", [_taken_back, _sent_again, _run_out, _taken_up])
def test_a_link_that_ended_is_answered_as_one_that_never_was(
    cast: Cast, happens: Callable[[Cast, Invitation], None]
) -> None:
    invitation = _invited(cast)
    token = _link()
    happens(cast, invitation)
    ended, never = (Client().get(f"/invitation/{one}/") for one in (token, "x" * len(token)))
    assert (ended.status_code, text_of(ended)) == (404, text_of(never))
    with pytest.raises(NotFound):
        accept_invitation(token=token, username="nadia", password=GOOD)
    assert not User.objects.filter(username="nadia").exists()


def test_the_link_of_the_newest_mail_works(cast: Cast) -> None:
    invitation = _invited(cast)
    _link()
    resend_invitation(invitation=invitation, by=cast.admin)
    assert accept_invitation(token=_link(), username="nadia", password=GOOD).username == "nadia"


def test_a_link_works_for_seven_days_from_when_it_went_out(cast: Cast) -> None:
    _invited(cast, now=timezone.now() - timedelta(days=3))
    token = _link()
    sent = Mail.objects.get()
    assert sent.ended_at is not None and sent.link_until is not None
    assert timedelta(days=7) - timedelta(minutes=1) < sent.link_until - sent.ended_at <= timedelta(days=7)
    with pytest.raises(NotFound):
        accept_invitation(token=token, username="nadia", password=GOOD, now=sent.link_until)


@pytest.mark.parametrize("state", ["taken up", "withdrawn"])
def test_what_ended_is_neither_sent_again_nor_taken_back(cast: Cast, state: str) -> None:
    invitation = _invited(cast)
    if state == "taken up":
        accept_invitation(token=_link(), username="nadia", password=GOOD)
    else:
        revoke_invitation(invitation=invitation, by=cast.admin)
    for act in (resend_invitation, revoke_invitation):
        with pytest.raises(Conflict):
            act(invitation=invitation, by=cast.admin)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"username": "reporter"}, "username"),
        ({"username": "REPORTER"}, "username"),
        ({"username": "two words"}, "username"),
        ({"password": "1234567890"}, "password"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_a_refused_account_leaves_the_link_working(cast: Cast, fields: dict[str, str], named: str) -> None:
    _invited(cast)
    address = f"/invitation/{_link()}/"
    given = {"username": "nadia", "password": GOOD, "time_zone": "UTC"}
    answer = Client().post(address, given | fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [named])
    assert Client().post(address, given).status_code == 302


def test_user_names_are_not_tried_out_with_a_link(cast: Cast) -> None:
    _invited(cast)
    address = f"/invitation/{_link()}/"
    answers = [Client().post(address, {"username": f"reporter{n}", "password": "1"}).status_code for n in range(11)]
    assert answers == [400] * 10 + [429]


def test_whoever_is_signed_in_becomes_the_new_person(cast: Cast) -> None:
    _invited(cast)
    address = f"/invitation/{_link()}/"
    client = signed_in(cast.admin)
    assert "admin is signed in here and will be signed out." in text_of(client.get(address))
    client.post(address, {"username": "nadia", "password": GOOD, "time_zone": "UTC"})
    assert client.get("/invitations/").status_code == 403


def test_an_invitation_holds_though_who_invited_has_left(cast: Cast) -> None:
    _invited(cast)
    token = _link()
    change_user(user=cast.editor, changes={"is_staff": True}, by=cast.admin)
    change_user(user=cast.admin, changes={"is_active": False}, by=fresh(cast.editor))
    assert accept_invitation(token=token, username="nadia", password=GOOD).is_active


def test_the_database_takes_no_second_open_invitation(cast: Cast) -> None:
    invitation = _invited(cast)
    invitation.pk, invitation.email = None, "NADIA@example.org"
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            desk=cast.desk, role="reviewer", name="N", email="NADIA@example.org", invited_by=cast.admin,
            created_at=timezone.now(),
        )  # fmt: skip


def test_the_page_says_that_a_mail_could_not_be_sent(cast: Cast) -> None:
    _invited(cast)
    Mail.objects.update(state="failed", ended_at=timezone.now())
    text = text_of(got(cast.admin, "/invitations/"))
    assert "mail not sent" in text
    assert fresh(Invitation.objects.get()).is_open

"""One's own account: what one says of oneself, where mail goes, who is signed in, tokens, a forgotten password."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actions import change_user, create_token, note_use
from accounts.actions.account import (
    ask_for_password,
    change_address,
    change_preferences,
    confirm_address,
    set_password,
)
from accounts.actions.mails import KEPT_FOR, delete_old_mails
from accounts.actions.sessions import end_sessions
from accounts.models import Mail, MailState, Token, User
from house.errors import Invalid, NotFound
from tests.factories import Cast, fresh, password_of
from tests.links import links_sent, send_waiting_mails
from tests.pages import fields_of, got, signed_in, text_of

GOOD = "a-long-enough-secret"
AWAY = {"away_from": date(2024, 3, 1), "away_until": date(2024, 3, 9)}


def test_people_say_what_they_like_about_themselves(cast: Cast) -> None:
    changes: dict[str, Any] = {
        "name": " Nadia  Kim ", "time_zone": "Europe/Kyiv", "reads": ["uk", "ru", "uk"], "reminders_by_mail": "none",
    }  # fmt: skip
    user = change_preferences(changes=changes | AWAY, by=cast.reporter)
    assert (user.shown_name, user.reads, user.address_for_reminders) == ("Nadia Kim (reporter)", ["uk", "ru"], "")
    assert [user.is_away(date(2024, 3, day)) for day in (1, 9, 10)] == [True, True, False]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"language": "tlh"}, "language"),
        ({"reminders_by_mail": "by pigeon"}, "reminders_by_mail"),
        ({"reads": ["u" * 17]}, "reads"),
        ({"reads": ["one two"]}, "reads"),
        ({"name": "n" * 121}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"away_from": date(2024, 3, 1)}, "away_until"),
        ({"away_until": date(2024, 3, 1)}, "away_from"),
        ({"away_from": date(2024, 3, 9), "away_until": date(2024, 3, 1)}, "away_until"),
        ({"is_staff": True}, "is_staff"),
        ({"email": "new@example.org"}, "email"),
    ],
)
def test_what_cannot_be_used_is_named(cast: Cast, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid) as error:
        change_preferences(changes=changes, by=cast.reporter)
    assert set(error.value.errors) == {named}


def test_the_settings_page_keeps_what_is_given(cast: Cast) -> None:
    given = {"name": "Nadia Kim", "time_zone": "Asia/Tokyo", "language": "en", "reads": "uk, ru ko"}
    days = {"away_from": "2024-03-01", "away_until": "2024-03-09"}
    own = signed_in(cast.reporter)
    assert own.post("/account/", fields_of(own.get("/account/")) | given | days).status_code == 302
    user = fresh(cast.reporter)
    assert (user.name, user.reads, user.away_until) == ("Nadia Kim", ["uk", "ru", "ko"], date(2024, 3, 9))
    assert 'value="uk, ru, ko"' in got(cast.reporter, "/account/").content.decode()


def test_a_new_address_is_used_once_its_link_was_followed_and_the_old_one_is_told(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    given = {"email": "new@example.org", "password": password_of(cast.reporter)}
    assert client.post("/account/mail/address/", given)["Location"] == "/account/mail/"
    assert "new@example.org is not confirmed yet." in text_of(client.get("/account/mail/"))
    link = f"/account/mail/confirm/{links_sent()['confirm-address']}/"
    assert "new@example.org becomes reporter’s address." in text_of(client.get(link))
    assert fresh(cast.reporter).email == "reporter@example.org"
    assert client.post(link)["Location"] == "/account/mail/"
    assert fresh(cast.reporter).email == "new@example.org"
    send_waiting_mails()
    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["new@example.org"], "Is this your address?"),
        (["reporter@example.org"], "Your address at Second Source was changed"),
    ]
    assert client.get(link).status_code == 404


def test_without_the_password_no_address_is_changed(cast: Cast) -> None:
    for email in ("new@example.org", ""):
        given = {"email": email, "password": "something else"}
        answer = signed_in(cast.reporter).post("/account/mail/address/", given)
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["password"])
    assert (Mail.objects.count(), fresh(cast.reporter).email) == (0, "reporter@example.org")


@pytest.mark.parametrize("email", ["nobody", "a@b", f"{'a' * 250}@example.org", "reporter@example.org", "a\x00@b.org"])
def test_what_is_no_new_address_is_refused(cast: Cast, email: str) -> None:
    with pytest.raises(Invalid) as error:
        change_address(email=email, by=cast.reporter)
    assert set(error.value.errors) == {"email"}


def test_an_address_is_given_up_at_once(cast: Cast) -> None:
    change_address(email="", by=cast.reporter)
    send_waiting_mails()
    assert (fresh(cast.reporter).email, mail.outbox[0].to) == ("", ["reporter@example.org"])


def _asked(cast: Cast, email: str = "new@example.org") -> str:
    change_address(email=email, by=cast.reporter)
    return links_sent()["confirm-address"]


def test_nobody_else_confirms_an_address(cast: Cast) -> None:
    token = _asked(cast)
    with pytest.raises(NotFound):
        confirm_address(token=token, by=cast.editor)
    assert confirm_address(token=token, by=cast.reporter).email == "new@example.org"


def test_the_newest_question_for_an_address_is_the_one_that_counts(cast: Cast) -> None:
    first, second = _asked(cast), _asked(cast, "newer@example.org")
    with pytest.raises(NotFound):
        confirm_address(token=first, by=cast.reporter)
    assert confirm_address(token=second, by=cast.reporter).email == "newer@example.org"


def test_signing_out_everywhere_else_keeps_this_browser(cast: Cast) -> None:
    here, there = signed_in(cast.reporter), signed_in(cast.reporter)
    assert here.post("/account/signing-in/end-others/")["Location"] == "/account/signing-in/"
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)


def test_a_token_is_shown_once_and_works(cast: Cast) -> None:
    client = signed_in(cast.reporter)
    page: Any = client.post("/account/tokens/", {"name": "nightly export", "lifetime_days": "7", "scopes": ["read"]})
    row, token = page.context["made"]
    assert token in page.content.decode()
    assert token not in client.get("/account/tokens/").content.decode()
    assert Client().get("/api/v1/tokens/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert fresh(row).last_used_at is not None
    assert "nightly export created" in text_of(client.get("/account/tokens/"))
    assert client.post(f"/account/tokens/{row.id}/end/").status_code == 302
    assert not Token.objects.exists()


@pytest.mark.parametrize("days", ["0", "366", "", "many", "9" * 400])
def test_a_token_needs_a_lifetime(cast: Cast, days: str) -> None:
    answer = signed_in(cast.reporter).post("/account/tokens/", {"name": "x", "lifetime_days": days})
    assert (answer.status_code, Token.objects.count()) == (400, 0)


def test_that_a_token_is_used_is_written_once_an_hour(cast: Cast) -> None:
    row, _token = create_token(user=cast.reporter)
    moments = [timezone.now() + timedelta(minutes=minutes) for minutes in (0, 59, 60)]
    written = []
    for now in moments:
        note_use(fresh(row), now=now)
        written.append(fresh(row).last_used_at)
    assert written == [moments[0], moments[0], moments[2]]


def _forgotten(email: str) -> Any:
    return Client().post("/account/password/forgotten/", {"email": email}, follow=True)


def test_a_forgotten_password_is_set_anew_by_a_link(cast: Cast) -> None:
    create_token(user=cast.reporter)
    elsewhere = signed_in(cast.reporter)
    _forgotten("Reporter@Example.org")
    address = f"/account/password/new/{links_sent()['set-password']}/"
    client = Client()
    assert "For the account reporter." in text_of(client.get(address))
    assert client.post(address, {"password": GOOD})["Location"] == "/account/login/"
    user = fresh(cast.reporter)
    assert (user.check_password(GOOD), Token.objects.count(), elsewhere.get("/").status_code) == (True, 0, 302)
    assert client.get(address).status_code == 404


def test_whether_an_account_has_an_address_is_told_to_nobody(cast: Cast) -> None:
    known, unknown = _forgotten("reporter@example.org"), _forgotten("nobody@example.org")
    assert (text_of(known), known.redirect_chain) == (text_of(unknown), unknown.redirect_chain)
    assert Mail.objects.count() == 2
    send_waiting_mails()
    assert [one.to for one in mail.outbox] == [["reporter@example.org"]]
    assert list(Mail.objects.values_list("to", flat=True)) == ["reporter@example.org"]


def test_each_account_of_an_address_gets_its_own_link(cast: Cast) -> None:
    change_user(user=cast.editor, changes={"email": "reporter@example.org"}, by=cast.admin)
    change_user(user=cast.auditor, changes={"email": "reporter@example.org", "is_active": False}, by=cast.admin)
    ask_for_password(email="reporter@example.org")
    send_waiting_mails()
    about = sorted(str(one.body).splitlines()[0] for one in mail.outbox)
    assert about == [f"A new password was requested for the account {name}. If that was you, set it here:"
                     for name in ("editor", "reporter")]  # fmt: skip


def test_one_address_is_sent_three_mails_an_hour_whoever_asks_for_more(cast: Cast) -> None:
    answers = [_forgotten(email).status_code for email in ["nobody@example.org"] * 3 + ["Nobody@example.org "]]
    assert (answers, Mail.objects.filter(kind="reset_asked").count()) == ([200] * 4, 3)


def _closed(cast: Cast) -> None:
    change_user(user=cast.reporter, changes={"is_active": False}, by=cast.admin)


def _moved(cast: Cast) -> None:
    change_user(user=cast.reporter, changes={"email": "elsewhere@example.org"}, by=cast.admin)


def _given_up(cast: Cast) -> None:
    change_address(email="", by=cast.reporter)


def _asked_again(cast: Cast) -> None:
    ask_for_password(email="reporter@example.org")
    send_waiting_mails()


@pytest.mark.parametrize("happens", [_closed, _moved, _given_up, _asked_again])
def test_a_link_for_a_password_ends_with_what_it_was_for(cast: Cast, happens: Callable[[Cast], None]) -> None:
    ask_for_password(email="reporter@example.org")
    token = links_sent()["set-password"]
    happens(cast)
    with pytest.raises(NotFound):
        set_password(token=token, password=GOOD)


def test_a_weak_password_leaves_the_link_working_for_an_hour(cast: Cast) -> None:
    ask_for_password(email="reporter@example.org")
    token = links_sent()["set-password"]
    with pytest.raises(Invalid):
        set_password(token=token, password="1234567890")
    with pytest.raises(NotFound):
        set_password(token=token, password=GOOD, now=timezone.now() + timedelta(hours=1))
    set_password(token=token, password=GOOD)


def test_of_a_link_only_a_digest_is_kept(cast: Cast) -> None:
    ask_for_password(email="reporter@example.org")
    token = links_sent()["set-password"]
    kept = " ".join(str(value) for value in Mail.objects.values_list().get())
    assert (len(token) >= 43, token in kept) == (True, False)


def test_mails_are_deleted_a_month_after_they_ended(cast: Cast) -> None:
    ask_for_password(email="reporter@example.org")
    send_waiting_mails()
    ended = Mail.objects.get(state=MailState.SENT).ended_at
    assert ended is not None
    assert [delete_old_mails(now=ended + KEPT_FOR + timedelta(seconds=s)) for s in (0, 1)] == [0, 1]


def test_sessions_end_only_for_who_asked(cast: Cast) -> None:
    own, other = signed_in(cast.reporter), signed_in(cast.editor)
    end_sessions(by=cast.reporter)
    assert (own.get("/").status_code, other.get("/").status_code) == (302, 200)
    assert User.objects.filter(sessions_ended_at__isnull=False).count() == 1

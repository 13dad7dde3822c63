"""Second factors: added, used at sign-in, removed, renewed, and reset by an administrator."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actions import create_token
from accounts.actions.factors import (
    add_totp,
    remove_factor,
    renew_recovery_codes,
    reseal_secrets,
    reset_factors,
    use_code,
)
from accounts.checks_of_factors import CHECKS
from accounts.codes import PERIOD, digest_of_code, new_secret, period_of
from accounts.models import Act, Mail, Token, User
from claims.actions.desks import change_policy
from claims.inputs import DeskEdit
from house.errors import Conflict, Forbidden, Invalid, NotFound
from house.integrity import IntegrityScope
from ledger.reading import openings_of
from tests import factories, second_factors
from tests.accounts.test_records import recorded
from tests.factories import Cast, password_of

pytestmark = pytest.mark.django_db
WAYS = "/account/second-factors/"


@pytest.fixture
def cast() -> Cast:
    return factories.cast()


@pytest.fixture
def user(cast: Cast) -> User:
    return cast.reviewer


def kinds(user: User) -> list[str]:
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def sign_in(client: Client, user: User) -> Any:
    return client.post("/account/login/", {"login": user.username, "password": password_of(user)})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


# Adding


def test_an_app_is_added_by_its_first_code_and_brings_recovery_codes(user: User) -> None:
    codes = second_factors.app(user).codes
    assert kinds(user) == ["recovery_codes", "totp"]
    assert len(set(codes)) == 10


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "abcdef", "\x00", "１２３４５６"])
def test_an_app_is_not_added_by_another_code(user: User, code: str) -> None:
    with pytest.raises(Invalid):
        add_totp(secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", code=code, by=user)
    assert kinds(user) == []


def test_a_second_app_is_refused(user: User) -> None:
    second_factors.app(user)
    with pytest.raises(Conflict):
        second_factors.app(user)


def test_the_page_shows_the_secret_as_text_and_as_a_picture_and_keeps_it_over_a_wrong_code(
    client: Client, user: User
) -> None:
    client.force_login(user)
    first = client.get(WAYS + "app/")
    secret = first.context["secret"].replace(" ", "")
    assert "<svg" in first.content.decode() and first.context["secret"] in first.content.decode()
    again = client.post(WAYS + "app/", {"code": "000000"})
    assert (again.status_code, again.context["secret"].replace(" ", "")) == (400, secret)
    done = client.post(WAYS + "app/", {"code": second_factors.code_of(secret, timezone.now())})
    assert len(done.context["codes"]) == 10
    assert kinds(user) == ["recovery_codes", "totp"]


def test_neither_the_database_nor_the_session_has_the_secret_to_read(client: Client, user: User) -> None:
    client.force_login(user)
    secret = client.get(WAYS + "app/").context["secret"].replace(" ", "")
    assert secret not in str(dict(client.session.items()))
    client.post(WAYS + "app/", {"code": second_factors.code_of(secret, timezone.now())})
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        assert all(secret not in text for (text,) in cursor.fetchall())


def test_recovery_codes_are_kept_as_digests(user: User) -> None:
    codes = second_factors.app(user).codes
    kept = Authenticator.objects.get(user=user, type="recovery_codes").data
    assert kept == {"digests": [digest_of_code(code) for code in codes]}


# Codes


def test_a_code_works_within_a_period_on_either_side_and_no_further() -> None:
    secret, now = new_secret(), timezone.now()
    found = {
        shift: period_of(secret, code=second_factors.code_of(secret, now + timedelta(seconds=shift * PERIOD)), now=now)
        is not None
        for shift in (-2, -1, 0, 1, 2)
    }
    assert found == {-2: False, -1: True, 0: True, 1: True, 2: False}


def test_a_code_works_once_and_none_before_it_works_after(user: User) -> None:
    app, now = second_factors.app(user, now=factories.days_ago(1)), timezone.now()
    before, present = app.code(at=now - timedelta(seconds=PERIOD)), app.code(at=now)
    assert use_code(user=user, code=present, now=now) is not None
    assert use_code(user=user, code=present, now=now) is None
    assert use_code(user=user, code=before, now=now) is None


def test_the_code_that_added_the_app_does_not_sign_in(user: User) -> None:
    now = timezone.now()
    app = second_factors.app(user, now=now)
    assert use_code(user=user, code=app.code(at=now), now=now) is None


def test_a_recovery_code_works_once_however_it_is_typed_and_is_recorded(user: User) -> None:
    code = second_factors.app(user).codes[3]
    typed = code.lower().replace("-", " ")
    assert use_code(user=user, code=typed) is not None
    assert use_code(user=user, code=code) is None
    assert recorded("recovery_code_used") == [(f"person:{user.pk}", {"left": 9})]


def test_anothers_code_is_no_code(cast: Cast, user: User) -> None:
    app = second_factors.app(cast.editor)
    second_factors.app(user)
    assert use_code(user=user, code=app.codes[0]) is None
    assert use_code(user=user, code=app.code()) is None


# Signing in


def test_who_has_an_app_signs_in_by_password_and_code(client: Client, user: User) -> None:
    app = second_factors.app(user)
    first = sign_in(client, user)
    assert first["Location"] == "/account/login/code/"
    assert not is_signed_in(client)
    assert client.post("/account/login/code/", {"code": app.code()}).status_code == 302
    assert is_signed_in(client)


def test_a_wrong_code_signs_nobody_in_and_is_said(client: Client, user: User) -> None:
    second_factors.app(user)
    sign_in(client, user)
    answer = client.post("/account/login/code/", {"code": "000000"})
    assert "This code is wrong" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_recovery_code_signs_in_once(client: Client, user: User) -> None:
    code = second_factors.app(user).codes[0]
    for works in (True, False):
        browser = Client()
        sign_in(browser, user)
        browser.post("/account/login/code/", {"code": code})
        assert is_signed_in(browser) is works


def test_codes_can_be_tried_five_times_in_five_minutes_whatever_browser_tries(user: User) -> None:
    app = second_factors.app(user)
    for _try in range(5):
        browser = Client()
        sign_in(browser, user)
        browser.post("/account/login/code/", {"code": "000000"})
    late = Client()
    sign_in(late, user)
    late.post("/account/login/code/", {"code": app.code()})
    assert not is_signed_in(late)


def test_the_second_step_is_nobodys_without_the_first(client: Client, user: User) -> None:
    app = second_factors.app(user)
    answer = client.post("/account/login/code/", {"code": app.code()})
    assert answer["Location"] == "/account/login/"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", "1", '"x"', '{"id": 1}', '{"response": []}', "{" * 5000, "[" * 200_000]
)
def test_what_is_no_passkey_is_refused_wherever_one_is_taken(client: Client, user: User, credential: str) -> None:
    second_factors.app(user)
    sign_in(client, user)
    assert client.post("/account/login/code/", {"credential": credential}).status_code == 200
    assert client.post("/account/login/passkey/", {"credential": credential})["Location"] == "/account/login/"
    client.force_login(user)
    assert client.post(WAYS + "passkey/", {"name": "a key", "credential": credential}).status_code == 400
    assert kinds(user) == ["recovery_codes", "totp"]


# Removing and renewing


def test_the_last_factor_takes_the_recovery_codes_with_it(client: Client, user: User) -> None:
    second_factors.app(user)
    client.force_login(user)
    row = Authenticator.objects.get(user=user, type="totp")
    assert client.post(f"{WAYS}{row.pk}/remove/")["Location"] == WAYS
    assert kinds(user) == []
    assert recorded("factor_removed") == [(f"person:{user.pk}", {"factor": "totp"})]


def test_anothers_factor_is_not_there(client: Client, cast: Cast, user: User) -> None:
    second_factors.app(user)
    row = Authenticator.objects.get(user=user, type="totp")
    client.force_login(cast.editor)
    assert client.get(f"{WAYS}{row.pk}/remove/").status_code == 404
    assert client.post(f"{WAYS}{row.pk}/remove/").status_code == 404
    with pytest.raises(NotFound):
        remove_factor(factor_id=row.pk, by=cast.editor)
    assert kinds(user) == ["recovery_codes", "totp"]


def test_the_last_factor_stays_where_one_is_required(cast: Cast, user: User) -> None:
    second_factors.app(user)
    change_policy(desk=cast.desk, edit=DeskEdit({"second_factor_days": 30}), by=cast.editor)
    with pytest.raises(Conflict):
        remove_factor(factor_id=Authenticator.objects.get(user=user, type="totp").pk, by=user)
    assert kinds(user) == ["recovery_codes", "totp"]


def test_new_recovery_codes_end_those_before(user: User) -> None:
    before = second_factors.app(user).codes
    after = renew_recovery_codes(by=user)
    assert use_code(user=user, code=before[0]) is None
    assert use_code(user=user, code=after[0]) is not None
    assert recorded("recovery_codes_made") == [(f"person:{user.pk}", {"codes": 10})] * 2


def test_without_a_factor_there_are_no_recovery_codes(user: User) -> None:
    with pytest.raises(Conflict):
        renew_recovery_codes(by=user)
    assert kinds(user) == []


def test_each_change_is_told_by_mail(user: User) -> None:
    code = second_factors.app(user).codes[0]
    use_code(user=user, code=code)
    renew_recovery_codes(by=user)
    remove_factor(factor_id=Authenticator.objects.get(user=user, type="totp").pk, by=user)
    assert list(Mail.objects.values_list("kind", "to")) == [("factors_changed", user.email)] * 4


# Reset by an administrator


def test_an_administrator_resets_recorded_with_the_reason_and_every_browser_is_signed_out(
    cast: Cast, user: User
) -> None:
    second_factors.app(user)
    create_token(user=user)
    theirs, admins = Client(), Client()
    theirs.force_login(user)
    admins.force_login(cast.admin)
    address = f"/people/{user.pk}/second-factors/reset/"
    assert admins.post(address, {"reason": "She called me."}).status_code == 302
    assert kinds(user) == []
    assert not is_signed_in(theirs)
    assert not Token.objects.filter(user=user).exists()
    assert recorded("factors_reset") == [(f"person:{user.pk}", {"factors": ["recovery_codes", "totp"]})]
    act = Act.objects.get(kind="factors_reset")
    assert act.by == cast.admin
    assert openings_of([act.entry_id])[act.entry_id]["reason"].value == "She called me."
    assert Mail.objects.filter(kind="factors_changed", user=user).count() == 2


def test_a_reset_wants_a_reason(cast: Cast, user: User) -> None:
    second_factors.app(user)
    with pytest.raises(Invalid):
        reset_factors(user=user, reason=" ", by=cast.admin)
    assert kinds(user) == ["recovery_codes", "totp"]


def test_nobody_but_an_administrator_resets_and_not_their_own(cast: Cast, user: User) -> None:
    second_factors.app(user)
    second_factors.app(cast.admin)
    for by in (cast.editor, user):
        with pytest.raises(Forbidden):
            reset_factors(user=user, reason="I say so.", by=by)
    with pytest.raises(Conflict):
        reset_factors(user=cast.admin, reason="I say so.", by=cast.admin)
    assert kinds(user) == kinds(cast.admin) == ["recovery_codes", "totp"]


def test_a_command_resets_for_an_administrator_who_is_alone(cast: Cast) -> None:
    second_factors.app(cast.admin)
    call_command("reset_second_factors", "admin", reason="The device is broken.")
    assert kinds(cast.admin) == []
    assert Act.objects.get(kind="factors_reset").by is None
    with pytest.raises(CommandError):
        call_command("reset_second_factors", "nobody", reason="?")


# Keys


def test_secrets_open_with_the_key_of_before_until_they_are_sealed_anew(user: User, settings: Any) -> None:
    app = second_factors.app(user)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key of fifty characters, which nobody guesses"
    assert reseal_secrets() == (0, 1)
    assert [found for check in CHECKS for found in check.mismatches(IntegrityScope(timezone.now()))] != []
    settings.SECRET_KEY_FALLBACKS = [old]
    assert reseal_secrets() == (1, 0)
    settings.SECRET_KEY_FALLBACKS = []
    assert [found for check in CHECKS for found in check.mismatches(IntegrityScope(timezone.now()))] == []
    assert use_code(user=user, code=app.code()) is not None

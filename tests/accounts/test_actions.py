"""People, desks, roles and tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate

from accounts.actions import (
    change_desk,
    change_user,
    create_desk,
    create_token,
    create_user,
    revoke_token,
    set_role,
)
from accounts.inputs import AccountInput
from accounts.models import Desk, Membership, Role, Token, User
from accounts.queries import desk_for, members_of, role_in
from house.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories import Cast, fresh, person

GOOD = "a-long-enough-secret"


def _errors(error: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return set(error.value.errors)


def test_an_administrator_makes_an_account_that_can_sign_in(cast: Cast) -> None:
    user = create_user(account=AccountInput(username="nadia", password=GOOD, email="nadia@example.org"), by=cast.admin)
    assert authenticate(None, username="nadia", password=GOOD) == user


@pytest.mark.parametrize("name", ["reporter", "reviewer", "editor", "auditor", "stranger"])
def test_nobody_else_makes_accounts(cast: Cast, name: str) -> None:
    with pytest.raises(Forbidden):
        create_user(account=AccountInput(username="nadia", password=GOOD), by=getattr(cast, name))
    assert not User.objects.filter(username="nadia").exists()


@pytest.mark.parametrize("name", ["nadia²", "ｎａｄｉａ", "ﬁnn"])
def test_a_name_that_would_be_kept_as_another_is_refused(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        person(name)
    assert list(refusal.value.errors) == ["username"]


def test_a_name_is_taken_whatever_its_case(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        create_user(account=AccountInput(username="Reviewer", password=GOOD), by=cast.admin)
    assert _errors(error) == {"username"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"password": "short"}, {"password"}),
        ({"password": "1234567890"}, {"password"}),
        ({"username": "two words"}, {"username"}),
        ({"username": ""}, {"username"}),
        ({"email": "nobody"}, {"email"}),
        ({"time_zone": "Europe/Atlantis"}, {"time_zone"}),
    ],
)
def test_what_cannot_be_used_for_an_account_is_named(cast: Cast, fields: dict[str, Any], named: set[str]) -> None:
    with pytest.raises(Invalid) as error:
        create_user(account=AccountInput(**{"username": "nadia", "password": GOOD, **fields}), by=cast.admin)
    assert _errors(error) == named


def test_a_changed_account_keeps_its_password_unless_one_is_given(cast: Cast) -> None:
    change_user(user=cast.reporter, changes={"email": "new@example.org"}, by=cast.admin)
    assert fresh(cast.reporter).email == "new@example.org"
    assert authenticate(None, username="reporter", password="demo-reporter") is not None


def test_a_closed_account_cannot_sign_in(cast: Cast) -> None:
    change_user(user=cast.reporter, changes={"is_active": False}, by=cast.admin)
    assert authenticate(None, username="reporter", password="demo-reporter") is None


def test_the_last_administrator_stays(cast: Cast) -> None:
    with pytest.raises(Conflict):
        change_user(user=cast.admin, changes={"is_staff": False}, by=cast.admin)
    assert fresh(cast.admin).is_staff


def test_nobody_changes_what_an_account_is_called(cast: Cast) -> None:
    with pytest.raises(Invalid):
        change_user(user=cast.reporter, changes={"username": "other"}, by=cast.admin)


@pytest.mark.parametrize("prefix", ["ukr", "U", "UKR-1", "1UK", "TOOLONGFORIT", "UKR\n"])
def test_a_prefix_has_a_form(cast: Cast, prefix: str) -> None:
    with pytest.raises(Invalid) as error:
        create_desk(name="Another", prefix=prefix, by=cast.admin)
    assert _errors(error) == {"prefix"}


def test_a_prefix_is_given_once(cast: Cast) -> None:
    with pytest.raises(Invalid) as error:
        create_desk(name="Another", prefix="UKR", by=cast.admin)
    assert _errors(error) == {"prefix"}


@pytest.mark.parametrize("voices", [0, 6])
def test_a_desk_needs_one_to_five_voices(cast: Cast, voices: int) -> None:
    with pytest.raises(Invalid) as error:
        create_desk(name="Another", prefix="ANO", min_independence=voices, by=cast.admin)
    assert _errors(error) == {"min_independence"}


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("reporter", Forbidden),
        ("reviewer", Forbidden),
        ("editor", None),
        ("auditor", Forbidden),
        ("admin", None),
        ("stranger", NotFound),
    ],
)
def test_who_changes_a_desk(cast: Cast, name: str, outcome: type[Exception] | None) -> None:
    by = getattr(cast, name)
    if outcome is None:
        change_desk(desk=cast.desk, changes={"name": "War desk"}, by=by)
        assert fresh(cast.desk).name == "War desk"
        return
    with pytest.raises(outcome):
        change_desk(desk=cast.desk, changes={"name": "War desk"}, by=by)
    assert fresh(cast.desk).name == "Ukraine desk"


@pytest.mark.parametrize("field", ["min_independence", "days_to_review", "days_to_look_again"])
def test_the_policy_of_a_desk_is_not_changed_beside_its_claims(cast: Cast, field: str) -> None:
    with pytest.raises(Invalid):
        change_desk(desk=cast.desk, changes={field: 1}, by=cast.editor)


def test_a_person_has_one_role_on_a_desk(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.reporter, role=Role.EDITOR, by=cast.admin)
    assert list(Membership.objects.filter(user=cast.reporter).values_list("desk", "role")) == [
        (cast.desk.pk, Role.EDITOR)
    ]


def test_a_person_is_taken_off_a_desk(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.reporter, role=None, by=cast.admin)
    assert role_in(cast.reporter, cast.desk.pk) is None


@pytest.mark.parametrize("role", [None, Role.REVIEWER, Role.AUDITOR])
def test_the_last_editor_stays_one(cast: Cast, role: str | None) -> None:
    with pytest.raises(Conflict, match="last editor"):
        set_role(desk=cast.desk, user=cast.editor, role=role, by=cast.admin)
    set_role(desk=cast.desk, user=cast.reviewer, role=Role.EDITOR, by=cast.admin)
    set_role(desk=cast.desk, user=cast.editor, role=role, by=cast.admin)
    assert role_in(cast.editor, cast.desk.pk) == role


def test_an_editor_whose_account_is_closed_keeps_nobody_from_leaving(cast: Cast) -> None:
    set_role(desk=cast.desk, user=cast.reviewer, role=Role.EDITOR, by=cast.admin)
    change_user(user=cast.editor, changes={"is_active": False}, by=cast.admin)
    with pytest.raises(Conflict):
        set_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    set_role(desk=cast.desk, user=cast.editor, role=None, by=cast.admin)


def test_an_editor_gives_no_roles(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        set_role(desk=cast.desk, user=cast.stranger, role=Role.EDITOR, by=cast.editor)
    assert role_in(cast.stranger, cast.desk.pk) is None


def test_there_is_no_other_role(cast: Cast) -> None:
    with pytest.raises(Invalid):
        set_role(desk=cast.desk, user=cast.reporter, role="owner", by=cast.admin)


def test_a_closed_account_has_no_role(cast: Cast) -> None:
    change_user(user=cast.editor, changes={"is_active": False}, by=cast.admin)
    assert role_in(cast.editor, cast.desk.pk) is None
    assert list(members_of(cast.desk, Role.EDITOR)) == []


def test_who_is_on_one_desk_need_not_name_it(cast: Cast) -> None:
    assert desk_for(cast.reporter, None) == cast.desk


def test_who_is_on_two_desks_names_one(cast: Cast) -> None:
    both = person("both", Role.REPORTER, cast.desk)
    set_role(desk=cast.other_desk, user=both, role=Role.REPORTER, by=None)
    with pytest.raises(Invalid):
        desk_for(both, None)
    assert desk_for(both, cast.other_desk.pk) == cast.other_desk


def test_a_desk_of_others_is_as_absent(cast: Cast) -> None:
    with pytest.raises(Invalid) as foreign:
        desk_for(cast.reporter, cast.other_desk.pk)
    with pytest.raises(Invalid) as absent:
        desk_for(cast.reporter, Desk().pk)
    assert foreign.value.errors == absent.value.errors


def test_of_a_token_only_a_digest_is_kept(cast: Cast) -> None:
    row, token = create_token(user=cast.reporter, lifetime=timedelta(days=1))
    kept = " ".join(str(value) for value in Token.objects.filter(pk=row.pk).values_list()[0])
    assert token not in kept


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lasts_one_to_365_days(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid):
        create_token(user=cast.reporter, lifetime=timedelta(days=days))


def test_a_token_whose_name_is_too_long_is_refused_and_not_cut(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        create_token(user=cast.reporter, name="x" * 81)
    assert (list(refused.value.errors), Token.objects.count()) == (["name"], 0)


def test_one_ends_ones_own_tokens_only(cast: Cast) -> None:
    row, _token = create_token(user=cast.reporter)
    with pytest.raises(NotFound):
        revoke_token(token_id=row.id, by=cast.editor)
    revoke_token(token_id=row.id, by=cast.reporter)
    assert Token.objects.count() == 0

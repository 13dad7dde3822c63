"""Forms of accounts, desks and roles that were opened earlier take back nothing that somebody did meanwhile."""

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.actions import account, change_user, set_role
from accounts.models import Act, Desk, Membership, User
from accounts.queries import role_in
from claims.actions.desks import change_desk_with_policy
from claims.inputs import DeskEdit
from house.errors import EditConflict
from house.seen import SeenValues
from reviews.actions.memberships import change_account, change_role
from tests import factories
from tests.administration import shown_at
from tests.factories import Cast, fresh
from tests.pages import fields_of, signed_in, text_of


@pytest.fixture
def other(cast: Cast) -> User:
    """Another administrator, who is faster."""
    return factories.person("admin2", is_administrator=True)


@pytest.fixture
def client(cast: Cast) -> Client:
    """The administrator's browser."""
    return signed_in(cast.admin)


def of(row: User | Desk | Membership) -> str:
    """The address of the row's form in the administration."""
    return reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])


def member(cast: Cast, user: User) -> Membership:
    return Membership.objects.get(desk=cast.desk, user=user)


def acts() -> int:
    return Act.objects.exclude(kind__endswith="_read").count()


# Accounts. For each field: what its author types, and what somebody else does meanwhile.
ACCOUNT: dict[str, tuple[str, Any]] = {
    "email": ("mine@example.org", "theirs@example.org"),
    "time_zone": ("Europe/Kyiv", "Asia/Tokyo"),
    "is_active": ("", False),
    "is_staff": ("on", True),
}


@pytest.mark.parametrize("theirs", ACCOUNT)
@pytest.mark.parametrize("mine", ACCOUNT)
def test_who_changes_one_field_of_an_account_leaves_the_others(
    cast: Cast, client: Client, other: User, mine: str, theirs: str
) -> None:
    if mine == theirs:
        return
    sent = shown_at(client, of(cast.reporter))
    change_account(user=cast.reporter, changes={theirs: ACCOUNT[theirs][1]}, by=other)
    assert client.post(of(cast.reporter), sent | {mine: ACCOUNT[mine][0]}).status_code == 302
    after = fresh(cast.reporter)
    assert getattr(after, theirs) == ACCOUNT[theirs][1]
    assert str(getattr(after, mine)) == {"": "False", "on": "True"}.get(ACCOUNT[mine][0], ACCOUNT[mine][0])


def test_saving_an_account_untouched_changes_nothing(cast: Cast, client: Client, other: User) -> None:
    sent = shown_at(client, of(cast.reporter))
    change_account(user=cast.reporter, changes={"is_active": False}, by=other)
    before = acts()
    assert client.post(of(cast.reporter), sent).status_code == 302
    assert (fresh(cast.reporter).is_active, acts()) == (False, before)


@pytest.mark.parametrize("field", ["email", "time_zone"])
def test_the_same_field_of_an_account_is_refused_with_both_values(
    cast: Cast, client: Client, other: User, field: str
) -> None:
    sent = shown_at(client, of(cast.reporter)) | {field: ACCOUNT[field][0]}
    change_account(user=cast.reporter, changes={field: ACCOUNT[field][1]}, by=other)
    for _press in range(2):
        answer = client.post(of(cast.reporter), sent)
        assert (answer.status_code, getattr(fresh(cast.reporter), field)) == (409, ACCOUNT[field][1])
        assert all(value in text_of(answer) for value in ACCOUNT[field])


def test_a_password_is_set_without_taking_anything_back(cast: Cast, client: Client, other: User) -> None:
    sent = shown_at(client, of(cast.reporter))
    change_account(user=cast.reporter, changes={"email": "theirs@example.org"}, by=other)
    client.post(of(cast.reporter), sent | {"password": "brass harbours at eleven"})
    after = fresh(cast.reporter)
    assert (after.email, after.check_password("brass harbours at eleven")) == ("theirs@example.org", True)


@pytest.mark.parametrize("seen", [{}, {"seen": ""}, {"seen": "nonsense"}, {"seen": "[]"}])
def test_a_form_that_does_not_say_what_was_seen_reopens_no_account(
    cast: Cast, client: Client, other: User, seen: dict[str, str]
) -> None:
    sent = shown_at(client, of(cast.reporter))
    del sent["seen"]
    change_account(user=cast.reporter, changes={"is_active": False}, by=other)
    assert client.post(of(cast.reporter), sent | seen).status_code == 409
    assert not fresh(cast.reporter).is_active


def test_the_history_of_the_administration_says_what_its_author_changed(
    cast: Cast, client: Client, other: User
) -> None:
    sent = shown_at(client, of(cast.reporter))
    change_account(user=cast.reporter, changes={"is_active": False}, by=other)
    client.post(of(cast.reporter), sent | {"email": "mine@example.org"})
    assert LogEntry.objects.get().get_change_message() == "Changed Email address."


def test_the_form_carries_nothing_of_the_password(cast: Cast, client: Client) -> None:
    page = client.get(of(cast.reporter))
    assert cast.reporter.password not in page.content.decode()
    assert "password" not in json.loads(page.context["adminform"].form["seen"].value())["values"]


def test_an_action_refuses_by_the_values_that_were_seen(cast: Cast) -> None:
    change_user(user=cast.reporter, changes={"email": "theirs@example.org"}, by=cast.admin)
    with pytest.raises(EditConflict):
        change_user(
            user=cast.reporter,
            changes={"email": "mine@example.org"},
            seen=SeenValues(values={"email": ""}),
            by=cast.admin,
        )


# Desks


def test_who_renames_a_desk_leaves_its_policy(cast: Cast, client: Client) -> None:
    sent = shown_at(client, of(cast.desk))
    change_desk_with_policy(desk=cast.desk, edit=DeskEdit({"min_independence": 4}, "Agreed."), by=cast.editor)
    assert client.post(of(cast.desk), sent | {"name": "Desk of Ukraine"}).status_code == 302
    after = fresh(cast.desk)
    assert (after.name, after.min_independence) == ("Desk of Ukraine", 4)


def test_the_same_field_of_a_desk_is_refused_with_both_values_and_who_it_was(cast: Cast, client: Client) -> None:
    sent = shown_at(client, of(cast.desk))
    change_desk_with_policy(desk=cast.desk, edit=DeskEdit({"days_to_review": 41}, "Agreed."), by=cast.editor)
    answer = client.post(of(cast.desk), sent | {"days_to_review": "37", "name": "Desk of Ukraine"})
    assert (answer.status_code, fresh(cast.desk).days_to_review, fresh(cast.desk).name) == (409, 41, "Ukraine desk")
    words = text_of(answer)
    assert ("editor changed this" in words, "“41”" in words, "“37”" in words) == (True, True, True)


# Roles, in the administration and on the page of the desk


def roles_page(cast: Cast, user: User) -> str:
    return reverse("change-member", args=[cast.desk.pk, member(cast, user).pk])


def test_a_role_that_somebody_changed_meanwhile_is_refused_in_the_administration(
    cast: Cast, client: Client, other: User
) -> None:
    row = member(cast, cast.reviewer)
    sent = shown_at(client, of(row)) | {"role": "editor"}
    change_role(desk=cast.desk, user=cast.reviewer, role="auditor", by=other)
    answer = client.post(of(row), sent)
    assert (answer.status_code, role_in(cast.reviewer, cast.desk.pk)) == (409, "auditor")
    assert ("“auditor”" in text_of(answer), "“editor”" in text_of(answer)) == (True, True)


def test_a_role_that_was_left_is_not_given_back(cast: Cast, client: Client, other: User) -> None:
    row, page = member(cast, cast.reviewer), roles_page(cast, cast.reviewer)
    forms = {of(row): shown_at(client, of(row)), page: fields_of(client.get(page))}
    change_role(desk=cast.desk, user=cast.reviewer, role="auditor", by=other)
    assert [client.post(address, sent).status_code for address, sent in forms.items()] == [302, 302]
    assert role_in(cast.reviewer, cast.desk.pk) == "auditor"


def test_who_leaves_a_role_that_was_given_meanwhile_ends_nothing_that_it_brought(
    cast: Cast, client: Client, other: User
) -> None:
    page = roles_page(cast, cast.reporter)
    sent = fields_of(client.get(page))
    change_role(desk=cast.desk, user=cast.reporter, role="reviewer", by=other)
    assignment = factories.assigned(cast, factories.claim(cast), reviewer=cast.reporter)
    client.post(page, sent)
    assert fresh(assignment).ended_at is None


def test_on_the_page_of_the_desk_both_roles_are_shown_and_one_is_chosen(
    cast: Cast, client: Client, other: User
) -> None:
    page = roles_page(cast, cast.reviewer)
    sent = fields_of(client.get(page)) | {"role": "editor"}
    change_role(desk=cast.desk, user=cast.reviewer, role="auditor", by=other)
    answer = client.post(page, sent)
    (conflict,) = answer.context["form"].conflicts
    assert (answer.status_code, role_in(cast.reviewer, cast.desk.pk)) == (409, "auditor")
    assert (conflict.seen, conflict.theirs, conflict.yours) == ("reviewer", "auditor", "editor")
    assert client.post(page, fields_of(answer) | {"take-role": "mine"}).status_code == 302
    assert role_in(cast.reviewer, cast.desk.pk) == "editor"


@pytest.mark.parametrize("seen", ["", "nonsense"])
def test_a_role_is_not_changed_by_who_does_not_say_what_they_saw(cast: Cast, client: Client, seen: str) -> None:
    answers = [
        client.post(address, {"role": "auditor", "seen": seen}).status_code
        for address in (of(member(cast, cast.reviewer)), roles_page(cast, cast.reviewer))
    ]
    assert (answers, role_in(cast.reviewer, cast.desk.pk)) == ([409, 409], "reviewer")


def test_who_was_given_another_role_meanwhile_is_not_taken_off_unseen(cast: Cast, client: Client, other: User) -> None:
    row = member(cast, cast.reviewer)
    site = reverse("admin:accounts_membership_delete", args=[row.pk])
    page = reverse("remove-member", args=[cast.desk.pk, row.pk])
    assert 'name="seen_role" value="reviewer"' in client.get(site).content.decode()
    sent = fields_of(client.get(page))
    change_role(desk=cast.desk, user=cast.reviewer, role="editor", by=other)
    first = client.post(page, sent)
    second = client.post(site, {"post": "yes", "seen_role": "reviewer"})
    assert (first.status_code, second.status_code) == (409, 409)
    assert role_in(cast.reviewer, cast.desk.pk) == "editor"
    assert "it was reviewer and is now editor" in text_of(first)
    assert client.post(page, fields_of(first)).status_code == 302
    assert role_in(cast.reviewer, cast.desk.pk) is None


def test_who_is_on_the_desk_by_now_is_not_added_with_another_role(cast: Cast, other: User) -> None:
    set_role(desk=cast.desk, user=cast.stranger, role="auditor", by=other)
    with pytest.raises(EditConflict):
        set_role(
            desk=cast.desk, user=cast.stranger, role="editor", seen=SeenValues(values={"role": None}), by=cast.admin
        )


def test_a_role_that_somebody_has_already_is_no_act(cast: Cast) -> None:
    before = acts()
    set_role(desk=cast.desk, user=cast.reviewer, role="reviewer", by=cast.admin)
    assert acts() == before


# One's own settings, in two windows. For each field: what is typed in the one, and what was saved in the other before.
OWN: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "name": ({"name": "Mine"}, {"name": "Theirs"}),
    "time_zone": ({"time_zone": "Europe/Kyiv"}, {"time_zone": "Asia/Tokyo"}),
    "reads": ({"reads": "uk, ru"}, {"reads": ["ko"]}),
    "away": (
        {"away_from": "2030-01-02", "away_until": "2030-01-03"},
        {"away_from": date(2031, 1, 2), "away_until": date(2031, 1, 3)},
    ),
}


def settings_now(user: User) -> dict[str, Any]:
    return {field: getattr(fresh(user), field) for field in account.OWN}


@pytest.mark.parametrize("there", OWN)
@pytest.mark.parametrize("here", OWN)
def test_a_window_with_ones_settings_takes_back_nothing_that_was_saved_in_another(
    cast: Cast, here: str, there: str
) -> None:
    own = signed_in(cast.reporter)
    sent = fields_of(own.get("/account/"))
    account.change_preferences(changes=OWN[there][1], by=cast.reporter)
    before = settings_now(cast.reporter)
    answer = own.post("/account/", sent | OWN[here][0])
    if here != there:
        assert answer.status_code == 302
        after = settings_now(cast.reporter)
        assert {field: after[field] for field in OWN[there][1]} == OWN[there][1]
        assert after != before
    else:
        assert (answer.status_code, settings_now(cast.reporter)) == (409, before)
        kept = fields_of(answer) | {f"take-{field}": "mine" for field in OWN[here][1]}
        assert own.post("/account/", kept).status_code == 302
        assert settings_now(cast.reporter) != before


def test_ones_settings_saved_untouched_change_nothing(cast: Cast) -> None:
    own = signed_in(cast.reporter)
    sent = fields_of(own.get("/account/"))
    account.change_preferences(changes={**OWN["name"][1], **OWN["away"][1]}, by=cast.reporter)
    before = settings_now(cast.reporter)
    assert own.post("/account/", sent).status_code == 302
    assert settings_now(cast.reporter) == before


def test_the_choice_of_reminders_is_not_taken_back_by_another_window(cast: Cast) -> None:
    own = signed_in(cast.reporter)
    sent = fields_of(own.get("/account/mail/"))
    account.change_preferences(changes={"reminders_by_mail": "none"}, by=cast.reporter)
    assert own.post("/account/mail/", sent).status_code == 302
    assert fresh(cast.reporter).reminders_by_mail == "none"
    account.change_preferences(changes={"reminders_by_mail": "immediate"}, by=cast.reporter)

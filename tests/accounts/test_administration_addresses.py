"""Every address of the administration site, found from its resolver, with the reason why it may be there."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.actions import create_token
from accounts.models import Act, Desk, Membership, Session, Token, User
from tests.administration import shown_at
from tests.factories import Cast, fresh, password_of
from tests.pages import signed_in

GOOD = "violet-anchors-drift-42"
OF_AN_OBJECT = ("change", "history", "delete")
# What is only read: whatever is posted there changes nothing.
READS = {
    "index": "the list of what there is",
    "app_list": "the same, for one room",
    "jsi18n": "texts for Django's scripts",
    "accounts_user_history": "what was done here with the row",
    "accounts_desk_history": "what was done here with the row",
    "accounts_membership_history": "what was done here with the row",
    "accounts_desk_changelist": "the list; its forms narrow it, and it offers no act",
    "accounts_membership_changelist": "the list; its forms narrow it, and it offers no act",
}
# What leads to the application's own page, with where to.
LEADS_ELSEWHERE = {
    "login": "/account/login/",
    "password_change": "/account/password/change/",
    "": "the old address of a row's form, or one without its last slash",
}
REFUSED = {"accounts_user_delete": "accounts stay", "accounts_desk_delete": "desks stay"}
# What changes something, with the act that it leaves.
ACTS = {
    "accounts_user_add": "account_made",
    "accounts_user_change": "account_changed",
    "accounts_user_changelist": "access_ended",
    "accounts_desk_add": "desk_made",
    "accounts_desk_change": "policy_changed",
    "accounts_membership_add": "role_granted",
    "accounts_membership_change": "role_granted",
    "accounts_membership_delete": "role_granted",
}
SIGNS_OUT = {"logout": "by the application's own way out: tests/accounts/test_ways_out.py"}


def _names(patterns: list[Any]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            found.add(pattern.name or "")
    return found


@pytest.fixture
def client(cast: Cast) -> Client:
    """The administrator's browser."""
    return signed_in(cast.admin)


def address(cast: Cast, name: str) -> str:
    rows: dict[str, User | Desk | Membership] = {
        "user": cast.reporter,
        "desk": cast.desk,
        "membership": Membership.objects.get(desk=cast.desk, user=cast.reporter),
    }
    if name == "app_list":
        return reverse("admin:app_list", args=["accounts"])
    about_one = name.endswith(OF_AN_OBJECT) and name.startswith("accounts_")
    return reverse(f"admin:{name}", args=[rows[name.split("_")[1]].pk] if about_one else [])


def kept() -> list[Any]:
    """What there is of people and desks, and what was recorded."""
    models: tuple[Any, ...] = (User, Desk, Membership, Token, Session, Act)
    left_out = {"last_used_at", "expire_date", "session_data"}
    return [
        [{name: row[name] for name in row.keys() - left_out} for row in model.objects.order_by("pk").values()]
        for model in models
    ]


def test_each_address_has_a_reason_to_be_there() -> None:
    decided = READS.keys() | LEADS_ELSEWHERE.keys() | REFUSED.keys() | ACTS.keys() | SIGNS_OUT.keys()
    assert _names(admin.site.get_urls()) == decided


@pytest.mark.parametrize("name", READS)
def test_what_is_read_changes_nothing_whatever_is_posted(cast: Cast, client: Client, name: str) -> None:
    create_token(user=cast.admin, name="a script")
    before = kept()
    everything = {
        "old_password": password_of(cast.admin), "new_password1": GOOD, "new_password2": GOOD, "post": "yes",
        "action": "delete_selected", "_selected_action": [str(row.pk) for row in Membership.objects.all()],
        "role": "editor", "is_active": "", "name": "Another", "form-TOTAL_FORMS": "0", "form-INITIAL_FORMS": "0",
    }  # fmt: skip
    client.post(address(cast, name), everything)
    assert kept() == before


@pytest.mark.parametrize("name", [name for name in LEADS_ELSEWHERE if name])
def test_what_the_application_does_itself_is_done_there(cast: Cast, client: Client, name: str) -> None:
    create_token(user=cast.admin, name="a script")
    before = kept()
    given = {"old_password": password_of(cast.admin), "new_password1": GOOD, "new_password2": GOOD}
    asker = Client() if name == "login" else client
    answers = [asker.get(address(cast, name)), asker.post(address(cast, name), given)]
    assert [answer["Location"].partition("?")[0] for answer in answers] == [LEADS_ELSEWHERE[name]] * 2
    assert kept() == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_stays_is_not_deleted(cast: Cast, client: Client, name: str) -> None:
    before = kept()
    assert client.post(address(cast, name), {"post": "yes"}).status_code == 403
    assert kept() == before


@pytest.mark.parametrize("name", ACTS)
def test_what_is_changed_is_recorded(cast: Cast, client: Client, name: str) -> None:
    there = address(cast, name)
    seen = shown_at(client, there) if name.endswith("_change") else {}
    given: dict[str, dict[str, Any]] = {
        "accounts_user_add": {"username": "nadia", "password": GOOD, "time_zone": "UTC"},
        "accounts_user_change": {"email": "r@example.org"},
        "accounts_user_changelist": {"action": "end_access", "_selected_action": [str(cast.reporter.pk)]},
        "accounts_desk_add": {
            "name": "Baltic desk", "prefix": "BAL", "min_independence": 2, "days_to_review": 7,
            "days_to_look_again": 2, "second_factor_days": 0,
        },
        "accounts_desk_change": {"days_to_review": 41},
        "accounts_membership_add": {"desk": cast.desk.pk, "user": cast.stranger.pk, "role": "reporter"},
        "accounts_membership_change": {"role": "auditor"},
        "accounts_membership_delete": {"post": "yes", "seen_role": "reporter"},
    }  # fmt: skip
    before = Act.objects.count()
    assert client.post(there, seen | given[name]).status_code == 302
    assert Act.objects.count() == before + 1
    assert Act.objects.filter(kind=ACTS[name]).exists()


def test_nobody_is_deleted_in_passing_from_a_list(cast: Cast, client: Client) -> None:
    page = client.get(reverse("admin:accounts_membership_changelist"))
    assert "delete_selected" not in page.content.decode()


def test_the_head_of_its_pages_leads_to_the_page_for_a_new_password(cast: Cast, client: Client) -> None:
    page = client.get(reverse("admin:index")).content.decode()
    assert reverse("admin:password_change") in page
    assert client.get(reverse("admin:password_change"), follow=True).status_code == 200
    assert fresh(cast.admin).check_password(password_of(cast.admin))

"""The administration pages: who comes in, and that they save through the actions."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse

from accounts.models import Desk, Membership, Role, User
from accounts.queries import role_in
from tests.administration import seen_at
from tests.factories import Cast, fresh

NEW = {"username": "nadia", "password": "a-long-enough-secret", "email": "", "time_zone": "UTC"}


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(cast.admin)
    return client


def _post(client: Client, page: str, *args: Any, **data: Any) -> int:
    """Send the form of a page, with what it carries of what was seen where it is of a row that is there."""
    address = reverse(f"admin:{page}", args=args)
    seen = seen_at(client, address) if page.endswith("_change") else {}
    return client.post(address, seen | data).status_code


def test_it_holds_accounts_desks_and_memberships_only() -> None:
    assert set(admin.site._registry) == {User, Desk, Membership}


@pytest.mark.parametrize(
    ("name", "status"), [("reporter", 403), ("editor", 403), ("auditor", 403), ("stranger", 403), ("admin", 200)]
)
def test_administrators_only(cast: Cast, client: Client, name: str, status: int) -> None:
    client.force_login(getattr(cast, name))
    assert client.get(reverse("admin:accounts_user_changelist"), follow=True).status_code == status


def test_it_has_no_sign_in_of_its_own(cast: Cast, client: Client) -> None:
    answer = client.get(reverse("admin:login"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_an_account_is_made(office: Client) -> None:
    assert _post(office, "accounts_user_add", **NEW) == 302
    assert authenticate(None, username="nadia", password=NEW["password"]) is not None


def test_a_weak_password_comes_back_with_the_form(office: Client) -> None:
    assert _post(office, "accounts_user_add", **NEW | {"password": "short"}) == 200
    assert not User.objects.filter(username="nadia").exists()


def test_an_account_is_closed_and_its_password_kept(cast: Cast, office: Client) -> None:
    data = {"email": "r@example.org", "time_zone": "UTC", "password": ""}
    assert _post(office, "accounts_user_change", cast.reporter.pk, **data) == 302
    user = fresh(cast.reporter)
    assert (user.email, user.is_active, user.check_password("demo-reporter")) == ("r@example.org", False, True)


def test_an_account_is_never_deleted(cast: Cast, office: Client) -> None:
    assert _post(office, "accounts_user_delete", cast.reporter.pk, post="yes") == 403


def test_a_desk_is_made_and_changed(cast: Cast, office: Client) -> None:
    data = {
        "name": "Baltic desk",
        "min_independence": 2,
        "days_to_review": 7,
        "days_to_look_again": 2,
        "second_factor_days": 0,
    }
    assert _post(office, "accounts_desk_add", prefix="BAL", **data) == 302
    desk = Desk.objects.get(prefix="BAL")
    assert _post(office, "accounts_desk_change", desk.pk, **data | {"min_independence": 3, "days_to_review": 4}) == 302
    desk.refresh_from_db()
    assert (desk.prefix, desk.min_independence, desk.days_to_review) == ("BAL", 3, 4)


def test_a_role_is_given_changed_and_taken(cast: Cast, office: Client) -> None:
    data = {"desk": cast.desk.pk, "user": cast.stranger.pk, "role": Role.REPORTER}
    assert _post(office, "accounts_membership_add", **data) == 302
    row = Membership.objects.get(user=cast.stranger, desk=cast.desk)
    assert _post(office, "accounts_membership_change", row.pk, role=Role.AUDITOR) == 302
    assert role_in(cast.stranger, cast.desk.pk) == Role.AUDITOR
    assert _post(office, "accounts_membership_delete", row.pk, post="yes", seen_role=Role.AUDITOR) == 302
    assert role_in(cast.stranger, cast.desk.pk) is None

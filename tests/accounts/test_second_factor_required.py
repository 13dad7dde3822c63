"""A second factor that a desk or the installation requires: until when, what is shut then, and what stays open."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import create_desk, create_token, create_user, set_role
from accounts.actions.factors import reset_factors
from accounts.inputs import AccountInput
from accounts.models import Desk, User
from accounts.second_factor import due_for, is_required
from claims.actions.desks import change_policy
from claims.inputs import DeskEdit
from claims.models import PolicyChange
from house.errors import Invalid
from reviews.models import FormDraft
from sources.models import Actor
from tests import factories, second_factors
from tests.factories import Cast, fresh

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def cast() -> Cast:
    return factories.cast()


def require(cast: Cast, days: int = 10, *, now: datetime | None = None, desk: Desk | None = None) -> None:
    change_policy(desk=desk or cast.desk, edit=DeskEdit({"second_factor_days": days}), by=cast.admin, now=now)


@pytest.fixture
def late(cast: Cast) -> Cast:
    """A desk that has required one for so long that everybody's days are over."""
    require(cast, 10, now=factories.days_ago(11))
    cast.desk.memberships.update(created_at=factories.days_ago(20))
    return cast


# Until when


def test_nothing_is_required_of_anybody_at_first(cast: Cast) -> None:
    assert due_for(cast.reviewer) is None
    assert not is_required(cast.reviewer)


def test_the_days_are_counted_from_when_the_desk_began_to_require_it(cast: Cast) -> None:
    cast.desk.memberships.update(created_at=NOW - timedelta(days=300))
    require(cast, 10, now=NOW)
    assert due_for(cast.reviewer) == NOW + timedelta(days=10)


def test_or_from_when_the_person_joined_it_where_that_was_later(cast: Cast) -> None:
    require(cast, 10, now=NOW)
    late = create_user(account=AccountInput(username="vera", password="long enough, surely"), by=cast.admin)
    set_role(desk=cast.desk, user=late, role="reporter", by=cast.admin, now=NOW + timedelta(days=50))
    assert due_for(late) == NOW + timedelta(days=60)


def test_another_role_on_the_desk_gives_no_more_days(cast: Cast) -> None:
    cast.desk.memberships.update(created_at=NOW - timedelta(days=300))
    require(cast, 10, now=NOW)
    set_role(desk=cast.desk, user=cast.reviewer, role="reporter", by=cast.admin, now=NOW + timedelta(days=5))
    assert due_for(cast.reviewer) == NOW + timedelta(days=10)


def test_other_numbers_later_count_from_the_same_day(cast: Cast) -> None:
    cast.desk.memberships.update(created_at=NOW - timedelta(days=300))
    require(cast, 10, now=NOW)
    require(cast, 20, now=NOW + timedelta(days=5))
    assert due_for(cast.reviewer) == NOW + timedelta(days=20)


def test_of_two_desks_the_earlier_counts(cast: Cast) -> None:
    set_role(desk=cast.other_desk, user=cast.reviewer, role="reporter", by=cast.admin, now=NOW - timedelta(days=300))
    cast.desk.memberships.update(created_at=NOW - timedelta(days=300))
    require(cast, 30, now=NOW)
    require(cast, 3, now=NOW + timedelta(days=1), desk=cast.other_desk)
    assert due_for(cast.reviewer) == NOW + timedelta(days=4)


def test_it_is_no_longer_required_once_the_desk_says_so(cast: Cast) -> None:
    require(cast, 10, now=NOW)
    require(cast, 0, now=NOW + timedelta(days=1))
    assert due_for(cast.reviewer) is None
    assert fresh(cast.desk).second_factor_since is None


def test_who_has_one_is_done(cast: Cast) -> None:
    require(cast, 10, now=NOW)
    second_factors.app(cast.reviewer)
    assert due_for(cast.reviewer) is None
    assert is_required(cast.reviewer)


def test_nobody_off_the_desk_is_concerned(cast: Cast) -> None:
    require(cast, 10, now=NOW)
    assert [due_for(user) for user in (cast.stranger, cast.admin)] == [None, None]


def test_a_desk_may_begin_with_it(cast: Cast) -> None:
    desk = create_desk(name="Careful desk", prefix="CAR", by=cast.admin, now=NOW, second_factor_days=7)
    set_role(desk=desk, user=cast.stranger, role="editor", by=cast.admin, now=NOW)
    assert due_for(cast.stranger) == NOW + timedelta(days=7)


def test_the_installation_requires_it_of_everybody_from_its_day(cast: Cast, settings: Any) -> None:
    User.objects.update(date_joined=datetime(2026, 1, 1, tzinfo=UTC))
    settings.REQUIRE_SECOND_FACTOR, settings.SECOND_FACTOR_DAYS = date(2026, 6, 1), 14
    expected = datetime(2026, 6, 15, tzinfo=UTC)
    assert [due_for(fresh(user)) for user in (cast.reviewer, cast.admin, cast.stranger)] == [expected] * 3


def test_or_from_when_the_account_was_made(cast: Cast, settings: Any) -> None:
    User.objects.update(date_joined=datetime(2026, 7, 1, tzinfo=UTC))
    settings.REQUIRE_SECOND_FACTOR, settings.SECOND_FACTOR_DAYS = date(2026, 6, 1), 14
    assert due_for(fresh(cast.admin)) == datetime(2026, 7, 15, tzinfo=UTC)


def test_it_is_policy_and_each_change_is_kept(cast: Cast) -> None:
    require(cast, 10)
    kept = PolicyChange.objects.get()
    assert (kept.field, kept.before, kept.after, kept.by) == ("second_factor_days", 0, 10, cast.admin)


@pytest.mark.parametrize("days", [91, 365])
def test_nobody_has_longer_than_ninety_days(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid):
        require(cast, days)


# Until then


def test_until_then_a_notice_says_from_when_and_everything_works(client: Client, cast: Cast) -> None:
    require(cast, 10)
    client.force_login(cast.reviewer)
    page = client.get("/")
    assert page.status_code == 200
    assert "You must have a second factor from" in page.content.decode()


def test_no_notice_for_who_has_one(client: Client, cast: Cast) -> None:
    require(cast, 10)
    second_factors.app(cast.reviewer)
    client.force_login(cast.reviewer)
    assert "must have a second factor" not in client.get("/").content.decode()


# From then on


@pytest.mark.parametrize("address", ["/", "/claims/", "/account/", "/account/tokens/", "/notifications/", "/ledger/"])
def test_every_page_leads_to_where_one_is_added(client: Client, late: Cast, address: str) -> None:
    client.force_login(late.editor)
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, "/account/second-factors/")


@pytest.mark.parametrize("by_a_script", [False, True])
def test_what_was_typed_when_the_days_ran_out_is_kept(client: Client, late: Cast, by_a_script: bool) -> None:
    typed = {"name": "The harbour office", "kind": "organisation", "stands_alone_because": "A charter says so."}
    client.force_login(late.reviewer)
    headers = {"accept": "application/json"} if by_a_script else {}
    answer = client.post("/actors/new/", typed, headers=headers)
    assert answer.status_code == (200 if by_a_script else 302)
    (draft,) = FormDraft.objects.filter(author=late.reviewer)
    assert dict(draft.content) == typed
    assert not Actor.objects.filter(name="The harbour office").exists()


def test_one_can_add_an_app_and_go_on(client: Client, late: Cast) -> None:
    client.force_login(late.editor)
    assert client.get("/account/second-factors/").status_code == 200
    secret = client.get("/account/second-factors/app/").context["secret"].replace(" ", "")
    client.post("/account/second-factors/app/", {"code": second_factors.code_of(secret, timezone.now())})
    assert client.get("/claims/").status_code == 200


def test_one_can_sign_out(client: Client, late: Cast) -> None:
    client.force_login(late.editor)
    assert client.post("/account/logout/")["Location"] == "/account/login/"


def test_what_anybody_may_read_stays_open(client: Client, late: Cast) -> None:
    client.force_login(late.editor)
    assert [client.get(address).status_code for address in ("/public/", "/healthz", "/api/docs/")] == [200] * 3


def test_the_api_says_what_is_missing_to_sessions_and_tokens_alike(client: Client, late: Cast) -> None:
    _row, token = create_token(user=late.editor)
    by_token = client.get("/api/v1/claims/", headers={"Authorization": f"Bearer {token}"})
    client.force_login(late.editor)
    by_session = client.get("/api/v1/claims/")
    for answer in (by_token, by_session):
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:second-source:problem:no-second-factor"
        assert answer.json()["page"].endswith("/account/second-factors/")


def test_tokens_work_again_once_it_is_there(client: Client, late: Cast) -> None:
    _row, token = create_token(user=late.editor)
    second_factors.app(late.editor)
    assert client.get("/api/v1/claims/", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_reset_after_the_day_lets_nobody_further_than_adding_one(client: Client, late: Cast) -> None:
    second_factors.app(late.editor)
    reset_factors(user=late.editor, reason="She lost it.", by=late.admin)
    client.force_login(fresh(late.editor))
    assert client.get("/claims/")["Location"] == "/account/second-factors/"

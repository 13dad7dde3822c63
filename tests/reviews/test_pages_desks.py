"""The pages of desks: who is on them, who changes that, and what they agreed on."""

from typing import TYPE_CHECKING

import pytest

from accounts.actions import change_user, set_role
from accounts.models import Membership, Role, User
from claims.models import PolicyChange
from tests import factories
from tests.factories import fresh
from tests.pages import fields_of, got, signed_in, text_of

if TYPE_CHECKING:
    from tests.factories import Cast


def _of(cast: "Cast", user: User) -> Membership:
    return Membership.objects.get(desk=cast.desk, user=user)


def test_a_desk_shows_its_members_and_what_it_asks_for(cast: "Cast") -> None:
    text = text_of(got(cast.auditor, "/desk/"))
    assert "Ukraine desk Claims are numbered UKR-1, UKR-2 …" in text
    assert "Editors 1 editor Reviewers 2 reviewer reviewer2 Reporters 1 reporter Auditors 1 auditor" in text
    assert "A verdict needs 2 independent voices Time to review 7 days Re-check deadline 2 days" in text
    assert "Change" not in text
    assert "The policy has not changed yet." in text


def test_who_is_on_several_desks_chooses(cast: "Cast") -> None:
    set_role(desk=cast.other_desk, user=cast.reporter, role=Role.REPORTER, by=None)
    assert "Which desk? Other desk OTH Ukraine desk UKR" in text_of(got(cast.reporter, "/desk/"))
    assert "Other desk" in text_of(got(cast.reporter, f"/desk/{cast.other_desk.pk}/"))
    got(cast.editor, f"/desk/{cast.other_desk.pk}/", 404)


def test_what_another_policy_would_do_is_shown_before_it_is_changed(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    address, client = f"/desk/{cast.desk.pk}/policy/", signed_in(cast.editor)
    fields = fields_of(client.get(address)) | {"min_independence": "3", "reason": "Grave accusations."}
    shown = client.post(address, fields)
    text = text_of(shown)
    assert f"Impact {claim.reference} Corroborated Support lost" in text
    assert fresh(cast.desk).min_independence == 2
    confirmed = fields | {"confirmed": shown.context["confirming"]}
    assert client.post(address, confirmed | {"min_independence": "4"}).status_code == 200
    assert client.post(address, confirmed)["Location"] == f"/desk/{cast.desk.pk}/"
    assert (fresh(cast.desk).min_independence, fresh(claim).support_lost) == (3, True)
    assert "Independent voices needed 2 → 3 editor" in text_of(got(cast.reporter, "/desk/"))


def test_a_policy_without_a_reason_comes_back(cast: "Cast") -> None:
    address, client = f"/desk/{cast.desk.pk}/policy/", signed_in(cast.editor)
    answer = client.post(address, fields_of(client.get(address)) | {"min_independence": "9"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["min_independence", "reason"])
    assert PolicyChange.objects.count() == 0


def test_an_administrator_adds_somebody_changes_their_role_and_takes_them_off(cast: "Cast") -> None:
    client = signed_in(cast.admin)
    add = f"/desk/{cast.desk.pk}/members/add/"
    offered = [name for _pk, name in client.get(add).context["form"].fields["user"].entries]
    assert offered == ["admin", "stranger"]
    assert client.post(add, {"user": str(cast.stranger.pk), "role": "auditor"})["Location"] == f"/desk/{cast.desk.pk}/"
    one = f"/desk/{cast.desk.pk}/members/{_of(cast, cast.stranger).pk}/"
    page = client.get(one)
    assert page.context["form"]["role"].value() == "auditor"
    client.post(one, fields_of(page) | {"role": "reporter"})
    assert _of(cast, cast.stranger).role == "reporter"
    client.post(f"{one}remove/", fields_of(client.get(f"{one}remove/")))
    assert not Membership.objects.filter(desk=cast.desk, user=cast.stranger).exists()
    assert client.post(f"{one}remove/").status_code == 404


@pytest.mark.parametrize("blank", ["", " ", "\u2003"])
def test_nobody_is_added_by_a_blank(cast: "Cast", blank: str) -> None:
    answer = signed_in(cast.admin).post(f"/desk/{cast.desk.pk}/members/add/", {"user": blank, "role": "auditor"})
    assert (answer.status_code, answer.context["form"].errors["user"]) == (400, ["Required"])


def test_whom_one_takes_off_a_desk_reviews_there_no_longer(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    client, address = signed_in(cast.admin), f"/desk/{cast.desk.pk}/members/{_of(cast, cast.reviewer).pk}/remove/"
    client.post(address, fields_of(client.get(address)))
    assert fresh(assignment).state == "withdrawn"


@pytest.mark.parametrize("act", ["", "remove/"])
def test_the_last_editor_stays(cast: "Cast", act: str) -> None:
    one = f"/desk/{cast.desk.pk}/members/{_of(cast, cast.editor).pk}/{act}"
    client = signed_in(cast.admin)
    answer = client.post(one, fields_of(client.get(one)) | {"role": "auditor"})
    assert (answer.status_code, _of(cast, cast.editor).role) == (409, "editor")
    assert "editor is the last editor of this desk. Make another member an editor first." in text_of(answer)


def test_a_desk_without_an_editor_says_so(cast: "Cast") -> None:
    change_user(user=cast.editor, changes={"is_active": False}, by=cast.admin)
    assert "This desk has no editor" in text_of(got(cast.reporter, "/desk/"))

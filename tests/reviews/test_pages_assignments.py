"""Giving claims to people and answering, on pages; closing claims."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from accounts.actions.account import change_preferences
from claims.models import Participant
from reviews.models import Assignment
from tests import factories
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from claims.models import Claim
    from tests.factories import Cast


def _assign(cast: "Cast", claim: "Claim", to: "User", due_at: str) -> Any:
    fields = {"reviewer": str(to.pk), "due_at": due_at}
    return signed_in(cast.editor).post(f"/claims/{claim.reference}/assign/", fields)


def test_candidates_stand_with_their_load_and_the_desks_due_time(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, factories.claim(cast))
    page = got(cast.editor, f"/claims/{claim.reference}/assign/")
    assert "editor, 0 open reviewer2, 0 open reviewer, 1 open" in text_of(page)
    day = (timezone.now() + timedelta(days=7)).date().isoformat()
    assert f'value="{day}T' in page.content.decode()
    assert 'step="1"' in page.content.decode()


def test_a_due_time_is_read_in_the_editors_zone_to_the_second(cast: "Cast") -> None:
    change_preferences(changes={"time_zone": "Asia/Tokyo"}, by=cast.editor)
    claim = factories.claim(cast)
    assert _assign(cast, claim, cast.reviewer, "2999-03-01T09:00:05").status_code == 302
    assert Assignment.objects.get().due_at == datetime(2999, 3, 1, 0, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("due_at", ["", "soon", "2001-01-01T00:00:00", "9" * 40])
def test_a_due_time_that_cannot_be_used_is_told(cast: "Cast", due_at: str) -> None:
    answer = _assign(cast, factories.claim(cast), cast.reviewer, due_at)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["due_at"])


def test_somebody_of_no_such_role_cannot_be_chosen(cast: "Cast") -> None:
    answer = _assign(cast, factories.claim(cast), cast.reporter, "2999-03-01T09:00:00")
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["reviewer"])


def test_one_press_accepts(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast), accepted=False)
    answer = signed_in(cast.reviewer).post(f"/assignments/{assignment.pk}/accept/")
    assert answer["Location"] == f"/claims/{assignment.claim.reference}/"
    assert factories.fresh(assignment).state == "accepted"


def test_accepting_is_no_link_that_one_follows(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast), accepted=False)
    answer = got(cast.reviewer, f"/assignments/{assignment.pk}/accept/", 405)
    assert answer["Allow"] == "POST"
    assert "Not possible at this address" in text_of(answer)


def test_declining_needs_a_reason(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast), accepted=False)
    address = f"/assignments/{assignment.pk}/decline/"
    assert signed_in(cast.reviewer).post(address, {}).status_code == 400
    signed_in(cast.reviewer).post(address, {"reason": "I know the captain."})
    ended = factories.fresh(assignment)
    assert (ended.state, ended.ended_reason) == ("declined", "I know the captain.")


def test_handing_over_asks_somebody_else(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    address = f"/assignments/{assignment.pk}/hand-over/"
    assert "reviewer2, 0 open" in text_of(got(cast.reviewer, address))
    answer = signed_in(cast.reviewer).post(address, {"to": str(cast.reviewer2.pk)})
    assert answer["Location"] == "/"
    assert [(row.reviewer, row.state) for row in Assignment.objects.filter(ended_at=None)] == [
        (cast.reviewer2, "offered")
    ]


@pytest.mark.parametrize("act", ["decline", "hand-over"])
def test_only_who_has_it_answers_for_it(cast: "Cast", act: str) -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    address = f"/assignments/{assignment.pk}/{act}/"
    users = (cast.reviewer, cast.reviewer2, cast.editor, cast.stranger)
    assert [signed_in(user).get(address).status_code for user in users] == [200, 403, 403, 404]


def test_an_editor_takes_it_back(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    signed_in(cast.editor).post(f"/assignments/{assignment.pk}/withdraw/", {"reason": ""})
    assert factories.fresh(assignment).state == "withdrawn"


def test_an_editor_changes_the_due_time(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    signed_in(cast.editor).post(f"/assignments/{assignment.pk}/due/", {"due_at": "2999-03-01T09:00"})
    assert factories.fresh(assignment).due_at == datetime(2999, 3, 1, 9, tzinfo=UTC)


def test_what_has_ended_cannot_be_declined_again(cast: "Cast") -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    address = f"/assignments/{assignment.pk}/decline/"
    signed_in(cast.reviewer).post(address, {"reason": "No time."})
    answer = signed_in(cast.reviewer).post(address, {"reason": "No time."})
    assert (answer.status_code, "This assignment has ended: declined." in text_of(answer)) == (409, True)


@pytest.mark.parametrize("act", ["withdraw", "due"])
def test_what_is_an_editors_is_closed_to_others(cast: "Cast", act: str) -> None:
    assignment = factories.assigned(cast, factories.claim(cast))
    got(cast.reviewer, f"/assignments/{assignment.pk}/{act}/", 403)


def test_a_second_person_is_named_by_user_name(cast: "Cast") -> None:
    claim = factories.claim(cast)
    address = f"/claims/{claim.reference}/decider/"
    assert "Already approvers: editor." in text_of(got(cast.editor, address))
    for name in ("nobody-here", "reporter", "a\x00b", ""):
        answer = signed_in(cast.editor).post(address, {"person": name})
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["person"])
    signed_in(cast.editor).post(address, {"person": "reviewer2"})
    assert Participant.objects.get(claim=claim, role="decider").user == cast.reviewer2


def test_closing_says_why_and_ends_the_work(cast: "Cast") -> None:
    claim = factories.claim(cast)
    assignment = factories.assigned(cast, claim)
    address = f"/claims/{claim.reference}/close/"
    assert signed_in(cast.editor).post(address, {"note": "Same as UKR-7."}).status_code == 400
    signed_in(cast.editor).post(address, {"reason": "duplicate", "note": "Same as UKR-7."})
    assert factories.fresh(assignment).state == "withdrawn"
    assert "Closed: a duplicate." in text_of(got(cast.reporter, f"/claims/{claim.reference}/"))

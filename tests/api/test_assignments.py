"""Assignments and the reminders that they bring."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from reviews.actions.reminders import lease_due_reminders, send_reminder
from tests import factories
from tests.api.client import Api, errors
from tests.factories import Cast

DUE = datetime(2090, 1, 1, 12, tzinfo=UTC)
SAID = "2090-01-01T12:00:00Z"


def test_an_editor_gives_a_claim_to_a_reviewer(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    body = {"claim": claim.reference, "reviewer": "reviewer", "due_at": SAID}
    response = editor.post("assignments/", body)
    row = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"http://testserver/api/v1/assignments/{row['id']}/"
    assert {name: row[name] for name in body} == body
    assert (row["state"], row["assigned_by"], row["ended_at"]) == ("offered", "editor", None)
    assert editor.get(f"assignments/{row['id']}/").json() == row
    assert editor.post("assignments/", body).status_code == 409


def test_without_a_due_time_the_desks_days_count(cast: Cast, editor: Api) -> None:
    claim = factories.claim(cast)
    row = editor.post("assignments/", {"claim": claim.reference, "reviewer": "reviewer"}).json()
    assert timedelta(days=6) < datetime.fromisoformat(row["due_at"]) - timezone.now() <= timedelta(days=7)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"claim": "UKR-999"}, "claim"),
        ({"claim": "OTH-1"}, "claim"),
        ({"reviewer": "stranger"}, "reviewer"),
        ({"reviewer": "auditor"}, "reviewer"),
        ({"reviewer": "x\u0000"}, "reviewer"),
        ({"due_at": "2001-01-01T00:00:00Z"}, "due_at"),
        ({"due_at": "9999-12-31T23:59:59Z"}, "due_at"),
        ({"due_at": "0001-01-01T00:00:00+14:00"}, "due_at"),
        ({"due_at": "99999-01-01T00:00:00Z"}, "due_at"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": 5}, "due_at"),
    ],
)
def test_what_cannot_be_assigned_names_the_field(cast: Cast, editor: Api, fields: dict[str, Any], named: str) -> None:
    source = Api(cast.stranger).post("sources/", {"title": "x"}).json()["id"]
    evidence = [{"source": source, "stance": "context"}]
    assert Api(cast.stranger).post("claims/", {"statement": "x", "evidence": evidence}).status_code == 201
    body = {"claim": factories.claim(cast).reference, "reviewer": "reviewer", "due_at": SAID, **fields}
    assert errors(editor.post("assignments/", body)) == [named]


def test_a_reviewer_accepts_once(cast: Cast, reviewer: Api) -> None:
    row = factories.assigned(cast, factories.claim(cast), accepted=False)
    assert reviewer.post(f"assignments/{row.pk}/accept/").json()["state"] == "accepted"
    assert reviewer.post(f"assignments/{row.pk}/accept/").status_code == 409


def test_declining_needs_a_reason(cast: Cast, reviewer: Api) -> None:
    row = factories.assigned(cast, factories.claim(cast), accepted=False)
    assert errors(reviewer.post(f"assignments/{row.pk}/decline/")) == ["reason"]
    ended = reviewer.post(f"assignments/{row.pk}/decline/", {"reason": "I know the witness."}).json()
    assert (ended["state"], ended["ended_reason"]) == ("declined", "I know the witness.")


def test_handing_over_answers_both_assignments(cast: Cast, reviewer: Api) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    answer = reviewer.post(f"assignments/{row.pk}/hand_over/", {"to": "reviewer2"}).json()
    assert (answer["id"], answer["state"]) == (str(row.pk), "handed_over")
    assert (answer["handed_over_to"]["reviewer"], answer["handed_over_to"]["state"]) == ("reviewer2", "offered")
    assert errors(
        Api(cast.reviewer2).post(f"assignments/{answer['handed_over_to']['id']}/hand_over/", {"to": "x"})
    ) == ["to"]


def test_an_editor_moves_the_due_time_and_takes_back(cast: Cast, editor: Api) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    assert editor.patch(f"assignments/{row.pk}/", {"due_at": SAID}).json()["due_at"] == SAID
    assert editor.post(f"assignments/{row.pk}/withdraw/", {}).json()["state"] == "withdrawn"
    assert editor.post(f"assignments/{row.pk}/withdraw/").status_code == 409


def test_assignments_are_narrowed_and_ordered(cast: Cast, reviewer: Api) -> None:
    mine = factories.assigned(cast, factories.claim(cast), due_at=DUE)
    soon = factories.assigned(cast, factories.claim(cast), due_at=DUE - timedelta(days=1), accepted=False)
    other = factories.assigned(cast, factories.claim(cast), due_at=DUE, reviewer=cast.reviewer2)

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in reviewer.rows("assignments/", **query)]

    assert ids() == [str(row.pk) for row in (other, soon, mine)]
    assert ids(ordering="created") == [str(row.pk) for row in (mine, soon, other)]
    assert ids(mine="true", ordering="due") == [str(soon.pk), str(mine.pk)]
    assert ids(mine="false") == [str(other.pk)]
    assert ids(state="offered") == [str(soon.pk)]
    assert ids(due_before=SAID) == [str(soon.pk)]
    assert ids(claim=mine.claim.reference) == [str(mine.pk)]


def test_one_sees_ones_own_reminders_sent_ones_included(cast: Cast, reviewer: Api, editor: Api) -> None:
    row = factories.assigned(cast, factories.claim(cast), due_at=DUE)
    for lease in lease_due_reminders(now=DUE):
        send_reminder(lease, now=DUE)
    rows = reviewer.rows("reminders/", ordering="due")
    assert [(one["kind"], one["state"]) for one in rows] == [
        *(("due_soon", "cancelled"), ("due", "sent")),  # one mail says both where nobody sent the first in time
        *[("overdue", "pending")] * 5,
    ]
    assert {(one["claim"], one["assignment"]) for one in rows} == {(row.claim.reference, str(row.pk))}
    sent = rows[1]
    assert sent["due_at"] == SAID
    assert reviewer.get(f"reminders/{sent['id']}/").json() == sent
    assert [one["id"] for one in reviewer.rows("reminders/", state="sent")] == [sent["id"]]
    assert editor.rows("reminders/") == []
    assert editor.get(f"reminders/{sent['id']}/").status_code == 404


def test_reminders_of_one_assignment_are_paged_without_loss(cast: Cast, reviewer: Api) -> None:
    factories.assigned(cast, factories.claim(cast), due_at=DUE)
    found, page = [], reviewer.get("reminders/", page_size=2).json()
    found += page["results"]
    while page["next"]:
        page = reviewer.get(page["next"].removeprefix("http://testserver")).json()
        found += page["results"]
    assert len({one["id"] for one in found}) == len(found) == 7

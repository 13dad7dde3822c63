"""What people are told in the application: of whose act, where, and nothing of what they may not see any more."""

import re
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import set_role
from accounts.models import User
from claims.actions.evidence import change_evidence
from claims.actions.sources import correct_source
from claims.inputs import EvidenceInput
from claims.models import Evidence
from reviews.actions.assessments import reject
from reviews.actions.assignments import assign, name_decider, reassign
from reviews.actions.memberships import change_role
from reviews.actions.notifications import mark_all_read, mark_read
from reviews.actions.planning import follow_tasks
from reviews.actions.reminders import LEASE, MOST_ATTEMPTS, lease_due_reminders, send_reminder
from reviews.models import Notification, Reminder
from reviews.queries import notifications_of, unread_notifications
from tests import factories
from tests.api.client import Api
from tests.factories import Cast, days_ago, fresh
from tests.mail import MailServer
from tests.pages import got, signed_in, text_of


def _of(user: User) -> list[tuple[str, str, str]]:
    """Kind, claim, and whose act, the oldest first."""
    rows = notifications_of(user).order_by("at", "id")
    return [(row.kind, row.claim.reference, row.by.username if row.by else "") for row in rows]


def _unread(user: User) -> int:
    """The number in the head of the person's pages."""
    return unread_notifications(user, set(user.memberships.values_list("desk_id", flat=True)))


def test_who_is_given_a_claim_is_told_and_who_takes_it_themselves_is_not(cast: Cast) -> None:
    claim = factories.claim(cast)
    assign(claim=claim, reviewer=cast.reviewer, by=cast.editor)
    assign(claim=claim, reviewer=cast.editor, by=cast.editor)
    assert (_of(cast.reviewer), _of(cast.editor)) == ([("assigned", claim.reference, "editor")], [])


def test_who_is_handed_a_claim_over_is_told(cast: Cast) -> None:
    row = factories.assigned(cast, factories.claim(cast))
    reassign(assignment=row, to=cast.reviewer2, by=cast.reviewer)
    assert _of(cast.reviewer2) == [("handed_over", row.claim.reference, "reviewer")]


@pytest.mark.parametrize("kind", ["approved", "rejected"])
def test_the_assessor_is_told_what_became_of_an_assessment(cast: Cast, kind: str) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    assessment = factories.assessment(cast, claim, "corroborated")
    if kind == "approved":
        factories.approved(cast, assessment)
    else:
        reject(assessment=assessment, reason="No.", seen_version=fresh(claim).version, by=cast.editor)
    assert _of(cast.reviewer)[-1] == (kind, claim.reference, "editor")


def test_who_is_named_to_decide_is_told_until_the_invitation_ends(cast: Cast) -> None:
    claim = factories.claim(cast)
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    assert (_of(cast.stranger), _unread(cast.stranger)) == ([("named_decider", claim.reference, "editor")], 1)
    change_role(desk=cast.other_desk, user=factories.person("s2", "editor", cast.other_desk), role="editor", by=None)
    change_role(desk=cast.other_desk, user=cast.stranger, role=None, by=cast.admin)
    assert (_of(cast.stranger), _unread(cast.stranger)) == ([], 0)


def _due(cast: Cast) -> None:
    claim = factories.claim(cast, now=days_ago(9))
    factories.assigned(cast, claim, due_at=days_ago(0.5), now=days_ago(8))


def test_a_sent_reminder_is_there_once_whatever_the_mail_does(cast: Cast, smtp_server: MailServer) -> None:
    _due(cast)
    leases = lease_due_reminders()
    for lease in [*leases, *leases]:
        send_reminder(lease)
    assert [kind for kind, _claim, _by in _of(cast.reviewer)] == ["assigned", "due"]


def test_a_mail_that_cannot_be_sent_is_told_in_the_application(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    _due(cast)
    now = timezone.now()
    for attempt in range(MOST_ATTEMPTS):
        for lease in lease_due_reminders(now=now + attempt * LEASE):
            send_reminder(lease, now=now)
    assert Reminder.objects.get(kind="due").state == "failed"
    assert [kind for kind, _claim, _by in _of(cast.reviewer)] == ["assigned", "due"]


def test_who_left_the_desk_is_told_nothing_more(cast: Cast) -> None:
    factories.assigned(cast, factories.claim(cast))
    set_role(desk=cast.desk, user=cast.reviewer, role=None, by=cast.admin)
    assert (_of(cast.reviewer), _unread(cast.reviewer)) == ([], 0)


def _corrected(cast: Cast) -> Evidence:
    """Restricted evidence of the claim that the reviewer has, whose source was corrected; the reviewer was told."""
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    item = factories.attach(cast, claim, factories.source(cast), by=cast.editor, excerpt="Forty.")
    correct_source(source=item.source, reason="Fourteen.", by=cast.editor)
    follow_tasks()
    while leases := lease_due_reminders():
        for lease in leases:
            send_reminder(lease)
    return item


def test_a_recheck_is_told_to_nobody_who_may_not_see_the_excerpt(cast: Cast) -> None:
    item = _corrected(cast)
    assert "recheck" in [kind for kind, _claim, _by in _of(cast.reviewer)]
    change_evidence(evidence=item, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    reassign(assignment=item.claim.assignments.get(), to=cast.reviewer2, by=cast.reviewer)
    kinds = [kind for kind, _claim, _by in _of(cast.reviewer)]
    assert (kinds, _unread(cast.reviewer)) == (["assigned"], 1)


def test_marking_is_ones_own_and_done_once(cast: Cast) -> None:
    factories.assigned(cast, factories.claim(cast))
    row = Notification.objects.get(recipient=cast.reviewer)
    first = mark_read(notification=row, by=cast.reviewer).read_at
    assert mark_read(notification=row, by=cast.reviewer).read_at == first
    with pytest.raises(Notification.DoesNotExist):
        mark_read(notification=row, by=cast.editor)


def test_what_came_while_one_was_reading_stays_unread(cast: Cast) -> None:
    factories.assigned(cast, factories.claim(cast))
    until = Notification.objects.get(recipient=cast.reviewer).at
    factories.assigned(cast, factories.claim(cast))
    assert (mark_all_read(until=until, by=cast.reviewer), _unread(cast.reviewer)) == (1, 1)


def test_the_page_and_the_number_in_the_head(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    client = signed_in(cast.reviewer)
    page = client.get("/notifications/")
    assert f"{claim.reference} {claim.statement} editor assigned this to you unread" in text_of(page)
    assert "Notifications 1 unread" in " ".join(_head(page).split())
    row = Notification.objects.get(recipient=cast.reviewer)
    assert client.post(f"/notifications/{row.pk}/read/").status_code == 302
    assert "unread" not in _head(client.get("/notifications/")) + text_of(client.get("/notifications/"))


def _head(response: Any) -> str:
    body = response.content.decode()
    return re.sub(r"<[^>]+>", " ", body[body.index("<header") : body.index("</header>")])


def test_all_are_marked_at_once(cast: Cast) -> None:
    for _ in range(2):
        factories.assigned(cast, factories.claim(cast))
    client = signed_in(cast.reviewer)
    newest = client.get("/notifications/").context["newest"]
    assert client.post("/notifications/read/", {"until": newest}).status_code == 302
    assert _unread(cast.reviewer) == 0


@pytest.mark.parametrize("until", ["yesterday", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00"])
def test_what_is_no_moment_marks_nothing(cast: Cast, until: str) -> None:
    factories.assigned(cast, factories.claim(cast))
    assert signed_in(cast.reviewer).post("/notifications/read/", {"until": until}).status_code == 400
    assert _unread(cast.reviewer) == 1


def test_more_than_can_be_shown_are_not_counted(cast: Cast) -> None:
    claim = factories.claim(cast)
    Notification.objects.bulk_create(
        Notification(recipient=cast.reviewer, kind="due", claim=claim, at=timezone.now()) for _ in range(101)
    )
    assert "99+" in _head(got(cast.reviewer, "/notifications/"))
    assert _unread(cast.reviewer) == 100


def test_the_number_costs_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    factories.assigned(cast, factories.claim(cast))
    with django_assert_num_queries(1):
        assert unread_notifications(cast.reviewer, {cast.desk.pk}) == 1


def test_the_api_lists_marks_and_hides_others(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    reviewer, editor = Api(cast.reviewer), Api(cast.editor)
    (row,) = reviewer.get("notifications/", unread="true").json()["results"]
    assert (row["kind"], row["claim"], row["by"], row["read_at"]) == ("assigned", claim.reference, "editor", None)
    assert row["url"] == f"http://testserver/claims/{claim.reference}/"
    assert editor.get(f"notifications/{row['id']}/").status_code == 404
    assert editor.post(f"notifications/{row['id']}/read/").status_code == 404
    assert reviewer.post(f"notifications/{row['id']}/read/").json()["read_at"] is not None
    assert reviewer.post("notifications/read/", {}).json() == {"read": 0}
    assert reviewer.get("notifications/", unread="true").json()["results"] == []

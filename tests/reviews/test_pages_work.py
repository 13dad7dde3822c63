"""My work, and a claim's own page."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.actions.sources import correct_source, retract_source
from claims.models import Claim
from reviews.models import Reminder, ReminderState
from reviews.views.work import LISTS
from tests import factories
from tests.pages import got, signed_in, text_of

if TYPE_CHECKING:
    from accounts.models import User
    from tests.factories import Cast


def _queues(user: "User") -> dict[str, list[str]]:
    page = got(user, "/")
    queues = page.context["queues"]  # type: ignore[attr-defined]
    return {queue.heading: [entry.reference for entry in queue.entries] for queue in queues}


def test_an_empty_queue_says_so(cast: "Cast") -> None:
    text = text_of(got(cast.reviewer, "/"))
    assert "Nothing due. Browse claims" in text
    assert _queues(cast.reviewer) == {}


def test_work_stands_in_the_order_in_which_one_would_look(cast: "Cast") -> None:
    now = timezone.now()
    late, soon, offered = (factories.claim(cast) for _ in range(3))
    factories.assigned(cast, late, due_at=now - timedelta(days=1), now=factories.days_ago(3))
    factories.assigned(cast, soon, due_at=now + timedelta(days=4))
    factories.assigned(cast, offered, accepted=False)
    assert _queues(cast.reviewer) == {
        "Overdue": [late.reference],
        "New assignments": [offered.reference],
        "Upcoming": [soon.reference],
    }
    assert "1 day late" in text_of(got(cast.reviewer, "/"))


def test_with_nothing_due_the_next_is_named(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim, due_at=timezone.now() + timedelta(days=4))
    assert f"Nothing due. Next: {claim.reference}," in text_of(got(cast.reviewer, "/"))


def test_an_assessment_waits_with_its_assessor_and_with_who_may_decide(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    factories.assessment(cast, claim, "corroborated")
    assert _queues(cast.reviewer) == {"Upcoming": [claim.reference], "Submitted by you": [claim.reference]}
    assert _queues(cast.editor) == {"Awaiting your decision": [claim.reference]}
    assert _queues(cast.reviewer2) == {}


def test_editors_see_lost_support_and_what_nobody_has(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    free = factories.claim(cast)
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    retract_source(source=source, reason="Taken back.", by=cast.editor)
    assert _queues(cast.editor) == {"Support lost": [claim.reference], "Unassigned": [free.reference]}
    assert _queues(cast.reporter) == {}


def test_reminders_that_were_sent_stand_beside(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim)
    first = Reminder.objects.order_by("due_at")[0]
    Reminder.objects.filter(pk=first.pk).update(state=ReminderState.SENT, ended_at=timezone.now())
    assert f"Reminders sent to you {claim.reference} due" in text_of(got(cast.reviewer, "/"))


def test_the_number_of_queries_does_not_grow_with_the_work(cast: "Cast") -> None:
    client = signed_in(cast.reviewer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        return len(queries)

    for _ in range(2):
        factories.assigned(cast, factories.claim(cast))
    few = cost()
    for _ in range(6):
        factories.assigned(cast, factories.claim(cast))
    assert cost() == few


# A claim's own page


def _claim_text(user: "User", claim: Claim) -> str:
    return text_of(got(user, f"/claims/{claim.reference}/"))


def test_a_claim_shows_its_evidence_by_stance_with_the_grades_apart(cast: "Cast") -> None:
    agency = factories.actor(cast, "The agency", reliability="B")
    claim = factories.claim(cast, elements=["closed"])
    source = factories.source(cast, "Dispatch", publisher=agency, basis="firsthand")
    factories.attach(cast, claim, source, "refutes", excerpt="It was open.", credibility=3, locator="page 4")
    text = _claim_text(cast.reporter, claim)
    assert "Refutes 1 2 Dispatch The agency firsthand It was open." in text
    assert "Source B usually reliable Information 3 possibly true page 4" in text
    assert "Supports 1 1 Statement" in text
    assert "The claimant’s own voice: does not count" in text
    assert "Context 0 No context attached." in text
    assert "Elements closed not assessed yet" in text


def test_restricted_evidence_is_marked_for_who_sees_it_and_changes_nothing_for_others(cast: "Cast") -> None:
    claim = factories.claim(cast)
    before = {user.username: _claim_text(user, claim) for user in (cast.reviewer2, cast.reporter)}
    hidden = factories.source(cast, "A talk", visibility="restricted", by=cast.editor)
    factories.attach(cast, claim, hidden, visibility="restricted", by=cast.editor)
    assert {user.username: _claim_text(user, claim) for user in (cast.reviewer2, cast.reporter)} == before
    assert "R1 A talk publisher unknown basis unknown restricted" in _claim_text(cast.editor, claim)
    assert "Withheld 1 1 piece of evidence is restricted and withheld from you." in _claim_text(cast.auditor, claim)


def test_the_number_of_queries_does_not_grow_with_the_evidence(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 1)
    client = signed_in(cast.reviewer)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/claims/{claim.reference}/")
        return len(queries)

    few = cost()
    factories.firsthand(cast, claim, 5)
    assert cost() == few


def test_who_has_the_claim_can_answer_for_it_there(cast: "Cast") -> None:
    claim = factories.claim(cast)
    factories.assigned(cast, claim, accepted=False)
    text = _claim_text(cast.reviewer, claim)
    assert "Your assignment Due" in text and "editor assigned this to you. Accept Decline…" in text
    assert "Your assignment" not in _claim_text(cast.reviewer2, claim)


def test_each_role_is_offered_what_it_may_do(cast: "Cast") -> None:
    claim = factories.claim(cast)
    offers = ("Attach a source", "Edit the claim", "Publish…", "Assign…", "Assess it yourself")
    assert {
        user.username: [offer for offer in offers if offer in _claim_text(user, claim)]
        for user in (cast.reporter, cast.reviewer, cast.editor, cast.auditor)
    } == {
        "reporter": ["Attach a source", "Edit the claim"],
        "reviewer": ["Attach a source", "Edit the claim"],
        "editor": list(offers),
        "auditor": [],
    }


def test_a_denied_claim_names_who_contests_it(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "denied")
    accused = claim.parties.get(name__startswith="Accused")
    assert f"Denied Contested by {accused.name}" in _claim_text(cast.reporter, claim)


def test_lost_support_is_said_beside_the_state(cast: "Cast") -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = claim.evidence.filter(source__basis="firsthand")[0].source
    retract_source(source=source, reason="Taken back.", by=cast.editor)
    text = _claim_text(cast.reporter, claim)
    assert "Corroborated Support lost" in text and "Retracted: does not count" in text


def test_somebody_invited_from_another_desk_sees_the_claim_and_no_acts(cast: "Cast") -> None:
    from reviews.actions.assignments import name_decider

    claim = factories.claim(cast)
    name_decider(claim=claim, user=cast.stranger, by=cast.editor)
    text = _claim_text(cast.stranger, claim)
    assert claim.statement in text and "Attach a source" not in text and "Edit the claim" not in text


@pytest.mark.long
def test_what_nobody_has_is_counted_and_can_be_paged_through_whole(cast: "Cast") -> None:
    source = factories.source(cast)
    evidence = [{"source": source.pk, "stance": "supports"}]
    made = [factories.report_as(cast.reporter, cast.desk, evidence).reference for _ in range(53)]
    factories.assigned(cast, Claim.objects.get(reference=made.pop()))
    page = got(cast.editor, "/")
    [unassigned] = page.context["queues"]  # type: ignore[attr-defined]
    assert (unassigned.heading, unassigned.count, len(unassigned.entries)) == ("Unassigned", "52", 25)
    assert "Show all 52" in text_of(page)
    address, found = unassigned.more, []
    while address:
        page = got(cast.editor, address)
        assert "52 in all" in text_of(page)
        found += [entry.reference for entry in page.context["entries"]]  # type: ignore[attr-defined]
        next_url = page.context["next_url"]  # type: ignore[attr-defined]
        address = next_url
    assert found == made
    assert got(cast.reviewer2, unassigned.more).context["entries"] == []  # type: ignore[attr-defined]


def test_every_sort_of_work_has_a_page(cast: "Cast") -> None:
    claim = factories.claim(cast)
    voices = factories.firsthand(cast, claim, 2, excerpt="Forty.")
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    correct_source(source=voices[0].source, reason="Fourteen.", by=cast.editor)
    retract_source(source=voices[0].source, reason="It was made up.", by=cast.editor)
    waiting = factories.claim(cast)
    factories.firsthand(cast, waiting, 2)
    factories.assessment(cast, waiting, "corroborated")
    free = factories.claim(cast)
    factories.assigned(cast, free, accepted=False)

    def entries(user: "User", name: str) -> list[str]:
        return [entry.reference for entry in got(user, f"/work/{name}/").context["entries"]]  # type: ignore[attr-defined]

    of_the_editor = {name: entries(cast.editor, name) for name in LISTS}
    assert of_the_editor == {
        "assigned": [],
        "decide": [waiting.reference],
        "waiting": [],
        "lost": [claim.reference],
        "changed": [],
        "recheck": [claim.reference],
        "nobody": [],
    }
    assert sorted(entries(cast.reviewer, "assigned")) == [waiting.reference, free.reference]
    assert entries(cast.reviewer, "waiting") == [waiting.reference]
    assert signed_in(cast.editor).get("/work/other/").status_code == 404

"""After a verdict nobody changes alone, unseen, what it rests on: the claim is marked, and somebody else looks."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Membership, User
from claims.actions.claims import edit_claim, publish_claim
from claims.actions.conflicts import declare_conflict
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_source
from claims.inputs import ClaimInput, ElementInput, EvidenceInput
from claims.models import Claim, GroundsCheck, GroundsTouch, Task
from claims.verdicts.grounds_watch import verdict_watch
from house.errors import Conflict, Forbidden, Invalid, Stale
from reviews.actions.assignments import name_decider
from reviews.actions.following import check_next
from reviews.actions.grounds import authors_now, confirm_verdict
from reviews.actions.memberships import change_role
from reviews.grounds_shown import of_verdict
from reviews.models import Notification
from reviews.queue import work_of
from sources.inputs import SourceInput
from tests import factories
from tests.factories import fresh
from tests.grounds.edits import EDITS, HARMLESS, GroundsWorld, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db: None) -> GroundsWorld:
    found = world()
    factories.approved(found.cast, found.assessment)
    return found


def _told(claim: Claim) -> set[str]:
    rows = Notification.objects.filter(claim=claim, kind="grounds_changed")
    return set(rows.values_list("recipient__username", flat=True))


def _open_tasks(claim: Claim) -> int:
    return Task.objects.filter(claim=claim, kind="grounds_changed", ended_at=None).count()


def _confirm(made: GroundsWorld, by: User, **given: Any) -> Claim:
    shown = of_verdict(by, fresh(made.claim))
    assert shown is not None
    given = {"reason": "I compared both.", "seen_grounds": shown.now, **given}
    return confirm_verdict(claim=made.claim, by=by, **given)


def _retitle(made: GroundsWorld, by: User, title: str = "Another log") -> None:
    change_source(source=made.source, fields=SourceInput(title=title), by=by)


@pytest.mark.parametrize("name", EDITS)
def test_any_change_marks_the_claim_and_is_for_somebody_else_to_look_at(made: GroundsWorld, name: str) -> None:
    cast, claim = made.cast, made.claim
    second = factories.person("editor2", "editor", cast.desk)
    for person in (cast.reviewer, cast.editor, cast.reviewer2):
        with transaction.atomic():
            EDITS[name](made, person)
            watched = verdict_watch(claim)
            assert watched is not None
            (changer,) = authors_now(made.claim, watched.grounds).people
            who = User.objects.get(pk=changer)
            assert who in (person, cast.editor)
            assert (fresh(claim).changed_since_verdict, _open_tasks(claim)) == (True, 1)
            assert _told(claim) == {"editor", "editor2", "reviewer"} - {who.username}
            with pytest.raises(Forbidden):
                _confirm(made, who)
            _confirm(made, second)
            assert (fresh(claim).changed_since_verdict, _open_tasks(claim)) == (False, 0)
            transaction.set_rollback(True)
    assert not GroundsTouch.objects.exists()


def test_who_may_know_of_the_claim_no_more_is_told_nothing(db: None) -> None:
    """The approver was invited from another desk for the decision alone; the assessor has left the desk since."""
    made = world()
    name_decider(claim=made.claim, user=made.cast.stranger, by=made.cast.editor)
    factories.approved(made.cast, made.assessment, by=made.cast.stranger)
    change_role(desk=made.cast.desk, user=made.cast.reviewer, role=None, by=made.cast.admin)
    _retitle(made, made.cast.reviewer2)
    assert _told(made.claim) == {"editor"}


def test_an_assessor_who_has_left_is_told_nothing_of_what_it_rested_on(db: None) -> None:
    made = world()
    Membership.objects.filter(user=made.cast.reviewer).delete()  # an upgrade may find such a row
    _retitle(made, made.cast.reviewer2)
    assert _told(made.claim) == set()


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_part_of_the_grounds_marks_nothing(made: GroundsWorld, name: str) -> None:
    HARMLESS[name](made, made.cast.reviewer2)
    assert (fresh(made.claim).changed_since_verdict, _told(made.claim)) == (False, set())


def test_a_reporter_alone_swaps_nothing_under_a_published_verdict_unseen(made: GroundsWorld) -> None:
    cast = made.cast
    source = factories.source(cast, "Own log", by=cast.reporter)
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    item = factories.attach(cast, claim, source, by=cast.reporter)
    factories.approved(cast, factories.assessment(cast, claim, "corroborated"))
    publish_claim(claim=claim, by=cast.editor)
    change_source(
        source=source, fields=SourceInput(title="Swapped", url="https://example.org/swapped"), by=cast.reporter
    )
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="Swapped."), by=cast.reporter)
    assert (fresh(claim).changed_since_verdict, _open_tasks(claim)) == (True, 1)
    assert _told(claim) == {"editor", "reviewer"}


def test_a_reporter_who_adds_an_essential_element_marks_the_verdict(made: GroundsWorld) -> None:
    elements: list[dict[str, Any]] = [{"id": element.pk, "text": element.text} for element in made.claim.elements.all()]
    fields = ClaimInput(
        elements=[*(ElementInput(**each) for each in elements), ElementInput(text="with a forged seal", essential=True)]
    )
    edit_claim(claim=made.claim, fields=fields, by=made.cast.reporter)
    shown = of_verdict(made.cast.editor, fresh(made.claim))
    assert shown is not None
    assert [str(line) for line in shown.diff.lines] == ["reporter: Element “with a forged seal”, added."]
    assert fresh(made.claim).changed_since_verdict


def test_a_refutation_set_aside_before_and_put_back_after_the_verdict_marks_it(made: GroundsWorld) -> None:
    """`aside` was made context by the assessor before they submitted."""
    assert not fresh(made.claim).changed_since_verdict
    change_evidence(evidence=made.aside, fields=EvidenceInput(stance="refutes"), by=made.cast.reviewer)
    shown = of_verdict(made.cast.editor, fresh(made.claim))
    assert shown is not None
    assert [str(line) for line in shown.diff.lines] == ["reviewer: Evidence that says otherwise “Gate book”, added."]
    assert (fresh(made.claim).changed_since_verdict, _told(made.claim)) == (True, {"editor"})


def test_new_refutations_of_a_verdict_are_for_somebody_to_look_at(made: GroundsWorld) -> None:
    factories.firsthand(made.cast, made.claim, 1, stance="refutes", by=made.cast.reporter)
    assert (fresh(made.claim).changed_since_verdict, _open_tasks(made.claim)) == (True, 1)
    assert _told(made.claim) == {"editor", "reviewer"}


def test_new_support_of_a_refuted_claim_marks_it_and_a_new_refutation_does_not(made: GroundsWorld) -> None:
    claim = factories.claim(made.cast)
    factories.firsthand(made.cast, claim, 2, stance="refutes")
    factories.approved(made.cast, factories.assessment(made.cast, claim, "refuted"))
    factories.firsthand(made.cast, claim, 1, stance="refutes")
    assert not fresh(claim).changed_since_verdict
    factories.firsthand(made.cast, claim, 1)
    assert fresh(claim).changed_since_verdict


def test_undone_it_is_marked_no_more(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer)
    _retitle(made, made.cast.reviewer, "Harbour log")
    assert (fresh(made.claim).changed_since_verdict, _open_tasks(made.claim)) == (False, 0)
    _retitle(made, made.cast.editor)
    assert fresh(made.claim).changed_since_verdict
    _confirm(made, made.cast.reviewer)  # whose own change was undone


def test_a_change_of_what_came_in_by_a_change_is_followed_as_well(made: GroundsWorld) -> None:
    EDITS["relay added"](made, made.cast.editor)
    change_source(source=made.spare, fields=SourceInput(title="Forged"), by=made.cast.reviewer)
    watched = verdict_watch(made.claim)
    assert watched is not None
    assert authors_now(made.claim, watched.grounds).people == {made.cast.editor.pk, made.cast.reviewer.pk}


def test_after_it_was_confirmed_the_next_change_marks_again(made: GroundsWorld) -> None:
    _retitle(made, made.cast.editor)
    _confirm(made, made.cast.reviewer)
    assert not fresh(made.claim).changed_since_verdict
    _retitle(made, made.cast.reviewer, "A third log")
    assert fresh(made.claim).changed_since_verdict
    _confirm(made, made.cast.editor)


def test_what_changed_after_it_was_shown_is_not_confirmed(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer)
    shown = of_verdict(made.cast.editor, fresh(made.claim))
    _retitle(made, made.cast.reviewer, "A third log")
    assert shown is not None
    with pytest.raises(Stale):
        _confirm(made, made.cast.editor, seen_grounds=shown.now)
    assert fresh(made.claim).changed_since_verdict


def test_who_confirms_says_why(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer)
    with pytest.raises(Invalid):
        _confirm(made, made.cast.editor, reason=" ")
    _confirm(made, made.cast.editor, reason="It is the same log.")
    task = Task.objects.get(claim=made.claim, kind="grounds_changed")
    assert (task.ended_by, task.note) == (made.cast.editor, "It is the same log.")


def test_without_a_change_there_is_nothing_to_confirm(made: GroundsWorld) -> None:
    with pytest.raises(Conflict):
        _confirm(made, made.cast.editor)


@pytest.mark.parametrize("who", ["reviewer2", "reporter", "auditor"])
def test_whom_the_verdict_does_not_concern_does_not_confirm(made: GroundsWorld, who: str) -> None:
    _retitle(made, made.cast.editor)
    with pytest.raises(Forbidden):
        _confirm(made, getattr(made.cast, who))


def test_who_has_a_conflict_does_not_confirm(made: GroundsWorld) -> None:
    _retitle(made, made.cast.editor)
    declare_conflict(actor_id=made.claim.parties.all()[0].pk, by=made.cast.reviewer)
    with pytest.raises(Forbidden):
        _confirm(made, made.cast.reviewer)


def test_it_is_in_the_queue_of_those_who_may_look(made: GroundsWorld) -> None:
    _retitle(made, made.cast.editor)
    now = factories.days_ago(0)
    people = (made.cast.editor, made.cast.reviewer, made.cast.reviewer2)
    kinds = [[task.kind for task in work_of(person, now=now).changed] for person in people]
    assert kinds == [[], ["grounds_changed"], []]


def test_leaving_the_verdict_ends_it_all(made: GroundsWorld) -> None:
    _retitle(made, made.cast.reviewer2)
    factories.assigned(made.cast, made.claim, reviewer=made.cast.reviewer2)
    assessment = factories.assessment(made.cast, fresh(made.claim), "reported", evidence=[], by=made.cast.reviewer2)
    factories.approved(made.cast, assessment)
    claim = fresh(made.claim)
    assert (claim.state, claim.changed_since_verdict, _open_tasks(claim)) == ("reported", False, 0)
    assert verdict_watch(claim) is None


def test_two_claims_on_one_source_are_both_marked(made: GroundsWorld) -> None:
    other = factories.claim(made.cast)
    factories.attach(made.cast, other, made.source)
    factories.firsthand(made.cast, other, 2)
    factories.approved(made.cast, factories.assessment(made.cast, other, "corroborated"))
    _retitle(made, made.cast.reviewer2)
    assert (fresh(made.claim).changed_since_verdict, fresh(other).changed_since_verdict) == (True, True)


def test_what_too_many_verdicts_rest_on_is_followed_by_workers(
    made: GroundsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claims.verdicts.grounds_watch.AT_ONCE", 0)
    _retitle(made, made.cast.reviewer2)
    assert (fresh(made.claim).changed_since_verdict, GroundsCheck.objects.count()) == (False, 1)
    assert (check_next(), check_next()) == (True, False)
    watched = verdict_watch(made.claim)
    assert watched is not None
    assert (fresh(made.claim).changed_since_verdict, authors_now(made.claim, watched.grounds).people) == (
        True,
        frozenset({made.cast.reviewer2.pk}),
    )
    assert _told(made.claim) == {"editor", "reviewer"}

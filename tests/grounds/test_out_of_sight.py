"""What was changed while it was outside of the grounds, or before a worker had read a change again, is followed too:
marked, and looked at by somebody who had no part in it."""

import pytest

from accounts.models import User
from claims.actions.actors import merge_actors
from claims.actions.claims import set_threshold
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence
from claims.actions.releasing import release_evidence, release_source
from claims.actions.sources import change_source, retract_source
from claims.inputs import DeskEdit, EvidenceInput, MergeInput, ThresholdInput
from house.errors import Conflict, Forbidden
from reviews.actions.assignments import withdraw_assignment
from reviews.actions.following import check_next
from reviews.actions.grounds import confirm_assessment, confirm_verdict
from reviews.grounds_shown import of_assessment, of_verdict
from reviews.models import Notification
from reviews.queue import work_of
from sources.actions import create_source, lease_captures, run_capture
from sources.fetch import Fetched
from sources.inputs import SourceInput
from tests import factories
from tests.factories import Cast, fresh
from tests.grounds.edits import GroundsWorld
from tests.pages import got, text_of

pytestmark = pytest.mark.django_db


def _confirm(made: GroundsWorld, by: User) -> None:
    shown = of_verdict(by, fresh(made.claim))
    assert shown is not None
    confirm_verdict(claim=made.claim, reason="I compared both.", seen_grounds=shown.now, by=by)


def _restrict_upstream(made: GroundsWorld, by: User) -> None:
    change_source(source=made.upstream, fields=SourceInput(visibility="restricted"), by=by)


def _release_upstream(made: GroundsWorld) -> None:
    release_source(source=fresh(made.upstream), visibility="desk", reason="They agreed.", by=made.cast.editor)


def test_a_source_that_was_restricted_and_released_while_it_waited_is_watched_after_the_verdict(
    made: GroundsWorld,
) -> None:
    editor, second = made.cast.editor, factories.person("editor2", "editor", made.cast.desk)
    own = factories.assessment(made.cast, fresh(made.claim), "corroborated", by=editor)
    _restrict_upstream(made, editor)
    _release_upstream(made)
    factories.approved(made.cast, own, by=second)
    retract_source(source=fresh(made.upstream), reason="Taken back.", by=editor)
    assert fresh(made.claim).changed_since_verdict


def test_a_source_that_was_edited_while_it_was_restricted_comes_back_with_a_mark(verdict: GroundsWorld) -> None:
    _restrict_upstream(verdict, verdict.cast.reviewer2)
    _confirm(verdict, verdict.cast.editor)
    change_source(source=fresh(verdict.upstream), fields=SourceInput(title="Swapped"), by=verdict.cast.reviewer)
    _release_upstream(verdict)
    assert fresh(verdict.claim).changed_since_verdict


def test_a_source_that_was_restricted_and_released_as_it_was_leaves_no_mark(verdict: GroundsWorld) -> None:
    _restrict_upstream(verdict, verdict.cast.reviewer2)
    _release_upstream(verdict)
    assert not fresh(verdict.claim).changed_since_verdict


def test_who_hid_a_refutation_does_not_confirm_once_it_is_released(made: GroundsWorld) -> None:
    doubt = factories.attach(made.cast, made.claim, made.spare, "refutes", by=made.cast.reviewer)
    change_evidence(evidence=doubt, fields=EvidenceInput(visibility="restricted"), by=made.cast.reviewer)
    factories.approved(made.cast, factories.assessment(made.cast, fresh(made.claim), "corroborated"))
    release_evidence(evidence=fresh(doubt), visibility="desk", reason="Why hidden?", by=made.cast.editor)
    with pytest.raises(Forbidden):
        _confirm(made, made.cast.reviewer)


def test_who_edited_evidence_while_it_was_outside_does_not_confirm_and_is_named(verdict: GroundsWorld) -> None:
    cast = verdict.cast
    change_evidence(evidence=verdict.past, fields=EvidenceInput(superseded_by=None), by=cast.reviewer2)
    change_evidence(evidence=fresh(verdict.later), fields=EvidenceInput(excerpt="Swapped"), by=cast.editor)
    change_evidence(
        evidence=fresh(verdict.past), fields=EvidenceInput(superseded_by=verdict.later.pk), by=cast.reviewer2
    )
    shown = of_verdict(cast.editor, fresh(verdict.claim))
    assert shown is not None
    (line,) = shown.diff.lines
    assert str(line) == "editor changed Evidence “Pilot, 278”, quote: “none” is now “Swapped”."
    with pytest.raises(Forbidden):
        _confirm(verdict, cast.editor)


def test_a_change_before_a_worker_has_read_the_last_one_is_marked(
    made: GroundsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_source(source=made.source, fields=SourceInput(title="Swapped"), by=made.cast.reviewer2)
    monkeypatch.setattr("claims.verdicts.grounds_watch.AT_ONCE", 0)
    change_source(source=fresh(made.source), fields=SourceInput(title="Harbour log"), by=made.cast.reviewer2)
    monkeypatch.setattr("claims.verdicts.grounds_watch.AT_ONCE", 50)
    factories.approved(made.cast, made.assessment)
    change_source(source=fresh(made.source), fields=SourceInput(title="Swapped"), by=made.cast.reviewer2)
    while check_next():
        pass
    assert fresh(made.claim).changed_since_verdict


def test_two_who_changed_something_before_a_worker_read_it_are_both_known(
    verdict: GroundsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claims.verdicts.grounds_watch.AT_ONCE", 0)
    change_source(source=verdict.source, fields=SourceInput(title="Swapped"), by=verdict.cast.reviewer2)
    change_policy(desk=verdict.cast.desk, edit=DeskEdit({"min_independence": 1}), by=verdict.cast.editor)
    while check_next():
        pass
    with pytest.raises(Forbidden):
        _confirm(verdict, verdict.cast.editor)


def test_who_changed_the_desks_threshold_behind_the_claims_own_does_not_confirm(verdict: GroundsWorld) -> None:
    second = factories.person("editor2", "editor", verdict.cast.desk)
    set_threshold(claim=verdict.claim, fields=ThresholdInput(threshold=2, reason="So."), by=second)
    change_policy(desk=verdict.cast.desk, edit=DeskEdit({"min_independence": 1}), by=verdict.cast.editor)
    set_threshold(claim=verdict.claim, fields=ThresholdInput(threshold=None, reason=""), by=second)
    with pytest.raises(Forbidden):
        _confirm(verdict, verdict.cast.editor)


def test_who_merged_an_actor_into_one_that_was_outside_does_not_confirm(verdict: GroundsWorld) -> None:
    cast = verdict.cast
    change_source(source=verdict.source, fields=SourceInput(publisher=verdict.other.pk), by=cast.reviewer2)
    merged = factories.actor(cast, "Quay master", part_of=verdict.other)
    merge_actors(
        actor=merged, fields=MergeInput(into=verdict.publisher.pk, reason="The same.", chain="merged"), by=cast.editor
    )
    change_source(source=fresh(verdict.source), fields=SourceInput(publisher=verdict.publisher.pk), by=cast.reviewer2)
    with pytest.raises(Forbidden):
        _confirm(verdict, cast.editor)


def test_an_editor_does_not_revive_alone_what_they_submitted_with_an_assignment_that_was_withdrawn(cast: Cast) -> None:
    second = factories.person("editor2", "editor", cast.desk)
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    given = factories.assigned(cast, claim, reviewer=cast.editor)
    own = factories.assessment(cast, claim, "corroborated", by=cast.editor)
    withdraw_assignment(assignment=given, by=second)
    shown = of_assessment(cast.editor, fresh(own))
    assert shown is not None
    with pytest.raises(Conflict):
        confirm_assessment(
            assessment=own, seen_version=fresh(claim).version, seen_grounds=shown.now, by=cast.editor
        )  # fmt: skip


def test_the_review_says_that_who_was_assigned_again_confirms_first(made: GroundsWorld) -> None:
    address = f"/reviews/{made.assessment.pk}/"
    withdraw_assignment(assignment=made.claim.assignments.get(), by=made.cast.editor)
    factories.assigned(made.cast, made.claim)
    for_editor, for_assessor = (text_of(got(person, address)) for person in (made.cast.editor, made.cast.reviewer))
    assert ("Approve assessment" in for_editor, "The assignment behind this assessment" in for_editor) == (
        False,
        True,
    )
    assert "Confirm assessment" in for_assessor


def test_who_cannot_confirm_any_more_since_the_claim_has_moved_is_not_asked_to(made: GroundsWorld) -> None:
    other = factories.assessment(made.cast, made.claim, "corroborated", by=made.cast.reviewer2)
    factories.approved(made.cast, made.assessment)
    change_source(source=made.source, fields=SourceInput(title="Swapped"), by=made.cast.editor)
    assert not Notification.objects.filter(kind="grounds_changed", assessment=other).exists()
    assert "Confirm assessment" not in text_of(got(made.cast.reviewer2, f"/reviews/{other.pk}/"))


def test_an_assessor_is_told_of_their_own_capture_that_came_later(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    fields = SourceInput(title="News", kind="article", url="https://example.org/a")
    factories.attach(cast, claim, create_source(desk=cast.desk, fields=fields, by=cast.reviewer))
    factories.assessment(cast, claim, "corroborated")
    monkeypatch.setattr(
        "sources.actions.fetch",
        lambda url, allow, sink: Fetched(200, url, [], [], False, sink([b"page"], limit=10**6)),
    )
    for lease in lease_captures(most=5):
        run_capture(lease)
    assert Notification.objects.filter(recipient=cast.reviewer, kind="grounds_changed").count() == 1


def test_what_somebody_changed_and_undid_before_keeps_no_task_from_them(made: GroundsWorld) -> None:
    editor = made.cast.editor
    change_source(source=made.source, fields=SourceInput(title="X"), by=editor)
    change_source(source=fresh(made.source), fields=SourceInput(title="Harbour log"), by=editor)
    factories.approved(made.cast, made.assessment)
    change_source(source=fresh(made.source), fields=SourceInput(title="Y"), by=made.cast.reviewer2)
    assert [task.kind for task in work_of(editor, now=factories.days_ago(0)).changed] == ["grounds_changed"]


def test_support_of_another_element_than_the_refuted_one_leaves_no_mark(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["by night", "by sea"])
    night, sea = claim.elements.order_by("position")
    for item in claim.evidence.all():
        change_evidence(evidence=item, fields=EvidenceInput(elements=[sea.pk]), by=cast.reviewer)
    factories.firsthand(cast, claim, 2, stance="refutes", elements=[night])
    factories.approved(cast, factories.assessment(cast, claim, "refuted", answers=[]))
    factories.attach(cast, claim, factories.source(cast), elements=[sea], by=cast.reviewer2)
    assert not fresh(claim).changed_since_verdict
    factories.attach(cast, claim, factories.source(cast), elements=[night], by=cast.reviewer2)
    assert fresh(claim).changed_since_verdict

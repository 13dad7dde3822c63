"""What the second person approves is what the first submitted, or confirmed anew: nothing else, whoever changed it."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from claims.actions.claims import move_alone
from claims.actions.conflicts import declare_conflict, withdraw_conflict
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import change_source
from claims.inputs import EvidenceInput, MoveInput
from claims.models import GroundsWatch, StatusChangeGrounds
from claims.states import State
from house.errors import Conflict, Forbidden, Invalid, PolicyNotMet, Stale
from reviews.actions.assessments import approve, reject
from reviews.actions.assignments import (
    accept_assignment,
    assign,
    close_claim,
    decline,
    open_claim,
    reassign,
    withdraw_assignment,
)
from reviews.actions.grounds import confirm_assessment, last_stood_for
from reviews.actions.memberships import change_account, change_role
from reviews.grounds_shown import of_assessment
from reviews.models import Assessment, Notification
from sources.inputs import SourceInput
from tests import factories
from tests.factories import Cast, fresh
from tests.grounds.edits import EDITS, HARMLESS, TO_ANSWER, WORDING, GroundsWorld
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def _approve(made: GroundsWorld, **given: Any) -> Assessment:
    version = fresh(made.claim).version
    given = {"by": made.cast.editor, "seen_version": version, **given}
    return approve(assessment=made.assessment, reason="Yes.", **given)


def _confirm(made: GroundsWorld, **given: Any) -> Assessment:
    shown = of_assessment(made.cast.reviewer, fresh(made.assessment))
    assert shown is not None
    given = {"seen_version": fresh(made.claim).version, "seen_grounds": shown.now, "by": made.cast.reviewer, **given}
    return confirm_assessment(assessment=made.assessment, **given)


def _changed_by(made: GroundsWorld, person: User) -> list[str]:
    """What the approver is told, after which nothing has moved."""
    with pytest.raises(Stale) as error:
        _approve(made)
    assert fresh(made.claim).state == "reported"
    return error.value.changes


def _moved_there_and_back(made: GroundsWorld) -> None:
    denial = factories.party_denial(made.cast, fresh(made.claim))
    factories.denied(made.cast, fresh(made.claim))
    withdraw_evidence(evidence=denial, reason="It was of something else.", by=made.cast.editor)
    move_alone(
        claim=made.claim,
        fields=MoveInput(
            to=State.REPORTED, reason="Nobody denies it.", evidence=[], seen_version=fresh(made.claim).version
        ),
        by=made.cast.editor,
    )


def test_what_was_submitted_before_the_claim_moved_there_and_back_is_neither_approved_nor_confirmed(
    made: GroundsWorld,
) -> None:
    _moved_there_and_back(made)
    assert fresh(made.claim).state == made.assessment.from_state
    with pytest.raises(Conflict, match="status has changed since"):
        _approve(made)
    with pytest.raises((Conflict, Forbidden), match="status has changed since"):
        _confirm(made)
    page = signed_in(made.cast.editor).get(f"/reviews/{made.assessment.pk}/")
    assert "status has changed since" in text_of(page)


def _read(made: GroundsWorld, told: list[str]) -> list[str]:
    """What the approver reads of it: what is restricted by now stands on the page alone, in no error."""
    shown = of_assessment(made.cast.editor, fresh(made.assessment))
    assert shown is not None
    hidden = any("to restricted material: see the page of changes" in text for text in told)
    return [*told, *(str(line) for line in shown.diff.lines if hidden)]


@pytest.mark.parametrize("name", sorted({*EDITS, *WORDING} - TO_ANSWER))
def test_what_was_changed_since_is_not_approved_whoever_changed_it(made: GroundsWorld, name: str) -> None:
    edit = {**EDITS, **WORDING}[name]
    for person in (made.cast.reviewer, made.cast.editor):
        with transaction.atomic():
            edit(made, person)
            told = _changed_by(made, person)
            assert any(who.username in text for text in _read(made, told) for who in (person, made.cast.editor)), told
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(TO_ANSWER))
def test_what_came_to_say_otherwise_has_to_be_answered_before_it_is_approved(made: GroundsWorld, name: str) -> None:
    EDITS[name](made, made.cast.reviewer)
    with pytest.raises(PolicyNotMet, match="contrary evidence") as error:
        _approve(made)
    assert [missing.code for missing in error.value.missing] == ["unanswered"]
    with pytest.raises(PolicyNotMet):
        _confirm(made)
    factories.approved(made.cast, factories.assessment(made.cast, made.claim, "corroborated"))


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_part_of_the_grounds_stops_no_approval(made: GroundsWorld, name: str) -> None:
    HARMLESS[name](made, made.cast.reviewer2)
    _approve(made)
    assert fresh(made.claim).state == "corroborated"


def test_the_approver_reads_who_changed_what(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.reviewer2)
    change_evidence(evidence=made.item, fields=EvidenceInput(excerpt="at noon"), by=made.cast.editor)
    assert _changed_by(made, made.cast.editor) == [
        "editor changed Evidence “Another log”, quote: “at two in the morning” is now “at noon”.",
        "reviewer2 changed Source “Another log”, title: “Harbour log” is now “Another log”.",
    ]


def test_what_was_changed_back_is_approved(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.reviewer2)
    change_source(source=made.source, fields=SourceInput(title="Harbour log"), by=made.cast.reviewer2)
    _approve(made)
    assert fresh(made.claim).state == "corroborated"


def test_the_assessor_confirms_with_one_press_and_it_is_approved(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.editor)
    _confirm(made)
    _approve(made)
    stood = last_stood_for(made.assessment)
    assert stood is not None
    assert (stood.number, stood.grounds.content["source"][str(made.source.pk)]["title"]) == (2, "Another log")
    assert StatusChangeGrounds.objects.get(claim=made.claim, seq=2).grounds == stood.grounds


def test_the_status_change_keeps_what_was_approved(made: GroundsWorld) -> None:
    stood = last_stood_for(made.assessment)
    _approve(made)
    assert stood is not None
    assert StatusChangeGrounds.objects.get(claim=made.claim, seq=2).grounds == stood.grounds


def test_the_assessor_is_told_of_a_change_by_somebody_else(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="A log"), by=made.cast.reviewer2)
    change_source(source=made.source, fields=SourceInput(title="Own log"), by=made.cast.reviewer)
    told = Notification.objects.filter(kind="grounds_changed").values_list("recipient__username", "by__username")
    assert list(told) == [("reviewer", "reviewer2")]


def test_what_was_shown_before_it_was_confirmed_anew_is_not_approved(made: GroundsWorld) -> None:
    seen = {"seen_version": fresh(made.claim).version, "seen_grounds": last_stood_for(made.assessment).grounds.digest}  # type: ignore[union-attr]
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.reviewer)
    _confirm(made)
    with pytest.raises(Stale) as error:
        _approve(made, **seen)
    assert error.value.changes == ["reviewer confirmed their assessment again."]
    with pytest.raises(Stale):
        _approve(made, seen_grounds=seen["seen_grounds"])
    assert fresh(made.claim).state == "reported"


def test_what_changed_after_it_was_shown_is_not_confirmed(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.editor)
    shown = of_assessment(made.cast.reviewer, fresh(made.assessment))
    change_source(source=made.source, fields=SourceInput(title="A third log"), by=made.cast.editor)
    assert shown is not None
    with pytest.raises(Stale):
        _confirm(made, seen_grounds=shown.now)


@pytest.mark.parametrize("who", ["editor", "reviewer2", "reporter", "auditor"])
def test_only_the_assessor_confirms(made: GroundsWorld, who: str) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.editor)
    with pytest.raises(Forbidden):
        _confirm(made, by=getattr(made.cast, who))


def test_nothing_changed_is_nothing_to_confirm(made: GroundsWorld) -> None:
    with pytest.raises(Conflict):
        _confirm(made)


def test_elements_that_the_assessment_says_nothing_of_are_not_confirmed(made: GroundsWorld) -> None:
    EDITS["element added"](made, made.cast.reviewer2)
    with pytest.raises((Conflict, PolicyNotMet)):
        _confirm(made)


def test_what_is_not_enough_any_more_is_not_confirmed(made: GroundsWorld) -> None:
    for item in made.assessment.evidence.filter(source__basis="firsthand"):
        change_evidence(evidence=item, fields=EvidenceInput(credibility=5), by=made.cast.reviewer2)
    with pytest.raises(PolicyNotMet):
        _confirm(made)


# Who may still assess, and decide


def _end(made: GroundsWorld, how: str) -> None:
    assignment, cast = fresh(made.assessment.assignment), made.cast  # type: ignore[type-var]  # it has one
    if how == "withdrawn":
        withdraw_assignment(assignment=assignment, by=cast.editor)  # type: ignore[arg-type]
    elif how == "declined":
        decline(assignment=assignment, reason="No time.", by=cast.reviewer)  # type: ignore[arg-type]
    elif how == "reassigned":
        reassign(assignment=assignment, to=cast.reviewer2, by=cast.reviewer)  # type: ignore[arg-type]
    elif how == "closed and opened":
        close_claim(claim=made.claim, reason="moot", by=cast.editor)
        open_claim(claim=made.claim, by=cast.editor)
    elif how == "off the desk":
        change_role(desk=cast.desk, user=cast.reviewer, role=None, by=None)
    elif how == "made an auditor":
        change_role(desk=cast.desk, user=cast.reviewer, role="auditor", by=None)
    elif how == "account closed":
        change_account(user=cast.reviewer, changes={"is_active": False}, by=cast.admin)
    elif how == "conflict declared":
        declare_conflict(actor_id=made.claim.parties.all()[0].pk, by=cast.reviewer)


@pytest.mark.parametrize(
    "how",
    [
        *("withdrawn", "declined", "reassigned", "closed and opened"),
        *("off the desk", "made an auditor", "account closed", "conflict declared"),
    ],
)
def test_who_may_not_assess_any_more_has_nothing_approved(made: GroundsWorld, how: str) -> None:
    _end(made, how)
    with pytest.raises(Conflict):
        _approve(made)
    assert fresh(made.claim).state == "reported"


def _declared_and_taken_back(made: GroundsWorld, person: User) -> None:
    actor = made.claim.parties.all()[0]
    withdraw_conflict(conflict_id=declare_conflict(actor_id=actor.pk, by=person).pk, by=person)


def test_an_approver_who_took_a_conflict_back_while_it_waited_does_not_approve(made: GroundsWorld) -> None:
    _declared_and_taken_back(made, made.cast.editor)
    with pytest.raises(Forbidden, match="while this was waiting"):
        _approve(made)
    _approve(made, by=factories.person("editor2", "editor", made.cast.desk))


def test_an_assessor_who_took_a_conflict_back_while_it_waited_assesses_anew(made: GroundsWorld) -> None:
    _declared_and_taken_back(made, made.cast.reviewer)
    with pytest.raises(Conflict, match="reviewer was not allowed to assess"):
        _approve(made)
    again = factories.assessment(made.cast, made.claim, "corroborated")
    factories.approved(made.cast, again)


def test_a_conflict_that_was_taken_back_before_the_submission_concerns_nobody(made: GroundsWorld) -> None:
    for person in (made.cast.reviewer, made.cast.editor):
        _declared_and_taken_back(made, person)
    factories.approved(made.cast, factories.assessment(made.cast, made.claim, "corroborated"))


def test_an_approver_with_a_conflict_declared_since_does_not_approve(made: GroundsWorld) -> None:
    declare_conflict(actor_id=made.claim.parties.all()[0].pk, by=made.cast.editor)
    with pytest.raises(Forbidden):
        _approve(made)


def test_assigned_again_the_assessor_confirms_first(made: GroundsWorld) -> None:
    _end(made, "withdrawn")
    assign(claim=made.claim, reviewer=made.cast.reviewer, by=made.cast.editor)
    with pytest.raises(Conflict):
        _approve(made)
    accept_assignment(assignment=made.claim.assignments.get(ended_at=None), by=made.cast.reviewer)
    _confirm(made)
    _approve(made)
    assert fresh(made.claim).state == "corroborated"


def test_what_waits_no_more_is_watched_no_more(made: GroundsWorld) -> None:
    reject(assessment=made.assessment, reason="No.", seen_version=fresh(made.claim).version, by=made.cast.editor)
    assert not GroundsWatch.objects.exists()
    factories.assessment(made.cast, made.claim, "corroborated")
    factories.assessment(made.cast, made.claim, "corroborated")
    assert GroundsWatch.objects.count() == 1


def test_a_reason_is_asked_for_before_the_grounds(made: GroundsWorld) -> None:
    change_source(source=made.source, fields=SourceInput(title="Another log"), by=made.cast.editor)
    with pytest.raises(Invalid):
        approve(assessment=made.assessment, reason=" ", seen_version=fresh(made.claim).version, by=made.cast.editor)


def test_an_assessment_of_before_grounds_were_kept_is_confirmed_first(cast: Cast) -> None:
    claim = factories.claim(cast, now=factories.days_ago(2))
    factories.firsthand(cast, claim, 2)
    factories.assigned(cast, claim)
    assessment = Assessment.objects.create(
        claim=claim, assessor=cast.reviewer, from_state="reported", proposed_state="corroborated", rationale="So.",
        seen_version=claim.version, state="waiting", created_at=factories.days_ago(1),
    )  # fmt: skip
    assessment.evidence.add(*claim.evidence.all())
    given: dict[str, Any] = {"assessment": assessment, "seen_version": fresh(claim).version}
    with pytest.raises(Conflict):
        approve(**given, reason="Yes.", by=cast.editor)
    shown = of_assessment(cast.reviewer, assessment)
    assert shown is not None
    confirm_assessment(**given, seen_grounds=shown.now, by=cast.reviewer)
    approve(assessment=assessment, seen_version=fresh(claim).version, reason="Yes.", by=cast.editor)
    assert fresh(claim).state == "corroborated"


def test_a_basis_given_by_evidence_that_nobody_named_carries_no_verdict(db: None) -> None:
    """What somebody attaches aside, of a source that heard it from nowhere recorded, makes it no witness."""
    cast = factories.cast()
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 1)
    hearsay = factories.source(cast, publisher=factories.actor(cast), basis="secondhand")
    factories.attach(cast, claim, hearsay, "supports", by=cast.reviewer)
    given: dict[str, Any] = {"basis": "firsthand", "basis_reason": "Trust me."}
    aside = factories.attach(cast, claim, hearsay, "context", by=cast.reviewer, **given)
    with pytest.raises(PolicyNotMet):
        factories.assessment(cast, claim, "corroborated")
    named = [*claim.evidence.filter(stance="supports"), aside]
    assert factories.assessment(cast, claim, "corroborated", evidence=named).state == "waiting"

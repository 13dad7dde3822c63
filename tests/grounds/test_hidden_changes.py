"""What a reader may not see is told by no line of the difference, and nobody stands for what is hidden from them."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from claims.actions.actors import merge_actors
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_source
from claims.inputs import EvidenceInput, MergeInput
from claims.verdicts.grounds_differences import GroundsDiff
from house.errors import Conflict, Stale
from reviews.actions.assessments import approve
from reviews.actions.assignments import name_decider
from reviews.actions.grounds import confirm_assessment, confirm_verdict
from reviews.grounds_shown import GroundsShown, of_assessment, of_verdict
from sources.inputs import SourceInput
from sources.models import Source
from tests import factories
from tests.api.client import Api
from tests.factories import fresh
from tests.grounds.edits import GroundsWorld
from tests.pages import got, text_of

pytestmark = pytest.mark.django_db


def _shown(made: GroundsWorld, by: User) -> GroundsShown:
    found = of_verdict(by, fresh(made.claim)) or of_assessment(by, fresh(made.assessment))
    assert found is not None
    return found


def _told(diff: GroundsDiff) -> list[tuple[str, str]]:
    return [(line.kind, line.title) for line in diff.lines]


def _restrict(made: GroundsWorld, row: Any) -> None:
    if isinstance(row, Source):
        change_source(source=row, fields=SourceInput(visibility="restricted"), by=made.cast.editor)
    else:
        change_evidence(evidence=row, fields=EvidenceInput(visibility="restricted"), by=made.cast.editor)


@pytest.mark.parametrize("name", ["source", "item", "upstream"])
def test_what_only_a_hidden_row_led_to_is_hidden_with_it(made: GroundsWorld, name: str) -> None:
    """Its publisher, what this is part of, sources above it, their publishers, the relays, whom it is against."""
    fields = EvidenceInput(against_interest=made.other.pk, against_interest_reason="It costs them.")
    change_evidence(evidence=made.item, fields=fields, by=made.cast.reviewer)
    factories.approved(made.cast, factories.assessment(made.cast, fresh(made.claim), "corroborated"))
    verdict = made
    _restrict(verdict, fresh(getattr(verdict, name)))
    stranger = verdict.cast.stranger
    name_decider(claim=verdict.claim, user=stranger, by=verdict.cast.editor)
    every = {
        verdict.source.title,
        verdict.upstream.title,
        *("Harbour master", "Harbour authority", "Crane driver", "Another"),
    }
    gone = every if name != "upstream" else {verdict.upstream.title, "Crane driver"}
    for person in (verdict.cast.reporter, verdict.cast.reviewer2, verdict.cast.auditor, stranger):
        with transaction.atomic():
            shown = _shown(verdict, person)
            titles = {title for _kind, title in _told(shown.diff)}
            assert not titles & gone, (person, titles)
            assert not [word for word in gone for line in shown.diff.lines if word in str(line) and name != "upstream"]
            assert shown.diff.withheld > 0
            transaction.set_rollback(True)
    diff = _shown(verdict, verdict.cast.editor).diff
    assert (diff.withheld, gone - {title for _kind, title in _told(diff)}) == (0, set())


def test_what_another_row_leads_to_as_well_is_told(verdict: GroundsWorld) -> None:
    change_source(
        source=verdict.upstream, fields=SourceInput(publisher=verdict.publisher.pk), by=verdict.cast.reviewer2
    )
    _restrict(verdict, verdict.upstream)
    diff = _shown(verdict, verdict.cast.reviewer2).diff
    assert [title for kind, title in _told(diff) if kind == "actor"] == []
    assert diff.withheld > 0


def _with_hidden(made: GroundsWorld) -> Any:
    """A source of somebody else, attached by the assessor: once it is restricted, it is hidden from them."""
    hidden = factories.source(made.cast, "Hidden", by=made.cast.reviewer2)
    factories.attach(made.cast, made.claim, hidden, by=made.cast.reviewer)
    return hidden


def _confirm_verdict(made: GroundsWorld, by: User) -> None:
    seen = _shown(made, by).now
    confirm_verdict(claim=made.claim, reason="I compared both.", seen_grounds=seen, by=by)


def test_who_does_not_see_all_that_changed_does_not_confirm_the_verdict(made: GroundsWorld) -> None:
    verdict, hidden = made, _with_hidden(made)
    factories.approved(made.cast, factories.assessment(made.cast, fresh(made.claim), "corroborated"))
    _restrict(verdict, hidden)
    shown = _shown(verdict, verdict.cast.reviewer)
    assert (shown.blind, shown.may_confirm) == (True, False)
    with pytest.raises(Conflict):
        _confirm_verdict(verdict, verdict.cast.reviewer)
    body = {"reason": "Fine.", "seen_grounds": shown.now}
    path = f"claims/{verdict.claim.reference}/grounds/"
    answer = Api(verdict.cast.reviewer).send("POST", f"{path}confirm/", body)
    told = "Some of the changes are hidden from you. An editor who can see them all must confirm."
    assert (answer.status_code, told in answer.content.decode()) == (409, True)
    text = text_of(got(verdict.cast.reviewer, f"/{path}"))
    assert (told in text, "Confirm verdict" in text) == (True, False)
    _confirm_verdict(verdict, factories.person("editor2", "editor", verdict.cast.desk))
    assert not fresh(verdict.claim).changed_since_verdict


def test_an_assessor_does_not_confirm_what_is_hidden_from_them(made: GroundsWorld) -> None:
    hidden = _with_hidden(made)
    assessment = factories.assessment(made.cast, fresh(made.claim), "corroborated")
    _restrict(made, hidden)
    shown = of_assessment(made.cast.reviewer, fresh(assessment))
    assert shown is not None
    assert (shown.blind, shown.may_confirm) == (True, False)
    given: dict[str, Any] = {"seen_version": fresh(made.claim).version, "seen_grounds": shown.now}
    with pytest.raises(Conflict):
        confirm_assessment(assessment=assessment, by=made.cast.reviewer, **given)
    path = f"claims/{made.claim.reference}/assessments/{assessment.pk}/confirm/"
    assert Api(made.cast.reviewer).send("POST", path, given).status_code == 409
    text = text_of(got(made.cast.reviewer, f"/reviews/{assessment.pk}/"))
    assert ("Some of the changes are hidden from you." in text, "Confirm assessment" in text) == (True, False)


def test_an_approver_from_whom_a_change_is_hidden_does_not_approve(made: GroundsWorld) -> None:
    stranger = made.cast.stranger
    name_decider(claim=made.claim, user=stranger, by=made.cast.editor)
    hidden = factories.source(made.cast, "Hidden", by=made.cast.reviewer, visibility="desk")
    item = factories.attach(made.cast, made.claim, hidden, by=made.cast.reviewer)
    assessment = factories.assessment(made.cast, fresh(made.claim), "corroborated")
    assert item in assessment.evidence.all()
    _restrict(made, hidden)
    shown = of_assessment(made.cast.reviewer, fresh(assessment))
    assert shown is not None
    assert shown.diff.withheld == 0  # it is their own
    version = fresh(made.claim).version
    confirm_assessment(assessment=assessment, seen_version=version, seen_grounds=shown.now, by=made.cast.reviewer)
    decision: dict[str, Any] = {"assessment": assessment, "reason": "Yes.", "seen_version": fresh(made.claim).version}
    with pytest.raises(Conflict, match="hidden from you"):
        approve(**decision, by=stranger)
    approve(**decision, by=made.cast.editor)
    assert fresh(made.claim).state == "corroborated"


def test_after_a_merge_the_old_name_is_told_to_who_may_see_it(verdict: GroundsWorld) -> None:
    merge_actors(
        actor=verdict.publisher,
        fields=MergeInput(into=verdict.other.pk, reason="The same.", chain="into"),
        by=verdict.cast.editor,
    )
    diff = _shown(verdict, verdict.cast.reviewer).diff
    (line,) = [line for line in diff.lines if line.field == "publisher"]
    assert (line.then, line.now, diff.withheld) == ("Harbour master", "Another", 0)


def test_the_refusal_of_an_approval_says_of_restricted_changes_that_the_page_shows_them(made: GroundsWorld) -> None:
    _restrict(made, made.upstream)
    decision: dict[str, Any] = {
        "assessment": made.assessment,
        "reason": "Yes.",
        "seen_version": fresh(made.claim).version,
    }
    with pytest.raises(Stale) as refused:
        approve(**decision, by=made.cast.editor)
    told = " ".join(refused.value.changes)
    assert "to restricted material: see the page of changes" in told
    assert "may not see" not in told
    assert "Crane" not in told

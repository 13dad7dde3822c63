"""A change of grounds and an approval at once, with real threads: approved unseen and unmarked it is never."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from claims.actions.actors import merge_actors
from claims.actions.claims import edit_claim
from claims.actions.conflicts import declare_conflict
from claims.actions.evidence import change_evidence
from claims.actions.sources import change_actor, change_source
from claims.inputs import ClaimInput, EvidenceInput, MergeInput
from claims.models import Claim
from claims.verdicts.grounds_watch import verdict_watch
from house.errors import Conflict, Stale
from reviews.actions.assessments import approve, reject
from reviews.actions.grounds import confirm_assessment, confirm_verdict
from reviews.actions.memberships import change_account, change_role
from reviews.grounds_shown import of_assessment, of_verdict
from reviews.models import Assessment
from sources.actions import attach_file
from sources.inputs import ActorInput, SourceInput
from tests import factories
from tests.factories import Cast, fresh
from tests.threads import refusals, together

pytestmark = pytest.mark.django_db(transaction=True)
HEADSTARTS = [0.0, 0.02]


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return factories.cast()


def _waiting(people: Cast) -> Assessment:
    claim = factories.claim(people)
    factories.firsthand(people, claim, 3)
    return factories.assessment(people, claim, "corroborated")


def _approval(assessment: Assessment, people: Cast) -> Callable[[], Any]:
    version = fresh(assessment.claim).version
    return partial(approve, assessment=assessment, reason="Yes.", seen_version=version, by=people.editor)


def _changes(assessment: Assessment, people: Cast) -> dict[str, Callable[[], Any]]:
    item = assessment.evidence.filter(source__basis="firsthand")[0]
    source, publisher = item.source, item.source.publisher
    assert publisher is not None
    twin = factories.actor(people, kind="person")
    by = people.reviewer2
    return {
        "title": partial(change_source, source=source, fields=SourceInput(title="Other"), by=by),
        "excerpt": partial(change_evidence, evidence=item, fields=EvidenceInput(excerpt="Other"), by=by),
        "file": partial(attach_file, source=source, chunks=[b"a page"], name="page.txt", by=by),
        "name of a publisher": partial(change_actor, actor=publisher, fields=ActorInput(name="Other"), by=by),
        "place": partial(edit_claim, claim=assessment.claim, fields=ClaimInput(place="Odesa"), by=by),
        "merge": partial(
            merge_actors, actor=publisher, fields=MergeInput(into=twin.pk, reason="The same."), by=people.editor
        ),
    }


@pytest.mark.parametrize("what", ["title", "excerpt", "file", "name of a publisher", "place", "merge"])
def test_a_change_and_an_approval_pass_each_other(people: Cast, what: str) -> None:
    for headstart in HEADSTARTS:
        for leads in (True, False):
            assessment = _waiting(people)
            acts = [_approval(assessment, people), _changes(assessment, people)[what]]
            outcomes = together(*(acts if leads else reversed(acts)), headstart=headstart)
            claim = fresh(assessment.claim)
            if refusals(outcomes):
                assert (refusals(outcomes), claim.state) == ([Stale], "reported")
            else:
                assert (claim.state, claim.changed_since_verdict) == ("corroborated", True)


def test_a_conflict_declared_and_an_approval_pass_each_other(people: Cast) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        party = assessment.claim.parties.all()[0]
        outcomes = together(
            partial(declare_conflict, actor_id=party.pk, by=people.reviewer),
            _approval(assessment, people),
            headstart=headstart,
        )
        assert not isinstance(outcomes[0], Exception)
        assert (fresh(assessment.claim).state == "corroborated") is not isinstance(outcomes[1], Exception)


def test_confirming_anew_and_an_approval_pass_each_other(people: Cast) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        approval = _approval(assessment, people)
        _changes(assessment, people)["title"]()
        shown = of_assessment(people.reviewer, fresh(assessment))
        assert shown is not None
        given: dict[str, Any] = {"seen_version": fresh(assessment.claim).version, "seen_grounds": shown.now}
        outcomes = together(
            approval, partial(confirm_assessment, assessment=assessment, **given, by=people.reviewer),
            headstart=headstart,
        )  # fmt: skip
        assert refusals(outcomes) == [Stale]
        assert fresh(assessment.claim).state == "reported"


def test_a_verdict_is_confirmed_while_it_changes_again(people: Cast) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        changes = _changes(assessment, people)
        claim: Claim = factories.approved(people, assessment)
        changes["title"]()
        shown = of_verdict(people.editor, fresh(claim))
        assert shown is not None
        outcomes = together(
            partial(confirm_verdict, claim=claim, reason="So.", seen_grounds=shown.now, by=people.editor),
            changes["excerpt"],
            headstart=headstart,
        )
        watched = verdict_watch(claim)
        assert watched is not None
        assert refusals(outcomes) in ([], [Stale])
        assert fresh(claim).changed_since_verdict is (watched.digest != watched.grounds.digest) is True


@pytest.mark.parametrize("act", [approve, reject], ids=lambda act: act.__name__)
def test_an_account_is_closed_while_somebody_decides_on_its_assessment(people: Cast, act: Callable[..., Any]) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        reviewer, version = assessment.assessor, fresh(assessment.claim).version
        outcomes = together(
            partial(act, assessment=assessment, reason="So.", seen_version=version, by=people.editor),
            partial(change_account, user=reviewer, changes={"is_active": False}, by=people.admin),
            headstart=headstart,
        )
        assert refusals(outcomes) in ([], [Conflict])
        change_account(user=reviewer, changes={"is_active": True}, by=people.admin)


def test_a_refutation_of_many_claims_is_made_stricter_while_their_reviewer_leaves(people: Cast) -> None:
    for number, headstart in enumerate(HEADSTARTS):
        reviewer = factories.person(f"leaving{number}", "reviewer", people.desk)
        source = factories.source(people, visibility="public")
        for _ in range(5):
            claim = factories.claim(people)
            factories.attach(people, claim, source, "refutes", visibility="public")
            factories.assigned(people, claim, reviewer=reviewer)
        outcomes = together(
            partial(change_role, desk=people.desk, user=reviewer, role=None, by=people.admin),
            partial(change_source, source=source, fields=SourceInput(visibility="desk"), by=people.editor),
            headstart=headstart,
        )
        assert refusals(outcomes) == []

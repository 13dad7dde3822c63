"""Drafts of assessments: kept as they are, by one person for themselves, until they are submitted or discarded."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Role
from claims.actions.claims import edit_claim
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.inputs import ClaimInput, EvidenceInput
from claims.models import Claim
from house.errors import Forbidden, Invalid, NotFound
from reviews.actions.assignments import decline
from reviews.actions.drafts import LONGEST_DRAFT, KeptElsewhere, drop_draft, keep_draft
from reviews.actions.memberships import change_account, change_role
from reviews.inputs import AnswerInput, AssessmentInput, ElementLine
from reviews.models import Assessment, AssessmentDraft
from reviews.queries import own_draft
from reviews.queue import work_of
from tests import factories
from tests.factories import Cast, fresh
from tests.kept import KeptRows
from tests.threads import refusals, together


@KeptRows
def kept_claim(cast: Cast) -> Claim:
    """Accepted by the reviewer, with two voices and one element."""
    claim = factories.claim(cast, elements=["by sea"])
    factories.firsthand(cast, claim, 2)
    factories.assigned(cast, claim)
    return fresh(claim)


@pytest.fixture
def claim(cast: Cast) -> Claim:
    return kept_claim(cast)


def _kept(cast: Cast, claim: Claim, rationale: str = "So far: two saw it.", **fields: Any) -> AssessmentDraft:
    named: dict[str, Any] = {name: fields.pop(name) for name in ("version", "in_part") if name in fields}
    by = fields.pop("by", cast.reviewer)
    given = AssessmentInput(**{"rationale": rationale, "seen_version": claim.version, **fields})
    return keep_draft(claim=claim, fields=given, by=by, **named)


def test_half_an_assessment_is_kept_as_it_is(cast: Cast, claim: Claim) -> None:
    element, item = claim.elements.get(), claim.evidence.earliest("created_at")
    draft = _kept(
        cast,
        claim,
        proposed_state="corroborated",
        evidence=[item.pk, item.pk],
        answers=[AnswerInput(evidence=item.pk, text=" I doubt it. ")],
        elements=[ElementLine(element=element.pk, text="")],
    )
    assert fresh(draft).content == {
        "proposed_state": "corroborated",
        "rationale": "So far: two saw it.",
        "evidence": [str(item.pk)],
        "answers": [{"evidence": str(item.pk), "text": "I doubt it."}],
        "elements": [],
        "recorded_mistake": False,
    }


def test_a_later_save_goes_on_from_the_one_before(cast: Cast, claim: Claim) -> None:
    first = _kept(cast, claim)
    second = _kept(cast, claim, "Three saw it.", version=first.version)
    assert (second.pk, second.version, second.content["rationale"]) == (first.pk, first.version + 1, "Three saw it.")


def test_a_window_that_has_not_seen_the_last_save_overwrites_nothing(cast: Cast, claim: Claim) -> None:
    first = _kept(cast, claim)
    second = _kept(cast, claim, "Three saw it.", version=first.version)
    for stale in (0, first.version):
        with pytest.raises(KeptElsewhere) as refused:
            _kept(cast, claim, "Nobody saw it.", version=stale)
        assert refused.value.version == second.version
    assert fresh(second).content["rationale"] == "Three saw it."


def test_saving_the_same_once_more_is_no_other_save(cast: Cast, claim: Claim) -> None:
    first = _kept(cast, claim)
    assert _kept(cast, claim, version=0).version == first.version


def test_a_window_that_knows_a_draft_which_ended_does_not_pass_for_one_that_knows_the_next(
    cast: Cast, claim: Claim
) -> None:
    ended = _kept(cast, claim).version
    drop_draft(claim=claim, by=cast.reviewer)
    with pytest.raises(KeptElsewhere) as refused:
        _kept(cast, claim, version=ended)
    assert refused.value.version == 0
    assert _kept(cast, claim, "Anew.").version != ended


def test_it_survives_an_edit_of_the_claim_and_the_withdrawal_of_what_it_names(cast: Cast, claim: Claim) -> None:
    item = claim.evidence.latest("created_at")
    draft = _kept(cast, claim, evidence=[item.pk])
    edit_claim(claim=claim, fields=ClaimInput(place="Odesa"), by=cast.editor)
    withdraw_evidence(evidence=item, reason="A mistake.", by=cast.editor)
    again = _kept(cast, claim, "Still so.", evidence=[item.pk], version=draft.version)
    assert (again.content["evidence"], again.seen_version) == ([str(item.pk)], claim.version)


def test_the_submission_ends_it(cast: Cast, claim: Claim) -> None:
    _kept(cast, claim)
    factories.assessment(cast, claim, "corroborated")
    assert not AssessmentDraft.objects.exists()


def test_a_draft_that_the_assessor_has_not_seen_is_not_thrown_away_by_their_submission(
    cast: Cast, claim: Claim
) -> None:
    draft = _kept(cast, claim)
    with pytest.raises(KeptElsewhere):
        factories.assessment(cast, claim, "corroborated", draft_version=0)
    assert not Assessment.objects.exists()
    factories.assessment(cast, claim, "corroborated", draft_version=draft.version)
    assert Assessment.objects.get().state == "waiting"


def test_it_outlives_the_assignment_so_that_a_slip_loses_nothing(cast: Cast, claim: Claim) -> None:
    draft = _kept(cast, claim)
    decline(assignment=claim.assignments.get(), reason="I know the captain.", by=cast.reviewer)
    assert own_draft(cast.reviewer, claim) == draft
    with pytest.raises(Forbidden):
        _kept(cast, claim, "More.", version=draft.version)
    assert work_of(cast.reviewer, now=draft.kept_at).drafts == [draft]


@pytest.mark.parametrize("role", [None, Role.REPORTER, Role.AUDITOR])
def test_leaving_the_desk_ends_it(cast: Cast, claim: Claim, role: str | None) -> None:
    _kept(cast, claim)
    change_role(desk=cast.desk, user=cast.reviewer, role=role, by=cast.admin)
    assert not AssessmentDraft.objects.exists()


def test_an_editors_draft_on_a_claim_that_nobody_gave_them_ends_with_their_role(cast: Cast, claim: Claim) -> None:
    _kept(cast, claim, by=cast.editor)
    factories.person("editor2", Role.EDITOR, cast.desk)
    change_role(desk=cast.desk, user=cast.editor, role=Role.REPORTER, by=cast.admin)
    assert not AssessmentDraft.objects.exists()


def test_closing_an_account_ends_its_drafts_and_what_it_has_and_no_role(cast: Cast, claim: Claim) -> None:
    _kept(cast, claim)
    change_account(user=cast.reviewer, changes={"is_active": False}, by=cast.admin)
    assert not AssessmentDraft.objects.exists()
    assert (claim.assignments.get().state, claim.participants.filter(until=None).count()) == ("withdrawn", 0)
    assert cast.reviewer.memberships.get().role == Role.REVIEWER


def test_each_person_has_their_own(cast: Cast, claim: Claim) -> None:
    mine, theirs = _kept(cast, claim), _kept(cast, claim, "I see it otherwise.", by=cast.editor)
    assert own_draft(cast.reviewer, claim) == mine
    assert own_draft(cast.editor, claim) == theirs
    assert own_draft(cast.reviewer2, claim) is None


@pytest.mark.parametrize("who", ["reporter", "reviewer2", "auditor"])
def test_who_may_not_assess_keeps_none(cast: Cast, claim: Claim, who: str) -> None:
    with pytest.raises(Forbidden):
        _kept(cast, claim, by=getattr(cast, who))


def test_one_that_is_not_there_is_not_dropped(cast: Cast, claim: Claim) -> None:
    _kept(cast, claim)
    with pytest.raises(NotFound):
        drop_draft(claim=claim, by=cast.editor)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rationale": "half \x00"}, "rationale"),
        ({"rationale": "half \ud800"}, "rationale"),
        ({"proposed_state": "true"}, "proposed_state"),
    ],
)
def test_what_cannot_be_kept_is_named(cast: Cast, claim: Claim, fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _kept(cast, claim, **fields)
    assert list(refused.value.errors) == [field]


def test_an_element_of_another_claim_is_refused(cast: Cast, claim: Claim) -> None:
    other = factories.claim(cast, elements=["by air"])
    with pytest.raises(Invalid) as refused:
        _kept(cast, claim, elements=[ElementLine(element=other.elements.get().pk, text="No.")])
    assert list(refused.value.errors) == ["elements"]


def test_what_names_evidence_that_is_hidden_or_not_there_is_kept_alike(cast: Cast, claim: Claim) -> None:
    hidden = factories.attach(cast, claim, factories.source(cast, by=cast.editor), "refutes", by=cast.editor)
    change_evidence(evidence=hidden, fields=EvidenceInput(visibility="restricted"), by=cast.editor)
    for pk in (hidden.pk, factories.claim(cast).evidence.get().pk, uuid4()):
        version = ((own := own_draft(cast.reviewer, claim)) and own.version) or 0
        draft = _kept(cast, claim, evidence=[pk], answers=[AnswerInput(evidence=pk, text="No.")], version=version)
        assert draft.content["evidence"] == [str(pk)]
        assert draft.content["answers"] == [{"evidence": str(pk), "text": "No."}]


def test_a_form_keeps_the_answers_that_it_has_no_field_for(cast: Cast, claim: Claim) -> None:
    answered, other = factories.firsthand(cast, claim, 2)
    first = _kept(cast, claim, answers=[AnswerInput(evidence=answered.pk, text="No.")])
    second = _kept(
        cast, claim, "More.", answers=[AnswerInput(evidence=other.pk, text="")], version=first.version, in_part=True
    )
    assert second.content["answers"] == [{"evidence": str(answered.pk), "text": "No."}]
    third = _kept(
        cast, claim, answers=[AnswerInput(evidence=answered.pk, text="")], version=second.version, in_part=True
    )
    assert third.content["answers"] == []


def test_its_size_is_bounded(cast: Cast, claim: Claim) -> None:
    many = [AnswerInput(evidence=item.pk, text="x" * 20_000) for item in factories.firsthand(cast, claim, 10)]
    assert LONGEST_DRAFT == 200_000
    with pytest.raises(Invalid, match="too long: 200001 characters"):
        _kept(cast, claim, "x", answers=many)


@pytest.mark.django_db(transaction=True)
def test_of_two_windows_that_save_at_once_one_is_told(transactional_db: None) -> None:
    people = factories.cast()
    claim = factories.claim(people)
    for _round in range(3):
        version = ((own := own_draft(people.editor, claim)) and own.version) or 0
        save = partial(keep_draft, claim=claim, version=version, by=people.editor)
        texts = [f"One, {_round}.", f"The other, {_round}."]
        outcomes = together(*(partial(save, fields=AssessmentInput(rationale=text, seen_version=1)) for text in texts))
        assert refusals(outcomes) == [KeptElsewhere]
        won = texts[1 if isinstance(outcomes[0], Exception) else 0]
        assert AssessmentDraft.objects.get().content["rationale"] == won

"""Evidence: attached, changed, superseded, withdrawn; and what each does to what a claim says."""

from typing import Any
from uuid import uuid4

import pytest

from claims.actions.evidence import attach_evidence, change_evidence, withdraw_evidence
from claims.inputs import EvidenceInput
from claims.models import Claim, Evidence
from house.errors import Conflict, EditConflict, Forbidden, Invalid, NotFound, Stale
from house.seen import SeenValues
from tests import factories
from tests.factories import Cast, days_ago, fresh


def _numbers(claim: Claim) -> tuple[int, int]:
    row = fresh(claim)
    return row.independence_min, row.independence_max


def _change(cast: Cast, item: Evidence, **fields: Any) -> Evidence:
    return change_evidence(evidence=item, fields=EvidenceInput(**fields), by=cast.reviewer)


def test_a_source_and_a_stance_are_enough(cast: Cast) -> None:
    item = factories.attach(cast, factories.claim(cast), factories.source(cast), "context")
    assert (item.stance, item.visibility, item.credibility, item.elements.count()) == ("context", "desk", None, 0)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"source": None}, {"source"}),
        ({"source": uuid4()}, {"source"}),
        ({"stance": "proves"}, {"stance"}),
        ({"stance": ""}, {"stance"}),
        ({"credibility": 0}, {"credibility"}),
        ({"credibility": 7}, {"credibility"}),
        ({"basis": "hearsay"}, {"basis"}),
        ({"excerpt": "x" * 4001}, {"excerpt"}),
        ({"locator": "x" * 201}, {"locator"}),
        ({"elements": [uuid4()]}, {"elements"}),
        ({"against_interest": uuid4()}, {"against_interest"}),
        ({"visibility": "secret"}, {"visibility"}),
    ],
)
def test_what_cannot_be_used_is_named(cast: Cast, fields: dict[str, Any], named: set[str]) -> None:
    claim = factories.claim(cast)
    given = EvidenceInput(**{"source": factories.source(cast).pk, "stance": "supports", **fields})
    with pytest.raises(Invalid) as error:
        attach_evidence(claim=claim, fields=given, by=cast.reviewer)
    assert set(error.value.errors) == named
    assert claim.evidence.count() == 1


def test_an_admission_takes_a_reason(cast: Cast) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Invalid) as error:
        factories.attach(cast, claim, factories.source(cast), against_interest=claim.claimant)
    assert set(error.value.errors) == {"against_interest_reason"}


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("reporter", Forbidden),
        ("reviewer", None),
        ("editor", None),
        ("auditor", Forbidden),
        ("admin", NotFound),
        ("stranger", NotFound),
    ],
)
def test_who_attaches_to_a_claim_that_another_wrote_down(
    cast: Cast, name: str, refusal: type[Exception] | None
) -> None:
    claim, source = factories.claim(cast, by=cast.editor), factories.source(cast)
    if refusal is None:
        factories.attach(cast, claim, source, by=getattr(cast, name))
        assert claim.evidence.count() == 2
        return
    with pytest.raises(refusal):
        factories.attach(cast, claim, source, by=getattr(cast, name))
    assert claim.evidence.count() == 1


def test_attaching_changing_and_withdrawing_raise_the_version(cast: Cast) -> None:
    claim = factories.claim(cast)
    (item,) = factories.firsthand(cast, claim, 1)
    _change(cast, item, locator="page 4")
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    assert fresh(claim).version == 4


def test_a_field_that_somebody_else_changed_meanwhile_is_not_overwritten(cast: Cast) -> None:
    (item,) = factories.firsthand(cast, factories.claim(cast), 1)
    seen = SeenValues(version=item.version)
    _change(cast, item, locator="page 3")
    change_evidence(evidence=item, fields=EvidenceInput(excerpt="So it was."), seen=seen, by=cast.editor)
    with pytest.raises(EditConflict) as error:
        change_evidence(evidence=item, fields=EvidenceInput(locator="page 4"), seen=seen, by=cast.editor)
    (conflict,) = error.value.fields
    assert (conflict.field, conflict.theirs, conflict.yours, conflict.by) == (
        *("locator", "page 3", "page 4"),
        "reviewer",
    )
    assert (fresh(item).locator, fresh(item).excerpt) == ("page 3", "So it was.")


def test_evidence_is_withdrawn_on_the_version_that_was_seen(cast: Cast) -> None:
    (item,) = factories.firsthand(cast, factories.claim(cast), 1)
    _change(cast, item, locator="page 3")
    with pytest.raises(Stale) as error:
        withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.editor, seen_version=item.version)
    assert error.value.changes == ["reviewer changed: locator."]


def test_the_number_follows_the_evidence(cast: Cast) -> None:
    claim = factories.claim(cast)
    first, _second = factories.firsthand(cast, claim, 2)
    unknown = factories.attach(cast, claim, factories.source(cast))
    assert _numbers(claim) == (2, 3)
    _change(cast, first, credibility=5)
    assert _numbers(claim) == (1, 2)
    _change(cast, first, credibility=3, basis="secondhand")
    assert _numbers(claim) == (1, 3)
    withdraw_evidence(evidence=unknown, reason="A mix-up.", by=cast.reviewer)
    assert _numbers(claim) == (1, 2)


def test_a_withdrawal_takes_a_reason_and_stays_on_record(cast: Cast) -> None:
    (item,) = factories.firsthand(cast, factories.claim(cast), 1)
    with pytest.raises(Invalid):
        withdraw_evidence(evidence=item, reason=" ", by=cast.reviewer)
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    row = fresh(item)
    assert (row.withdrawn_by, row.withdrawn_reason, row.live) == (cast.reviewer, "A mix-up.", False)


@pytest.mark.parametrize("act", ["change", "withdraw"])
def test_withdrawn_evidence_is_left_alone(cast: Cast, act: str) -> None:
    (item,) = factories.firsthand(cast, factories.claim(cast), 1)
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    with pytest.raises(Conflict):
        if act == "change":
            _change(cast, item, locator="page 4")
        else:
            withdraw_evidence(evidence=item, reason="Again.", by=cast.reviewer)


def test_a_verdict_whose_evidence_falls_is_flagged_and_stays(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    item = claim.evidence.filter(source__basis="firsthand")[0]
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    claim = fresh(claim)
    assert (claim.state, claim.support_lost) == ("corroborated", True)


def test_a_new_voice_does_not_mend_a_verdict_that_did_not_name_it(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    item = claim.evidence.filter(source__basis="firsthand")[0]
    withdraw_evidence(evidence=item, reason="A mix-up.", by=cast.reviewer)
    factories.firsthand(cast, claim, 1)
    assert (_numbers(claim), fresh(claim).support_lost) == ((2, 2), True)


def test_a_denied_claim_whose_denial_falls_is_flagged(cast: Cast) -> None:
    claim = factories.claim_in(cast, "denied")
    withdraw_evidence(evidence=claim.evidence.get(stance="denies"), reason="Never said.", by=cast.reviewer)
    claim = fresh(claim)
    assert (claim.state, claim.support_lost, claim.contested) == ("denied", True, False)


@pytest.mark.parametrize("state", ["reported", "denied", "corroborated", "refuted"])
def test_a_claim_in_any_state_is_contested_while_a_party_denies(cast: Cast, state: str) -> None:
    claim = factories.claim_in(cast, state)
    denial = factories.party_denial(cast, claim)
    assert (fresh(claim).state, fresh(claim).contested) == (state, True)
    for item in claim.evidence.filter(stance="denies"):
        withdraw_evidence(evidence=item, reason="Never said.", by=cast.reviewer)
    assert (fresh(claim).contested, denial.stance) == (False, "denies")


def _recantation(cast: Cast) -> tuple[Claim, Evidence, Evidence]:
    """A denial by the accused, and what the accused said later."""
    claim = factories.claim(cast, now=days_ago(10))
    earlier = factories.party_denial(cast, claim, now=days_ago(9))
    said = factories.source(cast, publisher=earlier.source.publisher, now=days_ago(5))
    return claim, earlier, factories.attach(cast, claim, said, "context")


def test_a_voice_takes_its_word_back(cast: Cast) -> None:
    claim, earlier, later = _recantation(cast)
    _change(cast, earlier, superseded_by=later.pk)
    assert (fresh(earlier).live, fresh(claim).contested) == (False, False)
    _change(cast, earlier, superseded_by=None)
    assert (fresh(earlier).live, fresh(claim).contested) == (True, True)


def test_who_speaks_for_it_may_take_it_back(cast: Cast) -> None:
    claim, earlier, _later = _recantation(cast)
    minister = factories.actor(cast, part_of=earlier.source.publisher)
    said = factories.attach(cast, claim, factories.source(cast, publisher=minister), "supports")
    _change(cast, earlier, superseded_by=said.pk)
    assert not fresh(earlier).live


def test_an_agency_may_carry_the_recantation(cast: Cast) -> None:
    claim, earlier, later = _recantation(cast)
    carrier = factories.source(cast, publisher=factories.actor(cast, kind="outlet"), basis="secondhand")
    factories.relay(cast, carrier, later.source)
    item = factories.attach(cast, claim, carrier, "context")
    _change(cast, earlier, superseded_by=item.pk)
    assert not fresh(earlier).live


def test_no_other_voice_takes_it_back(cast: Cast) -> None:
    claim, earlier, _later = _recantation(cast)
    (other,) = factories.firsthand(cast, claim, 1)
    with pytest.raises(Invalid) as error:
        _change(cast, earlier, superseded_by=other.pk)
    assert set(error.value.errors) == {"superseded_by"}
    assert fresh(earlier).live


def test_a_carriers_next_item_takes_back_nothing_that_it_carried(cast: Cast) -> None:
    claim, earlier, _later = _recantation(cast)
    agency = factories.actor(cast, kind="outlet")
    carried = factories.source(cast, publisher=agency, basis="secondhand")
    factories.relay(cast, carried, earlier.source)
    denial = factories.attach(cast, claim, carried, "denies")
    unrelated = factories.attach(cast, claim, factories.source(cast, publisher=agency), "context")
    with pytest.raises(Invalid) as error:
        _change(cast, denial, superseded_by=unrelated.pk)
    assert (set(error.value.errors), fresh(denial).live) == ({"superseded_by"}, True)


def test_nobody_takes_back_what_is_yet_to_be_said(cast: Cast) -> None:
    _claim, earlier, later = _recantation(cast)
    with pytest.raises(Invalid):
        _change(cast, later, superseded_by=earlier.pk)


def test_nothing_supersedes_itself_or_across_claims_or_in_a_circle(cast: Cast) -> None:
    _claim, earlier, later = _recantation(cast)
    _other, _denial, elsewhere = _recantation(cast)
    said = factories.source(cast, publisher=earlier.source.publisher, published_at=later.source.created_at)
    again = factories.attach(cast, earlier.claim, said, "context")
    _change(cast, later, superseded_by=again.pk)
    for item, by in ((earlier, earlier), (earlier, elsewhere), (again, later)):
        with pytest.raises(Invalid) as error:
            _change(cast, item, superseded_by=by.pk)
        assert set(error.value.errors) == {"superseded_by"}


def test_withdrawn_evidence_supersedes_nothing(cast: Cast) -> None:
    _claim, earlier, later = _recantation(cast)
    withdraw_evidence(evidence=later, reason="Never said.", by=cast.reviewer)
    with pytest.raises(Invalid):
        _change(cast, earlier, superseded_by=later.pk)


def test_a_partial_change_leaves_the_rest(cast: Cast) -> None:
    claim = factories.claim(cast, elements=["one", "two"])
    one = claim.elements.get(text="one")
    item = factories.attach(cast, claim, factories.source(cast), elements=[one], excerpt="So it was.")
    _change(cast, item, credibility=2)
    row = fresh(item)
    assert (row.credibility, row.excerpt, list(row.elements.all())) == (2, "So it was.", [one])


def test_withdrawing_what_superseded_another_brings_that_back(cast: Cast) -> None:
    claim, earlier, later = _recantation(cast)
    _change(cast, earlier, superseded_by=later.pk)
    withdraw_evidence(evidence=later, reason="Never said.", by=cast.reviewer)
    assert (fresh(earlier).live, fresh(claim).contested) == (True, True)


def test_what_is_released_alone_is_not_superseded_by_what_stays_restricted(cast: Cast) -> None:
    claim = factories.claim(cast)
    publisher = factories.actor(cast)
    earlier, later = (
        factories.attach(
            cast, claim, factories.source(cast, publisher=publisher), by=cast.editor, visibility="restricted"
        )
        for _ in range(2)
    )
    change_evidence(evidence=earlier, fields=EvidenceInput(superseded_by=later.pk), by=cast.editor)
    factories.released(earlier, cast.editor)
    assert fresh(earlier).superseded_by is None

"""What editors and assigned reviewers decide on a claim itself: thresholds, publishing, closing, lone moves."""

import pytest

from claims.actions.claims import (
    move_alone,
    publish_claim,
    set_threshold,
    unpublish_claim,
)
from claims.inputs import MoveInput, ThresholdInput
from claims.queries import history_of, published_claim
from claims.reading.page_queries import graph_at
from claims.verdicts.evidence_graph import threshold_of_claim
from claims.verdicts.graph_loading import load_evidence_graph
from claims.verdicts.snapshots import snapshot_digest
from house.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from reviews.actions.assignments import close_claim, open_claim
from tests import factories
from tests.factories import Cast, fresh


def test_an_editor_sets_a_threshold_with_a_reason(cast: Cast) -> None:
    claim = factories.claim(cast)
    set_threshold(claim=claim, fields=ThresholdInput(threshold=3, reason="A grave accusation."), by=cast.editor)
    assert threshold_of_claim(load_evidence_graph(fresh(claim))) == 3
    set_threshold(claim=claim, fields=ThresholdInput(threshold=None, reason=""), by=cast.editor)
    assert threshold_of_claim(load_evidence_graph(fresh(claim))) == 2


@pytest.mark.parametrize(
    ("threshold", "reason", "named"), [(3, " ", "reason"), (0, "So.", "threshold"), (6, "So.", "threshold")]
)
def test_a_threshold_is_one_to_five_and_has_a_reason(cast: Cast, threshold: int, reason: str, named: str) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Invalid) as error:
        set_threshold(claim=claim, fields=ThresholdInput(threshold=threshold, reason=reason), by=cast.editor)
    assert set(error.value.errors) == {named}
    assert fresh(claim).threshold_override is None


def test_a_reviewer_sets_no_threshold(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        set_threshold(
            claim=factories.claim(cast), fields=ThresholdInput(threshold=1, reason="Hurry."), by=cast.reviewer
        )


def test_a_threshold_that_rises_over_a_verdict_flags_it(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    set_threshold(claim=claim, fields=ThresholdInput(threshold=3, reason="A grave accusation."), by=cast.editor)
    assert fresh(claim).support_lost
    set_threshold(claim=claim, fields=ThresholdInput(threshold=2, reason="Not that grave."), by=cast.editor)
    assert not fresh(claim).support_lost


def test_a_status_change_keeps_the_graph_that_it_was_decided_on(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    change = history_of(claim)[-1].row
    kept, _withheld = graph_at(cast.editor, claim, change.seq)
    assert kept is not None
    assert change.graph_digest == snapshot_digest(kept)
    factories.firsthand(cast, claim, 1)
    assert graph_at(cast.editor, claim, change.seq) == (kept, False)


@pytest.mark.parametrize("name", ["reporter", "reviewer", "auditor"])
def test_only_editors_publish(cast: Cast, name: str) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Forbidden):
        publish_claim(claim=claim, by=getattr(cast, name))
    with pytest.raises(NotFound):
        published_claim(claim.reference)


def test_a_claim_is_published_and_unpublished(cast: Cast) -> None:
    claim = factories.claim(cast)
    publish_claim(claim=claim, by=cast.editor)
    assert published_claim(claim.reference) == claim
    with pytest.raises(Conflict):
        publish_claim(claim=claim, by=cast.editor)
    unpublish_claim(claim=claim, by=cast.editor)
    with pytest.raises(NotFound):
        published_claim(claim.reference)
    with pytest.raises(Conflict):
        unpublish_claim(claim=claim, by=cast.editor)


def test_a_closed_claim_keeps_its_state_and_moves_no_more(cast: Cast) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    close_claim(claim=claim, reason="uncheckable", note="Nobody can go there.", by=cast.editor)
    claim = fresh(claim)
    assert (claim.state, claim.closed_reason, claim.closed_note) == ("reported", "uncheckable", "Nobody can go there.")
    with pytest.raises(Conflict):
        move_alone(
            claim=claim,
            fields=MoveInput(to="denied", reason="So.", evidence=[denial.pk], seen_version=claim.version),
            by=cast.editor,
        )
    with pytest.raises(Conflict):
        factories.firsthand(cast, claim, 1)


def test_an_opened_claim_moves_again(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.party_denial(cast, claim)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    open_claim(claim=claim, by=cast.editor)
    assert factories.denied(cast, claim).state == "denied"


@pytest.mark.parametrize("reason", ["", "because"])
def test_a_claim_is_closed_for_one_of_four_reasons(cast: Cast, reason: str) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Invalid) as error:
        close_claim(claim=claim, reason=reason, by=cast.editor)
    assert (set(error.value.errors), fresh(claim).closed_at) == ({"reason"}, None)


def test_open_and_closed_once(cast: Cast) -> None:
    claim = factories.claim(cast)
    with pytest.raises(Conflict):
        open_claim(claim=claim, by=cast.editor)
    close_claim(claim=claim, reason="moot", by=cast.editor)
    with pytest.raises(Conflict):
        close_claim(claim=claim, reason="moot", by=cast.editor)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_lone_move_takes_a_reason(cast: Cast, reason: str) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    with pytest.raises(Invalid) as error:
        move_alone(
            claim=claim,
            fields=MoveInput(to="denied", reason=reason, evidence=[denial.pk], seen_version=2),
            by=cast.editor,
        )
    assert set(error.value.errors) == {"reason"}


def test_a_lone_move_is_made_on_what_was_seen(cast: Cast) -> None:
    claim = factories.claim(cast)
    denial = factories.party_denial(cast, claim)
    with pytest.raises(Stale):
        move_alone(
            claim=claim,
            fields=MoveInput(to="denied", reason="So.", evidence=[denial.pk], seen_version=1),
            by=cast.editor,
        )


def test_a_denial_is_recorded_on_evidence(cast: Cast) -> None:
    claim = factories.claim(cast)
    factories.party_denial(cast, claim)
    with pytest.raises(Invalid) as error:
        move_alone(
            claim=claim, fields=MoveInput(to="denied", reason="So.", evidence=[], seen_version=2), by=cast.editor
        )
    assert set(error.value.errors) == {"evidence"}

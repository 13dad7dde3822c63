"""Whatever changes what a claim rests on recomputes it: every change that states.md lists takes a verdict's support
away, says so beforehand on a dry run, and is asked about on pages. Nobody is told of claims that they may not know of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import set_role
from accounts.models import Role
from claims.actions.claims import edit_claim, report_claim, set_threshold
from claims.actions.composing import CarrierInput, attach_source
from claims.actions.desks import change_policy
from claims.actions.evidence import change_evidence, withdraw_evidence
from claims.actions.sources import add_relay, change_actor, change_source, correct_source, remove_relay, retract_source
from claims.inputs import ClaimInput, DeskEdit, EvidenceInput, ThresholdInput
from claims.models import Claim, Evidence
from claims.verdicts.side_effects import Effects
from house.errors import Unconfirmed
from sources.actions import create_actor, create_source
from sources.inputs import ActorInput, SourceInput
from sources.models import Actor, Relay, Source
from tests import factories
from tests.factories import Cast, fresh
from tests.kept import KeptRows


@dataclass(frozen=True)
class Verdict:
    """A corroborated claim and the two pieces of evidence that it rests on, with their sources and publishers."""

    cast: Cast
    claim: Claim
    first: Evidence
    second: Evidence

    @property
    def source(self) -> Source:
        return self.first.source

    @property
    def publisher(self) -> Actor:
        assert self.first.source.publisher is not None
        return self.first.source.publisher

    @property
    def party(self) -> Actor:
        claimant = self.claim.claimant
        assert claimant is not None
        return self.claim.parties.exclude(pk=claimant.pk).get()


@KeptRows
def kept_verdict(cast: Cast) -> Verdict:
    claim = factories.claim_in(cast, "corroborated")
    first, second = claim.evidence.filter(source__basis="firsthand").order_by("created_at")
    return Verdict(cast, claim, first, second)


@pytest.fixture
def verdict(cast: Cast) -> Verdict:
    return kept_verdict(cast)


def _evidence(**fields: Any) -> Callable[[Verdict, Effects], object]:
    return lambda v, effects: change_evidence(
        evidence=v.first, fields=EvidenceInput(**fields), effects=effects, by=v.cast.editor
    )


def _source(**fields: Any) -> Callable[[Verdict, Effects], object]:
    return lambda v, effects: change_source(
        source=v.source, fields=SourceInput(**fields), effects=effects, by=v.cast.editor
    )


def _actor(**fields: Any) -> Callable[[Verdict, Effects], object]:
    return lambda v, effects: change_actor(
        actor=v.publisher, fields=ActorInput(**fields), effects=effects, by=v.cast.editor
    )


def _edit(fields: Callable[[Verdict], dict[str, Any]]) -> Callable[[Verdict, Effects], object]:
    return lambda v, effects: edit_claim(
        claim=v.claim, fields=ClaimInput(**fields(v)), effects=effects, by=v.cast.editor
    )


def _made_a_party_outright(v: Verdict, effects: Effects) -> object:
    return change_actor(actor=v.publisher, fields=ActorInput(part_of=v.party.pk), effects=effects, by=v.cast.editor)


def _same_publisher(v: Verdict, effects: Effects) -> object:
    fields = SourceInput(publisher=v.second.source.publisher_id)
    return change_source(source=v.source, fields=fields, effects=effects, by=v.cast.editor)


def _superseded(v: Verdict, effects: Effects) -> object:
    later = factories.source(v.cast, publisher=v.publisher, published_at=timezone.now() + timedelta(hours=1))
    item = factories.attach(v.cast, v.claim, later, "context")
    return change_evidence(
        evidence=v.first, fields=EvidenceInput(superseded_by=item.pk), effects=effects, by=v.cast.editor
    )


def _found_dependent(v: Verdict, effects: Effects) -> object:
    """What it says it saw, it has from the other source: the relay first, which by itself takes nothing away."""
    if not v.source.upstream_relays.exists():
        add_relay(downstream=v.source, upstream=v.second.source_id, by=v.cast.editor)
    return change_source(
        source=fresh(v.source), fields=SourceInput(basis="secondhand"), effects=effects, by=v.cast.editor
    )


def _traced(v: Verdict) -> Relay:
    """The first source has it from a witness, which carries the verdict as well."""
    if (made := v.source.upstream_relays.first()) is not None:
        return made
    witness = factories.source(v.cast, publisher=factories.actor(v.cast), basis="firsthand")
    relay: Relay = add_relay(downstream=v.source, upstream=witness.pk, by=v.cast.editor).row
    change_source(source=fresh(v.source), fields=SourceInput(basis="secondhand"), by=v.cast.editor)
    return relay


def _relay_removed(v: Verdict, effects: Effects) -> object:
    return remove_relay(relay=_traced(v), effects=effects, by=v.cast.editor)


def _another_claimant(v: Verdict, effects: Effects) -> object:
    """Said to be the claimant's own, with the threshold set: else one more voice than the claimant's would do."""
    set_threshold(claim=v.claim, fields=ThresholdInput(threshold=2, reason="Two, whoever says it."), by=v.cast.editor)
    return edit_claim(claim=v.claim, fields=ClaimInput(claimant=v.publisher.pk), effects=effects, by=v.cast.editor)


CHANGES: dict[str, Callable[[Verdict, Effects], object]] = {
    "retracted": lambda v, effects: retract_source(
        source=v.source, reason="Taken back.", effects=effects, by=v.cast.editor
    ),
    "source regraded": _source(reliability="E"),
    "publisher regraded": _actor(reliability="E"),
    "found dependent": _found_dependent,
    "relay removed": _relay_removed,
    "basis of the source": _source(basis="unknown"),
    "basis of the evidence": _evidence(basis="secondhand"),
    "publisher": _same_publisher,
    "part of a party": _made_a_party_outright,
    "a party": _edit(lambda v: {"parties": [v.party.pk, v.publisher.pk]}),
    "claimant": _another_claimant,
    "also claimed by": _edit(lambda v: {"also_claimed_by": [v.publisher.pk]}),
    "stance": _evidence(stance="context"),
    "credibility": _evidence(credibility=5),
    "withdrawn": lambda v, effects: withdraw_evidence(
        evidence=v.first, reason="Wrong.", effects=effects, by=v.cast.editor
    ),
    "superseded": _superseded,
    "evidence restricted": _evidence(visibility="restricted"),
    "source restricted": _source(visibility="restricted"),
    "threshold of the claim": lambda v, effects: set_threshold(
        claim=v.claim, fields=ThresholdInput(threshold=3, reason="Too little."), effects=effects, by=v.cast.editor
    ),
    "policy of the desk": lambda v, effects: change_policy(
        desk=v.cast.desk, edit=DeskEdit({"min_independence": 3}), effects=effects, by=v.cast.editor
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_states_md_lists_is_asked_about_tried_and_done(verdict: Verdict, name: str) -> None:
    """Refused until the person agrees, without a trace of a dry run, and flagged at once when it is done."""
    change, reference = CHANGES[name], verdict.claim.reference
    with pytest.raises(Unconfirmed) as asked:
        change(verdict, Effects(agreed=()))
    tried = Effects(dry_run=True)
    change(verdict, tried)
    assert (asked.value.agreement, fresh(verdict.claim).support_lost) == (reference, False)
    done = Effects(agreed=asked.value.agreement.split())
    change(verdict, done)
    row = fresh(verdict.claim)
    told = [(effect.reference, effect.loses_support) for effect in done.shown]
    assert (row.support_lost, row.state, told, tried.shown) == (True, "corroborated", [(reference, True)], done.shown)


@pytest.mark.parametrize("composed", [False, True], ids=["the relay", "attached with the relay"])
def test_a_relay_to_a_witness_gives_support_back(verdict: Verdict, composed: bool) -> None:
    by, effects = verdict.cast.editor, Effects(agreed=())
    change_source(source=verdict.source, fields=SourceInput(basis="secondhand"), by=by)
    assert fresh(verdict.claim).support_lost
    witness = factories.source(verdict.cast, publisher=factories.actor(verdict.cast), basis="firsthand")
    if composed:
        attach_source(
            claim=fresh(verdict.claim),
            carrier=CarrierInput(source=verdict.source.pk, upstream=witness.pk),
            evidence=EvidenceInput(stance="context"),
            effects=effects,
            by=by,
        )
    else:
        add_relay(downstream=fresh(verdict.source), upstream=witness.pk, effects=effects, by=by)
    assert ([effect.regains_support for effect in effects.shown], fresh(verdict.claim).support_lost) == ([True], False)


def test_dates_of_part_of_count(verdict: Verdict) -> None:
    by = verdict.cast.editor
    tomorrow = timezone.now().date() + timedelta(days=1)
    fields = ActorInput(part_of=verdict.party.pk, part_of_from=tomorrow)
    assert change_actor(actor=verdict.publisher, fields=fields, by=by).effects == []
    (effect,) = change_actor(actor=verdict.publisher, fields=ActorInput(part_of_from=date(2020, 1, 1)), by=by).effects
    assert (effect.loses_support, fresh(verdict.claim).support_lost) == (True, True)


def test_ownership_and_a_correction_take_nothing_away_and_ask_nothing(verdict: Verdict) -> None:
    by, effects = verdict.cast.editor, Effects(agreed=())
    change_actor(actor=verdict.publisher, fields=ActorInput(owned_by=verdict.party.pk), effects=effects, by=by)
    correct_source(source=verdict.source, reason="A date was wrong.", effects=effects, by=by)
    assert (effects.shown, fresh(verdict.claim).support_lost) == ([], False)


def test_a_denied_claim_loses_its_support_too(cast: Cast) -> None:
    claim = factories.claim_in(cast, "denied")
    withdraw_evidence(evidence=claim.evidence.get(stance="denies"), reason="Misread.", by=cast.editor)
    assert (fresh(claim).state, fresh(claim).support_lost) == ("denied", True)


def test_a_refuted_claim_loses_its_support_too(cast: Cast) -> None:
    claim = factories.claim_in(cast, "refuted")
    source = claim.evidence.filter(stance="refutes")[0].source
    retract_source(source=source, reason="Taken back.", by=cast.editor)
    assert fresh(claim).support_lost


def test_who_agreed_to_one_loss_is_asked_about_another(verdict: Verdict) -> None:
    other = factories.claim_in(verdict.cast, "corroborated")
    with pytest.raises(Unconfirmed) as asked:
        CHANGES["policy of the desk"](verdict, Effects(agreed=[other.reference]))
    assert set(asked.value.agreement.split()) == {verdict.claim.reference, other.reference}


def _on_another_desk(cast: Cast, publisher: Actor) -> Claim:
    source = create_source(
        desk=cast.other_desk,
        fields=SourceInput(title="Theirs", publisher=publisher.pk, basis="firsthand"),
        by=cast.stranger,
        capture=False,
    )
    fields = ClaimInput(statement="A ship came in.")
    evidence = [EvidenceInput(source=source.pk, stance="supports")]
    return report_claim(desk=cast.other_desk, fields=fields, evidence=evidence, by=cast.stranger)


def test_nobody_is_told_of_claims_of_another_desk(cast: Cast) -> None:
    """A shared actor reaches claims of all desks; its administrator, here a reviewer of one, is told of that one's."""
    set_role(desk=cast.desk, user=cast.admin, role=Role.REVIEWER, by=None)
    shared = create_actor(desk=None, fields=ActorInput(name="Everywhere", kind="outlet"), by=cast.admin)
    theirs = _on_another_desk(cast, shared)
    ours = factories.claim(cast)
    factories.attach(cast, ours, factories.source(cast, publisher=shared, basis="firsthand"))
    tried = Effects(dry_run=True)
    change_actor(actor=shared, fields=ActorInput(reliability="E"), effects=tried, by=cast.admin)
    change_actor(actor=shared, fields=ActorInput(reliability="E"), by=cast.admin)
    assert ([effect.reference for effect in tried.shown], fresh(theirs).independence_min) == ([ours.reference], 0)


def test_what_is_restricted_is_in_no_dry_run(cast: Cast) -> None:
    claim = factories.claim_in(cast, "corroborated")
    source = factories.source(cast, publisher=factories.actor(cast), basis="firsthand")
    factories.attach(cast, claim, source, "refutes", by=cast.editor, visibility="restricted")
    tried = Effects(dry_run=True)
    retract_source(source=source, reason="Taken back.", effects=tried, by=cast.editor)
    assert (tried.shown, tried.later) == ([], 0)

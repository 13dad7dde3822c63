"""Two at once, with real threads and PostgreSQL: one wins, nothing is lost, and no verdict stands on what is gone."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from claims.actions.claims import edit_claim, move_alone, report_claim
from claims.actions.evidence import attach_evidence, withdraw_evidence
from claims.actions.recomputing import lease_recomputations, recompute_leased
from claims.actions.sources import add_relay, change_actor, change_source, retract_source
from claims.inputs import ClaimInput, EvidenceInput, MoveInput
from claims.models import Claim, Evidence, Revision, StatusChange
from claims.tasks import recompute_claims
from claims.verdicts.evidence_graph import of_claim
from claims.verdicts.graph_loading import last_change, load_evidence_graph
from claims.verdicts.policy import holds
from claims.verdicts.support import lock_graph
from house.errors import Conflict, Forbidden, Invalid, Stale
from house.leases import Lease
from house.seen import SeenValues
from reviews.actions.assessments import approve, reject, submit_assessment
from reviews.actions.assignments import accept_assignment, assign, name_decider
from reviews.actions.reminders import lease_due_reminders, send_reminder
from reviews.inputs import AssessmentInput
from reviews.models import Assessment, Assignment, Decision, Reminder
from sources.inputs import ActorInput, SourceInput
from sources.models import Relay
from tests import factories
from tests.factories import Cast
from tests.threads import refusals, together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5
# Before, with and after the other.
HEADSTARTS = [0.0, 0.0, 0.0, 0.02, 0.05]


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return factories.cast()


def _waiting(people: Cast, state: str = "corroborated") -> Assessment:
    claim = factories.claim(people)
    factories.firsthand(people, claim, 2, stance="supports" if state == "corroborated" else "refutes")
    return factories.assessment(people, claim, state)


def _a_witness(assessment: Assessment) -> Evidence:
    """One of the two pieces of evidence without which the assessment does not hold."""
    return assessment.evidence.filter(source__basis="firsthand")[0]


def _version(claim: Claim) -> int:
    return Claim.objects.values_list("version", flat=True).get(pk=claim.pk)


def test_two_people_decide_at_once(people: Cast) -> None:
    for _ in range(ROUNDS):
        assessment = _waiting(people)
        claim = assessment.claim
        name_decider(claim=claim, user=people.reviewer2, by=people.editor)
        decide = partial(approve, assessment=assessment, reason="Yes.", seen_version=_version(claim))
        outcomes = together(partial(decide, by=people.editor), partial(decide, by=people.reviewer2))
        assert refusals(outcomes) == [Stale]
        assert Decision.objects.filter(assessment=assessment).count() == 1
        assert StatusChange.objects.filter(claim=claim).count() == 2


def test_one_approves_while_the_other_rejects(people: Cast) -> None:
    for _ in range(ROUNDS):
        assessment = _waiting(people)
        claim = assessment.claim
        name_decider(claim=claim, user=people.reviewer2, by=people.editor)
        seen = {"assessment": assessment, "reason": "So.", "seen_version": _version(claim)}
        outcomes = together(
            partial(approve, **seen, by=people.editor),  # type: ignore[arg-type]  # the three are what both take
            partial(reject, **seen, by=people.reviewer2),  # type: ignore[arg-type]
        )
        assert len(refusals(outcomes)) == 1
        decision = Decision.objects.get(assessment=assessment)
        claim.refresh_from_db()
        assert claim.state == ("corroborated" if decision.approved else "reported")


def test_approving_ones_own_beside_the_editor(people: Cast) -> None:
    for _ in range(ROUNDS):
        assessment = _waiting(people)
        decide = partial(approve, assessment=assessment, reason="Yes.", seen_version=_version(assessment.claim))
        outcomes = together(partial(decide, by=people.reviewer), partial(decide, by=people.editor))
        assert [type(outcomes[0]), type(outcomes[1])] == [Forbidden, Assessment]
        assert Decision.objects.get(assessment=assessment).decided_by == people.editor


@pytest.mark.parametrize("state", ["corroborated", "refuted"])
def test_a_retraction_and_an_approval_pass_each_other(people: Cast, state: str) -> None:
    approved_first = retracted_first = 0
    for headstart in HEADSTARTS:
        for approval_leads in (True, False):
            assessment = _waiting(people, state)
            claim = assessment.claim
            source = _a_witness(assessment).source
            approval = partial(
                approve, assessment=assessment, reason="Yes.", seen_version=_version(claim), by=people.editor
            )
            retraction = partial(retract_source, source=source, reason="It was taken back.", by=people.editor)
            acts: list[Callable[[], Any]] = [approval, retraction] if approval_leads else [retraction, approval]
            outcomes = together(*acts, headstart=headstart)
            claim.refresh_from_db()
            if refusals(outcomes):
                assert refusals(outcomes) == [Stale]
                assert (claim.state, claim.support_lost) == ("reported", False)
                retracted_first += 1
            else:
                assert (claim.state, claim.support_lost) == (state, True)
                approved_first += 1
            assert _honest(claim)
    assert approved_first
    assert retracted_first


def _honest(claim: Claim) -> bool:
    """Whether a claim says 'support lost' exactly where its state no longer holds."""
    last = last_change(claim)
    assert last is not None
    return claim.support_lost is not holds(load_evidence_graph(claim), last)


@pytest.mark.parametrize("leads", [True, False])
def test_evidence_is_withdrawn_while_it_is_approved(people: Cast, leads: bool) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        claim = assessment.claim
        approval = partial(
            approve, assessment=assessment, reason="Yes.", seen_version=_version(claim), by=people.editor
        )
        fallen = partial(withdraw_evidence, evidence=_a_witness(assessment), reason="Not so.", by=people.reviewer2)
        acts: list[Callable[[], Any]] = [approval, fallen] if leads else [fallen, approval]
        outcomes = together(*acts, headstart=headstart)
        claim.refresh_from_db()
        assert refusals(outcomes) in ([], [Stale])
        assert (claim.state, claim.support_lost) == (
            ("corroborated", True) if not refusals(outcomes) else ("reported", False)
        )
        assert _honest(claim)


@pytest.mark.parametrize("leads", [True, False])
def test_a_refutation_is_attached_while_the_claim_is_approved(people: Cast, leads: bool) -> None:
    """Both hold the graph together and meet at the claim's row: what was there first, the approver has seen."""
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        claim = assessment.claim
        against = factories.source(people, publisher=factories.actor(people), basis="firsthand")
        approval = partial(
            approve, assessment=assessment, reason="Yes.", seen_version=_version(claim), by=people.editor
        )
        fields = EvidenceInput(source=against.pk, stance="refutes")
        attached = partial(attach_evidence, claim=claim, fields=fields, by=people.reviewer2)
        acts: list[Callable[[], Any]] = [approval, attached] if leads else [attached, approval]
        refused = refusals(together(*acts, headstart=headstart))
        kinds = Revision.objects.filter(claim=claim).order_by("version").values_list("kind", flat=True)
        order = [kind for kind in kinds if kind in ("moved", "attached")][-2:]
        assert refused in ([], [Stale])
        assert _fresh_state(claim) == ("reported" if refused else "corroborated")
        assert order == (["attached", "attached"] if refused else ["moved", "attached"])


def _fresh_state(claim: Claim) -> str:
    return Claim.objects.values_list("state", flat=True).get(pk=claim.pk)


def test_a_publisher_turns_out_to_be_a_partys_while_its_word_is_approved(people: Cast) -> None:
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        claim = assessment.claim
        publisher = _a_witness(assessment).source.publisher
        assert publisher is not None
        party = claim.parties.all()[0]
        outcomes = together(
            partial(change_actor, actor=publisher, fields=ActorInput(part_of=party.pk), by=people.reviewer2),
            partial(approve, assessment=assessment, reason="Yes.", seen_version=_version(claim), by=people.editor),
            headstart=headstart,
        )
        claim.refresh_from_db()
        assert refusals(outcomes) in ([], [Stale])
        assert _honest(claim)


def test_two_relays_that_together_would_close_a_cycle(people: Cast) -> None:
    for _ in range(ROUNDS):
        first, second = factories.source(people), factories.source(people)
        outcomes = together(
            partial(add_relay, downstream=first, upstream=second.pk, by=people.reviewer),
            partial(add_relay, downstream=second, upstream=first.pk, by=people.reviewer2),
        )
        assert refusals(outcomes) == [Invalid]
        assert Relay.objects.filter(downstream__in=[first, second]).count() == 1


def test_three_relays_that_together_would_close_a_cycle(people: Cast) -> None:
    for _ in range(ROUNDS):
        sources = [factories.source(people) for _number in range(3)]
        outcomes = together(
            *(
                partial(add_relay, downstream=sources[number], upstream=sources[number - 1].pk, by=people.editor)
                for number in range(3)
            )
        )
        assert refusals(outcomes) == [Invalid]
        assert Relay.objects.filter(downstream__in=sources).count() == 2


def test_two_actors_cannot_each_become_part_of_the_other(people: Cast) -> None:
    for _ in range(ROUNDS):
        first, second = factories.actor(people), factories.actor(people)
        outcomes = together(
            partial(change_actor, actor=first, fields=ActorInput(part_of=second.pk), by=people.reviewer),
            partial(change_actor, actor=second, fields=ActorInput(part_of=first.pk), by=people.reviewer2),
        )
        assert refusals(outcomes) == [Invalid]


def test_two_edits_on_one_version(people: Cast) -> None:
    for number in range(ROUNDS):
        claim = factories.claim(people)
        edit = partial(edit_claim, claim=claim, seen=SeenValues(version=claim.version))
        outcomes = together(
            partial(edit, fields=ClaimInput(statement=f"First {number}."), by=people.reviewer),
            partial(edit, fields=ClaimInput(statement=f"Second {number}."), by=people.reviewer2),
        )
        (late,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert isinstance(late, Stale)
        winner = "reviewer" if outcomes[1] is late else "reviewer2"
        assert late.changes == [f"{winner} changed this while you were editing: statement."]
        assert _version(claim) == 2


def test_two_record_the_same_denial(people: Cast) -> None:
    for _ in range(ROUNDS):
        claim = factories.claim(people)
        denial = factories.party_denial(people, claim)
        factories.assigned(people, claim)
        move = partial(
            move_alone,
            claim=claim,
            fields=MoveInput(to="denied", reason="So.", evidence=[denial.pk], seen_version=_version(claim)),
        )
        outcomes = together(partial(move, by=people.reviewer), partial(move, by=people.editor))
        assert refusals(outcomes) == [Stale]
        assert StatusChange.objects.filter(claim=claim).count() == 2


def test_two_reports_at_once_get_numbers_of_their_own(people: Cast) -> None:
    source = factories.source(people)
    report = partial(
        report_claim,
        desk=people.desk,
        fields=ClaimInput(statement="A ship came in."),
        evidence=[EvidenceInput(source=source.pk, stance="supports")],
    )
    outcomes = together(*(partial(report, by=by) for by in (people.reporter, people.reviewer, people.editor) * 3))
    assert refusals(outcomes) == []
    assert {claim.reference for claim in outcomes} == {f"UKR-{number}" for number in range(1, 10)}


def test_one_assessor_hands_in_twice_at_once(people: Cast) -> None:
    for _ in range(ROUNDS):
        first = _waiting(people)
        again: dict[str, Any] = {
            "claim": first.claim,
            "fields": AssessmentInput(
                proposed_state="corroborated",
                rationale="Once more.",
                evidence=[item.pk for item in first.evidence.all()],
                seen_version=_version(first.claim),
            ),
            "by": people.reviewer,
        }
        outcomes = together(partial(submit_assessment, **again), partial(submit_assessment, **again))
        assert refusals(outcomes) == []
        states = Assessment.objects.filter(claim=first.claim).order_by("state").values_list("state", flat=True)
        assert list(states) == ["replaced", "replaced", "waiting"]


def test_a_claim_is_given_to_one_person_once(people: Cast) -> None:
    for _ in range(ROUNDS):
        claim = factories.claim(people)
        give = partial(assign, claim=claim, reviewer=people.reviewer, by=people.editor)
        assert refusals(together(give, give)) == [Conflict]
        assert Assignment.objects.filter(claim=claim).count() == 1


def test_what_is_offered_is_accepted_once(people: Cast) -> None:
    for _ in range(ROUNDS):
        offered = factories.assigned(people, factories.claim(people), accepted=False)
        take = partial(accept_assignment, assignment=offered, by=people.reviewer)
        assert refusals(together(take, take)) == [Conflict]


def test_two_workers_lease_each_reminder_once(people: Cast) -> None:
    for _ in range(6):
        factories.assigned(people, factories.claim(people))
    later = timezone.now() + timedelta(days=30)
    outcomes = together(*(partial(lease_due_reminders, now=later) for _ in range(4)))
    assert refusals(outcomes) == []
    leased = [lease.row for leases in outcomes for lease in leases]
    assert sorted(leased) == sorted(Reminder.objects.values_list("pk", flat=True))


def test_a_decision_waits_for_a_change_of_the_graph_and_not_for_another_decision(people: Cast) -> None:
    """Decisions take the graph's lock shared: on one desk many may decide at once, while nobody changes it."""
    first, second = _waiting(people), _waiting(people)
    with transaction.atomic():
        lock_graph(people.desk.pk, shared=True)
        decide = partial(approve, reason="Yes.", by=people.editor)
        (outcome,) = together(partial(decide, assessment=first, seen_version=_version(first.claim)))
        assert isinstance(outcome, Assessment)
    with transaction.atomic():
        lock_graph(people.desk.pk)

        def impatient() -> Any:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            return decide(assessment=second, seen_version=_version(second.claim))

        (outcome,) = together(impatient)
        assert "lock timeout" in str(outcome)


def test_an_assessment_is_decided_while_those_who_may_decide_are_told(people: Cast) -> None:
    """Whichever goes first: no reminder of a decided assessment is left to be sent, and each has ended once."""
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        role_row = Reminder.objects.get(assessment=assessment, recipient=None, state="pending")
        Reminder.objects.filter(pk=role_row.pk).update(attempt=1)
        decide = partial(
            approve, assessment=assessment, reason="Yes.", seen_version=_version(assessment.claim), by=people.editor
        )
        outcomes = together(partial(send_reminder, Lease(role_row.pk, 1)), decide, headstart=headstart)
        assert refusals(outcomes) == []
        assert not Reminder.objects.filter(assessment=assessment, state="pending").exists()


def test_a_claim_is_recomputed_while_its_source_changes(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """However they meet: once nothing waits any more, the numbers are those of the graph."""
    monkeypatch.setattr("claims.verdicts.support.AT_ONCE", 0)
    claim = factories.claim(people)
    source = factories.firsthand(people, claim, 1)[0].source
    for basis in ("unknown", "firsthand", "unknown", "firsthand", "unknown"):
        change = partial(change_source, source=source, fields=SourceInput(basis=basis), by=people.editor)
        assert refusals(together(change, recompute_claims, recompute_claims)) == []
        while leases := lease_recomputations(now=timezone.now() + timedelta(days=1)):
            for lease in leases:
                recompute_leased(lease)
        row = Claim.objects.get(pk=claim.pk)
        found = of_claim(load_evidence_graph(row))
        assert (row.independence_min, row.independence_max) == (found.min, found.max)
        assert row.independence_min == int(basis == "firsthand")


def test_a_role_whose_lease_ran_out_is_replaced_by_people_once(people: Cast) -> None:
    """The worker that was thought dead, and the one that took its row, at once."""
    for headstart in HEADSTARTS:
        assessment = _waiting(people)
        role_row = Reminder.objects.get(assessment=assessment, recipient=None, state="pending")
        Reminder.objects.filter(pk=role_row.pk).update(attempt=1, lease_until=timezone.now() - timedelta(seconds=1))

        def take_and_send() -> list[Any]:
            return [send_reminder(lease) for lease in lease_due_reminders()]

        outcomes = together(partial(send_reminder, Lease(role_row.pk, 1)), take_and_send, headstart=headstart)
        assert refusals(outcomes) == []
        for lease in lease_due_reminders(now=timezone.now() + timedelta(minutes=10)):
            send_reminder(lease)
        rows = Reminder.objects.filter(assessment=assessment, recipient=people.editor)
        assert (rows.count(), Reminder.objects.get(pk=role_row.pk).state) == (1, "sent")

"""Verification finds what disagrees in a claim, in spite of all guards."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db.models import F
from django.utils import timezone

from claims.actions.actors import merge_actors
from claims.actions.claims import report_claim
from claims.inputs import ClaimInput, EvidenceInput, MergeInput
from claims.models import Bundle, Claim, Evidence, Revision, StatusChange, Task
from house.integrity import IntegrityMismatch
from sources.models import Actor, Source
from tests import factories
from tests.factories import Cast
from tests.integrity.looking import found, found_both_ways, named

Execute = Callable[..., None]
Unguarded = Callable[[], AbstractContextManager[None]]
BY = F("by_id")  # who proposed it


def test_nothing_is_found_in_what_people_did(cast: factories.Cast) -> None:
    for state in ("reported", "denied", "corroborated", "refuted"):
        factories.claim_in(cast, state)
    waiting = factories.claim(cast, elements=["Unloaded", "At night"])
    factories.firsthand(cast, waiting, 2)
    factories.assessment(cast, waiting, "corroborated")
    assert found() == []


def test_a_state_that_is_not_that_of_the_last_status_change(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_claim SET state = 'denied' WHERE id = %s", verdict.pk)
    assert found()[0] == IntegrityMismatch(
        "state is that of the last status change", verdict.reference, "corroborated (status change 2)", "denied"
    )


def test_a_status_change_that_the_claim_does_not_know_of(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_claim SET last_seq = 1, state = 'reported' WHERE id = %s", verdict.pk)
    assert [str(finding) for finding in found() if finding.check == "last status change"] == [
        f"last status change: {verdict.reference}: expected last status change 2, found 1"
    ]


def test_a_gap_in_the_history(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_statuschange SET seq = 3 WHERE claim_id = %s AND seq = 2", verdict.pk)
    assert [finding.found for finding in found() if finding.check == "status changes without a gap"] == [
        "3 from reported"
    ]


def test_a_history_that_does_not_start_where_it_stood(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_statuschange SET from_state = 'denied' WHERE claim_id = %s AND seq = 2", verdict.pk)
    assert [finding.expected for finding in found() if finding.check == "status changes without a gap"] == [
        "status change 2 from reported"
    ]


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("to_state", "reported", "status_change_is_a_move"),
        ("decided_by_id", BY, "status_change_second_person"),
        ("decided_by_id", None, "status_change_second_person"),
        ("evidence", [], "status_change_rests_on_evidence"),
    ],
)
def test_a_move_that_is_not_in_the_table(
    verdict: Claim, unguarded: Unguarded, execute: Execute, column: str, value: object, constraint: str
) -> None:
    execute(f"ALTER TABLE claims_statuschange DROP CONSTRAINT {constraint}")
    with unguarded():
        StatusChange.objects.filter(claim=verdict, seq=2).update(**{column: value})
    assert [finding.subject for finding in found() if finding.check == "move in the table"] == [
        f"{verdict.reference} status change 2"
    ]


def test_a_lone_move_that_somebody_decided(cast: factories.Cast, execute: Execute) -> None:
    claim = factories.claim_in(cast, "denied")
    execute("ALTER TABLE claims_statuschange DROP CONSTRAINT status_change_alone")
    execute("UPDATE claims_statuschange SET decided_by_id = %s WHERE claim_id = %s", cast.auditor.pk, claim.pk)
    assert {finding.subject for finding in found() if finding.check == "move in the table"} == {
        f"{claim.reference} status change 1",
        f"{claim.reference} status change 2",
    }


def test_a_status_change_that_the_ledger_does_not_have(verdict: Claim, execute: Execute) -> None:
    execute("DELETE FROM ledger_outbox")
    execute("DELETE FROM accounts_act")
    execute("DELETE FROM ledger_secret")
    execute("DELETE FROM ledger_entry WHERE kind = 'status_changed' AND stream = %s", f"claim:{verdict.pk}")
    told = [str(finding) for finding in found_both_ways() if "status_changed" in finding.expected]
    assert told == [
        f"claims as the ledger has them: {verdict.reference} status change {number}: "
        "expected an entry status_changed, found none"
        for number in (1, 2)
    ]


def test_words_and_graph_of_a_status_change_that_are_gone(verdict: Claim, execute: Execute) -> None:
    execute("DELETE FROM claims_statuschangetext WHERE claim_id = %s AND seq = 2", verdict.pk)
    execute("DELETE FROM claims_statuschangegraph WHERE claim_id = %s AND seq = 1", verdict.pk)
    assert [(finding.check, finding.subject, finding.found) for finding in found()] == [
        ("status change with its words", f"{verdict.reference} status change 2", "none"),
        ("status change with its graph", f"{verdict.reference} status change 1", "none"),
    ]


def test_a_graph_that_was_altered(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_statuschangegraph SET graph = graph || ' ' WHERE claim_id = %s AND seq = 2", verdict.pk)
    digest = StatusChange.objects.get(claim=verdict, seq=2).graph_digest
    assert [(finding.check, finding.expected) for finding in found()] == [
        ("status change with its graph", f"a graph of SHA-256 {digest}")
    ]


def test_a_status_change_on_evidence_of_another_claim(cast: factories.Cast, verdict: Claim, execute: Execute) -> None:
    other = factories.claim(cast)
    execute(
        "UPDATE claims_statuschange SET evidence = %s WHERE claim_id = %s AND seq = 1",
        [other.evidence.get().pk],
        verdict.pk,
    )
    assert named(found()) == {"status change on evidence of the claim"}


def test_a_version_without_its_revision(verdict: Claim) -> None:
    Revision.objects.filter(claim=verdict, version=2).delete()
    assert named(found()) == {"version with its revisions"}


@pytest.mark.parametrize("reference", ["UKR-99", "UKR-0", "XXX-1", "UKR-1b"])
def test_a_reference_that_the_desk_did_not_give(verdict: Claim, reference: str) -> None:
    Claim.objects.filter(pk=verdict.pk).update(reference=reference)
    assert [(finding.check, finding.subject) for finding in found()] == [("reference of the desk", reference)]


def test_a_reference_of_two_claims(cast: factories.Cast, verdict: Claim, execute: Execute) -> None:
    other = factories.claim(cast)
    execute("ALTER TABLE claims_claim DROP CONSTRAINT claims_claim_reference_key")
    Claim.objects.filter(pk=other.pk).update(reference=verdict.reference)
    assert named(found()) == {"reference once"}


def test_evidence_and_elements_from_elsewhere(
    cast: factories.Cast, verdict: Claim, unguarded: Callable[[], AbstractContextManager[None]]
) -> None:
    other = factories.claim(cast, elements=["By night"])
    item = verdict.evidence.first()
    assert item is not None
    with unguarded():
        item.elements.add(other.elements.get())
    assert named(found()) >= {"all on one desk"}


def test_evidence_of_another_desk(cast: factories.Cast, verdict: Claim) -> None:
    item = verdict.evidence.first()
    assert item is not None
    Source.objects.filter(pk=item.source_id).update(desk=cast.other_desk)
    assert "all on one desk" in named(found())


def test_evidence_that_is_less_strict_than_its_source(
    verdict: Claim, unguarded: Callable[[], AbstractContextManager[None]]
) -> None:
    with unguarded():
        Evidence.objects.filter(claim=verdict).update(visibility="public")
    wrong = [(finding.expected, finding.found) for finding in found() if "strict" in finding.expected]
    assert wrong == [("at least as strict as desk", "public")] * 3


@pytest.mark.parametrize("change", [{"visibility": "restricted"}, {"claim": None}, {"withdrawn": True}])
def test_evidence_superseded_by_what_others_do_not_see(
    cast: factories.Cast,
    verdict: Claim,
    change: dict[str, object],
    unguarded: Callable[[], AbstractContextManager[None]],
) -> None:
    earlier, later = verdict.evidence.order_by("created_at")[:2]
    other = factories.claim(cast)
    changes: dict[str, object] = {"visibility": "restricted"}
    if "claim" in change:
        changes = {"claim": other}
    elif "withdrawn" in change:
        changes = {"withdrawn_at": verdict.created_at, "withdrawn_by": cast.editor}
    with unguarded():
        Evidence.objects.filter(pk=earlier.pk).update(superseded_by=later)
        Evidence.objects.filter(pk=later.pk).update(**changes)
    assert "superseded by what others see" in named(found())


def test_a_restricted_actor_as_claimant_and_one_of_another_desk_as_party(
    cast: factories.Cast, verdict: Claim, unguarded: Callable[[], AbstractContextManager[None]]
) -> None:
    claimant = verdict.claimant
    assert claimant is not None
    party = verdict.parties.exclude(pk=claimant.pk).get()
    with unguarded():
        Actor.objects.filter(pk=claimant.pk).update(visibility="restricted")
        Actor.objects.filter(pk=party.pk).update(desk=cast.other_desk)
    wrong = [finding.found for finding in found() if finding.check == "actors that everybody may see"]
    assert sorted(wrong) == sorted([f"actor {claimant.pk}, restricted"] * 2 + [f"actor {party.pk}, of another desk"])


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("independence_min", 1, "1–2 of 2"),
        ("independence_max", 3, "2–3 of 2"),
        ("threshold", 1, "2–2 of 1"),
        ("contested", True, "2–2 of 2 contested"),
    ],
)
def test_numbers_that_are_not_those_of_the_evidence(verdict: Claim, field: str, value: object, wrong: str) -> None:
    Claim.objects.filter(pk=verdict.pk).update(**{field: value})
    assert found() == [IntegrityMismatch("numbers are those of the evidence", verdict.reference, "2–2 of 2", wrong)]


def test_lost_support_that_the_claim_does_not_say(
    verdict: Claim, unguarded: Callable[[], AbstractContextManager[None]]
) -> None:
    witness = verdict.evidence.filter(source__basis="firsthand")[0]
    with unguarded():
        Evidence.objects.filter(pk=witness.pk).update(credibility=5)
    wrong = [finding.expected for finding in found() if finding.check == "numbers are those of the evidence"]
    assert wrong == ["1–1 of 2 support lost"]


def test_a_sample_of_the_claims_is_as_large_as_asked(cast: factories.Cast) -> None:
    for _ in range(3):
        factories.claim(cast)
    Claim.objects.update(independence_max=4)
    assert len(found(sample=2)) == 2


def test_numbers_that_are_still_to_be_brought_up_to_date(verdict: Claim, execute: Execute) -> None:
    Claim.objects.filter(pk=verdict.pk).update(contested=True)
    execute(
        "INSERT INTO claims_recomputation (claim_id, asked_at, attempt) VALUES (%s, now() - interval '1 hour', 0)",
        verdict.pk,
    )
    assert named(found()) == {"recomputed in time"}


def test_lost_support_without_a_task(verdict: Claim) -> None:
    Claim.objects.filter(pk=verdict.pk).update(support_lost_at=verdict.created_at)
    assert [finding.found for finding in found() if finding.check == "task for lost support"] == ["0 open tasks"]


def test_a_task_without_lost_support(verdict: Claim) -> None:
    now = verdict.created_at
    Task.objects.create(claim=verdict, kind="support_lost", opened_at=now, due_at=now, reminders_follow=True)
    assert [str(finding) for finding in found()] == [
        f"task for lost support: {verdict.reference}: expected a task for lost support while it is lost, "
        "found 1 open tasks"
    ]


def test_search_words_of_another_text(verdict: Claim, execute: Execute) -> None:
    for table in ("claims_claim", "sources_source"):
        execute(f"ALTER TABLE {table} ALTER COLUMN words DROP EXPRESSION")
    execute("UPDATE claims_claim SET words = to_tsvector('simple', 'other') WHERE id = %s", verdict.pk)
    execute("UPDATE sources_source SET words = NULL WHERE id = %s", verdict.evidence.all()[0].source_id)
    assert [(finding.check, finding.subject) for finding in found()] == [
        ("search words of claims", verdict.reference),
        ("search words of sources", f"source {verdict.evidence.all()[0].source_id}"),
    ]


def test_an_actor_that_was_merged_and_is_named_still(cast: factories.Cast, verdict: Claim, execute: Execute) -> None:
    merged, remains = factories.actor(cast), factories.actor(cast)
    merge_actors(actor=merged, fields=MergeInput(into=remains.pk, reason="The same."), by=cast.editor)
    assert found() == []
    source = factories.source(cast)
    execute("UPDATE sources_source SET publisher_id = %s WHERE id = %s", merged.pk, source.pk)
    execute("DELETE FROM claims_actormerge")
    check = "actor that was merged is named by nothing"
    assert found() == [
        IntegrityMismatch(
            check, f"source {source.pk}", f"actor {remains.pk}", f"actor {merged.pk}, which was merged into it"
        ),
        IntegrityMismatch("actor merged on record", f"actor {merged.pk}", "who merged it, and why", "nothing"),
    ]


@pytest.mark.parametrize(
    ("hours", "state", "expected"),
    [(1, "waiting", ["begun"]), (26, "done", ["forgotten after a day"]), (1, "running", []), (24, "failed", [])],
)
def test_a_bundle_that_nobody_makes_or_forgets(verdict: Claim, hours: int, state: str, expected: list[str]) -> None:
    at, ended = factories.days_ago(hours / 24), state in ("done", "failed")
    Bundle.objects.create(
        claim=verdict, by=verdict.created_by, asked_at=at, state=state, ended_at=at if ended else None
    )
    assert [finding.expected for finding in found()] == expected


def test_evidence_that_comes_with_a_claim_is_as_old_as_its_entry_says(cast: Cast) -> None:
    at_the_end_of_a_millisecond = timezone.now().replace(microsecond=999_990)
    sources = [factories.source(cast) for _number in range(20)]
    report_claim(
        desk=cast.desk,
        fields=ClaimInput(statement="A ship came in."),
        evidence=[EvidenceInput(source=source.pk, stance="supports") for source in sources],
        by=cast.reporter,
        now=at_the_end_of_a_millisecond,
    )
    assert found_both_ways() == []

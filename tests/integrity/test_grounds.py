"""Verification finds grounds that are not what they were, and verdicts that are not marked, in spite of all guards."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from claims.models import Claim, GroundsTouch, GroundsWatch
from tests import factories
from tests.integrity.looking import found, named

Execute = Callable[..., None]
Unguarded = Callable[[], AbstractContextManager[None]]


def test_a_source_that_was_changed_past_all_guards(verdict: Claim, execute: Execute) -> None:
    execute(
        "UPDATE sources_source SET url = 'https://example.org/swapped' WHERE id IN"
        " (SELECT source_id FROM claims_evidence WHERE claim_id = %s)",
        verdict.pk,
    )
    assert named(found()) >= {"watched grounds as they are"}


def test_grounds_that_were_rewritten(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_grounds SET content = jsonb_set(content, '{claim}', '{}') WHERE claim_id = %s", verdict.pk)
    assert named(found()) == {"grounds with their digest"}


def test_a_verdict_that_nobody_watches(verdict: Claim, execute: Execute) -> None:
    execute("DELETE FROM claims_groundswatch WHERE claim_id = %s", verdict.pk)
    assert [str(finding) for finding in found()] == [
        f"verdict with its grounds watched: {verdict.reference}: expected its grounds watched, found not"
    ]


def test_a_change_without_its_mark(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_groundswatch SET digest = repeat('ab', 32) WHERE claim_id = %s", verdict.pk)
    assert named(found()) == {
        *("changed since the verdict", "watched grounds as they are"),
        "changes beneath verdicts on record",
    }


def test_a_mark_without_a_change(verdict: Claim, execute: Execute) -> None:
    execute("UPDATE claims_claim SET grounds_changed_at = now() WHERE id = %s", verdict.pk)
    assert named(found()) == {"changed since the verdict", "task for what changed since the verdict"}


def test_a_change_that_nobody_followed(verdict: Claim, unguarded: Unguarded) -> None:
    with unguarded():
        GroundsTouch.objects.create(subject=verdict.pk)
    assert named(found()) == {"changes of grounds followed"}


def test_a_waiting_assessment_that_nobody_watches(cast: factories.Cast, execute: Execute) -> None:
    claim = factories.claim(cast)
    factories.firsthand(cast, claim, 2)
    factories.assessment(cast, claim, "corroborated")
    assert GroundsWatch.objects.filter(claim=claim).exists()
    execute("DELETE FROM claims_groundswatch WHERE claim_id = %s", claim.pk)
    assert named(found()) == {"waiting assessments are watched"}


def test_an_approval_of_other_grounds(verdict: Claim, execute: Execute) -> None:
    execute("DELETE FROM claims_statuschangegrounds WHERE claim_id = %s", verdict.pk)
    assert named(found()) == {"approved is what was stood for"}

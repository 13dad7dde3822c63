"""What assigning, assessing and deciding leave in the ledger. Each is called last in its action's transaction."""

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.records import person
from claims.models import Claim
from ledger.recording import last_hash, record
from reviews.models import Assessment, AssessmentState, Assignment, Decision


def assignment_recorded(kind: str, row: Assignment, *, by: User | None, now: datetime, reason: str = "") -> None:
    """A claim was given to a reviewer (`assigned`), who accepted, or it ended; or its due time changed."""
    record(
        stream=f"claim:{row.claim_id}",
        kind=kind,
        at=now,
        body={"claim": str(row.claim_id), "assignment": str(row.pk), "state": row.state},
        committed={
            "by": person(by),
            "reviewer": person(row.reviewer),
            "due_at": row.due_at.isoformat(),
            "reason": reason,
        },
    )


def decider_recorded(kind: str, claim: Claim, user: User, *, by: User | None, now: datetime) -> None:
    """Somebody was named to decide on a claim, or no longer is."""
    record(
        stream=f"claim:{claim.pk}",
        kind=kind,
        at=now,
        body={"claim": str(claim.pk)},
        committed={"by": person(by), "person": person(user)},
    )


def assessed(assessment: Assessment, *, content: dict[str, Any], now: datetime) -> None:
    """A finding was handed in. Sealed as long as it waits for a second person; else nothing is left to decide."""
    waits = assessment.state == AssessmentState.WAITING
    record(
        stream=f"assessment:{assessment.pk}" if waits else f"claim:{assessment.claim_id}",
        kind="assessed",
        at=now,
        body={"claim": str(assessment.claim_id), "assessment": str(assessment.pk)},
        committed={"by": person(assessment.assessor), "content": content},
        sealed=waits,
    )


def decided(assessment: Assessment, decision: Decision, *, now: datetime) -> None:
    """A second person agreed with a finding or sent it back: with the leaf hash of the sealed entry that holds it."""
    handed_in = last_hash(f"assessment:{assessment.pk}", sealed=True)
    record(
        stream=f"claim:{assessment.claim_id}",
        kind="decided",
        at=now,
        body={
            "claim": str(assessment.claim_id),
            "assessment": str(assessment.pk),
            "approved": decision.approved,
        },
        committed={
            "assessor": person(decision.assessor),
            "by": person(decision.decided_by),
            "reason": decision.reason,
            "finding": handed_in.hex() if handed_in else None,
        },
    )

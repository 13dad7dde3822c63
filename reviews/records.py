"""What assigning, assessing and deciding leave in the ledger. Each is called last in its action's transaction."""

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.records import person, record_act
from claims.models import Claim
from ledger.recording import last_hash
from reviews.models import Assessment, AssessmentState, Assignment, Decision


def assignment_recorded(kind: str, row: Assignment, *, by: User | None, now: datetime, reason: str = "") -> None:
    """A claim was given to a reviewer (`assigned`), who accepted, or it ended; or its due time changed."""
    record_act(
        about=f"claim:{row.claim_id}",
        kind=kind,
        desk=row.claim.desk_id,
        by=by,
        now=now,
        body={"claim": str(row.claim_id), "assignment": str(row.pk), "state": row.state},
        committed={
            "reviewer": person(row.reviewer),
            "due_at": row.due_at.isoformat(),
            "reason": reason,
        },
    )


def decider_recorded(kind: str, claim: Claim, user: User, *, by: User | None, now: datetime) -> None:
    """Somebody was named to decide on a claim, or no longer is."""
    record_act(
        about=f"claim:{claim.pk}",
        kind=kind,
        desk=claim.desk_id,
        by=by,
        now=now,
        body={"claim": str(claim.pk)},
        committed={"person": person(user)},
    )


def assessed(assessment: Assessment, *, content: dict[str, Any], now: datetime) -> None:
    """A finding was handed in. Sealed as long as it waits for a second person; else nothing is left to decide."""
    waits = assessment.state == AssessmentState.WAITING
    record_act(
        about=f"assessment:{assessment.pk}" if waits else f"claim:{assessment.claim_id}",
        kind="assessed",
        desk=assessment.claim.desk_id,
        by=assessment.assessor,
        now=now,
        body={"claim": str(assessment.claim_id), "assessment": str(assessment.pk)},
        committed={"content": content},
        sealed=waits,
    )


def decided(assessment: Assessment, decision: Decision, *, now: datetime) -> None:
    """A second person agreed with a finding or sent it back: with the leaf hash of the sealed entry that holds it."""
    handed_in = last_hash(f"assessment:{assessment.pk}", sealed=True)
    record_act(
        about=f"claim:{assessment.claim_id}",
        kind="decided",
        desk=assessment.claim.desk_id,
        by=decision.decided_by,
        now=now,
        body={
            "claim": str(assessment.claim_id),
            "assessment": str(assessment.pk),
            "approved": decision.approved,
        },
        committed={
            "assessor": person(decision.assessor),
            "reason": decision.reason,
            "finding": handed_in.hex() if handed_in else None,
        },
    )

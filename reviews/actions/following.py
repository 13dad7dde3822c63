"""Worker tasks on grounds: checking again after a large change, and keeping the grounds of older verdicts.

Each task is a row, removed in the transaction that does the work, so that a killed worker loses none.
"""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from claims.models import Claim, GroundsCheck, GroundsToKeep, GroundsWatch, StatusChange
from claims.states import VERDICTS
from claims.verdicts.grounds import RestsOn, keep_grounds
from claims.verdicts.grounds_watch import look_again, verdict_watch, watch_grounds
from claims.verdicts.support import lock_claim, lock_graph
from house.transactions import recorded_transaction
from reviews.actions.grounds import tell_of_change
from reviews.models import Answer, AssessmentState


def check_next() -> bool:
    """Check one set of watched grounds that is waiting; returns whether there was one."""
    found = GroundsCheck.objects.order_by("pk").values_list("pk", "watch__claim_id", "watch__claim__desk_id").first()
    if found is None:
        return False
    pk, claim_id, desk_id = found
    with recorded_transaction():
        # Shared, as for an approval: a change of the graph comes before or after this reading, never within.
        lock_graph(desk_id, shared=True)
        claim = lock_claim(Claim(pk=claim_id))
        check = GroundsCheck.objects.filter(pk=pk).first()
        if check is None:  # another worker took it, or its assessment or verdict has ended
            return True
        watched = GroundsWatch.objects.select_related("grounds").get(pk=check.watch_id)
        # No author of its own: who made the change is in the waiting rows.
        for change in look_again(watched, claim, []):
            if change.changed:
                tell_of_change(change)
    return True


def keep_next(*, now: datetime | None = None) -> bool:
    """Keep, and start watching, the grounds of one verdict made before grounds were kept; returns whether there was
    one."""
    now = now or timezone.now()
    found = GroundsToKeep.objects.order_by("pk").values_list("claim_id", "claim__desk_id").first()
    if found is None:
        return False
    claim_id, desk_id = found
    with recorded_transaction():
        lock_graph(desk_id, shared=True)
        claim = lock_claim(Claim(pk=claim_id))
        waiting, _rows = GroundsToKeep.objects.filter(claim=claim).delete()
        # The claim may have moved since the upgrade: then its grounds are kept by the move.
        if waiting and claim.state in VERDICTS and verdict_watch(claim) is None:
            change = StatusChange.objects.get(claim=claim, seq=claim.last_seq)
            grounds, read = keep_grounds(claim, RestsOn(claim.state, change.evidence, _answered(change)), now=now)
            watch_grounds(grounds, read.subjects, of_verdict=True)
    return True


def _answered(change: StatusChange) -> list[UUID]:
    """The evidence answered in the assessment approved with a status change."""
    answers = Answer.objects.filter(
        assessment__claim=change.claim_id,
        assessment__assessor=change.by_id,
        assessment__state=AssessmentState.APPROVED,
        assessment__decision__at=change.at,
    )
    return list(answers.values_list("evidence_id", flat=True))

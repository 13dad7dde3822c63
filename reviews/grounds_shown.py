"""What pages and API show of kept grounds: for one reader, what was kept, what is there now, and who changed what."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import User
from claims.access.conflicts import is_offered
from claims.models import Claim, Grounds
from claims.record.reads import note_shown
from claims.verdicts.grounds import PresentGrounds, load_grounds, now_of
from claims.verdicts.grounds_authors import Authors, authors_of
from claims.verdicts.grounds_differences import GroundsDiff, diff_for
from claims.verdicts.grounds_watch import verdict_watch
from reviews.actions.grounds import (
    assignment_ended,
    last_stood_for,
    may_confirm_assessment,
    may_confirm_verdict,
    rests_on,
)
from reviews.models import Assessment, AssessmentGrounds, AssessmentState


@dataclass(frozen=True)
class GroundsShown:
    """`kept`: the digest of what somebody stands for ("": nothing was kept); `now`: of what is there now.

    `may_confirm`: whether this reader may say that it stands on what is there now. `blind`: that they may not for no
    other reason than that some of what changed is hidden from them. `ended`: whether the assignment that an assessment
    was submitted with has ended.
    """

    kept: str
    now: str
    diff: GroundsDiff
    may_confirm: bool
    blind: bool = False
    ended: bool = False

    @property
    def changed(self) -> bool:
        return self.kept != self.now

    @property
    def to_confirm(self) -> bool:
        """Whether nothing is approved before its assessor confirms it."""
        return self.changed or self.ended


def of_assessment(user: User, assessment: Assessment) -> GroundsShown | None:
    """Of an assessment (already scoped) that waits; None for any other: nobody decides on it any more."""
    if assessment.state != AssessmentState.WAITING:
        return None
    stood, claim = last_stood_for(assessment), assessment.claim
    mine = is_offered(may_confirm_assessment, user, assessment)
    if stood is None:
        now = load_grounds(claim, rests_on(assessment))
        return GroundsShown("", now.digest, GroundsDiff(), mine)
    shown = _compared(user, claim, stood.grounds, now_of(claim, stood.grounds), mine)
    return replace(shown, ended=assignment_ended(stood))


def of_verdict(user: User, claim: Claim) -> GroundsShown | None:
    """Of a claim (already scoped) that is in a verdict; None for any other, and where nothing was kept."""
    watched = verdict_watch(claim)
    if watched is None:
        return None
    kept, now = watched.grounds, now_of(claim, watched.grounds)
    authors = authors_of(kept, now.content) if now.digest != kept.digest else Authors()
    return _compared(user, claim, kept, now, is_offered(may_confirm_verdict, user, claim, authors))


def _compared(user: User, claim: Claim, kept: Grounds, now: PresentGrounds, may_confirm: bool) -> GroundsShown:
    diff = diff_for(user, claim, kept, now.content) if now.digest != kept.digest else GroundsDiff()
    note_shown(user, diff.restricted)
    hidden = diff.withheld > 0
    return GroundsShown(kept.digest, now.digest, diff, may_confirm and not hidden, blind=may_confirm and hidden)


def grounds_digests(ids: Iterable[UUID]) -> dict[UUID, tuple[str, bool]]:
    """Of each of these assessments the digest that its assessor stands for, and whether that has changed since."""
    rows = AssessmentGrounds.objects.filter(assessment__in=list(ids)).order_by("number")
    found = rows.values_list("assessment_id", "grounds__digest", "grounds__watch__digest")
    return {pk: (kept, now is not None and now != kept) for pk, kept, now in found}

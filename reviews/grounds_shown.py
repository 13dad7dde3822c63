"""Grounds for pages and API: for one reader, the kept and the present ones, and the changes with their authors."""

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
    """`kept`: the digest of the grounds submitted or confirmed ("" if not kept); `now`: of the present ones.

    `may_confirm`: whether this reader may confirm the present grounds. `blind`: they may not, only because some changes
    are hidden from them. `ended`: whether the assignment of an assessment has ended.
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
        """Whether the assessor must confirm before an approval."""
        return self.changed or self.ended


def of_assessment(user: User, assessment: Assessment) -> GroundsShown | None:
    """The grounds of a waiting assessment (already scoped); None for any other, which can no longer be decided."""
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
    """The grounds of a claim (already scoped) with a verdict; None for any other, or if none were kept."""
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
    """For each assessment the digest of its grounds, and whether they have changed since."""
    rows = AssessmentGrounds.objects.filter(assessment__in=list(ids)).order_by("number")
    found = rows.values_list("assessment_id", "grounds__digest", "grounds__watch__digest")
    return {pk: (kept, now is not None and now != kept) for pk, kept, now in found}

"""Grounds of assessments and verdicts, and confirming them: by the assessor before a decision, by another person after
a verdict.

One transaction each. At approval the grounds must be those that the assessor submitted or confirmed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.queries import members_of
from claims.access.conflicts import conflicts_with, refuse_conflicted
from claims.access.permissions import is_named_decider, may_assess, role_for
from claims.models import Claim, Grounds, RevisionKind, TaskKind
from claims.record.revisions import check_version, count_version
from claims.states import VERDICTS, Deciders
from claims.transitions import check_policy, legal_move
from claims.verdicts.grounds import PresentGrounds, RestsOn, differences, keep_grounds, now_of
from claims.verdicts.grounds_authors import Authors, authors_of
from claims.verdicts.grounds_differences import diff_for
from claims.verdicts.grounds_watch import (
    Followed,
    follow,
    keep_and_watch,
    kept_content,
    stand_for_now,
    stop_watching,
    verdict_watch,
)
from claims.verdicts.policy import NamedGrounds
from claims.verdicts.re_checks import end_tasks
from claims.verdicts.support import counts_outside, lock_claim, lock_graph
from house.errors import Conflict, Forbidden, NotFound, Stale
from house.fields import given_text
from house.transactions import Noted, recorded_transaction
from reviews.actions.notifications import Occasion, notify
from reviews.actions.telling import people_of_the_verdict, people_told
from reviews.ledger_entries import confirmed, grounds_confirmed
from reviews.models import (
    Assessment,
    AssessmentGrounds,
    AssessmentState,
    Assignment,
    AssignmentState,
    Notification,
    NotificationKind,
)
from reviews.queries import has_moved_since

LATER = frozenset({"capture_kept"})  # acts of a person that are carried out for them later


def stand_for(assessment: Assessment, assignment: Assignment | None, *, now: datetime) -> Grounds:
    """Keep the present grounds as those of an assessment, and watch them while it waits for a decision."""
    keep = keep_and_watch if assessment.state == AssessmentState.WAITING else _keep
    grounds = keep(assessment.claim, rests_on(assessment), now=now)
    AssessmentGrounds.objects.create(
        assessment=assessment,
        # Confirming again adds a row: who stood for what at which time stays on record (decision 85).
        number=assessment.stood_for.count() + 1,
        grounds=grounds,
        assignment=assignment,
        at=now,
    )
    return grounds


def _keep(claim: Claim, asked: RestsOn, *, now: datetime) -> Grounds:
    return keep_grounds(claim, asked, now=now)[0]


def rests_on(assessment: Assessment) -> RestsOn:
    """The proposed state of an assessment, with its evidence."""
    named = list(assessment.evidence.values_list("pk", flat=True))
    answered = list(assessment.answers.values_list("evidence_id", flat=True))
    return RestsOn(assessment.proposed_state, named, answered)


def hold_conflicts(people: Iterable[UUID]) -> None:
    """Lock out new conflicts of interest of these people until the transaction ends, so that the check holds at the
    decision."""
    # Declaring a conflict locks this row too. In the order of ids, so that two decisions do not deadlock.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(set(people), key=str)]
        )


def still_assesses(assessment: Assessment, stood: AssessmentGrounds | None) -> None:
    """Check that the assessor of a locked assessment may still assess its claim, under the assignment they had.

    If that assignment was withdrawn, declined or reassigned, the assessment is blocked, even if the same person is
    assigned again: they confirm it then. Raises Conflict.
    """
    claim, assessor = assessment.claim, assessment.assessor
    assignment = stood.assignment if stood else assessment.assignment
    # Assigned again, the same person confirms first: the assignment behind the submission has ended (decision 85).
    if assignment is not None and not assignment.is_open:
        raise Conflict(_assignment_ended(assignment))
    try:
        may_assess(assessor, claim)
        fit = assessor.is_active
    except (Forbidden, NotFound):
        fit = False
    if not fit:
        raise Conflict(_may_not_assess(assessor))


def _may_not_assess(assessor: User) -> str:
    message = _("%(person)s can no longer assess this claim. Another reviewer must assess it.")
    return message % {"person": assessor.username}


def _assignment_ended(assignment: Assignment) -> str:
    message = _(
        "The assignment behind this assessment is %(state)s. Assign its assessor again to confirm it, or "
        "have the claim assessed anew."
    )
    return message % {"state": AssignmentState(assignment.state).label}


def assignment_ended(stood: AssessmentGrounds | None) -> bool:
    """Whether the assignment of an assessment has ended, so that its assessor must confirm it first."""
    return stood is not None and stood.assignment is not None and not stood.assignment.is_open


def no_conflict_meanwhile(assessment: Assessment, stood: AssessmentGrounds | None, by: User) -> None:
    """Check that neither assessor nor approver had a conflict of interest while a locked assessment was waiting.

    A conflict withdrawn just before the approval counts: another person decides, or the claim is assessed anew. Raises
    Forbidden (the approver's), Conflict (the assessor's, in the words of `still_assesses`).
    """
    # Since they last answered for the grounds: a conflict that ended before is no longer one.
    since = stood.at if stood else assessment.created_at
    touched = conflicts_with(assessment.claim, [assessment.assessor_id, by.pk], since=since)
    if by.pk in touched:
        raise Forbidden(_("You declared a conflict of interest while this was waiting. Another person must decide."))
    if assessment.assessor_id in touched:
        message = _(
            "For a time while this was waiting, %(person)s was not allowed to assess the claim. It needs a new "
            "assessment."
        )
        raise Conflict(message % {"person": assessment.assessor.username})


def last_stood_for(assessment: Assessment) -> AssessmentGrounds | None:
    """The grounds an assessor last submitted or confirmed; None for assessments submitted before grounds were kept."""
    rows = AssessmentGrounds.objects.filter(assessment=assessment).select_related("grounds", "assignment")
    return rows.order_by("-number").first()


def unchanged_grounds(assessment: Assessment, stood: AssessmentGrounds | None, seen: str | None, by: User) -> Grounds:
    """The grounds of an assessment, checked to be the present ones and those shown to the approver.

    Raises Stale with the changes and their authors; PolicyNotMet if only contrary evidence differs; Conflict if no
    grounds were kept, or if changes made before the assessor confirmed are hidden from the approver.
    """
    if stood is None:
        raise Conflict(_("The grounds were not recorded when this was submitted. Its assessor must confirm it first."))
    kept, claim = stood.grounds, assessment.claim
    # Read again under the locks: the watch may lag behind a change that affects very many (decision 86).
    found = now_of(claim, kept)
    if found.digest != kept.digest:
        if _is_all_contrary(kept, found):
            _ask_policy(assessment)  # names the evidence to answer
        raise Stale(
            _("The grounds have changed since this was submitted. Its assessor must confirm it first."),
            version=claim.version,
            # Restricted rows are left out of errors, since an error leaves no record of the read (decision 81).
            changes=diff_for(by, claim, kept, found.content, unrestricted=True).sentences(),
        )
    if seen is not None and seen != kept.digest:
        raise Stale(
            _("Review the present grounds before you approve."),
            version=claim.version,
            changes=[
                _("%(person)s has confirmed this again since you opened it.") % {"person": assessment.assessor.username}
            ],
        )
    submitted = AssessmentGrounds.objects.filter(assessment=assessment).select_related("grounds").earliest("number")
    # The approver must be able to judge what the assessor confirmed between submission and now.
    if submitted != stood and diff_for(by, claim, submitted.grounds, found.content).withheld:
        raise Conflict(_("Some of the changes are hidden from you. An editor who can see them all must decide."))
    return kept


def _is_all_contrary(kept: Grounds, found: PresentGrounds) -> bool:
    """Whether the grounds differ only in contrary evidence."""
    then = kept_content(kept)
    return then is not None and all(each.kind == "contrary" for each in differences(then, now=found.content))


def _ask_policy(assessment: Assessment) -> None:
    """Check that the proposed move is possible now. Raises PolicyNotMet, Conflict, CountFirst."""
    move = legal_move(assessment.claim, assessment.proposed_state, deciders=Deciders.SECOND)
    asked = rests_on(assessment)
    named, answered = frozenset(map(str, asked.named)), frozenset(map(str, asked.answered))
    check_policy(assessment.claim, move, NamedGrounds(named, answered, assessment.recorded_mistake))


@counts_outside
def confirm_assessment(
    *, assessment: Assessment, seen_version: int, seen_grounds: str, by: User, now: datetime | None = None
) -> Assessment:
    """Confirm one's own waiting assessment on the present grounds; `seen_grounds`: the digest shown.

    Raises NotFound, Forbidden, Stale, Conflict (no change; decided; other elements; changes hidden from the assessor),
    PolicyNotMet.
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(assessment.claim.desk_id, shared=True)
        claim = lock_claim(assessment.claim)
        rows = Assessment.objects.select_for_update(of=("self",), no_key=True).select_related("assessor")
        assessment = rows.get(pk=assessment.pk)
        assessment.claim = claim
        may_confirm_assessment(by, assessment)
        check_version(claim, seen_version)
        # Confirming asks what submitting asks (decision 85).
        assignment = _may_still_submit(assessment)
        stood = last_stood_for(assessment)
        _refuse_unassigned(stood, assignment)
        if stood is not None:
            found = _refuse_unseen(claim, stood.grounds, seen_grounds, by)
            # Nobody answers for a change that is hidden from them.
            if diff_for(by, claim, stood.grounds, found.content).withheld:
                raise Conflict(
                    _("Some of the changes are hidden from you. A reviewer who can see them all must assess the claim.")
                )
            if seen_grounds == stood.grounds.digest and stood.assignment == assignment:
                raise Conflict(_("The grounds have not changed: no confirmation is needed."))
        stop_watching(grounds__stood_for__assessment=assessment)
        grounds = stand_for(assessment, assignment, now=now)
        # A page opened before this must not decide on the older grounds.
        count_version(claim, RevisionKind.CONFIRMED, by=by, now=now)
        confirmed(assessment, grounds, now=now)
    return assessment


def may_confirm_assessment(user: User, assessment: Assessment) -> None:
    """Allow only its assessor, while they may assess the claim and it has not moved since. Raises NotFound,
    Forbidden."""
    role_for(user, assessment.claim)
    if has_moved_since(assessment) or assessment.claim.closed_at is not None:
        raise Forbidden(_("The claim’s status has changed since this was submitted. It needs a new assessment."))
    if assessment.assessor_id != user.pk:
        raise Forbidden(_("Only its assessor can confirm an assessment."))
    may_assess(user, assessment.claim)


def _refuse_unassigned(stood: AssessmentGrounds | None, assignment: Assignment | None) -> None:
    """Refuse an assessor whose assignment ended and who has no new one. Raises Conflict."""
    if assignment is None and stood is not None and stood.assignment is not None:
        raise Conflict(_assignment_ended(stood.assignment))


def barred(assessment: Assessment) -> str:
    """The public reason why an assessment cannot be approved as submitted; "" if there is none.

    Conflicts of interest are left out, as not everyone may know them. The action checks all reasons.
    """
    # For the page, beforehand: an approver should not write a reason for nothing.
    stood = last_stood_for(assessment)
    if assignment_ended(stood):
        assert stood is not None and stood.assignment is not None
        return _assignment_ended(stood.assignment)
    if not assessment.assessor.is_active:
        return _may_not_assess(assessment.assessor)
    return ""


def _may_still_submit(assessment: Assessment) -> Assignment | None:
    """The assignment under which the assessor confirms. Raises Conflict, PolicyNotMet if it could not be approved."""
    claim = assessment.claim
    if assessment.state != AssessmentState.WAITING:
        raise Conflict(
            _("This assessment is no longer awaiting a decision: it is %(state)s.")
            % {"state": assessment.get_state_display()}
        )
    if has_moved_since(assessment):
        raise Conflict(_("The claim’s status has changed since this was submitted. It needs a new assessment."))
    if assessment.proposed_state in VERDICTS:
        said = set(assessment.elements.values_list("element_id", flat=True))
        if not set(claim.elements.values_list("pk", flat=True)) <= said:
            raise Conflict(_("The claim has elements that this assessment does not cover. It needs a new assessment."))
    _ask_policy(assessment)
    return Assignment.objects.filter(claim=claim, reviewer=assessment.assessor, ended_at__isnull=True).first()


def _refuse_unseen(claim: Claim, kept: Grounds, seen: str, by: User) -> PresentGrounds:
    """The present grounds, checked to be those shown to the person. Raises Stale with the changes."""
    found = now_of(claim, kept)
    if seen != found.digest:
        raise Stale(
            _("The grounds have changed since you opened this page. Review them before you confirm."),
            version=claim.version,
            changes=diff_for(by, claim, kept, found.content, unrestricted=True).sentences(),
        )
    return found


def may_confirm_verdict(user: User, claim: Claim, authors: Authors) -> None:
    """Allow a verdict to be confirmed by an editor, an approver or one of its two people, unless they made or acted on
    one of the changes or have a conflict; if the author of a change is unknown, by an editor alone. Raises NotFound,
    Forbidden."""
    role = role_for(user, claim)
    # Otherwise one person could change a verdict's grounds and call them good (decision 86).
    if user.pk in authors.people:
        raise Forbidden(_("You changed the grounds of this verdict, so another person must re-check it."))
    if not (
        role == Role.EDITOR
        or (role != Role.AUDITOR and is_named_decider(user, claim))
        or (role == Role.REVIEWER and user in people_of_the_verdict(claim))
    ):
        raise Forbidden(_("Only editors, approvers and the two people of the verdict can re-check it."))
    # The unknown author may be the person who asks.
    if not authors.known and role != Role.EDITOR:
        raise Forbidden(
            _("The author of one change is unknown: an editor who took no part in the changes must re-check it.")
        )
    refuse_conflicted(user, claim)


def may_confirm(user: User, claim: Claim) -> None:
    """The same for a claim's present grounds: the authors of their changes are refused. Raises NotFound, Forbidden."""
    watched = verdict_watch(claim)
    may_confirm_verdict(user, claim, authors_now(claim, watched.grounds) if watched else Authors())


def authors_now(claim: Claim, kept: Grounds) -> Authors:
    """The authors of the difference between kept and present grounds."""
    return authors_of(kept, now_of(claim, kept).content)


def confirm_verdict(*, claim: Claim, reason: str, seen_grounds: str, by: User, now: datetime | None = None) -> Claim:
    """Confirm a verdict on its present grounds, as a person who changed none of them; the reason is kept.

    Raises NotFound, Forbidden, Invalid, Stale (not the grounds shown), Conflict (no change; changes hidden from the
    person).
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(claim.desk_id, shared=True)
        claim = lock_claim(claim)
        watched = verdict_watch(claim)
        # As for a decision: the check has to hold at the commit.
        hold_conflicts([by.pk])
        may_confirm(by, claim)
        reason = given_text(reason, field="reason", message=_("Explain what you checked and why the verdict holds."))
        if watched is None or not claim.changed_since_verdict:
            raise Conflict(_("The grounds have not changed since the verdict: no confirmation is needed."))
        found = _refuse_unseen(claim, watched.grounds, seen_grounds, by)
        if diff_for(by, claim, watched.grounds, found.content).withheld:
            raise Conflict(_("Some of the changes are hidden from you. An editor who can see them all must confirm."))
        grounds = stand_for_now(claim, watched.grounds, found, now=now)
        end_tasks(by=by, note=reason, now=now, claim=claim, kind=TaskKind.GROUNDS_CHANGED)
        grounds_confirmed(claim, grounds, by=by, now=now, reason=reason)
    return claim


def follow_changes(acts: Sequence[Noted]) -> None:
    """Compare watched grounds after an action's changes, and notify the people concerned; the last step of every
    action."""
    for change in follow(acts):
        if change.changed:
            tell_of_change(change)


def tell_of_change(change: Followed) -> None:
    """Notify the people of a verdict and the editors, or the assessor, of changed grounds; never the author of the
    change.

    People who left the desk are left out, and an unread notification is not repeated.
    """
    claim, by = change.claim, change.by
    assessment = None
    if change.of_verdict:
        people = {person.pk for person in people_told(NotificationKind.GROUNDS_CHANGED, claim)}
    else:
        assessment = Assessment.objects.get(stood_for__grounds=change.grounds)
        if has_moved_since(assessment):  # the claim has moved since: it can no longer be confirmed
            return
        people = set(members_of(claim.desk).filter(pk=assessment.assessor_id).values_list("pk", flat=True))
    # One unread notification says enough: ten changes in a row are one thing to look at.
    told = Notification.objects.filter(
        claim=claim, kind=NotificationKind.GROUNDS_CHANGED, assessment=assessment, read_at__isnull=True
    )
    if change.kind in LATER and assessment is not None:
        by = None  # the person who asked for a capture has not seen its result yet
    wanted = User.objects.filter(pk__in=people - {by}).exclude(pk__in=told.values("recipient"))
    notify(
        wanted.order_by("username"),
        Occasion(NotificationKind.GROUNDS_CHANGED, claim, assessment=assessment),
        by=User.objects.filter(pk=by).first() if by else None,
        now=change.at,
    )

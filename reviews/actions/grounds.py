"""What an assessor stands for, and confirming it: before the decision by themselves, after a verdict by somebody else.

One transaction each. At approval nothing may differ from what the assessor stood for.
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
from reviews.actions.notifications import notify
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

LATER = frozenset({"capture_kept"})  # acts that are somebody's, and are done for them later


def stand_for(assessment: Assessment, assignment: Assignment | None, *, now: datetime) -> Grounds:
    """Keep what an assessment rests on now as what its assessor stands for; watched while it waits for a decision."""
    keep = keep_and_watch if assessment.state == AssessmentState.WAITING else _keep
    grounds = keep(assessment.claim, rests_on(assessment), now=now)
    AssessmentGrounds.objects.create(
        assessment=assessment,
        number=assessment.stood_for.count() + 1,
        grounds=grounds,
        assignment=assignment,
        at=now,
    )
    return grounds


def _keep(claim: Claim, asked: RestsOn, *, now: datetime) -> Grounds:
    return keep_grounds(claim, asked, now=now)[0]


def rests_on(assessment: Assessment) -> RestsOn:
    """What an assessment proposes, and on which evidence."""
    named = list(assessment.evidence.values_list("pk", flat=True))
    answered = list(assessment.answers.values_list("evidence_id", flat=True))
    return RestsOn(assessment.proposed_state, named, answered)


def hold_conflicts(people: Iterable[UUID]) -> None:
    """Until the transaction ends none of these people declares a conflict of interest: who decides asks now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR SHARE", [sorted(set(people), key=str)]
        )


def still_assesses(assessment: Assessment, stood: AssessmentGrounds | None) -> None:
    """Whether the assessor of a locked assessment may still assess its claim, by the assignment that they had.

    An assignment that was withdrawn, declined or reassigned ends what was submitted with it, also where the same
    person was assigned again: they confirm the assessment then. Raises Conflict.
    """
    claim, assessor = assessment.claim, assessment.assessor
    assignment = stood.assignment if stood else assessment.assignment
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
        "The assignment behind this assessment is %(state)s. Assign its assessor again to confirm it, or have the "
        "claim assessed anew."
    )
    return message % {"state": AssignmentState(assignment.state).label}


def assignment_ended(stood: AssessmentGrounds | None) -> bool:
    """Whether the assignment that an assessment was submitted with has ended, so that its assessor confirms first."""
    return stood is not None and stood.assignment is not None and not stood.assignment.is_open


def no_conflict_meanwhile(assessment: Assessment, stood: AssessmentGrounds | None, by: User) -> None:
    """Whether neither its assessor nor who approves it had a conflict of interest while a locked assessment waited.

    One that was taken back just before the approval counts: somebody else decides, or the claim is assessed anew.
    Raises Forbidden (the approver's), Conflict (the assessor's, of which is told what `still_assesses` tells).
    """
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
    """What the assessor stands for: None where it was submitted before grounds were kept."""
    rows = AssessmentGrounds.objects.filter(assessment=assessment).select_related("grounds", "assignment")
    return rows.order_by("-number").first()


def unchanged_grounds(assessment: Assessment, stood: AssessmentGrounds | None, seen: str | None, by: User) -> Grounds:
    """What the assessor stands for, where that is what is there now and what the person was shown.

    Raises Stale with who changed what, PolicyNotMet where nothing differs but that somebody says otherwise, Conflict
    where nothing was kept, or where some of what changed before its assessor confirmed it is hidden from the person.
    """
    if stood is None:
        raise Conflict(_("The grounds were not recorded when this was submitted. Its assessor must confirm it first."))
    kept, claim = stood.grounds, assessment.claim
    found = now_of(claim, kept)
    if found.digest != kept.digest:
        if _is_all_contrary(kept, found):
            _ask_policy(assessment)  # which says what has to be answered
        raise Stale(
            _("The grounds have changed since this was submitted. Its assessor must confirm it first."),
            version=claim.version,
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
    if submitted != stood and diff_for(by, claim, submitted.grounds, found.content).withheld:
        raise Conflict(_("Some of the changes are hidden from you. An editor who can see them all must decide."))
    return kept


def _is_all_contrary(kept: Grounds, found: PresentGrounds) -> bool:
    """Whether nothing differs but which evidence says otherwise."""
    then = kept_content(kept)
    return then is not None and all(each.kind == "contrary" for each in differences(then, now=found.content))


def _ask_policy(assessment: Assessment) -> None:
    """Whether the move that an assessment proposes is possible now. Raises PolicyNotMet, Conflict, CountFirst."""
    move = legal_move(assessment.claim, assessment.proposed_state, deciders=Deciders.SECOND)
    asked = rests_on(assessment)
    named, answered = frozenset(map(str, asked.named)), frozenset(map(str, asked.answered))
    check_policy(assessment.claim, move, NamedGrounds(named, answered, assessment.recorded_mistake))


@counts_outside
def confirm_assessment(
    *, assessment: Assessment, seen_version: int, seen_grounds: str, by: User, now: datetime | None = None
) -> Assessment:
    """Stand for one's own assessment that waits on what it rests on now; `seen_grounds`: the digest that was shown.

    Raises NotFound, Forbidden, Stale, Conflict (nothing changed; decided; other elements; some of what changed is
    hidden from them), PolicyNotMet.
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
        assignment = _may_still_submit(assessment)
        stood = last_stood_for(assessment)
        _refuse_unassigned(stood, assignment)
        if stood is not None:
            found = _refuse_unseen(claim, stood.grounds, seen_grounds, by)
            if diff_for(by, claim, stood.grounds, found.content).withheld:
                raise Conflict(
                    _("Some of the changes are hidden from you. A reviewer who can see them all must assess the claim.")
                )
            if seen_grounds == stood.grounds.digest and stood.assignment == assignment:
                raise Conflict(_("The grounds have not changed: no confirmation is needed."))
        stop_watching(grounds__stood_for__assessment=assessment)
        grounds = stand_for(assessment, assignment, now=now)
        # Whoever has the page open is told before they decide on it.
        count_version(claim, RevisionKind.CONFIRMED, by=by, now=now)
        confirmed(assessment, grounds, now=now)
    return assessment


def may_confirm_assessment(user: User, assessment: Assessment) -> None:
    """Its assessor, who may still assess the claim, which has not moved since. Raises NotFound, Forbidden."""
    role_for(user, assessment.claim)
    if has_moved_since(assessment) or assessment.claim.closed_at is not None:
        raise Forbidden(_("The claim’s status has changed since this was submitted. It needs a new assessment."))
    if assessment.assessor_id != user.pk:
        raise Forbidden(_("Only its assessor can confirm an assessment."))
    may_assess(user, assessment.claim)


def _refuse_unassigned(stood: AssessmentGrounds | None, assignment: Assignment | None) -> None:
    """Who submitted with an assignment that ended confirms with another one. Raises Conflict."""
    if assignment is None and stood is not None and stood.assignment is not None:
        raise Conflict(_assignment_ended(stood.assignment))


def barred(assessment: Assessment) -> str:
    """What everybody may know that keeps an assessment from being approved as it was submitted; "" where nothing does.

    Conflicts of interest are not among it: whom they tie to the claim is not for everybody. The action asks for all.
    """
    stood = last_stood_for(assessment)
    if assignment_ended(stood):
        assert stood is not None and stood.assignment is not None
        return _assignment_ended(stood.assignment)
    if not assessment.assessor.is_active:
        return _may_not_assess(assessment.assessor)
    return ""


def _may_still_submit(assessment: Assessment) -> Assignment | None:
    """The assignment that the assessor confirms with. Raises Conflict, PolicyNotMet where it could not be approved."""
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
    """What grounds are now, where that is what the person was shown. Raises Stale with what has changed."""
    found = now_of(claim, kept)
    if seen != found.digest:
        raise Stale(
            _("The grounds have changed since you opened this page. Review them before you confirm."),
            version=claim.version,
            changes=diff_for(by, claim, kept, found.content, unrestricted=True).sentences(),
        )
    return found


def may_confirm_verdict(user: User, claim: Claim, authors: Authors) -> None:
    """Whether a verdict stands after a change: an editor, a named approver or a person of the verdict; nobody who has
    made one of the changes or acted on what changed, nobody with a conflict; where one is of somebody unknown, an
    editor. Raises NotFound, Forbidden."""
    role = role_for(user, claim)
    if user.pk in authors.people:
        raise Forbidden(_("You changed the grounds of this verdict, so another person must re-check it."))
    if not (
        role == Role.EDITOR
        or (role != Role.AUDITOR and is_named_decider(user, claim))
        or (role == Role.REVIEWER and user in people_of_the_verdict(claim))
    ):
        raise Forbidden(_("Only editors, approvers and the two people of the verdict can re-check it."))
    if not authors.known and role != Role.EDITOR:
        raise Forbidden(
            _("The author of one change is unknown: an editor who took no part in the changes must re-check it.")
        )
    refuse_conflicted(user, claim)


def may_confirm(user: User, claim: Claim) -> None:
    """The same of a claim as it is now: who changed what its verdict rests on may not. Raises NotFound, Forbidden."""
    watched = verdict_watch(claim)
    may_confirm_verdict(user, claim, authors_now(claim, watched.grounds) if watched else Authors())


def authors_now(claim: Claim, kept: Grounds) -> Authors:
    """Whose the difference is between kept grounds and what is there now."""
    return authors_of(kept, now_of(claim, kept).content)


def confirm_verdict(*, claim: Claim, reason: str, seen_grounds: str, by: User, now: datetime | None = None) -> Claim:
    """Say that a verdict stands on what it rests on now, as somebody who changed none of it; why is kept.

    Raises NotFound, Forbidden, Invalid, Stale (not what was shown), Conflict (nothing changed; some of it is hidden
    from them).
    """
    now = now or timezone.now()
    with recorded_transaction():
        lock_graph(claim.desk_id, shared=True)
        claim = lock_claim(claim)
        watched = verdict_watch(claim)
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
    """The last step of every action: what it changed of what others stand for is followed, and these are told."""
    for change in follow(acts):
        if change.changed:
            tell_of_change(change)


def tell_of_change(change: Followed) -> None:
    """Tell whoever stands for it, but for who did it: of a verdict its people and the editors, else the assessor.

    Who has left the desk stands for it no more, and who has not read of it yet is not told twice.
    """
    claim, by = change.claim, change.by
    assessment = None
    if change.of_verdict:
        people = {person.pk for person in people_told(NotificationKind.GROUNDS_CHANGED, claim)}
    else:
        assessment = Assessment.objects.get(stood_for__grounds=change.grounds)
        if has_moved_since(assessment):  # the claim has moved on: nobody can confirm it
            return
        people = set(members_of(claim.desk).filter(pk=assessment.assessor_id).values_list("pk", flat=True))
    told = Notification.objects.filter(
        claim=claim, kind=NotificationKind.GROUNDS_CHANGED, assessment=assessment, read_at__isnull=True
    )
    if change.kind in LATER and assessment is not None:
        by = None  # who asked for a capture has not seen yet that it is there
    wanted = User.objects.filter(pk__in=people - {by}).exclude(pk__in=told.values("recipient"))
    notify(
        wanted.order_by("username"),
        NotificationKind.GROUNDS_CHANGED,
        claim,
        assessment=assessment,
        by=User.objects.filter(pk=by).first() if by else None,
        now=change.at,
    )

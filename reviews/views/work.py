"""My work: what one person has to do, in the order in which they would look."""

from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Role, User
from accounts.pages import PersonsRequest, address, own_memberships
from claims.actions.reads import note_shown
from claims.models import Claim, Evidence, Task
from claims.sentences import voices_in_words
from reviews.models import Assessment, AssessmentDraft, Assignment
from reviews.queue import Work, work_of


@dataclass(frozen=True)
class Act:
    """A button; see `parts/act.html` for what each attribute is."""

    label: str
    url: str
    main: bool = False
    plain: bool = False
    post: bool = False


@dataclass(frozen=True)
class Entry:
    """One claim in a list of work; see `parts/entry.html` for what each attribute is."""

    reference: str
    url: str
    statement: str
    state: str
    contested: bool
    support_lost: bool
    facts: list[str]
    due_at: object = None
    note: str = ""
    proposed: str = ""
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True)
class Queue:
    """A stretch of the page. `empty` is said where there is nothing; without it the stretch is left out then."""

    anchor: str
    heading: str
    entries: list[Entry]
    late: bool = False


@require_safe
def work(request: PersonsRequest) -> HttpResponse:
    """The person's queue."""
    now = timezone.now()
    roles = {row.desk_id: row.role for row in own_memberships(request)}
    found = work_of(request.user, now=now, roles=roles)
    note_shown(request.user, [row.evidence for row in found.tasks if row.evidence])
    editing = {desk for desk, role in roles.items() if role == Role.EDITOR}
    context = {
        "now": now,
        "queues": [queue for queue in _queues(request.user, found, editing) if queue.entries],
        "late": len(found.overdue),
        "today": len(found.today),
        "nothing_due": not found.overdue and not found.today,
        "next_due": found.next_due,
        "reminders": found.reminders,
        "edits": bool(editing),
    }
    return render(request, "reviews/work.html", context)


def _queues(user: User, found: Work, editing: set[UUID]) -> list[Queue]:
    """`editing`: the desks on which the person is an editor, who assesses also what nobody gave them."""
    handed_in = {row.claim_id: row for row in found.handed_in}
    drafts = {row.claim_id: row for row in found.drafts}
    assessing = {row.claim_id for row in [*found.overdue, *found.today, *found.later]}

    def assigned(rows: list[Assignment]) -> list[Entry]:
        return [_assigned(row, handed_in.get(row.claim_id), drafts.get(row.claim_id)) for row in rows]

    return [
        Queue("late", _("Overdue"), assigned(found.overdue), late=True),
        Queue("today", _("Due today"), assigned(found.today)),
        Queue("new", _("Given to you"), [_offered(row) for row in found.offered]),
        Queue("decide", _("Waiting for your decision"), [_to_decide(row) for row in found.to_decide]),
        Queue("later", _("Later"), assigned(found.later)),
        Queue(
            "drafts", _("Your drafts"), [_draft(row, editing) for row in found.drafts if row.claim_id not in assessing]
        ),
        Queue("waiting", _("Handed in by you"), [_handed_in(row) for row in found.handed_in]),
        Queue("lost", _("Support lost"), [_support_lost(row) for row in found.tasks if row.kind == "support_lost"]),
        Queue(
            "changed",
            _("Changed since the verdict"),
            [_grounds_changed(row) for row in found.tasks if row.kind == "grounds_changed"],
        ),
        Queue(
            "recheck",
            _("Excerpts to look at again"),
            [_recheck(row, row.evidence) for row in found.tasks if row.evidence],
        ),
        Queue("nobody", _("Given to nobody"), [_unassigned(claim) for claim in found.unassigned]),
    ]


def _assigned(row: Assignment, handed_in: Assessment | None, draft: AssessmentDraft | None) -> Entry:
    """One that was accepted; where a finding waits for somebody else, that is what one would look at."""
    if handed_in and not draft:
        first = Act(_("See your finding"), address("review", handed_in.pk))
    else:
        label = _("Go on with your draft") if draft else _("Assess")
        first = Act(label, address("assess", row.claim.reference), main=True)
    return _entry(
        row.claim,
        *([_kept(draft)] if draft else []),
        due_at=row.due_at,
        acts=[
            first,
            Act(_("Hand over…"), address("hand-over", row.pk), plain=True),
        ],
    )


def _kept(draft: AssessmentDraft) -> str:
    return _("Draft kept %(time)s ago") % {"time": _since(draft.kept_at)}


def _draft(row: AssessmentDraft, editing: set[UUID]) -> Entry:
    """A draft on a claim that one was not given, or has no longer."""
    acts = [Act(_("Drop draft…"), address("drop-draft", row.claim.reference), plain=True)]
    if row.claim.desk_id in editing and row.claim.closed_at is None:
        acts.insert(0, Act(_("Go on with your draft"), address("assess", row.claim.reference)))
    return _entry(row.claim, note=_kept(row), acts=acts)


def _offered(row: Assignment) -> Entry:
    given = _("From %(person)s, %(time)s ago") % {"person": row.assigned_by.username, "time": _since(row.created_at)}
    return _entry(
        row.claim,
        given,
        due_at=row.due_at,
        acts=[
            Act(_("Accept"), address("accept", row.pk), post=True),
            Act(_("Decline…"), address("decline", row.pk), plain=True),
        ],
    )


def _to_decide(row: Assessment) -> Entry:
    found = _("%(person)s found this %(time)s ago") % {
        "person": row.assessor.username,
        "time": _since(row.created_at),
    }
    return _entry(
        row.claim,
        found,
        proposed=row.proposed_state,
        acts=[Act(_("Look at the finding"), address("review", row.pk), main=True)],
    )


def _handed_in(row: Assessment) -> Entry:
    return _entry(
        row.claim,
        proposed=row.proposed_state,
        note=_("Waits for a second person, for %(time)s") % {"time": _since(row.created_at)},
        acts=[Act(_("See your finding"), address("review", row.pk))],
    )


def _support_lost(row: Task) -> Entry:
    acts = [
        Act(_("Look at it again"), address("claim", row.claim.reference)),
        Act(_("Assign…"), address("assign", row.claim.reference), plain=True),
    ]
    return _entry(row.claim, _("lost for %(time)s") % {"time": _since(row.opened_at)}, due_at=row.due_at, acts=acts)


def _grounds_changed(row: Task) -> Entry:
    acts = [Act(_("Re-check"), address("verdict-grounds", row.claim.reference))]
    return _entry(row.claim, _("changed %(time)s ago") % {"time": _since(row.opened_at)}, due_at=row.due_at, acts=acts)


def _recheck(row: Task, item: Evidence) -> Entry:
    acts = [Act(_("Look at the excerpt"), reverse("recheck", args=[row.claim.reference, item.pk]))]
    return _entry(
        row.claim, _("“%(title)s” was corrected") % {"title": item.source.title}, due_at=row.due_at, acts=acts
    )


def _unassigned(claim: Claim) -> Entry:
    return _entry(
        claim,
        note=_("No due time"),
        acts=[Act(_("Assign…"), address("assign", claim.reference))],
    )


def _entry(
    claim: Claim,
    *facts: str,
    due_at: object = None,
    note: str = "",
    proposed: str = "",
    acts: list[Act],
) -> Entry:
    said_by = claim.claimant.name if claim.claimant else _("claimant unknown")
    return Entry(
        reference=claim.reference,
        url=address("claim", claim.reference),
        statement=claim.statement,
        state=claim.state,
        contested=claim.contested,
        support_lost=claim.support_lost,
        facts=[
            said_by,
            voices_in_words(claim.independence_min, claim.independence_max, claim.independence_exact),
            *facts,
        ],
        due_at=due_at,
        note=note,
        proposed=proposed,
        acts=acts,
    )


def _since(moment: object) -> str:
    """How long ago, in its largest unit: "2 days"."""
    return timesince(moment, depth=1)  # type: ignore[arg-type]  # a moment: a claim without support has one

"""My work: one person's tasks, in the order of urgency."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Role, User
from accounts.requests import PersonsRequest, own_memberships
from claims.models import Claim, Task, TaskKind
from claims.reading.paging import Order, read_page
from claims.record.reads import note_shown
from claims.verdicts.sentences import voices_in_words
from claims.views.listing import PAGE_SIZE, neighbours
from house.errors import NotFound
from house.pages import address
from reviews.models import Assessment, AssessmentDraft, Assignment, AssignmentState
from reviews.queue import (
    MOST_COUNTED,
    MOST_SHOWN,
    Work,
    assigned_to,
    count_up_to,
    submitted_by,
    tasks_for,
    to_decide_by,
    unassigned_of,
    without_conflict,
    work_of,
)
from reviews.views.form_drafts import form_draft_line


@dataclass(frozen=True)
class WorkButton:
    """A button; `parts/act.html` describes each attribute."""

    label: str
    url: str
    main: bool = False
    plain: bool = False
    post: bool = False


@dataclass(frozen=True)
class WorkItem:
    """One claim in a list of work; `parts/entry.html` describes each attribute."""

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
    acts: list[WorkButton] = field(default_factory=list)


@dataclass(frozen=True)
class WorkSection:
    """A section of the page, left out if empty. `count`: the total, if more than shown; all of them are at `more`."""

    anchor: str
    heading: str
    entries: list[WorkItem]
    late: bool = False
    count: str = ""
    more: str = ""


@require_safe
def work(request: PersonsRequest) -> HttpResponse:
    """The person's queue."""
    now = timezone.now()
    roles = {row.desk_id: row.role for row in own_memberships(request)}
    found = work_of(request.user, now=now, roles=roles)
    note_shown(request.user, [row.evidence for row in found.rechecks if row.evidence])
    editing = {desk for desk, role in roles.items() if role == Role.EDITOR}
    context = {
        "now": now,
        "queues": [queue for queue in _queues(request.user, found, editing) if queue.entries],
        "late": len(found.overdue),
        "today": len(found.today),
        "nothing_due": not found.overdue and not found.today,
        "next_due": found.next_due,
        "reminders": found.reminders,
        "form_drafts": [form_draft_line(row) for row in found.form_drafts],
        "edits": bool(editing),
    }
    return render(request, "reviews/work.html", context)


def _queues(user: User, found: Work, editing: set[UUID]) -> list[WorkSection]:
    """The sections of the page. `editing`: the desks of which the person is an editor and can assess unassigned
    claims."""
    submitted = {row.claim_id: row for row in found.submitted}
    drafts = {row.claim_id: row for row in found.drafts}
    assessing = {row.claim_id for row in [*found.overdue, *found.today, *found.later]}

    def assigned(rows: list[Assignment]) -> list[WorkItem]:
        return [_assigned(row, submitted.get(row.claim_id), drafts.get(row.claim_id)) for row in rows]

    drafted = [_draft(row, editing) for row in found.drafts if row.claim_id not in assessing]
    return [
        WorkSection("late", _("Overdue"), assigned(found.overdue), late=True),
        WorkSection("today", _("Due today"), assigned(found.today)),
        WorkSection("new", _("New assignments"), [_offered(row) for row in found.offered]),
        _short(user, "decide", [_to_decide(row) for row in found.to_decide]),
        _later(user, assigned(found.later), found.assigned),
        WorkSection("drafts", _("Your drafts"), drafted),
        _short(user, "waiting", [_submitted(row) for row in found.submitted]),
        _short(user, "lost", [_support_lost(row) for row in found.lost]),
        _short(user, "changed", [_grounds_changed(row) for row in found.changed]),
        _short(user, "recheck", [_recheck(row) for row in found.rechecks]),
        _short(user, "nobody", [_unassigned(claim) for claim in found.unassigned]),
    ]


def _short(user: User, name: str, entries: list[WorkItem]) -> WorkSection:
    """A section of at most `MOST_SHOWN` items, with a link to all of them."""
    heading = str(LISTS[name].heading)
    if len(entries) <= MOST_SHOWN:
        return WorkSection(name, heading, entries)
    return WorkSection(
        name, heading, entries[:MOST_SHOWN], count=_count(user, name), more=reverse("queue", args=[name])
    )


def _later(user: User, entries: list[WorkItem], assigned: int) -> WorkSection:
    """Work due after today, the last section: not all of it for a person with very much."""
    if assigned <= 4 * MOST_SHOWN:
        return WorkSection("later", _("Upcoming"), entries)
    return WorkSection(
        "later", _("Upcoming"), entries, count=_count(user, "assigned"), more=reverse("queue", args=["assigned"])
    )


def _count(user: User, name: str) -> str:
    count = count_up_to(LISTS[name].rows(user))
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


@dataclass(frozen=True)
class ListedWork:
    """One kind of work, as a page of its own."""

    heading: Any
    rows: Callable[[User], QuerySet[Any]]
    entry: Callable[[Any], WorkItem]
    order: Order


@require_safe
def queue(request: PersonsRequest, name: str) -> HttpResponse:
    """All work of one kind, in pages."""
    sort = LISTS.get(name)
    if sort is None:
        raise NotFound(_("List not found."))
    page = read_page(
        sort.rows(request.user),
        order=sort.order,
        cursor=request.GET.get("cursor", ""),
        filters={"list": f"work {name}"},
        size=PAGE_SIZE,
    )
    if name == "recheck":
        note_shown(request.user, [row.evidence for row in page.rows])
    rows = without_conflict(request.user, page.rows) if name == "decide" else page.rows
    context = {
        "heading": sort.heading,
        "count": _count(request.user, name),
        "entries": [sort.entry(row) for row in rows],
        **neighbours(request, page),
    }
    return render(request, "reviews/queue.html", context)


def _assigned(row: Assignment, submitted: Assessment | None, draft: AssessmentDraft | None) -> WorkItem:
    """An accepted assignment; if its assessment is waiting, that is the first link."""
    if submitted and not draft:
        first = WorkButton(_("View your assessment"), address("review", submitted.pk))
    else:
        label = _("Continue your draft") if draft else _("Assess")
        first = WorkButton(label, address("assess", row.claim.reference), main=True)
    return _entry(
        row.claim,
        *([_kept(draft)] if draft else []),
        due_at=row.due_at,
        acts=[
            first,
            WorkButton(_("Reassign…"), address("hand-over", row.pk), plain=True),
        ],
    )


def _kept(draft: AssessmentDraft) -> str:
    return _("Draft saved %(time)s ago") % {"time": _since(draft.kept_at)}


def _draft(row: AssessmentDraft, editing: set[UUID]) -> WorkItem:
    """A draft on a claim that is not, or no longer, assigned to the person."""
    acts = [WorkButton(_("Read draft…"), address("drop-draft", row.claim.reference), plain=True)]
    if row.claim.desk_id in editing and row.claim.closed_at is None:
        acts.insert(0, WorkButton(_("Continue your draft"), address("assess", row.claim.reference)))
    return _entry(row.claim, note=_kept(row), acts=acts)


def _offered(row: Assignment) -> WorkItem:
    given = _("From %(person)s, %(time)s ago") % {"person": row.assigned_by.username, "time": _since(row.created_at)}
    return _entry(
        row.claim,
        given,
        due_at=row.due_at,
        acts=[
            WorkButton(_("Accept"), address("accept", row.pk), post=True),
            WorkButton(_("Decline…"), address("decline", row.pk), plain=True),
        ],
    )


def _offered_or_assigned(row: Assignment) -> WorkItem:
    return _offered(row) if row.state == AssignmentState.OFFERED else _assigned(row, None, None)


def _to_decide(row: Assessment) -> WorkItem:
    found = _("%(person)s assessed this %(time)s ago") % {
        "person": row.assessor.username,
        "time": _since(row.created_at),
    }
    return _entry(
        row.claim,
        found,
        proposed=row.proposed_state,
        acts=[WorkButton(_("Review assessment"), address("review", row.pk), main=True)],
    )


def _submitted(row: Assessment) -> WorkItem:
    return _entry(
        row.claim,
        proposed=row.proposed_state,
        note=_("Awaiting second reviewer for %(time)s") % {"time": _since(row.created_at)},
        acts=[WorkButton(_("View your assessment"), address("review", row.pk))],
    )


def _support_lost(row: Task) -> WorkItem:
    acts = [
        WorkButton(_("Re-check"), address("claim", row.claim.reference)),
        WorkButton(_("Assign…"), address("assign", row.claim.reference), plain=True),
    ]
    return _entry(row.claim, _("lost %(time)s ago") % {"time": _since(row.opened_at)}, due_at=row.due_at, acts=acts)


def _grounds_changed(row: Task) -> WorkItem:
    acts = [WorkButton(_("Re-check"), address("verdict-grounds", row.claim.reference))]
    return _entry(row.claim, _("changed %(time)s ago") % {"time": _since(row.opened_at)}, due_at=row.due_at, acts=acts)


def _recheck(row: Task) -> WorkItem:
    item = row.evidence
    assert item is not None
    acts = [WorkButton(_("Re-check quote"), reverse("recheck", args=[row.claim.reference, item.pk]))]
    return _entry(
        row.claim, _("“%(title)s” was corrected") % {"title": item.source.title}, due_at=row.due_at, acts=acts
    )


def _unassigned(claim: Claim) -> WorkItem:
    return _entry(
        claim,
        note=_("No due time"),
        acts=[WorkButton(_("Assign…"), address("assign", claim.reference))],
    )


def _entry(
    claim: Claim,
    *facts: str,
    due_at: object = None,
    note: str = "",
    proposed: str = "",
    acts: list[WorkButton],
) -> WorkItem:
    said_by = claim.claimant.name if claim.claimant else _("claimant unknown")
    return WorkItem(
        reference=claim.reference,
        url=address("claim", claim.reference),
        statement=claim.statement,
        state=claim.state,
        contested=claim.contested,
        support_lost=claim.support_lost,
        facts=[
            said_by,
            voices_in_words(claim.independence_min, most=claim.independence_max, exact=claim.independence_exact),
            *facts,
        ],
        due_at=due_at,
        note=note,
        proposed=proposed,
        acts=acts,
    )


def _since(moment: object) -> str:
    """The time since, in its largest unit: "2 days"."""
    return timesince(moment, depth=1)  # type: ignore[arg-type]  # a moment: a claim without support has one


# Kinds of work with possibly more items than My work shows.
LISTS = {
    "assigned": ListedWork(gettext_lazy("Assigned to you"), assigned_to, _offered_or_assigned, Order("due_at")),
    "decide": ListedWork(gettext_lazy("Awaiting your decision"), to_decide_by, _to_decide, Order("created_at")),
    "waiting": ListedWork(gettext_lazy("Submitted by you"), submitted_by, _submitted, Order("created_at")),
    "lost": ListedWork(
        gettext_lazy("Support lost"),
        lambda user: tasks_for(user).filter(kind=TaskKind.SUPPORT_LOST),
        _support_lost,
        Order("due_at"),
    ),
    "changed": ListedWork(
        gettext_lazy("Changed since the verdict"),
        lambda user: tasks_for(user).filter(kind=TaskKind.GROUNDS_CHANGED),
        _grounds_changed,
        Order("due_at"),
    ),
    "recheck": ListedWork(
        gettext_lazy("Quotes to re-check"),
        lambda user: tasks_for(user).filter(kind=TaskKind.RECHECK),
        _recheck,
        Order("due_at"),
    ),
    "nobody": ListedWork(gettext_lazy("Unassigned"), unassigned_of, _unassigned, Order("created_at")),
}

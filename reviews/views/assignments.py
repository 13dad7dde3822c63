"""Pages to assign claims, and to answer an assignment."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Role
from accounts.queries import members_of, person_named
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.access.conflicts import conflict_in_words
from claims.access.permissions import may_edit_as_editor
from claims.forms.sources import ConfirmForm, ReasonForm
from claims.queries import deciders_of, get_claim, get_decider
from house.pages import CleanedData, form_page, sent, show_form
from reviews.actions.assignments import (
    accept_assignment,
    assign,
    change_due,
    close_claim,
    decline,
    may_answer,
    name_decider,
    open_claim,
    reassign,
    unname_decider,
    withdraw_assignment,
)
from reviews.candidates import candidates_for
from reviews.forms import AssignForm, CloseForm, DeciderForm, DueForm, ReassignForm, candidate_in_words
from reviews.models import Assignment
from reviews.queries import get_assignment


@form_page
def assign_page(request: PersonsRequest, reference: str) -> HttpResponse:
    """Assign a claim to a member of its desk, with a due time."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, _("Only editors assign claims."))
    ranked = candidates_for(claim, to=request.user, now=timezone.now())
    candidates = [one for one in ranked if not one.has_it and one.conflict is None]
    people = {one.person.pk: one.person for one in candidates}
    form = AssignForm(
        **sent(request),
        candidates=[(one.person.pk, candidate_in_words(one)) for one in candidates],
        due_at=timezone.now() + timedelta(days=claim.desk.days_to_review),
    )

    def act(given: CleanedData) -> Assignment:
        person = people[given["reviewer"]]
        return assign(claim=claim, reviewer=person, due_at=given["due_at"], by=request.user)

    if form.submitted(act):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Assign this claim"),
        button=_("Assign claim"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[
            _("They can accept or decline. Reminders are sent when it is due, then daily."),
            *(conflict_in_words(one.person.username, touched=one.conflict.name) for one in ranked if one.conflict),
        ],
    )


@require_POST
def accept_page(request: PersonsRequest, assignment_id: UUID) -> HttpResponse:
    """Accept an assignment, with one button."""
    assignment = get_assignment(request.user, assignment_id)
    accept_assignment(assignment=assignment, by=request.user)
    return redirect("claim", assignment.claim.reference)


@form_page
def decline_page(request: PersonsRequest, assignment_id: UUID) -> HttpResponse:
    """Decline an assignment, with a reason."""
    assignment = get_assignment(request.user, assignment_id)
    may_answer(assignment, request.user)
    form = ReasonForm(**sent(request), hint=_("So that the editor can find another reviewer."))
    if form.submitted(lambda given: decline(assignment=assignment, by=request.user, **given)):
        return redirect("work")
    return _show(request, form, assignment, title=_("Decline this assignment"), button=_("Decline assignment"))


@form_page
def reassign_page(request: PersonsRequest, assignment_id: UUID) -> HttpResponse:
    """Reassign a claim to another reviewer."""
    assignment = get_assignment(request.user, assignment_id)
    may_answer(assignment, request.user)
    ranked = candidates_for(assignment.claim, to=request.user, now=timezone.now())
    candidates = [one for one in ranked if not one.has_it and one.conflict is None]
    people = {one.person.pk: one.person for one in candidates}
    form = ReassignForm(**sent(request), people=[(one.person.pk, candidate_in_words(one)) for one in candidates])
    if form.submitted(
        lambda given: reassign(assignment=assignment, to=people[given["to"]], reason=given["reason"], by=request.user)
    ):
        return redirect("work")
    lines = [_("They can accept or decline. The due time stays unless it has passed.")]
    return _show(request, form, assignment, title=_("Reassign this claim"), button=_("Reassign claim"), lines=lines)


@form_page
def withdraw_assignment_page(request: PersonsRequest, assignment_id: UUID) -> HttpResponse:
    """Withdraw an assignment as an editor."""
    assignment = get_assignment(request.user, assignment_id)
    may_edit_as_editor(request.user, assignment.claim, _("Only editors withdraw an assignment."))
    form = ReasonForm(**sent(request), needed=False)
    if form.submitted(lambda given: withdraw_assignment(assignment=assignment, by=request.user, **given)):
        return redirect("claim", assignment.claim.reference)
    name = assignment.reviewer.username
    return _show(
        request,
        form,
        assignment,
        title=_("Withdraw the assignment of %(name)s") % {"name": name},
        button=_("Withdraw assignment"),
        lines=[_("%(name)s is no longer assigned and gets no more reminders.") % {"name": name}],
    )


@form_page
def due_page(request: PersonsRequest, assignment_id: UUID) -> HttpResponse:
    """Change a due time as an editor."""
    assignment = get_assignment(request.user, assignment_id)
    may_edit_as_editor(request.user, assignment.claim, _("Only editors change a due time."))
    form = DueForm(**sent(request), initial={"due_at": assignment.due_at})
    if form.submitted(lambda given: change_due(assignment=assignment, by=request.user, **given)):
        return redirect("claim", assignment.claim.reference)
    lines = [_("Reminders follow the new time.")]
    return _show(request, form, assignment, title=_("Change the due time"), button=_("Set due time"), lines=lines)


def _show(request: PersonsRequest, form: Any, assignment: Assignment, **said: Any) -> HttpResponse:
    claim = assignment.claim
    return show_form(request, form, back=reverse("claim", args=[claim.reference]), about=claim, **said)


@asks_again("POST")
@form_page
def decider(request: PersonsRequest, reference: str) -> HttpResponse:
    """Name an approver for this claim besides the editors."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, _("Only editors name approvers."))
    form = DeciderForm(**sent(request))
    if form.submitted(lambda given: name_decider(claim=claim, user=person_named(given["person"]), by=request.user)):
        return redirect("claim", claim.reference)
    deciding = {user.username for user in members_of(claim.desk, Role.EDITOR)}
    deciders = ", ".join(sorted(deciding | {named.user.username for named in deciders_of(claim)}))
    return show_form(
        request,
        form,
        title=_("Add an approver"),
        button=_("Add approver"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[
            _("They can then approve or reject assessments of this claim, except their own."),
            _("A person from another desk sees this claim and its unrestricted evidence, nothing else of this desk."),
            _("Their invitation ends with the decision, or when you withdraw it."),
            _("Already approvers: %(names)s.") % {"names": deciders},
        ],
    )


@form_page
def end_decider(request: PersonsRequest, reference: str, decider_id: UUID) -> HttpResponse:
    """Remove an approver."""
    claim = get_claim(request.user, reference)
    named = get_decider(claim, decider_id)
    may_edit_as_editor(request.user, claim, _("Only editors remove approvers."))
    form = ConfirmForm(**sent(request))
    if form.submitted(lambda given: unname_decider(decider=named, by=request.user)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Remove %(name)s as an approver") % {"name": named.user.username},
        button=_("Remove approver"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[_("A person from another desk can then no longer see this claim.")],
    )


@form_page
def close(request: PersonsRequest, reference: str) -> HttpResponse:
    """Close a claim, with the reason."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, _("Only editors close claims."))
    form = CloseForm(**sent(request))
    if form.submitted(lambda given: close_claim(claim=claim, by=request.user, **given)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Close this claim"),
        button=_("Close claim"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[_("Its state stays. Its assignment ends and its reminders stop. You can reopen it later.")],
    )


@form_page
def reopen(request: PersonsRequest, reference: str) -> HttpResponse:
    """Reopen a closed claim."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, _("Only editors reopen claims."))
    form = ReasonForm(**sent(request), needed=False, hint=_("Recorded with the claim."))
    if form.submitted(lambda given: open_claim(claim=claim, by=request.user, **given)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Reopen this claim"),
        button=_("Reopen claim"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[_("It can be edited, assigned and assessed again. Its state has not changed.")],
    )

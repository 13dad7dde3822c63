"""Pages of desks: their members with roles, and their policy."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.actions import may_administer, may_change_desk
from accounts.models import Desk, Role
from accounts.queries import desks_of, get_desk, get_membership, memberships_on
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.actions.desks import change_policy
from claims.forms.desks import AddMemberForm, LeaveForm, PolicyForm, RoleForm
from claims.inputs import DeskEdit
from claims.models import PolicyField
from claims.queries import policy_changes_of
from claims.verdicts.side_effects import Effects
from house.pages import form_page, may, sent, show_form
from house.seen import SeenValues
from reviews.actions.memberships import change_role
from reviews.permissions import may_redact
from reviews.queries import open_redactions_of

# In the order of responsibility.
HEADINGS = {
    Role.EDITOR: gettext_lazy("Editors"),
    Role.REVIEWER: gettext_lazy("Reviewers"),
    Role.REPORTER: gettext_lazy("Reporters"),
    Role.AUDITOR: gettext_lazy("Auditors"),
}
MOST_CHANGES = 20


@require_safe
def desk(request: PersonsRequest) -> HttpResponse:
    """The person's desk; with several, a list to choose from."""
    desks = list(desks_of(request.user).order_by("name", "id"))
    if len(desks) == 1:
        return _show(request, desks[0])
    return render(request, "reviews/desks.html", {"desks": desks})


@require_safe
def one_desk(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    return _show(request, get_desk(request.user, desk_id))


def _show(request: PersonsRequest, row: Desk) -> HttpResponse:
    members = list(memberships_on(row))
    groups = [(heading, [one for one in members if one.role == role]) for role, heading in HEADINGS.items()]
    context = {
        "desk": row,
        "groups": [(heading, people) for heading, people in groups if people],
        "has_editor": any(one.role == Role.EDITOR for one in members),
        "changes": policy_changes_of(row)[:MOST_CHANGES],
        "may_change": may(may_change_desk, row, request.user),
        "may_administer": may(may_administer, request.user),
        "may_redact": may(may_redact, row, request.user),
        "open_redactions": open_redactions_of(request.user, row),
    }
    return render(request, "reviews/desk.html", context)


@asks_again("POST")
@form_page
def policy_page(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """Change the policy in two steps: a dry run shows the impact on claims, then the change is made."""
    row = get_desk(request.user, desk_id)
    may_change_desk(row, request.user)
    form = PolicyForm(**sent(request), desk=row)
    # Only previewed values are saved: other numbers are previewed first.
    confirming = " ".join(form.data.get(field, "") for field in PolicyField.values)
    dry_run = request.POST.get("confirmed") != confirming
    effects = Effects(dry_run=dry_run)
    tried = form.submitted(
        lambda given: change_policy(
            desk=row,
            edit=DeskEdit(form.changes(), given["reason"], form.what_was_seen),
            effects=effects,
            by=request.user,
        )
    )
    if tried and not dry_run:
        return redirect("one-desk", desk_id)
    return show_form(
        request,
        form,
        title=_("Policy of %(desk)s") % {"desk": row.name},
        button=_("Change policy") if tried else _("Preview impact"),
        back=reverse("one-desk", args=[desk_id]),
        lines=[
            _(
                "Verdicts that then lack voices are flagged “support lost”. Their state changes only when people "
                "decide."
            ),
            _("You see a preview of the impact before anything is recorded."),
        ],
        template="reviews/policy.html",
        tried=effects if tried else None,
        confirming=confirming,
    )


@asks_again("POST")
@form_page
def add_member(request: PersonsRequest, desk_id: UUID) -> HttpResponse:
    """Add a person with an account to the desk, in a role."""
    row = get_desk(request.user, desk_id)
    may_administer(request.user)
    form = AddMemberForm(**sent(request), desk=row)
    if form.submitted(
        lambda given: change_role(
            desk=row,
            user=form.people[given["user"]],
            role=given["role"],
            seen=SeenValues(values={"role": None}),
            by=request.user,
        ),
    ):
        return redirect("one-desk", desk_id)
    return show_form(
        request,
        form,
        title=_("Add a member to %(desk)s") % {"desk": row.name},
        button=_("Add to desk"),
        back=reverse("one-desk", args=[desk_id]),
        lines=[_("They immediately see everything their role on this desk can see.")],
    )


@asks_again("POST")
@form_page
def change_member(request: PersonsRequest, desk_id: UUID, *, membership_id: UUID) -> HttpResponse:
    """Change the role of a member."""
    row = get_desk(request.user, desk_id)
    may_administer(request.user)
    member = get_membership(row, membership_id)
    form = RoleForm(**sent(request), present=member.role)
    if form.submitted(
        lambda _given: change_role(
            desk=row, user=member.user, role=form.chosen, seen=form.what_was_seen, by=request.user
        ),
    ):
        return redirect("one-desk", desk_id)
    names = {"person": member.user.username, "desk": row.name}
    return show_form(
        request,
        form,
        title=_("Role of %(person)s on %(desk)s") % names,
        button=_("Change role"),
        back=reverse("one-desk", args=[desk_id]),
        lines=[_what_ends()],
    )


@asks_again("POST")
@form_page
def remove_member(request: PersonsRequest, desk_id: UUID, *, membership_id: UUID) -> HttpResponse:
    """Remove a member from the desk."""
    row = get_desk(request.user, desk_id)
    may_administer(request.user)
    member = get_membership(row, membership_id)
    form = LeaveForm(**sent(request), initial={"seen_role": member.role})
    if form.submitted(
        lambda given: change_role(
            desk=row,
            user=member.user,
            role=None,
            seen=SeenValues(values={"role": given["seen_role"]}),
            by=request.user,
        ),
    ):
        return redirect("one-desk", desk_id)
    names = {"person": member.user.username, "desk": row.name}
    return show_form(
        request,
        form,
        title=_("Remove %(person)s from %(desk)s") % names,
        button=_("Remove from desk"),
        back=reverse("one-desk", args=[desk_id]),
        lines=[_("They can no longer see this desk. Their past work stays, with their name."), _what_ends()],
    )


def _what_ends() -> str:
    return _("A member who no longer reviews loses their assignments, drafts and approver roles.")

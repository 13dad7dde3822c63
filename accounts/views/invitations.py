"""Invitations, for administrators."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.actions import may_administer
from accounts.actions.invitations import invite, resend_invitation, revoke_invitation
from accounts.forms import InviteForm
from accounts.limits import limited
from accounts.queries import get_invitation, invitations_for
from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from house.pages import form_page, sent

MOST_SHOWN = 100


@asks_again("POST")
@form_page
def invitations(request: PersonsRequest) -> HttpResponse:
    """All invitations with their outcome, and the form for a new one."""
    may_administer(request.user)
    form = InviteForm(**sent(request))
    if form.is_valid() and (refused := limited(request, "invite", user=request.user)):
        return refused
    if form.submitted(lambda given: invite(**given, by=request.user)):
        return redirect("invitations")
    context = {"form": form, "invitations": invitations_for(request.user)[:MOST_SHOWN], "now": timezone.now()}
    return render(request, "accounts/invitations.html", context, status=form.status)


@asks_again("POST")
@require_POST
def resend(request: PersonsRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again."""
    may_administer(request.user)
    if refused := limited(request, "invite", user=request.user):
        return refused
    resend_invitation(invitation=get_invitation(request.user, invitation_id), by=request.user)
    return redirect("invitations")


@require_POST
def revoke(request: PersonsRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    may_administer(request.user)
    revoke_invitation(invitation=get_invitation(request.user, invitation_id), by=request.user)
    return redirect("invitations")

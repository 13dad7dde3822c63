"""The page of a person's own conflicts of interest."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import PersonsRequest
from accounts.views.tabs import account_tabs
from claims.access.conflicts import claims_touched, conflicts_of
from claims.actions.conflicts import declare_conflict, withdraw_conflict
from claims.forms.conflicts import ConflictForm
from claims.reading.actor_queries import shown_actors
from house.pages import form_page, sent


@form_page
def conflicts(request: PersonsRequest) -> HttpResponse:
    """The person's declared conflicts, the claims affected, and the form to declare another."""
    user = request.user
    form = ConflictForm(**sent(request), user=user)
    if form.submitted(lambda given: declare_conflict(actor_id=given["actor"], by=user)):
        return redirect("conflicts")
    rows = list(conflicts_of(user))
    seen = dict(shown_actors(user).filter(pk__in=[row.actor_id for row in rows]).values_list("pk", "name"))
    context = {
        "form": form,
        # An actor of a desk that the person has left may have been renamed since.
        "rows": [(row, seen.get(row.actor_id) or _("an actor you can no longer see")) for row in rows],
        "touched": claims_touched(user) if rows else [],
        **account_tabs("conflicts"),
    }
    return render(request, "claims/conflicts.html", context, status=form.status)


@require_POST
def withdraw_conflict_page(request: PersonsRequest, conflict_id: UUID) -> HttpResponse:
    """Withdraw a declared conflict; no input is needed."""
    withdraw_conflict(conflict_id=conflict_id, by=request.user)
    return redirect("conflicts")

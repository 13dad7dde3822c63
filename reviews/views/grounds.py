"""Pages to confirm an assessment or a verdict whose grounds have changed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.recent import asks_again
from accounts.requests import PersonsRequest
from claims.queries import get_claim
from house.errors import Conflict, PolicyNotMet
from house.pages import form_page, sent, show_form
from reviews.actions.grounds import confirm_assessment, confirm_verdict, may_confirm, may_confirm_assessment
from reviews.forms import LARGEST_VERSION, ConfirmVerdictForm
from reviews.grounds_shown import of_verdict
from reviews.queries import get_assessment


@require_POST
def confirm(request: PersonsRequest, assessment_id: UUID) -> HttpResponse:
    """Confirm one's own waiting assessment on the present grounds, with one button."""
    assessment = get_assessment(request.user, assessment_id)
    may_confirm_assessment(request.user, assessment)
    version = request.POST.get("seen_version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) <= 10 else 0
    try:
        confirm_assessment(
            assessment=assessment,
            seen_version=min(seen, LARGEST_VERSION),
            seen_grounds=request.POST.get("seen_grounds", ""),
            by=request.user,
        )
    except (Conflict, PolicyNotMet) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Confirmed. A second person decides on the present version."))
    return redirect("review", assessment.pk)


@asks_again("POST")
@form_page
def verdict(request: PersonsRequest, reference: str) -> HttpResponse:
    """The changes to the grounds of a verdict; for people who made none of them, the form to confirm it."""
    claim = get_claim(request.user, reference)
    if request.method == "POST":
        may_confirm(request.user, claim)
    shown = of_verdict(request.user, claim)
    if shown is None:
        raise Conflict(_("This claim has no verdict with recorded grounds."))
    form = ConfirmVerdictForm(**sent(request), seen_grounds=shown.now)
    if form.submitted(lambda given: confirm_verdict(claim=claim, by=request.user, **given)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Changed since the verdict") if shown.changed else _("Grounds of the verdict"),
        button=_("Confirm verdict"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        template="reviews/grounds.html",
        shown=shown,
    )

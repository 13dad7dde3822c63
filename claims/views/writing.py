"""Pages that add and edit claims: one form a page, one action a form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Desk
from accounts.queries import desk_for, memberships_of
from accounts.requests import PersonsRequest
from claims.access.permissions import may_edit_as_editor, may_edit_claim
from claims.actions.claims import publish_claim, set_threshold, unpublish_claim
from claims.actions.composing import edit_with_actors, report_with_source
from claims.forms.claims import EditClaimForm, NewClaimForm, ThresholdForm, element_forms
from claims.forms.sources import ReasonForm
from claims.inputs import ClaimInput
from claims.models import Claim
from claims.queries import get_claim
from claims.views.asking import consent
from house.errors import Invalid
from house.pages import CleanedData, form_page, sent, show_form
from sources.permissions import WRITERS, may_write


@form_page
def new_claim(request: PersonsRequest) -> HttpResponse:
    """Add a claim with its actors and its first source in one step."""
    desk = chosen_desk(request)
    if desk is None:
        own = [row.desk for row in memberships_of(request.user) if row.role in WRITERS]
        return render(request, "claims/choose_desk.html", {"desks": own})
    may_write(request.user, desk)
    form = NewClaimForm(**sent(request), user=request.user, desk=desk)
    elements = element_forms(**sent(request))
    if request.method == "POST" and not elements.is_valid():
        form.add_error(None, _("Some fields of the claim need a change."))
    if form.submitted(lambda given: _report(request, desk, given, elements)):
        return redirect("claim", form.outcome.reference)
    return show_form(
        request,
        form,
        title=_("New claim"),
        button=_("Save claim"),
        back=reverse("claims"),
        template="claims/new.html",
        elements=elements,
        desk=desk,
    )


def chosen_desk(request: PersonsRequest) -> Desk | None:
    """The desk named in the address or the form, or else the person's only one; None where they have to choose."""
    named = request.POST.get("desk") or request.GET.get("desk")
    try:
        chosen = UUID(named) if named else None
    except ValueError as error:
        raise Invalid({"desk": [_("Desk not found.")]}) from error
    if chosen is None and len(memberships_of(request.user)) > 1:
        return None
    return desk_for(request.user, chosen)


def _report(request: PersonsRequest, desk: Desk, given: CleanedData, elements: Any) -> Claim:
    return report_with_source(
        desk=desk,
        fields=NewClaimForm.described_claim(given, elements),
        carrier=NewClaimForm.carrier(given),
        evidence=NewClaimForm.recorded(given),
        by=request.user,
    )


@form_page
def edit_claim_page(request: PersonsRequest, reference: str) -> HttpResponse:
    """Edit a claim's wording, people, days, topics and elements."""
    claim = get_claim(request.user, reference)
    may_edit_claim(request.user, claim)
    form = EditClaimForm(**sent(request), user=request.user, claim=claim)
    if request.method == "POST" and not form.elements.is_valid():
        form.add_error(None, _("Some fields of the claim need a change."))
    if form.submitted(lambda given: _edit(request, claim, form)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Edit the claim"),
        button=_("Save changes"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        template="claims/edit.html",
        elements=form.elements,
    )


def _edit(request: PersonsRequest, claim: Claim, form: EditClaimForm) -> Claim:
    return edit_with_actors(
        claim=claim,
        fields=ClaimInput(**form.changes()),
        seen=form.what_was_seen,
        effects=consent(request),
        by=request.user,
    )


@dataclass(frozen=True, kw_only=True)
class _EditorAct:
    """An editor's act on a claim with the texts of its page; others who try it are refused with `refusal`."""

    act: Callable[..., Claim]
    refusal: str
    title: str
    button: str
    lines: Sequence[str]


@form_page
def publish(request: PersonsRequest, reference: str) -> HttpResponse:
    return _confirmed(
        request,
        reference,
        _EditorAct(
            act=publish_claim,
            refusal=_("Only editors publish claims."),
            title=_("Publish this claim"),
            button=_("Publish claim"),
            lines=[
                _("Anyone can then read its wording, state, status history and public evidence."),
                _(
                    "Evidence, sources and actors that are not public stay hidden. Later status changes appear "
                    "automatically."
                ),
            ],
        ),
    )


@form_page
def unpublish(request: PersonsRequest, reference: str) -> HttpResponse:
    return _confirmed(
        request,
        reference,
        _EditorAct(
            act=unpublish_claim,
            refusal=_("Only editors publish claims."),
            title=_("Unpublish this claim"),
            button=_("Unpublish claim"),
            lines=[_("The public page is removed at once. Copies made by others remain.")],
        ),
    )


def _confirmed(request: PersonsRequest, reference: str, page: _EditorAct) -> HttpResponse:
    """A page that says what an editor's act will do, with the button that does it."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, page.refusal)
    form = ReasonForm(**sent(request), needed=False, hint=_("Recorded with the claim."))
    if form.submitted(lambda given: page.act(claim=claim, by=request.user, **given)):
        return redirect("claim", claim.reference)
    back = reverse("claim", args=[claim.reference])
    return show_form(request, form, title=page.title, button=page.button, back=back, about=claim, lines=page.lines)


@form_page
def threshold(request: PersonsRequest, reference: str) -> HttpResponse:
    """Set the number of independent voices that a verdict on this claim needs."""
    claim = get_claim(request.user, reference)
    may_edit_as_editor(request.user, claim, _("Only editors set a claim’s threshold."))
    form = ThresholdForm(**sent(request), claim=claim)
    if form.submitted(
        lambda given: set_threshold(
            claim=claim, fields=form.settled(), seen=form.what_was_seen, effects=consent(request), by=request.user
        )
    ):
        return redirect("claim", claim.reference)
    needed = claim.desk.min_independence
    return show_form(
        request,
        form,
        title=_("Set the threshold"),
        button=_("Set threshold"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[
            _("The desk’s threshold is %(count)d. A verdict that then lacks voices is flagged.") % {"count": needed}
        ],
    )

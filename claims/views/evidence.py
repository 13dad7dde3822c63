"""Pages that attach a source to a claim, edit evidence, and withdraw it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.requests import PersonsRequest
from claims.access.permissions import may_confirm_excerpt, may_edit_claim, may_edit_evidence
from claims.actions.composing import attach_source
from claims.actions.evidence import change_evidence, confirm_excerpt, withdraw_evidence
from claims.forms.evidence import AttachForm, EvidenceForm, WithdrawEvidenceForm
from claims.forms.sources import ReasonForm
from claims.inputs import EvidenceInput
from claims.models import Claim, Evidence
from claims.queries import evidence_of, get_claim, get_evidence
from claims.record.reads import note_shown
from claims.views.asking import consent
from claims.views.lines import numbers_of
from house.pages import CleanedData, form_page, may, sent, show_form


@form_page
def attach(request: PersonsRequest, reference: str) -> HttpResponse:
    """Attach a source, new or existing, and name the source that it is based on."""
    claim = get_claim(request.user, reference)
    may_edit_claim(request.user, claim)
    form = AttachForm(**sent(request), user=request.user, claim=claim)
    if form.submitted(lambda given: _attach(request, claim, given)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Attach a source"),
        button=_("Attach source"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        template="claims/attach.html",
    )


def _attach(request: PersonsRequest, claim: Claim, given: CleanedData) -> Evidence:
    return attach_source(
        claim=claim,
        carrier=AttachForm.carrier(given),
        evidence=AttachForm.recorded(given),
        effects=consent(request),
        by=request.user,
    )


@form_page
def evidence_page(request: PersonsRequest, reference: str, evidence_id: UUID) -> HttpResponse:
    """Edit a piece of evidence."""
    claim, item = _find(request, reference, evidence_id)
    rows = list(evidence_of(request.user, claim))
    note_shown(request.user, rows)
    numbers = numbers_of(rows)
    others = [
        (row.pk, f"{numbers[row.pk]}. {row.source.title}")
        for row in rows
        if row.pk != item.pk and row.withdrawn_at is None
    ]
    form = EvidenceForm(**sent(request), user=request.user, evidence=item, others=others)
    if form.submitted(lambda given: _change(request, item, form)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Evidence %(number)s: %(title)s") % {"number": numbers[item.pk], "title": item.source.title},
        button=_("Save evidence"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        template="claims/evidence.html",
        evidence=item,
    )


def _change(request: PersonsRequest, item: Evidence, form: EvidenceForm) -> Evidence:
    return change_evidence(
        evidence=item,
        fields=EvidenceInput(**form.changes()),
        seen=form.what_was_seen,
        effects=consent(request),
        by=request.user,
    )


@form_page
def withdraw_evidence_page(request: PersonsRequest, reference: str, evidence_id: UUID) -> HttpResponse:
    """Withdraw a piece of evidence, with a reason."""
    claim, item = _find(request, reference, evidence_id)
    form = WithdrawEvidenceForm(**sent(request), initial={"seen_version": item.version})
    agreed = consent(request)
    if form.submitted(lambda given: withdraw_evidence(evidence=item, effects=agreed, by=request.user, **given)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Withdraw “%(title)s”") % {"title": item.source.title},
        button=_("Withdraw evidence"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        lines=[_("It no longer counts, and stays on record with your reason. The source itself does not change.")],
    )


@form_page
def recheck(request: PersonsRequest, reference: str, evidence_id: UUID) -> HttpResponse:
    """Confirm that an excerpt still holds after a correction of its source."""
    claim = get_claim(request.user, reference)
    item = get_evidence(request.user, claim, evidence_id)
    item.claim = claim
    may_confirm_excerpt(request.user, item)
    note_shown(request.user, [item])
    form = ReasonForm(**sent(request), needed=False, hint=_("What you compared. Recorded with your name."))
    if form.submitted(lambda given: confirm_excerpt(evidence=item, note=given["reason"], by=request.user)):
        return redirect("claim", claim.reference)
    return show_form(
        request,
        form,
        title=_("Is this quote still accurate?"),
        button=_("Confirm quote"),
        back=reverse("claim", args=[claim.reference]),
        about=claim,
        template="claims/recheck.html",
        item=item,
        may_change=may(may_edit_evidence, request.user, item),
    )


def _find(request: PersonsRequest, reference: str, evidence_id: UUID) -> tuple[Claim, Evidence]:
    """The claim and its piece of evidence, where the person may edit it. Raises NotFound, Forbidden."""
    claim = get_claim(request.user, reference)
    item = get_evidence(request.user, claim, evidence_id)
    item.claim = claim
    may_edit_evidence(request.user, item)
    note_shown(request.user, [item])
    return claim, item

"""One's own drafts: the list of all, and one to read, copy, continue or discard.

Including drafts about closed claims, or for forms one may no longer submit: one's own text stays reachable.
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import PersonsRequest
from claims.forms.claims import ElementForm
from claims.forms.sources import ConfirmForm
from claims.models import Claim
from claims.reading.paging import Order, read_page
from claims.views.lines import Link
from claims.views.listing import PAGE_SIZE, neighbours
from house.pages import form_page, sent, show_form
from reviews.actions.form_drafts import KEPT_FILE, KEPT_FOR, discard_form_draft
from reviews.models import FormDraft
from reviews.queries import form_drafts_of, get_form_draft, own_draft, own_drafts
from reviews.views.drafting import TO_READ, address_of
from reviews.views.drafts import DraftPart
from sources.chosen import chosen_by

_ELEMENT = re.compile(r"elements-\d+-text")


@dataclass(frozen=True)
class DraftLine:
    """A draft in the list: its form, its subject, and when it was saved."""

    row: FormDraft
    title: str
    claim: Claim | None
    url: str
    form_url: str
    begins: str


@require_safe
def drafts(request: PersonsRequest) -> HttpResponse:
    """One's own drafts of forms, the last saved first."""
    page = read_page(
        form_drafts_of(request.user),
        order=Order("kept_at", newest_first=True),
        cursor=request.GET.get("cursor", ""),
        filters={"list": "drafts"},
        size=PAGE_SIZE,
    )
    context = {
        "lines": [form_draft_line(row) for row in page.rows],
        "assessments": own_drafts(request.user)[:PAGE_SIZE] if not page.previous else [],
        "days": KEPT_FOR.days,
        **neighbours(request, page),
    }
    return render(request, "reviews/form_drafts.html", context)


def form_draft_line(row: FormDraft) -> DraftLine:
    return DraftLine(row, title_of(row), row.claim, reverse("form-draft", args=[row.pk]), address_of(row), _begins(row))


def _begins(row: FormDraft) -> str:
    """The longest text of a draft, whose first words the list shows; "" if it holds choices alone."""
    fields = _fields_of(row)
    texts = [value for name, value in row.content if not name.endswith(KEPT_FILE) and _label(name, fields, row)]
    return max(texts, key=len, default="").strip()


def own_drafts_on(user: User, claim: Claim) -> list[Link]:
    """The person's drafts about a claim, with links: a closed claim's forms do not lead to them."""
    found = [
        Link(title_of(row), reverse("form-draft", args=[row.pk])) for row in form_drafts_of(user).filter(claim=claim)
    ]
    if own_draft(user, claim):
        found.insert(0, Link(_("Assessment"), reverse("drop-draft", args=[claim.reference])))
    return found


def title_of(row: FormDraft) -> str:
    """The title of the form; "Form" for one that no longer exists."""
    return str(TO_READ[row.name][0]) if row.name in TO_READ else _("Form")


@form_page
def draft(request: PersonsRequest, draft_id: UUID) -> HttpResponse:
    """Show one's draft again, and discard it."""
    row = get_form_draft(request.user, draft_id)
    form = ConfirmForm(**sent(request))
    if form.submitted(lambda given: discard_form_draft(draft=row, by=request.user)):
        return redirect("form-drafts")
    return show_form(
        request,
        form,
        title=_("Draft: %(form)s") % {"form": title_of(row)},
        button=_("Discard draft"),
        back=reverse("form-drafts"),
        about=row.claim,
        lines=[_("No one else has seen it. It was not submitted.")],
        template="reviews/form_draft.html",
        draft=row,
        said=form_draft_in_words(row),
        form_url=address_of(row),
    )


def form_draft_in_words(row: FormDraft) -> list[DraftPart]:
    """The texts typed in a form, field by field. The form itself shows choices from lists."""
    fields = _fields_of(row)
    said = []
    for name, value in row.content:
        label = _label(name, fields, row)
        if label and value.strip():
            said.append(DraftPart(label, _file_in_words(row, value) if name.endswith(KEPT_FILE) else value))
    return [one for one in said if one.text]


def _fields_of(row: FormDraft) -> dict[str, forms.Field]:
    return TO_READ[row.name][1].base_fields if row.name in TO_READ else {}


def _label(name: str, fields: dict[str, forms.Field], row: FormDraft) -> str:
    if _ELEMENT.fullmatch(name):
        return str(ElementForm.base_fields["text"].label)
    if name.startswith("element_"):
        return _("Element")
    if name.startswith("answer_"):
        return _("Answer")
    if name.endswith(KEPT_FILE):
        return _("File")
    field: Any = fields.get(name)
    if field is None or isinstance(field, forms.ChoiceField | forms.UUIDField) or field.widget.is_hidden:
        return ""
    return str(field.label or "") if isinstance(field, forms.CharField) else ""


def _file_in_words(row: FormDraft, value: str) -> str:
    try:
        found = chosen_by(row.author, UUID(value))
    except ValueError:
        found = None
    return found.name if found else ""

"""Forms for evidence: attaching a source to a claim, and editing evidence."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from claims.forms.choosing import OneOf, choice_field, offer, one_of_field
from claims.forms.files import keep_files_of
from claims.forms.releasing import offer_stricter
from claims.forms.sources import NewSourceFields, offer_speaking_for
from claims.inputs import EvidenceInput
from claims.models import Claim, Credibility, Evidence, Stance
from claims.reading.names import ActorNames, SourceNames
from claims.reading.values import evidence_values
from house.edit_forms import EditForm
from house.pages import ActForm, CleanedData
from sources.models import Basis, Visibility

STANCES = [
    (Stance.SUPPORTS.value, _("Supports")),
    (Stance.DENIES.value, _("Denies")),
    (Stance.REFUTES.value, _("Refutes (with evidence)")),
    (Stance.CONTEXT.value, _("Context only")),
]
GRADES = [("", _("not judged yet")), *((str(value), f"{value} {label}") for value, label in Credibility.choices)]


class EvidenceFields(forms.Form):
    """The bearing of a source on a claim; `recorded` returns it as the actions take it."""

    stance = forms.ChoiceField(label=_("Bearing on the claim"), choices=STANCES, widget=forms.RadioSelect)
    elements = forms.TypedMultipleChoiceField(
        label=_("Elements it bears on"),
        required=False,
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None selected: all elements."),
    )
    excerpt = forms.CharField(
        label=_("Quote"), required=False, widget=forms.Textarea({"class": "said", "rows": 4}), max_length=4000
    )
    locator = forms.CharField(
        label=_("Page, paragraph or timestamp"), required=False, help_text=_("Where to find it in the source.")
    )
    credibility = forms.TypedChoiceField(
        label=_("Credibility of the information"), required=False, choices=GRADES, coerce=int, empty_value=None
    )
    basis = forms.ChoiceField(
        label=_("Basis for this claim"), required=False, choices=[("", _("as for the source")), *Basis.choices]
    )
    basis_reason = forms.CharField(label=_("Reason for this basis"), required=False, widget=forms.Textarea({"rows": 2}))
    against_interest = OneOf(
        label=_("Admission against interest of"),
        none=_("No one’s"),
        help_text=_("An admission against the speaker’s own interest counts as independent."),
    )
    against_interest_reason = forms.CharField(
        label=_("Why it is an admission"), required=False, widget=forms.Textarea({"rows": 2})
    )
    visibility = forms.ChoiceField(
        label=_("Visible to"),
        choices=Visibility.choices,
        initial=Visibility.DESK,
        help_text=_("Restricted material does not count and cannot support a move until an editor releases it."),
    )

    folded_evidence_fields = (
        *("credibility", "basis", "basis_reason"),
        *("against_interest", "against_interest_reason", "visibility"),
    )

    def offer_elements(self, claim: Claim) -> None:
        """Offer the claim's elements."""
        elements = list(claim.elements.all())
        if elements:
            choice_field(self, "elements").choices = [(str(element.pk), element.text) for element in elements]
        else:
            del self.fields["elements"]

    @staticmethod
    def recorded(given: CleanedData) -> EvidenceInput:
        names = [*EvidenceFields.base_fields, "superseded_by"]
        return EvidenceInput(**{name: given[name] for name in names if name in given})


class AttachForm(ActForm, NewSourceFields, EvidenceFields):
    """A source, new or existing, attached to a claim, and the source that it is based on."""

    upstream = OneOf(label=_("Based on"), none=_("unknown or none"))
    quote = forms.CharField(
        label=_("Attribution"),
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 2}),
    )

    action_fields = NewSourceFields.names_of_source_fields
    folds = {"source": NewSourceFields.folded_source_fields, "grade": EvidenceFields.folded_evidence_fields}

    def __init__(self, *arguments: Any, user: User, claim: Claim, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.offer_elements(claim)
        keep_files_of(self, user)
        offer(self, SourceNames(user, claim.desk_id), "source", "upstream")
        offer(self, ActorNames(user, claim.desk_id), "publisher", "new_publisher_part_of", "against_interest")
        offer_speaking_for(self, "publisher", claim)


class EvidenceForm(EditForm, EvidenceFields):
    """The form that edits a piece of evidence."""

    superseded_by = OneOf(
        label=_("Superseded by"),
        none=_("None"),
        help_text=_("A later statement of the same voice: a recantation, an abandoned denial."),
    )

    def __init__(
        self, *arguments: Any, user: User, evidence: Evidence, others: Iterable[tuple[Any, str]], **named: Any
    ) -> None:
        super().__init__(*arguments, values=evidence_values(user, evidence), version=evidence.version, **named)
        self.offer_elements(evidence.claim)
        self.names = ActorNames(user, evidence.claim.desk_id, chosen=[evidence.against_interest_id])
        offer(self, self.names, "against_interest")
        self.others = list(others)
        one_of_field(self, "superseded_by").entries = self.others
        offer_stricter(self, evidence.visibility)
        self.ready()

    def worded(self, name: str, value: Any) -> str:
        if name == "against_interest" and isinstance(value, str):
            return self.names.named(UUID(value)) or ""
        if name == "superseded_by" and isinstance(value, str):
            return {str(pk): title for pk, title in self.others}.get(value, "")
        return super().worded(name, value)


class WithdrawEvidenceForm(ActForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"class": "said"}))
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

"""Forms for claims: adding one, editing one, filtering the list."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.forms import formset_factory
from django.forms.utils import ErrorDict, ErrorList
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, User
from claims.bounds import MOST_ELEMENTS
from claims.forms.choosing import OneOf, SeveralOf, choice_field, offer, speaking_for
from claims.forms.days import DayField
from claims.forms.evidence import EvidenceFields
from claims.forms.files import keep_files_of
from claims.forms.sources import NewSourceFields, chosen_actor
from claims.inputs import ClaimInput, ElementInput, ThresholdInput
from claims.models import Claim, StateChoices
from claims.reading.names import ID, ActorNames, SourceNames
from claims.reading.values import claim_values, threshold_values
from house.edit_forms import EditForm
from house.inputs import UNCHANGED, FieldValues
from house.pages import ActForm, CleanedData
from sources.inputs import NamedActor
from sources.models import ActorKind

if TYPE_CHECKING:
    from django.forms import BaseFormSet


class ClaimFields(forms.Form):
    """The claim, its claimant and its subject; `described_claim` returns them as the actions take them."""

    statement = forms.CharField(
        label=_("Statement"),
        max_length=2000,
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("One checkable assertion, in its final wording."),
    )
    original_statement = forms.CharField(
        label=_("Original wording"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 2}),
        help_text=_("If it was said in another language."),
    )
    language = forms.CharField(
        label=_("Language of the original"),
        max_length=16,
        required=False,
        help_text=_("A short code, such as ru, ko or fa."),
    )
    claimant = OneOf(label=_("Claimant"), none=_("Unknown"))
    new_claimant = forms.CharField(label=_("or a new actor"), required=False, max_length=200)
    new_claimant_kind = forms.ChoiceField(label=_("Type"), choices=ActorKind.choices, initial=ActorKind.STATE)
    new_claimant_speaks_for = speaking_for()
    new_claimant_part_of = OneOf(label=_("or for another actor"), none="—")
    also_claimed_by = SeveralOf(label=_("Also claimed by"), none="—")
    parties = SeveralOf(
        label=_("Parties"),
        none="—",
        help_text=_("Actors with a stake in the claim. A party’s support does not count; its denial does."),
    )
    new_parties = forms.CharField(
        label=_("or new parties"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One name on each line."),
    )
    new_parties_kind = forms.ChoiceField(label=_("Type"), choices=ActorKind.choices, initial=ActorKind.STATE)
    claimed_on = DayField(label=_("Date of claim"))
    happened_from = DayField(label=_("Alleged date"))
    happened_to = DayField(label=_("until"))
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    topics = forms.CharField(label=_("Topics"), required=False, help_text=_("Separate topics with commas."))

    folded_claim_fields = {
        "original": ("original_statement", "language"),
        "when": ("happened_from", "happened_to", "place", "topics", "also_claimed_by"),
    }
    names_of_claim_fields = {
        "claimant.name": "new_claimant",
        "claimant.kind": "new_claimant_kind",
        "claimant.part_of": "new_claimant_part_of",
        "parties.name": "new_parties",
        "parties.kind": "new_parties_kind",
        "name": "topics",
    }

    actor_fields = ("claimant", "new_claimant_part_of", "also_claimed_by", "parties")

    @staticmethod
    def described_claim(given: CleanedData, elements: "BaseFormSet[ElementForm]") -> ClaimInput:
        return ClaimInput(
            statement=given["statement"],
            original_statement=given["original_statement"],
            language=given["language"],
            claimant=chosen_actor(given, "claimant"),
            also_claimed_by=given["also_claimed_by"],
            parties=[*given["parties"], *new_parties(given)],
            claimed_on=given["claimed_on"],
            happened_from=given["happened_from"],
            happened_to=given["happened_to"],
            place=given["place"],
            topics=given["topics"].split(","),
            elements=elements_in(elements),
        )


def new_parties(given: CleanedData) -> list[NamedActor]:
    """Return the new parties that were typed, one a line."""
    kind = given["new_parties_kind"]
    return [NamedActor(name=line, kind=kind) for line in given["new_parties"].splitlines() if line.strip()]


class NewClaimForm(ActForm, ClaimFields, NewSourceFields, EvidenceFields):
    """A claim with its first piece of evidence."""

    action_fields = {**ClaimFields.names_of_claim_fields, **NewSourceFields.names_of_source_fields}
    folds = {
        **ClaimFields.folded_claim_fields,
        "source": NewSourceFields.folded_source_fields,
        "grade": EvidenceFields.folded_evidence_fields,
    }

    def __init__(self, *arguments: Any, user: User, desk: Desk, **named: Any) -> None:
        super().__init__(*arguments, initial={"stance": "supports"}, **named)
        del self.fields["elements"]
        keep_files_of(self, user)
        offer(self, SourceNames(user, desk.pk), "source")
        offer(
            self,
            ActorNames(user, desk.pk),
            *self.actor_fields,
            "publisher",
            "new_publisher_part_of",
            "against_interest",
        )


class ElementForm(forms.Form):
    """A separately checkable part of a claim. An emptied text removes it."""

    use_required_attribute = False
    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Element"), required=False, max_length=300)
    essential = forms.BooleanField(label=_("essential"), required=False, initial=True)


_ElementForms: "type[BaseFormSet[ElementForm]]" = formset_factory(
    ElementForm, extra=3, max_num=MOST_ELEMENTS, validate_max=True, absolute_max=2 * MOST_ELEMENTS
)


def element_forms(*, claim: Claim | None = None, **bound: Any) -> "BaseFormSet[ElementForm]":
    """The rows for a claim's elements, with some spare ones."""
    elements = claim.elements.all() if claim else ()
    initial = [{"id": element.pk, "text": element.text, "essential": element.essential} for element in elements]
    bound.pop("files", None)
    restored = bound.pop("restored", False)
    rows = _ElementForms(prefix="elements", initial=initial, **bound)
    if restored:  # a restored draft shows no errors before it is submitted
        for row in rows.forms:
            row._errors = ErrorDict()  # type: ignore[attr-defined]
        rows._errors, rows._non_form_errors = [], ErrorList()  # type: ignore[attr-defined]  # as Django fills them
    return rows


def elements_in(rows: "BaseFormSet[ElementForm]") -> list[ElementInput]:
    """Return the elements that were typed."""
    given: Iterable[CleanedData] = (row for row in rows.cleaned_data if row.get("text", "").strip())
    return [ElementInput(id=row["id"], text=row["text"], essential=row["essential"]) for row in given]


class EditClaimForm(EditForm, ClaimFields):
    """The form that edits a claim; each of its `elements` is merged as a field of its own in an edit conflict."""

    action_fields = ClaimFields.names_of_claim_fields
    folds = ClaimFields.folded_claim_fields
    beside = {
        "claimant": ("new_claimant", "new_claimant_kind", "new_claimant_speaks_for", "new_claimant_part_of"),
        "parties": ("new_parties", "new_parties_kind"),
    }

    def __init__(self, *arguments: Any, user: User, claim: Claim, **named: Any) -> None:
        values = claim_values(user, claim)
        super().__init__(*arguments, values=values, version=claim.version, **named)
        chosen = [values["claimant"], *values["also_claimed_by"], *values["parties"]]
        self.names = ActorNames(user, claim.desk_id, chosen=chosen)
        offer(self, self.names, *self.actor_fields)
        self.ready()
        bound = {"data": self.data, "restored": self.restored} if self.is_bound else {}
        self.elements = element_forms(claim=claim, **bound)

    def to_control(self, name: str, value: Any) -> Any:
        return ", ".join(map(str, value)) if name == "topics" and isinstance(value, list) else value

    def changes(self) -> FieldValues:
        """The fields that the person changed, new actors as name and kind, and the elements in their order."""
        changed, given = super().changes(), self.cleaned_data
        if "claimant" in changed:
            changed["claimant"] = chosen_actor(given, "claimant")
        if "topics" in changed:
            changed["topics"] = changed["topics"].split(",")
        if "parties" in changed:
            changed["parties"] = [*self._parties(), *new_parties(given)]
        return changed | {"elements": [self._element(row) for row in elements_in(self.elements)]}

    def _parties(self) -> list[UUID]:
        """The chosen parties; where only new ones were typed, those of the opened form, even if renamed since."""
        control = self.fields["parties"].widget
        sent = sorted(control.value_from_datadict(self.data, self.files, self.add_prefix("parties")))
        seen = self.base.values.get("parties")
        if sent == self.base.texts.get("parties", seen) and isinstance(seen, list):
            return [UUID(pk) for pk in seen if ID.fullmatch(str(pk))]
        return list(self.cleaned_data["parties"])

    def _element(self, row: ElementInput) -> ElementInput:
        """Return a row of the elements; of one that was seen, with the changed fields alone."""
        seen = {name: self.base.values.get(f"elements.{row.id}.{name}") for name in ("text", "essential")}
        if isinstance(seen["text"], str) and " ".join(seen["text"].split()) == " ".join(str(row.text).split()):
            row = replace(row, text=UNCHANGED)
        if seen["essential"] is row.essential:
            row = replace(row, essential=UNCHANGED)
        return row

    def is_of_the_row(self, name: str) -> bool:
        return name in self.row_names or self._control_of(name) is not None

    def _control_of(self, name: str) -> str | None:
        """The control of an element's field, as submitted."""
        _elements, _dot, rest = name.partition("elements.")
        pk, _dot, part = rest.partition(".")
        rows = [key.removesuffix("-id") for key, value in self.data.items() if key.endswith("-id") and value == pk]
        return f"{rows[0]}-{part}" if rows and part in ("text", "essential") else None

    def settle(self, name: str, value: Any, *, take: bool) -> None:
        control = self._control_of(name)
        if control is None or name in self.row_names:
            super().settle(name, value, take=take)
        elif take and isinstance(value, bool):
            self.posted.setlist(control, ["on"] if value else [])
        elif take:
            self.posted[control] = str(value)

    def label_of(self, name: str) -> str:
        if name in self.row_names:
            return super().label_of(name)
        text = self.values.get(f"{name.rpartition('.')[0]}.text", "")
        label = _("Element “%(text)s”, essential") if name.endswith(".essential") else _("Element “%(text)s”")
        return label % {"text": text}

    def worded(self, name: str, value: Any) -> str:
        if name in self.actor_fields and isinstance(value, str):
            return self.names.named(UUID(value)) or ""
        return super().worded(name, value)


class ThresholdForm(EditForm):
    threshold = forms.TypedChoiceField(
        label=_("Independent voices needed"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("the desk’s threshold")), *((str(n), str(n)) for n in range(1, 6))],
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("Appears beside the verdict."),
    )

    form_names = {"threshold_reason": "reason"}

    def __init__(self, *arguments: Any, claim: Claim, **named: Any) -> None:
        super().__init__(*arguments, values=threshold_values(claim), version=claim.version, **named)
        self.ready()

    def settled(self) -> ThresholdInput:
        """Return both fields; an untouched one as it was seen."""
        base, changed = self.base.values, self.changes()
        threshold, reason = base.get("threshold"), base.get("threshold_reason")
        return ThresholdInput(
            threshold=changed.get("threshold", threshold if type(threshold) is int else None),
            reason=changed.get("threshold_reason", reason if isinstance(reason, str) else ""),
        )


NOBODY = "(nobody)"  # user names have no brackets


class FilterForm(forms.Form):
    """The filters of the list of claims; sent by GET."""

    q = forms.CharField(label=_("Words"), required=False, max_length=200, widget=forms.SearchInput)
    state = forms.MultipleChoiceField(
        label=_("State"), required=False, choices=StateChoices.choices, widget=forms.CheckboxSelectMultiple
    )
    contested = forms.BooleanField(label=_("Contested"), required=False)
    support_lost = forms.BooleanField(label=_("Support lost"), required=False)
    changed_since_verdict = forms.BooleanField(label=_("Changed since the verdict"), required=False)
    overdue = forms.BooleanField(label=_("Overdue"), required=False)
    closed = forms.ChoiceField(
        label=_("Closed claims"),
        required=False,
        choices=[("", _("hide")), ("only", _("only these")), ("with", _("include"))],
    )
    assignee = forms.ChoiceField(label=_("Assigned to"), required=False)
    topic = forms.CharField(label=_("Topic"), required=False, max_length=80, widget=forms.Select)
    ordering = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("", _("newest first")),
            ("created", _("oldest first")),
            ("-changed", _("latest change first")),
            ("changed", _("oldest change first")),
            ("due", _("due first")),
        ],
    )

    use_required_attribute = False

    def __init__(self, *arguments: Any, people: Iterable[str], topics: Iterable[str], **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name in ("assignee", "topic"):
            self.fields[name] = deepcopy(self.fields[name])
        choices = [("", _("Any assignee")), (NOBODY, _("Unassigned")), *((name, name) for name in people)]
        choice_field(self, "assignee").choices = choices
        self.fields["topic"].widget.choices = [("", _("Any topic")), *((name, name) for name in topics)]

    def label_of(self, name: str, *, value: str) -> str:
        """The label of a field's value; the value itself where it is no choice."""
        choices: dict[Any, Any] = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))


class _Shared(dict[str, forms.Field]):
    """Fields that new forms share instead of copying."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, forms.Field]:
        return dict(self)


# Copying the fields takes longer than the rest of the form; the form copies the two that it changes itself.
FilterForm.base_fields = _Shared(FilterForm.base_fields)

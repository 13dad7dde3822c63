"""Forms about claims: writing one down, changing it, narrowing the list of them."""

from collections.abc import Iterable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, User
from accounts.pages import ActForm
from claims.bounds import MOST_ELEMENTS
from claims.forms.choosing import OneOf, SeveralOf, offer
from claims.forms.days import DayField
from claims.forms.evidence import EvidenceFields
from claims.forms.sources import NewSourceFields, chosen_actor
from claims.models import Claim, StateChoices
from claims.names import ActorNames, SourceNames
from sources.models import ActorKind

if TYPE_CHECKING:
    from django.forms import BaseFormSet


class ClaimFields(forms.Form):
    """What a claim says, who says it, and what it is about; `worded` puts it as the actions take it."""

    statement = forms.CharField(
        label=_("Statement"),
        max_length=2000,
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("One assertion that can be checked, in the wording that you will keep."),
    )
    original_statement = forms.CharField(
        label=_("Original wording"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 2}),
        help_text=_("Where it was said in another language."),
    )
    language = forms.CharField(
        label=_("Its language"), max_length=16, required=False, help_text=_("A short code, such as ru, ko or fa.")
    )
    claimant = OneOf(label=_("Who claims it"), none=_("Nobody known"))
    new_claimant = forms.CharField(label=_("or somebody new"), required=False, max_length=200)
    new_claimant_kind = forms.ChoiceField(label=_("who is a"), choices=ActorKind.choices, initial=ActorKind.STATE)
    also_claimed_by = SeveralOf(label=_("Who claims the same"), none="—")
    parties = SeveralOf(
        label=_("Parties"),
        none="—",
        help_text=_("Whoever has a stake in it. A party’s word for it does not count, and its denial is one."),
    )
    new_parties = forms.CharField(
        label=_("or new parties"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("One name on each line."),
    )
    new_parties_kind = forms.ChoiceField(label=_("which are"), choices=ActorKind.choices, initial=ActorKind.STATE)
    claimed_on = DayField(label=_("Claimed on"))
    happened_from = DayField(label=_("Said to have happened from"))
    happened_to = DayField(label=_("until"))
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    topics = forms.CharField(label=_("Topics"), required=False, help_text=_("Words with commas between them."))

    folded_claim_fields = {
        "original": ("original_statement", "language"),
        "when": ("happened_from", "happened_to", "place", "topics", "also_claimed_by"),
    }
    names_of_claim_fields = {
        "claimant.name": "new_claimant",
        "claimant.kind": "new_claimant_kind",
        "parties.name": "new_parties",
        "parties.kind": "new_parties_kind",
        "name": "topics",
    }

    actor_fields = ("claimant", "also_claimed_by", "parties")

    @staticmethod
    def worded(given: dict[str, Any]) -> dict[str, Any]:
        names = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
        kind = given["new_parties_kind"]
        new = [{"name": line, "kind": kind} for line in given["new_parties"].splitlines() if line.strip()]
        return {
            **{name: given[name] for name in names},
            "claimant": chosen_actor(given, "claimant"),
            "also_claimed_by": given["also_claimed_by"],
            "parties": [*given["parties"], *new],
            "topics": given["topics"].split(","),
        }


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
        offer(self, SourceNames(user, desk.pk), "source")
        offer(self, ActorNames(user, desk.pk), *self.actor_fields, "publisher", "against_interest")


class EditClaimForm(ActForm, ClaimFields):
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    action_fields = ClaimFields.names_of_claim_fields
    folds = ClaimFields.folded_claim_fields

    def __init__(self, *arguments: Any, user: User, claim: Claim, **named: Any) -> None:
        names = ("statement", "original_statement", "language", "claimed_on", "happened_from", "happened_to", "place")
        initial = {name: getattr(claim, name) for name in names}
        initial |= {
            "claimant": claim.claimant_id,
            "also_claimed_by": [actor.pk for actor in claim.also_claimed_by.all()],
            "parties": [actor.pk for actor in claim.parties.all()],
            "topics": ", ".join(topic.name for topic in claim.topics.all()),
            "seen_version": claim.version,
        }
        super().__init__(*arguments, initial=initial, **named)
        chosen = [initial["claimant"], *initial["also_claimed_by"], *initial["parties"]]
        offer(self, ActorNames(user, claim.desk_id, chosen=chosen), *self.actor_fields)


class ElementForm(forms.Form):
    """One part of a claim that can be checked by itself. Emptied, it is taken away."""

    use_required_attribute = False
    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Part"), required=False, max_length=300)
    essential = forms.BooleanField(label=_("essential"), required=False, initial=True)


_ElementForms: "type[BaseFormSet[ElementForm]]" = formset_factory(
    ElementForm, extra=3, max_num=MOST_ELEMENTS, validate_max=True, absolute_max=2 * MOST_ELEMENTS
)


def element_forms(*, claim: Claim | None = None, **bound: Any) -> "BaseFormSet[ElementForm]":
    """The rows for a claim's parts, with some to spare."""
    parts = claim.elements.all() if claim else ()
    initial = [{"id": part.pk, "text": part.text, "essential": part.essential} for part in parts]
    bound.pop("files", None)
    return _ElementForms(prefix="elements", initial=initial, **bound)


def elements_in(rows: "BaseFormSet[ElementForm]") -> list[dict[str, Any]]:
    """The parts that were typed, as the actions take them."""
    given: Iterable[dict[str, Any]] = (row for row in rows.cleaned_data if row.get("text", "").strip())
    return [
        {"id": row["id"], "text": row["text"], "essential": row["essential"]} if row["id"] else
        {"text": row["text"], "essential": row["essential"]}
        for row in given
    ]  # fmt: skip


class ThresholdForm(ActForm):
    threshold = forms.TypedChoiceField(
        label=_("Independent voices needed"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("as many as the desk asks for")), *((str(n), str(n)) for n in range(1, 6))],
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("It is printed beside the verdict."),
    )


NOBODY = "(nobody)"  # no user name has a bracket in it


class FilterForm(forms.Form):
    """What the list of claims is narrowed by; sent by GET."""

    q = forms.CharField(label=_("Words in it"), required=False, max_length=200, widget=forms.SearchInput)
    state = forms.MultipleChoiceField(
        label=_("State"), required=False, choices=StateChoices.choices, widget=forms.CheckboxSelectMultiple
    )
    contested = forms.BooleanField(label=_("Contested"), required=False)
    support_lost = forms.BooleanField(label=_("Support lost"), required=False)
    overdue = forms.BooleanField(label=_("Overdue"), required=False)
    closed = forms.ChoiceField(
        label=_("Closed claims"),
        required=False,
        choices=[("", _("left out")), ("only", _("only these")), ("with", _("with the others"))],
    )
    assignee = forms.ChoiceField(label=_("Given to"), required=False)
    topic = forms.CharField(label=_("Topic"), required=False, max_length=80, widget=forms.Select)
    ordering = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("", _("newest first")),
            ("created", _("oldest first")),
            ("-changed", _("changed last")),
            ("due", _("due first")),
        ],
    )

    use_required_attribute = False

    def __init__(self, *arguments: Any, people: Iterable[str], topics: Iterable[str], **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name in ("assignee", "topic"):
            self.fields[name] = deepcopy(self.fields[name])
        choices = [("", _("Anyone")), (NOBODY, _("Nobody")), *((name, name) for name in people)]
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]
        self.fields["topic"].widget.choices = [("", _("Any topic")), *((name, name) for name in topics)]

    def label_of(self, name: str, value: str) -> str:
        """What a value of a field is called; itself where it is no choice."""
        choices: dict[Any, Any] = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value))


class _Shared(dict[str, forms.Field]):
    """Fields of which a new form gets the same ones, not copies."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, forms.Field]:
        return dict(self)


# Copying the fields takes longer than all else that the form does; it changes two of them, and copies those itself.
FilterForm.base_fields = _Shared(FilterForm.base_fields)

"""Forms for actors."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, User
from claims.forms.choosing import OneOf, offer
from claims.forms.days import DayField
from claims.forms.releasing import offer_stricter
from claims.reading.names import ActorNames
from house.edit_forms import EditForm
from house.inputs import UNCHANGED
from house.pages import ActForm, CleanedData
from sources.models import Actor, ActorKind, Reliability, Visibility
from sources.values import actor_values


class ActorFields(forms.Form):
    """The fields of an actor."""

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=ActorKind.choices)
    part_of = OneOf(
        label=_("Speaks for"),
        help_text=_("It speaks for this actor, or is edited under its orders. Both then count as one voice."),
    )
    part_of_from = DayField(label=_("from"))
    part_of_to = DayField(label=_("until"))
    speaks_for_checked = forms.BooleanField(
        label=_("Whom it speaks for is checked"),
        required=False,
        help_text=_(
            "Tick it once you know that it speaks for nobody else. Until then it counts in the upper figure only."
        ),
    )
    stands_alone_because = forms.CharField(
        label=_("Why it is editorially independent"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For a court, an auditor or an editorially independent broadcaster."),
    )
    owned_by = OneOf(label=_("Owned by"), help_text=_("For information; does not affect the count."))
    reliability = forms.ChoiceField(
        label=_("Reliability"),
        choices=[(value, f"{value} {label}") for value, label in Reliability.choices],
        initial=Reliability.F,
        help_text=_("Applies to its sources that have no grade of their own."),
    )
    visibility = forms.ChoiceField(label=_("Visible to"), choices=Visibility.choices, initial=Visibility.DESK)


class NewActorForm(ActForm, ActorFields):
    def __init__(self, *arguments: Any, user: User, desk: Desk, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, ActorNames(user, desk.pk), "part_of", "owned_by")

    def clean(self) -> CleanedData:
        """Return the fields; not ticked says nothing, since another field may say whom it speaks for."""
        given: CleanedData = super().clean() or self.cleaned_data
        return given if given.get("speaks_for_checked") else {**given, "speaks_for_checked": UNCHANGED}


class ActorForm(EditForm, ActorFields):
    """The form that edits an actor."""

    def __init__(self, *arguments: Any, user: User, actor: Actor, **named: Any) -> None:
        super().__init__(*arguments, values=actor_values(user, actor), version=actor.version, **named)
        chosen = [actor.part_of_id, actor.owned_by_id]
        self.names = ActorNames(user, actor.desk_id, without=actor.pk, chosen=chosen)
        offer(self, self.names, "part_of", "owned_by")
        offer_stricter(self, actor.visibility)
        self.ready()

    def worded(self, name: str, value: Any) -> str:
        if name in ("part_of", "owned_by") and isinstance(value, str):
            return self.names.named(UUID(value)) or ""
        return super().worded(name, value)


class MergeForm(ActForm):
    """The actor to merge into, and the reason."""

    into = OneOf(label=_("Same as"), none=_("Choose an actor"), required=True)
    chain = forms.ChoiceField(
        label=_("Speaks for"),
        required=False,
        choices=[
            ("", _("both entries, where they agree")),
            ("into", _("the other actor’s entry")),
            ("merged", _("this entry")),
        ],
        help_text=_("Dates matter: each source’s voice is taken at the source’s date."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("How you know they are the same. Recorded with your name and the date."),
    )

    def __init__(self, *arguments: Any, user: User, actor: Actor, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, ActorNames(user, actor.desk_id, without=actor.pk), "into")

"""The form about an actor."""

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
from house.pages import ActForm
from sources.models import Actor, ActorKind, Reliability, Visibility
from sources.values import actor_values


class ActorFields(forms.Form):
    """What is recorded of an actor."""

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=ActorKind.choices)
    part_of = OneOf(
        label=_("Part of"),
        help_text=_("It speaks for it, or is edited under its orders. Then both are one voice."),
    )
    part_of_from = DayField(label=_("from"))
    part_of_to = DayField(label=_("until"))
    stands_alone_because = forms.CharField(
        label=_("Why nobody else speaks through it"),
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("For a court, an auditor or an editorially independent broadcaster."),
    )
    owned_by = OneOf(label=_("Owned by"), help_text=_("Shown, and never counted."))
    reliability = forms.ChoiceField(
        label=_("Reliability"),
        choices=[(value, f"{value} {label}") for value, label in Reliability.choices],
        initial=Reliability.F,
        help_text=_("That of its sources, where they have none of their own."),
    )
    visibility = forms.ChoiceField(label=_("Who may see it"), choices=Visibility.choices, initial=Visibility.DESK)


class NewActorForm(ActForm, ActorFields):
    def __init__(self, *arguments: Any, user: User, desk: Desk, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, ActorNames(user, desk.pk), "part_of", "owned_by")


class ActorForm(EditForm, ActorFields):
    """What is recorded of an actor, to be changed."""

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
    """Which actor this one is, and why."""

    into = OneOf(label=_("It is"), none=_("Choose an actor"), required=True)
    chain = forms.ChoiceField(
        label=_("What it is part of"),
        required=False,
        choices=[
            ("", _("what either says, where they agree")),
            ("into", _("what the other actor’s entry says")),
            ("merged", _("what this entry says")),
        ],
        help_text=_("Days count: the voice of each source is taken at its date."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("How you know that they are the same. It is kept with your name and the day."),
    )

    def __init__(self, *arguments: Any, user: User, actor: Actor, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, ActorNames(user, actor.desk_id, without=actor.pk), "into")

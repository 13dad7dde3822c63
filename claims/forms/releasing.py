"""The form that releases a thing to more people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from claims.access.releasing import is_looser
from claims.forms.choosing import choice_field
from house.pages import ActForm
from sources.models import Visibility


class ReleaseForm(ActForm):
    """The new visibility, and the reason."""

    visibility = forms.ChoiceField(
        label=_("Visible to"),
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose a wider visibility than now.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("Why this puts no one at risk. Recorded with your name; the desk can read it."),
    )

    def __init__(self, *arguments: Any, present: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        wider = [(value, label) for value, label in Visibility.choices if is_looser(value, before=present)]
        choice_field(self, "visibility").choices = list(reversed(wider))


def offer_stricter(form: forms.Form, present: str) -> None:
    """Let an edit form make a thing stricter only: releasing is an action of its own."""
    field = choice_field(form, "visibility")
    field.choices = [pair for pair in Visibility.choices if not is_looser(pair[0], before=present)]
    field.error_messages["invalid_choice"] = _("Only an editor’s release lets more people see it.")

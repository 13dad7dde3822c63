"""What people type about themselves."""

from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.pages import ActForm


class PreferencesForm(ActForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Every time is shown, and read where you type one, in this zone."),
        choices=lambda: [(name, name.replace("_", " ")) for name in sorted(available_timezones())],
    )

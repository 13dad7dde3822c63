"""What people type about themselves, and administrators about whom they invite."""

import re
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.actions import LONGEST_TOKEN_LIFETIME
from accounts.models import Desk, RemindersByMail, Role, TokenScope
from accounts.pages import ActForm
from accounts.passwords import RULE


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


def _user_name() -> forms.TextInput:
    return forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})


def _new_password(**named: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=RULE,
        **named,
    )


class _Day(forms.DateField):
    def __init__(self, **named: Any) -> None:
        super().__init__(required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **named)


class SettingsForm(ActForm):
    """What one says about oneself; the names are those of `change_preferences`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("Shown to your desks, with your user name beside it."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Every time is shown, and read where you type one, in this zone."),
        choices=_zones,
    )
    language = forms.ChoiceField(label=_("Language of the pages"), choices=lambda: settings.LANGUAGES)
    reads = forms.CharField(
        label=_("Languages that you read"),
        required=False,
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Their tags, such as uk, ru, ko. Editors see them when they assign a claim."),
    )
    away_from = _Day(label=_("Away from"))
    away_until = _Day(
        label=_("until"), help_text=_("Both days included. Editors see it when they assign; reminders still come.")
    )

    def clean_reads(self) -> list[str]:
        return [tag for tag in re.split(r"[\s,;]+", self.cleaned_data["reads"]) if tag]


class RemindersForm(ActForm):
    reminders_by_mail = forms.ChoiceField(
        label=_("Reminders by mail"),
        choices=RemindersByMail.choices,
        widget=forms.RadioSelect,
        help_text=_("In the application they stand either way."),
    )


class AddressForm(ActForm):
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("Leave it empty to have none: then no mail comes, and nobody can set a new password by it."),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class TokenForm(ActForm):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What it is for, so that you know it again."))
    lifetime_days = forms.IntegerField(
        label=_("Days until it ends"),
        min_value=1,
        max_value=LONGEST_TOKEN_LIFETIME.days,
        initial=30,
        help_text=_("1 to 365."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(TokenScope.READ, _("Read")), (TokenScope.WRITE, _("Write: create and change"))],
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.READ],
        help_text=_("Choose no more than the program needs."),
    )


class InviteForm(ActForm):
    desk = forms.ModelChoiceField(Desk.objects.order_by("name", "id"), label=_("Desk"), empty_label=None)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), help_text=_("Whoever reads this mailbox can take the invitation up."))


class JoinForm(ActForm):
    """What the invited person chooses for their account."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=_user_name(),
        help_text=_("You sign in with it and your work stands under it: it stays. Letters, digits and @ . + - _ only."),
    )
    password = _new_password()
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("Shown to your desks, with your user name beside it."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="UTC")


class ForgottenForm(ActForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))


class NewPasswordForm(ActForm):
    password = _new_password()

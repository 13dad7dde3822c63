"""Forms about the person's own account, and administrators' invitations."""

import re
from collections.abc import Collection
from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.actions import LONGEST_TOKEN_LIFETIME
from accounts.models import Desk, RemindersByMail, Role, TokenScope, User
from accounts.passkeys import checked_passkey
from accounts.passwords import RULE
from accounts.recent import note_authentication
from accounts.security_events import security_event
from accounts.trying import tried_code
from house.edit_forms import EditForm
from house.errors import Invalid
from house.pages import ActForm, CleanedData


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


class SettingsForm(EditForm):
    """The person's own settings; field names are those of `change_preferences`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
        help_text=_("Shown to your desks, with your user name beside it."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("All times are shown and entered in this zone."),
        choices=_zones,
    )
    language = forms.ChoiceField(label=_("Language of the pages"), choices=lambda: settings.LANGUAGES)
    reads = forms.CharField(
        label=_("Languages you read"),
        required=False,
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Language tags, such as uk, ru, ko. Editors see them when they assign a claim."),
    )
    away_from = _Day(label=_("Away from"))
    away_until = _Day(
        label=_("until"), help_text=_("Both days included. Editors see this when they assign; you still get reminders.")
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        values = {name: getattr(user, name) for name in self.base_fields if name not in EditForm.base_fields}
        super().__init__(*arguments, values=values, version=None, **named)
        self.ready()

    def to_control(self, name: str, value: Any) -> Any:
        return ", ".join(value) if name == "reads" and not isinstance(value, str) else super().to_control(name, value)

    def clean_reads(self) -> list[str]:
        return [tag for tag in re.split(r"[\s,;]+", self.cleaned_data["reads"]) if tag]


class RemindersForm(EditForm):
    reminders_by_mail = forms.ChoiceField(
        label=_("Reminders by mail"),
        choices=RemindersByMail.choices,
        widget=forms.RadioSelect,
        help_text=_("You'll always see them in the app."),
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, values={"reminders_by_mail": user.reminders_by_mail}, version=None, **named)
        self.ready()


def own_password(user: User, password: str) -> str:
    """The person's own password. A wrong one counts as at sign-in: it slows the network, never the person.

    Raises ValidationError; also for a network that has to wait, whose password is not checked.
    """
    if not get_adapter().reauthenticate(user, password):
        security_event("confirm", "refused", person=user)
        raise ValidationError(_("Wrong password."))
    security_event("confirm", person=user, reason="password")
    return password


class AddressForm(ActForm):
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=_("Leave empty for no address: you then get no mail and cannot reset your password by mail."),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.user = user

    def clean_password(self) -> str:
        return own_password(self.user, self.cleaned_data["password"])


class OwnPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """allauth's form for a new password; a wrong present password counts as everywhere."""

    def clean_oldpassword(self) -> str:
        return own_password(self.user, self.cleaned_data["oldpassword"])


class TokenForm(ActForm):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("The program that will use the token."))
    lifetime_days = forms.IntegerField(
        label=_("Lifetime in days"),
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
        help_text=_("Choose only what the program needs."),
    )


class InviteForm(ActForm):
    desk = forms.ModelChoiceField(Desk.objects.order_by("name", "id"), label=_("Desk"), empty_label=None)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), help_text=_("Anyone who reads this mailbox can accept the invitation."))


class JoinForm(ActForm):
    """The invited person's choices for their account."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=_user_name(),
        help_text=_(
            "You sign in with this name and it appears beside your work. It cannot be changed. Letters, digits "
            "and @ . + - _ only."
        ),
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


class JoinByIdentityForm(JoinForm):
    """The same for people who sign in through their organisation."""

    password = None  # type: ignore[assignment]  # how Django takes away an inherited field


class ForgottenForm(ActForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))


class NewPasswordForm(ActForm):
    password = _new_password()


def _code(**named: Any) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"})
    return forms.CharField(max_length=64, widget=widget, **named)


class AppForm(ActForm):
    """The first code of an authenticator app."""

    code = _code(label=_("Code"), help_text=_("The six digits the app shows now."))


class PasskeyForm(ActForm):
    """The name of a new passkey; `passkeys.js` adds the browser's answer."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("The device or security key."))
    credential = forms.CharField(widget=forms.HiddenInput, error_messages={"required": _("No passkey was created.")})


class ResetFactorsForm(ActForm):
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_("How you confirmed the person’s identity. Recorded with your name."),
    )


class CodeForm(forms.Form):
    """The code at sign-in, from an app or the recovery codes. allauth's page uses this form."""

    code = _code(label=_("Code"))

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.user = user
        self.fields["code"].widget.attrs["autofocus"] = True  # an error message takes the focus instead

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        self.factor = tried_code(context.request, self.user, code)
        if self.factor is None:
            raise ValidationError(_("This code is wrong or has been used."))
        return code

    def save(self) -> None:
        assert self.factor is not None  # the form was valid
        note_authentication(context.request, self.user, "mfa", type=self.factor.type)


class ShownPasskeyForm(forms.Form):
    """A passkey in place of a code, or, without a `user`, in place of user name and password."""

    credential = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, user: User | None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.user = user

    def clean_credential(self) -> str:
        try:
            self.passkey = checked_passkey(self.cleaned_data["credential"], self.user)
        except Invalid as error:
            raise ValidationError(str(error)) from error
        return ""

    def save(self) -> User:
        """Note the use of the passkey; returns its owner."""
        self.passkey.record_usage()
        person: User = self.passkey.user
        note_authentication(context.request, person, "mfa", type="webauthn", passwordless=self.user is None)
        return person


AGAIN = "again-"  # prefix of its controls, which share a page with any form's


class AgainForm(forms.Form):
    """Any of the ways in which a signed-in person confirms their identity."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    code = _code(label=_("Code from your app, or recovery code"), required=False)
    credential = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *arguments: Any, user: User, kinds: Collection[str], **named: Any) -> None:
        super().__init__(*arguments, **named | {"prefix": AGAIN.removesuffix("-")})
        self.user = user
        self.shown_by = ""  # the way chosen, once the form is valid
        if not user.has_usable_password():
            del self.fields["password"]
        if not {"totp", "recovery_codes"} & set(kinds):
            del self.fields["code"]
        if "webauthn" not in kinds:
            del self.fields["credential"]

    def clean(self) -> CleanedData:
        given = {name: value for name, value in (super().clean() or {}).items() if value}
        for name, check in (("credential", self._passkey), ("code", self._code), ("password", self._password)):
            if name in given:
                problem, self.shown_by = check(given[name]), "password" if name == "password" else "mfa"
                if problem:
                    self.add_error(name if name != "credential" else None, problem)
                return given
        raise ValidationError(_("Enter a value."))

    def _password(self, password: str) -> Any:
        return "" if get_adapter().reauthenticate(self.user, password) else _("Wrong password.")

    def _code(self, code: str) -> Any:
        return "" if tried_code(context.request, self.user, code) else _("This code is wrong or has been used.")

    def _passkey(self, answer: str) -> Any:
        try:
            checked_passkey(answer, self.user).record_usage()
        except Invalid as error:
            return str(error)
        return ""

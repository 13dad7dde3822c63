"""Forms for a desk's policy and its members."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, Role
from accounts.queries import people_not_on
from claims.forms.choosing import OneOf, one_of_field
from claims.models import PolicyField
from house.edit_forms import EditForm
from house.errors import EditConflict, Stale
from house.pages import ActForm

MOST: dict[str, int] = {PolicyField.MIN_INDEPENDENCE: 5, PolicyField.SECOND_FACTOR_DAYS: 90}


class PolicyForm(EditForm):
    """A desk's policy, and the reason for changing it."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"class": "said", "rows": 3}),
        help_text=_(
            "Recorded with your name and the date, so that later readers know which policy each verdict was made under."
        ),
    )

    def __init__(self, *arguments: Any, desk: Desk, **named: Any) -> None:
        values = {field: getattr(desk, field) for field in PolicyField.values}
        super().__init__(*arguments, values=values, version=desk.version, **named)
        for name in PolicyField.values:
            field = next(each for each in Desk._meta.concrete_fields if each.name == name)
            control = forms.NumberInput({"inputmode": "numeric"})
            self.fields[name] = forms.IntegerField(
                label=str(field.verbose_name).capitalize(),
                help_text=field.help_text,
                widget=control,
                min_value=0 if name == PolicyField.SECOND_FACTOR_DAYS else 1,
                max_value=MOST.get(name, 365),
            )
        self.order_fields([*PolicyField.values, "reason"])
        self.ready()


def _role() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Role"), choices=Role.choices)


class RoleForm(EditForm):
    """Another role for a member of the desk, whose role is `present`."""

    role = _role()

    def __init__(self, *arguments: Any, present: str, **named: Any) -> None:
        super().__init__(*arguments, values={"role": present}, version=None, **named)
        self.ready()

    @property
    def chosen(self) -> str | None:
        """The chosen role; the one shown, where the field was left alone."""
        chosen: str | None = self.changes().get("role", self.base.values.get("role"))
        return chosen


class LeaveForm(ActForm):
    """Removes a member from the desk. Its only field is the role that the page showed."""

    seen_role = forms.CharField(required=False, widget=forms.HiddenInput)

    def _show_again(self, error: Stale) -> None:
        """Show the member's present role, so that the person decides on that."""
        super()._show_again(error)
        if isinstance(error, EditConflict):
            (met,) = error.fields
            roles = dict(Role.choices)
            words = {"seen": roles.get(met.seen, "…"), "theirs": roles.get(met.theirs, "…")}
            text = _("The role changed while you were editing: it was %(seen)s and is now %(theirs)s.") % words
            self.stale = Stale(str(error), version=error.version, changes=[text])
            assert isinstance(self.data, QueryDict)
            data = self.data.copy()
            data["seen_role"] = met.theirs
            self.data = data


class AddMemberForm(ActForm):
    """A person with an account, and their role on the desk."""

    role = _role()
    user = OneOf(label=_("Who"), none=_("Choose a person"), required=True)

    field_order = ["user", "role"]

    def __init__(self, *arguments: Any, desk: Desk, **named: Any) -> None:
        super().__init__(*arguments, initial={"role": Role.REPORTER}, **named)
        self.people = {person.pk: person for person in people_not_on(desk)}
        one_of_field(self, "user").entries = [
            (pk, f"{person.username}, {person.name}" if person.name else person.username)
            for pk, person in self.people.items()
        ]

"""The form that declares a conflict of interest."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from claims.forms.choosing import OneOf, offer
from claims.reading.names import ActorNames
from house.pages import ActForm


class ConflictForm(ActForm):
    """The actor with whom the person has a conflict of interest."""

    actor = OneOf(
        label=_("Actor"),
        none=_("Choose a person"),
        required=True,
        help_text=_("An actor you work for, are related to or depend on. Choose from your desks’ actors."),
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offer(self, ActorNames(user, None, everywhere=True), "actor")

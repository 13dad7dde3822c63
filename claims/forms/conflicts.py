"""The form about a conflict of interest."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.pages import ActForm
from claims.forms.rows import OneOf
from sources.queries import visible_actors


class ConflictForm(ActForm):
    """Whom one is too close to."""

    actor = OneOf(
        label=_("Actor"),
        none=_("Choose somebody"),
        required=True,
        help_text=_("Somebody you work for, are related to, or depend on. Of the actors of your desks."),
    )

    def __init__(self, *arguments: Any, user: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = visible_actors(user).select_related(None).order_by("name", "id")
        self.fields["actor"].entries = list(rows.values_list("pk", "name"))  # type: ignore[attr-defined]  # OneOf

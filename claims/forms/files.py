"""A file field that keeps its file when the form comes back with errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sources.chosen import chosen_by, chunks_of
from sources.models import ChosenFile


@dataclass(frozen=True)
class Chosen:
    """A file kept for the form, in place of an upload."""

    row: ChosenFile

    @property
    def name(self) -> str:
        return self.row.name

    def chunks(self) -> Iterator[bytes]:
        return chunks_of(self.row)


class Gone:
    """A file kept for the form that has expired."""


class KeptFileInput(forms.FileInput):
    """The file control, and below it the kept file with a choice to remove it."""

    template_name = "claims/widgets/kept_file.html"
    owner: User | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        sent = super().value_from_datadict(data, files, name)
        kept = data.get(f"{name}-kept", "")
        if sent or not kept or data.get(f"{name}-drop"):
            return sent
        try:
            row = chosen_by(self.owner, UUID(kept)) if self.owner else None
        except ValueError:
            row = None
        return Chosen(row) if row else Gone()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # as in Django
        context = super().get_context(name, None, attrs)
        context["widget"]["kept"] = value.row if isinstance(value, Chosen) else None
        context["widget"]["gone"] = isinstance(value, Gone)
        return context


class KeptFileField(forms.FileField):
    """A file, uploaded now or kept since an earlier submission; `of(user)` limits it to the user's own kept files."""

    widget = KeptFileInput

    def of(self, user: User) -> None:
        assert isinstance(self.widget, KeptFileInput)
        self.widget.owner = user

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data if isinstance(data, Chosen | Gone) else initial

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, Gone):
            raise ValidationError(_("This file has expired. Choose it again."), code="gone")
        return data if isinstance(data, Chosen) else super().clean(data, initial)


def keep_files_of(form: forms.BaseForm, user: User) -> None:
    """Limit a form to the files kept for this person."""
    for field in form.fields.values():
        if isinstance(field, KeptFileField):
            field.of(user)

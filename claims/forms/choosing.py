"""Fields that choose rows by name: from a list where there are few, by typing where there are many."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from claims.reading.names import ID, Entries, NameMatch, Names, source_label
from sources.models import Source

NOBODY_ELSE = "nobody"


def speaking_for() -> forms.ChoiceField:
    """The question that a typed name raises: whom does the new actor speak for?."""
    return forms.ChoiceField(
        label=_("Whom does it speak for?"),
        required=False,
        choices=[("", _("Not checked yet")), (NOBODY_ELSE, _("Nobody else"))],
        help_text=_("Until checked, it counts in the upper figure only."),
    )


class OneOf(forms.Field):
    """A choice of one row by name, as its id; None for none.

    `entries` are listed. Of many `offered` rows one types a name: a row with exactly that name is chosen, ignoring
    case, including a name from before a merge. Otherwise the field returns with the rows whose names contain the text.
    Equal names are told apart by the beginning of the id. A name without a match is refused and stays in the field.
    """

    default_error_messages = {
        "unknown": _("“%(name)s” is not in the list. Choose from the list."),
        "none": _("No match for “%(name)s”. Enter another name or part of it."),
        "which": _("“%(name)s” matches several names. Choose one below, or enter the full name."),
    }

    def __init__(self, entries: Entries = (), *, none: Any = None, **named: Any) -> None:
        self.none = none or _("No one")
        named.setdefault("required", False)
        super().__init__(**named)
        self._offered: Names | None = None
        self.entries = entries

    @property
    def entries(self) -> Entries:
        return self._entries

    @entries.setter
    def entries(self, entries: Entries) -> None:
        self._entries = _told_apart(entries)
        self._show(forms.Select(choices=[("", self.none), *((str(pk), name) for pk, name in self._entries)]))

    def offer(self, names: Names) -> None:
        """Offer these rows: listed where there are few, else by typing."""
        if names.few is not None:
            self.entries = names.few
            return
        self._offered = names
        self._typed = ByName(names)
        self._show(self._typed)

    def _show(self, widget: forms.Widget) -> None:
        self.widget = widget
        self.widget.is_required = self.required

    def clean(self, value: Any) -> Any:
        text = str(value or "").strip()
        super().validate(text)  # spaces alone count as empty
        return self._find(text)

    def _find(self, value: Any) -> UUID | None:
        text = str(value or "").strip()
        if not text:
            return None
        if self._offered is not None:
            return self._find_offered(self._offered, text)
        for pk, name in self._entries:
            if text in (str(pk), name):
                return pk
        raise ValidationError(self.error_messages["unknown"], code="unknown", params={"name": text[:80]})

    def _find_offered(self, names: Names, text: str) -> UUID:
        found = names.called(text)
        if len(found) == 1:
            return found[0].id
        self._typed.found[text] = found or names.like(text)
        code = "which" if self._typed.found[text] else "none"
        raise ValidationError(self.error_messages[code], code=code, params={"name": text[:80]})


class SeveralOf(OneOf):
    """A choice of several rows, as a list of ids: a control for each chosen row, and some spare ones."""

    spare = 2

    def _show(self, widget: forms.Widget) -> None:
        super()._show(Repeated(widget, spare=self.spare))

    def clean(self, value: Any) -> list[UUID]:
        found, wrong = [], []
        for text in value or ():
            try:
                found.append(self._find(text))
            except ValidationError as error:
                wrong.append(error)
        if wrong:
            raise ValidationError(wrong)
        if self.required and not any(found):
            raise ValidationError(self.error_messages["required"], code="required")
        return list(dict.fromkeys(pk for pk in found if pk))


def choice_field(form: forms.BaseForm, name: str) -> forms.ChoiceField:
    """A form's field of that name, which has choices."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    return field


def one_of_field(form: forms.BaseForm, name: str) -> OneOf:
    """A form's field of that name, which chooses rows by name."""
    field = form.fields[name]
    assert isinstance(field, OneOf)
    return field


def offer(form: forms.BaseForm, names: Names, *fields: str) -> None:
    """Offer these rows in some fields of a form, each a OneOf."""
    for name in fields:
        one_of_field(form, name).offer(names)


def entries_of(rows: Iterable[Source]) -> Entries:
    """Sources as choices, by title with publisher and day."""
    return [(row.pk, source_label(row)) for row in rows]


def _told_apart(entries: Entries) -> Entries:
    names = [name for _pk, name in entries]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    return [(pk, f"{name} ({str(pk)[:8]})" if name in twice else name) for pk, name in entries]


class ByName(forms.TextInput):
    """A text field for a name, completed by the browser from suggestions fetched while typing.

    Where a name is ambiguous, the rows `found` for it are offered below. Such a choice holds only for the text it was
    offered for: another name is looked up again.
    """

    template_name = "claims/widgets/by_name.html"

    def __init__(self, names: Names) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", "data-names": names.suggestions_at()})
        self.names = names
        self.found: dict[str, list[NameMatch]] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return self.chosen(data, name, data.get(name))

    def chosen(self, data: Any, key: str, typed: Any) -> Any:
        """The id chosen for this text; the text itself where none was chosen."""
        pk, _space, text = str(data.get(f"{key}-choice", "")).partition(" ")
        return pk if text and text == str(typed or "").strip() else typed

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, UUID):
            return self.names.named(value)
        return ((self.names.named(UUID(value)) if ID.fullmatch(str(value)) else None) or str(value)) if value else None

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # as in Django
        return self.context_of(name, key=name, value=value, attrs=attrs or {})

    def context_of(self, name: str, *, key: str, value: Any, attrs: dict[str, Any]) -> dict[str, Any]:  # as get_context
        """As `get_context`; `key` distinguishes controls with one name."""
        stem = attrs.get("id", f"id_{key}")
        context = super().get_context(name, value, {**attrs, "list": f"{stem}_names"})
        text = str(value or "").strip()
        if found := self.found.get(text):
            choices = [(one.id, one.name, one.also) for one in found]
            context["widget"]["choices"] = {"name": f"{key}-choice", "stem": stem, "text": text, "rows": choices}
        return context


class Repeated(forms.Widget):
    """The same control several times under one name."""

    template_name = "claims/widgets/repeated.html"
    use_fieldset = True

    def __init__(self, each: forms.Widget, *, spare: int) -> None:
        super().__init__()
        self.each, self.spare = each, spare

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        values = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        if isinstance(self.each, ByName):
            values = [self.each.chosen(data, f"{name}-{number}", value) for number, value in enumerate(values, start=1)]
        return [value for value in values if value]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:  # as in Django
        context = super().get_context(name, value, attrs)
        base = {**(attrs or {})}
        stem = base.pop("id", f"id_{name}")
        chosen = [each if isinstance(each, UUID) else str(each) for each in value or ()]
        context["widget"]["controls"] = [
            self._control(name, number, each, {**base, "id": f"{stem}_{number}", "aria-label": str(number)})
            for number, each in enumerate([*chosen, *[""] * self.spare], start=1)
        ]
        return context

    def _control(self, name: str, number: int, value: Any, attrs: dict[str, Any]) -> Any:  # HTML attributes
        if isinstance(self.each, ByName):
            return self.each.context_of(name, key=f"{name}-{number}", value=value, attrs=attrs)["widget"]
        return self.each.get_context(name, str(value), attrs)["widget"]

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return ""

"""Forms that edit a row: they carry the values that the author saw, pass on the changes, and show conflicting edits.

The seen values are JSON in a hidden control, because browsers change line endings and spaces in visible ones. A control
that comes back as the page showed it counts as untouched, even if its widget drops part of the value (the seconds of a
moment), and the stored value stays.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from house.errors import EditConflict, FieldConflict, Stale
from house.inputs import FieldValues
from house.pages import ActForm
from house.seen import SeenValues, plain
from house.word_diff import DiffPiece, compare_words

MINE, THEIRS = "mine", "theirs"
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass
class Base:
    """The row as a page showed it: its version, the fields' values, and the controls' texts if different."""

    version: int | None = None
    values: FieldValues = field(default_factory=dict)
    texts: FieldValues = field(default_factory=dict)

    def written(self) -> str:
        """Return the JSON for the hidden control."""
        return json.dumps({"version": self.version, "values": self.values, "texts": self.texts})

    @classmethod
    def read(cls, text: str) -> "Base":
        """Return the base that `written` wrote; an empty one for any other text."""
        said = _parsed(text)
        if said.keys() != {"version", "values", "texts"}:
            return cls()
        base = cls(**said)
        is_version = base.version is None or (type(base.version) is int and 0 < base.version < 2**31)
        return base if is_version and isinstance(base.values, dict) and isinstance(base.texts, dict) else cls()


def _parsed(text: str) -> FieldValues:
    """Return the JSON object that came back with a form; an empty one for any other text."""
    try:
        said = json.loads(text or "{}")
        json.dumps(said, ensure_ascii=False).encode()  # a lone surrogate could not be shown
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


@dataclass(frozen=True)
class ShownConflict:
    """A field that two people changed, as the page shows it: seen, present and typed value, and the other person."""

    name: str
    label: str
    by: str
    at: datetime | None
    seen: str
    theirs: str
    yours: str
    pieces: Sequence[DiffPiece]
    is_undecided: bool  # it was shown before, and the person chose neither value


class EditForm(ActForm):
    """A form that edits a row.

    It takes `values`, the row's fields as the reader may see them, and the row's `version`, if it has one. `submitted`
    gives the action `changes` and `what_was_seen`. If others changed the same fields meanwhile, `conflicts` are shown
    with a choice for each; until the person chooses, nothing is overwritten, however often they press the button.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    theirs = forms.CharField(required=False, widget=forms.HiddenInput)

    # Alternative controls for a field, such as a new publisher beside the list of existing ones.
    beside: ClassVar[Mapping[str, Sequence[str]]] = {}
    # The form's names of fields, if they differ from the row's.
    form_names: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *arguments: Any,
        values: Mapping[str, Any],
        version: int | None,
        initial: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> None:
        shown = {self.form_name(name): self.to_control(name, value) for name, value in values.items()}
        super().__init__(*arguments, initial={**(initial or {}), **shown}, **named)
        self.values, self.version = dict(values), version
        self.conflicts: list[ShownConflict] = []
        self.undecided: set[str] = set()

    def form_name(self, name: str) -> str:
        return self.form_names.get(name, name)

    def ready(self) -> None:
        """Compare the controls with the row; called once all fields have their choices."""
        names = [name for name in self.values if self.form_name(name) in self.fields]
        now = Base(self.version, {name: plain(value) for name, value in self.values.items()})
        now.texts = {name: text for name in names if (text := self.shown(name, self.values[name])) != now.values[name]}
        self.row_names = names
        if self.is_bound:
            assert isinstance(self.data, QueryDict)
            self.data = self.data.copy()
            self.base = Base.read(self.data.get(self.add_prefix("seen"), ""))
            self._settle_choices()
            self.untouched = {name for name in names if not self._is_touched(name)}
        else:
            self.base, self.untouched = now, set(names)
            self.initial["seen"] = now.written()

    @property
    def posted(self) -> QueryDict:
        """The submitted data, in the copy that `ready` made and that may be changed."""
        assert isinstance(self.data, QueryDict)
        return self.data

    # Values of the controls

    def to_control(self, name: str, value: Any) -> Any:
        """Return a value of the row, plain or from JSON, in the form that its control takes."""
        return value

    def shown(self, name: str, value: Any) -> Any:
        """Return the value that the browser sends for an untouched control."""
        control = self.fields[self.form_name(name)].widget
        value = self.to_control(name, value)
        if isinstance(control, forms.MultiWidget):
            parts = zip(control.widgets, control.decompress(value) or (), strict=True)
            return [_text(widget, part) for widget, part in parts]
        if isinstance(control, forms.CheckboxInput):
            return bool(value)
        if isinstance(value, list | tuple | set | frozenset):
            each: Any = getattr(control, "each", control)
            return sorted(text for one in value if (text := _text(each, one)))
        return _text(control, value)

    def _sent(self, name: str) -> Any:
        control = self.fields[self.form_name(name)].widget
        sent = control.value_from_datadict(self.data, self.files, self.add_prefix(self.form_name(name)))
        return sorted(sent) if isinstance(sent, list) and not isinstance(control, forms.MultiWidget) else sent

    def _is_touched(self, name: str) -> bool:
        if name not in self.base.values or self._is_said_beside(name):
            return True
        shown = self.base.texts.get(name, self.base.values[name])
        in_one_line = isinstance(self.fields[self.form_name(name)].widget, forms.TextInput)
        return bool(_squared(self._sent(name), in_one_line) != _squared(shown, in_one_line))

    def _is_said_beside(self, name: str) -> bool:
        first, *_rest = self.beside.get(name, ("",))
        return bool(first) and bool(str(self.data.get(self.add_prefix(first), "")).strip())

    def _put(self, name: str, value: Any) -> None:
        """Replace the sent value of a field's control."""
        html_name, text = self.add_prefix(self.form_name(name)), self.shown(name, value)
        control = self.fields[self.form_name(name)].widget
        for other in [html_name, *(key for key in self.data if key.startswith(f"{html_name}-"))]:
            self.posted.pop(other, None)
        for other in self.beside.get(name, ())[:1]:
            self.posted[self.add_prefix(other)] = ""
        if isinstance(control, forms.MultiWidget):
            for suffix, part in zip(control.widgets_names, text, strict=True):  # type: ignore[attr-defined]  # untyped
                self.posted[html_name + suffix] = part
        elif isinstance(text, list):
            self.posted.setlist(html_name, text)
        elif text is not False:
            self.posted[html_name] = "on" if text is True else text

    # Changes of the person

    def _clean_fields(self) -> None:
        """Validate touched controls only: a stored value need not be valid for new input."""
        untouched = {self.form_name(name) for name in self.untouched}
        every = self.fields
        self.fields = {name: each for name, each in every.items() if name not in untouched}
        try:
            super()._clean_fields()  # type: ignore[misc]  # untyped
        finally:
            self.fields = every

    def changes(self) -> FieldValues:
        """Return the fields that the person changed, by the row's names, with their new values."""
        given = self.cleaned_data
        return {
            name: self._as_kept(name, given[self.form_name(name)])
            for name in self.row_names
            if name not in self.untouched and self.form_name(name) in given
        }

    def _as_kept(self, name: str, value: Any) -> Any:
        """Return the value with the line endings of the seen one, because browsers send all as CR LF."""
        base = self.base.values.get(name)
        if isinstance(value, str) and isinstance(base, str) and base and "\r\n" not in base:
            return value.replace("\r\n", "\n")
        return value

    @property
    def what_was_seen(self) -> SeenValues:
        """The seen values, for the action beside `changes`."""
        return SeenValues(version=self.base.version, values=self.base.values)

    # Changes of others

    def _show_again(self, error: Stale) -> None:
        if not isinstance(error, EditConflict):
            return super()._show_again(error)
        self.stale = error
        self.conflicts = [self._in_words(conflict) for conflict in error.fields]
        for name in self.untouched:
            # Untouched fields show the present value: pressing again must not restore an old one (decision 87).
            self.base.values[name] = plain(self.values[name])
            self.base.texts[name] = self.shown(name, self.values[name])
            self._put(name, self.values[name])
        # Keep the seen version, so that the next answer still names the author of each open conflict.
        self._carry({conflict.field: conflict.theirs for conflict in error.fields})

    def _carry(self, theirs: Mapping[str, Any]) -> None:
        self.posted[self.add_prefix("seen")] = self.base.written()
        self.posted[self.add_prefix("theirs")] = json.dumps(dict(theirs))

    def _settle_choices(self) -> None:
        """Apply the choices between the person's own and the other value; both then count as seen."""
        theirs = _parsed(self.data.get(self.add_prefix("theirs"), ""))
        open_ones = {}
        for name, value in theirs.items():
            choice = self.data.get(f"take-{name}")
            if not self.is_of_the_row(name):
                continue
            # Only this value counts as seen: if a third person changes it, the form asks again (decision 87).
            if choice in (MINE, THEIRS):
                self.base.values[name] = value
                self.settle(name, value, take=choice == THEIRS)
            else:
                open_ones[name] = value
        self.undecided = set(open_ones)
        if theirs:
            self._carry(open_ones)

    def is_of_the_row(self, name: str) -> bool:
        return name in self.row_names

    def settle(self, name: str, value: Any, *, take: bool) -> None:
        """Mark the other's value of a field as seen; `take`: also put it into the control."""
        self.base.texts[name] = self.shown(name, value)
        if take:
            self._put(name, value)

    # Labels and words

    def label_of(self, name: str) -> str:
        """Return the page's label of a field of the row."""
        return str(self.fields[self.form_name(name)].label)

    def worded(self, name: str, value: Any) -> str:
        """Return a JSON value in the words of the page."""
        each = self.fields.get(self.form_name(name))
        if isinstance(value, list):
            return ", ".join(self.worded(name, one) for one in value)
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(each, forms.DateField) and (day := parse_date(str(value))):
            return date_format(day, "j F Y")
        choices = {str(key): str(label) for key, label in getattr(each, "choices", None) or ()}
        return choices.get(str(value), str(value))

    def _in_words(self, conflict: FieldConflict) -> ShownConflict:
        name = conflict.field
        theirs, yours = self.worded(name, conflict.theirs), self.worded(name, conflict.yours)
        if self.is_of_the_row(name) and self._is_said_beside(name):
            yours = self.data.get(self.add_prefix(self.beside[name][0]), "").strip()
        return ShownConflict(
            name=name,
            label=self.label_of(name),
            by=conflict.by,
            at=conflict.at,
            seen=self.worded(name, conflict.seen),
            theirs=theirs,
            yours=yours,
            pieces=compare_words(theirs, after=yours),
            is_undecided=name in self.undecided,
        )


def _text(control: forms.Widget, value: Any) -> str:
    """Return the text that a control sends for a value it shows; "" if it is not among its choices."""
    shown = control.format_value(value)
    if isinstance(shown, list | tuple):
        shown = shown[0] if shown else ""
    text = "" if shown is None else str(shown)
    if isinstance(control, forms.Select | forms.RadioSelect) and text not in _offers(control):
        return ""
    return text


def _offers(control: Any) -> set[str]:
    return {str(key) for key, _label in control.choices}


def _squared(sent: Any, in_one_line: bool) -> Any:
    """Return a control's value for comparison, without differences of line endings and surrounding space."""
    # Browsers send CR LF and trim: such differences are not the author's.
    if isinstance(sent, str):
        return _LINE_END.sub("" if in_one_line else "\n", sent).strip()
    if isinstance(sent, list | tuple):
        return [_squared(each, in_one_line) for each in sent]
    if sent is None:
        return ""
    return sent if isinstance(sent, bool) else str(sent)

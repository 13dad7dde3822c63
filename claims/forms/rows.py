"""Controls that the pages' forms share: choosing rows of the desk by name, and moments in the person's zone."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Desk, User
from claims.queries import visible_sources
from sources.models import Source
from sources.queries import visible_actors

MOST_LISTED = 200  # rows in a list to choose from; above, a field that suggests names

Entries = Sequence[tuple[UUID, str]]


class OneOf(forms.Field):
    """One of the desk's rows by name, as its id; None for nothing chosen.

    Up to 200 rows stand in a list; more are typed by name, with suggestions. Names that stand twice are told apart by
    the beginning of the id. What cannot be found is refused and stays in the field.
    """

    default_error_messages = {"unknown": _("There is no “%(name)s” here. Choose one of the list.")}

    def __init__(self, entries: Entries = (), *, none: Any = None, **named: Any) -> None:
        self.none = none or _("Nobody")
        named.setdefault("required", False)
        super().__init__(**named)
        self.entries = entries

    @property
    def entries(self) -> Entries:
        return self._entries

    @entries.setter
    def entries(self, entries: Entries) -> None:
        self._entries = _told_apart(entries)
        self.widget = self._make_widget()
        self.widget.is_required = self.required

    def _make_widget(self) -> forms.Widget:
        if len(self._entries) > MOST_LISTED:
            return Suggesting(self._entries)
        return forms.Select(choices=[("", self.none), *((str(pk), name) for pk, name in self._entries)])

    def clean(self, value: Any) -> Any:
        super().validate(value)
        return self._find(value)

    def _find(self, value: Any) -> UUID | None:
        text = str(value or "").strip()
        if not text:
            return None
        for pk, name in self._entries:
            if text in (str(pk), name):
                return pk
        raise ValidationError(self.error_messages["unknown"], code="unknown", params={"name": text[:80]})


class SeveralOf(OneOf):
    """Several of the desk's rows: a control for each that is chosen already, and some to spare. A list of ids."""

    spare = 2

    def _make_widget(self) -> forms.Widget:
        return Repeated(super()._make_widget(), spare=self.spare)

    def clean(self, value: Any) -> list[UUID]:
        found = [pk for text in value or () if (pk := self._find(text)) is not None]
        if self.required and not found:
            raise ValidationError(self.error_messages["required"], code="required")
        return list(dict.fromkeys(found))


def _told_apart(entries: Entries) -> Entries:
    names = [name for _pk, name in entries]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    return [(pk, f"{name} ({str(pk)[:8]})" if name in twice else name) for pk, name in entries]


class Suggesting(forms.TextInput):
    """A field for a name, which the browser completes from a list."""

    template_name = "claims/widgets/suggesting.html"

    def __init__(self, entries: Entries) -> None:
        super().__init__({"autocomplete": "off"})
        self.names = {str(pk): name for pk, name in entries}

    def format_value(self, value: Any) -> str | None:
        return self.names.get(str(value), str(value)) if value else None

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        stem = (attrs or {}).get("id", f"id_{name}")
        context = super().get_context(name, value, {**(attrs or {}), "list": f"{stem}_names"})
        context["widget"]["names"] = list(self.names.values())
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
        return [value for value in values if value]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        base = {**(attrs or {})}
        stem = base.pop("id", f"id_{name}")
        chosen = [str(each) for each in value or ()]
        context["widget"]["controls"] = [
            self.each.get_context(name, each, {**base, "id": f"{stem}_{number}", "aria-label": str(number)})["widget"]
            for number, each in enumerate([*chosen, *[""] * self.spare], start=1)
        ]
        return context

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return ""


class Moment(forms.MultiValueField):
    """A day, and the time of day where it is known, in the person's zone; a day alone is its noon in UTC.

    A source's day is that of UTC: noon keeps it the day that was typed.
    """

    def __init__(self, **named: Any) -> None:
        named.setdefault("required", False)
        fields = (forms.DateField(), forms.TimeField(required=False))
        super().__init__(fields, widget=DayAndTime(), require_all_fields=False, **named)

    def compress(self, data_list: Sequence[Any]) -> datetime | None:
        day: date | None
        clock: time | None
        day, clock = [*data_list, None, None][:2]
        if day is None:
            if clock is not None:
                raise ValidationError(_("Give the day with the time."), code="no_day")
            return None
        if clock is None:
            return datetime.combine(day, time(12), UTC)
        moment: datetime = from_current_timezone(datetime.combine(day, clock))
        return moment


class DayAndTime(forms.MultiWidget):
    """A control for a day and one for a time."""

    template_name = "claims/widgets/day_and_time.html"
    use_fieldset = True

    def __init__(self) -> None:
        day = forms.DateInput({"type": "date", "aria-label": _("Day")}, format="%Y-%m-%d")
        clock = forms.TimeInput({"type": "time", "aria-label": _("Time of day, if known")}, format="%H:%M")
        super().__init__({"day": day, "time": clock})

    def decompress(self, value: datetime | None) -> list[Any]:
        if value is None:
            return [None, None]
        if value.astimezone(UTC).timetz() == time(12, tzinfo=UTC):
            return [value.astimezone(UTC).date(), None]
        local = timezone.localtime(value)
        return [local.date(), local.time()]


class DayField(forms.DateField):
    """A calendar day."""

    def __init__(self, **named: Any) -> None:
        named.setdefault("required", False)
        super().__init__(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **named)


def actor_entries(user: User, desk: Desk | None) -> Entries:
    """The actors that the person may name on a desk, by name."""
    rows = visible_actors(user).select_related(None).order_by("name", "id")
    own = rows.filter(desk=desk) | rows.filter(desk__isnull=True)
    return list(own.values_list("pk", "name"))


def source_entries(user: User, desk: Desk) -> Entries:
    """The sources that the person may name on a desk, the newest first, with publisher and day."""
    return entries_of(visible_sources(user).filter(desk=desk).order_by("-created_at", "id"))


def entries_of(rows: QuerySet[Source] | Iterable[Source]) -> Entries:
    return [(row.pk, _labelled(row)) for row in rows]


def _labelled(source: Source) -> str:
    parts = [source.title]
    if source.publisher:
        parts.append(source.publisher.name)
    if source.published_at:
        parts.append(source.published_at.astimezone(UTC).date().isoformat())
    return ", ".join(parts)

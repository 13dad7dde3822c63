"""Form fields for calendar days, and for moments in the person's time zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Moment(forms.MultiValueField):
    """A day and, where known, a time, in the person's time zone; a day alone means noon UTC.

    A source's day is its UTC day: noon keeps the day as typed.
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
                raise ValidationError(_("Enter the date along with the time."), code="no_day")
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


def moment_in(value: Any) -> datetime | None:
    """A moment, also from its JSON form; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and timezone.is_aware(value) else None


class DayField(forms.DateField):
    """A calendar day."""

    def __init__(self, **named: Any) -> None:
        named.setdefault("required", False)
        super().__init__(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **named)

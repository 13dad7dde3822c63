"""Times and numbers in words. Pure functions: the caller passes the person's time zone and `now`."""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

SHOWN_UP_TO = 5  # A count above this is shown as "5+", because only small counts matter.


def interval_in_figures(least: int, *, most: int, exact: bool = True) -> str:
    """Return a count of independent voices: "2", "1–3" or, above five, "5+"; `exact`: False if these are bounds."""
    ends = [_count(least), _count(most)]
    text = ends[0] if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
    return text if exact else _("%(interval)s (not exact)") % {"interval": text}


def _count(number: int) -> str:
    return str(number) if number <= SHOWN_UP_TO else f"{SHOWN_UP_TO}+"


def count_in_words(least: int, *, most: int, exact: bool = True) -> str:
    """Return the count with its noun: "1–3 independent voices"; `exact`: False if these are bounds."""
    text = ngettext("%(count)s independent voice", "%(count)s independent voices", 1 if least == most == 1 else 2)
    text = text % {"count": interval_in_figures(least, most=most)}
    return text if exact else _("%(voices)s (not counted exactly)") % {"voices": text}


def moment(at: datetime, *, zone: tzinfo, now: datetime) -> str:
    """Return a moment in `zone`: "Tue 12 Mar, 17:00", or "12 Mar 2022, 17:00" in another year than now."""
    local = at.astimezone(zone)
    this_year = local.year == now.astimezone(zone).year
    # Translators: formats of django.utils.dateformat
    return date_format(local, _("D j M, H:i") if this_year else _("j M Y, H:i"))


def day_in_words(on: date | datetime) -> str:
    """Return a calendar day with its year: "2 Nov 2022"."""
    return _day(calendar_day(on), get_language())


@lru_cache(maxsize=4096)
def _day(on: date, language: str | None) -> str:
    """Return the day in the present language; `language` only separates the cached texts."""
    # Translators: a format of django.utils.dateformat
    return date_format(on, _("j M Y"))


def calendar_day(on: date | datetime) -> date:
    """Return the calendar day; for a moment, its day in UTC, the same for every reader."""
    return on.astimezone(UTC).date() if isinstance(on, datetime) else on


def due_in_words(at: datetime, *, zone: tzinfo, now: datetime) -> str:
    """Return a due time in words: "Due today, 17:00", "Due Tue 12 Mar, 17:00", "2 days late".

    Days are those of `zone`; less than 24 hours late is given in hours or minutes.
    """
    if at < now:
        return _late(at, zone=zone, now=now)
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    clock = date_format(local, "H:i")
    if days == 0:
        return _("Due today, %(clock)s") % {"clock": clock}
    if days == 1:
        return _("Due tomorrow, %(clock)s") % {"clock": clock}
    return _("Due %(moment)s") % {"moment": moment(at, zone=zone, now=now)}


def _late(at: datetime, *, zone: tzinfo, now: datetime) -> str:
    minutes = max(1, int((now - at).total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)d minute late", "%(n)d minutes late", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        return ngettext("%(n)d hour late", "%(n)d hours late", minutes // 60) % {"n": minutes // 60}
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}


def zone_label(zone: tzinfo, *, now: datetime) -> str:
    """Return the time zone of a page in words: "Times are Kyiv time (UTC+2)", "Times are UTC"."""
    name = str(zone)
    if name == "UTC":
        return _("Times are UTC")
    offset = now.astimezone(zone).strftime("%z")
    hours, minutes = int(offset[1:3]), int(offset[3:5])
    distance = f"UTC{offset[0].replace('-', '−')}{hours}" + (f":{minutes:02}" if minutes else "")
    city = name.rsplit("/", 1)[-1].replace("_", " ")
    return _("Times are %(city)s time (%(distance)s)") % {"city": city, "distance": distance}

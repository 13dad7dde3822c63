"""Tags and filters of the pages: marks, states, voices and times.

`{% load second_source %}`. There are no rules here: permissions and possible moves are decided before rendering. The
markup is in the templates of `drawn/`; drawings that a page repeats are kept once rendered.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from claims.models import Credibility, StateChoices
from config import words
from sources.models import Reliability

register = template.Library()

MARKS = frozenset(
    {"reported", "corroborated", "denied", "refuted", "contested", "lost"}
    | {"keystone", "counted", "maybe", "missing", "stop", "arrow"}
    | {"verified", "redacted", "broken"}
)
STATE_MEANINGS: dict[str, Promise] = {
    "reported": gettext_lazy("Somebody says so. Nothing is established."),
    "corroborated": gettext_lazy("Enough independent voices show it, and a second person agreed."),
    "denied": gettext_lazy("A party to the claim says that it is not so. Nothing is established, either way."),
    "refuted": gettext_lazy("Evidence shows that it is not so, and a second person agreed."),
}


def _drawn(template_name: str, /, **values: object) -> SafeString:
    """Return a template of `drawn/` without the end of its last line, so that a comma may follow."""
    return mark_safe(render_to_string(f"drawn/{template_name}.html", values).rstrip())  # noqa: S308 - a template escaped it


@register.simple_tag
@lru_cache(maxsize=256)
def mark(name: str, extra_class: str = "") -> SafeString:
    """Return a drawing from marks.svg, hidden from screen readers because its word is beside it.

    Raises KeyError for an unknown mark.
    """
    if name not in MARKS:
        raise KeyError(f"There is no mark {name!r}.")
    return _drawn("mark", name=name, extra_class=extra_class, drawing=static("second_source/marks.svg"))


@register.filter
def state_word(state: str) -> str:
    """Return the state's name: "Denied"."""
    return str(StateChoices(state).label)


@lru_cache(maxsize=256)
def _state(language: str | None, name: str, *, word: str) -> SafeString:
    """Return mark and word of a state; `language` only separates the cached texts."""
    return _drawn("state", css_class=name, drawing=mark(name), word=word or state_word(name))


@register.filter
def state_meaning(state: str) -> str:
    """Return the state's meaning in one sentence or two."""
    return str(STATE_MEANINGS[state])


@register.simple_tag
def submission() -> SafeString:
    """Return a form's random key, by which a form sent twice is done once (`config.submissions`)."""
    return _drawn("submission", key=secrets.token_urlsafe(18))


@register.simple_tag
def state(name: str, word: str = "") -> SafeString:
    """Return mark and word of a state; `word` replaces the state's name ("You propose refuted")."""
    return _state(get_language(), name, word=word)


@register.simple_tag
def contested(by: str = "") -> SafeString:
    """Return the contested mark with its word; `by`: the names of those who contest, if known."""
    if by:
        word = _("Contested by %(names)s") % {"names": by}
        return _drawn("state", css_class="contested", drawing=mark("contested"), word=word)
    return _flag("contested", drawing="contested", word=_("Contested"))


@register.simple_tag
def support_lost() -> SafeString:
    """Return the mark for lost support, with its word."""
    return _flag("lost", drawing="lost", word=_("Support lost"))


@register.simple_tag
def changed_since_verdict() -> SafeString:
    """Return the mark for a verdict whose grounds have changed, with its words."""
    return _flag("lost", drawing="lost", word=_("Changed since the verdict"))


@lru_cache(maxsize=64)
def _flag(css_class: str, *, drawing: str, word: str) -> SafeString:
    """Return a mark with a word of ours; words of people are never kept."""
    return _drawn("state", css_class=css_class, drawing=mark(drawing), word=word)


@register.simple_tag
def state_line(name: str, is_contested: bool = False, is_support_lost: bool = False) -> SafeString:
    """Return a claim's state in a list; "Denied" gets no "contested", as it already means that a party denies it."""
    return _state_line(get_language(), name, is_contested, is_support_lost=is_support_lost)


@lru_cache(maxsize=256)
def _state_line(language: str | None, name: str, is_contested: bool, *, is_support_lost: bool) -> SafeString:
    return _drawn("state_line", name=name, is_contested=is_contested, is_support_lost=is_support_lost)


@register.simple_tag(name="interval")
def interval_tag(least: int, most: int, exact: bool = True) -> str:
    """Return the number of independent voices: "2", "1–3", "5+" (6: more than five); `exact`: False for bounds."""
    return words.interval_in_figures(least, most=most, exact=exact)


@register.simple_tag(name="voices")
def voices_tag(least: int, most: int, exact: bool = True) -> str:
    """Return the number with its noun: "1–3 independent voices"."""
    return words.count_in_words(least, most=most, exact=exact)


@register.simple_tag
def pips(least: int, most: int, threshold: int, exact: bool = True) -> SafeString:
    """Return one disc for each voice needed: filled if confirmed, dashed if possible, empty if missing.

    An inexact count has a note after the discs.
    """
    sure = min(least, words.SHOWN_UP_TO)
    perhaps = min(most, max(threshold, sure)) - sure
    missing = max(0, threshold - sure - perhaps)
    label = ngettext(
        "%(count)s of %(threshold)d independent voice",
        "%(count)s of %(threshold)d independent voices",
        threshold,
    ) % {"count": words.interval_in_figures(least, most=least), "threshold": threshold}
    if perhaps:
        label = ngettext("%(counted)s, %(n)d more is possible", "%(counted)s, %(n)d more are possible", perhaps) % {
            "counted": label,
            "n": perhaps,
        }
    drawn = ["counted"] * sure + ["maybe"] * perhaps + ["missing"] * missing
    note = "" if exact else _("not counted exactly")
    return _drawn("pips", label=label, discs=[mark(name) for name in drawn], note=note)


@register.filter
def reliability_word(grade: str) -> str:
    """Return a source's grade in words: "B" is "usually reliable"."""
    return str(Reliability(grade).label)


@register.filter
def credibility_word(grade: str | int) -> str:
    """Return an information's grade in words: 2 is "probably true"."""
    return str(Credibility(int(grade)).label)


@register.filter
def when(at: datetime | None) -> SafeString | str:
    """Return a moment in the person's time zone as a `time` element; "" for None."""
    if at is None:
        return ""
    return _when(at, timezone.get_current_timezone(), _minute(timezone.now()), get_language())


# Cached by all inputs, `language` included: a list shows a hundred times to many readers.
@lru_cache(maxsize=4096)
def _when(at: datetime, zone: tzinfo, now: datetime, language: str | None) -> SafeString:
    return _time(at.astimezone(zone).isoformat(timespec="seconds"), text=words.moment(at, zone=zone, now=now))


@register.filter(name="day")
def day_tag(on: date | datetime | None) -> SafeString | str:
    """Return a calendar day as a `time` element, for dates without a time of day; "" for None."""
    if on is None:
        return ""
    return _day(words.calendar_day(on), get_language())


@lru_cache(maxsize=4096)
def _day(on: date, language: str | None) -> SafeString:
    return _time(on.isoformat(), text=words.day_in_words(on))


@register.filter(name="due")
def due_tag(at: datetime | None) -> SafeString | str:
    """Return a due time relative to now: "Due today, 17:00", "2 days late" (with the class `late`); "" for None."""
    if at is None:
        return ""
    return _due(at, timezone.get_current_timezone(), _as_of(at, now=timezone.now()), get_language())


@lru_cache(maxsize=4096)
def _due(at: datetime, zone: tzinfo, now: datetime, language: str | None) -> SafeString:
    text = words.due_in_words(at, zone=zone, now=now)
    return _time(at.astimezone(zone).isoformat(timespec="seconds"), text=text, css_class="late" if at < now else "")


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _as_of(at: datetime, *, now: datetime) -> datetime:
    """Return a moment for which `words.due_in_words` gives the same text as for `now`, constant for a minute."""
    minute, a_day = timedelta(minutes=1), timedelta(days=1)
    if at >= now:
        return _minute(now)
    if now - at < a_day:
        return at + max(1, (now - at) // minute) * minute
    return max(_minute(now), at + a_day)


@register.filter
def is_late(at: datetime | None) -> bool:
    """Return whether the moment has passed."""
    return at is not None and at < timezone.now()


def _time(machine: str, *, text: str, css_class: str = "") -> SafeString:
    return _drawn("time", machine=machine, text=text, css_class=css_class)


@register.inclusion_tag("drawn/options.html")
def options(choices: Iterable[tuple[object, object]], chosen: object) -> dict[str, object]:
    """Return the options of a select from pairs of value and label."""
    return {"options": [(value, label, str(value) == str(chosen)) for value, label in choices]}


@register.filter
def bdi(text: object) -> SafeString:
    """Return someone's words isolated, so that their writing direction does not affect the text around them."""
    return _drawn("bdi", text=text)


@dataclass(frozen=True)
class ListStep:
    """One item of a nested list, as `parts/tree.html` renders it."""

    node: Any
    opens: bool  # a list begins before it
    ends: bool  # it has no items below it
    closes: range  # the number of lists that end after it


@register.filter
def steps(nodes: Sequence[Any]) -> Iterator[ListStep]:
    """Yield a tree of nodes, each with `children` (key or attribute), as flat steps, parents first.

    Flat, because a chain of relays may be deeper than templates can be nested.
    """
    stack = [(node, 0) for node in reversed(nodes)]
    run: list[tuple[Any, int]] = []
    while stack:
        node, depth = stack.pop()
        run.append((node, depth))
        stack += [(child, depth + 1) for child in reversed(_children(node))]
    depths = [0, *(depth for _node, depth in run), 0]
    for (node, depth), before, after in zip(run, depths, depths[2:], strict=False):
        yield ListStep(node, opens=depth > before, ends=after <= depth, closes=range(depth - after))


def _children(node: Any) -> Sequence[Any]:
    children = node.get("children") if isinstance(node, dict) else getattr(node, "children", None)
    return children or ()

"""Tags for claims in lists, as rows or entries; `parts/register.html` and `parts/entry.html` list their values.

The markup is composed here because a page has up to a hundred claims, and a template takes ten times as long for each.
Every value from outside passes `escape`.
"""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from config import words
from config.templatetags.second_source import (
    changed_since_verdict,
    day_tag,
    due_tag,
    is_late,
    mark,
    state,
    state_line,
    when,
)

register = template.Library()


@register.simple_tag
def claim_rows(rows: Iterable[Any]) -> SafeString:
    """Return the rows of the table of claims."""
    said = {
        "nobody": escape(_("Unassigned")),
        "unknown": escape(_("claimant unknown")),
        "closed": escape(_("closed")),
        "voices": escape(_("Independent voices:")),
    }
    return mark_safe("".join(_row(row, said) for row in rows))  # noqa: S308 - made of escaped parts


def _row(row: Any, said: dict[str, str]) -> str:
    url = escape(row.url)
    link = f'<a href="{url}">{escape(row.statement)}</a>'
    original = ""
    if row.original_statement:
        original = _said(escape(row.original_statement), language=row.original_language, css_class="said original")
    closed = f' <span class="meta">{said["closed"]}</span>' if row.closed else ""
    said_by = _bdi(row.said_by) if row.said_by else said["unknown"]
    claimed_on = f" {day_tag(row.claimed_on)}" if row.claimed_on else ""
    due_at = f" <span>{due_tag(row.due_at)}</span>" if row.due_at else ""
    return (
        f'<tr role="row"><td role="cell" class="in-ref"><a class="ref" href="{url}">{escape(row.reference)}</a></td>\n'
        f'<td role="cell" class="in-state">{_states(row)}{closed}</td>\n'
        f'<td role="cell" class="in-claim">'
        f"{_said(link, language=getattr(row, 'language', ''), css_class='said')}{original}"
        f'<p class="meta"><span>{said_by}</span>{claimed_on}</p></td>\n'
        f'<td role="cell" class="in-voices num" data-label="{said["voices"]}">'
        f"{words.interval_in_figures(row.least, most=row.most, exact=row.exact)}"
        f'</td>\n<td role="cell" class="in-with meta"><span>{escape(row.assignees) or said["nobody"]}</span>{due_at}'
        "</td></tr>\n"
    )


def _states(row: Any) -> str:
    changed = f" {changed_since_verdict()}" if row.changed_since_verdict else ""
    return f"{state_line(row.state, row.contested, row.support_lost)}{changed}"


def _said(inner: str, *, language: str, css_class: str) -> str:
    lang = f' lang="{escape(language)}"' if language else ""
    return f'<p class="{css_class}" dir="auto"{lang}>{inner}</p>'


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


@register.simple_tag(takes_context=True)
def claim_entries(context: Context, entries: Iterable[Any]) -> SafeString:
    """Return the claims of one work list, each as in `parts/entry.html`."""
    return mark_safe("".join(f"{claim_entry(context, entry)}\n" for entry in entries))  # noqa: S308 - made of escaped parts


@register.simple_tag(takes_context=True)
def claim_entry(context: Context, entry: Any) -> SafeString:
    """Return one claim of a work list; its buttons take the CSRF token from the context."""
    url = escape(entry.url)
    language = getattr(entry, "language", "")
    lang = f' lang="{escape(language)}"' if language else ""
    facts = "".join(f" <span>{escape(fact)}</span>" for fact in entry.facts)
    acts = "".join(f"{_act(act, context)} " for act in entry.acts)
    return mark_safe(  # noqa: S308 - made of escaped parts
        f'<li class="entry"><a class="ref" href="{url}">{escape(entry.reference)}</a>\n'
        f'<h3 class="said" dir="auto"{lang}><a href="{url}">{escape(entry.statement)}</a></h3>\n'
        f'<p class="meta">{state_line(entry.state, entry.contested, entry.support_lost)}'
        f"{_proposed(entry)}{facts}</p>\n{_beside(entry, acts)}</li>"
    )


def _proposed(entry: Any) -> str:
    if not entry.proposed:
        return ""
    if entry.proposed == entry.state:
        return f" {mark('arrow', 'turn')} {state(entry.proposed, _('No change'))}"
    return f' {mark("arrow", "turn")} <span class="vh">{escape(_("proposed:"))}</span> {state(entry.proposed)}'


def _beside(entry: Any, acts: str) -> str:
    """Return the due time, or the note in its place, and the actions."""
    if not (entry.due_at or entry.note or acts):
        return ""
    due_at = f"<p>{_due(entry.due_at)}</p>" if entry.due_at else ""
    note = f'<p class="meta">{escape(entry.note)}</p>' if entry.note else ""
    return f'<div class="act">{due_at}{note}{acts}</div>\n'


def _due(at: datetime) -> str:
    return f'{due_tag(at)}<br><span class="faint">{when(at)}</span>' if is_late(at) else due_tag(at)


def _act(act: Any, context: Context) -> str:
    """Return an action as in `parts/act.html`; an entry has no form around it."""
    css_class = "button small" + (" main" if act.main else " plain" if act.plain else "")
    label, url = escape(act.label), escape(act.url)
    if not act.post:
        return f'<a class="{css_class}" href="{url}">{label}</a>'
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(str(context.get("csrf_token", "")))}">'
    return f'<form method="post" action="{url}">{token}<button class="{css_class}">{label}</button></form>'

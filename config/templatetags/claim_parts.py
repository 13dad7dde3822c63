"""Tags for an item of evidence and a status change; `parts/evidence.html` and `parts/change.html` list their values.

The markup is composed here because templates are slower: a claim's page has many items, each with many small tags.
Every value from outside passes `escape`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils.html import conditional_escape as escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from config.templatetags.second_source import bdi, credibility_word, day_tag, mark, reliability_word, state, when

register = template.Library()


@register.simple_tag
def evidence_item(item: Any, tick: Any = None) -> SafeString:
    """Return a source as an item of evidence; `tick` is its checkbox on the page of an assessment."""
    withdrawn, anchor, excerpt = _of(item, "withdrawn"), _of(item, "anchor"), _of(item, "excerpt")
    lines = [
        f'<li class="evidence{" withdrawn" if withdrawn else ""}"{_attribute("id", anchor)}>',
        _tick(tick, item=item) if tick else "",
        _heading(item, not tick),
        f'<p class="meta"><b>{escape(withdrawn)}</b></p>' if withdrawn else "",
        _words_of(excerpt, language=_of(item, "excerpt_language")) if excerpt else "",
        _grades(_of(item, "reliability"), _of(item, "credibility")),
        _beside(item),
    ]
    return mark_safe("\n  ".join(lines) + "\n</li>")  # noqa: S308 - made of escaped parts


def _of(item: Any, name: str) -> Any:
    """Return an attribute or a key of `item`; "" for a missing key."""
    return item.get(name, "") if isinstance(item, Mapping) else getattr(item, name, "")


def _attribute(name: str, value: Any) -> str:
    return f' {name}="{escape(value)}"' if value else ""


def _words_of(text: str, *, language: str = "", field: str = "") -> str:
    """Return quoted words as a block; `field` names them for the comparison with the ledger."""
    lang = _attribute("lang", language) + _attribute("data-field", field)
    return f'<blockquote class="said" dir="auto"{lang}>{linebreaksbr(text, autoescape=True)}</blockquote>'


def _tick(tick: Any, *, item: Any) -> str:
    stance = f' <span class="meta"><span>{escape(_of(tick, "stance"))}</span></span>' if _of(tick, "stance") else ""
    return (
        f'<label class="choice"><input type="checkbox" name="{escape(_of(tick, "name"))}"'
        f' value="{escape(_of(tick, "value"))}" form="{escape(_of(tick, "form"))}"'
        f"{' checked' if _of(tick, 'checked') else ''}>"
        f" <b>{_('Relies on %(number)s') % {'number': escape(_of(item, 'number'))}}</b>{stance}</label>"
    )


def _heading(item: Any, numbered: bool) -> str:
    url, title, publisher = _of(item, "url"), escape(_of(item, "title")), _of(item, "publisher")
    number = f'<span class="ref">{escape(_of(item, "number"))}</span> ' if numbered else ""
    named = f'<a href="{escape(url)}" dir="auto">{title}</a>' if url else f'<span dir="auto">{title}</span>'
    published = f" {day_tag(_of(item, 'published_on'))}" if _of(item, "published_on") else ""
    basis = f" <span>{escape(_of(item, 'basis'))}</span>" if _of(item, "basis") else ""
    restricted = f" <b>{escape(_('restricted'))}</b>" if _of(item, "restricted") else ""
    said_by = bdi(publisher) if publisher else escape(_("publisher unknown"))
    return f'<h3>{number}{named} <span class="meta"><span>{said_by}</span>{published}{basis}{restricted}</span></h3>'


def _grades(reliability: str, credibility: Any) -> str:
    if not (reliability or credibility):
        return ""
    source = information = ""
    if reliability:
        words = escape(reliability_word(reliability))
        source = f"<span>{escape(_('Source'))} <b>{escape(reliability)}</b> {words}</span>"
    if credibility:
        words = escape(credibility_word(credibility))
        information = f" <span>{escape(_('Information'))} <b>{escape(credibility)}</b> {words}</span>"
    return f'<p class="meta grade">{source}{information}</p>'


def _beside(item: Any) -> str:
    """Return the line below an item: stance, sources it is based on, place, notes and actions."""
    stance, upstream, locator = _of(item, "stance"), _of(item, "upstream"), _of(item, "locator")
    parts = [f"<b>{escape(stance)}</b>" if stance else ""]
    if upstream:
        got = ", ".join(f'<a href="{escape(_of(one, "url"))}">{bdi(_of(one, "text"))}</a>' for one in upstream)
        parts.append(f" <span>{escape(_('Based on'))} {got}</span>")
    if locator:
        parts.append(f" <span>{bdi(locator)}</span>")
    parts += _spans(_of(item, "notes"))
    parts += [f' <a href="{escape(_of(act, "url"))}">{escape(_of(act, "label"))}</a>' for act in _of(item, "acts")]
    text = "".join(parts)
    return f'<p class="meta">{text}</p>' if text else ""


def _spans(texts: Iterable[str]) -> list[str]:
    return [f" <span>{escape(text)}</span>" for text in texts]


@register.simple_tag
def change_item(change: Any) -> SafeString:
    """Return one status change of the history."""
    number, before, reason = escape(_of(change, "seq")), _of(change, "from_state"), _of(change, "reason")
    came_from = state(before) if before else f'<span class="faint">{escape(_("new"))}</span>'
    return mark_safe(  # noqa: S308 - made of escaped parts
        f'<li class="change" id="change-{number}"{_shown(change)}>\n  <p class="ref">{number}</p>\n'
        '  <div class="body tight">\n'
        f'    <h3>{came_from} {mark("arrow", "turn")}<span class="vh">{escape(_("to"))}</span>'
        f' {state(_of(change, "to_state"))} <span class="meta">{escape(_of(change, "name"))}</span></h3>\n'
        f'    <p class="meta">{_by_whom(change)} {when(_of(change, "at") or None)}</p>\n'
        f"    {_words_of(reason, field='reason') if reason else ''}\n    {_decision(change)}\n"
        f'    <p class="meta">{_rests_on(change)}</p>\n  </div>\n{_check(number) if _of(change, "shown") else ""}</li>'
    )


def _shown(change: Any) -> str:
    """Return the attribute that the browser compares with the ledger; "" if it does not compare."""
    shown = _of(change, "shown")
    return f' data-shown="{escape(shown)}"' if shown else ""


def _check(number: str) -> str:
    """Return the possible results of the check of a change; `audit.js` shows one of them."""
    results = {
        "verified": ("verified", _("Verified")),
        "redacted": ("redacted", _("Verified, closed in part")),
        "broken": ("broken", _("Does not match")),
        "missing": ("stop", _("Not in the log yet")),
    }
    marks = "".join(
        f'<p class="check {name}" data-result="{name}" hidden>{mark(drawing)} {escape(word)}</p>'
        for name, (drawing, word) in results.items()
    )
    label = escape(_("Check of change %(number)s") % {"number": number})
    note = '<p class="meta" data-note></p>'
    return f'  <aside data-check aria-label="{label}" hidden>{marks}{note}</aside>\n'


def _by_whom(change: Any) -> str:
    by, decided_by = escape(_of(change, "by")), _of(change, "decided_by")
    if not decided_by:
        return f"<span>{by}</span>"
    assessed, decided = (
        _("assessed by %(name)s") % {"name": by},
        _("decided by %(name)s") % {"name": escape(decided_by)},
    )
    return f"<span>{assessed}</span> <span>{decided}</span>"


def _decision(change: Any) -> str:
    reason = _of(change, "decision_reason")
    if not reason:
        return ""
    on_it = _("%(name)s on the decision:") % {"name": escape(_of(change, "decided_by"))}
    return f'<p class="meta">{on_it}</p>{_words_of(reason, field="decision_reason")}'


def _rests_on(change: Any) -> str:
    evidence, voices = _of(change, "evidence"), _of(change, "voices")
    parts = []
    if evidence:
        linked = ", ".join(map(_linked, evidence))
        parts.append(f'<span data-field="evidence">{escape(_("Relies on evidence"))} {linked}</span>')
    if voices:
        parts.append(f" <span>{_('%(voices)s then') % {'voices': escape(voices)}}</span>")
    return "".join([*parts, *_spans(_of(change, "facts"))])


def _linked(item: Any) -> str:
    text, url = escape(_of(item, "text")), _of(item, "url")
    return f'<a href="{escape(url)}">{text}</a>' if url else text

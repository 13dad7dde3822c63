"""The changes to kept grounds, line by line, for one reader: the person, the field, the old and new value.

Nothing that is hidden from the reader now appears in a line, including its earlier values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from claims.models import Claim, Grounds
from claims.verdicts.grounds import Content, Difference, differences
from claims.verdicts.grounds_authors import Place, authors_of
from claims.verdicts.grounds_visible import Sight
from claims.verdicts.grounds_watch import kept_content

KINDS: Mapping[str, Promise] = {
    "claim": gettext_lazy("Claim"),
    "element": gettext_lazy("Element"),
    "evidence": gettext_lazy("Evidence"),
    "contrary": gettext_lazy("Evidence that says otherwise"),
    "source": gettext_lazy("Source"),
    "relay": gettext_lazy("Relay"),
    "file": gettext_lazy("File"),
    "actor": gettext_lazy("Actor"),
}
FIELDS: Mapping[str, Promise] = {
    "statement": gettext_lazy("statement"),
    "original_statement": gettext_lazy("original wording"),
    "language": gettext_lazy("language"),
    "claimant": gettext_lazy("claimant"),
    "claimed_on": gettext_lazy("date of claim"),
    "happened_from": gettext_lazy("alleged date"),
    "happened_to": gettext_lazy("alleged end"),
    "place": gettext_lazy("place"),
    "also_claimed_by": gettext_lazy("also claimed by"),
    "parties": gettext_lazy("parties"),
    "threshold": gettext_lazy("threshold"),
    "threshold_is_set": gettext_lazy("threshold of its own"),
    "threshold_reason": gettext_lazy("reason for the threshold"),
    "text": gettext_lazy("words"),
    "essential": gettext_lazy("essential"),
    "source": gettext_lazy("source"),
    "stance": gettext_lazy("bearing on the claim"),
    "basis": gettext_lazy("basis"),
    "basis_reason": gettext_lazy("reason for the basis"),
    "excerpt": gettext_lazy("quote"),
    "locator": gettext_lazy("page, paragraph or timestamp"),
    "credibility": gettext_lazy("credibility"),
    "against_interest": gettext_lazy("admission against interest of"),
    "against_interest_reason": gettext_lazy("reason for the admission"),
    "superseded_by": gettext_lazy("superseded by"),
    "visibility": gettext_lazy("visibility"),
    "withdrawn": gettext_lazy("withdrawn"),
    "withdrawn_reason": gettext_lazy("reason for the withdrawal"),
    "elements": gettext_lazy("elements"),
    "kind": gettext_lazy("type"),
    "title": gettext_lazy("title"),
    "url": gettext_lazy("URL"),
    "publisher": gettext_lazy("publisher"),
    "published_at": gettext_lazy("published"),
    "reliability": gettext_lazy("reliability"),
    "retracted_at": gettext_lazy("retracted"),
    "retracted_reason": gettext_lazy("reason for the retraction"),
    "corrected_at": gettext_lazy("corrected"),
    "corrected_reason": gettext_lazy("reason for the correction"),
    "downstream": gettext_lazy("source"),
    "upstream": gettext_lazy("based on"),
    "quote": gettext_lazy("quote"),
    "sha256": gettext_lazy("SHA-256"),
    "size": gettext_lazy("size"),
    "media_type": gettext_lazy("media type"),
    "name": gettext_lazy("name"),
    "captured_from": gettext_lazy("captured from"),
    "answered_by": gettext_lazy("answered by"),
    "status": gettext_lazy("status of the answer"),
    "part_of": gettext_lazy("speaks for"),
    "part_of_from": gettext_lazy("speaks for it from"),
    "part_of_to": gettext_lazy("speaks for it until"),
    "speaks_for_checked": gettext_lazy("whom it speaks for"),
    "stands_alone_because": gettext_lazy("why it is editorially independent"),
}
# The kind of row that a field's value names.
_NAMES = {
    **dict.fromkeys(["claimant", "also_claimed_by", "parties", "against_interest", "publisher", "part_of"], "actor"),
    **dict.fromkeys(["source", "downstream", "upstream"], "source"),
    "elements": "element",
    "superseded_by": "evidence",
}

_MOMENTS = {"published_at", "retracted_at", "corrected_at"}
_DAYS = {"claimed_on", "happened_from", "happened_to", "part_of_from", "part_of_to"}


@dataclass(frozen=True, slots=True)
class GroundsLine:
    """One change. `field` is "" where the whole row was added or removed; `who`: user names, and times."""

    kind: str
    subject: str
    title: str
    field: str
    then: str
    now: str
    who: tuple[tuple[str, datetime], ...]

    @property
    def label(self) -> str:
        """The row that changed: "Source “Harbour log”"."""
        kind = str(KINDS[self.kind])
        return kind if self.kind == "claim" else _("%(kind)s “%(title)s”") % {"kind": kind, "title": self.title}

    @property
    def field_label(self) -> str:
        if self.field:
            return str(FIELDS[self.field])
        return _("added") if not self.then else _("removed")

    def __str__(self) -> str:
        person = ", ".join(dict.fromkeys(name for name, _at in self.who))
        words = {"person": person, "what": self.label, "field": self.field_label, "then": self.then, "now": self.now}
        if self.field and person:
            return _("%(person)s changed %(what)s, %(field)s: “%(then)s” is now “%(now)s”.") % words
        if self.field:
            return _("%(what)s, %(field)s: “%(then)s” is now “%(now)s”.") % words
        if person:
            return _("%(person)s: %(what)s, %(field)s.") % words
        return _("%(what)s, %(field)s.") % words


@dataclass(frozen=True)
class GroundsDiff:
    """All changes, as one reader may see them.

    `withheld`: the number of changes to rows hidden from the reader; `unsaid`: to rows that they may see but that are
    restricted, so that an error does not name them. `erased`: a redaction erased the kept grounds, so that the changes
    cannot be told. `restricted`: the rows that are restricted now and that this reader may see.
    """

    lines: list[GroundsLine] = field(default_factory=list)
    # A number, since people must know that something differs before they answer for it (decision 86).
    withheld: int = 0
    unsaid: int = 0
    erased: bool = False
    restricted: list[Any] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """One sentence for each change, and one for the withheld ones."""
        said = [str(line) for line in self.lines]
        if self.erased:
            said.append(_("A redaction erased the earlier grounds."))
        if self.unsaid:
            text = ngettext(
                "%(count)d change is to restricted material: see the page of changes.",
                "%(count)d changes are to restricted material: see the page of changes.",
                self.unsaid,
            )
            said.append(text % {"count": self.unsaid})
        if self.withheld:
            text = ngettext(
                "%(count)d change is to material you cannot see.",
                "%(count)d changes are to material you cannot see.",
                self.withheld,
            )
            said.append(text % {"count": self.withheld})
        return said


def diff_for(user: User, claim: Claim, kept: Grounds, now: Content, *, unrestricted: bool = False) -> GroundsDiff:
    """The differences between kept and present grounds of a claim (already scoped) that the reader may see.

    `unrestricted`: leave out restricted rows even where the reader may see them. Errors need this, since they leave no
    record of the read. Any other caller records that the diff's `restricted` rows were shown.
    """
    then = kept_content(kept)
    if then is None:
        return GroundsDiff(erased=True)
    changed = differences(then, now=now)
    if not changed:
        return GroundsDiff()
    # By what the reader sees now: rows restricted since are hidden with their earlier values (decision 85).
    sight = Sight(user, claim, (then, now), unrestricted=unrestricted)
    seen_then, seen_now = sight.part_of(then), sight.part_of(now)
    seen, rows, who = (
        differences(seen_then, now=seen_now),
        _Rows(seen_then, now=seen_now, titles=sight.titles),
        _who(kept, now),
    )
    left_out = len({each.place for each in changed} - {each.place for each in seen})
    # Left out of an error is not withheld: the page of changes shows it and records the read.
    withheld = diff_for(user, claim, kept, now).withheld if unrestricted and left_out else left_out
    return GroundsDiff(
        [_line(each, rows, who) for each in seen],
        withheld=withheld,
        unsaid=max(0, left_out - withheld),
        restricted=sight.restricted(seen_then, seen_now),
    )


def _who(kept: Grounds, now: Content) -> dict[Place, list[tuple[str, datetime]]]:
    """The authors of each difference, with times, oldest first."""
    made = authors_of(kept, now).by_place
    return {place: [(name, at) for _pk, name, at in rows] for place, rows in made.items()}


class _Rows:
    """The rows of both sides that the reader may see, with their names. `titles`: of further sources."""

    def __init__(self, then: Content, *, now: Content, titles: Mapping[str, str]) -> None:
        self._sides, self._titles = (now, then), titles

    def of(self, kind: str, *, subject: str) -> Mapping[str, Any]:
        """The row as it is now, or else as it was."""
        return next((side[kind][subject] for side in self._sides if subject in side.get(kind, {})), {})

    def name(self, kind: str, *, subject: str) -> str:
        """The name of a row; empty where it is hidden from the reader."""
        row = self.of(kind, subject=subject)
        # A line may name a row that is hidden: an actor as publisher, a source as upstream.
        if not row:
            return _("withheld")
        if kind == "contrary":
            return self._titles.get(row["source"]) or _("withheld")
        if kind == "evidence":
            source = row.get("source") or self._source_of(subject)
            return self.name("source", subject=source) if source else _("withheld")
        if kind == "relay":
            return " ← ".join(self.name("source", subject=row[end]) for end in ("downstream", "upstream"))
        title: str = row[{"claim": "statement", "element": "text", "source": "title"}.get(kind, "name")]
        return title

    def _source_of(self, evidence: str) -> str | None:
        sides = (side.get("evidence", {}).get(evidence, {}) for side in self._sides)
        return next((row["source"] for row in sides if "source" in row), None)


def _line(each: Difference, rows: _Rows, who: Mapping[Place, list[tuple[str, datetime]]]) -> GroundsLine:
    title = rows.name(each.kind, subject=each.subject)
    then, now = (
        (_value(each.field, value, rows) for value in (each.then, each.now))
        if each.field
        else ("" if side is None else title for side in (each.then, each.now))
    )
    return GroundsLine(each.kind, each.subject, title, each.field, then, now, tuple(who.get(each.place, ())))


def _value(name: str, value: Any, rows: _Rows) -> str:
    """A field's value as people read it; ids become the names that the reader may see."""
    if isinstance(value, list):
        return ", ".join(_value(name, each, rows) for each in value) or _("none")
    if name == "speaks_for_checked":  # kept only where it is not
        return _("checked") if value is None else _("not checked")
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in _NAMES:
        return rows.name(_NAMES[name], subject=value)
    if name in _MOMENTS:
        return date_format(localtime(datetime.fromisoformat(value)), "j M Y, H:i:s")
    if name in _DAYS:
        return date_format(date.fromisoformat(value), "j M Y")
    return str(value)

"""The part of grounds that one reader may see: the rows that they see now, and those reached through rows that they
see.

A row that joined or left only along with a hidden row is hidden too, since it would reveal what that one names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from claims.access.scopes import actors_for, material_for
from claims.models import Claim
from claims.queries import evidence_of, visible_sources
from claims.verdicts.grounds import Content
from sources.models import Actor, Attachment, Visibility
from sources.statement_parts import is_open

_Table = Mapping[str, Mapping[str, Any]]


class Sight:
    """The rows of these grounds that the reader may see; merged actors count as before the merge.

    `unrestricted`: leave out what is restricted now, even where the reader may see it.
    """

    def __init__(self, user: User, claim: Claim, sides: Sequence[Content], *, unrestricted: bool) -> None:
        # Elements and the claim itself are seen by all its readers, relays by those who see both ends.
        scoped: dict[str, QuerySet[Any]] = {
            "evidence": evidence_of(user, claim),
            "contrary": evidence_of(user, claim),
            "source": visible_sources(user),
            "file": Attachment.objects.filter(material_for(user), source__in=visible_sources(user)),
            "actor": Actor.objects.filter(actors_for(user)),
        }
        self._seen: dict[str, set[str]] = {}
        self.titles: dict[str, str] = {}
        """Of the sources of contrary evidence, as the reader sees them now: grounds do not keep these."""
        self._restricted: list[Any] = []
        for kind, rows in scoped.items():
            found = rows.filter(pk__in={UUID(pk) for side in sides for pk in side.get(kind, {})})
            if unrestricted:
                found = found.filter(is_open())
            else:
                self._restricted += found.filter(visibility=Visibility.RESTRICTED)
            self._seen[kind] = {str(pk) for pk in found.values_list("pk", flat=True)}
        sources = [row["source"] for side in sides for row in side.get("contrary", {}).values()]
        if sources:
            named = visible_sources(user).filter(pk__in=sources)
            if unrestricted:
                named = named.filter(is_open())
            self.titles = {str(pk): title for pk, title in named.values_list("pk", "title")}

    def restricted(self, *sides: Content) -> list[Any]:
        """The rows of these that are restricted now."""
        ids = {pk for side in sides for kind in self._seen for pk in side.get(kind, {})}
        return [row for row in self._restricted if str(row.pk) in ids]

    def part_of(self, content: Content) -> Content:
        """The part of grounds that the reader may see."""
        evidence, relays = self._rows(content, "evidence"), content.get("relay", {})
        sources = _upstream(_named(evidence, "source"), self._rows(content, "source"), relays=relays)
        claims = content.get("claim", {})
        actors = {
            *_named(claims, "claimant", "also_claimed_by", "parties"),
            *_named(sources, "publisher"),
            *_named(evidence, "against_interest"),
        }
        return {
            **content,
            "evidence": evidence,
            "contrary": self._rows(content, "contrary"),
            "source": sources,
            # One end alone would reveal that the other exists.
            "relay": {pk: row for pk, row in relays.items() if {row["downstream"], row["upstream"]} <= {*sources}},
            "file": {pk: row for pk, row in self._rows(content, "file").items() if row["source"] in sources},
            # Reached from what is shown: an actor that left along with a hidden source would name its publisher.
            "actor": _with_parents(actors, self._rows(content, "actor")),
        }

    def _rows(self, content: Content, kind: str) -> _Table:
        return {pk: row for pk, row in content.get(kind, {}).items() if pk in self._seen[kind]}


def _named(rows: _Table, *fields: str) -> set[str]:
    """The ids in these fields."""
    values = [row.get(field) for row in rows.values() for field in fields]
    return {pk for value in values for pk in (value if isinstance(value, list) else [value]) if pk}


def _upstream(first: Iterable[str], sources: _Table, *, relays: _Table) -> _Table:
    """The sources reached from these over relays, each from a visible source to a visible one."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = list(first)
    while waiting:
        pk = waiting.pop()
        # Not beyond a hidden source: what it is based on would reveal it.
        if pk in sources and pk not in found:
            found[pk] = sources[pk]
            waiting += [row["upstream"] for row in relays.values() if row["downstream"] == pk]
    return found


def _with_parents(first: Iterable[str], actors: _Table) -> _Table:
    """These actors and their parents, up to the first that is hidden."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = list(first)
    while waiting:
        pk = waiting.pop()
        if pk in actors and pk not in found:
            found[pk] = actors[pk]
            waiting += _named({pk: actors[pk]}, "part_of")
    return found

"""Actors and sources by name, for forms that choose one of them.

A desk with few has them listed; otherwise some are found by the words typed. Everything read here is visible to the
person, and equal names are told apart by the beginning of the id. Restricted names shown are recorded as read.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Upper
from django.urls import reverse

from accounts.models import User
from claims.access.withheld import withhold
from claims.queries import visible_sources
from claims.record.reads import note_shown
from sources.models import Actor, Source
from sources.queries import merged_actors, search_actors, visible_actors

MOST_LISTED = 50  # rows in a list of choices; above that, a field finds them by name
MOST_FOUND = 10
LONGEST = 600  # characters: a title, its publisher and its day
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOLD_APART = re.compile(r"(.+) \(([0-9a-f]{8})\)")

Entries = Sequence[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A row, its name, and the former name that it was found by."""

    id: UUID
    name: str
    also: str = ""


class Names(ABC):
    """The names that a person may choose from: on a desk; with `everywhere`, on any desk of theirs; without a desk, the
    shared ones.

    `without`: a row to leave out, which does not name itself. `chosen`: rows whose names will be needed.
    """

    address: ClassVar[str]  # the address that answers with the results of `like`

    def __init__(
        self,
        user: User,
        desk_id: UUID | None,
        *,
        everywhere: bool = False,
        without: UUID | None = None,
        chosen: Iterable[UUID | None] = (),
    ) -> None:
        self.user, self.desk_id, self.everywhere, self.without = user, desk_id, everywhere, without
        self._chosen = {pk for pk in chosen if pk}
        self._names: dict[UUID, str] = {}

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The rows that may be chosen, in the order of a list."""

    @abstractmethod
    def label(self, row: Any) -> str:
        """What a row is called."""

    @abstractmethod
    def _alike(self, row: Any) -> Q:
        """The rows that might have the same name as this row."""

    @abstractmethod
    def _called(self, text: str) -> Iterable[Any]:
        """The rows with exactly this name, ignoring case."""

    @abstractmethod
    def like(self, text: str) -> list[NameMatch]:
        """Up to MOST_FOUND rows with these words in their names, or else with similar words."""

    @cached_property
    def few(self) -> Entries | None:
        """All rows with their names; None where there are more than MOST_LISTED."""
        some = self.rows().order_by().values("pk")[: MOST_LISTED + 1]
        rows = list(self.rows().filter(pk__in=some))
        if len(rows) > MOST_LISTED:
            return None
        note_shown(self.user, rows)
        return [(row.pk, self.label(row)) for row in rows]

    def named(self, pk: UUID) -> str | None:
        """The name of a row; None for one that the person may not choose here."""
        wanted = (self._chosen | {pk}) - self._names.keys()
        if pk in wanted:
            self._names |= {one.id: one.name for one in self._told_apart(list(self.rows().filter(pk__in=wanted)))}
        return self._names.get(pk)

    def called(self, text: str) -> list[NameMatch]:
        """The rows with exactly this name, ignoring case, or with this id: usually one or none."""
        if "\x00" in text or len(text) > LONGEST:
            return []
        if ID.fullmatch(text):
            return self._told_apart(list(self.rows().filter(pk=text)))
        if apart := TOLD_APART.fullmatch(text):
            name, start = apart.groups()
            between = (f"{start}-0000-0000-0000-000000000000", f"{start}-ffff-ffff-ffff-ffffffffffff")
            rows = [
                row for row in self._seen(self.rows().filter(pk__range=between)) if _same(self.label(row), other=name)
            ]
            if rows:
                return [NameMatch(row.pk, text) for row in rows]
        return self._told_apart(list(self._called(text))[:MOST_FOUND])

    def suggestions_at(self) -> str:
        """The address that answers with the results of `like`; `q` is to be added."""
        about = {} if self.everywhere else {"desk": self.desk_id or ""}
        without = {"without": self.without} if self.without else {}
        return f"{reverse(self.address)}?{urlencode({**about, **without})}"

    def _seen(self, rows: Iterable[Any]) -> list[Any]:
        """The rows as they are named: a label must not reveal what is hidden from the person."""
        found = list(rows)
        withhold(self.user, found)
        return found

    def _but_one(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.exclude(pk=self.without) if self.without else rows

    def _told_apart(self, rows: Sequence[Any]) -> list[NameMatch]:
        note_shown(self.user, rows)
        labels = {row.pk: self.label(row) for row in rows}
        alike = Q()
        for row in rows:
            alike |= self._alike(row)
        others = self._seen(self.rows().filter(alike)[: 5 * MOST_FOUND]) if rows else []
        names = [(row.pk, self.label(row)) for row in others]
        twice = {
            pk for pk, name in labels.items() if any(pk != other and _same(name, other=its) for other, its in names)
        }
        return [NameMatch(pk, f"{name} ({str(pk)[:8]})" if pk in twice else name) for pk, name in labels.items()]


def _same(one: str, *, other: str) -> bool:
    return one.casefold() == other.casefold()


class ActorNames(Names):
    """The actors of a desk and those that all desks share, by name."""

    address = "actor-names"

    def rows(self) -> QuerySet[Actor]:
        rows = self._but_one(visible_actors(self.user).select_related(None)).order_by("name", "id")
        return rows if self.everywhere else rows.filter(Q(desk=self.desk_id) | Q(desk__isnull=True))

    def label(self, row: Actor) -> str:
        return row.name

    def _alike(self, row: Actor) -> Q:
        return Q(name__iexact=row.name)

    def _called(self, text: str) -> Iterable[Actor]:
        before = merged_actors(self.user).filter(name__iexact=text).values("merged_into")
        return self.rows().filter(name__iexact=text)[:MOST_FOUND] or self.rows().filter(pk__in=before)[:MOST_FOUND]

    def like(self, text: str) -> list[NameMatch]:
        if "\x00" in text or not text.strip():
            return []
        starts = Q(name__istartswith=text)
        rows = list(search_actors(self.user, self.rows(), text).order_by(_first(starts), "name", "id")[:MOST_FOUND])
        found = self._told_apart(rows or _much_like(self.rows(), "name", text=text))
        return self._with_former_names(found, text) if rows else found

    def _with_former_names(self, found: list[NameMatch], text: str) -> list[NameMatch]:
        """Each row with the former name that contains the words, where the present one does not."""
        words = text.upper().split()
        odd = [one.id for one in found if not all(word in one.name.upper() for word in words)]
        if not odd:
            return found
        before = merged_actors(self.user).filter(merged_into__in=odd)
        for word in words[:10]:
            before = before.filter(name__icontains=word)
        former = dict(before.values_list("merged_into", "name"))
        return [NameMatch(one.id, one.name, former.get(one.id, "")) for one in found]


class SourceNames(Names):
    """The sources of a desk, newest first, by title; named with publisher and day."""

    address = "source-names"

    def rows(self) -> QuerySet[Source]:
        rows = self._but_one(visible_sources(self.user)).select_related(None).select_related("publisher")
        rows = rows.defer("words").order_by("-created_at", "id")
        return rows if self.everywhere else rows.filter(desk=self.desk_id)

    def label(self, row: Source) -> str:
        return source_label(row)

    def _alike(self, row: Source) -> Q:
        return Q(title__iexact=row.title, publisher=row.publisher_id)

    def _called(self, text: str) -> Iterable[Source]:
        # Publishers' names have commas too, so the title is the text before any one of the commas.
        parts = text.split(", ")
        titles = Q()
        for last in range(max(1, len(parts) - 5), len(parts) + 1):
            titles |= Q(title__iexact=", ".join(parts[:last]))
        rows = self._seen(self.rows().filter(titles)[: 5 * MOST_FOUND])
        whole = [row for row in rows if _same(self.label(row), other=text)]
        return whole or [row for row in rows if _same(row.title, other=text)]

    def like(self, text: str) -> list[NameMatch]:
        words = Q()
        for word in text.split()[:10]:
            words &= Q(title__icontains=word)
        if "\x00" in text or not words:
            return []
        rows = list(self.rows().filter(words)[:MOST_FOUND])
        return self._told_apart(rows or _much_like(self.rows(), "title", text=text))


def _first(condition: Q) -> Any:
    return ExpressionWrapper(condition, output_field=BooleanField()).desc()


def _much_like(rows: QuerySet[Any], field: str, *, text: str) -> list[Any]:
    """Rows with similar words, by trigrams (PostgreSQL's pg_trgm), most similar first."""
    upper = text.upper()[:LONGEST]
    found = rows.annotate(upper_name=Upper(field)).filter(upper_name__trigram_word_similar=upper)
    return list(
        found.annotate(likeness=TrigramWordSimilarity(upper, "upper_name")).order_by("-likeness", "id")[:MOST_FOUND]
    )


def source_label(source: Source) -> str:
    """A source's title with its publisher and its day, in UTC, where known."""
    parts = [source.title]
    if source.publisher:
        parts.append(source.publisher.name)
    if source.published_at:
        parts.append(source.published_at.astimezone(UTC).date().isoformat())
    return ", ".join(parts)
